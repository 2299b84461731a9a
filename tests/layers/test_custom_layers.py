"""What layers of the user's own rest on: order of construction, locked state, arguments that reach inner layers."""

import numpy as np
import pytest

import lamina
from lamina import layers, models


def test_weights_may_be_made_before_the_constructor_of_the_base_is_called():
    class Early(layers.Layer):
        def __init__(self):
            self.factor = lamina.Variable([2.0])
            super().__init__()

        def call(self, x):
            return x * self.factor

    layer = Early()
    assert len(layer.weights) == 1
    assert np.asarray(layer(np.ones((1, 1)))).tolist() == [[2.0]]


@pytest.mark.parametrize("arguments", [(), (np.ones((1, 2)), np.ones((1, 2)))], ids=["none", "two"])
def test_a_call_without_its_input_or_with_one_too_many_is_a_type_error(arguments):
    with pytest.raises(TypeError, match=r"takes \(inputs, training=None\)"):
        layers.Dense(2)(*arguments)


@pytest.mark.parametrize("autocast", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_without_autocast_neither_inputs_nor_weights_are_cast_wherever_the_layer_stands(autocast, inside):
    class Own(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=shape[-1:])

        def call(self, x):
            seen.extend([x.dtype, self.w.value.dtype])
            return x

    class Around(layers.Layer):
        def __init__(self):
            super().__init__(dtype="mixed_bfloat16")
            self.layer = Own(autocast=autocast, dtype="mixed_bfloat16")

        def call(self, x):
            return self.layer(lamina.ops.cast(x, "float32"))

    seen = []
    (Around() if inside else Own(autocast=autocast, dtype="mixed_bfloat16"))(np.ones((1, 2), "float32"))
    assert set(map(str, seen)) == {"bfloat16" if autocast else "float32"}


def test_a_base_that_was_never_made_is_told_at_the_call():
    class Forgetful(layers.Layer):
        def __init__(self):
            self.numbers = [1]

    with pytest.raises(RuntimeError, match="forgot to call"):
        Forgetful()(np.ones(1))


def test_weights_made_in_call_would_be_new_in_each_call_and_are_refused():
    class Growing(layers.Layer):
        def call(self, x):
            self.w = self.add_weight(shape=())
            return x

    with pytest.raises(ValueError, match="cannot add new elements of state"):
        Growing()(np.ones((3, 2)))


@pytest.mark.parametrize("arguments", [("w",), ((2,), "zeros", "float32", True)])
def test_add_weight_takes_shape_initializer_and_dtype_by_position(arguments):
    layer = layers.Layer()
    assert layer.add_weight((2,), "ones", "float16").dtype == "float16"
    with pytest.raises((ValueError, TypeError), match=r"keyword argument|at most 3"):
        layer.add_weight(*arguments)
    with pytest.raises(ValueError, match="both positionally"):
        layer.add_weight((2,), shape=(2,))


def test_a_policy_without_quantization_comes_from_a_config_as_its_name():
    class Picky(layers.Dense):
        def __init__(self, units, dtype="float32", **kwargs):
            assert isinstance(dtype, str)
            super().__init__(units, dtype=dtype, **kwargs)

    assert Picky.from_config(Picky(2, dtype="bfloat16").get_config()).compute_dtype == "bfloat16"


def test_a_wrapper_of_ones_own_has_a_config():
    class Twice(layers.Wrapper):
        def call(self, x):
            return 2 * self.layer(x)

    with lamina.utils.custom_object_scope({"Twice": Twice}):
        again = Twice.from_config(Twice(layers.Dense(3)).get_config())
    assert again.layer.units == 3


def test_an_empty_batch_has_no_activity_loss():
    layer = layers.Identity(activity_regularizer="l2")
    layer(np.ones((0, 5), "float32"))
    assert float(layer.losses[0]) == 0


def test_a_lambda_is_read_from_a_config_only_if_it_is_trusted():
    config = layers.Lambda(lambda x: x + 1).get_config()
    with pytest.raises(ValueError, match=r"Lambda|lambda"):
        layers.Lambda.from_config(config)
    assert float(layers.Lambda.from_config(config, safe_mode=False)(np.ones(()))) == 2


# --- arguments of the call's context --------------------------------------------------------------------------------


class Inner(layers.Layer):
    def __init__(self, registers=True):
        super().__init__()
        if registers:
            self._register_call_context_args("shifted")

    def call(self, x, shifted=False):
        return x + 1 if shifted else x


class Outer(layers.Layer):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def _registering(layer):
    layer._register_call_context_args("shifted")
    return layer


X = np.array([[1.0], [2.0]], "float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Outer(Outer(Inner())),
        lambda: models.Sequential([layers.Identity(), Outer(Inner())]),
    ],
    ids=["layers", "Sequential"],
)
def test_registered_arguments_reach_the_layers_inside(make):
    layer = _registering(make())
    np.testing.assert_array_equal(layer(X, shifted=True), X + 1)
    np.testing.assert_array_equal(layer(X), X)


def test_arguments_reach_only_layers_that_registered_them_and_before_the_first_call():
    layer = _registering(Outer(Inner(registers=False)))
    np.testing.assert_array_equal(layer(X, shifted=True), X)
    assert set(layer._call_context_args) == {"shifted", "training"}
    with pytest.raises(RuntimeError, match="after the layer has been called"):
        _registering(layer)


def test_the_config_of_a_users_layer_tells_what_it_is_now():
    class Scaled(layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)

    layer = Scaled(3, trainable=True, dtype="mixed_bfloat16")
    layer.trainable = False
    config = layer.get_config()
    assert (config["factor"], config["trainable"]) == (3, False)
    assert config["dtype"]["config"] == {"name": "mixed_bfloat16"}
    assert Scaled.from_config(config).get_config() == config
