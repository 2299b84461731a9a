"""Callbacks in real runs."""

import http.server
import json
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import lamina
from lamina import callbacks, layers, optimizers
from lamina.core.errors import LaminaWarning
from lamina.core.random import set_random_seed

X = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int32")


def model(optimizer="adam"):
    set_random_seed(3)
    made = lamina.Sequential([layers.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(2)])
    made.compile(optimizer, lamina.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return made


def fit(made, epochs=4, hooks=(), **options):
    return made.fit(X, Y, batch_size=16, epochs=epochs, verbose=0, shuffle=False, callbacks=list(hooks), **options)


def test_hooks_come_in_the_order_of_keras_with_the_weights_of_the_moment():
    calls = []

    class Spy(callbacks.Callback):
        def on_train_begin(self, logs=None):
            calls.append("begin")

        def on_epoch_begin(self, epoch, logs=None):
            calls.append(f"epoch {epoch}")

        def on_train_batch_begin(self, batch, logs=None):
            calls.append(f"batch {batch}")
            self.before = self.model.get_weights()[0]

        def on_train_batch_end(self, batch, logs=None):
            assert not np.allclose(self.before, self.model.get_weights()[0])
            assert all(type(value) is float for value in logs.values())
            assert int(self.model.optimizer.iterations) == 3 * self.epoch_count() + batch + 1

        def epoch_count(self):
            return sum(call in ("epoch 0", "epoch 1") for call in calls) - 1

        def on_test_begin(self, logs=None):
            calls.append("test")

        def on_test_end(self, logs=None):
            calls.append("test end")

        def on_epoch_end(self, epoch, logs=None):
            calls.append("epoch end")
            assert set(logs) == {"loss", "accuracy", "val_loss", "val_accuracy"}

        def on_train_end(self, logs=None):
            calls.append("end")

    spy = Spy()
    fit(model(), epochs=2, hooks=[spy], validation_data=(X, Y))
    epoch = ["batch 0", "batch 1", "batch 2", "test", "test end", "epoch end"]
    assert calls == ["begin", "epoch 0", *epoch, "epoch 1", *epoch, "end"]
    assert spy.params["epochs"] == 2
    assert spy.params["steps"] == 3


def test_a_callback_may_change_weights_and_learning_rate_between_batches():
    made = model("sgd")

    class Freeze(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])
            self.model.optimizer.learning_rate = 0.0

    fit(made, epochs=1, hooks=[Freeze()])
    assert all(not w.any() for w in made.get_weights())
    assert float(made.optimizer.learning_rate) == 0.0


def test_training_stops_after_the_batch_or_the_epoch_at_hand():
    stop_early = callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: setattr(made, "stop_training", b == 1))
    made = model()
    assert len(fit(made, hooks=[stop_early]).epoch) == 1
    assert int(made.optimizer.iterations) == 2
    made = model()
    stopper = callbacks.EarlyStopping("loss", patience=1, min_delta=1e9)
    assert len(fit(made, hooks=[stopper]).epoch) == 2


@pytest.mark.parametrize("monitor", ["accuracy", "val_accuracy", "val_loss"])
def test_which_way_is_better_is_found_out(monitor):
    stopper = callbacks.EarlyStopping(monitor, patience=9)
    history = fit(model(), hooks=[stopper], validation_data=(X, Y)).history[monitor]
    assert stopper.best == (min if monitor == "val_loss" else max)(history)


def test_learning_rates_are_in_the_history():
    history = fit(model("sgd"), hooks=[callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)])
    assert np.allclose(history.history["learning_rate"], [0.005, 0.0025, 0.00125, 0.000625])


def test_the_best_checkpoint_holds_the_best_weights(tmp_path):
    made = model()
    kept = {}
    note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.update({epoch: made.get_weights()}))
    path = tmp_path / "best.keras"
    hooks = [note, callbacks.ModelCheckpoint(path, "loss", save_best_only=True)]
    history = fit(made, hooks=hooks).history["loss"]
    again = lamina.saving.load_model(path)
    for ours, theirs in zip(again.get_weights(), kept[int(np.argmin(history))], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_checkpoints_in_the_middle_of_an_epoch_hold_the_weights_of_that_batch(tmp_path):
    made = model()
    kept = []
    note = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: kept.append(made.get_weights()[0]))
    saver = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=2)
    fit(made, epochs=2, hooks=[note, saver])
    assert sorted(os.listdir(tmp_path)) == ["1-2.weights.h5", "2-1.weights.h5", "2-3.weights.h5"]
    made.load_weights(tmp_path / "2-1.weights.h5")
    np.testing.assert_array_equal(made.get_weights()[0], kept[3])


