"""What the page asks, by name, and how a Session answers: over a server as in a notebook."""

import json
from math import isfinite

import numpy as np


def answer(session, name, words, body=b""):
    """Return what a Session says to a question, as bytes: numbers are float32, all else is JSON.

    Args:
        session: `Session`.
        name: of the question, one of `QUESTIONS`.
        words: dict from names to lists of words, as `parse_qs` gives it.
        body: the numbers of an input, for "run".
    Raises: KeyError or ValueError, with a sentence, for what cannot be answered.
    """
    if name not in QUESTIONS:
        raise KeyError(f"There is no question {name!r}. There are {list(QUESTIONS)}.")
    told = QUESTIONS[name](session, Words(words), body)
    return told if isinstance(told, bytes) else json.dumps(_plain(told)).encode()


class Words:
    """The words that come with a question.

    Args:
        found: dict from names to lists of words.
    """

    def __init__(self, found):
        self.found = found

    def word(self, name, default=None):
        """Return one; ValueError if it is missing."""
        if name not in self.found and default is None:
            raise ValueError(f"The question lacks {name!r}.")
        return self.found.get(name, [default])[0]

    def number(self, name):
        """Return one as a whole number."""
        word = self.word(name)
        if not word.isdecimal():
            raise ValueError(f"{name} wants a whole number, it got {word!r}.")
        return int(word)

    @property
    def index(self):
        """The index of an element."""
        text = self.word("index", "")
        parts = [part for part in text.split(",") if part]
        if not all(part.isdecimal() for part in parts):
            raise ValueError(f"index wants whole numbers with commas between them, it got {text!r}.")
        return tuple(map(int, parts))

    @property
    def opened(self):
        """The blocks that are unfolded."""
        return tuple(sorted(self.found.get("open", ())))


def _run(session, words, body):
    if len(body) % 4:
        raise ValueError(f"An input is float32 numbers; {len(body):,} bytes are none. Nothing was changed.")
    session.run(np.frombuffer(body, "<f4"))
    return session.frame(words.opened)


def _epoch(session, words, _):
    session.load_epoch(words.number("number"))
    return session.frame(words.opened)


def _reach(session, words, _):
    return session.reach(words.word("node"), words.index, words.word("forward", "0") == "1", words.opened)


QUESTIONS = {
    "scene": lambda session, words, body: session.describe(),
    "sample": lambda session, words, body: session.flat_sample(words.number("number")).tobytes(),
    "run": _run,
    "trace": lambda session, words, body: session.trace(words.word("node"), words.index),
    "reach": _reach,
    "detail": lambda session, words, body: session.frame(detail=words.word("node")),
    "explain": lambda session, words, body: session.explain(words.word("node")),
    "saliency": lambda session, words, body: session.saliency(words.word("kind"), words.number("class")),
    "profile": lambda session, words, body: session.profile(),
    "epoch": _epoch,
}


def _plain(value):
    """Return plain data that JSON can hold: what is not finite becomes a word."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
