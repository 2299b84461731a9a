"""Values in a program's text: what a row of the table of old spellings gets in place of the value itself."""


class ByHandError(Exception):
    """What stands in the text does not say what the modern spelling is."""


class Text:
    """An expression of the program.

    Args:
        code: its text.
        elements: the texts of its elements, if it is a list or tuple.
    """

    def __init__(self, code, elements=None):
        self.code = code
        self.elements = elements

    def __str__(self):
        return self.code

    def __bool__(self):
        return True

    def __getitem__(self, key):
        if self.elements is None:
            raise ByHandError(self.code)
        found = self.elements[key]
        if isinstance(found, str):
            return Text(found)
        inside = ", ".join(found) + ("," if len(found) == 1 else "")
        return Text(f"({inside})", found)


def written(value):
    """Return a value as it is written in a program."""
    if isinstance(value, (tuple, list)):
        inside = ", ".join(map(written, value))
        return (
            f"({inside},)"
            if isinstance(value, tuple) and len(value) == 1
            else f"({inside})"
            if isinstance(value, tuple)
            else f"[{inside}]"
        )
    return str(value) if isinstance(value, Text) else repr(value)
