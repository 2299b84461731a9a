"""What the arguments of built-in classes were called in older Keras: one small function per change, and one table.

Each function takes a config dict, a copy of the file's, and changes it to what the next version expects.
"""

import math

import jax.numpy as jnp

from lamina.core import errors
from lamina.core.registry import get_registered_name, register_keras_serializable

_PADDING = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "subsample": "strides",
    "atrous_rate": "dilation_rate",
}
_KERAS1_WEIGHTS = {
    "bias": "use_bias",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "forget_bias_init": "unit_forget_bias",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
}
_ORDERINGS = {"tf": "channels_last", "th": "channels_first", "default": None}
_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D")
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM2D")
_POOLING = tuple(f"{kind}Pooling{axes}D" for kind in ("Max", "Average", "GlobalMax", "GlobalAverage") for axes in "123")
_SHAPED = ("Cropping1D", "Cropping2D", "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D")
_PADDED = ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")


@register_keras_serializable("lamina", name="keras2_hard_sigmoid")
def steep_hard_sigmoid(x):
    """Return `0.2 x + 0.5`, kept between 0 and 1: what `hard_sigmoid` was up to Keras 2, and in its LSTMs."""
    return jnp.clip(0.2 * x + 0.5, 0.0, 1.0)


def rename(config, names):
    """Move values to their new names; a new name that is there already wins."""
    for old, new in names.items():
        if old in config:
            value = config.pop(old)
            config.setdefault(new, value)


def drop(config, *names):
    """Leave out arguments that no longer exist and changed nothing of the result."""
    for name in names:
        config.pop(name, None)


def keras1_weights(config):
    """`W_regularizer`, `inner_init`, `bias`, … were named after the letters in formulas."""
    rename(config, _KERAS1_WEIGHTS)
    if isinstance(config.get("unit_forget_bias"), str):
        config["unit_forget_bias"] = config["unit_forget_bias"] == "one"


def keras1_windows(config):
    """`border_mode` and `dim_ordering` became `padding` and `data_format`."""
    rename(config, _PADDING)
    if config.get("data_format") in _ORDERINGS:
        config["data_format"] = _ORDERINGS[config["data_format"]]


def keras1_padding_layer(config):
    """`dim_ordering` alone changed where `padding` already had its meaning."""
    if "dim_ordering" in config:
        config["data_format"] = _ORDERINGS[config.pop("dim_ordering")]
    if isinstance(config.get("padding"), dict):
        config["padding"] = _sides(config["padding"])


def _sides(padding):
    if "left_pad" in padding:
        return [padding["left_pad"], padding["right_pad"]]
    return [[padding["top_pad"], padding["bottom_pad"]], [padding["left_pad"], padding["right_pad"]]]


def keras1_convolution(config):
    """`nb_filter`, and the kernel's and the stride's sizes one by one."""
    rename(config, {"nb_filter": "filters", "filter_length": "kernel_size", "subsample_length": "strides"})
    sizes = [config.pop(name) for name in ("nb_row", "nb_col") if name in config]
    depths = [config.pop(f"kernel_dim{i}") for i in (1, 2, 3) if f"kernel_dim{i}" in config]
    if sizes or depths:
        config["kernel_size"] = sizes or depths
    drop(config, "output_shape", "input_dim", "input_length")


def keras1_units(config):
    """`output_dim` became `units`."""
    rename(config, {"output_dim": "units"})
    drop(config, "input_dim", "input_length")


def keras1_recurrent(config):
    """`dropout_W` and `dropout_U` became `dropout` and `recurrent_dropout`."""
    rename(config, {"dropout_W": "dropout", "dropout_U": "recurrent_dropout"})
    drop(config, "consume_less")


def keras1_dropout(config):
    """`p` and `sigma` became `rate` and `stddev`."""
    rename(config, {"p": "rate", "sigma": "stddev"})


def keras1_pooling(config):
    """`pool_length` and `stride` became `pool_size` and `strides`."""
    rename(config, {"pool_length": "pool_size", "stride": "strides"})


def keras1_embedding(config):
    """`init` and `W_…` are about the `embeddings`; the dropout of whole words is gone."""
    rename(config, {"init": "embeddings_initializer"})
    rename(config, {"W_regularizer": "embeddings_regularizer", "W_constraint": "embeddings_constraint"})
    _refuse(config, "dropout", 0.0, "Embedding")


def keras1_batch_normalization(config):
    """`mode` 0 is the only one left; initial values were named `gamma_init`."""
    _refuse(config, "mode", 0, "BatchNormalization")
    rename(config, {"gamma_init": "gamma_initializer", "beta_init": "beta_initializer"})


def keras1_upsampling(config):
    """`length` became `size`."""
    rename(config, {"length": "size"})


def keras2_input(config):
    """`batch_input_shape` became `batch_shape`; ragged inputs are gone."""
    rename(config, {"batch_input_shape": "batch_shape", "input_dtype": "dtype"})
    _refuse(config, "ragged", False, "InputLayer")
    drop(config, "type_spec")


