"""Rooms that can be called: `lamina.explain(model)`, where `lamina.explain` is a package."""

import sys
import types


def callable_module(name, function):
    """Let calling the module `name` call `function`.

    Source: "Customizing module attribute access" in the Python reference: a module's class may be replaced.
    """

    class Door(types.ModuleType):
        __doc__ = sys.modules[name].__doc__

        def __call__(self, *args, **kwargs):
            return function(*args, **kwargs)

    sys.modules[name].__class__ = Door
