"""What arguments were called in Keras 1 and 2: the table."""

from lamina.dialects import asking
from lamina.dialects.old_optimizers import without_rate
from lamina.dialects.old_slots import name_first
from lamina.dialects.source_text import ByHandError, Text, written
from lamina.dialects.spelling import Argument, tell

_DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}
_LAST_1, _LAST_2 = "1.2", "2.15"


def _ignored(keywords, value):
    """An argument that changes nothing any more."""


def _dim_ordering(keywords, value):
    if isinstance(value, Text):
        raise ByHandError(str(value))
    keywords["data_format"] = _DATA_FORMATS.get(value)


def _rows(keywords, value):
    keywords["kernel_size"] = (value, keywords.pop("nb_col"))


def _input_length(keywords, value):
    if "input_dim" in keywords:
        keywords["input_shape"] = (value, keywords.pop("input_dim"))


def _batch_input_shape(keywords, value):
    if keywords.get("stateful") and value[0] is not None:
        raise ValueError(
            f"batch_input_shape={tuple(value)} fixes the batch size of a stateful layer. Put "
            f"Input(batch_shape={tuple(value)}) before the layer in its place."
        )
    keywords["input_shape"] = tuple(value[1:])


def _batch_of_states(layer, args, kwargs):
    """`batch_input_shape` of a stateful layer says how many states it keeps: the model's input takes the number."""
    shape = kwargs.get("batch_input_shape")
    if shape is None or not kwargs.get("stateful") or shape[0] is None:
        return args, kwargs
    tell(f"{type(layer).__name__}(batch_input_shape=…)", "Input(batch_shape=…) before the layer", _LAST_2)
    object.__setattr__(layer, "_batch_size_arg", shape[0])
    kwargs = {name: value for name, value in kwargs.items() if name != "batch_input_shape"}
    return args, {**kwargs, "input_shape": tuple(shape[1:])}


def _time_major(keywords, value):
    if value:
        raise ValueError(
            "time_major=True is no more: layers read (batch, steps, features). Swap the first two axes of the data, "
            "x = np.swapaxes(x, 0, 1), and of what comes out."
        )


def _initial(*names):
    def set_initializers(keywords, value):
        from lamina.initializers import Constant

        arrays = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        for name, array in zip(names, arrays, strict=False):
            keywords[name] = Constant(array)

    return set_initializers


def _initial_in_source(*names):
    def set_initializers(keywords, value):
        arrays = value.elements if isinstance(value, Text) else None
        if arrays is None:
            raise ByHandError(str(value))
        for name, array in zip(names, arrays, strict=False):
            keywords[name] = Text(f"keras.initializers.Constant({array})")

    return set_initializers


def _decay_in_source(keywords, value):
    rate = keywords.pop("lr", keywords.pop("learning_rate", 0.001))
    schedule = f"keras.optimizers.schedules.InverseTimeDecay({written(rate)}, 1, {written(value)})"
    keywords["learning_rate"] = Text(schedule) if value else rate


def _decay(optimizer, args, kwargs):
    """`decay` made the rate smaller with every step, and the rate could be set as well."""
    if "decay" not in kwargs:
        return args, kwargs
    decay = float(kwargs.pop("decay") or 0.0)
    tell(f"{type(optimizer).__name__}(decay=…)", "learning_rate=InverseTimeDecay(rate, 1, decay)", "2.10")
    object.__setattr__(optimizer, "_decay", decay)
    return args, kwargs


def _three_numbers(layer, args, kwargs):
    """`Convolution2D(32, 3, 3)` meant a kernel of 3 x 3; `Conv2D(32, 3, 3)` means strides of 3."""
    numbers = len(args) == 3 and all(isinstance(number, int) for number in args)
    _, _, text = asking.line()
    old = {"border_mode", "subsample", "dim_ordering", "init"} & set(kwargs) or "Convolution2D(" in text
    if numbers and old:
        tell(f"Convolution2D{args}", f"Conv2D({args[0]}, {args[1:]})", _LAST_1)
        return (args[0], args[1:]), kwargs
    return args, kwargs


