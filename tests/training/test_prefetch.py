"""The next batch is made while the device works on the last one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import layers

X = np.ones((4, 3), "float32")
STEPS = 5


class Source:
    """Batches that note when they are asked for."""

    def __init__(self):
        self.events = []

    def __iter__(self):
        for number in range(STEPS):
            self.events.append(("asked", number))
            yield X, X[:, :1]


def network(**kwargs):
    model = lamina.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", **kwargs)
    return model


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_batch_is_asked_for_before_hooks_wait_for_the_last_one(eagerly):
    source = Source()

    class Waits(lamina.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            source.events.append(("seen", batch))

    network(run_eagerly=eagerly).fit(source, callbacks=[Waits()], verbose=0)
    order = [event for event in source.events if event != ("asked", 0)]
    pairs = [(("asked", number + 1), ("seen", number)) for number in range(STEPS - 1)]
    assert order == [event for pair in pairs for event in pair] + [("seen", STEPS - 1)]


class Heavy(layers.Layer):
    """Some hundred milliseconds of work."""

    def call(self, x):
        matrix = jnp.full((1024, 1024), 1e-3) * (1 + 0 * x[0, 0])
        for _ in range(8):
            matrix = jnp.tanh(matrix @ matrix)
        return x + 0 * matrix[0, 0]


def test_the_source_works_while_a_step_runs():
    running = []

    def batches():
        for number in range(STEPS):
            if number:
                running.append(any(not array.is_ready() for array in jax.live_arrays()))
            yield X, X[:, :1]

    model = lamina.Sequential([layers.Input((3,)), Heavy(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(batches(), verbose=0)
    assert any(running), "the loop waits for each step before it asks for the next batch"


def test_a_source_that_breaks_is_told_after_the_hooks_of_the_last_good_batch():
    seen = []

    def batches():
        yield X, X[:, :1]
        yield X, X[:, :1]
        raise RuntimeError("broken")

    hook = lamina.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    with pytest.raises(RuntimeError, match="broken"):
        network().fit(batches(), callbacks=[hook], verbose=0)
    assert seen == [0, 1]
