"""`train_step(self, data)` as written for tf.keras: it reads and writes variables, here as a pure function of them."""

import functools
import inspect
import itertools

import jax
import jax.numpy as jnp

from lamina.core import tree
from lamina.core.context import entering
from lamina.core.state import unchecked_scope
from lamina.core.variable import Variable
from lamina.engine import compile as engine
from lamina.optimizers import Optimizer
from lamina.training.step import Steps

_ABSENT = object()
_NEEDS_VALUES = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)
_GROUPS = {
    "train_step": ("trainable_variables", "non_trainable_variables", "optimizer", "metrics_variables"),
    "test_step": ("trainable_variables", "non_trainable_variables", "metrics_variables"),
    "predict_step": ("trainable_variables", "non_trainable_variables"),
}
_MAKERS = {
    "train_step": ("make_train_function", "train_function"),
    "test_step": ("make_test_function", "test_function"),
    "predict_step": ("make_predict_function", "predict_function"),
}


class OldStep:
    """A step with `data` alone, as `step(state, data) -> (result, state)`.

    It is compiled like any step; one that looks at values (`float(loss)`, `if loss > 1`) runs as plain Python.
    """

    def __init__(self, model, name):
        self.model = model
        self.name = name
        self.compiles = not model.run_eagerly
        self.programs = {}

    def __call__(self, state, data):
        """Run the step on one batch."""
        data = tree.map_structure(jnp.asarray, data)
        sizes = tuple(map(len, state))
        values = [value for group in state for value in group]
        if sizes not in self.programs:  # the step itself may make variables, which the next run will bring along
            known = [variable for group in self.groups() for variable in group]
            self._find_out(known, values, data)
            self.programs[sizes] = known, engine.jit(functools.partial(self._pure, known))
        known, program = self.programs[sizes]
        run = self._compiled if self.compiles else self._plain
        result, values = run(known, program, values, data)
        ends = list(itertools.accumulate(sizes))
        return result, tuple(values[end - size : end] for size, end in zip(sizes, ends, strict=True))

    def groups(self):
        """Return the variables of each part of the state."""
        model = self.model
        slots = model.optimizer.variables if model.optimizer is not None else []
        return [slots if name == "optimizer" else getattr(model, name) for name in _GROUPS[self.name]]

    def _others(self, known):
        """Return what the step may change besides: optimizers that the model holds, and what the step has made."""
        ids = {id(variable) for variable in known}
        held = [x for x in vars(self.model).values() if isinstance(x, Optimizer)]
        found = [v for optimizer in held for v in optimizer.variables]
        found += [*self.model.variables, *self.model.metrics_variables]
        return list({id(v): v for v in found if id(v) not in ids}.values())

    def _run(self, data):
        with entering(layer=self.model):
            result = vars(type(self.model))[self.name].written(self.model, data)
        result = tree.map_structure(lambda x: x.value if isinstance(x, Variable) else x, result)
        return _flat_logs(result) if isinstance(result, dict) else result

    def _find_out(self, known, values, data):
        """Trace once, so that optimizers make their slots; see whether all that changes is known to the step."""
        if not self.compiles:
            return
        before = [v._value for v in known]

        scope = unchecked_scope(known, values)

        def trace(values, data):
            scope.values = {id(variable): value for variable, value in zip(known, values, strict=True)}
            return self._run(data)

        try:
            with scope:  # around the trace: what is made inside starts with real values when the scope closes
                jax.eval_shape(trace, values, data)
        except _NEEDS_VALUES:
            self.compiles = False
            return
        finally:
            for variable, value in zip(known, before, strict=True):
                variable._value = value
        self.compiles = set(scope.values) <= {id(v) for v in (*known, *self._others(known))}

    def _pure(self, known, values, other_values, data):
        others = self._others(known)
        scope = unchecked_scope([*known, *others], [*values, *other_values])
        with scope:
            result = self._run(data)
        return result, [scope.values[id(v)] for v in known], [scope.values[id(v)] for v in others]

    def _compiled(self, known, program, values, data):
        others = self._others(known)
        result, values, other_values = program(values, [v._value for v in others], data)
        for variable, value in zip(others, other_values, strict=True):
            variable._value = value
        return result, values

    def _plain(self, known, program, values, data):
        for variable, value in zip(known, values, strict=True):
            variable._value = value
        result = self._run(data)
        return result, [variable._value for variable in known]


def _flat_logs(logs):
    """The compiled metrics give a dict of their own."""
    flat = {}
    for name, value in logs.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def adopt(cls):
    """Let a class whose steps take `data` alone make its training functions from them."""
    for name, (maker, function) in _MAKERS.items():
        step = vars(cls).get(name)
        if step is None or not _takes_data_alone(step):
            continue
        setattr(cls, name, _StepOfBothKinds(step))
        if maker not in vars(cls):
            setattr(cls, maker, _maker(name, function, cls.__module__))


def _takes_data_alone(step):
    code = getattr(inspect.unwrap(step), "__code__", None)
    return code is not None and code.co_argcount == 2 and not code.co_flags & 0x04


class _StepOfBothKinds:
    """The user's step as an attribute of the class; `written` is the function as it stands in the program."""

    def __init__(self, written):
        self.written = written

    def __get__(self, model, cls=None):
        return self.written if model is None else self.written.__get__(model, cls)


def _maker(name, function, module):
    def make(self, force=False):
        if getattr(self, function) is None or force:
            step = OldStep(self, name)
            object.__setattr__(self, function, lambda state, iterator: step(state, next(iterator)))

    make.__module__ = module  # the loop takes a maker of the program in place of its own
    return make


def base_step(name):
    """Return the library's step, which a program may also call as `super().train_step(data)`."""
    ours = getattr(Steps, name)

    def step(self, state, data=_ABSENT):
        if data is not _ABSENT:
            return ours(self, state, data)
        groups = OldStep(self, name).groups()
        result, after = ours(self, tuple([v.value for v in group] for group in groups), state)
        changed = after if name != "predict_step" else (groups[0], after)
        for group, values in zip(groups, changed, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return result

    return step
