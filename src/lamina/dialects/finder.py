"""The finder: which imports are answered, and by which module."""

import sys
import warnings
from difflib import get_close_matches
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution
from pathlib import Path

from lamina.dialects import asking, spelling
from lamina.dialects.modules import AnsweredModule, module_exists
from lamina.importing import garbage_left_alone

ROOTS = ("keras", "tf_keras", "tensorflow")
"""The packages that are answered for; `tensorflow_datasets` and other neighbours are packages of others."""


class DialectFinder(MetaPathFinder, Loader):
    """Answers imports of Keras's and TensorFlow's modules with ours, and refuses the paths that never existed."""

    def find_spec(self, fullname, path=None, target=None):
        """Return how to make the module, `None` for packages of others."""
        root, _, _ = fullname.partition(".")
        if root not in ROOTS:
            return None
        if not module_exists(fullname):
            raise ModuleNotFoundError(_no_module(fullname), name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def find_distributions(self, context=None):
        """Return what `importlib.metadata` says of the packages that are answered for: their versions."""
        names = {root.replace("_", "-"): root for root in ROOTS}
        asked = None if context is None or context.name is None else context.name.replace("_", "-").lower()
        chosen = names if asked is None else set(names) & {asked}
        return [Answered(name, AnsweredModule.versions[names[name]]) for name in chosen]

    def create_module(self, spec):
        """Return an empty module that looks its names up when they are asked for."""
        return AnsweredModule(spec.name)

    def exec_module(self, module):
        """Do nothing: there is no code behind a path of Keras."""


class Answered(Distribution):
    """The metadata of a package that is answered for.

    Args:
        name: the package's name.
        version: what it says its version is.
    """

    def __init__(self, name, version):
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename):
        """Return the metadata, `None` for other files."""
        return self._text if filename == "METADATA" else None

    def locate_file(self, path):
        """Return the path: there are no files."""
        return Path(path)


def install(as_keras="3.15.1", as_tensorflow="2.21.0", quiet=False, strict=False):
    """Let `keras`, `tf_keras`, `tensorflow` and everything under them mean Lamina, for the rest of this process.

    Args:
        as_keras: the version that `keras.__version__` reports.
        as_tensorflow: the version that `tensorflow.__version__` reports.
        quiet: do not tell about old spellings that were understood.
        strict: raise an error for an old spelling.
    Raises:   ImportError if the real Keras or TensorFlow is already imported: its classes and ours would be mixed.
    """
    real = sorted(name for name in ROOTS if name in sys.modules and not isinstance(sys.modules[name], AnsweredModule))
    if real and not installed():
        raise ImportError(
            f"The real {' and '.join(real)} is already imported at {getattr(sys.modules[real[0]], '__file__', None)}; "
            "call `lamina.dialects.install()` before anything imports it, or start the program with `lamina run`."
        )
    AnsweredModule.versions = {"keras": as_keras, "tf_keras": as_keras, "tensorflow": as_tensorflow}
    spelling.configure(quiet=quiet, strict=strict)
    if not installed():
        sys.meta_path.insert(0, DialectFinder())
        warnings.filterwarnings("ignore", "Explicitly requested dtype u?int64")  # TensorFlow counts with it everywhere
        with garbage_left_alone():
            spelling.understand()


def installed():
    """Tell whether `keras` means Lamina in this process."""
    return any(isinstance(finder, DialectFinder) for finder in sys.meta_path)


def uninstall():
    """Undo `install()`: the names mean again what is installed under them."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, DialectFinder)]
    for name in [name for name, module in sys.modules.items() if isinstance(module, AnsweredModule)]:
        del sys.modules[name]
    spelling.forget()


def _no_module(fullname):
    parent, _, name = fullname.rpartition(".")
    near = get_close_matches(name, dir(sys.modules[parent]) if parent in sys.modules else ())
    hint = f" Nearest: {', '.join(near)}." if near else ""
    return f"No module named {fullname!r}: neither Keras nor Lamina has it.{hint} Asked for by {asking.who()}."
