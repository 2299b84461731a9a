"""Methods of layers and models whose code lives on the highest floor, where layers are read but not known.

Each imports its room when it is called, as `KerasTensor` does with `ops`.
"""

from lamina.core.public_names import room


def explain(self, input_shape=None, **options):
    """Say what the layer, or each layer of the model, does to the data; see `lamina.explain`."""
    return room("explain").explain(self, input_shape, **options)


def activations(self, x, training=False):
    """Return the output of every layer on `x`: a dict from the layers' paths to arrays."""
    return room("explain").activations(self, x, training=training)


def trace(self, layer=None, index=None, x=None, **options):
    """Say where an element comes from, or with `forward=True` where it goes; see `lamina.explain.trace`."""
    return room("explain").trace(self, layer, index, x, **options)


def check(self, x=None, y=None, **options):
    """Look for silent mistakes in the model and in its data; see `lamina.explain.check`."""
    return room("explain").check(self, x, y, **options)


def view(self, x=None, **options):
    """Show the model at work on `x` in a page; see `lamina.view`."""
    return room("view").view(self, x, **options)


def profile(self, x=None, **options):
    """Measure where the time of the model goes, layer by layer; see `lamina.profile`."""
    return room("profile").profile(self, x, **options)
