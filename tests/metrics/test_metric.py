"""What every metric can do: own variables, be bound to other values, be merged, be named."""

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses, metrics
from lamina.core import config
from lamina.core.errors import LaminaWarning
from lamina.core.names import reset_names
from lamina.core.registry import register_keras_serializable
from lamina.core.variable import Variable


def make_pair(module):
    """The same metric, with metrics inside it, on both libraries."""

    class Pair(module.Metric):
        def __init__(self):
            super().__init__(name="pair")
            self.inner = [module.Mean(name="a"), module.Sum(name="b")]
            self.seen = self.add_weight(name="seen", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen.assign(self.seen + 1)
            for metric in self.inner:
                metric.update_state(y_pred - y_true, sample_weight)

        def result(self):
            return {"mean": self.inner[0].result(), "sum": self.inner[1].result()}

    return Pair()


def test_variables_of_metrics_inside_come_last_as_in_keras():
    ours, theirs = make_pair(metrics), make_pair(keras.metrics)
    for metric in (ours, theirs):
        metric.update_state(jnp.ones(3), jnp.arange(3.0))
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    np.testing.assert_allclose([*ours.variables], [np.asarray(v) for v in theirs.variables])
    np.testing.assert_allclose(list(ours.result().values()), list(theirs.result().values()))


def test_variables_of_a_plain_metric_have_the_paths_of_keras():
    ours, theirs = metrics.Precision(name="a/b"), keras.metrics.Precision(name="a/b")
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    assert [v.aggregation for v in ours.variables] == [v.aggregation for v in theirs.variables]


def test_a_variable_assigned_to_an_attribute_is_owned():
    metric = metrics.Metric(name="m")
    metric.state = Variable(np.zeros(2))
    metric.state = metric.state
    assert metric.variables == [metric.state]


def test_unnamed_metrics_are_numbered():
    reset_names()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.IoU(2, [0]).name] == ["auc", "auc_1", "io_u"]


def test_a_forgotten_super_call_is_said():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.state = 1

    with pytest.raises(RuntimeError, match="super"):
        Forgetful().add_weight(name="w")
    with pytest.raises(RuntimeError, match="super"):
        Forgetful()()


def test_stateless_functions_leave_the_metric_as_it_is():
    metric = metrics.Mean()
    start = metric.stateless_reset_state()
    after = metric.stateless_update_state(start, [2.0, 4.0])
    assert float(metric.stateless_result(after)) == 3.0
    assert float(metric.result()) == 0.0


def test_a_wrong_number_of_values_is_a_value_error():
    for call in (metrics.Mean().stateless_result, lambda values: metrics.Mean().stateless_update_state(values, [1.0])):
        with pytest.raises(ValueError, match="1:1"):
            call([jnp.zeros(())])


def test_merged_metrics_give_the_result_of_all_batches():
    first, second, both = metrics.AUC(), metrics.AUC(), metrics.AUC()
    batches = [([0, 1, 1], [0.1, 0.4, 0.9]), ([1, 0, 0], [0.3, 0.6, 0.2])]
    first.update_state(*batches[0])
    second.update_state(*batches[1])
    for batch in batches:
        both.update_state(*batch)
    first.merge_state([second])
    np.testing.assert_allclose(first.result(), both.result())


def test_a_wrapped_function_has_the_config_of_keras():
    ours = metrics.MeanMetricWrapper(losses.huber, name="h", delta=0.5)
    theirs = keras.metrics.MeanMetricWrapper(keras.losses.huber, name="h", delta=0.5)
    assert ours.get_config() == theirs.get_config()
    again = metrics.deserialize(metrics.serialize(ours))
    assert again.get_config() == ours.get_config()


def test_a_metric_of_ones_own_is_found_by_its_registered_name():
    @register_keras_serializable("tests")
    class Third(metrics.Mean):
        pass

    assert isinstance(metrics.get("tests>Third"), Third)
    assert isinstance(metrics.deserialize(metrics.serialize(Third())), Third)


@pytest.mark.parametrize("identifier", ["presicion", 3, {"class_name": "Presicion", "config": {}}])
def test_an_unknown_metric_is_a_value_error(identifier):
    with pytest.raises(ValueError, match="Could not interpret metric identifier"):
        metrics.get(identifier)


def test_an_unknown_metric_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError, match="Did you mean 'precision'"):
        metrics.get("presicion")


BAD = [
    ("AUC", {"num_thresholds": 1}),
    ("AUC", {"curve": "PRC"}),
    ("AUC", {"summation_method": "middle"}),
    ("AUC", {"num_labels": 2}),
    ("Precision", {"thresholds": [0.5, 1.5]}),
    ("TruePositives", {"thresholds": -1}),
    ("SensitivityAtSpecificity", {"specificity": 2}),
    ("SpecificityAtSensitivity", {"sensitivity": -1}),
    ("PrecisionAtRecall", {"recall": 2}),
    ("RecallAtPrecision", {"precision": 0.5, "num_thresholds": 0}),
    ("IoU", {"num_classes": 2, "target_class_ids": [2]}),
    ("FBetaScore", {"average": "mean"}),
    ("FBetaScore", {"beta": 1}),
    ("FBetaScore", {"beta": -1.0}),
    ("F1Score", {"threshold": 1}),
    ("F1Score", {"threshold": 2.0}),
    ("R2Score", {"class_aggregation": "sum"}),
    ("R2Score", {"num_regressors": -1}),
]


@pytest.mark.parametrize(("name", "arguments"), BAD)
def test_bad_arguments_are_value_errors_as_in_keras(name, arguments):
    for module in (metrics, keras.metrics):
        with pytest.raises(ValueError):
            getattr(module, name)(**arguments)


@pytest.mark.parametrize(
    ("metric", "shape"),
    [
        (metrics.F1Score(), (3,)),
        (metrics.R2Score(), (3, 2, 2)),
        (metrics.AUC(multi_label=True), (3,)),
        (metrics.Precision(class_id=1), (3,)),
    ],
    ids=lambda x: str(x),
)
def test_bad_shapes_are_value_errors(metric, shape):
    with pytest.raises(ValueError, match=r"2D|rank 2"):
        metric.update_state(np.ones(shape), np.ones(shape))


def test_fractional_weights_of_an_integer_count_are_warned_of():
    metric = metrics.MeanIoU(2, name="iou")
    with pytest.warns(LaminaWarning, match=r"L331.*dtype='float32'"):
        metric.update_state([0, 1], [0, 1], sample_weight=[0.5, 1.5])


def test_too_few_values_for_an_adjusted_r2_are_warned_of_and_fall_back():
    ours, plain = metrics.R2Score(num_regressors=5), metrics.R2Score()
    y_true, y_pred = np.arange(4.0).reshape(4, 1), np.arange(4.0).reshape(4, 1) ** 2
    ours.update_state(y_true, y_pred)
    with pytest.warns(LaminaWarning, match="L332"):
        result = ours.result()
    np.testing.assert_allclose(result, plain(y_true, y_pred))


def test_a_metric_takes_the_default_float():
    config.set_floatx("bfloat16")
    try:
        assert metrics.Mean().dtype == "bfloat16"
    finally:
        config.set_floatx("float32")
