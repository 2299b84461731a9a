"""Silent mistakes: for each code of `model.check` a program that makes the mistake, and the same program put right.

Run it to see what is found in each. The two stand in one text: <wrong|right>.
"""

import re

import numpy as np

import lamina as keras
from lamina import layers

CLASSIFIER = """
model = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(8, activation="relu", name="hidden"),
    layers.Dense(3, activation="softmax", name="top"),
])
"""
COMPILE = 'model.compile("adam", "sparse_categorical_crossentropy")\n'
TABLE = "x, y = rng.normal(size=(64, 4)), rng.integers(0, 3, 64)\n"
IMAGES = """
model = keras.Sequential([
    keras.Input((8, 8, 1)),
    layers.Conv2D(4, 3, name="conv"),
    layers.Flatten(),
    layers.Dense(3, activation="softmax"),
])
"""
LAST = "model.check(x, y)"


def last_layer(change, loss='"sparse_categorical_crossentropy"', then=""):
    return f"""
model = keras.Sequential([keras.Input((4,)), {change}])
model.compile("adam", {loss}{then})
model.check()
"""


def reader(embedding, before=""):
    return f"""
x, y = rng.integers(1, 9, (64, 6)) * (np.arange(6) < rng.integers(2, 7, (64, 1))), rng.integers(0, 2, 64)
model = keras.Sequential([
    keras.Input((6,), dtype="int32"),
    {embedding},
    {before}layers.LSTM(4, name="lstm"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy")
{LAST}
"""


