"""TensorFlow functions in the graphs of Keras 2 (`TFOpLambda`, `SlicingOpLambda`), made into today's operations.

A call of such a layer was its first tensor and keyword arguments; an operation has its tensors as arguments, in order,
and everything else in its config.
"""

from lamina.core import errors

_NUMPY, _MATH, _NN, _CORE = (f"keras.src.ops.{room}" for room in ("numpy", "math", "nn", "core"))
_REDUCED = {"axis": "axis", "keepdims": "keepdims"}


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
        "relu": "Relu", "relu6": "Relu6", "elu": "Elu", "selu": "Selu", "gelu": "Gelu", "sigmoid": "Sigmoid",
        "softplus": "Softplus", "softsign": "Softsign", "silu": "Silu", "swish": "Silu",
    }.items()},
    "math.rsqrt": _single("Rsqrt", _MATH),
    "__operators__.neg": _single("Negative"),
    "__operators__.abs": _single("Absolute"),
    "nn.tanh": _single("Tanh"),
    "nn.softmax": (_NN, "Softmax", ("logits",), {"axis": "axis"}),
    "linalg.matmul": (_NUMPY, "Matmul", ("a", "b"), {}),
    **{f"math.reduce_{old}": (_NUMPY, new, ("input_tensor",), _REDUCED) for old, new in {
        "sum": "Sum", "mean": "Mean", "max": "Max", "min": "Min", "prod": "Prod", "any": "Any", "all": "All",
    }.items()},
    "math.argmax": (_NUMPY, "Argmax", ("input",), {"axis": "axis"}),
    "reshape": (_NUMPY, "Reshape", ("tensor",), {"shape": "newshape"}),
    "transpose": (_NUMPY, "Transpose", ("a",), {"perm": "axes"}),
    "expand_dims": (_NUMPY, "ExpandDims", ("input",), {"axis": "axis"}),
    "squeeze": (_NUMPY, "Squeeze", ("input",), {"axis": "axis"}),
    "concat": (_NUMPY, "Concatenate", ("values",), {"axis": "axis"}),
    "stack": (_NUMPY, "Stack", ("values",), {"axis": "axis"}),
    "tile": (_NUMPY, "Tile", ("input",), {"multiples": "repeats"}),
    "where": (_NUMPY, "Where", ("condition", "x", "y"), {}),
    "clip_by_value": (_NUMPY, "Clip", ("t",), {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "cast": (_CORE, "Cast", ("x",), {"dtype": "dtype"}),
    "__operators__.getitem": (_NUMPY, "GetItem", ("tensor", "slice_spec"), {}),
}  # fmt: skip

CLASSES = ("TFOpLambda", "SlicingOpLambda")
_IGNORED = ("name",)


def upgrade_function(layer, first, keywords):
    """Return the description of an operation, and the arguments of its call.

    Args:
        layer: description of the `TFOpLambda`.
        first: first argument of its call.
        keywords: the others, by name.
    Raises:   ValueError (FileError L408) for a function that has no operation.
    """
    config = layer["config"]
    function = str(config.get("function") or config.get("symbol") or "").removeprefix("tf.")
    if function not in _FUNCTIONS:
        raise errors.FileError(
            errors.message(
                "L408",
                f"the file calls the TensorFlow function '{function}', which has no operation here.",
                where=f'the layer "{config.get("name")}".',
                fix="build the model anew with a layer in its place, and load the weights with `load_weights`.",
            )
        )
    module, name, tensors, others = _FUNCTIONS[function]
    keywords = {key: value for key, value in keywords.items() if key not in _IGNORED and value is not None}
    arguments = [first, *(_index(keywords[key]) for key in tensors[1:] if key in keywords)]
    own = {others[key]: value for key, value in keywords.items() if key in others}
    return {"module": module, "class_name": name, "config": {"name": config["name"], **own}}, arguments


def _index(value):
    """Slices in an index were dicts of their ends."""
    if isinstance(value, list):
        return [_index(item) for item in value]
    if isinstance(value, dict) and set(value) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": value}
    return value
