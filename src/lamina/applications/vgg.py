"""VGG: blocks of 3x3 convolutions, each followed by pooling.

Source:   Simonyan and Zisserman 2014, table 1; Keras 3 `applications.vgg16` (same layers, names and weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Published, about, application, assemble, pooled_without_name, predictions
from lamina.layers import Conv2D, Dense, Flatten, MaxPooling2D

_FILTERS = (64, 128, 256, 512, 512)


def vgg(name, depths, sizes, hashes):
    """Return the constructor of the network with so many convolutions in each block."""
    label = name.lower()
    published = Published(f"{label}/", f"{label}_weights_tf_dim_ordering_tf_kernels", hashes)

    def build(options):
        return assemble(options, published, lambda x: _body(x, depths), _top, pooled_without_name)

    more = "Images are at least 32 pixels high and wide; the top is for 224."
    return application(name, label, build, about(name, *sizes, more))


def _body(x, depths):
    for block, (filters, depth) in enumerate(zip(_FILTERS, depths, strict=True), start=1):
        for i in range(1, depth + 1):
            x = Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")(x)
        x = MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    return x


def _top(x, options):
    x = Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = Dense(4096, activation="relu", name=name)(x)
    return predictions(x, options)


def preprocess_input(x, data_format=None):
    """Bring pixels to what VGG was trained on: blue, green, red, less their means; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="caffe")
