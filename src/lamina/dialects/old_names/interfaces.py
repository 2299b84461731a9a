"""`keras.legacy.interfaces` of Keras 2: what translated old arguments there is done everywhere here."""

__all__ = ["legacy_get_updates_support"]


def legacy_get_updates_support(function):
    """Return the function as it is."""
    return function
