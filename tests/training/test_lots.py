"""Small models run many steps in one program, and nobody can tell but by the time."""

import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.errors import LaminaWarning
from lamina.training import lots

BATCH, COUNT = 2, 2 * 37 + 1  # two whole lots, one of five batches, and a smaller batch
rng = np.random.default_rng(0)
X = rng.normal(size=(COUNT, 6)).astype("float32")
STEPS = rng.normal(size=(COUNT, 4, 3)).astype("float32")
LABELS = rng.integers(0, 3, COUNT)


def dense():
    hidden = layers.Dense(8, "gelu", kernel_regularizer="l2"), layers.BatchNormalization(), layers.Dropout(0.3)
    return lamina.Sequential([layers.Input((6,)), *hidden, layers.Dense(3, "softmax")])


def recurrent():
    return lamina.Sequential([layers.Input((4, 3)), layers.LSTM(4), layers.Dense(3, "softmax")])


def convolutional():
    inner = layers.Reshape((4, 3, 1)), layers.Conv2D(4, 2, activation="relu"), layers.MaxPooling2D((1, 2))
    return lamina.Sequential([layers.Input((4, 3)), *inner, layers.Flatten(), layers.Dense(3, "softmax")])


def two_inputs():
    a, b = layers.Input((6,), name="a"), layers.Input((4, 3), name="b")
    joined = layers.Concatenate()([a, layers.Flatten()(b)])
    return lamina.Model({"a": a, "b": b}, layers.Dense(3, "softmax")(joined))


def adam():
    rate = lamina.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    return lamina.optimizers.Adam(rate, gradient_accumulation_steps=3, use_ema=True, clipnorm=1.0)


def run(make, x, y=LABELS, *, optimizer="adam", **arguments):
    lamina.utils.set_random_seed(3)
    model = make()
    model.compile(
        optimizer() if callable(optimizer) else optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    history = model.fit(x, y, batch_size=BATCH, verbose=0, **arguments).history
    return model, history


def has_lots(model):
    return any(isinstance(program, lots.Lots) for program in model._programs.values())


@pytest.mark.parametrize(
    ("make", "x", "arguments"),
    [
        (dense, X, {"optimizer": adam, "epochs": 2}),
        (dense, X, {"epochs": 2, "shuffle": False, "sample_weight": np.arange(COUNT) / COUNT}),
        (dense, X, {"epochs": 2, "steps_per_epoch": 19, "class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}),
        (recurrent, STEPS[:-1], {"y": LABELS[:-1], "shuffle": "batch"}),
        (convolutional, STEPS[:-1], {"y": LABELS[:-1]}),
        (two_inputs, {"a": X[:-1], "b": STEPS[:-1]}, {"y": LABELS[:-1]}),
    ],
    ids=["schedules", "weights", "steps", "recurrence", "convolution", "inputs"],
)
def test_lots_give_what_single_steps_give_to_the_last_bit(make, x, arguments, monkeypatch):
    model, history = run(make, x, **arguments)
    assert has_lots(model)
    monkeypatch.setattr(lots, "SMALL", -1)
    twin, expected = run(make, x, **arguments)
    assert not has_lots(twin)
    assert history == expected
    variables = [*model.variables, *model.optimizer.variables]
    for mine, theirs in zip(variables, [*twin.variables, *twin.optimizer.variables], strict=True):
        np.testing.assert_array_equal(mine, theirs, err_msg=mine.path)


class Seen(lamina.callbacks.Callback):
    """Wants every batch."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append(batch)


def test_a_callback_gets_every_batch_that_it_wants():
    seen = Seen()
    model, _ = run(dense, X, callbacks=[seen])
    assert seen.batches == list(range(38))
    assert not has_lots(model)


class ChannelsFirst(layers.Layer):
    """A convolution whose gradient is slow in a loop."""

    def call(self, x):
        return jax.lax.conv(x[:, None], jnp.ones((1, 1, 2, 2)), (1, 1), "VALID")


@pytest.mark.parametrize(
    "make",
    [
        lambda: lamina.Sequential([layers.Input((4, 3)), ChannelsFirst(), layers.Flatten(), layers.Dense(3)]),
        lambda: lamina.Sequential([layers.Input((4, 3)), layers.Dense(3000), layers.Dense(3000), layers.Dense(3)]),
    ],
    ids=["convolution", "large"],
)
def test_steps_that_gain_nothing_stay_single(make):
    model = make()
    model.compile("sgd", "mse")
    model.fit(STEPS[:32], np.zeros((32, *model.output_shape[1:]), "float32"), batch_size=1, verbose=0)
    assert not has_lots(model)


class Root(layers.Layer):
    def call(self, x):
        return lamina.ops.sqrt(x)


def test_a_loss_of_nan_within_a_lot_changes_nothing_and_is_named():
    model = lamina.Sequential([layers.Input((6,)), Root(name="root"), layers.Dense(3)])
    model.compile("sgd", "mse")
    x = np.ones_like(X)
    x[BATCH * 20 :] = -1.0
    with pytest.warns(LaminaWarning, match="NaN in epoch 1 at step 21 .* is 'root'"):
        model.fit(x, np.zeros((COUNT, 3), "float32"), batch_size=BATCH, shuffle=False, verbose=0)
    assert has_lots(model)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert int(model.optimizer.iterations) == 20


def test_an_interruption_ends_the_lot_at_hand(monkeypatch):
    run_lot = lots.Lots.run

    def interrupted(self, values, lot):
        signal.raise_signal(signal.SIGINT)
        return run_lot(self, values, lot)

    model = dense()
    model.compile("adam", "sparse_categorical_crossentropy")
    monkeypatch.setattr(lots.Lots, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, LABELS, batch_size=BATCH, verbose=0)
    assert int(model.optimizer.iterations) == lots.SIZE


def test_another_optimizer_gets_lots_of_its_own():
    model, _ = run(dense, X, optimizer="sgd")
    assert has_lots(model)
    model.optimizer = lamina.optimizers.Adam()
    model.fit(X, LABELS, batch_size=BATCH, verbose=0)
    assert model.optimizer.iterations == 38


def test_an_error_while_a_lot_is_waited_for_loses_no_weight(monkeypatch):
    calls, wait = [], jax.block_until_ready

    def interrupted(x):
        calls.append(x)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return wait(x)

    monkeypatch.setattr(lots.jax, "block_until_ready", interrupted)
    model = dense()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, LABELS, batch_size=BATCH, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()
    assert model.optimizer.iterations == 32
