"""How models were trained before Keras 3: what `compile` fixed, losses of a graph, what callbacks found."""

import contextlib
import functools
import weakref

from lamina import ops
from lamina.callbacks import Callback, ModelCheckpoint
from lamina.core import tree
from lamina.core.tensor import KerasTensor
from lamina.dialects import old_slots
from lamina.dialects.spelling import tell
from lamina.layers import Layer
from lamina.layers.tracking import count_change
from lamina.metrics import Mean
from lamina.models import Functional, Model
from lamina.models.graph import Graph
from lamina.models.program import CompiledCall
from lamina.optimizers import Optimizer
from lamina.training.callbacks import callback_list
from lamina.training.callbacks.callback_list import CallbackList
from lamina.training.callbacks.monitor import MonitorCallback
from lamina.training.data.arrays import split


class OldKeys(dict):
    """Logs by name; "accuracy" is also found as "acc", as it was called before Keras 2.3."""

    called = "logs"

    def __missing__(self, key):
        modern = self._modern(key)
        if modern is None:
            raise KeyError(key)
        tell(f"{self.called}[{key!r}]", f"{self.called}[{modern!r}]", "2.2")
        return self[modern]

    def __contains__(self, key):
        return super().__contains__(key) or self._modern(key) is not None

    def get(self, key, default=None):
        """Return a value, or `default`."""
        try:
            return self[key]
        except KeyError:
            return default

    def _modern(self, key):
        modern = str(key).replace("acc", "accuracy")
        return modern if modern != key and super().__contains__(modern) else None


def _call_hooks(self, name, logs, *where):
    """Call a hook of all callbacks with one dict, in which old names are found too."""
    logs = OldKeys(callback_list._plain(logs))
    for callback in self.callbacks:
        getattr(callback, name)(*where, logs)
    return logs


def _path_of_checkpoint(path):
    @functools.wraps(path)
    def with_old_names(self, epoch, logs):
        old = {name.replace("accuracy", "acc"): value for name, value in logs.items()}
        return path(self, epoch, {**old, **logs})

    return with_old_names


def _every_so_many_epochs(on_epoch_end):
    @functools.wraps(on_epoch_end)
    def on_some(self, epoch, logs=None):
        if (epoch + 1) % getattr(self, "_period", 1) == 0:
            on_epoch_end(self, epoch, logs)

    return on_some


def _direction(direction_of_metric):
    @functools.wraps(direction_of_metric)
    def direction(self):
        return direction_of_metric(self) or ("up" if "acc" in self.monitor else None)

    return direction


def _compile(compile):
    @functools.wraps(compile)
    def compile_and_note(self, optimizer="rmsprop", *args, **kwargs):
        compile(self, _own(self, optimizer), *args, **kwargs)
        flags = [(part, _flag(part)) for part in (*self._flatten_layers(), *self.weights)]
        object.__setattr__(self, "_compiled_flags", flags)
        for part, flag in flags:
            object.__setattr__(part, "_last_compiled_as", flag)

    return compile_and_note


def _own(model, optimizer):
    """Return an optimizer for one model: a GAN of Keras 2 gave one to several, each with moments of its own."""
    if not isinstance(optimizer, Optimizer):
        return optimizer
    other = getattr(optimizer, "_compiled_for", lambda: None)()
    if other is not None and other is not model and not _same(other.trainable_variables, model.trainable_variables):
        tell("one optimizer for two models", "an optimizer for each", "2.10")
        optimizer = optimizer.from_config(optimizer.get_config())
    object.__setattr__(optimizer, "_compiled_for", weakref.ref(model))
    return optimizer


def _same(variables, others):
    return [id(v) for v in variables] == [id(v) for v in others]


@contextlib.contextmanager
def _as_compiled(model):
    """Train what was trainable when `compile` was called, if it was changed for another model that was compiled then.

    `discriminator.trainable = False` before `combined.compile(…)` was for `combined`; a change that no `compile`
    followed is for the next training, as in Keras 3.
    """
    changed = [
        (part, flag, now)
        for part, flag in getattr(model, "_compiled_flags", ())
        if flag != (now := _flag(part)) == part._last_compiled_as
    ]
    if changed:
        tell("layer.trainable = …, after compile()", "layer.trainable = … before each training of the model", "2.15")
    _set_flags((part, flag) for part, flag, _ in changed)
    try:
        yield
    finally:
        _set_flags((part, now) for part, _, now in changed)


def _flag(part):
    return part._trainable if isinstance(part, Layer) else part.trainable


def _set_flags(flags):
    for part, flag in flags:
        if isinstance(part, Layer):
            part._trainable = flag
        else:
            part.trainable = flag
        count_change()


def _train_on_batch(train_on_batch):
    @functools.wraps(train_on_batch)
    def train(self, *args, **kwargs):
        with _as_compiled(self):
            return train_on_batch(self, *args, **kwargs)

    return train


