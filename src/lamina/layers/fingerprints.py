"""Hashes of texts that are the same on every machine, and with TensorFlow: FarmHash64, and SipHash with a salt.

Source:   Pike and Alakuijala, FarmHash (its hash of the `na` family); Aumasson and Bernstein 2012, "SipHash".
"""

_MASK = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CROSS = 0xC6A4A7935BD1E995


def bucket(text, buckets, salt=None):
    """Return which of some buckets a text falls into.

    Args:
        text: the text.
        buckets: their number [count].
        salt: two integers, for SipHash; None for FarmHash.
    Example:
        >>> [bucket(letter, 3) for letter in "ABCDE"]
        [1, 0, 1, 1, 2]
    """
    data = text.encode()
    return (farmhash(data) if salt is None else siphash(data, *salt)) % buckets


def _turn(x, places):
    return ((x >> places) | (x << (64 - places))) & _MASK


def _number(data, start, size=8):
    return int.from_bytes(data[start : start + size], "little")


def _mix(u, v, factor):
    a = ((u ^ v) * factor) & _MASK
    a ^= a >> 47
    b = ((v ^ a) * factor) & _MASK
    b ^= b >> 47
    return (b * factor) & _MASK


def farmhash(data):
    """Return the 64 bits of FarmHash of some bytes."""
    size = len(data)
    if size <= 16:
        return _farmhash_16(data, size)
    factor = _K2 + 2 * size
    if size <= 32:
        a, b = _number(data, 0) * _K1, _number(data, 8)
        c, d = _number(data, size - 8) * factor, _number(data, size - 16) * _K2
        return _mix(_turn((a + b) & _MASK, 43) + _turn(c & _MASK, 30) + d, a + _turn((b + _K2) & _MASK, 18) + c, factor)
    if size <= 64:
        return _farmhash_64(data, size, factor)
    return _farmhash_long(data, size)


def _farmhash_16(data, size):
    factor = _K2 + 2 * size
    if size >= 8:
        a, b = (_number(data, 0) + _K2) & _MASK, _number(data, size - 8)
        c = (_turn(b, 37) * factor + a) & _MASK
        d = ((_turn(a, 25) + b) * factor) & _MASK
        return _mix(c, d, factor)
    if size >= 4:
        return _mix(size + (_number(data, 0, 4) << 3), _number(data, size - 4, 4), factor)
    if size:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[-1] << 2)
        x = (y * _K2 ^ z * _K0) & _MASK
        return ((x ^ x >> 47) * _K2) & _MASK
    return _K2


def _farmhash_64(data, size, factor):
    a, b = (_number(data, 0) * _K2) & _MASK, _number(data, 8)
    c, d = (_number(data, size - 8) * factor) & _MASK, (_number(data, size - 16) * _K2) & _MASK
    y = (_turn((a + b) & _MASK, 43) + _turn(c, 30) + d) & _MASK
    z = _mix(y, (a + _turn((b + _K2) & _MASK, 18) + c) & _MASK, factor)
    e, f = (_number(data, 16) * factor) & _MASK, _number(data, 24)
    g = ((y + _number(data, size - 32)) * factor) & _MASK
    h = ((z + _number(data, size - 24)) * factor) & _MASK
    return _mix(_turn((e + f) & _MASK, 43) + _turn(g, 30) + h, e + _turn((f + a) & _MASK, 18) + g, factor)


def _two(data, start, a, b):
    """Take 32 bytes into two numbers."""
    w, x, y, z = (_number(data, start + 8 * i) for i in range(4))
    a = (a + w) & _MASK
    b = _turn((b + a + z) & _MASK, 21)
    c = a
    a = (a + x + y) & _MASK
    b = (b + _turn(a, 44)) & _MASK
    return (a + z) & _MASK, (b + c) & _MASK


def _farmhash_long(data, size):
    x, y = 81, (81 * _K1 + 113) & _MASK
    z = (y * _K2 + 113) & _MASK
    z = ((z ^ z >> 47) * _K2) & _MASK
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _number(data, 0)) & _MASK
    end = (size - 1) // 64 * 64
    for start in range(0, end, 64):
        x, y, z, v, w = _round(data, start, x, y, z, v, w, _K1)
    factor = (_K1 + ((z & 0xFF) << 1)) & _MASK
    w = ((w[0] + ((size - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x, y, z, v, w = _round(data, size - 64, x, y, z, v, w, factor, last=True)
    y_mixed = (y ^ y >> 47) * _K0
    return _mix(_mix(v[0], w[0], factor) + y_mixed + z, _mix(v[1], w[1], factor) + x, factor)


def _round(data, start, x, y, z, v, w, factor, last=False):
    """Take 64 bytes into the state."""
    x = _turn((x + y + v[0] + _number(data, start + 8)) & _MASK, 37) * factor & _MASK
    y = _turn((y + v[1] + _number(data, start + 48)) & _MASK, 42) * factor & _MASK
    x ^= w[1] * (9 if last else 1) & _MASK
    y = (y + v[0] * (9 if last else 1) + _number(data, start + 40)) & _MASK
    z = _turn((z + w[0]) & _MASK, 33) * factor & _MASK
    v = _two(data, start, v[1] * factor & _MASK, (x + w[0]) & _MASK)
    w = _two(data, start + 32, (z + w[1]) & _MASK, (y + _number(data, start + 16)) & _MASK)
    return z, y, x, v, w


def siphash(data, key0, key1):
    """Return the 64 bits of SipHash-2-4 of some bytes."""
    v = [
        key0 ^ 0x736F6D6570736575,
        key1 ^ 0x646F72616E646F6D,
        key0 ^ 0x6C7967656E657261,
        key1 ^ 0x7465646279746573,
    ]
    end = len(data) // 8 * 8
    words = [_number(data, start) for start in range(0, end, 8)]
    words.append(_number(data, end) | (len(data) & 0xFF) << 56)
    for word in words:
        v[3] ^= word
        v = _sip(_sip(v))
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        v = _sip(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _sip(v):
    a, b, c, d = v
    a, c = (a + b) & _MASK, (c + d) & _MASK
    b, d = _turn(b, 64 - 13) ^ a, _turn(d, 64 - 16) ^ c
    a = _turn(a, 32)
    c, a = (c + b) & _MASK, (a + d) & _MASK
    b, d = _turn(b, 64 - 17) ^ c, _turn(d, 64 - 21) ^ a
    return [a, b, _turn(c, 32), d]


def crossed(hashes):
    """Return the hash of a combination of things, given their own hashes.

    Source:   TensorFlow's `sparse.cross_hashed`, with its default key.
    """
    result = 0xDECAFCAFFE
    for part in hashes:
        result ^= _CROSS
        result ^= _fold(part * _CROSS & _MASK) * _CROSS & _MASK
        result = result * _CROSS & _MASK
        result = _fold(_fold(result) * _CROSS & _MASK)
    return result


def _fold(x):
    return x ^ x >> 47
