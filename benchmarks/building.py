"""What it costs to build models, in Lamina and in Keras, in one run: `python -m benchmarks.building`.

With `--every`, what each layer of Lamina costs alone, and which are beyond what is promised.
Nothing is compiled and nothing computed: this is the time between the user's line and a model that is ready to fit.
"""

import functools
import gc
import os
import statistics
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "jax")

REPEATS = 30
OF_SEVERAL_ARRAYS = ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention")  # measured by `main`
PROMISED = 100e-6, 2e-3  # for making a layer, and for a symbolic call [seconds]


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


def every_layer():
    """Return the medians of making each layer, and of calling it on symbolic tensors, by name [seconds]."""
    from tests.layers.oracle import cases_by_layer

    import lamina
    from lamina.core.tensor import KerasTensor

    def costs_of(case):
        made = [case.make(lamina) for _ in range(REPEATS)]
        call = functools.partial(case._call_symbolic, tensor=KerasTensor, shape=lambda x: (None, *x.shape[1:]))
        calls = [] if case.inputs is None else [timed(functools.partial(call, layer)) for layer in made]
        return median([timed(lambda: case.make(lamina)) for _ in range(REPEATS)]), median(calls or [0.0])

    tables = {name: cases for name, cases in cases_by_layer().items() if name not in OF_SEVERAL_ARRAYS}
    first = {name: next((c for c in cases if c.inputs is not None), cases[0]) for name, cases in tables.items()}
    return {name: costs_of(case) for name, case in sorted(first.items())}


def tell_every_layer():
    """Print the medians over all layers, and the layers beyond what is promised."""
    costs = every_layer()
    made, called = (median([cost[i] for cost in costs.values()]) for i in range(2))
    print(f"{len(costs)} layers: {made * 1e6:.0f} µs, symbolic call {called * 1e3:.2f} ms at the median")
    for name, (make, call) in costs.items():
        if make > PROMISED[0] or call > PROMISED[1]:
            print(f"  beyond the promise: {name:22}{make * 1e6:9.0f} µs, call {call * 1e3:5.2f} ms")


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
    if "--every" in sys.argv:
        tell_every_layer()
        return
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
