"""Every loss against Keras: values, gradients, weights, masks, dtypes, reductions, configs, names."""

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses
from lamina.core.context import set_mask

rng = np.random.default_rng(0)


def numbers(*shape):
    return rng.normal(size=shape).astype("float32")


def positive(*shape):
    return rng.uniform(0.1, 3.0, size=shape).astype("float32")


def probabilities(*shape):
    scores = np.exp(numbers(*shape))
    return scores / scores.sum(-1, keepdims=True)


def chances(*shape):
    return rng.uniform(0.05, 0.95, size=shape).astype("float32")


def yes_or_no(*shape):
    return rng.integers(0, 2, size=shape).astype("float32")


def one_hot(*shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], size=shape[:-1])]


def classes(*shape, count=5):
    return rng.integers(0, count, size=shape)


REGRESSION = (numbers(6, 5), numbers(6, 5))
COUNTS = (positive(6, 5), positive(6, 5))
BINARY = (yes_or_no(6, 5), chances(6, 5))
BINARY_LOGITS = (BINARY[0], numbers(6, 5) * 3)
CATEGORICAL = (one_hot(6, 5), probabilities(6, 5))
CATEGORICAL_LOGITS = (CATEGORICAL[0], numbers(6, 5) * 3)
SPARSE = (classes(6), CATEGORICAL[1])
SPARSE_LOGITS = (SPARSE[0], CATEGORICAL_LOGITS[1])
IMAGES = (yes_or_no(2, 3, 4, 1), chances(2, 3, 4, 1))
SEQUENCES = (np.array([[1, 2, 2, 0], [3, 0, 0, 0], [4, 1, 2, 3]]), numbers(3, 9, 5))
unit = keras.utils.normalize(numbers(6, 5))
EMBEDDINGS = (classes(6, count=2), unit)

CASES = {
    "mse": ("MeanSquaredError", {}, REGRESSION),
    "mae": ("MeanAbsoluteError", {}, REGRESSION),
    "mape": ("MeanAbsolutePercentageError", {}, REGRESSION),
    "msle": ("MeanSquaredLogarithmicError", {}, COUNTS),
    "cosine": ("CosineSimilarity", {}, REGRESSION),
    "cosine-axis": ("CosineSimilarity", {"axis": 0}, REGRESSION),
    "huber": ("Huber", {}, REGRESSION),
    "huber-delta": ("Huber", {"delta": 0.3}, REGRESSION),
    "log-cosh": ("LogCosh", {}, REGRESSION),
    "hinge": ("Hinge", {}, BINARY),
    "hinge-signs": ("Hinge", {}, (2 * BINARY[0] - 1, REGRESSION[1])),
    "squared-hinge": ("SquaredHinge", {}, BINARY),
    "categorical-hinge": ("CategoricalHinge", {}, CATEGORICAL),
    "kld": ("KLDivergence", {}, (probabilities(6, 5), CATEGORICAL[1])),
    "poisson": ("Poisson", {}, COUNTS),
    "bce": ("BinaryCrossentropy", {}, BINARY),
    "bce-logits": ("BinaryCrossentropy", {"from_logits": True}, BINARY_LOGITS),
    "bce-smooth-axis": ("BinaryCrossentropy", {"label_smoothing": 0.2, "axis": 0}, BINARY),
    "bce-images": ("BinaryCrossentropy", {}, IMAGES),
    "bfce": ("BinaryFocalCrossentropy", {}, BINARY),
    "bfce-logits": ("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 1.5}, BINARY_LOGITS),
    "bfce-balanced": ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "label_smoothing": 0.1}, BINARY),
    "cce": ("CategoricalCrossentropy", {}, CATEGORICAL),
    "cce-logits": ("CategoricalCrossentropy", {"from_logits": True}, CATEGORICAL_LOGITS),
    "cce-smooth": ("CategoricalCrossentropy", {"label_smoothing": 0.2}, CATEGORICAL),
    "cce-axis": ("CategoricalCrossentropy", {"axis": 1, "from_logits": True}, (one_hot(2, 4, 3), numbers(2, 4, 3))),
    "cce-unnormalised": ("CategoricalCrossentropy", {}, (CATEGORICAL[0], positive(6, 5))),
    "cfce": ("CategoricalFocalCrossentropy", {}, CATEGORICAL),
    "cfce-logits": ("CategoricalFocalCrossentropy", {"from_logits": True, "alpha": 0.4}, CATEGORICAL_LOGITS),
    "cfce-smooth": ("CategoricalFocalCrossentropy", {"label_smoothing": 0.1, "gamma": 1.0}, CATEGORICAL),
    "scce": ("SparseCategoricalCrossentropy", {}, SPARSE),
    "scce-logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, SPARSE_LOGITS),
    "scce-ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 0, "from_logits": True}, SPARSE_LOGITS),
    "scce-column": ("SparseCategoricalCrossentropy", {}, (SPARSE[0][:, None], SPARSE[1])),
    "scce-steps": ("SparseCategoricalCrossentropy", {}, (classes(2, 3), probabilities(2, 3, 5))),
    "gce": ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, SPARSE),
    "ctc": ("CTC", {}, SEQUENCES),
    "dice": ("Dice", {}, IMAGES),
    "dice-axis": ("Dice", {"axis": (1, 2, 3)}, IMAGES),
    "tversky": ("Tversky", {"alpha": 0.3, "beta": 0.6}, IMAGES),
    "tversky-axis": ("Tversky", {"axis": (1, 2)}, IMAGES),
    "circle": ("Circle", {}, EMBEDDINGS),
    "circle-arguments": ("Circle", {"gamma": 2.0, "margin": 0.2, "remove_diagonal": False}, EMBEDDINGS),
}
cases = pytest.mark.parametrize("case", CASES)
WEIGHTED = ("mse", "scce", "scce-ignore", "circle")


