"""Short programs in the manner of each era, each asserting what it computes.

A program is (source, told, also): `told` are words of the advice that must be given, `also` whether today's Keras
runs it too; then both must leave the same numbers in `result`.
"""

from importlib import import_module

PROGRAMS = {}


def program(name, source, *told, also=False):
    assert name not in PROGRAMS, name
    PROGRAMS[name] = (source, told, also)


def all_programs():
    """Return every program by its name."""
    for module in (
        "eras",
        "tf_keras",
        "facade",
        "facade_more",
        "facade_edges",
        "arguments",
        "books",
        "forum",
        "functions",
        "packages",
        "rooms",
    ):
        import_module(f"tests.dialects.corpus.{module}")
    return PROGRAMS
