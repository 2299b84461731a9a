"""The old `K`: its functions by numbers, on arrays and inside graphs.

The oracle is NumPy: Keras's own copy of these functions runs on TensorFlow only.
"""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from lamina import backend as K  # noqa: N812
from lamina import layers, models

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype("float32")
Y = RNG.normal(size=(2, 4, 5)).astype("float32")
P = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]], "float32")
SOURCE = Path(keras.src.legacy.backend.__file__).read_text(encoding="utf-8")


def test_every_function_of_keras_is_here():
    names = set(re.findall(r'_legacy\.backend\.(\w+)"', SOURCE))
    assert {name for name in names if not hasattr(K, name)} == {"ctc_label_dense_to_sparse"}  # a sparse array


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'meen'"):
        _ = K.meen


CASES = {
    "mean": (lambda: K.mean(X, axis=1, keepdims=True), X.mean(1, keepdims=True)),
    "mean of truth": (lambda: K.mean(X > 0), (X > 0).mean()),
    "sum": (lambda: K.sum(X, [0, 2]), X.sum((0, 2))),
    "prod": (lambda: K.prod(X, -1), X.prod(-1)),
    "max": (lambda: K.max(X, 1), X.max(1)),
    "min": (lambda: K.min(X), X.min()),
    "var": (lambda: K.var(X, 0), X.var(0)),
    "std": (lambda: K.std(X, 0), X.std(0)),
    "any": (lambda: K.any(X > 1, 0), (X > 1).any(0)),
    "all": (lambda: K.all(X > -1, 0), (X > -1).all(0)),
    "argmax": (lambda: K.argmax(X), X.argmax(-1)),
    "argmin": (lambda: K.argmin(X, 1), X.argmin(1)),
    "cumsum": (lambda: K.cumsum(X), X.cumsum(0)),
    "cumprod": (lambda: K.cumprod(X, 2), X.cumprod(2)),
    "logsumexp": (lambda: K.logsumexp(X, 1), np.log(np.exp(X).sum(1))),
    "pow": (lambda: K.pow(X, 3), X**3),
    "sqrt": (lambda: K.sqrt(np.array([4.0, -1.0])), [2, 0]),
    "clip": (lambda: K.clip(X, -0.5, None), X.clip(-0.5)),
    "clip upside down": (lambda: K.clip(X, 0.5, 0.1), np.full_like(X, 0.5)),
    "relu": (lambda: K.relu(np.array([-2.0, 0.5, 9.0]), alpha=0.1, max_value=6), [-0.2, 0.5, 6]),
    "relu with threshold": (lambda: K.relu(np.array([-1.0, 0.5, 9.0]), alpha=0.1, threshold=1.0), [-0.2, -0.05, 9]),
    "elu": (lambda: K.elu(np.array([-1.0, 2.0]), 0.5), [0.5 * (np.exp(-1) - 1), 2]),
    "hard_sigmoid": (lambda: K.hard_sigmoid(np.array([-3.0, 1.0, 3.0])), [0, 0.7, 1]),
    "softmax": (lambda: K.softmax(X, 1), np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    "l2_normalize": (lambda: K.l2_normalize(X, 1), X / np.sqrt((X**2).sum(1, keepdims=True))),
    "concatenate": (lambda: K.concatenate([X, X]), np.concatenate([X, X], -1)),
    "stack": (lambda: K.stack([X, X]), np.stack([X, X])),
    "expand_dims": (lambda: K.expand_dims(X), X[..., None]),
    "squeeze": (lambda: K.squeeze(X[:, :1], 1), X[:, 0]),
    "flatten": (lambda: K.flatten(X), X.ravel()),
    "batch_flatten": (lambda: K.batch_flatten(X), X.reshape(2, -1)),
    "transpose": (lambda: K.transpose(X), X.T),
    "permute_dimensions": (lambda: K.permute_dimensions(X, (2, 0, 1)), X.transpose(2, 0, 1)),
    "reverse": (lambda: K.reverse(X, (0, 2)), X[::-1, :, ::-1]),
    "tile": (lambda: K.tile(X, (1, 2, 1)), np.tile(X, (1, 2, 1))),
    "repeat": (lambda: K.repeat(X[:, 0], 3), np.repeat(X[:, :1], 3, 1)),
    "repeat_elements": (lambda: K.repeat_elements(X, 2, 1), X.repeat(2, 1)),
    "gather": (lambda: K.gather(X, np.array([1, 0, 1])), X[[1, 0, 1]]),
    "one_hot": (lambda: K.one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]]),
    "arange": (lambda: K.arange(3), [0, 1, 2]),
    "dot": (lambda: K.dot(X[0], Y[0]), X[0] @ Y[0]),
    "dot of more axes": (lambda: K.dot(X, Y), np.einsum("abc,dce->abde", X, Y)),
    "batch_dot": (lambda: K.batch_dot(X, Y), X @ Y),
    "batch_dot along axes": (lambda: K.batch_dot(X, X, (2, 2)), X @ X.transpose(0, 2, 1)),
    "batch_dot of vectors": (lambda: K.batch_dot(X[:, 0], X[:, 1], 1), (X[:, 0] * X[:, 1]).sum(1, keepdims=True)),
    "batch_dot with a vector": (lambda: K.batch_dot(X, X[:, 0], (2, 1)), np.einsum("abc,ac->ab", X, X[:, 0])),
    "map_fn": (lambda: K.map_fn(lambda x: 2 * x[0], X), 2 * X[:, 0]),
    "foldl": (lambda: K.foldl(lambda a, x: a - x, X), X[0] - X[1]),
    "foldr": (lambda: K.foldr(lambda a, x: a - x, X), X[1] - X[0]),
    "in_top_k": (lambda: K.in_top_k(P, np.array([1, 2]), 1), [True, False]),
    "bias_add": (lambda: K.bias_add(X, np.arange(4.0)), X + np.arange(4)),
    "bias_add to first": (
        lambda: K.bias_add(X, np.arange(3.0), "channels_first"),
        X + np.arange(3)[:, None],
    ),
    "batch_normalization": (
        lambda: K.batch_normalization(X, X.mean(), X.var(), 1.0, 2.0, epsilon=0.1),
        2 * (X - X.mean()) / np.sqrt(X.var() + 0.1) + 1,
    ),
    "temporal_padding": (lambda: K.temporal_padding(X, (1, 2)), np.pad(X, ((0, 0), (1, 2), (0, 0)))),
    "spatial_2d_padding": (
        lambda: K.spatial_2d_padding(X[..., None], ((1, 0), (0, 2))),
        np.pad(X[..., None], ((0, 0), (1, 0), (0, 2), (0, 0))),
    ),
    "resize_images": (
        lambda: K.resize_images(X[..., None], 2, 3, "channels_last"),
        X[..., None].repeat(2, 1).repeat(3, 2),
    ),
    "resize_volumes": (
        lambda: K.resize_volumes(X[None, :, :, :, None], 1, 2, 3, "channels_last"),
        X[None, :, :, :, None].repeat(2, 2).repeat(3, 3),
    ),
    "conv1d": (lambda: K.conv1d(X, np.ones((2, 4, 1))), (X[:, 1:] + X[:, :-1]).sum(-1, keepdims=True)),
    "causal conv1d": (
        lambda: K.conv1d(X, np.ones((2, 4, 1)), padding="causal"),
        (X + np.pad(X, ((0, 0), (1, 0), (0, 0)))[:, :-1]).sum(-1, keepdims=True),
    ),
    "conv2d": (lambda: K.conv2d(X[..., None], np.ones((3, 4, 1, 1))), X.sum((1, 2)).reshape(2, 1, 1, 1)),
    "conv3d": (
        lambda: K.conv3d(X[None, ..., None], np.ones((2, 3, 4, 1, 1))),
        X.sum().reshape(1, 1, 1, 1, 1),
    ),
    "depthwise_conv2d": (
        lambda: K.depthwise_conv2d(X[:, :, None], np.ones((3, 1, 4, 1))),
        X.sum(1)[:, None, None],
    ),
    "separable_conv2d": (
        lambda: K.separable_conv2d(X[:, :, None], np.ones((3, 1, 4, 1)), np.ones((1, 1, 4, 1))),
        X.sum((1, 2)).reshape(2, 1, 1, 1),
    ),
    "local_conv1d": (
        lambda: K.local_conv1d(X, np.arange(16.0).reshape(2, 8, 1), (2,), (1,)),
        np.einsum(
            "pbw,pwf->bpf", np.stack([X[:, i : i + 2].reshape(2, 8) for i in (0, 1)]), np.arange(16).reshape(2, 8, 1)
        ),
    ),
    "pool2d": (lambda: K.pool2d(X[..., None], (3, 4)), X.max((1, 2)).reshape(2, 1, 1, 1)),
    "mean pool2d": (lambda: K.pool2d(X[..., None], (3, 4), pool_mode="avg"), X.mean((1, 2)).reshape(2, 1, 1, 1)),
    "pool3d": (lambda: K.pool3d(X[None, ..., None], (2, 3, 4)), X.max().reshape(1, 1, 1, 1, 1)),
    "binary_crossentropy": (lambda: K.binary_crossentropy(np.ones(2), P[:, 0]), -np.log(P[:, 0])),
    "categorical_crossentropy": (lambda: K.categorical_crossentropy(np.eye(3)[[1, 0]], P), -np.log([0.7, 0.5])),
    "sparse_categorical_crossentropy": (
        lambda: K.sparse_categorical_crossentropy(np.array([1, 0]), P),
        -np.log([0.7, 0.5]),
    ),
    "ignored class": (
        lambda: K.sparse_categorical_crossentropy(np.array([1, -1]), P, ignore_class=-1),
        [-np.log(0.7), 0],
    ),
    "binary_focal_crossentropy": (
        lambda: K.binary_focal_crossentropy(np.ones(2), P[:, 0], True),
        0.25 * (1 - P[:, 0]) ** 2 * -np.log(P[:, 0]),
    ),
    "categorical_focal_crossentropy": (
        lambda: K.categorical_focal_crossentropy(np.eye(3)[[1, 0]], P),
        [0.25 * 0.3**2 * -np.log(0.7), 0.25 * 0.5**2 * -np.log(0.5)],
    ),
    "constant": (lambda: K.constant(3, shape=(2, 2)), np.full((2, 2), 3.0)),
    "switch": (lambda: K.switch(X > 0, X, -X), abs(X)),
    "switch by rows": (lambda: K.switch(np.array([[True], [False]]), X[:, 0], 0 * X[:, 0]), X[:, 0] * [[1], [0]]),
    "switch as a whole": (lambda: K.switch(np.array(False), lambda: X, lambda: -X), -X),
    "cast_to_floatx": (lambda: K.cast_to_floatx(np.array([1, 2])), [1, 2]),
}


