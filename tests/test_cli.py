import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import lamina
from lamina import cli
from lamina.profile import Time


def run(arguments):
    """Return the exit status of the command, however it ends."""
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return end.code


@pytest.fixture
def model_file(tmp_path):
    model = lamina.Sequential(
        [lamina.Input((3, 2)), lamina.layers.Flatten(name="flatten"), lamina.layers.Dense(4, name="dense")]
    )
    path = tmp_path / "small.keras"
    model.save(path)
    return path


def test_help_names_every_command(capsys):
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "usage: lamina" in shown
    assert re.search(r"demo +train a network", shown)
    assert re.search(r"summary +print the layers", shown)


def test_no_command_prints_the_help(capsys):
    assert run([]) == 0
    assert capsys.readouterr().out.startswith("usage: lamina")


@pytest.mark.parametrize("command", ["demo", "summary", "explain", "trace", "check", "profile"])
def test_every_command_has_help(command, capsys):
    assert run([command, "--help"]) == 0
    assert f"usage: lamina {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "invalid choice: 'train'"),
        (["--frobnicate"], "--frobnicate"),
        (["summary"], "required: FILE"),
        (["summary", "nowhere.keras"], "there is no file nowhere.keras"),
        (["summary", "."], "is a folder"),
        (["demo", "--epochs", "0"], "a whole number from 1 up, it got '0'"),
        (["demo", "--epochs", "many"], "a whole number from 1 up, it got 'many'"),
        (["demo", "--out", __file__], "wants a folder"),
        (["demo", "surplus"], "surplus"),
        (["explain"], "required: FILE"),
        (["explain", "nowhere.keras"], "there is no file nowhere.keras"),
        (["trace", __file__], "required: --index"),
        (["trace", __file__, "--index", "two"], "whole numbers such as 17 or 3,4,0, it got 'two'"),
        (["profile", __file__, "--batch", "0"], "a whole number from 1 up, it got '0'"),
        (["profile", __file__, "--flame", "page.txt"], "ends with .html or .json"),
    ],
)
def test_bad_arguments_get_one_line_and_status_2(arguments, message, capsys):
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("lamina")
    assert shown.out == ""


