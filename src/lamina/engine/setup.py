"""Prepare the process once: memory allocator and compile cache."""

import ctypes
import functools
import hashlib
import os
import time
from pathlib import Path

import jax

from lamina.engine.devices import TUNING

CACHE_BYTES = 512 * 2**20
DAY = 24 * 60 * 60


@functools.cache
def prepare() -> None:
    """Set up the allocator and the compile cache, at the first use of the engine; what the user has set stays.

    The compile cache lies in `$LAMINA_CACHE`, else in `$XDG_CACHE_HOME/lamina`, else in `~/.cache/lamina`; an empty
    `LAMINA_CACHE` turns it off, and `LAMINA_TUNING=0` everything.

    Example:
        >>> prepare()
    """
    if TUNING:
        keep_freed_memory()
        keep_compiled_programs()


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory: with fresh pages every step, a third of a convolutional step is page faults."""
    # Parameter numbers from <malloc.h>; the environment variables are glibc's own for the same settings.
    settings = {
        "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1),
        "MALLOC_TOP_PAD_": (-2, 64 * 2**20),
        "MALLOC_MMAP_MAX_": (-4, 0),
    }
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return
    for variable, (parameter, value) in settings.items():
        if variable not in os.environ:
            mallopt(parameter, value)


def keep_compiled_programs() -> None:
    """Let JAX keep compiled programs on disk, so that a second run of a script starts at once."""
    directory = cache_directory()
    if directory is None or jax.config.jax_compilation_cache_dir is not None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if is_due(directory / "trimmed"):
            trim(directory, CACHE_BYTES)
    except OSError:  # a read-only home: compile every time
        return
    jax.config.update("jax_compilation_cache_dir", str(directory))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    if "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES" not in os.environ:
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def cache_directory() -> Path | None:
    """Give the directory of the compile cache for this kind of processor, or None when it is turned off."""
    chosen = os.environ.get("LAMINA_CACHE")
    if chosen == "":
        return None
    base = chosen or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "lamina")
    return Path(base, "compiled", _processor())


def _processor() -> str:
    # Programs are compiled for the instructions of one processor; a home directory may be shared by several.
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.startswith(("flags", "Features"))), os.uname().machine)
    return hashlib.sha256(features.encode()).hexdigest()[:12]


def is_due(stamp: Path) -> bool:
    """Tell whether a file was last touched over a day ago, and touch it: looking through the cache takes a while."""
    due = not stamp.exists() or time.time() - stamp.stat().st_mtime > DAY
    if due:
        stamp.touch()
    return due


def trim(directory: Path, limit: int) -> None:
    """Delete the files of a directory that were not used for longest until the others take at most `limit` bytes."""
    files = sorted(((max(stat.st_atime, stat.st_mtime), stat.st_size, path) for path, stat in _files(directory)))
    excess = sum(size for _, size, _ in files) - limit
    for _, size, path in files:
        if excess <= 0:
            break
        path.unlink(missing_ok=True)
        excess -= size


def _files(directory):
    for entry in os.scandir(directory):
        if entry.is_file():
            yield Path(entry.path), entry.stat()