def keras2_layer(config):
    """The shape of the first input was an argument of whichever layer came first; one generator is left of three."""
    drop(config, "batch_input_shape", "input_dtype", "rng_type")


def keras2_spatial_dropout(config):
    """`noise_shape` follows from what the layer is; a layer without weights is not trained."""
    drop(config, "noise_shape", "trainable")


def keras2_discretization(config):
    """`bins` became `bin_boundaries`; `dtype` was that of the result."""
    rename(config, {"bins": "bin_boundaries"})
    drop(config, "trainable", "dtype")


def keras2_embedding(config):
    """`input_length` said what the data say."""
    drop(config, "input_length", "sparse")


def keras2_recurrent(config):
    """`implementation` chose between forms of the same maths."""
    drop(config, "implementation", "input_dim", "input_length", "time_major")


def keras2_bidirectional(config):
    """With steps as the first axis, another axis would have to be turned round."""
    for part in ("layer", "backward_layer"):
        inner = (config.get(part) or {}).get("config")
        _refuse(dict(inner) if isinstance(inner, dict) else {}, "time_major", False, "a layer in Bidirectional")


def keras2_gru(config):
    """Before Keras 2.1 the reset gate was applied to the state, and nothing said so."""
    config.setdefault("reset_after", False)


def keras2_depthwise(config):
    """Arguments of the ordinary convolution that a depthwise one has no use for."""
    drop(config, "groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint")


def keras2_separable(config):
    """`SeparableConv` inherited `groups` and the initializer of a kernel it does not have."""
    drop(config, "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")


def keras2_transposed(config):
    """`groups` was written but had no effect."""
    _refuse(config, "groups", 1, "a transposed convolution")


def keras2_axis(config):
    """`axis` was written as a list of one."""
    axis = config.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]


def keras2_batch_normalization(config):
    """Renormalization, fused kernels and virtual batches are gone."""
    _refuse(config, "virtual_batch_size", None, "BatchNormalization")
    drop(config, "fused", "adjustment")


def keras2_dot(config):
    """`Dot` and `Concatenate` know their axes under other names in models from `merge`."""
    rename(config, {"dot_axes": "axes", "concat_axis": "axis"})


def keras2_leaky(config):
    """`alpha` became `negative_slope`."""
    rename(config, {"alpha": "negative_slope"})


def keras2_attention(config):
    """The shapes that the layer was built with are found again from the graph."""
    drop(config, "query_shape", "key_shape", "value_shape", "softmax_robust_masking")


def keras2_dense_attention(config):
    """`causal` became an argument of the call."""
    _refuse(config, "causal", False, "an attention layer")


def keras2_hard_sigmoid(config):
    """The line through the middle of `hard_sigmoid` was steeper: 0.2 x + 0.5, where today's is x/6 + 0.5."""
    for name in ("activation", "recurrent_activation"):
        if config.get(name) == "hard_sigmoid":
            config[name] = {
                "module": "builtins",
                "class_name": "function",
                "config": get_registered_name(steep_hard_sigmoid),
            }


def keras2_lambda(config):
    """A lambda was a list of its parts, with words beside it that said what kind of function it was."""
    for name in ("function", "output_shape", "mask"):
        kind = config.get(f"{name}_type")
        if kind == "lambda" or (name == "function" and isinstance(config.get(name), list)):
            code, defaults, closure = config[name]
            parts = {"code": code, "defaults": defaults, "closure": closure}
            config[name] = {"class_name": "__lambda__", "config": parts}
        elif kind == "function" and isinstance(config.get(name), str):
            config[name] = {"module": "builtins", "class_name": "function", "config": config[name]}
        drop(config, f"{name}_type", f"{name}_module")
    drop(config, "module")
    if config.get("output_shape", 0) is None:
        del config["output_shape"]


def keras1_optimizer(config):
    """`lr` became `learning_rate`."""
    rename(config, {"lr": "learning_rate"})


def keras2_optimizer(config):
    """`decay` became a schedule; how an optimizer is compiled is not its own matter any more."""
    decay = config.pop("decay", 0.0)
    if decay:
        schedule = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": schedule,
        }
    drop(config, "is_legacy_optimizer", "jit_compile", "schedule_decay")
    if config.get("weight_decay") == 0:  # said that there is none
        config["weight_decay"] = None


def keras2_epsilon(config):
    """Before 2.3 `epsilon` could be nothing, where the default was meant."""
    if config.get("epsilon", 0) is None:
        del config["epsilon"]


def keras2_loss(config):
    """The automatic reduction was always the mean over the batch; the function behind a class was named beside it."""
    drop(config, "fn")
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"


def keras1_gone(config):
    """Layers that went with Keras 1 are known with a bias and without regularizers."""
    drop(config, "init", "input_dim")
    _refuse(config, "bias", True, "a layer of Keras 1")
    for name in ("W_regularizer", "b_regularizer", "activity_regularizer", "W_constraint", "b_constraint"):
        _refuse(config, name, None, "a layer of Keras 1")


