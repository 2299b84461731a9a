"""Xception: residual blocks of separable convolutions.

Source:   Chollet 2017, figure 5; Keras 3 `applications.xception` (same layers, names and weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Published, about, application, assemble, pooled_without_name
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import normalized
from lamina.layers import Activation, Add, Conv2D, MaxPooling2D, SeparableConv2D

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

_BLOCKS = ((128, 128), (256, 256), (728, 728), *[(728, 728, 728)] * 8, (728, 1024))
"""Filters of the convolutions of each block, from the second block on; those of two halve the image."""
_PUBLISHED = Published(
    "xception/",
    "xception_weights_tf_dim_ordering_tf_kernels",
    ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"),
    default_size=299,
    min_size=71,
)


def _build(options):
    return assemble(options, _PUBLISHED, _body, rest=pooled_without_name)


def _body(x):
    x = Conv2D(32, 3, strides=2, use_bias=False, name="block1_conv1")(x)
    x = _relu(_norm(x, "block1_conv1"), "block1_conv1")
    x = Conv2D(64, 3, use_bias=False, name="block1_conv2")(x)
    x = _relu(_norm(x, "block1_conv2"), "block1_conv2")
    for number, filters in enumerate(_BLOCKS, start=2):
        x = _block(x, filters, f"block{number}")
    for i, filters in enumerate((1536, 2048), start=1):
        x = _relu(_separable(x, filters, f"block14_sepconv{i}"), f"block14_sepconv{i}")
    return x


def _block(x, filters, name):
    shortcut, halves = x, len(filters) == 2
    if halves:
        shortcut = _norm(Conv2D(filters[-1], 1, strides=2, padding="same", use_bias=False)(x))
    for i, count in enumerate(filters, start=1):
        if i > 1 or name != "block2":  # the features it begins with are positive
            x = _relu(x, f"{name}_sepconv{i}")
        x = _separable(x, count, f"{name}_sepconv{i}")
    if halves:
        x = MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    return Add()([x, shortcut])


def _separable(x, filters, name):
    return _norm(SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x), name)


def _norm(x, name=None):
    return normalized(x, name and f"{name}_bn", last=-1)


def _relu(x, name):
    return Activation("relu", name=f"{name}_act")(x)


_MORE = "Images are at least 71 pixels high and wide; the top is for 299."
Xception = application("Xception", "xception", _build, about("Xception", 22_910_480, 20_861_480, _MORE))


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")
