"""Inception, third version: blocks look at the image through several branches of convolutions side by side.

Source:   Szegedy et al. 2016, table 1; Keras 3 `applications.inception_v3` (same layers, names and weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Published, about, application, assemble, pooled_without_name
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import channel_axis, normalized
from lamina.layers import Activation, AveragePooling2D, Concatenate, Conv2D, MaxPooling2D

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "inception_v3/",
    "inception_v3_weights_tf_dim_ordering_tf_kernels",
    ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
    default_size=299,
    min_size=75,
)


def _build(options):
    return assemble(options, _PUBLISHED, _body, rest=pooled_without_name)


def _body(x):
    x = stem(x)
    for i, filters in enumerate((32, 64, 64)):
        branches = ((64, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3))
        x = joined([*(branch(x, *steps) for steps in branches), averaged(x, filters)], f"mixed{i}")
    halving = ((384, 3, 2),), ((64, 1), (96, 3), (96, 3, 2))
    x = halved(x, halving, "mixed3")
    for i, inner in enumerate((128, 160, 160, 192), start=4):
        row, column = (inner, (1, 7)), (inner, (7, 1))
        branches = (
            ((192, 1),),
            ((inner, 1), row, (192, (7, 1))),
            ((inner, 1), column, row, column, (192, (1, 7))),
        )
        x = joined([*(branch(x, *steps) for steps in branches), averaged(x, 192)], f"mixed{i}")
    halving = ((192, 1), (320, 3, 2)), ((192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2))
    x = halved(x, halving, "mixed8")
    for i in range(2):
        narrow = branch(x, (320, 1))
        wide = _crossed(branch(x, (384, 1)), f"mixed9_{i}")
        wider = _crossed(branch(x, (448, 1), (384, 3)), None)
        x = joined([narrow, wide, wider, averaged(x, 192)], f"mixed{9 + i}")
    return x


def stem(x):
    """Return an image as 192 channels of an eighth of its height and width."""
    x = branch(x, (32, 3, 2), (32, 3, 1, "valid"), (64, 3))
    x = MaxPooling2D(3, strides=2)(x)
    x = branch(x, (80, 1, 1, "valid"), (192, 3, 1, "valid"))
    return MaxPooling2D(3, strides=2)(x)


def branch(x, *steps):
    """Return `x` after convolutions, each of (filters, kernel size, stride, padding); by default 1 and "same"."""
    for step in steps:
        x = conv_norm_relu(x, *step)
    return x


def conv_norm_relu(x, filters, kernel, stride=1, padding=None, name=None):
    """Return the positive part of `x` convolved and normalized; with a stride only where the kernel fits whole."""
    padding = padding or ("same" if stride == 1 else "valid")
    x = Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False, name=name)(x)
    x = normalized(x, name and f"{name}_bn", scale=False)
    return Activation("relu", name=name and f"{name}_ac")(x)


def averaged(x, filters):
    """Return the means around each position, seen by so many filters."""
    return branch(AveragePooling2D(3, strides=1, padding="same")(x), (filters, 1))


def joined(branches, name):
    """Return the channels of all branches."""
    return Concatenate(axis=channel_axis(), name=name)(branches)


def halved(x, branches, name):
    """Return the channels of branches that halve the image, and those of `x` pooled."""
    return joined([*(branch(x, *steps) for steps in branches), MaxPooling2D(3, strides=2)(x)], name)


def _crossed(x, name):
    return joined([branch(x, (384, (1, 3))), branch(x, (384, (3, 1)))], name)


_MORE = "Images are at least 75 pixels high and wide; the top is for 299."
InceptionV3 = application("InceptionV3", "inception_v3", _build, about("InceptionV3", 23_851_784, 21_802_784, _MORE))


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")
