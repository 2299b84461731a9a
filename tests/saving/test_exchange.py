"""Keras reads what Lamina wrote and the other way round, and both write the same."""

import keras
import numpy as np
import pytest
from tests import every_layer
from tests.saving.exchange import LIBRARIES, build, config_of, data, layout_of, outputs, randomize

import lamina

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own variables


def sequential(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((8, 8, 1)),
            layers.Conv2D(2, 3, activation="relu", kernel_regularizer="l2", kernel_constraint="max_norm"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, kernel_initializer="he_normal"),
            layers.Dense(2, activation="softmax"),
        ],
        name="digits",
    )


def three_branches(k):
    layers = k.layers
    images = k.Input((8, 8, 2), name="images")
    branches = [layers.Conv2D(2, size, padding="same")(images) for size in (1, 3, 5)]
    features = layers.Flatten()(layers.Concatenate()(branches))
    return k.Model(images, layers.Dense(3, name="out")(features))


def shared_layer_and_structures(k):
    layers = k.layers
    left, right = k.Input((4,), name="l"), k.Input((4,), name="r")
    shared = layers.Dense(3, activation="tanh")
    both = layers.Add()([shared(left), shared(right)])
    return k.Model({"l": left, "r": right}, {"sum": both, "score": layers.Dense(1)(both)})


def model_as_layer(k):
    layers = k.layers
    base = k.Sequential([k.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Conv2D(2, 3)], name="base")
    images = k.Input((6, 6, 1))
    return k.Model(images, layers.Dense(2)(layers.Flatten()(base(images))), name="head")


def recurrent(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((5,), dtype="int32"),
            layers.Embedding(7, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(3)),
            layers.GRU(3, return_sequences=True),
            layers.SimpleRNN(2),
        ]
    )


def operations(k):
    x = k.Input((4,))
    y = k.layers.Dense(4)(x)
    y = k.ops.relu(y) * 2.0 + x
    return k.Model(x, k.ops.concatenate([y, k.ops.mean(x, axis=1, keepdims=True)], axis=-1))


def mixed_precision(k):
    layers = k.layers
    policy = k.DTypePolicy("mixed_bfloat16")
    return k.Sequential([k.Input((4,)), layers.Dense(3, dtype=policy), layers.Dense(2, dtype="bfloat16")])


MODELS = {
    "sequential": (sequential, data((2, 8, 8, 1))),
    "three branches": (three_branches, data((2, 8, 8, 2))),
    "shared layer": (shared_layer_and_structures, dict(zip("lr", data((2, 4), (2, 4)), strict=True))),
    "model as layer": (model_as_layer, data((2, 6, 6, 1))),
    "recurrent": (recurrent, data((2, 5), integers=7)),
    "operations": (operations, data((2, 4))),
    "mixed precision": (mixed_precision, data((2, 4))),
}


@pytest.fixture(params=MODELS)
def case(request):
    return MODELS[request.param]


def save_and_load(tmp_path, case, writer, reader):
    make, x = case
    model = build(LIBRARIES[writer], make)
    randomize(model)
    path = tmp_path / f"{writer}.keras"
    model.save(path)
    return model, LIBRARIES[reader].models.load_model(path), x


@pytest.mark.parametrize(("writer", "reader"), [("lamina", "lamina"), ("lamina", "keras"), ("keras", "lamina")])
def test_a_model_gives_the_same_after_it_went_through_a_file(tmp_path, case, writer, reader):
    model, loaded, x = save_and_load(tmp_path, case, writer, reader)
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(outputs(model, x), outputs(loaded, x), strict=True):
        np.testing.assert_allclose(ours.astype("float32"), theirs.astype("float32"), rtol=1e-4, atol=1e-5)


def test_both_libraries_write_the_same(tmp_path, case):
    make, _ = case
    for name, library in LIBRARIES.items():
        build(library, make).save(tmp_path / f"{name}.keras")
    assert config_of(tmp_path / "lamina.keras") == config_of(tmp_path / "keras.keras")
    assert layout_of(tmp_path / "lamina.keras") == layout_of(tmp_path / "keras.keras")


