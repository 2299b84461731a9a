"""FeatureSpace: the columns of a table, numbers and words, as one vector per row."""

import itertools

import jax
import numpy as np

from lamina import layers, ops
from lamina.core.names import auto_name
from lamina.core.saveable import KerasSaveable
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.core.tensor import KerasTensor
from lamina.saving import save_model

_KERAS_MODULE = "keras.src.layers.preprocessing.feature_space"
_GATHERED = 32  # single samples that become one batch for `adapt`


class Feature(KerasSaveable):
    """How one column becomes numbers.

    Args:
        dtype: of the column: "float32", "int32" or "string".
        preprocessor: the layer that the column goes through, or its description.
        output_mode: "float" and "int" for what the layer returns, or "one_hot".
    Raises:   ValueError for another mode.
    """

    _saveable_kind = "Feature"
    _keras_module = _KERAS_MODULE

    def __init__(self, dtype, preprocessor, output_mode):
        _check_mode(output_mode, ("int", "one_hot", "float"))
        self.dtype = dtype
        self.preprocessor = deserialize_keras_object(preprocessor) if isinstance(preprocessor, dict) else preprocessor
        self.output_mode = output_mode

    def get_config(self):
        """Return the constructor's arguments."""
        preprocessor = serialize_keras_object(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": preprocessor, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config):
        """Make the feature that `config` describes."""
        return cls(**config)


class Cross(KerasSaveable):
    """Columns whose combinations are hashed.

    Args:
        feature_names: names of the columns.
        crossing_dim: number of buckets [count].
        output_mode: "int" for the number of the bucket, or "one_hot".
    Raises:   ValueError for another mode.
    """

    _saveable_kind = "Cross"
    _keras_module = _KERAS_MODULE

    def __init__(self, feature_names, crossing_dim, output_mode="one_hot"):
        _check_mode(output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self):
        """The names of the columns, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self):
        """Return the constructor's arguments."""
        names = ("feature_names", "crossing_dim", "output_mode")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        """Make the cross that `config` describes."""
        return cls(**config)


class TFDIdentity(layers.Identity):
    """Leave the numbers of a column as they are, whole ones as floats; named as in Keras's files."""

    _keras_module = _KERAS_MODULE

    def call(self, inputs):
        """Compute on arrays."""
        return ops.cast(inputs, self.compute_dtype)


class FeatureSpace(layers.Layer):
    """Turn the columns of a table into one vector per row, or into a dict of vectors.

    Each column is standardized, cut into bins, looked up or hashed, as its kind says; places become one-hot vectors;
    combinations of columns can be hashed into places of their own. Then all are joined, in the order of their names.

    Shapes:   dict of columns (batch,) or (batch, 1), or of single values -> (batch, features), or (features,)
    Args:
        features: dict from names to kinds: "float", "float_rescaled", "float_normalized", "float_discretized",
            "integer_categorical", "string_categorical", "integer_hashed", "string_hashed"; or what the methods of
            these names, or `feature`, return.
        output_mode: "concat" for one vector, "dict" for one for each name.
        crosses: tuples of names whose combinations are hashed, or what `cross` returns.
        crossing_dim: number of places for combinations [count].
        hashing_dim: number of places for hashed columns [count].
        num_discretization_bins: number of bins for "float_discretized" [count].
        name: see Layer.
    Raises:   ValueError for no features, unknown kinds, modes and names, a call before `adapt`, and columns that cannot
        be joined.
    Source:   Keras 3 `FeatureSpace`, same files.
    Example:
        >>> space = FeatureSpace({"age": "float", "city": "string_categorical"})
        >>> space.adapt({"age": [30.0, 50.0], "city": ["Bonn", "Rome"]})
        >>> space({"age": 40.0, "city": "Rome"}).tolist()
        [40.0, 0.0, 1.0, 0.0]
    """

    def __init__(
        self,
        features,
        output_mode="concat",
        crosses=None,
        crossing_dim=32,
        hashing_dim=32,
        num_discretization_bins=32,
        name=None,
    ):
        super().__init__(name=name)
        if not features:
            raise ValueError("The `features` argument cannot be None or empty.")
        _check_mode(output_mode, ("dict", "concat"))
        self.output_mode = output_mode
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {name: self._feature(name, kind) for name, kind in features.items()}
        self.crosses = [self._cross(cross) for cross in crosses or ()]
        self.preprocessors = {name: feature.preprocessor for name, feature in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses
        }
        self.one_hot_encoders = {}
        self.inputs = {
            name: layers.Input(shape=(1,), dtype=feature.dtype, name=name) for name, feature in self.features.items()
        }
        self.encoded_features = None
        self._is_adapted = not self._adaptable()
        self.built = False

    # --- kinds -------------------------------------------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names, crossing_dim, output_mode="one_hot"):
        """Combinations of columns, hashed into `crossing_dim` places."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype, preprocessor, output_mode):
        """A column that goes through a layer of your own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name=None):
        """Numbers as they are."""
        return _through(TFDIdentity, "float", name, "float32", "float", dtype="float32")

    @classmethod
    def float_rescaled(cls, scale=1.0, offset=0.0, name=None):
        """Numbers times `scale` plus `offset`."""
        return _through(layers.Rescaling, "float_rescaled", name, "float32", "float", scale=scale, offset=offset)

    @classmethod
    def float_normalized(cls, name=None):
        """Numbers brought to mean 0 and variance 1."""
        return _through(layers.Normalization, "float_normalized", name, "float32", "float", axis=-1)

    @classmethod
    def float_discretized(cls, num_bins, bin_boundaries=None, output_mode="one_hot", name=None):
        """Numbers as the bins that they fall into."""
        bins = {"num_bins": num_bins, "bin_boundaries": bin_boundaries}
        return _through(layers.Discretization, "float_discretized", name, "float32", output_mode, **bins)

    @classmethod
    def integer_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Whole numbers as their places in a vocabulary."""
        sizes = {"max_tokens": max_tokens, "num_oov_indices": num_oov_indices}
        return _through(layers.IntegerLookup, "integer_categorical", name, "int32", output_mode, **sizes)

    @classmethod
    def string_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Words as their places in a vocabulary."""
        sizes = {"max_tokens": max_tokens, "num_oov_indices": num_oov_indices}
        return _through(layers.StringLookup, "string_categorical", name, "string", output_mode, **sizes)

    @classmethod
    def string_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Words as the places that their hashes give them."""
        return _through(layers.Hashing, "string_hashed", name, "string", output_mode, num_bins=num_bins)

    @classmethod
    def integer_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Whole numbers as the places that their hashes give them."""
        return _through(layers.Hashing, "integer_hashed", name, "int32", output_mode, num_bins=num_bins)

    def _feature(self, name, kind):
        if isinstance(kind, dict):
            return deserialize_keras_object(kind)
        if isinstance(kind, Feature):
            return kind
        if kind in ("float", "float_rescaled", "float_normalized", "integer_categorical", "string_categorical"):
            return getattr(self, kind)(name=name)
        if kind in ("integer_hashed", "string_hashed"):
            return getattr(self, kind)(self.hashing_dim, name=name)
        if kind == "float_discretized":
            return self.float_discretized(self.num_discretization_bins, name=name)
        raise ValueError(f"Invalid feature type: {kind}")

    def _cross(self, names):
        if isinstance(names, dict):
            return deserialize_keras_object(names)
        if not isinstance(names, Cross):
            if not self.crossing_dim:
                raise ValueError("`crosses` need `crossing_dim`: how many places combinations are hashed into.")
            names = Cross(names, self.crossing_dim)
        unknown = [name for name in names.feature_names if name not in self.features]
        if unknown:
            raise ValueError(
                "All features referenced in the `crosses` argument should be present in the `features` dict. "
                f"Received unknown features: {unknown}"
            )
        return names

    # --- learning from data ------------------------------------------------------------------------------------

    def adapt(self, dataset):
        """Let the layers of the columns learn vocabularies, bins, means and variances.

        Args:
            dataset: a dict of columns, a data frame, or an iterable of such dicts, one for each sample or batch.
        Raises: ValueError for anything else.
        """
        tables = [dataset] if hasattr(dataset, "keys") else dataset
        if not hasattr(tables, "__iter__") or isinstance(tables, np.ndarray | str):
            raise ValueError(
                "`adapt()` can only be called on a dict of arrays, or on a data set of such dicts. Received "
                f"instead: {dataset} (of type {type(dataset)})"
            )
        tables = list(tables) if hasattr(tables, "__next__") else tables
        for name in self._adaptable():
            self.preprocessors[name].adapt(_columns(table[name] for table in tables))
        self._is_adapted = True
        self.encoded_features = None
        self.one_hot_encoders = {}
        self.get_encoded_features()

    def _adaptable(self):
        """Return the names of the columns whose layers learn from data."""
        return [name for name, layer in self.preprocessors.items() if hasattr(layer, "adapt") and not _has_all(layer)]

    def _require_adapted(self):
        if not self._is_adapted:
            raise ValueError("You need to call `.adapt(dataset)` on the FeatureSpace before you can start using it.")

    # --- encoding ----------------------------------------------------------------------------------------------

    def get_inputs(self):
        """Return the symbolic columns, a dict of tensors (batch, 1), for a model that takes tables."""
        self._require_adapted()
        return self.inputs

    def get_encoded_features(self):
        """Return what the symbolic columns become, for a model that takes encoded tables."""
        self._require_adapted()
        if self.encoded_features is None:
            self.encoded_features = self._encode(self.inputs)
            self.built = True
        return self.encoded_features

    def __call__(self, data):
        """Encode a dict of columns or of single values, a data frame, or a dict of symbolic tensors."""
        self._require_adapted()
        if not hasattr(data, "keys"):
            raise ValueError(f"A FeatureSpace can only be called with a dict. Received: data={data} ({type(data)})")
        missing = [name for name in self.features if name not in data]
        if missing:
            raise ValueError(f"The columns {missing} are missing. Received: {list(data.keys())}")
        columns = {name: data[name] for name in self.features}
        columns = {name: x if isinstance(x, KerasTensor | jax.Array) else np.asarray(x) for name, x in columns.items()}
        is_single = any(x.ndim == 0 for x in columns.values())
        encoded = self._encode({name: x.reshape(-1, 1) if x.ndim < 2 else x for name, x in columns.items()})
        if not is_single:
            return encoded
        if self.output_mode == "concat":
            return encoded[0]
        return {name: x[0] if x.ndim == 2 and x.shape[0] == 1 else x for name, x in encoded.items()}

    def _encode(self, columns):
        values = {name: layer(columns[name]) for name, layer in self.preprocessors.items()}
        for cross in self.crosses:
            values[cross.name] = self.crossers[cross.name]([values[name] for name in cross.feature_names])
        specs = {**self.features, **{cross.name: cross for cross in self.crosses}}
        encoded = {
            name: self._one_hot(name, values[name]) if specs[name].output_mode == "one_hot" else values[name]
            for name in (*sorted(self.features), *sorted(self.crossers))
        }
        return encoded if self.output_mode == "dict" else self._joined(encoded)

    def _one_hot(self, name, values):
        if not str(values.dtype).startswith("int"):
            raise ValueError(
                f"Feature '{name}' has `output_mode='one_hot'`, so its layer must return integers. It returns "
                f"{values.dtype}."
            )
        if name not in self.one_hot_encoders:
            places = _places(name, self.preprocessors.get(name) or self.crossers[name])
            self.one_hot_encoders[name] = layers.CategoryEncoding(places, output_mode="multi_hot")
        return self.one_hot_encoders[name](values)

    def _joined(self, encoded):
        for name, values in encoded.items():
            if str(values.dtype).startswith(("int", "string")):
                raise ValueError(
                    f"Cannot concatenate features because feature '{name}' has not been encoded (it has dtype "
                    f"{values.dtype}). Consider using `output_mode='dict'`."
                )
        values = list(encoded.values())
        return layers.concatenate(values, axis=-1) if len(values) > 1 else values[0]

    # --- files -------------------------------------------------------------------------------------------------

    def save(self, filepath):
        """Write a `.keras` file, which `load_model` reads."""
        save_model(self, filepath)

    def get_config(self):
        """Return the constructor's arguments; what `adapt` has learned is kept beside them."""
        plain = ("output_mode", "crossing_dim", "hashing_dim", "num_discretization_bins")
        parts = {name: serialize_keras_object(getattr(self, name)) for name in ("features", "crosses")}
        return {**parts, **{name: getattr(self, name) for name in plain}}

    @classmethod
    def from_config(cls, config):
        """Make the feature space that `config` describes."""
        return cls(**config)

    def get_build_config(self):
        """Return what each column's layer was built for, None before `adapt`."""
        if not self._is_adapted:
            return None
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config):
        """Build the columns' layers; what they have learned comes with their weights and vocabularies."""
        for name, own in config.items():
            if not self.preprocessors[name].built and own:
                self.preprocessors[name].build_from_config(own)
        self._is_adapted = self.built = True

    def save_own_variables(self, store):
        """Keep nothing: the columns' layers have what there is."""

    def load_own_variables(self, store):
        """Take nothing."""


