"""The loops: epochs, batches, callbacks and progress around compiled steps.

While a loop runs, the state lives in lists of arrays that the compiled step hands over; the variables get it back
whenever someone
may look (a callback, the end of an epoch, an error, Ctrl-C).
"""

import contextlib
import signal
import threading

import numpy as np

from lamina.core.errors import warn
from lamina.training import nonfinite, programs
from lamina.training.callbacks.callback_list import CallbackList
from lamina.training.data import Lot
from lamina.training.lots import SIZE, Lots
from lamina.training.progress import Progress

# --- fit -------------------------------------------------------------------------------------------------------


def fit(model, feed, validation, *, epochs, initial_epoch, verbose, callbacks, validation_freq):
    """Run the epochs; return the History."""
    verbose = _verbosity(verbose)
    hooks = callbacks
    if not isinstance(hooks, CallbackList):
        hooks = CallbackList(
            callbacks, add_history=True, model=model, verbose=verbose, epochs=epochs, steps=feed.num_batches
        )
    model.stop_training = False
    progress = _progress(hooks, epochs, feed, verbose)
    state = programs.TrainState(model)
    hooks.on_train_begin()
    initial_epoch, model._initial_epoch = model._initial_epoch or initial_epoch, None  # a restored run goes on
    logs, watch = {}, nonfinite.Watch(model, feed)
    with _interruptible() as interrupted, contextlib.closing(progress), _finalizing(model, state):
        for epoch in range(initial_epoch, epochs):
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
            progress.epoch_begin(epoch)
            state.take()
            watch.begin(epoch)
            try:
                results, last_batch = _epoch(model, feed, state, hooks, progress, interrupted)
            finally:
                state.give_back()
            if interrupted:
                _tell_interruption(epoch, epochs)
            if results is None:
                _warn_of_end(epoch, epochs)
                break
            logs = results
            watch.end(logs, last_batch)
            if validation is not None and _validates(epoch, validation_freq):
                scores = evaluate(model, validation, verbose=0, callbacks=hooks)
                logs.update({f"val_{name}": value for name, value in scores.items()})
            progress.epoch_end(hooks.on_epoch_end(epoch, logs) or logs)
            if model.stop_training:
                break
    hooks.on_train_end(logs)
    return model.history


def _progress(hooks, epochs, feed, verbose):
    """The loop's own display, silent where a callback shows one."""
    return Progress(epochs, feed.num_batches, 0 if hooks.shows_progress else verbose)


@contextlib.contextmanager
def _finalizing(model, state):
    """Let the optimizer set the final weights (moving averages) when training ends, also by an error or Ctrl-C."""
    before = state.values
    try:
        yield
    finally:
        if model.optimizer is not None and state.values is not before:
            model.optimizer.finalize_variable_values(model.trainable_variables)


def _epoch(model, feed, state, hooks, progress, interrupted):
    """Run the steps of one epoch; return the logs as floats, None if the feed had no batch left, and the last batch."""
    step = programs.train_program(model)
    odd = programs.OddBatch(model, feed, step)
    begin, end = hooks.needs_train_batch_begin, hooks.needs_train_batch_end
    lots = None if begin or end else Lots.of(model, feed, step, state.values)
    every = steps_between_hooks(model)
    logs, count, last = {}, 0, None
    batches, problem = feed.batches(SIZE) if lots else feed.batches(), None
    batch = next(batches, _END)
    while batch is not _END:
        if begin and count % every == 0:
            hooks.on_train_batch_begin(count)
        steps = batch.steps if isinstance(batch, Lot) else 1
        run = lots.run if isinstance(batch, Lot) else step if count < odd.index else odd.program()
        logs, state.values = run(state.values, batch)
        if isinstance(batch, Lot):
            lots.wait(logs)
        last, count = batch, count + steps
        if count == steps:
            odd.start(state.values)
        try:
            batch = next(batches, _END)  # while the device works, and before a hook waits for it
        except Exception as error:  # noqa: BLE001  (raised after the hooks of this batch)
            batch, problem = _END, error
        if end and count % every == 0:
            _show(hooks, state, count - 1, logs)
        progress.step(count, logs)
        if interrupted or model.stop_training:
            problem = None
            break
    if problem is not None:
        raise problem
    if end and count % every:
        _show(hooks, state, count - count % every + every - 1, logs)  # numbered as if the group were full, as in Keras
    return (_floats(logs) if count else None), last.last() if isinstance(last, Lot) else last


