"""ConvNeXt: a ResNet with what transformers taught: large kernels by channel, layer normalization, few activations.

Source:   Liu et al. 2022, table 9; Keras 3 `applications.convnext` (same layers, names and weights).
"""

import functools

from lamina import initializers
from lamina.applications.assembly import (
    Options,
    Published,
    about,
    assemble,
    assert_channels_last,
    named,
    pooled_without_name,
    predictions,
)
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import channels_of
from lamina.layers import Activation, Conv2D, Dense, GlobalAveragePooling2D, Layer, LayerNormalization, Normalization
from lamina.models import Sequential

_SCALES = {
    "Tiny": ((3, 3, 9, 3), (96, 192, 384, 768), 28_589_128, 27_820_128),
    "Small": ((3, 3, 27, 3), (96, 192, 384, 768), 50_223_688, 49_454_688),
    "Base": ((3, 3, 27, 3), (128, 256, 512, 1024), 88_591_464, 87_566_464),
    "Large": ((3, 3, 27, 3), (192, 384, 768, 1536), 197_767_336, 196_230_336),
    "XLarge": ((3, 3, 27, 3), (256, 512, 1024, 2048), 350_196_968, 348_147_968),
}
"""Blocks and filters of each stage, and parameters with the top and without."""
__all__ = [*(f"ConvNeXt{size}" for size in _SCALES), "LayerScale", "decode_predictions", "preprocess_input"]

_HASHES = {
    "Tiny": (
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
    "Small": (
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
    "Base": (
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
    "Large": (
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
    "XLarge": (
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
}
_MEAN = [0.485 * 255, 0.456 * 255, 0.406 * 255]
_VARIANCE = [(0.229 * 255) ** 2, (0.224 * 255) ** 2, (0.225 * 255) ** 2]
_EPSILON = 1e-6


class LayerScale(Layer):
    """Multiply each channel by a weight that begins small.

    Weights:  gamma (projection_dim,)
    Args:
        init_values: first value of the weights.
        projection_dim: number of channels [count].
        **kwargs: the arguments of every layer.
    Source:   Touvron et al. 2021; Keras 3 `applications.convnext`.
    """

    _keras_module = "keras.src.applications.convnext"

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape):
        """Make the weights."""
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=initializers.Constant(self.init_values))

    def call(self, x):
        """Return `x` with its channels scaled."""
        return x * self.gamma


def _network(size):
    """Return the constructor of a network."""
    depths, filters, *parameters = _SCALES[size]
    constructor, label = f"ConvNeXt{size}", f"convnext_{size.lower()}"
    published = Published("convnext/", label, _HASHES[size])

    def make(
        include_top=True,
        include_preprocessing=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=label,
    ):
        assert_channels_last("ConvNeXt")
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        body = functools.partial(_body, depths=depths, filters=filters, name=name, rescaled=include_preprocessing)
        return assemble(options, published, body, _top, _rest)

    more = (
        "With `include_preprocessing` pixels are from 0 to 255. Images are at least 32 high and wide; the top is for "
        "224."
    )
    return named(make, constructor, about(constructor, *parameters, more))


def _body(x, depths, filters, name, rescaled):
    if rescaled and channels_of(x) == 3:
        x = Normalization(mean=_MEAN, variance=_VARIANCE, name=f"{name}_prestem_normalization")(x)
    for stage, (depth, width) in enumerate(zip(depths, filters, strict=True)):
        x = _entrance(stage - 1, width, name)(x)
        for i in range(depth):
            x = _block(x, width, f"{name}_stage_{stage}_block_{i}")
    return x


def _entrance(number, filters, name):
    """Return the layers that make an image smaller before a stage; -1 is the number of the first."""
    if number < 0:
        conv = Conv2D(filters, 4, strides=4, name=f"{name}_stem_conv")
        return Sequential([conv, _norm(f"{name}_stem_layernorm")], name=f"{name}_stem")
    conv = Conv2D(filters, 2, strides=2, name=f"{name}_downsampling_conv_{number}")
    layers = [_norm(f"{name}_downsampling_layernorm_{number}"), conv]
    return Sequential(layers, name=f"{name}_downsampling_block_{number}")


def _block(x, filters, name):
    shortcut = x
    x = Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(x)
    x = _norm(f"{name}_layernorm")(x)
    x = Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = Activation("gelu", name=f"{name}_gelu")(x)
    x = Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    return shortcut + Activation("linear", name=f"{name}_identity")(x)


def _top(x, options):
    x = GlobalAveragePooling2D(name=f"{options.name}_head_gap")(x)
    x = _norm(f"{options.name}_head_layernorm")(x)
    return predictions(x, options, name=f"{options.name}_head_dense")


def _rest(x, options):
    return _norm(None)(pooled_without_name(x, options))


def _norm(name):
    return LayerNormalization(epsilon=_EPSILON, name=name)


ConvNeXtTiny = _network("Tiny")
ConvNeXtSmall = _network("Small")
ConvNeXtBase = _network("Base")
ConvNeXtLarge = _network("Large")
ConvNeXtXLarge = _network("XLarge")


def preprocess_input(x, data_format=None):
    """Return `x`: the networks have a layer that brings pixels to the range they were trained on."""
    return x
