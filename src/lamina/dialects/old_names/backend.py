"""`K`, the `keras.backend` of Keras 1 and 2; what has a better name today is told."""

import functools

from lamina.dialects.spelling import tell
from lamina.legacy import backend as _backend
from lamina.legacy.backend import *  # noqa: F403 -- all of it

__all__ = _backend.__all__

# fmt: off
SAME_IN_OPS = {
    **dict.fromkeys((
        "abs", "all", "any", "cast", "clip", "cos", "cumprod", "cumsum", "elu", "equal", "exp", "expand_dims",
        "greater", "greater_equal", "less", "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min",
        "minimum", "ndim", "not_equal", "one_hot", "ones_like", "prod", "reshape", "round", "shape", "sigmoid",
        "sign", "sin", "softmax", "softplus", "softsign", "sqrt", "square", "squeeze", "std", "stop_gradient", "sum",
        "tanh", "tile", "transpose", "var", "zeros_like",
    )),
    "permute_dimensions": "transpose",
    "pow": "power",
}
# fmt: on
"""Functions that `keras.ops` has too, with the same meaning, by their name there; None where that is the same."""


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
