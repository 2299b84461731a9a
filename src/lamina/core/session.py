"""Start anew: what a process keeps between models."""

import gc

from lamina.core import names, random


def clear_session(free_memory=True):
    """Forget the counters of names and the process-wide random generator.

    Args:
        free_memory: whether to collect garbage at once.
    """
    names.reset_names()
    random.reset()
    if free_memory:
        gc.collect()
