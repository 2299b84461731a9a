"""What is written: the page in one piece, still pictures; and the doors to all of it."""

import base64
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import lamina
from lamina import cli, layers
from lamina.view import Session, View, page


def test_the_saved_page_asks_nobody_for_anything(session):
    written = View(session).html()
    assert len(written.encode()) <= 5_000_000
    outside = re.findall(r"""(?:src|href|action)=["'](?!data:)([^"']+)""", written.split("layout-worker")[0])
    assert outside == []
    assert not re.search(r"</script(?!>)|<!--", written.split("<body>")[1].split("lamina-data")[0][-200:])


def test_a_name_cannot_break_out_of_the_page():
    evil = "</script><script>alert(1)</script>"
    network = lamina.Sequential([lamina.Input((3,)), layers.Dense(2)])
    written = View(Session(network, np.ones((1, 3), "float32"), classes=[evil, "b"])).html()
    assert evil not in written
    assert "<title>&lt;b></title>" in page.single({}, "<b>")


def test_a_model_too_large_for_a_page_is_kept_as_pictures():
    network = lamina.Sequential([lamina.Input((3,)), layers.Dense(1500), layers.Dense(1500), layers.Dense(2)])
    written = View(Session(network, np.ones((9, 3), "float32"))).html()
    assert len(written.encode()) <= 5_000_000
    assert '"frames":' in written
    assert '"steps":' not in written


def test_pictures_that_come_as_bytes_are_kept_as_bytes(session, samples):
    from lamina.view.saved import _packed

    kept = _packed(samples[0].ravel())
    assert kept["type"] == "bytes"
    back = np.frombuffer(base64.b64decode(kept["data"]), "uint8") / np.float32(kept["divisor"])
    np.testing.assert_array_equal(back, samples[0].ravel())
    assert _packed(np.array([0.123, 2.0], "float32"))["type"] == "numbers"


def test_still_pictures_name_every_layer(session, tmp_path):
    View(session).write(svg=tmp_path / "model.svg", png=tmp_path / "model.png")
    text = (tmp_path / "model.svg").read_text()
    assert text.count("<image") == len(session.scene.nodes)
    for node in session.scene.nodes:
        assert f">{node.id}<" in text
    assert (tmp_path / "model.png").read_bytes()[:4] == b"\x89PNG"


def test_the_command_writes_files(model, tmp_path, capsys):
    model.save(tmp_path / "little.keras")
    arguments = ["view", str(tmp_path / "little.keras"), "--save", str(tmp_path / "page.html")]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_the_command_says_what_is_wrong_in_one_line(model, tmp_path, capsys):
    model.save(tmp_path / "little.keras")
    (tmp_path / "x.npy").write_bytes(b"no numbers")
    assert cli.main(["view", str(tmp_path / "little.keras"), "--data", str(tmp_path / "x.npy")]) == 2
    assert capsys.readouterr().err.startswith("lamina view: ")
    (tmp_path / "words.txt").write_text("the\ncat\n")
    assert cli.main(["view", str(tmp_path / "little.keras"), "--vocabulary", str(tmp_path / "words.txt")]) == 2
    assert "begin with token ids; little takes small images" in capsys.readouterr().err


def test_a_server_is_started_and_ends(model, samples, capsys):
    shown = model.view(samples, browser=False, block=False)
    assert shown.server.address in capsys.readouterr().out
    shown.close()
    assert shown.server is None


def test_ctrl_c_ends_the_command(model, tmp_path):
    model.save(tmp_path / "little.keras")
    # What is started in the background has Ctrl-C turned off, and so has all it starts: also this, where tests run so.
    listening = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{listening}; from lamina import cli; sys.exit(cli.main())"
    command = [sys.executable, "-c", program, "view", str(tmp_path / "little.keras"), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        lines = [started.stdout.readline() for _ in range(3)]
        assert re.search(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", lines[2])
        started.send_signal(signal.SIGINT)
        try:
            _, errors = started.communicate(timeout=60)
        finally:
            started.kill()
    assert started.returncode == 0, errors
    assert "Traceback" not in errors


def test_a_notebook_gets_the_page_in_its_cell(session):
    written = View(session)._repr_html_()
    assert written.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert 'sandbox="allow-scripts"' in written


def test_a_model_of_unknown_sizes_asks_for_samples():
    network = lamina.Sequential([lamina.Input((None, 3)), layers.GRU(2)])
    with pytest.raises(ValueError, match=r"Give them: model\.view\(x\)"):
        network.view(block=False)
