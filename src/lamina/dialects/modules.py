"""The stand-in modules: every name they give out is looked up in Lamina, and nothing else is in them."""

import functools
import sys
import types
from difflib import get_close_matches
from importlib.resources import files

from lamina.dialects import asking, paths


class AnsweredModule(types.ModuleType):
    """A module of Keras or TensorFlow without code: a name is looked up in Lamina when it is first used."""

    versions: dict = {}  # noqa: RUF012 -- set by `install`

    def __init__(self, name):
        super().__init__(name, "Answered by Lamina.")
        self.__path__ = []
        self.__file__ = f"<lamina.dialects: {name}>"

    def __getattr__(self, name):
        if name == "__all__":  # for `from keras.layers import *`
            return [known for known in sorted(paths.names(self.__name__)) if hasattr(self, known)]
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        path = f"{self.__name__}.{name}"
        if name == "__version__" or path in ("tensorflow.VERSION", "tensorflow.version.VERSION"):
            return self.versions[paths.canonical(self.__name__).partition(".")[0]]
        if name == "version" and paths.canonical(self.__name__) == "keras":
            return self._version_function()
        if path == "tensorflow.keras.backend.backend":
            return lambda: "tensorflow"  # who imports Keras from TensorFlow asks which functions to take from there
        inside = ".src" in self.__name__ and module_exists(path)  # there, files and functions share names
        found = paths.NOTHING if inside else paths.look_up(self.__name__, name)
        if found is paths.NOTHING and module_exists(path):
            found = sys.modules.get(path) or __import__(path, fromlist=["_"])
        if found is paths.NOTHING:
            raise self._missing(name)
        self.__dict__[name] = found
        return found

    def _version_function(self):
        """Return `keras.version`, by which programs know Keras 3: earlier versions have none."""
        if self.versions["keras"].startswith(("0.", "1.", "2.")):
            raise self._missing("version")
        return lambda: self.versions["keras"]

    def _missing(self, name):
        """Return the error: a `from` import tells it whole, an attribute stays an AttributeError for `hasattr`."""
        near = get_close_matches(name, dir(self), n=3)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        text = f"Lamina has no counterpart of `{self.__name__}.{name}`.{hint} Asked for by {asking.who()}."
        if asking.is_from_import(asking.frame()):
            return ImportError(text, name=self.__name__)
        return AttributeError(text, name=name, obj=None)

    def __dir__(self):
        return sorted({*paths.names(self.__name__), *children(self.__name__)})


def module_exists(fullname):
    """Tell whether a dotted path was ever a module of Keras, or is a covered one of TensorFlow."""
    fullname = paths.canonical(fullname)
    if fullname in ("keras", "tf_keras", "tensorflow"):
        return True
    parent, _, name = fullname.rpartition(".")
    return name in children(parent)


def children(fullname):
    """Return the names of the modules in a package."""
    return _tree().get(paths.canonical(fullname), ())


@functools.cache
def _tree():
    lines = files("lamina.dialects").joinpath("modules.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split(": ") for line in lines if not line.startswith("#"))
    return {package: frozenset(names.split()) for package, names in entries}
