"""A small web server for one person on one machine: the page, and what it asks of a Session.

It listens on 127.0.0.1 only. A request must know the token that is part of the address, and its Host and Origin must
be this server's own; anything else gets 403, so that neither another user of the machine nor a foreign page that has
its name resolved to 127.0.0.1 ("DNS rebinding") sees anything.
"""

import hmac
import json
import queue
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from lamina.view import page
from lamina.view.questions import QUESTIONS, answer

MOST_UPLOADED = 32 * 2**20  # of one input [bytes]
NUMBERS = "application/octet-stream"
HEARTBEAT = 15  # [seconds]


class ViewServer(ThreadingHTTPServer):
    """Serves a Session until it is closed.

    Args:
        session: `Session`.
        port: 0 for a free one.

    Attributes:
        address: what to open, with the token; nobody who does not know it gets an answer.
    """

    daemon_threads = True

    def __init__(self, session, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.session = session
        self.token = secrets.token_urlsafe(24)
        self.listeners = []

    @property
    def address(self):
        """The address of the page."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    def announce(self, event, data=None):
        """Tell all open pages that something happened."""
        for listener in list(self.listeners):
            listener.put((event, data))

    def start(self):
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, daemon=True, name="lamina view").start()
        return self

    def close(self):
        """Tell the pages, and end."""
        self.announce("end")
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Say nothing when a page goes away in the middle of an answer."""


class RefusedError(Exception):
    """A request that gets an error status and a sentence."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """Answers one request after the other of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "lamina"
    sys_version = ""
    timeout = 120  # [seconds] for a connection that says nothing

    def log_message(self, format, *args):
        """Keep the terminal quiet."""

    def do_GET(self):
        """Answer a question, or give one of the page's files."""
        self._answer({"": self._page, "events": self._events}, otherwise=self._question)

    def do_POST(self):
        """Run the model on the numbers sent."""
        self._answer({"run": lambda: self._tell("run", self._body())})

    def _answer(self, routes, otherwise=None):
        try:
            self._check()
            parts = urlsplit(self.path)
            name = parts.path.split("/", 2)[2]
            self.words = parse_qs(parts.query)
            if name in routes:
                routes[name]()
            elif otherwise:
                otherwise(name)
            else:
                raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such address.")
        except RefusedError as refusal:
            self._refuse(refusal.status, str(refusal))
        except (KeyError, ValueError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error.args[0] if error.args else error))

    def _check(self):
        """Let only requests of this server's own page through."""
        own = {f"127.0.0.1:{self.server.server_port}", f"localhost:{self.server.server_port}"}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in own or (origin and origin not in {f"http://{host}" for host in own}):
            raise RefusedError(HTTPStatus.FORBIDDEN, "This server answers its own page only.")
        token = (urlsplit(self.path).path.split("/") + [""])[1]
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise RefusedError(
                HTTPStatus.FORBIDDEN, "The address lacks the token that was printed when the server started."
            )
        if urlsplit(self.path).path.count("/") < 2:
            raise RefusedError(HTTPStatus.NOT_FOUND, "The address ends with a slash.")

    # --- questions ---

    def _question(self, name):
        if name in QUESTIONS and name != "run":
            self._tell(name)
        else:
            self._file(name)

    def _tell(self, name, body=b""):
        self._send(answer(self.server.session, name, self.words, body), NUMBERS)

    def _page(self):
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data: blob:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        self._send(page.served().encode(), "text/html; charset=utf-8", {"Content-Security-Policy": policy})

    def _file(self, name):
        found = page.file(name)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such file.")
        content, kind = found
        self._send(content, kind)

    def _body(self):
        """Read what was sent; what is too large or of the wrong kind is refused unread."""
        length = self.headers.get("Content-Length", "")
        self.close_connection = True  # until all is read, the rest of the connection is not a request
        if not length.isdecimal():
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "The length of the input is missing.")
        if int(length) > MOST_UPLOADED:
            size, most = int(length) / 2**20, MOST_UPLOADED / 2**20
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The input is {size:,.0f} MB large; at most {most:,.0f} MB are taken. Nothing was changed.",
            )
        if self.headers.get_content_type() != NUMBERS or int(length) % 4:
            raise RefusedError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"An input is sent as float32 numbers ({NUMBERS}); this is {self.headers.get_content_type()}. "
                "Nothing was changed.",
            )
        body = self.rfile.read(int(length))
        self.close_connection = False
        return body

    def _events(self):
        """Send server-sent events until the page goes away."""
        listener = queue.Queue()
        self.server.listeners.append(listener)
        try:
            self.send_response(HTTPStatus.OK)
            self._headers({"Content-Type": "text/event-stream", "Connection": "close"})
            self.wfile.write(b"retry: 2000\n\n")
            event = None
            while event != "end":
                self.wfile.flush()
                try:
                    event, data = listener.get(timeout=HEARTBEAT)
                    self.wfile.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
            self.wfile.flush()
        except OSError:
            pass  # the page was closed
        finally:
            self.server.listeners.remove(listener)
            self.close_connection = True

    # --- answers ---

    def _refuse(self, status, text):
        self._send(json.dumps({"error": text}).encode(), "application/json", status=status)

    def _send(self, content, kind, headers=None, status=HTTPStatus.OK):
        self.send_response(status)
        closing = {"Connection": "close"} if self.close_connection else {}
        self._headers({"Content-Type": kind, "Content-Length": str(len(content)), **closing, **(headers or {})})
        self.wfile.write(content)

    def _headers(self, headers):
        always = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in {**always, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
