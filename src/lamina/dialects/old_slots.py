"""Optimizers that programs wrote for tf.keras 2: hyperparameters, slots and `_resource_apply_dense(grad, var)`.

`_set_hyper` and `_create_slots` say what is kept, `_resource_apply_dense` changes one variable. The optimizers of the
library answer the same calls, so that they can be wrapped or extended.
"""

import inspect

from lamina import ops
from lamina.core.variable import Variable
from lamina.optimizers import Optimizer
from lamina.optimizers.schedules import LearningRateSchedule, serialize

_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def is_written_so(optimizer):
    """Tell whether a program's class changes variables in this way."""
    return type(optimizer)._resource_apply_dense is not _apply_dense


def name_first(optimizer, args, kwargs):
    """Such a class gives `Optimizer.__init__` its name first, and sets its learning rate later."""
    if not is_written_so(optimizer) or _is_of_the_library(optimizer):
        return args, kwargs
    object.__setattr__(optimizer, "_initial_decay", kwargs.pop("decay", 0.0))
    kwargs = {"name": args[0] if args else None, "learning_rate": kwargs.pop("lr", 0.001), **kwargs}
    return (), kwargs


def build(optimizer, variables):
    """Make the slots, and take over what the optimizers inside keep."""
    optimizer._create_slots(variables)
    for inner in _inside(optimizer):
        optimizer._track(v for v in inner.variables if v is not inner._iterations)


def change(optimizer, grads, variables):
    """Let the class change each variable by its gradient."""
    for inner in _inside(optimizer):
        inner._iterations = optimizer._iterations
    state = {}
    for place in {(variable.device, variable.dtype) for variable in variables}:
        optimizer._prepare_local(*place, state)
    takes_state = "apply_state" in inspect.signature(optimizer._resource_apply_dense).parameters
    options = {"apply_state": state} if takes_state else {}
    for gradient, variable in zip(optimizer._clip_gradients(grads), variables, strict=True):
        optimizer._resource_apply_dense(gradient, variable, **options)


def table():
    """Return (class, name, value) for what such optimizers call."""
    return (
        (Optimizer, "_initial_decay", 0.0),
        (Optimizer, "_use_locking", False),
        (Optimizer, "_resource_apply_dense", _apply_dense),
        (Optimizer, "_create_slots", _create_slots),
        (Optimizer, "_set_hyper", _set_hyper),
        (Optimizer, "_get_hyper", _get_hyper),
        (Optimizer, "_serialize_hyperparameter", _serialize_hyperparameter),
        (Optimizer, "_decayed_lr", _decayed_rate),
        (Optimizer, "_prepare_local", _prepare_local),
        (Optimizer, "_fallback_apply_state", _fallback_apply_state),
        (Optimizer, "add_slot", _add_slot),
        (Optimizer, "get_slot", _get_slot),
    )


def _is_of_the_library(optimizer):
    """Tell whether an optimizer of ours is behind the class, as in `class AdamW(Extension, Adam)`."""
    return any(
        cls.__module__.startswith("lamina.optimizers")
        for cls in type(optimizer).__mro__
        if cls is not Optimizer and issubclass(cls, Optimizer)
    )


def _inside(optimizer):
    return [value for value in vars(optimizer).values() if isinstance(value, Optimizer)]


def _apply_dense(self, grad, var, apply_state=None):
    """Change one variable by its gradient, as an optimizer of the library does."""
    self.update_step(grad, var, self.learning_rate)


def _create_slots(self, var_list):
    """Make what an optimizer of the library keeps."""
    if not self.built:
        self.build(var_list)


def _hyper(self):
    return vars(self).setdefault("_hyper", {})


def _set_hyper(self, name, value):
    """Set a hyperparameter: a number, a callable or a schedule."""
    if name == "learning_rate":
        self.learning_rate = value
    else:
        _hyper(self)[name] = value


def _get_hyper(self, name, dtype=None):
    """Return a hyperparameter as it is now; of a learning rate's schedule, the schedule."""
    value = self._learning_rate if name == "learning_rate" else _hyper(self)[name]
    if isinstance(value, LearningRateSchedule):
        return value
    value = value() if inspect.isroutine(value) else value
    return value if dtype is None else ops.cast(value, dtype)


def _serialize_hyperparameter(self, name):
    """Return a hyperparameter for a config."""
    value = self._get_hyper(name)
    if isinstance(value, LearningRateSchedule):
        return serialize(value)
    return float(value) if name == "learning_rate" else value


def _decayed_rate(self, var_dtype):
    """Return the learning rate of this step."""
    rate, step = ops.cast(self.learning_rate, var_dtype), ops.cast(self.iterations, var_dtype)
    return rate / (1 + self._initial_decay * step)


def _prepare_local(self, var_device, var_dtype, apply_state):
    """Compute what is the same for all variables of a dtype."""
    rate = self._decayed_lr(var_dtype)
    apply_state[(var_device, var_dtype)] = {"lr_t": rate, "neg_lr_t": -rate}


def _fallback_apply_state(self, var_device, var_dtype):
    """Return what `_prepare_local` computes."""
    state = {}
    self._prepare_local(var_device, var_dtype, state)
    return state[(var_device, var_dtype)]


def _add_slot(self, var, slot_name, initializer="zeros", shape=None):
    """Keep an array of a variable's shape beside it."""
    kept = vars(self).setdefault("_kept_slots", {})
    if (id(var), slot_name) not in kept:
        start = initializer.value if isinstance(initializer, Variable) else initializer
        kept[id(var), slot_name] = self.add_variable_from_reference(var, slot_name, start)
    return kept[id(var), slot_name]


def _get_slot(self, var, slot_name):
    """Return what is kept beside a variable under a name."""
    return vars(self)["_kept_slots"][id(var), slot_name]


_own_config = Optimizer.get_config


def get_config(self):
    """Return the constructor's arguments; such a class adds its own to the name and the clipping."""
    if not is_written_so(self) or _is_of_the_library(self):
        return _own_config(self)
    clipping = {name: getattr(self, name) for name in _CLIPPING}
    return {"name": self.name, **{name: limit for name, limit in clipping.items() if limit is not None}}
