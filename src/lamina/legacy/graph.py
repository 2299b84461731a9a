"""The functions of the old `K` about graphs and state: placeholders, functions, gradients, variables, phases."""

from collections.abc import ValuesView

import jax
import numpy as np

from lamina import layers, ops, random
from lamina.core import config, state, tree
from lamina.core.context import entering, thread
from lamina.core.names import reset_names
from lamina.core.tensor import KerasTensor
from lamina.core.variable import Variable
from lamina.models import Model
from lamina.models.graph import Graph

# --- graphs ----------------------------------------------------------------------------------------------------


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """Return a symbolic tensor: an `Input` whose shape has the batch axis; `ndim` alone leaves all sizes open."""
    shape = (None,) * ndim if shape is None and ndim else shape
    return layers.Input(batch_shape=tuple(shape or ()), dtype=dtype, sparse=sparse, name=name)


def is_placeholder(x):
    """Tell whether a symbolic tensor is an input of its graph."""
    operation = getattr(x, "_keras_history", (None,))[0]
    return isinstance(operation, layers.InputLayer)


def function(inputs, outputs, updates=None, name=None):
    """Return what computes symbolic tensors from arrays for others.

    Args:
        inputs: symbolic tensors as a list; a `learning_phase()` among them takes whether the call is training.
        outputs: symbolic tensors: a list of them, or one.
    Returns:  a function from a list of arrays to NumPy arrays: a list for a list.
    Raises:   ValueError for `updates`, which Keras 3 has no graph for.
    Example:
        >>> x = placeholder(shape=(None, 2))
        >>> function([x], [2 * x])([[[1.0, 3.0]]])[0].tolist()
        [[2.0, 6.0]]
    """
    if updates:
        raise ValueError("`updates` are not part of a graph of symbolic tensors: assign to the variables afterwards.")
    given = inputs if isinstance(inputs, list | tuple) else [inputs]
    outputs = list(outputs) if isinstance(outputs, ValuesView) else outputs  # `dict.values()`
    places = [i for i, x in enumerate(given) if isinstance(x, KerasTensor)]
    phases = [i for i, x in enumerate(given) if not isinstance(x, KerasTensor)]
    model = Model([given[i] for i in places], tree.flatten(outputs), name=name)

    def compute(arrays):
        arrays = arrays if isinstance(arrays, list | tuple) else [arrays]
        training = bool(arrays[phases[0]]) if phases and len(arrays) > phases[0] else None
        values = [ops.convert_to_tensor(arrays[i], dtype=given[i].dtype) for i in places]
        results = [ops.convert_to_numpy(x) for x in tree.flatten(model(values, training=training))]
        return tree.pack_sequence_as(outputs, results)

    return compute


def gradients(loss, variables):
    """Return the derivatives of the sum of a symbolic tensor: more symbolic tensors of the graph.

    Args:
        loss: KerasTensor.
        variables: what to derive by: KerasTensors on the way to the loss, or Variables of its layers; a list or one.
    Returns:  a list with a KerasTensor for each, None where the loss does not depend on it.
    Raises:   TypeError for arrays, whose history is not known: use `jax.grad`.
    Example:
        >>> x = placeholder(shape=(None, 2))
        >>> function([x], gradients(ops.sum(x**2), [x]))([[[1.0, 3.0]]])[0].tolist()
        [[2.0, 6.0]]
    """
    loss = loss[0] if isinstance(loss, list) and len(loss) == 1 else loss
    if not isinstance(loss, KerasTensor):
        raise TypeError(
            f"`gradients` derives symbolic tensors, whose graph is known. Received: loss={loss}. Write the computation "
            "as a function and use `jax.grad`."
        )
    targets = variables if isinstance(variables, list | tuple) else [variables]
    sources, layers_before, tensors_before = _before(loss)
    owned = {id(v) for layer in layers_before for v in layer.variables}
    reached = [id(x) in (tensors_before if isinstance(x, KerasTensor) else owned) for x in targets]
    found = iter(_Gradients(sources, loss, [x for x, is_reached in zip(targets, reached, strict=True) if is_reached])())
    return [next(found) if is_reached else None for is_reached in reached]


