"""Where the next computation runs."""

import os

import jax

TUNING = os.environ.get("LAMINA_TUNING", "1") != "0"


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
