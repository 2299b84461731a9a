"""The HDF5 reader against h5py: every form that it writes by default, and every byte that may be damaged."""

import io
import pathlib
import random

import h5py
import ml_dtypes
import numpy as np
import pytest

import lamina
from lamina.saving import hdf5

DATA = pathlib.Path(__file__).parents[1] / "data"

ARRAYS = {
    "f2": np.arange(6, dtype="f2").reshape(2, 3),
    "f4": np.linspace(0, 1, 7, dtype="f4"),
    "f8": np.float64(3.5),
    "big": np.arange(5, dtype=">f4"),
    "i1": np.arange(-3, 3, dtype="i1"),
    "u8": np.array([2**63], "u8"),
    "bool": np.array([True, False, True]),
    "bytes": np.array([b"ab", b"c"]),
    "empty": np.zeros((0, 3), "f4"),
    "bfloat16": np.arange(4).astype(ml_dtypes.bfloat16).view("V2"),
}
TEXTS = {
    "text": "Grüße",
    "bytes": b"abc",
    "names": np.array([b"dense/kernel:0", b"x"]),
    "texts": np.array(["a", "bcd", ""], object),
    "number": 7,
    "array": np.arange(3.0),
}


def written(write, **options):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        write(file)
    return buffer.getvalue()


def assert_same(ours, theirs):
    assert list(ours) == list(theirs)
    assert set(ours.attrs) == set(theirs.attrs)
    for name, value in theirs.attrs.items():
        np.testing.assert_array_equal(ours.attrs[name], value)
        assert type(ours.attrs[name]) is type(value) or not isinstance(value, str | bytes)
    for name, item in theirs.items():
        if isinstance(item, h5py.Group):
            assert_same(ours[name], item)
        else:
            values = ours[name].read()
            assert (values.shape, values.dtype) == (item.shape, item.dtype)
            assert values.tobytes() == item[()].tobytes()


def everything(file):
    for name, array in ARRAYS.items():
        file[f"arrays/{name}"] = array
    for name, value in TEXTS.items():
        file["arrays"].attrs[name] = value
    rng = np.random.default_rng(0)
    for i, options in enumerate(
        [
            {"chunks": (3, 4)},
            {"compression": "gzip"},
            {"compression": "gzip", "shuffle": True, "chunks": (5, 2)},
            {"fletcher32": True, "shuffle": True},
            {"maxshape": (None, 9)},
        ]
    ):
        file.create_dataset(f"chunks/{i}", data=rng.normal(size=(10, 9)).astype("f4"), **options)
    file.create_dataset("never written", (4, 4), "f4")
    for i in range(200):  # several nodes of a tree
        file[f"many/member_{i}"] = np.full(2, i)
    file["large"] = rng.normal(size=(300, 300))
    file["large"].attrs["long"] = "x" * 60_000


@pytest.mark.parametrize("options", [{}, {"libver": ("earliest", "v108")}])
def test_everything_is_read_as_h5py_reads_it(options):
    content = written(everything, **options)
    with hdf5.File(io.BytesIO(content)) as ours, h5py.File(io.BytesIO(content)) as theirs:
        assert_same(ours, theirs)


def few(file):
    file.create_group("a/vars")["0"] = np.arange(4.0)
    file["a/vars"].attrs["name"] = "dense"
    file["a"].attrs["texts"] = np.array(["x", "y"], object)


def test_the_newer_form_of_headers_and_links():
    content = written(few, libver="latest")
    with hdf5.File(io.BytesIO(content)) as ours, h5py.File(io.BytesIO(content)) as theirs:
        assert_same(ours, theirs)
    with hdf5.File(io.BytesIO(written(few, track_order=True))) as ours:
        assert ours["a"]["vars"]["0"].read().tolist() == [0, 1, 2, 3]


def test_a_part_of_a_file(tmp_path):
    content = written(few)
    (tmp_path / "x").write_bytes(b"before" + content + b"behind")
    with hdf5.File(str(tmp_path / "x"), 6, len(content)) as file:
        assert file["a"]["vars"].attrs["name"] == "dense"


@pytest.mark.parametrize("kind", ["SoftLink", "ExternalLink"])
def test_links_are_seen_and_not_followed(kind):
    def write(file):
        few(file)
        file["link"] = h5py.SoftLink("/a") if kind == "SoftLink" else h5py.ExternalLink("other.h5", "/a")

    with hdf5.File(io.BytesIO(written(write))) as file:
        assert file["link"].kind == kind
        assert set(file) == {"a", "link"}


def test_what_keras_does_not_write_is_refused_by_name():
    def write(file):
        file["complex"] = np.zeros(2, np.complex64)
        file.create_dataset("lzf", data=np.zeros(9), compression="lzf")

    with hdf5.File(io.BytesIO(written(write))) as file:
        for name in ("complex", "lzf"):
            with pytest.raises(ValueError, match="L401"):
                file[name].read()


def test_damage_that_ends_or_stops_the_hdf5_library_does_neither():
    """See tests/data/write_damaged_hdf5_files.py; the library itself must not be given these files."""
    with hdf5.File(str(DATA / "damaged_crash.h5")) as file, pytest.raises(ValueError, match="L401"):
        dict(file["layers"]["dense"]["vars"].attrs)
    with hdf5.File(str(DATA / "damaged_hang.h5")) as file:
        group = file["layers"]["dense"]["vars"]
        assert group.attrs["name"] == "dense"
        np.testing.assert_array_equal(group["0"].read(), np.arange(6).reshape(2, 3))
    model = lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(3)])
    for name in ("damaged_crash.h5", "damaged_hang.h5"):
        with open(DATA / name, "rb") as file:
            model.load_weights(file)
        np.testing.assert_array_equal(model.get_weights()[0], np.arange(6).reshape(2, 3))


def test_no_damage_leads_to_another_error_or_no_end():
    content = written(everything)[:40_000]
    content = bytearray(content + bytes(len(written(everything)) - len(content)))
    rng = random.Random(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 4, 50))):
            at = rng.randrange(len(damaged) // 8)
            damaged[at : at + 2] = rng.choice((b"\xff\xff", b"\0\0", bytes([rng.randrange(256)] * 2)))
        try:
            with hdf5.File(io.BytesIO(damaged)) as file:
                visit(file, 0)
        except ValueError as error:
            assert "L40" in str(error)  # noqa: PT017 - which of two errors it is does not matter
            refused += 1
    assert refused > 100


def visit(group, depth):
    for name in group.attrs:
        group.attrs[name]
    for item in group.values() if depth < 5 else ():
        if isinstance(item, hdf5.Group):
            visit(item, depth + 1)
        elif isinstance(item, hdf5.Dataset):
            item.read()
