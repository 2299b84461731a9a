"""Mistakes that the model alone shows, before any data."""

import numpy as np

from lamina import activations, layers
from lamina.core.context import get_mask
from lamina.explain.checks.finding import finding
from lamina.explain.checks.subject import is_binary, is_crossentropy, last_activation, loss_name, wants_logits
from lamina.explain.words import shown
from lamina.layers import Layer
from lamina.layers.calling import mask_parameters
from lamina.models import Model

_MANY_STEPS = 2  # after which statistics have moved, if they ever do [count]
_PROBABILITIES = (activations.softmax, activations.sigmoid)


def probabilities_told_to_be_logits(subject):
    """L301."""
    for call, activation, loss in subject.heads:
        if is_crossentropy(loss) and wants_logits(loss) and activation in _PROBABILITIES:
            facts = {"layer": call.name, "activation": activation.__name__, "loss": loss_name(loss)}
            yield finding("L301", kind=type(loss).__name__, **facts)


def logits_told_to_be_probabilities(subject):
    """L302."""
    for call, activation, loss in subject.heads:
        computes = isinstance(call.layer, layers.Dense | layers.Conv1D | layers.Conv2D)
        if is_crossentropy(loss) and not wants_logits(loss) and activation is activations.linear and computes:
            yield finding("L302", layer=call.name, loss=loss_name(loss), wanted=_wanted(loss))


def relu_before_crossentropy(subject):
    """L303."""
    for call, activation, loss in subject.heads:
        if is_crossentropy(loss) and activation is activations.relu:
            yield finding("L303", layer=call.name, loss=loss_name(loss), wanted=_wanted(loss))


def _wanted(loss):
    return "sigmoid" if is_binary(loss) else "softmax"


def softmax_over_one_unit(subject):
    """L304."""
    for call in subject.calls:
        if last_activation(call.layer) is activations.softmax and call.outputs[0].shape[-1] == 1:
            yield finding("L304", layer=call.name, output=shown(call.outputs[0].shape))


def activation_applied_twice(subject):
    """L305."""
    for call in subject.calls:
        activation = last_activation(call.layer)
        only_activates = isinstance(call.layer, layers.Activation | layers.Softmax)
        for before in call.fed_by:
            if only_activates and activation in _PROBABILITIES and last_activation(before.layer) is activation:
                yield finding("L305", activation=activation.__name__, before=before.name, layer=call.name)


def accuracy_of_logits(subject):
    """L330."""
    used = [name for name in subject.metrics if name in ("accuracy", "acc", "binary_accuracy")]
    for call, activation, loss in subject.heads if used else ():
        if is_crossentropy(loss) and is_binary(loss) and wants_logits(loss) and activation is activations.linear:
            yield finding("L330", metric=used[0], layer=call.name)


def mask_dropped_before_its_user(subject):
    """L350."""
    for call in subject.calls:
        lost = any(get_mask(x) is not None for x in call.inputs) and all(get_mask(x) is None for x in call.outputs)
        if not lost or (isinstance(call.layer, Layer) and mask_parameters(type(call.layer))):
            continue
        user = next((c for c in _behind(call) if isinstance(c.layer, layers.RNN | layers.LSTM | layers.GRU)), None)
        if user is not None:
            yield finding("L350", layer=call.name, user=user.name, kind=type(call.layer).__name__)


def _behind(call):
    found, waiting = [], list(call.feeds)
    while waiting:
        call = waiting.pop(0)
        if call not in found:
            found.append(call)
            waiting += call.feeds
    return found


def batch_normalization_of_one_sample(subject):
    """L380."""
    kinds = [c for c in subject.calls if isinstance(c.layer, layers.BatchNormalization) and c.layer.trainable]
    flat = [call for call in kinds if len(call.inputs[0].shape) == 2]
    if subject.batch_size == 1 and flat:
        yield finding("L380", layer=flat[0].name)


def trainable_changed_after_compile(subject):
    """L382."""
    optimizer = subject.model.optimizer
    if optimizer is None or not optimizer.built:
        return
    known = {id(v) for v in optimizer._trainable_variables}
    now = {id(v) for v in subject.model.trainable_variables}
    if known != now:
        yield finding("L382", added=len(now - known), frozen=len(known - now))


def statistics_never_updated(subject):
    """L381."""
    optimizer = subject.model.optimizer
    if optimizer is None or not optimizer.built or int(optimizer.iterations) < _MANY_STEPS:
        return
    for layer in _normalizations(subject.model):
        if layer.trainable and _is_fresh(layer):
            yield finding("L381", layer=layer.name, steps=int(optimizer.iterations))


def frozen_before_any_data(subject):
    """L383. A submodel that is compiled by itself is trained by itself, as the critic of a generator."""
    model = subject.model
    if model.optimizer is None or not model.trainable_variables:
        return
    apart = [
        inner for inner in model._flatten_layers(include_self=False) if isinstance(inner, Model) and inner.compiled
    ]
    trained_apart = {id(layer) for inner in apart for layer in inner._flatten_layers()}
    for layer in _normalizations(model):
        if not layer.trainable and _is_fresh(layer) and id(layer) not in trained_apart:
            yield finding("L383", layer=layer.name)
            return


def _normalizations(model):
    return [x for x in model._flatten_layers() if isinstance(x, layers.BatchNormalization) and x.built]


def _is_fresh(layer):
    return not np.asarray(layer.moving_mean).any() and (np.asarray(layer.moving_variance) == 1).all()


FREE = (
    probabilities_told_to_be_logits,
    logits_told_to_be_probabilities,
    relu_before_crossentropy,
    softmax_over_one_unit,
    activation_applied_twice,
    accuracy_of_logits,
    batch_normalization_of_one_sample,
    trainable_changed_after_compile,
    statistics_never_updated,
    frozen_before_any_data,
)
"""What `fit` can afford. A dropped mask is told when it is dropped, by the layer."""

CHECKS = (*FREE, mask_dropped_before_its_user)
