"""Connectionist temporal classification: the probability of a label sequence under all its alignments."""

import jax
import jax.numpy as jnp

_IMPOSSIBLE = -1e5  # a logarithm of 0 that stays finite in sums and gradients


def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """Return minus the logarithm of the probability that a sequence of scores reads as a sequence of labels.

    Labels are read from a path of one class a step: repeats are merged, blanks are dropped. The sum over all paths runs
    forward over time on the labels with blanks between them, `blank, l1, blank, l2, …, blank`.

    Shapes:   (batch, labels), (batch, steps, classes), (batch,), (batch,) -> (batch,)
    Args:
        target: class numbers.
        output: logits.
        target_length: how many labels of each row count [count].
        output_length: how many steps of each row count [steps].
        mask_index: class number of the blank.
    Source:   Graves et al. 2006, section 4.1.
    Example:
        >>> print(ctc_loss(jnp.array([[1]]), jnp.zeros((1, 1, 2)), jnp.array([1]), jnp.array([1])).round(3))
        [0.693]
    """
    batch, count = target.shape
    log_p = jax.nn.log_softmax(output.astype(jnp.promote_types(output.dtype, "float32")))
    path = jnp.full((batch, 2 * count + 1), mask_index).at[:, 1::2].set(target)  # (batch, positions)
    emitted = jnp.take_along_axis(log_p, path[:, None, :], axis=2).swapaxes(0, 1)  # (steps, batch, positions)
    may_skip = jnp.zeros(path.shape, bool).at[:, 3::2].set(target[:, 1:] != target[:, :-1])

    def step(alpha, inputs):
        log_emitted, is_running = inputs
        skipped = jnp.where(may_skip, _shift(alpha, 2), _IMPOSSIBLE)
        moved = jnp.logaddexp(jnp.logaddexp(alpha, _shift(alpha, 1)), skipped) + log_emitted
        return jnp.where(is_running[:, None], moved, alpha), None

    start = jnp.full(path.shape, _IMPOSSIBLE, log_p.dtype).at[:, 0].set(0.0)  # one blank in front of the first step
    is_running = jnp.arange(log_p.shape[1])[:, None] < output_length[None, :]  # (steps, batch)
    alpha, _ = jax.lax.scan(step, start, (emitted, is_running))
    return -_at_the_end(alpha, target_length)


def _shift(alpha, places):
    return jnp.pad(alpha, ((0, 0), (places, 0)), constant_values=_IMPOSSIBLE)[:, : alpha.shape[1]]


def _at_the_end(alpha, target_length):
    last = 2 * target_length[:, None]
    ends_blank = jnp.take_along_axis(alpha, last, axis=1)[:, 0]
    ends_label = jnp.take_along_axis(alpha, jnp.maximum(last - 1, 0), axis=1)[:, 0]
    return jnp.where(target_length > 0, jnp.logaddexp(ends_blank, ends_label), ends_blank)
