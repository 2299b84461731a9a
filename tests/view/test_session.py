"""What the page is told, held against the model itself."""

import gc
import json
import threading

import jax
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.view import Session, levels
from lamina.view.scene import layout


def unpacked(frame):
    length = int.from_bytes(frame[:4], "little")
    numbers = np.frombuffer(frame[4 + length :], "<f4")
    nodes = json.loads(frame[4 : 4 + length])["nodes"]
    return {n["id"]: (n, numbers[n["start"] : n["start"] + n["count"]]) for n in nodes}


@pytest.mark.parametrize(
    ("shape", "channels_first", "cell", "index"),
    [
        ((5, 4, 3), False, (2, 4, 1), (4, 1, 2)),
        ((3, 5, 4), True, (2, 4, 1), (2, 4, 1)),
        ((6, 7), False, (0, 5, 3), (5, 3)),
        ((2, 5, 4, 3), False, (3, 4, 1), (1, 4, 1, 1)),
        ((40,), False, (0, 1, 2), (10,)),
    ],
)
def test_cells_hold_the_values_they_stand_for(shape, channels_first, cell, index):
    sample = np.arange(np.prod(shape)).reshape(shape)
    placed = layout(shape, channels_first)
    cells = np.asarray(levels.arrange(sample, placed))
    assert cells.shape == (placed.planes, placed.rows, placed.cols)
    where = (index[0] // placed.cols, index[0] % placed.cols) if len(shape) == 1 else cell[1:]
    if len(shape) == 4:  # planes: channels, then depth
        cell = (index[3] * shape[0] + index[0], *cell[1:])
    assert cells[(cell[0], *where)] == sample[index]


def test_a_coarse_level_shows_means_of_blocks_of_chosen_planes():
    sample = np.random.default_rng(0).normal(size=(50, 41, 64)).astype("float32")
    placed = layout(sample.shape)
    level = levels.level(placed, 4000)
    cells = np.asarray(levels.reduce(sample, placed, level))
    assert cells.shape == (len(level.chosen), level.rows, level.cols)
    assert level.block > 1
    assert cells.size <= 4000
    b, plane = level.block, level.chosen[5]
    np.testing.assert_allclose(cells[5, 1, 2], sample[b : 2 * b, 2 * b : 3 * b, plane].mean(), rtol=1e-5)
    edge = sample[(level.rows - 1) * b :, (level.cols - 1) * b :, plane]
    np.testing.assert_allclose(cells[5, -1, -1], edge.mean(), rtol=1e-4)
    elements = np.zeros(sample.shape, bool)
    elements[b, 2 * b, plane] = True
    assert levels.reached(elements, placed, level).tolist() == [(5 * level.rows + 1) * level.cols + 2]


def test_the_values_of_all_layers_come_in_one_update(session, model, samples):
    session.run(session.flat_sample(2))
    frame = unpacked(session.frame())
    found = model.activations(samples[2:3])
    assert list(frame) == ["image", *found]
    np.testing.assert_allclose(frame["parts"][1].reshape(12, 11, 11), found["parts"][0].transpose(2, 0, 1), atol=1e-6)
    np.testing.assert_allclose(frame["flatten"][1][:300], found["flatten"][0], atol=1e-6)


@pytest.mark.parametrize(
    ("node", "index"), [("strokes", (4, 5, 6)), ("parts", (10, 0, 3)), ("digit", (7,)), ("pool", (3, 2, 1))]
)
def test_contributions_are_activation_times_weight_and_add_up(session, model, samples, node, index):
    session.run(session.flat_sample(0))
    told = session.trace(node, index)
    found = {"image": samples[:1], **model.activations(samples[:1])}
    layer = model.get_layer(node)
    for source, place, value, weight, product in told["parts"]:
        assert found[source][(0, *place)] == pytest.approx(value, abs=1e-6)
        assert product == pytest.approx(value * weight, abs=1e-6)
        if node == "digit":
            assert weight == pytest.approx(float(np.asarray(layer.kernel.value)[place[0], 7]), abs=1e-6)
        elif node != "pool":
            tap = place[0] - index[0], place[1] - index[1], place[2], index[2]
            assert weight == pytest.approx(float(np.asarray(layer.kernel.value)[tap]), abs=1e-6)
    total = sum(part[4] for part in told["parts"]) + told["others"] + told["rest"]
    assert total == pytest.approx(told["before"], abs=1e-5)
    if node != "pool":
        assert told["rest"] == pytest.approx(float(np.asarray(layer.bias.value)[index[-1]]), abs=1e-5)
    if node in ("strokes", "parts"):
        assert told["value"] == pytest.approx(max(0, told["before"]), abs=1e-5)


@pytest.mark.parametrize(("node", "index"), [("parts", (3, 4, 5)), ("flatten", (17,)), ("pool_again", (0, 0, 1))])
@pytest.mark.parametrize("forward", [False, True])
def test_what_lights_up_is_what_trace_says(session, model, node, index, forward):
    session.run(session.flat_sample(0))
    told = session.reach(node, index, forward)
    found = model.trace(node, index, forward=forward)
    assert set(told["regions"]) == {region.name for region in found.regions}
    for name, cells in told["regions"].items():
        placed = session.scene[name].layout
        expected = np.flatnonzero(levels.arrange(found[name].elements, placed))
        assert cells == expected.tolist()


def test_branches_nested_models_and_several_inputs_have_their_place():
    a, b = lamina.Input((6,), name="a"), lamina.Input((4, 3), name="b")
    inner = lamina.Sequential([lamina.Input((6,)), layers.Dense(5, name="deep")], name="inner")
    joined = layers.Concatenate(name="join")([inner(a), layers.GlobalAveragePooling1D(name="mean")(b)])
    model = lamina.Model([a, b], layers.Dense(2, name="out")(joined))
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(3, 6)).astype("float32"), rng.normal(size=(3, 4, 3)).astype("float32")]
    shown = Session(model, x)
    told = {node["id"]: node for node in shown.describe()["nodes"]}
    assert told["inner/deep"]["from"] == ["a"]
    assert told["join"]["from"] == ["inner/deep", "mean"]
    shown.run(shown.flat_sample(1))
    np.testing.assert_allclose(shown.values["out"][0], model([x[0][1:2], x[1][1:2]])[0], rtol=1e-5)
    np.testing.assert_allclose(shown.trace("join", (1,))["parts"][0][2], shown.values["inner/deep"][0, 1], rtol=1e-5)


