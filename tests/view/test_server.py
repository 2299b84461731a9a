"""Who is answered, and who is not: the server is one person's, on one machine."""

import http.client
import json
import socket

import numpy as np
import pytest

from lamina.view import ViewServer

NUMBERS = "application/octet-stream"


def ask(server, path, method="GET", body=None, token=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    token = server.token if token is None else token
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, f"/{token}/{path}", body, named)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_the_page_and_its_parts_come_with_the_token(server):
    answer, content = ask(server, "")
    assert answer.status == 200
    assert b"<!DOCTYPE html>" in content
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for name in ("style.css", "page.js", "vendor/dagre.min.js", "vendor/LICENSES.txt"):
        assert ask(server, name)[0].status == 200


def test_it_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("token", ["", "wrong", "x" * 32])
@pytest.mark.parametrize("path", ["", "scene", "js/app.js", "events"])
def test_without_the_token_nothing_is_told(server, token, path):
    answer, content = ask(server, path, token=token)
    assert answer.status == 403
    assert b"little" not in content


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1.evil.example"])
def test_a_name_that_was_pointed_at_this_machine_is_refused(server, host):
    assert ask(server, "scene", Host=host)[0].status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_a_foreign_page_is_refused(server, origin):
    assert ask(server, "scene", Origin=origin)[0].status == 403
    assert ask(server, "run", "POST", b"", Origin=origin, Content_Type=NUMBERS)[0].status == 403


def test_its_own_page_is_answered(server):
    own = f"127.0.0.1:{server.server_port}"
    assert ask(server, "scene", Host=own, Origin=f"http://{own}")[0].status == 200


@pytest.mark.parametrize("path", ["../__init__.py", "js/../../session.py", "%2e%2e/session.py", "/etc/passwd"])
def test_only_the_pages_files_are_given(server, path):
    assert ask(server, path)[0].status == 404


def test_an_input_is_run_and_its_values_come_back(server, session, samples):
    answer, content = ask(server, "run", "POST", samples[3].tobytes(), Content_Type=NUMBERS)
    assert answer.status == 200
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    numbers = np.frombuffer(content[4 + length :], "<f4")
    last = header["nodes"][-1]
    assert last["id"] == "digit"
    np.testing.assert_allclose(numbers[last["start"] :][: last["count"]], session.model(samples[3:4])[0], atol=1e-6)


def test_two_gigabytes_are_refused_unread_and_change_nothing(server, session, samples):
    session.run(samples[0].ravel())
    before = session.values["digit"]
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as line:
        line.sendall(
            f"POST /{server.token}/run HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
            f"Content-Type: {NUMBERS}\r\nContent-Length: {2 * 2**30}\r\n\r\n".encode()
        )
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"2,048 MB large; at most 32 MB" in answer
    assert session.values["digit"] is before


@pytest.mark.parametrize(
    ("kind", "body", "status", "text"),
    [
        ("image/png", b"\x89PNG", 415, b"image/png"),
        (NUMBERS, b"12345", 415, b"float32"),
        (NUMBERS, b"1234", 400, b"little takes 784 numbers; it got 1"),
    ],
)
def test_what_is_no_input_is_refused_and_changes_nothing(server, session, samples, kind, body, status, text):
    session.run(samples[0].ravel())
    before = session.values["digit"]
    answer, content = ask(server, "run", "POST", body, Content_Type=kind)
    assert answer.status == status
    assert text in content
    assert session.values["digit"] is before


@pytest.mark.parametrize(
    "path",
    [
        "trace?node=nothing&index=1",
        "trace?node=digit&index=10",
        "trace?node=digit&index=x",
        "trace",
        "sample?number=-1",
        "saliency?kind=magic&class=1",
        "epoch?number=0",
    ],
)
def test_a_question_without_sense_gets_a_sentence(server, session, samples, path):
    session.run(samples[0].ravel())
    answer, content = ask(server, path)
    assert answer.status == 400
    assert json.loads(content)["error"]


def test_open_pages_are_told(session):
    server = ViewServer(session).start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request("GET", f"/{server.token}/events")
    answer = connection.getresponse()
    assert answer.readline() == b"retry: 2000\n"
    server.announce("changed")
    server.announce("end")
    told = answer.read().decode()
    assert told.index("event: changed") < told.index("event: end")
    connection.close()
    server.close()
