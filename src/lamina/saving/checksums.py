"""The checksum of a large part of a file, by several threads."""

import concurrent.futures
import io
import itertools
import os
import zlib

_POLYNOMIAL = 0xEDB88320
_PIECE = 1 << 20  # bytes read at once
_WORTHWHILE = 1 << 24  # bytes for a thread of its own
_MOST_THREADS = 8


def checksum(file, start, size):
    """Return the CRC-32 of a part of an open binary file, whose position is lost.

    Example:
        >>> hex(checksum(io.BytesIO(b"..123456789.."), 2, 9))
        '0xcbf43926'
    """
    threads = min(_MOST_THREADS, os.cpu_count() or 1, size // _WORTHWHILE)
    if threads < 2 or not hasattr(os, "pread") or isinstance(file, io.BytesIO):
        file.seek(start)
        return _crc(lambda _, length: file.read(length), start, size)
    file.flush()
    handle = file.fileno()
    ends = [start + size * i // threads for i in range(threads + 1)]
    parts = list(itertools.pairwise(ends))
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        read = lambda place, length: os.pread(handle, length, place)  # noqa: E731
        sums = list(pool.map(lambda part: _crc(read, part[0], part[1] - part[0]), parts))
    total = 0
    for (first, last), one in zip(parts, sums, strict=True):
        total = _followed_by(total, last - first) ^ one
    return total


def _crc(read, place, size):
    total = 0
    while size > 0 and (content := read(place, min(size, _PIECE))):
        total = zlib.crc32(content, total)
        place, size = place + len(content), size - len(content)
    return total


def _followed_by(crc, count):
    """Return what a checksum becomes when `count` zero bytes follow, its own start left out.

    Maths:    crc * x^(8 * count) modulo the polynomial, over the field of two elements, lowest bit first
    """
    power, square = 1 << 31, 1 << 23  # x^0, x^8
    while count:
        if count & 1:
            power = _product(power, square)
        square = _product(square, square)
        count >>= 1
    return _product(power, crc)


def _product(a, b):
    result = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            result ^= b
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return result
