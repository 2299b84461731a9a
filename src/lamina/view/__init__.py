"""See a model think: its layers as walls of cells that light up on one's own data, in a page that is drawn on.

`lamina.view(model, x)` is the front door: this module can be called.
"""

from lamina.core.doors import callable_module
from lamina.core.errors import ConfigurationError, message
from lamina.view.inputs import samples_for
from lamina.view.server import ViewServer
from lamina.view.session import Session
from lamina.view.showing import View

__all__ = ["Session", "View", "ViewServer", "view"]


def view(
    model,
    x=None,
    *,
    classes=None,
    vocabulary=None,
    epochs=None,
    save=None,
    png=None,
    svg=None,
    browser=True,
    block=None,
):
    """Show a model at work: its layers in 3-D, each value coloured, on samples, drawings, pictures or typed numbers.

    In a notebook the page stands in the cell, without a server: live with the extra `notebook`, else as `save` writes
    it. With `save`, `png` or `svg` files are written and nothing is started. Elsewhere a server starts on 127.0.0.1
    and its address is printed; Ctrl-C ends it.

    Args:
        model: any model that is built or can be called on `x`.
        x: samples with batch axis, as the model takes them; by default digits where they fit, else random numbers.
        classes: names of the outputs.
        vocabulary: words of token ids, so that text can be typed: a list in the order of the ids, a dict from words
            to ids, or a file of either (.json, or text with a word a line).
        epochs: folder of weights or models saved while training, one file for each epoch: a slider goes through them.
        save: file for the page in one piece, of at most 5 MB, which needs neither server nor network.
        png, svg: files for a still picture.
        browser: whether to open a browser, where there is one.
        block: whether to wait for Ctrl-C; by default in programs, not at a prompt.
    Returns: View.
    Raises: ValueError for a model whose input sizes are not known, without `x`, and for one that is given texts.
    """
    _refuse_texts(model)
    samples = samples_for(model) if x is None else x
    shown = View(Session(model, samples, classes=classes, epochs=epochs, vocabulary=vocabulary))
    files = {"save": save, "png": png, "svg": svg}
    if any(files.values()):
        shown.write(**files)
    elif not shown.in_notebook():
        shown.serve(browser=browser, block=block)
    return shown


def _refuse_texts(model):
    if any(x.dtype == "string" for x in getattr(model, "inputs", None) or ()):
        raise ConfigurationError(
            message(
                "L213",
                "the page shows numbers; this model begins with texts.",
                where=f'model "{model.name}"',
                fix="view the model behind the layer that reads them, and give its words: "
                "view(model, vocabulary=layer.get_vocabulary())",
            )
        )


callable_module(__name__, view)
