"""How far predictions are from labels."""

import jax
import jax.numpy as jnp

from lamina.core import config
from lamina.core.op import op
from lamina.kernels import ctc
from lamina.ops.nn.ctc_decoding import beam_search, greedy


@op("target", "output")
def binary_crossentropy(target, output, from_logits=False):
    """Return -target * log(p) - (1 - target) * log(1 - p) for every element [nats].

    Args:
        output: probabilities p, or numbers of which p is the sigmoid, if `from_logits`.
    Raises:   ValueError if the shapes differ.
    """
    _check_same_shape(target, output)
    if from_logits:
        return -target * jax.nn.log_sigmoid(output) - (1.0 - target) * jax.nn.log_sigmoid(-output)
    output = _inside_bounds(output)
    return -(target * jnp.log(output) + (1.0 - target) * jnp.log(1.0 - output))


@op("target", "output")
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return -sum(target * log(p)) over the classes along `axis` [nats].

    Args:
        output: probabilities p, divided by their sum, or numbers of which p is the softmax, if `from_logits`.
    Raises:   ValueError if the shapes differ or there is no axis.
    """
    _check_same_shape(target, output)
    _check_rank(output)
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis)


@op("target", "output")
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return -log(p[target]), with class numbers as targets [nats].

    Args:     as for `categorical_crossentropy`.
    Shapes:   (batch, …) or (batch, …, 1), (batch, …, classes) -> (batch, …)
    Raises:   ValueError if the shapes do not fit.
    """
    _check_rank(output)
    target = target.astype("int32")
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = jnp.squeeze(target, -1)
    if target.shape != output.shape[:-1]:
        raise ValueError(
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            f"target.shape={target.shape}, output.shape={output.shape}"
        )
    target = jax.nn.one_hot(target, output.shape[axis], axis=axis, dtype=output.dtype)
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis)


def _log_probabilities(output, from_logits, axis):
    if from_logits:
        return jax.nn.log_softmax(output, axis)
    return jnp.log(_inside_bounds(output / jnp.sum(output, axis, keepdims=True)))


def _inside_bounds(probabilities):
    return jnp.clip(probabilities, config.epsilon(), 1.0 - config.epsilon())


def _check_same_shape(target, output):
    if target.shape != output.shape:
        raise ValueError(
            "Arguments `target` and `output` must have the same shape. "
            f"Received: target.shape={target.shape}, output.shape={output.shape}"
        )


def _check_rank(output):
    if output.ndim < 1:
        raise ValueError(f"Argument `output` must be at least rank 1. Received: output.shape={output.shape}")


@op("target", "output", "target_length", "output_length", class_name="CTCLoss")
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """Return minus the logarithm of the probability that scores read as a label sequence [nats].

    Shapes:   (batch, labels), (batch, steps, classes), (batch,), (batch,) -> (batch,)
    Args:
        target: class numbers.
        output: numbers of which the probabilities are the softmax.
        target_length, output_length: how many labels and steps of each row count [count].
        mask_index: class number of the blank.
    """
    target, target_length, output_length = (x.astype("int32") for x in (target, target_length, output_length))
    return ctc.ctc_loss(target, output, target_length, output_length, mask_index)


@op("inputs", "sequence_lengths", class_name="CTCDecode")
def ctc_decode(
    inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True, mask_index=0
):
    """Read likely label sequences out of scores: repeats merged, blanks dropped, -1 behind the end.

    Shapes:   (batch, steps, classes), (batch,) -> (paths, batch, steps), (batch, paths)
    Args:
        strategy: "greedy", the best class of every step, or "beam_search", the most probable sequences.
        beam_width: how many beginnings the beam search keeps [count].
        top_paths: how many sequences it returns [count].
        merge_repeated: whether "greedy" merges repeats.
        mask_index: class number of the blank.
    Returns:  sequences of class numbers, and their scores: log probabilities, or minus the sum of the best scores.
    Raises:   ValueError for another strategy.
    """
    inputs = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
    sequence_lengths = sequence_lengths.astype("int32")
    if strategy == "greedy":
        return greedy(inputs, sequence_lengths, merge_repeated, mask_index)
    if strategy == "beam_search":
        return beam_search(inputs, sequence_lengths, beam_width, top_paths, mask_index)
    raise ValueError(f"Invalid strategy {strategy!r}. Supported values are 'greedy' and 'beam_search'.")


@op("x1", "x2", class_name="PSNR")
def psnr(x1, x2, max_val):
    """Return the peak signal-to-noise ratio, 20 log10(max_val) - 10 log10(mean((x1 - x2)^2)) [decibels].

    Raises:   ValueError if the shapes differ.
    """
    if x1.shape != x2.shape:
        raise ValueError(f"Input shapes {x1.shape} and {x2.shape} must match.")
    return 20 * jnp.log10(jnp.asarray(max_val, x2.dtype)) - 10 * jnp.log10(jnp.mean(jnp.square(x1 - x2)))