@pytest.mark.parametrize("name", CASES)
def test_functions_of_arrays(name):
    compute, expected = CASES[name]
    result = np.asarray(compute())
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["batch_flatten", "dot", "batch_dot", "mean", "softmax", "l2_normalize", "repeat"])
def test_functions_are_nodes_of_graphs(name):
    function = getattr(K, name)
    arguments = {"dot": (Y[0],), "repeat": (3,), "batch_dot": (Y,)}.get(name, ())
    x = X[:, 0] if name == "repeat" else X
    symbolic = K.placeholder(shape=(None, *x.shape[1:]))
    if name == "batch_dot":
        other = K.placeholder(shape=(None, *Y.shape[1:]))
        (result,) = K.function([symbolic, other], [function(symbolic, other)])([x, Y])
    else:
        (result,) = K.function([symbolic], [function(symbolic, *arguments)])([x])
    np.testing.assert_allclose(result, function(x, *arguments), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: K.batch_dot(X, X, (0, 1)), "batch axis"),
        (lambda: K.batch_dot(X, Y, (1, 1)), "sizes 3 and 4"),
        (lambda: K.batch_dot(X[0, 0], Y), "two axes"),
        (lambda: K.repeat(X, 2), "rank 2"),
        (lambda: K.pool2d(X[..., None], (2, 2), pool_mode="median"), "pooling mode"),
        (lambda: K.pool2d(X[..., None], (2,)), "pool_size"),
        (lambda: K.spatial_2d_padding(X[..., None], ((1, 1),)), "padding"),
        (lambda: K.switch(X > 0, X[0, 0], X[0, 0]), "Rank"),
        (lambda: K.bias_add(X, X[0, 0].reshape(2, 1, 2)), "bias"),
        (lambda: K.set_learning_phase(3), "learning phase"),
        (lambda: K.function([K.placeholder((1,))], [], updates=[1]), "updates"),
    ],
)
def test_what_makes_no_sense_is_an_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- graphs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def model():
    model = models.Sequential([layers.Input((4,)), layers.Dense(3, activation="tanh", name="h"), layers.Dropout(0.5)])
    model.add(layers.Dense(2, name="out"))
    return model


