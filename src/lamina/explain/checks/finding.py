"""Findings: what is probably wrong, with the evidence and the line to change."""

from dataclasses import asdict, dataclass

from lamina.core import config
from lamina.core.errors import warn
from lamina.explain.answer import Answer
from lamina.explain.document import Block, Line

CERTAIN, LIKELY = "certain", "likely"


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
    confidence: str = CERTAIN

    def __str__(self):
        return f"{self.what} {self.evidence} Fix: {self.fix}"


class Findings(Answer, list):
    """The findings of `model.check`, most certain first; empty if there is nothing to say."""

    @property
    def codes(self):
        """The codes of the findings."""
        return [finding.code for finding in self]

    def to_dict(self):
        """Return the findings as plain data."""
        return {"findings": [asdict(finding) for finding in self]}

    def document(self):
        """Return a block per finding."""
        if not self:
            return Block("Nothing found.")
        blocks = [
            Block(
                f"{finding.code}  {finding.what}",
                "" if finding.confidence == CERTAIN else f"({finding.confidence})",
                [Line(finding.evidence, "why"), Line(finding.fix, "fix", "formula")],
            )
            for finding in self
        ]
        return Block(f"{len(self)} finding{'s' if len(self) > 1 else ''}", "", blocks)

    def warn(self, stacklevel=3):
        """Give each finding as a warning, or raise the first in strict mode; silenced codes say nothing."""
        for finding in self:
            warn(finding.code, str(finding), stacklevel=stacklevel + 1)


def audible(findings):
    """Leave out silenced codes, sort by confidence."""
    kept = [finding for finding in findings if not config.is_silenced(finding.code)]
    return Findings(sorted(kept, key=lambda finding: finding.confidence != CERTAIN))
