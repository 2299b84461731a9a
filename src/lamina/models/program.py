"""A model's call on arrays as one compiled program."""

import jax

from lamina.core import shapes, state
from lamina.core.context import get_mask, set_mask, thread
from lamina.core.tensor import KerasTensor
from lamina.engine import compile as engine
from lamina.layers import tracking
from lamina.training import checks


class CompiledCall:
    """Run a function of arrays that reads and writes a model's variables as one compiled program.

    There is one program per shapes, dtypes, masks, `training`, and what is trainable or learned outside of variables.

    Args:
        model: the model whose variables are read and written.
        run: `run(flat_inputs) -> outputs`.
    """

    def __init__(self, model, run):
        self.model = model
        self.run = run
        self.compilable = True
        self._seen = None
        self._owners = []
        self._jitted = engine.jit(self._pure, static=(3, 4))

    def __call__(self, inputs, training):
        """Return the outputs for a flat list of arrays, with masks and losses where they belong."""
        if self._seen != tracking.changes():
            if not all(layer.built for layer in self.model._flatten_layers()):  # one was put in another's place
                shapes.infer(self.run, [KerasTensor(x.shape, x.dtype) for x in inputs])
            self._look_again()
        for number, table in self._tables:
            table.require_rows(inputs[number])
        values = [variable._value for variable in self._variables]
        masks = [get_mask(x) for x in inputs]
        results = self._jitted(values, inputs, masks, training, self._compiled_in)
        outputs, output_masks, losses, changed = results
        for index, value in changed.items():
            self._variables[index]._value = value
        for x, mask in zip(jax.tree_util.tree_leaves(outputs), output_masks, strict=True):
            if mask is not None:
                set_mask(x, mask)
        for owner, loss in zip(self._owners, losses, strict=True) if losses else ():
            owner.add_loss(loss)
        return outputs

    def _look_again(self):
        """Collect the variables and what is trainable, after something was added or switched somewhere."""
        self._seen = tracking.changes()
        self._tables = checks.tables_of(self.model)
        self._variables = self.model.variables
        self._compiled_in = self.model._compiled_in()

    def _pure(self, values, inputs, masks, training, compiled_in):
        for x, mask in zip(inputs, masks, strict=True):
            if mask is not None:
                set_mask(x, mask)
        scope = state.unchecked_scope(self._variables, values)
        scope.collect_losses = True
        thread.training, before = training, thread.training
        try:
            with scope:
                outputs = self.run(inputs)
        finally:
            thread.training = before
        self._owners = scope.loss_owners
        masks = [get_mask(x) for x in jax.tree_util.tree_leaves(outputs)]
        pairs = enumerate(zip(self._variables, values, strict=True))
        changed = {i: scope.values[id(v)] for i, (v, old) in pairs if scope.values[id(v)] is not old}
        return outputs, masks, scope.losses, changed
