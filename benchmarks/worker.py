"""One engine at one workload, in a process of its own: `python -m benchmarks.worker lamina digits`.

It prints a line of JSON when it is ready, and one for each line that it reads: the times of one run. With `--start` it
prints instead, once, how long the way from the start of the process to the end of the first training step took.
"""

import argparse
import importlib
import json
import os
import resource
import sys
import time
from dataclasses import replace

from benchmarks.workloads import WORKLOADS

KERAS = {"keras-jax": "jax", "keras-tensorflow": "tensorflow", "keras-torch": "torch"}
ENGINES = ("lamina", "jax", *KERAS, "torch")


def import_engine(engine):
    """Import all that a model needs, and return `make(workload) -> Task`."""
    if engine in ("jax", "torch"):
        importlib.import_module(engine)
        return lambda workload: getattr(importlib.import_module(f"benchmarks.with_{engine}"), workload.task)(workload)
    if engine in KERAS:
        os.environ["KERAS_BACKEND"] = KERAS[engine]
    library = importlib.import_module("lamina" if engine == "lamina" else "keras")
    for name in ("Sequential", "Model", "layers", "optimizers", "losses", "metrics"):
        getattr(library, name)
    library.layers.Dense, library.layers.Conv2D, library.layers.LSTM, library.optimizers.Adam  # noqa: B018
    with_keras = importlib.import_module("benchmarks.with_keras")
    return lambda workload: getattr(with_keras, workload.task)(library, workload)


def answer(**facts):
    print(json.dumps(facts), flush=True)


def memory():
    """The most memory this process has used [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(task):
    """Run a task once; return milliseconds by the clock and by the processors, for each of its units."""
    task.before()
    wall, cpu = time.perf_counter(), time.process_time()
    task.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"ms": wall * 1e3 / task.units, "cpu_ms": cpu * 1e3 / task.units}


def short(task, least=0.05):
    """Return how often a task must run to be timed: for a twentieth of a second."""
    return max(1, round(least / max(timed(task)["ms"] * task.units / 1e3, 1e-6)))


def serve(task):
    """Warm up, then make one measurement for each line read."""
    if not task.first_counts:
        timed(task), timed(task)
    repeats = 1 if task.first_counts else short(task)
    answer(ready=True, parameters=task.parameters)
    for _ in sys.stdin:
        runs = [timed(task) for _ in range(repeats)]
        answer(memory_mb=memory(), **{name: sum(run[name] for run in runs) / repeats for name in runs[0]})


def start(engine, workload, started):
    """Tell when the library was imported and when the first training step was done [seconds since the start]."""
    make = import_engine(engine)
    imported = time.time() - started
    make(replace(workload, steps=1)).run()
    answer(imported_s=imported, first_step_s=time.time() - started, memory_mb=memory())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--start", type=float, metavar="SECONDS", help="when the process was started, of `time.time()`")
    arguments = parser.parse_args()
    workload = WORKLOADS[arguments.workload]
    if arguments.start is None:
        serve(import_engine(arguments.engine)(workload))
    else:
        start(arguments.engine, workload, arguments.start)


if __name__ == "__main__":
    main()
