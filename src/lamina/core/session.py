"""Start anew: what a process keeps between models."""

import gc

from lamina.core import names, policies, random


def clear_session(free_memory=True):
    """Forget the counters of names, the process-wide random generator and the global dtype policy.

    Args:
        free_memory: whether to collect garbage at once.
    """
    names.reset_names()
    random.reset()
    policies.reset()
    if free_memory:
        gc.collect()