def _third_is_metrics(model, args, kwargs):
    """`compile(optimizer, loss, ["accuracy"])` meant metrics; weights of losses stand there today."""
    if len(args) == 3 and isinstance(args[2], (list, tuple)) and not all(isinstance(x, (int, float)) for x in args[2]):
        tell("compile(optimizer, loss, […])", "compile(optimizer, loss, metrics=[…])", _LAST_2)
        return args[:2], {**kwargs, "metrics": args[2]}
    return args, kwargs


def _second_is_samples(model, args, kwargs):
    """`fit_generator(g, 2000, nb_epoch=5)` meant samples of an epoch; steps stood there later."""
    if len(args) == 2 and not {"nb_epoch", "nb_val_samples"}.isdisjoint(kwargs):
        return args[:1], {**kwargs, "samples_per_epoch": args[1]}
    return args, kwargs


def _name_with_slashes(owner, args, kwargs):
    """`name="block/conv"` named a layer once; a slash parts the names of variables today."""
    name = kwargs.get("name", args[0] if args else None)
    if not isinstance(name, str) or "/" not in name:
        return args, kwargs
    modern = name.replace("/", "_")
    tell(f"name={name!r}", f"name={modern!r}", _LAST_2)
    return ((modern, *args[1:]), kwargs) if args else (args, {**kwargs, "name": modern})


def _name_first(owner, args, kwargs):
    """`add_weight("kernel", shape=…)` had the name first."""
    if args and isinstance(args[0], str):
        shape = {"shape": args[1]} if len(args) > 1 else {}
        return args[2:], {"name": args[0], **shape, **kwargs}
    return args, kwargs


def _period(checkpoint, args, kwargs):
    """`period=5` saved after every fifth epoch."""
    if "period" in kwargs:
        tell("ModelCheckpoint(period=…)", "save_freq=", _LAST_2)
        checkpoint._period = int(kwargs.pop("period"))
    return args, kwargs


def _period_in_source(keywords, value):
    if str(value) != "1":
        raise ByHandError(str(value))


