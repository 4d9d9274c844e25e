"""The primitives that the formats of the vault stand on, in plain Python from their RFCs: slow, not constant-time, for tests only.

BLAKE2b comes from hashlib. Nothing here uses libsodium, so that what both make alike is right by two implementations.
"""

import hashlib


def blake2b(data, size=32, key=b""):
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


# ---- X25519 (RFC 7748) ----

P = 2**255 - 19


def x25519(secret, public):
    k = int.from_bytes(secret, "little")
    k = (k & ~7 & (2**255 - 1)) | 2**254
    x1 = int.from_bytes(public, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def x25519_public(secret):
    return x25519(secret, (9).to_bytes(32, "little"))


# ---- Ed25519 (RFC 8032) ----

L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


_Y = 4 * pow(5, P - 2, P) % P
_XX = (_Y * _Y - 1) * pow(D * _Y * _Y + 1, P - 2, P) % P
_X = pow(_XX, (P + 3) // 8, P)
if (_X * _X - _XX) % P != 0:
    _X = _X * pow(2, (P - 1) // 4, P) % P
if _X & 1:
    _X = P - _X
BASE = (_X, _Y, 1, _X * _Y % P)


def _compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def _expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return (a & ((1 << 254) - 8)) | (1 << 254), h[32:]


def ed25519_public(seed):
    return _compress(_multiply(_expand(seed)[0], BASE))


def ed25519_sign(seed, message):
    a, prefix = _expand(seed)
    public = _compress(_multiply(a, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    point = _compress(_multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little") % L
    return point + ((r + k * a) % L).to_bytes(32, "little")


# ---- XChaCha20-Poly1305 (RFC 8439, draft-irtf-cfrg-xchacha-03) ----

CONSTANTS = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]


def _words(data):
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def _rotate(value, count):
    return ((value << count) | (value >> (32 - count))) & 0xFFFFFFFF


def _quarter(s, a, b, c, d):
    for x, y, z, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = _rotate(s[z] ^ s[x], count)


def _rounds(state):
    s = list(state)
    for _ in range(10):
        for column in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            _quarter(s, *column)
        for diagonal in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            _quarter(s, *diagonal)
    return s


def _bytes(words):
    return b"".join(word.to_bytes(4, "little") for word in words)


def hchacha20(key, nonce16):
    s = _rounds(CONSTANTS + _words(key) + _words(nonce16))
    return _bytes(s[0:4] + s[12:16])


def chacha20(key, counter, nonce12, data):
    out = bytearray()
    for block in range(0, len(data), 64):
        state = CONSTANTS + _words(key) + [counter + block // 64] + _words(nonce12)
        stream = _bytes((a + b) & 0xFFFFFFFF for a, b in zip(_rounds(state), state))
        out += bytes(x ^ y for x, y in zip(data[block : block + 64], stream))
    return bytes(out)


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s, a = int.from_bytes(key[16:], "little"), 0
    for i in range(0, len(data), 16):
        a = (a + int.from_bytes(data[i : i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((a + s) % 2**128).to_bytes(16, "little")


def xchacha20poly1305(key, nonce24, associated, plaintext):
    subkey, nonce = hchacha20(key, nonce24[:16]), bytes(4) + nonce24[16:]
    ciphertext = chacha20(subkey, 1, nonce, plaintext)
    pad = lambda data: data + bytes(-len(data) % 16)
    sizes = len(associated).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    one_time = chacha20(subkey, 0, nonce, bytes(32))
    return ciphertext + poly1305(one_time, pad(associated) + pad(ciphertext) + sizes)
