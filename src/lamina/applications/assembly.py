"""How an application model is put together: input, body, top or pooling, weights."""

import contextlib
import dataclasses
import functools
import os
import warnings

from lamina import activations, utils
from lamina.core import config
from lamina.core.tensor import is_keras_tensor
from lamina.core.variable import postponing
from lamina.layers import Dense, Dropout, GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from lamina.models.functional import Functional

_BUCKET = "https://storage.googleapis.com/tensorflow/keras-applications/"
_CLASSES = 1000


@dataclasses.dataclass(frozen=True)
class Published:
    """The published weights of a network, with and without the top, and the images they were trained on.

    Args:
        folder: below the place where all are kept.
        stem: what the names of both files begin with.
        hashes: the MD5 or SHA-256 sums of the files; None if nobody published them.
        ends: what the names of the files end with.
        kept_as: the beginning and the ends of the names in the cache, where they are others.
        default_size, min_size: height and width of the images, as trained and at least [pixels]; a network without
            a default takes images of any size, with the top too.
        base: the place where all are kept.
    """

    folder: str
    stem: str
    hashes: tuple = (None, None)
    ends: tuple = (".h5", "_notop.h5")
    kept_as: tuple | None = None
    default_size: int | None = 224
    min_size: int = 32
    base: str = _BUCKET

    def fetch(self, include_top):
        """Return the path of the file in the cache; it is downloaded the first time, and checked."""
        which = 0 if include_top else 1
        name = self.stem + self.ends[which]
        kept_as = name if self.kept_as is None else self.kept_as[which]
        address = f"{self.base}{self.folder}{name}"
        return utils.get_file(kept_as, address, cache_subdir="models", file_hash=self.hashes[which])


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


def application(name, label, build, about):
    """Return the constructor of a network that takes the usual arguments.

    Args:
        name: of the constructor.
        label: what models are called by default.
        build: function from Options to the model.
        about: its documentation.
    """

    def make(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=label,
    ):
        return build(
            Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        )

    return named(make, name, about)


def named(make, name, about):
    """Return a constructor with its name, its documentation, and the module that all constructors are in."""
    make.__module__ = "lamina.applications"
    make.__name__ = make.__qualname__ = name
    make.__doc__ = about
    return make


def about(name, with_top, without, more):
    """Return the documentation of a constructor: its size [parameters], and what is true for the whole family."""
    return (
        f"Make {name}: {with_top:,} parameters with the top, {without:,} without.\n\n"
        f"Args:     as for `assembly.Options`. {more}\n"
        "Returns:  a functional model.\n"
        "Raises:   ValueError for arguments out of range, or weights that do not fit.\n"
    )


def classified(x, options, pool_name="avg_pool", dropout=0, **initializers):
    """Return probabilities: the mean over all positions, seen by one dense layer."""
    x = GlobalAveragePooling2D(name=pool_name)(x)
    if dropout > 0:
        x = Dropout(dropout, name="top_dropout")(x)
    return predictions(x, options, **initializers)


def predictions(x, options, name="predictions", **initializers):
    """Return what the last layer of a network with a top makes of the features."""
    return Dense(options.classes, activation=options.classifier_activation, name=name, **initializers)(x)


def pooled(x, options, named=True):
    """Return the features of a network without a top, pooled as asked for."""
    if options.pooling is None:
        return x
    return _POOLING[options.pooling](name=f"{options.pooling}_pool" if named else None)(x)


_POOLING = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}
pooled_without_name = functools.partial(pooled, named=False)


def assemble(options, published, body, top=classified, rest=pooled):
    """Return the model.

    Args:
        options: Options.
        published: Published.
        body: function from the image to the features.
        top: function from the features and the options to the output.
        rest: the same for a network without a top.
    Raises:   ValueError for options out of range, or a file that does not fit.
    """
    _assert_options(options)
    shape, given, path = image_shape(options, published), options.input_tensor, options.weights
    if path == "imagenet":
        path = published.fetch(options.include_top)
    with contextlib.nullcontext() if path is None else postponing():
        image = given if is_keras_tensor(given) else Input(shape=shape) if given is None else Input(shape, tensor=given)
        output = (top if options.include_top else rest)(body(image), options)
        inputs = image if given is None else utils.get_source_inputs(image)
        model = Functional(inputs, output, name=options.name)
        if path is not None:
            model.load_weights(path)
    return model


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


def assert_channels_last(family):
    """Raise ValueError if images have their channels first, which a family of networks cannot read."""
    if config.image_data_format() == "channels_first":
        raise ValueError(
            f"{family} does not support the `channels_first` image data format. Switch to `channels_last` by "
            "`lamina.config.set_image_data_format('channels_last')`."
        )


def image_size(shape):
    """Return (height, width) of the shape of an image [pixels], with or without a batch axis; None if it is None."""
    if shape is None:
        return None
    return tuple(shape[-2:] if config.image_data_format() == "channels_first" else shape[-3:-1])


def image_shape(options, published):
    """Return the shape of an image, as asked for and possible.

    Raises:   ValueError for a shape that the network cannot take.
    """
    given, first = options.input_shape, config.image_data_format() == "channels_first"
    published_weights = options.weights == "imagenet"
    if given is not None and len(given) != 3:
        raise ValueError(f"`input_shape` must be a tuple of three integers. Received: input_shape={given}")
    any_size = not options.include_top or published.default_size is None
    channels = 3 if given is None or published_weights else given[0 if first else -1]
    sizes = (published.default_size,) * 2
    usual = (channels, *sizes) if first else (*sizes, channels)
    if published_weights and not any_size:
        if given is not None and tuple(given) != usual:
            raise ValueError(
                "When setting `include_top=True` and loading `imagenet` weights, `input_shape` should be "
                f"{usual}. Received: input_shape={given}"
            )
        return usual
    if given is None:
        return ((3, None, None) if first else (None, None, 3)) if any_size else usual
    _assert_image(given, first, published_weights, not any_size, published.min_size)
    return tuple(given)


def _assert_image(shape, first, published_weights, known_size, least):
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
    if known_size and None in shape:
        raise ValueError(
            f"If `include_top` is True, you should specify a static `input_shape`. Received: input_shape={shape}"
        )