_INITIALIZER = Argument("init", "kernel_initializer", _LAST_1)
_INPUTS = (
    Argument("*", _batch_of_states, _LAST_2),
    Argument("input_length", _input_length, _LAST_2, "Input((steps, features)) before the layer"),
    Argument("batch_input_shape", _batch_input_shape, _LAST_2, "Input(batch_shape=…) before the layer"),
)
_KERNEL = (
    _INITIALIZER,
    Argument("W_regularizer", "kernel_regularizer", _LAST_1),
    Argument("b_regularizer", "bias_regularizer", _LAST_1),
    Argument("W_constraint", "kernel_constraint", _LAST_1),
    Argument("b_constraint", "bias_constraint", _LAST_1),
    Argument("bias", "use_bias", _LAST_1),
    Argument(
        "weights",
        _initial("kernel_initializer", "bias_initializer"),
        _LAST_2,
        "layer.set_weights([…]) once built",
        _initial_in_source("kernel_initializer", "bias_initializer"),
    ),
    *_INPUTS,
)
_WINDOW = (
    Argument("border_mode", "padding", _LAST_1),
    Argument("subsample", "strides", _LAST_1),
    Argument("dim_ordering", _dim_ordering, _LAST_1, 'data_format="channels_last" or "channels_first"'),
)
_CONVOLUTION = (
    Argument("nb_filter", "filters", _LAST_1),
    Argument("nb_row", _rows, _LAST_1, "kernel_size=(rows, columns)"),
    Argument("filter_length", "kernel_size", _LAST_1),
    Argument("subsample_length", "strides", _LAST_1),
    Argument("atrous_rate", "dilation_rate", _LAST_1),
    *_WINDOW,
    *_KERNEL,
)
_RECURRENT = (
    Argument("output_dim", "units", _LAST_1),
    Argument("inner_activation", "recurrent_activation", _LAST_1),
    Argument("inner_init", "recurrent_initializer", _LAST_1),
    Argument("U_regularizer", "recurrent_regularizer", _LAST_1),
    Argument("dropout_W", "dropout", _LAST_1),
    Argument("dropout_U", "recurrent_dropout", _LAST_1),
    Argument("consume_less", _ignored, _LAST_1, "nothing: it is chosen for you"),
    Argument("implementation", _ignored, _LAST_2, "nothing: it is chosen for you"),
    Argument("time_major", _time_major, _LAST_2, "nothing: batches come first"),
    *_KERNEL,
)
_LSTM = (
    Argument(
        "forget_bias_init",
        lambda keywords, value: keywords.update(unit_forget_bias=value == "one"),
        _LAST_1,
        "unit_forget_bias=",
    ),
    *_RECURRENT,
)
_EMBEDDING = (
    Argument("init", "embeddings_initializer", _LAST_1),
    Argument("W_regularizer", "embeddings_regularizer", _LAST_1),
    Argument("W_constraint", "embeddings_constraint", _LAST_1),
    Argument("dropout", _ignored, _LAST_1, "SpatialDropout1D after the layer"),
    Argument(
        "weights",
        _initial("embeddings_initializer"),
        _LAST_2,
        "embeddings_initializer=Constant(matrix)",
        _initial_in_source("embeddings_initializer"),
    ),
    Argument(
        "input_length",
        lambda keywords, value: keywords.setdefault("input_shape", (value,)),
        _LAST_2,
        "nothing: the length is read from the input",
        _ignored,
    ),
)
_POOLING_1D = (
    Argument("pool_length", "pool_size", _LAST_1),
    Argument("stride", "strides", _LAST_1),
    *_WINDOW,
    *_INPUTS,
)
_OPTIMIZER = (
    Argument("*", _decay, "2.10"),
    Argument("decay", _ignored, "2.10", "learning_rate=InverseTimeDecay(rate, 1, decay)", _decay_in_source),
    Argument("lr", "learning_rate", "2.10"),
    Argument("schedule_decay", _ignored, "2.3", "nothing: the schedule is fixed"),
)
_NAMES = (Argument("*", _name_with_slashes, _LAST_2),)
_LAYERS = {
    "Layer": _NAMES,
    "Dense": (Argument("output_dim", "units", _LAST_1), *_KERNEL),
    "Conv1D": _CONVOLUTION,
    "Conv2D": (Argument("*", _three_numbers, _LAST_1), *_CONVOLUTION),
    "Conv3D": _CONVOLUTION,
    "Conv2DTranspose": _CONVOLUTION,
    "SeparableConv2D": _CONVOLUTION,
    "SimpleRNN": _RECURRENT,
    "GRU": _RECURRENT,
    "LSTM": _LSTM,
    "Embedding": _EMBEDDING,
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), _POOLING_1D),
    **dict.fromkeys(("MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D"), (*_WINDOW, *_INPUTS)),
    **dict.fromkeys(("GlobalMaxPooling2D", "GlobalAveragePooling2D", "UpSampling2D", "ZeroPadding2D"), _WINDOW[2:]),
    "UpSampling1D": (Argument("length", "size", _LAST_1),),
    "Dropout": (Argument("p", "rate", _LAST_1), *_INPUTS),
    **dict.fromkeys(("GaussianDropout", "SpatialDropout1D", "SpatialDropout2D"), (Argument("p", "rate", _LAST_1),)),
    "GaussianNoise": (Argument("sigma", "stddev", _LAST_1),),
    "LeakyReLU": (Argument("alpha", "negative_slope", _LAST_2),),
    "BatchNormalization": (
        Argument("mode", _ignored, _LAST_1, "nothing: statistics are per feature"),
        Argument("beta_init", "beta_initializer", _LAST_1),
        Argument("gamma_init", "gamma_initializer", _LAST_1),
        *_INPUTS,
    ),
    "RepeatVector": _INPUTS,
    "TimeDistributed": _INPUTS,
    "Bidirectional": _INPUTS,
    "Activation": _INPUTS,
    "Flatten": _INPUTS,
    "Masking": _INPUTS,
    "Reshape": (Argument("dims", "target_shape", "0.3"), *_INPUTS),
    "Permute": _INPUTS,
}
_FIT = (
    Argument("nb_epoch", "epochs", _LAST_1),
    Argument("nb_worker", _ignored, _LAST_1, "PyDataset(workers=…)"),
    Argument("max_q_size", _ignored, _LAST_1, "PyDataset(max_queue_size=…)"),
    Argument("pickle_safe", _ignored, _LAST_1, "PyDataset(use_multiprocessing=…)"),
    Argument("show_accuracy", _ignored, "0.3", 'metrics=["accuracy"] in compile()'),
    Argument("workers", _ignored, _LAST_2, "PyDataset(workers=…)"),
    Argument("use_multiprocessing", _ignored, _LAST_2, "PyDataset(use_multiprocessing=…)"),
    Argument("max_queue_size", _ignored, _LAST_2, "PyDataset(max_queue_size=…)"),
)
_METHODS = {
    "Functional": (Argument("input", "inputs", _LAST_1), Argument("output", "outputs", _LAST_1)),
    "Model.compile": (
        Argument("*", _third_is_metrics, _LAST_2),
        Argument("class_mode", _ignored, "0.3", "nothing: the loss says it"),
        Argument("sample_weight_mode", _ignored, _LAST_2, "nothing: weights have the labels' shape"),
    ),
    "Model.fit": _FIT,
    "Model.fit_generator": (Argument("*", _second_is_samples, _LAST_1),),
    "Model.get_layer": _NAMES,
    "Model.evaluate": _FIT[1:],
    "Model.predict": (*_FIT[1:4], *_FIT[5:]),
}
_CALLBACKS = {
    "ModelCheckpoint": (
        Argument("*", _period, _LAST_2),
        Argument("period", _ignored, _LAST_2, "save_freq=", _period_in_source),
    ),
    "ReduceLROnPlateau": (Argument("epsilon", "min_delta", "2.1"),),
    "TensorBoard": tuple(
        Argument(name, _ignored, _LAST_2, "nothing: it is chosen for you")
        for name in ("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")
    ),
}
_OPTIMIZERS = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam", "Ftrl")


def table():
    """Return the rows of every class and method: a dict from `module:Name` to a list of `Argument`."""
    return {
        **{f"lamina.layers:{name}": rows for name, rows in _LAYERS.items()},
        **{f"lamina.models:{name}": rows for name, rows in _METHODS.items()},
        **{f"lamina.layers.old:LocallyConnected{rank}D": _CONVOLUTION for rank in (1, 2)},
        "lamina.layers:Layer.add_loss": (Argument("inputs", _ignored, _LAST_2, "add_loss(loss) in call()"),),
        "lamina.layers:Layer.add_weight": (
            Argument("*", _name_first, _LAST_2),
            Argument("synchronization", _ignored, _LAST_2, "nothing: replicas are kept the same"),
        ),
        "lamina.metrics:Metric.add_weight": (Argument("*", _name_first, _LAST_2),),
        **{f"lamina.callbacks:{name}": rows for name, rows in _CALLBACKS.items()},
        "lamina.optimizers:Optimizer": (
            Argument("*", without_rate, _LAST_2),
            Argument("*", name_first, _LAST_2),
        ),
        **{f"lamina.optimizers:{name}": _OPTIMIZER for name in _OPTIMIZERS},
    }
