"""Write the files of Keras 2 in this folder: run once, with `tf_keras` 2.x; tests only read them.

    python tests/data/write_keras2_files.py          # all of them, or those that are named

Beside each model lie, in `keras2.npz`, an input and what the model made of it.
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras.src.layers.core.tf_op_layer import TFOpLambda

layers = keras.layers
HERE = pathlib.Path(__file__).parent


def image():
    """Convolutions, statistics, regularization, and an optimizer that made a step."""
    model = keras.Sequential(
        [
            layers.Conv2D(2, 3, activation="relu", input_shape=(6, 6, 1)),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(2, activation="hard_sigmoid"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(2, 2),
            layers.SeparableConv2D(2, 2),
            layers.MaxPooling2D(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    return model


def graph():
    """A shared inner model, attention, recurrence in all forms, two outputs."""
    first, second = layers.Input((4, 3), name="first"), layers.Input((4, 3), name="second")
    inner = keras.Sequential([layers.Dense(3, input_shape=(4, 3)), layers.LayerNormalization()], name="inner")
    x, y = inner(first), inner(second)
    x = layers.Concatenate()([x, y])
    x = layers.MultiHeadAttention(2, 2, name="attention")(x, y)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(2))(x)
    x = layers.GRU(2, return_sequences=True, reset_after=False)(x)
    last = layers.LSTM(2, recurrent_activation="hard_sigmoid")(x)
    model = keras.Model([first, second], [layers.Dense(1, name="score")(last), layers.Conv1D(1, 2)(x)])
    model.compile(keras.optimizers.legacy.Adam(1e-2, decay=0.1), "mse")
    return model


def words():
    """A functional model with one input, an embedding, and a functional model as a layer."""
    inside = layers.Input((4,))
    inner = keras.Model(inside, layers.Dense(2, activation="tanh")(inside), name="inner")
    tokens = layers.Input((5,), dtype="int32")
    x = layers.Embedding(7, 4, mask_zero=True, input_length=5)(tokens)
    x = layers.SimpleRNN(4)(x)
    model = keras.Model(tokens, inner(x))
    model.compile("rmsprop", {"inner": "mae"}, metrics=["mae", keras.metrics.MeanSquaredError()])
    return model


def gone():
    """Layers that Keras 3 does not have, steps before the batch, and functions of TensorFlow as layers."""
    x = layers.Input(batch_shape=(4, 6, 3))
    picture = layers.Reshape((1, 6, 3))(x)
    leaky = TFOpLambda(tf.nn.leaky_relu)
    outputs = [
        layers.LSTM(2, time_major=True, return_sequences=True)(x),
        layers.LocallyConnected1D(2, 3, strides=2)(x),
        layers.LocallyConnected1D(2, 3, data_format="channels_first", padding="same", implementation=2)(x),
        layers.LocallyConnected1D(2, 3, padding="same", strides=2, implementation=3)(x),
        layers.LocallyConnected2D(2, (3, 2), data_format="channels_first", bias_initializer="normal")(picture),
        leaky(x) - leaky(-x, alpha=0.5),
        tf.math.squared_difference(x, tf.boolean_mask(x, [True, False, False], axis=2)),
    ]
    model = keras.Model(x, outputs)
    model.compile("sgd", "mse")
    return model


def main():
    made = {function.__name__: function for function in (image, graph, words, gone)}
    names = sys.argv[1:] or list(made)
    shapes = {"image": [(4, 6, 6, 1)], "graph": [(4, 4, 3)] * 2, "gone": [(4, 6, 3)]}
    rng = np.random.default_rng(0)
    found = dict(np.load(HERE / "keras2.npz")) if sys.argv[1:] else {}
    for name in names:
        x = [rng.normal(size=shape) for shape in shapes.get(name, ())] or [rng.integers(0, 7, (4, 5))]
        keras.utils.set_random_seed(1)
        keras.backend.clear_session()
        model = made[name]()
        x = [part.astype("int32" if part.dtype.kind == "i" else "float32") for part in x]
        inputs = x if len(x) > 1 else x[0]
        outputs = model.predict(inputs, verbose=0)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        labels = [np.zeros(4, "int32")] if name == "image" else [np.zeros_like(y) for y in outputs]
        model.fit(inputs, labels if len(labels) > 1 else labels[0], verbose=0)
        outputs = model.predict(inputs, verbose=0)
        if name != "gone":
            model.save(HERE / f"keras2_{name}.h5")
        model.save(HERE / f"keras2_{name}.keras")
        if name == "words":
            model.save_weights(HERE / "keras2_words_only.h5")
            (HERE / "keras2_words.json").write_text(model.to_json())
        for i, part in enumerate(x):
            found[f"{name}_x{i}"] = part
        for i, part in enumerate(outputs if isinstance(outputs, list) else [outputs]):
            found[f"{name}_y{i}"] = part
    np.savez(HERE / "keras2.npz", **found)


if __name__ == "__main__":
    main()
