"""Initializers against Keras: the same facts, names, configs and statistics."""

import keras
import numpy as np
import pytest

from lamina import initializers
from lamina.core.random import SeedGenerator, set_random_seed
from lamina.initializers.scaling import compute_fans

RANDOM = {
    "RandomNormal": {"mean": 0.3, "stddev": 0.2},
    "TruncatedNormal": {"mean": -0.1, "stddev": 0.4},
    "RandomUniform": {"minval": -0.5, "maxval": 0.7},
    "VarianceScaling": {"scale": 0.7, "mode": "fan_out", "distribution": "untruncated_normal"},
    "GlorotUniform": {},
    "GlorotNormal": {},
    "LecunUniform": {},
    "LecunNormal": {},
    "HeUniform": {"input_axes": (0,), "output_axes": (1, 2)},
    "HeNormal": {},
}
FIXED = {
    "Zeros": {},
    "Ones": {},
    "Constant": {"value": 2.5},
    "Identity": {"gain": 3.0},
    "STFT": {"side": "imag", "window": "hamming", "scaling": "spectrum", "periodic": True},
}
SHAPES = {"STFT": (8, 1, 5), "Identity": (3, 5)}


def both(name, arguments):
    return getattr(initializers, name)(**arguments), getattr(keras.initializers, name)(**arguments)


@pytest.mark.parametrize("name", RANDOM)
def test_drawn_values_have_keras_mean_deviation_and_range(name):
    ours, theirs = both(name, RANDOM[name] | {"seed": 3})
    a, b = np.asarray(ours((40, 30, 50))), np.asarray(theirs((40, 30, 50)))
    deviation = b.std()
    assert abs(a.mean() - b.mean()) < 0.03 * deviation
    np.testing.assert_allclose(a.std(), deviation, rtol=0.02)
    np.testing.assert_allclose(
        np.percentile(a, [1, 25, 75, 99]), np.percentile(b, [1, 25, 75, 99]), atol=0.05 * deviation
    )
    if "Uniform" in name or "Truncated" in name or name in ("GlorotNormal", "LecunNormal", "HeNormal"):
        np.testing.assert_allclose([a.min(), a.max()], [b.min(), b.max()], atol=0.01 * deviation)


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", None])
def test_fixed_values_equal_keras(name, dtype):
    ours, theirs = both(name, FIXED[name])
    shape = SHAPES.get(name, (2, 3))
    a, b = ours(shape, dtype=dtype), theirs(shape, dtype=dtype)
    assert a.dtype == b.dtype
    tolerance = 1e-6 if a.dtype == "float32" else 1e-2
    np.testing.assert_allclose(np.asarray(a, "float32"), np.asarray(b, "float32"), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("arguments", [{"window": None}, {"scaling": None}, {}, {"window": np.linspace(1, 2, 8)}])
def test_stft_windows_equal_keras(arguments):
    ours, theirs = both("STFT", arguments)
    np.testing.assert_allclose(ours((8, 1, 5)), theirs((8, 1, 5)), atol=1e-6)


@pytest.mark.parametrize("name", [*RANDOM, *FIXED, "Orthogonal"])
def test_configs_equal_keras_and_make_the_same_again(name):
    arguments = (RANDOM | FIXED).get(name, {}) | ({} if name in FIXED else {"seed": 7})
    ours, theirs = both(name, arguments)
    if name != "Identity":  # Keras forgets the gain
        assert ours.get_config() == theirs.get_config()
        assert initializers.serialize(ours) == keras.initializers.serialize(theirs)
    again = initializers.deserialize(initializers.serialize(ours))
    shape = SHAPES.get(name, (2, 3, 4) if name in RANDOM else (4, 4))
    np.testing.assert_array_equal(again(shape), ours(shape))


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (3, 2, 4), (5, 5)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    matrix = np.asarray(initializers.Orthogonal(gain=2.0, seed=1)(shape)).reshape(-1, shape[-1]) / 2
    gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (3, 3, 4, 8)])
def test_fans_equal_keras(shape):
    assert compute_fans(shape) == keras.src.initializers.random_initializers.compute_fans(shape)


