"""keras.ops.nn: the functions that layers are made of."""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.ops.nn.activation import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu, log_sigmoid,
    log_softmax, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus,
    sparse_sigmoid, sparsemax, squareplus, swish, tanh_shrink, threshold,
)
from lamina.ops.nn.attention import dot_product_attention
from lamina.ops.nn.convolution import (
    conv, conv_transpose, depth_to_space, depthwise_conv, fold, separable_conv, space_to_depth, unfold,
)
from lamina.ops.nn.crossentropy import (
    binary_crossentropy, categorical_crossentropy, ctc_decode, ctc_loss, psnr, sparse_categorical_crossentropy,
)
from lamina.ops.nn.encoding import multi_hot, one_hot, polar
from lamina.ops.nn.normalization import batch_normalization, layer_normalization, moments, normalize, rms_normalization
from lamina.ops.nn.pooling import adaptive_average_pool, adaptive_max_pool, average_pool, max_pool

__all__ = [name for name, value in globals().items() if callable(value)]  # not the files
