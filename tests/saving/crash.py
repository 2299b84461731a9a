"""Kill a writer at random moments: `python -m tests.saving.crash FOLDER 300 [NAME]` fails if a file is found in parts.

Versions of a model, with one number for all weights each, take each other's place until the writer is killed. What lies
there then must load, and hold one version.
"""

import os
import pathlib
import random
import signal
import sys
import time
import warnings

import numpy as np

import lamina

VERSIONS = 8
NAMES = {  # and how it is written
    "model.keras": lambda model, path: model.save(path),
    "old.h5": lambda model, path: model.save(path),
    "x.weights.h5": lambda model, path: model.save_weights(path),
    "x.weights.json": lambda model, path: model.save_weights(path, max_shard_size=1e-4),
    "x.safetensors": lambda model, path: model.save_weights(path),
    "folder": lambda model, path: model.save(path, zipped=False),
}


def versions():
    """Make models whose weights are 0, 1, 2, …, all with an optimizer."""
    made = []
    for version in range(VERSIONS):
        layers = [lamina.layers.Dense(100, name=f"dense_{i}") for i in range(3)]
        model = lamina.Sequential([lamina.Input((100,)), *layers], name="model")
        model.compile("adam", "mse")
        model.set_weights([np.full(weight.shape, version) for weight in model.weights])
        made.append(model)
    return made


def require_whole(path, model):
    """Raise unless what lies at `path` loads and is of one version."""
    model.load_weights(path)
    found = {float(number) for weight in model.get_weights() for number in np.unique(weight)}
    assert len(found) == 1, f"{path} is a mixture of {found}"


def kill(folder, name, count, models, rng):
    """Kill writers of one file; return how many of them were in the middle of it."""
    path, write = str(folder / name), NAMES[name]
    write(models[0], path)
    interrupted = 0
    started = time.monotonic()
    write(models[0], path)
    once = time.monotonic() - started
    for i in range(count):
        child = os.fork()
        if not child:
            for version in range(i, i + 1000):
                write(models[version % VERSIONS], path)
            os._exit(0)
        time.sleep(rng.uniform(0, 2 * once))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        require_whole(path, models[-1])
        models[-1].set_weights([np.full(weight.shape, VERSIONS - 1) for weight in models[-1].weights])
        left = list(folder.rglob("*.tmp"))
        interrupted += bool(left)
        for file in left:
            file.unlink()
    return interrupted


def main():
    """Kill as many writers as the command line says, of every kind of file or of one."""
    warnings.simplefilter("ignore")
    folder, count, names = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or list(NAMES)
    models, rng, total = versions(), random.Random(0), 0
    for name in names:
        interrupted = kill(folder, name, count, models, rng)
        total += interrupted
        print(f"{name}: {count} writers killed, {interrupted} in the middle of a file; it was always whole", flush=True)
    sys.exit(total == 0)


if __name__ == "__main__":
    main()
