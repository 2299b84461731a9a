"""Common shape mistakes: the error names both layers and the axes, and its fix, pasted, makes the program run."""

import gc
import json
import pickle
import re
import textwrap

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.errors import LaminaError, parts_of
from lamina.core.failures import last_failure

STACK = """
model = keras.Sequential([
    layers.Input({shape}, name="image"),
{rows}
])
"""


def stack(shape, *rows, then=""):
    return STACK.format(shape=shape, rows="\n".join(f"    {row}," for row in rows)) + then


def fitted(x, y, loss="mse"):
    return f'x, y = np.zeros({x}, "float32"), {y}\nmodel.compile("sgd", loss="{loss}")\nmodel.fit(x, y, verbose=0)\n'


def called(shape):
    return f'photos = np.zeros({shape}, "float32")\nmodel.predict(photos, verbose=0)\n'


CONV, HEAD = 'layers.Conv2D(8, 3, name="conv")', 'layers.Dense(3, name="top")'
SOFT = 'layers.Dense(3, activation="softmax", name="top")'
LSTM = 'layers.LSTM(8, name="first")'

TWO_INPUTS = (
    'a = layers.Input((5,), name="left")\nb = layers.Input((4,), name="right")\n'
    "model = keras.Model([a, b], layers.Concatenate()([a, b]))\n"
)

