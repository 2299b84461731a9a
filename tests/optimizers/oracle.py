"""The same steps taken by our optimizer and by Keras's, side by side."""

import jax
import keras
import numpy as np

from lamina import optimizers
from lamina.core.names import name_scope, reset_names
from lamina.core.variable import Variable

SHAPES = {"kernel": (4, 3), "bias": (3,), "conv": (2, 2, 3, 2), "scale": ()}
STEPS = 20


def start(seed=0):
    """The first values of four variables."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}


def gradients(steps=STEPS, seed=1):
    """A list of gradients for each step."""
    random = np.random.default_rng(seed)
    return [[random.normal(size=shape).astype("float32") for shape in SHAPES.values()] for _ in range(steps)]


def variables(library):
    """Four variables in the scope "dense"; `library` is "keras" or "lamina"."""
    make, scope = (keras.Variable, keras.name_scope) if library == "keras" else (Variable, name_scope)
    with scope("dense"):
        return [make(value, name=name) for name, value in start().items()]


def reset():
    """Let both libraries count names anew."""
    keras.backend.clear_session()
    reset_names()


def pair(name, options):
    """Our optimizer and Keras's, made with the same options."""
    reset()
    theirs = {key: translated(value) for key, value in options.items()}
    return getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**theirs)


def translated(value):
    """The same schedule in Keras."""
    if isinstance(value, optimizers.schedules.LearningRateSchedule):
        return getattr(keras.optimizers.schedules, type(value).__name__)(**value.get_config())
    return value


def run(optimizer, parts, grads):
    """Take the steps, compiled as a training step is, and leave the results in the variables."""
    optimizer.build(parts)
    step = jax.jit(optimizer.stateless_apply)
    values, own = [v.value for v in parts], [v.value for v in optimizer.variables]
    for g in grads:
        values, own = step(own, g, values)
    for variable, value in zip([*parts, *optimizer.variables], [*values, *own], strict=True):
        variable.assign(value)


def assert_equal_values(ours, theirs, rtol=2e-5, atol=2e-6):
    """Compare two lists of variables, values only."""
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            np.asarray(mine.value), np.asarray(other.value), rtol=rtol, atol=atol, err_msg=other.path
        )


def assert_equal_variables(ours, theirs):
    """Compare paths, shapes, dtypes and values of two lists of variables, in order."""
    assert [(v.path, tuple(v.shape), v.dtype) for v in ours] == [(v.path, tuple(v.shape), v.dtype) for v in theirs]
    assert_equal_values(ours, theirs)
