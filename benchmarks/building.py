"""What it costs to build models, in Lamina and in Keras, in one run: `python -m benchmarks.building`.

Nothing is compiled and nothing computed: this is the time between the user's line and a model that is ready to fit.
"""

import gc
import os
import statistics
import time

os.environ.setdefault("KERAS_BACKEND", "jax")

REPEATS = 30


def layers_of(library):
    """Return a few layers, as functions that make them, with the shape of their input."""
    layers = library.layers
    return {
        "Dense": (lambda: layers.Dense(64, activation="relu"), (32,)),
        "Conv2D": (lambda: layers.Conv2D(16, 3, padding="same"), (16, 16, 8)),
        "BatchNormalization": (lambda: layers.BatchNormalization(), (16, 16, 8)),
        "LSTM": (lambda: layers.LSTM(16), (10, 8)),
        "MultiHeadAttention": (lambda: layers.MultiHeadAttention(4, 16), (10, 64)),
        "Dropout": (lambda: layers.Dropout(0.1), (32,)),
    }


def median(seconds):
    """Return the median of a list of times [seconds]."""
    return statistics.median(seconds)


def timed(function):
    """Return how long a call takes [seconds]."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def one_layer(library, name):
    """Return the medians of making a layer and of its first symbolic call [seconds]."""
    make, shape = layers_of(library)[name]
    inputs = library.Input(shape)
    made = [make() for _ in range(REPEATS)]
    arguments = (inputs, inputs) if name == "MultiHeadAttention" else (inputs,)
    calls = [timed(lambda layer=layer: layer(*arguments)) for layer in made]
    return median([timed(make) for _ in range(REPEATS)]), median(calls)


def one_model(library, build):
    """Return how long a model takes [seconds], without the collection of what was left behind by others."""
    gc.collect()
    return timed(lambda: build(library))


def resnet(library, depths=(3, 8, 36, 3)):
    """Build a network of ResNet-152's layers, with narrow ones in place of its wide ones."""
    layers = library.layers

    def convolved(x, filters, size, strides=1):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    x = inputs = library.Input((64, 64, 3))
    x = layers.ReLU()(convolved(x, 8, 7, 2))
    for stage, depth in enumerate(depths):
        for i in range(depth):
            strides = 2 if stage and not i else 1
            y = layers.ReLU()(convolved(x, 8, 1, strides))
            y = layers.ReLU()(convolved(y, 8, 3))
            y = convolved(y, 32, 1)
            shortcut = x if i else convolved(x, 32, 1, strides)
            x = layers.ReLU()(layers.Add()([y, shortcut]))
    return library.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def transformer(library, blocks=24, width=64, heads=4):
    """Build a transformer of many blocks."""
    layers = library.layers
    inputs = library.Input((32,), dtype="int32")
    x = layers.Embedding(100, width)(inputs)
    for _ in range(blocks):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(heads, width // heads)(y, y, use_causal_mask=True)])
        y = layers.Dense(4 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dropout(0.1)(layers.Dense(width)(y))])
    return library.Model(inputs, layers.Dense(100)(layers.LayerNormalization()(x)))


MODELS = {"ResNet-152-like": resnet, "24-block transformer": transformer}


def main():
    """Print the table."""
    import keras

    import lamina

    libraries = (lamina, keras)
    for library in libraries:
        library.Model  # noqa: B018 -- imports what making models needs: starting is measured elsewhere
    print(f"{'one layer':22}" + "".join(f"{library.__name__:>24}" for library in libraries))
    for name in layers_of(lamina):
        costs = [one_layer(library, name) for library in libraries]
        print(f"{name:22}" + "".join(f"{made * 1e6:9.0f} µs, call {call * 1e3:5.2f} ms" for made, call in costs))
    for name, build in MODELS.items():
        first = [one_model(library, build) for library in libraries]
        again = [median([one_model(library, build) for _ in range(5)]) for library in libraries]
        layers = len(build(lamina).layers)
        print(f"{name:22}" + "".join(f"{a:9.2f} s, again {b:5.2f} s" for a, b in zip(first, again, strict=True)))
        print(f"  {layers} layers: {again[0] / layers * 1e3:.2f} ms for each in Lamina")


if __name__ == "__main__":
    main()
