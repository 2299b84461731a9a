"""Base of callbacks that watch whether a metric gets better."""

import warnings

from lamina import ops
from lamina.training.callbacks.callback import Callback


class MonitorCallback(Callback):
    """Watch one metric.

    Args:
        monitor: name of the metric in the logs.
        mode: "min" if less is better, "max" if more is better, "auto" to ask the metric.
        baseline: value that must be bettered.
        min_delta: smaller changes are none.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.", UserWarning, stacklevel=3
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op = None

    def _set_monitor_op(self):
        """Find out which way is better, once the model is known."""
        direction = {"min": "down", "max": "up"}.get(self.mode) or self._direction_of_metric()
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} callback received monitor={self.monitor}, but it is not known whether that "
                "metric should be maximized or minimized. Pass `mode='max'` or `mode='min'`."
            )
        self.monitor_op = ops.greater if direction == "up" else ops.less
        if direction == "down":
            self.min_delta = -self.min_delta

    def _direction_of_metric(self):
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return "down"
        metrics = [m for m in _metrics_of(self.model) if name == m.name or name.endswith(f"_{m.name}")]
        return next((m._direction for m in metrics if getattr(m, "_direction", None)), None)

    def get_monitor_value(self, logs):
        """Return the metric's value; warn and return None if it is not in the logs."""
        if self.monitor_op is None:
            self._set_monitor_op()
        logs = logs or {}
        if self.monitor not in logs:
            warnings.warn(
                f"{type(self).__name__} watches the metric `{self.monitor}` which is not available. "
                f"Available metrics are: {', '.join(logs)}.",
                stacklevel=2,
            )
        return logs.get(self.monitor)

    def _sees_gain(self, value):
        """Tell whether this is the best value so far, and remember it."""
        gained = self._is_improvement(value, self.best)
        self.best = value if gained else self.best
        return gained

    def _is_improvement(self, value, reference):
        if self.monitor_op is None:
            self._set_monitor_op()
        return reference is None or bool(self.monitor_op(value - self.min_delta, reference))


def _metrics_of(model):
    """Return the model's metrics, those given to `compile` among them, which it holds as one."""
    return [m for part in getattr(model, "metrics", ()) for m in getattr(part, "metrics", [part])]
