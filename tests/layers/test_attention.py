"""Attention layers weigh values, use masks and name their parts as Keras's do."""

from unittest import mock

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.layers.oracle import Case, assert_same, case, each

import lamina
from lamina import layers
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor

QUERY, VALUE = (2, 5, 4), (2, 3, 4)
PLAIN = [
    case("Attention", [QUERY, VALUE]),
    case("Attention", [QUERY, VALUE, VALUE], use_scale=True),
    case("Attention", [QUERY, VALUE, VALUE], score_mode="concat", use_scale=True),
    case("Attention", [QUERY, VALUE], score_mode="concat").when(call={"return_attention_scores": True}),
    case("Attention", [QUERY, QUERY]).when(call={"use_causal_mask": True}),
    case("AdditiveAttention", [QUERY, VALUE]),
    case("AdditiveAttention", [QUERY, VALUE], use_scale=False).when(call={"use_causal_mask": True}),
    case("AdditiveAttention", [QUERY, VALUE, VALUE], dtype="mixed_bfloat16"),
    case("Attention", [QUERY, VALUE], dropout=0.4, seed=1).when(call={"training": True}),
]


@each(PLAIN)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in PLAIN if "dtype" not in c.kwargs])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(PLAIN)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.when(known=None).check_symbolic()


@each(PLAIN)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def headed(name, *inputs, call=None, **kwargs):
    """A case whose query, value and key are arguments of their own."""
    return case(name, inputs, **kwargs).when(call=call or {})


HEADS = {"num_heads": 2, "key_dim": 3}
GROUPS = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
SCORES, CAUSAL = {"return_attention_scores": True}, {"use_causal_mask": True}
HEADED = [
    headed("MultiHeadAttention", QUERY, VALUE, **HEADS),
    headed("MultiHeadAttention", QUERY, VALUE, call=SCORES, value_dim=5, **HEADS),
    headed("MultiHeadAttention", QUERY, VALUE, (2, 3, 6), call=SCORES, use_bias=False, output_shape=7, **HEADS),
    headed("MultiHeadAttention", QUERY, QUERY, call=CAUSAL, **HEADS),
    headed("MultiHeadAttention", QUERY, QUERY, call={**CAUSAL, **SCORES}, use_gate=True, **HEADS),
    headed("MultiHeadAttention", QUERY, QUERY, call=CAUSAL, sliding_window=2, kernel_regularizer="l2", **HEADS),
    headed("MultiHeadAttention", (2, 3, 4, 5), (2, 3, 4, 5), attention_axes=(1, 2), **HEADS),
    headed("MultiHeadAttention", (2, 3, 4, 5), (2, 3, 4, 5), attention_axes=-2, **HEADS),
    headed("MultiHeadAttention", (2, 3, 4, 5), (2, 3, 4, 5), call=SCORES, **HEADS),
    headed("MultiHeadAttention", QUERY, VALUE, call={"training": True}, dropout=0.4, seed=3, **HEADS),
    headed("MultiHeadAttention", QUERY, VALUE, dtype="mixed_bfloat16", **HEADS),
    headed("GroupQueryAttention", QUERY, VALUE, **GROUPS),
    headed("GroupQueryAttention", QUERY, VALUE, VALUE, call=SCORES, use_bias=False, **GROUPS),
    headed("GroupQueryAttention", QUERY, QUERY, call=CAUSAL, use_gate=True, sliding_window=3, **GROUPS),
    headed("GroupQueryAttention", QUERY, VALUE, call={"training": True}, dropout=0.4, seed=3, **GROUPS),
]
ROWS, COLUMNS = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0]], bool), np.array([[1, 1, 0], [0, 1, 1]], bool)


def both(case):
    """Make both layers, built by a call, with the same weights, and their inputs."""
    arrays = [np.random.default_rng(i).standard_normal(shape).astype("float32") for i, shape in enumerate(case.inputs)]
    made = [case.make(library) for library in (lamina, keras)]
    for layer in made:
        layer(*arrays, **case.call)
    rng = np.random.default_rng(9)
    made[0].set_weights([rng.standard_normal(w.shape).astype("float32") for w in made[0].weights])
    made[1].set_weights(made[0].get_weights())
    assert [w.path.split("/")[-2:] for w in made[0].weights] == [w.path.split("/")[-2:] for w in made[1].weights]
    return made, arrays