def test_weights_files_go_both_ways(tmp_path, case):
    make, _ = case
    models = {name: build(library, make) for name, library in LIBRARIES.items()}
    for writer, reader in (("lamina", "keras"), ("keras", "lamina")):
        randomize(models[writer], seed=len(writer))
        models[writer].save_weights(tmp_path / "x.weights.h5")
        models[reader].load_weights(tmp_path / "x.weights.h5")
        for ours, theirs in zip(models[writer].get_weights(), models[reader].get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_json_goes_both_ways(case):
    make, _ = case
    texts = {name: build(library, make).to_json() for name, library in LIBRARIES.items()}
    ours = lamina.models.model_from_json(texts["keras"])
    theirs = keras.models.model_from_json(texts["lamina"])
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]


OPTIMIZERS = {
    "sgd": lambda k: k.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda k: k.optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda k: k.optimizers.AdamW(0.01, weight_decay=0.1),
    "rmsprop": lambda k: k.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "schedule": lambda k: k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
}


def compiled(k, optimizer):
    model = k.Sequential([k.Input((4,)), k.layers.Dense(3, activation="relu"), k.layers.Dense(2)])
    model.compile(optimizer(k), loss=k.losses.MeanSquaredError(), metrics=["mae", k.metrics.MeanSquaredError()])
    return model


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize(("writer", "reader"), [("lamina", "lamina"), ("lamina", "keras"), ("keras", "lamina")])
def test_training_goes_on_where_it_was(tmp_path, writer, reader, optimizer):
    x, y = data((8, 4)), data((8, 2), seed=1)
    model = build(LIBRARIES[writer], lambda k: compiled(k, optimizer))
    randomize(model)
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(tmp_path / "x.keras")
    loaded = LIBRARIES[reader].models.load_model(tmp_path / "x.keras")
    for theirs, ours in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(theirs), np.asarray(ours))
    for m in (model, loaded):
        m.train_on_batch(x, y)
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_compiled_models_are_written_the_same(tmp_path, optimizer):
    x, y = data((8, 4)), data((8, 2), seed=1)
    for name, library in LIBRARIES.items():
        model = build(library, lambda k: compiled(k, optimizer))
        model.train_on_batch(x, y)
        model.save(tmp_path / f"{name}.keras")
    assert config_of(tmp_path / "lamina.keras") == config_of(tmp_path / "keras.keras")
    assert layout_of(tmp_path / "lamina.keras") == layout_of(tmp_path / "keras.keras")


@pytest.mark.parametrize(("writer", "reader"), [("lamina", "keras"), ("keras", "lamina")])
def test_without_compile_the_model_comes_uncompiled(tmp_path, writer, reader):
    model = build(LIBRARIES[writer], lambda k: compiled(k, OPTIMIZERS["adam"]))
    model.save(tmp_path / "x.keras")
    assert not LIBRARIES[reader].models.load_model(tmp_path / "x.keras", compile=False).compiled