def nested(inside):
    """Return a model with a model in it that is called twice, or the same layers one after the other."""
    shared = [layers.Conv2D(3, 3, padding="same", name="deep"), layers.MaxPooling2D(2, name="half")]
    inner = lamina.Sequential([lamina.Input((None, None, 3)), *shared], name="inner")
    x = start = lamina.Input((8, 8, 3), name="image")
    for _ in range(2):
        for part in [inner] if inside else shared:
            x = part(x)
    return lamina.Model(start, layers.Flatten(name="row")(x))


@pytest.mark.parametrize("forward", [False, True])
def test_cells_inside_of_nested_models_are_followed_as_if_they_were_not_nested(forward):
    x = np.random.default_rng(0).random((1, 8, 8, 3)).astype("float32")
    inside, flat = Session(nested(True), x), Session(nested(False), x)
    renamed = dict(zip((node.id for node in inside.scene.nodes), (node.id for node in flat.scene.nodes), strict=True))
    assert list(renamed) == ["image", "inner/deep", "inner/half", "inner[1]/deep", "inner[1]/half", "row"]
    start, index = ("inner/half", (1, 2, 0)) if forward else ("inner[1]/deep", (1, 2, 0))
    told, expected = inside.reach(start, index, forward), flat.reach(renamed[start], index, forward)
    assert {renamed[name]: cells for name, cells in told["regions"].items()} == expected["regions"]
    assert len(told["regions"]) == 3
    inside.run(x.ravel())
    found = inside.trace("inner[1]/deep", (1, 2, 0))
    assert found["parts"][0][0] == "inner/half"
    assert sum(part[4] for part in found["parts"]) + found["rest"] == pytest.approx(found["before"], abs=1e-5)


