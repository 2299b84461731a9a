"""`tf.nn`: activations, convolutions, pooling, losses on logits."""

from lamina import ops, random
from lamina.dialects.tensorflow.arrays import clip_by_norm
from lamina.dialects.tensorflow.math import in_top_k, l2_normalize, top_k, zero_fraction
from lamina.dialects.tensorflow.random import stream
from lamina.dialects.tensorflow.signatures import anonymous

elu = anonymous(ops.elu)
leaky_relu = anonymous(ops.leaky_relu, alpha="negative_slope")
log_softmax = anonymous(ops.log_softmax)
relu = anonymous(ops.relu)
relu6 = anonymous(ops.relu6)
selu = anonymous(ops.selu)
sigmoid = anonymous(ops.sigmoid)
silu = anonymous(ops.silu)
softmax = anonymous(ops.softmax)
softplus = anonymous(ops.softplus)
softsign = anonymous(ops.softsign)
swish = anonymous(ops.silu)
tanh = anonymous(ops.tanh)


def gelu(features, approximate=False, name=None):
    """Return the values, each times the chance that a normal number is smaller."""
    return ops.gelu(features, approximate)


def moments(x, axes, shift=None, keepdims=False, name=None):
    """Return mean and variance; `shift` changes nothing."""
    return ops.moments(x, axes, keepdims)


def crelu(features, axis=-1, name=None):
    """Return the positive parts, and beside them those of the negatives."""
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis=axis))


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    """Slide kernels over images."""
    _channels_last(data_format)
    return ops.conv(input, filters, _steps(strides), padding.lower(), "channels_last", _steps(dilations or 1))


def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    """Slide kernels over sequences."""
    _channels_last(data_format)
    return ops.conv(input, filters, stride, padding.lower(), "channels_last", dilations or 1)


def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None, name=None):
    """Slide kernels over volumes."""
    _channels_last(data_format)
    return ops.conv(input, filters, _inner(strides), padding.lower(), "channels_last", _inner(dilations or 1))


def atrous_conv2d(value, filters, rate, padding, name=None):
    """Slide kernels with gaps over images."""
    return conv2d(value, filters, 1, padding, dilations=rate)


def separable_conv2d(
    input, depthwise_filter, pointwise_filter, strides, padding, data_format="NHWC", dilations=None, name=None
):
    """Slide kernels over each channel by itself, and mix the channels."""
    each = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(each, pointwise_filter, 1, "VALID")


def depthwise_conv2d(input, filter, strides, padding, data_format="NHWC", dilations=None, name=None):
    """Slide kernels over each channel by itself."""
    _channels_last(data_format)
    return ops.depthwise_conv(input, filter, _steps(strides), padding.lower(), "channels_last", _steps(dilations or 1))


def conv2d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None, name=None
):
    """Spread images out; `output_shape` chooses among the sizes that a convolution would have made into this one."""
    _channels_last(data_format)
    steps, kernel = _steps(strides), filters.shape[:2]
    wanted = [int(size) for size in output_shape[1:3]]
    given = input.shape[1:3]
    extra = []
    for size, step, width, length in zip(given, steps, kernel, wanted, strict=True):
        smallest = (size - 1) * step + (width % 2 if padding.upper() == "SAME" else width)
        extra.append(length - smallest)
    return ops.conv_transpose(
        input, filters, steps, padding.lower(), tuple(extra), "channels_last", _steps(dilations or 1)
    )


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """Return the largest value of each window."""
    _channels_last(data_format)
    return ops.max_pool(input, _steps(ksize), _steps(strides), padding.lower(), "channels_last")


def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """Return the mean of each window."""
    _channels_last(data_format)
    return ops.average_pool(input, _steps(ksize), _steps(strides), padding.lower(), "channels_last")


max_pool, avg_pool = max_pool2d, avg_pool2d


def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Return the largest value of each window of sequences."""
    _channels_last(data_format)
    return ops.max_pool(input, _inner(ksize), _inner(strides), padding.lower(), "channels_last")


def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Return the mean of each window of sequences."""
    _channels_last(data_format)
    return ops.average_pool(input, _inner(ksize), _inner(strides), padding.lower(), "channels_last")


max_pool3d, avg_pool3d = max_pool1d, avg_pool1d


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """Move and scale values to mean zero and deviation one, then by `scale` and `offset`."""
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    factor = factor if scale is None else factor * scale
    return x * factor + ((0 if offset is None else offset) - mean * factor)