@each(HEADED)
def test_heads_say_what_those_of_keras_say(case):
    (ours, theirs), arrays = both(case)
    assert_same(ours(*arrays, **case.call), theirs(*arrays, **case.call), case.tolerance)


@pytest.mark.filterwarnings("ignore:.*mask attached to it")  # said by Keras's groups of heads, which do use it
@each([c for c in HEADED if len(c.inputs[0]) == 3])
def test_heads_use_the_masks_that_those_of_keras_use(case):
    (ours, theirs), arrays = both(case)
    masks = [ROWS, ROWS if case.inputs[1] == QUERY else COLUMNS]
    attention_mask = np.random.default_rng(4).random((2, 5, masks[1].shape[1])) > 0.3
    outputs = []
    for layer in (ours, theirs):
        inputs = [jnp.array(x) for x in arrays]
        for x, mask in zip(inputs, masks, strict=False):
            set_mask(x, jnp.asarray(mask))
        outputs.append(layer(*inputs, attention_mask=attention_mask, **case.call))
    assert_same(*outputs, case.tolerance)
    given, wanted = (y[0] if isinstance(y, tuple) else y for y in outputs)
    assert_same(get_mask(given), wanted._keras_mask)


@each([c for c in HEADED if "dtype" not in c.kwargs][:6:2] + HEADED[11:12])
def test_weights_of_heads_get_the_gradients_of_keras(case):
    (ours, theirs), arrays = both(case)
    gradients = []
    for layer, scope in ((ours, lamina.StatelessScope), (theirs, keras.StatelessScope)):

        def loss(values, layer=layer, scope=scope):
            with scope(list(zip(layer.trainable_variables, values, strict=True))):
                y = layer(*arrays, **case.call)
            return jnp.sum(jnp.sin(y[0] if isinstance(y, tuple) else y))

        gradients.append(jax.jit(jax.grad(loss))([v.value for v in layer.trainable_variables]))
    assert_same(*gradients, 1e-4)


@each(HEADED)
def test_symbolic_calls_of_heads_have_the_shapes_of_eager_ones(case):
    layer = case.make(lamina)
    tensors = [KerasTensor((None, *shape[1:])) for shape in case.inputs]
    symbolic = layer(*tensors, **case.call)
    eager = layer(*[np.ones(shape, "float32") for shape in case.inputs], **case.call)
    for x, y in zip(*(z if isinstance(z, tuple) else (z,) for z in (symbolic, eager)), strict=True):
        assert (x.shape[1:], x.dtype) == (y.shape[1:], str(y.dtype))
        assert x.shape[0] is None


def test_heads_take_sequences_of_unknown_length():
    layer = layers.MultiHeadAttention(**HEADS)
    assert layer(KerasTensor((None, None, 4)), KerasTensor((None, None, 6)), use_causal_mask=True).shape == (
        None,
        None,
        4,
    )


@each(HEADED)
def test_configs_of_heads_equal_those_of_keras(case):
    Case(case.layer, None, case.kwargs).check_config()
    (ours, theirs), _ = both(case)
    given, wanted = ours.get_config(), theirs.get_config()
    assert {k: v for k, v in given.items() if k != "attention_axes"} == {
        k: v for k, v in wanted.items() if k != "attention_axes"
    }
    assert given.get("attention_axes") == wanted.get("attention_axes")


def test_a_user_may_attend_in_another_way():
    class Uniform(layers.MultiHeadAttention):
        def _compute_attention(
            self, query, key, value, attention_mask=None, training=None, return_attention_scores=False
        ):
            self.seen = attention_mask
            return jnp.broadcast_to(value.mean(1, keepdims=True), query.shape), None

    layer = Uniform(**HEADS)
    layer(np.ones(QUERY, "float32"), np.ones(QUERY, "float32"), use_causal_mask=True)
    assert_same(layer.seen, np.tril(np.ones((1, 5, 5), bool)))


