"""The page in a cell of a notebook, live: its questions come through the kernel's own line, so there is no port.

Source: anywidget's protocol of custom messages, https://anywidget.dev/en/afm/.
"""

from urllib.parse import parse_qs

from lamina.view import page
from lamina.view.questions import answer


def widget(session):
    """Return an anywidget that shows a Session.

    Raises: ImportError without anywidget, the extra `notebook`.
    """
    try:
        import anywidget
    except ImportError as error:
        raise ImportError("A live page in a notebook needs anywidget: pip install 'lamina[notebook]'.") from error

    class ViewWidget(anywidget.AnyWidget):
        """Answers what its pages ask."""

        _esm = (page.WEB / "widget.js").read_text(encoding="utf-8")

    made = ViewWidget()
    made.on_msg(lambda self, question, buffers: self.send(*_reply(session, question, buffers)))
    return made


def _reply(session, question, buffers):
    """Return the message and the buffers that answer a question of the page, or of the frame around it."""
    told = {"id": question.get("id")}
    try:
        if question.get("name") == "page":
            content = page.single({}, session.model.name).encode()
        else:
            body = bytes(buffers[0]) if buffers else b""
            content = answer(session, question.get("name"), parse_qs(question.get("words", "")), body)
    except (KeyError, ValueError) as error:
        return told | {"error": str(error.args[0] if error.args else error)}, []
    return told, [content]
