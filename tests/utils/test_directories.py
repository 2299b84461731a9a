"""Pictures, texts and sounds from folders, against Keras where that runs without TensorFlow."""

import io
import wave

import keras
import numpy as np
import pytest

from lamina import layers, models, preprocessing, utils
from lamina.utils import audio, images

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    pytest.importorskip("PIL")
    folder = tmp_path_factory.mktemp("pictures")
    for name, shape in (
        ("b/1.png", (7, 9, 3)),
        ("b/in/2.png", (5, 5, 3)),
        ("a/1.png", (8, 4, 3)),
        ("a/2.bmp", (6, 6, 3)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        utils.save_img(folder / name, RNG.integers(0, 255, shape), scale=False)
    (folder / "a" / "notes.txt").write_text("no picture")
    (folder / ".hidden").mkdir()
    return folder


def collected(dataset):
    elements = [e if isinstance(e, tuple) else (e,) for e in dataset]
    return [np.concatenate([np.asarray(e[i]) for e in elements]) for i in range(len(elements[0]))]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"label_mode": "categorical", "interpolation": "nearest"},
        {"label_mode": "binary", "interpolation": "bicubic", "color_mode": "grayscale"},
        {"label_mode": None, "crop_to_aspect_ratio": True, "color_mode": "rgba"},
        {"labels": [3, 1, 2, 0], "pad_to_aspect_ratio": True},
        {"class_names": ["b"], "interpolation": "lanczos3", "data_format": "channels_first"},
        {"validation_split": 0.5, "subset": "validation", "seed": 3, "shuffle": True},
    ],
    ids=str,
)
def test_pictures_are_those_of_keras(pictures, arguments):
    arguments = {"shuffle": False, "image_size": (6, 4), "batch_size": 3, "verbose": False, **arguments}
    ours = utils.image_dataset_from_directory(pictures, **arguments)
    theirs = keras.utils.image_dataset_from_directory(pictures, format="grain", **arguments)
    assert ours.class_names == theirs.class_names
    for x, y in zip(collected(ours), collected(theirs), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=2e-3)


def test_both_parts_have_all_pictures_once(pictures):
    train, test = utils.image_dataset_from_directory(
        pictures, validation_split=0.25, subset="both", seed=1, image_size=4, verbose=False
    )
    assert (len(train.file_paths), len(test.file_paths)) == (3, 1)
    assert len({*train.file_paths, *test.file_paths}) == 4
    single = utils.image_dataset_from_directory(pictures, batch_size=None, image_size=4, verbose=False)
    assert next(iter(single))[0].shape == (4, 4, 3)


