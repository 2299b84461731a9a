"""Random numbers in programs that give no seeds: TensorFlow kept count by itself, so here the running code does."""

import functools
import inspect

from lamina.core.context import thread
from lamina.core.random import SeedGenerator
from lamina.dialects.tensorflow.recording import seeds_of_function
from lamina.layers import Lambda, Layer
from lamina.layers.arguments import is_ours
from lamina.layers.tracking import count_change


def of_running_code():
    """Return the seed generator of the layer or `tf.function` that is running, made when it first asks, or None."""
    return seeds_of_function() if thread.layer is None else _of(thread.layer)


def _of(layer):
    generator = layer.__dict__.get("_own_seeds")
    if generator is None:
        generator = SeedGenerator()
        object.__setattr__(layer, "_own_seeds", generator)
        layer._tracked.append(generator)  # also of a layer that is built: it has just been called for the first time
        count_change()
    return generator


def ahead(first_call):
    """Wrap a layer's first call: one that may draw numbers gets its generator now, even if it draws in training only.

    A compiled step cannot take on state that its layers make while they run.
    """

    @functools.wraps(first_call)
    def call(self, *args, **kwargs):
        if not self._called and _may_draw(self):
            _of(self)
        return first_call(self, *args, **kwargs)

    return call


def _may_draw(layer):
    """Tell whether the code that the user wrote for a layer speaks of random numbers, and the layer has no seeds."""
    names = _names_in(layer.function) if isinstance(layer, Lambda) else _names_in_class(type(layer))
    draws = any("random" in name for name in names) or ("dropout" in names and not hasattr(layer, "dropout"))
    return draws and not any(isinstance(x, SeedGenerator) for x in vars(layer).values())


@functools.cache
def _names_in_class(cls):
    written = [base for base in cls.__mro__ if issubclass(base, Layer) and not is_ours(base)]
    return set().union(*[_names_in(value) for base in written for value in vars(base).values()])


def _names_in(function):
    """The names that a function's code uses, and those in the functions of its module that it calls."""
    function = inspect.unwrap(function)
    if not inspect.isfunction(function):
        return set()
    names = _names_of(function.__code__)
    helpers = [function.__globals__.get(name) for name in names]
    return names.union(*[_names_of(helper.__code__) for helper in helpers if inspect.isfunction(helper)])


def _names_of(code):
    inner = [each for each in code.co_consts if inspect.iscode(each)]
    return set(code.co_names).union(*map(_names_of, inner))
