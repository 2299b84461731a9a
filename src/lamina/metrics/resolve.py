"""What `compile` takes for losses and metrics: objects, functions, and names whose meaning depends on the data."""

from lamina import losses, metrics
from lamina.core.names import to_snake_case
from lamina.losses.wrapper import LossFunctionWrapper


def resolve(identifier, y_true_spec, y_pred_spec, loss=None):
    """Return the metric that `compile` makes of one entry of `metrics`.

    Args:
        identifier: a metric, a function `(y_true, y_pred)`, a name. "accuracy" and "acc" mean the binary one for a
            single prediction, the sparse one for class numbers, else the categorical one; "crossentropy" and "ce" too.
        y_true_spec, y_pred_spec: labels and predictions, or anything that has their `.shape`.
        loss: not needed: Keras decides by the shapes alone, also when the predictions are logits.
    Raises:   ValueError for None and for what is no metric.
    Source:   Keras 3 `compile_utils.get_metric`.
    Example:
        >>> from lamina.core.tensor import KerasTensor
        >>> resolve("accuracy", KerasTensor((None,)), KerasTensor((None, 10)))
        <SparseCategoricalAccuracy name=accuracy>
    """
    if identifier is None:
        raise ValueError("Expected metric, received `None`")
    kind = _kind(y_true_spec, y_pred_spec)
    if str(identifier).lower() in ("accuracy", "acc"):
        return _ACCURACIES[kind](name=str(identifier))
    if is_decided_by_shapes(identifier):
        return _CROSSENTROPIES[kind](name=str(identifier))
    metric = metrics.get(identifier)
    name = identifier if isinstance(identifier, str) else name_of(metric)
    if not isinstance(metric, metrics.Metric):
        metric = metrics.MeanMetricWrapper(metric)
    metric.name = name
    return metric


def resolve_loss(identifier, y_true_spec, y_pred_spec):
    """Return the loss that `compile` makes of one entry of `loss`, None for None.

    Source:   Keras 3 `compile_utils.get_loss`: "crossentropy" and "ce" are decided as `resolve` does.
    Example:
        >>> from lamina.core.tensor import KerasTensor
        >>> resolve_loss("ce", KerasTensor((None,)), KerasTensor((None, 10))).fn.__name__
        'sparse_categorical_crossentropy'
    """
    if identifier is None:
        return None
    if is_decided_by_shapes(identifier):
        loss = getattr(losses, f"{_kind(y_true_spec, y_pred_spec)}_crossentropy")
    else:
        loss = losses.get(identifier)
    if isinstance(loss, losses.Loss):
        return loss
    return LossFunctionWrapper(loss, name=identifier if isinstance(identifier, str) else name_of(loss))


def is_decided_by_shapes(loss):
    """Tell whether a name means one of the cross-entropies, whichever fits the labels.

    Example:
        >>> is_decided_by_shapes("ce"), is_decided_by_shapes("mse")
        (True, False)
    """
    return str(loss).lower() in ("crossentropy", "ce")


def name_of(obj):
    """Return the name of a metric, loss or function in snake case; that of the class for an object without one.

    Source:   Keras 3 `get_object_name`.
    Example:
        >>> name_of(name_of)
        'name_of'
    """
    if hasattr(obj, "name"):
        return obj.name
    return to_snake_case(getattr(obj, "__name__", type(obj).__name__))


_ACCURACIES = {
    "binary": metrics.BinaryAccuracy,
    "sparse_categorical": metrics.SparseCategoricalAccuracy,
    "categorical": metrics.CategoricalAccuracy,
}
_CROSSENTROPIES = {
    "binary": metrics.BinaryCrossentropy,
    "sparse_categorical": metrics.SparseCategoricalCrossentropy,
    "categorical": metrics.CategoricalCrossentropy,
}


def _kind(y_true, y_pred):
    """Tell by the shapes what labels mean: yes or no, a class number, or one-hot classes."""
    labels, predictions = y_true.shape, y_pred.shape
    if predictions[-1:] == (1,):
        return "binary"
    is_number = len(labels) < len(predictions) or labels[-1:] == (1,)
    return "sparse_categorical" if is_number else "categorical"
