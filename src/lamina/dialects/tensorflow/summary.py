"""`tf.summary`: numbers, pictures and histograms for TensorBoard, in its own files."""

import contextlib

import numpy as np

from lamina.training.events import EventWriter

__all__ = ["create_file_writer", "histogram", "image", "scalar"]

_open = []
"""Writers whose `as_default` blocks are open, the innermost last."""


class _Writer(EventWriter):
    """A file of events; what is told inside `with writer.as_default():` goes there."""

    @contextlib.contextmanager
    def as_default(self, step=None):
        """Send here what is told inside a `with` block; without an own `step`, under this one."""
        _open.append((self, step))
        try:
            yield self
        finally:
            _open.pop()


def create_file_writer(logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None):
    """Return a writer of event files in a folder."""
    return _Writer(str(logdir))


def scalar(name, data, step=None, description=None):
    """Write a number; tell whether there is a writer."""
    return _write(lambda writer, step: writer.scalar(name, float(np.asarray(data)), step), step)


def histogram(name, data, step=None, buckets=30, description=None):
    """Write how values are spread; tell whether there is a writer."""
    return _write(lambda writer, step: writer.histogram(name, np.asarray(data), step, buckets), step)


def image(name, data, step=None, max_outputs=3, description=None):
    """Write pictures, `(n, height, width, channels)`: bytes, or floats from 0 to 1; tell whether there is a writer."""
    data = np.asarray(data)[:max_outputs]
    pictures = data / 255 if data.dtype == "uint8" else data
    return _write(lambda writer, step: writer.images(name, pictures, step), step)


def _write(write, step):
    if not _open:
        return False
    writer, default_step = _open[-1]
    step = default_step if step is None else step
    if step is None:
        raise ValueError("No step set. Please specify one through the `step` argument, or in `as_default(step)`.")
    write(writer, int(step))
    return True
