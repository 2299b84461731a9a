"""Checkpoints in Orbax's format, and the nested dicts they hold."""

import json
import sys

import numpy as np
import pytest

import lamina
from lamina import callbacks, layers
from lamina.training.state_tree import get_state_tree, set_state_tree

X = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")


def model():
    made = lamina.Sequential([layers.Input((4,)), layers.Dense(2, name="out")], name="net")
    made.compile("adam", "mse", metrics=["mae"])
    return made


def fit(made, epochs=3, hooks=()):
    return made.fit(X, X[:, :2], batch_size=16, epochs=epochs, verbose=0, shuffle=False, callbacks=list(hooks))


def test_a_state_tree_is_nested_by_paths_and_can_be_set():
    made, other = model(), model()
    fit(made, 1)
    fit(other, 1)
    state = get_state_tree(made, value_format="numpy_array")
    assert set(state["trainable_variables"]["net"]["out"]) == {"kernel", "bias"}
    assert state["optimizer_variables"][made.optimizer.name]["iteration"] == 3
    set_state_tree(other, {"trainable_variables": state["trainable_variables"]})
    np.testing.assert_array_equal(other.get_weights()[0], made.get_weights()[0])
    with pytest.raises(ValueError, match="Unknown variable name"):
        set_state_tree(other, {"weights": {}})
    with pytest.raises(ValueError, match="Invalid `value_format`"):
        get_state_tree(made, value_format="list")


def test_without_orbax_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    with pytest.raises(ImportError, match=r"lamina\[checkpoint\]"):
        callbacks.OrbaxCheckpoint("folder")


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize(("save_freq", "steps"), [("epoch", [1, 2]), (2, [6, 8])])
def test_the_newest_checkpoints_are_kept(tmp_path, background, save_freq, steps):
    orbax = pytest.importorskip("orbax.checkpoint")
    made = model()
    saver = callbacks.OrbaxCheckpoint(tmp_path, save_freq=save_freq, max_to_keep=2, save_on_background=background)
    fit(made, hooks=[saver])
    assert saver.checkpointer.all_steps() == steps
    args = orbax.args.Composite(pytree=orbax.args.StandardRestore(), model_config=orbax.args.JsonRestore())
    restored = saver.checkpointer.restore(2 if save_freq == "epoch" else 8, args=args)
    assert json.loads(restored["model_config"]["config"])["class_name"] == "Sequential"
    if save_freq == "epoch":
        np.testing.assert_array_equal(
            restored["pytree"]["trainable_variables"]["net"]["out"]["kernel"], made.get_weights()[0]
        )
    assert callbacks.CallbackList([saver]).needs_train_batch_end == (save_freq == 2)


def test_the_best_weights_alone_are_kept_if_asked(tmp_path):
    orbax = pytest.importorskip("orbax.checkpoint")
    saver = callbacks.OrbaxCheckpoint(tmp_path, "loss", save_best_only=True, mode="max", save_weights_only=True)
    history = fit(model(), hooks=[saver]).history["loss"]
    assert saver.checkpointer.all_steps() == [int(np.argmax(history))]
    args = orbax.args.Composite(pytree=orbax.args.StandardRestore())
    assert set(saver.checkpointer.restore(0, args=args)["pytree"]) == {"trainable_variables", "non_trainable_variables"}


@pytest.mark.parametrize("place", ["newest", "one step"])
def test_a_model_and_its_training_go_on_from_a_checkpoint(tmp_path, place):
    pytest.importorskip("orbax.checkpoint")
    made = model()
    fit(made, hooks=[callbacks.OrbaxCheckpoint(tmp_path, max_to_keep=None)])
    path = tmp_path if place == "newest" else tmp_path / "2"
    loaded = lamina.saving.load_model(path)
    assert int(loaded.optimizer.iterations) == int(made.optimizer.iterations) == 9
    for mine, theirs in zip(loaded.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert fit(loaded, 1).history == fit(made, 1).history
    assert not lamina.saving.load_model(path, compile=False).compiled


def test_weights_alone_are_loaded_into_a_model(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    made, other = model(), model()
    fit(made, 1, hooks=[callbacks.OrbaxCheckpoint(tmp_path, save_weights_only=True)])
    other.load_weights(tmp_path)
    np.testing.assert_array_equal(other.get_weights()[0], made.get_weights()[0])
    with pytest.raises(ValueError, match="L407: Checkpoint does not contain model configuration"):
        lamina.saving.load_model(tmp_path)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    fit(model(), 1, hooks=[callbacks.OrbaxCheckpoint(tmp_path, save_weights_only=True)])
    layer, statistics = layers.Dense(2, name="out"), layers.BatchNormalization(center=False, scale=False)
    for stack, told in (
        ([layers.Dense(2, name="another")], r"another/kernel is not there"),
        ([layers.Dense(3, name="out")], r"out/kernel has \(4, 3\), the checkpoint \(4, 2\); .*out/bias"),
        ([layer, statistics], "moving_mean is not there"),
    ):
        other = lamina.Sequential([layers.Input((4,)), *stack], name="net")
        before = other.get_weights()
        with pytest.raises(ValueError, match=f"L407: .* does not fit 'net'.*{told}"):
            other.load_weights(tmp_path)
        assert all((a == b).all() for a, b in zip(other.get_weights(), before, strict=True))


def test_a_checkpoint_that_claims_more_than_it_holds_is_refused(tmp_path, monkeypatch):
    made = model()
    fit(made, 1, hooks=[callbacks.OrbaxCheckpoint(tmp_path)])
    monkeypatch.setattr("lamina.saving.files._UNSUSPICIOUS_BYTES", 0)
    monkeypatch.setattr("lamina.saving.files._LARGEST_EXPANSION", 0)
    with pytest.raises(ValueError, match=r"L404: .* its arrays claim \d+ bytes"):
        made.load_weights(tmp_path)
