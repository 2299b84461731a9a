"""Lamina: the Keras API on one fast engine, small enough to read, that shows what every layer does to the data."""

import importlib

__version__ = "0.1.0"

# Nothing is imported before it is asked for, so that `import lamina` is free. The names are Keras's, and ours.
_MODULES = (
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dialects",
    "distillation",
    "distribution",
    "dtype_policies",
    "explain",
    "export",
    "initializers",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "profile",
    "quantizers",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "view",
    "visualization",
    "wrappers",
)
_HOMES = {
    "DTypePolicy": "lamina.core.policies",
    "FloatDTypePolicy": "lamina.core.policies",
    "Function": "lamina.models.function",
    "Initializer": "lamina.initializers",
    "Input": "lamina.layers",
    "InputSpec": "lamina.layers",
    "KerasTensor": "lamina.core.tensor",
    "Layer": "lamina.layers",
    "Loss": "lamina.losses",
    "Metric": "lamina.metrics",
    "Model": "lamina.models",
    "Operation": "lamina.core.operation",
    "Optimizer": "lamina.optimizers",
    "Quantizer": "lamina.quantizers",
    "Regularizer": "lamina.regularizers",
    "RematScope": "lamina.core.remat",
    "Sequential": "lamina.models",
    "StatelessScope": "lamina.core.state",
    "SymbolicScope": "lamina.core.shapes",
    "Variable": "lamina.core.variable",
    "device": "lamina.engine.devices",
    "explain_last_error": "lamina.explain",
    "name_scope": "lamina.core.names",
    "remat": "lamina.core.remat",
}

__all__ = ["__version__", "version", *_HOMES, *_MODULES]


def version():
    """Return Lamina's version as text.

    Example:
        >>> version() == __version__
        True
    """
    return __version__


def __dir__():
    return sorted(__all__)


def __getattr__(name):
    if name in _MODULES or name in _HOMES:
        from lamina.importing import garbage_left_alone

        with garbage_left_alone():
            module = importlib.import_module(_HOMES.get(name, f"lamina.{name}"))
        value = globals()[name] = getattr(module, name) if name in _HOMES else module
        return value
    from difflib import get_close_matches

    near = get_close_matches(name, __all__)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"module 'lamina' has no attribute {name!r}.{hint}")
