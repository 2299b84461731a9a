"""Programs written for Keras, of any age, unchanged: `keras`, `tf_keras` and `tensorflow` resolve to Lamina.

Nothing happens before `install()` is called, or a program is started with `lamina run`. The classes a program then
sees are Lamina's own; only the modules that hold them are thin stand-ins.
"""

from lamina.dialects.finder import install, installed, uninstall

__all__ = ["install", "installed", "uninstall"]