# what is wrong: (program, words that the error must hold, the fix)
MISTAKES = {
    "images without channels": (
        stack((28, 28), CONV),
        ("conv wants (batch, height, width, channels)", "image (b, 28, 28) -> conv"),
        "layers.Reshape((28, 28, 1)),   # before conv",
    ),
    "flat pixels into a convolution": (
        stack((784,), CONV),
        ("height, width, channels", "image (b, 784) -> conv"),
        "layers.Reshape((28, 28, 1)),   # before conv",
    ),
    "a table into a convolution": (
        stack((20,), 'layers.Conv1D(8, 3, name="conv")', "layers.Flatten()", HEAD),
        ("conv wants (batch, steps, features)", "image (b, 20) -> conv"),
        "layers.Reshape((20, 1)),   # before conv",
    ),
    "two LSTMs": (
        stack((10, 4), LSTM, 'layers.LSTM(8, name="second")'),
        ("second wants (batch, steps, features)", "first (b, 8) -> second"),
        "layers.LSTM(8, name='first', return_sequences=True),   # in place of first",
    ),
    "two bidirectional LSTMs": (
        stack((10, 4), 'layers.Bidirectional(layers.LSTM(8), name="first")', 'layers.GRU(8, name="second")'),
        ("second wants (batch, steps, features)", "first (b, 16) -> second"),
        "layers.Bidirectional(layers.LSTM(8, return_sequences=True), name='first'),   # in place of first",
    ),
    "an LSTM on a table": (
        stack((10,), LSTM, HEAD),
        ("first wants (batch, steps, features)", "image (b, 10) -> first"),
        "layers.Reshape((10, 1)),   # before first",
    ),
    "an LSTM on images": (
        stack((8, 8, 3), CONV, LSTM),
        ("first wants (batch, steps, features)", "conv (b, 6, 6, 8) -> first"),
        "layers.Reshape((-1, 8)),   # before first",
    ),
    "words with an axis too many": (
        stack((10, 1), 'layers.Embedding(50, 8, name="words")', LSTM),
        ("first wants (batch, steps, features)", "words (b, 10, 1, 8) -> first"),
        "layers.Reshape((10, 8)),   # before first",
    ),
    "pooling of a vector": (
        stack((8,), 'layers.Dense(16, name="hidden")', 'layers.MaxPooling1D(name="pool")'),
        ("pool wants (batch, steps, features)", "hidden (b, 16) -> pool"),
        "layers.Reshape((16, 1)),   # before pool",
    ),
    "global pooling twice": (
        stack((8, 8, 3), 'layers.GlobalMaxPooling2D(name="once")', 'layers.GlobalMaxPooling2D(name="twice")', HEAD),
        ("twice wants (batch, height, width, channels)", "once (b, 3) -> twice"),
        "# leave out twice",
    ),
    "repeating a sequence": (
        stack((5, 4), 'layers.RepeatVector(3, name="repeat")'),
        ("repeat wants (batch, features)", "image (b, 5, 4) -> repeat"),
        "layers.Flatten(),   # before repeat",
    ),
    "each step of a table": (
        stack((5,), 'layers.TimeDistributed(layers.Dense(4), name="each")'),
        ("(batch, steps, features)", "image (b, 5) -> each"),
        "layers.Dense(4),   # in place of each",
    ),
    "a window larger than the image": (
        stack((4, 4, 1), CONV, 'layers.MaxPooling2D(name="pool")', 'layers.Conv2D(8, 3, name="last")'),
        ("window of last covers (3, 3) pixels", "pool (b, 1, 1, 8) -> last"),
        "layers.Conv2D(8, 3, name='last', padding='same'),   # in place of last",
    ),
    "a window longer than the sequence": (
        stack((2, 4), 'layers.Conv1D(8, 3, name="conv")', "layers.Flatten()", HEAD),
        ("window of conv covers (3,) pixels", "image (b, 2, 4) -> conv"),
        "layers.Conv1D(8, 3, name='conv', padding='same'),   # in place of conv",
    ),
    "a target of another size": (
        stack((100,), 'layers.Reshape((8, 8, 2), name="square")', CONV),
        ("100 values a sample", "image (b, 100) -> square"),
        "layers.Reshape((10, 10, 1), name='square'),   # in place of square",
    ),
    "a layer of one's own": (
        "class Mine(layers.Layer):\n    def build(self, shape):\n        self.w = self.add_weight(shape=(7, 3))\n"
        "    def call(self, x):\n        return ops.matmul(x, self.w)\n"
        + stack((4,), 'layers.Dense(8, name="hidden")', 'Mine(name="mine")'),
        ("mine cannot compute on (f32[?,8])", "hidden (b, 8) -> mine"),
        "layers.Dense(7, name='hidden'),   # in place of hidden",
    ),
    "branches of different size": (
        'x = layers.Input((32, 32, 3), name="image")\na = layers.Conv2D(8, 3, name="left")(x)\n'
        'b = layers.Conv2D(8, 5, name="right")(x)\ny = layers.Concatenate(name="join")([a, b])\n',
        ("left (b, 30, 30, 8) and right (b, 28, 28, 8) -> join", "they differ in height: 30 and 28, width: 30 and 28"),
        "layers.Conv2D(8, 3, name='left', padding='same')   # in place of left\n"
        "layers.Conv2D(8, 5, name='right', padding='same')   # in place of right",
    ),
    "a skip connection of odd size": (
        'x = layers.Input((33, 33, 1), name="image")\np = layers.MaxPooling2D(name="down")(x)\n'
        'u = layers.UpSampling2D(name="up")(p)\ny = layers.Concatenate(name="join")([u, x])\n',
        ("up (b, 32, 32, 1)", "they differ in height: 33 and 32, width: 33 and 32"),
        "x = layers.Cropping2D(((0, 1), (0, 1)))(x)   # before join",
    ),
    "a residual of other channels": (
        'start = layers.Input((32, 32, 16), name="image")\n'
        'a = layers.Conv2D(32, 3, padding="same", name="conv")(start)\ny = layers.Add(name="sum")([a, start])\n',
        ("image (b, 32, 32, 16) and conv (b, 32, 32, 32) -> sum", "they differ in channels: 16 and 32"),
        "start = layers.Conv2D(32, 1)(start)   # before sum",
    ),
    "a product of other widths": (
        'a = layers.Input((3,), name="left")\nb = layers.Input((4,), name="right")\n'
        'y = layers.Dot(axes=1, name="dot")([a, b])\n',
        ("left (b, 3) and right (b, 4) -> dot", "they differ in features: 3 and 4"),
        "a = layers.Dense(4)(a)   # before dot",
    ),
    "attention between other widths": (
        'a = layers.Input((5, 8), name="left")\nb = layers.Input((6, 4), name="right")\n'
        'y = layers.Attention(name="attend")([a, b])\n',
        ("left (b, 5, 8) and right (b, 6, 4) -> attend", "features: 8 and 4"),
        "a = layers.Dense(4)(a)   # before attend",
    ),
    "a vector beside a sequence": (
        'a = layers.Input((5, 8), name="left")\nb = layers.Input((8,), name="right")\n'
        'y = layers.Concatenate(name="join")([a, b])\n',
        ("left (b, 5, 8) and right (b, 8) -> join", "left has the axes batch, steps, features"),
        "a = layers.GlobalAveragePooling1D()(a)   # before join",
    ),
    "a sum of other widths": (
        'a = layers.Input((4,), name="left")\nb = layers.Input((5,), name="right")\n'
        'y = layers.Dense(2, name="top")(layers.Add(name="sum")([a, b]))\n',
        ("left (b, 4) and right (b, 5) -> sum", "they differ in features: 4 and 5"),
        "a = layers.Dense(5)(a)   # before sum",
    ),
    "one sample": (
        stack((4,), HEAD, then=called((4,))),
        ("wants (batch, 4)", "the data (4,)", "read by 'top'"),
        "photos = photos[None]   # before it is used",
    ),
    "grey images for a model of colour": (
        stack((28, 28, 3), CONV, then=called((2, 28, 28))),
        ("wants (batch, 28, 28, 3)", "the data (2, 28, 28)", "read by 'conv'"),
        "photos = np.repeat(photos[..., None], 3, axis=-1)   # before it is used",
    ),
    "channels first": (
        stack((32, 32, 3), CONV, then=called((2, 3, 32, 32))),
        ("wants (batch, 32, 32, 3)", "the data (2, 3, 32, 32)"),
        "photos = np.moveaxis(photos, 1, -1)   # before it is used",
    ),
    "flat pixels for a model of images": (
        stack((8, 8, 1), CONV, then=called((2, 64))),
        ("wants (batch, 8, 8, 1)", "the data (2, 64)"),
        "photos = photos.reshape((-1, 8, 8, 1))   # before it is used",
    ),
    "data of another width": (
        stack((4,), HEAD, then=called((2, 5))),
        ("wants (batch, 4)", "the data (2, 5)"),
        "layers.Input((5,)),   # in place of image",
    ),
    "a layer used before": (
        'top = layers.Dense(3, name="top")\ny = top(np.zeros((2, 4)))\nx = np.zeros((2, 5))\ny = top(x)\n',
        ("top wants (batch, features=4)", "the data (2, 5) -> top"),
        "x = x[..., :4]   # before it is used",
    ),
    "answers for each pixel": (
        stack((8, 8, 1), CONV, SOFT, then=fitted((4, 8, 8, 1), "np.zeros(4)", "sparse_categorical_crossentropy")),
        ("top (b, 6, 6, 3) and y (b,)", "top has the axes batch, height, width, channels"),
        "layers.Flatten(),   # before top",
    ),
    "answers for each step": (
        stack(
            (5, 4),
            'layers.GRU(8, return_sequences=True, name="steps")',
            HEAD,
            then=fitted((6, 5, 4), "np.zeros((6, 3))"),
        ),
        ("top (b, 5, 3) and y (b, 3) -> mse", "top has the axes batch, steps, features"),
        "layers.GRU(8, return_sequences=False, name='steps'),   # in place of steps",
    ),
    "too many units": (
        stack((4,), HEAD, then=fitted((4, 4), "np.zeros((4, 2))")),
        ("top (b, 3) and y (b, 2) -> mse", "they differ in features: 3 and 2"),
        "layers.Dense(2, name='top'),   # in place of top",
    ),
    "one-hot labels": (
        stack((4,), SOFT, then=fitted((3, 4), "np.eye(3)", "sparse_categorical_crossentropy")),
        ("wants labels of shape (3,)", "top (b, 3) and y (b, 3)"),
        'loss="categorical_crossentropy"   # in place of "sparse_categorical_crossentropy" in compile',
    ),
    "class numbers": (
        stack((4,), SOFT, then=fitted((3, 4), "np.arange(3)", "categorical_crossentropy")),
        ("wants labels of shape (3, 3)", "top (b, 3) and y (b,)"),
        'loss="sparse_categorical_crossentropy"   # in place of "categorical_crossentropy" in compile',
    ),
    "an axis of unknown size into Dense": (
        stack((None, 3), 'layers.Flatten(name="flat")', HEAD),
        ("Dense 'top' needs a known last axis", "image (b, ?, 3) -> flat (b, ?) -> top"),
        "layers.GlobalAveragePooling1D(name='flat'),   # in place of flat",
    ),
    "features of unknown number": (
        'x = layers.Input([None], name="image")\ny = layers.Dense(3, name="top")(x)\n',
        ("Dense 'top' needs a known last axis", "image (b, ?) -> top"),
        "layers.Input((10,))   # in place of image",
    ),
    "an LSTM that gives its states too": (
        stack((5, 4), 'layers.LSTM(8, return_state=True, name="first")', HEAD),
        ('layer "top" expects 1 input(s), but it received 3', "first (b, 8)"),
        "layers.LSTM(8, return_state=False, name='first'),   # in place of first",
    ),
    "two arrays into one layer": (
        'a = layers.Input((5,), name="left")\nb = layers.Input((4,), name="right")\n'
        'y = layers.Dense(3, name="top")([a, b])\n',
        ('layer "top" expects 1 input(s), but it received 2', "left (b, 5) and right (b, 4) -> top"),
        "layers.Concatenate()([a, b])   # in place of [a, b]",
    ),
    "one array for two inputs": (
        TWO_INPUTS + 'u = np.zeros((6, 5), "float32")\nmodel.predict(u, verbose=0)\n',
        ("expects 2 input(s) ['left', 'right'], but it received 1", "the data (6, 5)"),
        "u = [u, np.zeros((len(u), 4))]   # before it is used",
    ),
    "three arrays for two inputs": (
        TWO_INPUTS + "u, v, w = np.zeros((6, 5)), np.zeros((6, 4)), np.zeros((6, 2))\nmodel([u, v, w])\n",
        ("expects 2 input(s) ['left', 'right'], but it received 3",),
        "[u, v]   # in place of [u, v, w]",
    ),
    "the number of samples as an axis": (
        stack((600, 32, 32, 1), CONV),
        ("conv wants (batch, height, width, channels)", "without the number of samples (600)"),
        "layers.Input((32, 32, 1)),   # in place of image",
    ),
    "an axis that images do not have": (
        stack((8, 8, 3), CONV, 'layers.BatchNormalization(axis=4, name="normal")', "layers.Flatten()", HEAD),
        ("in the range -4 to 3", "0 batch, 1 height, 2 width, 3 channels", "conv (b, 6, 6, 8) -> normal"),
        "layers.BatchNormalization(axis=-1, name='normal'),   # in place of normal",
    ),
    "an axis that sequences do not have": (
        stack((5, 8), 'layers.LayerNormalization(axis=3, name="normal")', HEAD),
        ("in the range -3 to 2", "0 batch, 1 steps, 2 features", "image (b, 5, 8) -> normal"),
        "layers.LayerNormalization(axis=-1, name='normal'),   # in place of normal",
    ),
    "classes along a third axis": (
        stack((8,), HEAD, 'layers.Softmax(axis=2, name="soft")'),
        ("in the range -2 to 1", "top (b, 3) -> soft"),
        "layers.Softmax(axis=-1, name='soft'),   # in place of soft",
    ),
    "vectors joined along a third axis": (
        'a, b = layers.Input((4,), name="left"), layers.Input((4,), name="right")\n'
        'y = layers.Concatenate(axis=2, name="join")([a, b])\n',
        ("left (b, 4) and right (b, 4) -> join", "0 batch, 1 features"),
        "layers.Concatenate(axis=-1, name='join')   # in place of join",
    ),
    "products along another axis": (
        'a, b = layers.Input((5, 4), name="left"), layers.Input((7, 4), name="right")\n'
        'y = layers.Dot(axes=1, name="dot")([a, b])\n',
        ("left (b, 5, 4) and right (b, 7, 4) -> dot", "they differ in steps: 5 and 7"),
        "layers.Dot(axes=-1, name='dot')   # in place of dot",
    ),
    "each step of an image": (
        stack((28, 28, 3), 'layers.TimeDistributed(layers.Conv2D(4, 3), name="each")', "layers.Flatten()", HEAD),
        ("image (b, 28, 28, 3) -> each", "no axis of steps that each could go along"),
        "layers.Conv2D(4, 3),   # in place of each",
    ),
    "an image for a recurrence over images": (
        stack((12, 12, 3), 'layers.ConvLSTM2D(2, 3, name="film")', "layers.Flatten()", HEAD),
        ("image (b, 12, 12, 3) -> film", "(b, 1, 12, 12, 3) is one step"),
        "layers.Reshape((1, 12, 12, 3)),   # before film",
    ),
    "a target of other channels": (
        stack((100,), "layers.Dense(3136)", 'layers.Reshape((7, 7, 128), name="block")', "layers.Flatten()"),
        ("block makes (7, 7, 128)", "must keep all 3,136 values"),
        "layers.Reshape((7, 7, 64), name='block'),   # in place of block",
    ),
    "images of another size for a model inside": (
        stack((16, 16, 3), CONV, "layers.Flatten()", HEAD).replace("])", "], name='base')")
        + 'start = layers.Input((24, 24, 3), name="large")\ny = model(start) # name="base"\n',
        ("wants (batch, 16, 16, 3)", "large (b, 24, 24, 3) -> base"),
        "start = layers.Resizing(16, 16)(start)   # before base",
    ),
    "states of another width": (
        'x, h = layers.Input((5, 8), name="text"), layers.Input((6,), name="state")\n'
        'y = layers.GRU(4, name="reader")(x, initial_state=h)\n',
        ("text (b, 5, 8) and state (b, 6) -> reader",),
        "layers.GRU(6, name='reader')   # in place of reader",
    ),
    "a model of one's own": (
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        '        self.first = layers.LSTM(4, name="first")\n        self.second = layers.LSTM(4, name="second")\n'
        "    def call(self, x):\n        return self.second(self.first(x))\nNet()(np.zeros((2, 5, 3)))\n",
        ("second wants (batch, steps, features)", "the data (2, 5, 3) -> first (2, 4) -> second"),
        "layers.LSTM(4, name='first', return_sequences=True)   # in place of first",
    ),
}


