"""A piece of work that can be timed."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """What an engine is asked to do, again and again.

    Args:
        run: does it once and returns when it is done.
        units: how many steps that is [count]; times are per unit.
        parameters: of the model [count], to hold the engines against each other.
        before: called before each `run`, outside of the timed part.
        first_counts: whether the first run is what is asked for, so that there is no warm-up.
    """

    run: Callable
    units: int = 1
    parameters: int | None = None
    before: Callable = lambda: None
    first_counts: bool = False
