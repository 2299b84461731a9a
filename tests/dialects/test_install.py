"""What `install` and `lamina run` refuse, and what they pass on."""

import json
import subprocess
import sys

import pytest

SERVER = """
import contextlib, io, json, os, sys
from lamina import cli, dialects
for line in sys.stdin:
    words, folder = json.loads(line)
    out, err, before = io.StringIO(), io.StringIO(), (sys.path[:], sys.argv, sys.modules['__main__'])
    os.chdir(folder)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = cli.main(words)
        except SystemExit as exit_:
            status = exit_.code
    dialects.uninstall()
    sys.path[:], sys.argv, sys.modules['__main__'] = before
    print(json.dumps([status, out.getvalue(), err.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def lamina_run(tmp_path_factory):
    """Return a function that runs `lamina run …`: one process runs them all, one after another."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:

        def ask(*words, cwd=home):
            print(json.dumps([["run", *map(str, words)], str(cwd)]), file=server.stdin, flush=True)
            status, out, err = json.loads(server.stdout.readline())
            return subprocess.CompletedProcess(words, status, out, err)

        yield ask
        server.stdin.close()


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_install_refuses_when_another_keras_is_already_imported():
    code = "import sys, types; sys.modules['keras'] = types.ModuleType('keras')\nfrom lamina import dialects"
    done = python(code + "; dialects.install()")
    assert "ImportError: The real keras is already imported" in done.stderr