def _before(loss):
    """Return the inputs, the layers and the ids of all tensors that a tensor is computed from, itself included."""
    operation, index, _ = loss._keras_history
    waiting, nodes = [operation._inbound_nodes[index]], []
    while waiting:
        node = waiting.pop()
        if node not in nodes:
            nodes.append(node)
            waiting += node.parent_nodes
    sources = [x for node in reversed(nodes) if node.is_input for x in node.outputs]
    found = [node.operation for node in nodes if isinstance(node.operation, layers.Layer)]
    return sources, list(dict.fromkeys(found)), {id(x) for node in nodes for x in node.outputs}


class _Gradients(layers.Layer):
    """Derive a tensor of a graph by tensors and weights inside it, from the values of the graph's inputs."""

    def __init__(self, sources, loss, targets):
        super().__init__(name=None)
        points = [x for x in targets if isinstance(x, KerasTensor)]
        self.graph_layers = [layer for layer in _before(loss)[1] if not isinstance(layer, layers.InputLayer)]
        parts = {
            "sources": sources,
            "targets": targets,
            "weights": [x for x in targets if not isinstance(x, KerasTensor)],
            "to_points": Graph(sources, points) if points else None,
            "points": points,
            "to_loss": Graph(sources, [loss]),
        }
        object.__setattr__(self, "parts", parts)
        self.built = True

    def __call__(self, values=None):
        return super().__call__(self.parts["sources"] if values is None else values)

    def call(self, values):
        values = list(values)
        to_points, weights = self.parts["to_points"], self.parts["weights"]
        points = to_points.run(values) if to_points else []
        still = [ops.zeros_like(x) for x in points]
        rest = [v for layer in self.graph_layers for v in layer.variables if all(v is not w for w in weights)]

        def loss(shifts, weight_values):
            by_id = {id(x): shift for x, shift in zip(self.parts["points"], shifts, strict=True)}
            pairs = zip(values, self.parts["sources"], strict=True)
            moved = [x + by_id[id(source)] if id(source) in by_id else x for x, source in pairs]
            bound = [*weight_values, *(v.value for v in rest)]
            with state.unchecked_scope([*weights, *rest], bound):
                return ops.sum(self.parts["to_loss"].run(moved, by_id)[0])

        by_points, by_weights = jax.grad(loss, argnums=(0, 1))(still, [w.value for w in weights])
        found = iter(by_points), iter(by_weights)
        return [next(found[not isinstance(x, KerasTensor)]) for x in self.parts["targets"]]


# --- variables -------------------------------------------------------------------------------------------------


def variable(value, dtype=None, name=None, constraint=None):
    """Return a variable with a first value."""
    made = Variable(ops.convert_to_tensor(value, dtype=dtype or config.floatx()), name=name)
    made.constraint = constraint
    return made


def constant(value, dtype=None, shape=None, name=None):
    """Return an array, filled up to `shape`."""
    array = ops.convert_to_tensor(value, dtype=dtype or config.floatx())
    return array if shape is None else ops.broadcast_to(array, shape)


def zeros(shape, dtype=None, name=None):
    """Return a variable of zeros."""
    return variable(ops.zeros(shape, dtype or config.floatx()), dtype, name)


def ones(shape, dtype=None, name=None):
    """Return a variable of ones."""
    return variable(ops.ones(shape, dtype or config.floatx()), dtype, name)