def run(program):
    exec(program, {"keras": lamina, "layers": layers, "ops": lamina.ops, "np": np})


def pasted(program, fix):
    """Change a program as the fix says."""
    for line in fix.split("\n"):
        code, place = (part.strip() for part in line.split("#"))
        rows = program.strip("\n").split("\n")
        name = place.split()[-1]
        at = next((i for i, row in enumerate(rows) if f'name="{name}"' in row), None)
        space = "" if at is None else re.match(r"\s*", rows[at])[0]
        if place.startswith("in place of ["):
            rows = [row.replace(place.removeprefix("in place of "), code) for row in rows]
        elif place.startswith("before it"):
            rows.insert(len(rows) - 1, code)
        elif place.startswith("before"):
            rows.insert(at, space + code)
        elif place.startswith("leave out"):
            del rows[at]
        elif place.endswith("in compile"):
            rows = [re.sub(r'loss="\w+"', code, row) for row in rows]
        elif code.endswith(","):
            rows[at] = space + code
        else:
            rows[at] = re.sub(rf'layers\.\w+\([^()]*name="{name}"\)', code, rows[at])
        program = "\n".join(rows)
    return program


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_placed_and_its_fix_makes_the_program_run(mistake):
    program, words, fix = MISTAKES[mistake]
    with pytest.raises(LaminaError) as caught:
        run(program)
    text = str(caught.value)
    for expected in words:
        assert expected in text, text
    assert parts_of(text)["fix"] == fix, text
    assert len(text.splitlines()) <= 12
    run(pasted(program, fix))


