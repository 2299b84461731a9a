"""Recurrent layers as Keras 2 had them with `time_major=True`: sequences are (steps, batch, features)."""

from lamina import ops
from lamina.core import tree
from lamina.layers import recurrent, rnn

__all__ = ["GRU", "LSTM", "RNN", "SimpleRNN"]


class _TimeMajor:
    """Swaps the first two axes of what comes in, and of the sequence that goes out."""

    def build(self, sequences_shape, initial_state_shape=None):
        """Make the weights."""
        steps, batch, *features = sequences_shape
        super().build((batch, steps, *features), initial_state_shape)

    def call(self, sequences, initial_state=None, mask=None, training=False):
        """Compute the output."""
        mask = [None if part is None else ops.swapaxes(part, 0, 1) for part in tree.flatten(mask)]
        outputs = super().call(ops.swapaxes(sequences, 0, 1), initial_state, mask, training)
        if not self.return_sequences:
            return outputs
        sequence, *states = outputs if self.return_state else [outputs]
        sequence = ops.swapaxes(sequence, 0, 1)
        return (sequence, *states) if self.return_state else sequence


class RNN(_TimeMajor, rnn.RNN):
    """Keras 2 `RNN(time_major=True)`."""


class SimpleRNN(_TimeMajor, recurrent.SimpleRNN):
    """Keras 2 `SimpleRNN(time_major=True)`."""


class GRU(_TimeMajor, recurrent.GRU):
    """Keras 2 `GRU(time_major=True)`."""


class LSTM(_TimeMajor, recurrent.LSTM):
    """Keras 2 `LSTM(time_major=True)`."""
