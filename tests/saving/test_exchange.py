"""Keras reads what Lamina wrote and the other way round, and both write the same."""

import keras
import numpy as np
import pytest
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


IMAGE, VOLUME, STEPS, VECTOR = (6, 6, 2), (4, 4, 4, 2), (6, 3), (4,)
LAYERS = [
    ("Dense", {"units": 3, "activation": "gelu", "bias_initializer": "ones"}, VECTOR),
    ("Activation", {"activation": "swish"}, VECTOR),
    ("Flatten", {"data_format": "channels_first"}, IMAGE),
    ("Reshape", {"target_shape": (2, -1)}, VECTOR),
    ("Permute", {"dims": (2, 1)}, STEPS),
    ("RepeatVector", {"n": 3}, VECTOR),
    ("Rescaling", {"scale": 0.5, "offset": [1.0, 2.0]}, IMAGE),
    ("Dropout", {"rate": 0.2, "seed": 3, "noise_shape": (None, 1)}, VECTOR),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, STEPS),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "strides": 2, "groups": 2}, IMAGE),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "use_bias": False}, VOLUME),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1}, IMAGE),
    ("MaxPooling1D", {"pool_size": 2, "strides": 1}, STEPS),
    ("MaxPooling2D", {"pool_size": (2, 3), "padding": "same"}, IMAGE),
    ("MaxPooling3D", {}, VOLUME),
    ("AveragePooling1D", {"pool_size": 2, "padding": "same"}, STEPS),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2}, IMAGE),
    ("AveragePooling3D", {"pool_size": 2}, VOLUME),
    ("GlobalAveragePooling1D", {}, STEPS),
    ("GlobalAveragePooling2D", {"keepdims": True}, IMAGE),
    ("GlobalAveragePooling3D", {}, VOLUME),
    ("GlobalMaxPooling1D", {"data_format": "channels_first"}, STEPS),
    ("GlobalMaxPooling2D", {"keepdims": True}, IMAGE),
    ("GlobalMaxPooling3D", {}, VOLUME),
    ("BatchNormalization", {"momentum": 0.9, "scale": False}, IMAGE),
    ("LayerNormalization", {"axis": [1, 2]}, IMAGE),
    ("Embedding", {"input_dim": 7, "output_dim": 3, "mask_zero": True}, (5,)),
    ("Masking", {"mask_value": 1.0}, STEPS),
    ("LSTM", {"units": 3, "return_sequences": True, "dropout": 0.1, "go_backwards": True}, STEPS),
    ("GRU", {"units": 3, "reset_after": False}, STEPS),
    ("SimpleRNN", {"units": 3, "recurrent_regularizer": "l2"}, STEPS),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 1))}, IMAGE),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, IMAGE),
]


def one_layer(k, name, arguments, shape):
    dtype = "int32" if name == "Embedding" else "float32"
    return k.Sequential([k.Input(shape, dtype=dtype), getattr(k.layers, name)(**arguments)])


@pytest.mark.parametrize(("name", "arguments", "shape"), LAYERS, ids=[name for name, _, _ in LAYERS])
def test_every_layer_goes_through_files_both_ways(tmp_path, name, arguments, shape):
    x = data((2, *shape), integers=7 if name == "Embedding" else None)
    models = {n: build(library, lambda k: one_layer(k, name, arguments, shape)) for n, library in LIBRARIES.items()}
    for library, model in models.items():
        randomize(model)
        model.save(tmp_path / f"{library}.keras")
    assert config_of(tmp_path / "lamina.keras") == config_of(tmp_path / "keras.keras")
    assert layout_of(tmp_path / "lamina.keras") == layout_of(tmp_path / "keras.keras")
    expected = outputs(models["keras"], x)[0]
    from_keras = lamina.models.load_model(tmp_path / "keras.keras")
    from_lamina = keras.models.load_model(tmp_path / "lamina.keras")
    np.testing.assert_allclose(outputs(from_keras, x)[0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs(from_lamina, x)[0], expected, rtol=1e-4, atol=1e-5)
