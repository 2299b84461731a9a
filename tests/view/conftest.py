"""A small trained network, a server that shows it, and a Chromium to look at it with."""

import shutil
import time

import pytest

import lamina
from lamina import layers
from lamina.datasets import digits
from lamina.view import Session, ViewServer

PATIENCE = 60  # for what takes moments on a machine with nothing else to do [seconds]
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


@pytest.fixture
def server(session):
    started = ViewServer(session).start()
    yield started
    started.close()


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


@pytest.fixture
def opened(browser):
    """Open an address, wait until the first picture is there, and fail if the page ever complained in its console."""
    complaints, contexts = [], []

    def open_page(address, before=None, **options):
        context = browser.new_context(viewport={"width": 1280, "height": 720}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if before:
            page.add_init_script(before)
        page.goto(address)
        until(page, "globalThis.lamina?.updates > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def until(page, condition):
    """Wait until an expression is true in the page; its security policy forbids playwright's own way."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, f"waited for {condition}"
        page.wait_for_timeout(40)


@pytest.fixture
def wait():
    return until
