"""VGG: blocks of 3x3 convolutions, each followed by pooling.

Source:   Simonyan and Zisserman 2014, table 1; Keras 3 `applications.vgg16` (same layers, names and weights).
"""

from lamina.applications.assembly import assemble
from lamina.applications.imagenet_utils import decode_predictions as _decode
from lamina.applications.imagenet_utils import preprocess_input as _preprocess
from lamina.layers import Conv2D, Dense, Flatten, MaxPooling2D

_FILTERS = (64, 128, 256, 512, 512)


def vgg(options, published, depths):
    """Return the model with so many convolutions in each block."""

    def body(x):
        for block, (filters, depth) in enumerate(zip(_FILTERS, depths, strict=True), start=1):
            for i in range(1, depth + 1):
                x = Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")(x)
            x = MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        return x

    def head(x):
        x = Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = Dense(4096, activation="relu", name=name)(x)
        return x

    return assemble(options, published, body, head)


def preprocess_input(x, data_format=None):
    """Bring pixels to what VGG was trained on: blue, green, red, less their means; see `imagenet_utils`."""
    return _preprocess(x, data_format, mode="caffe")


def decode_predictions(preds, top=5):
    """Name the most likely classes; see `imagenet_utils.decode_predictions`."""
    return _decode(preds, top)
