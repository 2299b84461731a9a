"""Every metric against Keras: results and variables over two batches, weights, masks, configs, names."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses, metrics
from lamina.core.context import set_mask
from lamina.core.state import StatelessScope

# Keras asks for int64 in its confusion matrix.
pytestmark = pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")
rng = np.random.default_rng(0)


def numbers(*shape):
    return rng.normal(size=shape).astype("float32")


def positive(*shape):
    return rng.uniform(0.1, 3.0, size=shape).astype("float32")


def probabilities(*shape):
    scores = np.exp(numbers(*shape))
    return scores / scores.sum(-1, keepdims=True)


def chances(*shape):
    """Some of them exactly on the thresholds, where `>` and `>=` differ."""
    return np.where(rng.random(shape) < 0.3, rng.integers(0, 5, shape) / 4, rng.random(shape)).astype("float32")


def yes_or_no(*shape):
    return rng.integers(0, 2, size=shape).astype("float32")


def one_hot(*shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], size=shape[:-1])]


def classes(*shape):
    return rng.integers(0, 4, size=shape)


REGRESSION = (numbers(6, 4), numbers(6, 4))
COUNTS = (positive(6, 4), positive(6, 4))
BINARY = (yes_or_no(6, 4), chances(6, 4))
COLUMN = (yes_or_no(6, 1), chances(6, 1))
LOGITS = (BINARY[0], numbers(6, 4))
CATEGORICAL = (one_hot(6, 4), probabilities(6, 4))
SPARSE = (classes(6), CATEGORICAL[1])
SPARSE_STEPS = (classes(6, 3), probabilities(6, 3, 4))
REGIONS = (classes(6, 3, 2), classes(6, 3, 2))

CASES = {
    "accuracy": ("Accuracy", {}, (classes(6, 1), classes(6, 1))),
    "binary-accuracy": ("BinaryAccuracy", {}, COLUMN),
    "binary-accuracy-threshold": ("BinaryAccuracy", {"threshold": 0.25}, BINARY),
    "binary-accuracy-ranks": ("BinaryAccuracy", {}, (COLUMN[0][:, 0], COLUMN[1])),
    "categorical-accuracy": ("CategoricalAccuracy", {}, CATEGORICAL),
    "categorical-accuracy-steps": ("CategoricalAccuracy", {}, (one_hot(6, 3, 4), SPARSE_STEPS[1])),
    "sparse-accuracy": ("SparseCategoricalAccuracy", {}, SPARSE),
    "sparse-accuracy-column": ("SparseCategoricalAccuracy", {}, (SPARSE[0][:, None], SPARSE[1])),
    "sparse-accuracy-steps": ("SparseCategoricalAccuracy", {}, SPARSE_STEPS),
    "sparse-accuracy-steps-column": ("SparseCategoricalAccuracy", {}, (SPARSE_STEPS[0][..., None], SPARSE_STEPS[1])),
    "top-k": ("TopKCategoricalAccuracy", {"k": 2}, CATEGORICAL),
    "top-k-steps": ("TopKCategoricalAccuracy", {"k": 2}, (one_hot(6, 3, 4), SPARSE_STEPS[1])),
    "sparse-top-k": ("SparseTopKCategoricalAccuracy", {"k": 2}, SPARSE),
    "sparse-top-k-sorted": (
        "SparseTopKCategoricalAccuracy",
        {"k": 2, "from_sorted_ids": True},
        (SPARSE[0], classes(6, 3)),
    ),
    "sparse-top-k-steps": ("SparseTopKCategoricalAccuracy", {"k": 2}, SPARSE_STEPS),
    "mse": ("MeanSquaredError", {}, REGRESSION),
    "mae": ("MeanAbsoluteError", {}, REGRESSION),
    "mape": ("MeanAbsolutePercentageError", {}, REGRESSION),
    "msle": ("MeanSquaredLogarithmicError", {}, COUNTS),
    "rmse": ("RootMeanSquaredError", {}, REGRESSION),
    "rmse-ranks": ("RootMeanSquaredError", {}, (numbers(6), numbers(6, 1))),
    "cosine": ("CosineSimilarity", {}, REGRESSION),
    "cosine-axis": ("CosineSimilarity", {"axis": 1}, REGRESSION),
    "log-cosh": ("LogCoshError", {}, REGRESSION),
    "hinge": ("Hinge", {}, BINARY),
    "squared-hinge": ("SquaredHinge", {}, BINARY),
    "categorical-hinge": ("CategoricalHinge", {}, CATEGORICAL),
    "kld": ("KLDivergence", {}, (probabilities(6, 4), CATEGORICAL[1])),
    "poisson": ("Poisson", {}, COUNTS),
    "bce": ("BinaryCrossentropy", {"label_smoothing": 0.1}, BINARY),
    "bce-logits": ("BinaryCrossentropy", {"from_logits": True}, LOGITS),
    "cce": ("CategoricalCrossentropy", {"label_smoothing": 0.1}, CATEGORICAL),
    "cce-logits": ("CategoricalCrossentropy", {"from_logits": True}, (CATEGORICAL[0], numbers(6, 4))),
    "scce": ("SparseCategoricalCrossentropy", {}, SPARSE),
    "scce-ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 0, "from_logits": True}, SPARSE),
    "pearson": ("PearsonCorrelation", {}, REGRESSION),
    "concordance": ("ConcordanceCorrelation", {"axis": -1}, REGRESSION),
    "r2": ("R2Score", {}, REGRESSION),
    "r2-columns": ("R2Score", {"class_aggregation": None}, REGRESSION),
    "r2-variance": ("R2Score", {"class_aggregation": "variance_weighted_average"}, REGRESSION),
    "r2-adjusted": ("R2Score", {"num_regressors": 2}, REGRESSION),
    "f1": ("F1Score", {}, CATEGORICAL),
    "f1-threshold": ("F1Score", {"threshold": 0.4, "average": "weighted"}, BINARY),
    "fbeta-micro": ("FBetaScore", {"beta": 2.0, "average": "micro"}, CATEGORICAL),
    "fbeta-macro": ("FBetaScore", {"beta": 0.5, "average": "macro", "threshold": 0.5}, BINARY),
    "true-positives": ("TruePositives", {}, BINARY),
    "true-negatives": ("TrueNegatives", {"thresholds": [0.25, 0.6]}, BINARY),
    "false-positives": ("FalsePositives", {"thresholds": [0.0, 0.5, 1.0]}, BINARY),
    "false-negatives": ("FalseNegatives", {"thresholds": 0.75}, COLUMN),
    "precision": ("Precision", {}, BINARY),
    "precision-thresholds": ("Precision", {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, BINARY),
    "precision-top-k": ("Precision", {"top_k": 2}, CATEGORICAL),
    "precision-top-k-class": ("Precision", {"top_k": 2, "class_id": 1}, CATEGORICAL),
    "recall": ("Recall", {"thresholds": [0.2, 0.5]}, BINARY),
    "recall-class": ("Recall", {"class_id": 2}, BINARY),
    "recall-ranks": ("Recall", {}, (COLUMN[0][:, 0], COLUMN[1])),
    "sensitivity": ("SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": 9}, BINARY),
    "sensitivity-one": ("SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": 1}, BINARY),
    "specificity": ("SpecificityAtSensitivity", {"sensitivity": 0.6}, BINARY),
    "precision-at-recall": ("PrecisionAtRecall", {"recall": 0.6, "class_id": 1}, BINARY),
    "recall-at-precision": ("RecallAtPrecision", {"precision": 0.6, "num_thresholds": 5}, BINARY),
    "iou": ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, REGIONS),
    "iou-ignore": ("IoU", {"num_classes": 4, "target_class_ids": [1, 2], "ignore_class": 0}, REGIONS),
    "iou-few": ("IoU", {"num_classes": 3, "target_class_ids": [1, 2], "dtype": "float32"}, REGIONS),
    "binary-iou": ("BinaryIoU", {"threshold": 0.25}, BINARY),
    "mean-iou": ("MeanIoU", {"num_classes": 6}, REGIONS),
    "mean-iou-scores": ("MeanIoU", {"num_classes": 4, "sparse_y_pred": False}, SPARSE_STEPS),
    "one-hot-iou": ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3]}, CATEGORICAL),
    "one-hot-mean-iou": ("OneHotMeanIoU", {"num_classes": 4}, (one_hot(6, 3, 4), SPARSE_STEPS[1])),
}
for _curve in ("ROC", "PR", "PRGAIN"):
    for _method in ("interpolation", "minoring", "majoring"):
        CASES[f"auc-{_curve}-{_method}"] = (
            "AUC",
            {"curve": _curve, "summation_method": _method, "num_thresholds": 9},
            BINARY,
        )
CASES |= {
    "auc": ("AUC", {}, COLUMN),
    "auc-labels": ("AUC", {"multi_label": True, "num_thresholds": 9}, BINARY),
    "auc-labels-pr": ("AUC", {"multi_label": True, "num_labels": 4, "curve": "PR", "num_thresholds": 9}, BINARY),
    "auc-labels-weights": (
        "AUC",
        {"multi_label": True, "label_weights": [1.0, 2.0, 0.0, 1.0], "num_thresholds": 9},
        BINARY,
    ),
    "auc-weights": ("AUC", {"label_weights": [1.0, 2.0, 0.0, 1.0], "num_thresholds": 9}, BINARY),
    "auc-thresholds": ("AUC", {"thresholds": [0.3, 0.1, 0.8]}, BINARY),
    "auc-thresholds-labels": ("AUC", {"thresholds": [0.3, 0.1, 0.8], "multi_label": True}, BINARY),
    "auc-logits": ("AUC", {"from_logits": True, "num_thresholds": 9}, LOGITS),
}
cases = pytest.mark.parametrize("case", CASES)


def pair(case):
    name, arguments, data = CASES[case]
    return getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments), data


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(a, "float32"), np.asarray(b, "float32"), rtol=tolerance, atol=tolerance)


def same_state(ours, theirs):
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    for a, b in zip(ours.variables, theirs.variables, strict=True):
        assert (a.shape, a.dtype) == (tuple(b.shape), b.dtype)
        close(a.value, b.value)


@cases
def test_results_and_variables_over_two_batches_equal_keras(case):
    ours, theirs, (y_true, y_pred) = pair(case)
    weights = positive(6)
    if "iou" in case:
        weights = positive(36) if case == "iou-few" else None
    for metric in (ours, theirs):
        metric.update_state(y_true, y_pred)
        metric.update_state(y_true[::-1], y_pred, sample_weight=weights)
    same_state(ours, theirs)
    a, b = ours.result(), theirs.result()
    assert a.shape == tuple(b.shape)
    close(a, b)
    ours.reset_state()
    assert all((np.asarray(v.value) == 0).all() for v in ours.variables)


@cases
def test_configs_equal_keras_and_make_the_same_again(case):
    ours, theirs, _ = pair(case)
    expected, config = theirs.get_config(), ours.get_config()
    if isinstance(expected.get("label_weights"), jax.Array):
        expected["label_weights"] = expected["label_weights"].tolist()
    forgotten = {"cosine-axis": {"axis"}}.get(case, set())
    assert {key: value for key, value in config.items() if key not in forgotten} == expected | {"name": ours.name}
    described = metrics.serialize(ours)
    assert described | {"config": None} == keras.metrics.serialize(theirs) | {"config": None}
    assert metrics.deserialize(described).get_config() == config
    assert ours._direction == getattr(theirs, "_direction", None)


@cases
def test_updates_and_results_can_be_traced_so_they_never_wait_for_the_device(case):
    ours, _, (y_true, y_pred) = pair(case)
    with StatelessScope():  # makes the variables that depend on shapes
        jax.eval_shape(ours.update_state, y_true, y_pred)
    before = [v.value for v in ours.variables]
    after = jax.eval_shape(ours.stateless_update_state, before, y_true, y_pred)
    assert [(x.shape, x.dtype) for x in after] == [(x.shape, x.dtype) for x in before]
    jax.eval_shape(ours.stateless_result, before)


@pytest.mark.parametrize("case", ["sparse-accuracy", "precision-top-k", "auc-labels", "r2", "iou", "f1", "mse"])
def test_updates_are_compiled_into_pure_functions(case):
    ours, _, (y_true, y_pred) = pair(case)
    expected = ours(y_true, y_pred)
    before = ours.stateless_reset_state()
    after = jax.jit(ours.stateless_update_state)(before, y_true, y_pred)
    close(jax.jit(ours.stateless_result)(after), expected)


@pytest.mark.parametrize("case", ["sparse-accuracy", "precision", "auc", "mse", "binary-iou", "rmse"])
def test_an_empty_batch_changes_nothing(case):
    ours, theirs, (y_true, y_pred) = pair(case)
    for metric in (ours, theirs):
        metric.update_state(y_true, y_pred)
    ours.update_state(y_true[:0], y_pred[:0])
    close(ours.result(), theirs.result())


@pytest.mark.parametrize("case", ["sparse-accuracy", "precision", "auc", "mse", "f1"])
@pytest.mark.parametrize("weights", [np.zeros(6, "float32"), np.ones((6, 1), "float32")], ids=["zero", "column"])
def test_unusual_weights_equal_keras(case, weights):
    if case == "f1" and weights.ndim == 2:
        weights = weights[:, 0]
    ours, theirs, data = pair(case)
    close(ours(*data, sample_weight=weights), theirs(*data, sample_weight=weights))
    same_state(ours, theirs)


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize(
    "case", ["auc", "auc-PR-interpolation", "auc-PRGAIN-minoring", "precision", "recall", "f1", "specificity"]
)
def test_one_class_absent_equals_keras(case, label):
    ours, theirs, (y_true, y_pred) = pair(case)
    y_true = np.full_like(y_true, label)
    close(ours(y_true, y_pred), theirs(y_true, y_pred))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", ["sparse-accuracy-steps", "scce-ignore", "mse"])
def test_masks_of_predictions_equal_keras(case, weighted):
    ours, theirs, (y_true, y_pred) = pair(case)
    mask = jnp.asarray(yes_or_no(*y_pred.shape[:-1])).astype(bool)
    a, b = jnp.array(y_pred), jnp.array(y_pred)
    set_mask(a, mask)
    b._keras_mask = mask
    weights = positive(6) if weighted and mask.ndim == 1 else None
    close(ours(y_true, a, weights), theirs(y_true, b, weights))


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ((), None),
        ((6,), None),
        ((6, 2), None),
        ((6, 2), (6,)),
        ((6, 2), (6, 1)),
        ((6, 2), (6, 2)),
        ((6,), ()),
        ((6, 1), (6,)),
    ],
)
def test_means_and_sums_equal_keras(name, values, weights):
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    values, weights = numbers(*values), None if weights is None else positive(*weights)
    for metric in (ours, theirs):
        metric.update_state(values)
        metric.update_state(values, sample_weight=weights)
    same_state(ours, theirs)
    close(ours.result(), theirs.result())


@pytest.mark.parametrize("name", ["Mean", "MeanSquaredError", "AUC", "F1Score"])
def test_dtypes_equal_keras(name):
    ours, theirs = getattr(metrics, name)(dtype="bfloat16"), getattr(keras.metrics, name)(dtype="bfloat16")
    data = (numbers(6),) if name == "Mean" else BINARY
    a, b = ours(*data), theirs(*data)
    assert (ours.dtype, a.dtype) == (theirs.dtype, b.dtype)
    close(a, b, 2e-2)


@pytest.mark.parametrize(
    "name", sorted(set(dir(keras.metrics)) & set(metrics.__all__) - {"get", "serialize", "deserialize"})
)
def test_functions_equal_keras(name):
    if name[0].isupper():
        assert issubclass(getattr(metrics, name), metrics.Metric)
        return
    y_true, y_pred = SPARSE if name.startswith("sparse") else CATEGORICAL
    arguments = {"k": 2} if "top_k" in name else {}
    a, b = (
        getattr(metrics, name)(y_true, y_pred, **arguments),
        getattr(keras.metrics, name)(y_true, y_pred, **arguments),
    )
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    close(a, b)


def test_names_are_those_of_keras():
    assert {name for name in dir(keras.metrics) if not name.startswith("_")} == set(metrics.__all__)
    for name, known in keras.src.metrics.ALL_OBJECTS_DICT.items():
        assert metrics._KNOWN[name].__name__ == known.__name__
    assert metrics.get("logcosh").name == "logcosh"
    assert metrics.get(None) is None


def test_metrics_of_losses_want_to_go_down():
    assert metrics.MeanMetricWrapper(losses.huber)._direction == "down"
    assert metrics.MeanMetricWrapper(abs)._direction is None
