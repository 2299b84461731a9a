"""NASNet: two kinds of cells, found by search, that combine the results of the two cells before.

Source:   Zoph, Vasudevan, Shlens, Le 2018, figure 4; Keras 3 `applications.nasnet` (same layers, names and weights).
"""

import functools

from lamina.applications import imagenet_utils
from lamina.applications.assembly import (
    Options,
    Published,
    about,
    assemble,
    assert_channels_last,
    classified,
    named,
    pooled_without_name,
)
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import channels_of, normalized, padded_for_stride
from lamina.layers import (
    Activation,
    Add,
    AveragePooling2D,
    Concatenate,
    Conv2D,
    Cropping2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
)

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

_HASHES = {
    "mobile": ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
    "large": ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
}


def _network(kind, size, usual_shape, filters, depth, first, skips, with_top, without):
    """Return the constructor of the network of `depth` cells a stack, the first of them of so many filters.

    `usual_shape` is that of images without the top. `first` are the filters of the first convolution. `skips`: whether
    the cell after one that halves the image sees what came before that one, and not what it made.
    """
    label = f"nasnet_{kind}"
    ends = ".h5", "-no-top.h5"
    kept_as = f"{label}.h5", f"{label}_no_top.h5"
    published = Published("nasnet/", f"NASNet-{kind}", _HASHES[kind], ends, kept_as, default_size=size)

    def make(
        input_shape=None,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=label,
    ):
        assert_channels_last("NASNet")
        if input_shape is None and not include_top:
            input_shape = usual_shape
        if weights == "imagenet" and input_shape is not None and None in input_shape:
            raise ValueError(
                "When specifying the input shape of a NASNet and loading `ImageNet` weights, the input_shape argument "
                f"must be static (no None entries). Got: `input_shape={input_shape}`."
            )
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        body = functools.partial(_body, filters=filters, depth=depth, first=first, skips=skips)
        top = functools.partial(classified, pool_name=None)
        return assemble(options, published, body, top, pooled_without_name)

    constructor = f"NASNet{kind.capitalize()}"
    more = f"Images are at least 32 pixels high and wide; the top is for {size}."
    return named(make, constructor, about(constructor, with_top, without, more))


def _body(x, filters, depth, first, skips):
    x = Conv2D(first, 3, strides=2, use_bias=False, name="stem_conv1", kernel_initializer="he_normal")(x)
    x, before = _norm(x, "stem_bn1"), None
    for i, part in enumerate((4, 2)):
        x, before = _halving_cell(x, before, i > 0, filters // part, f"stem_{i + 1}"), x
    for stack, width in enumerate((filters, 2 * filters, 4 * filters)):
        if stack:
            halved = _halving_cell(x, before, False, width, f"reduce_{stack * depth}")
            x, before = halved, before if skips else x
        for i in range(depth):
            x, before = _cell(x, before, i == 0, width, stack * depth + i + (stack > 0)), x
    return Activation("relu")(x)


def _cell(x, before, halves, filters, name):
    """Return a cell of the size of `x`; `halves`: whether `before` is twice as high and wide."""
    p = _fitted(x, before, halves, filters, name)
    x = _narrowed(x, filters, "normal", name)

    def separable(x, kernel, place):
        return _separable(x, filters, kernel, 1, f"normal_{place}_{name}")

    def average(x, place):
        return AveragePooling2D(3, strides=1, padding="same", name=f"normal_{place}_{name}")(x)

    def added(number, *pair):
        return Add(name=f"normal_add_{number}_{name}")(list(pair))

    found = [
        added(1, separable(x, 5, "left1"), separable(p, 3, "right1")),
        added(2, separable(p, 5, "left2"), separable(p, 3, "right2")),
        added(3, average(x, "left3"), p),
        added(4, average(p, "left4"), average(p, "right4")),
        added(5, separable(x, 3, "left5"), x),
    ]
    return Concatenate(name=f"normal_concat_{name}")([p, *found])


def _halving_cell(x, before, halves, filters, name):
    """Return a cell of half the height and width of `x`."""
    p = _fitted(x, before, halves, filters, name)
    x = _narrowed(x, filters, "reduction", name)
    padded = padded_for_stride(x, 3, f"reduction_pad_1_{name}")

    def separable(x, kernel, place, stride=2):
        return _separable(x, filters, kernel, stride, f"reduction_{place}_{name}")

    def pooled(layer, place):
        return layer(3, strides=2, name=f"reduction_{place}_{name}")(padded)

    def added(number, *pair):
        return Add(name=f"reduction_{number}_{name}" if number else None)(list(pair))

    first = added("add_1", separable(x, 5, "left1"), separable(p, 7, "right1"))
    second = added("add_2", pooled(MaxPooling2D, "left2"), separable(p, 7, "right2"))
    third = added("add3", pooled(AveragePooling2D, "left3"), separable(p, 5, "right3"))
    around = AveragePooling2D(3, strides=1, padding="same", name=f"reduction_left4_{name}")(first)
    fourth = added(None, second, around)
    fifth = added("add4", separable(first, 3, "left4", stride=1), pooled(MaxPooling2D, "right5"))
    return Concatenate(name=f"reduction_concat_{name}")([second, third, fourth, fifth])


def _fitted(x, before, halves, filters, name):
    """Return what came before `x` with so many channels, and in the height and width of `x`."""
    if before is None:
        return x
    if halves:
        return _halved(before, filters // 2, name)
    if channels_of(before) == filters:
        return before
    return _norm(_mixed(Activation("relu")(before), filters, f"adjust_conv_projection_{name}"), f"adjust_bn_{name}")


def _halved(x, filters, name):
    """Return every second position of `x`, and those right below them, seen by so many filters each."""
    x = Activation("relu", name=f"adjust_relu_1_{name}")(x)
    even = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(x)
    even = _mixed(even, filters, f"adjust_conv_1_{name}")
    odd = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(x))
    odd = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(odd)
    odd = _mixed(odd, filters, f"adjust_conv_2_{name}")
    return _norm(Concatenate()([even, odd]), f"adjust_bn_{name}")


def _narrowed(x, filters, kind, name):
    x = _mixed(Activation("relu")(x), filters, f"{kind}_conv_1_{name}")
    return _norm(x, f"{kind}_bn_1_{name}")


def _mixed(x, filters, name):
    return Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _separable(x, filters, kernel, stride, name):
    for i, step in enumerate((stride, 1), start=1):
        x = Activation("relu")(x)
        if step > 1:
            x = padded_for_stride(x, kernel, f"separable_conv_{i}_pad_{name}")
        arguments = {"strides": step, "padding": "valid" if step > 1 else "same", "use_bias": False}
        x = SeparableConv2D(filters, kernel, name=f"separable_conv_{i}_{name}", **arguments)(x)
        x = _norm(x, f"separable_conv_{i}_bn_{name}")
    return x


def _norm(x, name):
    return normalized(x, name, last=-1, momentum=0.9997, epsilon=1e-3)


NASNetMobile = _network("mobile", 224, (224, 224, 3), 44, 4, 32, False, 5_326_716, 4_269_716)
NASNetLarge = _network("large", 331, None, 168, 6, 96, True, 88_949_818, 84_916_818)


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")
