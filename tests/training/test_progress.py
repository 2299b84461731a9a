"""The progress display: what it draws, and that it does not wait."""

import io
import re

import pytest
from rich.console import Console

from lamina.core import config
from lamina.training import progress as room
from lamina.training.callbacks.progbar_logger import ProgbarLogger
from lamina.training.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that is moved by hand: `clock[0] += seconds`."""
    now = [100.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)


def drawn(console):
    """What was drawn, one string per drawing, without control codes."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\r", console.file.getvalue())
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


class NotReady:
    """A value that the device is still computing."""

    shape = ()

    def __init__(self, value):
        self.value, self.ready, self.reads = value, False, 0

    def is_ready(self):
        return self.ready

    def __array__(self, dtype=None, copy=None):
        import numpy as np

        self.reads += 1
        assert self.ready, "the display waited for the device"
        return np.asarray(self.value)


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_elsewhere_than_in_a_terminal_an_epoch_is_one_plain_line(verbose, clock, capsys):
    progress = Progress(3, 4, verbose)
    progress.epoch_begin(0)
    for step in range(4):
        clock[0] += 0.25
        progress.step(step + 1, {"loss": 1.0})
    progress.epoch_end({"accuracy": 0.91, "loss": 0.3, "val_loss": 0.00002})
    progress.close()
    assert (
        capsys.readouterr().out
        == "Epoch 1/3 - 1.0s - 250ms/step - accuracy: 0.9100 - loss: 0.3000 - val_loss: 2.0000e-05\n"
    )


def test_an_evaluation_is_a_line_that_begins_with_its_steps(capsys, clock):
    progress = Progress(1, None, 2)
    progress.step(1)
    clock[0] += 130.0
    progress.step(14)
    progress.epoch_end({"loss": 0.5})
    assert capsys.readouterr().out == "14/14 - 2:10 - 10s/step - loss: 0.5000\n"


def test_the_first_step_which_compiles_does_not_count_for_the_time_per_step(capsys, clock):
    progress = Progress(1, 3, 2)
    progress.epoch_begin(0)
    for seconds in (60.0, 0.002, 0.002):
        clock[0] += seconds
        progress.step(1 if seconds == 60.0 else 3)
    progress.epoch_end()
    assert capsys.readouterr().out == "Epoch 1/1 - 1:00 - 2ms/step\n"


def test_silence_is_silent(capsys, clock):
    progress = Progress(1, 3, 0)
    progress.epoch_begin(0)
    progress.step(3, {"loss": 1.0})
    progress.epoch_end({"loss": 1.0})
    progress.close()
    assert capsys.readouterr().out == ""


def test_lines_are_logged_where_printing_is_turned_off(capsys, caplog, clock):
    config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", "lamina"):
            progress = Progress(1, 3, 2)
            progress.epoch_begin(0)
            progress.epoch_end()
    finally:
        config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["Epoch 1/1 - 0.0s"]


def test_in_a_terminal_a_bar_grows_and_its_last_line_is_kept(clock, terminal):
    progress = Progress(2, 10, 1, console=terminal)
    progress.epoch_begin(1)
    for step in range(10):
        clock[0] += 0.2
        progress.step(step + 1, {"loss": 0.5})
    progress.epoch_end({"loss": 0.25, "val_loss": 0.75})
    progress.close()
    lines = drawn(terminal)
    assert lines[0].startswith("Epoch 2/2")
    assert lines[0].endswith("0/10")
    assert any(line.endswith("3/10 - 1.4s left - 200ms/step - loss: 0.5000") for line in lines)
    assert lines[-1].endswith("10/10 - 2.0s - 200ms/step - loss: 0.2500 - val_loss: 0.7500")
    assert terminal.file.getvalue().endswith("\x1b[?25h")  # the cursor is shown again


def test_in_a_narrow_terminal_the_line_is_cut_while_it_runs_and_whole_in_the_end(clock):
    narrow = Console(file=io.StringIO(), force_terminal=True, width=60, color_system=None)
    progress = Progress(2, 10, 1, console=narrow)
    progress.epoch_begin(1)
    clock[0] += 0.2
    progress.step(1, {"accuracy": 0.5, "loss": 0.5})
    running = drawn(narrow)
    assert running[-1].endswith("…")
    assert all(len(line) <= 60 for line in running)
    progress.epoch_end({"accuracy": 0.5, "loss": 0.25})
    kept = " ".join(" ".join(drawn(narrow)[len(running) :]).split())
    assert kept.endswith("Epoch 2/2 1/10 - 0.2s - 200ms/step - accuracy: 0.5000 - loss: 0.2500")


def test_a_bar_without_a_known_end_counts(clock, terminal):
    progress = Progress(1, None, 1, console=terminal)
    for step in range(3):
        clock[0] += 0.2
        progress.step(step + 1)
    progress.epoch_end()
    assert "2 - 200ms/step" in drawn(terminal)
    assert drawn(terminal)[-1].endswith("3/3 - 0.6s - 200ms/step")


def test_drawings_are_a_tenth_of_a_second_apart(clock, terminal):
    progress = Progress(1, 1000, 1, console=terminal)
    progress.epoch_begin(0)
    for step in range(999):
        clock[0] += 0.001
        progress.step(step + 1)
    assert 9 <= len(drawn(terminal)) <= 12


def test_values_are_read_only_when_they_are_there(clock, terminal):
    progress = Progress(1, 100, 1, console=terminal)
    progress.epoch_begin(0)
    first, second = NotReady(0.5), NotReady(0.25)
    for step, value in ((1, first), (2, second)):
        clock[0] += 0.2
        progress.step(step, {"loss": value})
    assert "loss" not in drawn(terminal)[-1]
    first.ready = True
    clock[0] += 0.2
    progress.step(3, {"loss": second})
    assert drawn(terminal)[-1].endswith("loss: 0.5000")
    second.ready = True
    clock[0] += 0.2
    progress.step(4, {"loss": second})
    assert drawn(terminal)[-1].endswith("loss: 0.2500")
    assert (first.reads, second.reads) == (1, 1)


def test_closing_in_the_middle_gives_the_terminal_back(clock, terminal):
    progress = Progress(1, 100, 1, console=terminal)
    progress.epoch_begin(0)
    progress.close()
    progress.close()
    assert terminal.file.getvalue().endswith("\x1b[?25h")


def test_the_callback_draws_epochs_with_their_validation_once(clock, capsys):
    bar = ProgbarLogger()
    bar.set_params({"verbose": 2, "epochs": 2, "steps": 2})
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        for batch in range(2):
            bar.on_train_batch_end(batch, {"loss": 1.0})
        bar.on_test_begin()
        bar.on_test_batch_end(0, {"loss": 2.0})
        bar.on_test_end({"loss": 2.0})
        bar.on_epoch_end(epoch, {"loss": 1.0, "val_loss": 2.0})
    bar.on_train_end()
    bar.on_test_begin()
    bar.on_test_batch_end(0, {"loss": 2.0})
    bar.on_test_end({"loss": 2.0})
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1/2 - 0.0s - 0us/step - loss: 1.0000 - val_loss: 2.0000",
        "Epoch 2/2 - 0.0s - 0us/step - loss: 1.0000 - val_loss: 2.0000",
        "1/2 - 0.0s - 0us/step - loss: 2.0000",
    ]
