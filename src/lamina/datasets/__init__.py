"""Data to learn with."""

from lamina.datasets import digits

__all__ = ["digits"]
