"""What training minimises: the losses of all outputs, weighted and added up."""

from dataclasses import dataclass, replace

from lamina import losses, metrics
from lamina.core import tree
from lamina.core.tensor import KerasTensor
from lamina.metrics.resolve import resolve_loss
from lamina.training.outputs import StructureError, at, by_path, labels_per_output, output_names, per_output


@dataclass
class Part:
    """One loss: of the output, or the group of outputs, at a path."""

    loss: object
    weight: object = None
    path: tuple = ()
    name: str = ""

    def __repr__(self):
        return repr(self.loss)  # messages show what was given


class CompileLoss:
    """The losses given to `compile`.

    Args:
        loss: name, function or Loss; with several outputs one for all, a list, a dict by output name, or the
            structure of the outputs. Outputs with None, or left out, have none. A function that stands where the
            outputs have a list or a dict gets all of it. The items of a list that stands where they have something
            else, or of a tuple where they have a list, are losses of the same place.
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

    @property
    def variables(self):
        """The variables of the metrics that report the parts."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true, y_pred):
        """Find the losses and their weights, and make a metric for each loss where there are several."""
        self._names = output_names(y_pred, self.output_names)
        self._outputs = tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype), y_pred)
        paired = _paired(self.loss, self.loss_weights)
        chosen = by_path(paired or tree.map_structure(_part, self.loss), y_pred, self._names, "loss")
        self._parts = [replace(part, path=path) for path, part in chosen if part is not None]
        if not paired:
            self._set_weights(y_pred)
        truths, outputs = self._truths(y_true, y_pred), dict(zip(self._paths(), self._names, strict=True))
        for part in self._parts:
            part.loss = resolve_loss(part.loss, at(truths, part.path), at(y_pred, part.path))
            part.name = _name(part, outputs)
        several = len(self._parts) > 1
        self.metrics = [metrics.Mean(name=f"{part.name}_loss") for part in self._parts] if several else []
        self.built = True

    def _paths(self):
        return [path for path, _ in by_path(None, self._outputs, self._names, "loss")]

    def _set_weights(self, y_pred):
        """A list with a number for each loss is in their order; anything else goes by the outputs."""
        given = self.loss_weights
        if isinstance(given, list | tuple) and len(given) == len(self._parts):
            for part, weight in zip(self._parts, given, strict=True):
                part.weight = weight
            return
        weights = dict(by_path(given, y_pred, self._names, "loss_weights"))
        for part in self._parts:
            part.weight = weights.get(part.path)

    def _truths(self, y_true, y_pred):
        """Labels in the structure that the outputs had at first; outputs without a loss may have none."""
        wanted = [any(path[: len(part.path)] == part.path for part in self._parts) for path in self._paths()]
        flat = labels_per_output(y_true, y_pred, self._names, wanted)
        return tree.pack_sequence_as(self._outputs, flat)

    def check_labels(self, y_true):
        """Refuse class numbers that the outputs do not have, which compiled code would count as nothing.

        Raises: DataError L312 (a ValueError).
        """
        truths = self._truths(y_true, self._outputs)
        for part in self._parts:
            y, output = at(truths, part.path), at(self._outputs, part.path)
            if y is None or getattr(part.loss, "fn", None) is not losses.sparse_categorical_crossentropy:
                continue
            arguments = part.loss._fn_kwargs
            classes = output.shape[arguments.get("axis", -1)]
            if classes is not None:
                losses.check_labels(y, classes, arguments.get("ignore_class"))

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the total loss, a scalar, and update the metrics of its parts; None if no output has a loss."""
        if not self.built:
            self.build(y_true, y_pred)
        truths = self._truths(y_true, y_pred)
        weights = per_output(sample_weight, y_pred, self._names, "sample_weight")
        weights = tree.pack_sequence_as(self._outputs, weights)
        y_pred = tree.pack_sequence_as(self._outputs, tree.flatten(y_pred))
        total, trackers = None, iter(self.metrics)
        for part in self._parts:
            prediction = at(y_pred, part.path)
            value = part.loss(at(truths, part.path), prediction, _one(at(weights, part.path)))
            tracker = next(trackers, None)
            if tracker is not None:
                tracker.update_state(value, sample_weight=tree.flatten(prediction)[0].shape[0])
            value = value if part.weight is None else value * part.weight
            total = value if total is None else total + value
        return total


def _one(weights):
    """The weights of a group of outputs, which have to be the same."""
    flat = tree.flatten(weights)
    if any(weight is not flat[0] for weight in flat):
        raise StructureError("A loss of several outputs takes one `sample_weight` for all of them.")
    return flat[0]


def _part(loss, weight=None):
    return None if loss is None else Part(loss, weight)


def _paired(losses, weights):
    """Losses and their weights, as one structure, if both have the same; else None."""
    try:
        tree.assert_same_structure(losses, weights)
    except ValueError:
        return None
    return tree.map_structure(_part, losses, weights)


def _name(part, outputs):
    """The path with slashes; the name of an output, or else of its loss, stands where the path ends with a number."""
    if part.path in outputs and not (part.path and isinstance(part.path[-1], str)):
        return "/".join(map(str, (*part.path[:-1], outputs[part.path] or part.loss.name)))
    return "/".join(map(str, part.path)) or "_".join(filter(None, outputs.values())) or part.loss.name
