"""Every answer can be read as text, as data and in a notebook."""

import json

import numpy as np
import pytest

import lamina
from lamina import layers


def small(units=2, name="small"):
    made = [lamina.Input((4, 4, 1)), layers.Conv2D(2, 3, name="conv"), layers.Flatten(name="flat"), layers.Dense(units)]
    return lamina.Sequential(made, name=name)


def failure():
    try:
        return lamina.Sequential([lamina.Input((4, 4)), layers.Conv2D(2, 3, name="conv")])
    except ValueError:
        return lamina.explain_last_error()


ANSWERS = {
    "a layer": lambda: layers.Flatten().explain((None, 2, 3)),
    "a model": lambda: small().explain(),
    "two layers": lambda: lamina.explain(layers.Flatten(), layers.GlobalAveragePooling1D(), (None, 2, 3)),
    "two models": lambda: lamina.explain(small(), small(3, "other")),
    "a trace": lambda: small().trace("flat", 3),
    "contributions": lambda: small().trace("conv", (0, 0, 0), np.ones((1, 4, 4, 1), "float32")),
    "findings": lambda: small().check(),
    "an error": failure,
    "a profile": lambda: small().profile(batch_size=2, seconds=0.002),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_text_data_and_html(name):
    answer = ANSWERS[name]()
    assert str(answer).strip()
    data = json.loads(answer.to_json())
    assert isinstance(data, dict)
    assert data
    page = answer._repr_html_()
    assert page.startswith("<div")
    assert page.count("<div") == page.count("</div>")
    assert page.count("<table") == page.count("</table>")