def test_another_error_is_not_taken_for_the_last_one(two_lstms):
    try:
        raise KeyError("somewhere else")
    except KeyError:
        with pytest.raises(LookupError, match="No error of a layer"):
            lamina.explain_last_error()


def test_cropping_too_much_is_not_answered_by_leaving_it_out():
    with pytest.raises(LaminaError) as caught:
        run(stack((8, 8, 3), "layers.Cropping2D(4)", "layers.Flatten()", HEAD))
    assert "leave out" not in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "arguments", "said"),
    [
        (
            layers.Concatenate(name="join"),
            2,
            r"join takes \(inputs\); .*too many.* Several tensors go into one list: join\(\[a, b\]\)",
        ),
        (layers.PReLU(name="top"), 2, r"top takes \(inputs\); in this call: too many positional arguments\.\n"),
        (layers.MultiHeadAttention(1, 2, name="look"), 1, r"look takes \(query, value.*; in this call: .*'value'\.\n"),
    ],
)
def test_a_call_with_other_arguments_says_what_it_takes(layer, arguments, said):
    with pytest.raises(TypeError, match=said):
        layer(*[lamina.Input((5, 4))] * arguments)


def test_at_least_25_mistakes_are_recorded():
    assert len(MISTAKES) >= 25


@pytest.fixture
def two_lstms():
    with pytest.raises(ValueError) as caught:
        run(MISTAKES["two LSTMs"][0])
    return caught.value


