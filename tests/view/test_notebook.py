"""The widget: the page in a cell of a notebook, with the model in the kernel, over anywidget's protocol."""

import base64
import sys
import types

import numpy as np
import pytest
from tests.view.test_page import SEVEN, click_cell, draw

import lamina
from lamina import layers
from lamina.view import Session, View, page

# What anywidget gives to `render`, on the other end of a line to this process.
CELL = """<!DOCTYPE html><body><div id="cell"></div><script type="module">
import widget from "data:text/javascript;base64,SOURCE";
const heard = new Set();
globalThis.tell = ([message, buffers]) => {
  const views = buffers.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
  for (const hear of heard) hear(message, views);
};
const model = {
  on: (name, hear) => name === "msg:custom" && heard.add(hear),
  off: (name, hear) => heard.delete(hear),
  send: async (message, _, buffers = []) => {
    const texts = buffers.map((buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))));
    (await kernel(message, texts)).forEach(tell);
  },
};
globalThis.end = widget.render({ model, el: document.querySelector("#cell") });
globalThis.heard = heard;
</script></body>"""


class AnyWidget:
    """Stands in for anywidget's class: custom messages with buffers, both ways."""

    def __init__(self):
        self.sent = []

    def on_msg(self, hear):
        self.hear = hear

    def send(self, message, buffers=None):
        self.sent.append([message, [base64.b64encode(bytes(b)).decode() for b in buffers or []]])

    def take(self):
        taken, self.sent = self.sent, []
        return taken

    def _repr_mimebundle_(self, **kwargs):
        return {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}, {}


@pytest.fixture
def installed(monkeypatch):
    module = types.ModuleType("anywidget")
    module.AnyWidget = AnyWidget
    monkeypatch.setitem(sys.modules, "anywidget", module)


@pytest.mark.slow
def test_a_page_in_a_cell_asks_the_kernel(installed, browser, wait, session, tmp_path):
    shown = View(session)
    live = shown.widget()

    def kernel(message, texts):
        live.hear(live, message, [memoryview(base64.b64decode(text)) for text in texts])
        return live.take()

    source = base64.b64encode(live._esm.encode()).decode()
    (tmp_path / "cell.html").write_text(CELL.replace("SOURCE", source))
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    outer = context.new_page()
    complaints = []
    outer.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    outer.expose_function("kernel", kernel)
    outer.goto((tmp_path / "cell.html").as_uri())
    wait(outer, "frames.length")
    cell = outer.frames[1]
    wait(cell, "globalThis.lamina?.updates > 0")
    draw(cell, SEVEN, outer.mouse)
    wait(cell, "document.querySelector('#answer').dataset.top === '7' && !lamina.running")
    drawn = np.array(cell.evaluate("() => [...lamina.values]"), "float32")
    np.testing.assert_array_equal(session.flat, drawn)  # it is the kernel's model that answers
    click_cell(cell, "parts", [3, 4, 5], outer.mouse)
    wait(cell, "lamina.trace?.complete")
    assert cell.evaluate("() => lamina.trace.before") == pytest.approx(session.trace("parts", (3, 4, 5))["before"])
    complaint = cell.evaluate("() => lamina.backend.trace('nothing', [0]).catch((error) => error.message)")
    assert complaint.startswith("There is no node 'nothing'")
    updates = cell.evaluate("() => lamina.updates")
    shown.refresh()
    outer.evaluate("(messages) => messages.forEach(tell)", live.take())
    wait(cell, f"lamina.updates > {updates}")
    wait(cell, "!lamina.running")
    outer.evaluate("() => end()")
    assert outer.evaluate("() => heard.size") == 0
    assert complaints == []
    context.close()


def tiny():
    return View(Session(lamina.Sequential([lamina.Input((3,)), layers.Dense(2)]), np.ones((1, 3), "float32")))


def test_a_notebook_shows_the_widget_and_keeps_the_page_for_where_there_is_no_kernel(installed):
    shown = tiny()
    bundle, _ = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "text/html" not in bundle  # a notebook asks `_repr_html_` for it beside the widget
    assert shown.widget() is shown.live


def test_without_anywidget_the_page_stands_in_the_cell_and_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)  # as if it were not installed
    shown = tiny()
    assert shown._repr_mimebundle_() is None
    assert shown._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    with pytest.raises(ImportError, match=r"pip install 'lamina\[notebook\]'"):
        shown.widget()


def test_the_widgets_module_names_nothing_outside():
    source = (page.WEB / "widget.js").read_text()
    assert "http" not in source
    assert "import " not in source
