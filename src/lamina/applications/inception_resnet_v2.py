"""Inception-ResNet, second version: what the branches of a block find is scaled and added to what it was given.

Source:   Szegedy et al. 2017, figures 15-20; Keras 3 `applications.inception_resnet_v2` (same layers, names, weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Published, about, application, assemble, pooled_without_name
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.inception_v3 import averaged, branch, conv_norm_relu, halved, joined, stem
from lamina.applications.parts import channels_of
from lamina.layers import Activation, Conv2D, Layer

__all__ = ["CustomScaleLayer", "InceptionResNetV2", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "inception_resnet_v2/",
    "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels",
    ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
    default_size=299,
    min_size=75,
)
_STACKS = (
    ("block35", 0.17, 10, (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3)))),
    ("block17", 0.1, 20, (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1))))),
    ("block8", 0.2, 9, (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1))))),
)
"""Name, scale, depth and branches of each stack of blocks."""
_HALVING = (
    ("mixed_6a", (((384, 3, 2),), ((256, 1), (256, 3), (384, 3, 2)))),
    ("mixed_7a", (((256, 1), (384, 3, 2)), ((256, 1), (288, 3, 2)), ((256, 1), (288, 3), (320, 3, 2)))),
)
"""Names and branches of what stands between the stacks."""


class CustomScaleLayer(Layer):
    """Add the second input, scaled, to the first.

    Args:
        scale: factor of the second input.
        **kwargs: the arguments of every layer.
    Source:   Keras 3 `applications.inception_resnet_v2`.
    """

    _keras_module = "keras.src.applications.inception_resnet_v2"

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        """Return the sum of a pair of arrays."""
        x, found = inputs
        return x + found * self.scale


def _build(options):
    return assemble(options, _PUBLISHED, _body, rest=pooled_without_name)


def _body(x):
    x = stem(x)
    branches = ((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3))
    x = joined([*(branch(x, *steps) for steps in branches), averaged(x, 64)], "mixed_5b")
    for (name, scale, depth, branches), between in zip(_STACKS, (*_HALVING, None), strict=True):
        for i in range(1, depth + 1):
            x = _block(x, scale, branches, f"{name}_{i}")
        if between:
            x = halved(x, between[1], between[0])
    x = _block(x, 1.0, _STACKS[-1][-1], "block8_10", active=False)
    return conv_norm_relu(x, 1536, 1, name="conv_7b")


def _block(x, scale, branches, name, active=True):
    found = joined([branch(x, *steps) for steps in branches], f"{name}_mixed")
    found = Conv2D(channels_of(x), 1, padding="same", name=f"{name}_conv")(found)
    x = CustomScaleLayer(scale)([x, found])
    return Activation("relu", name=f"{name}_ac")(x) if active else x


InceptionResNetV2 = application(
    "InceptionResNetV2",
    "inception_resnet_v2",
    _build,
    about(
        "InceptionResNetV2",
        55_873_736,
        54_336_736,
        "Images are at least 75 pixels high and wide; the top is for 299.",
    ),
)


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")
