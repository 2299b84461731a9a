import re

import pytest

import lamina
from lamina import cli


def run(arguments):
    """Return the exit status of the command, however it ends."""
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return end.code


@pytest.fixture
def model_file(tmp_path):
    model = lamina.Sequential([lamina.Input((3, 2)), lamina.layers.Flatten(), lamina.layers.Dense(4)])
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


@pytest.mark.parametrize("command", ["demo", "summary"])
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