def test_a_function_gives_the_values_of_inner_layers(model):
    compute = K.function([model.input], [model.get_layer("h").output, model.output])
    hidden, out = compute([X[:, 0]])
    assert isinstance(hidden, np.ndarray)
    np.testing.assert_allclose(hidden, model.get_layer("h")(X[:, 0]), rtol=1e-5)
    np.testing.assert_allclose(out, model(X[:, 0]), rtol=1e-5)
    assert isinstance(K.function(model.input, model.output)(X[:, 0]), np.ndarray)


def test_a_function_takes_the_learning_phase(model):
    compute = K.function([model.input, K.learning_phase()], [model.layers[-2].output])
    still, noisy = compute([X[:, 0], 0])[0], compute([X[:, 0], 1])[0]
    assert (still != 0).all()
    assert set(np.round(noisy / still).ravel()) <= {0, 2}


def test_gradients_by_inputs_inner_tensors_and_weights(model):
    kernel, hidden = model.get_layer("out").kernel, model.get_layer("h").output
    loss = K.sum(K.square(model.output))
    compute = K.function([model.input], K.gradients(loss, [model.input, hidden, kernel]))
    x = X[:, 0]
    h = np.asarray(model.get_layer("h")(x))
    w, v = np.asarray(kernel), np.asarray(model.get_layer("h").kernel)

    def check():
        by_out = 2 * (h @ np.asarray(kernel))
        by_input, by_hidden, by_kernel = compute([x])
        np.testing.assert_allclose(by_kernel, h.T @ by_out, rtol=1e-4)
        np.testing.assert_allclose(by_hidden, by_out @ np.asarray(kernel).T, rtol=1e-4)
        np.testing.assert_allclose(by_input, (by_out @ np.asarray(kernel).T * (1 - h**2)) @ v.T, rtol=1e-4, atol=1e-6)

    check()
    K.set_value(kernel, 2 * w)
    check()  # with the weights of today, not those of the time when it was written


