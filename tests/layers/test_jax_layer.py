"""JaxLayer and FlaxLayer do to functions of JAX and modules of Flax what Keras's do."""

import sys
import types

import flax.linen
import flax.nnx
import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.utils import jax_layer
from tests.layers.oracle import case

import lamina
from lamina import layers

rng = np.random.default_rng(0)
X = rng.standard_normal((4, 3)).astype("float32")
W, B = rng.standard_normal((3, 2)).astype("float32"), rng.standard_normal(2).astype("float32")


jax_layer.tf = types.SimpleNamespace(inside_function=lambda: False)  # which Keras asks on its JAX backend too


def known(thing):
    """Let files of both libraries name a function or class of these tests."""
    return keras.saving.register_keras_serializable("wrap")(lamina.utils.register_keras_serializable("wrap")(thing))


@known
def dense(params, inputs):
    return jnp.tanh(inputs @ params["w"] + params["b"])


@known
def start_dense(rng, inputs):
    return {"w": jax.random.normal(rng, (inputs.shape[-1], 2)), "b": jnp.zeros(2)}


@known
def counting(params, state, inputs, training):
    outputs = (inputs["a"] * params[0] + inputs["b"]) * (state["count"] + 3)
    return outputs, {"count": state["count"] + (1 if training else 0), "last": inputs["a"][0]}


@known
def start_counting(rng, inputs, training):
    assert training is True
    return [jnp.ones(3)], {"count": 1, "last": jnp.zeros(3)}


@known
def noisy(params, rng, inputs, training):
    assert (rng is None) == (not training)
    return inputs * params + (jax.random.normal(rng, inputs.shape) if training else 0)


@known
def summed(inputs):
    return jnp.sum(inputs, axis=-1, keepdims=True)


class Described(flax.linen.Module):
    """What a module needs to be written into files."""

    def get_config(self):
        return {name: getattr(self, name) for name in type(self).__annotations__ if name not in ("parent", "name")}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@known
class Small(Described):
    units: int = 4
    rate: float = 0.5

    @flax.linen.compact
    def __call__(self, inputs, training=False):
        x = flax.linen.Dense(self.units)(inputs)
        x = flax.linen.BatchNorm(use_running_average=not training)(x)
        return flax.linen.Dropout(self.rate, deterministic=not training)(x)

    @flax.linen.compact
    def plain(self, inputs):
        return flax.linen.Dense(self.units, name="only")(inputs)


@known
def from_outside(module, inputs):
    return module.plain(inputs[0]) + inputs[1]


def small():
    return Small(units=2)


