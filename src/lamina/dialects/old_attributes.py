"""Methods and attributes that models, optimizers and histories had, as functions on ours."""

import functools
import math
import sys

import jax
import numpy as np
from jax.core import Tracer

from lamina.callbacks import History
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor
from lamina.core.variable import Variable
from lamina.dialects import asking, old_files, old_optimizers, old_steps, old_training, seeds
from lamina.dialects.old_training import OldKeys
from lamina.dialects.spelling import tell
from lamina.dialects.tensorflow.dtypes import DType
from lamina.dialects.tensorflow.ragged import RaggedTensor
from lamina.dialects.tensorflow.shapes import HostTensor, TensorShape
from lamina.dialects.tensorflow.tape import GradientTape
from lamina.dialects.tensorflow.variables import assigning
from lamina.layers import RNN, Hashing, IntegerLookup, Layer, StringLookup
from lamina.metrics import Metric
from lamina.models import Functional, Model, Sequential
from lamina.optimizers import Optimizer


class _Histories(OldKeys):
    called = "history"


def _history(self):
    return self.__dict__.setdefault("_history", _Histories())


def _set_history(self, value):
    self.__dict__["_history"] = _Histories(value)


def _fit_generator(
    self,
    generator,
    steps_per_epoch=None,
    epochs=1,
    verbose=1,
    callbacks=None,
    validation_data=None,
    validation_steps=None,
    class_weight=None,
    shuffle=True,
    initial_epoch=0,
    samples_per_epoch=None,
    nb_epoch=None,
    nb_val_samples=None,
    nb_worker=1,
    max_q_size=10,
    pickle_safe=False,
    **options,
):
    """Train on batches of a generator. In Keras 1 an epoch was counted in samples, here as later in steps."""
    tell("model.fit_generator(…)", "model.fit(…)", "2.15")
    if samples_per_epoch is not None:
        generator, batch = _first(generator)
        steps_per_epoch = math.ceil(samples_per_epoch / batch)
        validation_steps = math.ceil(nb_val_samples / batch) if nb_val_samples else validation_steps
    return self.fit(
        generator,
        steps_per_epoch=steps_per_epoch,
        epochs=nb_epoch or epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=validation_data,
        validation_steps=validation_steps,
        class_weight=class_weight,
        initial_epoch=initial_epoch,
    )


def _first(generator):
    """Return the generator, with nothing lost, and the size of its first batch."""
    first = next(generator)
    inputs = first[0] if isinstance(first, tuple) else first
    size = len(inputs[0] if isinstance(inputs, list) else inputs)

    def whole():
        yield first
        yield from generator

    return whole(), size


def _evaluate_generator(self, generator, steps=None, verbose=0, val_samples=None, **options):
    """Return the loss and the metrics over batches of a generator; `val_samples` were counted in Keras 1."""
    tell("model.evaluate_generator(…)", "model.evaluate(…)", "2.15")
    generator, steps = _in_steps(generator, steps, val_samples)
    return self.evaluate(generator, steps=steps, verbose=verbose)


def _predict_generator(self, generator, steps=None, verbose=0, val_samples=None, **options):
    """Return the outputs for batches of a generator; `val_samples` were counted in Keras 1."""
    tell("model.predict_generator(…)", "model.predict(…)", "2.15")
    generator, steps = _in_steps(generator, steps, val_samples)
    return self.predict(generator, steps=steps, verbose=verbose)


def _in_steps(generator, steps, samples):
    """Return the generator and how many of its batches hold so many samples."""
    if samples is None:
        return generator, steps
    generator, batch = _first(generator)
    return generator, math.ceil(samples / batch)


def _predict_classes(self, x, batch_size=None, verbose=0):
    """Return the number of the likeliest class; of a single output, whether it is above one half."""
    tell("model.predict_classes(x)", "np.argmax(model.predict(x), axis=-1)", "2.5")
    outputs = self.predict(x, batch_size=batch_size, verbose=verbose)
    if outputs.shape[-1] > 1:
        return np.argmax(outputs, axis=-1)
    return (outputs > 0.5).astype("int32")


