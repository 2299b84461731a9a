"""`tf.autograph`: functions are not translated here."""

__all__ = ["experimental", "set_verbosity"]


def set_verbosity(level, alsologtostdout=False):
    """Accept."""


class experimental:  # noqa: N801 -- TensorFlow's name
    """Names that are experimental."""

    @staticmethod
    def do_not_convert(func=None):
        """Return the function as it is."""
        return func if func is not None else lambda decorated: decorated
