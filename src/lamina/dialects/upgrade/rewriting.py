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
        self.left = []
        """For each statement around the node: what is left to the reader."""
        self.calls = Calls(names)
        self.imports = Imports(names)

    def on_visit(self, node):
        """Begin a statement."""
        if _is_statement(node):
            self.left.append([])
        return super().on_visit(node)

    def on_leave(self, original_node, updated_node):
        """End a statement: what is left to the reader is written above it."""
        found = super().on_leave(original_node, updated_node)
        left = self.left.pop() if _is_statement(original_node) else ()
        return _with_comments(found, left) if left and isinstance(found, cst.CSTNode) else found

    def _upgraded(self, by, original, updated):
        line = self.get_metadata(PositionProvider, original).start.line

        def note(*told, **how):
            change = Change(line, *told, **how)
            self.changes.append(change)
            if not change.done:
                self.left[-1].append(change)

        return by(original, updated, note)

    def leave_Call(self, original_node, updated_node):  # noqa: N802 -- libcst's names
        return self._upgraded(self.calls.call, original_node, updated_node)

    def leave_Attribute(self, original_node, updated_node):  # noqa: N802
        return self._upgraded(self.calls.attribute, original_node, updated_node)

    def leave_Subscript(self, original_node, updated_node):  # noqa: N802
        return self._upgraded(self.calls.subscript, original_node, updated_node)

    def leave_SimpleStatementLine(self, original_node, updated_node):  # noqa: N802
        return self._upgraded(self.imports.statement, original_node, updated_node)


def _is_statement(node):
    return hasattr(node, "leading_lines")


def _with_comments(statement, changes):
    """Put a line above a statement for each change that is left to the reader, unless it is there already."""
    known = {line.comment.value for line in statement.leading_lines if line.comment is not None}
    comments = [comment for comment in dict.fromkeys(map(_comment, changes)) if comment not in known]
    lines = [cst.EmptyLine(comment=cst.Comment(comment)) for comment in comments]
    return statement.with_changes(leading_lines=[*statement.leading_lines, *lines])


def _comment(change):
    return f"# by hand: `{change.old}` is now {change.new}"


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
