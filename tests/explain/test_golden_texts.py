"""What is printed, word for word."""

import io

import pytest

import lamina
from lamina import layers


@pytest.fixture
def digits():
    return lamina.Sequential(
        [
            lamina.Input((28, 28, 1), name="image"),
            layers.Conv2D(32, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(64, 3, activation="relu", name="conv_1"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.Dense(10, activation="softmax", name="top"),
        ],
        name="digits",
    )


DIGITS = """\
Model "digits" (Sequential)  (b, 28, 28, 1) -> (b, 10)
  225,034 parameters (879.0 kB), 2,631,040 multiply-adds for one sample

conv (Conv2D)  (b, 28, 28, 1) -> (b, 26, 26, 32)
  Slides 32 kernels of 3 × 3 pixels over the image; each output value sees one window in its one
  channel, then relu.
  shape    (b, h, w, 1) -> (b, h − 2, w − 2, 32)
           h − 2 = 28 − 2 = 26
           w − 2 = 28 − 2 = 26
  weights  3·3·1·32 kernel + 32 bias = 320
           kernel: kernel height × kernel width × channels × filters
  cost     194,688 multiply-adds and 84.5 kB of output for one sample; 1.2 kB of weights
  sees     each value sees 3 × 3 pixels of image

pool (MaxPooling2D)  (b, 26, 26, 32) -> (b, 13, 13, 32)
  Keeps the largest value of each window of 2 × 2 pixels, channel by channel: the image shrinks, the
  channels stay.
  shape  (b, h, w, c) -> (b, h//2, w//2, c)
         h//2 = 26//2 = 13
         w//2 = 26//2 = 13
  cost   0 parameters, no matrix product; 21.1 kB of output for one sample
  sees   each value sees 4 × 4 pixels of image, 2 apart

conv_1 (Conv2D)  (b, 13, 13, 32) -> (b, 11, 11, 64)
  Slides 64 kernels of 3 × 3 pixels over the image; each output value sees one window in all 32
  channels, then relu.
  shape    (b, h, w, 32) -> (b, h − 2, w − 2, 64)
           h − 2 = 13 − 2 = 11
           w − 2 = 13 − 2 = 11
  weights  3·3·32·64 kernel + 64 bias = 18,496
           kernel: kernel height × kernel width × channels × filters
  cost     2,230,272 multiply-adds and 30.2 kB of output for one sample; 72.2 kB of weights
  sees     each value sees 8 × 8 pixels of image, 2 apart

pool_1 (MaxPooling2D)  (b, 11, 11, 64) -> (b, 5, 5, 64)
  Keeps the largest value of each window of 2 × 2 pixels, channel by channel: the image shrinks, the
  channels stay. No window reaches the last row and the last column.
  shape    (b, h, w, c) -> (b, h//2, w//2, c)
           h//2 = 11//2 = 5
           w//2 = 11//2 = 5
  cost     0 parameters, no matrix product; 6.2 kB of output for one sample
  sees     each value sees 10 × 10 pixels of image, 4 apart
  without  Without pool_1, dense would have 991,360 parameters instead of 204,928.

flatten (Flatten)  (b, 5, 5, 64) -> (b, 1600)
  Lays the 5 × 5 × 64 values of each sample in one row of 1,600, the last axis fastest.
  shape    (b, h, w, c) -> (b, h·w·c)
           h·w·c = 5·5·64 = 1600
  order    [h, w, c] -> (h·5 + w)·64 + c
  cost     0 parameters, no arithmetic: it only moves data; 6.2 kB of output for one sample
  without  Without flatten, dense would give (b, 5, 5, 128) with 8,320 parameters instead of
           (b, 128) with 204,928.

dense (Dense)  (b, 1600) -> (b, 128)
  Each of the 128 outputs is a weighted sum of all 1,600 features plus a bias, then relu.
  weights  1600·128 kernel + 128 bias = 204,928
           kernel: features × units
  cost     204,800 multiply-adds and 512 bytes of output for one sample; 800.5 kB of weights

top (Dense)  (b, 128) -> (b, 10)
  Each of the 10 outputs is a weighted sum of all 128 features plus a bias, then softmax.
  weights  128·10 kernel + 10 bias = 1,290
           kernel: features × units
  cost     1,280 multiply-adds and 40 bytes of output for one sample; 5.0 kB of weights"""


def test_a_convolutional_network_reads_as_recorded(digits):
    assert str(digits.explain()) == DIGITS


def test_flatten_tells_what_the_next_layer_would_be_without_it():
    model = lamina.Sequential(
        [lamina.Input((3, 2)), layers.Dense(16), layers.Flatten(name="flat"), layers.Dense(4, name="top")]
    )
    said = " ".join(str(model.explain()["flat"]).split("without  ")[1].split())
    assert said == "Without flat, top would give (b, 3, 4) with 68 parameters instead of (b, 4) with 196."


@pytest.mark.parametrize(
    ("layer", "shape", "lines"),
    [
        (
            layers.Flatten(data_format="channels_first"),
            (None, 32, 24, 24),
            [
                "order  [c, h, w] -> (h·24 + w)·32 + c",
                "cost   0 parameters, no arithmetic: it only moves data; 72.0 kB of",
            ],
        ),
        (layers.Flatten(), (None, 24, 24, 32), ["order  [h, w, c] -> (h·24 + w)·32 + c"]),
        (layers.Flatten(), (None, 28, 28, 1), ["order  [h, w, 0] -> h·28 + w"]),
        (layers.Reshape((6, 4)), (None, 2, 3, 4), ["order  [h, w, c] -> [h·3 + w, c]"]),
        (layers.Reshape((-1, 2, 2)), (None, 4, 3), ["shape  (b, t, f) -> (b, t·f//4, 2, 2)"]),
        (layers.Permute((2, 1)), (None, 4, 3), ["order  [t, f] -> [f, t]"]),
        (layers.RepeatVector(3), (None, 4), ["order  out[t, f] = in[f]"]),
        (layers.UpSampling2D(2), (None, 4, 5, 2), ["order  out[h, w, c] = in[h//2, w//2, c]"]),
        (layers.Cropping2D(1), (None, 4, 5, 2), ["order  out[h, w, c] = in[h + 1, w + 1, c]"]),
        (layers.ZeroPadding2D(((1, 2), (0, 3))), (None, 4, 5, 2), ["order  [h, w, c] -> [h + 1, w, c]"]),
        (layers.Lambda(lambda x: x[:, ::-1]), (None, 4), ["order  out[f] = in[3 − f]"]),
        (layers.Conv1D(4, 3, strides=2), (None, 28, 2), ["shape    (b, t, 2) -> (b, (t − 3)//2 + 1, 4)"]),
        (layers.Conv2D(4, 3, strides=2, padding="same"), (None, 7, 7, 2), ["ceil(h/2) = ceil(7/2) = 4"]),
        (
            layers.Dense(16),
            (None, 3, 2),
            ["Each of the 3 positions goes through the same 2 × 16 kernel plus a bias; positions are not mixed."],
        ),
        (layers.LSTM(8), (None, 5, 3), ["3·4·8 kernel + 8·4·8 recurrent_kernel + 4·8 bias = 384"]),
        (
            layers.Bidirectional(layers.LSTM(3, return_sequences=True, name="lstm")),
            (None, 5, 4),
            [
                "reads 1 to 5 steps",
                "forward_lstm kernel, backward_lstm kernel: features ×",
            ],
        ),
        (layers.GRU(8), (None, 5, 3), ["bias: input and recurrent × gates × units"]),
        (layers.Embedding(100, 8, mask_zero=True), (None, 5), ["Makes a mask", "100·8 embeddings = 800"]),
        (
            layers.BatchNormalization(),
            (None, 8),
            ["(16 of them not trained)", "it updates moving_mean and"],
        ),
        (layers.ReLU(), (None, 8), ["  Replaces values below zero by zero; it has no weights."]),
        (layers.RandomFlip(), (None, 8, 8, 3), ["  Mirror each picture with probability 1/2 while training.\n"]),
        (
            layers.Attention(),
            [(None, 6, 8), (None, 5, 8)],
            ["For each of the 6 positions of the query, it weighs the 5 positions of the value"],
        ),
        (layers.Dropout(0.25), (None, 8), ["In training it draws random numbers"]),
        (
            layers.Concatenate(),
            [(None, 4), (None, 3)],
            ["4 + 3 = 7", "input 2 [f2] -> [f2 + 4]", "(b, f), (b, f2) -> (b, f + f2)"],
        ),
    ],
)
def test_layers_say(layer, shape, lines):
    text = str(layer.explain(shape))
    for line in lines:
        assert line in text


def test_explaining_does_not_build_the_layer():
    layer = layers.Dense(4)
    layer.explain((None, 3))
    assert not layer.built
    assert layer.explain((None, 5)).parameters == 24


def test_a_layer_without_a_shape_asks_for_one():
    with pytest.raises(ValueError, match=r"dense.*.explain\(\(None, 28, 28, 1\)\)"):
        layers.Dense(4).explain()


def test_a_built_layer_needs_no_shape():
    layer = layers.Dense(4)
    layer.build((None, 3))
    assert layer.explain().inputs == [(None, 3)]


def test_bytes_are_those_of_weights_and_of_one_output(digits):
    told = digits.explain()["conv"]
    assert (told.weight_bytes, told.output_bytes) == (4 * 320, 4 * 26 * 26 * 32)
    assert told.to_dict()["weight_bytes"] == 1280


def test_the_answer_is_data_and_text_and_html(digits):
    answer = lamina.explain(digits)
    flat = answer.to_dict()["layers"][4]
    assert flat["order"] == ["[h, w, c] -> (h*5 + w)*64 + c"]
    assert flat["without"]["other_parameters"] == 8320
    assert "(h·5 + w)·64 + c" in answer._repr_html_()
    assert '"parameters": 225034' in answer.to_json()


def test_rich_prints_the_same_words(digits):
    from rich.console import Console

    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(digits.explain())
    printed = console.export_text()
    for word in ("(h·5 + w)·64 + c", "991,360 parameters", "3·3·1·32 kernel + 32 bias = 320"):
        assert word in printed


def test_causal_attention_says_so_and_names_its_projections():
    x = lamina.Input((5, 6))
    model = lamina.Model(x, layers.MultiHeadAttention(2, 4, name="attend")(x, x, use_causal_mask=True))
    told = str(model.explain()["attend"])
    assert "none of them sees a" in told
    assert "6·2·4 query kernel" in told
    assert "query kernel, key kernel: features × heads × key size" in told
