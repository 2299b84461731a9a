"""All that the tools say stands in one place per room, so that it can be translated."""

import ast
import re
from pathlib import Path

import pytest

from lamina.explain import checks
from lamina.explain.words.findings import FINDINGS, LIKELY

ROOMS = Path(__file__).parents[2] / "src" / "lamina"
ASKED = [path for room in ("explain", "profile") for path in sorted((ROOMS / room).rglob("*.py"))]
FILES = [path for path in ASKED if "words" not in (path.parent.name, path.stem)]


def sentences(tree):
    """Yield the texts of five words and more in a program, without docstrings and the texts of errors."""
    if isinstance(tree, ast.Raise):
        return
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(tree, ast.Expr) and isinstance(node, ast.Constant)):
            yield from sentences(node)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        words = re.findall(r"(?<!\S)[a-z]+(?=[\s,.:;]|$)", tree.value)
        if len(words) > 4 and {"the", "a", "of", "is", "it", "in", "to", "and"} & set(words):
            yield tree.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_sentence_stands_elsewhere(path):
    assert not list(sentences(ast.parse(path.read_text(encoding="utf-8"))))


def test_every_code_of_a_check_has_its_sentences():
    said = "".join(path.read_text(encoding="utf-8") for path in Path(checks.__file__).parent.glob("*.py"))
    assert set(re.findall(r'finding\("(L\d+)"', said)) == set(FINDINGS)
    assert set(FINDINGS) >= LIKELY
