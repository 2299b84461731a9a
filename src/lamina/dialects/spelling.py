"""Old spellings: one table says what they mean today; each use is told once, with the line and the modern spelling."""

import functools
import sys
from dataclasses import dataclass
from importlib import import_module

from lamina.dialects import asking


class OldSpellingError(ValueError):
    """An old spelling met under `strict`."""


@dataclass(frozen=True)
class Argument:
    """An argument of a constructor or method as it was once called.

    Args:
        old: its name then.
        new: its name today; a function of (keywords, value) that changes the keywords where more than the name changed.
        version: the last version of Keras that wrote it so.
        modern: the modern spelling as text; `new` if that says it.
        in_source: the same for a program's text, where `new` needs the values themselves.
    """

    old: str
    new: object
    version: str
    modern: str = ""
    in_source: object = None

    def rewrite(self, keywords, value):
        """Put the value into a dict of keywords under today's name; values may be `Text`."""
        translate_value = self.in_source or self.new
        if callable(translate_value):
            translate_value(keywords, value)
        else:
            keywords[self.new] = value

    def advice(self):
        """Return the modern spelling as text."""
        return self.modern or f"{self.new}="


class _Settings:
    quiet = False
    strict = False
    told: set = set()  # noqa: RUF012 -- one for the process
    undo: list = []  # noqa: RUF012 -- the same


def configure(quiet, strict):
    """Choose whether old spellings are told, kept quiet or refused."""
    _Settings.quiet, _Settings.strict = quiet, strict


def tell(old, modern, version):
    """Say once for a line of the program that it is written as in an earlier version.

    Args:
        old: the spelling met.
        modern: today's.
        version: the version of Keras that had it.
    Raises:   OldSpellingError under `strict`.
    """
    name, number, text = asking.line()
    told = f"{name}:{number}: `{old}` (Keras {version}) is now `{modern}`"
    if _Settings.strict:
        raise OldSpellingError(f"{told}\n    {text}")
    if _Settings.quiet or (name, number, old) in _Settings.told:
        return
    _Settings.told.add((name, number, old))
    print(f"lamina: {told}", file=sys.stderr)


def translate(owner, table, keywords):
    """Return the keywords of a call with today's names."""
    keywords = dict(keywords)
    for row in table:
        if row.old in keywords:
            tell(f"{owner}({row.old}=…)", row.advice(), row.version)
            value = keywords.pop(row.old)
            if callable(row.new):
                row.new(keywords, value)
            else:
                keywords[row.new] = value
    return keywords


def understand():
    """Let our classes take the old spellings of the tables, until `forget`."""
    from lamina.core.random import draw_in_programs_from
    from lamina.dialects import old_arguments, old_attributes, seeds

    for owner, name, value in old_attributes.table():
        _replace(owner, name, value)
    for path, table in old_arguments.table().items():
        home, name = path.split(":")
        owner = import_module(home)
        *classes, attribute = name.split(".")
        for word in classes:
            owner = getattr(owner, word)
        function = getattr(owner, attribute)
        if isinstance(function, type):
            owner, attribute, function = function, "__init__", function.__init__
        _replace(owner, attribute, _understanding(function, name, table))
    draw_in_programs_from(seeds.of_running_code)


def forget():
    """Take the old spellings away again."""
    from lamina.core.random import draw_in_programs_from
    from lamina.dialects.tensorflow.random import streams

    draw_in_programs_from(None)
    streams.clear()
    while _Settings.undo:
        owner, name, before = _Settings.undo.pop()
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
    _Settings.told.clear()


def _replace(owner, name, value):
    _Settings.undo.append((owner, name, vars(owner).get(name)))
    setattr(owner, name, value)


def _understanding(function, name, table):
    """Wrap a constructor or method of ours: positional old forms first, then names."""
    old_names = {row.old for row in table}

    @functools.wraps(function)
    def understood(self, *args, **kwargs):
        for row in table:
            if row.old == "*":
                args, kwargs = row.new(self, args, kwargs)
        if not old_names.isdisjoint(kwargs):
            kwargs = translate(name, table, kwargs)
        return function(self, *args, **kwargs)

    return understood
