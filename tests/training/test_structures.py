"""Losses, metrics, labels and weights of models whose outputs have a structure, beside Keras's."""

from collections import namedtuple

import keras
import numpy as np
import pytest
from keras.src.trainers import compile_utils

import lamina
from lamina.core.tensor import KerasTensor
from lamina.training.objective import CompileLoss
from lamina.training.scores import CompileMetrics

Point = namedtuple("Point", ["x", "y"])
_rng = np.random.default_rng(0)
A, B, C, D = (_rng.normal(size=(4, 2)).astype("float32") for _ in range(4))
LABELS = {id(array): _rng.normal(size=(4, 2)).astype("float32") for array in (A, B, C, D)}
PAIR = [A, B]
TWO = {"p": A, "q": B}
DEEP = {"p": [A, B], "q": {"r": C}}
NAMED = {"p": Point(A, B), "q": C}
LISTS = [[A], [B, C]]


def map_arrays(function, structure):
    return keras.tree.map_structure(lambda x: x if x is None else function(x), structure)


def labels(structure):
    return map_arrays(lambda x: LABELS[id(x)], structure)


def group_loss(y_true, y_pred):
    return (y_true[0] - y_pred[0])[:, 0] ** 2 + abs(y_true[1] - y_pred[1])[:, 0]


def dict_loss(y_true, y_pred):
    return group_loss([y_true[key] for key in sorted(y_true)], [y_pred[key] for key in sorted(y_pred)])


