"""The part of TensorFlow that programs use around Keras, on arrays of JAX; anything else raises an error.

This is the list of what `tf` itself has; the files beside it have what is in `tf.nn`, `tf.data` and so on.
"""

from lamina.dialects.internals.backend import device
from lamina.dialects.tensorflow import arrays, dtypes, flow, kernels, loops, places, sessions, shared, starting
from lamina.dialects.tensorflow.arrays import *  # noqa: F403 -- the façade has TensorFlow's names
from lamina.dialects.tensorflow.debugging import assert_equal, assert_greater, assert_less, assert_rank
from lamina.dialects.tensorflow.dtypes import *  # noqa: F403
from lamina.dialects.tensorflow.flow import *  # noqa: F403
from lamina.dialects.tensorflow.functions import function
from lamina.dialects.tensorflow.kernels import *  # noqa: F403
from lamina.dialects.tensorflow.logging import get_logger
from lamina.dialects.tensorflow.loops import *  # noqa: F403
from lamina.dialects.tensorflow.places import *  # noqa: F403
from lamina.dialects.tensorflow.ragged import RaggedTensor
from lamina.dialects.tensorflow.sessions import *  # noqa: F403
from lamina.dialects.tensorflow.shapes import TensorShape, TensorSpec
from lamina.dialects.tensorflow.shared import *  # noqa: F403
from lamina.dialects.tensorflow.sparse import SparseTensor
from lamina.dialects.tensorflow.starting import *  # noqa: F403
from lamina.dialects.tensorflow.tape import GradientTape, UnconnectedGradients
from lamina.dialects.tensorflow.variables import Tensor, Variable

newaxis = None

__all__ = [
    "GradientTape",
    "RaggedTensor",
    "SparseTensor",
    "Tensor",
    "TensorShape",
    "TensorSpec",
    "UnconnectedGradients",
    "Variable",
    "assert_equal",
    "assert_greater",
    "assert_less",
    "assert_rank",
    "device",
    "function",
    "get_logger",
    "newaxis",
    *arrays.__all__,
    *dtypes.__all__,
    *flow.__all__,
    *kernels.__all__,
    *loops.__all__,
    *places.__all__,
    *sessions.__all__,
    *shared.__all__,
    *starting.__all__,
]
