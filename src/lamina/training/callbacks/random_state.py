"""Where all sources of random numbers that a run draws from stand, as values that JSON can hold."""

import random

import numpy as np


def capture(model):
    """Return the state of Python's and NumPy's generators and of the model's seeds."""
    version, words, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state()
    return {
        "python": [version, list(words), gauss],
        "numpy": [kind, keys.tolist(), *rest],
        "seeds": [variable.numpy().tolist() for variable in _seeds(model)],
    }


def restore(model, state):
    """Set them to what `capture` returned."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype="uint32"), *rest))
    for variable, value in zip(_seeds(model), state["seeds"], strict=True):
        variable.assign(np.array(value, dtype="uint32"))


def _seeds(model):
    """Weights files, as Keras has them, leave the positions of seed generators out."""
    return [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]
