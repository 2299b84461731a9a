"""`keras.preprocessing.image`, `.text` and `.sequence` as Keras 1 and 2 had them."""

from lamina.preprocessing.affine import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)
from lamina.preprocessing.image_batches import ImageBatches
from lamina.preprocessing.image_generator import ImageDataGenerator
from lamina.preprocessing.series import TimeseriesGenerator, make_sampling_table, skipgrams
from lamina.preprocessing.texts import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "TimeseriesGenerator",
    "Tokenizer",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "hashing_trick",
    "make_sampling_table",
    "one_hot",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "skipgrams",
    "text_to_word_sequence",
    "tokenizer_from_json",
]

Iterator = NumpyArrayIterator = DirectoryIterator = DataFrameIterator = ImageBatches