def test_fans_of_given_axes_equal_keras():
    assert compute_fans((2, 3, 4), (0,), (1, 2)) == (2, 12)


def test_an_integer_seed_always_gives_the_same_values():
    initializer = initializers.HeNormal(seed=5)
    np.testing.assert_array_equal(initializer((3, 3)), initializer((3, 3)))
    np.testing.assert_array_equal(initializer((3, 3)), initializer.clone()((3, 3)))
    assert not np.array_equal(initializer((3, 3)), initializers.HeNormal(seed=6)((3, 3)))


def test_a_seed_generator_gives_new_values_each_time():
    initializer = initializers.RandomNormal(seed=SeedGenerator(5))
    first = initializer((3,))
    assert not np.array_equal(first, initializer((3,)))
    np.testing.assert_array_equal(first, initializers.RandomNormal(seed=SeedGenerator(5))((3,)))


def test_the_global_seed_governs_initializers_without_one():
    set_random_seed(3)
    first = initializers.RandomUniform()((4,))
    second = initializers.RandomUniform()((4,))
    set_random_seed(3)
    np.testing.assert_array_equal(first, initializers.RandomUniform()((4,)))
    assert not np.array_equal(first, second)


def test_a_truncated_normal_is_never_beyond_two_deviations():
    values = np.asarray(initializers.TruncatedNormal(stddev=1.0, seed=0)((100_000,)))
    assert np.abs(values).max() <= 2
    np.testing.assert_allclose(values.std(), 0.8796, rtol=0.01)


def test_narrow_dtypes_are_drawn_in_float32():
    assert initializers.HeNormal(seed=1)((2, 2), dtype="bfloat16").dtype == "bfloat16"
    assert initializers.HeNormal(seed=1)((2, 2), dtype="float16").dtype == "float16"


# Keras cannot make a Constant from its name alone; here it is zero.
KERAS_NAMES = sorted(set(keras.src.initializers.ALL_OBJECTS_DICT) - {"Constant", "constant"})


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_every_name_of_keras_means_the_same_class(name):
    assert type(initializers.get(name)).__name__ == type(keras.initializers.get(name)).__name__


def test_the_public_names_are_those_of_keras():
    public = {name for name in dir(keras.initializers) if not name.startswith("_")}
    assert public == set(initializers.__all__)
    for name in public:
        assert getattr(initializers, name).__name__ == getattr(keras.initializers, name).__name__


def test_get_takes_configs_classes_callables_arrays_and_none():
    assert initializers.get({"class_name": "Constant", "config": {"value": 2.0}})((1,)).tolist() == [2.0]
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    assert initializers.get(abs) is abs
    assert initializers.get(None) is None
    fixed = initializers.get(np.eye(2))
    assert fixed((2, 2), dtype="int32").tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="direct tensor"):
        fixed((3, 3))


@pytest.mark.parametrize("identifier", ["glorot_unifrm", 3, {"class_name": "GlorotUnifrm", "config": {}}])
def test_an_unknown_initializer_is_a_value_error(identifier):
    with pytest.raises(ValueError, match="Could not interpret initializer identifier"):
        initializers.get(identifier)


def test_an_unknown_name_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrm")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("VarianceScaling", {"scale": 0.0}),
        ("VarianceScaling", {"mode": "fan"}),
        ("VarianceScaling", {"distribution": "cauchy"}),
        ("RandomNormal", {"seed": "a"}),
        ("STFT", {"side": "left"}),
        ("STFT", {"scaling": "loud"}),
        ("STFT", {"window": "door"}),
    ],
)
def test_bad_arguments_are_value_errors_as_in_keras(name, arguments):
    for module in (initializers, keras.initializers):
        with pytest.raises(ValueError):
            getattr(module, name)(**arguments)


def test_bad_shapes_are_value_errors():
    with pytest.raises(ValueError, match="2D matrices"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ValueError, match="at least two-dimensional"):
        initializers.Orthogonal()((3,))
    with pytest.raises(ValueError, match="frame_length"):
        initializers.STFT(window=np.ones(3))((4, 1, 3))
