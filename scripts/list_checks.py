"""Write docs/checks.md: each check, from the programs of examples/mistakes.py: with its mistake, and put right."""

import difflib
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples"))

import mistakes  # noqa: E402

HEAD = """# What `model.check` finds

`model.check(x, y)` looks for silent mistakes: those below. The first `fit` looks for those that cost nothing, and
tells each once; `fit(check=False)` tells none. `lamina.config.silence("L342")` stops one, in a `with` block for as long
as the block runs. `lamina.config.strict()` makes them errors. Each is shown by a program that makes the mistake; with
the lines marked `+` in place of those marked `-` nothing is found. This page is written by
`python scripts/list_checks.py`.
"""


def section(code, finding):
    """Return the part of the page about one finding."""
    likely = "" if finding.confidence == "certain" else " Correct programs can look the same, so it is told as likely."
    told = f"## {code}\n\n{finding.what} {finding.evidence}{likely}\n\nTo change: `{finding.fix}`\n"
    return f"{told}\n```diff\n{difference(code)}\n```\n"


def difference(code):
    """Return both programs in one, as a difference."""
    wrong, right = (mistakes.program(code, right).rstrip("\n").split("\n") for right in (False, True))
    return "\n".join(line.rstrip() for line in difflib.ndiff(wrong, right) if not line.startswith("?"))


def page():
    """Return the whole page."""
    parts = []
    for code in mistakes.MISTAKES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts.append(section(code, mistakes.findings(mistakes.program(code))[0]))
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    (ROOT / "docs" / "checks.md").write_text(page(), encoding="utf-8")
