"""FlaxLayer: a module of Flax as a layer."""

import functools
import inspect

from lamina.core import serialization
from lamina.layers.jax_layer import JaxLayer


class FlaxLayer(JaxLayer):
    """Let a module of Flax (`flax.linen`) be a layer, whose parameters are trained like others.

    Shapes:   inputs: an array or a structure of arrays -> what the module makes of them
    Weights:  one for each array in the collection "params", and one, not trainable, for each in other collections
    Args:
        module: instance of `flax.linen.Module`. One of `flax.nnx` is wrapped by `flax.nnx.bridge.ToLinen`.
        method: the module's method to call, or its name, by default `__call__`; or a function of the module and the
            inputs. It takes `inputs` and may take `training`.
        variables: dict of collections, as `module.init` returns; by default the module is initialized.
        seed: integer that makes the key "dropout", which the module gets in training, repeatable.
    Mask:     dropped
    Raises:   ImportError without the package flax; TypeError for something else than a module of `flax.linen`.
    Source:   Keras 3 `FlaxLayer`.
    Example:
        >>> import flax.linen
        >>> class Twice(flax.linen.Module):
        ...     def __call__(self, inputs):
        ...         return 2 * inputs
        >>> FlaxLayer(Twice())([1.0, 2.0]).tolist()
        [2.0, 4.0]
    """

    _config_skips = ("method", "variables")

    def __init__(self, module, method=None, variables=None, **kwargs):
        linen = _linen()
        if not isinstance(module, linen.Module):
            raise TypeError(
                f"`FlaxLayer` goes around an instance of `flax.linen.Module`. Received: {module!r} of type "
                f"{type(module)}. A class of `flax.nnx` is brought there by `flax.nnx.bridge.ToLinen(TheClass, …)`."
            )
        method = getattr(module, method) if isinstance(method, str) else method
        run = functools.partial(module.apply, method=method, mutable=linen.DenyList(["params"]))
        start = functools.partial(module.init, method=method)

        def apply_with_training(params, state, rng, inputs, training):
            return run({**params, **state}, inputs, rngs=rng, training=training)

        def apply(params, state, rng, inputs):
            return run({**params, **state}, inputs, rngs=rng)

        def init_with_training(rng, inputs, training):
            return _params_and_state(start(rng, inputs, training=training))

        def init(rng, inputs):
            return _params_and_state(start(rng, inputs))

        takes_training = "training" in inspect.signature(method or module.__call__).parameters
        functions = (apply_with_training, init_with_training) if takes_training else (apply, init)
        params, state = (None, None) if variables is None else _params_and_state(variables)
        super().__init__(*functions, params=params, state=state, **kwargs)
        self.module = module
        self.method = method

    def _get_init_rng(self):
        return {"params": self._get_init_seed(), "dropout": self._get_init_seed()}

    def _get_call_rng(self, training):
        return {"dropout": self._get_call_seed()} if training else {}

    def get_config(self):
        """Return the constructor arguments without values; the module needs a `get_config` for that."""
        is_own = getattr(self.method, "__self__", None) == self.module
        return {
            **super().get_config(),
            "method": self.method.__name__ if is_own else serialization.serialize_keras_object(self.method),
            "native_serialization_platforms": self.native_serialization_platforms,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the layer that `config` describes."""
        make = functools.partial(serialization.deserialize_keras_object, custom_objects=custom_objects)
        method = config.get("method")
        method = method if isinstance(method, str) else make(method)
        return super().from_config({**config, "module": make(config["module"]), "method": method})


def _linen():
    try:
        from flax import linen
    except ImportError as error:
        raise ImportError('`FlaxLayer` requires the `flax` package: pip install "lamina[flax]"') from error
    return linen


def _params_and_state(variables):
    """Part the collections of a module into the trained one and the others."""
    trained = {name: values for name, values in variables.items() if name == "params"}
    return trained, {name: values for name, values in variables.items() if name != "params"}
