"""Models written once, made by Keras and by Lamina alike, and what their files have to agree on."""

import io
import json
import zipfile

import h5py
import keras
import numpy as np

import lamina


def build(library, make):
    """Make a model with names counted from the start, as in a fresh process."""
    library.utils.clear_session()
    return make(library)


def members(path):
    """The config and the weights file of an archive."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json")), h5py.File(io.BytesIO(archive.read("model.weights.h5")))


BUILD_NOTHING = (
    *("AugMix", "AutoContrast", "ContrastLimited", "CutMix", "MixUp", "RandAugment"),
    *("Adaptive", "CategoryEncoding", "CenterCrop", "Cropping", "Discretization", "Flatten", "MelSpectrogram"),
    *("Permute", "Pipeline", "Random", "RepeatVector", "Rescaling", "Reshape", "Resizing", "Solarization"),
    *("UpSampling", "ZeroPadding"),
)
"""Beginnings of the names of layers without state, for which Keras writes a build shape all the same."""


def config_of(path):
    """The config without what only Keras's insides account for."""
    return _essential(members(path)[0])


def _essential(value):
    """Leave out numbers of shared objects, masks that are not there, build shapes of layers without state, defaults."""
    if isinstance(value, list):
        return [_essential(item) for item in value]
    if not isinstance(value, dict):
        return value
    left_out = {"shared_object_id"}
    if str(value.get("class_name")).startswith(BUILD_NOTHING):
        left_out.add("build_config")
    if isinstance(value.get("training"), bool):  # Keras writes the default of the call
        left_out.add("training")
    if value.get("mask", 0) is None:
        left_out.add("mask")
    return {key: _essential(item) for key, item in value.items() if key not in left_out}


def layout_of(path):
    """What lies where in the weights file: groups with their names, arrays with their shapes and dtypes."""
    found = {}

    def note(place, item):
        found[place] = (item.shape, str(item.dtype)) if hasattr(item, "shape") else dict(item.attrs)

    members(path)[1].visititems(note)
    return found


def data(*shapes, seed=0, integers=None):
    """Random inputs: floats, or whole numbers below `integers`."""
    rng = np.random.default_rng(seed)
    if integers is not None:
        arrays = [rng.integers(0, integers, shape).astype("int32") for shape in shapes]
    else:
        arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    return arrays[0] if len(arrays) == 1 else arrays


def randomize(model, seed=0):
    """Give every weight another value, so that nothing agrees by chance."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 1.0, w.shape).astype(w.dtype) for w in model.get_weights()])


def outputs(model, x):
    """The model's outputs as a flat list of NumPy arrays."""
    return [np.asarray(y) for y in keras.tree.flatten(model(x, training=False))]


LIBRARIES = {"keras": keras, "lamina": lamina}
