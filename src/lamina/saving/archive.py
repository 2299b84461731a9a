"""The `.keras` file: a zip archive of metadata.json, config.json, model.weights.h5 and perhaps assets/.

What comes out of an archive is data from a stranger: names, sizes and checksums are looked at before it is used.
"""

import concurrent.futures
import contextlib
import io
import json
import os
import struct
import time
import zipfile
import zlib

from lamina.core import errors
from lamina.saving.checksums import checksum
from lamina.saving.files import flushing, is_believable

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets"

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


class Archive:
    """The members of a `.keras` file, or of a folder with the same files.

    Args:
        source: path, or an open binary file.
    Raises:   ValueError (FileError L401, L404) if it is no archive, damaged, or holds names or sizes that are refused.
    """

    def __init__(self, source):
        self.path = source
        self._zip = None
        self._checks = []
        self._files = contextlib.ExitStack()
        self._reader = self._files.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        if isinstance(source, str) and os.path.isdir(source):
            self.names = _without_links(files_below(source), source)
        else:
            self._zip = _open_zip(source)
            self.names = _checked_names(self._zip, source)
        for name in (CONFIG, WEIGHTS):
            if name not in self.names:
                raise damaged(source, f"it holds no {name}.")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._files.close()
        if self._zip is not None:
            self._zip.close()

    def read(self, name):
        """Return the bytes of a member."""
        try:
            if self._zip is None:
                with open(os.path.join(self.path, name), "rb") as file:
                    return file.read()
            return self._zip.read(name)
        except _DAMAGE as error:
            raise damaged(self.path, f"{name} cannot be read ({error}).") from error

    def place(self, name):
        """Return an open binary file, and where in it a member begins and how many bytes it has.

        A member that is stored as it is will not be copied; call `check` when it is read.
        """
        if self._zip is None:
            file = self._opened(os.path.join(self.path, name))
            return file, 0, self.size(name)
        info = self._zip.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or not isinstance(self.path, str):
            return io.BytesIO(self.read(name)), 0, info.file_size
        file = self._opened(self.path)
        start = _start(file, info, self.path)
        found = self._reader.submit(checksum, self._opened(self.path), start, info.file_size)
        self._checks.append((name, info.CRC, found))
        return file, start, info.file_size

    def _opened(self, path):
        return self._files.enter_context(open(path, "rb"))

    def check(self):
        """Compare the checksums of the members that were read in place; they are computed meanwhile.

        Raises:   ValueError (FileError L401) for one that differs.
        """
        for name, expected, found in self._checks:
            if found.result() != expected:
                raise damaged(self.path, f"{name} cannot be read (Bad CRC-32).")

    def size(self, name):
        """Return how many bytes a member has."""
        if self._zip is None:
            return os.path.getsize(os.path.join(self.path, name))
        return self._zip.getinfo(name).file_size

    def config(self):
        """Return the description of the model, a dict."""
        try:
            config = json.loads(self.read(CONFIG))
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, f"{CONFIG} is no JSON ({error}).") from error
        if not isinstance(config, dict) or "class_name" not in config:
            raise damaged(self.path, f"{CONFIG} describes no model.")
        return config

    def version(self):
        """Return the version of Keras that wrote the file; that of today if the file does not say."""
        if METADATA not in self.names:
            return "3"
        try:
            metadata = json.loads(self.read(METADATA))
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, f"{METADATA} is no JSON ({error}).") from error
        return str(metadata.get("keras_version", "3")) if isinstance(metadata, dict) else "3"

    def extract_assets(self, folder):
        """Copy the assets into `folder` and return where they lie, or `None` if there are none."""
        names = [name for name in self.names if name.startswith(f"{ASSETS}/")]
        for name in names:
            target = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(self.read(name))
        return os.path.join(folder, ASSETS) if names else None


def write_archive(path, members, assets=None):
    """Write a `.keras` file.

    Args:
        path: the file, or an open binary file.
        members: dict from member names to texts, or to functions `write(file, start)` that write from there on.
        assets: folder whose files are added under `assets/`.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if callable(content):
                _write_in_place(archive, name, content)
            else:
                archive.writestr(name, content)
        for name in files_below(assets) if assets else ():
            archive.write(os.path.join(assets, name), f"{ASSETS}/{name}")


def _write_in_place(archive, name, write):
    """Add a member that is not written from its beginning to its end, without a copy of it in between."""
    file = archive.fp
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    info.external_attr = 0o600 << 16
    info.header_offset, info.CRC = archive.start_dir, 0
    file.seek(info.header_offset)
    start = info.header_offset + file.write(info.FileHeader(zip64=True))  # room for it
    write(file, start)
    info.file_size = info.compress_size = file.seek(0, os.SEEK_END) - start
    with flushing(file):
        info.CRC = checksum(file, start, info.file_size)
    file.seek(info.header_offset)
    file.write(info.FileHeader(zip64=True))
    file.seek(start + info.file_size)
    archive.filelist.append(info)
    archive.NameToInfo[name] = info
    archive.start_dir = start + info.file_size
    archive._didModify = True


def _start(file, info, path):
    """Return where a member's content begins: behind a header of its own, whose length only that header says."""
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise damaged(path, f"{info.filename} is not where it should be.")
    name, extra = _LOCAL_HEADER.unpack(header)[-2:]
    return info.header_offset + _LOCAL_HEADER.size + name + extra


def damaged(path, what):
    """Return the error for a file that cannot be used."""
    return errors.FileError(
        errors.message(
            "L401",
            f"{path} cannot be loaded: {what}",
            why="the copy was cut short, or the file was not written by `model.save()`.",
            fix="copy or download it again; files that load are made by `model.save('name.keras')`.",
        )
    )


def _open_zip(path):
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise
    except _DAMAGE as error:
        raise damaged(path, f"it is no zip archive, or only part of one ({error}).") from error


def _checked_names(opened, path):
    """Return the names of the members if there is nothing wrong with them and their sizes, one by one and together."""
    infos = opened.infolist()
    names = [_checked_name(info.filename, path) for info in infos if not info.is_dir()]
    if len(set(names)) < len(names):
        raise errors.FileError(f"L404: {path} is refused: it has two members of the same name.")
    claimed, stored = (sum(getattr(info, size) for info in infos) for size in ("file_size", "compress_size"))
    stored = min(stored, opened.fp.seek(0, os.SEEK_END))  # members may lie on top of each other
    if not is_believable(claimed, stored):
        raise errors.FileError(
            f"L404: {path} is refused: its members claim {claimed:,} bytes, of which only {stored:,} are stored."
        )
    return names


def _without_links(names, folder):
    for name in names:
        path = os.path.join(folder, name)
        if os.path.islink(path):
            raise errors.FileError(f"L404: {folder} is refused: '{name}' is a link to another place.")
        if not os.path.isfile(path):  # reading a pipe never ends
            raise errors.FileError(f"L404: {folder} is refused: '{name}' is no ordinary file.")
    return names


def _checked_name(name, path):
    steps = name.replace("\\", "/").split("/")
    if ".." in steps or steps[0] == "" or ":" in steps[0]:
        raise errors.FileError(f"L404: {path} is refused: its member {name!r} points outside of the archive.")
    return name


def files_below(folder):
    """Return the paths of the files in a folder and the folders in it, relative to it."""
    found = []
    for root, _, files in os.walk(folder):
        found += [os.path.relpath(os.path.join(root, file), folder).replace(os.sep, "/") for file in files]
    return sorted(found)
