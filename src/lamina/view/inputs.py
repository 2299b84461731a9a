"""What kind of input a model takes, so that the page can offer a pad, sliders or a line of text."""

import numpy as np

from lamina import layers

MOST_SLIDERS = 64
MOST_DRAWN = 96  # [pixels]


def describe(model, nodes, arrays):
    """Return the kind of input ("drawing", "image", "table", "tokens" or "samples") and the range of its values.

    Args:
        nodes: the Nodes of the model's inputs.
        arrays: the samples of each.
    """
    shape = nodes[0].shape
    low, high = _range(model, arrays[0])
    kind = "samples"
    if len(nodes) == 1:
        if len(shape) == 3 and shape[-1] in (1, 3):
            kind = "drawing" if max(shape[:2]) <= MOST_DRAWN and shape[-1] == 1 else "image"
        elif len(shape) == 1 and _embedding(model) is not None:
            kind = "tokens"
        elif len(shape) == 1 and shape[0] <= MOST_SLIDERS:
            kind = "table"
    vocabulary = getattr(_embedding(model), "input_dim", None)
    return {"kind": kind, "shape": list(shape), "low": low, "high": high, "vocabulary": vocabulary}


def _range(model, array):
    """Return the range that values are drawn in: 0 to 255 or 0 to 1 for images, that of the samples for others."""
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        return 0.0, 1.0
    low, high = float(array.min()), float(array.max())
    if array.ndim == 4 and low >= 0:
        return 0.0, 1.0 if high <= 1 else 255.0
    return (low, high) if high > low else (low - 1, high + 1)


def _embedding(model):
    return next((layer for layer in model._flatten_layers() if isinstance(layer, layers.Embedding)), None)


def samples_for(model):
    """Return samples for a model that is shown without data: digits where they fit, else random numbers.

    Raises: ValueError for a model whose input sizes are not known.
    """
    tensors = model.inputs if getattr(model, "inputs", None) else None
    if not tensors or any(None in tensor.shape[1:] for tensor in tensors):
        raise ValueError(
            f"{model.name} takes inputs of any size, so a picture needs some. Give them: model.view(x), "
            "or lamina view FILE --data x.npy."
        )
    if len(tensors) == 1 and tuple(tensors[0].shape[1:]) == (28, 28, 1):
        from lamina.datasets import digits

        _, (images, _) = digits.load_data()
        scaled = any(isinstance(layer, layers.Rescaling) for layer in model._flatten_layers())
        return images[:60, ..., None] / np.float32(1 if scaled else 255)
    rng = np.random.default_rng(0)
    arrays = [_random(rng, tensor, _embedding(model)) for tensor in tensors]
    return arrays[0] if len(arrays) == 1 else arrays


def _random(rng, tensor, embedding):
    shape = (8, *tensor.shape[1:])
    if embedding is not None and len(shape) == 2:
        return rng.integers(0, embedding.input_dim, shape).astype(str(tensor.dtype))
    drawn = rng.random(shape) if len(shape) == 4 else rng.normal(size=shape)
    return drawn.astype(str(tensor.dtype))
