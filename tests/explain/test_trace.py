"""trace: which elements reach which, against putting NaN into every element of the real layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.explain import trace
from lamina.explain.explanation import call_of
from lamina.explain.influence import Influence
from lamina.explain.words.relations import relation


def reached_by_nan(layer, shape):
    """Put NaN into one input element after the other, each in a sample of its own, and see where it comes out."""
    x = np.random.default_rng(0).normal(size=(1, *shape)).astype("float32")
    x = np.repeat(x, np.prod(shape), axis=0)
    x.reshape(len(x), -1)[np.diag_indices(len(x))] = np.nan
    y = np.isnan(np.asarray(layer(x)))
    return y.reshape(*shape, *y.shape[1:])


def one(shape, index):
    elements = np.zeros(shape, bool)
    elements[index] = True
    return elements


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Dense(3), (4, 2)),
        (layers.Conv2D(2, 3, strides=2, padding="same"), (4, 5, 2)),
        (layers.Conv2D(4, 2, groups=2), (3, 3, 4)),
        (layers.Conv1D(2, 3, padding="causal", dilation_rate=2), (6, 2)),
        (layers.Conv2DTranspose(2, 3, strides=2), (2, 3, 2)),
        (layers.DepthwiseConv2D(2), (3, 3, 2)),
        (layers.MaxPooling2D(), (5, 4, 2)),
        (layers.AveragePooling2D(3, 1, padding="same"), (4, 3, 1)),
        (layers.GlobalAveragePooling1D(), (4, 3)),
        (layers.LayerNormalization(), (3, 4)),
        (layers.BatchNormalization(), (3, 4)),
        (layers.Activation("softmax"), (2, 3)),
        (layers.LSTM(2, return_sequences=True), (4, 2)),
        (layers.GRU(2, go_backwards=True), (4, 2)),
        (layers.Bidirectional(layers.LSTM(2, return_sequences=True)), (3, 2)),
        (layers.Flatten("channels_first"), (2, 3, 2)),
        (layers.ZeroPadding2D(1), (2, 3, 1)),
        (layers.UpSampling2D(2), (2, 2, 2)),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_influence_is_what_nan_shows(layer, shape):
    layer.build((None, *shape))
    found = reached_by_nan(layer, shape)
    influence = Influence(call_of(layer, (None, *shape)))
    for index in np.ndindex(*shape):
        np.testing.assert_array_equal(influence.forward([one(shape, index)])[0], found[index])
    outputs = found.shape[len(shape) :]
    for index in list(np.ndindex(*outputs))[:40]:
        np.testing.assert_array_equal(influence.backward([one(outputs, index)])[0], found[(..., *index)])


class Masked(layers.Layer):
    """Attention written by hand, its mask added to the scores."""

    def call(self, x):
        scores = lamina.ops.matmul(x, lamina.ops.transpose(x, (0, 2, 1)))
        hidden = 1 - lamina.ops.tril(lamina.ops.ones(scores.shape[1:]))
        return lamina.ops.matmul(lamina.ops.softmax(scores - 1e9 * hidden), x)


CAUSAL = {"use_causal_mask": True}


@pytest.mark.parametrize(
    ("attend", "seen"),
    [
        (lambda x: layers.MultiHeadAttention(2, 4)(x, x), range(4)),
        (lambda x: layers.MultiHeadAttention(2, 4)(x, x, **CAUSAL), range(2)),
        (lambda x: layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x, **CAUSAL), range(2)),
        (lambda x: layers.MultiHeadAttention(2, 4)(x, x, attention_mask=np.eye(4, dtype=bool)[None]), [1]),
        (lambda x: layers.GroupQueryAttention(3, 4, 2)(x, x, **CAUSAL), range(2)),
        (lambda x: layers.Attention()([x, x], **CAUSAL), range(2)),
        (lambda x: layers.AdditiveAttention()([x, x], **CAUSAL), range(2)),
        (Masked(), range(2)),
    ],
)
def test_what_a_mask_hides_from_attention_has_no_say(attend, seen):
    x = lamina.Input((4, 3), name="x")
    elements = lamina.Model(x, attend(x)).trace(index=(1, 0))["x"].elements
    assert np.flatnonzero(elements.any(axis=1)).tolist() == list(seen)
    assert elements[list(seen)].all()


@pytest.fixture
def network():
    return lamina.Sequential(
        [
            lamina.Input((12, 12, 1), name="image"),
            layers.Conv2D(3, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(4, name="top"),
        ]
    )


def test_an_element_is_followed_back_to_the_pixels(network):
    assert str(network.trace("flat", 17)) == (
        "Where flat[17] comes from\n"
        "  flat[17] is a copy of pool[1, 0, 2]\n"
        "  pool[1, 0, 2] is the maximum of conv[2..3, 0..1, 2]\n"
        "  conv[2..3, 0..1, 2] are computed from image[2..5, 0..3, 0]: image rows 2..5, columns 0..3"
    )


def test_a_pixel_is_followed_to_the_outputs(network):
    found = network.trace(index=(3, 4), forward=True)
    assert found["conv"].ranges == [(1, 3), (2, 4), (0, 2)]
    assert found["pool"].ranges == [(0, 1), (1, 2), (0, 2)]
    assert found["top"].count == 4
    assert str(found).startswith(
        "What image[3, 4, 0] reaches\n  image[3, 4, 0] reaches conv[1..3, 2..4, 0..2]: 27 of 300"
    )


def test_contributions_add_up_to_the_output(network):
    x = np.random.default_rng(0).normal(size=(2, 12, 12, 1)).astype("float32")
    found = network.trace("top", 2, x)
    assert found.value == pytest.approx(float(network(x)[0, 2]), rel=1e-5)
    parts = [part for *_, part in found.contributions]
    assert sum(parts) + found.rest == pytest.approx(found.value, rel=1e-5)
    assert sorted(map(abs, parts), reverse=True) == list(map(abs, parts))
    assert abs(found.rest) < 1e-5  # no biases yet: the network is linear in its active part


def test_where_a_trace_ends_it_says_so(network):
    assert str(network.trace("image", (3, 4))).splitlines()[1:] == ["  image[3, 4, 0] is given to the model."]
    assert str(network.trace("top", 0, forward=True)).splitlines()[1:] == ["  Nothing reads top[0]."]


def test_branches_are_told_apart():
    x = lamina.Input((6,), name="x")
    left, right = layers.Dense(4, name="left")(x), layers.Dense(4, name="right")(x[:, :3])
    model = lamina.Model(x, layers.Concatenate(name="join")([left, right]))
    assert str(model.trace(index=1)).splitlines()[1:] == [
        "  join[1] is a copy of left[1]",
        "  left[1] is computed from all 6 of x",
    ]
    assert model.trace(index=5)["x"].ranges == [(0, 2)]


def test_shared_layers_are_followed_through_every_call():
    a, b = lamina.Input((2,), name="a"), lamina.Input((2,), name="b")
    tower = layers.Dense(3, name="tower")
    model = lamina.Model([a, b], layers.Add(name="sum")([tower(a), tower(b)]))
    assert [region.name for region in model.trace(index=0).regions] == ["tower", "tower[1]", "b", "a"]


def test_a_recurrent_step_sees_the_steps_up_to_it():
    model = lamina.Sequential([lamina.Input((5, 3), name="x"), layers.LSTM(4, return_sequences=True)])
    assert model.trace(index=(2, 0))["x"].ranges == [(0, 2), (0, 2)]


def test_wrong_names_and_indices_are_answered(network):
    with pytest.raises(ValueError, match="Did you mean 'flat'"):
        network.trace("flatt")
    with pytest.raises(ValueError, match=r"A sample of top has the shape \(4,\); there is no element 9"):
        network.trace("top", 9)
    with pytest.raises(ValueError, match="Give `input_shape`"):
        lamina.Model(x := lamina.Input((None, 3)), layers.Dense(2)(x)).trace(index=0)


def test_a_layer_alone_is_traced():
    assert "flat[17] is a copy of input[1, 1, 1]" in str(
        trace(layers.Flatten(name="flat"), index=17, input_shape=(None, 2, 3, 4))
    )


def test_a_pixel_is_followed_through_branches_and_shared_layers():
    x = lamina.Input((6,), name="x")
    tower = layers.Dense(2, name="tower")
    left, right = tower(x[:, :3]), tower(x[:, 3:])
    model = lamina.Model(x, layers.Concatenate(name="join")([left, right]))
    assert model.trace(index=1, forward=True)["join"].ranges == [(0, 1)]
    assert model.trace(index=4, forward=True)["join"].ranges == [(2, 3)]


def test_a_step_reaches_the_steps_behind_it():
    model = lamina.Sequential([lamina.Input((5, 3), name="x"), layers.GRU(4, return_sequences=True, name="gru")])
    assert model.trace(index=(2, 0), forward=True)["gru"].ranges == [(2, 4), (0, 3)]


def test_attention_looks_at_every_step():
    x = lamina.Input((5, 8), name="x")
    model = lamina.Model(x, layers.MultiHeadAttention(2, 4)(x, x))
    assert model.trace(index=(1, 0))["x"].ranges == [(0, 4), (0, 7)]


class Numbered(layers.Layer):
    """A loop over steps that a constant goes with: it leaves the odd ones out."""

    def call(self, x):
        def add(total, row):
            step, weight = row
            total = total + jnp.where(weight > 0, step, 0.0)
            return total, total

        rows = x.swapaxes(0, 1), jnp.asarray([1.0, 0.0, 1.0, 0.0])
        return jax.lax.scan(add, jnp.zeros_like(x[:, 0]), rows)[0]


def test_a_constant_beside_a_loop_counts_as_it_is():
    reached = Influence(call_of(Numbered(), (None, 4, 2))).backward([one((2,), (0,))])[0]
    assert reached.tolist() == [[True, False], [False, False], [True, False], [False, False]]


def test_the_inputs_of_a_model_come_in_its_own_order():
    a, b = lamina.Input((5,), name="left"), lamina.Input((3,), name="right")
    model = lamina.Model([a, b], layers.Concatenate(name="join")([a, layers.Dense(4, name="hidden")(b)]))
    assert str(model.trace(index=2, forward=True)).splitlines() == [
        "What left[2] reaches",
        "  left[2] reaches join[2]: 1 of 9",
    ]
    assert str(model.trace("right", 0, forward=True)).splitlines()[1:] == [
        "  right[0] reaches all 4 of hidden",
        "  all 4 of hidden reach join[5..8]: 4 of 9",
    ]


class Skip(lamina.Model):
    """Computes between its layers, reads a weight of its own, and gives attention a mask that it makes itself."""

    def __init__(self):
        super().__init__(name="skip")
        self.inner, self.top = layers.Dense(4, name="inner"), layers.Dense(2, name="top")
        self.attend = layers.MultiHeadAttention(1, 2, name="attend")
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, data):
        x, gate = data["x"], data["gate"]
        h = self.top(self.scale * self.inner(x)[:, :3] + gate)
        steps = x[:, :, None]
        seen = self.attend(steps, steps, attention_mask=np.tril(np.ones((4, 4), bool))[None])
        return h * seen[:, 1, 0, None]


DATA = {
    "x": np.random.default_rng(1).normal(size=(2, 4)).astype("float32"),
    "gate": np.random.default_rng(2).normal(size=(2, 3)).astype("float32"),
}


@pytest.fixture(scope="module")
def skip():
    model = Skip()
    model(DATA)
    return model


def test_what_a_model_computes_between_its_layers_is_not_lost(skip):
    assert str(skip.trace(index=1, x=DATA)).splitlines()[1:5] == [
        "  skip[1] is computed from top[1] and attend[1, 0]",
        "  attend[1, 0] is computed from x[0..1]",
        "  top[1] is computed from all 3 of gate and inner[0..2]",
        "  inner[0..2] are computed from all 4 of x",
    ]


def test_a_layer_inside_a_model_that_computes_between_is_followed_both_ways(skip):
    back = skip.trace("top", 0, input_shape={"x": (None, 4), "gate": (None, 3)})
    assert [(r.name, r.count) for r in back.regions] == [("gate", 3), ("inner", 3), ("x", 4)]
    onward = skip.trace("x", 3, forward=True, input_shape={"x": (None, 4), "gate": (None, 3)})
    reached = {region.name: region.count for region in onward.regions}
    assert reached == {"inner": 4, "top": 2, "attend": 1, "skip": 2}
    data = {**DATA, "x": np.where(np.arange(4) == 3, np.nan, DATA["x"])}
    assert np.isnan(np.asarray(skip(data))).all()  # the real model agrees


class Dropping(lamina.Model):
    def __init__(self):
        super().__init__(name="dropping")
        self.inner, self.drop = layers.Dense(3, name="inner"), layers.Dropout(0.5, name="drop")

    def call(self, pair, training=False):
        return self.drop(self.inner(pair[0] + pair[1]), training=training)


def test_a_layer_that_passes_on_what_it_gets_is_a_step_of_its_own():
    model = Dropping()
    shapes = [(None, 2), (None, 2)]
    assert str(model.trace(index=1, input_shape=shapes)).splitlines()[1:] == [
        "  drop[1] is computed from inner[1]",
        "  inner[1] is computed from all 2 of input and all 2 of input_1",
    ]
    assert model.trace("inner", 0, input_shape=shapes)["input_1"].count == 2


def test_contributions_to_a_model_that_computes_between_add_up_to_what_it_gives(skip):
    found = skip.trace(index=1, x=DATA)
    assert found.value == pytest.approx(float(skip(DATA)[0, 1]), rel=1e-5)
    assert {entry.source for entry in found.contributions} == {"x", "gate"}
    assert sum(entry.contribution for entry in found.contributions) + found.rest == pytest.approx(found.value, rel=1e-5)
    entry = found.contributions[0]
    assert entry.value == DATA[entry.source][0][entry.index]


def test_integers_contribute_through_the_rows_looked_up_for_them():
    ids, k = lamina.Input((4,), dtype="int32", name="ids"), lamina.Input((2,), name="k")
    rows = layers.Embedding(10, 3, mask_zero=True, name="rows")(ids)
    pooled = layers.GlobalAveragePooling1D(name="mean")(rows)
    top = layers.Dense(1, name="top")
    model = lamina.Model({"ids": ids, "k": k}, top(layers.Concatenate()([pooled, k])))
    x = {"ids": np.asarray([[7, 2, 7, 0]]), "k": np.asarray([[3.0, -1.0]])}
    found = model.trace(index=0, x=x)
    assert found.value == pytest.approx(float(model(x)[0, 0]), rel=1e-5)
    kernel, table = np.asarray(top.kernel.value)[:, 0], np.asarray(model.get_layer("rows").embeddings.value)
    told = {(entry.source, entry.index): entry for entry in found.contributions}
    assert ("ids", (3,)) not in told  # padding: masked
    for place, word in enumerate((7, 2, 7)):
        entry = told["ids", (place,)]
        assert (entry.value, entry.slope) == (word, None)
        assert entry.contribution == pytest.approx(table[word] @ kernel[:3] / 3, rel=1e-4)
    assert told["k", (0,)].contribution == pytest.approx(3 * kernel[3], rel=1e-5)
    assert abs(found.rest) < 1e-5
    assert "(the row of an integer times its\n  slopes)" in str(found)


def test_a_graph_of_unknown_sizes_is_traced_at_sizes_that_are_given():
    model = lamina.Sequential([lamina.Input((None, 3), name="x"), layers.GRU(2, return_sequences=True)])
    assert model.trace(index=(2, 0), input_shape=(None, 5, 3))["x"].ranges == [(0, 2), (0, 2)]
    assert model.trace(index=(1, 0), x=np.ones((1, 4, 3)))["x"].ranges == [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (layers.Cropping1D(1), "is a copy of"),
        (layers.ZeroPadding3D(), "is a copy of"),
        (layers.GlobalAveragePooling1D(), "is the average of"),
        (layers.GlobalMaxPooling3D(), "is the maximum of"),
        (layers.AveragePooling1D(2), "is the average of"),
        (layers.Add(), "is the sum of"),
        (layers.Dense(1), "is computed from"),
    ],
)
def test_what_an_element_is_to_others_is_said_of_a_layer_in_any_dimension(layer, said):
    assert relation(layer)[0] == said