@pytest.mark.slow
def test_nothing_is_answered_before_install_and_after_uninstall(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.fit([[1.0]], [[1.0]])\n")
    done = python(
        "import sys; from lamina import dialects, layers, models\n"
        "from lamina.dialects.until_fit import until_fit\n"
        "before = models.Model.__new__, layers.Dense.__init__, models.Model.fit\n"
        "dialects.install(quiet=True); import keras; keras.layers.Dense(output_dim=2)\n"
        f"fit = models.Model.fit; until_fit({str(script)!r}); assert models.Model.fit is fit; dialects.uninstall()\n"
        "assert (models.Model.__new__, layers.Dense.__init__, models.Model.fit) == before\n"
        "assert not dialects.installed() and not hasattr(models.Model, 'fit_generator')\n"
        "assert 'keras' not in sys.modules\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_programs_own_traceback_and_status_are_passed_on(lamina_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nimport keras\nif sys.argv[1:] == ['5']:\n    sys.exit(5)\n1 / 0\n")
    command = [sys.executable, "-m", "lamina", "run", str(script)]
    assert subprocess.run([*command, "5"], timeout=120, check=False).returncode == 5
    done = lamina_run(script)
    assert done.returncode == 1
    assert done.stderr.splitlines()[:2] == [
        "Traceback (most recent call last):",
        f'  File "{script}", line 5, in <module>',
    ]
    assert done.stderr.strip().endswith("ZeroDivisionError: division by zero")


@pytest.mark.slow
def test_our_own_frames_are_not_in_the_programs_traceback(lamina_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\nimport keras\n\n"
        "class Bad(keras.layers.Layer):\n    def call(self, x):\n        return x.nothing\n\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])\n"
        "try:\n    model(np.ones((1, 5)))\nexcept ValueError:\n    Bad()(np.ones((1, 2)))\n"
    )
    files = [line for line in lamina_run(script).stderr.splitlines() if line.startswith("  File ")]
    assert files == [f'  File "{script}", line {line}' for line in ("10, in <module>", "12, in <module>", "6, in call")]


@pytest.mark.slow
def test_a_missing_script_and_a_missing_package_are_told_in_a_line(lamina_run, tmp_path):
    done = lamina_run(tmp_path / "absent.py")
    assert (done.returncode, done.stderr) == (2, f"lamina run: there is no file {tmp_path / 'absent.py'}\n")
    done = lamina_run("-c", "import tensorflow_datasets")
    assert "No module named 'tensorflow_datasets'" in done.stderr
    assert "install it" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_an_old_spelling_is_told_kept_quiet_or_refused(lamina_run):
    code = "import keras; print(keras.layers.Dropout(p=0.5).rate, keras.__version__)"
    told = lamina_run("-c", code)
    assert told.stdout == "0.5 3.15.1\n"
    assert told.stderr == "lamina: <string>:1: `Dropout(p=…)` (Keras 1.2) is now `rate=`\n"
    assert lamina_run("--quiet", "--as-keras", "2.15.0", "-c", code).stdout == "0.5 2.15.0\n"
    older = lamina_run("--as-keras", "2.15.0", "-c", "import keras; print(hasattr(keras, 'version'))")
    assert older.stdout == "False\n"
    strict = lamina_run("--strict", "-c", code)
    assert strict.returncode == 1
    assert "`rate=`" in strict.stderr


@pytest.mark.slow
def test_old_arguments_that_would_change_the_numbers_are_refused_with_what_to_write(lamina_run):
    done = lamina_run("--quiet", "-c", "import keras; keras.layers.LSTM(2, time_major=True)")
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert "np.swapaxes" in done.stderr
    assert lamina_run("--quiet", "-c", "import keras; keras.layers.LSTM(2, time_major=False)").returncode == 0


@pytest.mark.slow
def test_a_notebook_runs_cell_by_cell_and_shows_its_last_values(lamina_run, tmp_path):
    cells = [
        "!pip install keras \\\n    numpy\n%matplotlib inline\nfrom keras.layers import Dense\nDense?",
        "Dense(3).units\n",
        "text = '%d?' \\\n    % 3",
        "def f():\n    1 / 0\nassert text == '3?'\nf()",
    ]
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
    done = lamina_run(path)
    assert (done.returncode, done.stdout) == (1, "3\n")
    assert f'  File "{path}[4]", line 2, in f\n    1 / 0\n' in done.stderr


@pytest.mark.slow
def test_python_2_is_recognised_and_run_when_asked(lamina_run, tmp_path):
    script = tmp_path / "old.py"
    script.write_text("from keras.layers import Dense\nprint Dense(3).units\n")
    done = lamina_run(script)
    assert done.returncode == 1
    assert f'  File "{script}", line 2\n' in done.stderr
    assert "write `print(Dense(3).units)`, or add --python2" in done.stderr
    assert lamina_run("--python2", script).stdout == "3\n"


@pytest.mark.slow
def test_upgrade_writes_beside_the_program_and_check_only_reports(lamina_run, tmp_path):
    script = tmp_path / "old.py"
    script.write_text("from keras.layers import Dropout\nDropout(p=0.5)\n")
    done = lamina_run("--check", script)
    assert (done.returncode, done.stdout) == (1, f"{script}:2: `Dropout(p=…)` is now `rate=`\n")
    assert sorted(tmp_path.iterdir()) == [script]
    assert lamina_run("--upgrade", script).returncode == 0
    assert (tmp_path / "old_modern.py").read_text() == "from keras.layers import Dropout\nDropout(rate=0.5)\n"
    assert "already there" in lamina_run("--upgrade", script).stderr
    assert lamina_run("--check", tmp_path / "old_modern.py").returncode == 0
    script.write_text("x = (\n")
    done = lamina_run("--check", script)
    assert (done.returncode, "old.py:1:" in done.stderr) == (1, True)


@pytest.mark.slow
def test_a_module_a_line_of_code_and_arguments(lamina_run, tmp_path):
    (tmp_path / "program.py").write_text(
        "import sys, keras\nprint(__name__, sys.argv[1:], keras.layers.Dense.__name__)\n"
    )
    assert lamina_run("-m", "program", "a", "--quiet", cwd=tmp_path).stdout == "__main__ ['a', '--quiet'] Dense\n"
    assert lamina_run("program.py", "a", "-c", cwd=tmp_path).stdout == "__main__ ['a', '-c'] Dense\n"
    assert lamina_run("-c", "import sys; print(sys.argv)", "x").stdout == "['-c', 'x']\n"
    done = lamina_run("-m", "no_such_module")
    assert done.returncode == 1
    assert "no_such_module" in done.stderr.splitlines()[-1]
    assert lamina_run().returncode == 2