def eye(size, dtype=None, name=None):
    """Return a variable with ones on the diagonal; `size` may be (rows, columns)."""
    rows = size if isinstance(size, list | tuple) else (size,)
    return variable(ops.eye(*rows, dtype=dtype or config.floatx()), dtype, name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """Return a variable drawn from a normal distribution."""
    return variable(random.normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """Return a variable drawn evenly between bounds."""
    return variable(random.uniform(shape, low, high, dtype, seed), dtype, name)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from a normal distribution."""
    return random.normal(shape, mean, stddev, dtype, seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draw evenly between bounds."""
    return random.uniform(shape, minval, maxval, dtype, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from a normal distribution, anew what is farther than two deviations from the mean."""
    return random.truncated_normal(shape, mean, stddev, dtype, seed)


def random_bernoulli(shape, p=0.0, dtype=None, seed=None):
    """Draw ones with probability `p`, else zeros."""
    return ops.cast(random.uniform(shape, seed=seed) < p, dtype or config.floatx())


random_binomial = random_bernoulli  # Keras 2.0 to 2.2


def get_value(x):
    """Return the values as a NumPy array."""
    return ops.convert_to_numpy(x) if hasattr(x, "shape") else x


eval = get_value


def set_value(x, value):
    """Change a variable."""
    x.assign(np.asarray(value))


def batch_get_value(tensors):
    """Return the values of several variables as NumPy arrays."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples):
    """Change several variables: pairs of a variable and its value."""
    for x, value in tuples:
        set_value(x, value)


def update(x, new_x):
    """Change a variable."""
    return x.assign(new_x)


def update_add(x, increment):
    """Add to a variable."""
    return x.assign(x + increment)


def update_sub(x, decrement):
    """Subtract from a variable."""
    return x.assign(x - decrement)


def moving_average_update(x, value, momentum):
    """Move a variable a part of the way to a value."""
    return x.assign(x * momentum + ops.cast(value, x.dtype) * (1 - momentum))


def get_variable_shape(x):
    """Return the shape of a variable."""
    return tuple(x.shape)


def is_variable(x):
    """Tell whether `x` is a variable."""
    return isinstance(x, Variable)


def is_tensor(x):
    """Tell whether `x` is an array or a symbolic tensor."""
    return ops.is_tensor(x) or isinstance(x, KerasTensor)


def print_tensor(x, message="", summarize=3):
    """Print the values whenever they are computed, and return them."""
    if isinstance(x, KerasTensor):
        return layers.Lambda(lambda values: print_tensor(values, message))(x)
    jax.debug.print("{message}{x}", message=message, x=x)
    return x


# --- branches and phases -----------------------------------------------------------------------------------------


def switch(condition, then_expression, else_expression):
    """Return one of two values: entry by entry, or, for one condition, as a whole; both may be functions.

    Raises:   ValueError if the condition has more axes than the values.
    """
    condition = ops.cast(ops.convert_to_tensor(condition), "bool")
    functions = callable(then_expression) and callable(else_expression)
    if len(condition.shape) == 0 and functions and not isinstance(condition, KerasTensor):
        return ops.cond(condition, then_expression, else_expression)
    first, second = (x() if callable(x) else x for x in (then_expression, else_expression))
    missing = max(ops.ndim(first), ops.ndim(second)) - len(condition.shape)
    if missing < 0:
        raise ValueError(
            "Rank of `condition` should be less than or equal to rank of `then_expression` and `else_expression`. "
            f"ndim(condition)={len(condition.shape)}, ndim(then_expression)={ops.ndim(first)}"
        )
    for _ in range(missing if len(condition.shape) > 1 else 0):
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, first, second)


def learning_phase():
    """Tell whether the running call is training: 1 or 0."""
    return int(bool(thread.training))


def set_learning_phase(value):
    """Choose whether layers called from now on are training, where nobody says otherwise: 1 or 0.

    Raises:   ValueError for another value.
    """
    if value not in (0, 1):
        raise ValueError(f"Expected learning phase to be 0 or 1. Received: {value}")
    thread.training = bool(value)


def learning_phase_scope(value):
    """Open a `with` block in which layers are training, or not."""
    return entering(training=bool(value))


def in_train_phase(x, alt, training=None):
    """Return `x` in training and `alt` otherwise; both may be functions."""
    training = learning_phase() if training is None else training
    if isinstance(training, jax.core.Tracer):
        return switch(training, x, alt)
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x, alt, training=None):
    """Return `alt` in training and `x` otherwise."""
    return in_train_phase(alt, x, training)


def reset_uids():
    """Count names from zero again."""
    reset_names()


def manual_variable_initialization(value):
    """Accept the setting of TensorFlow's sessions: variables have their first value at once."""


def get_session():
    """Say that there are no sessions.

    Raises:   RuntimeError always.
    """
    raise RuntimeError("There are no sessions: arrays have values. `K.get_value(x)` gives those of a variable.")


def set_session(session):
    """Accept a session of TensorFlow 1, which nothing here needs."""


def image_dim_ordering():
    """Return the axis order of images in the words of Keras 1."""
    return {"channels_last": "tf", "channels_first": "th"}[config.image_data_format()]


def set_image_dim_ordering(dim_ordering):
    """Choose the axis order of images in the words of Keras 1: "tf" or "th"."""
    config.set_image_data_format({"tf": "channels_last", "th": "channels_first"}[dim_ordering])
