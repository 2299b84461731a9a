"""Names that Keras 2 kept for its old optimizers; making one says what to use instead."""


class _Legacy:
    """Stand in for an optimizer of Keras 2 that Keras 3 no longer has.

    Raises: ImportError when made.
    Source: Keras 3 `keras.optimizers.legacy`, which has these names, and refuses in the same way.
    """

    def __init__(self, *args, **kwargs):
        raise ImportError(
            "`keras.optimizers.legacy` is not supported in Keras 3. Use the optimizer of the same name in "
            "`optimizers`, such as `optimizers.Adam(...)`; it keeps its variables in another order in files."
        )


Adagrad = Adam = Ftrl = Optimizer = RMSprop = SGD = _Legacy

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]
