"""Callbacks do in each epoch what Keras's do, seen with models that only pretend to train."""

import inspect
import warnings

import keras
import numpy as np
import pytest

from lamina import callbacks, optimizers
from lamina.core.variable import Variable
from lamina.training.callbacks.callback import needs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class StandIn:
    """What callbacks see of a model: weights that are the number of the epoch, an optimizer, metrics."""

    def __init__(self, library, optimizer=None, metrics=()):
        module = optimizers if library == "lamina" else keras.optimizers
        self.optimizer = optimizer(module) if optimizer else module.SGD(0.5)
        self.metrics = list(metrics)
        self.stop_training = False
        self.built = True
        self.weights = -1
        self.saved = []

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path, overwrite):
        assert overwrite
        self.saved.append(("model", str(path), self.weights))

    def save_weights(self, path, overwrite):
        assert overwrite
        self.saved.append(("weights", str(path), self.weights))


def play(module, made, model, epochs, batches=0):
    """Call the hooks of a run; `epochs` is a list of dicts of logs. Return the logs the last callback saw."""
    spy = module.History()
    hooks = module.CallbackList([made, spy], model=model, verbose=0, epochs=len(epochs), steps=batches)
    hooks.on_train_begin()
    for epoch, logs in enumerate(epochs):
        hooks.on_epoch_begin(epoch)
        model.weights = epoch
        for batch in range(batches):
            hooks.on_train_batch_begin(batch)
            hooks.on_train_batch_end(batch, logs)
        hooks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    hooks.on_train_end(logs)
    return spy


def both(name, options, epochs, batches=0, **model_options):
    """Play the same run with our callback and with Keras's; return the two models, callbacks and histories."""
    runs = []
    for library, module in (("lamina", callbacks), ("keras", keras.callbacks)):
        model = StandIn(library, **model_options)
        made = getattr(module, name)(**options)
        runs.append((model, made, play(module, made, model, epochs, batches)))
    return zip(*runs, strict=True)


def random_losses(seed, count=25):
    random = np.random.default_rng(seed)
    losses = (np.exp(-np.arange(count) / 5) + random.normal(size=count) * 0.2).round(2)
    return [{"val_loss": float(v), "accuracy": float(1 - v), "loss": float(v) / 2} for v in losses]


def test_public_names_are_those_of_keras():
    assert set(callbacks.__all__) == {n for n in dir(keras.callbacks) if not n.startswith("_")}


@pytest.mark.parametrize("name", sorted(set(callbacks.__all__) - {"CallbackList"}))
def test_constructors_have_the_arguments_of_keras(name):
    ours = inspect.signature(getattr(callbacks, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.callbacks, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 3},
        {"patience": 2, "min_delta": 0.1},
        {"patience": 2, "restore_best_weights": True},
        {"patience": 1, "start_from_epoch": 6, "restore_best_weights": True},
        {"patience": 4, "baseline": 0.3, "restore_best_weights": True},
        {"monitor": "accuracy", "mode": "max", "patience": 2, "restore_best_weights": True},
        {"monitor": "accuracy", "mode": "min", "patience": 2},
        {"monitor": "loss", "patience": 30, "restore_best_weights": True},
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_early_stopping_stops_and_restores_as_in_keras(options, seed):
    models, made, _ = both("EarlyStopping", options, random_losses(seed))
    assert models[0].weights == models[1].weights
    assert models[0].stop_training == models[1].stop_training
    for fact in ("stopped_epoch", "best", "best_epoch", "wait"):
        assert getattr(made[0], fact) == getattr(made[1], fact), fact


def test_early_stopping_can_be_used_for_several_runs():
    stopper = callbacks.EarlyStopping(patience=1, min_delta=0.05)
    for seed in (0, 1):
        model, other = StandIn("lamina"), StandIn("keras")
        play(callbacks, stopper, model, random_losses(seed))
        fresh = keras.callbacks.EarlyStopping(patience=1, min_delta=0.05)
        play(keras.callbacks, fresh, other, random_losses(seed))
        assert (stopper.stopped_epoch, stopper.best) == (fresh.stopped_epoch, fresh.best)


def test_early_stopping_restores_some_weights_even_after_nothing_but_nan():
    model = StandIn("lamina")
    epochs = [{"val_loss": float("nan")}] * 3
    play(callbacks, callbacks.EarlyStopping(restore_best_weights=True, patience=10), model, epochs)
    assert model.weights == 0


def test_early_stopping_says_what_it_does(capsys):
    stopper = callbacks.EarlyStopping(patience=1, verbose=1, restore_best_weights=True)
    play(callbacks, stopper, StandIn("lamina"), [{"val_loss": v} for v in (2.0, 1.0, 3.0)])
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 3: early stopping",
        "Restoring model weights from the end of the best epoch: 2.",
    ]


