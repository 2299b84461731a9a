"""What is said to the user while a loop runs."""

import logging

from lamina.core import config

_log = logging.getLogger("lamina")


def say(text):
    """Print a line, or log it where `config.disable_interactive_logging()` was called.

    Example:
        >>> say("Epoch 3: early stopping")
        Epoch 3: early stopping
    """
    if config.is_interactive_logging_enabled():
        print(text, flush=True)
    else:
        _log.info("%s", text)
