"""`tf.function`: what a function computes is traced once for each kind of arguments, compiled, and run from then on.

A function that cannot be traced, because it asks for values (`if loss > 1`, `.numpy()`), runs as plain Python.
"""

import functools
import weakref

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, jaxpr_as_fun

from lamina.core import config, tree
from lamina.core.context import get_mask, is_tracing, set_mask, thread
from lamina.core.tensor import KerasTensor
from lamina.core.variable import Variable
from lamina.dialects.tensorflow.arrays import constant
from lamina.dialects.tensorflow.data import Dataset
from lamina.dialects.tensorflow.recording import MadeInsideError, NeedsValuesError, Recording
from lamina.dialects.tensorflow.shapes import is_text
from lamina.engine import compile as engine

_VALUES = (bool, int, float, complex, str, bytes, type(None))
_MOST_PROGRAMS = 16  # for arguments that differ in Python's values alone
_MOST_OPERATIONS = 20_000  # above, compiling takes minutes


def function(func=None, input_signature=None, **options):
    """Return the function, compiled where it can be; it may be given as `@tf.function` or `@tf.function(…)`.

    Variables, models, metrics and optimizers that it uses are found while it is traced. Arrays of other shapes or
    dtypes, and other values of Python, are traced anew.

    Args:
        func: any function; what Python does in it (`print`, `list.append`) is done when it is traced.
        input_signature: `TensorSpec` of each argument; numbers given for them become arrays.
        options: accepted.
    Source:   TensorFlow 2 `tf.function`.
    Example:
        >>> total = Variable(0.0)
        >>> @function
        ... def add(x):
        ...     return total.assign_add(x)
        >>> float(add(2.0)), float(add(2.0)), float(total)
        (2.0, 4.0, 4.0)
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature, **options)
    programs = _Programs(func, input_signature)

    def run(*args, **kwargs):
        return programs(args, kwargs)

    functools.update_wrapper(run, func, updated=())
    run.python_function = func
    run.input_signature = input_signature
    run.get_concrete_function = lambda *args, **kwargs: run
    run.experimental_get_tracing_count = lambda: sum(map(len, programs.families.values()))
    return run


class _Programs:
    """The programs of one function, by the kinds of arrays that it is given, and by what else it is given."""

    def __init__(self, written, signature):
        self.written = written
        self.signature = signature
        self.families = {}
        self.seeds = []

    def __call__(self, args, kwargs):
        if thread.scope is not None or thread.layer is not None or config.functions_run_eagerly() or is_tracing():
            return self.written(*args, **kwargs)
        args = _as_specified(args, self.signature)
        leaves, structure = jax.tree.flatten(_in_order((args, kwargs)))
        if any(isinstance(x, KerasTensor) for x in leaves):
            return self.written(*args, **kwargs)
        leaves = [constant(x) if _is_numeric(x) else x for x in leaves]
        if any(isinstance(x, Dataset) or hasattr(x, "__next__") or isinstance(x, np.ndarray) for x in leaves):
            return self._plainly(structure, leaves)
        arrays = [x for x in leaves if isinstance(x, jax.Array)]
        masks = [get_mask(x) for x in arrays]
        kinds = tuple(
            (x.shape, x.dtype, None if mask is None else mask.shape) for x, mask in zip(arrays, masks, strict=True)
        )
        family = self.families.setdefault(kinds, {})
        rest = (structure, *map(_part_of_key, leaves))
        if rest not in family:
            full = len(family) == _MOST_PROGRAMS
            program = MadeInsideError if full else self._traced(structure, leaves, arrays, masks)
            if program is MadeInsideError:
                return self._plainly(structure, leaves)
            family[rest] = program
        program = family[rest]
        return self._plainly(structure, leaves) if program is None else program(arrays, masks)

    def _plainly(self, structure, leaves):
        args, kwargs = jax.tree.unflatten(structure, leaves)
        result = self.written(*args, **kwargs)
        return jax.tree.map(lambda x: constant(x) if isinstance(x, (bool, int, float)) else x, _in_order(result))

    def _traced(self, structure, leaves, arrays, masks):
        """Return the program; None if there can be none, which leaves no variable changed."""

        def call(arrays):
            arrays = iter(arrays)
            given = [next(arrays) if isinstance(x, jax.Array) else x for x in leaves]
            args, kwargs = jax.tree.unflatten(structure, given)
            return self.written(*args, **kwargs)

        try:
            program = _Program(call, arrays, masks, self.seeds)
            # A function may do another thing the first time, when it makes its variables.
            return _Program(call, arrays, masks, self.seeds) if program.made else program
        except MadeInsideError:
            return MadeInsideError
        except Exception:  # noqa: BLE001 -- run as plain Python, it raises what the program should see
            return None


class _Program:
    """What a function did with tracers, as one compiled program over the arrays and variables it met."""

    def __init__(self, call, arrays, masks, seeds):
        def traced(arrays, masks):
            with Recording(seeds) as scope:
                _set_masks(arrays, masks)
                leaves, self.structure = jax.tree.flatten(_in_order(call(arrays)))
                outputs = [_array(x) for x in leaves if _is_output(x)]
                self.constants = [_OUTPUT if _is_output(x) else x for x in leaves]
                self.reads = [scope.variables[key] for key in scope.shown]
                self.writes = scope.changed()
                self.made = scope.made
                written = [scope.values[id(v)] for v in self.writes]
                masks = [get_mask(x) for x in outputs]
            return (outputs, masks, written), list(scope.shown.values())

        made, shape = jax.make_jaxpr(traced, return_shape=True)(arrays, masks)
        if len(made.eqns) > _MOST_OPERATIONS:
            raise NeedsValuesError
        self.prints = bool(made.effects)
        self.results = jax.tree.structure(shape[0])
        self.compiled = engine.jit(jaxpr_as_fun(_of_variables_too(made, len(self.reads))))

    def __call__(self, arrays, masks):
        flat = self.compiled(*[v.value for v in self.reads], *jax.tree.leaves((arrays, masks)))
        outputs, masks, written = jax.tree.unflatten(self.results, flat)
        if self.prints:
            jax.effects_barrier()  # so that it stands before what is printed after it
        for variable, value in zip(self.writes, written, strict=True):
            variable._value = value
        _set_masks(outputs, masks)
        outputs = iter(outputs)
        leaves = [next(outputs) if x is _OUTPUT else x for x in self.constants]
        return jax.tree.unflatten(self.structure, leaves)


def _of_variables_too(made, count):
    """Return a traced function whose last `count` results, made of constants, are its first arguments instead."""
    old = made.jaxpr
    outputs, shown = old.outvars[: len(old.outvars) - count], old.outvars[len(old.outvars) - count :]
    places = set(map(id, shown))
    operations = [x for x in old.eqns if not (x.outvars and id(x.outvars[0]) in places)]
    used = {id(x) for each in operations for x in each.invars} | set(map(id, outputs))
    kept = [(x, value) for x, value in zip(old.constvars, made.consts, strict=True) if id(x) in used]
    inputs = [*shown, *old.invars]
    return ClosedJaxpr(Jaxpr([x for x, _ in kept], inputs, outputs, operations, old.effects), [x for _, x in kept])


class _Dict(dict):
    """A dict whose keys keep their order when it is taken apart; JAX sorts them."""


jax.tree_util.register_pytree_node(
    _Dict, lambda x: (tuple(x.values()), tuple(x)), lambda keys, values: dict(zip(keys, values, strict=True))
)


def _in_order(x):
    """Return a structure whose dicts, once it is put together again, have their keys in the same order."""
    if type(x) is dict:
        return _Dict((key, _in_order(value)) for key, value in x.items())
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(_in_order, x))
    return type(x)(map(_in_order, x)) if type(x) in (list, tuple) else x


_OUTPUT = object()


class _Same:
    """An object as part of a key: equal to itself alone, and not kept alive by it."""

    def __init__(self, x):
        self.number = id(x)
        try:
            self.reference = weakref.ref(x)
        except TypeError:
            self.reference = lambda: x

    def __hash__(self):
        return self.number

    def __eq__(self, other):
        return isinstance(other, _Same) and self.reference() is not None and self.reference() is other.reference()


def _part_of_key(x):
    if isinstance(x, jax.Array):
        return _OUTPUT
    return (type(x), x) if isinstance(x, _VALUES) else _Same(x)


def _as_specified(args, signature):
    """Make arrays of the numbers that are given where the signature has a TensorSpec."""
    if signature is None:
        return args
    own = args[: max(0, len(args) - len(signature))]  # `self` of a method
    return (*own, *map(functools.partial(tree.map_structure, _of_spec), signature, args[len(own) :]))


def _of_spec(spec, x):
    return x if isinstance(x, (jax.Array, Variable)) else constant(x, getattr(spec, "dtype", None))


def _is_numeric(x):
    return isinstance(x, (jax.Array, np.ndarray, np.generic)) and not is_text(x)


def _is_output(x):
    """Tell whether a leaf of a function's result is an array to its caller.

    Raises: NeedsValuesError for an object that may hold tracers.
    """
    if isinstance(x, (str, bytes)) or x is None:
        return False
    if isinstance(x, (Variable, bool, int, float, complex)) or _is_numeric(x):
        return True
    raise NeedsValuesError(f"{type(x).__name__} is returned")


def _array(x):
    return x.value if isinstance(x, Variable) else constant(x)


def _set_masks(arrays, masks):
    for x, mask in zip(arrays, masks, strict=True):
        if mask is not None:
            set_mask(x, mask)
