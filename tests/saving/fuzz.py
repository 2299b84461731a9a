"""Load files with random damage: `python -m tests.saving.fuzz 50000` (or `make fuzz`) must find nothing.

Every case follows from its number alone. A load may end in a model or in an error of a file; any other exception, a
hang or a crash of the process is a find, and its number is printed.
"""

import faulthandler
import io
import json
import pathlib
import random
import resource
import signal
import sys
import tempfile
import warnings
import zipfile

import h5py

import lamina
from lamina.core.errors import LaminaError

SECONDS = 30  # longer is a hang
BYTES = 4 << 30  # more memory than this is a find too
ODD = (None, True, -1, 0, 1, 2**31, 10**12, 1e300, "", "x" * 1000, "float16", "relu", [], [None], {}, [[[]]], "é", -0.5)
SPECIAL = ("__numpy__", "__tensor__", "__bytes__", "__slice__", "__lambda__", "__keras_tensor__", "function", "Dense")


def seeds(folder):
    """Write the good files that are damaged, and return their contents by ending."""
    lamina.utils.set_random_seed(0)
    layers = lamina.layers
    inputs = lamina.Input((4, 3))
    x = layers.Dense(2, kernel_regularizer="l2")(inputs)
    x = layers.Add()([x, layers.Conv1D(2, 1)(inputs)])
    model = lamina.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))
    model.compile("sgd", "mse")
    contents = {}
    for ending in (".keras", ".h5"):
        path = pathlib.Path(folder) / f"seed{ending}"
        with warnings.catch_warnings(action="ignore"):
            model.save(path)
        contents[ending] = path.read_bytes()
    return contents


def damage_bytes(content, rng):
    """Change, cut, repeat or drop bytes."""
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        at = rng.randrange(len(content))
        kind = rng.randrange(4)
        if kind == 0:
            content[at] = rng.randrange(256)
        elif kind == 1:
            content[at : at + 4] = rng.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))
        elif kind == 2 and len(content) > 64:
            del content[at : at + rng.randrange(16)]
        else:
            content[at:at] = content[max(at - 16, 0) : at]
    return bytes(content)


def damage_json(value, rng):
    """Change one place in a description: another value, a key less, a copy of another place."""
    places = list(_places(value))
    for _ in range(rng.choice((1, 1, 2, 4))):
        holder, key = rng.choice(places)
        kind = rng.randrange(5)
        try:
            if kind == 0:
                del holder[key]
            elif kind == 1:
                other, name = rng.choice(places)
                holder[key] = json.loads(json.dumps(other[name]))
            elif kind == 2 and isinstance(holder, dict) and "class_name" in holder:
                holder["class_name"] = rng.choice(SPECIAL)
            else:
                holder[key] = rng.choice(ODD)
        except LookupError:  # an earlier change took the place away
            continue
    return value


def _places(value):
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def damaged_file(number, contents):
    """Return the ending and the content of case `number`."""
    rng = random.Random(number)
    kind = number % 5
    if kind == 0:
        return ".keras", damage_bytes(contents[".keras"], rng)
    if kind == 1:
        return ".h5", damage_bytes(contents[".h5"], rng)
    if kind == 2:
        return ".h5", _with_attribute(contents[".h5"], rng)
    with zipfile.ZipFile(io.BytesIO(contents[".keras"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if kind == 3:
        members["config.json"] = json.dumps(damage_json(json.loads(members["config.json"]), rng)).encode()
        if rng.random() < 0.3:  # as Keras 2 wrote it
            members["metadata.json"] = b'{"keras_version": "2.12.0"}'
    else:
        members["model.weights.h5"] = damage_bytes(members["model.weights.h5"], rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return ".keras", buffer.getvalue()


def _with_attribute(content, rng):
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "a") as file:
        name = rng.choice(("model_config", "model_config", "training_config"))
        file.attrs[name] = json.dumps(damage_json(json.loads(file.attrs[name]), rng))
    return buffer.getvalue()


def outcome(number, contents, folder):
    """Load case `number`; return "model", "refused", or a description of what must not happen."""
    ending, content = damaged_file(number, contents)
    path = pathlib.Path(folder) / f"case{ending}"
    path.write_bytes(content)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(action="ignore"):
            lamina.models.load_model(path)
    except (ValueError, LaminaError):
        return "refused"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "model"


def _hang(signal_number, frame):
    raise TimeoutError(f"no end after {SECONDS} s")


def finds(numbers, folder):
    """Return a dict from the numbers of the cases that went wrong to what happened, and how many made a model."""
    signal.signal(signal.SIGALRM, _hang)
    contents = seeds(folder)
    wrong, models = {}, 0
    for number in numbers:
        print(number, file=sys.stderr, end="\r", flush=True)  # the last one, should the process die
        told = outcome(number, contents, folder)
        models += told == "model"
        if told not in ("model", "refused"):
            wrong[number] = told
            print(f"case {number}: {told}", flush=True)
        if number % 200 == 199:
            lamina.utils.clear_session()
    return wrong, models


def main():
    """Run as many cases as the command line says."""
    faulthandler.enable()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as folder:
        seeds(folder)  # the engine has taken its memory
        size = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + BYTES, size + BYTES))
        wrong, models = finds(range(first, first + count), folder)
    print(f"{count} files: {models} loaded, {count - models - len(wrong)} refused, {len(wrong)} finds")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
