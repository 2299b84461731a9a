"""VGG16."""

from lamina.applications.assembly import Options, Published
from lamina.applications.vgg import decode_predictions, preprocess_input, vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels"
_PUBLISHED = Published(
    "vgg16/",
    (f"{_FILE}.h5", f"{_FILE}_notop.h5"),
    ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
)


def VGG16(  # noqa: N802 - Keras's name
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg16",
):
    """Make a VGG16: 138,357,544 parameters with the top, 14,714,688 without.

    Args:     as for `assembly.Options`. Images are at least 32 pixels high and wide; the top is for 224.
    Raises:   ValueError for arguments out of range, or weights that do not fit.
    Source:   Simonyan and Zisserman 2014; Keras 3 `VGG16`.
    Example:
        >>> VGG16(include_top=False, weights=None, input_shape=(32, 32, 3)).count_params()
        14714688
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return vgg(options, _PUBLISHED, (2, 2, 3, 3, 3))
