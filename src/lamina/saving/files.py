"""Files on disk: written whole or not at all."""

import contextlib
import os
import secrets

from lamina.core import errors


@contextlib.contextmanager
def replacing(path):
    """Give the name of a new file beside `path`, which takes the place of `path` once the block is left in order.

    Readers see the old file or the new one, never a part, whatever happens in between.
    """
    target = os.path.realpath(path)
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
