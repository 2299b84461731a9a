"""MelSpectrogram and STFTSpectrogram show the frequencies that Keras's show."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same, case, each

import lamina
from lamina import layers

RAMP = np.linspace(0.5, 1.5, 16).astype("float32")
SMALL = dict(fft_length=64, sequence_stride=20, num_mel_bins=6)
MEL = [
    case("MelSpectrogram", (2, 150), **SMALL),
    case("MelSpectrogram", (150,), **SMALL, power_to_db=False),
    case("MelSpectrogram", (2, 150), **SMALL, sequence_length=40, window="hamming", sampling_rate=8000, max_freq=3000),
    case("MelSpectrogram", (2, 150), **SMALL, window=None, mag_exp=1.0, min_power=1e-3, ref_power=2.0, top_db=9.0),
    case("MelSpectrogram", (2, 150), **SMALL, dtype="mixed_bfloat16"),
    case("MelSpectrogram", (2, 3000)),
]
MODES = [
    case("STFTSpectrogram", (2, 50, 2), mode=mode, frame_length=16)
    for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
]
LAYOUTS = [
    case("STFTSpectrogram", (2, 50, 2), mode="stft", frame_length=12, expand_dims=True),
    case("STFTSpectrogram", (2, 2, 50), mode="stft", frame_length=12, expand_dims=True, data_format="channels_first"),
    case("STFTSpectrogram", (2, 2, 50), mode="psd", frame_length=12, data_format="channels_first"),
]
OPTIONS = [
    case("STFTSpectrogram", (2, 50, 1), frame_length=16, frame_step=5, fft_length=32, padding="same", periodic=True),
    case("STFTSpectrogram", (2, 50, 1), frame_length=16, window="hamming", scaling="spectrum", trainable=False),
    case("STFTSpectrogram", (2, 50, 1), frame_length=16, window=None, scaling=None),
    case("STFTSpectrogram", (2, 50, 1), frame_length=16, dtype="float16", mode="real"),
]
WINDOW = case("STFTSpectrogram", (2, 50, 1), frame_length=16, window=RAMP, mode="imag")
STFT = [*MODES, *LAYOUTS, *OPTIONS]


@each([c.when(tolerance=2e-3) for c in MEL[:4]] + [MEL[4].when(tolerance=2e-2), MEL[5].when(tolerance=2e-3)])
def test_mel_spectrograms_equal_those_of_keras(case):
    case.check_outputs()


@each([c.when(weights=False, tolerance=1e-3) for c in [*STFT, WINDOW]])
def test_spectra_and_first_kernels_equal_those_of_keras(case):
    case.check_outputs()


@each([c.when(tolerance=1e-3) for c in (MODES[1], MODES[5], LAYOUTS[2])])
def test_spectra_of_other_kernels_equal_those_of_keras(case):
    case.check_outputs()


@each([MODES[2], MODES[5], MEL[1].when(tolerance=1e-2)])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(
    [
        *(c.when(known=None) for c in [MEL[1], MEL[5]]),
        *MODES[::3],
        *(c.when(known=(1,)) for c in LAYOUTS[1:]),
        OPTIONS[0],
    ]
)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each([MEL[2], MEL[3], MODES[6], LAYOUTS[1], *OPTIONS[:3]])
def test_configs_equal_those_of_keras(case):
    case.check_config()


@pytest.mark.parametrize("samples", [158, 159, 160, None])
@pytest.mark.parametrize("fft_length", [63, 64])
def test_the_number_of_frames_is_known_before(samples, fft_length):
    layer = layers.MelSpectrogram(**{**SMALL, "fft_length": fft_length})
    shape = layer(lamina.KerasTensor((None, samples))).shape
    frames = None if samples is None else layer(np.ones((1, samples), "float32")).shape[2]
    assert shape == (None, 6, frames)


def test_the_mel_matrix_equals_that_of_keras():
    ours, theirs = layers.MelSpectrogram(), keras.layers.MelSpectrogram()
    for arguments in ((), (8, 33, 16000, 20.0, 8000.0)):
        assert_same(
            ours.linear_to_mel_weight_matrix(*arguments), theirs.linear_to_mel_weight_matrix(*arguments), tolerance=1e-4
        )


@pytest.mark.parametrize("name", ["MelSpectrogram", "STFTSpectrogram"])
def test_a_window_of_numbers_is_written_and_read(name):
    lengths = {"MelSpectrogram": dict(fft_length=16), "STFTSpectrogram": dict(frame_length=16)}[name]
    layer = getattr(layers, name)(window=RAMP, **lengths)
    again = lamina.utils.deserialize_keras_object(lamina.utils.serialize_keras_object(layer))
    np.testing.assert_array_equal(again.window, RAMP)


def test_kernels_are_trained_and_loaded_by_both(tmp_path):
    x = np.random.default_rng(0).standard_normal((8, 40, 1)).astype("float32")
    front = layers.STFTSpectrogram("psd", frame_length=8, padding="same")
    model = lamina.Sequential([lamina.Input((40, 1)), front, layers.Flatten(), layers.Dense(1)])
    model.compile("adam", "mse")
    before = front.get_weights()
    model.fit(x, x[:, 0], epochs=2, verbose=0)
    assert not np.allclose(front.get_weights()[0], before[0])
    model.save(tmp_path / "m.keras")
    for library in (lamina, keras):
        again = library.models.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        (dict(mode="loud"), "Output mode is invalid"),
        (dict(frame_step=300), "`frame_step` should be"),
        (dict(frame_step=0), "`frame_step` should be"),
        (dict(fft_length=128), "`fft_length` should be not less"),
        (dict(scaling="none"), "Scaling is invalid"),
        (dict(padding="mypadding"), "Padding is invalid"),
        (dict(window="unknown"), "window"),
    ],
)
def test_bad_arguments_are_refused_as_by_keras(kwargs, says):
    for library in (lamina, keras):
        with pytest.raises(ValueError, match=says):
            library.layers.STFTSpectrogram(**kwargs)


def test_other_bad_uses():
    with pytest.raises(ValueError, match="`fft_length` must be greater"):
        layers.MelSpectrogram(fft_length=8, sequence_length=9)
    with pytest.warns(UserWarning, match="power of two"):
        layers.STFTSpectrogram(fft_length=300)
    with pytest.raises(TypeError, match="Invalid input type"):
        layers.STFTSpectrogram()(np.ones((1, 300, 1), "int32"))
    with pytest.raises(ValueError, match="L104"):
        layers.STFTSpectrogram()(np.ones((1, 100, 1), "float32"))
