"""Keras's public `preprocessing`: older names of what lives in `utils`."""

from lamina.preprocessing import image, sequence
from lamina.utils.directories import image_dataset_from_directory, text_dataset_from_directory
from lamina.utils.timeseries import timeseries_dataset_from_array

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
