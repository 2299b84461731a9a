import numpy as np
import pytest

from lamina import Function, KerasTensor, layers, models, ops


def test_a_function_computes_structures_from_structures():
    a, b = KerasTensor((None, 2)), KerasTensor((None, 2))
    both = Function({"a": a, "b": b}, [ops.sin(a + b), {"product": a * b}], name="both")
    x, y = np.array([[1.0, 2.0]], "float32"), np.array([[3.0, 5.0]], "float32")
    total, rest = both({"a": x, "b": y})
    np.testing.assert_allclose(total, np.sin(x + y), rtol=1e-6)
    np.testing.assert_allclose(rest["product"], x * y)
    assert both.compute_output_shape({"a": (7, 2), "b": (7, 2)}) == [(7, 2), {"product": (7, 2)}]
    assert [x.name for x in both.inputs] == [a.name, b.name]
    assert len(both.outputs) == 2
    assert len(both.operations) == 3


def test_a_function_becomes_a_node_of_a_graph():
    x = KerasTensor((None, 4))
    inner = Function(x, layers.Dense(3, name="d")(x))
    y = KerasTensor((None, 4))
    outer = Function(y, 2 * inner(y))
    value = np.ones((5, 4), "float32")
    np.testing.assert_allclose(outer(value), 2 * np.asarray(inner(value)), rtol=1e-6)


def test_what_does_not_fit_is_an_error():
    x, other = KerasTensor((None, 2)), KerasTensor((None, 2))
    with pytest.raises(ValueError, match="cannot be empty"):
        Function([], ops.sin(x))
    with pytest.raises(ValueError, match="Graph disconnected"):
        Function(other, ops.sin(x))
    with pytest.raises(ValueError, match="was passed incompatible inputs"):
        Function(x, ops.sin(x))(np.ones((3, 5)))
    with pytest.raises(ValueError, match="1 inputs"):
        Function([x], ops.sin(x))([np.ones((3, 2)), np.ones((3, 2))])


def test_a_graph_from_the_middle_that_its_inputs_do_not_reach_is_an_error():
    middle = layers.Dense(2)(layers.Input((3,)))
    with pytest.raises(ValueError, match="is not connected to `inputs`"):
        models.Model(middle, layers.Dense(2)(layers.Input((3,))))


def test_a_function_may_begin_in_the_middle_of_a_graph():
    x = KerasTensor((None, 3), name="x")
    middle = x * 2
    rest = Function(middle, middle + 1)
    assert [type(operation).__name__ for operation in rest.operations] == ["Add"]
    np.testing.assert_allclose(rest(np.ones((2, 3))), 2)
