"""HDF5 files, read in plain Python: the part of the format that Keras and h5py write.

The HDF5 library crashes, or never returns, on some damaged files. Here every place that a file names is held against
the file's size, nothing is followed twice, links are not followed at all, and no other file is ever opened.
Source:   HDF5 File Format Specification, version 3.0; its sections are named in the code.
"""

from lamina.saving.hdf5.format import SIGNATURE, Link
from lamina.saving.hdf5.objects import Dataset, File, Group

__all__ = ["SIGNATURE", "Dataset", "File", "Group", "Link"]
