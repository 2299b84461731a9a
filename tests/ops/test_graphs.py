"""What a symbolic call leaves in a graph: the operation that Keras would have left, with its name and config."""

import json

import jax
import keras
import numpy as np
import pytest
from tests.ops.cases import EXCUSED, IMAGE_TABLE, TABLE

import lamina
from lamina import ops
from lamina.core import serialization
from lamina.core.op import OPERATIONS
from lamina.core.tensor import KerasTensor

# Keras writes the sizes in full, and the old name of an argument as the new one.
WRITTEN_IN_OTHER_WORDS = {"extract_patches", "extract_patches_3d", "multi_hot"}
NAMESPACES = {"ops": (ops, keras.ops, TABLE), "ops.image": (ops.image, keras.ops.image, IMAGE_TABLE)}
NAMES = [(space, name) for space in NAMESPACES for name in NAMESPACES[space][2]]
ROWS = [pytest.param(space, name, id=f"{space}.{name}") for space, name in NAMES]


def symbolic(module, name, case, kind):
    """Call with symbolic tensors for arrays and return the operation of the first result, or None."""
    args, kwargs = jax.tree.map(
        lambda x: kind(x.shape, x.dtype) if isinstance(x, np.ndarray) else x, (case.args, case.kwargs)
    )
    try:
        result = getattr(module, name)(*args, **kwargs)
    except Exception:  # noqa: BLE001 - this array must be known
        return None, None
    first = jax.tree.leaves(result)[0]
    history = getattr(first, "_keras_history", None)
    return (history.operation, history.operation._inbound_nodes[-1]) if history else (None, None)


def description(operation, serialize):
    config = json.loads(json.dumps(serialize(operation)))
    inner = config["config"]
    inner.pop("name", None)  # Keras forgets that of some
    inner.pop("num_tokens", None)
    for name, default in (("data_format", "channels_last"), ("dtype", "float32")):
        inner[name] = inner.get(name) or default  # the default is written by one, left open by the other
    return config


@pytest.mark.parametrize(("space", "name"), ROWS)
def test_operations_are_written_as_by_keras(space, name):
    ours, theirs, table = NAMESPACES[space]
    for case in table[name]:
        if not case.symbolic:
            continue
        operation, node = symbolic(ours, name, case, KerasTensor)
        oracle, oracle_node = symbolic(theirs, name, case, keras.KerasTensor)
        if operation is None or oracle is None:
            continue
        try:
            expected = description(oracle, keras.saving.serialize_keras_object)
        except (TypeError, NotImplementedError, UserWarning):  # a function or an array in the config
            continue
        written = description(operation, serialization.serialize_keras_object)
        if name in WRITTEN_IN_OTHER_WORDS:
            assert (written.pop("config").keys(), written) == (expected.pop("config").keys(), expected)
        else:
            assert written == expected
        assert len(node.input_tensors) == len(oracle_node.arguments.keras_tensors)
        again = type(operation).from_config(json.loads(json.dumps(operation.get_config())))
        shapes = [x.shape for x in jax.tree.leaves(again(*node.args, **node.kwargs))]
        assert shapes == [x.shape for x in node.outputs]


FUNCTIONS_GO_IN = {  # and stay in the program
    *("associative_scan", "cond", "custom_gradient", "fori_loop", "jvp", "map", "scan", "switch", "vectorize"),
    *("vectorized_map", "while_loop"),
}


def model_of(library, module, name, case):
    """Return the model of one symbolic call, or None where there is none."""
    inputs = []

    def symbol(x):
        if isinstance(x, np.ndarray):
            inputs.append(library.Input(batch_shape=x.shape, dtype=str(x.dtype)))
            return inputs[-1]
        return x

    try:
        args, kwargs = jax.tree.map(symbol, (case.args, case.kwargs))
        return library.Model(inputs, jax.tree.leaves(getattr(module, name)(*args, **kwargs)))
    except Exception:  # noqa: BLE001 - this array must be known
        return None


def read_back(model):
    """Tell whether Keras can read what it writes itself."""
    try:
        return keras.models.model_from_json(model.to_json())
    except (AttributeError, TypeError, ValueError):
        return None


def in_a_graph(space, name):
    """Return the first model of a function that Keras can make and read, as it is here, or None; and whether it can."""
    ours, theirs, table = NAMESPACES[space]
    could = True
    for case in table[name]:
        oracle = model_of(keras, theirs, name, case) if case.symbolic else None
        if oracle is None:
            continue
        could = read_back(oracle) is not None
        if could:
            return model_of(lamina, ours, name, case), could
    return None, could


def test_a_model_of_all_operations_loads_in_keras_and_comes_back():
    parts = {name: in_a_graph(space, name) for space, name in NAMES if name not in FUNCTIONS_GO_IN}
    excused = {name for names in EXCUSED["symbolic"].values() for name in names.split()} - FUNCTIONS_GO_IN
    unread = {name for name, (_, could) in parts.items() if not could}
    assert {name for name, (part, _) in parts.items() if part is None} == excused | unread
    assert len(unread) < 20
    models = [part for part, _ in parts.values() if part]
    model = lamina.Model([x for part in models for x in part.inputs], [x for part in models for x in part.outputs])
    there = keras.models.model_from_json(model.to_json())
    back = lamina.models.model_from_json(there.to_json())
    assert [(x.shape, x.dtype) for x in back.outputs] == [(x.shape, x.dtype) for x in model.outputs]
    for again in (there, back):
        kinds = (sorted(type(operation).__name__ for operation in each.operations) for each in (again, model))
        assert next(kinds) == next(kinds)


def test_every_operation_of_keras_can_be_read():
    known = {
        cls.__name__
        for module in ("numpy", "nn", "math", "linalg", "image", "core", "einops")
        for cls in vars(getattr(keras.src.ops, module)).values()
        if isinstance(cls, type) and issubclass(cls, keras.Operation) and cls.__module__.startswith("keras.src.ops")
    }
    assert known - set(OPERATIONS) <= {"Abs", "Conj", "Operation", "SegmentReduction"}  # never recorded
