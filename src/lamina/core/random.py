"""Seeds: one integer makes a run repeatable.

Source: Keras's `SeedGenerator`: the state is `(seed, count)` in uint32, which is also the threefry key of JAX.
"""

import contextlib
import functools
import random as python_random

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import dtypes
from lamina.core.context import is_tracing, thread
from lamina.core.names import auto_name, name_scope
from lamina.core.placement import place_variable
from lamina.core.saveable import KerasSaveable
from lamina.core.variable import Variable

_global = {"generator": None, "seed": None, "in_programs": None}


def set_random_seed(seed):
    """Seed Python's, NumPy's and Lamina's random numbers.

    Args:
        seed: integer from 0 to 2**32 - 1.
    Raises: ValueError for something else.

    Example:
        >>> set_random_seed(1)
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        raise ValueError(f"Expected `seed` argument to be an integer. Received: seed={seed} (of type {type(seed)})")
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    _global["seed"] = int(seed)
    _global["generator"] = None


@contextlib.contextmanager
def seeded(seed):
    """Draw all random numbers from a seed inside a `with` block, and go on with the others after it.

    Example:
        >>> with seeded(1):
        ...     first = make_default_seed()
        >>> with seeded(1):
        ...     second = make_default_seed()
        >>> first == second
        True
    """
    before = python_random.getstate(), np.random.get_state(), dict(_global)
    set_random_seed(seed)
    try:
        yield
    finally:
        python_random.setstate(before[0])
        np.random.set_state(before[1])
        _global.update(before[2])


def get_random_seed():
    """Return the seed given to `set_random_seed`, or None."""
    return _global["seed"]


def forget_seed():
    """Draw from anywhere again, as before any `set_random_seed`."""
    _global.update(seed=None, generator=None)


def reset():
    """Forget the process-wide generator."""
    _global["generator"] = None


def draw_in_programs_from(source):
    """Let `source()`, which returns a SeedGenerator or None, serve functions without a seed inside compiled code.

    None takes it away again.
    """
    _global["in_programs"] = source


def make_default_seed():
    """Draw a seed from Python's generator, so that `set_random_seed` governs it."""
    return python_random.randint(1, int(1e9))


def _start(seed, shape=None, dtype="uint32"):
    return np.array([seed & 0xFFFFFFFF, 0], dtype)


class _Position(Variable):
    """A variable whose array is made when somebody looks: most layers that could draw numbers never do."""

    def initialize_now(self):
        """Leave it to the first look."""

    @functools.cached_property
    def _value(self):
        with jax.ensure_compile_time_eval():
            return place_variable(self, dtypes.as_array(self._initializer(), fresh=True))


class SeedGenerator(KerasSaveable):
    """A stream of seeds whose position is a variable, so that it survives compilation and files.

    Args:
        seed: integer; by default drawn from Python's generator.
        name: by default "seed_generator", numbered.
    Raises: ValueError if `seed` is no integer.

    Example:
        >>> SeedGenerator(7).next().tolist()
        [7, 0]
    """

    _saveable_kind = "SeedGenerator"

    def __init__(self, seed=None, name=None, **kwargs):
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = seed
        seed = make_default_seed() if seed is None else seed
        if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        with name_scope(self.name, caller=self):
            self.state = _Position(
                functools.partial(_start, int(seed)),
                shape=(2,),
                dtype="uint32",
                trainable=False,
                name="seed_generator_state",
            )

    def next(self, ordered=True):
        """Return the current key, uint32 `(2,)`, and step on."""
        key = self.state.value
        if ordered:
            self.state.assign(key + np.array([0, 1], dtype="uint32"))
        else:
            self.state.assign((key + 1) * 5387 % 933199)
        return key

    def get_config(self):
        """Return {"seed", "name"}."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config):
        """Make the generator described by `config`."""
        return cls(**config)


def global_seed_generator():
    """Return the process-wide generator.

    Raises: ValueError while a function is being compiled, where it would give the same number forever.
    """
    if is_tracing():
        generator = _generator_in_programs()
        if generator is not None:
            return generator
        raise ValueError(
            "When tracing a JAX function, you should only use seeded random ops: without a seed, compiled code would "
            "give the same numbers forever. Make `self.seed_generator = SeedGenerator(1337)` in the layer's `__init__` "
            "and pass `seed=self.seed_generator`."
        )
    if _global["generator"] is None:
        _global["generator"] = SeedGenerator()
    return _global["generator"]


def _generator_in_programs():
    source = _global["in_programs"]
    return None if source is None else source()


def draw_seed(seed):
    """Return a key, uint32 `(2,)`, for an integer (always the same), a SeedGenerator or None (the next one).

    Raises: ValueError for something else.
    """
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool):
        return jnp.array([int(seed) & 0xFFFFFFFF, 0], dtype="uint32")
    if seed is None and thread.shape_trace and _generator_in_programs() is None:  # any numbers have the same shape
        return jnp.zeros(2, "uint32")
    if seed is None:
        return global_seed_generator().next(ordered=False)
    if hasattr(seed, "dtype") and dtypes.standardize_dtype(seed.dtype) == "uint32":
        return seed
    raise ValueError(
        f"Argument `seed` must be either an integer or an instance of `SeedGenerator`. Received: seed={seed} (of type "
        f"{type(seed)})"
    )
