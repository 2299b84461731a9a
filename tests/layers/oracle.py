"""The oracle of the layer tests: one layer, made by Keras and by Lamina from the same arguments, side by side.

A row of a test's table is a `case`; `each` runs a test over the rows:

    CASES = [
        case("Dense", (2, 3), units=4, activation="relu"),
        case("Dropout", (2, 3), rate=0.5).when(call={"training": False}, known=()),
    ]

    @each(CASES)
    def test_outputs_equal_those_of_keras(case):
        case.check_outputs()
"""

import dataclasses
import importlib
import json
import pathlib
import types
import warnings
import zlib
from unittest import mock

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.backend.common.tensor_attributes import set_tensor_attr
from keras.src.initializers import random_initializers

import lamina
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor

# Keras draws weights with a program that is compiled for every shape; the tests replace the weights anyway.
CHEAP = dict.fromkeys(("uniform", "normal", "truncated_normal"), lambda shape, *_, dtype, **__: np.zeros(shape, dtype))
CHEAP_RANDOM = types.SimpleNamespace(**{**vars(random_initializers.random), **CHEAP})

TOLERANCES = {"float64": 1e-10, "float32": 1e-5, "bfloat16": 3e-2, "float16": 3e-3}


@dataclasses.dataclass(frozen=True)
class Case:
    """One layer with its arguments and its inputs.

    Args:
        layer: name of the class.
        inputs: the first argument of the call: an array, a shape (for a random array), or a structure of them.
        kwargs: constructor arguments. Layers among them, or in lists, are written as Cases without inputs.
        call: further arguments of the call.
        mask: boolean array that travels with the first input.
        known: axes whose size stays known when shapes with unknown sizes are compared; None leaves that out.
        weights: False keeps the weights as the layer makes them, else random ones are given to both layers.
        tolerance: relative and absolute; by default that of the output's dtype.
    """

    layer: str
    inputs: object = None
    kwargs: dict = dataclasses.field(default_factory=dict)
    call: dict = dataclasses.field(default_factory=dict)
    mask: object = None
    known: tuple | None = (-1,)
    weights: bool = True
    tolerance: float | None = None

    def when(self, **changes):
        """Return the case with other values of its fields."""
        return dataclasses.replace(self, **changes)

    def __str__(self):
        arguments = [*(f"{key}={value}" for key, value in {**self.kwargs, **self.call}.items()), self._inputs_shown()]
        masked = ", masked" if self.mask is not None else ""
        return f"{self.layer}({', '.join(filter(None, arguments))}{masked})".replace("::", ":")

    __repr__ = __str__

    def _inputs_shown(self):
        def show(x):
            return f"{x.dtype}{list(x.shape)}" if isinstance(x, np.ndarray) else str(list(x))

        return ", ".join(show(x) for x in _leaves(self.inputs) if x is not None)

    # --- making ------------------------------------------------------------------------------------------------

    def make(self, library):
        """Make the layer of `library`, keras or lamina."""
        kwargs = _map(lambda x: x.make(library) if isinstance(x, Case) else x, self.kwargs)
        return getattr(library.layers, self.layer)(**{"name": "layer", **kwargs})

    def arrays(self):
        """Return the inputs as NumPy arrays, the same ones each time."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        return _map(lambda x: x if isinstance(x, np.ndarray) else rng.standard_normal(x).astype("float32"), self.inputs)

    def pair(self):
        """Return the layers of Keras and Lamina, built, with the same weights."""
        ours, theirs = self.make(lamina), self.make(keras)
        self._call_symbolic(ours, KerasTensor, np.shape)
        self._call_symbolic(theirs, keras.KerasTensor, np.shape)
        assert [(w.name, tuple(w.shape), _dtype(w), w.trainable) for w in ours.weights] == [
            (w.name, tuple(w.shape), _dtype(w), w.trainable) for w in theirs.weights
        ]
        if self.weights:
            rng = np.random.default_rng(1)
            theirs.set_weights([_random_weight(rng, w) for w in theirs.weights])
        ours.set_weights(weights_of(theirs))
        return ours, theirs

    # --- checking ----------------------------------------------------------------------------------------------

    def check_outputs(self):
        """Compare outputs, their masks, and what the call left in the weights."""
        ours, theirs = self.pair()
        given, wanted = self._run(ours, set_mask), self._run(theirs, _set_keras_mask)
        assert_same(given, wanted, self.tolerance)
        assert_same([get_mask(x) for x in _leaves(given)], [getattr(x, "_keras_mask", None) for x in _leaves(wanted)])
        assert_same(weights_of(ours), weights_of(theirs), self.tolerance)

    def _run(self, layer, attach):
        return self._call(layer, _map(jnp.asarray, self.arrays()), attach)

    def _call(self, layer, inputs, attach):
        if self.mask is not None:
            attach(_leaves(inputs)[0], jnp.asarray(self.mask))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "destroys the mask", said by both
            return layer(inputs, **self.call)

    def check_gradients(self):
        """Compare the gradients of a random weighting of the outputs by all float inputs and trainable weights."""
        (_, given), (_, wanted) = self._differentiated()
        assert_same(given, wanted, self.tolerance or 1e-4)
        assert all(np.any(np.asarray(g, "float32")) for g in wanted), "a gradient of zeros compares nothing"

    def check_outputs_and_gradients(self):
        """Compare both from one compiled program, gradients by their largest value: small dtypes keep no more."""
        (outputs, given), (wanted_outputs, wanted) = self._differentiated()
        assert_same(outputs, wanted_outputs, self.tolerance)
        scales = [np.abs(_numbers(g)).max(initial=1e-30) for g in wanted]
        assert [(g.shape, _dtype(g)) for g in given] == [(g.shape, _dtype(g)) for g in wanted]
        assert_same(
            *([_numbers(g) / s for g, s in zip(gs, scales, strict=True)] for gs in (given, wanted)), self.tolerance
        )

    def _differentiated(self):
        """Return the outputs and the gradients of Lamina's layer and of Keras's."""
        ours, theirs = self.pair()
        return (
            self._gradients(ours, lamina.StatelessScope, set_mask),
            self._gradients(theirs, keras.StatelessScope, _set_keras_mask),
        )

    def _gradients(self, layer, scope, attach):
        inputs = _map(jnp.asarray, self.arrays())
        variables = layer.trainable_variables

        def loss(trainable, inputs):
            with scope(list(zip(variables, trainable, strict=True))):
                outputs = self._call(layer, inputs, attach)
            rng = np.random.default_rng(2)
            floats = [y for y in _leaves(outputs) if jnp.issubdtype(y.dtype, jnp.floating)]
            total = sum(jnp.sum(y * rng.standard_normal(y.shape).astype(y.dtype)).astype("float32") for y in floats)
            return total, _leaves(outputs)

        floating = all(jnp.issubdtype(x.dtype, jnp.floating) for x in _leaves(inputs))
        differentiate = jax.jit(jax.grad(loss, (0, 1) if floating else 0, has_aux=True))
        gradients, outputs = differentiate([v.value for v in variables], inputs)
        return outputs, jax.tree_util.tree_leaves(gradients)

    def check_symbolic(self):
        """Compare output shapes of symbolic calls with an unknown batch, and with all sizes but the known unknown."""
        shapes = [lambda x: (None, *x.shape[1:])]
        if self.known is not None:
            shapes.append(self._unknown_but_known)
        eager = self._run(self.make(lamina), set_mask)
        for shape in shapes:
            ours, theirs = self.make(lamina), self.make(keras)
            given = self._call_symbolic(ours, KerasTensor, shape)
            wanted = self._call_symbolic(theirs, keras.KerasTensor, shape)
            assert [x.shape for x in _leaves(given)] == [tuple(x.shape) for x in _leaves(wanted)]
            assert [x.dtype for x in _leaves(given)] == [_dtype(x) for x in _leaves(eager)]

    def _call_symbolic(self, layer, tensor, shape):
        inputs = _map(lambda x: tensor(shape(x), str(x.dtype)), self.arrays())
        with mock.patch.object(random_initializers, "random", CHEAP_RANDOM):
            return layer(inputs, **self.call)

    def _unknown_but_known(self, x):
        known = {axis % x.ndim for axis in self.known}
        return tuple(size if axis in known else None for axis, size in enumerate(x.shape))

    def check_config(self):
        """Compare the configs, before and after building, and that Lamina reads both."""
        ours, theirs = self.make(lamina), self.make(keras)
        assert as_json(ours.get_config()) == as_json(theirs.get_config())
        if self.inputs is not None:
            ours, theirs = self.pair()
            assert as_json(ours.get_config()) == as_json(theirs.get_config())
        again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
        assert as_json(again.get_config()) == as_json(theirs.get_config())


def case(layer, inputs=None, /, **kwargs):
    """Return the Case of a layer class, its inputs and its constructor arguments."""
    return Case(layer, inputs, kwargs)


def each(cases):
    """Run a test with the argument `case` for each of the cases."""
    return pytest.mark.parametrize("case", cases, ids=str)


def cases_by_layer():
    """Return the cases of the tables of all test modules beside this one, as lists under the names of their layers."""
    found = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.layers.{path.stem}")
        for value in vars(module).values():
            for item in [value] if isinstance(value, Case) else _members(value):
                found.setdefault(item.layer, []).append(item)
    return found


def _members(value):
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in values if isinstance(item, Case)]


def as_json(config):
    """Return what is left of a config in a file, numbers as far as float32 holds them."""
    return json.loads(json.dumps(config), parse_float=lambda x: float(f"{float(x):.6g}"))


def weights_of(layer):
    """Return the values of a layer's weights."""
    return [np.asarray(w.value) for w in layer.weights]


