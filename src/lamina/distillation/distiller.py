"""The model that is fitted in place of the student."""

import jax.numpy as jnp

from lamina.core import serialization, tree
from lamina.metrics import Mean
from lamina.models import Model

FINAL = ""  # in place of a layer's name: the final output


class Distiller(Model):
    """Train a student on labels and on what its teacher says.

    Maths:    w loss(y, student(x)) + (1 - w) sum_i w_i loss_i(teacher(x), student(x))
    Args:
        teacher: a trained model; it is frozen.
        student: the model to train; it is what a call of the distiller computes.
        distillation_losses: a DistillationLoss, or a list of them.
        distillation_loss_weights: w_i, by default 1.
        student_loss_weight: w, from 0 to 1.
        name: name of the model.
    Raises:   ValueError if the models do not fit together, or a weight is missing or out of range.
    Source:   Keras 3 `Distiller`; Hinton et al. 2015.
    Example:
        >>> from lamina import Sequential, layers
        >>> from lamina.distillation import LogitsDistillation
        >>> teacher, student = (Sequential([layers.Input((4,)), layers.Dense(3)]) for _ in range(2))
        >>> distiller = Distiller(teacher, student, LogitsDistillation(temperature=2.0))
        >>> distiller.compile("adam", loss="mse")
        >>> history = distiller.fit(jnp.ones((8, 4)), jnp.ones((8, 3)), verbose=0)
        >>> sorted(history.history)
        ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    def __init__(
        self,
        teacher,
        student,
        distillation_losses,
        distillation_loss_weights=None,
        student_loss_weight=0.5,
        name="distiller",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        _check_models(teacher, student)
        if not isinstance(student_loss_weight, int | float) or not 0 <= student_loss_weight <= 1:
            raise ValueError(f"`student_loss_weight` must be a number from 0 to 1. Received: {student_loss_weight}")
        if distillation_losses is None:
            raise ValueError("`distillation_losses` must be a distillation loss or a list of them. Received: None")
        if not isinstance(distillation_losses, list | tuple):
            distillation_losses, distillation_loss_weights = [distillation_losses], [1.0]
        weights = distillation_loss_weights or [1.0] * len(distillation_losses)
        if len(weights) != len(distillation_losses):
            raise ValueError(
                f"Each distillation loss needs one weight. Received: {len(weights)} weights for "
                f"{len(distillation_losses)} losses."
            )
        for loss in distillation_losses:
            loss.validate_model_compatibility(teacher, student)
        self.teacher, self.student = teacher, student
        self.distillation_losses, self.distillation_loss_weights = distillation_losses, weights
        self.student_loss_weight = student_loss_weight
        self.teacher.trainable = False
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")
        # Models that own no layers: not attributes, which are saved.
        object.__setattr__(self, "_teacher_features", _features(teacher, self._layers_of("teacher")))
        object.__setattr__(self, "_student_features", _features(student, self._layers_of("student")))

    def _layers_of(self, role):
        """Return for each distillation loss the name of the layer whose output it compares."""
        return [getattr(loss, f"{role}_layer_name", None) or FINAL for loss in self.distillation_losses]

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs):
        """Say how to train the student: see `Model.compile`.

        Raises: ValueError without a loss, or if the metrics are no list.
        """
        if loss is None:
            raise ValueError("`loss`, that of the student's outputs, cannot be `None`.")
        if metrics is not None and not isinstance(metrics, list | tuple):
            raise ValueError(f"`metrics` must be a list or tuple. Received: metrics={metrics}")
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def call(self, inputs, training=None, **kwargs):
        """Return what the student says."""
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the weighted sum of the student's loss and its distance from the teacher."""
        if y_pred is None:
            y_pred = self(x, training=training)
        student_loss = distance = jnp.zeros(())
        if self.student_loss_weight > 0 and y is not None:
            student_loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if self.student_loss_weight < 1:
            distance = self._distance(x, y_pred, training)
        total = self.student_loss_weight * student_loss + (1 - self.student_loss_weight) * distance
        self.student_loss_tracker.update_state(student_loss)
        self.distillation_loss_tracker.update_state(distance)
        self.total_loss_tracker.update_state(total)
        return total

    def _distance(self, x, y_pred, training):
        teacher = self._teacher_features(x, training=False)
        student = {FINAL: y_pred}
        if any(self._layers_of("student")):
            student = {**self._student_features(x, training=training), **student}
        places = zip(self._layers_of("teacher"), self._layers_of("student"), strict=True)
        total = 0.0
        for loss, weight, (of_teacher, of_student) in zip(
            self.distillation_losses, self.distillation_loss_weights, places, strict=True
        ):
            loss.validate_outputs(teacher[of_teacher], student[of_student])
            value = loss.compute_loss(teacher[of_teacher], student[of_student])
            if jnp.ndim(value):
                raise ValueError(
                    f"{type(loss).__name__} must return a scalar. It returned an array of shape {value.shape}."
                )
            total += weight * value
        return total

    @classmethod
    def from_config(cls, config):
        """Make the distiller that `config` describes."""
        parts = ("teacher", "student", "distillation_losses")
        return cls(**{**config, **{name: serialization.deserialize_keras_object(config[name]) for name in parts}})


def _features(model, names):
    """Return a function of (x, training) that gives the outputs of the named layers, and the final one, as a dict."""
    if not any(names):
        return lambda x, training: {FINAL: model(x, training=training)}
    outputs = {name: model.get_layer(name).output for name in names if name}
    graph = getattr(model, "_functional", None) or model  # a stack that was called has that call's ends
    return Model(graph.input, {FINAL: graph.output, **outputs}, name=f"{model.name}_features")


def _check_models(teacher, student):
    """Raise ValueError unless both are models whose inputs, and whose outputs, have the same shapes and dtypes."""
    for role, model in (("Teacher", teacher), ("Student", student)):
        if not isinstance(model, Model):
            raise ValueError(f"{role} must be a Model. Received: {model} (of type {type(model)})")
    for side in ("inputs", "outputs"):
        pair = [getattr(model, side, None) for model in (teacher, student)]
        if all(tensors is not None for tensors in pair):
            tree.map_structure(lambda one, other, side=side: _check_same(one, other, side), *pair)


def _check_same(teacher, student, side):
    sizes = zip(teacher.shape, student.shape, strict=False)
    differ = len(teacher.shape) != len(student.shape) or any(None not in pair and pair[0] != pair[1] for pair in sizes)
    if differ or teacher.dtype != student.dtype:
        raise ValueError(
            f"Teacher and student must have {side} of the same shape and dtype. Received: teacher {teacher.shape} "
            f"{teacher.dtype}, student {student.shape} {student.dtype}."
        )
