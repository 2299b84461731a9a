"""A small trained network, a server that shows it, and a Chromium to look at it with."""

import base64
import shutil
import sys
import time
import types

import pytest

import lamina
from lamina import layers
from lamina.datasets import digits
from lamina.view import Session, ViewServer

PATIENCE = 120  # for what takes moments on a machine with nothing else to do [seconds]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FIRST_STATE = """async () => {
  if (lamina.kept) document.querySelector("#compare").click();
  if (lamina.kind !== "3d") await lamina.look("3d");
  lamina.unrolling?.stop();
  lamina.clear();
  const first = await lamina.backend.sample(0);
  lamina.control.show(first);
  await lamina.input(first);
  lamina.view.fit();
}"""


@pytest.fixture(scope="package")
def model():
    lamina.utils.set_random_seed(0)
    network = lamina.Sequential(
        [
            lamina.Input((28, 28, 1), name="image"),
            layers.Conv2D(8, 3, activation="relu", name="strokes"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(12, 3, activation="relu", name="parts"),
            layers.MaxPooling2D(name="pool_again"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="little",
    )
    network.compile(lamina.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    (images, labels), _ = digits.load_data()
    network.fit(images[:4000, ..., None] / 255.0, labels[:4000], epochs=3, verbose=0)
    return network


@pytest.fixture(scope="package")
def samples():
    _, (images, _) = digits.load_data()
    return (images[:12, ..., None] / 255.0).astype("float32")


@pytest.fixture(scope="package")
def session(model, samples):
    return Session(model, samples, classes=list("0123456789"))


@pytest.fixture(scope="package")
def server(session):
    started = ViewServer(session).start()
    yield started
    started.close()


@pytest.fixture
def serve():
    """Start servers that end with the test."""
    started = []

    def start(session):
        started.append(ViewServer(session).start())
        return started[-1].address

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="module")  # no longer: playwright's event loop would be in the way of others
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=FLAGS, timeout=1000 * PATIENCE)
        yield opened
        opened.close()


class Tab:
    """A page, and what it complained about in its console."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(viewport={"width": 1280, "height": 720}, **options)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, address):
        """Open an address and wait until the first values are there."""
        self.page.goto(address)
        until(self.page, "globalThis.lamina?.updates > 0")
        return self.page


@pytest.fixture
def opened(browser):
    """Open an address in a tab of its own, and fail if the page ever complained."""
    tabs = []

    def open_page(address, before=None, **options):
        tabs.append(Tab(browser, **options))
        if before:
            tabs[-1].page.add_init_script(before)
        return tabs[-1].open(address)

    yield open_page
    for tab in tabs:
        tab.context.close()
    assert [text for tab in tabs for text in tab.complaints] == []


@pytest.fixture(scope="module")
def tab(browser, server):
    """The page of the little network, opened once for all tests that leave it as it was."""
    shared = Tab(browser, reduced_motion="reduce")
    shared.open(server.address)
    yield shared
    shared.context.close()


@pytest.fixture
def page(tab):
    """That page as it is at first: the first sample, nothing chosen, all seen in 3-D."""
    tab.page.evaluate(FIRST_STATE)
    yield tab.page
    assert tab.complaints == []


def until(page, condition):
    """Wait until an expression is true in the page; its security policy forbids playwright's own way."""
    end = time.monotonic() + PATIENCE
    while not _holds(page, condition):
        assert time.monotonic() < end, f"waited for {condition}"
        page.wait_for_timeout(40)


def _holds(page, condition):
    try:
        return page.evaluate(f"() => Boolean({condition})")
    except Exception as error:
        if "context was destroyed" in str(error):  # an empty page is just being replaced by that in which it may hold
            return False
        raise


@pytest.fixture
def wait():
    return until


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