_END = object()


def _show(hooks, state, number, logs):
    """Let callbacks see, and change, the model after batch `number`."""
    state.give_back()
    hooks.on_train_batch_end(number, _floats(logs))
    state.take()


def steps_between_hooks(model):
    """How many batches lie between two calls of the hooks for batches [count]."""
    return model.steps_per_execution if isinstance(model.steps_per_execution, int) else 1


def _warn_of_end(epoch, epochs):
    warn(
        "L354",
        f"the data source has no batch left for epoch {epoch + 1} of {epochs}: training ends here. Fix: give a source "
        "that can be run through again (an array, a list, a PyDataset), or a generator with `while True` and "
        "`steps_per_epoch`.",
    )


def _validates(epoch, frequency):
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    if isinstance(frequency, list | tuple | set):
        return epoch + 1 in frequency
    raise ValueError(
        f"Expected `validation_freq` to be a list or int. Received: validation_freq={frequency} of the type "
        f"{type(frequency)}."
    )


def _verbosity(verbose):
    return 1 if verbose == "auto" else int(verbose)


def _floats(logs):
    return {
        name: float(np.asarray(value)) if np.ndim(value) == 0 else np.asarray(value) for name, value in logs.items()
    }


@contextlib.contextmanager
def _interruptible():
    """Let the first Ctrl-C end the step at hand and be found in the yielded list; a second one interrupts at once."""
    pressed = []
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed
        return

    def remember(number, frame):
        pressed.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, remember)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _tell_interruption(epoch, epochs):
    print(f"\nStopped in epoch {epoch + 1} of {epochs}: the model keeps what it has learnt so far.", flush=True)
    raise KeyboardInterrupt


# --- evaluate --------------------------------------------------------------------------------------------------


def evaluate(model, feed, *, verbose, callbacks=None):
    """Return loss and metrics over the feed as a dict of floats."""
    hooks = callbacks
    if not isinstance(hooks, CallbackList):
        hooks = CallbackList(callbacks, model=model, verbose=_verbosity(verbose), epochs=1, steps=feed.num_batches)
    model.reset_metrics()
    step = programs.test_program(model)
    feed.restart()
    hooks.on_test_begin()
    trainable, others = model.trainable_variables, model.non_trainable_variables
    weights, values, scores = map(programs.values_of, (trainable, others, model.metrics_variables))
    begin, end = hooks.needs_test_batch_begin, hooks.needs_test_batch_end
    every = steps_between_hooks(model)
    logs, count = {}, 0
    with contextlib.closing(_progress(hooks, 1, feed, _verbosity(verbose))) as progress:
        for batch in feed.batches():
            if begin and count % every == 0:
                hooks.on_test_batch_begin(count)
            logs, values, scores = step(weights, values, scores, batch)
            count += 1
            if end and count % every == 0:
                hooks.on_test_batch_end(count - 1, _floats(logs))
            progress.step(count, logs)
            if getattr(model, "stop_evaluating", False):
                break
        logs = _floats(logs)
        if end and count % every:
            hooks.on_test_batch_end(count - count % every + every - 1, logs)
        progress.epoch_end(logs)
    programs.put(others, values)
    programs.put(model.metrics_variables, scores)
    hooks.on_test_end(logs)
    return logs


# --- one batch -------------------------------------------------------------------------------------------------


def train_once(model, batch):
    """Make one training step; return the logs as floats."""
    state = programs.TrainState(model)
    logs, state.values = programs.train_program(model)(state.values, batch)
    state.give_back()
    return _floats(logs)


def test_once(model, batch):
    """Make one evaluation step; return the logs as floats."""
    step = programs.test_program(model)
    others, scored = model.non_trainable_variables, model.metrics_variables
    logs, values, scores = step(*map(programs.values_of, (model.trainable_variables, others, scored)), batch)
    programs.put(others, values)
    programs.put(scored, scores)
    return _floats(logs)