def subclassed(k):
    """A model of its own class, with layers in all the places Keras looks for them."""

    class Net(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.a = k.layers.Dense(2)
            self.z = k.layers.Dense(3)
            self._private = k.layers.Dense(2)
            self.items = [k.layers.Dense(2), [k.layers.Dense(3)]]
            self.named = {"u": k.layers.LSTM(2)}
            self.both = k.layers.Bidirectional(k.layers.GRU(2))

        def call(self, x):
            x = self._private(self.z(self.a(x)))
            x = self.items[1][0](self.items[0](x))[:, None]
            return self.both(self.named["u"](x)[:, None])

    return Net


@pytest.mark.parametrize(("writer", "reader"), [("lamina", "lamina"), ("lamina", "keras"), ("keras", "lamina")])
def test_a_subclassed_model_goes_through_a_file(tmp_path, writer, reader):
    x = data((2, 5))
    model = build(LIBRARIES[writer], lambda k: subclassed(k)())
    model(x)
    randomize(model)
    model.save(tmp_path / "x.keras")
    loaded = LIBRARIES[reader].models.load_model(tmp_path / "x.keras", {"Net": subclassed(LIBRARIES[reader])})
    np.testing.assert_allclose(outputs(model, x)[0], outputs(loaded, x)[0], rtol=1e-5, atol=1e-6)


def test_a_subclassed_model_has_the_same_places_in_both(tmp_path):
    for name, library in LIBRARIES.items():
        model = build(library, lambda k: subclassed(k)())
        model(data((2, 5)))
        model.save(tmp_path / f"{name}.keras")
    assert layout_of(tmp_path / "lamina.keras") == layout_of(tmp_path / "keras.keras")


class Pair(lamina.Model):
    """With a `compile` of its own, as many examples of adversarial training have it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.out = lamina.layers.Dense(2)

    def compile(self, first_optimizer, second_optimizer):
        super().compile()
        self.optimizers = [first_optimizer, second_optimizer]

    def call(self, x):
        return self.out(x)


def test_a_compile_of_ones_own_is_not_called_by_loading(tmp_path):
    model = Pair()
    y = model(data((2, 3)))
    model.compile("sgd", "adam")
    model.save(tmp_path / "x.keras")
    with pytest.warns(UserWarning, match=r"the model's `compile\(\)` method is custom"):
        loaded = lamina.models.load_model(tmp_path / "x.keras", {"Pair": Pair})
    np.testing.assert_array_equal(loaded(data((2, 3))), y)


class Loop(lamina.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = [lamina.layers.Dense(2)]
        self.parts.append(self.parts)

    def call(self, x):
        return self.parts[0](x)


def test_a_list_that_holds_itself_holds_up_nothing(tmp_path):
    model = Loop()
    y = model(data((2, 3)))
    model.save(tmp_path / "x.keras")
    np.testing.assert_array_equal(lamina.models.load_model(tmp_path / "x.keras", {"Loop": Loop})(data((2, 3))), y)


class Twice(lamina.layers.Wrapper):
    def call(self, x):
        return 2 * self.layer(x)


class Graph(lamina.Model):
    def __init__(self, units=2):
        inputs = lamina.Input((3,))
        super().__init__(inputs, Twice(lamina.layers.Dense(units))(inputs))
        self.units = units

    def get_config(self):
        return {"units": self.units}


def test_a_graph_and_a_wrapper_of_the_users_own_are_made_again(tmp_path):
    model = Graph(4)
    model.save(tmp_path / "x.keras")
    loaded = lamina.models.load_model(tmp_path / "x.keras", {"Graph": Graph, "Twice": Twice})
    assert type(loaded) is Graph
    np.testing.assert_array_equal(loaded(data((2, 3))), model(data((2, 3))))
    config = model.layers[1].get_config()
    assert Twice.from_config(config).layer.units == 4


class Gate(lamina.layers.Layer):
    """Has several inputs, and no `build`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = lamina.layers.Dense(3)

    def call(self, x, gate, shift):
        return self.scale(x) * gate + shift


def test_a_layer_of_several_inputs_that_its_call_builds_is_made_again(tmp_path):
    inputs = [lamina.Input((3,)), lamina.Input((3,)), lamina.Input(batch_shape=(3,))]
    model = lamina.Model(inputs, Gate()(*inputs))
    model.save(tmp_path / "x.keras")
    loaded = lamina.models.load_model(tmp_path / "x.keras", {"Gate": Gate})
    x = [data((2, 3)), data((2, 3)), data((3,))]
    np.testing.assert_array_equal(loaded(x), model(x))


@pytest.mark.parametrize("reader", LIBRARIES.values(), ids=LIBRARIES)
def test_an_op_as_activation_is_not_taken_for_the_activation_of_its_name(tmp_path, reader):
    """`ops.gelu` is an approximation unless told otherwise, `activations.gelu` is not."""
    model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(4, activation=lamina.ops.gelu)])
    model.save(tmp_path / "x.keras")
    x = 3 * data((9, 3))
    loaded = reader.models.load_model(tmp_path / "x.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def lambda_model(k):
    return k.Sequential([k.Input((3,)), k.layers.Lambda(lambda x: x * 2 + 1), k.layers.Dense(1)])


@pytest.mark.parametrize(("writer", "reader"), [("lamina", "lamina"), ("lamina", "keras"), ("keras", "lamina")])
def test_a_lambda_layer_loads_only_when_asked_for(tmp_path, writer, reader):
    model = build(LIBRARIES[writer], lambda_model)
    model.save(tmp_path / "x.keras")
    with pytest.raises(ValueError, match="lambda"):
        LIBRARIES[reader].models.load_model(tmp_path / "x.keras")
    loaded = LIBRARIES[reader].models.load_model(tmp_path / "x.keras", safe_mode=False)
    x = data((2, 3))
    np.testing.assert_allclose(outputs(model, x)[0], outputs(loaded, x)[0], rtol=1e-5)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`")
@pytest.mark.parametrize("mode", [None, "int4"])
def test_low_rank_additions_go_through_files_both_ways(tmp_path, mode):
    """What is added is merged into the weight, and that put into few bits anew; files without additions are tried in
    tests/models/test_quantization.py."""

    def make(k):
        layers = [k.layers.Embedding(7, 8), k.layers.Dense(6), k.layers.EinsumDense("abc,cd->abd", (5, 4))]
        model = k.Sequential([k.Input((5,), dtype="int32"), *layers])
        for layer in layers:
            layer.enable_lora(2, lora_alpha=3)
        return model

    x = data((2, 5), integers=7)
    for writer, reader in ((lamina, keras), (keras, lamina)):
        model = build(writer, make)
        rng = np.random.default_rng(0)
        model.set_weights([rng.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
        if mode:
            model.quantize(mode)
        model.save(tmp_path / "x.keras")
        loaded = reader.models.load_model(tmp_path / "x.keras")
        again = writer.models.load_model(tmp_path / "x.keras") if mode else model
        np.testing.assert_allclose(outputs(loaded, x)[0], outputs(again, x)[0], rtol=1e-3, atol=1e-3)
        assert all(layer.lora_enabled for layer in loaded.layers)


def test_layers_of_a_graph_of_keras_still_know_training_from_inference(tmp_path):
    """Keras writes the default of each call's `training` into the graph; it must not hold for good."""

    def make(k):
        x, layers = k.Input((4, 50, 1)), k.layers
        moved = layers.RandomTranslation(0.0, 0.4, fill_mode="constant")(x)
        return k.Model(x, [layers.Dropout(0.5)(x), moved, layers.Dropout(0.5)(x, training=True)])

    build(keras, make).save(tmp_path / "x.keras")
    model, x = lamina.models.load_model(tmp_path / "x.keras"), np.ones((3, 4, 50, 1), "float32")
    *others, told_to_train = outputs(model, x)
    for y in others:
        np.testing.assert_array_equal(y, x)
    for y in (told_to_train, *model(x, training=True)):
        assert np.any(np.asarray(y) == 0)


def test_models_inside_a_model_go_on_sharing_a_layer(tmp_path):
    layers = lamina.layers
    shared = layers.Dense(3)

    def branch():
        x = lamina.Input((4,))
        return lamina.Model(x, layers.Dense(2)(shared(shared(layers.Dense(4)(x))[:, :1] * [[1.0] * 4])))

    x = lamina.Input((4,))
    model = lamina.Model(x, layers.Add()([branch()(x), branch()(x)]))
    randomize(model)
    model.save(tmp_path / "x.keras")
    loaded = lamina.models.load_model(tmp_path / "x.keras")
    assert len(loaded.weights) == len(model.weights) == 10
    np.testing.assert_allclose(outputs(loaded, data((2, 4)))[0], outputs(model, data((2, 4)))[0], rtol=1e-6)


def test_every_layer_has_its_place_in_a_model_here():
    assert every_layer.missing() == set(), "give new layers a row in tests/every_layer.py"


@pytest.mark.parametrize("group", every_layer.GROUPS, ids=lambda group: group.__name__)
def test_every_layer_goes_through_files_both_ways(tmp_path, group):
    """That layers of the same config and weights compute the same is shown in tests/layers."""
    models = {name: every_layer.make(library, group) for name, library in LIBRARIES.items()}
    for name, model in models.items():
        randomize(model)
        model.save(tmp_path / f"{name}.keras")
    ours, theirs = (config_of(tmp_path / f"{name}.keras")["config"] for name in ("lamina", "keras"))
    for ours_one, theirs_one in zip(ours.pop("layers"), theirs.pop("layers"), strict=True):
        assert ours_one == theirs_one
    assert ours == theirs
    assert layout_of(tmp_path / "lamina.keras") == layout_of(tmp_path / "keras.keras")
    for writer, reader in (("keras", "lamina"), ("lamina", "keras")):
        loaded = LIBRARIES[reader].models.load_model(tmp_path / f"{writer}.keras")
        assert [layer.name for layer in loaded.layers] == [layer.name for layer in models[writer].layers]
        for given, wanted in zip(loaded.get_weights(), models[writer].get_weights(), strict=True):
            np.testing.assert_array_equal(given, wanted)
