"""`tf.logging` and `tf.get_logger`: there is nothing to silence."""

DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50

__all__ = ["DEBUG", "ERROR", "FATAL", "INFO", "WARN", "get_logger", "set_verbosity"]


def set_verbosity(level):
    """Accept how much to say."""


def get_logger():
    """Return a logger of Python."""
    import logging

    return logging.getLogger("tensorflow")
