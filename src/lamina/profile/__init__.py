"""Where the time of a model goes: counted, each layer alone, and each in its place in the whole compiled step.

`lamina.profile(model, x)` is the front door: this module can be called.
"""

import time
from math import prod

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import tree
from lamina.core.context import entering
from lamina.core.doors import callable_module
from lamina.core.dtypes import as_array, in_programs
from lamina.core.state import unchecked_scope
from lamina.core.tensor import KerasTensor
from lamina.engine import compile as engine
from lamina.explain import formulas, tracing, work
from lamina.explain.calls import built_shape, calls_of, heard_calls, inputs_of
from lamina.explain.layer_outputs import arrays_in
from lamina.explain.listening import graph_of
from lamina.models import Model
from lamina.profile.in_place import OTHER, UPDATE_SCOPE, Share, shares
from lamina.profile.measure import Machine, Time, machine, timed
from lamina.profile.report import LayerProfile, Memory, Profile, ProfileComparison

__all__ = ["LayerProfile", "Machine", "Memory", "Profile", "ProfileComparison", "Share", "Time", "profile"]


def profile(model, x=None, *, batch_size=32, seconds=0.3):
    """Measure a model on data, layer by layer; or compare it with another one, or with itself on other batches.

    Args:
        model: a functional, Sequential or subclassed model with known sizes.
        x: what to run it on: an array, a list of them, or what a subclassed model takes; by default random numbers. Or
            a second model.
        batch_size: samples at once, without `x` [count]; a pair to compare the two.
        seconds: how long each thing is measured [seconds].
    Returns: Profile or ProfileComparison; `print` it to read it.
    """
    if isinstance(x, Model):
        both = [profile(each, batch_size=batch_size, seconds=seconds) for each in (model, x)]
        return ProfileComparison(*both, labels=_apart(model.name, x.name))
    if isinstance(batch_size, tuple):
        both = [profile(model, x, batch_size=each, seconds=seconds) for each in batch_size]
        return ProfileComparison(*both, labels=tuple(f"batch {each}" for each in batch_size))
    inputs, calls, sizes = _at_sizes(model, x, batch_size)
    batch = jax.tree.leaves(inputs)[0].shape[0]
    variables = model.variables
    values = [v.value for v in variables]
    names = list(dict.fromkeys(call.layer.name for call in calls))

    def forward(values, inputs):
        with unchecked_scope(variables, values), entering(training=True):
            return _arrays(model(inputs))

    def loss(values, inputs):
        return _total(lambda y: jnp.mean(jnp.square(y)), forward(values, inputs))

    optimizer, slots = _optimizer_for(model, model.trainable_variables)
    trained = [i for i, v in enumerate(variables) if any(v is t for t in model.trainable_variables)]

    def training_step(values, slots, inputs):
        value, gradients = jax.value_and_grad(loss, allow_int=True)(values, inputs)
        if optimizer is None:
            return value, gradients
        with jax.named_scope(UPDATE_SCOPE):
            return value, optimizer.stateless_apply(
                slots, [gradients[i] for i in trained], [values[i] for i in trained]
            )

    start = time.perf_counter()
    step = engine.jit(training_step).lower(values, slots, inputs).compile()
    compiling = time.perf_counter() - start
    recorded = shares(step, (values, slots, inputs), [*names, UPDATE_SCOPE])
    layers = [_alone(model, call, sizes, recorded[call.layer.name], seconds) for call in calls if call.index == 0]
    return Profile(
        name=model.name,
        batch=batch,
        layers=layers,
        update=recorded[UPDATE_SCOPE],
        other=recorded[OTHER],
        predict=timed(engine.jit(forward), values, inputs, seconds=seconds),
        step=timed(step, values, slots, inputs, seconds=seconds),
        compile_seconds=compiling,
        memory=_memory(values, calls, sizes, step),
        machine=machine(),
    )


def _memory(values, calls, sizes, step):
    told = step.memory_analysis()
    peak = None
    if told is not None:
        kept = told.argument_size_in_bytes + told.output_size_in_bytes - told.alias_size_in_bytes
        peak = kept + told.temp_size_in_bytes
    outputs = {id(t): prod(sizes[id(t)]) * in_programs(t.dtype).itemsize for call in calls for t in call.outputs}
    return Memory(sum(value.nbytes for value in values), sum(outputs.values()), peak)


def _apart(first, second):
    return (first, second) if first != second else (f"the first {first}", f"the second {second}")


def _optimizer_for(model, variables):
    """Return an optimizer like the model's, and the values of its slots for these variables; None without one."""
    if model.optimizer is None or not variables:
        return None, []
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(variables)
    return optimizer, [v.value for v in optimizer.variables]


