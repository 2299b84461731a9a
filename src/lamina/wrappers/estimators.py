"""A model behind scikit-learn's `fit`, `predict` and `transform`, for its pipelines and searches."""

import contextlib

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from lamina.core.random import seeded
from lamina.models import Model, clone_model


class _Estimator(BaseEstimator):
    """What the three wrappers share.

    Args:
        model: a compiled Model, of which each `fit` trains a clone, or a function `f(X, y, **model_kwargs)` that
            returns one.
        warm_start: whether `fit` goes on with the model, and the weights, of the last `fit`.
        model_kwargs: dict of further arguments for the function.
        fit_kwargs: dict of arguments for the model's `fit`, such as `epochs`; those given to `fit` itself go first.
        random_state: an integer makes every `fit` draw the same weights and the same order of samples, without
            touching the random numbers of the rest of the program; None: they differ.
    Attributes:
        model_: the trained Model.
        history_: the History of the last `fit`.
    """

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None, random_state=None):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs
        self.random_state = random_state

    def fit(self, X, y, **kwargs):
        """Train on samples `X` and targets `y`.

        Args:
            X: (samples, features).
            y: (samples,) or (samples, outputs).
            kwargs: see `fit_kwargs`.
        Returns:  this object.
        Raises:   RuntimeError if the model is not compiled; ValueError for data scikit-learn refuses.
        """
        shape = np.asarray(y).shape
        X, y = _validated(self, X, y, multi_output=len(shape) == 2 and shape[1] > 1)
        y = self._learn_targets(y)
        with contextlib.nullcontext() if self.random_state is None else seeded(self.random_state):
            model = self._model_for(X, y)
            if not (model.compiled and model.loss and model.optimizer):
                raise RuntimeError("Given model needs to be compiled, and have a loss and an optimizer.")
            self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _model_for(self, X, y):
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        return self.model if self.warm_start else clone_model(self.model)

    def _learn_targets(self, y):
        if type_of_target(y) == "unknown":
            raise ValueError(f"Unknown label type for data: {y!r}")
        self._one_column = y.ndim == 1
        return y.reshape(len(y), -1)

    def _outputs(self, X):
        check_is_fitted(self, "model_")
        return self.model_.predict(_validated(self, X, reset=False), verbose=0)

    def predict(self, X):
        """Return the predictions for samples, in the form that `y` had."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._one_column and outputs.ndim == 2 else outputs

    @property
    def epoch_(self):
        """Epochs of the last `fit` [count]."""
        return len(self.history_.epoch) if hasattr(self, "history_") else 0

    def set_fit_request(self, **kwargs):
        """Say which metadata a pipeline passes on to `fit`: for each name True, False, None or the name it has there.

        Raises:   RuntimeError unless scikit-learn's metadata routing is enabled.
        """
        if not sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        self._metadata_request = self._get_metadata_request()
        for param, alias in kwargs.items():
            self._metadata_request.fit.add_request(param=param, alias=alias)
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.random_state is None
        return tags


class SKLearnClassifier(ClassifierMixin, _Estimator):
    """Classify with a model that has an output for each class.

    Labels may be of any kind; the model is trained on them one-hot, so that its loss is "categorical_crossentropy" or
    the like.

    Args:
        model: a compiled Model, of which each `fit` trains a clone, or a function `f(X, y, **model_kwargs)` that
            returns one; it gets `y` one-hot.
        warm_start: whether `fit` goes on with the model, and the weights, of the last `fit`.
        model_kwargs: dict of further arguments for the function.
        fit_kwargs: dict of arguments for the model's `fit`; those given to `fit` itself go first.
        random_state: an integer makes every `fit` draw the same random numbers; None: they differ.
    Attributes:
        model_: the trained Model.
        history_: the History of the last `fit`.
        classes_: the labels, in the order of the outputs.
    Raises:   ValueError for a single class, or targets that are no classes.
    Source:   Keras 3 `SKLearnClassifier`; `random_state` and a `warm_start` that works are ours.
    Example:
        >>> from lamina.models import Sequential
        >>> from lamina.layers import Dense
        >>> model = Sequential([Dense(2, activation="softmax")])
        >>> model.compile("sgd", "categorical_crossentropy")
        >>> estimator = SKLearnClassifier(model, fit_kwargs={"verbose": 0}, random_state=0)
        >>> estimator.fit([[0.0], [1.0]], ["no", "yes"]).classes_.tolist()
        ['no', 'yes']
    """

    def decision_function(self, X):
        """Return the model's outputs, (samples, classes)."""
        return self._outputs(X)

    def predict(self, X):
        """Return the label with the largest output for each sample."""
        numbers = self._outputs(X).argmax(axis=-1)
        return self.classes_[numbers]

    def _learn_targets(self, y):
        kind = type_of_target(y)
        if kind == "unknown":
            raise ValueError(f"Unknown label type for data: {y!r}")
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        classes, numbers = np.unique(y, return_inverse=True)
        if len(classes) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        if self.warm_start and hasattr(self, "model_") and not np.array_equal(classes, self.classes_):
            raise ValueError(f"With warm_start the classes must stay {self.classes_}. Received: {classes}")
        self.classes_ = classes
        return np.eye(len(classes), dtype="float32")[numbers]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, _Estimator):
    """Predict numbers with a model that has an output for each.

    Args:
        model, warm_start, model_kwargs, fit_kwargs, random_state: see `SKLearnClassifier`; the function gets `y` with
            one column for each output.
    Attributes:
        model_: the trained Model.
        history_: the History of the last `fit`.
    Source:   Keras 3 `SKLearnRegressor`.
    Example:
        >>> from lamina.models import Sequential
        >>> from lamina.layers import Dense
        >>> model = Sequential([Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> estimator = SKLearnRegressor(model, fit_kwargs={"verbose": 0}, random_state=0)
        >>> estimator.fit([[0.0], [1.0]], [1.0, 2.0]).predict([[0.5], [0.7]]).shape
        (2,)
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, _Estimator):
    """Turn samples into the outputs of a model, for the next step of a pipeline.

    Args:
        model, warm_start, model_kwargs, fit_kwargs, random_state: see `SKLearnClassifier`; the function gets `y` with
            one column for each output.
    Attributes:
        model_: the trained Model.
        history_: the History of the last `fit`.
    Source:   Keras 3 `SKLearnTransformer`.
    Example:
        >>> from lamina.models import Sequential
        >>> from lamina.layers import Dense
        >>> model = Sequential([Dense(3), Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> estimator = SKLearnTransformer(model, fit_kwargs={"verbose": 0}, random_state=0)
        >>> estimator.fit_transform([[0.0], [1.0]], [1.0, 2.0]).shape
        (2, 1)
    """

    def transform(self, X):
        """Return the model's outputs for samples."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _validated(estimator, *arrays, **options):
    """Check arrays as scikit-learn does; before its version 1.6 that was a method."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:
        return estimator._validate_data(*arrays, **options)
    return validate_data(estimator, *arrays, **options)
