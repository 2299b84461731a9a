"""The three maps, held against the slow way of their definitions."""

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.view import saliency


@pytest.fixture(scope="module")
def network():
    lamina.utils.set_random_seed(1)
    return lamina.Sequential(
        [
            lamina.Input((8, 9, 2)),
            layers.Conv2D(3, 3, activation="tanh", name="maps"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


X = np.random.default_rng(0).random((1, 8, 9, 2)).astype("float32")


def logits(network, x):
    return np.log(np.asarray(network(x), "float64"))  # up to a constant, which differences do not see


def test_scores_are_before_the_softmax(network):
    found = np.asarray(saliency.scores(network, X), "float64")[0]
    np.testing.assert_allclose(found - found[0], (logits(network, X)[0] - logits(network, X)[0, 0]), atol=1e-5)


@pytest.mark.parametrize("last", [layers.Softmax(), layers.Activation("softmax")])
def test_an_activation_in_a_layer_of_its_own_is_left_out_too(last):
    linear = layers.Dense(4)
    stack = lamina.Sequential([lamina.Input((3,)), linear, last])
    x = np.ones((2, 3), "float32")
    np.testing.assert_allclose(saliency.scores(stack, x), linear(x), rtol=1e-5)


def test_gradient_is_the_largest_difference_quotient(network):
    weights = [np.asarray(v.value, "float64") for v in network.weights]

    def score(x):
        windows = np.lib.stride_tricks.sliding_window_view(x[0], (3, 3), axis=(0, 1))
        maps = np.tanh(np.einsum("ijcuv,uvcf->ijf", windows, weights[0]) + weights[1])
        return (maps.mean((0, 1)) @ weights[2] + weights[3])[2]

    x, step = X.astype("float64"), 1e-5
    expected = np.zeros((8, 9))
    for i, j, c in np.ndindex(8, 9, 2):
        up, down = x.copy(), x.copy()
        up[0, i, j, c] += step
        down[0, i, j, c] -= step
        expected[i, j] = max(expected[i, j], abs(score(up) - score(down)) / (2 * step))
    np.testing.assert_allclose(saliency.gradient(network, X, 2), expected, atol=1e-5)


def test_grad_cam_weighs_maps_by_their_mean_slope(network):
    maps = np.asarray(network.activations(X)["maps"][0], "float64")
    kernel = np.asarray(network.layers[-1].kernel.value, "float64")
    slopes = np.broadcast_to(kernel[:, 1] / (maps.shape[0] * maps.shape[1]), maps.shape)
    expected = np.maximum(0, (maps * slopes.mean((0, 1))).sum(-1))
    np.testing.assert_allclose(saliency.grad_cam(network, X, 1), expected, atol=1e-6)
    np.testing.assert_allclose(saliency.grad_cam(network, X, 1, layer="maps"), expected, atol=1e-6)


def test_occlusion_is_the_mean_loss_of_the_patches_over_a_pixel(network):
    patch, stride = 3, 2
    losses = {}
    for i in [0, 2, 4, 5]:
        for j in [0, 2, 4, 6]:
            covered = X.copy()
            covered[0, i : i + patch, j : j + patch] = 0.25
            losses[i, j] = float(network(X)[0, 3] - network(covered)[0, 3])
    expected = np.zeros((8, 9))
    for y, x in np.ndindex(8, 9):
        over = [loss for (i, j), loss in losses.items() if i <= y < i + patch and j <= x < j + patch]
        expected[y, x] = np.mean(over)
    found = saliency.occlusion(network, X, 3, patch, stride, fill=0.25)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_model_without_maps_has_no_grad_cam():
    dense = lamina.Sequential([lamina.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="wants a layer that gives maps"):
        saliency.grad_cam(dense, np.ones((1, 4), "float32"), 0)