def _at_sizes(model, x, batch_size):
    """Return what the model is called on, its calls, and the shape of every tensor in it, by identity."""
    if graph_of(model) is None:
        return _heard_at_sizes(model, x, batch_size)
    calls = calls_of(model)
    tensors = inputs_of(calls, graph_of(model).inputs)
    if x is None:
        arrays = [_random((batch_size, *t.shape[1:]), t) for t in tensors]
    else:
        given = [x[t.name] for t in tensors] if isinstance(x, dict) else x if isinstance(x, list) else [x]
        arrays = [as_array(a, in_programs(t.dtype)) for a, t in zip(given, tensors, strict=True)]
    sizes = _all_sizes(calls, {id(t): a.shape for t, a in zip(tensors, arrays, strict=True)})
    return arrays[0] if len(arrays) == 1 else arrays, calls, sizes


def _heard_at_sizes(model, x, batch_size):
    """The same for a model without a graph: it may compute between its layers, so it is heard at these very sizes."""
    if x is None:
        tensors = tree.map_shape_structure(lambda shape: KerasTensor(shape, model.compute_dtype), built_shape(model))
        x = tree.map_structure(lambda t: _random((batch_size, *t.shape[1:]), t), tensors)
    inputs = arrays_in(x)
    calls, error = heard_calls(model, tree.map_structure(lambda a: KerasTensor(a.shape, a.dtype), inputs))
    if error is not None:
        raise error
    return inputs, calls, {id(t): t.shape for call in calls for t in (*call.inputs, *call.outputs)}


def _all_sizes(calls, sizes):
    """Return the shape of every tensor of the model, by identity."""
    for call in calls:
        outputs = tracing.trace(call, [sizes[id(t)] for t in call.inputs], training=True).outputs
        sizes.update({id(t): y.shape for t, y in zip(call.outputs, outputs, strict=True)})
    return sizes


def _random(shape, tensor):
    if None in shape:
        raise ValueError(f"The sizes of {tensor.name} are not all known: {tensor.shape}. Give data: profile(model, x).")
    if "float" in str(tensor.dtype):
        return jnp.asarray(np.random.default_rng(0).normal(size=shape), tensor.dtype)
    if tensor.dtype == "string":
        return as_array(np.full(shape, "text"))
    return jnp.zeros(shape, tensor.dtype)


def _arrays(outputs):
    return [y for y in tree.flatten(outputs) if isinstance(y, jax.Array)]


def _total(measure, arrays):
    """Add up a measure of those that can be differentiated; of nothing, if all are integers or texts."""
    return sum((measure(y) for y in arrays if jnp.issubdtype(y.dtype, jnp.floating)), jnp.zeros(()))


def _alone(model, call, sizes, share, seconds):
    """Compile and time one layer by itself."""
    variables = list(getattr(call.layer, "variables", ()))
    values = [v.value for v in variables]
    inputs = [_random(sizes[id(t)], t) for t in call.inputs]

    def forward(values, inputs):
        with unchecked_scope(variables, values), entering(training=True, layer=None):
            args, kwargs = call.with_arrays(inputs)
            return _arrays(call.layer(*args, **kwargs))

    def both(values, inputs):
        return jax.value_and_grad(lambda v, x: _total(jnp.sum, forward(v, x)), (0, 1), allow_int=True)(values, inputs)

    outputs = sum(prod(sizes[id(t)]) * in_programs(t.dtype).itemsize for t in call.outputs)
    return LayerProfile(
        name=call.layer.name,
        kind=type(call.layer).__name__,
        multiply_adds=_multiply_adds(call, sizes),
        bytes=sum(a.nbytes for a in (*inputs, *values)) + outputs,
        forward=timed(engine.jit(forward), values, inputs, seconds=seconds),
        both=timed(engine.jit(both), values, inputs, seconds=seconds),
        share=share,
        update=_update(model, getattr(call.layer, "trainable_variables", []), seconds),
        asks_python="pure_callback" in work.primitives(jax.make_jaxpr(forward)(values, inputs).jaxpr),
    )


def _update(model, variables, seconds):
    """Time the optimizer on the weights of one layer."""
    optimizer, slots = _optimizer_for(model, variables)
    if optimizer is None:
        return None
    values = [v.value for v in variables]
    return timed(engine.jit(optimizer.stateless_apply), slots, values, values, seconds=seconds)


def _multiply_adds(call, sizes):
    """Count on a batch of unknown size, for which every kernel shows its plain form."""
    symbol = formulas.symbolic_sizes("b")["b"]
    shapes = [sizes[id(t)] for t in call.inputs]
    counted = tracing.attempt(call, [(symbol, *shape[1:]) for shape in shapes], training=True)
    each = None if counted is None else work.per_sample(work.multiply_adds(counted.program()))
    return None if each is None else each * shapes[0][0]


callable_module(__name__, profile)
