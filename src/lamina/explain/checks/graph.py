"""Mistakes that the model alone shows, before any data."""

import numpy as np

from lamina import activations, layers
from lamina.core.context import get_mask
from lamina.explain.checks.finding import Finding
from lamina.explain.checks.subject import is_crossentropy, last_activation, loss_name, wants_logits
from lamina.explain.words import shown
from lamina.layers import Layer
from lamina.layers.calling import mask_parameters

_MANY_STEPS = 2  # after which statistics have moved, if they ever do [count]
_PROBABILITIES = (activations.softmax, activations.sigmoid)


def probabilities_told_to_be_logits(subject):
    """L301."""
    for call, activation, loss in subject.heads:
        if is_crossentropy(loss) and wants_logits(loss) and activation in _PROBABILITIES:
            yield Finding(
                "L301",
                f"{call.name} already gives probabilities, and the loss turns them into probabilities once more.",
                f"{call.name} ends with {activation.__name__}; {loss_name(loss)} has from_logits=True.",
                f"{type(loss).__name__}(from_logits=False)   # or no activation in {call.name}",
            )


def logits_told_to_be_probabilities(subject):
    """L302."""
    for call, activation, loss in subject.heads:
        computes = isinstance(call.layer, layers.Dense | layers.Conv1D | layers.Conv2D)
        if is_crossentropy(loss) and not wants_logits(loss) and activation is activations.linear and computes:
            wanted = "sigmoid" if "binary" in loss_name(loss).lower() else "softmax"
            yield Finding(
                "L302",
                f"{loss_name(loss)} wants probabilities, and {call.name} gives any numbers.",
                f"{call.name} has no activation, and the loss has from_logits=False.",
                f'activation="{wanted}" in {call.name}   # or from_logits=True in the loss',
            )


def relu_before_crossentropy(subject):
    """L303."""
    for call, activation, loss in subject.heads:
        if is_crossentropy(loss) and activation is activations.relu:
            wanted = "sigmoid" if "binary" in loss_name(loss).lower() else "softmax"
            yield Finding(
                "L303",
                f"{call.name} ends with relu: it gives no probabilities, and where it gives 0 nothing is learned.",
                f"The loss is {loss_name(loss)}.",
                f'activation="{wanted}" in {call.name}',
            )


def softmax_over_one_unit(subject):
    """L304."""
    for call in subject.calls:
        if last_activation(call.layer) is activations.softmax and call.outputs[0].shape[-1] == 1:
            yield Finding(
                "L304",
                f"The softmax of {call.name} goes over a single unit, so its output is always 1.",
                f"{call.name} gives {shown(call.outputs[0].shape)}.",
                f'activation="sigmoid" in {call.name}   # with binary_crossentropy',
            )


def activation_applied_twice(subject):
    """L305."""
    for call in subject.calls:
        activation = last_activation(call.layer)
        only_activates = isinstance(call.layer, layers.Activation | layers.Softmax)
        for before in call.fed_by:
            if only_activates and activation in _PROBABILITIES and last_activation(before.layer) is activation:
                yield Finding(
                    "L305",
                    f"{activation.__name__} is applied twice: by {before.name} and by {call.name}.",
                    "Probabilities of probabilities are nearly equal to each other.",
                    f"leave {call.name} out   # or the activation of {before.name}",
                )


def accuracy_of_logits(subject):
    """L330."""
    config = getattr(subject.model, "_compile_config", None) or {}
    metrics = config.get("metrics") or []
    names = [m for m in (metrics if isinstance(metrics, list | tuple) else [metrics]) if isinstance(m, str)]
    for call, activation, loss in subject.heads:
        used = [name for name in names if name in ("accuracy", "acc", "binary_accuracy")]
        binary = is_crossentropy(loss) and "binary" in loss_name(loss).lower()
        if used and binary and wants_logits(loss) and activation is activations.linear:
            yield Finding(
                "L330",
                f'The metric "{used[0]}" calls an output above 0.5 a yes, but {call.name} gives logits: their '
                "threshold is 0.",
                "A logit of 0.5 is a probability of 0.62.",
                "metrics=[BinaryAccuracy(threshold=0.0)]",
            )


def mask_dropped_before_its_user(subject):
    """L351."""
    for call in subject.calls:
        lost = any(get_mask(x) is not None for x in call.inputs) and all(get_mask(x) is None for x in call.outputs)
        if not lost or (isinstance(call.layer, Layer) and mask_parameters(type(call.layer))):
            continue
        user = next((c for c in _behind(call) if isinstance(c.layer, layers.RNN | layers.LSTM | layers.GRU)), None)
        if user is not None:
            yield Finding(
                "L351",
                f"{call.name} drops the mask that {user.name} would have used: padding counts as data there.",
                f"{call.name} ({type(call.layer).__name__}) gets a mask and does not pass it on.",
                f"put {call.name} behind {user.name}   # or leave it out",
            )


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
        yield Finding(
            "L380",
            f"{flat[0].name} normalizes by the batch, and in a batch of one sample nothing deviates: its output is "
            "always beta.",
            "batch_size=1.",
            f"batch_size=32   # or LayerNormalization() in place of {flat[0].name}",
        )


def trainable_changed_after_compile(subject):
    """L382."""
    optimizer = subject.model.optimizer
    if optimizer is None or not optimizer.built:
        return
    known = {id(v) for v in optimizer._trainable_variables}
    now = {id(v): v for v in subject.model.trainable_variables}
    frozen = len(known - set(now))
    added = [v.path for i, v in now.items() if i not in known]
    if frozen or added:
        yield Finding(
            "L382",
            "What is trainable was changed after `compile`; the optimizer knows the old weights, and `fit` refuses.",
            f"{len(added)} weights became trainable and {frozen} were frozen since.",
            "model.compile(...)   # again, after setting `trainable`",
        )


def statistics_never_updated(subject):
    """L381."""
    optimizer = subject.model.optimizer
    if optimizer is None or not optimizer.built or int(optimizer.iterations) < _MANY_STEPS:
        return
    for layer in subject.model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization) and layer.built and layer.trainable and _is_fresh(layer):
            yield Finding(
                "L381",
                f"{layer.name} has never updated its mean and variance, so in inference it normalizes by 0 and 1.",
                f"After {int(optimizer.iterations)} steps the moving mean is still 0 and the moving variance 1.",
                f"{layer.name}(x, training=training)   # in `call`, with the `training` that `call` gets",
            )


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
)
"""What `fit` can afford. A dropped mask is told when it is dropped, by the layer."""

CHECKS = (*FREE, mask_dropped_before_its_user)
