"""What Flatten changes: the same two dense layers on a (3, 2) input, without it and with it.

Dense works on the last axis alone, so a (3, 2) sample stays three rows until somebody flattens it.
"""

import numpy as np

import lamina as keras
from lamina import layers


def two_layers(flatten):
    """Return Dense(16) on a (3, 2) input, then Dense(4), with or without Flatten between them."""
    between = [layers.Flatten()] if flatten else []
    return keras.Sequential([keras.Input((3, 2)), layers.Dense(16), *between, layers.Dense(4)])


def main():
    sample = np.arange(6, dtype="float32").reshape(1, 3, 2)
    for flatten in (False, True):
        model = two_layers(flatten)
        print("with Flatten" if flatten else "without Flatten")
        print(f"  input          {sample.shape}")
        for layer in model.layers:
            print(f"  {layer.name:14} {layer.output.shape}, {layer.count_params()} parameters")
        print(f"  answer         {model.predict(sample, verbose=0).shape}")


if __name__ == "__main__":
    main()
