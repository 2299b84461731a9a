"""Devices in a grid, and how an array lies on it."""

import functools
import math

import jax
import numpy as np

from lamina.core import placement
from lamina.core.tensor import KerasTensor
from lamina.engine import devices as names


def list_devices(device_type=None):
    """Return the names of the devices, such as "cpu:0".

    Args:
        device_type: "cpu", "gpu" or "tpu"; by default the kind that computations run on.
    Example:
        >>> list_devices("cpu")[0]
        'cpu:0'
    """
    return [f"{device.platform}:{device.id}" for device in jax.devices(device_type and device_type.lower())]


def get_device_count(device_type=None):
    """Return how many devices there are, of one kind or of the one that computations run on [count]."""
    return jax.device_count(device_type and device_type.lower())


def initialize(job_addresses=None, num_processes=None, process_id=None):
    """Join several processes, perhaps on several machines, into one computation; call it first, in each of them.

    Args:
        job_addresses: "address:port" of all processes, or of the first, joined by commas.
        num_processes: how many there are [count].
        process_id: which of them this is, from 0.
    Source:   Keras 3 `keras.distribution.initialize`; `jax.distribution`.
    """
    first = job_addresses.split(",")[0] if job_addresses else None
    jax.distributed.initialize(coordinator_address=first, num_processes=num_processes, process_id=process_id)


class DeviceMesh:
    """Devices in a grid whose axes have names.

    Args:
        shape: sizes of the grid.
        axis_names: a name for each axis, such as ("batch", "model").
        devices: names or JAX devices; by default all.
    Raises:   ValueError if shape, names and devices do not fit together.
    Source:   Keras 3 `DeviceMesh`.
    Example:
        >>> DeviceMesh((1,), ("batch",), ["cpu:0"])
        <DeviceMesh shape=(1,), axis_names=('batch',)>
    """

    def __init__(self, shape, axis_names, devices=None):
        if not shape or not axis_names:
            raise ValueError(f"Shape and axis_names cannot be empty. Received: shape={shape}, axis_names={axis_names}")
        if len(shape) != len(axis_names):
            raise ValueError(
                f"Shape and axis_names should have same size. Received: shape={shape}, axis_names={axis_names}"
            )
        devices = np.array(list_devices() if devices is None else devices)
        if math.prod(shape) != devices.size:
            raise ValueError(
                f"Shape does not match the number of devices. Received: shape={shape}; devices.shape={devices.shape}"
            )
        self.shape = shape
        self.axis_names = axis_names
        self.devices = devices.reshape(shape)

    @functools.cached_property
    def backend_mesh(self):
        """The same as a `jax.sharding.Mesh`."""
        found = np.array([names.find(device) for device in self.devices.ravel()])
        return jax.sharding.Mesh(found.reshape(self.shape), tuple(self.axis_names))

    def __repr__(self):
        return f"<{type(self).__name__} shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Along which axis of the grid each axis of an array is shared out.

    Args:
        axes: a name, or None for what every device has whole, for each axis of the array.
        device_mesh: the grid; it may be set later, once.
    Raises:   ValueError for a name that is no axis of the grid.
    Source:   Keras 3 `TensorLayout`.
    """

    def __init__(self, axes, device_mesh=None):
        self.axes = tuple(axes)
        self._device_mesh = None
        if device_mesh is not None:
            self.device_mesh = device_mesh

    @property
    def device_mesh(self):
        """The grid, or None."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh):
        if self._device_mesh is not None:
            raise ValueError(f"Cannot override device mesh value. Existing value is {self._device_mesh}")
        unknown = set(self.axes) - {None} - set(device_mesh.axis_names)
        if unknown:
            raise ValueError(
                f"Invalid axis names for Layout. Valid axis names: {set(device_mesh.axis_names)}, Got {unknown}"
            )
        self._device_mesh = device_mesh

    @functools.cached_property
    def backend_layout(self):
        """The same as a `jax.sharding.NamedSharding`."""
        if self.device_mesh is None:
            raise ValueError("Cannot create sharding when device mesh is not set for TensorLayout.")
        return jax.sharding.NamedSharding(self.device_mesh.backend_mesh, jax.sharding.PartitionSpec(*self.axes))

    def __repr__(self):
        return f"<{type(self).__name__} axes={self.axes}, device_mesh={self.device_mesh}>"


def distribute_tensor(tensor, layout):
    """Return an array that lies on the devices as a layout says; inside a compiled program too.

    Args:
        tensor: array; symbolic tensors come back as they are.
        layout: TensorLayout, or a `jax.sharding.Sharding`.
    Source:   Keras 3 `distribute_tensor`.
    """
    if isinstance(tensor, KerasTensor):
        return tensor
    sharding = placement.sharding(layout)
    if isinstance(tensor, jax.core.Tracer):
        return jax.lax.with_sharding_constraint(tensor, sharding)
    return jax.device_put(tensor, sharding)
