"""VGG19."""

from lamina.applications.assembly import Options, Published
from lamina.applications.vgg import decode_predictions, preprocess_input, vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels"
_PUBLISHED = Published(
    "vgg19/",
    (f"{_FILE}.h5", f"{_FILE}_notop.h5"),
    ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
)


def VGG19(  # noqa: N802 - Keras's name
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg19",
):
    """Make a VGG19: 143,667,240 parameters with the top, 20,024,384 without.

    Args:     as for `assembly.Options`. Images are at least 32 pixels high and wide; the top is for 224.
    Raises:   ValueError for arguments out of range, or weights that do not fit.
    Source:   Simonyan and Zisserman 2014; Keras 3 `VGG19`.
    Example:
        >>> VGG19(include_top=False, weights=None, input_shape=(32, 32, 3)).count_params()
        20024384
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return vgg(options, _PUBLISHED, (2, 2, 4, 4, 4))
