"""The widget: the page in a cell of a notebook, with the model in the kernel, over anywidget's protocol."""

import sys

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.view import Session, View, page


def tiny():
    return View(Session(lamina.Sequential([lamina.Input((3,)), layers.Dense(2)]), np.ones((1, 3), "float32")))


def test_a_notebook_shows_the_widget_and_keeps_the_page_for_where_there_is_no_kernel(installed):
    shown = tiny()
    bundle, _ = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "text/html" not in bundle  # a notebook asks `_repr_html_` for it beside the widget
    assert shown.widget() is shown.live


def test_without_anywidget_the_page_stands_in_the_cell_and_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)  # as if it were not installed
    shown = tiny()
    assert shown._repr_mimebundle_() is None
    assert shown._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    with pytest.raises(ImportError, match=r"pip install 'lamina\[notebook\]'"):
        shown.widget()


def test_the_widgets_module_names_nothing_outside():
    source = (page.WEB / "widget.js").read_text()
    assert "http" not in source
    assert "import " not in source
