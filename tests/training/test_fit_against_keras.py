"""The same training by both libraries: equal histories, weights and evaluations, from equal weights on equal data."""

import keras
import numpy as np
import pytest
from tests.models import zoo

import lamina
from lamina.core import tree

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 6)).astype("float32")
CLASSES = RNG.integers(0, 3, 50)
IMAGES = RNG.normal(size=(50, 8, 8, 1)).astype("float32")
WORDS = RNG.integers(0, 7, (50, 5)).astype("int32")
PAIR = [RNG.normal(size=(50, 4)).astype("float32") for _ in range(2)]
TARGETS = {"score": RNG.normal(size=(50, 1)).astype("float32"), "kind": RNG.normal(size=(50, 2)).astype("float32")}
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


def trained(library, make, compile_kwargs, fit_kwargs, weights):
    library.utils.set_random_seed(0)
    model = make(library)
    model.set_weights(weights)
    model.compile(**compile_kwargs(library))
    history = model.fit(**{"epochs": 2, "batch_size": 16, "shuffle": False, "verbose": 0, **fit_kwargs})
    return model, history


CASES = {
    "sparse labels": (
        zoo.stack,
        lambda k: dict(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]),
        dict(x=X, y=CLASSES),
    ),
    "one hot labels": (
        zoo.stack,
        lambda k: dict(optimizer="sgd", loss="categorical_crossentropy", metrics=["acc", "mse"]),
        dict(x=X, y=ONE_HOT),
    ),
    "label smoothing": (
        zoo.stack,
        lambda k: dict(
            optimizer=k.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
            loss=k.losses.CategoricalCrossentropy(label_smoothing=0.1),
        ),
        dict(x=X, y=ONE_HOT),
    ),
    "logits": (
        zoo.images,
        lambda k: dict(
            optimizer=k.optimizers.AdamW(0.01),
            loss=k.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        ),
        dict(x=IMAGES, y=CLASSES),
    ),
    "validation split": (
        zoo.stack,
        lambda k: dict(optimizer="rmsprop", loss="mse", metrics=["mae"]),
        dict(x=X, y=ONE_HOT, validation_split=0.3),
    ),
    "validation data": (
        zoo.stack,
        lambda k: dict(optimizer="SGD", loss="mean_squared_error", weighted_metrics=["mae"]),
        dict(x=X, y=ONE_HOT, validation_data=(X[:20], ONE_HOT[:20], np.arange(20.0)), validation_freq=2),
    ),
    "sample weights": (
        zoo.stack,
        lambda k: dict(optimizer="sgd", loss="huber", metrics=["mae"], weighted_metrics=["mae"]),
        dict(x=X, y=ONE_HOT, sample_weight=np.linspace(0, 2, 50)),
    ),
    "class weights": (
        zoo.stack,
        lambda k: dict(optimizer="sgd", loss="sparse_categorical_crossentropy", weighted_metrics=["accuracy"]),
        dict(x=X, y=CLASSES, class_weight={0: 1.0, 1: 5.0, 2: 0.5}),
    ),
    "two outputs by list": (
        zoo.shared,
        lambda k: dict(optimizer="sgd", loss=["mse", "mae"], loss_weights=[1.0, 0.2], metrics=[["mae"], ["mse"]]),
        dict(x=PAIR, y=list(TARGETS.values())),
    ),
    "two outputs by name": (
        zoo.shared,
        lambda k: dict(optimizer="sgd", loss={"score": "mse", "kind": "mae"}, metrics={"kind": "mse"}),
        dict(x={"a": PAIR[0], "b": PAIR[1]}, y=TARGETS),
    ),
    "one loss for two outputs": (
        zoo.shared,
        lambda k: dict(optimizer="sgd", loss="mse"),
        dict(x=PAIR, y=list(TARGETS.values())),
    ),
    "masked sequences": (
        zoo.masked,
        lambda k: dict(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"]),
        dict(x=WORDS, y=(CLASSES > 0).astype("float32")),
    ),
    "initial epoch": (
        zoo.stack,
        lambda k: dict(optimizer="sgd", loss="mse"),
        dict(x=X, y=ONE_HOT, initial_epoch=1, epochs=3),
    ),
    "steps": (zoo.stack, lambda k: dict(optimizer="sgd", loss="mse"), dict(x=X, y=ONE_HOT, steps_per_epoch=2)),
    "clipping": (
        zoo.branches,
        lambda k: dict(optimizer=k.optimizers.Adam(0.1, clipnorm=0.01), loss="mse"),
        dict(x=X, y=PAIR[0][:, :2]),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fit_is_that_of_keras(name):
    make, compile_kwargs, fit_kwargs = CASES[name]
    keras.utils.clear_session()
    lamina.utils.clear_session()
    weights = make(keras).get_weights()
    theirs, their_history = trained(keras, make, compile_kwargs, fit_kwargs, weights)
    mine, my_history = trained(lamina, make, compile_kwargs, fit_kwargs, weights)
    assert list(my_history.history) == list(their_history.history)
    assert my_history.epoch == their_history.epoch
    for key, values in their_history.history.items():
        np.testing.assert_allclose(my_history.history[key], values, rtol=2e-4, atol=1e-5, err_msg=key)
    for ours, keras_weight in zip(mine.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), np.array(keras_weight), rtol=2e-3, atol=2e-5, err_msg=ours.path)
    data = {key: fit_kwargs[key] for key in ("x", "y", "sample_weight") if key in fit_kwargs}
    np.testing.assert_allclose(
        mine.evaluate(**data, verbose=0), theirs.evaluate(**data, verbose=0), rtol=1e-3, atol=1e-4
    )
    pairs = zip(
        tree.flatten(mine.predict(data["x"], verbose=0)),
        keras.tree.flatten(theirs.predict(data["x"], verbose=0)),
        strict=True,
    )
    for ours, keras_output in pairs:
        np.testing.assert_allclose(ours, keras_output, rtol=1e-3, atol=1e-5)


def test_evaluation_leaves_masked_steps_out_of_the_metrics_as_keras_does():
    def model(k):
        steps = [k.layers.Embedding(7, 4, mask_zero=True), k.layers.Dense(3, activation="softmax")]
        return k.Sequential([k.Input((5,), dtype="int32"), *steps])

    scores = []
    for library in (keras, lamina):
        made = model(library)
        made.set_weights([np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(made.weights)])
        made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        scores.append(made.evaluate(WORDS, WORDS % 3, verbose=0))
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-5)


