"""The functions of the old `K` that layers are made of: windows, recurrence, normalization, losses, CTC."""

import jax
import jax.numpy as jnp
from jax import lax

from lamina import ops, random
from lamina.core import config
from lamina.core.op import op
from lamina.layers.old import local_conv


def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Slide kernels over steps; "causal" padding sees no later step."""
    if padding == "causal":
        x = temporal_padding(x, (dilation_rate * (kernel.shape[0] - 1), 0))
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Slide kernels over images."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)):
    """Slide kernels over volumes."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Spread each pixel over a window; `output_shape` says which of the possible sizes the result has."""
    return _conv_transpose(x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding="valid", data_format=None):
    """Spread each voxel over a window; `output_shape` says which of the possible sizes the result has."""
    return _conv_transpose(x, kernel, output_shape, strides, padding, data_format, 1)


deconv2d, deconv3d = conv2d_transpose, conv3d_transpose  # Keras 1


def _conv_transpose(x, kernel, output_shape, strides, padding, data_format, dilation_rate):
    first = config.standardize_data_format(data_format) == "channels_first"
    spatial = slice(2, None) if first else slice(1, -1)
    sizes = tuple(output_shape)[spatial]
    extra = []
    for size, given, window, stride, dilation in zip(
        sizes, x.shape[spatial], kernel.shape, _per_axis(strides, sizes), _per_axis(dilation_rate, sizes), strict=False
    ):
        if given is None or not isinstance(size, int):
            extra = None
            break
        window = dilation * (window - 1) + 1
        smallest = (given - 1) * stride + window - (2 * (window // 2) if padding == "same" else 0)
        extra.append(size - smallest)
    output_padding = None if extra is None else tuple(extra)
    return ops.conv_transpose(x, kernel, strides, padding, output_padding, data_format, dilation_rate)


def _per_axis(value, axes):
    return (value,) * len(axes) if isinstance(value, int) else tuple(value)


def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolve every channel with its own kernels."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv1d(
    x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Convolve every channel by itself, then mix the channels of each step."""
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Convolve every channel by itself, then mix the channels of each pixel."""
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Return the largest value or the mean of each window of images.

    Raises:   ValueError for another mode than "max" and "avg", or sizes that are not two.
    """
    return _pool(2, x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Return the largest value or the mean of each window of volumes; see `pool2d`."""
    return _pool(3, x, pool_size, strides, padding, data_format, pool_mode)


def _pool(rank, x, pool_size, strides, padding, data_format, pool_mode):
    for name, value in (("pool_size", pool_size), ("strides", strides)):
        if len(value) != rank:
            raise ValueError(f"`{name}` must be a tuple of {rank} integers. Received: {name}={value}")
    if pool_mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode: {pool_mode}. Expected 'max' or 'avg'.")
    pool = ops.max_pool if pool_mode == "max" else ops.average_pool
    return pool(x, pool_size, strides, padding, data_format)


def temporal_padding(x, padding=(1, 1)):
    """Add zeros before and after the steps."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Add zeros around images.

    Raises:   ValueError unless there are two pairs.
    """
    return _spatial_padding(2, x, padding, data_format)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Add zeros around volumes.

    Raises:   ValueError unless there are three pairs.
    """
    return _spatial_padding(3, x, padding, data_format)


def _spatial_padding(rank, x, padding, data_format):
    pairs = tuple(tuple(pair) for pair in padding)
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"Expected `padding` to be a tuple of {rank} tuples of 2 integers. Received: {padding}")
    first = config.standardize_data_format(data_format) == "channels_first"
    none = (0, 0)
    return ops.pad(x, (none, none, *pairs) if first else (none, *pairs, none))


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Make images larger by whole factors."""
    rows = 2 if config.standardize_data_format(data_format) == "channels_first" else 1
    if interpolation == "nearest":
        return ops.repeat(ops.repeat(x, height_factor, axis=rows), width_factor, axis=rows + 1)
    size = x.shape[rows] * height_factor, x.shape[rows + 1] * width_factor
    return ops.image.resize(x, size, interpolation=interpolation, data_format=data_format)


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Make volumes larger by whole factors."""
    first = 2 if config.standardize_data_format(data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        x = ops.repeat(x, factor, axis=axis)
    return x


def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """Slide over steps with other weights at each place: kernel (places, window * channels, filters)."""
    return local_conv(inputs, kernel, kernel_size, strides, (kernel.shape[0],), data_format)


def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """Slide over images with other weights at each place: kernel (places, window * channels, filters)."""
    return local_conv(inputs, kernel, kernel_size, strides, output_shape, data_format)


def bias_add(x, bias, data_format=None):
    """Add one number for each channel, or for each place and channel.

    Raises:   ValueError for a bias of another rank.
    """
    rank = len(x.shape)
    if len(bias.shape) not in (1, rank - 1):
        raise ValueError(f"Unexpected bias dimensions {len(bias.shape)}. Expected it to be 1 or {rank - 1} dimensions")
    first = config.standardize_data_format(data_format) == "channels_first" and rank > 2
    if len(bias.shape) == 1:
        return x + ops.reshape(bias, (-1,) + (1,) * (rank - 2)) if first else x + bias
    # In Keras too, the places' bias is read in another order, not turned.
    return x + (ops.reshape(bias, (bias.shape[-1], *bias.shape[:-1])) if first else bias)


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """Return gamma * (x - mean) / sqrt(var + epsilon) + beta."""
    scale = ops.rsqrt(var + epsilon)
    scale = scale if gamma is None else scale * gamma
    shifted = (x - mean) * scale
    return shifted if beta is None else shifted + beta


def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """Normalize by the batch's own mean and variance; return the result and both."""
    mean, variance = ops.moments(x, reduction_axes, keepdims=True)
    shape = [1 if axis in [a % len(x.shape) for a in reduction_axes] else size for axis, size in enumerate(x.shape)]
    beta, gamma = (None if v is None else ops.reshape(v, shape) for v in (beta, gamma))
    result = batch_normalization(x, mean, variance, beta, gamma, epsilon=epsilon)
    return result, ops.squeeze(mean, reduction_axes), ops.squeeze(variance, reduction_axes)


def dropout(x, level, noise_shape=None, seed=None):
    """Zero a fraction of the values and scale up the others."""
    return random.dropout(x, level, noise_shape, seed)


def binary_crossentropy(target, output, from_logits=False):
    """Return each entry's cross-entropy [nats]."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return each sample's cross-entropy [nats]."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1, ignore_class=None):
    """Return each sample's cross-entropy, its label given as a number [nats]; 0 where it is `ignore_class`."""
    target = ops.cast(target, "int32")
    if len(target.shape) == len(output.shape):
        target = ops.squeeze(target, -1)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)
    counts = ops.not_equal(target, ignore_class)
    losses = ops.sparse_categorical_crossentropy(
        ops.where(counts, target, 0), output, from_logits=from_logits, axis=axis
    )
    return ops.where(counts, losses, 0.0)


def binary_focal_crossentropy(target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False):
    """Return each entry's cross-entropy, weighted by how wrong the output is.

    Source:   Lin et al. 2017, "Focal Loss for Dense Object Detection".
    """
    p = ops.sigmoid(output) if from_logits else output
    right = target * p + (1 - target) * (1 - p)
    losses = ops.power(1.0 - right, gamma) * binary_crossentropy(target, output, from_logits)
    return losses * (target * alpha + (1 - target) * (1 - alpha)) if apply_class_balancing else losses


def categorical_focal_crossentropy(target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1):
    """Return each sample's cross-entropy, weighted by how wrong each probability is."""
    p = ops.softmax(output, axis) if from_logits else output / ops.sum(output, axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    return ops.sum(-target * ops.log(p) * alpha * ops.power(1.0 - p, gamma), axis)


def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """Return minus the logarithm of the probability of each label sequence; the last class is the blank [nats].

    Shapes:   (batch, labels), probabilities (batch, steps, classes), (batch, 1), (batch, 1) -> (batch, 1)
    """
    scores = ops.log(y_pred + config.epsilon())
    lengths = [ops.squeeze(ops.cast(length, "int32"), -1) for length in (label_length, input_length)]
    losses = ops.ctc_loss(ops.cast(y_true, "int32"), scores, *lengths, mask_index=y_pred.shape[-1] - 1)
    return ops.expand_dims(losses, 1)


def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """Read the likely label sequences out of probabilities; the last class is the blank.

    Returns:  list of arrays (batch, steps), -1 behind the end, and the scores (batch, paths).
    """
    scores = ops.log(y_pred + config.epsilon())
    sequences, scores = ops.ctc_decode(
        scores,
        ops.cast(input_length, "int32"),
        strategy="greedy" if greedy else "beam_search",
        beam_width=beam_width,
        top_paths=top_paths,
        mask_index=y_pred.shape[-1] - 1,
    )
    return [sequences[i] for i in range(1 if greedy else top_paths)], scores


@op("inputs", "initial_states", "mask", "constants", lists=("initial_states", "constants"), module="keras.backend")
def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
    time_major=False,
    zero_output_for_mask=False,
    return_all_outputs=True,
):
    """Call a function at each step of a sequence.

    Shapes:   (batch, steps, …) -> last output (batch, …), outputs (batch, steps, …), final states
    Args:
        step_function: callable `(inputs at a step, states + constants) -> (output, new states)`.
        initial_states: list of arrays.
        go_backwards: read the last step first; the outputs come in the order of reading.
        mask: (batch, steps); where it is false, the last output is put out again and the states stay.
        constants: list of arrays that each step gets behind the states.
        unroll: write the loop out.
        time_major: whether the steps are the first axis.
        zero_output_for_mask: put out zeros at masked steps instead.
        return_all_outputs: whether `outputs` holds all of them, or the last one.
    """
    constants = list(constants or [])
    steps = jax.tree.map(lambda x: x if time_major else x.swapaxes(0, 1), inputs)
    keep = None
    if mask is not None:
        keep = mask.astype(bool).reshape(mask.shape[:2])
        keep = keep if time_major else keep.swapaxes(0, 1)

    def run(x, states):
        output, states = step_function(x, [*states, *constants])
        return output, list(states)

    def step(carry, now):
        last, states = carry
        x, counts = now
        output, new = run(x, states)
        new = [after.astype(before.dtype) for after, before in zip(new, states, strict=True)]
        shown = output
        if counts is not None:
            new = [_where(counts, *pair) for pair in zip(new, states, strict=True)]
            shown = _where(counts, output, jnp.zeros_like(output) if zero_output_for_mask else last)
            output = _where(counts, output, last)
        return (output, new), shown

    states = list(initial_states)
    first, _ = jax.eval_shape(run, jax.tree.map(lambda x: x[0], steps), states)
    start = jnp.zeros(first.shape, first.dtype)
    (last, states), outputs = lax.scan(step, (start, states), (steps, keep), reverse=go_backwards, unroll=unroll)
    outputs = jnp.flip(outputs, 0) if go_backwards else outputs
    last = outputs[-1] if zero_output_for_mask else last
    outputs = outputs if return_all_outputs else last[None]
    return last, outputs if time_major else outputs.swapaxes(0, 1), states


def _where(keep, after, before):
    return jnp.where(keep.reshape(keep.shape + (1,) * (after.ndim - keep.ndim)), after, before)
