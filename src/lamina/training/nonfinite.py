"""A loss that becomes NaN: the step that made it changes nothing, and a second pass finds the layer it came from."""

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import tree
from lamina.core.errors import describe, warn
from lamina.training.data import unpack_x_y_sample_weight


def keeping_what_was_good(train_step):
    """Return the step with a guard: where the loss it reports is NaN, weights, statistics and the count of steps stay.

    The loss reported is the mean of the epoch so far, so that from the first NaN on the epoch changes no weight. What
    else would come, NaN in every weight, says nothing about where it began. Moments go their way: to keep them, XLA
    would copy each, in every step.
    """

    def step(state, batch):
        logs, after = train_step(state, batch)
        if "loss" not in logs:
            return logs, after
        is_bad = jnp.isnan(logs["loss"])

        def kept(old, new):
            return [jnp.where(is_bad, *pair) for pair in zip(old, new, strict=True)]

        (*good, slots, _), (*changed, new_slots, scores) = state, after
        counts = [new if new.ndim else jnp.where(is_bad, old, new) for old, new in zip(slots, new_slots, strict=True)]
        return logs, (*map(kept, good, changed), counts, scores)

    return step


class Watch:
    """Look at the loss of each epoch; at the first that is not finite warn, and name where it began.

    Once for a model, and not if the first look at the data has found NaN in the inputs.

    Args:
        model: the model that is trained.
        feed: where its batches come from.
    """

    def __init__(self, model, feed):
        self.model, self.feed = model, feed

    def begin(self, epoch):
        """Note where the optimizer stands."""
        self.epoch = epoch
        self.taken = self._steps_taken()

    def end(self, logs, last_batch):
        """Warn if the loss is NaN or infinite.

        Args:
            logs: the epoch's results.
            last_batch: the last batch of the epoch, for sources that cannot give an earlier one again.
        """
        loss = logs.get("loss", 0.0)
        if {"L341", "L370"} & self.model._told or np.all(np.isfinite(loss)):
            return
        self.model._told.add("L370")
        batch, what, after = None, f"infinite in epoch {self.epoch + 1}", ""
        if np.any(np.isnan(loss)):
            step = self._steps_taken() - self.taken
            batch = self.feed.again(step) if hasattr(self.feed, "again") else None
            what = f"NaN in epoch {self.epoch + 1} at step {step + 1}"
            after = " The weights stay as they were before that step, and the rest of the epoch changes nothing."
        x, _, _ = unpack_x_y_sample_weight(last_batch if batch is None else batch)
        warn(
            "L370",
            f"the loss became {what}{_rate(self.model.optimizer)}: {_origin(self.model, x)}{after} Fix: a smaller "
            "learning rate, `clipnorm=1.0` in the optimizer, or inputs scaled to about -1 to 1.",
        )

    def _steps_taken(self):
        return int(self.model.optimizer.iterations) if self.model.optimizer is not None else 0


def _rate(optimizer):
    return "" if optimizer is None else f" with the learning rate {float(np.asarray(optimizer.learning_rate)):.3g}"


def _origin(model, x):
    weights = [v for v in model.trainable_variables if not np.isfinite(v.numpy()).all()]
    overflowed = f" Its reason lies in an earlier step, which made {weights[0].path} not finite." if weights else ""
    for path, outputs in _outputs(model, x):
        bad = sum(int((~jnp.isfinite(y)).sum()) for y in outputs)
        if bad:
            size = sum(y.size for y in outputs)
            return (
                f"the first layer whose output was not finite is '{path}' {describe(outputs[0])}, {bad} of {size} "
                f"values.{overflowed}"
            )
    return "every layer's output is finite, so it is the loss that is not: its logarithm, quotient, or the labels."


def _outputs(model, x):
    if not hasattr(model, "activations"):
        return
    for path, output in model.activations(x, training=True).items():
        arrays = [y for y in tree.flatten(output) if isinstance(y, jax.Array) and jnp.issubdtype(y.dtype, jnp.floating)]
        yield path, arrays
