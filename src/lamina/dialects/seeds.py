"""Random numbers in programs that give no seeds: TensorFlow kept count by itself, so here the running layer does."""

from lamina.core.context import thread
from lamina.core.random import SeedGenerator
from lamina.layers.tracking import count_change


def of_running_layer():
    """Return the seed generator of the layer that is running, made when it first asks; None outside layers."""
    layer = thread.layer
    if layer is None:
        return None
    generator = layer.__dict__.get("_own_seeds")
    if generator is None:
        generator = SeedGenerator()
        object.__setattr__(layer, "_own_seeds", generator)
        layer._tracked.append(generator)  # also of a layer that is built: it has just been called for the first time
        count_change()
    return generator