def pair(case, **more):
    name, arguments, data = CASES[case]
    return getattr(losses, name)(**arguments, **more), getattr(keras.losses, name)(**arguments, **more), data


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(a, "float32"), np.asarray(b, "float32"), rtol=tolerance, atol=tolerance)


@cases
def test_values_and_gradients_equal_keras(case):
    ours, theirs, (y_true, y_pred) = pair(case)
    a, da = jax.value_and_grad(lambda y: jnp.sum(ours(y_true, y)))(jnp.asarray(y_pred))
    b, db = jax.value_and_grad(lambda y: jnp.sum(theirs(y_true, y)))(jnp.asarray(y_pred))
    close(a, b)
    close(da, db, 2e-5)


@cases
def test_functions_equal_keras(case):
    name, arguments, (y_true, y_pred) = CASES[case]
    function_name = getattr(keras.losses, name)(**arguments).fn.__name__
    a = getattr(losses, function_name)(y_true, y_pred, **arguments)
    b = getattr(keras.losses, function_name)(y_true, y_pred, **arguments)
    assert a.shape == b.shape
    assert a.dtype == b.dtype
    close(a, b)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "mean_with_sample_weight", None])
@pytest.mark.parametrize("case", ["mse", "scce-ignore", "circle", "dice"])
def test_reductions_equal_keras(case, reduction):
    ours, theirs, data = pair(case, reduction=reduction)
    close(ours(*data), theirs(*data))
    weights = positive(len(data[0]))
    if case != "dice":
        close(ours(*data, weights), theirs(*data, weights))


@pytest.mark.parametrize("case", WEIGHTED)
@pytest.mark.parametrize("weights", ["samples", "column", "zero"])
def test_weights_equal_keras(case, weights):
    ours, theirs, data = pair(case)
    values = {"samples": positive(6), "column": positive(6, 1), "zero": np.zeros(6, "float32")}[weights]
    close(ours(*data, sample_weight=values), theirs(*data, sample_weight=values))


def test_weights_of_steps_equal_keras():
    ours, theirs, data = pair("scce-steps")
    weights = positive(2, 3)
    close(ours(*data, sample_weight=weights), theirs(*data, sample_weight=weights))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", ["scce-ignore", "mse"])
@pytest.mark.parametrize("mask", [[1, 0, 1, 1, 0, 1], [0] * 6])
def test_masks_of_predictions_equal_keras(case, reduction, weighted, mask):
    ours, theirs, (y_true, y_pred) = pair(case, reduction=reduction)
    mask = jnp.array(mask, bool)
    a, b = jnp.array(y_pred), jnp.array(y_pred)
    set_mask(a, mask)
    b._keras_mask = mask
    weights = positive(6) if weighted else None
    close(ours(y_true, a, weights), theirs(y_true, b, weights))


@pytest.mark.parametrize(
    "case", ["mse", "msle", "huber-delta", "hinge", "kld", "bce", "cce-smooth", "scce", "cfce", "dice"]
)
def test_narrow_dtypes_equal_keras(case):
    dtype = "bfloat16"
    ours, theirs, data = pair(case, dtype=dtype)
    a, b = ours(*data), theirs(*data)
    assert a.dtype == b.dtype == dtype
    close(a, b, 5e-2)


