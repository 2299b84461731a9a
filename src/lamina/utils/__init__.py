"""Small tools around models and data."""

from lamina.core.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from lamina.core.dtypes import standardize_dtype
from lamina.core.random import set_random_seed
from lamina.core.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.core.session import clear_session
from lamina.legacy import saving as legacy
from lamina.training.data import PyDataset, pack_x_y_sample_weight, unpack_x_y_sample_weight
from lamina.utils import bounding_boxes
from lamina.utils.arrays import normalize, pad_sequences, to_categorical
from lamina.utils.config import Config
from lamina.utils.dataset import Dataset, split_dataset
from lamina.utils.directories import (
    audio_dataset_from_directory,
    image_dataset_from_directory,
    text_dataset_from_directory,
)
from lamina.utils.feature_space import FeatureSpace
from lamina.utils.files import get_file
from lamina.utils.graphs import get_source_inputs, is_keras_tensor
from lamina.utils.images import array_to_img, img_to_array, load_img, save_img
from lamina.utils.model_plot import model_to_dot, plot_model
from lamina.utils.progbar import Progbar
from lamina.utils.timeseries import timeseries_dataset_from_array

Sequence = PyDataset

__all__ = [
    "Config",
    "CustomObjectScope",
    "Dataset",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "bounding_boxes",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "legacy",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
