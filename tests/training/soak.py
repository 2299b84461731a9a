"""Long loops that must not grow: `python -m tests.training.soak` runs them all and prints what they hold.

Each loop runs in four parts. Arrays that are alive, programs that were compiled and objects that Python tracks are
counted after each; from the second part on they may not grow, but for the one program that every new model needs.
"""

import gc
import resource
import sys
import time

import jax
import numpy as np

import lamina
from lamina import layers

X = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def network():
    """Return a small compiled model."""
    model = lamina.Sequential([layers.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


class Compilations:
    """Count the programs that are compiled."""

    def __init__(self):
        self.count = 0
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event, duration, **_):
        self.count += event.endswith("backend_compile_duration")


compilations = Compilations()


def held():
    """Return how many arrays are alive, programs were compiled, and objects Python tracks [count]."""
    gc.collect()
    return {"arrays": len(jax.live_arrays()), "programs": compilations.count, "objects": len(gc.get_objects())}


def steps():
    """Train for `count` steps in one `fit`, with a generator that never ends."""
    model = network()

    def batches():
        while True:
            yield X[:4], Y[:4]

    def run(count):
        model.fit(batches(), steps_per_epoch=count, verbose=0)

    return run


def predictions():
    """Call `predict` `count` times."""
    model = network()
    return lambda count: [model.predict(X[: 1 + i % 8], verbose=0) for i in range(count)]


def fits():
    """Call `fit(epochs=1)` `count` times."""
    model = network()
    return lambda count: [model.fit(X, Y, epochs=1, verbose=0) for _ in range(count)]


def models():
    """Build, train for one step, and drop a model, `count` times."""

    def run(count):
        for _ in range(count):
            network().train_on_batch(X, Y)

    return run


LOOPS = {
    "steps": (steps, 20_000),
    "predictions": (predictions, 5_000),
    "fits": (fits, 5_000),
    "models": (models, 5_000),
}
PARTS = 4


def measure(name, count):
    """Run a loop in parts; return what is held after each, with the memory at its largest [MB] and the time [s]."""
    run = LOOPS[name][0]()
    rows = []
    for _ in range(PARTS):
        start = time.perf_counter()
        run(count // PARTS)
        rows.append({**held(), "memory": peak(), "seconds": round(time.perf_counter() - start, 1)})
    return rows


def peak():
    """Return the memory of this process at its largest so far [MB]."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1e6 if sys.platform == "darwin" else 1e3))


def growth(name, count, rows):
    """Return what grew from the second part to the last."""
    second, last = rows[1], rows[-1]
    needed = {"programs": (PARTS - 2) * (count // PARTS) if name == "models" else 0}
    return {what: more for what in KINDS if (more := last[what] - second[what] - needed.get(what, 0)) > 0}


KINDS = ("arrays", "programs", "objects")


def main():
    """Run the loops at full length."""
    grown = {}
    for name, (_, count) in LOOPS.items():
        rows = measure(name, count)
        for number, row in enumerate(rows, start=1):
            print(name, count * number // PARTS, row, flush=True)
        grown[name] = growth(name, count, rows)
    print("grown:", grown)
    return any(grown.values())


if __name__ == "__main__":
    sys.exit(main())