def _predict_proba(self, x, batch_size=None, verbose=0):
    """Return the outputs for data."""
    tell("model.predict_proba(x)", "model.predict(x)", "2.5")
    return self.predict(x, batch_size=batch_size, verbose=verbose)


def _rate(self):
    tell("optimizer.lr", "optimizer.learning_rate", "2.10")
    return self.learning_rate


def _set_rate(self, value):
    tell("optimizer.lr", "optimizer.learning_rate", "2.10")
    self.learning_rate = value


def _tensors_at(kind):
    def at(self, node_index):
        tell(f"layer.get_{kind}_at({node_index})", f"layer._inbound_nodes[{node_index}].{kind}_tensors", "2.15")
        tensors = getattr(self._inbound_nodes[node_index], f"{kind}_tensors")
        return tensors[0] if len(tensors) == 1 else tensors

    return at


def _shape_of(kind):
    def shape(self):
        tell(f"layer.{kind}_shape", f"layer.{kind}.shape", "2.15")
        return tuple(getattr(self, kind).shape)

    return _settable(f"{kind}_shape", shape)


def _settable(name, compute):
    """Return a property that a program's own class may set to something else, as it may with today's Keras."""

    def get(self):
        return vars(self)[name] if name in vars(self) else compute(self)

    def set_own(self, value):
        vars(self)[name] = value

    return property(get, set_own)


def _tensor_shape(of):
    return property(lambda self: TensorShape(of(self)))


def _dtype_of(cls):
    return property(lambda self, get=cls.dtype.fget: DType(get(self)))


_array_of = Variable.value.fget


def _value(self):
    """The array of a variable; TensorFlow has it as a method, `v.value()`."""
    array = _array_of(self)
    return (lambda: array) if asking.is_called(sys._getframe(1)) else array


def _taking_options(change):
    """Return a variable's way to change that takes what TensorFlow's takes; a change is always made at once."""

    @functools.wraps(change)
    def changing(self, value, use_locking=False, name=None, read_value=True):
        return change(self, value)

    return changing


def _reset_states(self):
    """Start anew."""
    tell("metric.reset_states()", "metric.reset_state()", "2.4")
    self.reset_state()


def _reset_states_of_layers(self):
    """Let the recurrent layers forget what they remember from batch to batch."""
    tell("model.reset_states()", "layer.reset_state() of each recurrent layer", "2.15")
    for layer in self._flatten_layers(include_self=False):
        if isinstance(layer, RNN):
            layer.reset_state()


def _compiled_loss(self):
    """The losses given to `compile`, as one function that also counts what it returns."""

    def loss(y_true, y_pred, sample_weight=None, regularization_losses=None):
        value = sum(regularization_losses or (), self._compile_loss(y_true, y_pred, sample_weight))
        self._loss_tracker.update_state(value)
        return value

    return loss


def _minimize(self, loss, var_list=None, tape=None, grad_loss=None, name=None):
    """Take one step down: `loss` is a function, or what was computed under `tape`."""
    tell("optimizer.minimize(…)", "tape.gradient(…), then optimizer.apply_gradients(…)", "2.15")
    if callable(loss):
        with GradientTape() as tape:
            value = loss()
    else:
        value = loss
    variables = var_list() if callable(var_list) else var_list
    self.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))


def _new_subclass(cls, **options):
    """Note how a program's own steps are written."""
    super(Model, cls).__init_subclass__(**options)
    old_steps.adopt(cls)


def _initial_state(initial_state):
    """Take the inputs in place of their number, as tf.keras had it."""

    @functools.wraps(initial_state)
    def of_inputs(self, batch_size=None):
        return initial_state(self, batch_size.shape[0] if len(np.shape(batch_size)) > 1 else batch_size)

    return of_inputs


def _row_by_row(self, x, *args, **kwargs):
    """Look values up that stand in rows of different lengths too; texts come as tensors."""
    if isinstance(x, RaggedTensor):
        return x.mapped(lambda values: Layer.__call__(self, values, *args, **kwargs))
    found = Layer.__call__(self, x, *args, **kwargs)
    return found.view(HostTensor) if isinstance(found, np.ndarray) else found