# outputs, labels, loss, weights of the losses, names of the outputs, sample weights
WEIGHTS = np.array([1.0, 0.0, 2.0, 1.0], "float32")
LOSSES = {
    "one for all": (PAIR, PAIR, "mse", None, ["a", "b"], None),
    "a list": (PAIR, PAIR, ["mse", "mae"], [1.0, 0.5], ["a", "b"], WEIGHTS),
    "a dict by names": (PAIR, PAIR, {"b": "mse", "a": "mae"}, {"b": 3.0, "a": 1.0}, ["a", "b"], None),
    "labels by names": (PAIR, {"b": B, "a": A}, ["mse", "mae"], None, ["a", "b"], None),
    "outputs without names": (PAIR, PAIR, ["mse", "mae"], None, None, None),
    "a tuple for a list": (PAIR, (A, B), ("mse", "mae"), None, ["a", "b"], None),
    "None": (PAIR, [A, B], ["mse", None], None, ["a", "b"], None),
    "labels for those with a loss": (PAIR, [B], [None, "mse"], None, ["a", "b"], None),
    "one label": (PAIR, B, [None, "mse"], None, ["a", "b"], None),
    "keys": (TWO, TWO, {"p": "mse", "q": "mae"}, None, ["p", "q"], {"p": WEIGHTS, "q": WEIGHTS[::-1]}),
    "keys, other names": (TWO, TWO, {"p": "mse", "q": "mae"}, None, ["dense", "dense_1"], None),
    "keys in part": (TWO, {"p": A}, {"p": "mse"}, None, ["p", "q"], None),
    "keys in part, all labels": (TWO, TWO, {"q": "mse"}, None, ["p", "q"], None),
    "a list for keys": (TWO, PAIR, ["mse", "mae"], None, ["p", "q"], None),
    "deep": (DEEP, DEEP, {"p": ["mse", "mae"], "q": {"r": "mae"}}, {"p": [1, 2.0], "q": {"r": 0.5}}, None, None),
    "deep, one for all": (DEEP, DEEP, "mse", None, ["a", "b", "c"], WEIGHTS),
    "deep, flat labels and losses": (DEEP, [A, B, C], ["mse", "mae", "mse"], [1.0, 2.0, 3.0], None, None),
    "deep in part": (DEEP, DEEP, {"p": ["mse", "mae"]}, None, None, None),
    "deep in part, labels too": (DEEP, {"q": {"r": C}}, {"q": {"r": "mse"}}, None, None, None),
    "a group": (DEEP, DEEP, {"p": group_loss}, None, None, None),
    "all, and each": (PAIR, PAIR, (group_loss, ["mse", "mae"]), None, ["a", "b"], WEIGHTS),
    "all, and each, weighted": (PAIR, PAIR, (group_loss, ["mse", "mae"]), (2.0, [0.5, 3.0]), ["a", "b"], None),
    "all of a dict, and one": (TWO, TWO, [dict_loss, {"q": "mse"}], [2.0, {"q": 0.5}], ["p", "q"], None),
    "a group twice, and a part": (DEEP, DEEP, {"p": (group_loss, [None, "mse"], group_loss)}, None, list("abc"), None),
    "two of one output": (PAIR, PAIR, ["mse", ["mae", "mse"]], None, ["a", "b"], None),
    "a list for a dict inside": ({"p": TWO}, {"p": TWO}, {"p": ["mse", "mae"]}, {"p": [1.0, 2.0]}, ["a", "b"], None),
    "a group in a list": ([PAIR, C], [PAIR, C], [group_loss, "mse"], None, list("abc"), None),
    "a namedtuple": (NAMED, NAMED, {"p": Point("mse", "mae"), "q": "mse"}, None, ["a", "b", "c"], None),
    "lists of lists": (LISTS, LISTS, [["mse"], ["mae", "mse"]], None, None, None),
    "tuples for lists": (LISTS, ([A], (B, C)), [("mse",), ("mae", "mse")], None, None, None),
    "weights that are arrays": (TWO, TWO, "mse mse", {"p": np.ones(2), "q": np.zeros(2)}, ["p", "q"], None),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_keras_for(name):
    outputs, given, loss, weights, names, sample_weight = LOSSES[name]
    loss = {"p": "mse", "q": "mse"} if loss == "mse mse" else loss
    values = []
    for make in (compile_utils.CompileLoss, CompileLoss):
        objective = make(loss, weights, output_names=names)
        objective(labels(given), outputs, sample_weight)  # builds
        total = np.asarray(objective(labels(given), outputs, sample_weight))
        values.append((total, {metric.name: float(metric.result()) for metric in objective.metrics}))
    np.testing.assert_allclose(values[1][0], values[0][0], rtol=1e-6)
    assert list(values[1][1]) == list(values[0][1])
    np.testing.assert_allclose(list(values[1][1].values()), list(values[0][1].values()), rtol=1e-6)


METRICS = {
    "a list": (PAIR, PAIR, [["mae", "mse"], ["mae"]], ["a", "b"]),
    "flat": (PAIR, PAIR, ["mae", "mse"], ["a", "b"]),
    "by names in part": (PAIR, PAIR, {"b": ["mae", "mae"]}, ["a", "b"]),
    "without names": (PAIR, PAIR, [["mae"], ["mae", "mse"]], None),
    "None": (PAIR, PAIR, [None, "mae"], ["a", "b"]),
    "keys": (TWO, TWO, {"q": ["mae"], "p": ["mse"]}, ["dense", "dense_1"]),
    "keys in the model's order": (TWO, TWO, {"q": ["mae"], "p": ["mse"]}, ["q", "p"]),
    "deep": (DEEP, DEEP, {"p": ["mae", ["mse", "mae"]], "q": {"r": "mae"}}, ["a", "b", "c"]),
    "deep without names": (DEEP, DEEP, {"p": ["mae", "mse"], "q": {"r": ["mae"]}}, None),
    "one output": (A, A, {"anything": ["mae", "mse"]}, ["a"]),
    "one output, nested": (A, A, [["mae"], ["mse"]], ["a"]),
}


@pytest.mark.parametrize("name", METRICS)
def test_metrics_are_those_of_keras_for(name):
    outputs, given, metrics, names = METRICS[name]
    results = []
    for make in (compile_utils.CompileMetrics, CompileMetrics):
        scores = make(metrics, metrics, output_names=names)
        scores.update_state(labels(given), outputs, sample_weight=WEIGHTS)
        results.append({key: float(value) for key, value in scores.result().items()})
    assert list(results[1]) == list(results[0])
    np.testing.assert_allclose(list(results[1].values()), list(results[0].values()), rtol=1e-6)


REFUSED = {
    "an unknown name": (PAIR, PAIR, {"a": "mse", "c": "mse"}, None, "can't be found in either the model's output"),
    "an unknown path": (DEEP, DEEP, {"p": {"z": "mse"}}, None, "can't be found in either the model's output"),
    "too many losses": (PAIR, PAIR, ["mse"] * 3, None, "can't be found in either the model's output"),
    "two losses of one output": (A, A, ["mse", "mae"], None, "can't be found in either the model's output"),
    "labels for one of two": (PAIR, [A], "mse", None, "y_true and y_pred have different structures"),
    "one label for two": (PAIR, A, "mse", None, "y_true and y_pred have different structures"),
    "labels by other names": (PAIR, {"a": A, "c": B}, "mse", None, "y_true and y_pred have different structures"),
    "labels of another depth": (DEEP, [[A], B, C], "mse", None, "y_true and y_pred have different structures"),
    "too many weights": (PAIR, PAIR, "mse", [1.0, 2.0, 3.0], "must match the number of losses"),
    "one weight of two": (DEEP, DEEP, {"p": ["mse", "mae"]}, [1.0], "must match the number of losses"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_as_in_keras(name):
    outputs, given, loss, weights, text = REFUSED[name]
    with pytest.raises(ValueError, match=text) as error:
        CompileLoss(loss, weights, ["a", "b"]).build(*(map_arrays(_spec, part) for part in (given, outputs)))
    assert isinstance(error.value, KeyError), "Keras raises a KeyError for some of these"
    assert len(str(error.value).splitlines()) == 3


def _spec(array):
    return KerasTensor(array.shape, array.dtype)


@pytest.mark.parametrize("metrics", [["mae"], {"c": "mae"}, ["mae"] * 3])
def test_metrics_that_do_not_fit_are_refused(metrics):
    with pytest.raises(ValueError, match="Invalid `metrics`"):
        CompileMetrics(metrics, None, ["a", "b"]).build(labels(PAIR), PAIR)


def test_part_of_a_models_losses_may_be_given_by_name():
    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, [lamina.layers.Dense(2, name="a")(inputs), lamina.layers.Dense(2, name="b")(inputs)])
    model.compile("sgd", loss={"b": "mse"}, metrics={"b": ["mae"]})
    x, before = np.ones((4, 3), "float32"), model.get_weights()
    history = model.fit(x, {"b": A}, epochs=2, verbose=0).history
    moved = [bool((old != new).any()) for old, new in zip(before, model.get_weights(), strict=True)]
    assert sorted(history) == ["b_mae", "loss"]
    assert history["loss"][1] < history["loss"][0]
    assert moved == [False, False, True, True]


@pytest.mark.parametrize("y", [{"b": A}, {"a": None, "b": A}, [None, A]], ids=["left out", "None", "None in a list"])
@pytest.mark.parametrize("scored", [{"loss": "mse"}, {"loss": {"b": "mse"}, "metrics": {"a": "mae"}}], ids=list)
def test_an_output_with_a_loss_or_a_metric_wants_labels(y, scored):
    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, [lamina.layers.Dense(2, name="a")(inputs), lamina.layers.Dense(2, name="b")(inputs)])
    model.compile("sgd", **scored)
    x, before = np.ones((4, 3), "float32"), model.get_weights()
    for method in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
        options = {"verbose": 0} if method in ("fit", "evaluate") else {}
        with pytest.raises(ValueError, match=r"L313.*there are no labels for 'a'.*loss or metrics"):
            getattr(model, method)(x, y, **options)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_a_named_tuple_goes_through_fit():
    inputs = lamina.Input((3,))
    outputs = Point(lamina.layers.Dense(2, name="a")(inputs), lamina.layers.Dense(2, name="b")(inputs))
    model = lamina.Model(inputs, outputs)
    model.compile("sgd", loss=[group_loss, Point("mse", None)])
    history = model.fit(np.ones((4, 3), "float32"), Point(A, B), verbose=0).history
    assert sorted(history) == ["a_b_loss", "a_loss", "loss"]
    assert history["loss"][0] == pytest.approx(history["a_b_loss"][0] + history["a_loss"][0])


def test_own_losses_and_metrics_may_compare_parts_of_one_output():
    class Halves(lamina.Model):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return super().compute_loss(x, y, [y_pred[:, :1], y_pred[:, 1:]], sample_weight, training)

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return super().compute_metrics(x, y, [y_pred[:, :1], y_pred[:, 1:]], sample_weight)

    inputs = lamina.Input((3,))
    model = Halves(inputs, lamina.layers.Dense(2, kernel_initializer="ones", name="a")(inputs))
    model.compile("sgd", loss=["mse", "mae"], metrics=[["mae"], ["mse"]])
    x, y = np.ones((4, 3), "float32"), [np.zeros((4, 1)), np.ones((4, 1))]
    history = model.fit(x, y, verbose=0).history
    assert {name: values[0] for name, values in history.items()} == {
        "loss": 11.0,
        "mse_loss": 9.0,
        "mae_loss": 2.0,
        "mae": 3.0,
        "mse": 4.0,
    }


@pytest.mark.parametrize("library", [keras, lamina], ids=lambda library: library.__name__)
def test_a_fit_with_deep_outputs_reports_every_part(library):
    class Deep(library.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = (library.layers.Dense(2, kernel_initializer="ones") for _ in range(2))

        def call(self, x):
            return {"p": [self.first(x), self.second(x)], "q": {"r": self.first(x)}}

    model = Deep()
    model.compile("sgd", {"p": ["mse", "mae"], "q": {"r": "mae"}}, metrics={"p": ["mae", "mse"], "q": {"r": ["mae"]}})
    x, y = np.ones((4, 3), "float32"), labels(DEEP)
    history = model.fit(x, y, verbose=0, validation_data=(x, y)).history
    parts = ["loss", "mae", "mae_1", "mse", "p/mae_loss", "p/mse_loss", "q/r_loss"]
    assert sorted(history) == [*parts, *(f"val_{part}" for part in parts)]
