"""What kind of input a model takes, so that the page can offer a pad, sliders or a line of text."""

import json
from pathlib import Path

import numpy as np

from lamina import layers

MOST_SLIDERS = 64
TAKEN = {"drawing": "small images", "image": "images", "table": "rows of numbers", "samples": "arrays"}
MOST_DRAWN = 96  # [pixels]


def describe(model, nodes, arrays, words=None):
    """Return the kind of input ("drawing", "image", "table", "tokens" or "samples") and the range of its values.

    Args:
        nodes: the Nodes of the model's inputs.
        arrays: the samples of each.
        words: list of the words of token ids.
    Raises: ValueError for words that the model has no use for.
    """
    shape, kind = nodes[0].shape, "samples"
    embedding = _embedding(model) if len(nodes) == 1 and len(shape) == 1 else None
    if len(nodes) == 1:
        if len(shape) == 3 and shape[-1] in (1, 3):
            kind = "drawing" if max(shape[:2]) <= MOST_DRAWN and shape[-1] == 1 else "image"
        elif embedding is not None:
            kind = "tokens"
        elif len(shape) == 1 and shape[0] <= MOST_SLIDERS:
            kind = "table"
    size = getattr(embedding, "input_dim", None)
    if words is not None and kind != "tokens":
        raise ValueError(f"A vocabulary is for models that begin with token ids; {model.name} takes {TAKEN[kind]}.")
    if words is not None and len(words) > size:
        raise ValueError(f"The vocabulary names id {len(words) - 1:,}; {embedding.name} has {size:,} rows.")
    low, high = _range(arrays[0])
    columns = [_range(column) for column in np.asarray(arrays[0]).T] if kind == "table" else None
    return {
        "kind": kind,
        "shape": list(shape),
        "low": low,
        "high": high,
        "ranges": columns,
        "vocabulary": size,
        "words": words,
    }


def read_vocabulary(given):
    """Return the words of token ids as a list, None where an id has no word.

    Args:
        given: the words in the order of their ids; or a dict from words to ids; or a file of either: .json, or text
            with a word a line.
    Raises: ValueError for anything else.
    """
    if isinstance(given, (str, Path)):
        text = Path(given).read_text(encoding="utf-8")
        try:
            given = json.loads(text) if str(given).endswith(".json") else text.splitlines()
        except ValueError as error:
            raise ValueError(f"{given} is no JSON: {error}.") from error
    if isinstance(given, dict):
        if not all(isinstance(id, int) and id >= 0 for id in given.values()):
            raise ValueError("A vocabulary that is a dict goes from words to ids, which are whole numbers from 0.")
        words = [None] * (max(given.values(), default=-1) + 1)
        for word, id in given.items():
            words[id] = word
        return words
    words = list(given)
    if not all(isinstance(word, str) for word in words):
        raise ValueError("A vocabulary is a list of words, or a dict from words to ids.")
    return words


def _range(array):
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
