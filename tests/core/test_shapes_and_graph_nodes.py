"""Shapes come from running the real function on symbolic sizes; calls on symbolic tensors leave nodes."""

import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.core import shapes
from lamina.core.context import get_mask, set_mask
from lamina.core.operation import Node, Operation
from lamina.core.tensor import KerasTensor, any_symbolic, standardize_shape


@pytest.mark.parametrize(
    ("function", "shape", "expected", "formula"),
    [
        (lambda x: x.reshape(x.shape[0], -1), (None, None, None, 3), (None, None), "(b, 3*h*w)"),
        (lambda x: x[:, 1:-1], (None, None, 3), (None, None, 3), "(b, max(0, t - 2), 3)"),
        (lambda x: jnp.concatenate([x, x], axis=1), (None, 4), (None, 8), "(b, 8)"),
        (lambda x: x.sum(0), (None, 4), (4,), "(4,)"),
        (lambda x: x.mean(), (None, 4), (), "()"),
    ],
)
def test_unknown_sizes_become_formulas(function, shape, expected, formula):
    result = shapes.infer(function, KerasTensor(shape))
    assert result.shape == expected
    assert str(result.symbolic_shape) == formula


def test_a_comparison_without_an_answer_is_probed_with_two_sizes():
    result = shapes.infer(lambda x: x[:, :3] if x.shape[1] > 3 else x, KerasTensor((None, None, 4)))
    assert result.shape == (None, 3, 4)


def test_structures_and_other_values_come_back_as_they_are():
    result = shapes.infer(lambda x, n: {"a": [x, n], "b": None}, KerasTensor((None, 2)), n=5)
    assert result["a"][0].shape == (None, 2)
    assert (result["a"][1], result["b"]) == (5, None)


def test_masks_are_carried_through_the_trace():
    x = KerasTensor((None, 7, 3))
    set_mask(x, KerasTensor((None, 7), "bool"))

    def double(a):
        b = 2 * a
        set_mask(b, get_mask(a))
        return b

    assert get_mask(shapes.infer(double, x)).shape == (None, 7)


def test_errors_of_the_function_come_out():
    with pytest.raises(TypeError):
        shapes.infer(lambda x: x @ jnp.ones((5, 5)), KerasTensor((None, 3)))


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=1, max_size=4), st.integers(2, 4))
def test_the_symbolic_shape_agrees_with_concrete_ones(shape, batch):
    def function(x):
        return jnp.concatenate([x, x * 2], axis=0).reshape(2, -1)

    result = shapes.infer(function, KerasTensor(tuple(shape)))
    concrete = function(jnp.ones([batch if size is None else size for size in shape])).shape
    assert len(result.shape) == len(concrete)
    assert all(size in (None, real) for size, real in zip(result.shape, concrete, strict=True))


@pytest.mark.parametrize("bad", [(-1, 2), ("a",), (1.5,), None, 3])
def test_what_is_no_shape_is_refused(bad):
    with pytest.raises(ValueError, match="shape"):
        standardize_shape(bad)


class Twice(Operation):
    def __init__(self, factor=2, name=None):
        super().__init__(name=name)
        self.factor = factor

    def call(self, x):
        return x * self.factor


def test_a_symbolic_call_leaves_a_node():
    x = KerasTensor((None, 3))
    twice = Twice(name="twice")
    y = twice(x)
    assert y._keras_history == (twice, 0, 0)
    assert twice.input is x
    assert twice.output is y
    (node,) = twice._inbound_nodes
    assert node.fill_in({id(x): 5}) == ((5,), {})
    assert twice(jnp.ones(3)).tolist() == [2, 2, 2]


def test_plain_constructor_arguments_are_the_config():
    assert Twice(5, name="t").get_config() == {"name": "t", "factor": 5}
    assert Twice.from_config({"name": "t", "factor": 5}).factor == 5
    with pytest.raises(NotImplementedError, match="get_config"):
        Twice(object()).get_config()


def test_a_node_keeps_its_inputs_when_the_callers_list_grows():
    class Sum(Operation):
        def call(self, xs):
            return sum(xs)

        def compute_output_spec(self, xs):
            return KerasTensor(xs[0].shape)

    inputs = [KerasTensor((2,)), KerasTensor((2,))]
    node = Sum()(inputs)._keras_history.operation._inbound_nodes[0]
    inputs.append(KerasTensor((2,)))
    assert len(node.args[0]) == len(node.input_tensors) == 2


def test_outputs_of_a_node_are_tensors():
    with pytest.raises(ValueError, match="non-tensor"):
        Node(Twice(), (), {}, outputs=[3])


@pytest.mark.parametrize("use", [bool, int, float, len, iter, jnp.asarray])
def test_a_symbolic_tensor_has_no_value_and_says_what_to_do(use):
    with pytest.raises((TypeError, ValueError, NotImplementedError), match="Layer's `call`"):
        use(KerasTensor((None, 3)))


def test_symbolic_tensors_are_found_at_any_depth():
    x = KerasTensor((1,))
    assert any_symbolic([[{"a": x}]])
    assert any_symbolic((), {"k": (1, x)})
    assert not any_symbolic([1, [2]], {"k": None})


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: x[:, : min(x.shape[1], 4)], (None, None)),
        (lambda x: x[:, : max(x.shape[1], 300)], (None, None)),
        (lambda x: x[:, : min(x.shape[1], 4)] if x.shape[1] > 100 else x[:, :4] + 0, (None, None)),
        (lambda x: x[:, :1] if x.shape[1] > 0 else x, (None, 1)),
    ],
)
def test_bounds_written_into_a_function_are_not_taken_for_sizes(function, shape):
    assert shapes.infer(function, KerasTensor((None, None))).shape == shape


def test_what_cannot_take_few_steps_still_has_a_shape():
    def function(x):
        if x.shape[1] < 10:
            raise ValueError("too short")
        return x[:, :10]

    assert shapes.infer(function, KerasTensor((None, None))).shape == (None, 10)


@pytest.mark.parametrize(
    ("function", "sizes", "expected"),
    [
        (jnp.add, [(None, 3), (2, 3)], (2, 3)),
        (jnp.add, [(None, None, 3), (4, 1)], (None, 4, 3)),
        (jnp.where, [(None, 3), (2, 3), (2, 1)], (2, 3)),
        (lambda x, y: jnp.concatenate([x, y], axis=1), [(None, 3), (2, 4)], (2, 7)),
        (jnp.multiply, [(None, 3), (2, None)], (2, 3)),
    ],
)
def test_an_unknown_axis_takes_the_only_size_with_which_anything_works(function, sizes, expected):
    assert shapes.infer(function, *map(KerasTensor, sizes)).shape == expected


def test_what_no_size_mends_is_told_with_what_was_wrong_first():
    with pytest.raises(TypeError, match=r"\([b?], 3\), \(2, 4\)"):
        shapes.infer(jnp.add, KerasTensor((None, 3)), KerasTensor((2, 4)))


def test_an_unknown_axis_takes_the_size_of_an_array():
    assert shapes.infer(jnp.add, KerasTensor((None, 3)), jnp.ones((2, 1))).shape == (2, 3)


def test_symbolic_tensors_are_looked_for_in_lists_as_any_objects():
    x, same_shape, other = KerasTensor((None, 3)), KerasTensor((None, 3)), KerasTensor((2, 4))
    assert x in [other, same_shape, x]
    assert x not in [same_shape, other]
    assert x != same_shape
    assert (x == same_shape).shape == (None, 3)
    with pytest.raises(TypeError, match="used as a boolean"):
        bool(x == 0)