def test_layers_made_alike_share_what_a_click_compiles():
    x = start = lamina.Input((6, 6, 2))
    for _ in range(12):
        x = layers.Add()([x, layers.Conv2D(2, 3, padding="same", activation="relu")(x)])
    shown = Session(lamina.Model(start, x), np.zeros((1, 6, 6, 2), "float32"))
    last = shown.scene.nodes[-1].id
    ended = threading.Event()
    ended.set()
    shown.warm_up(ended)
    assert shown._walk is None
    ended.clear()
    shown.warm_up(ended)
    assert len(shown._walk._influences) == 2
    assert last in shown.values
    assert len(shown.reach(last, (3, 3, 0))["regions"]) == 24
    assert len(shown._walk._influences) == 2


def test_no_more_is_held_than_the_model_and_one_set_of_activations():
    network = lamina.Sequential([lamina.Input((32, 32, 3))])
    for _ in range(4):
        network.add(layers.Conv2D(8, 3, padding="same", activation="relu"))
    network.add(layers.GlobalAveragePooling2D())
    network.add(layers.Dense(3, activation="softmax"))
    shown = Session(network, np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32"))
    gc.collect()
    before = held()
    one_set = 4 * sum(int(np.prod(node.shape)) for node in shown.scene.nodes)
    run = shown.scene.outputs
    seen = []

    def watched(x):
        seen.append(held() - before)  # what is there when the next set is made
        return run(x)

    shown.scene.outputs = watched
    for number in (0, 1, 0):
        shown.run(shown.flat_sample(number))
        shown.frame()
    shown.trace(shown.scene.nodes[3].id, (5, 5, 1))
    shown.reach(shown.scene.nodes[3].id, (5, 5, 1))
    for kind in ("grad_cam", "gradient", "occlusion"):
        shown.saliency(kind, 1)
    gc.collect()
    assert len(seen) == 6
    assert max(seen) < 0.1 * one_set
    assert held() - before < 1.1 * one_set


def held():
    """Return how much memory arrays take [bytes]."""
    return sum(array.nbytes for array in jax.live_arrays())


def test_a_subclassed_model_is_seen_too():
    class Own(lamina.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(4, name="first"), layers.Dense(2, name="second")

        def call(self, x):
            return self.second(self.first(x))

    model, x = Own(), np.ones((2, 3), "float32")
    model(x)
    shown = Session(model, x)
    shown.run(shown.flat_sample(0))
    assert [(node.id, node.fed_by) for node in shown.scene.nodes][1:] == [("first", ["input"]), ("second", ["first"])]
    assert shown.trace("second", (1,))["count"] == 4


def test_a_deep_model_is_folded_and_an_update_stays_small():
    x = start = lamina.Input((8, 8, 4))
    for _ in range(50):
        y = layers.Conv2D(4, 3, padding="same")(x)
        x = layers.Add()([x, layers.ReLU()(y)])
    shown = Session(lamina.Model(start, x), np.zeros((1, 8, 8, 4), "float32"))
    assert len(shown.scene.nodes) == 151
    assert len(shown.scene.shown()) <= 61
    groups = {node.group for node in shown.scene.nodes if node.group}
    assert groups == set(shown.scene.groups)
    for node in shown.scene.nodes:  # a block ends where all data pass through one tensor
        outside = {shown.scene[id].group for id in node.fed_by} - {node.group}
        assert len(outside) <= 1
    some = next(iter(groups))
    inside = sum(node.group == some for node in shown.scene.nodes)
    assert len(shown.scene.shown([some])) == len(shown.scene.shown()) + inside - 1


@pytest.mark.parametrize("shapes", [[(224, 224, 64)] * 6 + [(7, 7, 512)], [(512, 4096)] * 40])
def test_an_update_has_at_most_two_megabytes(shapes):
    class Fake:
        def __init__(self, number, shape):
            self.id, self.layout = number, layout(shape)

    found = levels.levels([Fake(i, shape) for i, shape in enumerate(shapes)])
    cells = sum(len(level.chosen) * level.rows * level.cols for level in found.values())
    assert 4 * cells <= 2_000_000


def test_epochs_are_gone_through_in_order(model, samples, tmp_path):
    kept = model.get_weights()
    for epoch in (2, 10):
        model.set_weights([np.full_like(w, epoch / 100) for w in kept])
        model.save_weights(tmp_path / f"{epoch}.weights.h5")
    try:
        shown = Session(model, samples, epochs=tmp_path)
        shown.run(shown.flat_sample(0))
        assert shown.describe()["epochs"] == ["2.weights.h5", "10.weights.h5"]
        shown.load_epoch(0)
        first = np.asarray(shown.values["parts"])
        shown.load_epoch(1)
        assert np.asarray(shown.values["parts"]).max() > first.max()
    finally:
        model.set_weights(kept)


@pytest.mark.parametrize(
    ("network", "x", "kind"),
    [
        ([lamina.Input((5,)), layers.Dense(2)], np.ones((2, 5)), "table"),
        (
            [lamina.Input((7,), dtype="int32"), layers.Embedding(9, 3), layers.GRU(4)],
            np.ones((2, 7), "int32"),
            "tokens",
        ),
        ([lamina.Input((9, 2)), layers.GRU(4, return_sequences=True)], np.ones((2, 9, 2)), "samples"),
        ([lamina.Input((150, 150, 3)), layers.GlobalMaxPooling2D()], np.ones((2, 150, 150, 3)), "image"),
    ],
)
def test_each_model_gets_the_input_that_suits_it(network, x, kind):
    shown = Session(lamina.Sequential(network), x)
    assert shown.describe()["input"]["kind"] == kind
    shown.run(shown.flat_sample(0))
    assert len(shown.frame()) > 0


def test_attention_is_told_as_one_map_for_each_head():
    start = lamina.Input((5, 6))
    model = lamina.Model(start, layers.MultiHeadAttention(3, 4, name="attend")(start, start))
    x = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
    shown = Session(model, x)
    shown.run(shown.flat_sample(1))
    told = shown.explain("attend")["pictures"]
    _, weights = model.get_layer("attend")(x[1:2], x[1:2], return_attention_scores=True)
    assert told["shape"] == [5, 5]
    np.testing.assert_allclose(told["values"], weights[0], atol=1e-5)


def test_numbers_that_are_none_are_told_as_words(model, samples):
    from lamina.view.questions import _plain

    assert _plain({"a": [1.5, float("nan"), (float("inf"),)]}) == {"a": [1.5, "nan", ["inf"]]}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("words.json", '["", "a", "b"]', ["", "a", "b"]),
        ("words.json", '{"a": 1, "b": 3}', [None, "a", None, "b"]),
        ("words.txt", "a\nb\n", ["a", "b"]),
    ],
)
def test_a_vocabulary_is_read_from_a_file(name, content, words, tmp_path):
    (tmp_path / name).write_text(content)
    network = lamina.Sequential([lamina.Input((2,), dtype="int32"), layers.Embedding(9, 3), layers.GRU(4)])
    told = Session(network, np.ones((1, 2), "int32"), vocabulary=tmp_path / name).describe()["input"]
    assert told["words"] == words


