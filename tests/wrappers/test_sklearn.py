"""Models as scikit-learn's estimators, held against scikit-learn's own checks."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from lamina import layers, models, wrappers


def network(X, y, loss, activation=None, units=(20,)):
    model = models.Sequential([layers.Input(X.shape[1:]), *(layers.Dense(n, activation="relu") for n in units)])
    model.add(layers.Dense(y.shape[1], activation=activation))
    model.compile("rmsprop", loss, run_eagerly=True)  # dozens of small models: compiling them would take minutes
    return model


def estimators():
    quiet = {"verbose": 0}
    return [
        wrappers.SKLearnClassifier(
            network, model_kwargs={"loss": "categorical_crossentropy", "activation": "softmax"}, fit_kwargs=quiet
        ),
        wrappers.SKLearnRegressor(network, model_kwargs={"loss": "mse"}, fit_kwargs=quiet),
        wrappers.SKLearnTransformer(network, model_kwargs={"loss": "mse"}, fit_kwargs=quiet),
    ]


# Keras's own list for the classifier has five more: here `random_state` makes fits repeatable.
EXPECTED = {
    "SKLearnClassifier": {
        "check_classifiers_train": "decision_function gives an output for each class, as Keras's, also for two",
        "check_classifiers_classes": "the same, for two classes",
        "check_classifiers_one_label_sample_weights": "samples of weight 0 still say which classes there are",
    },
}


def checks():
    for estimator in estimators():
        failing = EXPECTED.get(type(estimator).__name__)
        yield from estimator_checks_generator(estimator, expected_failed_checks=failing, mark="xfail")


def name(value):
    """Without the address of a function, which scikit-learn's own names have: workers must agree on them."""
    return type(value).__name__ if hasattr(value, "fit") else value.func.__name__


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(checks()), ids=name)
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    return sklearn.datasets.make_classification(200, 10, n_informative=5, n_classes=3, random_state=0)


def classifier(**kwargs):
    kwargs = {"fit_kwargs": {"epochs": 3, "verbose": 0}, "random_state": 0, **kwargs}
    return wrappers.SKLearnClassifier(
        network, model_kwargs={"loss": "categorical_crossentropy", "activation": "softmax"}, **kwargs
    )


def test_labels_of_any_kind_come_back(data):
    X, y = data
    names = np.array(["cat", "dog", "owl"])[y]
    estimator = classifier().fit(X, names)
    assert estimator.classes_.tolist() == ["cat", "dog", "owl"]
    predicted = estimator.predict(X)
    np.testing.assert_array_equal(predicted, estimator.classes_[estimator.decision_function(X).argmax(-1)])
    assert estimator.score(X, names) > 0.4
    assert estimator.epoch_ == 3


def test_a_random_state_repeats_a_fit_and_leaves_the_other_random_numbers_alone(data):
    np.random.seed(7)
    expected = np.random.rand()
    np.random.seed(7)
    first, second = (classifier().fit(*data).decision_function(data[0]) for _ in range(2))
    assert np.random.rand() == expected
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, classifier(random_state=1).fit(*data).decision_function(data[0]))


def test_a_model_is_cloned_for_every_fit_unless_it_starts_warm(data):
    X, y = data
    model = network(X, y.reshape(-1, 1), "mse")
    before = model.get_weights()
    estimator = wrappers.SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(X, y)
    assert estimator.model_ is not model
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    warm = wrappers.SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0})
    assert warm.fit(X, y).model_ is warm.fit(X, y).model_ is model


def test_arguments_of_fit_go_first_and_are_not_remembered(data):
    estimator = classifier()
    assert estimator.fit(*data, epochs=1).epoch_ == 1
    assert estimator.fit(*data).epoch_ == 3
    assert clone(estimator).fit_kwargs == estimator.fit_kwargs


def test_several_targets_have_a_column_each(data):
    X, _ = data
    estimator = wrappers.SKLearnRegressor(network, model_kwargs={"loss": "mse"}, fit_kwargs={"verbose": 0})
    assert estimator.fit(X, X[:, :2]).predict(X).shape == (len(X), 2)
    assert estimator.fit(X, X[:, 0]).predict(X).shape == (len(X),)


def test_a_transformer_and_a_search_work_in_pipelines(data):
    transformer = wrappers.SKLearnTransformer(network, model_kwargs={"loss": "mse"}, fit_kwargs={"verbose": 0})
    pipeline = make_pipeline(StandardScaler(), transformer, sklearn.linear_model.LogisticRegression())
    assert pipeline.fit(*data).predict(data[0]).shape == data[1].shape
    choices = [{"epochs": epochs, "verbose": 0} for epochs in (1, 2)]
    assert GridSearchCV(classifier(), {"fit_kwargs": choices}, cv=2).fit(*data).best_params_["fit_kwargs"] in choices


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (np.zeros(200), "only one class"),
        (np.linspace(0, 1, 200), "Only binary and multiclass"),
    ],
)
def test_targets_that_are_no_classes_are_refused(data, y, text):
    with pytest.raises(ValueError, match=text):
        classifier().fit(data[0], y)


def test_a_model_must_be_compiled(data):
    with pytest.raises(RuntimeError, match="needs to be compiled"):
        wrappers.SKLearnRegressor(models.Sequential([layers.Dense(1)])).fit(*data)


def test_metadata_routing_must_be_enabled():
    with pytest.raises(RuntimeError, match="metadata routing"):
        classifier().set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        requests = classifier().set_fit_request(sample_weight=True).get_metadata_routing()
    assert requests.fit.requests["sample_weight"] is True


def test_without_scikit_learn_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['sklearn'] = None\nimport lamina.wrappers\n"
        "try: lamina.wrappers.SKLearnRegressor\nexcept ImportError as error: print(error)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "lamina[sklearn]" in output
