"""Progbar: the progress display of `fit`, for loops of one's own."""

import numpy as np

from lamina.training.progress import Progress


class Progbar:
    """Show how far a loop is, with averages of its values.

    Args:
        target: number of steps [count], None if unknown.
        width: kept for Keras's sake; the bar takes the room there is.
        verbose: 0 silent, 1 a bar where that can be drawn, 2 one line in the end.
        interval: kept for Keras's sake [seconds].
        stateful_metrics: names of values that are shown as they are; the others are averaged.
        stateless_metrics: names of values that are averaged; the others are shown as they are.
        unit_name: what a step is called.
    Raises:   ValueError if both lists of names are given.
    Source:   Keras 3 `Progbar`.
    Example:
        >>> bar = Progbar(2, verbose=2)
        >>> bar.add(1, [("loss", 1.0)])
        >>> bar.add(1, [("loss", 2.0)])
        2/2 - 0.0s - ...s/step - loss: 2.0000
    """

    def __init__(
        self,
        target,
        width=20,
        verbose=1,
        interval=0.05,
        stateful_metrics=None,
        stateless_metrics=None,
        unit_name="step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Only one of `stateful_metrics` or `stateless_metrics` can be provided.")
        self.target = target
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._progress = Progress(steps=target, verbose=verbose, unit=unit_name)
        self._sums = {}  # name -> (sum, number of steps)
        self._done = 0

    def update(self, current, values=None, finalize=None):
        """Show that `current` steps are done; the last one ends the display.

        Args:
            values: pairs (name, value of the last step); of several values the mean counts.
            finalize: whether this is the end; by default when `target` is reached.
        """
        is_last = current == self.target if finalize is None else finalize
        steps = max(current - self._done, 1)
        for name, value in values or ():
            total, count = self._sums.get(name, (0.0, 0))
            averaged = self._is_averaged(name) and not is_last  # what is given in the end is the result
            value = float(np.mean(value))
            self._sums[name] = (total + value * steps, count + steps) if averaged else (value, 1)
        self._done = current
        logs = {name: total / max(count, 1) for name, (total, count) in self._sums.items()}
        self._progress.step(current, logs)
        if is_last:
            self._progress.epoch_end(logs)

    def add(self, n, values=None):
        """Show that `n` more steps are done."""
        self.update(self._done + n, values)

    def _is_averaged(self, name):
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in (self.stateful_metrics or ())
