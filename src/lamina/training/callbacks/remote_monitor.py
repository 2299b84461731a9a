"""RemoteMonitor: the logs of each epoch sent to a server."""

import json
import urllib.parse
import urllib.request
import warnings

import numpy as np

from lamina.training.callbacks.callback import Callback


class RemoteMonitor(Callback):
    """Send the logs of each epoch to a server, by HTTP POST; a server that cannot be reached gives a warning.

    Args:
        root: address of the server.
        path: path on it.
        field: form field that holds the logs as JSON.
        headers: dict of further HTTP headers.
        send_as_json: whether the logs are the whole body, as "application/json", in place of a form.
    Source:   Keras 3 `RemoteMonitor`; here with the standard library, no `requests` needed.
    Example:
        >>> RemoteMonitor("http://localhost:9000").url
        'http://localhost:9000/publish/epoch/end/'
    """

    timeout = 10.0
    """How long the server may take [seconds]."""

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    @property
    def url(self):
        """Where the logs go."""
        return self.root + self.path

    def on_epoch_end(self, epoch, logs=None):
        """Send the logs."""
        content = json.dumps({"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}})
        if self.send_as_json:
            body, kind = content, "application/json"
        else:
            body, kind = urllib.parse.urlencode({self.field: content}), "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = urllib.request.Request(self.url, data=body.encode(), headers=headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=self.timeout).close()
        except OSError as error:
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}: {error}", stacklevel=2)


def _plain(value):
    return np.asarray(value).tolist() if hasattr(value, "dtype") else value
