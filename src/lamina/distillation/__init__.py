"""A small model taught by a large one: what the student learns is what the teacher says, and the labels."""

from lamina.distillation.distiller import Distiller
from lamina.distillation.losses import DistillationLoss, FeatureDistillation, LogitsDistillation

__all__ = ["DistillationLoss", "Distiller", "FeatureDistillation", "LogitsDistillation"]