def test_a_metric_that_is_not_in_the_logs_gives_a_warning_with_those_that_are():
    for name in ("EarlyStopping", "ReduceLROnPlateau"):
        with pytest.warns(UserWarning, match="`val_loss` which is not available. Available metrics are: accuracy"):
            play(callbacks, getattr(callbacks, name)(), StandIn("lamina"), [{"accuracy": 0.5}])


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau"])
def test_a_metric_of_unknown_direction_is_an_error_also_where_it_is_missing(name):
    for library, module in (("lamina", callbacks), ("keras", keras.callbacks)):
        with pytest.raises(ValueError, match="monitor=speed"):
            play(module, getattr(module, name)("speed"), StandIn(library), [{"accuracy": 0.5}])


class Metric:
    def __init__(self, name, direction):
        self.name, self._direction = name, direction


@pytest.mark.parametrize(
    ("monitor", "direction"),
    [("loss", "down"), ("val_loss", "down"), ("out_loss", "down"), ("val_score", "up"), ("cost", "down")],
)
def test_which_way_is_better_is_asked_of_the_metric(monitor, direction):
    model = StandIn("lamina", metrics=[Metric("score", "up"), Metric("cost", "down")])
    stopper = callbacks.EarlyStopping(monitor, patience=5)
    play(callbacks, stopper, model, [{monitor: 2.0}, {monitor: 1.0}, {monitor: 3.0}])
    assert stopper.best_epoch == (2 if direction == "up" else 1)


def test_an_unknown_way_is_an_error_and_an_unknown_mode_a_warning():
    with pytest.raises(ValueError, match="Pass `mode='max'`"):
        play(callbacks, callbacks.EarlyStopping("odd"), StandIn("lamina"), [{"odd": 1.0}])
    with pytest.warns(UserWarning, match="mode 'best' is unknown"):
        assert callbacks.EarlyStopping(mode="best").mode == "auto"


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5, "cooldown": 2},
        {"patience": 1, "factor": 0.3, "min_lr": 0.05},
        {"patience": 1, "factor": 0.5, "min_delta": 0.2},
        {"monitor": "accuracy", "mode": "max", "patience": 1, "factor": 0.5},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_learning_rate_is_reduced_as_in_keras(options, seed):
    models, _, histories = both("ReduceLROnPlateau", options, random_losses(seed))
    assert histories[0].history == histories[1].history
    assert len(set(histories[0].history["learning_rate"])) > 1
    assert float(models[0].optimizer.learning_rate) == float(models[1].optimizer.learning_rate)


def two_optimizers(module):
    return module.MultiOptimizer(module.OptimizerMap(module.SGD(0.5, name="a"), {"x": module.Adam(0.25, name="b")}))


def test_the_learning_rates_of_several_optimizers_are_reduced_and_logged_as_in_keras():
    options = {"patience": 1, "factor": 0.5}
    _, _, histories = both("ReduceLROnPlateau", options, random_losses(0), optimizer=two_optimizers)
    assert histories[0].history == histories[1].history
    assert {"learning_rate_a", "learning_rate_b"} < set(histories[0].history)


def test_a_factor_of_one_or_more_is_refused():
    with pytest.raises(ValueError, match=r"does not support a factor >= 1\.0"):
        callbacks.ReduceLROnPlateau(factor=1.0)


@pytest.mark.parametrize(
    "schedule", [lambda epoch: 0.1 / (epoch + 1), lambda epoch, rate: rate * 0.9, lambda epoch, rate=2.0: rate * 0.5]
)
@pytest.mark.parametrize("optimizer", [None, two_optimizers])
def test_the_learning_rate_is_scheduled_as_in_keras(schedule, optimizer):
    _, _, histories = both("LearningRateScheduler", {"schedule": schedule}, [{"loss": 1.0}] * 4, optimizer=optimizer)
    assert histories[0].history == histories[1].history


