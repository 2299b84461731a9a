"""What single functions say about symbolic tensors beyond the table: sizes that values decide, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import KerasTensor, ops
from lamina.core import random
from lamina.core.registry import register_keras_serializable


def shape(result):
    return [x.shape for x in result] if isinstance(result, list | tuple) else result.shape


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: ops.size(x), ()),
        (lambda x: ops.ndim(x), ()),
        (lambda x: KerasTensor((None, None, None, None, 64))[:, 1, -2], (None, None, 64)),
        (lambda x: ops.nonzero(x), [(None,)] * 4),
        (lambda x: ops.where(x), [(None,)] * 4),
        (lambda x: ops.unique(x), (None,)),
        (lambda x: ops.unique(x, axis=2, return_inverse=True), [(None, None, None, 3), (20,)]),
        (lambda x: ops.unique(x[0, 0], return_index=True, return_counts=True), [(None,)] * 3),
        (lambda x: ops.unique(x, size=4), (4,)),
        (lambda x: ops.bincount(ops.cast(x[0, 0, :, 0], "int32")), (None,)),
        (lambda x: ops.bincount(ops.cast(x[:, 0, :, 0], "int32"), minlength=4), (None, None)),
        (lambda x: ops.matmul(KerasTensor((None, None)), np.ones((3, 2))), (None, 2)),
        (lambda x: ops.segment_sum(KerasTensor((None, 4)), np.zeros(5, "int32"), num_segments=3), (3, 4)),
        (lambda x: ops.einsum("btf,fu->btu", KerasTensor((None, None, None)), KerasTensor((3, 2))), (None, None, 2)),
        (lambda x: ops.tensordot(KerasTensor((None, 3)), KerasTensor((None, None, 2)), ([1], [1])), (None, None, 2)),
        (lambda x: ops.slice(x, KerasTensor((4,), "int32"), (1, -1, -1, 3)), (1, None, None, 3)),
        (lambda x: ops.slice_update(x, KerasTensor((4,)), KerasTensor((1, 1, 1, 1))), (None, None, 20, 3)),
        (lambda x: ops.scatter_update(x, KerasTensor((5, 2)), KerasTensor((5, 20, 3))), (None, None, 20, 3)),
        (lambda x: ops.in_top_k(KerasTensor((7,)), KerasTensor((7, 9)), 2), (7,)),
        (lambda x: ops.switch(KerasTensor(()), [lambda y: y[0], lambda y: y[1]], x), (None, 20, 3)),
        (lambda x: ops.while_loop(lambda y: y[0] < 1, lambda y: y, x), (None, None, 20, 3)),
        (lambda x: ops.image.crop_images(x, 2, 3, target_height=4, target_width=5), (None, 4, 5, 3)),
        (lambda x: ops.image.pad_images(x, 2, 3, target_height=40, target_width=50), (None, 40, 50, 3)),
        (lambda x: ops.image.elastic_transform(x), (None, None, 20, 3)),
        (lambda x: ops.image.scale_and_translate(x, (None, None, 5, 3), KerasTensor((1,)), KerasTensor((1,)), (2,),
                                                 "linear"), (None, None, 5, 3)),
    ],
)  # fmt: skip
def test_shapes(call, expected):
    assert shape(call(KerasTensor((None, None, 20, 3)))) == expected


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: ops.reshape(x, KerasTensor((2,), "int32")), "`newshape` of Reshape must be known"),
        (lambda x: ops.cond(KerasTensor((), "bool"), lambda: jnp.ones(3), lambda: jnp.ones(2)), "of the same kind"),
        (lambda x: ops.unstack(x, axis=7), "axis 7 is out of bounds"),
        (lambda x: ops.unstack(x), "Cannot infer argument `num`"),
        (lambda x: ops.qr(x[0, 0, 0]), "rank >= 2"),
        (lambda x: ops.solve(KerasTensor((None, 4, 5)), x), r"non-square input with shape \(\?, 4, 5\)"),
        (lambda x: x[:, :, 20], "index 20 is out of bounds for axis 2"),
        (lambda x: ops.add(x, KerasTensor((4,))), "L103"),
        (lambda x: ops.transpose(x, (0, 1, 2, 2)), "valid permutation"),
        (lambda x: ops.reshape(x, (-2, 3)), "non-negative integer or -1"),
        (lambda x: ops.reshape(x, (-1, -1)), "at most one unknown"),
        (lambda x: ops.where(x > 0, x, None), "either both"),
        (lambda x: ops.histogram(x, 10, (5, 1)), "greater than the first"),
        (lambda x: ops.diagonal(x, axis1=1, axis2=-3), "cannot be the same"),
        (lambda x: ops.max_pool(KerasTensor((1, 5, 5, 3)), 20), "zero or negative"),
        (lambda x: ops.matmul(KerasTensor((3, 4)), KerasTensor((3, 4))), "L103"),
        (lambda x: ops.swapaxes(x, 7, 0), "L103"),
        (lambda x: ops.image.hsv_to_rgb(KerasTensor((5, 5, 4))), "must have 3 channels"),
        (lambda x: ops.image.extract_patches_3d(x, (4, 4)), "length 3"),
        (lambda x: KerasTensor((), sparse=True, ragged=True), "at the same time"),
    ],
)
def test_what_is_refused(call, text):
    with pytest.raises(TypeError if text == "length 3" else ValueError, match=text):
        call(KerasTensor((None, None, 20, 3)))


def test_random_numbers_without_a_seed_have_a_shape_where_programs_draw_from_the_running_layer(monkeypatch):
    monkeypatch.setitem(random._global, "in_programs", lambda: None)  # as in a Keras program that runs on Lamina
    assert ops.image.elastic_transform(KerasTensor((None, 5, 4, 3))).shape == (None, 5, 4, 3)


def test_a_symbolic_tensor_stays_as_it_is():
    x = KerasTensor((2,))
    for name in ("shape", "dtype", "sparse", "ragged"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(x, name, None)


@register_keras_serializable()
def plus_one(x):
    return x + 1


def test_a_function_in_a_graph_is_saved_by_its_name():
    x = lamina.Input((3,))
    model = lamina.Model(x, ops.vectorized_map(plus_one, x))
    again = lamina.models.model_from_json(model.to_json())
    np.testing.assert_array_equal(again(np.ones((2, 3))), 2 * np.ones((2, 3)))


def test_numbers_that_follow_from_shapes_flow_through_a_model():
    x = lamina.Input((3,))
    model = lamina.Model(x, ops.sum(x) / ops.size(x) + ops.ndim(x))
    assert float(model(np.ones((2, 3)))) == 3


def test_an_operation_has_its_arguments_as_attributes():
    operation = ops.extract_sequences(KerasTensor((2, 9)), 4, 2)._keras_history.operation
    assert (operation.sequence_length, operation.sequence_stride) == (4, 2)
    with pytest.raises(AttributeError, match="no attribute 'stride'"):
        operation.stride  # noqa: B018
