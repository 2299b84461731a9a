"""How far a student is from its teacher."""

import jax
import jax.numpy as jnp

from lamina import losses
from lamina.core import serialization, tree


class DistillationLoss:
    """Base of the losses between a teacher and its student; a subclass defines `compute_loss`.

    Source:   Keras 3 `DistillationLoss`.
    """

    teacher_layer_name = student_layer_name = None

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """Return the distance, a scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define `compute_loss`.")

    def validate_outputs(self, teacher_outputs, student_outputs):
        """Raise ValueError unless both have the same structure."""
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher, student):
        """Raise ValueError if the models do not have what is compared."""


class _WithLosses(DistillationLoss):
    """A loss for each output, None for outputs that are not compared."""

    def __init__(self, loss):
        self.loss = tree.map_structure(losses.get, loss)
        if all(each is None for each in tree.flatten(self.loss)):
            raise ValueError(f"`loss` must contain at least one non-`None` value. Received: loss={loss}")

    def _sum(self, distance, teacher_outputs, student_outputs):
        """Add up `distance(loss, teacher, student)` over the outputs that have a loss."""
        rows = zip(*map(tree.flatten, (self.loss, teacher_outputs, student_outputs)), strict=True)
        return sum(jnp.mean(distance(*row)) for row in rows if row[0] is not None)

    def validate_outputs(self, teacher_outputs, student_outputs):
        """Raise ValueError unless the outputs of both, and the losses, have the same structure."""
        super().validate_outputs(teacher_outputs, student_outputs)
        tree.assert_same_structure(self.loss, teacher_outputs)

    @classmethod
    def from_config(cls, config):
        """Make the loss that `config` describes."""
        return cls(**{**config, "loss": serialization.deserialize_keras_object(config["loss"])})


class LogitsDistillation(_WithLosses):
    """Compare final outputs, both divided by a temperature: the higher, the more the unlikely classes count.

    Maths:    loss(t / T, s / T); with the Kullback-Leibler divergence T^2 KL(softmax(t / T), softmax(s / T))
    Args:
        temperature: T, above 0.
        loss: name or Loss, or the structure of the outputs with one for each; None where nothing is compared.
    Raises:   ValueError for a temperature that is no positive number, or without any loss.
    Source:   Keras 3 `LogitsDistillation`; Hinton et al. 2015, section 2. The divergence is always taken between
        probabilities; Keras takes that of the logits themselves if it is named, as it is by default.
    Example:
        >>> same = jnp.array([[1.0, 2.0]])
        >>> float(LogitsDistillation().compute_loss(same, same))
        0.0
    """

    def __init__(self, temperature=3.0, loss="kl_divergence"):
        super().__init__(loss)
        if not isinstance(temperature, int | float):
            raise ValueError(f"`temperature` must be a number. Received: temperature={temperature}")
        if temperature <= 0:
            raise ValueError(f"`temperature` must be positive. Received: temperature={temperature}")
        self.temperature = temperature

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """Return the distance, a scalar."""
        return self._sum(self._distance, teacher_outputs, student_outputs)

    def _distance(self, loss, teacher, student):
        teacher, student = (x / self.temperature for x in (teacher, student))
        if loss is losses.kl_divergence or isinstance(loss, losses.KLDivergence):
            return loss(jax.nn.softmax(teacher), jax.nn.softmax(student)) * self.temperature**2
        return loss(teacher, student)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"temperature": self.temperature, "loss": serialization.serialize_keras_object(self.loss)}


class FeatureDistillation(_WithLosses):
    """Compare the outputs of two layers, or the final outputs.

    Args:
        loss: name or Loss, or the structure of the outputs with one for each; None where nothing is compared.
        teacher_layer_name, student_layer_name: the layers; None means the final output.
    Raises:   ValueError without any loss.
    Source:   Keras 3 `FeatureDistillation`; Romero et al. 2015.
    Example:
        >>> float(FeatureDistillation().compute_loss(jnp.ones((1, 2)), jnp.zeros((1, 2))))
        1.0
    """

    def __init__(self, loss="mse", teacher_layer_name=None, student_layer_name=None):
        super().__init__(loss)
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name

    def validate_model_compatibility(self, teacher, student):
        """Raise ValueError if a layer is not there, or is inside a model whose layers are not connected."""
        wanted = {"teacher": (teacher, self.teacher_layer_name), "student": (student, self.student_layer_name)}
        named = any(name is not None for _, name in wanted.values())
        for role, (model, name) in wanted.items():
            if named and getattr(model, "inputs", None) is None:
                raise ValueError(
                    f"Layers can be compared by name in functional and sequential models. The {role} "
                    f"'{model.name}' has no symbolic inputs: compare final outputs, without layer names."
                )
            if name is not None:
                try:
                    model.get_layer(name)
                except ValueError as error:
                    raise ValueError(f"In the {role}: {error}") from error

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """Return the distance, a scalar."""
        return self._sum(lambda loss, teacher, student: loss(teacher, student), teacher_outputs, student_outputs)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "loss": serialization.serialize_keras_object(self.loss),
            "teacher_layer_name": self.teacher_layer_name,
            "student_layer_name": self.student_layer_name,
        }
