"""`K`, the `keras.backend` of Keras 1 and 2; what has a better name today is told."""

import functools

from lamina.dialects import old_optimizers
from lamina.dialects.spelling import tell
from lamina.legacy import backend as _backend
from lamina.legacy.backend import *  # noqa: F403 -- all of it

__all__ = _backend.__all__

moving_average_update = old_optimizers.moving_average_update
ones, variable, zeros = old_optimizers.ones, old_optimizers.variable, old_optimizers.zeros
update, update_add, update_sub = old_optimizers.update, old_optimizers.update_add, old_optimizers.update_sub

# fmt: off
SAME_IN_OPS = {
    **dict.fromkeys((
        "abs", "all", "any", "cast", "clip", "cos", "cumprod", "cumsum", "elu", "equal", "exp", "expand_dims",
        "greater", "greater_equal", "less", "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min",
        "minimum", "ndim", "not_equal", "one_hot", "ones_like", "prod", "reshape", "round", "shape", "sigmoid",
        "sign", "sin", "softmax", "softplus", "softsign", "sqrt", "square", "squeeze", "std", "stop_gradient", "sum",
        "tanh", "tile", "transpose", "var", "zeros_like",
    )),
    **dict.fromkeys((
        "arange", "binary_crossentropy", "categorical_crossentropy", "dot",
        "sparse_categorical_crossentropy", "stack",
    )),
    "flatten": "ravel",
    "permute_dimensions": "transpose",
    "pow": "power",
    "repeat_elements": "repeat",
}
"""Functions that `keras.ops` has too, with the same meaning, by their name there; None where that is the same."""

OTHER_AXIS = {"cumprod": 0, "cumsum": 0, "expand_dims": -1}
"""Of these, which axis is meant where none is given."""

STILL_THERE = frozenset((
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "is_float_dtype", "is_int_dtype",
    "is_keras_tensor", "result_type", "set_epsilon", "set_floatx", "set_image_data_format", "standardize_dtype",
))
# fmt: on
"""Names that today's `keras.backend` has too."""

IN_OTHER_WORDS = {
    "argmax": "keras.ops.argmax(x, axis=-1)",
    "batch_dot": "keras.ops.einsum(…)",
    "concatenate": "keras.ops.concatenate(xs, axis=-1)",
    "function": "keras.Model(inputs, outputs)",
    "gather": "keras.ops.take(x, indices, axis=0)",
    "get_value": "keras.ops.convert_to_numpy(x)",
    "gradients": "jax.grad of a function",
    "image_dim_ordering": "keras.config.image_data_format()",
    "int_shape": "x.shape",
    "l2_normalize": "keras.ops.normalize(x, axis)",
    "learning_phase": "the argument training of call()",
    "placeholder": "keras.Input(…)",
    "random_normal": "keras.random.normal(shape, seed=…)",
    "random_uniform": "keras.random.uniform(shape, seed=…)",
    "set_image_dim_ordering": 'keras.config.set_image_data_format("channels_last" or "channels_first")',
    "set_value": "x.assign(value)",
    "update": "x.assign(value)",
    "variable": "keras.Variable(value)",
    "zeros": "keras.Variable(keras.ops.zeros(shape))",
}
"""What stands for others, with other arguments."""


def _told(name, modern, version):
    function = getattr(_backend, name)

    @functools.wraps(function)
    def telling(*args, **kwargs):
        tell(f"K.{name}(…)", modern, version)
        return function(*args, **kwargs)

    return telling


placeholder = _told("placeholder", "keras.Input(…)", "2.15")
function = _told("function", "keras.Model(inputs, outputs)", "2.15")
learning_phase = _told("learning_phase", "the argument training of call()", "2.15")
set_image_dim_ordering = _told("set_image_dim_ordering", "keras.config.set_image_data_format(…)", "1.2")