def test_a_schedule_must_return_a_float_and_its_own_errors_are_shown():
    with pytest.raises(ValueError, match="should be a float"):
        play(callbacks, callbacks.LearningRateScheduler(lambda epoch: 1), StandIn("lamina"), [{}])

    def broken(epoch, rate):
        raise TypeError("my own mistake")

    with pytest.raises(TypeError, match="my own mistake"):
        play(callbacks, callbacks.LearningRateScheduler(broken), StandIn("lamina"), [{}])


def test_changed_learning_rates_are_said(capsys):
    plateau = callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5, verbose=1)
    play(callbacks, plateau, StandIn("lamina"), [{"loss": 1.0}] * 2)
    play(callbacks, callbacks.LearningRateScheduler(lambda epoch: 0.25, verbose=1), StandIn("lamina"), [{}])
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.25.",
        "Epoch 1: LearningRateScheduler setting learning rate to 0.25.",
    ]


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_training_ends_when_the_loss_is_no_number(loss, capsys):
    models, _, _ = both("TerminateOnNaN", {}, [{"loss": 1.0}, {"loss": loss}, {"loss": 1.0}], batches=2)
    assert [m.stop_training for m in models] == [True, True]
    assert [m.weights for m in models] == [1, 1]
    assert "Batch 0: Invalid loss, terminating training" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 0"):
        both("TerminateOnNaN", {"raise_error": True}, [{"loss": loss}], batches=1)


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({}, [{"loss": 0.5, "accuracy": 0.25, "val_loss": 0.75}, {"loss": 0.25, "accuracy": 0.5, "val_loss": 1.0}]),
        ({"separator": ";"}, [{"loss": 0.5}, {"loss": 0.25, "val_loss": 0.75}]),
        ({}, [{"loss": 0.5, "each": np.array([1.0, 2.0]), "text": "a,b"}]),
        ({}, [{}]),
    ],
)
def test_a_table_of_logs_is_written_as_by_keras(tmp_path, options, epochs):
    files = []
    for library, module in (("lamina", callbacks), ("keras", keras.callbacks)):
        path = tmp_path / f"{library}.csv"
        play(module, module.CSVLogger(path, **options), StandIn(library), epochs)
        play(module, module.CSVLogger(path, append=True, **options), StandIn(library), epochs)
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_a_table_is_begun_anew_unless_it_is_appended_to(tmp_path):
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    for _ in range(2):
        play(callbacks, logger, StandIn("lamina"), [{"loss": 0.5, "val_loss": 1.0}])
    assert (tmp_path / "log.csv").read_text() == "epoch,loss,val_loss\n0,0.5,1.0\n"


def test_functions_are_called_in_place_of_hooks():
    calls = []
    hooks = ["on_epoch_begin", "on_epoch_end", "on_train_begin", "on_train_end"]
    hooks += ["on_train_batch_begin", "on_train_batch_end"]
    functions = {name: lambda *args, name=name: calls.append(name) for name in hooks}
    made = callbacks.LambdaCallback(**functions, on_test_end=functions["on_epoch_end"], extra=3)
    play(callbacks, made, StandIn("lamina"), [{"loss": 1.0}], batches=1)
    assert calls == [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_epoch_end",
        "on_train_end",
    ]
    assert made.extra == 3
    assert needs(made, "on_test_end")


class EveryHook(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith("on_"):
            return lambda *args, **kwargs: self.calls.append((name, *args))
        return super().__getattribute__(name)


def test_a_list_calls_every_hook_with_plain_sorted_logs():
    import jax.numpy as jnp

    spy = EveryHook()
    hooks = callbacks.CallbackList([[spy]], model=StandIn("lamina"), epochs=2, steps=3, verbose=1)
    assert spy.params == {"epochs": 2, "steps": 3, "verbose": 1}
    logs = {"b": jnp.float32(0.5), "a": {"c": np.float64(2.0)}, "text": "x", "outputs": np.ones(2)}
    names = [name for name in dir(callbacks.Callback) if name.startswith("on_")]
    for name in names:
        where = (7,) if "epoch" in name or "batch" in name else ()
        getattr(hooks, name)(*where, logs)
        called, *rest, seen = spy.calls.pop()
        assert (called, rest) == (name, list(where))
        assert list(seen) == ["c", "b", "outputs", "text"]
        assert type(seen["b"]) is type(seen["c"]) is float
        assert seen["text"] == "x"
    assert len(names) == 16


def test_what_one_callback_adds_to_the_logs_the_next_one_sees():
    adds = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(more=1.0))
    history = play(callbacks, adds, StandIn("lamina"), [{"loss": 0.5}])
    assert history.history == {"loss": [0.5], "more": [1.0]}