def test_gradients_by_what_the_loss_does_not_depend_on_are_none(model):
    other = K.placeholder(shape=(None, 4))
    assert K.gradients(model.output, [other])[0] is None
    assert K.gradients(model.output, K.variable(1.0)) == [None]
    with pytest.raises(TypeError, match=r"jax\.grad"):
        K.gradients(X, X)


def test_a_mask_over_an_image_by_gradients_of_a_class_score():
    """Grad-CAM as on the web: pooled gradients weigh the channels of a convolution."""
    image = layers.Input((6, 6, 1))
    features = layers.Conv2D(2, 3, name="last")(image)
    scores = layers.Dense(3)(layers.GlobalAveragePooling2D()(features))
    net = models.Model(image, scores)
    gradients = K.gradients(net.output[:, 1], net.get_layer("last").output)[0]
    iterate = K.function([net.input], [K.mean(gradients, axis=(0, 1, 2)), net.get_layer("last").output[0]])
    pooled, maps = iterate([RNG.normal(size=(1, 6, 6, 1))])
    np.testing.assert_allclose(pooled, np.asarray(net.layers[-1].kernel)[:, 1] / 16, rtol=1e-5)
    assert maps.shape == (4, 4, 2)


# --- recurrence ------------------------------------------------------------------------------------------------


def step(x, states):
    total = states[0] + x * (states[1] if len(states) > 1 else 1)
    return 10 * total, [total]


MASK = np.array([[True, False, True], [False, True, False]])


