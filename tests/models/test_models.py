"""What is particular to Lamina's models: compiled calls, graphs, subclasses, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina as keras
from lamina import layers
from lamina.core.tensor import KerasTensor


def small():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])


def test_calling_a_model_on_arrays_runs_one_compiled_program(monkeypatch):
    model = small()
    x = np.ones((5, 4), "float32")
    first = model(x)
    calls = []
    monkeypatch.setattr(layers.Dense, "call", lambda *a, **k: calls.append(1))
    np.testing.assert_array_equal(model(x), first)
    assert not calls


def test_the_compiled_call_equals_the_eager_one():
    model = small()
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    compiled = model(x)
    model.run_eagerly = True
    np.testing.assert_allclose(model(x), compiled, rtol=1e-6)


def test_new_weights_are_seen_by_the_compiled_call():
    model = small()
    x = np.ones((1, 4), "float32")
    model(x)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    np.testing.assert_array_equal(model(x), 0)


def test_statistics_change_only_in_training_and_also_through_the_compiled_call():
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization()])
    x = np.random.default_rng(0).normal(3.0, size=(64, 4)).astype("float32")
    model(x)
    np.testing.assert_array_equal(model.layers[0].moving_mean.numpy(), 0)
    model(x, training=True)
    assert np.all(model.layers[0].moving_mean.numpy() > 0)
    model.layers[0].trainable = False
    before = model.layers[0].moving_mean.numpy()
    model(x, training=True)
    np.testing.assert_array_equal(model.layers[0].moving_mean.numpy(), before)


def test_dropout_differs_from_call_to_call_in_training_only():
    model = keras.Sequential([keras.Input((100,)), layers.Dropout(0.5)])
    x = np.ones((1, 100), "float32")
    np.testing.assert_array_equal(model(x), x)
    assert not np.array_equal(model(x, training=True), model(x, training=True))


def test_a_model_with_python_control_flow_on_values_falls_back_to_python():
    class Branch(layers.Layer):
        def call(self, x):
            return x if float(x.sum()) > 0 else -x

        def compute_output_shape(self, shape):
            return shape

    model = keras.Sequential([keras.Input((2,)), Branch()])
    np.testing.assert_array_equal(model(-np.ones((1, 2), "float32")), 1)


def test_models_can_be_differentiated_compiled_and_vectorised_by_jax():
    model = small()
    x = jnp.ones((3, 4))
    gradient = jax.grad(lambda a: model(a).sum())(x)
    assert gradient.shape == x.shape
    np.testing.assert_allclose(jax.jit(model)(x), model(x), rtol=1e-6)
    np.testing.assert_allclose(jax.vmap(lambda row: model(row[None])[0])(x), model(x), rtol=1e-5)


def test_a_submodel_between_layers_shares_the_weights():
    model = small()
    hidden = keras.Model(model.inputs, model.layers[0].output)
    x = np.ones((1, 4), "float32")
    top = keras.Model(model.layers[0].output, model.output)
    np.testing.assert_allclose(top(hidden(x)), model(x), rtol=1e-6)
    assert hidden.layers[-1] is model.layers[0]


def test_losses_added_in_call_are_there_after_a_compiled_call():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(jnp.sum(x))
            return x

    model = keras.Sequential([keras.Input((2,)), Penalty()])
    for _ in range(2):
        model(np.ones((3, 2), "float32"))
        assert [float(loss) for loss in model.losses] == [6.0]


def test_subclasses_build_by_running():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(3)
            self.rest = [layers.Dense(2)]

        def call(self, x):
            for layer in (self.first, *self.rest):
                x = layer(x)
            return x

    net = Net()
    net.build((None, 4))
    assert net.built
    assert [tuple(w.shape) for w in net.weights] == [(4, 3), (3,), (3, 2), (2,)]
    assert net(np.ones((1, 4), "float32")).shape == (1, 2)
    assert net.weights[0].path == f"{net.name}/{net.first.name}/kernel"


def test_a_subclass_can_pass_inputs_and_outputs_up():
    class Net(keras.Model):
        def __init__(self, units):
            x = keras.Input((4,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x))

    assert isinstance(Net(3), keras.models.Functional if hasattr(keras.models, "Functional") else keras.Model)
    assert Net(3)(np.ones((1, 4))).shape == (1, 3)


def test_sequential_grows_and_shrinks():
    model = keras.Sequential()
    model.add(keras.Input((4,)))
    model.add(layers.Dense(3))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    removed = model.pop()
    assert removed.units == 2
    assert model.output_shape == (None, 3)


def test_sequential_runs_layers_whose_shapes_cannot_be_told_and_refuses_those_with_two_inputs():
    class Untold(layers.Layer):
        def call(self, x):
            return x + 1.0

        def compute_output_spec(self, *args, **kwargs):
            raise NotImplementedError

    class TwoInputs(layers.Layer):
        def call(self, x, y):
            return x

    np.testing.assert_allclose(keras.Sequential([Untold()])(np.ones((2, 3), "float32")), np.full((2, 3), 2.0))
    with pytest.raises(ValueError, match=r"single positional argument.*\['x', 'y'\]"):
        keras.Sequential([TwoInputs()]).build((None, 2))


def test_sequential_without_input_builds_on_the_first_data():
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built
    with pytest.raises(AttributeError, match="Input"):
        _ = model.output_shape
    assert model(np.ones((2, 5))).shape == (2, 2)
    assert model.output_shape == (2, 2)


@pytest.mark.parametrize("use", ["__call__", "predict", "predict_on_batch", "evaluate", "fit", "train_on_batch"])
def test_a_layer_put_in_the_place_of_another_makes_its_weights(use):
    class Adapted(layers.Layer):
        def __init__(self, original):
            super().__init__()
            self.original, self.addition = original, layers.Dense(3, use_bias=False)

        def call(self, x):
            return self.original(x) + self.addition(x)

    x = np.ones((4, 3), "float32")
    inner = layers.TimeDistributed(layers.Dense(3))
    model = keras.Sequential([keras.Input((4, 3)), inner])
    inner._tracker.unlock()
    inner.layer = Adapted(inner.layer)
    model.compile("sgd", "mse")
    labelled = {"y": x[None]} if use in ("evaluate", "fit", "train_on_batch") else {}
    getattr(model, use)(x[None], **labelled)
    assert [v.shape for v in inner.weights] == [(3, 3), (3,), (3, 3)]
    kernel, bias, addition = model.get_weights()
    np.testing.assert_allclose(model.predict(x[None], verbose=0)[0], x @ (kernel + addition) + bias, rtol=1e-5)


def test_a_stack_that_took_its_shape_from_the_first_data_takes_others_too():
    model = keras.Sequential([layers.Flatten()])
    assert model(np.ones((3, 5, 7))).shape == (3, 35)
    assert model(np.ones((2, 7, 4))).shape == (2, 28)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: keras.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")]), "unique"),
        (lambda: keras.Sequential([keras.Input((2,)), keras.Input((3,))]), "already"),
        (lambda: keras.Sequential(["dense"]), "Layer"),
        (lambda: keras.Model(keras.Input((2,)), "no tensor"), "KerasTensors"),
        (lambda: keras.Model(keras.Input((2,)), layers.Dense(1)(keras.Input((2,)))), "disconnected"),
        (lambda: small().get_layer(), "either"),
        (lambda: small().get_layer(index=9), "9"),
        (lambda: small()(np.ones((2, 5), "float32")), r"L101.*\(batch, 4\)"),
        (
            lambda: keras.Model(keras.Input((2,), name="i"), layers.Dense(1, name="i")(keras.Input((2,)))),
            "disconnected",
        ),
    ],
)
def test_mistakes_are_told_when_they_are_made(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_one_sample_without_its_batch_is_recognised():
    with pytest.raises(ValueError, match=r"x\[None\]"):
        keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten()])(np.ones((8, 8, 3)))


def test_symbolic_calls_of_a_model_leave_a_node():
    y = small()(KerasTensor((None, 4)))
    assert y.shape == (None, 2)


def test_very_deep_models_are_made_and_run():
    x = y = keras.Input((2,))
    for _ in range(400):
        y = layers.Activation("linear")(y)
    assert keras.Model(x, y)(np.ones((1, 2))).shape == (1, 2)


def test_a_model_gives_and_takes_its_state_as_a_tree():
    first, second = small(), small()
    tree = first.get_state_tree(value_format="numpy_array")
    names = [w.path for w in second.weights]
    assert set(tree) == {"trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"}
    renamed = dict(zip(names, first.get_weights(), strict=True))
    nested = {}
    for path, value in renamed.items():
        model, layer, name = path.split("/")
        nested.setdefault(model, {}).setdefault(layer, {})[name] = value
    second.set_state_tree({"trainable_variables": nested})
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(first(x), second(x))


def test_inputs_that_are_not_used_or_taken_in_order_are_told_once():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    model = keras.Model({"a": a, "b": b}, layers.Add()([a, b]))
    one = np.ones((1, 2), "float32")
    with pytest.warns(UserWarning, match="The structure of `inputs` doesn't match"):
        model({"a": one, "b": one, "c": one})
    model({"a": one, "b": one, "c": one})
    other = keras.Model({"a": a, "b": b}, layers.Add()([a, b]))
    with pytest.warns(UserWarning, match="The structure of `inputs` doesn't match"):
        other([one, one])


@pytest.mark.parametrize("make", [lambda: keras.Model(), lambda: keras.Sequential([keras.Input((2,))])])
def test_the_list_of_layers_is_not_to_be_set(make):
    with pytest.raises(AttributeError, match="attribute is reserved"):
        make().layers = []


@pytest.mark.parametrize("model", [small(), keras.Sequential([layers.Dense(2)])], ids=["built", "on the first data"])
def test_a_model_takes_new_layers_also_after_it_was_called(model):
    model(np.ones((5, 4), "float32"))
    model.head = layers.Dense(3)
    assert model.head in model._layers


@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_a_model_hands_arguments_on_to_the_layers_that_register_them(kind):
    class Shifted(layers.Layer):
        def __init__(self):
            super().__init__()
            self._register_call_context_args("shift")

        def call(self, x, shift=0.0):
            return x + shift

    x = keras.Input((1,))
    model = keras.Model(x, Shifted()(x)) if kind == "functional" else keras.Sequential([Shifted()])
    model._register_call_context_args("shift")
    assert model(np.ones((1, 1)), shift=2.0).tolist() == [[3.0]]
    assert model(np.ones((1, 1))).tolist() == [[1.0]]


def test_a_build_of_ones_own_may_end_with_that_of_the_model():
    class Grown(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(3)

        def build(self, input_shape):
            self.second = layers.Dense(2)
            super().build(input_shape)

        def call(self, x):
            return self.second(self.first(x))

    built, called = Grown(), Grown()
    built.build((None, 4))
    assert called(np.ones((2, 4))).shape == built(np.ones((2, 4))).shape == (2, 2)
    assert [w.shape for w in built.weights] == [w.shape for w in called.weights] == [(4, 3), (3,), (3, 2), (2,)]
