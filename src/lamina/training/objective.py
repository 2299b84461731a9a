"""What training minimises: the losses of all outputs, weighted and added up."""

from lamina import losses, metrics
from lamina.core import tree
from lamina.core.tensor import KerasTensor
from lamina.metrics.resolve import resolve_loss
from lamina.training.outputs import output_names, per_output


class CompileLoss:
    """The losses given to `compile`, one for each output.

    Args:
        loss: name, function or Loss; with several outputs one for all, a dict by output name, or a list.
        loss_weights: numbers in the same form.
        output_names: names of the model's outputs.
    Raises: ValueError, on the first call, if losses and outputs do not fit together.
    """

    def __init__(self, loss, loss_weights=None, output_names=None):
        if loss_weights is not None and not isinstance(loss_weights, list | tuple | dict | float | int):
            raise ValueError(
                "Expected `loss_weights` argument to be a float (single output case) or a list, tuple, or dict "
                f"(multiple output case). Received instead: loss_weights={loss_weights} of type {type(loss_weights)}"
            )
        self.loss = loss
        self.loss_weights = loss_weights
        self.output_names = output_names
        self.built = False
        self.metrics = []

    def build(self, y_true, y_pred):
        """Find a Loss and a weight for each output, and a metric for each loss where there are several."""
        self._names = output_names(y_pred, self.output_names)
        self._outputs = tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype), y_pred)
        chosen = per_output(self.loss, y_pred, self._names, "loss")
        weights = per_output(self.loss_weights, y_pred, self._names, "loss_weights")
        self._weights = [None if w is None else float(w) for w in weights]
        truths = self._truths(y_true, y_pred, chosen)
        self._losses = [resolve_loss(*row) for row in zip(chosen, truths, tree.flatten(y_pred), strict=True)]
        used = [name for name, loss in zip(self._names, self._losses, strict=True) if loss is not None]
        self.metrics = [metrics.Mean(name=f"{name}_loss") for name in used] if len(used) > 1 else []
        self.built = True

    def _truths(self, y_true, y_pred, chosen):
        """Labels in the outputs' order; outputs without a loss may have none."""
        wanted = [i for i, loss in enumerate(chosen) if loss is not None]
        flat = y_true if isinstance(y_true, list | tuple) else None
        if flat is not None and len(flat) == len(wanted) < len(chosen):
            truths = [None] * len(chosen)
            for i, y in zip(wanted, flat, strict=True):
                truths[i] = y
            return truths
        return per_output(y_true, y_pred, self._names, "y", shared=False)

    def check_labels(self, y_true):
        """Refuse class numbers that the outputs do not have, which compiled code would count as nothing.

        Raises: DataError L312 (a ValueError).
        """
        truths = self._truths(y_true, self._outputs, self._losses)
        for loss, y, output in zip(self._losses, truths, tree.flatten(self._outputs), strict=True):
            if y is None or getattr(loss, "fn", None) is not losses.sparse_categorical_crossentropy:
                continue
            arguments = loss._fn_kwargs
            classes = output.shape[arguments.get("axis", -1)]
            if classes is not None:
                losses.check_labels(y, classes, arguments.get("ignore_class"))

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the total loss, a scalar, and update the metrics of its parts."""
        if not self.built:
            self.build(y_true, y_pred)
        truths = self._truths(y_true, y_pred, self._losses)
        sample_weights = per_output(sample_weight, y_pred, self._names, "sample_weight")
        rows = zip(self._losses, self._weights, truths, tree.flatten(y_pred), sample_weights, strict=True)
        total, trackers = None, iter(self.metrics)
        for loss, weight, y, prediction, sw in rows:
            if loss is None:
                continue
            value = loss(y, prediction, sw)
            tracker = next(trackers, None)
            if tracker is not None:
                tracker.update_state(value, sample_weight=prediction.shape[0])
            value = value if weight is None else value * weight
            total = value if total is None else total + value
        return total