def test_a_way_to_attend_need_not_know_of_scores():
    class Uniform(layers.GroupQueryAttention):
        def _compute_attention(self, query, key, value, attention_mask=None, training=None):
            return jnp.broadcast_to(value.mean(1, keepdims=True), query.shape), None

    x = np.ones(QUERY, "float32")
    assert Uniform(4, 2, 1)(x, x).shape == QUERY


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_what_makes_no_sense_is_refused(library):
    layers = library.layers
    query, value = np.ones(QUERY, "float32"), np.ones(VALUE, "float32")
    for kwargs in [{"num_heads": 0}, {"key_dim": -1}, {"value_dim": 2.5}, {"sliding_window": 0}]:
        with pytest.raises(ValueError, match=next(iter(kwargs))):
            layers.MultiHeadAttention(**{**HEADS, **kwargs})
    with pytest.raises(ValueError, match="attention_axes"):
        layers.MultiHeadAttention(**HEADS, attention_axes=1.5)
    with pytest.raises(ValueError, match=r"[Ff]lash attention"):
        layers.MultiHeadAttention(**HEADS, dropout=0.1, flash_attention=True)
    with pytest.raises(ValueError, match="equal"):
        layers.MultiHeadAttention(**HEADS)(query, value, np.ones((2, 4, 4), "float32"))
    with pytest.raises(ValueError, match="must be equal"):
        layers.GroupQueryAttention(2, 2, 2).compute_output_shape((2, 4, 8), (2, 2, 8), (2, 1, 8))
    with pytest.raises(ValueError, match="divisible"):
        layers.GroupQueryAttention(2, 3, 2)
    with pytest.raises(ValueError, match="score_mode"):
        layers.Attention(score_mode="sum")
    for inputs in (query, [query], [query] * 4):
        with pytest.raises(ValueError, match="list"):
            layers.Attention()(inputs)
    with pytest.raises(ValueError, match="list"):
        layers.Attention()([query, value], mask=np.ones((2, 5), bool))


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("masks", [(ROWS, COLUMNS), (None, COLUMNS), (ROWS, None)], ids=["both", "value", "query"])
def test_masks_hide_values_and_queries_as_in_keras(name, masks):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype("float32") for shape in (QUERY, VALUE)]
    outputs = []
    for library in (layers, keras.layers):
        layer = getattr(library, name)(use_scale=False)
        outputs.append(layer([jnp.array(x) for x in arrays], mask=[m if m is None else jnp.asarray(m) for m in masks]))
    assert_same(*outputs)
    assert_same(get_mask(outputs[0]), getattr(outputs[1], "_keras_mask", None))


def test_a_causal_mask_adds_to_the_one_that_is_given():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 4, 6)).astype("float32")
    given = np.array([[[1, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]]], bool)
    layer = lamina.layers.MultiHeadAttention(2, 3)
    _, scores = layer(x, x, attention_mask=given, use_causal_mask=True, return_attention_scores=True)
    assert np.all((np.asarray(scores)[0, 0] > 0) == (given[0] & np.tri(4, dtype=bool)))
    query = jnp.asarray(rng.standard_normal((1, 4, 2, 3)), "float32")
    _, scores = layer._compute_attention(
        query, query, query, jnp.asarray(given), return_attention_scores=True, use_causal_mask=True
    )
    assert np.all((np.asarray(scores)[0, 0] > 1e-6) == (given[0] & np.tri(4, dtype=bool)))


def test_enabling_flash_attention_changes_nothing_where_the_device_has_none():
    x = np.ones((1, 3, 4), "float32")
    before = lamina.config.is_flash_attention_enabled()
    lamina.config.enable_flash_attention()
    try:
        assert lamina.layers.MultiHeadAttention(2, 4)(x, x).shape == (1, 3, 4)
        with mock.patch("jax.default_backend", return_value="gpu"):  # whose fused kernel takes no float32
            assert lamina.layers.MultiHeadAttention(2, 4)(x, x).shape == (1, 3, 4)
    finally:
        if not before:
            lamina.config.disable_flash_attention()


def test_flash_attention_that_is_asked_for_is_demanded_only_where_numbers_are_computed():
    x, layer = lamina.Input((3, 4)), layers.MultiHeadAttention(2, 4, flash_attention=True)
    assert layer(x, x).shape == (None, 3, 4)
    with pytest.raises(RuntimeError, match="cuDNN"):
        layer(np.ones((1, 3, 4), "float32"), np.ones((1, 3, 4), "float32"))


@pytest.mark.parametrize("wrong", [(2, 5, 7), (2, 2, 4, 6), (4, 6)])
def test_a_mask_of_the_wrong_size_is_told_with_what_it_should_have(wrong):
    query, value = np.ones((2, 5, 4), "float32"), np.ones((2, 6, 4), "float32")
    with pytest.raises(ValueError, match=r"steps of the query, steps of the value.* f32\[2,5,4\] and f32\[2,6,4\]"):
        layers.MultiHeadAttention(2, 3)(query, value, attention_mask=np.ones(wrong, bool))