@pytest.mark.parametrize(
    ("vocabulary", "text"),
    [
        (["a"] * 10, "names id 9; embedding has 9 rows"),
        ({"a": -1}, "whole numbers from 0"),
        ([1, 2], "a list of words"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(vocabulary, text):
    network = lamina.Sequential(
        [lamina.Input((2,), dtype="int32"), layers.Embedding(9, 3, name="embedding"), layers.GRU(4)]
    )
    with pytest.raises(ValueError, match=text):
        Session(network, np.ones((1, 2), "int32"), vocabulary=vocabulary)


def test_a_vocabulary_for_numbers_is_refused():
    with pytest.raises(ValueError, match="begin with token ids"):
        Session(lamina.Sequential([lamina.Input((5,)), layers.Dense(2)]), np.ones((2, 5)), vocabulary=["a"])


def test_token_ids_without_a_row_are_refused_as_samples_and_as_typed():
    network = lamina.Sequential([lamina.Input((2,), dtype="int32"), layers.Embedding(9, 3), layers.GRU(4)])
    with pytest.raises(ValueError, match=r"L340.*rows for the integers 0 to 8"):
        Session(network, np.array([[1, 2], [3, 99]]))
    session = Session(network, np.array([[1, 2]]))
    session.run([3, 4])
    kept = session.values
    with pytest.raises(ValueError, match=r"L340.*from -1 to 4"):
        session.run([-1, 4])
    assert session.values is kept
