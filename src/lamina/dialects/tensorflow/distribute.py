"""`tf.distribute`: the strategies as programs open them, on the one device that a process of JAX uses by default."""

import contextlib

__all__ = ["MirroredStrategy", "OneDeviceStrategy", "Strategy", "get_strategy"]


class Strategy:
    """Where variables live: here, on one device; `lamina.distribution` spreads a model over several."""

    num_replicas_in_sync = 1

    def __init__(self, devices=None, **options):
        if isinstance(devices, (list, tuple)) and len(devices) > 1:
            raise NotImplementedError(
                f"{len(devices)} devices: train on several with `keras.distribution.DataParallel`."
            )

    def scope(self):
        """Make variables in a block."""
        return contextlib.nullcontext(self)

    def run(self, fn, args=(), kwargs=None, options=None):
        """Call a function."""
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op, value, axis=None):
        """Return the value: there is one."""
        return value

    def experimental_distribute_dataset(self, dataset, options=None):
        """Return the dataset."""
        return dataset


MirroredStrategy = OneDeviceStrategy = Strategy


def get_strategy():
    """Return the strategy in use."""
    return Strategy()
