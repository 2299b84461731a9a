"""A convolutional network learns to read handwritten digits from 2,000 images."""

import lamina as keras
from lamina import layers


def main():
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train[:2000, ..., None], y_train[:2000], epochs=4, verbose=2)
    _, accuracy = model.evaluate(x_test[..., None], y_test, verbose=0)
    print(f"held-out accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
