"""Ask a layer or a model what it does to the data; the answers are derived from the object at hand.

`lamina.explain(model)` is the front door: this module can be called.
"""

import importlib

from lamina.core.doors import callable_module

# Nothing is imported before it is asked for: the first `fit` and an error's text want a few of these files only.
_HOMES = {
    "FailureExplanation": "failures",
    "LayerComparison": "compare",
    "LayerExplanation": "explanation",
    "ModelComparison": "compare",
    "ModelExplanation": "explanation",
    "Trace": "origins",
    "activations": "layer_outputs",
    "advise": "checks",
    "check": "checks",
    "explain": "asking",
    "explain_last_error": "failures",
    "told": "failures",
    "trace": "origins",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def _explain(*args, **kwargs):
    return __getattr__("explain")(*args, **kwargs)


callable_module(__name__, _explain)
