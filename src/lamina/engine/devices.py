"""Where the next computation runs."""

import os

import jax

TUNING = os.environ.get("LAMINA_TUNING", "1") != "0"


def device(device_name):
    """Place what is made inside a `with` block on one device.

    Args:
        device_name: such as "cpu:0" or "gpu:1", or a JAX device.
    Raises:   ValueError if there is no such device.
    Source:   Keras 3 `device`.
    Example:
        >>> with device("cpu:0"):
        ...     jax.numpy.zeros(2).device.platform
        'cpu'
    """
    return jax.default_device(find(device_name))


def find(name):
    """Return the JAX device of a name such as "cpu", "gpu:1" or "cuda:1".

    Raises:   ValueError if there is no such device.
    """
    if isinstance(name, jax.Device):
        return name
    if not isinstance(name, str):
        raise ValueError(f"Expected the name of a device, such as 'gpu:0', or a `jax.Device`. Received: {name!r}")
    kind, _, index = name.lower().strip("/").removeprefix("device:").partition(":")
    try:
        devices = jax.devices(kind)
    except RuntimeError:
        devices = []
    for found in devices:
        if str(found.id) == (index or str(devices[0].id)):
            return found
    raise ValueError(f"Device not found: {name}. There are: {[f'{d.platform}:{d.id}' for d in jax.devices()]}")


def on_cpu() -> bool:
    """Say whether computations run on the CPU by default.

    Example:
        >>> isinstance(on_cpu(), bool)
        True
    """
    device = jax.config.jax_default_device
    return (getattr(device, "platform", device) or jax.default_backend()) == "cpu"


def tuned_for_cpu() -> bool:
    """Say whether the formulations and options made for the CPU apply; `LAMINA_TUNING=0` turns them off."""
    return TUNING and on_cpu()
