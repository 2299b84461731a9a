"""How fast `lamina view` is: to the first picture, to the first values, while a scene is turned, while one draws.

python -m benchmarks.view                              # in a headless Chromium of 1280 x 720 that draws without a card
"""

import contextlib
import io
import shutil
import time

import numpy as np
from playwright.sync_api import sync_playwright
from tests.view.conftest import FLAGS

import lamina
from lamina import applications, layers
from lamina.view import Session, View

TURNED = 90  # pictures of a turn [count]
TURN = """(count) => new Promise((resolve) => {
  const { view } = lamina;
  const times = [];
  const step = () => {
    times.push(performance.now());
    if (times.length > count) {
      const ratio = view.renderer.getPixelRatio();
      view.controls.dispatchEvent({ type: "end" });
      return resolve([times, ratio]);
    }
    view.camera.position.applyAxisAngle(view.camera.up, 0.01);
    view.controls.update();
    view.draw();
    requestAnimationFrame(step);
  };
  view.controls.dispatchEvent({ type: "start" });
  requestAnimationFrame(step);
})"""

REDRAWN = 15  # inputs, one after the other [count]
REDRAW = """async (count) => {
  const delays = [];
  for (let i = 0; i < count; i++) {
    await lamina.input(lamina.values.map((value) => (value ? value * 0.99 : value)));
    await new Promise(requestAnimationFrame);
    delays.push(performance.now() - lamina.asked);
  }
  return delays;
}"""

CLICK = """async () => {
  const output = lamina.told.nodes[lamina.told.nodes.length - 1];
  const started = performance.now();
  await lamina.choose(output.id, output.shape.map(() => 0));
  return performance.now() - started;
}"""


def digits():
    model = lamina.Sequential(
        [
            lamina.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return model, np.random.default_rng(0).random((1, 28, 28, 1)).astype("float32")


def vgg16():
    return applications.VGG16(weights=None), np.random.default_rng(0).random((1, 224, 224, 3)).astype("float32")


def transformer():
    x = start = lamina.Input((128,), dtype="int32")
    x = layers.Embedding(1000, 256)(x)
    for _ in range(24):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(8, 32)(y, y)])
        y = layers.Dense(1024, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(256)(y)])
    answer = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    return lamina.Model(start, answer), np.arange(128, dtype="int32")[None]


def thousand():
    x = start = lamina.Input((8, 8, 4))
    for _ in range(250):
        y = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))
        x = layers.Add()([x, layers.ReLU()(y)])
    return lamina.Model(start, x), np.random.default_rng(0).random((1, 8, 8, 4)).astype("float32")


def measure(browser, name, model, x):
    started = time.perf_counter()
    session = Session(model, x)
    shown = View(session)
    with contextlib.redirect_stdout(io.StringIO()):
        shown.serve(browser=False, block=False)
    ready = time.perf_counter() - started
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(300_000)
    opened = time.perf_counter()
    page.goto(shown.server.address)
    while not page.evaluate("() => Boolean(globalThis.lamina?.updates)"):
        page.wait_for_timeout(20)
    values = ready + time.perf_counter() - opened
    picture = ready + page.evaluate("() => lamina.firstPicture") / 1000
    times, ratio = page.evaluate(TURN, TURNED)
    delays = page.evaluate(REDRAW, REDRAWN)
    click = page.evaluate(CLICK)
    passed = np.diff(times)
    update = len(session.frame()) / 1e6
    print(
        f"{name:12s} {len(session.scene.nodes):5d} layers {len(session.scene.shown()):3d} shown   "
        f"first picture {picture:5.2f} s   first values {values:5.2f} s   update {update:.2f} MB   "
        f"{1000 / np.median(passed):3.0f} pictures/s, sharpness {ratio:.2f}   new input {np.median(delays):4.0f} ms   "
        f"first click {click / 1000:.2f} s",
        flush=True,
    )
    page.close()
    shown.close()


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        browser.new_page().close()  # its own start is no part of what is measured
        for build in (digits, vgg16, transformer, thousand):
            measure(browser, build.__name__, *build())
        browser.close()


if __name__ == "__main__":
    main()
