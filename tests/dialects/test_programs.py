"""Programs of every era run as they were written; what was translated is told."""

import json
import re
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from tests.dialects.corpus.registry import all_programs

from lamina.dialects import modules, old_arguments, old_attributes, paths

PROGRAMS = all_programs()

RUNNER = """
import contextlib, io, json, linecache, sys, traceback
import numpy as np
with open(sys.argv[1], encoding='utf-8') as file:
    programs = json.load(file)
def numbers(x):
    return {k: numbers(v) for k, v in x.items()} if isinstance(x, dict) else np.asarray(x, 'float64').tolist()
for name, source in programs.items():
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    advice, failure, names = io.StringIO(), '', {'__name__': '__main__'}
    try:
        with contextlib.redirect_stderr(advice):
            exec(compile(source, name, 'exec'), names)
        result = numbers(names.get('result', {}))
    except Exception:
        failure, result = traceback.format_exc(), None
    print(json.dumps([name, failure, advice.getvalue(), result]), flush=True)
"""


def run_all(folder, sources, *start):
    """Run programs one after another in a process of their own; return (failure, advice, result) of each."""
    (folder / "runner.py").write_text(RUNNER, encoding="utf-8")
    (folder / "programs.json").write_text(json.dumps(sources), encoding="utf-8")
    command = [sys.executable, *start, str(folder / "runner.py"), str(folder / "programs.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {name: rest for name, *rest in lines}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    sources = {name: source for name, (source, _, _) in PROGRAMS.items()}
    return run_all(tmp_path_factory.mktemp("lamina"), sources, "-m", "lamina", "run")


@pytest.fixture(scope="module")
def runs_of_keras(tmp_path_factory):
    sources = {name: source for name, (source, _, also) in PROGRAMS.items() if also}
    return run_all(tmp_path_factory.mktemp("keras"), sources)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_of_its_time_runs_unchanged(runs, name):
    failure, advice, _ = runs[name]
    assert not failure, failure
    for word in PROGRAMS[name][1]:
        assert word in advice
    told = [line.removeprefix("lamina: ") for line in advice.splitlines() if line.startswith("lamina: ")]
    elsewhere = [line for line in told if not line.startswith(f"{name}:")]
    assert all("sklearn" in line for line in elsewhere), elsewhere  # which makes classifiers by itself


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, (_, _, also) in PROGRAMS.items() if also])
def test_a_program_that_keras_still_runs_gives_the_same_numbers(runs, runs_of_keras, name):
    failure, _, expected = runs_of_keras[name]
    assert not failure, failure
    assert expected, "the program leaves no `result`"
    result = runs[name][2]
    assert result.keys() == expected.keys()
    for key in expected:
        np.testing.assert_allclose(result[key], expected[key], rtol=2e-4, atol=1e-5, err_msg=key)


def test_the_programs_cover_every_function_of_the_facade():
    text = "\n".join(source for source, _, _ in PROGRAMS.values())
    uncovered = []
    for word in ["", *sorted(modules.children("tensorflow"))]:
        path = f"tensorflow.{word}".rstrip(".")
        if paths.canonical(path) == path and word not in ("compat", "python", "dtypes"):
            names = import_module(f"lamina.dialects.{path}").__all__
            uncovered += [f"{word}.{name}" for name in names if not re.search(rf"\b{name}\b", text)]
    assert uncovered == []


def test_the_programs_cover_every_row_of_the_table():
    text = "\n".join(source for source, _, _ in PROGRAMS.values())
    rows = {row.old for rows in old_arguments.table().values() for row in rows if row.old != "*"}
    assert [old for old in rows if f"{old}=" not in text.replace(" =", "=")] == []
    names = {name for owner, name, _ in old_attributes.table() if name[0] != "_" and not hasattr(owner, name)}
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []
    assert len(PROGRAMS) >= 60
