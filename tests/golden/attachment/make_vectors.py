#!/usr/bin/env python3
"""A second implementation of attachments, written from shared/attachment/FORMAT.md: makes attachment_1.bin, which is address, list and chunks.

usage: make_vectors.py FOLDER           writes it
       make_vectors.py --check FOLDER   makes it again and fails if it differs

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


def main(arguments):
    check = arguments[:1] == ["--check"]
    if len(arguments) != 1 + check:
        print(__doc__, file=sys.stderr)
        return 2
    path = os.path.join(arguments[-1], "attachment_1.bin")
    made = make()
    if not check:
        with open(path, "wb") as file:
            file.write(made)
        return 0
    with open(path, "rb") as file:
        same = file.read() == made
    print("attachment_1.bin:", "as made again" if same else "DIFFERS")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
