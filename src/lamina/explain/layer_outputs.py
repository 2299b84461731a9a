"""The output of every layer of a model on given data."""

import jax
import numpy as np

from lamina.core import dtypes, tree
from lamina.core.context import entering
from lamina.core.state import unchecked_scope
from lamina.explain.listening import Listening


def activations(model, x, training=False):
    """Return what every layer of a model gives for `x`, whatever kind of model it is.

    Args:
        model: a model that is built or can be called on `x`.
        x: what the model is called on.
        training: whether layers shall work as in training; nothing is changed by it.
    Returns: dict from paths to arrays (or lists of them), in the order in which the layers run; see `Listening`.

    Example:
        >>> import lamina
        >>> from lamina.layers import Dense, Flatten
        >>> model = lamina.Sequential([lamina.Input((2,)), Dense(3, name="a"), Flatten(name="b")])
        >>> {path: y.shape for path, y in model.activations([[1.0, 2.0]]).items()}
        {'a': (1, 3), 'b': (1, 3)}
    """
    return LayerOutputs(model, training)(x)


class LayerOutputs:
    """A model's `activations` as one compiled program, for many inputs of the same shapes.

    Args:
        model: a model that is built or can be called on what it will get.
        training: whether layers shall work as in training; nothing is changed by it.
    """

    def __init__(self, model, training=False):
        self.model, self.training = model, training
        self._order = []
        self._jitted = jax.jit(self._run)

    def __call__(self, x):
        """Return a dict from paths to arrays (or lists of them), in the order in which the layers run."""
        x = self._arrays(x)
        outputs = self._jitted(self._values(), x)
        return {path: outputs[path] for path in self._order}

    def shapes(self, x):
        """Return a dict from paths to shapes with dtypes (or lists of them), without computing anything."""
        x = self._arrays(x)
        outputs = jax.eval_shape(self._run, self._values(), x)
        return {path: outputs[path] for path in self._order}

    def _arrays(self, x):
        x = arrays_in(x)
        if not self.model.built:
            self.model(x)
        return x

    def _values(self):
        return [v.value for v in self.model.variables]

    def _run(self, values, inputs):
        outputs, order = {}, []

        def heard(path, layer, args, kwargs, output):
            arrays = [y for y in tree.flatten(output) if isinstance(y, jax.Array)]
            if arrays:
                outputs[path] = arrays[0] if len(arrays) == 1 else arrays
                order.append(path)

        scope = unchecked_scope(self.model.variables, values)
        with scope, entering(training=self.training), Listening(self.model, heard):
            self.model(inputs)
        self._order = order
        return outputs


def arrays_in(x):
    """Return what a model is called on with arrays for all data; a nested list of numbers is one array."""
    is_one = isinstance(x, list) and not any(hasattr(item, "shape") for item in x)
    return _as_array(x) if is_one else tree.map_structure(_as_array, x)


def _as_array(x):
    if isinstance(x, jax.Array):
        return x
    return dtypes.as_array(np.asarray(x))
