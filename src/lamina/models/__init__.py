"""Models: stacks and graphs of layers that train."""

from lamina.models.cloning import clone_model
from lamina.models.from_json import model_from_json
from lamina.models.functional import Functional
from lamina.models.model import Model
from lamina.models.sequential import Sequential
from lamina.saving import load_model, save_model

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
