"""What training reports: the metrics of all outputs, by name."""

from lamina.core import tree
from lamina.metrics.resolve import resolve
from lamina.training.outputs import labels_per_output, output_names, per_output


class CompileMetrics:
    """The metrics given to `compile`, some for each output.

    Args:
        metrics, weighted_metrics: list of names, functions or Metrics; with several outputs a list with an entry (one
            metric or a list) for each, a dict by output name, or the structure of the outputs. The weighted ones see
            sample weights.
        output_names: names of the model's outputs.
    Raises: ValueError if neither lists nor dicts are given, or they do not fit the outputs.
    """

    def __init__(self, metrics, weighted_metrics, output_names=None):
        for what, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value and not isinstance(value, list | tuple | dict):
                raise ValueError(
                    f"Expected `{what}` argument to be a list, tuple, or dict. Received instead: {what}={value} of "
                    f"type {type(value)}"
                )
        self.given = metrics, weighted_metrics
        self.output_names = output_names
        self.name = "compile_metrics"
        self.built = False
        self._plain, self._weighted = [], []

    @property
    def metrics(self):
        """The Metrics of all outputs, plain ones first."""
        return [m for m, _, _ in (*self._plain, *self._weighted)]

    @property
    def variables(self):
        """The variables of all these Metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    def build(self, y_true, y_pred):
        """Find the Metrics of each output."""
        self._names = output_names(y_pred, self.output_names)
        plain, weighted = (
            [_as_list(entry) for entry in self._entries(given, y_pred, what)]
            for given, what in zip(self.given, ("metrics", "weighted_metrics"), strict=True)
        )
        self._wanted = [bool(one or other) for one, other in zip(plain, weighted, strict=True)]
        truths, predictions = self._truths(y_true, y_pred), tree.flatten(y_pred)
        prefixes = self._names if len(predictions) > 1 else [None]
        self._plain, self._weighted = (
            [
                (resolve(identifier, truths[index], predictions[index]), index, prefixes[index])
                for index in self._order()
                for identifier in entries[index]
            ]
            for entries in (plain, weighted)
        )
        self.built = True

    def _order(self):
        """The outputs in the order in which the model names them, else in flat order."""
        names = self.output_names
        known = names and len(set(names)) == len(names) and set(names) == set(self._names)
        return [self._names.index(name) for name in names] if known else range(len(self._names))

    def _entries(self, given, y_pred, what):
        if not given:
            return [None] * len(self._names)
        if len(self._names) == 1:
            return [tree.flatten(given)]
        return per_output(given, y_pred, self._names, what)

    def _truths(self, y_true, y_pred):
        return labels_per_output(y_true, y_pred, self._names, self._wanted)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        if not self.built:
            self.build(y_true, y_pred)
        truths, predictions = self._truths(y_true, y_pred), tree.flatten(y_pred)
        weights = per_output(sample_weight, y_pred, self._names, "sample_weight")
        for metric, index, _ in self._plain:
            metric.update_state(truths[index], predictions[index])
        for metric, index, _ in self._weighted:
            metric.update_state(truths[index], predictions[index], sample_weight=weights[index])

    def result(self):
        """Return the value of each metric by name; equal names are numbered, equal weighted ones prefixed."""
        results = {}
        for weighted, rows in ((False, self._plain), (True, self._weighted)):
            for metric, _, output in rows:
                name = f"{output}_{metric.name}" if output else metric.name
                if name in results and weighted:
                    name = f"{output}_weighted_{metric.name}" if output else f"weighted_{metric.name}"
                results[_free(name, results)] = metric.result()
        return results

    def reset_state(self):
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()


def _free(name, taken):
    count = 1
    free = name
    while free in taken:
        free = f"{name}_{count}"
        count += 1
    return free


def _as_list(entry):
    if entry is None:
        return []
    return list(entry) if isinstance(entry, list | tuple) else [entry]
