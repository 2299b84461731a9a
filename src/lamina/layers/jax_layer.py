"""JaxLayer: any function over JAX arrays, with its weights, as a layer."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import dtypes, serialization, tree
from lamina.core.random import SeedGenerator, draw_seed, make_default_seed
from lamina.core.variable import Variable
from lamina.layers.layer import Layer


class JaxLayer(Layer):
    """Let a pure function of its parameters and inputs be a layer, whose parameters are trained like others.

    Maths:    outputs = call_fn(params, inputs), or outputs, state = call_fn(params, state, inputs)
    Shapes:   inputs: an array or a structure of arrays -> what `call_fn` makes of them
    Weights:  one for each array in `params`, and one, not trainable, for each in `state`, in JAX's order of leaves
    Args:
        call_fn: function of `inputs` and, as far as it has arguments of these names, `params`, `state`, `rng`
            (a key, None outside of training) and `training`. With `state` it returns a pair of outputs and new state.
        init_fn: function of `inputs` (ones, with 1 for unknown sizes) and, if it has these arguments, `rng` and
            `training` (True), that returns the first `params`, with `state` in `call_fn` the pair `params, state`.
        params, state: first values, in place of those of `init_fn`: nested arrays of any kind that JAX knows.
        seed: integer that makes `rng` repeatable.
        native_serialization_platforms: kept for Keras's sake; says nothing to JAX.
    Mask:     dropped
    Raises:   ValueError for functions with other arguments, without first values, or that change the state's structure.
    Source:   Keras 3 `JaxLayer`.
    Example:
        >>> def scaled(params, inputs):
        ...     return params["scale"] * inputs
        >>> JaxLayer(scaled, params={"scale": np.float32(3)})([1.0, 2.0]).tolist()
        [3.0, 6.0]
    """

    _untracked = Layer._untracked | {"params", "state"}
    _config_skips = ("params", "state", "seed")

    def __init__(
        self,
        call_fn,
        init_fn=None,
        params=None,
        state=None,
        seed=None,
        native_serialization_platforms=None,
        **kwargs,
    ):
        names = _argument_names("call_fn", call_fn, {"params", "state", "rng", "inputs", "training"})
        if init_fn is not None:
            _argument_names("init_fn", init_fn, {"rng", "inputs", "training"})
        elif params is None and state is None and names & {"params", "state"}:
            raise ValueError(
                "`init_fn`, `params` and `state` cannot all be `None` when `call_fn` takes a `params` or a `state` "
                "argument: something must say how they start."
            )
        super().__init__(**kwargs)
        self.call_fn = call_fn
        self.init_fn = init_fn
        self.native_serialization_platforms = native_serialization_platforms
        self.seed_generator = SeedGenerator(seed) if "rng" in names else None
        self._has_state = "state" in names
        self._starts_by_itself = params is None and state is None and bool(names & {"params", "state"})
        self._keep(params, state)
        if params is not None or state is not None:
            self._build_at_init()

    def _keep(self, params, state):
        self.params = self._make_variables(params, trainable=True)
        self.state = self._make_variables(state, trainable=False)

    def _make_variables(self, values, trainable):
        """Return `values` with a variable for each array and number; other leaves stay: the function's settings."""

        def make(value):
            if isinstance(value, bool | int | float):
                value = np.asarray(value, dtypes.standardize_dtype(type(value)))
            if not isinstance(value, jax.Array | np.ndarray | np.generic):
                return value
            return self.add_weight(
                value.shape,
                initializer=lambda shape, dtype: jnp.asarray(value, dtype),
                dtype=None if dtypes.is_float(value.dtype) else value.dtype,
                trainable=trainable,
            )

        return jax.tree_util.tree_map(make, values)

    def build(self, input_shape):
        """Make the weights by `init_fn`, unless they were given."""
        if not self._starts_by_itself:
            return
        with jax.ensure_compile_time_eval():  # real values, also where only the shapes of a model are looked for
            inputs = tree.map_shape_structure(lambda s: jnp.ones([size or 1 for size in s]), input_shape)
            offered = {"inputs": inputs, "rng": self._get_init_rng(), "training": True}
            started = _call(self.init_fn, offered)
        self._keep(*(started if self._has_state else (started, None)))

    def _get_init_seed(self):
        """Return a new key for `_get_init_rng`, uint32 `(2,)`."""
        return draw_seed(make_default_seed())

    def _get_init_rng(self):
        """Return what `init_fn` gets as `rng`; subclasses may return several keys."""
        return self._get_init_seed()

    def _get_call_seed(self):
        """Return a new key for `_get_call_rng`, uint32 `(2,)`."""
        return self.seed_generator.next()

    def _get_call_rng(self, training):
        """Return what `call_fn` gets as `rng`; subclasses may return several keys."""
        return self._get_call_seed() if training else None

    def call(self, inputs, training=False):
        """Compute on arrays, and keep the new state."""
        offered = {
            "params": _values(self.params),
            "state": _values(self.state),
            "rng": None if self.seed_generator is None else self._get_call_rng(training),
            "inputs": inputs,
            "training": training,
        }
        outputs = _call(self.call_fn, offered)
        if self._has_state:
            outputs, state = outputs
            self._assign_state(state)
        return outputs

    def _assign_state(self, state):
        kept, structure = jax.tree_util.tree_flatten(self.state)
        values, new_structure = jax.tree_util.tree_flatten(state)
        if structure != new_structure:
            raise ValueError(
                f"Structure mismatch: `call_fn` of layer '{self.name}' returned a state of another structure than it "
                f"started with.\nAt the start: {structure}\nNow: {new_structure}"
            )
        for variable, value in zip(kept, values, strict=True):
            if isinstance(variable, Variable):
                variable.assign(value)

    def get_config(self):
        """Return the constructor arguments, functions by name and without values."""
        return super().get_config()  # said here so that subclasses, which are users', need not

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the layer that `config` describes."""
        names = [name for name in ("call_fn", "init_fn") if name in config]
        functions = {name: serialization.deserialize_keras_object(config[name], custom_objects) for name in names}
        return super().from_config({**config, **functions})


def _argument_names(role, function, allowed):
    """Return the names of a function's arguments.

    Raises: ValueError if it lacks `inputs`, or has others than the allowed.
    """
    names = list(inspect.signature(function).parameters)
    if "inputs" not in names:
        raise ValueError(f"Missing required argument in `{role}`: `inputs`. It has: {names}")
    for name in names:
        if name not in allowed:
            raise ValueError(
                f"Unsupported argument in `{role}`: `{name}`, supported arguments are `{'`, `'.join(sorted(allowed))}`"
            )
    return set(names)


def _call(function, offered):
    """Call a function with those of the offered arguments that it has."""
    signature = inspect.signature(function)
    bound = signature.bind(**{name: offered[name] for name in signature.parameters})
    return function(*bound.args, **bound.kwargs)


def _values(structure):
    return jax.tree_util.tree_map(lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, structure)
