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
    x = tree.map_structure(_as_array, x) if not isinstance(x, list) or _is_list_of_inputs(x) else _as_array(x)
    if not model.built:
        model(x)
    variables = model.variables
    order = []

    def run(values, inputs):
        outputs = {}

        def heard(path, layer, args, kwargs, output):
            arrays = [y for y in tree.flatten(output) if isinstance(y, jax.Array)]
            if arrays:
                outputs[path] = arrays[0] if len(arrays) == 1 else arrays
                order.append(path)

        order.clear()
        with unchecked_scope(variables, values), entering(training=training), Listening(model, heard):
            model(inputs)
        return outputs

    outputs = jax.jit(run)([v.value for v in variables], x)
    return {path: outputs[path] for path in order}


def _is_list_of_inputs(x):
    return bool(x) and any(hasattr(item, "shape") for item in x)


def _as_array(x):
    if isinstance(x, jax.Array):
        return x
    return dtypes.as_array(np.asarray(x))
