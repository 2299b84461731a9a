"""explain() of models that are no plain stacks, and of layers that nobody foresaw."""

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.tensor import KerasTensor
from lamina.explain import facts
from lamina.explain.calls import heard_calls


class Residual(lamina.Model):
    def __init__(self):
        super().__init__(name="residual")
        self.inner = [layers.Dense(6, name="one"), layers.Dense(6, name="two")]
        self.drop = layers.Dropout(0.5, name="drop")
        self.top = layers.Dense(2, name="top")

    def call(self, x, training=False):
        for layer in self.inner:
            x = x + layer(x)
        return self.top(self.drop(x, training=training))


def test_a_subclassed_model_is_explained_from_what_it_calls():
    model = Residual()
    model.build((None, 6))
    answer = model.explain()
    assert [layer.name for layer in answer.layers] == ["one", "two", "drop", "top"]
    assert answer.parameters == 42 + 42 + 14
    assert answer["drop"].training == {"differs": True, "random": True, "updates": []}
    assert answer["top"].outputs == [(None, 2)]


def test_a_subclassed_model_can_be_given_its_shape():
    assert Residual().explain((None, 6)).multiply_adds == 36 + 36 + 12


def test_a_model_inside_a_model_is_explained_too():
    base = lamina.Sequential([lamina.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.MaxPooling2D()], name="base")
    model = lamina.Sequential([lamina.Input((8, 8, 3)), base, layers.Flatten(), layers.Dense(3)])
    answer = model.explain()
    assert [layer.kind for layer in answer["base"].inner.layers] == ["Conv2D", "MaxPooling2D"]
    assert answer.multiply_adds == answer["base"].multiply_adds + 36 * 3
    assert "A model by itself, used as a layer: 2 layers inside." in str(answer)


def test_operations_of_a_graph_are_explained():
    x = lamina.Input((4,))
    y = lamina.Model(x, lamina.ops.relu(x[:, :2] * 2.0 + x[:, 2:])).explain()
    assert [layer.kind for layer in y.layers] == ["GetItem", "Multiply", "GetItem", "Add", "Relu"]
    assert y.layers[2].order.formulas == ["out[f] = in[f + 2]"]


