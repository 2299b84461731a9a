"""What the names of a program mean: which of them are Keras's, by the imports."""

import libcst as cst

from lamina.dialects import paths


class Names(cst.CSTVisitor):
    """Full paths of the names that a module's imports bind.

    Args:
        module: the syntax tree.
    """

    def __init__(self, module):
        self.bound = {}
        self.stars = []
        self.module = module
        module.visit(self)

    @property
    def has_keras(self):
        """Whether `keras` is Keras."""
        return self.bound.get("keras") in ("keras", "tensorflow.keras", "tf_keras")

    def visit_Import(self, node):  # noqa: N802 -- libcst's names
        """Note `import keras.layers as L` and the like."""
        for alias in node.names:
            path = dotted(alias.name)
            name = alias.evaluated_alias
            self.bound[name or path.partition(".")[0]] = path if name else path.partition(".")[0]

    def visit_ImportFrom(self, node):  # noqa: N802
        """Note `from keras.layers import Dense` and the like."""
        module = dotted(node.module) if node.module is not None else ""
        if isinstance(node.names, cst.ImportStar):
            self.stars.append(module)
            return
        for alias in node.names:
            self.bound[alias.evaluated_alias or alias.evaluated_name] = f"{module}.{alias.evaluated_name}"

    def path(self, node):
        """Return the full path of a name or attribute as Keras 3 would write it, None if it is not Keras's."""
        written = dotted(node)
        if written is None:
            return None
        head, _, rest = written.partition(".")
        full = self.bound.get(head)
        if full is None:
            full = next((f"{m}.{head}" for m in self.stars if paths.look_up(m, head) is not paths.NOTHING), None)
        if full is None:
            return None
        found = paths.canonical(f"{full}.{rest}" if rest else full)
        return found if found.split(".")[0] == "keras" else None


def dotted(node):
    """Return `a.b.c` of a node, None for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr.value}"
    return None
