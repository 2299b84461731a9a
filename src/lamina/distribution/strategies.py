"""What is shared among the devices: the batch, or the batch and the weights."""

import collections.abc
import contextlib
import re
import warnings

import jax

from lamina.core import placement
from lamina.distribution.devices import DeviceMesh, TensorLayout, list_devices


class Distribution:
    """How variables and batches lie on a grid of devices; `DataParallel` and `ModelParallel` say it.

    Args:
        device_mesh: the grid.
        batch_dim_name: the axis of the grid along which batches are shared out; by default its first.
        auto_shard_dataset: kept for Keras's sake: with one process there is nothing to share out before.
    """

    def __init__(self, device_mesh, batch_dim_name=None, auto_shard_dataset=True):
        self.device_mesh = device_mesh
        self.batch_dim_name = batch_dim_name or device_mesh.axis_names[0]
        self.auto_shard_dataset = auto_shard_dataset
        self.num_processes = jax.process_count()

    @property
    def num_model_replicas(self):
        """How many copies of the model there are [count]."""
        return self.device_mesh.shape[list(self.device_mesh.axis_names).index(self.batch_dim_name)]

    @property
    def data_shard_id(self):
        """Which part of the data this process reads, from 0."""
        processes_per_replica = max(1, self.num_processes // self.num_model_replicas)
        return jax.process_index() // processes_per_replica

    def get_data_layout(self, data_shape):
        """Return the layout of a batch of this shape."""
        return TensorLayout([self.batch_dim_name, *(None for _ in data_shape[1:])], self.device_mesh)

    def get_variable_layout(self, variable):
        """Return the layout of a variable: its own, that for its path, or whole on each device."""
        own = getattr(variable, "_layout", None)
        found = own if own is not None else self.get_tensor_layout(variable.path)
        return found if found is not None else TensorLayout([None for _ in variable.shape], self.device_mesh)

    def get_tensor_layout(self, path):
        """Return the layout for a path, or None."""
        return

    @contextlib.contextmanager
    def scope(self):
        """Open a `with` block in which this distribution is the one that is set."""
        before = placement.distribution()
        placement.set_distribution(self)
        try:
            yield
        finally:
            placement.set_distribution(before)

    def distribute_dataset(self, dataset):
        """Return the part of a data source that this process reads: all of it, where there is one process.

        Raises:   ValueError with several processes, whose data Lamina does not divide: give each its own.
        """
        if self.num_processes == 1 or not self.auto_shard_dataset:
            return dataset
        raise ValueError(
            f"The dataset type {type(dataset)} is not supported for auto-sharding in multi-process setting. Give each "
            "process its own part, and auto_shard_dataset=False."
        )

    def __repr__(self):
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


class DataParallel(Distribution):
    """Every device has all weights and computes a part of the batch.

    Args:
        device_mesh: grid with one axis; by default made of `devices`.
        devices: names; by default all devices.
        auto_shard_dataset: see `Distribution`.
    Raises:   ValueError if `device_mesh` is none.
    Source:   Keras 3 `DataParallel`.
    """

    def __init__(self, device_mesh=None, devices=None, auto_shard_dataset=True):
        if device_mesh is not None and not isinstance(device_mesh, DeviceMesh):
            raise ValueError(
                f"Expect `mesh` to be an instance of `DeviceMesh`. Received: mesh={device_mesh} (of type "
                f"{type(device_mesh)})"
            )
        if device_mesh is None:
            devices = list_devices() if devices is None else devices
            device_mesh = DeviceMesh((len(devices),), ["batch"], devices)
        elif device_mesh.devices.ndim != 1:
            warnings.warn(
                f"Expect the input mesh to be 1D, but received mesh.devices.ndim={device_mesh.devices.ndim}. The first "
                "axis will be used for data-parallel sharding.",
                stacklevel=2,
            )
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)

    @property
    def num_model_replicas(self):
        """How many copies of the model there are: one on each device [count]."""
        return self.device_mesh.devices.size


class ModelParallel(Distribution):
    """Weights are shared out as a LayoutMap says, batches along an axis of the grid.

    Args:
        layout_map: LayoutMap from paths of variables to layouts.
        batch_dim_name: the axis of the grid for batches; by default its first.
        auto_shard_dataset: see `Distribution`.
    Raises:   ValueError if there is no LayoutMap.
    Source:   Keras 3 `ModelParallel`.
    """

    def __init__(self, *, layout_map=None, batch_dim_name=None, auto_shard_dataset=True, **kwargs):
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(f"Argument `layout_map` must be a `LayoutMap` instance. Received: layout_map={layout_map}")
        kwargs.pop("device_mesh", None)
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {kwargs}")
        super().__init__(layout_map.device_mesh, batch_dim_name, auto_shard_dataset)
        self._layout_map = layout_map

    def get_tensor_layout(self, path):
        """Return the layout that the LayoutMap has for a path, or None."""
        return self._layout_map[path]


class LayoutMap(collections.abc.MutableMapping):
    """Layouts by path: a path finds the one whose key it is, or whose key is a pattern that all of it matches.

    Args:
        device_mesh: the grid of layouts that name none.
    Raises:   ValueError for a key that is there already, a value that is no layout, a path that several keys match.
    Source:   Keras 3 `LayoutMap`.
    Example:
        >>> layouts = LayoutMap(DeviceMesh((1,), ("model",), ["cpu:0"]))
        >>> layouts["dense.*kernel"] = (None, "model")
        >>> layouts["dense_1/kernel"].axes, layouts["conv/kernel"]
        ((None, 'model'), None)
    """

    def __init__(self, device_mesh):
        self.device_mesh = device_mesh
        self._layouts = {}

    def __getitem__(self, key):
        if key in self._layouts:
            return self._layouts[key]
        found = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple layout specification keys: {found}. Please make sure each "
                "tensor/variable path only matches at most one layout specification key in the LayoutMap."
            )
        return self._layouts[found[0]] if found else None

    def __setitem__(self, key, layout):
        if key in self._layouts:
            raise ValueError(f"{key} already exist in the LayoutMap with value {self._layouts[key]}.")
        layout = TensorLayout(layout) if isinstance(layout, tuple) else layout
        if not isinstance(layout, TensorLayout):
            raise ValueError(f"{layout} should be a TensorLayout type, got {type(layout)}")
        if layout.device_mesh is None and self.device_mesh is not None:
            layout.device_mesh = self.device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key):
        del self._layouts[key]

    def __len__(self):
        return len(self._layouts)

    def __iter__(self):
        return iter(self._layouts)
