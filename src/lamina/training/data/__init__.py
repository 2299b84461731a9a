"""Data: whatever `fit`, `evaluate` and `predict` are given, as batches."""

from lamina.training.data.arrays import ArrayFeed, Lot, split
from lamina.training.data.feed import Feed, assert_count, feed_for
from lamina.training.data.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from lamina.training.data.py_dataset import PyDataset

__all__ = [
    "ArrayFeed",
    "Feed",
    "Lot",
    "PyDataset",
    "assert_count",
    "feed_for",
    "pack_x_y_sample_weight",
    "split",
    "unpack_x_y_sample_weight",
]