def test_the_last_error_is_walked_through_from_the_input(two_lstms):
    assert str(lamina.explain_last_error()) == textwrap.dedent(
        """\
        L101  second wants (batch, steps, features); it got f32[?,8].
          layer          gives       axes
          -------------  ----------  ----------------------
          image (input)  (b, 10, 4)  batch, steps, features
          first (LSTM)   (b, 8)      batch, features
          second (LSTM)  fails here
          fix 1  layers.LSTM(8, name='first', return_sequences=True),   # in place of first
                 first gives its last state only, without a steps axis. Tried: then it gives (b, 8).
          fix 2  layers.Reshape((8, 1)),   # before second
                 an axis is missing: (b, 8, 1) has them all. Tried: then it gives (b, 8)."""
    )
    data = json.loads(lamina.explain_last_error().to_json())
    assert [step["name"] for step in data["walk"]] == ["image", "first"]
    assert data["edits"][0]["shape"] == [None, 8]


def test_trying_fixes_leaves_no_trace(two_lstms):
    failure = last_failure()
    assert "fix:" in str(two_lstms)
    assert last_failure() is failure


def test_names_are_not_used_up_by_trying_fixes():
    number = int(layers.Dense(1).name.partition("_")[2] or 0)
    with pytest.raises(ValueError) as caught:
        run(stack((4,), HEAD, then=fitted((4, 4), "np.zeros((4, 2))")))
    assert "fix:" in str(caught.value)
    assert layers.Dense(1).name == f"dense_{number + 1}"


