"""What is measured: models over the Keras API, each written once for Lamina and for Keras, and the data they get.

`with_jax.py` and `with_torch.py` hold the same models under the same names, as one writes them there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TOKENS, VOCAB = 80, 10_000  # of the text classifier
WORDS, WIDTH, HEADS = 64, 128, 4  # of the transformer
LARGE = {"words": 256, "width": 768, "heads": 12, "blocks": 12}  # its twin for an accelerator
STAGES = (64, 3), (128, 4), (256, 6), (512, 3)  # of ResNet-50: filters, blocks


def mlp(k, units=128):
    hidden = [k.layers.Dense(units, activation="relu") for _ in range(2)]
    return k.Sequential([k.Input((784,)), *hidden, k.layers.Dense(10, activation="softmax")])


def large_mlp(k):
    return mlp(k, 1024)


def digits(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def vgg(k):
    layers = k.layers
    model = k.Sequential([k.Input((32, 32, 3))])
    for filters in (64, 128, 256):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same"))
            model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
    for layer in (layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")):
        model.add(layer)
    return model


def resnet20(k):
    layers = k.layers

    def convolution(x, filters, size, stride):
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = k.Input((32, 32, 3))
    x = layers.Activation("relu")(convolution(inputs, 16, 3, 1))
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if block == 0 and filters > 16 else 1
            y = layers.Activation("relu")(convolution(x, filters, 3, stride))
            y = convolution(y, filters, 3, 1)
            shortcut = convolution(x, filters, 1, stride) if stride > 1 else x
            x = layers.Activation("relu")(layers.Add()([shortcut, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return k.Model(inputs, layers.Dense(10, activation="softmax")(x))


def lstm(k):
    layers = k.layers
    return k.Sequential([k.Input((100, 64)), layers.LSTM(128), layers.Dense(10, activation="softmax")])


def text(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((TOKENS,), dtype="int32"),
            layers.Embedding(VOCAB, 64, mask_zero=True),
            layers.Bidirectional(layers.LSTM(64)),
            layers.Dense(10, activation="softmax"),
        ]
    )


def transformer(k, words=WORDS, width=WIDTH, heads=HEADS, blocks=2):
    layers = k.layers
    tokens = k.Input((words,), dtype="int32")
    x = layers.Embedding(VOCAB, width)(tokens)
    for _ in range(blocks):
        attended = layers.MultiHeadAttention(heads, width // heads)(x, x)
        x = layers.LayerNormalization()(layers.Add()([x, attended]))
        wide = layers.Dense(4 * width, activation="relu")(x)
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(width)(wide)]))
    x = layers.GlobalAveragePooling1D()(x)
    return k.Model(tokens, layers.Dense(10, activation="softmax", dtype="float32")(x))


def large_transformer(k):
    return transformer(k, **LARGE)


def resnet50(k):
    layers = k.layers

    def convolution(x, filters, size, stride):
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = k.Input((224, 224, 3))
    x = layers.Activation("relu")(convolution(inputs, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for stage, (filters, blocks) in enumerate(STAGES):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 0 else 1
            y = layers.Activation("relu")(convolution(x, filters, 1, 1))
            y = layers.Activation("relu")(convolution(y, filters, 3, stride))
            y = convolution(y, 4 * filters, 1, 1)
            shortcut = convolution(x, 4 * filters, 1, stride) if block == 0 else x
            x = layers.Activation("relu")(layers.Add()([shortcut, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return k.Model(inputs, layers.Dense(1000, activation="softmax", dtype="float32")(x))


def autoencoder(k):
    layers = k.layers
    options = {"strides": 2, "padding": "same", "activation": "relu"}
    return k.Sequential(
        [
            k.Input((28, 28, 1)),
            layers.Conv2D(32, 3, **options),
            layers.Conv2D(64, 3, **options),
            layers.Conv2DTranspose(64, 3, **options),
            layers.Conv2DTranspose(32, 3, **options),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )


def dense_head(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((24, 24, 32)),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def vgg16(k):
    layers = k.layers
    model = k.Sequential([k.Input((224, 224, 3))])
    for filters, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    for units, activation in ((4096, "relu"), (4096, "relu"), (1000, "softmax")):
        model.add(layers.Dense(units, activation=activation))
    return model


# Data: `(rng, count) -> x, y`.


def images(*shape):
    return lambda rng, count: (rng.random((count, *shape), "float32"), _labels(rng, count))


def themselves(*shape):
    def sample(rng, count):
        x = rng.random((count, *shape), "float32")
        return x, x

    return sample


def texts(rng, count):
    """Texts of 20 to 80 words, filled up with zeros."""
    x = rng.integers(1, VOCAB, (count, TOKENS)).astype("int32")
    x[np.arange(TOKENS) >= rng.integers(20, TOKENS + 1, (count, 1))] = 0
    return x, _labels(rng, count)


def sentences(words=WORDS):
    return lambda rng, count: (rng.integers(1, VOCAB, (count, words)).astype("int32"), _labels(rng, count))


def _labels(rng, count):
    return rng.integers(0, 10, count).astype("int32")


@dataclass(frozen=True)
class Workload:
    """One line of the table.

    Args:
        title: what the table calls it.
        model: function above; `with_jax.py` and `with_torch.py` have one of the same name.
        sample: data, see above.
        task: name of the function in the engines' files that makes the work to be timed.
        batch_size: samples in a batch [count].
        steps: batches in one timed epoch [count].
        loss, metric: for `compile`.
        policy: the dtype policy of all layers.
        accelerator: whether it is for accelerators only.
    """

    title: str
    model: Callable
    sample: Callable
    task: str = "fit"
    batch_size: int = 32
    steps: int = 100
    loss: str = "sparse_categorical_crossentropy"
    metric: str = "accuracy"
    policy: str = "float32"
    accelerator: bool = False

    def data(self, count=None):
        """Return x and y for an epoch, or `count` samples, the same for every engine."""
        return self.sample(np.random.default_rng(0), count or self.steps * self.batch_size)


WORKLOADS = {
    "mlp": Workload("MLP 784-128-128-10, batch 32", mlp, images(784), steps=500),
    "large-mlp": Workload("MLP 784-1024-1024-10, batch 256", large_mlp, images(784), batch_size=256, steps=50),
    "digits": Workload("digits network, batch 32", digits, images(28, 28, 1), steps=100),
    "digits-128": Workload("digits network, batch 128", digits, images(28, 28, 1), batch_size=128, steps=30),
    "vgg": Workload("VGG-style with BatchNormalization, 32x32", vgg, images(32, 32, 3), steps=4),
    "resnet20": Workload("ResNet-20, 32x32", resnet20, images(32, 32, 3), steps=15),
    "lstm": Workload("LSTM 128 over (100, 64)", lstm, images(100, 64), steps=40),
    "text": Workload("masked bidirectional LSTM, texts", text, texts, steps=40),
    "transformer": Workload("Transformer encoder, width 128", transformer, sentences(), steps=20),
    "autoencoder": Workload(
        "Conv2DTranspose autoencoder",
        autoencoder,
        themselves(28, 28, 1),
        batch_size=64,
        steps=20,
        loss="mean_squared_error",
        metric="mae",
    ),
    "dense-head": Workload("Flatten + Dense of 24x24x32", dense_head, images(24, 24, 32), steps=40),
    "predict-one": Workload("predict, one sample", digits, images(28, 28, 1), "predict_one"),
    "predict-sizes": Workload("predict, 32 batch sizes, first time", digits, images(28, 28, 1), "predict_sizes"),
    "predict-many": Workload("predict, 10,000 samples", digits, images(28, 28, 1), "predict_many"),
    "call": Workload("model(x), one sample", digits, images(28, 28, 1), "call"),
    "vgg16": Workload("VGG16, forward of 4 images", vgg16, images(224, 224, 3), "forward", batch_size=4),
    "vgg16-build": Workload("VGG16, building", vgg16, images(224, 224, 3), "build"),
    "resnet50": Workload(
        "ResNet-50 at 224, bfloat16",
        resnet50,
        images(224, 224, 3),
        batch_size=64,
        steps=8,
        policy="mixed_bfloat16",
        accelerator=True,
    ),
    "large-transformer": Workload(
        "Transformer, 12 layers of width 768, bfloat16",
        large_transformer,
        sentences(LARGE["words"]),
        steps=8,
        policy="mixed_bfloat16",
        accelerator=True,
    ),
}
