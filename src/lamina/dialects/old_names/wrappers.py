"""`keras.wrappers.scikit_learn` as Keras 1 and 2 had it: models as estimators of scikit-learn."""

import inspect

import numpy as np

from lamina.dialects.spelling import tell
from lamina.utils import to_categorical

try:  # estimators of scikit-learn where it is installed; the wrapper itself does without
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
except ImportError:
    BaseEstimator = ClassifierMixin = RegressorMixin = object

__all__ = ["KerasClassifier", "KerasRegressor"]

_METHODS = ("fit", "predict", "predict_proba", "evaluate")


class _Wrapper:
    """A model that is made by `build_fn` when it is fitted.

    Args:
        build_fn: function that returns a compiled model; by default the method `__call__` of a subclass.
        sk_params: arguments for it, and for the model's `fit`, `predict` and `evaluate`.
    """

    def __init__(self, build_fn=None, **sk_params):
        tell(f"keras.wrappers.scikit_learn.{type(self).__name__}", "scikeras, or keras.wrappers.SKLearn…", "2.11")
        if "nb_epoch" in sk_params:
            tell("nb_epoch=", "epochs=", "1.2")
            sk_params["epochs"] = sk_params.pop("nb_epoch")
        self.build_fn = build_fn
        self.sk_params = sk_params

    def get_params(self, deep=True):
        """Return all arguments."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params):
        """Change arguments."""
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def __sklearn_clone__(self):
        return type(self)(**self.get_params())

    def filter_sk_params(self, fn, override=None):
        """Return the arguments that a function takes, with others put in their place."""
        taken = inspect.signature(fn).parameters
        return {**{name: value for name, value in self.sk_params.items() if name in taken}, **(override or {})}

    def fit(self, x, y, **kwargs):
        """Make the model and train it; return its history.

        Raises: ValueError for an argument that neither the builder nor the model takes.
        """
        build = self.build_fn if self.build_fn is not None else self.__call__
        self.model = build(**self.filter_sk_params(build))
        known = {*inspect.signature(build).parameters}
        for name in ("fit", "predict", "evaluate"):
            known |= {*inspect.signature(getattr(self.model, name)).parameters}
        unknown = [name for name in self.sk_params if name not in known]
        if unknown:
            raise ValueError(f"{unknown[0]} is not a legal parameter")
        loss = getattr(self.model.loss, "__name__", self.model.loss)
        if loss == "categorical_crossentropy" and np.ndim(y) != 2:
            y = to_categorical(y)
        self.history = self.model.fit(x, y, **self.filter_sk_params(self.model.fit, kwargs))
        return self.history

    def _outputs(self, x, kwargs):
        return self.model.predict(x, **self.filter_sk_params(self.model.predict, kwargs))


class KerasClassifier(_Wrapper, ClassifierMixin, BaseEstimator):
    """A model that tells classes apart."""

    def fit(self, x, y, **kwargs):
        """Train on class numbers, names, or rows of zeros and a one."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_, y = np.unique(y, return_inverse=True)
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y.reshape(len(y), -1).squeeze(-1) if y.ndim == 2 and y.shape[1] == 1 else y, **kwargs)

    def predict(self, x, **kwargs):
        """Return the likeliest class of each sample."""
        outputs = self._outputs(x, kwargs)
        numbers = outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")
        return self.classes_[numbers]

    def predict_proba(self, x, **kwargs):
        """Return how likely each class is."""
        outputs = self._outputs(x, kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, x, y, **kwargs):
        """Return the accuracy that the compiled model measures.

        Raises: ValueError if it was compiled without.
        """
        y = np.searchsorted(self.classes_, y) if np.ndim(y) == 1 else y
        if getattr(self.model.loss, "__name__", self.model.loss) == "categorical_crossentropy" and np.ndim(y) != 2:
            y = to_categorical(y)
        options = self.filter_sk_params(self.model.evaluate, kwargs)
        found = self.model.evaluate(x, y, **{**options, "return_dict": True})
        for name in ("accuracy", "acc"):
            if name in found:
                return found[name]
        raise ValueError('The model is not configured to compute accuracy: pass `metrics=["accuracy"]` to `compile()`.')


class KerasRegressor(_Wrapper, RegressorMixin, BaseEstimator):
    """A model that predicts numbers."""

    def predict(self, x, **kwargs):
        """Return a number for each sample."""
        return np.squeeze(self._outputs(x, kwargs), axis=-1)

    def score(self, x, y, **kwargs):
        """Return the loss, negative: larger is better."""
        found = self.model.evaluate(x, y, **self.filter_sk_params(self.model.evaluate, kwargs))
        return -(found[0] if isinstance(found, list) else found)
