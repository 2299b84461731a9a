"""Quantizing a model: each of its layers, or, with data to calibrate by, block after block."""

import re
import warnings

import jax.numpy as jnp
import numpy as np

from lamina.core import config as settings
from lamina.layers import Dense, EinsumDense
from lamina.quantizers import configs
from lamina.quantizers.calibration import awq_quantize_matrix, gptq_quantize_matrix

_BATCH = 8  # sequences that are run through a block at once


def quantize(model, mode=None, config=None, filters=None, type_check=True):
    """Keep the weights of a model's layers in few bits; see `Model.quantize`."""
    if not (filters is None or callable(filters) or isinstance(filters, str | list | tuple)):
        raise ValueError(
            "The `filters` argument must be a regex string, a list of regex strings, or a callable. "
            f"Received: {type(filters)}"
        )
    config = configs.resolve(mode, config)
    structure = _structure(model, config) if config.mode in ("gptq", "awq") else None
    for layer in model._flatten_layers():
        has_nothing = layer.built and not layer.weights
        if len(layer._flatten_layers()) == 1 and not has_nothing and is_wanted(layer, filters):
            try:
                layer.quantize(config=config, type_check=type_check)
            except NotImplementedError as error:
                warnings.warn(str(error), stacklevel=3)
    if structure is not None:
        _calibrate(config, structure, filters)


def is_wanted(layer, filters):
    """Tell whether the filters of `Model.quantize` let a layer through."""
    if filters is None:
        return True
    if callable(filters):
        return filters(layer)
    return any(re.search(pattern, layer.name) for pattern in ([filters] if isinstance(filters, str) else filters))


def _structure(model, config):
    """Return the blocks to calibrate, from the config or the model.

    Raises:   ValueError, before anything is changed, if they or the data are missing.
    """
    structure = config.quantization_layer_structure or model.get_quantization_layer_structure(config.mode)
    if structure is None:
        raise ValueError(
            f"For mode='{config.mode}', a valid quantization structure must be provided either via "
            "`config.quantization_layer_structure` or by overriding `model.get_quantization_layer_structure(mode)`: a "
            "dictionary with the keys 'pre_block_layers' and 'sequential_blocks'."
        )
    if not structure.get("sequential_blocks"):
        raise ValueError("No sequential blocks found in the provided structure to quantize.")
    if config.dataset is None or config.tokenizer is None:
        name = config.mode.upper()
        raise ValueError(
            f"{name} quantization requires a dataset and a tokenizer. Please provide them in the `{name}Config`."
        )
    return structure


def _calibrate(config, structure, filters):
    tokens = sample_tokens(config)
    batches = [jnp.asarray(tokens[i : i + _BATCH]) for i in range(0, len(tokens), _BATCH)]
    for layer in structure.get("pre_block_layers", ()):
        batches = [layer(batch) for batch in batches]
    for block in structure["sequential_blocks"]:
        layers = [
            layer
            for layer in block._flatten_layers()
            if isinstance(layer, Dense | EinsumDense) and layer.quantization_mode == config.mode
            if is_wanted(layer, filters)
        ]
        for layer, seen in _watch(block, layers, batches):
            _round(layer, seen, config)
        batches = [_first(block(batch)) for batch in batches]


def sample_tokens(config):
    """Return `num_samples` pieces of the data's tokens, evenly spread, int32 (samples, steps).

    Raises:   TypeError if the data are no collection; ValueError if they are empty.
    """
    data = config.dataset
    if not hasattr(data, "__iter__") or isinstance(data, str | bytes):
        raise TypeError(
            "The `dataset` argument must be an iterable (e.g., a list of strings, a generator, or a NumPy array). Got "
            f"type: {type(data).__name__}. Please pass the loaded dataset directly."
        )
    pieces = [config.tokenizer.tokenize(x) if isinstance(x, str) else x for x in data]
    if not pieces:
        raise ValueError("Provided dataset is empty.")
    tokens = np.concatenate([np.asarray(x).reshape(-1).astype("int32") for x in pieces])
    wanted = config.num_samples * config.sequence_length
    tokens = np.tile(tokens, -(-wanted // max(tokens.size, 1)))
    starts = np.linspace(0, tokens.size - config.sequence_length, config.num_samples, dtype="int64")
    return np.stack([tokens[start : start + config.sequence_length] for start in starts])


def _watch(block, layers, batches):
    """Run a block and return each of the layers with what its inputs were like."""
    seen = {id(layer): _Inputs(layer) for layer in layers}
    eagerly = settings.functions_run_eagerly()
    settings.run_functions_eagerly(True)
    try:
        for layer in layers:
            layer.call = seen[id(layer)]
        for batch in batches:
            block(batch)
    finally:
        settings.run_functions_eagerly(eagerly)
        for layer in layers:
            del layer.call
    return [(layer, seen[id(layer)]) for layer in layers]


class _Inputs:
    """Stands in for a layer's `call`, and remembers what its inputs were like.

    Args:
        layer: whose inputs.
    """

    def __init__(self, layer):
        self._call = layer.call
        self.count = layer._calibrated_matrix(layer.kernel_shape)[0]
        self.products = np.zeros((self.count, self.count))
        self.magnitudes = np.zeros(self.count)

    def __call__(self, inputs, **kwargs):
        """Call the layer."""
        rows = np.asarray(inputs, "float64").reshape(-1, self.count)
        self.products += rows.T @ rows
        self.magnitudes = np.maximum(self.magnitudes, np.abs(rows).max(axis=0))
        return self._call(inputs, **kwargs)


def _round(layer, seen, config):
    weights = np.asarray(layer._kernel.value).reshape(seen.count, -1).T
    if config.mode == "gptq":
        layer._take_calibrated(*gptq_quantize_matrix(weights, seen.products, config))
    else:
        integers, scale, zero, factors, groups = awq_quantize_matrix(weights, seen.magnitudes, config)
        layer._take_calibrated(integers, scale, zero, groups, factors)


def _first(outputs):
    return outputs[0] if isinstance(outputs, list | tuple) else outputs
