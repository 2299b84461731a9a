"""The steps of a model as programs: compiled once, kept with the model, given and giving lists of arrays."""

import sys

import jax
import jax.numpy as jnp

from lamina.core import config, placement
from lamina.engine import compile as engine
from lamina.training.data import ArrayFeed, pack_x_y_sample_weight, unpack_x_y_sample_weight
from lamina.training.nonfinite import keeping_what_was_good
from lamina.training.signatures import assert_takes_state


def values_of(variables):
    """Return the values of variables as a list."""
    return [variable._value for variable in variables]


def put(variables, values):
    """Give variables their values."""
    for variable, value in zip(variables, values, strict=True):
        variable._value = value


def _to_give_away(variable):
    """The value of a variable, for a step that takes over its memory: a copy if somebody else holds the array too."""
    value = variable._value
    alone = sys.getrefcount(value) <= 3  # the variable, the name above, and the argument of this call
    return value if alone else jnp.array(value, copy=True)


class TrainState:
    """The state of a training run as lists of arrays, and the way back into the model's variables."""

    def __init__(self, model):
        self.groups = self.groups_of(model)
        self.values = None
        self.take()

    @staticmethod
    def groups_of(model):
        """The variables of a step, in the order of its state."""
        slots = model.optimizer.variables if model.optimizer is not None else []
        return model.trainable_variables, model.non_trainable_variables, slots, model.metrics_variables

    def take(self):
        """Read the variables."""
        self.values = None
        self.values = tuple([_to_give_away(variable) for variable in group] for group in self.groups)

    def give_back(self):
        """Write the variables."""
        for group, values in zip(self.groups, self.values, strict=True):
            put(group, values)


def compiled(model, kind, function, **options):
    """Return the compiled form of one of the model's steps: made anew when what they are compiled for changes."""
    eager = model.run_eagerly or not model.jit_compile or config.functions_run_eagerly()
    signature = (kind, model._compiled_in(), eager)
    program = model._programs.get(signature)
    if program is None:
        program = model._programs[signature] = function if eager else engine.jit(function, **options)
    return program


def train_program(model):
    """Return `step(state, batch) -> (logs, state)`; the state's arrays are used up."""
    if is_overridden(model, "make_train_function"):
        model.make_train_function()
        return lambda state, batch: model.train_function(state, iter((batch,)))
    assert_takes_state(model, "train_step")
    own = is_overridden(model, "train_step")
    step = model.train_step if own else keeping_what_was_good(model.train_step)
    if placement.distribution() is not None:
        step = _in_place(model, step)
    return compiled(model, "train", step, donate=(0,))


def _in_place(model, train_step):
    """Variables stay laid out over the devices as they are, where the compiler would rather move them."""
    groups = TrainState.groups_of(model)

    def step(state, batch):
        logs, state = train_step(state, batch)
        return logs, tuple(list(map(placement.stay, *pair)) for pair in zip(groups, state, strict=True))

    return step


def test_program(model):
    """Return `step(trainable, non_trainable, metrics, batch) -> (logs, non_trainable, metrics)`."""
    if is_overridden(model, "make_test_function"):
        model.make_test_function()
        return _without_weights(lambda state, batch: model.test_function(state, iter((batch,))))
    assert_takes_state(model, "test_step")
    return compiled(model, "test", _without_weights(model.test_step))


def _without_weights(test_step):
    """Weights do not change in evaluation, so they need not come out."""

    def step(trainable, non_trainable, scores, batch):
        logs, (_, non_trainable, scores) = test_step((trainable, non_trainable, scores), batch)
        return logs, non_trainable, scores

    return step


def predict_program(model):
    """Return `step(trainable, non_trainable, batch) -> (outputs, changed)`.

    Only those values come out that a prediction changes, such as the states of a stateful recurrent layer, by position.
    """
    if is_overridden(model, "make_predict_function"):
        model.make_predict_function()
        return _only_changes(lambda state, batch: model.predict_function(state, iter((batch,))))
    assert_takes_state(model, "predict_step")
    return compiled(model, "predict", _only_changes(model.predict_step))


def _only_changes(predict_step):
    def step(trainable, non_trainable, batch):
        outputs, after = predict_step((trainable, non_trainable), batch)
        if isinstance(after, tuple):  # `predict_function` gives the whole state, `predict_step` what may have changed
            after = after[1]
        pairs = enumerate(zip(non_trainable, after, strict=True))
        return outputs, {i: new for i, (old, new) in pairs if new is not old}

    return step


def is_overridden(model, name):
    """Tell whether a subclass makes the function in a way of its own."""
    return not (getattr(model, name).__module__ or "").startswith("lamina.")


def inputs_of(model):
    """Return the function that takes from a batch what `predict_step` gets: its inputs; all of it for an own step."""
    own = is_overridden(model, "predict_step") or is_overridden(model, "make_predict_function")
    return (lambda batch: batch) if own else lambda batch: pack_x_y_sample_weight(unpack_x_y_sample_weight(batch)[0])


class OddBatch:
    """The last, smaller batch of an epoch over arrays, compiled in the background while the epoch runs.

    Attributes:
        index: number of that batch in the epoch; infinite if there is none.
    """

    def __init__(self, model, feed, step):
        self.index = float("inf")
        self.model, self.feed, self.step = model, feed, step
        self.future = None
        smaller = isinstance(feed, ArrayFeed) and feed.steps is None and feed.last_size != feed.batch_size
        on_one_device = placement.distribution() is None  # else the program depends on how the batch is shared out
        if smaller and on_one_device and feed.total_batches > 1 and hasattr(step, "lower"):
            self.index = feed.total_batches - 1

    def start(self, values):
        """Begin to compile, once the first step is under way and shapes are known to fit."""
        if self.index == float("inf") or self.future is not None:
            return
        example = self.feed.example(self.feed.last_size)
        leaves, structure = jax.tree_util.tree_flatten((values, example))
        key = (self.step, structure, *((x.shape, str(x.dtype)) for x in leaves))
        self.future = self.model._programs.get(key)
        if self.future is None:
            self.future = self.model._programs[key] = engine.lower_in_background(self.step, values, example)

    def program(self):
        """Return the compiled step, when it is ready."""
        return self.future.result()
