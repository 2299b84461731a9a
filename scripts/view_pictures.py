"""Write the pictures of docs/view.md: what the page looks like in its main states. Needs Chromium and playwright."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.view.conftest import FLAGS, Tab, until  # noqa: E402
from tests.view.test_page import SEVEN, click_cell, draw  # noqa: E402

import lamina  # noqa: E402
from lamina import layers  # noqa: E402
from lamina.datasets import digits  # noqa: E402
from lamina.view import Session, ViewServer  # noqa: E402


def network():
    lamina.utils.set_random_seed(0)
    model = lamina.Sequential(
        [
            lamina.Input((28, 28, 1), name="image"),
            layers.Conv2D(12, 3, activation="relu", name="strokes"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(16, 3, activation="relu", name="parts"),
            layers.MaxPooling2D(name="pool_again"),
            layers.Flatten(name="flatten"),
            layers.Dense(48, activation="relu", name="hidden"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )
    model.compile(lamina.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    (images, labels), (shown, _) = digits.load_data()
    model.fit(images[..., None] / 255.0, labels, epochs=2, verbose=0)
    return model, (shown[:24, ..., None] / 255.0).astype("float32")


def take(tab, folder):
    page = tab.page

    def keep(name):
        until(page, "!lamina.running")
        page.wait_for_timeout(600)
        page.screenshot(path=folder / f"view-{name}.png")

    draw(page, SEVEN)
    until(page, "!lamina.running && document.querySelector('#answer').dataset.top === '7'")
    page.click("#saw summary")
    until(page, "document.querySelector('#saw-body').dataset.drawn")
    page.locator("#saw-body").scroll_into_view_if_needed()
    keep("drawn")
    click_cell(page, "parts", [3, 4, 5])
    until(page, "lamina.trace?.complete")
    page.mouse.move(0, 0)
    keep("cell")
    page.click("#theme")
    keep("dark")
    page.click("#theme")
    click_cell(page, "flatten", [75])
    until(page, "document.querySelector('#unroll')")
    page.click("#unroll")
    until(page, "lamina.unrolling?.placed > 40")
    page.screenshot(path=folder / "view-unroll.png")
    page.evaluate("() => { lamina.unrolling.stop(); lamina.clear(); }")
    page.locator(".samples button").nth(3).click()
    until(page, "!lamina.running && document.querySelector('#answer').dataset.top === '0'")
    page.click("#compare")
    page.locator(".samples button").nth(0).click()
    keep("compare")
    page.click("#compare")
    page.click("#show-2d")
    keep("flat")
    page.set_viewport_size({"width": 640, "height": 720})  # as at 200 % zoom
    keep("zoomed")


def main(folder):
    server = ViewServer(Session(*network(), classes=list("0123456789"))).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        tab = Tab(browser, color_scheme="light")
        tab.open(server.address)
        take(tab, folder)
        browser.close()
    server.close()
    assert tab.complaints == []


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
