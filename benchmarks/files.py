"""Saving and loading a model of about 500 MB, beside h5py with the same arrays: `python -m benchmarks.files`.

Each measurement runs in its own process, which tells the time and by how much its memory grew at the most, in units of
the weights. Loading includes making the model. What is written is flushed to the disk, and what is read comes from
there: the system is told to forget the file before.
"""

import gc
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import h5py
import numpy as np

WIDTH, LAYERS = 4096, 8
BYTES = LAYERS * (WIDTH * WIDTH + WIDTH) * 4


def make():
    import lamina

    inputs = x = lamina.Input((WIDTH,))
    for i in range(LAYERS):
        x = lamina.layers.Dense(WIDTH, kernel_initializer="ones", name=f"dense_{i}")(x)
    return lamina.Model(inputs, x)


def h5py_write(folder):
    arrays = [np.ones((WIDTH, WIDTH), np.float32) for _ in range(LAYERS)]

    def run():
        with open(folder / "plain.h5", "w+b") as raw:
            with h5py.File(raw, "w") as file:
                for i, array in enumerate(arrays):
                    file[f"layer_{i}/kernel"] = array
            os.fsync(raw.fileno())

    return run


def h5py_read(folder):
    def run():
        with h5py.File(folder / "plain.h5") as file:
            return [file[f"layer_{i}/kernel"][()] for i in range(LAYERS)]

    return run


def saving(ending, method):
    def prepare(folder):
        model = make()
        return lambda: getattr(model, method)(folder / f"model{ending}")

    return prepare


def loading(ending):
    def prepare(folder):
        import lamina

        lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(2)])  # everything is imported
        return lambda: lamina.saving.load_model(folder / f"model{ending}")

    return prepare


def loading_weights(ending):
    def prepare(folder):
        model = make()
        return lambda: model.load_weights(folder / f"model{ending}")

    return prepare


CASES = {
    "h5py: write": h5py_write,
    "h5py: read": h5py_read,
    "save model.keras": saving(".keras", "save"),
    "load model.keras": loading(".keras"),
    "save model.weights.h5": saving(".weights.h5", "save_weights"),
    "load model.weights.h5": loading_weights(".weights.h5"),
    "save model.safetensors": saving(".safetensors", "save_weights"),
    "load model.safetensors": loading_weights(".safetensors"),
    "save model.h5": saving(".h5", "save"),
    "load model.h5": loading(".h5"),
}


def forget(path):
    """Have the system read a file from the disk again."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def anonymous():
    """Return how many bytes of memory the process has of its own, mapped files left out."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0


class Peak(threading.Thread):
    """Look at the memory every few milliseconds."""

    def __init__(self):
        super().__init__(daemon=True)
        self.largest, self.stopped = anonymous(), threading.Event()

    def run(self):
        while not self.stopped.wait(0.003):
            self.largest = max(self.largest, anonymous())


def measure(name, folder):
    """Run one case three times; print the shortest time and the largest growth of memory."""
    times, growth = [], 0
    for _ in range(3):
        run = CASES[name](pathlib.Path(folder))
        for path in pathlib.Path(folder).iterdir():
            forget(path)
        gc.collect()
        before, peak = anonymous(), Peak()
        peak.start()
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
        peak.stopped.set()
        peak.join()
        growth = max(growth, peak.largest - before)
        del run, result
    print(min(times), growth / BYTES)


def main():
    """Measure all cases, each in a process of its own."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        baseline = {}
        for name in CASES:
            command = [sys.executable, "-m", "benchmarks.files", name, folder]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            seconds, growth = float(told[-2]), float(told[-1])
            kind = "write" if "write" in name or "save" in name else "read"
            baseline.setdefault(kind, seconds)
            print(f"{name:24} {seconds:6.2f} s   {seconds / baseline[kind]:5.2f} x h5py   {growth:5.2f} x weights")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measure(*sys.argv[1:]) if len(sys.argv) > 1 else main()