def batches(size=10):
    for start in range(0, 50, size):
        yield X[start : start + size], CLASSES[start : start + size]


class Reusable:
    def __len__(self):
        return 5

    def __iter__(self):
        return batches()


def endless():
    while True:
        yield from batches()


@pytest.mark.parametrize(("source", "steps"), [(Reusable, None), (endless, 5)])
def test_sources_of_batches_train_like_the_arrays(source, steps):
    results = []
    for data, kwargs in (((X, CLASSES), {"batch_size": 10}), ((source(), None), {"steps_per_epoch": steps})):
        lamina.utils.set_random_seed(0)
        model = zoo.stack(lamina)
        model.compile("sgd", "sparse_categorical_crossentropy")
        results.append(model.fit(*data, epochs=3, shuffle=False, verbose=0, **kwargs).history["loss"])
    np.testing.assert_allclose(*results, rtol=1e-6)


def refilled():
    x, y = np.empty((10, 6), "float32"), np.empty(10, "int32")
    for a, b in batches():
        x[:], y[:] = a, b
        yield x, y
        x[:], y[:] = np.nan, 2


class Refilled(Reusable):
    def __iter__(self):
        return refilled()


def test_a_source_may_write_every_batch_into_the_same_arrays():
    losses = []
    for source in (Reusable(), Refilled()):
        lamina.utils.set_random_seed(0)
        model = zoo.stack(lamina)
        model.compile("sgd", "sparse_categorical_crossentropy")
        losses.append(model.fit(source, epochs=4, verbose=0).history["loss"])
    np.testing.assert_array_equal(*losses)


