"""Images, texts and series as Keras 1 and 2 prepared them: the same numbers as Keras makes of the same seeds."""

import json
import random

import numpy as np
import pytest
from keras.src.legacy.preprocessing import image as keras_image
from keras.src.legacy.preprocessing import sequence as keras_sequence
from keras.src.legacy.preprocessing import text as keras_text
from PIL import Image

from lamina.preprocessing import affine, series, texts
from lamina.preprocessing.image_generator import ImageDataGenerator

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (5, 8, 6, 3)).astype("float32")


def both(module, ours, name, *args, seed=0, **kwargs):
    results = []
    for home in (module, ours):
        np.random.seed(seed)
        random.seed(seed)
        results.append(getattr(home, name)(*args, **kwargs))
    return results


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("random_rotation", (30,)),
        ("random_shift", (0.2, 0.3)),
        ("random_shear", (20,)),
        ("random_zoom", ((0.5, 1.5),)),
        ("random_zoom", ((1, 1),)),
    ],
)
@pytest.mark.parametrize(
    "axes", [{}, {"row_axis": 0, "col_axis": 1, "channel_axis": 2, "fill_mode": "constant", "cval": 7.0}]
)
def test_one_image_is_moved_as_by_keras(name, args, axes):
    expected, found = both(keras_image, affine, name, IMAGES[0], *args, **axes)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("image", [IMAGES[0], IMAGES[0] / 255 - 0.5, IMAGES[0] * 2])
def test_one_image_is_lit_as_by_keras(image, scale):
    expected, found = both(keras_image, affine, "random_brightness", image, (0.3, 1.8), scale=scale)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_channels_are_shifted_as_by_keras():
    expected, found = both(keras_image, affine, "random_channel_shift", IMAGES[0], 40.0, channel_axis=2)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rotation_range": 40, "shear_range": 10.0, "zoom_range": 0.3, "fill_mode": "reflect"},
        {"width_shift_range": 2, "height_shift_range": [1, 2], "horizontal_flip": True, "vertical_flip": True},
        {"width_shift_range": 0.3, "height_shift_range": 0.2, "channel_shift_range": 30.0, "zoom_range": (0.8, 1.0)},
        {"brightness_range": (0.5, 1.5), "rescale": 1 / 255},
        {"samplewise_center": True, "samplewise_std_normalization": True},
        {"preprocessing_function": lambda x: x[..., ::-1]},
    ],
)
def test_batches_of_arrays_are_those_of_keras(options):
    y, weights = np.arange(5), np.linspace(0, 1, 5)
    expected, found = (
        make(**options).flow(IMAGES, y, batch_size=2, sample_weight=weights, seed=3)
        for make in (keras_image.ImageDataGenerator, ImageDataGenerator)
    )
    assert len(found) == len(expected) == 3
    for _ in range(4):
        for ours, keras in zip(next(found), next(expected), strict=True):
            np.testing.assert_allclose(ours, keras, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found[1][0], expected[1][0], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"featurewise_center": True},
        {"featurewise_center": True, "featurewise_std_normalization": True, "data_format": "channels_first"},
        {"zca_whitening": True, "featurewise_center": True},
    ],
)
def test_statistics_of_features_are_those_of_keras(options):
    outputs = []
    for make in (keras_image.ImageDataGenerator, ImageDataGenerator):
        generator = make(**options)
        generator.fit(IMAGES, augment=True, rounds=2, seed=1)
        outputs.append(generator.standardize(IMAGES.copy()))
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-3, atol=1e-2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("images")
    for name in ("cats", "dogs"):
        (root / name).mkdir()
        for i in range(4):
            pixels = RNG.integers(0, 256, (9, 7 + i, 3), "uint8")
            Image.fromarray(pixels).save(root / name / f"{name}{i}.png")
    (root / "cats" / "notes.txt").write_text("no image")
    return root


