"""`tf.nn`: activations, convolutions, pooling, losses on logits."""

from lamina import ops
from lamina.dialects.tensorflow.math import l2_normalize
from lamina.dialects.tensorflow.signatures import anonymous

elu = anonymous(ops.elu)
gelu = anonymous(ops.gelu)
leaky_relu = anonymous(ops.leaky_relu)
log_softmax = anonymous(ops.log_softmax)
moments = anonymous(ops.moments)
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
top_k = anonymous(ops.top_k)


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    """Slide kernels over images."""
    _channels_last(data_format)
    return ops.conv(input, filters, _steps(strides), padding.lower(), "channels_last", _steps(dilations or 1))


def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    """Slide kernels over sequences."""
    return ops.conv(input, filters, stride, padding.lower(), "channels_last", dilations or 1)


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


def bias_add(value, bias, data_format=None, name=None):
    """Add a number to each channel."""
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


def l2_loss(t, name=None):
    """Return half the sum of squares."""
    return ops.sum(ops.square(t)) / 2


def dropout(x, rate, noise_shape=None, seed=None, name=None):
    """Set entries to zero at random, and scale the rest up."""
    from lamina import random

    return random.dropout(x, rate, noise_shape=noise_shape, seed=seed)


def embedding_lookup(params, ids, max_norm=None, name=None):
    """Return rows of a table."""
    return ops.take(params, ids, axis=0)


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


def _steps(sizes):
    """Return (height, width) of TensorFlow's one, two or four numbers."""
    if isinstance(sizes, int):
        return (sizes, sizes)
    return tuple(sizes[1:3]) if len(sizes) == 4 else tuple(sizes)


def _channels_last(data_format):
    if data_format not in ("NHWC", None):
        raise NotImplementedError(f'data_format={data_format!r} is not covered; transpose to "NHWC".')


__all__ = [
    "avg_pool",
    "avg_pool2d",
    "bias_add",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "depth_to_space",
    "depthwise_conv2d",
    "dropout",
    "elu",
    "embedding_lookup",
    "gelu",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "log_softmax",
    "max_pool",
    "max_pool2d",
    "moments",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "softsign",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "swish",
    "tanh",
    "top_k",
]