def assert_same(given, wanted, tolerance=None):
    """Compare two structures of arrays: shapes, dtypes, values."""
    given, wanted = _leaves(given), _leaves(wanted)
    assert len(given) == len(wanted)
    for ours, theirs in zip(given, wanted, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is None:
            continue
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert _dtype(ours) == _dtype(theirs)
        close = tolerance or TOLERANCES.get(_dtype(theirs), 0)
        np.testing.assert_allclose(_numbers(ours), _numbers(theirs), rtol=close, atol=close)


def _numbers(x):
    return np.asarray(x, dtype="float64")


def _dtype(x):
    return str(np.dtype(x.dtype)) if not isinstance(x.dtype, str) else x.dtype


def _random_weight(rng, weight):
    """A weight far from its usual start; those that are squares or deviations stay positive."""
    value = rng.standard_normal(weight.shape)
    positive = any(word in weight.name for word in ("variance", "stddev"))
    return (np.abs(value) + 0.5 if positive else value).astype(_dtype(weight))


def _set_keras_mask(x, mask):
    set_tensor_attr(x, "_keras_mask", mask)


def _map(function, structure):
    """Apply to each array, or shape, of a structure."""
    if _is_leaf(structure):
        return function(structure)
    if isinstance(structure, dict):
        return {key: _map(function, value) for key, value in structure.items()}
    return type(structure)(_map(function, value) for value in structure)


def _leaves(structure):
    if _is_leaf(structure):
        return [structure]
    values = [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else structure
    return [leaf for value in values for leaf in _leaves(value)]


def _is_leaf(x):
    is_shape = isinstance(x, tuple) and x and all(isinstance(size, int) for size in x)
    return is_shape or not isinstance(x, list | tuple | dict)
