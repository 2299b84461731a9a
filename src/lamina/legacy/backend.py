"""`K`, the `keras.backend` of Keras 1 and 2: `from keras import backend as K`.

`lamina.backend` has these names too, but does not list them: today's programs write `ops`. The files beside this one
say what each does; this one is the list of names.
"""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.core.names import name_scope
from lamina.legacy.arrays import (
    abs, all, any, arange, argmax, argmin, batch_dot, batch_flatten, cast, cast_to_floatx, clip, concatenate, cos,
    count_params, cumprod, cumsum, dot, dtype, elu, equal, exp, expand_dims, flatten, foldl, foldr, gather, greater,
    greater_equal, hard_sigmoid, identity, in_top_k, int_shape, is_sparse, l2_normalize, less, less_equal, log,
    logsumexp, map_fn, max, maximum, mean, min, minimum, ndim, not_equal, one_hot, ones_like, permute_dimensions,
    pow, prod, relu, repeat, repeat_elements, reshape, reverse, round, shape, sigmoid, sign, sin, slice, softmax,
    softplus, softsign, sqrt, square, squeeze, stack, std, stop_gradient, sum, tanh, tile, to_dense, transpose, var,
    zeros_like,
)
from lamina.legacy.graph import (
    batch_get_value, batch_set_value, constant, eval, eye, function, get_session, get_value, get_variable_shape,
    gradients, image_dim_ordering, in_test_phase, in_train_phase, is_placeholder, is_tensor, is_variable,
    learning_phase, learning_phase_scope, manual_variable_initialization, moving_average_update, ones, placeholder,
    print_tensor, random_bernoulli, random_binomial, random_normal, random_normal_variable, random_uniform,
    random_uniform_variable, reset_uids, set_image_dim_ordering, set_learning_phase, set_session, set_value, switch,
    truncated_normal, update, update_add, update_sub, variable, zeros,
)
from lamina.legacy.networks import (
    batch_normalization, bias_add, binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy,
    categorical_focal_crossentropy, conv1d, conv2d, conv2d_transpose, conv3d, conv3d_transpose, ctc_batch_cost,
    ctc_decode, deconv2d, deconv3d, depthwise_conv2d, dropout, local_conv, local_conv1d, local_conv2d,
    normalize_batch_in_training, pool2d, pool3d, resize_images, resize_volumes, rnn, separable_conv1d,
    separable_conv2d, sparse_categorical_crossentropy, spatial_2d_padding, spatial_3d_padding, temporal_padding,
)
# fmt: on

__all__ = sorted(name for name in globals() if not name.startswith("_"))