def test_batchwise_methods_are_those_of_keras():
    keras.utils.clear_session()
    weights = zoo.stack(keras).get_weights()
    values = []
    for library in (keras, lamina):
        model = zoo.stack(library)
        model.set_weights(weights)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        found = [model.train_on_batch(X[:10], CLASSES[:10]), model.train_on_batch(X[10:20], CLASSES[10:20])]
        model.reset_metrics()
        found += [model.test_on_batch(X, CLASSES), list(model.train_on_batch(X, CLASSES, return_dict=True).values())]
        values.append([*np.ravel(found[:3]), *found[3], *np.ravel(model.predict_on_batch(X))])
    np.testing.assert_allclose(values[1], values[0], rtol=1e-4, atol=1e-6)
    assert not np.isnan(values).any()


def test_the_same_seed_gives_the_same_run_to_the_last_bit():
    runs = []
    for _ in range(2):
        lamina.utils.set_random_seed(3)
        model = zoo.images(lamina)
        model.compile("adam", lamina.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(IMAGES, CLASSES, epochs=2, verbose=0)
        runs.append(model.get_weights())
    for first, second in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)


def test_arrays_that_somebody_else_holds_survive_training():
    model = zoo.stack(lamina)
    model.compile("sgd", "sparse_categorical_crossentropy")
    given = np.ones((6, 5), "float32")
    model.layers[0].kernel.assign(given)
    held = model.layers[0].kernel.value
    model.layers[1].bias.assign(model.layers[1].bias.value)
    model.fit(X, CLASSES, verbose=0)
    np.testing.assert_array_equal(held, 1)
    np.testing.assert_array_equal(given, 1)
    given[:] = 7
    assert not np.any(model.layers[0].kernel.numpy() == 7)


def test_two_variables_may_be_given_the_same_array():
    model = lamina.Sequential([lamina.Input((6,)), lamina.layers.Dense(6), lamina.layers.Dense(6)])
    model.compile("sgd", "mse")
    model.layers[1].kernel.assign(model.layers[0].kernel.value)
    model.fit(X, X, verbose=0)
    assert not np.array_equal(model.layers[0].kernel.numpy(), model.layers[1].kernel.numpy())


def test_a_fit_copies_no_weights_that_nobody_else_holds():
    from lamina.training.programs import TrainState

    model = zoo.stack(lamina)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, CLASSES, verbose=0)
    addresses = [v._value.unsafe_buffer_pointer() for v in model.trainable_variables]
    assert [x.unsafe_buffer_pointer() for x in TrainState(model).values[0]] == addresses


def mixes_by_ops(k):
    x = k.Input((3,))
    return k.Model(x, x - k.ops.mean(x, axis=0))


def mixes_by_lambda(k):
    return k.Sequential([k.Input((3,)), k.layers.Lambda(lambda x: x - x.mean(0))])


def mixes_by_activation(k):
    return k.Sequential([k.Input((3,)), k.layers.Dense(3, activation=lambda x: x - x.mean(0))])


def mixes_by_axis(k):
    return k.Sequential([k.Input((3,)), k.layers.UnitNormalization(axis=0)])


@pytest.mark.parametrize("make", [mixes_by_ops, mixes_by_lambda, mixes_by_activation, mixes_by_axis])
def test_nothing_is_added_to_a_batch_whose_samples_are_mixed(make):
    model, x = make(lamina), RNG.normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), rtol=1e-6)


def test_32_sizes_of_batches_take_6_programs():
    model = zoo.stack(lamina)
    for size in range(1, 33):
        assert model.predict(X[:size], verbose=0).shape == (size, 3)
    assert model._programs["predictor"].program._cache_size() <= 6
