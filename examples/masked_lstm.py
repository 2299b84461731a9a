"""Sentences of different lengths in one batch: padding is masked, and changes nothing.

`mask_zero=True` lets the embedding say which steps are padding; the LSTM skips them. The task: does the sentence's
first word come back as its last?
"""

import numpy as np

import lamina as keras
from lamina import layers

WORDS, LONGEST, PADDING = 6, 8, 0


def sentences(count, rng):
    """Return padded sentences (count, 8) of 3 to 8 words, and whether the last word is the first."""
    text = np.full((count, LONGEST), PADDING, "int32")
    labels = rng.integers(0, 2, count)
    for sentence, label in zip(text, labels, strict=True):
        length = rng.integers(3, LONGEST + 1)
        sentence[:length] = rng.integers(1, WORDS + 1, length)
        others = [word for word in range(1, WORDS + 1) if word != sentence[0]]
        sentence[length - 1] = sentence[0] if label else rng.choice(others)
    return text, labels.astype("float32")


def build():
    """Return the model; its steps may be any number."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(WORDS + 1, 16, mask_zero=True),
            layers.LSTM(32),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def main():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    text, labels = sentences(4000, rng)
    new_text, new_labels = sentences(500, rng)

    model = build()
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(text, labels, batch_size=64, epochs=10, verbose=2)
    _, accuracy = model.evaluate(new_text, new_labels, verbose=0)
    print(f"held-out accuracy {accuracy:.3f}")

    bare = np.array([[3, 1, 4, 3]], "int32")
    padded = np.pad(bare, ((0, 0), (0, LONGEST - 4)))
    answers = [float(model.predict(sentence, verbose=0)[0, 0]) for sentence in (bare, padded)]
    print(f"[3 1 4 3] gives {answers[0]:.5f}, and with four steps of padding {answers[1]:.5f}")


if __name__ == "__main__":
    main()