def _fit(fit):
    @functools.wraps(fit)
    def fit_as_compiled(
        self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, validation_split=0.0,
        validation_data=None, *args, **kwargs
    ):  # fmt: skip
        if callbacks:
            validation = validation_data
            if validation is None and validation_split:
                _, validation = split((x, y, kwargs.get("sample_weight")), validation_split)
            _show_validation(callbacks, validation)
        with _as_compiled(self):
            return fit(
                self, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, *args, **kwargs
            )

    return fit_as_compiled


def _show_validation(callbacks, validation):
    """Give callbacks their `validation_data`: the inputs, the labels and the weights, in one list."""
    if isinstance(validation, (tuple, list)):
        validation = [array for part in validation if part is not None for array in tree.flatten(part)]
    for callback in tree.flatten(callbacks):
        if validation is not None and "validation_data" not in getattr(callback, "__dict__", ()):
            callback.validation_data = validation  # what a program's own `__init__` has set stays, also None


def _add_loss(add_loss):
    @functools.wraps(add_loss)
    def add_tensor(self, loss, inputs=None):
        symbolic = [x for x in tree.flatten(loss) if isinstance(x, KerasTensor)]
        if not symbolic:
            return add_loss(self, loss)
        tell("model.add_loss(tensor)", "self.add_loss(…) in a layer's call()", "2.15")
        return _compute_too(self, [(x, lambda value: add_loss(self, ops.mean(value))) for x in symbolic])

    return add_tensor


def _add_metric(self, value, name=None, aggregation=None):
    """Show a tensor among the metrics, averaged; without a name it is the result of a metric of the layer's own."""
    tell("add_metric(value)", "a metric in train_step()", "2.15")
    if name is None:
        return
    attribute = f"_metric_{name}"
    if attribute not in self.__dict__:
        object.__setattr__(self, attribute, Mean(name=name))
        self._tracked.append(self.__dict__[attribute])  # also of a layer that is built
        count_change()
    metric = getattr(self, attribute)
    if isinstance(value, KerasTensor):
        _compute_too(self, [(value, metric.update_state)])
    else:
        metric.update_state(value)


def _compute_too(model, watched):
    """Let each call of a functional model compute further tensors of its graph, and do something with them."""
    watched = [*getattr(model, "_computed_too", ()), *watched]
    object.__setattr__(model, "_computed_too", watched)
    graph = Graph(model.inputs, [*model.outputs, *(x for x, _ in watched)])
    known = {id(layer) for layer in model._flatten_layers()}
    new = (x for x in graph.operations if isinstance(x, Layer) and id(x) not in known)
    model._tracked.extend(new)
    count_change()

    def run(flat):
        (*outputs,) = graph.run(flat)
        for (_, use), value in zip(watched, outputs[len(model.outputs) :], strict=True):
            use(value)
        outputs = tree.pack_sequence_as(model._outputs_struct, outputs[: len(model.outputs)])
        return outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs

    object.__setattr__(model, "_run", run)
    object.__setattr__(model, "_program", CompiledCall(model, run))


def _set_trainable_weights(self, value):
    """Own the variables that a layer of Keras 1 lists."""
    owned = {id(v) for v in self._tracked}
    self._tracked.extend(v for v in value if id(v) not in owned)
    count_change()


def _update_step(update_step):
    @functools.wraps(update_step)
    def with_decay(self, gradient, variable, learning_rate):
        decay = getattr(self, "_decay", 0.0)
        if decay:
            learning_rate = learning_rate / (1.0 + decay * ops.cast(self.iterations, "float32"))
        return update_step(self, gradient, variable, learning_rate)

    return with_decay


def _config_of_optimizer(get_config):
    @functools.wraps(get_config)
    def with_decay(self):
        decay = getattr(self, "_decay", 0.0)
        return {**get_config(self), "decay": decay} if decay else get_config(self)

    return with_decay


def table():
    """Return (class, name, value) for what training had."""
    return (
        (Callback, "model", property(Callback.model.fget, lambda self, model: setattr(self, "_model", model))),
        (Callback, "validation_data", None),
        (CallbackList, "_call", _call_hooks),
        (ModelCheckpoint, "_path", _path_of_checkpoint(ModelCheckpoint._path)),
        (ModelCheckpoint, "on_epoch_end", _every_so_many_epochs(ModelCheckpoint.on_epoch_end)),
        (MonitorCallback, "_direction_of_metric", _direction(MonitorCallback._direction_of_metric)),
        (Model, "compile", _compile(Model.compile)),
        (Model, "fit", _fit(Model.fit)),
        (Model, "train_on_batch", _train_on_batch(Model.train_on_batch)),
        (Functional, "add_loss", _add_loss(Functional.add_loss)),
        (Layer, "add_metric", _add_metric),
        (Optimizer, "update_step", _update_step(Optimizer.update_step)),
        (Optimizer, "get_config", _config_of_optimizer(old_slots.get_config)),
        (Layer, "trainable_weights", property(Layer.trainable_weights.fget, _set_trainable_weights)),
        (Layer, "non_trainable_weights", property(Layer.non_trainable_weights.fget, _set_trainable_weights)),
    )
