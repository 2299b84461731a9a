"""Layers that Keras 1 and 2 had: those that were only renamed, and three with maths of their own."""

from lamina import layers, ops, tree
from lamina.dialects.spelling import tell
from lamina.layers.old import (
    Highway,
    LocallyConnected1D,
    LocallyConnected2D,
    MaxoutDense,
    RandomHeight,
    RandomWidth,
    ThresholdedReLU,
)

__all__ = [
    "AbstractRNNCell",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "CuDNNGRU",
    "CuDNNLSTM",
    "Deconvolution2D",
    "Highway",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "MaxoutDense",
    "Merge",
    "RandomHeight",
    "RandomWidth",
    "SeparableConvolution2D",
    "ThresholdedReLU",
    "TimeDistributedDense",
    "merge",
]

_MERGES = {
    "sum": layers.Add,
    "mul": layers.Multiply,
    "ave": layers.Average,
    "max": layers.Maximum,
}
CuDNNGRU = layers.GRU
CuDNNLSTM = layers.LSTM
Deconvolution2D = layers.Conv2DTranspose
SeparableConvolution2D = layers.SeparableConv2D
AtrousConvolution1D = layers.Conv1D
AtrousConvolution2D = layers.Conv2D


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, name=None, **options):
    """Join tensors; `mode` says how. Keras 1 `merge`."""
    layer = _merging(mode, concat_axis, dot_axes, name)
    tell(f"merge(mode={mode!r})", f"{type(layer).__name__}()", "1.2")
    return layer(list(inputs))


def Merge(branches, mode="sum", concat_axis=-1, dot_axes=-1, name=None, **options):  # noqa: N802 -- Keras's name
    """Return a model that joins the outputs of models. Keras 1 `Merge`, the first entry of a Sequential."""
    from lamina.models import Model

    layer = _merging(mode, concat_axis, dot_axes, name)
    tell(f"Merge(mode={mode!r})", f"{type(layer).__name__}() in a functional model", "1.2")
    return Model([branch.input for branch in branches], layer([branch.output for branch in branches]))


def TimeDistributedDense(units, **options):  # noqa: N802 -- Keras's name
    """Apply a Dense to every step. Keras 0.3 `TimeDistributedDense`."""
    tell("TimeDistributedDense(n)", "TimeDistributed(Dense(n))", "0.3")
    return layers.TimeDistributed(layers.Dense(units, **options))


def _merging(mode, concat_axis, dot_axes, name):
    if callable(mode):
        return layers.Lambda(mode, name=name)
    if mode == "concat":
        return layers.Concatenate(axis=concat_axis, name=name)
    if mode in ("dot", "cos"):
        return layers.Dot(axes=dot_axes, normalize=mode == "cos", name=name)
    if mode not in _MERGES:
        raise ValueError(f"Unknown merge mode {mode!r}; there are {sorted({*_MERGES, 'concat', 'dot', 'cos'})}.")
    return _MERGES[mode](name=name)


class AbstractRNNCell(layers.Layer):
    """A cell for `RNN`: a subclass says `state_size`, `output_size` and `call(inputs, states)`."""

    def call(self, inputs, states):
        """Return the output of a step and the new states."""
        raise NotImplementedError(f"{type(self).__name__} must define `call(inputs, states)`.")

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Return states of zeros, in the structure of `state_size`."""
        batch_size = inputs.shape[0] if batch_size is None else batch_size
        return tree.map_structure(lambda size: ops.zeros((batch_size, size), dtype), self.state_size)
