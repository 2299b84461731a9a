"""Train a convolutional network on handwritten digits, and say what it learned and how."""

import shlex
import time
from pathlib import Path

import numpy as np

import lamina
from lamina import layers
from lamina.datasets import digits
from lamina.demo import report

BATCH = 64  # [images]
LEARNING_RATE = 2e-3
SEED = 1
ONE_PIXEL = ((-1, 0), (1, 0), (0, -1), (0, 1))


def build():
    """Return the network: two convolutions that see strokes, then two dense layers that name the digit."""
    return lamina.Sequential(
        [
            lamina.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )


def prepare(images):
    """Give grey images a channel axis and the range 0 to 1.

    Shapes:   images (batch, 28, 28) uint8 -> (batch, 28, 28, 1) float32.
    """
    return images[..., None] / np.float32(255)


def with_moved_copies(images, labels):
    """Add to every image a copy of it moved by one pixel; the four directions take turns.

    Shapes:   images (batch, 28, 28), labels (batch,) -> (2 * batch, 28, 28), (2 * batch,).
    """
    moved = images.copy()
    for turn, offset in enumerate(ONE_PIXEL):
        moved[turn :: len(ONE_PIXEL)] = np.roll(images[turn :: len(ONE_PIXEL)], offset, axis=(1, 2))
    return np.concatenate([images, moved]), np.concatenate([labels, labels])


def train(model, epochs):
    """Compile and fit the network; return the history of `fit`."""
    (images, labels), (test_images, test_labels) = digits.load_data()
    images, labels = with_moved_copies(images, labels)
    steps = -(-len(images) // BATCH) * epochs
    falling = lamina.optimizers.schedules.CosineDecay(LEARNING_RATE, decay_steps=steps)
    model.compile(lamina.optimizers.Adam(falling), "sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted = model.fit(
        prepare(images),
        labels,
        batch_size=BATCH,
        epochs=epochs,
        validation_data=(prepare(test_images), test_labels),
    )
    return fitted.history


def run(epochs=5, out="."):
    """Train, test, explain, save and report; everything worth knowing is printed.

    Args:
        epochs: passes over the training images [count].
        out: folder for digits.keras and digits.html; made if it is not there.
    Returns:  the fraction of held-out images that were got right.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    lamina.utils.set_random_seed(SEED)
    model = build()
    model.summary()

    start = time.perf_counter()
    history = train(model, epochs)
    seconds = time.perf_counter() - start

    _, (images, labels) = digits.load_data()
    probabilities = model.predict(prepare(images), verbose=0)
    right = (probabilities.argmax(1) == labels).mean()
    print(f"\n{right:.2%} of {len(labels):,} held-out digits right, after {seconds:.1f} s of training.\n")

    explanation = str(next(layer for layer in lamina.explain(model).layers if layer.name == "flatten"))
    print(explanation)

    model_file, report_file = out / "digits.keras", out / "digits.html"
    model.save(model_file)
    results = report.Results(
        title="Handwritten digits",
        seconds=seconds,
        history=history,
        images=images,
        labels=labels,
        probabilities=probabilities,
        layers=[_row(layer) for layer in model.layers],
        explanations={"What Flatten does here": explanation},
        notes=(
            f"Made by Lamina {lamina.__version__}.",
            "Images: MNIST by Yann LeCun, Corinna Cortes and Christopher J.C. Burges, CC BY-SA 3.0.",
        ),
    )
    report_file.write_text(report.page(results), encoding="utf-8")
    print(f"\nmodel:  {model_file.resolve()}\nreport: {report_file.resolve()}")
    print(f"\nSee it think: lamina view {shlex.quote(str(model_file))}")
    return float(right)


def _row(layer):
    return report.LayerRow(layer.name, type(layer).__name__, layer.output.shape, layer.count_params())
