"""What `keras.utils` had in Keras 1 and 2."""

import functools

from lamina import utils
from lamina.dialects.spelling import tell
from lamina.dialects.tensorflow.data import Dataset

__all__ = [
    "audio_dataset_from_directory",
    "image_dataset_from_directory",
    "multi_gpu_model",
    "plot",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_graph",
]


def _of_tensorflow(function):
    """Return the function with datasets as `tf.data` has them."""

    @functools.wraps(function)
    def make(*args, **kwargs):
        found = function(*args, **kwargs)
        return tuple(map(_wrapped, found)) if isinstance(found, tuple) else _wrapped(found)

    return make


def _wrapped(dataset):
    made = Dataset(lambda: iter(dataset), dataset._length)
    for name in ("class_names", "file_paths"):
        if hasattr(dataset, name):
            setattr(made, name, getattr(dataset, name))
    return made


audio_dataset_from_directory = _of_tensorflow(utils.audio_dataset_from_directory)
image_dataset_from_directory = _of_tensorflow(utils.image_dataset_from_directory)
text_dataset_from_directory = _of_tensorflow(utils.text_dataset_from_directory)
timeseries_dataset_from_array = _of_tensorflow(utils.timeseries_dataset_from_array)


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """Return the model: batches are spread over the devices by `keras.distribution`."""
    tell("multi_gpu_model(model)", "keras.distribution.set_distribution(keras.distribution.DataParallel())", "2.3")
    return model


def plot(model, to_file="model.png", show_shapes=False, show_layer_names=True):
    """Draw a model. Keras 1 `keras.utils.visualize_util.plot`."""
    tell("visualize_util.plot(model)", "keras.utils.plot_model(model)", "1.2")
    return utils.plot_model(model, to_file, show_shapes=show_shapes, show_layer_names=show_layer_names)


to_graph = utils.model_to_dot
