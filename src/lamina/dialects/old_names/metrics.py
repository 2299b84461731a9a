"""What `keras.metrics` had in Keras 2: short names of functions."""

from lamina.dialects.old_names import losses
from lamina.dialects.old_names.losses import *  # noqa: F403 -- the same functions

__all__ = [name for name in losses.__all__ if name != "Reduction"]
