"""`tf.summary`: numbers, pictures and histograms for TensorBoard, in its own files."""

import contextlib

import jax
import numpy as np

from lamina.core.context import is_tracing
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
    return _write(lambda writer, data, step: writer.scalar(name, float(data), step), data, step)


def histogram(name, data, step=None, buckets=30, description=None):
    """Write how values are spread; tell whether there is a writer."""
    return _write(lambda writer, data, step: writer.histogram(name, data, step, buckets), data, step)


def image(name, data, step=None, max_outputs=3, description=None):
    """Write pictures, `(n, height, width, channels)`: bytes, or floats from 0 to 1; tell whether there is a writer."""

    def write(writer, pictures, step):
        writer.images(name, pictures / 255 if pictures.dtype == "uint8" else pictures, step)

    return _write(write, data[:max_outputs], step)


def _write(write, data, step):
    """Write what is told; compiled code does so each time it runs."""
    if not _open:
        return False
    writer, default_step = _open[-1]
    step = default_step if step is None else step
    if step is None:
        raise ValueError("No step set. Please specify one through the `step` argument, or in `as_default(step)`.")
    show = lambda data, step: write(writer, np.asarray(data), int(step))  # noqa: E731
    if is_tracing():
        jax.debug.callback(show, data, step)
    else:
        show(data, step)
    return True
