import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lamina import KerasTensor, distribution

CPU = ["cpu:0"]


@pytest.mark.slow
def test_four_devices_compute_what_one_does():
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    script = Path(__file__).with_name("four_devices.py")
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("all well\n"), done.stderr[-4000:]


def test_a_mesh_must_fit_its_devices():
    mesh = distribution.DeviceMesh((1, 1), ("a", "b"), CPU)
    assert mesh.devices.shape == (1, 1)
    assert dict(mesh.backend_mesh.shape) == {"a": 1, "b": 1}
    for shape, names, message in (
        ((), (), "cannot be empty"),
        ((1,), ("a", "b"), "same size"),
        ((2, 3), ("a", "b"), "number of devices"),
    ):
        with pytest.raises(ValueError, match=message):
            distribution.DeviceMesh(shape, names, CPU)


def test_a_layout_names_axes_of_its_mesh():
    mesh = distribution.DeviceMesh((1,), ("a",), CPU)
    layout = distribution.TensorLayout((None, "a"))
    with pytest.raises(ValueError, match="mesh is not set"):
        _ = layout.backend_layout
    layout.device_mesh = mesh
    with pytest.raises(ValueError, match="Cannot override"):
        layout.device_mesh = mesh
    with pytest.raises(ValueError, match="Invalid axis names"):
        distribution.TensorLayout(("b",), mesh)


def test_a_map_finds_layouts_by_pattern():
    layouts = distribution.LayoutMap(distribution.DeviceMesh((1,), ("a",), CPU))
    layouts["dense.*kernel"] = (None, "a")
    layouts["conv/kernel"] = distribution.TensorLayout(("a",))
    assert layouts["x/dense_1/kernel"] is None, "all of a path must match"
    assert layouts["dense_1/kernel"].axes == (None, "a")
    assert layouts["conv/kernel"].device_mesh is layouts.device_mesh
    assert list(layouts) == ["dense.*kernel", "conv/kernel"]
    with pytest.raises(ValueError, match="already exist"):
        layouts["conv/kernel"] = ("a",)
    with pytest.raises(ValueError, match="TensorLayout type"):
        layouts["more"] = "a"
    layouts["dense_1.*"] = ("a",)
    with pytest.raises(ValueError, match="multiple layout"):
        _ = layouts["dense_1/kernel"]
    del layouts["dense_1.*"]
    assert len(layouts) == 2


def test_what_is_no_strategy():
    with pytest.raises(ValueError, match="LayoutMap"):
        distribution.ModelParallel()
    with pytest.raises(ValueError, match="DeviceMesh"):
        distribution.DataParallel(device_mesh=3)
    with pytest.warns(UserWarning, match="1D"):
        distribution.DataParallel(distribution.DeviceMesh((1, 1), ("a", "b"), CPU))


def test_one_process_reads_all_data():
    strategy = distribution.DataParallel(devices=CPU)
    data = [1, 2]
    assert strategy.distribute_dataset(data) is data
    assert (strategy.num_model_replicas, strategy.data_shard_id, strategy.num_processes) == (1, 0, 1)
    assert strategy.get_data_layout((3, 4)).axes == ("batch", None)
    assert strategy.get_variable_layout(np.zeros((2, 3)).view(_Array)).axes == (None, None)
    symbolic = KerasTensor((2,))
    assert distribution.distribute_tensor(symbolic, None) is symbolic


class _Array(np.ndarray):
    path = "path"
