"""The op decorator: what a plain function over arrays learns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina import ops, random
from lamina.core.op import OPERATIONS, op
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.core.tensor import KerasTensor
from lamina.core.variable import Variable


@op("x", "y")
def weighted(x, factor, y=None, dtype=None):
    """Return factor * x + y."""
    assert isinstance(x, jax.Array | float | int)
    z = factor * x if y is None else factor * x + y
    return z if dtype is None else z.astype(dtype)


@op("xs", lists=("xs",))
def joined(xs, axis=0):
    assert all(isinstance(x, jax.Array) for x in xs)
    return jnp.concatenate(xs, axis)


@op("operands")
def total(scale, *operands, power=1, **kwargs):
    return scale * sum(x**power for x in operands) + kwargs.get("shift", 0)


SYMBOLIC = KerasTensor((None, 3))


@pytest.mark.parametrize(
    "x", [[1.0, 2.0], (1.0, 2.0), np.array([1.0, 2.0]), jnp.array([1.0, 2.0]), Variable([1.0, 2.0])]
)
def test_whatever_holds_numbers_becomes_an_array(x):
    assert weighted(x, 2).tolist() == [2.0, 4.0]
    assert weighted(x=x, factor=2, y=x).tolist() == [3.0, 6.0]
    assert joined([x, x]).tolist() == joined((x, [1.0, 2.0])).tolist() == [1.0, 2.0] * 2


def test_python_numbers_take_the_dtype_of_the_other_operand():
    assert weighted(jnp.ones(2, "float16"), 2, 1.5).dtype == "float16"


def operation_behind(tensor):
    return tensor._keras_history.operation


def test_a_symbolic_call_leaves_the_tensors_as_arguments_and_the_rest_as_config():
    result = weighted(SYMBOLIC, 2.0, y=SYMBOLIC, dtype=jnp.float16)
    operation = operation_behind(result)
    node = operation._inbound_nodes[0]
    assert (result.shape, result.dtype) == ((None, 3), "float16")
    assert (node.args, node.kwargs) == ((SYMBOLIC, SYMBOLIC), {})
    assert operation.get_config() == {"name": operation.name, "factor": 2.0, "dtype": "float16"}


def test_a_symbolic_tensor_is_found_inside_lists_and_behind_constants():
    assert joined([SYMBOLIC, jnp.ones((2, 3))]).shape == (None, 3)
    assert weighted(1.0, 2.0, y=SYMBOLIC).shape == (None, 3)
    assert total(2.0, np.ones((1, 3), "float32"), SYMBOLIC).shape == (None, 3)


@pytest.mark.parametrize(
    ("call", "values"),
    [
        (lambda x: weighted(x, 2.0, y=[1.0, 1.0, 1.0]), 3.0),
        (lambda x: weighted(x, 2.0), 2.0),
        (lambda x: total(3.0, x, x, power=2, shift=1), 7.0),
        (lambda x: joined([x, x], axis=1), 1.0),
    ],
)
def test_an_operation_computes_again_what_was_called(call, values):
    operation = operation_behind(call(SYMBOLIC))
    args, kwargs = operation._inbound_nodes[0].fill_in({id(SYMBOLIC): jnp.ones((2, 3))})
    again = type(operation).from_config(operation.get_config())
    assert (again(*args, **kwargs) == values).all()


def test_operations_are_known_by_the_name_of_the_function_in_camel_case_or_a_given_one():
    @op("x", class_name="MyOwn", module="keras.src.ops.elsewhere")
    def some_function(x):
        return x

    assert OPERATIONS["Weighted"] is weighted.operation
    assert OPERATIONS.pop("MyOwn") is some_function.operation
    assert some_function.operation._keras_module == "keras.src.ops.elsewhere"


def test_an_operation_goes_to_a_file_and_back():
    from lamina import ops

    operation = operation_behind(ops.mean(SYMBOLIC, axis=[1], keepdims=True))
    config = serialize_keras_object(operation)
    assert config["module"] == "keras.src.ops.numpy"
    assert config["class_name"] == config["registered_name"] == "Mean"
    assert deserialize_keras_object(config)(jnp.ones((2, 3))).shape == (2, 1)


def test_settings_are_written_out_so_that_a_file_means_the_same_everywhere():
    from lamina import ops

    pooled = ops.max_pool(KerasTensor((None, 8, 8, 3)), 2, padding="SAME")
    config = operation_behind(pooled).get_config()
    assert (config["data_format"], config["padding"]) == ("channels_last", "same")


def test_wrong_arguments_of_a_symbolic_call_are_a_type_error():
    with pytest.raises(TypeError, match="factor"):
        weighted(SYMBOLIC)


def test_an_eager_call_binds_no_signature(monkeypatch):
    monkeypatch.setattr(type(weighted.operation.signature), "bind", None)
    assert weighted(jnp.ones(2), 2.0).tolist() == [2.0, 2.0]


def test_operators_on_symbolic_tensors_are_ops():
    results = [
        SYMBOLIC + 1,
        1 - SYMBOLIC,
        SYMBOLIC @ np.ones((3, 4), "float32"),
        SYMBOLIC > 0,
        -SYMBOLIC,
        SYMBOLIC[:, 0],
    ]
    names = [type(operation_behind(x)).__name__ for x in results]
    assert names == ["Add", "Subtract", "Matmul", "Greater", "Negative", "GetItem"]
    assert [x.shape for x in results] == [(None, 3), (None, 3), (None, 4), (None, 3), (None, 3), (None,)]


def test_the_class_of_an_operation_takes_its_settings_by_place_or_name():
    from lamina.dialects import paths
    from lamina.ops.numpy import mean

    Mean = paths.look_up("keras.src.ops.numpy", "Mean")
    assert Mean is mean.operation
    assert Mean(1)(np.ones((2, 3))).shape == Mean(axis=1)(np.ones((2, 3))).shape == (2,)
    assert {**Mean(1).get_config(), "name": "m"} == {"name": "m", "axis": 1, "keepdims": False}
    assert paths.look_up("keras.src.ops.random", "normal").__module__ == "lamina.random"


@pytest.mark.parametrize("sizes", [lambda n: ops.expand_dims(n, -1), lambda n: np.array([n])])
def test_what_ops_compute_of_sizes_are_sizes_while_tracing(sizes):
    def repeated(x):
        batch, steps = ops.shape(x)
        later = ops.arange(steps)[:, None] < ops.arange(steps)
        counts = ops.concatenate([sizes(batch), ops.convert_to_tensor([1, 1])], 0)
        return ops.reshape(ops.tile(later[None], counts), ops.stack([batch * steps, steps]))

    x = np.ones((2, 3), "float32")
    expected = np.tile(np.triu(np.ones((3, 3)), 1), (2, 1))
    np.testing.assert_array_equal(jax.jit(repeated)(x), expected)
    np.testing.assert_array_equal(repeated(x), expected)


def test_large_arrays_are_computed_by_the_compiled_program():
    program = jax.make_jaxpr(lambda x: x + ops.sum(ops.reshape(np.arange(4096), (64, 64)), axis=0))(jnp.ones(64))
    assert "reduce_sum" in str(program)


def test_known_numbers_are_shuffled_anew_by_each_run_of_a_program():
    with pytest.raises(ValueError, match="seed"):
        jax.jit(lambda x: x + random.shuffle(np.arange(8)))(1)
    orders = jax.jit(lambda seed: random.shuffle(np.arange(8), seed=seed))
    assert orders(jnp.uint32([1, 0])).tolist() != orders(jnp.uint32([2, 0])).tolist()
