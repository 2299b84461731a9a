"""The worked dialogues of `examples/dialogues` say what the library says."""

import doctest
from pathlib import Path

import pytest

DIALOGUES = sorted((Path(__file__).parents[2] / "examples" / "dialogues").glob("*.md"))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_a_dialogue_is_true(path):
    results = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert results.attempted
    assert not results.failed


# The questions that people ask on forums; there may be more dialogues.
QUESTIONS = {
    "Why does `Dense(16)` give `(3, 16)` and not `(16,)`?",
    "In which order does `Flatten` read a `(24, 24, 32)` block?",
    "Where do the 2,097,408 parameters come from?",
    "Why does a masked `Embedding` not output zeros?",
    "Is `TimeDistributed(Dense)` any different from `Dense`?",
    "What is lost when `GlobalAveragePooling2D` takes the place of `Flatten`?",
    "Which layer is the slow one?",
}


def test_every_question_has_its_dialogue():
    assert {path.read_text(encoding="utf-8").split("\n")[0].removeprefix("# ") for path in DIALOGUES} >= QUESTIONS
