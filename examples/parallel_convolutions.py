"""Three convolutions read the same sentence side by side, through windows of 2, 3 and 4 words.

A functional model: one input, three branches, joined by Concatenate. A sentence is 20 word numbers. The words 7, 8 and
9 stand together in each of them, and the label says whether in this order: a bag of words could not tell.
"""

import numpy as np

import lamina as keras
from lamina import layers

WORDS, STEPS = 50, 20
IN_ORDER, OUT_OF_ORDER = (7, 8, 9), (9, 7, 8)


def sentences(count, rng):
    """Return sentences (count, 20), and labels (count,): 1 where the three words are in order."""
    text = rng.integers(10, WORDS, (count, STEPS), dtype="int32")
    labels = rng.integers(0, 2, count)
    for sentence, label in zip(text, labels, strict=True):
        start = rng.integers(0, STEPS - 2)
        sentence[start : start + 3] = IN_ORDER if label else OUT_OF_ORDER
    return text, labels.astype("float32")


def build():
    """Return the model with three branches."""
    words = keras.Input((STEPS,), dtype="int32", name="words")
    vectors = layers.Embedding(WORDS, 8)(words)
    strongest = []
    for size in (2, 3, 4):
        seen = layers.Conv1D(8, size, activation="relu", name=f"window_of_{size}")(vectors)
        strongest.append(layers.GlobalMaxPooling1D(name=f"strongest_of_{size}")(seen))
    joined = layers.Concatenate()(strongest)
    answer = layers.Dense(1, activation="sigmoid", name="in_order")(joined)
    return keras.Model(words, answer, name="parallel_convolutions")


def main():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    text, labels = sentences(2000, rng)
    new_text, new_labels = sentences(500, rng)

    model = build()
    model.summary()
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(text, labels, epochs=4, verbose=2)
    _, accuracy = model.evaluate(new_text, new_labels, verbose=0)
    print(f"held-out accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