def test_an_error_is_read_inside_a_call_as_it_was_raised():
    texts = []

    class Careful(lamina.Layer):
        def call(self, x):
            try:
                return layers.Conv2D(1, 2)(x)
            except ValueError as error:
                texts.append(str(error))
                return x

    assert Careful()(np.ones((2, 3))).shape == (2, 3)
    assert "->" not in texts[0]


def test_an_error_that_cannot_be_explained_keeps_its_text(two_lstms, monkeypatch):
    monkeypatch.setattr("lamina.explain.failures.attempt_of", lambda failure: 1 / 0)
    assert str(two_lstms).startswith("L101: second wants")


def test_an_error_travels_between_processes_with_its_text(two_lstms):
    again = pickle.loads(pickle.dumps(two_lstms))
    assert type(again) is type(two_lstms)
    assert str(again) == str(two_lstms)


def test_without_an_error_there_is_nothing_to_explain(monkeypatch):
    monkeypatch.setattr("lamina.core.failures._last", None)
    with pytest.raises(LookupError, match="No error"):
        lamina.explain_last_error()


def test_sizes_that_stand_for_unknown_ones_are_not_shown():
    with pytest.raises(TypeError) as caught:
        lamina.ops.matmul(lamina.Input((3, 4)), lamina.Input((5, 6)))
    assert "f32[?,3,4], f32[?,5,6]" in str(caught.value)
    assert "240" not in str(caught.value)


def test_an_error_keeps_its_model_alive_only_as_long_as_itself():
    with pytest.raises(ValueError) as caught:
        run(MISTAKES["two LSTMs"][0])
    assert last_failure() is not None
    del caught
    gc.collect()
    assert last_failure() is None
