"""Names: numbered as Keras numbers them, nested by scopes into paths."""

import collections
import functools
import re

from lamina.core.context import entering, thread

_counts = collections.Counter()


@functools.cache
def to_snake_case(name):
    """Turn a class name into the name of its first instance.

    Example:
        >>> to_snake_case("Conv2DTranspose"), to_snake_case("LSTM")
        ('conv2d_transpose', 'lstm')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name):
    """Return `name` the first time, `name_1`, `name_2`, … afterwards."""
    count = _counts[name]
    _counts[name] += 1
    return f"{name}_{count}" if count else name


def auto_name(class_name):
    """Return the next free name for an instance of `class_name`, such as "dense_1"."""
    return uniquify(to_snake_case(class_name))


def get_uid(prefix=""):
    """Return how many names with `prefix` were given out, this one included."""
    _counts[prefix] += 1
    return _counts[prefix]


def reset_names():
    """Start counting names anew."""
    _counts.clear()


def current_path():
    """Return the open name scopes joined by "/"."""
    return "/".join(name for name, _ in thread.names)


class numbering_kept:  # noqa: N801 -- used like a function
    """Give names in a `with` block that are free again behind it."""

    def __enter__(self):
        self.counts = dict(_counts)

    def __exit__(self, *exception):
        _counts.clear()
        _counts.update(self.counts)


class name_scope:  # noqa: N801 -- Keras's name
    """Prefix the paths of variables made inside a `with` block.

    Args:
        name: one level of the path, without "/".
        caller: the object that opens the scope; opening it again directly inside adds no level.
        deduplicate: whether that is so.
        override_parent: path to begin with, in place of that of the scopes around.
    Raises: ValueError if `name` is no string or holds "/".

    Example:
        >>> with name_scope("block"):
        ...     current_path()
        'block'
    """

    def __init__(self, name, caller=None, deduplicate=True, override_parent=None):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        self.override_parent = override_parent

    def __enter__(self):
        self.previous = thread.names
        around = self.previous
        if self.override_parent is not None:
            around = ((self.override_parent.strip("/"), None),) if self.override_parent.strip("/") else ()
        reopened = self.deduplicate and self.caller is not None and around and around[-1][1] is self.caller
        if not reopened:
            thread.names = (*around, (self.name, self.caller))
        return self

    def __exit__(self, *exception):
        thread.names = self.previous


def at_root():
    """Open a block in which paths start anew, whatever scopes are open outside."""
    return entering(names=())