@pytest.mark.parametrize(
    "options",
    [
        {"class_mode": "binary", "target_size": (6, 6)},
        {"class_mode": "categorical", "interpolation": "bilinear", "keep_aspect_ratio": True, "target_size": (6, 5)},
        {"class_mode": "input", "color_mode": "grayscale", "subset": "validation"},
        {"class_mode": "sparse", "classes": ["dogs"], "subset": "training", "color_mode": "rgba"},
        {"class_mode": None},
    ],
)
def test_batches_of_a_folder_are_those_of_keras(folder, options, capsys):
    expected, found = (
        make(rescale=1 / 255, validation_split=0.25).flow_from_directory(folder, batch_size=3, seed=2, **options)
        for make in (keras_image.ImageDataGenerator, ImageDataGenerator)
    )
    assert (found.n, found.class_indices, found.filenames) == (expected.n, expected.class_indices, expected.filenames)
    assert "Found" in capsys.readouterr().out
    ours, keras = next(found), next(expected)
    for a, b in zip(*[(x if isinstance(x, tuple) else (x,)) for x in (ours, keras)], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_batches_of_a_frame_are_those_of_keras(folder, tmp_path):
    pandas = pytest.importorskip("pandas")
    names = [f"{name}/{name}{i}.png" for name in ("cats", "dogs") for i in range(4)]
    frame = pandas.DataFrame({"filename": [*names, "cats/absent.png"], "class": [*["a", "b"] * 4, "a"], "z": range(9)})
    for options in (
        {"class_mode": "categorical", "weight_col": "z"},
        {"class_mode": "raw", "y_col": "z"},
        {"class_mode": "multi_output", "y_col": ["z", "class"]},
    ):
        expected, found = (
            make().flow_from_dataframe(frame, folder, batch_size=4, seed=2, target_size=(5, 5), **options)
            for make in (keras_image.ImageDataGenerator, ImageDataGenerator)
        )
        assert found.n == expected.n == 8
        for a, b in zip(next(found), next(expected), strict=True):
            for x, y in zip(a, b, strict=True) if isinstance(a, list) else [(a, b)]:
                np.testing.assert_array_equal(x, y)
    batches = ImageDataGenerator().flow_from_directory(folder, batch_size=2, save_to_dir=tmp_path, save_prefix="out")
    next(batches)
    assert len(list(tmp_path.glob("out_*.png"))) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageDataGenerator(zoom_range=(1, 2, 3)), "zoom_range"),
        (lambda: ImageDataGenerator(brightness_range=0.5), "brightness_range"),
        (lambda: ImageDataGenerator(validation_split=2), "validation_split"),
        (lambda: ImageDataGenerator().flow(IMAGES, np.arange(4)), "same length"),
        (lambda: ImageDataGenerator().flow(IMAGES[0]), "rank 4"),
        (lambda: ImageDataGenerator().flow(IMAGES, subset="test"), "subset"),
        (lambda: ImageDataGenerator(validation_split=0.4).flow(IMAGES, np.arange(5), subset="training"), "classes"),
        (lambda: ImageDataGenerator().flow_from_directory(".", class_mode="many"), "class_mode"),
        (lambda: ImageDataGenerator().fit(IMAGES[0]), "rank 4"),
        (lambda: affine.apply_affine_transform(IMAGES[0], row_axis=0, col_axis=0), "axes"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


TEXTS = ["The cat sat on the mat.", "The dog ate\tthe cat!", "Nothing, at all"]


@pytest.mark.parametrize(
    "options",
    [{}, {"num_words": 4}, {"oov_token": "?", "num_words": 5}, {"char_level": True}, {"lower": False, "split": "t"}],
)
def test_texts_become_the_numbers_of_keras(options):
    expected, found = keras_text.Tokenizer(**options), texts.Tokenizer(**options)
    for tokenizer in (expected, found):
        tokenizer.fit_on_texts(TEXTS)
        tokenizer.fit_on_sequences([[1, 2, 2]])
    assert found.word_index == expected.word_index
    others = [*TEXTS, "a zebra sat", ["The", "cat"]]
    assert found.texts_to_sequences(others) == expected.texts_to_sequences(others)
    sequences = [[1, 2, 30, 3], []]
    assert found.sequences_to_texts(sequences) == expected.sequences_to_texts(sequences)
    for mode in ("binary", "count", "freq", "tfidf"):
        np.testing.assert_allclose(found.texts_to_matrix(TEXTS, mode), expected.texts_to_matrix(TEXTS, mode))
    assert found.to_json() == expected.to_json()
    again = texts.tokenizer_from_json(expected.to_json())
    assert again.texts_to_sequences(TEXTS) == expected.texts_to_sequences(TEXTS)


def test_words_are_split_and_hashed_as_by_keras():
    assert texts.text_to_word_sequence(TEXTS[1]) == keras_text.text_to_word_sequence(TEXTS[1])
    assert texts.one_hot(TEXTS[0], 20) == keras_text.one_hot(TEXTS[0], 20)
    for function in ("md5", len, None):
        arguments = (TEXTS[0], 50, function)
        assert texts.hashing_trick(*arguments) == keras_text.hashing_trick(*arguments)
    with pytest.raises(ValueError, match="dimension"):
        texts.Tokenizer().texts_to_matrix(TEXTS)
    with pytest.raises(ValueError, match="mode"):
        texts.Tokenizer(num_words=3).texts_to_matrix(TEXTS, "other")


@pytest.mark.parametrize(
    "options",
    [{}, {"sampling_rate": 2, "stride": 3, "reverse": True}, {"shuffle": True}, {"start_index": 4, "end_index": 15}],
)
def test_windows_of_a_series_are_those_of_keras(options):
    data, targets = RNG.normal(size=(20, 2)), np.arange(20)
    expected, found = both(keras_sequence, series, "TimeseriesGenerator", data, targets, 4, batch_size=3, **options)
    assert len(found) == len(expected)
    for i in range(len(found)):
        np.random.seed(i)
        first = expected[i]
        np.random.seed(i)
        for a, b in zip(found[i], first, strict=True):
            np.testing.assert_array_equal(a, b)
    assert json.loads(found.to_json())["config"]["length"] == 4
    with pytest.raises(ValueError, match="same length"):
        series.TimeseriesGenerator(data, targets[1:], 4)
    with pytest.raises(ValueError, match="no part of"):
        series.TimeseriesGenerator(data, targets, 30)


@pytest.mark.parametrize(
    "options", [{}, {"categorical": True, "negative_samples": 2.0}, {"shuffle": False, "negative_samples": 0}]
)
def test_pairs_of_words_are_those_of_keras(options):
    words = [1, 2, 0, 3, 4, 2]
    table = keras_sequence.make_sampling_table(5)
    np.testing.assert_allclose(series.make_sampling_table(50), keras_sequence.make_sampling_table(50))
    for extra in ({}, {"sampling_table": table * 200}):
        expected, found = both(keras_sequence, series, "skipgrams", words, 5, window_size=2, **options, **extra)
        assert found == expected