MISTAKES = {
    "L201": f"""
x, y = rng.normal(size=(64, 5, 2)), rng.normal(size=64)
model = keras.Sequential([keras.Input((5, 2)), <|layers.Flatten(), >layers.Dense(1, name="top")])
model.compile("adam", "mse")
{LAST}
""",
    "L301": last_layer(
        'layers.Dense(3<, activation="softmax"|>, name="top")',
        "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    ),
    "L302": last_layer('layers.Dense(3<|, activation="softmax">, name="top")'),
    "L303": last_layer('layers.Dense(3, activation="<relu|softmax>", name="top")'),
    "L304": last_layer('layers.Dense(1, activation="<softmax|sigmoid>", name="top")', '"binary_crossentropy"'),
    "L305": last_layer('layers.Dense(3<, activation="softmax"|>, name="top"), layers.Softmax(name="again")'),
    "L312": TABLE + CLASSIFIER.replace("Dense(3", "Dense(<2|3>") + COMPILE + LAST,
    "L320": f"""
x, y = rng.normal(size=(64, 4)), rng.normal(size=(64, 1))
model = keras.Sequential([keras.Input((4,)), layers.Dense(<3|1>, name="top")])
model.compile("adam", "mse")
{LAST}
""",
    "L330": last_layer(
        'layers.Dense(1, name="top")',
        "keras.losses.BinaryCrossentropy(from_logits=True)",
        ', metrics=[<"accuracy"|keras.metrics.BinaryAccuracy(threshold=0.0)>]',
    ),
    "L333": """
x = rng.normal(size=(64, 4))
y = x[:, :1]
model = keras.Sequential([keras.Input((4,)), layers.Dense(1, name="top")])
model.compile("adam", "mse", metrics=["<accuracy|mae>"])
model.check(x, y)
""",
    "L334": TABLE
    + CLASSIFIER
    + """model.compile("adam", "sparse_categorical_crossentropy", metrics=["<categorical_accuracy|accuracy>"])
"""
    + LAST,
    "L340": reader('layers.Embedding(<8|9>, 4, mask_zero=True, name="words")'),
    "L341": TABLE + "x[3, 2] = np.nan\n<|x = np.nan_to_num(x)\n>" + CLASSIFIER + COMPILE + LAST,
    "L342": "x, y = rng.integers(0, 256, (64, 8, 8, 1)), rng.integers(0, 3, 64)\n<|x = x / 255\n>"
    + IMAGES
    + COMPILE
    + LAST,
    "L343": "x, y = rng.normal(size=(64, 1, 8, 8)), rng.integers(0, 3, 64)\n<|x = np.moveaxis(x, 1, -1)\n>"
    + IMAGES.replace("(8, 8, 1)", "<(1, 8, 8)|(8, 8, 1)>").replace("4, 3,", '4, 3, padding="same",')
    + COMPILE
    + LAST,
    "L350": reader(
        'layers.Embedding(9, 4, mask_zero=True, name="words")', '<layers.Conv1D(4, 2, name="conv"),\n    |>'
    ),
    "L360": TABLE.replace("rng.integers(0, 3, 64)", "np.sort(rng.integers(0, 3, 64))")
    + "<|order = rng.permutation(64)\nx, y = x[order], y[order]\n>"
    + CLASSIFIER
    + COMPILE
    + "model.check(x, y, validation_split=0.2)",
    "L361": TABLE + CLASSIFIER + COMPILE + "model.check(x[<|16>:], y[<|16>:], validation_data=(x[:16], y[:16]))",
    "L364": TABLE.replace("rng.integers(0, 3, 64)", "rng.integers(1, 4, 64)")
    + "<|y = y - 1\n>"
    + CLASSIFIER.replace("Dense(3", "Dense(<4|3>")
    + COMPILE
    + LAST,
    "L365": TABLE
    + "x[:, 1] *= 1e6\n<|x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-7)\n>"
    + CLASSIFIER
    + COMPILE
    + LAST,
    "L366": reader('layers.Embedding(9, 4, <|mask_zero=True, >name="words")'),
    "L370": TABLE
    + CLASSIFIER
    + COMPILE
    + 'kernel = model.get_layer("top").kernel\nkernel.assign(kernel * <np.inf|2>)\n'
    + LAST,
    "L371": TABLE + CLASSIFIER + COMPILE + 'model.get_layer("hidden").bias.assign(np.full(8, <-100.0|0.1>))\n' + LAST,
    "L372": "x, y = <1e5 * |>rng.normal(size=(64, 4)), rng.integers(0, 3, 64)\n"
    + CLASSIFIER.replace("relu", "tanh")
    + COMPILE
    + LAST,
    "L373": TABLE
    + """model = keras.Sequential([
    keras.Input((4,)),
    *[layers.Dense(4, activation="<sigmoid|relu>") for _ in range(14)],
    layers.Dense(3, activation="softmax"),
])
"""
    + COMPILE
    + LAST,
    "L374": f"""
x, y = rng.normal(size=(64, 4)), rng.normal(size=(64, 1))<* 1e6|>
model = keras.Sequential([keras.Input((4,)), layers.Dense(16, activation="tanh"), layers.Dense(1, name="top")])
model.compile(keras.optimizers.SGD(1e-9), "mse")
{LAST}
""",
    "L375": f"""
x = rng.normal(size=(64, 4))
y = x[:, :1]
model = keras.Sequential([keras.Input((4,)), layers.Dense(64), layers.Dense(64), layers.Dense(1)])
model.compile(keras.optimizers.SGD(<0.5|0.005>), "mse")
{LAST}
""",
    "L380": """
model = keras.Sequential([
    keras.Input((4,)),
    layers.BatchNormalization(name="norm"),
    layers.Dense(3, activation="softmax"),
])
"""
    + COMPILE
    + "model.check(batch_size=<1|32>)",
    "L381": TABLE
    + """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = layers.BatchNormalization(name="norm")
        self.top = layers.Dense(3, activation="softmax")

    def call(self, x, training=None):
        return self.top(self.norm(x, training=<False|training>))

model = Net()
"""
    + COMPILE
    + "model.fit(x, y, verbose=0)\nmodel.check()",
    "L382": TABLE
    + CLASSIFIER
    + COMPILE
    + 'model.fit(x, y, verbose=0)\nmodel.get_layer("hidden").trainable = False\n<|'
    + COMPILE
    + ">model.check()",
    "L383": """
base = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(8, activation="relu"),
    layers.BatchNormalization(name="norm"),
])
base.trainable = <False|True>
model = keras.Sequential([base, layers.Dense(3, activation="softmax")])
"""
    + COMPILE
    + "model.check()",
}


def program(code, right=False):
    """Return the program that makes the mistake, or the one that does not."""
    return re.sub(r"<([^<>|]*)\|([^<>|]*)>", lambda either: either[1 + right], MISTAKES[code]).strip() + "\n"


def findings(text):
    """Run a program; return what `model.check` finds in its last line."""
    *lines, last = text.strip().split("\n")
    names = {"keras": keras, "layers": layers, "np": np, "rng": np.random.default_rng(0)}
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    exec("\n".join(lines), names)
    return eval(last, names)


def main():
    for code in MISTAKES:
        print(findings(program(code)))
        print(f"  put right: {findings(program(code, right=True))}\n")


if __name__ == "__main__":
    main()