TABLE = (
    # last version that wrote it so, classes (their present names; () for all layers), what to change
    ("1", (*_CONVOLUTIONS, *_POOLING, "LocallyConnected1D", "LocallyConnected2D"), keras1_windows),
    ("1", (*_PADDED, *_SHAPED), keras1_padding_layer),
    ("1", ("UpSampling1D",), keras1_upsampling),
    ("1", _CONVOLUTIONS, keras1_convolution),
    ("1", ("Embedding",), keras1_embedding),
    ("1", ("Dense", *_RECURRENT, *_CONVOLUTIONS), keras1_weights),
    ("1", ("Dense", *_RECURRENT), keras1_units),
    ("1", _RECURRENT, keras1_recurrent),
    ("1", ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise"), keras1_dropout),
    ("1", _POOLING, keras1_pooling),
    ("1", ("BatchNormalization",), keras1_batch_normalization),
    ("1", ("Highway", "MaxoutDense"), keras1_gone),
    ("2", ("InputLayer",), keras2_input),
    ("2", (), keras2_layer),
    ("2", ("Embedding",), keras2_embedding),
    ("2", ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), keras2_spatial_dropout),
    ("2", ("Discretization",), keras2_discretization),
    (
        "2",
        ("ConvLSTM1D", "ConvLSTM3D", *_RECURRENT, "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"),
        keras2_recurrent,
    ),
    ("2", ("Bidirectional",), keras2_bidirectional),
    ("2", ("GRU", "GRUCell"), keras2_gru),
    ("2", ("DepthwiseConv1D", "DepthwiseConv2D"), keras2_depthwise),
    ("2", ("SeparableConv1D", "SeparableConv2D"), keras2_separable),
    ("2", ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), keras2_transposed),
    ("2", ("BatchNormalization", "LayerNormalization", "Softmax"), keras2_axis),
    ("2", ("BatchNormalization",), keras2_batch_normalization),
    ("2", ("Dot", "Concatenate"), keras2_dot),
    ("2", ("LeakyReLU",), keras2_leaky),
    ("2", ("MultiHeadAttention",), keras2_attention),
    ("2", ("Attention", "AdditiveAttention"), keras2_dense_attention),
    ("2", (), keras2_hard_sigmoid),
    ("2", ("Lambda",), keras2_lambda),
)
"""Changes of layers, in the order in which they are made."""

OPTIMIZERS = (("1", keras1_optimizer), ("2", keras2_optimizer), ("2", keras2_epsilon))
LOSSES = (("2", keras2_loss),)

CLASSES = {
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "CategoryCrossing": "HashedCrossing",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "GRUV2": "GRU",
    "LSTMV2": "LSTM",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
    "TimeDistributedDense": "Dense",
}
"""Classes that have another name today."""

MERGES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
}
"""The layers that Keras 1 had as modes of one, `Merge`."""


def migrate(class_name, config):
    """Return the present name of a layer's class and its config, renamed step by step.

    Example:
        >>> migrate("Convolution2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 3, "border_mode": "same"})
        ('Conv2D', {'padding': 'same', 'filters': 8, 'kernel_size': [3, 3]})
    """
    config = dict(config)
    if class_name in ("CuDNNLSTM", "CuDNNGRU"):
        cudnn(class_name, config)
    if class_name == "Merge":
        class_name, config = keras1_merge(config)
    class_name = CLASSES.get(class_name, class_name)
    for _, classes, change in TABLE:
        if not classes or class_name in classes:
            change(config)
    return class_name, config


def cudnn(class_name, config):
    """The layers for one maker's cards are the ordinary ones with fixed activations."""
    config.update(activation="tanh", recurrent_activation="sigmoid")
    if class_name == "CuDNNGRU":
        config["reset_after"] = True


def keras1_merge(config):
    """Return the layer that a mode of `Merge` is today, with the arguments that mode has."""
    mode = config.get("mode")
    if mode not in MERGES:
        raise errors.FileError(f"L408: the file merges with mode={mode!r}; known are {', '.join(MERGES)}.")
    kept = {"concat": {"concat_axis": "axis"}, "dot": {"dot_axes": "axes"}}.get(mode, {})
    arguments = {new: config[old] for old, new in kept.items() if old in config}
    return MERGES[mode], {"name": config.get("name"), "trainable": config.get("trainable", True), **arguments}


def _refuse(config, name, harmless, where):
    """Drop an argument whose value changes nothing; say so if it does."""
    value = config.pop(name, harmless)
    if value != harmless and not (isinstance(value, float) and math.isclose(value, harmless or 0)):
        raise errors.FileError(
            errors.message(
                "L408",
                f"the file sets {name}={value!r} on {where}, which no longer exists.",
                fix="build the model anew without it, and load the weights into it with `load_weights`.",
            )
        )
