"""CSVLogger: the logs of all epochs as a table in a file."""

import csv
import os

import numpy as np

from lamina.training.callbacks.callback import Callback


class CSVLogger(Callback):
    """Write a line of comma-separated values after each epoch: its number, then the logs sorted by name.

    Args:
        filename: path of the file.
        separator: what stands between values.
        append: whether lines are added to a file that is there; else it is overwritten.
    Source:   Keras 3 `CSVLogger`.
    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     logger = CSVLogger(f"{folder}/log.csv")
        ...     logger.on_train_begin()
        ...     logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        ...     logger.on_train_end()
        ...     pathlib.Path(folder, "log.csv").read_text().split()
        ['epoch,loss,val_loss', '0,0.5,0.75']
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.writer = None
        self.keys = None
        self.csv_file = None

    def on_train_begin(self, logs=None):
        """Open the file."""
        self._close()
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self.writer = None
        self.keys = None

    def on_epoch_end(self, epoch, logs=None):
        """Write a line."""
        logs = logs or {}
        if self.writer is None:
            self._begin_table(logs)
        self.writer.writerow({"epoch": epoch, **{name: _cell(logs.get(name, "NA")) for name in self.keys}})
        self.csv_file.flush()

    def _begin_table(self, logs):
        self.keys = sorted(logs)
        if not any(name.startswith("val_") for name in self.keys):
            self.keys += [f"val_{name}" for name in self.keys]  # the first validation may come in a later epoch
        self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep, extrasaction="ignore")
        if os.path.getsize(self.filename) == 0:
            self.writer.writeheader()

    def on_train_end(self, logs=None):
        """Close the file."""
        self._close()
        self.writer = None

    def _close(self):
        if self.csv_file is not None and not self.csv_file.closed:
            self.csv_file.close()


def _cell(value):
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
