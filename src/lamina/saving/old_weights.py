"""The orders and shapes in which older Keras kept the weights of a layer, made into today's.

Source: the files' formats: Keras 1 kept the gates of a recurrent layer apart and the kernels of Theano turned round;
the layers for cuDNN kept every gate transposed and two biases.
"""

import numpy as np

_KERAS1_GATES = {"LSTM": (0, 2, 1, 3), "ConvLSTM2D": (0, 2, 1, 3), "GRU": (0, 1, 2)}
"""Where in the file's list of gates each of today's gates stands: i, f, c, o from i, c, f, o; and z, r, h."""

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D", "DepthwiseConv2D")


def convert(layer, arrays, version, backend=None):
    """Return the arrays of a layer in the order and the shapes that `layer` has today.

    Args:
        layer: the layer that takes them.
        arrays: list of NumPy arrays, in the file's order.
        version: the Keras version that wrote the file.
        backend: the engine that wrote the file; Theano's kernels are turned round.
    """
    kind = type(layer).__name__
    if kind == "TimeDistributed":
        return convert(layer.layer, arrays, version, backend)
    if kind == "Bidirectional":
        half = len(arrays) // 2
        forward = convert(layer.forward_layer, arrays[:half], version, backend)
        return forward + convert(layer.backward_layer, arrays[half:], version, backend)
    if getattr(layer, "layers", None) and hasattr(layer, "get_layer"):
        return _convert_model(layer, arrays, version, backend)
    if str(version).startswith("1"):
        arrays = _from_keras1(kind, layer, arrays)
    if backend == "theano" and kind in _CONVOLUTIONS and arrays:
        arrays = [_turned_round(arrays[0]), *arrays[1:]]
    if kind in ("LSTM", "GRU"):
        arrays = _from_cudnn(kind, layer, arrays)
    return arrays


def _convert_model(model, arrays, version, backend):
    """A model inside a model: what trains comes first, of all its layers, then what does not."""
    arrays = list(arrays)
    counts = [(len(layer.trainable_weights), len(layer.non_trainable_weights)) for layer in model.layers]
    if len(arrays) != sum(trained + fixed for trained, fixed in counts):
        counts = _counts_in_file(model, counts, version)
    if len(arrays) != sum(trained + fixed for trained, fixed in counts):
        return arrays
    trained = [_take(arrays, count) for count, _ in counts]
    fixed = [_take(arrays, count) for _, count in counts]
    parts = [
        convert(layer, own + rest, version, backend)
        for layer, own, rest in zip(model.layers, trained, fixed, strict=True)
    ]
    halves = [len(layer.trainable_weights) for layer in model.layers]
    first = [array for part, half in zip(parts, halves, strict=True) for array in part[:half]]
    return first + [array for part, half in zip(parts, halves, strict=True) for array in part[half:]]


def _counts_in_file(model, counts, version):
    """Return how many arrays each layer has in a file of Keras 1, where each gate had its own."""
    if not str(version).startswith("1"):
        return counts
    gates = [len(_KERAS1_GATES.get(type(layer).__name__, (0,))) for layer in model.layers]
    return [(trained * n, fixed * n) for (trained, fixed), n in zip(counts, gates, strict=True)]


def _take(arrays, count):
    taken = arrays[:count]
    del arrays[:count]
    return taken


def _from_keras1(kind, layer, arrays):
    gates = _KERAS1_GATES.get(kind)
    if gates and len(arrays) == 3 * len(gates):
        return [np.concatenate([arrays[3 * gate + part] for gate in gates], axis=-1) for part in range(3)]
    if not arrays:
        return arrays
    kernel, rest = arrays[0], arrays[1:]
    if kind == "Conv1D" and kernel.ndim == 4:
        if kernel.shape[:2] != (layer.kernel_size[0], 1) or kernel.shape[3] != layer.filters:
            kernel = kernel.transpose(2, 3, 1, 0)
        return [kernel[:, 0], *rest]
    if kind == "Conv2D" and layer.data_format == "channels_first":
        return [kernel.transpose(2, 3, 1, 0), *rest]
    if kind == "Conv2DTranspose":
        axes = (0, 1, 3, 2) if layer.data_format == "channels_last" else (2, 3, 0, 1)
        return [kernel.transpose(axes), *rest]
    if kind == "Conv3D" and layer.data_format == "channels_first":
        return [kernel.transpose(2, 3, 4, 1, 0), *rest]
    return arrays


def _turned_round(kernel):
    """Theano convolves where the others correlate: its kernels stand on their heads."""
    return np.flip(kernel, axis=tuple(range(kernel.ndim - 2)))


def _from_cudnn(kind, layer, arrays):
    gates = 4 if kind == "LSTM" else 3
    if len(arrays) != 3 or arrays[2].shape != (2 * gates * layer.units,):
        return arrays
    kernel, recurrent, bias = arrays
    kernel = _each_gate(kernel, gates, lambda part: part.T.reshape(part.shape, order="F"))
    recurrent = _each_gate(recurrent, gates, np.transpose)
    return [kernel, recurrent, bias.reshape(2, -1).sum(axis=0) if kind == "LSTM" else bias.reshape(2, -1)]


def _each_gate(array, gates, change):
    return np.concatenate([change(part) for part in np.split(array, gates, axis=1)], axis=1)
