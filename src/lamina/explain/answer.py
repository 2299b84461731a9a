"""What all answers have in common: they can be read as text, in a terminal, in a notebook, and as data."""

import json

from lamina.explain.document import to_html, to_rich, to_text


class Answer:
    """Something that can be read: as text, in a terminal, in a notebook, as data."""

    def document(self):
        """Return the answer as a tree of blocks and lines."""
        raise NotImplementedError

    def to_dict(self):
        """Return the answer as plain data."""
        raise NotImplementedError

    def to_json(self, **options):
        """Return the answer as JSON; options go to `json.dumps`."""
        return json.dumps(self.to_dict(), **options)

    def show(self):
        """Print the answer, with colours in a terminal."""
        from rich import print as rich_print

        rich_print(self)

    def __str__(self):
        return to_text(self.document())

    def __repr__(self):
        return str(self)

    def __rich__(self):
        return to_rich(self.document())

    def _repr_html_(self):
        return to_html(self.document())
