"""A write that is killed, or runs out of disk, leaves the old file whole."""

import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import sys

import pytest
from tests.saving.standins import Dense, Model, values

import lamina
from lamina.saving import load_weights, save_model, save_weights

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.slow)])  # of each of six writers
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path, kills):
    done = subprocess.run(
        [sys.executable, "-m", "tests.saving.crash", tmp_path, str(kills)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def full_disk(left):
    """Let every write beyond `left` bytes of a file fail, as the system does on a full disk."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("left", [0, 100, 5000, 50_000])
@pytest.mark.parametrize(("write", "name"), [(save_weights, "x.weights.h5"), (save_model, "x.keras")])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, write, name, left):
    path = tmp_path / name
    write(Model(a=Dense((128, 128), fill=5)), path)
    before = path.read_bytes()
    with full_disk(left), pytest.raises((OSError, RuntimeError)):
        write(Model(a=Dense((128, 128), fill=6)), path)
    assert os.listdir(tmp_path) == [name]
    assert path.read_bytes() == before
    if write is save_weights:
        model = Model(a=Dense((128, 128), fill=0))
        load_weights(model, path)
        assert values(model.a) == [5]


@pytest.mark.parametrize("left", [0, 2000, 20_000])
def test_a_full_disk_leaves_the_old_whole_model_file(tmp_path, left):
    path = tmp_path / "x.h5"
    model = lamina.Sequential([lamina.Input((100,)), lamina.layers.Dense(100)])
    with pytest.warns(UserWarning, match="old HDF5"):
        model.save(path)
    before = path.read_bytes()
    with full_disk(left), pytest.raises(OSError), pytest.warns(UserWarning, match="old HDF5"):
        model.save(path)
    assert os.listdir(tmp_path) == ["x.h5"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", [0, 100, 60_000])
def test_a_full_disk_leaves_the_old_shards(tmp_path, left):
    path = tmp_path / "x.weights.json"
    save_weights(Model(a=Dense((128, 128), fill=5), b=Dense((128, 128), fill=5)), path, max_shard_size=1e-4)
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    with full_disk(left), pytest.raises(OSError):
        save_weights(Model(a=Dense((128, 128), fill=6)), path, max_shard_size=1e-4)
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)} == before
