"""Keras's public `preprocessing`: older names of what lives in `utils`."""

from lamina.preprocessing import sequence

__all__ = ["sequence"]
