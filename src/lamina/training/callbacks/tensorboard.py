"""TensorBoard: curves, histograms and the model's graph, for `tensorboard --logdir`."""

import os
import time
import warnings

import jax
import numpy as np

from lamina.core import config
from lamina.training.callbacks.callback import Callback, needed_if
from lamina.training.callbacks.learning_rates import log_learning_rates
from lamina.training.events import EventWriter


class TensorBoard(Callback):
    """Write what happens in training to event files; neither TensorFlow nor TensorBoard is needed for writing.

    Args:
        log_dir: directory of the files; those of training are in `train`, of evaluation in `validation` below it.
        histogram_freq: write histograms of all weights every so many epochs; 0: never [epochs].
        write_graph: whether to write the graph of a functional or sequential model.
        write_images: whether to write the weights as pictures, too, with the histograms.
        write_steps_per_second: whether to write how fast training is.
        update_freq: "epoch", "batch", or after how many batches losses and metrics are written, too [steps].
        profile_batch: number of a batch, or "first,last", to be profiled; 0: none.
        embeddings_freq: write the weights of `Embedding` layers for the projector every so many epochs [epochs].
        embeddings_metadata: file with a label for each embedding, or dict from names of layers to such files.
    Raises:   ValueError for a wrong `profile_batch` or the name of an unknown layer.
    Source:   Keras 3 `TensorBoard`, with the same tags; there, TensorFlow writes them.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     board = TensorBoard(folder)
        ...     board.write_epoch(0, {"loss": 0.5, "val_loss": 0.75})
        ...     board.on_train_end()
        ...     sorted(os.listdir(folder))
        ['train', 'validation']
    """

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._first_profiled, self._last_profiled = _batches(profile_batch)
        self._is_profiling = False
        self._train_writer = EventWriter(os.path.join(self.log_dir, "train"))
        self._validation_writer = EventWriter(os.path.join(self.log_dir, "validation"))
        self._train_batches = 0
        self._test_batches = 0

    @property
    def _watches_batches(self):
        return self._writes_batches or self._last_profiled > 0

    @property
    def _writes_batches(self):
        return self.update_freq != "epoch"

    def set_model(self, model):
        """Write the model's graph and what the projector needs to know."""
        super().set_model(model)
        if self.embeddings_freq:
            self._describe_embeddings()
        if self.write_graph and type(model).__name__ in ("Functional", "Sequential"):
            self._write_graph()

    def _write_graph(self):
        try:
            self._train_writer.model("keras", self.model.to_json(), step=0)
        except (TypeError, ValueError, NotImplementedError) as error:
            warnings.warn(f"Model failed to serialize as JSON, so its graph is not written: {error}", stacklevel=3)

    def on_train_begin(self, logs=None):
        """Count batches anew."""
        self._train_batches = 0

    def on_train_end(self, logs=None):
        """Close the files."""
        self._stop_profiling()
        self._train_writer.close()
        self._validation_writer.close()

    @needed_if("_watches_batches")
    def on_train_batch_begin(self, batch, logs=None):
        """Begin profiling, if it is time."""
        self._train_batches += 1
        self._batch_start = time.perf_counter()
        if self._last_profiled and self._train_batches == self._first_profiled:
            jax.profiler.start_trace(self._train_writer.directory)
            self._is_profiling = True

    @needed_if("_watches_batches")
    def on_train_batch_end(self, batch, logs=None):
        """Write the batch's losses and metrics, if it is time."""
        step = self._train_batches
        if self._writes_batches and step % self.update_freq == 0:
            facts = dict(logs or {})
            if self.write_steps_per_second:
                facts["steps_per_second"] = 1.0 / (time.perf_counter() - self._batch_start)
            for name, value in facts.items():
                self._train_writer.scalar(f"batch_{name}", value, step)
        if step >= self._last_profiled:
            self._stop_profiling()

    def _stop_profiling(self):
        if self._is_profiling:
            jax.profiler.stop_trace()
            self._is_profiling = False

    def on_test_end(self, logs=None):
        """Write an evaluation beside the number of steps taken."""
        optimizer = self.model.optimizer
        if optimizer is None:
            return
        for name, value in (logs or {}).items():
            self._validation_writer.scalar(f"evaluation_{name}_vs_iterations", value, int(optimizer.iterations))
        self._validation_writer.flush()

    def on_epoch_begin(self, epoch, logs=None):
        """Remember when the epoch began."""
        if self.write_steps_per_second:
            self._epoch_start = time.perf_counter(), int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch, logs=None):
        """Write the epoch's losses and metrics, and histograms and embeddings, if it is time."""
        facts = dict(logs or {})
        if facts:
            self._collect_learning_rate(facts)
            self._collect_speed(facts)
            self.write_epoch(epoch, facts)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()
        self._train_writer.flush()
        self._validation_writer.flush()

    def _collect_learning_rate(self, facts):
        log_learning_rates(self.model, facts)
        return facts

    def _collect_speed(self, facts):
        if self.write_steps_per_second:
            start, steps = self._epoch_start
            facts["steps_per_second"] = (int(self.model.optimizer.iterations) - steps) / (time.perf_counter() - start)

    def write_epoch(self, epoch, logs):
        """Write a number for each name; those that begin with "val_" go to the files of evaluation."""
        for name, value in logs.items():
            writer = self._validation_writer if name.startswith("val_") else self._train_writer
            writer.scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)

    def _write_weights(self, epoch):
        for layer in self.model.layers:
            for weight in layer.weights:
                name = weight.path.replace(":", "_")
                self._train_writer.histogram(f"{name}/histogram", weight.numpy(), epoch)
                images = _as_images(weight.numpy()) if self.write_images else None
                if images is not None:
                    self._train_writer.images(f"{name}/image", images, epoch)

    def _embedding_layers(self):
        from lamina.layers import Embedding

        return [layer for layer in self.model.layers if isinstance(layer, Embedding)]

    def _describe_embeddings(self):
        layers, metadata = self._embedding_layers(), self.embeddings_metadata
        if isinstance(metadata, str):
            metadata = {layer.name: metadata for layer in layers}
        unknown = set(metadata or ()) - {layer.name for layer in layers}
        if unknown:
            raise ValueError(
                "Unrecognized `Embedding` layer names passed to `keras.callbacks.TensorBoard` `embeddings_metadata` "
                f"argument: {sorted(unknown)}"
            )
        os.makedirs(self.log_dir, exist_ok=True)
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "w") as file:
            for layer in layers:
                fields = {"tensor_name": layer.name, "tensor_path": f"{layer.name}.tsv"}
                if metadata and layer.name in metadata:
                    fields["metadata_path"] = metadata[layer.name]
                lines = [f'  {name}: "{value}"\n' for name, value in fields.items()]
                file.write("embeddings {\n" + "".join(lines) + "}\n")

    def _write_embeddings(self):
        for layer in self._embedding_layers():
            path = os.path.join(self.log_dir, f"{layer.name}.tsv")
            np.savetxt(path, np.asarray(layer.get_weights()[0]), delimiter="\t", fmt="%.7g")


def _batches(profile_batch):
    """Return the first and the last batch of "2,5", (2, 5) or 3; zeros for none."""
    given = profile_batch
    if isinstance(given, str):
        given = [int(part) for part in given.split(",")]
    if isinstance(given, int):
        given = (given, given)
    if isinstance(given, tuple | list) and len(given) == 1:
        given = (given[0], given[0])
    if not isinstance(given, tuple | list) or len(given) != 2 or not 0 <= given[0] <= given[1]:
        raise ValueError(
            "profile_batch must be a non-negative integer or 2-tuple of positive integers, the first and the last "
            f"batch to profile. Found: {profile_batch}"
        )
    return given


def _as_images(weight):
    """Return a weight as pictures, `(n, height, width, channels)`, or None if it cannot be one."""
    w = np.squeeze(weight)
    if w.ndim == 1:
        return w[None, :, None, None]
    if w.ndim == 2:
        return (w.T if w.shape[0] > w.shape[1] else w)[None, :, :, None]
    if w.ndim == 3:
        return (w.transpose(2, 0, 1) if config.image_data_format() == "channels_last" else w)[..., None]
    return w if w.ndim == 4 and w.shape[-1] in (1, 3, 4) else None
