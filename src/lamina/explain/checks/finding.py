"""Findings: what is probably wrong, with the evidence and the line to change."""

from dataclasses import asdict, dataclass

from lamina.core import config
from lamina.core.errors import warn
from lamina.explain.answer import Answer
from lamina.explain.document import Block, Line
from lamina.explain.words.findings import FINDINGS, LIKELY

_CERTAIN, _LIKELY = "certain", "likely"


@dataclass(frozen=True)
class Finding:
    """One mistake.

    Attributes:
        code: never reused.
        what: one sentence.
        evidence: the numbers that show it.
        fix: the line to change.
        confidence: "certain", or "likely" where correct code could look the same.
    """

    code: str
    what: str
    evidence: str
    fix: str
    confidence: str

    def __str__(self):
        return f"{self.what} {self.evidence} Fix: {self.fix}"


def finding(code, **facts):
    """Return the Finding of a code, its sentences filled with the facts that a check found."""
    what, evidence, fix = (sentence.format(**facts) for sentence in FINDINGS[code])
    return Finding(code, what, evidence, fix, _LIKELY if code in LIKELY else _CERTAIN)


class Findings(Answer, list):
    """The findings of `model.check`, most certain first; empty if there is nothing to say.

    Attributes:
        notes: sentences about what is right and may still surprise.
    """

    notes = ()

    @property
    def codes(self):
        """The codes of the findings."""
        return [each.code for each in self]

    def to_dict(self):
        """Return the findings as plain data."""
        return {"findings": [asdict(each) for each in self], "notes": list(self.notes)}

    def document(self):
        """Return a block per finding."""
        notes = [Line(note) for note in self.notes]
        if not self:
            return Block("Nothing found.", "", notes)
        blocks = [
            Block(
                f"{each.code}  {each.what}",
                "" if each.confidence == _CERTAIN else f"({each.confidence})",
                [Line(each.evidence, "why"), Line(each.fix, "fix", "code")],
            )
            for each in self
        ]
        return Block(f"{len(self)} finding{'s' if len(self) > 1 else ''}", "", [*blocks, *notes])

    def warn(self):
        """Give each finding as a warning, or raise the first in strict mode; silenced codes say nothing."""
        for each in self:
            warn(each.code, str(each))


def audible(findings):
    """Leave out silenced codes, sort by confidence."""
    kept = [each for each in findings if not config.is_silenced(each.code)]
    return Findings(sorted(kept, key=lambda each: each.confidence != _CERTAIN))
