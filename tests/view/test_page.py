"""The page in a real Chromium: drawn on, clicked, played, saved and opened without a network."""

import base64

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.view import Session, View

pytestmark = pytest.mark.slow

NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
};
"""
CHANGED = "lamina.values.some((value, i) => value !== lamina.kept.get('image').values[i])"
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.7, 0.35), (0.45, 0.85)]


def draw(page, points, mouse=None):
    mouse = mouse or page.mouse
    page.locator("#pad").scroll_into_view_if_needed()
    frame = page.locator("#pad").bounding_box()
    places = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in points]
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=6)
    mouse.up()


def click_cell(page, node, index, mouse=None):
    """Click where the page says that a cell is."""
    place = page.evaluate(
        """([id, index]) => lamina.cells.cellOf(lamina.nodes.get(id), lamina.level(id), index)""", [node, index]
    )
    at = page.evaluate("([id, cell]) => lamina.view.screenOf(id, cell)", [node, place])
    frame = page.frame_element().bounding_box() if mouse else {"x": 0, "y": 0}  # inside of a notebook's cell
    (mouse or page.mouse).click(frame["x"] + at["x"], frame["y"] + at["y"])


def lit(page, node):
    return page.evaluate(f"() => [...(lamina.marks.get('{node}') ?? new Map()).keys()].sort((a, b) => a - b)")


def test_a_seven_is_drawn_and_read(page, wait):
    draw(page, SEVEN)
    wait(page, "document.querySelector('#answer').dataset.top === '7' && !lamina.running")
    assert page.locator("#answer .bar").first.inner_text().split()[0] == "7"
    drawn = np.array(page.evaluate("() => [...lamina.values]")).reshape(28, 28)
    rows, cols = np.nonzero(drawn > 0.01)
    assert max(np.ptp(rows), np.ptp(cols)) in (19, 20, 21)  # fitted into a box of 20 pixels, as the digits were
    mass = np.indices((28, 28)).reshape(2, -1) @ drawn.ravel() / drawn.sum()
    np.testing.assert_allclose(mass, 13.5, atol=0.15)
    assert ((drawn > 0.05) & (drawn < 0.95)).sum() > 20  # its edges are grey


def test_a_click_lights_up_what_trace_says_and_the_contributions_add_up(page, wait, model):
    click_cell(page, "parts", [3, 4, 5])
    wait(page, "lamina.trace?.id === 'parts' && lamina.trace.complete")
    assert page.evaluate("() => lamina.chosen.index") == [3, 4, 5]
    found = model.trace("parts", (3, 4, 5))
    for name, order in (("image", (2, 0, 1)), ("strokes", (2, 0, 1)), ("pool", (2, 0, 1))):
        assert lit(page, name) == np.flatnonzero(found[name].elements.transpose(order)).tolist()
    told = page.evaluate("() => lamina.trace")
    assert sum(p[4] for p in told["parts"]) + told["others"] + told["rest"] == pytest.approx(told["before"], abs=1e-5)
    page.click("#goes-to")
    wait(page, "lamina.trace.forward && lamina.trace.complete")
    ahead = model.trace("parts", (3, 4, 5), forward=True)
    assert lit(page, "flatten") == np.flatnonzero(ahead["flatten"].elements).tolist()


def test_flatten_says_where_a_cell_came_from_and_unrolls_in_row_major_order(page, wait):
    click_cell(page, "flatten", [75])
    wait(page, "document.querySelector('#source')")
    assert page.locator("#source").inner_text() == "pool_again[1, 1, 3]"
    assert page.locator("#cell").inner_text().count("1·5·12 + 1·12 + 3 = 75") == 1
    page.click("#unroll")
    wait(page, "lamina.unrolling?.placed === 300")
    assert page.locator("#counter").inner_text() == "300 of 300: pool_again[4, 4, 11] → [299]"
    order = page.evaluate("() => lamina.unrolling.order")
    assert order == [list(index) for index in np.ndindex(5, 5, 12)]
    wait(page, "document.querySelector('#counter').hidden")


def test_only_the_newest_drawing_is_run(page, wait):
    before = page.evaluate("() => lamina.updates")
    page.evaluate("() => { for (let i = 0; i < 40; i++) lamina.input(new Float32Array(784).fill(i / 40)); }")
    wait(page, "!lamina.running")
    assert page.evaluate("() => lamina.updates") - before <= 2
    assert page.evaluate("() => lamina.frame.get('image').values[0]") == pytest.approx(39 / 40)


def test_it_is_shown_flat_without_webgl_and_readable_at_200_percent(server, opened, wait):
    page = opened(server.address, before=NO_WEBGL)
    assert page.evaluate("() => lamina.kind") == "2d"
    assert page.locator(".card").count() == 7
    page.set_viewport_size({"width": 640, "height": 480})  # as at 200 % zoom
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    card = page.locator(".card canvas").nth(2)
    card.scroll_into_view_if_needed()
    card.click()
    wait(page, "lamina.trace?.id === 'pool'")


def test_blocks_are_unfolded_by_a_click_and_folded_again(opened, wait, serve):
    deep = lamina.Sequential([lamina.Input((4,)), *(layers.ReLU(name=f"step_{i}") for i in range(70))])
    page = opened(serve(Session(deep, np.ones((1, 4), "float32"))) + "?2d")
    folded = page.locator(".card").count()
    assert folded < 60
    assert not page.is_visible("#fold")
    page.locator(".card canvas").nth(1).click()
    wait(page, f"document.querySelectorAll('.card').length > {folded}")
    wait(page, "!lamina.running")
    page.click("#fold")
    wait(page, f"document.querySelectorAll('.card').length === {folded}")


def test_what_is_kept_is_compared_with_what_comes(page, wait, model, samples):
    page.click("#compare")
    page.locator(".samples button").nth(3).click()
    wait(page, f"!lamina.running && {CHANGED}")
    shown = page.evaluate("() => [...lamina.frame.get('digit').values]")
    np.testing.assert_allclose(shown, model(samples[3:4])[0] - model(samples[:1])[0], atol=1e-5)
    assert page.locator("#answer").get_attribute("data-top") == str(int(np.argmax(model(samples[3:4])[0])))


def test_a_strip_shows_each_layer_before_and_after(page, wait):
    assert not page.is_visible("#strip")
    page.click("#compare")
    page.locator(".samples button").nth(5).click()
    wait(page, f"!lamina.running && {CHANGED}")
    columns = page.locator("#strip .column")
    assert columns.count() == 1 + 7
    pictures = page.evaluate("""() => [...document.querySelectorAll("#strip [data-node=image] canvas")].map((canvas) =>
        [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data].join())""")
    assert len(set(pictures)) == 3  # as it was, as it is, what has changed
    page.click("#compare")
    assert not page.is_visible("#strip")


def test_the_scene_fills_its_frame_after_a_resize(page, wait):
    page.set_viewport_size({"width": 1000, "height": 800})
    spread = """() => {
      const frame = document.querySelector("#view canvas").getBoundingClientRect();
      const places = [...lamina.view.walls].flatMap(([id, { level }]) =>
        [0, level.chosen.length * level.rows * level.cols - 1].map((cell) => lamina.view.screenOf(id, cell)));
      const xs = places.map(({ x }) => (x - frame.left) / frame.width);
      const ys = places.map(({ y }) => (y - frame.top) / frame.height);
      return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys), frame.width];
    }"""
    wait(page, "document.querySelector('#view canvas').clientWidth === document.querySelector('#view').clientWidth")
    left, right, top, bottom, width = page.evaluate(spread)
    assert width == page.evaluate("() => document.querySelector('#view').clientWidth")
    assert min(left, top) > 0
    assert max(right, bottom) < 1
    assert max(right - left, bottom - top) > 0.75
    assert left == pytest.approx(1 - right, abs=0.12)  # in the middle
    page.set_viewport_size({"width": 1280, "height": 720})


def test_a_table_has_sliders_over_its_columns_and_each_layer_a_bar_for_its_time(opened, wait, serve):
    tiny = lamina.Sequential([lamina.Input((3,)), layers.Dense(2, name="sum"), layers.Flatten()])
    x = np.array([[0, -2, 10], [1, 2, 30]], "float32")
    page = opened(serve(Session(tiny, x)) + "?2d")
    sliders = page.locator("#input input[type=range]")
    assert [[slider.get_attribute(end) for end in ("min", "max")] for slider in sliders.all()] == [
        ["0", "1"],
        ["-2", "2"],
        ["10", "30"],
    ]
    sliders.nth(2).fill("20")
    wait(page, "!lamina.running && lamina.values[2] === 20")
    shown = page.evaluate("() => [...lamina.frame.get('sum').values]")
    np.testing.assert_allclose(shown, tiny.layers[0](np.array([[0, -2, 20]], "float32"))[0], rtol=1e-5)
    page.click("#time")
    wait(page, "document.querySelectorAll('.time').length === 2")
    heights = page.evaluate("() => [...document.querySelectorAll('.time')].map((bar) => parseFloat(bar.style.height))")
    assert max(heights) == 60


def test_words_are_typed_and_what_is_unknown_is_said(opened, wait, serve):
    network = lamina.Sequential([lamina.Input((6,), dtype="int32"), layers.Embedding(9, 2), layers.GRU(3)])
    session = Session(network, np.array([[4, 2, 3, 0, 0, 0]], "int32"), vocabulary=["", "the", "cat", "sat", "on"])
    page = opened(serve(session) + "?2d")
    note, field = page.locator("#tokens-note"), page.locator("#tokens")
    assert field.input_value() == "on cat sat"
    field.fill("The cat, sat 7 zebra on")
    wait(page, "!lamina.running && lamina.values[4] === 4")
    assert page.evaluate("() => [...lamina.values]") == [1, 2, 3, 7, 4, 0]
    assert "5 of 6 tokens" in note.inner_text()
    assert "Not in the vocabulary, left out: zebra." in note.inner_text()
    field.fill("the cat 12")
    assert "whole numbers from 0 to 8; this is none: 12. Nothing was changed." in note.inner_text()
    assert page.evaluate("() => [...lamina.values]") == [1, 2, 3, 7, 4, 0]
    session.input["words"][0] = "[UNK]"
    again = opened(serve(session) + "?2d")
    again.fill("#tokens", "a cat")
    wait(again, "!lamina.running && lamina.values[1] === 2")
    assert again.evaluate("() => [...lamina.values]") == [0, 2, 0, 0, 0, 0]
    assert "Not in the vocabulary, read as [UNK]: a." in again.locator("#tokens-note").inner_text()


def test_it_is_walked_through_by_keys(page, wait):
    page.focus("#view")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    wait(page, "lamina.current === 'pool'")
    page.keyboard.press("Enter")
    wait(page, "lamina.trace?.id === 'pool'")
    page.keyboard.press("Escape")
    assert page.evaluate("() => lamina.chosen") is None


@pytest.mark.parametrize(
    ("name", "size", "text"), [("words.txt", 10, "is not a picture"), ("huge.png", 21 * 2**20, "21 MB large")]
)
def test_what_is_no_picture_is_refused_and_changes_nothing(page, wait, tmp_path, name, size, text):
    (tmp_path / name).write_bytes(b"x" * size)
    before = page.evaluate("() => [lamina.updates, ...lamina.values.slice(300, 340)]")
    page.set_input_files("#upload", tmp_path / name)
    wait(page, "!document.querySelector('#message').hidden")
    assert text in page.locator("#message").inner_text()
    assert page.evaluate("() => [lamina.updates, ...lamina.values.slice(300, 340)]") == before


def test_maps_over_the_input_are_drawn(page, wait):
    page.click("#saw summary")
    wait(page, "document.querySelector('#saw-body').dataset.drawn === 'grad_cam'")
    assert "Selvaraju" in page.locator("#saw-body").inner_text()


def test_the_saved_page_is_live_without_a_network(session, model, samples, opened, wait, tmp_path):
    path = tmp_path / "model.html"
    View(session).write(save=path)
    assert path.stat().st_size <= 5_000_000
    page = opened(path.as_uri(), offline=True)
    page.evaluate("async () => lamina.input(await lamina.backend.sample(4))")
    wait(page, "!lamina.running")
    values = page.evaluate("() => [...lamina.backend.engine.values].map(([id, { data }]) => [id, [...data]])")
    found = {"image": samples[4:5], **model.activations(samples[4:5])}
    assert [id for id, _ in values] == list(found)
    for id, numbers in values:
        np.testing.assert_allclose(numbers, np.ravel(found[id]), atol=1e-4)
    click_cell(page, "parts", [3, 4, 5])
    wait(page, "lamina.trace?.complete")
    session.run(samples[4].ravel())
    told, here = session.trace("parts", (3, 4, 5)), page.evaluate("() => lamina.trace")
    told |= session.reach("parts", (3, 4, 5))
    assert {name: sorted(cells) for name, cells in here["regions"].items()} == told["regions"]
    assert here["before"] == pytest.approx(told["before"], abs=1e-4)
    assert here["count"] == told["count"]
    draw(page, SEVEN)
    wait(page, "document.querySelector('#answer').dataset.top === '7'")


# What the notebooks of VS Code allow their outputs, which is less than others do.
STRICT = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:"
)


def test_the_page_in_a_notebooks_cell_is_live_without_a_network(session, browser, wait, tmp_path):
    policy = f'<meta http-equiv="Content-Security-Policy" content="{STRICT}">'
    (tmp_path / "cell.html").write_text(f"<!DOCTYPE html>{policy}<body>{View(session)._repr_html_()}</body>")
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "cell.html").as_uri())
    cell = page.frames[1]
    wait(cell, "globalThis.lamina?.updates > 0")
    assert cell.evaluate("() => lamina.kind") == "3d"
    draw(cell, SEVEN, page.mouse)
    wait(cell, "document.querySelector('#answer').dataset.top === '7'")
    context.close()


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


def test_epochs_are_gone_through_by_a_slider(opened, wait, serve, tmp_path):
    network = lamina.Sequential([lamina.Input((3,)), layers.Dense(2, name="sum")])
    for epoch in (1, 2):
        network.set_weights([np.full(w.shape, epoch) for w in network.get_weights()])
        network.save_weights(tmp_path / f"{epoch}.weights.h5")
    page = opened(serve(Session(network, np.ones((1, 3), "float32"), epochs=tmp_path)) + "?2d")
    assert page.evaluate("() => [...lamina.frame.get('sum').values]") == [8, 8]
    page.click("#compare")
    page.fill("#epoch", "0")
    wait(page, "lamina.raw.get('sum').values[0] === 4")
    assert "1.weights.h5" in page.locator("#input").inner_text()
    assert page.evaluate("() => [...lamina.frame.get('sum').values]") == [-4, -4]  # compared with the last epoch


def test_the_page_computes_common_layers_as_lamina_does(opened, tmp_path):
    lamina.utils.set_random_seed(3)
    start = lamina.Input((11, 9, 3))
    x = layers.Rescaling(2.0, -1.0)(start)
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="gelu")(x)
    x = layers.BatchNormalization()(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=1)(layers.ZeroPadding2D(((1, 0), (0, 2)))(x))
    y = layers.Activation("silu")(y)
    x = layers.Conv2D(6, (2, 3), dilation_rate=(2, 1), padding="same", use_bias=False)(layers.UpSampling2D()(x))
    x = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    parts = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(y)]
    total = layers.Add()([*parts, layers.Reshape((6,))(layers.ReLU()(parts[0]))])
    line = layers.Reshape((8, 3))(layers.Concatenate()([*parts, layers.Multiply()(parts), total]))
    line = layers.MaxPooling1D(2)(layers.Conv1D(4, 3, activation="tanh")(line))
    answer = layers.Softmax()(layers.Dense(5, activation="elu")(layers.Flatten()(line)))
    model = lamina.Model(start, answer)
    for v in model.variables:
        v.assign(np.random.default_rng(4).uniform(0.1, 0.9, v.shape) if "moving" in v.name or "gamma" in v.name else v)
    shown = Session(model, np.random.default_rng(5).random((2, 11, 9, 3)).astype("float32"))
    View(shown).write(save=tmp_path / "model.html")
    page = opened((tmp_path / "model.html").as_uri(), offline=True)
    values = page.evaluate("() => [...lamina.backend.engine.values].map(([id, { data }]) => [id, [...data]])")
    shown.run(shown.flat_sample(0))
    assert len(values) == len(shown.scene.nodes)
    for id, numbers in values:
        np.testing.assert_allclose(numbers, np.ravel(shown.values[id]), atol=1e-4, err_msg=id)
