"""The progress display: a bar in a terminal or notebook, one line per epoch elsewhere.

It never waits for the device: while an epoch runs, values are shown once they happen to be there.
"""

import os
import sys
import time

import numpy as np

from lamina.training.messages import say

_INTERVAL = 0.1  # [seconds] between two drawings
_BAR_WIDTH = 20  # [characters]


class Progress:
    """Show how far a loop is.

    Args:
        epochs: how many there will be [count].
        steps: how many each epoch has [count]; `None` if nobody knows.
        verbose: 0 silent, 1 a bar where that can be drawn, 2 one line per epoch; "auto" is 1.
        console: rich's Console to draw the bar on; by default standard output, if that is a terminal or a notebook.
        unit: what a step is called.
    Example:
        >>> progress = Progress(epochs=3, steps=2, verbose=2)
        >>> progress.epoch_begin(0)
        >>> progress.step(1, {"loss": 0.5})
        >>> progress.step(2, {"loss": 0.25})
        >>> progress.epoch_end({"loss": 0.25})
        Epoch 1/3 - 0.0s - ...s/step - loss: 0.2500
    """

    def __init__(self, epochs=1, steps=None, verbose=1, console=None, unit="step"):
        self.epochs = epochs
        self.steps = steps
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.unit = unit
        self._title = ""
        self._bar = None
        if self.verbose == 1 and (console is not None or _can_draw()):
            self._bar = _Bar(console)
        self._restart()

    def _restart(self):
        self._count = 0
        self._start = time.monotonic()
        self._first_done = None  # when the first step was done, which includes compiling
        self._next_drawing = self._start if self._bar else float("inf")
        self._shown = {}
        self._awaited = None  # logs whose values are still being computed

    def epoch_begin(self, epoch):
        """Start an epoch, the first being 0."""
        self._title = f"Epoch {epoch + 1}/{self.epochs}"
        self._restart()
        if self._bar:
            self._draw()

    def step(self, count, logs=None):
        """Tell that `count` steps are done. `logs` may hold arrays that are not ready.

        Cheap: it returns at once unless a drawing is due.
        """
        self._count = count
        if self._first_done is None:
            self._first_done = time.monotonic(), count
        if self._bar and (count == self.steps or time.monotonic() >= self._next_drawing):
            self._look_at(logs)
            self._draw()

    def epoch_end(self, logs=None):
        """End an epoch and show its final values; this waits for them."""
        if not self.verbose:
            return
        self._shown = {name: _number(value) for name, value in (logs or {}).items()}
        self.steps = self.steps or self._count
        if self._bar:
            self._bar.finish(self._line(final=True))
        else:
            say(" - ".join([self._title or f"{self._count}/{self.steps}", *self._facts(final=True)]))

    def close(self):
        """Give the terminal back, also in the middle of an epoch."""
        if self._bar:
            self._bar.close()

    def _look_at(self, logs):
        """Take the newest values that are there; wait for no others, but look again at those awaited next time."""
        if _are_ready(logs):
            self._awaited, newest = None, logs
        elif self._awaited is not None and _are_ready(self._awaited):
            self._awaited, newest = logs, self._awaited
        else:
            self._awaited, newest = self._awaited or logs, None
        if newest:
            self._shown = {name: _number(value) for name, value in newest.items()}

    def _draw(self):
        self._bar.draw(self._line(final=False))
        self._next_drawing = time.monotonic() + _INTERVAL

    def _line(self, final):
        share = self._count / self.steps if self.steps else None
        count = f"{self._count}/{self.steps}" if self.steps else f"{self._count}"
        return self._title, share, " - ".join([count, *self._facts(final)])

    def _facts(self, final):
        """Return the parts of a line: time used or left, time per step, values."""
        now = time.monotonic()
        per_step = self._seconds_per_step(now)
        facts = []
        if final:
            facts.append(_duration(now - self._start))
        elif self.steps and self._count:
            facts.append(f"{_duration(per_step * (self.steps - self._count))} left")
        if self._count:
            facts.append(f"{_short_duration(per_step)}/{self.unit}")
        return facts + [f"{name}: {_text(value)}" for name, value in self._shown.items()]

    def _seconds_per_step(self, now):
        """Leave the first step out: it compiles."""
        first, counted = self._first_done or (now, 0)
        if self._count > counted:
            return (now - first) / (self._count - counted)
        return (now - self._start) / max(self._count, 1)


class _Bar:
    """One line of a terminal that is drawn anew, and kept when an epoch ends."""

    def __init__(self, console=None):
        from rich.console import Console

        self.console = console or Console()
        self.live = None

    def draw(self, line, final=False):
        from rich.live import Live

        if self.live is None:
            self.live = Live(console=self.console, auto_refresh=False)
            self.live.start()
        self.live.update(self._table(*line, final), refresh=True)

    def finish(self, line):
        self.draw(line, final=True)
        self.close()

    def close(self):
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _table(self, title, share, text, final):
        """Return a line of title, bar and text; what is too long is cut while it runs, and loses its bar in the end."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        cells = [Text(title, style="bold")] if title else []
        fits = len(title) + _BAR_WIDTH + len(text) + 2 <= self.console.width
        if share is not None and (fits or not final):
            cells.append(ProgressBar(total=1.0, completed=min(share, 1.0), width=_BAR_WIDTH))
        cells.append(Text(text, no_wrap=not final, overflow="fold" if final else "ellipsis"))
        table = Table.grid(padding=(0, 1))
        table.add_row(*cells)
        return table


def _can_draw():
    """Tell whether a line on standard output can be drawn anew: in a terminal or a notebook."""
    if "ipykernel" in sys.modules:
        return True
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def _are_ready(logs):
    return all(value.is_ready() for value in (logs or {}).values() if hasattr(value, "is_ready"))


def _number(value):
    """Return one number for a value; the mean where there are several."""
    try:
        return float(np.mean(np.asarray(value)))
    except (TypeError, ValueError):
        return value


def _text(value):
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


def _duration(seconds):
    """Return a time as people read it: 0.3s, 12s, 2:05, 1:02:05."""
    if seconds < 60:
        return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _short_duration(seconds):
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.0f}{unit}"
    return f"{seconds * 1e6:.0f}us"
