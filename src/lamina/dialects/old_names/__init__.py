"""Names that Keras no longer has, one file for each module that had them."""

__all__ = []
