"""One self-contained page about a trained classifier. It takes plain data: nothing here knows what a model is."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np

from lamina.demo import charts, png

MISTAKES_SHOWN = 24


@dataclass(frozen=True)
class LayerRow:
    """What the page says about one layer."""

    name: str
    kind: str
    output_shape: tuple
    parameters: int


@dataclass(frozen=True)
class Results:
    """All that the page shows.

    Shapes:   images (images, height, width) uint8; labels (images,); probabilities (images, classes).
    Args:
        title: the heading.
        seconds: how long training took [seconds].
        history: dict of a curve's name to its values per epoch, as `fit` returns it.
        layers: list of `LayerRow`.
        explanations: dict of a heading to preformatted text.
        notes: lines for the foot of the page.
    """

    title: str
    seconds: float
    history: dict
    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    layers: list
    explanations: dict = field(default_factory=dict)
    notes: tuple = ()


def confusion_matrix(labels, predicted, classes):
    """Count how often each class was taken for each other.

    Shapes:   labels (images,), predicted (images,) -> (classes, classes); row the truth, column the prediction.
    Example:
        >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2).tolist()
        [[1, 0], [1, 1]]
    """
    cells = np.asarray(labels, "int64") * classes + np.asarray(predicted, "int64")
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def worst_mistakes(labels, probabilities, count):
    """Find the samples that were got wrong with the least probability left for the truth, worst first.

    Example:
        >>> worst_mistakes([0, 1, 0], np.array([[0.2, 0.8], [0.3, 0.7], [0.1, 0.9]]), 5).tolist()
        [2, 0]
    """
    labels = np.asarray(labels, "int64")
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    left_for_truth = probabilities[wrong, labels[wrong]]
    return wrong[np.argsort(left_for_truth, kind="stable")][:count]


def page(results):
    """Write the whole page as text."""
    predicted = results.probabilities.argmax(1)
    matrix = confusion_matrix(results.labels, predicted, results.probabilities.shape[1])
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    body = "\n".join(
        [
            _head(results, matrix),
            _curves(results.history),
            _confusion(matrix),
            _mistakes(results, predicted),
            _layers(results.layers),
            *(_explanation(heading, text) for heading, text in results.explanations.items()),
            f"<footer>{'<br />'.join(escape(note) for note in results.notes)}</footer>",
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8" />\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'
        f"<title>{escape(results.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _head(results, matrix):
    right, total = int(matrix.trace()), int(matrix.sum())
    facts = {
        f"{right / total:.2%}": "of held-out images right",
        f"{total - right} of {total:,}": "mistaken",
        f"{sum(layer.parameters for layer in results.layers):,}": "parameters",
        f"{results.seconds:.1f} s": "to train",
    }
    tiles = "".join(
        f'<div class="tile"><b>{escape(fact)}</b><span>{escape(what)}</span></div>' for fact, what in facts.items()
    )
    return f'<header><h1>{escape(results.title)}</h1><div class="tiles">{tiles}</div></header>'


def _curves(history):
    figures = []
    for name in history:
        if name.startswith("val_"):
            continue
        series = {"training": history[name]}
        if f"val_{name}" in history:
            series["held out"] = history[f"val_{name}"]
        keys = "".join(f'<span class="key key-{index}">{key}</span>' for index, key in enumerate(series))
        caption = f"<figcaption>{escape(name)} per epoch {keys}</figcaption>"
        figures.append(f"<figure>{charts.line_chart(f'{name} per epoch', series)}{caption}</figure>")
    return f'<section><h2>How it learned</h2><div class="charts">{"".join(figures)}</div></section>'


def _confusion(matrix):
    classes = range(len(matrix))
    most_errors = max(1, (matrix - np.diag(matrix.diagonal())).max())
    rows = []
    for truth in classes:
        cells = []
        for guess in classes:
            count = int(matrix[truth, guess])
            kind = "right" if guess == truth else "wrong" if count else "none"
            share = count / max(1, matrix[truth].sum()) if guess == truth else count / most_errors
            note = f"{truth} taken for {guess}: {count}"
            cells.append(f'<td class="{kind}" style="--share: {share:.2f}" title="{note}">{count}</td>')
        rows.append(f'<tr><th scope="row">{truth}</th>{"".join(cells)}</tr>')
    heads = "".join(f'<th scope="col">{guess}</th>' for guess in classes)
    return (
        "<section><h2>What was taken for what</h2>"
        '<p class="soft">Each row is a true class, each column the answer given.</p>'
        f'<div class="scroll"><table class="confusion"><thead><tr><td></td>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _mistakes(results, predicted):
    worst = worst_mistakes(results.labels, results.probabilities, MISTAKES_SHOWN)
    if not len(worst):
        return "<section><h2>The worst mistakes</h2><p>None: every image was got right.</p></section>"
    figures = []
    for index in worst:
        truth, guess = int(results.labels[index]), int(predicted[index])
        sure = f"{results.probabilities[index, guess]:.0%}"
        picture = png.data_uri(results.images[index])
        figures.append(
            f'<figure><img src="{picture}" alt="a {truth} taken for a {guess}" />'
            f"<figcaption><b>{truth}</b> taken for <b>{guess}</b>, {sure} sure</figcaption></figure>"
        )
    return (
        '<section><h2>The worst mistakes</h2><p class="soft">Held-out images, those first whose true class was given '
        f'the least probability.</p><div class="mistakes">{"".join(figures)}</div></section>'
    )


def _layers(layers):
    rows = "".join(
        f'<tr><td class="name">{escape(layer.name)}</td><td class="name">{escape(layer.kind)}</td>'
        f'<td class="name">{escape(str(layer.output_shape))}</td><td>{layer.parameters:,}</td></tr>'
        for layer in layers
    )
    total = sum(layer.parameters for layer in layers)
    return (
        '<section><h2>The layers</h2><div class="scroll"><table class="layers"><thead><tr>'
        '<th class="name" scope="col">layer</th><th class="name" scope="col">class</th>'
        '<th class="name" scope="col">output shape</th><th scope="col">parameters</th></tr></thead>'
        f'<tbody>{rows}</tbody><tfoot><tr><td class="name" colspan="3">all together</td><td>{total:,}</td></tr></tfoot>'
        "</table></div></section>"
    )


def _explanation(heading, text):
    return f"<section><h2>{escape(heading)}</h2><pre>{escape(text)}</pre></section>"
