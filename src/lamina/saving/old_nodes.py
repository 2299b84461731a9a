"""Nodes of TensorFlow in the graphs of `tf.keras` 2.0 to 2.3 (`TensorFlowOpLayer`), made into calls of its functions.

A node had its inputs in order, those that were no tensors of the model as constants beside it, and flags as attributes.
"""

_PAIRS = {
    "AddV2": "add", "Add": "add", "Sub": "subtract", "Mul": "multiply", "RealDiv": "truediv", "Pow": "pow",
    "Maximum": "maximum", "Minimum": "minimum", "FloorMod": "floormod", "FloorDiv": "floordiv", "Equal": "equal",
    "NotEqual": "not_equal", "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less",
    "LessEqual": "less_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or",
}  # fmt: skip
_NODES = {  # node: the function, and what the inputs are called there
    **{node: (f"math.{function}", ("x", "y")) for node, function in _PAIRS.items()},
    **{node: (f"math.{node.lower()}", ("x",)) for node in (
        "Abs", "Exp", "Log", "Log1p", "Sqrt", "Rsqrt", "Square", "Sin", "Cos", "Tanh", "Sign", "Floor", "Ceil", "Round",
        "Erf", "Sigmoid", "Softplus",
    )},
    **{node: (f"math.reduce_{node.lower()}", ("input_tensor", "axis"))
       for node in ("Sum", "Mean", "Max", "Min", "Prod", "Any", "All")},
    **{node: (f"nn.{node.lower()}", ("features",)) for node in ("Relu", "Relu6", "Elu", "Selu", "Softsign")},
    "Neg": ("math.negative", ("x",)),
    "Softmax": ("nn.softmax", ("logits",)),
    "LogSoftmax": ("nn.log_softmax", ("logits",)),
    "LeakyRelu": ("nn.leaky_relu", ("features",)),
    "BiasAdd": ("nn.bias_add", ("value", "bias")),
    "MatMul": ("linalg.matmul", ("a", "b")),
    "BatchMatMulV2": ("linalg.matmul", ("a", "b")),
    "Reshape": ("reshape", ("tensor", "shape")),
    "Transpose": ("transpose", ("a", "perm")),
    "ExpandDims": ("expand_dims", ("input", "axis")),
    "Squeeze": ("squeeze", ("input",)),
    "Tile": ("tile", ("input", "multiples")),
    "GatherV2": ("gather", ("params", "indices", "axis")),
    "ConcatV2": ("concat", ("values", "axis")),
    "Pack": ("stack", ("values",)),
    "Cast": ("cast", ("x",)),
    "Identity": ("identity", ("x",)),
    "StopGradient": ("stop_gradient", ("x",)),
    "StridedSlice": ("__operators__.getitem", ("tensor", "begin", "end", "strides")),
}  # fmt: skip
_ATTRIBUTES = {
    "keep_dims": "keepdims",
    "squeeze_dims": "axis",
    "axis": "axis",
    "alpha": "alpha",
    "batch_dims": "batch_dims",
    "DstT": "dtype",
    "transpose_a": "transpose_a",
    "transpose_b": "transpose_b",
    "adj_x": "transpose_a",
    "adj_y": "transpose_b",
}
_TYPES = {"DT_FLOAT": "float32", "DT_HALF": "float16", "DT_DOUBLE": "float64", "DT_INT32": "int32", "DT_BOOL": "bool"}


def as_function(layer, call):
    """Return the description of a call of a function, a `TFOpLambda` and its arguments, for a node.

    Args:
        layer: description of the `TensorFlowOpLayer`.
        call: its call, a dict with "args" and "kwargs".
    """
    config = layer["config"]
    node, constants = config["node_def"], config.get("constants") or {}
    function, names = _NODES.get(node["op"], (node["op"], ()))
    inputs = [*(call["args"][0] if isinstance(call["args"][0], list) else call["args"])]
    for place in sorted(constants, key=int):
        inputs.insert(int(place), constants[place])
    if node["op"] in ("ConcatV2", "Pack"):
        several = len(inputs) - (node["op"] == "ConcatV2")
        inputs = [inputs[:several], *inputs[several:]]
    given = node.get("attr", {})
    keywords = {_ATTRIBUTES[name]: _value(given[name]) for name in given if name in _ATTRIBUTES}
    keywords.update(zip(names[1:], inputs[1:], strict=False))
    if node["op"] == "StridedSlice":
        keywords = {"slice_spec": _slices(keywords, given)}
    called = {**layer, "config": {"name": layer["name"], "function": function}}
    return called, {"args": inputs[:1], "kwargs": {key: value for key, value in keywords.items() if value != []}}


def _value(attribute):
    """Return the value of an attribute, which is written beside the name of its type."""
    kind, value = next(iter(attribute.items()), ("b", False))
    if kind == "list":
        return [int(item) for item in value.get("i", [])]
    return int(value) if kind == "i" else _TYPES.get(value, value) if kind == "type" else value


def _slices(keywords, given):
    """Return an index: what the bits of five numbers say of each place in it."""
    masks = {name: int(given.get(name, {}).get("i", 0)) for name in _MASKS}
    index = []
    for place, (begin, end, step) in enumerate(zip(*(keywords[k] for k in ("begin", "end", "strides")), strict=True)):
        begins, ends, ellipsis, new_axis, shrinks = (masks[name] >> place & 1 for name in _MASKS)
        if ellipsis:
            index.append({"class_name": "__ellipsis__"})
        elif new_axis or shrinks:
            index.append(None if new_axis else begin)
        else:
            index.append({"start": None if begins else begin, "stop": None if ends else end, "step": step})
    return index


_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