def test_summary_prints_the_layers_of_a_saved_model(model_file, capsys):
    assert run(["summary", str(model_file)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"flatten.*\(Flatten\)", shown)
    assert re.search(r"dense.*\(Dense\).*28", shown)


def test_a_model_that_was_compiled_and_not_trained_is_explained_without_a_warning(model_file, capsys, recwarn):
    model = lamina.saving.load_model(model_file)
    model.compile("adam", "mse")
    model.save(model_file)
    assert run(["explain", str(model_file)]) == 0
    assert not recwarn.list
    assert "flatten (Flatten)" in capsys.readouterr().out


@pytest.mark.parametrize("harm", ["truncated", "foreign", "empty", "binary with a known ending"])
def test_summary_of_an_unreadable_file_is_one_line_and_status_2(harm, model_file, tmp_path, capsys):
    content = {
        "truncated": model_file.read_bytes()[:700],
        "foreign": b"colour,count\nred,3\n",
        "empty": b"",
        "binary with a known ending": bytes(range(256)),
    }[harm]
    path = tmp_path / "broken.keras"
    path.write_bytes(content)
    assert run(["summary", str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"lamina summary: cannot read {path}: ")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("ending", [".h5", ".txt", ""])
def test_summary_of_a_file_with_another_ending_is_one_line_and_status_2(ending, tmp_path, capsys):
    path = tmp_path / f"notes{ending}"
    path.write_text("not a model")
    assert run(["summary", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_ends_with_one_line_and_status_130(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "demo", interrupted)
    assert run(["demo"]) == 130
    assert capsys.readouterr().err == "lamina: stopped\n"


def test_demo_hands_its_arguments_on(monkeypatch, tmp_path):
    from lamina.demo import digits

    seen = {}
    monkeypatch.setattr(digits, "run", lambda **arguments: seen.update(arguments))
    assert run(["demo", "--epochs", "3", "--out", str(tmp_path / "new")]) == 0
    assert seen == {"epochs": 3, "out": tmp_path / "new"}


SCRIPT = """
import lamina as keras
import numpy as np

model = keras.Sequential([keras.Input((3, 2)), keras.layers.Flatten(name="flat"), keras.layers.Dense(4, name="top")])
model.compile("sgd", "sparse_categorical_crossentropy")
print("about to train")
try:
    model.fit(np.zeros((8, 3, 2)), np.zeros(8), epochs=3)
except Exception:
    pass
raise RuntimeError("it went on")
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setattr("lamina.dialects.until_fit.install", lambda quiet: None)  # the real Keras is here as the oracle
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


def test_a_script_for_keras_is_explained_as_it_is(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT.replace("import lamina as keras", "import keras"))
    command = [sys.executable, "-m", "lamina", "explain", str(path), "--layer", "flat"]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "JAX_PLATFORMS": "cpu"}
    )
    assert told.stdout.startswith("flat (Flatten)  (b, 3, 2) -> (b, 6)")
    assert told.stderr == "about to train\n"


def test_a_saved_model_is_explained(model_file, capsys):
    assert run(["explain", str(model_file)]) == 0
    assert "Lays the 3 × 2 values of each sample in one row of 6" in capsys.readouterr().out


def test_two_saved_models_are_compared(model_file, capsys):
    assert run(["explain", str(model_file), str(model_file)]) == 0
    assert "the same function" in capsys.readouterr().out


def test_a_script_runs_up_to_its_fit_and_its_model_is_asked(script, capsys):
    assert run(["explain", str(script), "--layer", "flat", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["name"] == "flat"
    assert shown.err == "about to train\n"


def test_a_script_is_checked_with_its_data(script, capsys):
    assert run(["check", str(script), "--json"]) == 1
    codes = [finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert codes == ["L302"]


def test_a_healthy_model_has_status_0(model_file, capsys):
    assert run(["check", str(model_file)]) == 0
    assert capsys.readouterr().out == "Nothing found.\n"


def test_an_element_is_traced(model_file, capsys):
    assert run(["trace", str(model_file), "--layer", "flatten", "--index", "3"]) == 0
    assert "flatten[3] is a copy of" in capsys.readouterr().out


def test_data_say_what_each_element_adds(model_file, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.full((2, 3, 2), 5.0))
    data = ["--data", str(tmp_path / "x.npy"), "--json"]
    assert run(["trace", str(model_file), "--layer", "flatten", "--index", "3", *data]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["value"], told["rest"], [entry[1:] for entry in told["contributions"]]) == (5, 0, [[[1, 1], 5, 1, 5]])


def test_a_layer_that_is_not_there_is_one_line_and_status_2(model_file, capsys):
    assert run(["trace", str(model_file), "--layer", "flaten", "--index", "3"]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"lamina trace: {model_file}: ")
    assert shown.err.count("\n") == 1


def test_a_script_without_a_model_is_one_line_and_status_2(tmp_path, capsys, script):
    path = tmp_path / "nothing.py"
    path.write_text("x = 1")
    assert run(["explain", str(path)]) == 2
    assert (
        capsys.readouterr().err
        == f"lamina explain: {path}: {path} trains no model, and there is none among its variables\n"
    )


def test_a_profile_is_printed_and_its_flame_chart_written(model_file, tmp_path, capsys):
    chart = tmp_path / "flame.json"
    assert run(["profile", str(model_file), "--batch", "2", "--json", "--flame", str(chart)]) == 0
    assert json.loads(capsys.readouterr().out)["batch"] == 2
    assert {event["name"] for event in json.loads(chart.read_text())["traceEvents"]} >= {"flatten", "dense"}
    assert run(["profile", str(model_file), str(model_file), "--flame", str(chart)]) == 2
    assert "a flame chart is of one model" in capsys.readouterr().err


def test_two_models_are_profiled_side_by_side(model_file, monkeypatch, capsys):
    monkeypatch.setattr("lamina.profile.timed", lambda *_, **__: Time(1.0, 1.0, 1.0, 1, 1.0))
    assert run(["profile", str(model_file), str(model_file), "--batch", "2"]) == 0
    assert capsys.readouterr().out.startswith("Two profiles")
