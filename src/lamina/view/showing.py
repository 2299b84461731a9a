"""Where a Session is looked at: in a browser, in a cell of a notebook, or in a file."""

import os
import sys
import threading
import webbrowser
from html import escape
from pathlib import Path

from lamina.view import saved, stills
from lamina.view.server import ViewServer
from lamina.view.widget import widget

HEIGHT = 640  # of the page in a notebook [pixels]
LEAD = 1  # of the page, which then has the processor to itself [seconds]


class View:
    """A model that is looked at.

    Args:
        session: `Session`.

    Attributes:
        server: `ViewServer`; None before `serve`.
        live: the widget in a notebook; None before `widget`.
    """

    def __init__(self, session):
        self.session = session
        self.server = self.live = None
        self._ended = threading.Event()

    def serve(self, browser=True, block=None):
        """Start a server on this machine, print its address, and open it.

        Args:
            browser: whether to open a browser, where there is one.
            block: whether to wait for Ctrl-C; by default in programs, not at a prompt.
        """
        waits = not hasattr(sys, "ps1") if block is None else block
        self.server = ViewServer(self.session).start()
        self._ended.clear()
        threading.Thread(target=self._warm_up, name="lamina view, first run").start()
        try:
            self._tell(browser)
            if waits:
                threading.Event().wait()
        except KeyboardInterrupt:  # also one that comes while the address is being printed
            if not waits:
                raise
            print()
        finally:
            if waits:
                self.close()
        return self

    def _tell(self, browser):
        opened = browser and _has_screen() and webbrowser.open(self.server.address)
        print(f"{self.session.model.name} is shown at\n\n  {self.server.address}\n", flush=True)
        print("The page is in your browser. Ctrl-C ends it." if opened else "Open it in a browser. Ctrl-C ends it.")

    def _warm_up(self):
        if not self._ended.wait(LEAD):
            self.session.warm_up(self._ended)

    def close(self):
        """End the server."""
        self._ended.set()
        if self.server is not None:
            self.server.close()
            self.server = None

    def refresh(self):
        """Run the model again on what open pages show: its weights have changed."""
        if self.server is not None:
            self.server.announce("changed")
        if self.live is not None:
            self.live.send({"event": "changed"})

    def widget(self):
        """Return the page as a widget that is live in a notebook, without a server.

        Raises: ImportError without anywidget, the extra `notebook`.
        """
        if self.live is None:
            self.live = widget(self.session)
        return self.live

    def html(self):
        """Return the page as one piece that needs neither server nor network."""
        return saved.html(self.session)

    def write(self, save=None, png=None, svg=None):
        """Write the page, or still pictures of it, into files."""
        for name, content in ((save, self.html), (svg, lambda: stills.svg(self.session))):
            if name:
                Path(name).write_text(content(), encoding="utf-8")
        if png:
            stills.png(self.session, png)

    @staticmethod
    def in_notebook():
        """Tell whether the program runs in a notebook's cell."""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        return type(shell).__name__ in ("ZMQInteractiveShell", "Shell")

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Show the widget; `_repr_html_` stands beside it, for where there is no kernel, or no anywidget."""
        try:
            return self.widget()._repr_mimebundle_()
        except ImportError:
            return None

    def _repr_html_(self):
        style = f"width: 100%; height: {HEIGHT}px; border: 0; border-radius: 6px"
        return f'<iframe srcdoc="{escape(self.html())}" style="{style}" sandbox="allow-scripts"></iframe>'


def _has_screen():
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
