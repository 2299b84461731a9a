"""`tf.config`: what programs ask about devices before they start."""

from lamina.core.config import run_functions_eagerly

__all__ = [
    "experimental",
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "optimizer",
    "run_functions_eagerly",
    "set_soft_device_placement",
    "set_visible_devices",
    "threading",
]


class PhysicalDevice:
    """A device of the machine."""

    def __init__(self, name, device_type):
        self.name = name
        self.device_type = device_type

    def __repr__(self):
        return f"PhysicalDevice(name={self.name!r}, device_type={self.device_type!r})"


def list_physical_devices(device_type=None):
    """Return the devices of a kind, "CPU" or "GPU"."""
    import jax

    found = [
        (device.id, {"cuda": "GPU", "rocm": "GPU"}.get(device.platform, device.platform.upper()))
        for device in jax.devices()
    ]
    if device_type == "CPU" and all(kind != "CPU" for _, kind in found):
        found = [(0, "CPU")]
    return [PhysicalDevice(f"/physical_device:{kind}:{i}", kind) for i, kind in found if device_type in (None, kind)]


def list_logical_devices(device_type=None):
    """Return the devices of a kind: each is one."""
    return list_physical_devices(device_type)


def set_visible_devices(devices, device_type=None):
    """Accept every device there is; others need JAX_PLATFORMS before the program starts."""


get_visible_devices = list_physical_devices


def set_soft_device_placement(enabled):
    """Accept: what a device cannot do is done elsewhere."""


class threading:  # noqa: N801 -- TensorFlow's name
    """How many threads work; the engine decides."""

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads):
        """Accept."""

    set_inter_op_parallelism_threads = set_intra_op_parallelism_threads


class optimizer:  # noqa: N801 -- TensorFlow's name
    """How graphs are compiled; the engine decides."""

    @staticmethod
    def set_jit(enabled):
        """Accept: everything is compiled."""

    @staticmethod
    def set_experimental_options(options):
        """Accept."""


class experimental:  # noqa: N801 -- TensorFlow's name
    """Names that were experimental once."""

    list_physical_devices = staticmethod(list_physical_devices)
    list_logical_devices = staticmethod(list_logical_devices)

    @staticmethod
    def set_memory_growth(device, enable):
        """Accept: the engine decides how memory is taken."""

    @staticmethod
    def enable_op_determinism():
        """Accept: the same program gives the same numbers again on one machine."""
