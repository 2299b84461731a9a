"""Models as scikit-learn's estimators, under Keras's names; scikit-learn is imported when one of them is asked for."""

from importlib import import_module

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __dir__():
    return __all__


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module 'lamina.wrappers' has no attribute {name!r}")
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{name} requires scikit-learn to be installed. Run `pip install 'lamina[sklearn]'` to install it."
        ) from error
    return getattr(import_module("lamina.wrappers.estimators"), name)
