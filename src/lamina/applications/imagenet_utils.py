"""What all image networks share: pixels as they were trained on, and the names of the thousand classes."""

import json

import numpy as np

from lamina import ops
from lamina.applications.assembly import image_size
from lamina.core import config, errors
from lamina.core.tensor import is_keras_tensor

_CLASS_INDEX = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_CLASS_INDEX_HASH = "c2c37ea517e94d9795004a39431a14cb"
_CLASSES = 1000
_MEANS = {"caffe": (103.939, 116.779, 123.68), "torch": (0.485, 0.456, 0.406)}
_DEVIATIONS = (0.229, 0.224, 0.225)
_names = {}


def preprocess_input(x, data_format=None, mode="caffe"):
    """Bring pixels from 0-255 to the range that a network was trained on.

    Maths:    tf: x / 127.5 - 1; torch: (x / 255 - mean) / deviation
              caffe: x - mean, with the channels in the order blue, green, red
    Args:
        x: images with three channels, red, green, blue; arrays or symbolic tensors, with or without a batch axis.
        data_format: "channels_last" or "channels_first"; by default the global one.
        mode: "caffe", "tf" or "torch".
    Returns:  floats of the same shape. A NumPy array is left as it is, and answered with another one.
    Raises:   ValueError for another mode or data format.
    Example:
        >>> preprocess_input(np.array([[[255.0, 0.0, 127.5]]]), mode="tf").tolist()
        [[[1.0, -1.0, 0.0]]]
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"Expected mode to be one of `caffe`, `tf` or `torch`. Received: mode={mode}")
    data_format = config.standardize_data_format(data_format)
    if isinstance(x, np.ndarray):
        dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else config.floatx()
        return np.array(_preprocessed(ops.convert_to_tensor(x.astype(dtype)), data_format, mode))
    return _preprocessed(x if is_keras_tensor(x) else ops.convert_to_tensor(x), data_format, mode)


def _preprocessed(x, data_format, mode):
    if mode == "tf":
        return x / 127.5 - 1.0
    axis = len(x.shape) - 3 if data_format == "channels_first" else len(x.shape) - 1
    if mode == "caffe":
        x = ops.flip(x, axis=axis)
    shape = [3 if i == axis else 1 for i in range(len(x.shape))]
    mean = np.reshape(np.array(_MEANS[mode], str(x.dtype)), shape)
    if mode == "caffe":
        return x - mean
    return (x / 255.0 - mean) / np.reshape(np.array(_DEVIATIONS, str(x.dtype)), shape)


def decode_predictions(preds, top=5):
    """Name the classes that an ImageNet network finds most likely.

    Args:
        preds: probabilities (samples, 1000).
        top: classes named for each sample [count].
    Returns:  for each sample a list of (identifier, name, probability), the most likely first.
    Raises:   ValueError for another shape, or if the list of names is not the published one.
    """
    if len(preds.shape) != 2 or preds.shape[1] != _CLASSES:
        raise ValueError(
            "`decode_predictions` expects a batch of predictions (i.e. a 2D array of shape (samples, 1000)). Received "
            f"array with shape: {preds.shape}"
        )
    names, preds = _class_names(), np.asarray(preds)
    order = np.argsort(-preds, axis=1, kind="stable")[:, :top]
    return [[(*names[str(i)], row[i]) for i in best] for row, best in zip(preds, order, strict=True)]


def _class_names():
    """Return {"0": (identifier, name), …}, from the cache or the net."""
    from lamina import utils

    if not _names:
        path = utils.get_file(
            "imagenet_class_index.json", _CLASS_INDEX, cache_subdir="models", file_hash=_CLASS_INDEX_HASH
        )
        with open(path, encoding="utf-8") as file:
            read = json.load(file)
        if len(read) != _CLASSES or not all(len(read.get(str(i), ())) == 2 for i in range(_CLASSES)):
            raise errors.FileError(f"L401: {path} is no list of the {_CLASSES} classes of ImageNet.")
        _names.update({key: tuple(value) for key, value in read.items()})
    return _names


def correct_pad(inputs, kernel_size):
    """Return the zeros to add around images, ((top, bottom), (left, right)), before a valid convolution of stride 2.

    With them it sees what padding "same" of a graph of TensorFlow 1 showed it.

    Args:
        inputs: batch of images, or a symbolic tensor.
        kernel_size: height and width of the convolution's kernel, or one number for both [pixels].
    Example:
        >>> correct_pad(np.zeros((1, 8, 7, 3)), 3)
        ((0, 1), (1, 1))
    """
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    even = [size is None or size % 2 == 0 for size in image_size(inputs.shape)]
    return tuple((size // 2 - before, size // 2) for size, before in zip(kernel, even, strict=True))
