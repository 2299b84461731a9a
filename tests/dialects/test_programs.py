"""Programs of every era run as they were written; what was translated is told."""

import json
import subprocess
import sys

import pytest
from tests.dialects.programs import PROGRAMS

RUNNER = """
import contextlib, io, json, sys, traceback
with open(sys.argv[1], encoding='utf-8') as file:
    programs = json.load(file)
from lamina.dialects import spelling
for name, source in programs.items():
    advice = io.StringIO()
    failure = ''
    try:
        with contextlib.redirect_stderr(advice):
            exec(compile(source, name, 'exec'), {'__name__': '__main__'})
    except Exception:
        failure = traceback.format_exc()
    print(json.dumps([name, failure, advice.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run all programs in one process of their own: here the real Keras may be imported."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "runner.py").write_text(RUNNER, encoding="utf-8")
    sources = {name: source for name, (source, _) in PROGRAMS.items()}
    (folder / "programs.json").write_text(json.dumps(sources), encoding="utf-8")
    command = [sys.executable, "-m", "lamina", "run", str(folder / "runner.py"), str(folder / "programs.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {name: (failure, advice) for name, failure, advice in lines}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_of_its_time_runs_unchanged(runs, name):
    failure, advice = runs[name]
    assert not failure, failure
    for word in PROGRAMS[name][1]:
        assert word in advice
