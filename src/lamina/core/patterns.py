"""Regular expressions that come from files."""

import math
import re

from lamina.core import errors
from lamina.core.context import thread

_MOST_STEPS = 2 * 10**8  # a few seconds
_LONG_PATH = "x" * 256
_REPEATED_GROUP = re.compile(r"\)(\s|#[^\n]*\n)*[*+{]")  # with (?x), spaces and comments may stand in between
_OPTIONAL = re.compile(r"(?<![(*+?}])\?")


def checked(pattern, text=_LONG_PATH):
    """Return a pattern that is about to be held against a text; at first, the paths may not be known.

    Raises:   ValueError (FileError L404) while a file is being read, for one that may never come to an end.
    """
    if thread.safe_mode and (_REPEATED_GROUP.search(pattern) or _steps(pattern, len(text)) > _MOST_STEPS):
        raise errors.FileError(
            f"L404: refused: the file holds {pattern!r}, a regular expression that may never come to an end."
        )
    return pattern


def _steps(pattern, length):
    """Return in how many ways a pattern whose groups are not repeated can cut up so long a text, at most."""
    repeats = len(re.findall(r"[*+{]", pattern))
    choices = math.prod(part.count("|") + 1 for part in pattern.split("("))
    return math.comb(length + repeats, repeats) * choices * 2 ** len(_OPTIONAL.findall(pattern))
