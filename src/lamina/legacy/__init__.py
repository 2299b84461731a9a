"""What Keras 1 and 2 had and programs still call: `saving`, and `backend`, the old `K`."""

from lamina.legacy import saving

__all__ = ["saving"]
