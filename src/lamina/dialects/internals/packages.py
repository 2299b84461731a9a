"""`keras.src.utils.module_utils`: packages that are imported when something of them is first used."""

import importlib

__all__ = ["LazyModule", "h5py", "jax", "optree", "scipy", "tensorflow", "tensorflow_io"]


class LazyModule:
    """A package that need not be installed.

    Args:
        name: its import name.
        pip_name: its name for pip.
        import_error_msg: what is said if it is missing.
    """

    def __init__(self, name, pip_name=None, import_error_msg=None):
        self.name = name
        self.pip_name = pip_name or name
        self.import_error_msg = import_error_msg or (
            f"This requires the {name} module. You can install it via `pip install {self.pip_name}`"
        )

    @property
    def available(self):
        """Whether it can be imported."""
        try:
            self._module()
        except ImportError:
            return False
        return True

    def _module(self):
        try:
            return importlib.import_module(self.name)
        except ImportError as error:
            raise ImportError(self.import_error_msg) from error

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._module(), name)


h5py, jax, optree, scipy, tensorflow, tensorflow_io = map(
    LazyModule, ("h5py", "jax", "optree", "scipy", "tensorflow", "tensorflow_io")
)
