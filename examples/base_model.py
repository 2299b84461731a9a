"""A VGG-like base used as a layer: frozen, then Flatten and Dense of our own on top.

The base is made here; with pretrained weights the rest of the program would be the same. The summary shows what
freezing does to the counts, and that most parameters belong to the dense layer after Flatten: 8 * 8 * 16 * 32 of them.
"""

import numpy as np

import lamina as keras
from lamina import layers


def block(x, filters, number):
    """Two convolutions and a pooling, as VGG stacks them."""
    for part in (1, 2):
        name = f"block{number}_conv{part}"
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
    return layers.MaxPooling2D(name=f"block{number}_pool")(x)


def build_base():
    """Return the base: (32, 32, 3) images to (8, 8, 16) features."""
    images = keras.Input((32, 32, 3))
    features = block(block(images, 8, number=1), 16, number=2)
    return keras.Model(images, features, name="base")


def main():
    keras.utils.set_random_seed(0)
    base = build_base()
    base.trainable = False
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            base,
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.summary(expand_nested=True)

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256)
    images = rng.random((256, 32, 32, 3), dtype="float32")
    images[labels == 1, :, 8:24] += 0.5  # a bright stripe down the middle

    before = [weight.copy() for weight in base.get_weights()]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=5, verbose=2)
    unchanged = all(np.array_equal(old, new) for old, new in zip(before, base.get_weights(), strict=True))

    print(f"{base.output.shape} flattened is {model.get_layer('flatten').output.shape}")
    print("the base kept its weights" if unchanged else "the base was trained")


if __name__ == "__main__":
    main()