@pytest.mark.parametrize("case", ["mse", "bce", "scce", "cce"])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
def test_an_empty_batch_equals_keras(case, reduction):
    ours, theirs, (y_true, y_pred) = pair(case, reduction=reduction)
    a, b = ours(y_true[:0], y_pred[:0]), theirs(y_true[:0], y_pred[:0])
    assert a.shape == b.shape
    close(a, b)


def test_a_trailing_axis_of_one_is_matched_as_in_keras():
    ours, theirs, _ = pair("mse")
    for shapes in [((6,), (6, 1)), ((6, 1), (6,)), ((2, 3), (2, 3, 1)), ((2, 3, 1), (2, 3)), ((6,), (6,))]:
        y_true, y_pred = numbers(*shapes[0]), numbers(*shapes[1])
        close(ours(y_true, y_pred), theirs(y_true, y_pred))


def test_lists_and_structures_are_taken_as_in_keras():
    a = losses.MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [1, 0]])
    close(a, keras.losses.MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [1, 0]]))

    def of_both(y_true, y_pred):
        return jnp.abs(y_true["a"] - y_pred["a"]) + jnp.abs(y_true["b"] - y_pred["b"])

    wrapper = losses.LossFunctionWrapper(of_both)
    assert float(wrapper({"a": jnp.ones(2), "b": jnp.ones(2)}, {"a": jnp.zeros(2), "b": jnp.ones(2)})) == 1.0


@cases
def test_configs_equal_keras_and_make_the_same_again(case):
    ours, theirs, data = pair(case, reduction="sum", name="mine")
    expected = theirs.get_config()
    forgotten = {"huber-delta": "delta", "cosine-axis": "axis"}.get(case)
    assert {key: value for key, value in ours.get_config().items() if key != forgotten} == expected
    described = losses.serialize(ours)
    assert described | {"config": None} == keras.losses.serialize(theirs) | {"config": None}
    close(losses.deserialize(described)(*data), ours(*data))


def test_names_are_those_of_keras():
    public = {name for name in dir(keras.losses) if not name.startswith("_")}
    assert public == set(losses.__all__)
    for name, known in keras.src.losses.ALL_OBJECTS_DICT.items():
        if name != "LossFunctionWrapper":
            ours, theirs = losses.get(name), keras.losses.get(name)
            assert getattr(ours, "__name__", type(ours).__name__) == getattr(theirs, "__name__", type(theirs).__name__)
            assert getattr(ours, "name", None) == getattr(theirs, "name", None)
            assert known is not None


@pytest.mark.parametrize(
    ("old", "name"),
    [
        ("mean_squared_error", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("logcosh", "log_cosh"),
        ("kullback_leibler_divergence", "kl_divergence"),
        ("cosine_proximity", "cosine_similarity"),
    ],
)
def test_old_names_are_understood(old, name):
    assert losses.get(old).__name__ == name
    assert getattr(losses, old) is getattr(losses, name)


@functools.cache
def wrapped():
    return losses.LossFunctionWrapper(
        losses.huber, delta=0.5, name="mine"
    ), keras.src.losses.losses.LossFunctionWrapper(keras.losses.huber, delta=0.5, name="mine")


def test_a_wrapped_function_has_the_config_of_keras():
    ours, theirs = wrapped()
    assert ours.get_config() == theirs.get_config()
    again = losses.LossFunctionWrapper.from_config(ours.get_config())
    close(again(*REGRESSION), ours(*REGRESSION))


def test_a_custom_loss_is_numbered_and_serialized():
    class Distance(losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.abs(y_true - y_pred)

    first, second = Distance(), Distance()
    assert second.name == f"distance_{int(first.name.partition('_')[2] or 0) + 1}"
    assert Distance.from_config(first.get_config()).name == first.name


@pytest.mark.parametrize("identifier", ["mean_square_error", 3, {"class_name": "Hubert", "config": {}}])
def test_an_unknown_loss_is_a_value_error(identifier):
    with pytest.raises(ValueError, match="Could not interpret loss identifier"):
        losses.get(identifier)


def test_an_unknown_loss_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError, match="Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")


def test_an_unknown_reduction_is_a_value_error():
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="median")


def test_losses_can_be_compiled():
    ours, _, (y_true, y_pred) = pair("scce-ignore")
    close(jax.jit(ours)(y_true, y_pred), ours(y_true, y_pred))
