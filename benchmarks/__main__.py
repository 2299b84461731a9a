"""Lamina beside what one would use instead: the same work, each engine in its own process, measured in turns.

python -m benchmarks                                   # against hand-written JAX and Keras on JAX
python -m benchmarks --torch PYTHON --tensorflow PYTHON    # interpreters that have torch or tensorflow, and keras
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.worker import ENGINES
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).parents[1]
START = "mlp", "digits", "resnet20"  # what the way from start to the first step is measured with
DIFFERENT = 1.02  # from this ratio of parameters on, two models are not the same


class Worker:
    """A process with one engine that runs one workload whenever it is asked."""

    def __init__(self, interpreter, engine, workload):
        command = [interpreter, "-m", "benchmarks.worker", engine, workload]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(engine), **pipes)
        self.parameters = self._answer()["parameters"]

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(self.process.stderr.read()[-2000:] or "the worker ended")

    def close(self):
        self.process.kill()
        self.process.communicate()


def environment(engine, cache=""):
    """The environment of a worker; without a cache of compiled programs, unless that is what is measured."""
    paths = f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}" if engine in ("lamina", "jax") else ""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")}
    return {**os.environ, **quiet, "PYTHONPATH": paths, "LAMINA_CACHE": cache}


def in_turns(interpreters, workload, rounds):
    """Return the measurements of each engine, taken in turns; an engine that fails says why and is left out."""
    with contextlib.ExitStack() as stack:
        workers = {}
        for engine, interpreter in interpreters.items():
            try:
                worker = Worker(interpreter, engine, workload)
            except RuntimeError as error:
                print(f"{engine} at {workload}: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
                continue
            stack.callback(worker.close)
            workers[engine] = worker
        assert_same_model(workload, {engine: worker.parameters for engine, worker in workers.items()})
        rows = [{engine: worker.measure() for engine, worker in workers.items()} for _ in range(rounds)]
    return {engine: [row[engine] for row in rows] for engine in workers}


def assert_same_model(workload, parameters):
    known = [count for count in parameters.values() if count]
    if known and max(known) > DIFFERENT * min(known):
        raise SystemExit(f"The models of {workload} are not the same; their parameters: {parameters}")


def first_steps(interpreters, workload, rounds):
    """Measure new processes: each engine first with an empty cache of compiled programs, then with a full one."""
    results = {}
    caches = {engine: tempfile.mkdtemp() for engine in interpreters}
    for turn in range(rounds + 1):
        for engine, interpreter in interpreters.items():
            command = [interpreter, "-m", "benchmarks.worker", engine, workload, "--start", str(time.time())]
            env = environment(engine, caches[engine])
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
            name = f"{engine}, cold" if turn == 0 else engine
            results.setdefault(name, []).append(json.loads(done.stdout.splitlines()[-1]))
    for cache in caches.values():
        shutil.rmtree(cache)
    return results


# The tables, in Markdown.


def compared(results, key="ms"):
    """Return, for each other engine, Lamina's share of its time: the median over the rounds, the least and the most."""
    ours = [row[key] for row in results["lamina"]]
    shares = {}
    for engine, rows in results.items():
        if engine != "lamina":
            ratios = sorted(a / row[key] for a, row in zip(ours, rows, strict=True))
            shares[engine] = statistics.median(ratios), ratios[0], ratios[-1]
    return shares


def line(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def heading(engines):
    line(["", "Lamina [ms]", *(f"of {engine}" for engine in engines)])
    line(["---", *("---:" for _ in range(len(engines) + 1))])


def row(title, results, engines, key="ms"):
    shares = compared(results, key)
    cells = [
        f"{median:.2f} ({low:.2f} - {high:.2f})" for median, low, high in (shares.get(e, (0, 0, 0)) for e in engines)
    ]
    cells = [cell if engine in shares else "" for cell, engine in zip(cells, engines, strict=True)]
    line([title, f"{statistics.median(r[key] for r in results['lamina']):.3g}", *cells])


def means(everything, engines):
    """The geometric means over the training workloads that both engines ran."""
    training = [results for name, results in everything.items() if WORKLOADS[name].task == "fit"]
    cells = []
    for engine in engines:
        shares = [compared(results)[engine][0] for results in training if engine in results]
        cells.append(f"**{statistics.geometric_mean(shares):.2f}**" if shares else "")
    if training:
        line(["**geometric mean of the training steps**", "", *cells])


def processor():
    with contextlib.suppress(OSError):
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.split(":")[1].strip()
    return platform.processor() or platform.machine()


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Lamina beside its peers.")
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter with torch and keras")
    parser.add_argument("--tensorflow", metavar="PYTHON", help="an interpreter with tensorflow and keras")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--workloads", nargs="+", choices=[*WORKLOADS, "start"], help="by default all for this device")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each engine [count]")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all measurements there")
    return parser.parse_args()


def suitable():
    """The workloads for the device at hand: the large ones on an accelerator, all others and the start everywhere."""
    # Asked in a process that ends: one that stays would keep most of an accelerator's memory.
    ask = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    accelerated = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip() != "cpu"
    return [name for name, workload in WORKLOADS.items() if accelerated or not workload.accelerator] + ["start"]


def main():
    options = arguments()
    options.workloads = options.workloads or suitable()
    known = {"torch": options.torch, "keras-torch": options.torch, "keras-tensorflow": options.tensorflow}
    interpreters = {engine: known.get(engine, sys.executable) for engine in options.engines}
    interpreters = {"lamina": sys.executable} | {e: path for e, path in interpreters.items() if path}
    engines = [engine for engine in interpreters if engine != "lamina"]
    print(f"{processor()}, {os.cpu_count()} processors. Lamina's time, and its share of the time of others: median of")
    print(f"{options.rounds} rounds taken in turns (least - most). Below 1, Lamina is faster.\n")
    everything = {}
    heading(engines)
    for name in (name for name in options.workloads if name != "start"):
        everything[name] = in_turns(interpreters, name, options.rounds)
        row(WORKLOADS[name].title, everything[name], engines)
    means(everything, engines)
    if "vgg" in everything:
        row("memory of the VGG-style training [MB]", everything["vgg"], engines, "memory_mb")
    if "start" in options.workloads:
        for workload in START:
            everything[f"start {workload}"] = found = first_steps(interpreters, workload, options.rounds)
            for engine, rows in found.items():
                parts = [statistics.median(r[key] for r in rows) for key in ("imported_s", "first_step_s", "memory_mb")]
                print(
                    "start to first step of {}: {:24} import {:.2f} s, step {:.2f} s, {:.0f} MB".format(
                        workload, engine, *parts
                    )
                )
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
