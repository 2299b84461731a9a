"""Which parts of an input a model's answer rests on: three maps, each as its authors define it."""

import jax
import jax.numpy as jnp
import numpy as np

from lamina import layers
from lamina.explain.calls import calls_of
from lamina.explain.origins import Walk
from lamina.view.contributions import without_activation


def scores(model, x):
    """Return the classes' scores before the last activation.

    Shapes:   x (batch, ...) -> (batch, classes).
    """
    walk = _walk(model, x)
    return _scores(walk)({id(walk.inputs[0]): jnp.asarray(x)})


def gradient(model, x, index):
    """Tell how strongly the score of a class reacts to each pixel: the largest slope among its channels.

    Maths:    map[i,j] = max over c of |d score[index] / d x[i,j,c]|
    Shapes:   x (1, height, width, channels) -> (height, width).
    Args:
        index: number of the class.
    Source:   Simonyan, Vedaldi and Zisserman 2013, "Deep inside convolutional networks", section 3.
    """
    walk = _walk(model, x)
    score = _scores(walk)
    slopes = jax.jit(jax.grad(lambda data: score({id(walk.inputs[0]): data})[0, index]))(jnp.asarray(x))
    return np.abs(np.asarray(slopes[0])).max(-1)


def grad_cam(model, x, index, layer=None):
    """Tell where a convolution saw what speaks for a class: its maps, each times the mean slope of the score.

    Maths:    a[c] = mean over i,j of d score[index] / d features[i,j,c];  map = relu(sum over c of a[c] features[..,c])
    Shapes:   x (1, height, width, channels) -> (height', width') of the layer.
    Args:
        index: number of the class.
        layer: name of a layer that gives maps; by default the last one.
    Raises:   ValueError if no layer gives maps.
    Source:   Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2.
    """
    walk = _walk(model, x)
    tensor = _last_maps(walk) if layer is None else walk.find(layer, False)
    score = _scores(walk)

    @jax.jit
    def combined(data):
        features = walk.run({id(walk.inputs[0]): data}, tensor)
        slopes = jax.grad(lambda maps: score({id(tensor): maps, id(walk.inputs[0]): data})[0, index])(features)
        return jax.nn.relu(jnp.sum(features[0] * slopes[0].mean((0, 1)), axis=-1))

    return np.asarray(combined(jnp.asarray(x)))


def occlusion(model, x, index, patch=None, stride=None, fill=None, batch_size=64):
    """Cover one place after the other and tell how much of the class's probability is lost.

    Maths:    map[i,j] = mean, over the patches that cover pixel (i, j), of p(x) - p(x with the patch covered)
    Shapes:   x (1, height, width, channels) -> (height, width).
    Args:
        index: number of the class.
        patch: side of the square [pixels]; by default a seventh of the height.
        stride: step between squares [pixels]; by default half a side.
        fill: what the square is filled with; by default the mean of the input.
        batch_size: squares tried at once [count].
    Source:   Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks", section 4.2.
    """
    x = np.asarray(x, "float32")
    height, width = x.shape[1:3]
    patch = patch or max(2, round(height / 7))
    stride = stride or max(1, patch // 2)
    fill = float(x.mean()) if fill is None else fill
    corners = [(i, j) for i in _starts(height, patch, stride) for j in _starts(width, patch, stride)]
    probability = _probability(model, x, index)
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for start in range(0, len(corners), batch_size):
        some = corners[start : start + batch_size]
        covered = np.repeat(x, batch_size, axis=0)  # also the last, smaller batch, for the same program
        for copy, (i, j) in zip(covered, some, strict=False):
            copy[i : i + patch, j : j + patch] = fill
        for (i, j), rest in zip(some, _probability(model, covered, index), strict=False):
            total[i : i + patch, j : j + patch] += probability - rest
            count[i : i + patch, j : j + patch] += 1
    return total / count


def _probability(model, x, index):
    return model.predict(x, batch_size=len(x), verbose=0)[:, index]


def _starts(size, patch, stride):
    """Return where the squares begin; the last one ends at the edge."""
    last = max(0, size - patch)
    return [*range(0, last, stride), last]


def _walk(model, x):
    walk = Walk(calls_of(model, (None, *np.shape(x)[1:])) if not model.built else calls_of(model))
    if len(walk.inputs) != 1:
        raise ValueError(
            f"Maps over the input are made for models with one input; {model.name} has {len(walk.inputs)}."
        )
    return walk


def _scores(walk):
    """Return a function from known arrays to the model's output before its last activation."""
    last = walk.calls[-1]
    is_activation = isinstance(last.layer, (layers.Activation, layers.Softmax))
    tensor = last.inputs[0] if is_activation else last.outputs[0]

    def score(known):
        with without_activation(last.layer):
            return walk.run(dict(known), tensor)

    return score


def _last_maps(walk):
    for call in reversed(walk.calls):
        if len(call.outputs[0].shape) == 4:
            return call.outputs[0]
    raise ValueError("Grad-CAM wants a layer that gives maps (height, width, channels); there is none here.")
