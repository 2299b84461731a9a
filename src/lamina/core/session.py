"""Start anew: what a process keeps between models."""

import gc

from lamina.core import names, policies, random
from lamina.core.context import thread


def clear_session(free_memory=True):
    """Forget counters of names, the process-wide random generator, the global dtype policy and the learning phase.

    Args:
        free_memory: whether to collect garbage at once.
    """
    names.reset_names()
    random.reset()
    policies.reset()
    thread.training = None
    if free_memory:
        gc.collect()