_new_model = Model.__new__
# The class of arrays that have values cannot be imported, and making one would start the engine.
_ARRAYS = (*(cls for cls in jax.Array.__subclasses__() if cls.__name__ == "ArrayImpl"), Tracer)


def _new(cls, *args, **kwargs):
    """Make a model; `Model(input=…, output=…)` was how Keras 1 wrote it."""
    if "input" in kwargs and "output" in kwargs:
        kwargs = {**kwargs, "inputs": kwargs.pop("input"), "outputs": kwargs.pop("output")}
    return _new_model(cls, *args, **kwargs)


def table():
    """Return (class, name, value) for all of them."""
    return (
        (Model, "__new__", staticmethod(_new)),
        (Model, "fit_generator", _fit_generator),
        (Model, "evaluate_generator", _evaluate_generator),
        (Model, "predict_generator", _predict_generator),
        (Model, "predict_classes", _predict_classes),
        (Model, "predict_proba", _predict_proba),
        (Model, "__init_subclass__", classmethod(_new_subclass)),
        (Model, "reset_states", _reset_states_of_layers),
        (Model, "_is_compiled", property(lambda self: self.compiled)),
        (Model, "compiled_loss", _settable("compiled_loss", _compiled_loss)),
        *((Model, name, old_steps.base_step(name)) for name in ("train_step", "test_step", "predict_step")),
        (Metric, "reset_states", _reset_states),
        (Optimizer, "_name", _settable("_name", lambda self: self.name)),
        (
            Sequential,
            "output_names",
            _settable("output_names", lambda self: [x.name for x in self.layers[-1:]]),
        ),
        (Model, "_feed_inputs", property(lambda self: self.inputs)),
        (Model, "_feed_input_names", property(lambda self: self.input_names)),
        (Model, "input_names", _settable("input_names", lambda self: [x.name for x in self.inputs])),
        (Optimizer, "lr", property(_rate, _set_rate)),
        (Optimizer, "minimize", _minimize),
        (Layer, "_call_in_scopes", seeds.ahead(Layer._call_in_scopes)),
        (Layer, "add_variable", lambda self, *args, **options: self.add_weight(*args, **options)),
        (Functional, "_operations", property(lambda self: self.operations)),
        *((cls, "__call__", _row_by_row) for cls in (Hashing, IntegerLookup, StringLookup)),
        (RNN, "get_initial_state", _initial_state(RNN.get_initial_state)),
        *(
            (cls, "_track_trackable", lambda self, trackable, name, overwrite=False: trackable)
            for cls in (Layer, Optimizer)
        ),
        (Layer, "get_input_at", _tensors_at("input")),
        (Layer, "get_output_at", _tensors_at("output")),
        (Layer, "input_shape", _shape_of("input")),
        (Layer, "output_shape", _shape_of("output")),
        *((cls, "numpy", lambda self: np.asarray(self)) for cls in _ARRAYS if cls is not Tracer),
        *((cls, "set_shape", lambda self, shape: None) for cls in _ARRAYS),  # the sizes are known
        (Tracer, "_keras_mask", property(get_mask, set_mask, lambda x: set_mask(x, None))),
        *((cls, "assign", assigning("set")) for cls in _ARRAYS),
        *((cls, "assign_add", assigning("add")) for cls in _ARRAYS),
        *((cls, "assign_sub", assigning("subtract")) for cls in _ARRAYS),
        *(
            (Variable, name, _taking_options(getattr(Variable, name)))
            for name in ("assign", "assign_add", "assign_sub")
        ),
        (Variable, "value", property(_value)),
        (Variable, "dtype", _dtype_of(Variable)),
        (Variable, "device", property(lambda self: "")),
        (KerasTensor, "shape", _tensor_shape(lambda self: self._shape)),
        (Variable, "shape", _tensor_shape(lambda self: self._shape)),
        *((cls, "shape", _tensor_shape(lambda self: self.aval.shape)) for cls in _ARRAYS),
        *((cls, "get_shape", lambda self: self.shape) for cls in (KerasTensor, Variable, *_ARRAYS)),
        (History, "history", property(_history, _set_history)),
        *old_training.table(),
        *old_files.table(),
        *old_optimizers.table(),
    )
