"""Grey pictures as PNG, with the standard library alone."""

import base64
import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY = 0


def encode(image):
    """Write a grey image as PNG.

    Shapes:   image (height, width) uint8.
    Returns:  the bytes of the file.
    Source:   the PNG specification, W3C 2003, sections 5 and 11.
    Example:
        >>> import numpy as np
        >>> encode(np.zeros((28, 28), "uint8"))[1:4]
        b'PNG'
    """
    height, width = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _GREY, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in image)  # each row says first that it is not filtered
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def data_uri(image):
    """Write a grey image as an address that a page can show without loading anything.

    Example:
        >>> import numpy as np
        >>> data_uri(np.zeros((28, 28), "uint8"))[:26]
        'data:image/png;base64,iVBO'
    """
    return "data:image/png;base64," + base64.b64encode(encode(image)).decode("ascii")


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
