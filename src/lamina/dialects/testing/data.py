"""Data and names for parametrized tests."""

import itertools

import numpy as np


def get_test_data(train_samples, test_samples, input_shape, num_classes, random_seed=None):
    """Return (x, y) for training and (x, y) for testing: classes that a small model can tell apart.

    Args:
        train_samples, test_samples: sizes [count].
        input_shape: shape of one sample.
        num_classes: number of classes [count].
        random_seed: seed of NumPy's generator.
    """
    rng = np.random.default_rng(random_seed)
    centres = 2 * num_classes * rng.random((num_classes, *input_shape))

    def draw(samples):
        labels = rng.permutation(np.arange(samples) % num_classes)
        return (centres[labels] + rng.normal(size=(samples, *input_shape))).astype("float32"), labels

    return draw(train_samples), draw(test_samples)


def named_product(*cases, **values):
    """Return every combination of cases and values, named, for `parameterized.named_parameters`.

    Args:
        cases: lists of dicts that have a "testcase_name".
        values: for an argument, the values it takes.
    Example:
        >>> [case["testcase_name"] for case in named_product(bias=[True, False], kind=[int])]
        ['true_int', 'false_int']
    """
    columns = [*cases]
    for argument, choices in values.items():
        columns.append([{"testcase_name": _name(choice), argument: choice} for choice in choices])
    return [_merge(parts) for parts in itertools.product(*columns)]


def _merge(parts):
    merged = {key: value for part in parts for key, value in part.items()}
    return {**merged, "testcase_name": "_".join(part["testcase_name"] for part in parts)}


def _name(value):
    return getattr(value, "__name__", str(value)).lower()
