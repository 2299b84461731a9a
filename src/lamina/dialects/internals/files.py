"""`keras.src.utils.file_utils`: paths and files of this machine."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from lamina.utils import archives

__all__ = [
    "File",
    "copy",
    "exists",
    "extract_archive",
    "hash_file",
    "is_remote_path",
    "isdir",
    "join",
    "listdir",
    "makedirs",
    "path_to_string",
    "remove",
    "resolve_path",
    "rmtree",
    "validate_file",
]

File = open
exists, isdir, join, listdir, remove = os.path.exists, os.path.isdir, os.path.join, os.listdir, os.remove
copy, rmtree = shutil.copy, shutil.rmtree


def makedirs(path):
    """Make a folder, and those around it."""
    Path(path).mkdir(parents=True, exist_ok=True)


def path_to_string(path):
    """Return a path as text, anything else as it is."""
    return os.fspath(path) if isinstance(path, os.PathLike) else path


def resolve_path(path):
    """Return a path without links in it."""
    return str(Path(path).resolve())


def is_remote_path(filepath):
    """Tell whether a path begins with the name of a storage service."""
    return re.match(r"^(/cns|/cfs|/gcs|/hdfs|/readahead|/placer|/bigstore|.*://)", str(filepath)) is not None


def hash_file(fpath, algorithm="sha256", chunk_size=65535):
    """Return the hash of a file in hexadecimal, SHA-256 for "sha256" and "auto", else MD5."""
    name = "sha256" if algorithm in ("sha256", "auto", hashlib.sha256) else "md5"
    with open(fpath, "rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


def validate_file(fpath, file_hash, algorithm="auto", chunk_size=65535):
    """Tell whether a file has a hash; "auto" tells by its length which one it is."""
    is_sha256 = algorithm == "sha256" or (algorithm == "auto" and len(file_hash) == 64)
    return hash_file(fpath, "sha256" if is_sha256 else "md5") == str(file_hash)


def extract_archive(file_path, path=".", archive_format="auto"):
    """Unpack an archive into a folder; tell whether it is one: see `lamina.utils.archives`."""
    kinds = {None: (), "auto": ("tar", "zip")}.get(archive_format, archive_format)
    return archives.extract(file_path, path, (kinds,) if isinstance(kinds, str) else kinds)