def test_evaluation_sees_averaged_weights_and_training_goes_on_with_the_others():
    made = model(optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))
    seen = {}

    class Spy(callbacks.Callback):
        def on_test_end(self, logs=None):
            seen["val_loss"] = logs["loss"]
            seen["averages"] = [a.numpy() for a in self.model.optimizer.averages.averages]

        def on_epoch_end(self, epoch, logs=None):
            seen["weights"] = self.model.get_weights()

    spy = Spy()
    fit(made, epochs=1, hooks=[spy, callbacks.SwapEMAWeights()], validation_data=(X, Y))
    # At the end of training the averages are in the model for good.
    assert not np.allclose(seen["weights"][0], made.get_weights()[0])
    np.testing.assert_allclose(made.evaluate(X, Y, verbose=0, return_dict=True)["loss"], seen["val_loss"], rtol=1e-5)


def test_a_run_that_stops_at_a_loss_that_is_no_number():
    made = model(optimizers.SGD(float("inf")))
    with pytest.warns(LaminaWarning, match="L370"):
        history = fit(made, hooks=[callbacks.TerminateOnNaN()])
    assert len(history.epoch) == 1
    assert int(made.optimizer.iterations) < 3


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((self.path, self.headers["Content-Type"], self.headers.get("X-Key"), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    made = http.server.HTTPServer(("localhost", 0), Server)
    made.received = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_logs_are_sent_to_a_server(server):
    root = f"http://localhost:{server.server_port}"
    monitor = callbacks.RemoteMonitor(root, "/json/", send_as_json=True, headers={"X-Key": "1"})
    monitor.on_epoch_end(3, {"loss": np.float32(0.5), "accuracy": 0.25})
    callbacks.RemoteMonitor(root).on_epoch_end(4, {"loss": 0.5})
    path, kind, key, body = server.received[0]
    assert (path, kind, key) == ("/json/", "application/json", "1")
    assert json.loads(body) == {"epoch": 3, "loss": 0.5, "accuracy": 0.25}
    path, kind, _, body = server.received[1]
    assert (path, kind) == ("/publish/epoch/end/", "application/x-www-form-urlencoded")
    assert body == "data=%7B%22epoch%22%3A+4%2C+%22loss%22%3A+0.5%7D"


def test_a_server_that_is_not_there_gives_a_warning():
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server"):
        callbacks.RemoteMonitor("http://localhost:9").on_epoch_end(0, {"loss": 1.0})


PROGRAM = """
    import os, sys
    import numpy as np
    import lamina
    from lamina import callbacks, layers
    from lamina.core.random import set_random_seed

    set_random_seed(5)
    x = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = lamina.Sequential([layers.Input((4,)), layers.Dense(8), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse")

    class Kill(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 8:
                os._exit(9)

    hooks = [callbacks.BackupAndRestore(sys.argv[1])]
    if sys.argv[3] == "kill":
        hooks.append(Kill())
    history = model.fit(x, y, batch_size=16, epochs=5, verbose=0, callbacks=hooks)
    np.savez(sys.argv[2], *model.get_weights(), epochs=history.epoch)
"""


def run(folder, name, kill):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder / "backup"), str(folder / name), kill]
    return subprocess.run(command, check=False, timeout=120).returncode


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_to_the_same_weights(tmp_path):
    assert run(tmp_path, "whole.npz", "live") == 0
    assert not (tmp_path / "backup").exists()
    assert run(tmp_path, "none.npz", "kill") == 9
    assert sorted(os.listdir(tmp_path / "backup")) == ["latest.weights.h5", "training_metadata.json"]
    assert json.loads((tmp_path / "backup" / "training_metadata.json").read_text())["epoch"] == 2
    assert run(tmp_path, "resumed.npz", "live") == 0
    whole, resumed = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "resumed.npz")
    assert resumed["epochs"].tolist() == [2, 3, 4]
    assert len(whole.files) == 5
    for name in set(whole.files) - {"epochs"}:
        np.testing.assert_array_equal(whole[name], resumed[name])


def test_the_backup_before_the_last_is_used_when_the_last_cannot_be_read(tmp_path):
    folder = tmp_path / "backup"
    options = {"double_checkpoint": True, "delete_checkpoint": False}
    made = model()
    fit(made, epochs=3, hooks=[callbacks.BackupAndRestore(folder, **options)])
    (folder / "latest.weights.h5").write_bytes(b"broken")
    again = model()
    history = fit(again, epochs=3, hooks=[callbacks.BackupAndRestore(folder, **options)])
    assert history.epoch == [2]
    np.testing.assert_allclose(again.get_weights()[0], made.get_weights()[0], rtol=1e-6)


def test_a_backup_needs_a_directory_and_a_model_that_is_built(tmp_path):
    with pytest.raises(ValueError, match="Empty `backup_dir`"):
        callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match="Unrecognized save_freq"):
        callbacks.BackupAndRestore(tmp_path, save_freq="batch")
