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


def test_every_question_has_its_dialogue():
    assert len(DIALOGUES) >= 7
