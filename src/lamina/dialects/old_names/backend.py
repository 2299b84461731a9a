"""`keras.backend` as Keras 1 and 2 had it (`from keras import backend as K`): each a line over `ops`."""

from lamina import layers, ops, random
from lamina.core import config, tree
from lamina.core.context import thread
from lamina.core.variable import Variable
from lamina.dialects.internals.backend import int_shape
from lamina.dialects.spelling import tell

abs, any, all, exp, log, sqrt, square = ops.abs, ops.any, ops.all, ops.exp, ops.log, ops.sqrt, ops.square
sum, mean, std, var, prod, max, min = ops.sum, ops.mean, ops.std, ops.var, ops.prod, ops.max, ops.min
cumsum, cumprod, sign, round, sin, cos = ops.cumsum, ops.cumprod, ops.sign, ops.round, ops.sin, ops.cos
maximum, minimum, clip, pow, dot = ops.maximum, ops.minimum, ops.clip, ops.power, ops.matmul
equal, not_equal, greater, greater_equal = ops.equal, ops.not_equal, ops.greater, ops.greater_equal
less, less_equal = ops.less, ops.less_equal
reshape, squeeze, expand_dims, stack, tile = ops.reshape, ops.squeeze, ops.expand_dims, ops.stack, ops.tile
transpose, permute_dimensions, repeat_elements = ops.transpose, ops.transpose, ops.repeat
concatenate, cast, shape, stop_gradient = ops.concatenate, ops.cast, ops.shape, ops.stop_gradient
ones_like, zeros_like, one_hot, eye, arange = ops.ones_like, ops.zeros_like, ops.one_hot, ops.eye, ops.arange
tanh, softplus, softsign, elu, hard_sigmoid = ops.tanh, ops.softplus, ops.softsign, ops.elu, ops.hard_sigmoid
sigmoid, softmax, ndim, in_top_k = ops.sigmoid, ops.softmax, ops.ndim, ops.in_top_k
map_fn = ops.map


def argmax(x, axis=-1):
    """Return where the largest value is."""
    return ops.argmax(x, axis=axis)


def argmin(x, axis=-1):
    """Return where the smallest value is."""
    return ops.argmin(x, axis=axis)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """Zero what is negative, or scale it by `alpha`."""
    from lamina import activations

    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return each sample's cross-entropy."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return each sample's cross-entropy, its label given as a number."""
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def binary_crossentropy(target, output, from_logits=False):
    """Return each entry's cross-entropy."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def flatten(x):
    """Return all values in one row."""
    return ops.reshape(x, (-1,))


def batch_flatten(x):
    """Return the values of each sample in one row."""
    return ops.reshape(x, (ops.shape(x)[0], -1))


def l2_normalize(x, axis=None):
    """Scale vectors to length one."""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), config.epsilon()))


def constant(value, dtype=None, shape=None, name=None):
    """Return an array."""
    array = ops.convert_to_tensor(value, dtype or config.floatx())
    return array if shape is None else ops.broadcast_to(array, shape)


def variable(value, dtype=None, name=None, constraint=None):
    """Return a variable with a first value."""
    return Variable(ops.convert_to_tensor(value, dtype or config.floatx()), name=name)


def zeros(shape, dtype=None, name=None):
    """Return a variable of zeros."""
    return variable(ops.zeros(shape, dtype or config.floatx()), dtype, name)


def ones(shape, dtype=None, name=None):
    """Return a variable of ones."""
    return variable(ops.ones(shape, dtype or config.floatx()), dtype, name)


def get_value(x):
    """Return the values as a NumPy array."""
    return ops.convert_to_numpy(x)


def set_value(x, value):
    """Change a variable, or the learning rate of an optimizer."""
    x.assign(value)


def update(x, new_x):
    """Change a variable."""
    return x.assign(new_x)


def update_add(x, increment):
    """Add to a variable."""
    return x.assign(x + increment)


def update_sub(x, decrement):
    """Subtract from a variable."""
    return x.assign(x - decrement)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from a normal distribution."""
    return random.normal(shape, mean, stddev, dtype, seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draw evenly between bounds."""
    return random.uniform(shape, minval, maxval, dtype, seed)


def switch(condition, then_expression, else_expression):
    """Return one of two arrays, entry by entry."""
    return ops.where(condition, then_expression, else_expression)


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """Return a symbolic tensor: an `Input`, its batch axis included in the shape."""
    tell("K.placeholder(…)", "keras.Input(…)", "2.15")
    return layers.Input(batch_shape=shape or (None,) * ndim, dtype=dtype, name=name)


def function(inputs, outputs, updates=None):
    """Return what computes some tensors of a graph from arrays, as lists."""
    from lamina.models import Model

    tell("K.function(inputs, outputs)", "keras.Model(inputs, outputs)", "2.15")
    model = Model([x for x in inputs if not isinstance(x, int)], list(outputs))

    def compute(arrays):
        training = len(arrays) > len(model.inputs) and bool(arrays[-1])
        found = model([ops.convert_to_tensor(x) for x in arrays[: len(model.inputs)]], training=training)
        return [ops.convert_to_numpy(x) for x in tree.flatten(found)]

    return compute


def learning_phase():
    """Tell whether the running call is training: 1 or 0."""
    tell("K.learning_phase()", "the argument training of call()", "2.15")
    return int(bool(thread.training))


def image_dim_ordering():
    """Return the axis order of images in the words of Keras 1."""
    return {"channels_last": "tf", "channels_first": "th"}[config.image_data_format()]


def set_image_dim_ordering(dim_ordering):
    """Choose the axis order of images in the words of Keras 1."""
    tell(f"K.set_image_dim_ordering({dim_ordering!r})", "keras.config.set_image_data_format(…)", "1.2")
    config.set_image_data_format({"tf": "channels_last", "th": "channels_first"}[dim_ordering])


__all__ = [
    "abs",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "batch_flatten",
    "binary_crossentropy",
    "cast",
    "categorical_crossentropy",
    "clip",
    "concatenate",
    "constant",
    "cos",
    "cumprod",
    "cumsum",
    "dot",
    "elu",
    "equal",
    "exp",
    "expand_dims",
    "eye",
    "flatten",
    "function",
    "get_value",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "image_dim_ordering",
    "in_top_k",
    "int_shape",
    "l2_normalize",
    "learning_phase",
    "less",
    "less_equal",
    "log",
    "map_fn",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "ndim",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "permute_dimensions",
    "placeholder",
    "pow",
    "prod",
    "random_normal",
    "random_uniform",
    "relu",
    "repeat_elements",
    "reshape",
    "round",
    "set_image_dim_ordering",
    "set_value",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "sum",
    "switch",
    "tanh",
    "tile",
    "transpose",
    "update",
    "update_add",
    "update_sub",
    "var",
    "variable",
    "zeros",
    "zeros_like",
]
