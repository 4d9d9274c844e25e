#!/usr/bin/env python3
"""A second implementation of attachments, written from shared/attachment/FORMAT.md: makes attachment_1.bin, which is address, list and chunks.
The messages that chunks travel in are made from shared/wire/PROTOCOL.md, as they are before they are compressed.

usage: make_vectors.py FOLDER           writes them
       make_vectors.py --check FOLDER   makes them again and fails if one differs

The file has 10,000 bytes in chunks of 4,096. Byte i of it, of the organisation, of the key and of the nonces: see below and
tests/unit/shared_attachment/test_attachment.c.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vault"))

from primitives import blake2b, xchacha20poly1305  # noqa: E402

SIZE, CHUNK = 10000, 4096
CONTENT = bytes((7 * i + (i >> 8)) & 255 for i in range(SIZE))
ORGANISATION = bytes(0x40 + i for i in range(32))
KEY = bytes(0x80 + i for i in range(32))


def label(text):
    return bytes([len(text)]) + text.encode()


def prefixed(data):
    return len(data).to_bytes(4, "big") + data


def u64(number):
    return number.to_bytes(8, "big")


def aead(key, name, associated, plaintext, nonce):
    both = blake2b(label(name) + nonce + blake2b(associated), 64, key)
    return nonce + both[32:] + xchacha20poly1305(both[:32], nonce, associated, plaintext)


def make():
    count = max(1, -(-SIZE // CHUNK))
    chunks = []
    for i in range(count):
        associated = ORGANISATION + u64(SIZE) + u64(CHUNK) + i.to_bytes(4, "big") + bytes([i + 1 == count])
        nonce = bytes((16 * i + j) & 255 for j in range(24))
        chunks.append(aead(KEY, "countersign attachment 1", associated, CONTENT[i * CHUNK:(i + 1) * CHUNK], nonce))
    listed = b"".join(blake2b(label("countersign attachment chunk") + chunk) for chunk in chunks)
    address = blake2b(label("countersign attachment") + prefixed(u64(SIZE) + u64(CHUNK)) + prefixed(listed))
    return address + listed + b"".join(chunks)


# ---- messages ----


def head(major, value):
    for info, size in ((24, 1), (25, 2), (26, 4)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << (8 * size):
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError(value)


def cbor(item):
    if isinstance(item, bool):
        return bytes([0xF5 if item else 0xF4])
    if isinstance(item, int):
        return head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    return head(4, len(item)) + b"".join(cbor(part) for part in item)


def numbered(start, size):
    return bytes((start + i) & 255 for i in range(size))


def make_messages():
    """Ids that have nothing in common stand whole in their column."""
    rows = [numbered(0x10, 16), numbered(0x90, 16)]
    addresses = numbered(0x20, 32) + numbered(0xC0, 32)
    return {
        "ask_1.cbor": cbor([1, 1, bytes(16), rows, addresses, 0, False, b"", b""]),
        "send_1.cbor": cbor([1, 2, bytes(16), rows[:1], addresses[:32], 0, False, numbered(1, 64), numbered(7, 300)]),
        "fetch_1.cbor": cbor([1, 3, bytes(16), rows[:1], addresses[:32], 5, True, b"", b""]),
        "response_1.cbor": cbor([1, bytes(16), 77, [0, 3], numbered(1, 64), numbered(7, 300)]),
    }


def main(arguments):
    check = arguments[:1] == ["--check"]
    if len(arguments) != 1 + check:
        print(__doc__, file=sys.stderr)
        return 2
    wrong = 0
    for name, made in dict(make_messages(), **{"attachment_1.bin": make()}).items():
        path = os.path.join(arguments[-1], name)
        if not check:
            with open(path, "wb") as file:
                file.write(made)
            continue
        with open(path, "rb") as file:
            same = file.read() == made
        wrong += not same
        print(name + ":", "as made again" if same else "DIFFERS")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
