"""`keras.src.utils.file_utils`: paths and files of this machine."""

import os
import re
import shutil
from pathlib import Path

__all__ = [
    "File",
    "copy",
    "exists",
    "is_remote_path",
    "isdir",
    "join",
    "listdir",
    "makedirs",
    "path_to_string",
    "remove",
    "resolve_path",
    "rmtree",
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
