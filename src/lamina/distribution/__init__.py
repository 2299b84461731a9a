"""Many devices: the batch is shared among them (DataParallel), or the weights too (ModelParallel)."""

from lamina.core.placement import distribution, set_distribution
from lamina.distribution.devices import (
    DeviceMesh,
    TensorLayout,
    distribute_tensor,
    get_device_count,
    initialize,
    list_devices,
)
from lamina.distribution.strategies import DataParallel, LayoutMap, ModelParallel

__all__ = [
    "DataParallel",
    "DeviceMesh",
    "LayoutMap",
    "ModelParallel",
    "TensorLayout",
    "distribute_tensor",
    "distribution",
    "get_device_count",
    "initialize",
    "list_devices",
    "set_distribution",
]