class BatchOnly(callbacks.Callback):
    def on_batch_end(self, batch, logs=None):
        pass


class KerasOwn(keras.callbacks.Callback):
    def on_test_batch_begin(self, batch, logs=None):
        pass


@pytest.mark.parametrize(
    ("made", "needed"),
    [
        (lambda: callbacks.Callback(), set()),
        (lambda: callbacks.EarlyStopping(), set()),
        (lambda: callbacks.History(), set()),
        (lambda: callbacks.ModelCheckpoint("a.keras"), set()),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq=5), {"train_batch_end"}),
        (lambda: callbacks.BackupAndRestore("a"), set()),
        (lambda: callbacks.BackupAndRestore("a", save_freq=5), {"train_batch_end"}),
        (lambda: callbacks.TerminateOnNaN(), {"train_batch_end"}),
        (lambda: BatchOnly(), {"train_batch_end"}),
        (lambda: callbacks.LambdaCallback(on_train_batch_begin=print), {"train_batch_begin"}),
        (lambda: callbacks.LambdaCallback(on_predict_batch_end=print), {"predict_batch_end"}),
        (lambda: KerasOwn(), {"test_batch_begin"}),
    ],
)
def test_a_list_knows_which_hooks_of_batches_do_something(made, needed):
    hooks = callbacks.CallbackList([made()], add_history=True)
    kinds = [f"{loop}_batch_{end}" for loop in ("train", "test", "predict") for end in ("begin", "end")]
    assert {kind for kind in kinds if getattr(hooks, f"needs_{kind}")} == needed


def test_a_subclass_that_overrides_a_hook_of_batches_is_always_called():
    class Mine(callbacks.ModelCheckpoint):
        def on_train_batch_end(self, batch, logs=None):
            pass

    assert callbacks.CallbackList([Mine("a.keras")]).needs_train_batch_end


def test_a_list_adds_history_and_progress_once():
    history = callbacks.History()
    model = StandIn("lamina")
    hooks = callbacks.CallbackList([history], add_history=True, add_progbar=True, model=model)
    assert [type(c).__name__ for c in hooks.callbacks] == ["History", "ProgbarLogger"]
    assert model.history is history
    assert hooks.shows_progress
    assert not callbacks.CallbackList(None, add_history=True).shows_progress


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"save_best_only": True},
        {"save_best_only": True, "initial_value_threshold": 0.4},
        {"save_best_only": True, "monitor": "accuracy", "mode": "max"},
        {"save_weights_only": True},
        {"save_freq": 4},
        {"save_freq": 7, "save_weights_only": True},
        {"save_freq": 2, "save_best_only": True, "monitor": "loss"},
    ],
)
def test_checkpoints_are_saved_when_keras_saves_them(tmp_path, options):
    ending = "weights.h5" if options.get("save_weights_only") else "keras"
    batch = "-{batch}" if "save_freq" in options else ""
    path = str(tmp_path / "deep" / ("{epoch:02d}" + batch + "-{loss:.2f}." + ending))
    models, made, _ = both("ModelCheckpoint", {"filepath": path, **options}, random_losses(1, 12), batches=3)
    assert models[0].saved == models[1].saved
    assert len(models[0].saved) > 0
    assert made[0].best == made[1].best
    assert (tmp_path / "deep").is_dir()