def test_a_model_learns_from_a_folder(pictures):
    data = preprocessing.image_dataset_from_directory(pictures, image_size=(4, 4), batch_size=2, verbose=False)
    model = models.Sequential(
        [layers.Input((4, 4, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert np.isfinite(model.fit(data, verbose=0).history["loss"][0])
    assert len(data) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": "guessed"}, "`labels`"),
        ({"labels": [1, 2]}, "lengths of `labels`"),
        ({"labels": None, "class_names": ["a"]}, "class_names"),
        ({"class_names": ["c"]}, "did not match"),
        ({"class_names": ["a"], "label_mode": "binary"}, "exactly 2"),
        ({"label_mode": "words"}, "label_mode"),
        ({"color_mode": "cmyk"}, "color_mode"),
        ({"image_size": (1, 2, 3)}, "image_size"),
        ({"interpolation": "magic"}, "interpolation"),
        ({"format": "torch"}, "format"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one"),
        ({"validation_split": 0.5}, "inversely"),
        ({"validation_split": 2, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.5, "subset": "some"}, "subset"),
        ({"validation_split": 0.5, "subset": "training"}, "seed"),
        ({"validation_split": 0.1, "subset": "validation", "seed": 1}, "No validation files"),
    ],
)
def test_what_makes_no_sense_is_an_error(pictures, arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.image_dataset_from_directory(pictures, **arguments)


def test_texts(tmp_path, capsys):
    for name, text in (("bad/1.txt", "awful"), ("good/1.txt", "wünderbar"), ("good/2.txt", "fine")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    texts, labels = collected(utils.text_dataset_from_directory(tmp_path, shuffle=False))
    assert (texts.tolist(), labels.tolist()) == (["awful", "wünderbar", "fine"], [0, 1, 1])
    assert "Found 3 files belonging to 2 classes." in capsys.readouterr().out
    (short,) = collected(utils.text_dataset_from_directory(tmp_path, shuffle=False, max_length=2, labels=None))
    assert short.tolist() == ["aw", "w", "fi"]


def write_sound(path, numbers, width=2, rate=8000):
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate)
        scaled = np.round(np.asarray(numbers) * 2 ** (8 * width - 1)).astype("<i4")
        content = (scaled + 128).astype("uint8") if width == 1 else scaled.view("uint8").reshape(-1, 4)[:, :width]
        file.writeframes(content.tobytes())


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_sounds_of_every_width(tmp_path, width):
    numbers = np.array([0, 0.5, -0.5, -1, 0.25])
    write_sound(tmp_path / "s" / "1.wav", numbers, width)
    np.testing.assert_allclose(audio.read(tmp_path / "s" / "1.wav")[:, 0], numbers, atol=1e-6)


def test_sounds_of_several_lengths(tmp_path):
    write_sound(tmp_path / "a" / "1.wav", [0.5, 0.5])
    write_sound(tmp_path / "b" / "1.wav", [0.25, 0.25, 0.25])
    sounds, labels = collected(utils.audio_dataset_from_directory(tmp_path, shuffle=False))
    assert sounds[..., 0].tolist() == [[0.5, 0.5, 0], [0.25, 0.25, 0.25]]
    assert labels.tolist() == [0, 1]
    cut = collected(utils.audio_dataset_from_directory(tmp_path, shuffle=False, output_sequence_length=1))[0]
    assert cut[..., 0].tolist() == [[0.5], [0.25]]
    ragged = next(iter(utils.audio_dataset_from_directory(tmp_path, shuffle=False, ragged=True)))[0]
    assert [len(sound) for sound in ragged] == [2, 3]
    with pytest.raises(ValueError, match="Cannot set both"):
        utils.audio_dataset_from_directory(tmp_path, ragged=True, output_sequence_length=1)
    (tmp_path / "a" / "2.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"no \.wav file"):
        list(utils.audio_dataset_from_directory(tmp_path))


def test_resampling_keeps_a_tone(tmp_path):
    seconds = np.arange(800) / 8000
    write_sound(tmp_path / "a" / "1.wav", 0.5 * np.sin(2 * np.pi * 500 * seconds))
    sound = audio.read(tmp_path / "a" / "1.wav", sampling_rate=4000)
    assert sound.shape == (400, 1)
    np.testing.assert_allclose(sound[:, 0], 0.5 * np.sin(2 * np.pi * 500 * np.arange(400) / 4000), atol=1e-3)


# --- pictures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_arrays_and_pictures(channels, data_format):
    pytest.importorskip("PIL")
    x = RNG.normal(size=(5, 4, channels)).astype("float32")
    x = x.transpose(2, 0, 1) if data_format == "channels_first" else x
    ours, theirs = (m.utils.array_to_img(x, data_format=data_format) for m in (__import__("lamina"), keras))
    assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
    np.testing.assert_allclose(
        utils.img_to_array(ours, data_format), keras.utils.img_to_array(theirs, data_format), atol=1
    )


@pytest.mark.parametrize("mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("keep", [False, True])
def test_loading_as_keras_does(tmp_path, mode, keep):
    pytest.importorskip("PIL")
    path = tmp_path / "p.png"
    utils.save_img(path, RNG.integers(0, 255, (9, 12, 3)))
    arguments = {"color_mode": mode, "target_size": (4, 4), "interpolation": "bilinear", "keep_aspect_ratio": keep}
    ours, theirs = utils.load_img(path, **arguments), keras.utils.load_img(path, **arguments)
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    np.testing.assert_array_equal(np.asarray(utils.load_img(io.BytesIO(path.read_bytes()), **arguments)), theirs)


def test_jpeg_has_no_transparency(tmp_path):
    pytest.importorskip("PIL")
    with pytest.warns(UserWarning, match="RGBA"):
        utils.save_img(tmp_path / "p.jpg", np.zeros((3, 3, 4)))
    assert utils.load_img(tmp_path / "p.jpg").size == (3, 3)


def test_smart_resize_is_that_of_keras():
    x = RNG.normal(size=(2, 7, 9, 3)).astype("float32")
    for size in ((3, 8), (8, 3), (4, 4)):
        ours = preprocessing.image.smart_resize(x, size)
        np.testing.assert_allclose(ours, keras.preprocessing.image.smart_resize(x, size), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="2 integers"):
        preprocessing.image.smart_resize(x, (1, 2, 3))
    with pytest.raises(TypeError, match="keyword"):
        preprocessing.image.smart_resize(x, (1, 2), quality=3)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: images.array_to_img(np.zeros((2, 2))), ValueError),
        (lambda: images.array_to_img(np.zeros((2, 2, 2))), ValueError),
        (lambda: images.img_to_array(np.zeros(2)), ValueError),
        (lambda: images.load_img("p.png", color_mode="cmyk"), ValueError),
        (lambda: images.load_img(3), TypeError),
    ],
)
def test_what_is_no_picture(call, error):
    pytest.importorskip("PIL")
    with pytest.raises(error):
        call()
