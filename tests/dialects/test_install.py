"""What `install` and `lamina run` refuse, and what they pass on."""

import subprocess
import sys

import pytest


def lamina_run(*words, cwd=None):
    command = [sys.executable, "-m", "lamina", "run", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=cwd)


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_install_refuses_when_another_keras_is_already_imported():
    code = "import sys, types; sys.modules['keras'] = types.ModuleType('keras')\nfrom lamina import dialects"
    done = python(code + "; dialects.install()")
    assert "ImportError: The real keras is already imported" in done.stderr


@pytest.mark.slow
def test_nothing_is_answered_before_install_and_after_uninstall():
    done = python(
        "import sys; from lamina import dialects, layers, models\n"
        "before = models.Model.__new__, layers.Dense.__init__\n"
        "dialects.install(quiet=True); import keras; keras.layers.Dense(output_dim=2); dialects.uninstall()\n"
        "assert (models.Model.__new__, layers.Dense.__init__) == before and 'keras' not in sys.modules\n"
        "assert not dialects.installed() and not hasattr(models.Model, 'fit_generator')\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_programs_own_traceback_and_status_are_passed_on(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nimport keras\nif sys.argv[1:] == ['5']:\n    sys.exit(5)\n1 / 0\n")
    assert lamina_run(script, "5").returncode == 5
    done = lamina_run(script)
    assert done.returncode == 1
    assert done.stderr.splitlines()[:2] == [
        "Traceback (most recent call last):",
        f'  File "{script}", line 5, in <module>',
    ]
    assert done.stderr.strip().endswith("ZeroDivisionError: division by zero")


@pytest.mark.slow
def test_a_missing_script_and_a_missing_package_are_told_in_a_line(tmp_path):
    done = lamina_run(tmp_path / "absent.py")
    assert (done.returncode, done.stderr) == (2, f"lamina run: there is no file {tmp_path / 'absent.py'}\n")
    done = lamina_run("-c", "import tensorflow_datasets")
    assert "No module named 'tensorflow_datasets'" in done.stderr
    assert "install it" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_an_old_spelling_is_told_kept_quiet_or_refused():
    code = "import keras; print(keras.layers.Dropout(p=0.5).rate, keras.__version__)"
    told = lamina_run("-c", code)
    assert told.stdout == "0.5 3.15.1\n"
    assert told.stderr == "lamina: <string>:1: `Dropout(p=…)` (Keras 1.2) is now `rate=`\n"
    assert lamina_run("--quiet", "--as-keras", "2.15.0", "-c", code).stdout == "0.5 2.15.0\n"
    strict = lamina_run("--strict", "-c", code)
    assert strict.returncode == 1
    assert "`rate=`" in strict.stderr


@pytest.mark.slow
def test_old_arguments_that_would_change_the_numbers_are_refused_with_what_to_write():
    for old in ("time_major=True", "stateful=True, batch_input_shape=(4, 5, 2)"):
        done = lamina_run("--quiet", "-c", f"import keras; keras.layers.LSTM(2, {old})")
        assert done.returncode == 1
        assert "ValueError" in done.stderr
        assert "np.swapaxes" in done.stderr or "Input(batch_shape=(4, 5, 2))" in done.stderr
    assert lamina_run("--quiet", "-c", "import keras; keras.layers.LSTM(2, time_major=False)").returncode == 0
