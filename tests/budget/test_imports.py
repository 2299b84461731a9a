"""The house's order, read from the files: who imports whom, how long files are, what an import costs."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "lamina"
LONGEST_FILE = 800  # [lines]

# A room imports from lower floors, and from its own floor as long as no two rooms import each other in a circle.
FLOORS = (
    ("importing", "core", "engine"),
    ("kernels", "ops"),
    (
        "activations",
        "backend",
        "config",
        "constraints",
        "dtype_policies",
        "initializers",
        "losses",
        "metrics",
        "mixed_precision",
        "optimizers",
        "quantizers",
        "random",
        "regularizers",
        "tree",
    ),
    ("layers", "saving"),
    ("callbacks", "distribution", "training"),
    ("models",),
    (
        "applications",
        "datasets",
        "distillation",
        "export",
        "legacy",
        "preprocessing",
        "utils",
        "visualization",
        "wrappers",
    ),
    ("__main__", "cli", "demo", "dialects", "explain", "profile", "view"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Rooms that may import less than their floor would let them.
ONLY = {
    "importing": set(),
    "core": {"importing"},
    "engine": {"core"},
    "kernels": {"core", "engine"},
    "ops": {"core", "kernels"},
    "saving": {"core"},
}
TOP = len(FLOORS) - 1

FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(source):
    """Return the rooms of Lamina that a source imports anywhere, also inside functions; "" is the package itself."""
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "lamina":
            names = [f"lamina.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        rooms |= {(*name.split("."), "")[1] for name in names if name.split(".")[0] == "lamina"}
    return rooms


def forbidden(room, imported):
    """Return the rooms among `imported` that `room` may not import."""
    if room in ONLY:
        return imported - ONLY[room] - {room}
    above = {other for other in imported if FLOOR.get(other, TOP) > FLOOR[room]}
    return above - {room}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_from_below(path):
    room = room_of(path)
    assert room in FLOOR, f"{room} is a new room: give it a floor here and in the design"
    wrong = forbidden(room, imported_rooms(path.read_text(encoding="utf-8")))
    assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}, and {room} may not"


def test_no_rooms_import_each_other_in_a_circle():
    rooms = {}
    for path in FILES:
        rooms.setdefault(room_of(path), set()).update(
            imported_rooms(path.read_text(encoding="utf-8")) - {room_of(path)}
        )
    try:
        TopologicalSorter(rooms).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(
    ("room", "source", "wrong"),
    [
        ("core", "from lamina.layers import Dense", {"layers"}),
        ("core", "def late():\n    import lamina.models.model", {"models"}),
        ("layers", "from lamina import models, ops", {"models"}),
        ("layers", "import lamina", {""}),
        ("saving", "from lamina.layers.layer import Layer", {"layers"}),
        ("models", "from lamina.layers import Dense", set()),
        ("demo", "import lamina", set()),
    ],
)
def test_the_contract_sees_an_import_upward(room, source, wrong):
    assert forbidden(room, imported_rooms(source)) == wrong


def test_no_file_is_longer_than_the_wall():
    folders = ("src", "tests", "benchmarks", "examples", "scripts")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    lengths = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in paths}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def modules_after(statement):
    """Return the modules that a new interpreter has loaded by a statement."""
    program = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import lamina", "import lamina.cli", "import lamina; lamina.version()"])
def test_importing_lamina_loads_nothing_heavy(statement):
    loaded = modules_after(statement)
    assert "lamina" in loaded
    assert not loaded & {"jax", "numpy", "h5py", "rich", "PIL", "keras"}


def test_importing_lamina_loads_one_module_of_ours():
    loaded = modules_after("import lamina")
    assert {name for name in loaded if name.startswith("lamina")} == {"lamina"}
    assert len(loaded) <= 12, sorted(loaded)


def test_using_every_public_name_loads_no_extra_and_no_other_framework():
    loaded = modules_after("import lamina; [getattr(lamina, name) for name in lamina.__all__]")
    assert "lamina.layers" in loaded
    extras = {"PIL", "grain", "keras", "matplotlib", "onnx", "orbax", "safetensors", "sklearn", "tensorflow", "torch"}
    assert not loaded & extras
