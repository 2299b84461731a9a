"""`tf.train`: checkpoints of training loops, and the optimizers of TensorFlow 1."""

from pathlib import Path

import numpy as np

from lamina import optimizers
from lamina.core.variable import Variable
from lamina.dialects.spelling import tell
from lamina.dialects.tensorflow.arrays import constant
from lamina.dialects.tensorflow.records import BytesList, Example, Feature, Features, FloatList, Int64List

__all__ = [
    "AdadeltaOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "BytesList",
    "Checkpoint",
    "CheckpointManager",
    "Example",
    "Feature",
    "Features",
    "FloatList",
    "GradientDescentOptimizer",
    "Int64List",
    "MomentumOptimizer",
    "RMSPropOptimizer",
    "latest_checkpoint",
]


class Checkpoint:
    """Write what objects have learned to a file, and read it again.

    The file is NumPy's, `PREFIX-1.npz`; files of TensorFlow cannot be read.

    Args:
        objects: variables, models, layers, optimizers and modules, by name.
    """

    def __init__(self, root=None, **objects):
        self._objects = objects if root is None else {"root": root, **objects}
        self._saved = 0
        self.__dict__.update(self._objects)

    def save(self, file_prefix, options=None):
        """Write a numbered file; return its name without the ending."""
        self._saved += 1
        return self.write(f"{file_prefix}-{self._saved}")

    def write(self, file_prefix, options=None):
        """Write a file; return its name without the ending."""
        Path(file_prefix).parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"{name}/{i}": np.asarray(v) for name, found in self._variables() for i, v in enumerate(found)}
        np.savez(f"{file_prefix}.npz", save_counter=self._saved, **arrays)
        return str(file_prefix)

    def restore(self, save_path, options=None):
        """Give the objects what a file holds; nothing happens without a name.

        Raises: ValueError if an object has other variables than the file.
        """
        if save_path is None:
            return Restored()
        with np.load(f"{save_path}.npz") as arrays:
            for optimizer in (x for x in self._objects.values() if isinstance(x, optimizers.Optimizer)):
                self._build(optimizer, arrays)
            for name, variables in self._variables():
                self._assign(name, variables, [arrays[key] for key in _keys(arrays, name)], save_path)
            self._saved = int(arrays["save_counter"])
        return Restored()

    read = restore

    @property
    def save_counter(self):
        """How many times `save` has been called, also before what was restored was written."""
        return constant(self._saved)

    def _variables(self):
        for name, x in self._objects.items():
            yield name, [x] if isinstance(x, Variable) else list(x.variables)

    def _build(self, optimizer, arrays):
        """An optimizer that has not stepped yet has no moments to restore."""
        models = [x for x in self._objects.values() if hasattr(x, "trainable_variables") and x is not optimizer]
        if not optimizer.built and models:
            optimizer.build([v for model in models for v in model.trainable_variables])

    def _assign(self, name, variables, values, path):
        if [v.shape for v in variables] != [x.shape for x in values]:
            raise ValueError(
                f"{path} holds {len(values)} variables of `{name}`, which now has {len(variables)}, or others. Call "
                "the model on data once before restore()."
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


class Restored:
    """What `restore` returns: everything has been restored."""

    def expect_partial(self):
        """Accept."""
        return self

    assert_consumed = assert_existing_objects_matched = run_restore_ops = expect_partial


class CheckpointManager:
    """Keep the last checkpoints in a folder.

    Args:
        checkpoint: `Checkpoint`.
        directory: the folder.
        max_to_keep: older files are removed [count].
    """

    def __init__(self, checkpoint, directory, max_to_keep=5, checkpoint_name="ckpt", **options):
        self.checkpoint, self.directory = checkpoint, str(directory)
        self._prefix, self._kept = Path(directory) / checkpoint_name, max_to_keep

    @property
    def checkpoints(self):
        """Names of the files, the latest last."""
        return _checkpoints(self.directory, self._prefix.name)

    @property
    def latest_checkpoint(self):
        """Name of the latest file, or None."""
        return (self.checkpoints or [None])[-1]

    def save(self, checkpoint_number=None, **options):
        """Write a file; return its name without the ending."""
        self.checkpoint._saved += 1
        number = self.checkpoint._saved if checkpoint_number is None else int(checkpoint_number)
        path = self.checkpoint.write(f"{self._prefix}-{number}")
        for old in self.checkpoints[: -self._kept] if self._kept else ():
            Path(f"{old}.npz").unlink()
        return path

    def restore_or_initialize(self):
        """Restore the latest file; return its name, or None if there is none."""
        self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """Return the name of the latest checkpoint in a folder, or None; also of weights that a model has written."""
    found = [*Path(checkpoint_dir).glob("*.weights.h5"), *Path(checkpoint_dir).glob("*-*.npz")]
    latest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    return None if latest is None else str(latest).removesuffix(".npz").removesuffix(".weights.h5")


def _checkpoints(folder, name):
    found = Path(folder).glob(f"{name}-*.npz")
    return [str(path.with_suffix("")) for path in sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]))]


def _keys(arrays, name):
    found = [key for key in arrays.files if key.rpartition("/")[0] == name]
    return sorted(found, key=lambda key: int(key.rpartition("/")[2]))


def AdamOptimizer(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, **options):  # noqa: N802
    """Return Adam."""
    return _told("Adam", learning_rate, beta_1=beta1, beta_2=beta2, epsilon=epsilon)


def GradientDescentOptimizer(learning_rate, **options):  # noqa: N802
    """Return plain descent."""
    return _told("SGD", learning_rate)


def MomentumOptimizer(learning_rate, momentum, use_nesterov=False, **options):  # noqa: N802
    """Return descent with momentum, as Keras has it: the rate is in the moment."""
    return _told("SGD", learning_rate, momentum=momentum, nesterov=use_nesterov)


def RMSPropOptimizer(learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, centered=False, **options):  # noqa: N802
    """Return RMSprop whose mean squares start at one, so that the first steps are small."""
    tell("tf.train.RMSPropOptimizer", "keras.optimizers.RMSprop", "1.15")
    return RMSprop(learning_rate, decay, momentum, epsilon, centered)


class RMSprop(optimizers.RMSprop):
    """RMSprop as TensorFlow 1 begins it."""

    def slots(self):
        """The mean square starts at one."""
        first, *others = super().slots()
        return [dict.fromkeys(first, 1.0), *others]


def AdagradOptimizer(learning_rate, initial_accumulator_value=0.1, **options):  # noqa: N802
    """Return Adagrad."""
    return _told("Adagrad", learning_rate, initial_accumulator_value=initial_accumulator_value, epsilon=0.0)


def AdadeltaOptimizer(learning_rate=0.001, rho=0.95, epsilon=1e-8, **options):  # noqa: N802
    """Return Adadelta."""
    return _told("Adadelta", learning_rate, rho=rho, epsilon=epsilon)


def _told(name, learning_rate, **options):
    tell(f"tf.train.{name}Optimizer", f"keras.optimizers.{name}", "1.15")
    return getattr(optimizers, name)(learning_rate, **options)
