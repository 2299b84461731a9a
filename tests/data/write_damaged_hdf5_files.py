"""Write the damaged weights files in this folder: run once; tests only read them.

    python tests/data/write_damaged_hdf5_files.py

A single byte is changed in a good file. With HDF5 2.0, reading the attributes of the first one ended
the process, and reading those of the second never came to an end.
"""

import io
import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
DAMAGE = {"damaged_crash.h5": (3945, 255), "damaged_hang.h5": (4016, 255)}


def good():
    """A weights file of one Dense layer."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.attrs["name"] = "dense"
        group["0"] = np.arange(6, dtype="f4").reshape(2, 3)
        group["1"] = np.zeros(3, "f4")
    return buffer.getvalue()


if __name__ == "__main__":
    for name, (place, value) in DAMAGE.items():
        content = bytearray(good())
        content[place] = value
        (HERE / name).write_bytes(content)