def test_checkpoints_say_what_they_do(tmp_path, capsys):
    made = callbacks.ModelCheckpoint(tmp_path / "m.keras", "loss", verbose=1, save_best_only=True)
    play(callbacks, made, StandIn("lamina"), [{"loss": 1.0}, {"loss": 0.5}, {"loss": 2.0}])
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 1: loss improved from None to 1.00000, saving model to {tmp_path}/m.keras",
        f"Epoch 2: loss improved from 1.00000 to 0.50000, saving model to {tmp_path}/m.keras",
        "Epoch 3: loss did not improve from 0.50000",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"filepath": "a.h4"},
        {"filepath": "a.keras", "save_weights_only": True},
        {"filepath": "a.keras", "save_freq": 1.5},
    ],
)
def test_wrong_arguments_of_checkpoints_are_refused(options):
    for module in (callbacks, keras.callbacks):
        with pytest.raises(ValueError, match=r"(end in|Unrecognized save_freq)"):
            module.ModelCheckpoint(**options)


def test_checkpoints_refuse_unknown_fields_and_directories(tmp_path):
    with pytest.raises(KeyError, match="the logs only have epoch, loss"):
        play(callbacks, callbacks.ModelCheckpoint("{val_loss}.keras"), StandIn("lamina"), [{"loss": 1.0}])
    (tmp_path / "d.keras").mkdir()
    with pytest.raises(OSError, match="existing directory"):
        play(callbacks, callbacks.ModelCheckpoint(tmp_path / "d.keras"), StandIn("lamina"), [{"loss": 1.0}])


def test_a_best_checkpoint_without_its_metric_is_saved_with_a_warning(tmp_path):
    model = StandIn("lamina")
    made = callbacks.ModelCheckpoint(tmp_path / "m.keras", save_best_only=True)
    with pytest.warns(UserWarning, match="Can save best model only with val_loss available"):
        play(callbacks, made, model, [{"loss": 1.0}])
    with pytest.warns(UserWarning, match="no scalar"):
        play(callbacks, made, model, [{"val_loss": np.ones(2)}])
    assert len(model.saved) == 2


def averaging(library):
    """A model after two steps of an optimizer that averages its one weight, and this weight."""
    weight = (Variable if library == "lamina" else keras.Variable)(1.0)
    model = StandIn(library, lambda module: module.SGD(0.5, use_ema=True, ema_momentum=0.5))
    for _ in range(2):
        model.optimizer.apply([np.float32(1.0)], [weight])
    return model, weight


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averaged_weights_are_in_the_model_when_they_are_in_keras(swap_on_epoch):
    seen = []
    for library, module in (("lamina", callbacks), ("keras", keras.callbacks)):
        model, weight = averaging(library)
        values = []

        def note(*args, weight=weight, values=values):
            values.append(float(weight.value))

        spy = module.LambdaCallback(on_epoch_begin=note, on_epoch_end=note, on_test_begin=note, on_test_end=note)
        hooks = module.CallbackList([module.SwapEMAWeights(swap_on_epoch), spy], model=model, epochs=2)
        for epoch in range(2):
            hooks.on_epoch_begin(epoch)
            hooks.on_test_begin()
            hooks.on_test_end()
            hooks.on_epoch_end(epoch)
        model.optimizer.finalize_variable_values([weight])
        seen.append([*values, float(weight.value)])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {0.0, 0.25}


def test_the_weights_themselves_are_back_after_a_prediction():
    model, weight = averaging("lamina")
    swap = callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_predict_begin()
    assert float(weight) == 0.25
    swap.on_predict_end()
    assert float(weight) == 0.0


def test_swapping_needs_averages():
    swap = callbacks.SwapEMAWeights()
    swap.set_model(StandIn("lamina"))
    with pytest.raises(ValueError, match="use_ema=True"):
        swap.on_test_begin()


def test_swapping_finds_the_optimizers_inside_others():
    weight = Variable(1.0, name="w")
    inner = optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
    model = StandIn("lamina", lambda module: module.MultiOptimizer(lambda variable: inner))
    for _ in range(2):
        model.optimizer.apply([np.float32(1.0)], [weight])
    swap = callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_test_begin()
    assert float(weight) == 0.25


def test_keras_callbacks_can_be_in_our_list():
    with warnings.catch_warnings():
        stopper = keras.callbacks.EarlyStopping(monitor="loss", patience=1)
    model = StandIn("lamina")
    play(callbacks, stopper, model, [{"loss": v} for v in (1.0, 2.0, 3.0)])
    assert model.stop_training
