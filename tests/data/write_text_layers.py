"""Write `text_layers.json`: what Keras 3, on TensorFlow, makes of texts. Run once; tests only read the file.

KERAS_BACKEND=tensorflow python tests/data/write_text_layers.py
"""

import json
import pathlib

import keras
import numpy as np

ANIMALS = [["cat", "dog", "cat"], ["bird", "dog", "cat"], ["ant", "bee", "zebu"]]
NUMBERS = [[12, 1138, 42], [42, 12, 12], [7, -3, 0]]
TEXTS = ["The cat, the dog.", "A  DOG-bird sat\ton the mat!", "", "cat cat dog"]
WORDS = ["cat", "dog", "bird"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"

# layer, its arguments, what it adapts to or None, what it is called with
CASES = [
    ["StringLookup", {"vocabulary": WORDS}, None, ANIMALS],
    ["StringLookup", {"vocabulary": WORDS, "mask_token": ""}, None, [["cat", "", "yak"]]],
    ["StringLookup", {"vocabulary": ["", "[UNK]", *WORDS], "mask_token": ""}, None, ANIMALS],
    ["StringLookup", {"vocabulary": WORDS, "num_oov_indices": 3}, None, ANIMALS],
    ["StringLookup", {"vocabulary": WORDS, "num_oov_indices": 3, "salt": [133, 137]}, None, ANIMALS],
    ["StringLookup", {"vocabulary": WORDS, "num_oov_indices": 0}, None, [["dog"], ["cat"]]],
    ["StringLookup", {"vocabulary": WORDS, "invert": True}, None, [[1, 3, 0, 9]]],
    ["StringLookup", {"vocabulary": WORDS, "invert": True, "mask_token": ""}, None, [[0, 1, 2, 9]]],
    ["StringLookup", {}, ANIMALS, ANIMALS],
    ["StringLookup", {"max_tokens": 4, "mask_token": "cat"}, ANIMALS, ANIMALS],
    ["StringLookup", {"output_mode": "multi_hot", "vocabulary": WORDS}, None, ANIMALS],
    ["StringLookup", {"output_mode": "multi_hot", "vocabulary": WORDS, "num_oov_indices": 2}, None, ANIMALS],
    ["StringLookup", {"output_mode": "one_hot", "vocabulary": WORDS}, None, [["cat"], ["bee"], ["bird"]]],
    ["StringLookup", {"output_mode": "one_hot", "vocabulary": WORDS}, None, ["cat", "bee"]],
    ["StringLookup", {"output_mode": "count", "vocabulary": WORDS, "mask_token": ""}, None, [["cat", "", "cat"]]],
    ["StringLookup", {"output_mode": "count", "pad_to_max_tokens": True, "max_tokens": 9}, ANIMALS, ANIMALS],
    ["StringLookup", {"output_mode": "tf_idf", "vocabulary": WORDS, "idf_weights": [0.5, 0.25, 1.0]}, None, ANIMALS],
    ["StringLookup", {"output_mode": "tf_idf"}, ANIMALS, ANIMALS],
    ["StringLookup", {"output_mode": "tf_idf", "pad_to_max_tokens": True, "max_tokens": 5}, ANIMALS, ANIMALS],
    ["IntegerLookup", {"vocabulary": [12, 42, 1138]}, None, NUMBERS],
    ["IntegerLookup", {"vocabulary": [12, 42, 1138], "mask_token": 0}, None, NUMBERS],
    ["IntegerLookup", {"vocabulary": [12, 42], "num_oov_indices": 3, "mask_token": 0}, None, NUMBERS],
    ["IntegerLookup", {"vocabulary": [12, 42], "num_oov_indices": 3, "oov_method": "farmhash"}, None, NUMBERS],
    ["IntegerLookup", {"vocabulary": [12, 42, 1138], "invert": True}, None, [[1, 3, 0, 9]]],
    ["IntegerLookup", {}, NUMBERS, NUMBERS],
    ["IntegerLookup", {"max_tokens": 3, "output_mode": "count"}, NUMBERS, NUMBERS],
    ["IntegerLookup", {"output_mode": "tf_idf"}, NUMBERS, NUMBERS],
    ["TextVectorization", {}, TEXTS, TEXTS],
    ["TextVectorization", {"output_sequence_length": 3}, TEXTS, TEXTS],
    ["TextVectorization", {"output_sequence_length": 9, "vocabulary": WORDS}, None, TEXTS],
    ["TextVectorization", {"standardize": None, "max_tokens": 5}, TEXTS, TEXTS],
    ["TextVectorization", {"standardize": "lower", "split": "character"}, TEXTS, TEXTS],
    ["TextVectorization", {"standardize": "strip_punctuation", "split": None}, TEXTS, TEXTS],
    ["TextVectorization", {"ngrams": 2}, TEXTS, TEXTS],
    ["TextVectorization", {"ngrams": [1, 3], "output_mode": "multi_hot"}, TEXTS, TEXTS],
    ["TextVectorization", {"output_mode": "count", "max_tokens": 6, "pad_to_max_tokens": True}, TEXTS, TEXTS],
    ["TextVectorization", {"output_mode": "tf_idf"}, TEXTS, [[text] for text in TEXTS]],
    ["Hashing", {"num_bins": 3}, None, [["A"], ["B"], ["C"], ["D"], ["E"]]],
    ["Hashing", {"num_bins": 3, "mask_value": ""}, None, [["A"], ["B"], [""], ["C"]]],
    ["Hashing", {"num_bins": 5, "salt": 133}, None, ANIMALS],
    ["Hashing", {"num_bins": 5, "salt": [133, 137]}, None, NUMBERS],
    ["Hashing", {"num_bins": 5, "mask_value": 0}, None, NUMBERS],
    ["Hashing", {"num_bins": 5, "output_mode": "multi_hot"}, None, ANIMALS],
    ["Hashing", {"num_bins": 5, "output_mode": "one_hot"}, None, [["A"], ["B"]]],
    ["Hashing", {"num_bins": 100_000}, None, [(LETTERS * 8)[:size] for size in (*range(70), 128, 129, 200)]],
    ["HashedCrossing", {"num_bins": 5}, None, [["A", "B", "A"], [101, 101, 102]]],
    ["HashedCrossing", {"num_bins": 7, "output_mode": "one_hot"}, None, [["A", "B", "A"], ["x", "y", "y"]]],
]


def answer(name, arguments, adapted, inputs):
    """Return what a layer makes of its inputs, and its vocabulary."""
    if isinstance(arguments.get("ngrams"), list):
        arguments = {**arguments, "ngrams": tuple(arguments["ngrams"])}
    layer = getattr(keras.layers, name)(**arguments)
    if adapted is not None:
        layer.adapt(adapted)
    if name == "HashedCrossing":
        inputs = tuple(np.array(part) for part in inputs)
    outputs = np.asarray(layer(inputs))
    outputs = [x.decode() for x in outputs.ravel()] if outputs.dtype.kind == "O" else outputs.tolist()
    vocabulary = layer.get_vocabulary() if hasattr(layer, "get_vocabulary") else None
    return {"outputs": outputs, "vocabulary": [x if isinstance(x, str) else int(x) for x in vocabulary or ()]}


if __name__ == "__main__":
    rows = []
    for case in CASES:
        try:
            rows.append([*case, answer(*case)])
        except Exception as error:  # noqa: BLE001 - said, and left out
            print(case[:2], type(error).__name__, str(error)[:200])
    text = ",\n".join(json.dumps(row) for row in rows)
    pathlib.Path(__file__).with_name("text_layers.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
