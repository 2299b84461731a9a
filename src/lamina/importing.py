"""Imports without the search for garbage that they would set off: nothing that a module makes is garbage."""

import gc
from contextlib import contextmanager


@contextmanager
def garbage_left_alone():
    """Keep Python from looking for unreachable objects inside a `with` block.

    The search goes through all that was imported so far, again and again: for JAX and Lamina, a quarter of the time of
    the import. What is there at the end of the block counts as old, and is looked through when old objects are.

    Example:
        >>> with garbage_left_alone():
        ...     gc.isenabled()
        False
    """
    was_looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looking:
            if gc.get_freeze_count() == 0:  # otherwise the program has frozen objects of its own
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()