@pytest.mark.parametrize("unroll", [False, True])
def test_rnn_calls_the_function_step_by_step(unroll):
    start = np.zeros((2, 4), "float32")
    last, outputs, (state,) = K.rnn(step, X, [start], unroll=unroll)
    np.testing.assert_allclose(outputs, 10 * X.cumsum(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, outputs[:, -1])
    np.testing.assert_allclose(state, X.sum(1), rtol=1e-5, atol=1e-6)
    assert K.rnn(step, X, [start], return_all_outputs=False)[1].shape == (2, 1, 4)


def test_rnn_backwards_with_constants_and_time_first():
    start = np.zeros((2, 4), "float32")
    _, outputs, _ = K.rnn(
        step, X.swapaxes(0, 1), [start], go_backwards=True, constants=[np.float32(2)], time_major=True
    )
    np.testing.assert_allclose(outputs, 20 * X[:, ::-1].cumsum(1).swapaxes(0, 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("zeros", [False, True])
def test_rnn_with_a_mask(zeros):
    last, outputs, (state,) = K.rnn(step, X, [np.zeros((2, 4), "float32")], mask=MASK, zero_output_for_mask=zeros)
    expected = 10 * np.cumsum(X * MASK[..., None], 1)
    np.testing.assert_allclose(outputs, expected * (MASK[..., None] if zeros else 1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, outputs[:, -1])
    np.testing.assert_allclose(state, expected[:, -1] / 10, rtol=1e-5, atol=1e-6)


def test_rnn_is_a_node_of_a_graph():
    x = K.placeholder(shape=(None, 3, 4))
    outputs = K.rnn(step, x, [K.zeros_like(x[:, 0])])[1]
    assert K.int_shape(outputs) == (None, 3, 4)
    np.testing.assert_allclose(K.function([x], outputs)([X]), 10 * X.cumsum(1), rtol=1e-5, atol=1e-6)


# --- CTC -------------------------------------------------------------------------------------------------------


def test_ctc_costs_are_the_sums_over_paths():
    """Two steps, classes a, b and the blank: "a" is read from (a, a), (a, -) and (-, a)."""
    p = np.array([[[0.5, 0.2, 0.3], [0.6, 0.1, 0.3]]], "float32")
    cost = K.ctc_batch_cost(np.array([[0]]), p, np.array([[2]]), np.array([[1]]))
    expected = -np.log(0.5 * 0.6 + 0.5 * 0.3 + 0.3 * 0.6)
    np.testing.assert_allclose(cost, [[expected]], rtol=1e-5)


def test_ctc_decoding_merges_repeats_and_drops_blanks():
    p = np.array([[[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.1, 0.8, 0.1]]], "float32")
    decoded, _ = K.ctc_decode(p, np.array([4]))
    assert len(decoded) == 1
    assert np.asarray(decoded[0]).tolist() == [[0, 1, -1, -1]]
    decoded, scores = K.ctc_decode(p, np.array([4]), greedy=False, beam_width=10, top_paths=2)
    assert len(decoded) == 2
    assert scores.shape == (1, 2)
    assert np.asarray(decoded[0]).tolist() == [[0, 1, -1, -1]]


# --- state -----------------------------------------------------------------------------------------------------


def test_variables_change_by_updates():
    v = K.variable([1.0, 2.0], name="v")
    K.update_add(v, [1.0, 1.0])
    K.update_sub(v, 0.5)
    K.moving_average_update(v, np.zeros(2), 0.5)
    np.testing.assert_allclose(K.get_value(v), [0.75, 1.25])
    K.batch_set_value([(v, [5, 6])])
    assert [x.tolist() for x in K.batch_get_value([v])] == [[5, 6]]
    assert K.is_variable(v)
    assert K.int_shape(K.zeros((2, 3))) == K.int_shape(K.ones((2, 3))) == (2, 3)
    np.testing.assert_array_equal(K.eval(K.eye(2)), np.eye(2))


def test_random_arrays_have_their_distribution():
    values = K.get_value(K.random_normal((4000,), mean=2.0, stddev=3.0, seed=1))
    assert abs(values.mean() - 2) < 0.2
    assert abs(values.std() - 3) < 0.2
    assert abs(K.get_value(K.random_binomial((4000,), 0.3, seed=1)).mean() - 0.3) < 0.05
    assert abs(K.get_value(K.truncated_normal((4000,), seed=1))).max() <= 2
    uniform = K.get_value(K.random_uniform_variable((4000,), -1, 3, seed=1))
    assert -1 <= uniform.min() < uniform.max() <= 3
    assert K.random_normal_variable((2,), 0, 1).shape == (2,)


def test_the_learning_phase_is_that_of_the_running_call():
    assert K.learning_phase() == 0
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1
        assert K.in_train_phase(1, 2) == 1
        assert K.in_test_phase(1, lambda: 2) == 2
    assert K.in_train_phase(lambda: 1, 2, training=False) == 2
    x = np.ones((50, 4), "float32")
    K.set_learning_phase(1)
    try:
        assert (np.asarray(layers.Dropout(0.5)(x)) == 0).any()
    finally:
        K.set_learning_phase(0)


def test_axis_orders_have_their_old_words():
    assert K.image_dim_ordering() == "tf"
    K.set_image_dim_ordering("th")
    try:
        assert K.image_data_format() == "channels_first"
    finally:
        K.set_image_dim_ordering("tf")


def test_transposed_convolution_has_the_size_asked_for():
    x = RNG.normal(size=(1, 3, 3, 2)).astype("float32")
    kernel = RNG.normal(size=(3, 3, 4, 2)).astype("float32")
    for size in (6, 5):
        result = K.conv2d_transpose(x, kernel, (1, size, size, 4), strides=(2, 2), padding="same")
        assert result.shape == (1, size, size, 4)
        back = K.conv2d(np.asarray(result), kernel.transpose(0, 1, 2, 3), strides=(2, 2), padding="same")
        # The transpose of a linear map: <conv(y), x> = <y, conv_transpose(x)>.
        y = RNG.normal(size=result.shape).astype("float32")
        left = np.sum(np.asarray(K.conv2d(y, kernel, strides=(2, 2), padding="same")) * x)
        np.testing.assert_allclose(left, np.sum(y * np.asarray(result)), rtol=1e-3)
        assert back.shape == x.shape
