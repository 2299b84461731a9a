"""`tf.version`; `VERSION` is what `tf.__version__` says."""

__all__ = ["COMPILER_VERSION", "GIT_VERSION"]

COMPILER_VERSION = GIT_VERSION = "lamina"