def _through(layer, kind, name, of, output_mode, **arguments):
    """Return the feature `of` a dtype that goes through a layer of the library."""
    return Feature(of, layer(name=f"{name or auto_name(kind)}_preprocessor", **arguments), output_mode)


def _check_mode(output_mode, modes):
    if output_mode not in modes:
        raise ValueError(
            f"Invalid value for argument `output_mode`. Expected one of {modes}. Received: output_mode={output_mode}"
        )


def _has_all(layer):
    """Tell whether a layer was given what `adapt` would find."""
    inner = getattr(layer, "_lookup_layer", layer)
    given = (getattr(layer, "input_mean", None), getattr(inner, "vocabulary", None))
    return any(x is not None for x in given) or (
        getattr(layer, "bin_boundaries", None) is not None and layer.num_bins is None
    )


def _places(name, layer):
    """Return how many different numbers a layer returns."""
    if hasattr(layer, "vocabulary_size"):
        return layer.vocabulary_size()
    if getattr(layer, "bin_boundaries", None) is not None:
        return layer.num_bins or len(layer.bin_boundaries) + 1
    places = getattr(layer, "num_tokens", None) or getattr(layer, "num_bins", None)
    if places is None:
        raise ValueError(
            f"Feature '{name}' has `output_mode='one_hot'`, but how many places its layer knows is not known. Try "
            "`output_mode='int'`."
        )
    return places


def _columns(values):
    """Yield batches (samples, 1) of a column; single samples are gathered."""
    for is_sample, group in itertools.groupby(map(np.asarray, values), lambda x: x.ndim == 0):
        while is_sample and (samples := list(itertools.islice(group, _GATHERED))):
            yield np.stack(samples)[:, None]
        for batch in group:
            yield batch[:, None] if batch.ndim == 1 else batch
