"""How an application model is put together: input, body, top, weights."""

import dataclasses
import os
import warnings

from lamina import activations, utils
from lamina.core import config
from lamina.core.tensor import is_keras_tensor
from lamina.layers import Dense, GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from lamina.models.functional import Functional

_BUCKET = "https://storage.googleapis.com/tensorflow/keras-applications/"
_CLASSES = 1000


@dataclasses.dataclass(frozen=True)
class Published:
    """The published weights of a network, with and without the top.

    Args:
        folder: below the place where all are kept.
        files: names of the two files.
        hashes: their MD5 sums.
        default_size, min_size: height and width of the images, as trained and at least [pixels].
        base: the place where all are kept.
    """

    folder: str
    files: tuple
    hashes: tuple
    default_size: int = 224
    min_size: int = 32
    base: str = _BUCKET

    def fetch(self, include_top):
        """Return the path of the file in the cache; it is downloaded the first time, and checked."""
        name, digest = self.files[not include_top], self.hashes[not include_top]
        return utils.get_file(name, f"{self.base}{self.folder}{name}", cache_subdir="models", file_hash=digest)


@dataclasses.dataclass(frozen=True)
class Options:
    """The arguments that all application models have.

    Args:
        include_top: whether the layers that tell the thousand classes apart are there.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: symbolic tensor that is the input; None makes one.
        input_shape: of an image; needed where images of another size than the usual one come in.
        pooling: without the top: None, or "avg" or "max" over all positions.
        classes: size of the output [count].
        classifier_activation: of the output.
        name: of the model.
    """

    include_top: bool
    weights: str | None
    input_tensor: object
    input_shape: tuple | None
    pooling: str | None
    classes: int
    classifier_activation: object
    name: str


def assemble(options, published, body, head=None):
    """Return the model.

    Args:
        options: Options.
        published: Published.
        body: function from the image to the features.
        head: function from the features to those that the last layer sees; by default their mean over all positions.
    Raises:   ValueError for options out of range, or a file that does not fit.
    """
    _assert_options(options)
    shape = image_shape(options, published)
    given = options.input_tensor
    image = given if is_keras_tensor(given) else Input(shape=shape) if given is None else Input(shape, tensor=given)
    x = body(image)
    if options.include_top:
        x = (head or GlobalAveragePooling2D(name="avg_pool"))(x)
        x = Dense(options.classes, activation=options.classifier_activation, name="predictions")(x)
    elif options.pooling is not None:
        x = _POOLING[options.pooling](name=f"{options.pooling}_pool" if head is None else None)(x)
    inputs = image if given is None else utils.get_source_inputs(image)
    model = Functional(inputs, x, name=options.name)
    if options.weights is not None:
        path = options.weights
        model.load_weights(published.fetch(options.include_top) if path == "imagenet" else path)
    return model


_POOLING = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}


def _assert_options(options):
    weights = options.weights
    if weights not in (None, "imagenet") and not os.path.exists(weights):
        raise ValueError(
            "The `weights` argument should be either `None` (random initialization), 'imagenet' (pre-training on "
            f"ImageNet), or the path to the weights file to be loaded. Received: weights={weights}"
        )
    if weights == "imagenet" and options.include_top and options.classes != _CLASSES:
        raise ValueError(
            "If using `weights='imagenet'` with `include_top=True`, `classes` should be 1000. "
            f"Received classes={options.classes}"
        )
    if options.pooling not in (None, *_POOLING) and not options.include_top:
        raise ValueError(f"`pooling` is None, 'avg' or 'max'. Received: pooling={options.pooling!r}")
    if options.include_top and weights is not None:
        activation = activations.get(options.classifier_activation)
        if activation not in (activations.softmax, activations.linear):
            raise ValueError(
                "Only `None` and `softmax` activations are allowed for the `classifier_activation` argument when using "
                f"pretrained weights, with `include_top=True`; Received: classifier_activation={activation}"
            )


def image_shape(options, published):
    """Return the shape of an image, as asked for and possible.

    Raises:   ValueError for a shape that the network cannot take.
    """
    given, first = options.input_shape, config.image_data_format() == "channels_first"
    published_weights = options.weights == "imagenet"
    if given is not None and len(given) != 3:
        raise ValueError(f"`input_shape` must be a tuple of three integers. Received: input_shape={given}")
    channels = 3 if given is None or published_weights else given[0 if first else -1]
    sizes = (published.default_size,) * 2
    usual = (channels, *sizes) if first else (*sizes, channels)
    if published_weights and options.include_top:
        if given is not None and tuple(given) != usual:
            raise ValueError(
                "When setting `include_top=True` and loading `imagenet` weights, `input_shape` should be "
                f"{usual}. Received: input_shape={given}"
            )
        return usual
    if given is None:
        return usual if options.include_top else (3, None, None) if first else (None, None, 3)
    _assert_image(given, first, published_weights, options.include_top, published.min_size)
    return tuple(given)


def _assert_image(shape, first, published_weights, include_top, least):
    channels, sizes = (shape[0], shape[1:]) if first else (shape[-1], shape[:2])
    if channels != 3 and published_weights:
        raise ValueError(f"The input must have 3 channels; Received `input_shape={shape}`")
    if channels not in (1, 3):
        warnings.warn(
            "This model usually expects 1 or 3 input channels. However, it was passed an input_shape with "
            f"{channels} input channels.",
            stacklevel=5,
        )
    if any(size is not None and size < least for size in sizes):
        raise ValueError(f"Input size must be at least {least}x{least}; Received: input_shape={shape}")
    if include_top and None in shape:
        raise ValueError(
            f"If `include_top` is True, you should specify a static `input_shape`. Received: input_shape={shape}"
        )
