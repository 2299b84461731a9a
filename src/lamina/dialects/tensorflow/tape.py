"""GradientTape: what is computed inside the `with` block is noted, and differentiated backwards afterwards.

Values stay ordinary arrays while the tape runs, so that `loss.numpy()` and `if loss > 1` work as in TensorFlow. The
tape is a `jax.core.Trace`, as JAX's own transformations are: every operation is handed to it.
"""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import set_current_trace, take_current_trace

from lamina.core import tree
from lamina.core.context import entering
from lamina.core.variable import Variable


class _Watcher(jax.core.Trace):
    """Runs every operation where it would run without the tape, and keeps how to go back through it."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.around = current_trace()  # plain evaluation, the tracing of a program, or another tape

    def outside(self):
        return set_current_trace(self.around)

    def stage_value(self, value):
        return self.around.stage_value(value)

    def process_primitive(self, primitive, args, params):
        with self.outside():
            outputs = primitive.bind(*args, **params)
        if any(_is_float(arg) for arg in args):
            # Options of the compiler are for the outermost program only, and differentiation adds one around this.
            inner = {**params, "compiler_options_kvs": ()} if "compiler_options_kvs" in params else params
            self.records.append((outputs, lambda: _backwards(primitive, inner, args)))
        return outputs

    def process_custom_jvp_call(self, primitive, function, jvp, args, **options):
        def call(*arrays):
            return current_trace().process_custom_jvp_call(primitive, function, jvp, arrays, **options)

        return self._run_once(call, args)

    def process_custom_vjp_call(self, primitive, function, forward, backward, args, **options):
        def call(*arrays):
            trace = current_trace()
            return trace.process_custom_vjp_call(primitive, function, forward, backward, arrays, **options)

        return self._run_once(call, args)

    def _run_once(self, function, args):
        """A call with a derivative of its own can be made once only: its way back is kept, not remade."""
        with self.outside():
            outputs, back = _with_way_back(function, args)
        self.records.append((outputs, lambda: back))
        return outputs


def current_trace():
    """Return what operations are handed to at the moment."""
    with take_current_trace() as trace:
        return trace


def _is_float(x):
    return jnp.issubdtype(jnp.result_type(x), jnp.inexact)


def _with_way_back(function, args):
    """Return the outputs, and the function from their cotangents to those of the float arguments."""
    positions = [number for number, arg in enumerate(args) if _is_float(arg)]

    def of_floats(*floats):
        whole = list(args)
        for position, value in zip(positions, floats, strict=True):
            whole[position] = value
        return function(*whole)

    outputs, back = jax.vjp(of_floats, *(args[position] for position in positions))
    return outputs, lambda cotangents: zip((args[position] for position in positions), back(cotangents), strict=True)


def _backwards(primitive, params, args):
    return _with_way_back(lambda *arrays: primitive.bind(*arrays, **params), args)[1]


class UnconnectedGradients:
    """What stands for the derivative by something that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"


class GradientTape:
    """Note what is computed inside a `with` block, to differentiate it.

    Args:
        persistent: whether `gradient` may be called more than once.
        watch_accessed_variables: accepted; only what is asked for is differentiated in any case.
    Source:   TensorFlow 2 `tf.GradientTape`.
    Example:
        >>> x = Variable(3.0)
        >>> with GradientTape() as tape:
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watcher = self._context = None
        self._used = False

    def __enter__(self):
        self._watcher = _Watcher()
        self._context = contextlib.ExitStack()
        self._context.enter_context(set_current_trace(self._watcher))
        self._context.enter_context(entering(taped=True))
        return self

    def __exit__(self, *exception):
        self._context.close()

    def watch(self, tensor):
        """Accept a tensor to differentiate by: every array can be."""

    def watched_variables(self):
        """Return the variables that were read: this tape does not note which."""
        raise NotImplementedError("tape.watched_variables() is not covered; use model.trainable_variables.")

    def reset(self):
        """Forget what was noted."""
        self._watcher.records.clear()

    def stop_recording(self):
        """Compute inside a `with` block without noting."""
        return self._watcher.outside()

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=None):
        """Return the derivatives of the sum of `target` by each of `sources`.

        For those that it does not depend on, they are `None`, or with `UnconnectedGradients.ZERO` zeros.

        Raises: RuntimeError if the tape is asked twice without `persistent=True`.
        """
        if self._used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients. "
                "Make it with `tf.GradientTape(persistent=True)`."
            )
        self._used = True
        with self._outside():
            cotangents = self._cotangents(tree.flatten(target), output_gradients)
            missing = _zero if unconnected_gradients == UnconnectedGradients.ZERO else lambda array: None
            return tree.map_structure(lambda x: _found(cotangents, _array(x), missing), sources)

    def jacobian(self, target, sources, unconnected_gradients=None, **options):
        """Return the derivatives of each entry of `target`: their shape is the target's, then the source's."""
        return self._jacobian(target, sources, np.shape(target))

    def batch_jacobian(self, target, source, **options):
        """Return the derivatives sample by sample: (batch, …) by (batch, …) gives (batch, …, …)."""
        derivatives = self._jacobian(target, source, np.shape(target)[1:])  # (…of a target, batch, …of a source)
        return jnp.moveaxis(derivatives, np.ndim(target) - 1, 0)

    def _jacobian(self, target, sources, shape):
        """Go back once for each entry of a shape, the last axes of the target's."""
        size = int(np.prod(shape, dtype=int))
        with self._outside():
            rows = jnp.broadcast_to(
                jnp.eye(size).reshape(size, *[1] * (np.ndim(target) - len(shape)), *shape), (size, *np.shape(target))
            )
            one = lambda row: self._gradient(target, sources, row.astype(_array(target).dtype))  # noqa: E731
            found = jax.vmap(one)(rows)
        return tree.map_structure(lambda x: None if x is None else x.reshape(*shape, *x.shape[1:]), found)

    def _outside(self):
        return self._watcher.outside() if current_trace() is self._watcher else contextlib.nullcontext()

    def _gradient(self, target, source, output_gradient):
        cotangents = self._cotangents([target], [output_gradient])
        return tree.map_structure(lambda x: _found(cotangents, _array(x), _zero), source)

    def _cotangents(self, targets, output_gradients):
        found, passed = {}, {}
        given = tree.flatten(output_gradients) if output_gradients is not None else [None] * len(targets)
        for target, gradient in zip(map(_array, targets), given, strict=True):
            found[id(target)] = jnp.ones_like(target) if gradient is None else jnp.asarray(gradient)
        for outputs, way_back in reversed(self._watcher.records):
            flat, structure = jax.tree.flatten(outputs)
            if not any(id(output) in found for output in flat):
                continue
            incoming = [found.pop(id(output), None) for output in flat]  # an output may be an input, handed on
            passed.update((id(output), x) for output, x in zip(flat, incoming, strict=True) if x is not None)
            incoming = [_zero(output) if x is None else x for output, x in zip(flat, incoming, strict=True)]
            for arg, cotangent in way_back()(jax.tree.unflatten(structure, incoming)):
                known = found.get(id(arg))
                found[id(arg)] = cotangent if known is None else known + cotangent
        return {**passed, **found}


def _zero(output):
    if _is_float(output):
        return jnp.zeros_like(output)
    return np.zeros(jnp.shape(output), jax.dtypes.float0)


def _found(cotangents, array, missing):
    cotangent = cotangents.get(id(array))
    return missing(array) if cotangent is None else cotangent


def _array(x):
    return x.value if isinstance(x, Variable) else x
