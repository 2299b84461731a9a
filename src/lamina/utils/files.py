"""get_file: a file from the net, kept on the disk, checked and unpacked."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

from lamina.core import config
from lamina.utils import archives
from lamina.utils.progbar import Progbar

HOME = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
_CHUNK = 2**16  # [bytes]
_FORMATS = {"auto": ("tar", "zip"), "tar": ("tar",), "zip": ("zip",), None: ()}


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Download a file unless it is there already, and return its path.

    A download takes its place only when it is complete and its hash is right.

    Args:
        fname: its name on the disk; by default that in the address. With `extract`, the name of the folder.
        origin: the address: https, http, ftp or file.
        untar: the older spelling of `extract` for tar archives.
        md5_hash: the older spelling of `file_hash`.
        file_hash: MD5 or SHA-256 of the file, in hexadecimal.
        cache_subdir: folder below `cache_dir`, or an absolute path.
        hash_algorithm: "md5", "sha256", or "auto" to tell by the length.
        extract: whether to unpack it, into a folder whose path is returned.
        archive_format: "auto", "tar", "zip", or None.
        cache_dir: by default `$KERAS_HOME` or `~/.keras`; the folder for temporary files if that cannot be written.
        force_download: whether to download it even if it is there.
    Raises:   ValueError if no name or address is given, the hash is wrong, or the archive is hostile (L420, L421);
        OSError if the address cannot be read.
    Source:   Keras 3 `get_file`.
    """
    if origin is None:
        raise ValueError('Please specify the "origin" argument (URL of the file to download).')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = _folder(cache_dir, cache_subdir)
    target, unpacked = _places(folder, fname, origin, extract or untar)
    if force_download or not _is_there(target, file_hash, hash_algorithm):
        _download(origin, target, file_hash, hash_algorithm)
    if unpacked is None:
        return str(target)
    kinds = ("tar",) if untar else _kinds(archive_format)
    if not archives.extract(target, unpacked, kinds):
        warnings.warn("Could not extract archive.", stacklevel=2)
    return str(unpacked)


def _kinds(archive_format):
    if isinstance(archive_format, list | tuple):
        return tuple(archive_format)
    if archive_format not in _FORMATS:
        raise ValueError(f'`archive_format` is "auto", "tar", "zip" or None. Received: {archive_format!r}')
    return _FORMATS[archive_format]


def _folder(cache_dir, cache_subdir):
    home = os.path.expanduser(HOME if cache_dir is None else cache_dir)
    with contextlib.suppress(OSError):
        os.makedirs(home, exist_ok=True)
    if not os.access(home, os.W_OK):
        home = os.path.join(tempfile.gettempdir(), ".keras")
    folder = Path(home, cache_subdir)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _places(folder, fname, origin, extracts):
    """Return the path of the file and that of the folder it is unpacked to, or None."""
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise ValueError(
            f"Can't parse the file name from the origin provided: '{origin}'. Please specify the `fname` argument."
        )
    if os.sep in name or name in (".", ".."):
        raise ValueError(
            "Paths are no longer accepted as the `fname` argument. To specify the file's parent directory, use the "
            f"`cache_dir` argument. Received: fname={name}"
        )
    if not extracts:
        return folder / name, None
    if fname and "." in name:
        return folder / name, folder / f"{name[: name.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name


def _is_there(target, file_hash, algorithm):
    if not target.exists():
        return False
    if file_hash is None or _hash(target, file_hash, algorithm) == file_hash.lower():
        return True
    _say(
        f"A local file was found, but it seems to be incomplete or outdated because the {algorithm} file hash does not "
        f"match the original value of {file_hash} so we will re-download the data."
    )
    return False


def _hash(path, file_hash, algorithm):
    is_sha256 = algorithm in ("sha256", hashlib.sha256) or (algorithm == "auto" and len(file_hash) == 64)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256" if is_sha256 else "md5").hexdigest()


def _download(origin, target, file_hash, algorithm):
    _say(f"Downloading data from {origin}")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            _copy(origin, file)
        if file_hash is not None and _hash(part, file_hash, algorithm) != file_hash.lower():
            raise ValueError(
                f"Incomplete or corrupted file detected. The {algorithm} file hash does not match the provided value "
                f"of {file_hash}."
            )
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _copy(origin, file):
    try:
        with urllib.request.urlopen(origin) as source:
            size = int(source.headers.get("Content-Length") or 0)
            if not config.is_interactive_logging_enabled():
                shutil.copyfileobj(source, file)
                return
            bar = Progbar(size or None, unit_name="B")
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                bar.add(len(chunk))
    except urllib.error.HTTPError as error:
        raise OSError(f"URL fetch failure on {origin}: {error.code} -- {error.msg}") from error
    except urllib.error.URLError as error:
        raise OSError(f"URL fetch failure on {origin}: {error.errno} -- {error.reason}") from error


def _say(text):
    if config.is_interactive_logging_enabled():
        print(text)
