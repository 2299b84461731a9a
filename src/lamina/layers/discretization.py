"""Discretization: numbers as the numbers of the bins they fall into."""

import jax.numpy as jnp
import numpy as np

from lamina.core.context import thread
from lamina.layers.adapting import batches_of
from lamina.layers.category_encoding import encoded, refuse_sparse
from lamina.layers.layer import Layer
from lamina.layers.weights import take

MODES = ("int", "one_hot", "multi_hot", "count")


class Discretization(Layer):
    """Replace each number by that of the bin it falls into, between boundaries given or learned by `adapt`.

    Maths:    y = number of boundaries b with b <= x
    Shapes:   x (batch, ...) -> the same, int32; for the other modes see CategoryEncoding, with a class for each bin
    Args:
        bin_boundaries: ascending numbers between the bins; there is one bin more than boundaries.
        num_bins: how many bins `adapt` makes, each for about the same number of values [count]; in place of boundaries.
        epsilon: how far off the part of the values below a learned boundary may be [fraction 0-1].
        output_mode: "int" for the number of the bin, or how CategoryEncoding turns it into a vector: "one_hot",
            "multi_hot" or "count".
        sparse: False; results are dense.
        dtype, name: see Layer.
    Mask:     dropped
    Raises:   ValueError unless exactly one of boundaries and number of bins is given, for another mode, for sparse
        results, or for a call before there are boundaries.
    Source:   Keras 3 `Discretization`, with the same summary of the data.
    Example:
        >>> Discretization([0.0, 1.0])([[-2.0, 0.5, 1.0]]).tolist()
        [[0, 1, 2]]
    """

    _allow_non_tensor_positional_args = True

    def __init__(
        self,
        bin_boundaries=None,
        num_bins=None,
        epsilon=0.01,
        output_mode="int",
        sparse=False,
        dtype=None,
        name=None,
    ):
        super().__init__(name=name, dtype=dtype)
        if output_mode not in MODES:
            raise ValueError(
                f"Unknown `output_mode` of Discretization. Expected one of {MODES}. Received: output_mode={output_mode}"
            )
        refuse_sparse(sparse)
        if num_bins is not None and num_bins < 0:
            raise ValueError(f"`num_bins` must be greater than or equal to 0. Received: `num_bins={num_bins}`")
        if num_bins is not None and bin_boundaries is not None:
            raise ValueError(
                "Both `num_bins` and `bin_boundaries` should not be set. "
                f"Received: `num_bins={num_bins}` and `bin_boundaries={bin_boundaries}`"
            )
        if bin_boundaries is not None and np.asarray(bin_boundaries).dtype.kind not in "biuf":
            raise ValueError(
                f"`bin_boundaries` of Discretization are numbers. Received: bin_boundaries={bin_boundaries}"
            )
        if num_bins is None and bin_boundaries is None:
            raise ValueError("You need to set either `num_bins` or `bin_boundaries`.")
        self.bin_boundaries = None if bin_boundaries is None else np.asarray(bin_boundaries).tolist()
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = sparse
        self.reset_state()

    @property
    def output_dtype(self):
        """The dtype of what the layer returns."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def call(self, inputs):
        """Compute on arrays."""
        boundaries = self.bin_boundaries
        if boundaries is None and thread.shape_trace:
            boundaries = jnp.zeros(self.num_bins - 1)  # as many as `adapt` will find
        if boundaries is None:
            raise ValueError(
                "You need to either pass the `bin_boundaries` argument at construction time or call `adapt(dataset)` "
                "before you can start using the `Discretization` layer."
            )
        bins = jnp.digitize(jnp.asarray(inputs), jnp.asarray(boundaries, "float32"))
        if self.output_mode == "int":
            return bins.astype("int32")
        return encoded(bins, self.output_mode, len(boundaries) + 1, self.output_dtype)

    # --- learning from data ------------------------------------------------------------------------------------

    def adapt(self, data, steps=None):
        """Set the boundaries so that the values of `data` spread evenly; what was learned before is forgotten.

        Args:
            data: an array, or an iterable of batches.
            steps: how many batches to take at most [count]; None takes all.
        Raises: ValueError if the layer was given boundaries or there are no values; TypeError for other data.
        """
        if self.num_bins is None:
            raise ValueError(
                "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, use `num_bins` "
                "instead."
            )
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        if not self.summary.size:
            raise ValueError("adapt() received no values. Expected at least one batch that is not empty.")
        self.finalize_state()

    def update_state(self, data):
        """Take one more batch into account; `finalize_state` makes it count."""
        values = np.sort(np.asarray(data).astype("float32"), axis=None)
        step = max(values.size * self.epsilon, 1)  # how many values one entry of the summary stands for
        kept = values[int(step - 1) :: int(step)]
        both = np.concatenate([np.stack([kept, np.full_like(kept, step)]), self.summary], axis=1)
        self.summary = _thinned(both[:, np.argsort(both[0])], self.epsilon)

    def finalize_state(self):
        """Set the boundaries from the batches seen so far."""
        if self.num_bins is not None:
            self.bin_boundaries = _thinned(self.summary, 1 / self.num_bins)[0, :-1].tolist()
            self._learned += 1

    def reset_state(self):
        """Forget the batches that `update_state` has seen."""
        self.summary = np.zeros((2, 0), "float32")  # values in order, and how many values each stands for

    # --- files -------------------------------------------------------------------------------------------------

    def load_own_variables(self, store):
        """Take the summary of the data from old files; new ones have the boundaries in the config."""
        if len(store.keys()) == 1:
            self.summary = np.asarray(take(store, "0"))

    def get_config(self):
        """Return the constructor arguments, and the boundaries as they are now."""
        names = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse", "name", "dtype")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the layer that `config` describes, with its boundaries if it has learned them."""
        config = dict(config)
        learned = config.pop("bin_boundaries", None) if config.get("num_bins") is not None else None
        layer = super().from_config(config)
        layer.bin_boundaries = layer.bin_boundaries if learned is None else learned
        return layer


def _thinned(summary, part):
    """Bring a summary to 1 / part entries, each for the same part of all values, between which it interpolates."""
    values, weights = summary
    if values.size * part < 1:
        return summary
    parts = part + np.arange(0.0, 1.0, part)
    below = weights.cumsum()
    share = below / below[-1]
    wanted = np.interp(parts, share, below)
    return np.stack([np.interp(parts, share, values), np.diff(wanted, prepend=0)]).astype("float32")
