"""Mistakes that show in the gradients of one batch, and in a few steps on it; nothing is changed by looking."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from lamina.engine.devices import tuned_for_cpu
from lamina.explain.checks.finding import finding
from lamina.explain.formulas import number
from lamina.training.programs import is_overridden, values_of

_STEPS = 10  # on one batch [count]
_VANISHES = 1e-7  # of the largest gradient [ratio]
_EXPLODES = 1e4  # gradient to weight [ratio]
_DIVERGES = 10  # how many times the loss it began with [ratio]
_QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}  # compiled, run slowly
_OWN_STEPS = ("train_step", "compute_loss_and_updates")


@dataclass(frozen=True)
class Learning:
    """What a few steps on one batch showed.

    Attributes:
        weights: the variables that are trained.
        gradients: root mean square of each one's gradient, at first.
        sizes: root mean square of each one.
        losses: of each step.
    """

    weights: list
    gradients: list
    sizes: list
    losses: list


def learn(subject):
    """Return what happens on the first batch, None where there is nothing to train with.

    The steps are made on copies of weights and optimizer.
    """
    model = subject.model
    if subject.x is None or subject.y is None or model.optimizer is None or model._compile_loss is None:
        return None
    knows_its_parts = model._compile_loss.built or subject.single_y is not None
    if any(is_overridden(model, name) for name in _OWN_STEPS) or not model.trainable_variables or not knows_its_parts:
        return None
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    others = values_of(model.non_trainable_variables), values_of(model.metrics_variables)

    def step(trainable, slots, x, y):
        gradient = jax.value_and_grad(model.compute_loss_and_updates, has_aux=True)
        (_, (loss, *_)), gradients = gradient(trainable, *others, x, y, None, training=True)
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return trainable, slots, loss, [_size(g) for g in gradients]

    step = jax.jit(step, compiler_options=_QUICKLY if tuned_for_cpu() else None)
    trainable, slots = values_of(model.trainable_variables), values_of(optimizer.variables)
    sizes, first, losses = [float(_size(value)) for value in trainable], None, []
    for _ in range(_STEPS):
        trainable, slots, loss, gradients = step(trainable, slots, subject.batch, subject.labels)
        first = gradients if first is None else first
        losses.append(float(loss))
    return Learning(model.trainable_variables, [float(g) for g in first], sizes, losses)


def _size(array):
    return jnp.sqrt(jnp.mean(jnp.square(array.astype("float32"))))


def vanishing_gradients(subject):
    """L373."""
    told = subject.learning
    kernels = [(g, w) for w, g in zip(told.weights, told.gradients, strict=True) if len(w.shape) > 1] if told else []
    if len(kernels) < 2 or not all(np.isfinite(g) for g, _ in kernels):
        return
    largest = max(g for g, _ in kernels)
    smallest, weight = kernels[0]
    if largest > 0 and smallest < _VANISHES * largest:
        yield finding("L373", weight=weight.path, least=smallest, most=largest)


def exploding_gradients(subject):
    """L374."""
    told = subject.learning
    rows = zip(told.weights, told.gradients, told.sizes, strict=True) if told else []
    found = [(g / size, w.path) for w, g, size in rows if size > 0 and np.isfinite(g)]
    if found and max(found)[0] > _EXPLODES:
        ratio, path = max(found)
        yield finding("L374", weight=path, ratio=ratio, samples=number(len(subject.labels)))


def diverging_learning_rate(subject):
    """L375."""
    told = subject.learning
    if told is None or not np.isfinite(told.losses[0]):
        return
    first, last = told.losses[0], told.losses[-1]
    if not np.isfinite(last) or last > _DIVERGES * max(first, 1e-3):
        rate = float(np.asarray(subject.model.optimizer.learning_rate))
        optimizer = type(subject.model.optimizer).__name__
        yield finding("L375", first=first, last=last, steps=_STEPS, rate=rate, optimizer=optimizer, less=rate / 100)


CHECKS = (vanishing_gradients, exploding_gradients, diverging_learning_rate)