def test_masks_are_followed_through_a_model():
    model = lamina.Sequential(
        [
            lamina.Input((5,), dtype="int32"),
            layers.Embedding(7, 4, mask_zero=True),
            layers.Dense(3),
            layers.LSTM(3, return_sequences=True),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    told = [layer.mask for layer in model.explain().layers]
    assert told == ["made", "passed on", "used and passed on", "used", None]


@pytest.mark.filterwarnings("ignore:L350")
def test_a_dropped_mask_is_told():
    model = lamina.Sequential(
        [lamina.Input((5,), dtype="int32"), layers.Embedding(7, 4, mask_zero=True), layers.Flatten(name="lost")]
    )
    assert model.explain()["lost"].mask == "dropped"
    assert "The mask is dropped here" in str(model.explain())


@pytest.mark.filterwarnings("ignore:L350")
def test_the_summary_says_what_becomes_of_the_mask():
    made = [
        layers.Embedding(7, 4, mask_zero=True),
        layers.Dropout(0.1),
        layers.LSTM(3, return_sequences=True),
        layers.Conv1D(2, 2),
        layers.Dense(1),
    ]
    lines = []
    lamina.Sequential([lamina.Input((5,), dtype="int32"), *made]).summary(print_fn=lines.append)
    told = [line.split("│")[1].strip() for line in "\n".join(lines).splitlines() if "mask" in line]
    assert told == ["mask made here", "mask passed on", "mask used and passed on", "mask dropped here"]


class Mixer(lamina.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=(shape[1], 11), name="table")

    def call(self, x):
        return jnp.einsum("btf,tu->buf", x, self.table.value)


def test_a_layer_nobody_foresaw_gets_all_that_can_be_derived():
    told = Mixer().explain((None, 5, 3))
    assert told.output_formulas == [["b", "11", "f"]]
    assert told.input_formulas == [["b", "5", "f"]]
    assert (told.parameters, told.multiply_adds, told.action) == (55, 5 * 11 * 3, "computes")
    assert str(told.weights[0]) == "5*11 table"


class Scramble(lamina.Layer):
    def call(self, x):
        return jnp.transpose(x, (0, 2, 1)).reshape(x.shape[0], -1)


def test_the_order_of_a_custom_layer_is_found_from_the_layer():
    told = Scramble().explain((None, 3, 4))
    assert told.order.formulas == ["[t, f] -> f*3 + t"]
    x = np.arange(12.0).reshape(1, 3, 4)
    y = np.asarray(Scramble()(x))[0]
    assert all(y[f * 3 + t] == x[0, t, f] for t in range(3) for f in range(4))


def test_a_relative_of_a_layer_does_not_get_its_sentence():
    class Doubled(layers.Dense):
        def call(self, x, training=None):
            return 2 * super().call(x)

    class Renamed(layers.Dense):
        pass

    assert "is a weighted sum" not in str(Doubled(3).explain((None, 4)))
    assert "Each of the 3 outputs is a weighted sum of all 4 features" in str(Renamed(3).explain((None, 4)))
    assert "of the values to zero" not in str(layers.SpatialDropout1D(0.5).explain((None, 4, 3))).split("\n")[1]


def test_layers_made_alike_share_their_facts_but_for_the_name(monkeypatch):
    traced = []
    monkeypatch.setattr(
        "lamina.explain.facts.facts_of", lambda call, real=facts.facts_of: traced.append(call) or real(call)
    )
    made = [layers.Dense(4, activation="relu", name=f"dense{i}") for i in range(4)]
    own = [layers.Lambda(lambda x, k=k: x * k, name=f"times{k}") for k in (1, 2)]
    told = lamina.Sequential([lamina.Input((4,)), *made, *own]).explain()
    assert [layer.name for layer in told.layers] == ["dense0", "dense1", "dense2", "dense3", "times1", "times2"]
    assert [call.name for call in traced] == ["dense0", "times1", "times2"]
    assert told["dense3"].parameters == 20


def test_a_layer_around_a_foreign_module_is_explained_and_traced():
    nn = pytest.importorskip("flax.linen")

    class Halved(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(3)(x[:, ::2])

    model = lamina.Sequential([lamina.Input((5, 4), name="x"), layers.FlaxLayer(Halved(), name="flax")])
    assert model.explain()["flax"].multiply_adds == 3 * 4 * 3
    assert not model.explain()["flax"].training["differs"]
    assert model.explain()["flax"].output_formulas == [["b", "(t + 1)//2", "3"]]
    assert model.trace(index=(2, 0))["x"].ranges == [(4, 4), (0, 3)]


def test_a_layer_called_again_is_told_once_and_stands_in_its_model():
    tower = lamina.Sequential([lamina.Input((4,)), layers.Dense(3, name="only")], name="tower")
    a, b = lamina.Input((4,), name="a"), lamina.Input((4,), name="b")
    told = str(lamina.Model([a, b], layers.Add(name="sum")([tower(a), tower(b)]), name="twins").explain())
    assert told.count("4·3 kernel + 3 bias = 15") == 1
    assert "\n  weights  15, of the layers inside\n" in told
    assert "\n    only (Dense)  (b, 4) -> (b, 3)\n" in told
    assert "tower[1] (Sequential)  (b, 4) -> (b, 3)\n  The same layer as tower, called once more" in told


class ResidualOfImages(lamina.Model):
    def __init__(self):
        super().__init__(name="residual")
        self.first, self.second = (layers.Conv2D(3, 3, padding="same", name=name) for name in ("first", "second"))

    def call(self, x):
        return self.second(x + self.first(x))


def test_what_a_value_sees_is_not_told_behind_what_a_model_computes_itself():
    model = ResidualOfImages()
    model(np.ones((2, 8, 8, 3), "float32"))
    told = model.explain()
    assert (told.inputs, told.outputs) == ([(None, 8, 8, 3)], [(None, 8, 8, 3)])
    assert "sees     each value sees 3 × 3 pixels" in str(told["first"])
    assert "sees     " not in str(told["second"])
    assert model.trace(index=(4, 4, 0))["input"].ranges == [(2, 6), (2, 6), (0, 2)]


def test_what_stops_a_model_before_its_first_layer_is_kept_for_the_caller():
    model = lamina.Sequential([layers.Dense(1)])
    x = KerasTensor((None, 2))
    calls, error = heard_calls(model, {1: x, "a": x})  # whose keys have no order
    assert calls == []
    assert isinstance(error, TypeError | ValueError)
