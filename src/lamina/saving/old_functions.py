"""TensorFlow functions in the graphs of Keras 2 (`TFOpLambda`, `SlicingOpLambda`), made into today's operations.

A call of such a layer was its first tensor and keyword arguments; an operation has its tensors as arguments, in order,
and everything else in its config.
"""

import itertools

from lamina.core import errors

_NUMPY, _MATH, _NN, _CORE = (f"keras.src.ops.{room}" for room in ("numpy", "math", "nn", "core"))
_LAYERS = "keras.layers"
_REDUCED = {"axis": "axis", "keepdims": "keepdims", "keep_dims": "keepdims"}


def _pair(name, module=_NUMPY):
    return module, name, ("x", "y"), {}


def _single(name, module=_NUMPY):
    return module, name, ("x",), {}


_FUNCTIONS = {  # function: module, class, names of tensors, names of the other arguments and what they are called today
    **{f"math.{old}": _pair(new) for old, new in {
        "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "divide": "Divide", "truediv": "TrueDivide",
        "pow": "Power", "maximum": "Maximum", "minimum": "Minimum", "equal": "Equal", "not_equal": "NotEqual",
        "greater": "Greater", "greater_equal": "GreaterEqual", "less": "Less", "less_equal": "LessEqual",
        "logical_and": "LogicalAnd", "logical_or": "LogicalOr", "floormod": "Mod", "floordiv": "FloorDivide",
    }.items()},
    **{f"__operators__.{old}": _pair(new) for old, new in {
        "add": "Add", "sub": "Subtract", "mul": "Multiply", "truediv": "TrueDivide", "pow": "Power",
        "matmul": "Matmul", "eq": "Equal", "ne": "NotEqual", "gt": "Greater", "ge": "GreaterEqual", "lt": "Less",
        "le": "LessEqual", "logical_and": "LogicalAnd", "logical_or": "LogicalOr",
    }.items()},
    **{f"math.{old}": _single(new) for old, new in {
        "abs": "Absolute", "exp": "Exp", "log": "Log", "log1p": "Log1p", "sqrt": "Sqrt", "square": "Square",
        "sin": "Sin", "cos": "Cos", "tanh": "Tanh", "negative": "Negative", "sign": "Sign", "floor": "Floor",
        "ceil": "Ceil", "round": "Round", "logical_not": "LogicalNot",
    }.items()},
    **{f"{room}.{old}": _single(new, _NN) for room in ("nn", "math") for old, new in {
        "relu": "Relu", "relu6": "Relu6", "elu": "Elu", "selu": "Selu", "sigmoid": "Sigmoid",
        "softplus": "Softplus", "softsign": "Softsign", "silu": "Silu", "swish": "Silu",
    }.items()},
    "math.rsqrt": _single("Rsqrt", _MATH),
    "__operators__.neg": _single("Negative"),
    "__operators__.abs": _single("Absolute"),
    "nn.tanh": _single("Tanh"),
    "math.erf": _single("Erf", _MATH),
    "math.argmin": (_NUMPY, "Argmin", ("input",), {"axis": "axis"}),
    "math.cumsum": (_NUMPY, "Cumsum", ("x",), {"axis": "axis"}),
    "math.top_k": (_MATH, "TopK", ("input",), {"k": "k", "sorted": "sorted"}),
    "math.l2_normalize": (_NN, "Normalize", ("x",), {"axis": "axis", "epsilon": "epsilon"}),
    "math.add_n": (_LAYERS, "Add", ("inputs",), {}),
    "floor_div": _pair("FloorDivide"),
    "identity": _single("Identity", _LAYERS),
    "keras.backend.batch_flatten": _single("Flatten", _LAYERS),
    "stop_gradient": _single("StopGradient", _CORE),
    "zeros_like": (_NUMPY, "ZerosLike", ("input",), {"dtype": "dtype"}),
    "ones_like": (_NUMPY, "OnesLike", ("input",), {"dtype": "dtype"}),
    "nn.bias_add": (_NUMPY, "Add", ("value", "bias"), {}),
    "nn.gelu": (_NN, "Gelu", ("features",), {"approximate": "approximate"}),
    "nn.leaky_relu": (_NN, "LeakyRelu", ("features",), {"alpha": "negative_slope"}),
    "nn.log_softmax": (_NN, "LogSoftmax", ("logits",), {"axis": "axis"}),
    "nn.depth_to_space": (_NN, "DepthToSpace", ("input",), {"block_size": "block_size"}),
    "nn.space_to_depth": (_NN, "SpaceToDepth", ("input",), {"block_size": "block_size"}),
    **{f"nn.{old}_pool2d": (_NN, new, ("input",), {"ksize": "pool_size", "strides": "strides", "padding": "padding"})
       for old, new in {"avg": "AveragePool", "max": "MaxPool"}.items()},
    "image.resize": ("keras.src.ops.image", "Resize", ("images",), {
        "size": "size", "method": "interpolation", "antialias": "antialias"}),
    "norm": ("keras.src.ops.linalg", "Norm", ("tensor",), {"ord": "ord", **_REDUCED}),
    "nn.softmax": (_NN, "Softmax", ("logits",), {"axis": "axis"}),
    "linalg.matmul": (_NUMPY, "Matmul", ("a", "b"), {"transpose_a": "transpose_a", "transpose_b": "transpose_b"}),
    **{f"math.reduce_{old}": (_NUMPY, new, ("input_tensor",), _REDUCED) for old, new in {
        "sum": "Sum", "mean": "Mean", "max": "Max", "min": "Min", "prod": "Prod", "any": "Any", "all": "All",
        "std": "Std", "variance": "Var",
    }.items()},
    "math.reduce_logsumexp": (_MATH, "Logsumexp", ("input_tensor",), _REDUCED),
    "math.argmax": (_NUMPY, "Argmax", ("input",), {"axis": "axis"}),
    "reshape": (_NUMPY, "Reshape", ("tensor",), {"shape": "newshape"}),
    "transpose": (_NUMPY, "Transpose", ("a",), {"perm": "axes"}),
    "expand_dims": (_NUMPY, "ExpandDims", ("input",), {"axis": "axis"}),
    "squeeze": (_NUMPY, "Squeeze", ("input",), {"axis": "axis"}),
    "concat": (_NUMPY, "Concatenate", ("values",), {"axis": "axis"}),
    "stack": (_NUMPY, "Stack", ("values",), {"axis": "axis"}),
    "tile": (_NUMPY, "Tile", ("input",), {"multiples": "repeats"}),
    "split": (_NUMPY, "Split", ("value",), {"num_or_size_splits": "indices_or_sections", "axis": "axis"}),
    "unstack": (_CORE, "Unstack", ("value",), {"num": "num", "axis": "axis"}),
    "repeat": (_NUMPY, "Repeat", ("input",), {"repeats": "repeats", "axis": "axis"}),
    "reverse": (_NUMPY, "Flip", ("tensor",), {"axis": "axis"}),
    "roll": (_NUMPY, "Roll", ("input",), {"shift": "shift", "axis": "axis"}),
    "sort": (_NUMPY, "Sort", ("values",), {"axis": "axis"}),
    "boolean_mask": (_NUMPY, "Take", ("tensor",), {"mask": "indices", "axis": "axis"}),
    "gather": (_NUMPY, "Take", ("params", "indices"), {"axis": "axis"}),
    "one_hot": (_NN, "OneHot", ("indices",), {"depth": "num_classes", "axis": "axis", "dtype": "dtype"}),
    "pad": (_NUMPY, "Pad", ("tensor",), {"paddings": "pad_width", **{k: k for k in ("mode", "constant_values")}}),
    "broadcast_to": (_NUMPY, "BroadcastTo", ("input",), {"shape": "shape"}),
    "where": (_NUMPY, "Where", ("condition", "x", "y"), {}),
    "clip_by_value": (_NUMPY, "Clip", ("t",), {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "cast": (_CORE, "Cast", ("x",), {"dtype": "dtype"}),
    "__operators__.getitem": (_NUMPY, "GetItem", ("tensor", "slice_spec"), {}),
}  # fmt: skip

_DEFAULTS = {  # where TensorFlow's are others than ours
    **{name: {"axis": 0} for name in ("Argmax", "Argmin", "Cumsum", "Split", "Take")},
    "Gelu": {"approximate": False},
    "Normalize": {"epsilon": 1e-12},
    "TopK": {"k": 1},
}
_HARMLESS = {  # what arguments that have no name today may be
    "adjoint_a": False,
    "adjoint_b": False,
    "batch_dims": 0,
    "beta": 1,
    "conjugate": False,
    "data_format": "NHWC",
    "direction": "ASCENDING",
    "exclusive": False,
    "off_value": 0,
    "on_value": 1,
    "preserve_aspect_ratio": False,
    "reverse": False,
}
_IGNORED = ("name", "num", "output_type", "index_type", "validate_indices", "a_is_sparse", "b_is_sparse")

_CHAINS = {"math.squared_difference": ("math.subtract", "math.square")}
_LOST = ("einsum", "tensordot")  # their first argument is no tensor, and of the others nothing was written

CLASSES = ("TFOpLambda", "SlicingOpLambda")


def spread(inner):
    """Return the description of a graph in which each call of a function, and each part of it, stands for itself.

    A function that was called several times was described once, with all its calls.
    """
    functions = [layer for layer in inner["layers"] if layer.get("class_name") in CLASSES]
    several = {layer["name"] for layer in functions if len(layer.get("inbound_nodes") or ()) > 1}

    def renamed(value):
        if isinstance(value, dict):
            return {key: renamed(item) for key, item in value.items()}
        if not isinstance(value, list):
            return value
        if len(value) > 2 and isinstance(value[0], str) and value[0] in several and isinstance(value[1], int):
            value = [_of_call(value[0], value[1]), 0, *value[2:]]
        return [renamed(item) for item in value]

    layers = [part for layer in inner["layers"] for part in _parts(layer, several)]
    layers = [{**layer, "inbound_nodes": renamed(layer.get("inbound_nodes"))} for layer in layers]
    return {**inner, "layers": layers, "output_layers": renamed(inner["output_layers"])}


def _of_call(name, number):
    return f"{name}.{number}" if number else name


def _parts(layer, several):
    calls = layer.get("inbound_nodes")
    names = [_of_call(layer["name"], number) for number in range(len(calls))] if layer["name"] in several else []
    for name, call in zip(names, calls or (), strict=False):
        yield from _chain({**layer, "name": name, "config": {**layer["config"], "name": name}, "inbound_nodes": [call]})
    if not names:
        yield from _chain(layer)


def _chain(layer):
    """Yield the functions that a function is made of, each fed by the one before; the last has its name."""
    functions = _CHAINS.get(_function(layer), ()) if layer.get("class_name") in CLASSES else ()
    calls = layer.get("inbound_nodes")
    for number, function in enumerate(functions, 1):
        name = layer["name"] if number == len(functions) else f"{layer['name']}.part{number}"
        yield {**layer, "name": name, "config": {"name": name, "function": function}, "inbound_nodes": calls}
        calls = [[name, 0, 0, {}]]
    if not functions:
        yield layer


def _function(layer):
    """Return the name of a TensorFlow function without what stands before it."""
    config = layer["config"]
    function = str(config.get("function") or config.get("symbol") or "")
    return function.removeprefix("tf.").removeprefix("compat.v1.")


def upgrade_function(layer, first, keywords):
    """Return the description of an operation, and the arguments of its call.

    Args:
        layer: description of the `TFOpLambda`.
        first: first argument of its call.
        keywords: the others, by name.
    Raises:   ValueError (FileError L408) for a function that has no operation, or an argument that this has not.
    """
    config, function = layer["config"], _function(layer)
    if function not in _FUNCTIONS:
        lost = ", and whose tensors tf.keras did not write" if function in _LOST else ""
        raise errors.FileError(
            errors.message(
                "L408",
                f"the file calls the TensorFlow function '{function}', which has no operation here{lost}.",
                where=f'the layer "{config.get("name")}".',
                fix="build the model anew with a layer in its place, and load the weights with `load_weights`.",
            )
        )
    module, name, tensors, others = _FUNCTIONS[function]
    keywords = {key: value for key, value in keywords.items() if value is not None}
    for key, value in keywords.items():
        if key not in (*tensors, *others, *_IGNORED) and value != _HARMLESS.get(key, ...):
            raise errors.FileError(f"L408: the file calls '{function}' with {key}={value!r}, which is gone.")
    mask = keywords.get("mask", [])
    if not isinstance(mask, list) or not all(isinstance(kept, bool) for kept in mask):
        raise errors.FileError(f"L408: the file calls '{function}' with a mask that is no list of truth values.")
    arguments = [first, *(_index(keywords[key]) for key in tensors[1:] if key in keywords)]
    own = {others[key]: value for key, value in keywords.items() if key in others}
    name, own = _as_today(name, {**_DEFAULTS.get(name, {}), **own})
    return {"module": module, "class_name": name, "config": {"name": config["name"], **own}}, arguments


def _as_today(name, own):
    """Return the name of an operation, and its arguments, where these said the same in another way."""
    if name == "Matmul" and own:
        name, own = "Einsum", {"subscripts": _product(**own)}
    if name == "Split" and isinstance(own["indices_or_sections"], list):
        own["indices_or_sections"] = [*itertools.accumulate(own["indices_or_sections"])][:-1]
    if "indices" in own:  # a mask
        own["indices"] = [place for place, kept in enumerate(own["indices"]) if kept]
    if name == "Normalize":
        own["epsilon"] **= 0.5  # the sum of the squares was compared with it
    for key in ("padding", "mode"):
        if isinstance(own.get(key), str):
            own[key] = own[key].lower()
    if own.get("ord") == "euclidean" or own.get("mode", "constant") != "constant":
        own = {key: value for key, value in own.items() if key not in ("ord", "constant_values")}
    return name, own


def _product(transpose_a=False, transpose_b=False):
    """Return the product of two matrices as `einsum` writes it."""
    return f"...{'ji' if transpose_a else 'ij'},...{'kj' if transpose_b else 'jk'}->...ik"


def _index(value):
    """Slices in an index were dicts of their ends."""
    if isinstance(value, list):
        return [_index(item) for item in value]
    if isinstance(value, dict) and set(value) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": value}
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return {"config": None, **value}
    return value
