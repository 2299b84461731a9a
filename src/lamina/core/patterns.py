"""Regular expressions that come from files."""

import re

from lamina.core import errors
from lamina.core.context import thread

_MOST_STEPS = 10**8  # a few seconds


def checked(pattern, text):
    """Return a pattern that is about to be held against a text.

    Raises:   ValueError (FileError L404) while a file is being read, for one that may never come to an end.
    """
    if thread.safe_mode:
        repeats, choices = len(re.findall(r"[*+{]", pattern)), len(re.findall(r"[?|]", pattern))
        if re.search(r"\)[*+{]", pattern) or len(text) ** repeats * 2**choices > _MOST_STEPS:
            raise errors.FileError(
                f"L404: refused: the file holds {pattern!r}, a regular expression that may never come to an end."
            )
    return pattern
