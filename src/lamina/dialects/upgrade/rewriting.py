"""The syntax tree of a program, with calls, names and imports of other times replaced."""

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from lamina.dialects.upgrade.calls import Calls
from lamina.dialects.upgrade.change import Change
from lamina.dialects.upgrade.imports import Imports
from lamina.dialects.upgrade.names import Names


def rewrite(source):
    """Return the modern source and the list of changes."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    upgrader = _Upgrader(Names(wrapper.module))
    tree = wrapper.visit(upgrader)
    if upgrader.calls.needs_keras and not upgrader.names.has_keras:
        tree = _with_import(tree)
    return tree.code, upgrader.changes


class _Upgrader(cst.CSTTransformer):
    """Asks each part of the table about each node, from the inside out."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, names):
        super().__init__()
        self.names = names
        self.changes = []
        self.calls = Calls(names)
        self.imports = Imports(names)

    def _upgraded(self, by, original, updated):
        line = self.get_metadata(PositionProvider, original).start.line
        return by(original, updated, lambda *told, **how: self.changes.append(Change(line, *told, **how)))

    def leave_Call(self, original_node, updated_node):  # noqa: N802 -- libcst's names
        return self._upgraded(self.calls.call, original_node, updated_node)

    def leave_Attribute(self, original_node, updated_node):  # noqa: N802
        return self._upgraded(self.calls.attribute, original_node, updated_node)

    def leave_Subscript(self, original_node, updated_node):  # noqa: N802
        return self._upgraded(self.calls.subscript, original_node, updated_node)

    def leave_SimpleStatementLine(self, original_node, updated_node):  # noqa: N802
        return self._upgraded(self.imports.statement, original_node, updated_node)


def _with_import(tree):
    """Put `import keras` before the first import that is not from the future."""
    statement = cst.parse_statement("import keras\n")
    body = list(tree.body)
    for place, line in enumerate(body):
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import | cst.ImportFrom):
            if getattr(getattr(line.body[0], "module", None), "value", None) == "__future__":
                continue
            first = line.with_changes(leading_lines=())
            return tree.with_changes(
                body=[
                    *body[:place],
                    statement.with_changes(leading_lines=line.leading_lines),
                    first,
                    *body[place + 1 :],
                ]
            )
    return tree.with_changes(body=[statement, *body])
