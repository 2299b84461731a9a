"""What programs written for Keras count on without its being in the documentation."""

import keras
import numpy as np
import pytest

import lamina
from lamina import callbacks, layers, optimizers

X = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")
Y = X[:, :1]


def network(library=lamina, **kwargs):
    model = library.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **kwargs})
    return model


@pytest.mark.parametrize("library", [keras, lamina], ids=lambda library: library.__name__)
def test_hooks_of_prediction_come_once_an_execution(library):
    seen = []

    class Notes(library.callbacks.Callback):
        def on_predict_batch_begin(self, batch, logs=None):
            seen.append(("begin", batch))

        def on_predict_batch_end(self, batch, logs=None):
            seen.append(("end", batch, len(np.asarray(logs["outputs"]))))

    network(library, steps_per_execution=3).predict(X, batch_size=16, verbose=0, callbacks=[Notes()])
    assert seen == [("begin", 0), ("end", 2, 48), ("begin", 3), ("end", 5, 48), ("begin", 6), ("end", 8, 4)]


@pytest.mark.parametrize("library", [keras, lamina], ids=lambda library: library.__name__)
def test_an_epoch_is_whole_executions(library):
    seen = []
    hook = library.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    model = network(library, steps_per_execution=2)
    model.fit(X[:80], Y[:80], batch_size=8, steps_per_epoch=5, epochs=1, verbose=0, callbacks=[hook])
    assert seen == [1, 3, 5]


def test_what_callbacks_add_to_the_logs_is_printed(capsys):
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["answer"] = 42.0

    network().fit(X, Y, verbose=2, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.5), Adds()])
    line = capsys.readouterr().out
    assert "learning_rate: 0.5000" in line
    assert "answer: 42.0000" in line


def test_metrics_alone_can_be_evaluated_but_not_trained_with():
    model = network(loss=None, metrics=["mae"])
    scores = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert scores["loss"] == 0.0
    np.testing.assert_allclose(scores["mae"], np.abs(model.predict(X, verbose=0) - Y).mean(), rtol=1e-5)
    with pytest.raises(ValueError, match="No loss to compute"):
        model.fit(X, Y, verbose=0)


def test_a_crossentropy_is_chosen_by_the_shapes():
    model = lamina.Sequential([layers.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "crossentropy")
    assert np.isfinite(model.fit(X, np.zeros(100), verbose=0).history["loss"][0])


def test_optimizers_let_their_inner_parts_be_reached():
    v = lamina.Variable([3.0, 4.0])
    clipping = optimizers.SGD(clipnorm=1.0)
    np.testing.assert_allclose(clipping._clip_gradients([np.array([3.0, 4.0])])[0], [0.6, 0.8], rtol=1e-6)
    averaging = optimizers.SGD(1.0, use_ema=True)
    averaging.apply([np.array([1.0, 1.0])], [v])
    np.testing.assert_allclose(averaging._model_variables_moving_average[0], [2.0, 3.0])
    gathering = optimizers.SGD(gradient_accumulation_steps=2)
    gathering.apply([np.array([1.0, 2.0])], [v])
    np.testing.assert_allclose(gathering._accumulated_gradients[0], [1.0, 2.0])
    inner = optimizers.Adam()
    multi = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(), {v.path: inner}))
    multi.build([v])
    assert multi.optimizers[multi._var_to_optimizer_idx[multi._var_key(v)]] is inner


def test_labels_with_a_blank_inside_count_as_in_keras():
    logits = (np.arange(24).reshape(2, 4, 3).astype("float32") - 12) / 100
    labels = np.array([[1, 2, 1, 0], [1, 2, 0, 2]])
    values = [library.losses.CTC(reduction=None)(labels, logits) for library in (keras, lamina)]
    np.testing.assert_allclose(values[1], values[0], rtol=1e-5)
