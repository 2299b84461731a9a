"""Files on disk: written whole or not at all, read and flushed in large pieces."""

import concurrent.futures
import contextlib
import math
import os
import secrets

import numpy as np

from lamina.core import errors

_ALIGNMENT = 64  # bytes; the engine then uses the memory as it is
_UNSUSPICIOUS_BYTES = 1 << 26
_LARGEST_EXPANSION = 100


@contextlib.contextmanager
def replacing(path):
    """Give the name of a new file beside `path`, which takes the place of `path` once the block is left in order.

    Readers see the old file or the new one, never a part, whatever happens in between. Folders on the way are made.
    """
    target = os.path.realpath(path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = f"{target}.{secrets.token_hex(4)}.tmp"
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
        _flush(os.path.dirname(target))
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _flush(path):
    """Wait until a file or a folder is on the disk."""
    if os.name == "nt" and os.path.isdir(path):  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def flushing(file):
    """Have what was written to an open file go to the disk while the block runs."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        file.flush()
        flushed = pool.submit(os.fsync, file.fileno()) if on_disk(file) else None
        yield
        if flushed is not None:
            flushed.result()


def on_disk(file):
    """Tell whether an open file is one of the system's, and not one in memory or of a library."""
    try:
        return file.fileno() >= 0
    except (OSError, AttributeError):
        return False


def expect_in_order(file):
    """Tell the system that an open file will be read from its beginning to its end, so that it reads on meanwhile."""
    if hasattr(os, "posix_fadvise") and on_disk(file):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)


def is_believable(claimed, stored):
    """Tell whether so many bytes may come out of so many stored ones: a bomb claims any size in a few."""
    return claimed <= max(_UNSUSPICIOUS_BYTES, _LARGEST_EXPANSION * stored)


def read_array(file, dtype, shape):
    """Return an array that lies in one piece from the file's position on, None if the file ends before.

    Args:
        file: open binary file.
        dtype: a NumPy dtype.
        shape: tuple of sizes.
    """
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + _ALIGNMENT, np.uint8)
    room = room[-room.ctypes.data % _ALIGNMENT :][:size]
    rest = memoryview(room)
    while rest:
        count = file.readinto(rest)
        if not count:
            return None
        rest = rest[count:]
    return room.view(dtype).reshape(shape)


def may_write(path, overwrite):
    """Tell whether `path` may be written: it does not exist, `overwrite` is true, or the user says so when asked."""
    if overwrite or not os.path.exists(path):
        return True
    answer = ""
    while answer not in ("y", "n"):
        answer = input(f"{path} already exists - overwrite? [y/n] ").strip().lower()
    return answer == "y"


def is_open(source):
    """Tell whether a source is a file that is open already, and not a path."""
    return hasattr(source, "read") and hasattr(source, "seek")


def local_path(path):
    """Return `path` as text.

    Raises:   ValueError for an address such as `gs://…` or `hf://…`.
    """
    path = os.fspath(path)
    if "://" in path:
        raise errors.FileError(
            errors.message(
                "L406",
                f"Lamina reads and writes local files; it got {path!r}.",
                fix="save to a local path and copy it, or download the file first.",
            )
        )
    return path