STRUCTURE = {"a": X, "b": X + 1}
CASES = {
    "params": case("JaxLayer", X, call_fn=dense, params={"w": W, "b": B}),
    "init_fn": case("JaxLayer", X, call_fn=dense, init_fn=start_dense),
    "mixed": case("JaxLayer", X, call_fn=dense, init_fn=start_dense, dtype="mixed_bfloat16"),
    "state": case("JaxLayer", STRUCTURE, call_fn=counting, init_fn=start_counting).when(known=None),
    "state given": case(
        "JaxLayer",
        STRUCTURE,
        call_fn=counting,
        params=[W[:, 0]],
        state={"count": np.int32(2), "last": W[:, 0]},
    ).when(known=None),
    "no weights": case("JaxLayer", X, call_fn=summed),
    "noise": case("JaxLayer", X, call_fn=noisy, params=2.0, seed=7),
    "flax": case("FlaxLayer", X, module=Small(), seed=3),
    "flax method": case("FlaxLayer", X, module=small(), method=small().plain),
    "flax function": case("FlaxLayer", [X, X[:, :1]], module=Small(), method=from_outside).when(known=(1,)),
    "flax variables": case(
        "FlaxLayer", X, module=flax.linen.Dense(2), method=lambda module, inputs: module(inputs),
        variables={"params": {"kernel": W, "bias": B}},
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def variables_are_counted_from_zero():
    keras.utils.clear_session(free_memory=False)
    lamina.utils.clear_session()


def each(names):
    return pytest.mark.parametrize(
        "case", [CASES[name] for name in names], ids=[name.replace(" ", "_") for name in names]
    )


@each([name for name in CASES if name != "flax"])
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(["state", "noise", "flax"])
def test_outputs_and_states_of_training_equal_those_of_keras(case):
    case.when(call={"training": True}).check_outputs()


@each(["params", "state", "flax function"])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(["init_fn", "mixed", "state", "no weights", "flax", "flax function"])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(["init_fn", "mixed", "state", "no weights", "flax method", "flax function"])
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_given_values_are_the_first_weights_and_stay_with_their_owner():
    params = {"w": jnp.asarray(W), "b": jnp.asarray(B)}
    layer = layers.JaxLayer(dense, params=params)
    assert layer.built
    model = lamina.Sequential([layer])
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(X, verbose=0), np.tanh(X @ W + B), rtol=1e-5)
    model.fit(X, np.ones((4, 2)), verbose=0)
    assert not np.allclose(layer.params["w"].numpy(), W)
    np.testing.assert_array_equal(params["w"], W)


@each(["flax", "noise", "init_fn"])
def test_a_model_trains_and_is_loaded_again(case, tmp_path):
    model = lamina.Sequential([lamina.Input((3,)), case.make(lamina), layers.Dense(1)])
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(X, X[:, :1], epochs=3, batch_size=2, verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    if case is CASES["noise"]:  # a config has no values
        return
    model.save(tmp_path / "m.keras")
    again = lamina.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    theirs = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(theirs.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


def test_it_is_initialized_inside_a_model_without_build():
    class Around(lamina.Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.FlaxLayer(Small(units=1))

        def call(self, x):
            return self.inner(x)

    model = Around()
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    assert [w.shape for w in model.trainable_weights] == [(1,), (1,), (1,), (3, 1)]
    assert np.any(model.trainable_weights[3].numpy())


def test_arguments_may_be_keywords_only_and_settings_travel_with_the_state():
    def call(state, *, inputs, training):
        return inputs * state["count"], {**state, "count": state["count"] + training}

    layer = layers.JaxLayer(call, state={"count": 1, "kind": "anything"})
    assert [layer([1.0], training=True).tolist() for _ in range(2)] == [[1.0], [2.0]]
    assert layer.get_weights() == [3]


def test_first_weights_follow_the_seed():
    def start(seed):
        lamina.utils.set_random_seed(seed)
        layer = layers.JaxLayer(dense, start_dense)
        layer.build((None, 3))
        return layer.params["w"].numpy()

    np.testing.assert_array_equal(start(1), start(1))
    assert not np.array_equal(start(1), start(2))


def test_a_method_is_known_by_its_name():
    layer = layers.FlaxLayer(Small(units=2), method="plain")
    assert layer(X).shape == (4, 2)
    assert layer.get_config()["method"] == "plain"


def test_a_module_of_nnx_comes_through_its_bridge():
    with pytest.raises(TypeError, match="ToLinen"):
        layers.FlaxLayer(flax.nnx.Linear(3, 2, rngs=flax.nnx.Rngs(0)))
    bridged = flax.nnx.bridge.ToLinen(flax.nnx.Linear, args=(3, 2))
    layer = layers.FlaxLayer(bridged, method=lambda module, inputs: module(inputs))
    assert layer(X).shape == (4, 2)
    assert sorted(w.shape for w in layer.trainable_weights) == [(2,), (3, 2)]


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        (dict(call_fn=lambda params: 0, params=1.0), "Missing required argument in `call_fn`: `inputs`"),
        (dict(call_fn=lambda inputs, other: 0), "Unsupported argument in `call_fn`: `other`"),
        (dict(call_fn=dense, init_fn=lambda rng: 0), "Missing required argument in `init_fn`"),
        (dict(call_fn=dense, init_fn=lambda inputs, params: 0), "Unsupported argument in `init_fn`: `params`"),
        (dict(call_fn=dense), "cannot all be `None`"),
    ],
)
def test_functions_that_do_not_fit_are_refused_as_by_keras(kwargs, says):
    for library in (lamina, keras):
        with pytest.raises(ValueError, match=says):
            library.layers.JaxLayer(**kwargs)


def test_a_state_that_changes_its_structure_is_refused():
    layer = layers.JaxLayer(lambda state, inputs: (inputs, [state, state]), state=np.float32(0))
    with pytest.raises(ValueError, match="Structure mismatch"):
        layer(X)


def test_without_flax_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flax", None)
    with pytest.raises(ImportError, match=r"lamina\[flax\]"):
        layers.FlaxLayer(None)
