"""ResNet: stacks of blocks that add what three convolutions find to what they were given.

Source:   He, Zhang, Ren, Sun 2015, table 1; Keras 3 `applications.resnet` (same layers, names and weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Published, about, application, assemble
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import normalized
from lamina.layers import Activation, Add, Conv2D, MaxPooling2D, ZeroPadding2D

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

FILTERS = (64, 128, 256, 512)
"""Those of the narrow convolutions in each stack; a stack returns four times as many."""
EPSILON = 1.001e-5
"""What is added to the variance before dividing by it."""
_HASHES = {
    "ResNet50": ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    "ResNet101": ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    "ResNet152": ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    "ResNet50V2": ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
    "ResNet101V2": ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
    "ResNet152V2": ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
}


def resnet(name, depths, with_top, without, body):
    """Return the constructor of a ResNet with so many blocks in each stack, and so many parameters."""
    published = Published("resnet/", f"{name.lower()}_weights_tf_dim_ordering_tf_kernels", _HASHES[name])

    def build(options):
        return assemble(options, published, lambda x: body(x, depths))

    more = "Images are at least 32 pixels high and wide; the top is for 224."
    return application(name, name.lower(), build, about(name, with_top, without, more))


def stem(x):
    """Return an image padded and convolved, of half its height and width."""
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    return Conv2D(64, 7, strides=2, name="conv1_conv")(x)


def halved(x):
    """Return features of half the height and width."""
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    return MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def norm(x, name):
    """Return normalized features."""
    return normalized(x, f"{name}_bn", epsilon=EPSILON)


def norm_relu(x, name):
    """Return the positive part of normalized features."""
    return Activation("relu", name=f"{name}_relu")(norm(x, name))


def _body(x, depths):
    x = halved(norm_relu(stem(x), "conv1"))
    for stack, (filters, depth) in enumerate(zip(FILTERS, depths, strict=True), start=2):
        for i in range(1, depth + 1):
            x = _block(x, filters, 2 if i == 1 and stack > 2 else 1, i == 1, f"conv{stack}_block{i}")
    return x


def _block(x, filters, stride, widens, name):
    shortcut = x
    if widens:
        shortcut = norm(Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x), f"{name}_0")
    x = norm_relu(Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x), f"{name}_1")
    x = norm_relu(Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x), f"{name}_2")
    x = norm(Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    return Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([shortcut, x]))


ResNet50 = resnet("ResNet50", (3, 4, 6, 3), 25_636_712, 23_587_712, _body)
ResNet101 = resnet("ResNet101", (3, 4, 23, 3), 44_707_176, 42_658_176, _body)
ResNet152 = resnet("ResNet152", (3, 8, 36, 3), 60_419_944, 58_370_944, _body)


def preprocess_input(x, data_format=None):
    """Bring pixels to what ResNet was trained on: blue, green, red, less their means; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="caffe")