def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5, name=None):
    """Divide each value by the size of its neighbours in other channels. Source: Krizhevsky et al. 2012."""
    squares = ops.pad(ops.square(input), [(0, 0)] * (len(input.shape) - 1) + [(depth_radius, depth_radius)])
    channels = input.shape[-1]
    total = sum(squares[..., start : start + channels] for start in range(2 * depth_radius + 1))
    return input / ops.power(bias + alpha * total, beta)


lrn = local_response_normalization


def bias_add(value, bias, data_format=None, name=None):
    """Add a number to each channel; they come last, or with a `data_format` such as "NCHW" second."""
    if str(data_format or "").startswith("NC"):
        bias = ops.reshape(bias, (-1, *[1] * (len(value.shape) - 2)))
    return ops.add(value, bias)


def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    """Return each sample's cross-entropy."""
    return ops.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    """Return each sample's cross-entropy, its label given as a number."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    """Return each entry's cross-entropy."""
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def weighted_cross_entropy_with_logits(labels, logits, pos_weight, name=None):
    """Return each entry's cross-entropy, positive ones weighted."""
    return pos_weight * labels * ops.softplus(-logits) + (1 - labels) * ops.softplus(logits)


def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None):
    """Return each entry's loss under a Poisson distribution, without the term that does not change."""
    if compute_full_loss:
        raise NotImplementedError("compute_full_loss=True is not covered; add the constant term by hand.")
    return ops.exp(log_input) - log_input * targets


def ctc_loss(labels, logits, label_length, logit_length, logits_time_major=True, blank_index=None, **options):
    """Return each sequence's loss by all its alignments; classes' logits are (steps, batch, …) by default."""
    logits = ops.swapaxes(logits, 0, 1) if logits_time_major else logits
    return ops.ctc_loss(labels, logits, label_length, logit_length, mask_index=blank_index or 0)


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None, **options):
    """Return the sum of samples' losses over the size of the whole batch."""
    weighted = per_example_loss if sample_weight is None else per_example_loss * sample_weight
    return ops.sum(weighted) / (global_batch_size or weighted.shape[0])


def scale_regularization_loss(regularization_loss):
    """Return the sum of losses: there is one replica."""
    return ops.sum(ops.convert_to_tensor(regularization_loss))


softmax_cross_entropy_with_logits_v2 = softmax_cross_entropy_with_logits


def l2_loss(t, name=None):
    """Return half the sum of squares."""
    return ops.sum(ops.square(t)) / 2


def dropout(x, rate, noise_shape=None, seed=None, name=None):
    """Set entries to zero at random, and scale the rest up."""
    return random.dropout(x, rate, noise_shape=noise_shape, seed=stream(seed))


def embedding_lookup(params, ids, max_norm=None, name=None):
    """Return rows of a table, none of them longer than `max_norm`."""
    rows = ops.take(params, ids, axis=0)
    if max_norm is None:
        return rows
    return clip_by_norm(rows, max_norm, axes=tuple(range(1 - len(params.shape), 0)))


def depth_to_space(input, block_size, data_format="NHWC", name=None):
    """Lay channels out as squares of pixels."""
    _channels_last(data_format)
    _, height, width, channels = input.shape
    x = ops.reshape(input, (-1, height, width, block_size, block_size, channels // block_size**2))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height * block_size, width * block_size, channels // block_size**2))


def space_to_depth(input, block_size, data_format="NHWC", name=None):
    """Lay squares of pixels out as channels."""
    _channels_last(data_format)
    _, height, width, channels = input.shape
    x = ops.reshape(input, (-1, height // block_size, block_size, width // block_size, block_size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height // block_size, width // block_size, channels * block_size**2))


def _inner(sizes):
    """Return the sizes without those of batch and channels."""
    return tuple(sizes[1:-1]) if not isinstance(sizes, int) and len(sizes) > 3 else sizes


def _steps(sizes):
    """Return (height, width) of TensorFlow's one, two or four numbers."""
    sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    if len(sizes) == 4:
        return sizes[1:3]
    return sizes * 2 if len(sizes) == 1 else sizes


def _channels_last(data_format):
    if data_format not in ("NWC", "NHWC", "NDHWC", None):
        raise NotImplementedError(f"data_format={data_format!r} is not covered; transpose to channels last.")


__all__ = [
    "atrous_conv2d",
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_normalization",
    "bias_add",
    "compute_average_loss",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "crelu",
    "ctc_loss",
    "depth_to_space",
    "depthwise_conv2d",
    "dropout",
    "elu",
    "embedding_lookup",
    "gelu",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "lrn",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "moments",
    "relu",
    "relu6",
    "scale_regularization_loss",
    "selu",
    "separable_conv2d",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "swish",
    "tanh",
    "top_k",
    "weighted_cross_entropy_with_logits",
    "zero_fraction",
]
