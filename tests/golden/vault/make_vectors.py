#!/usr/bin/env python3
"""A second implementation of the vault's formats, written from FORMAT.md: makes the golden files of this folder. The two messages that records
travel in are made from shared/wire/PROTOCOL.md, as they are before they are compressed.

usage: make_vectors.py FOLDER           writes them
       make_vectors.py --check FOLDER   makes them again and fails if one differs

What field-client/vault makes with the same keys and the same randomness must be these bytes (test_golden.c). Random bytes are
byte i of a stream: (131 i + 17 (i >> 8) + 7) mod 256; every step begins at an offset of its own.
"""

import os
import sys

from primitives import (blake2b, ed25519_public, ed25519_sign, x25519, x25519_public, xchacha20poly1305)

# ---- shared/crypto ----


def label(text):
    return bytes([len(text)]) + text.encode()


def prefixed(data):
    return len(data).to_bytes(4, "big") + data


def H(name, data):
    return blake2b(label(name) + data)


def keyed(key, name, *parts):
    return blake2b(label(name) + b"".join(prefixed(part) for part in parts), key=key)


def sign(seed, name, message):
    return ed25519_sign(seed, label(name) + blake2b(message, 64))


def aead(key, name, associated, plaintext, nonce):
    both = blake2b(label(name) + nonce + blake2b(associated), 64, key)
    return nonce + both[32:] + xchacha20poly1305(both[:32], nonce, associated, plaintext)


class Stream:
    def __init__(self, offset):
        self.at = offset

    def take(self, size):
        span = range(self.at, self.at + size)
        self.at += size
        return bytes((131 * i + 17 * (i >> 8) + 7) & 255 for i in span)


def seal(stream, recipient, name, header, plaintext):
    secret, nonce = stream.take(32), stream.take(24)
    ephemeral = x25519_public(secret)
    key = blake2b(label(name) + ephemeral + recipient + blake2b(header), key=x25519(secret, recipient))
    return ephemeral + aead(key, name, header, plaintext, nonce)


# ---- CBOR and records ----


def head(major, value):
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
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
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    return head(4, len(item)) + b"".join(cbor(each) for each in item)


START_MS = 1772413200000
CLAIMED = START_MS * 4096 + 480 + 2048
ROOT, SERVER = bytes([0x10] * 32), bytes([0x13] * 32)
ORGANISATION = H("countersign organisation", ed25519_public(ROOT))
VAULT, ITEM, VERSION = bytes([0x77] * 16), bytes([0x31] * 16), bytes([0x41] * 16)
HALF_KEY = x25519_public(bytes([0x23] * 32))
SECRET = "Tr0ub4dor&3-口令".encode()


class Device:
    def __init__(self, number):
        self.id = bytes([0xA0 + number] * 32)
        self.seed = bytes([0x30 + number] * 32)
        self.seal_key = x25519_public(bytes([0x50 + number] * 32))


OFFICER, TECHNICIAN, APPROVER, SECOND = (Device(number) for number in (1, 2, 3, 4))

files = {}
log = []  # ids of the vault's log


def record(name, kind, fields, author=OFFICER, seed=None):
    fields = dict(fields, vault=VAULT, position=len(log), head=log[-1] if log else bytes(32))
    statement = cbor([1, kind, ORGANISATION, author if isinstance(author, bytes) else author.id, CLAIMED, b"",
                      [[field, fields[field]] for field in sorted(fields)]])
    files[name] = sign(seed or author.seed, "countersign record 1", statement) + statement
    return H("countersign vault record", statement)


def log_record(name, kind, fields):
    log.append(record(name, kind, fields))


# ---- binding ----

LABELS = {1: "key", 2: "listing key", 3: "wrapped key", 4: "wrapped listing key", 5: "recovered key", 6: "listing",
          7: "secret", 8: "half for server", 9: "half for recovery", 10: "half for approver", 11: "half approved",
          12: "half released"}


def class_label(number):
    return "countersign vault " + LABELS[number] + " 1"


def place(number, epoch, item=bytes(16), field=b"", version=bytes(16), subject=bytes(32)):
    parts = (bytes([number]), ORGANISATION, VAULT, epoch.to_bytes(8, "big"), item, field, version, subject)
    return b"".join(prefixed(part) for part in parts)


def seal_at(stream, recipient, number, plaintext, *where):
    return seal(stream, recipient, class_label(number), place(number, *where), plaintext)


def padded(data):
    data = prefixed(data)
    return data + bytes(-len(data) % 64)


# ---- the recovery key and its shares ----


def times(a, b):
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= 0x11B << (bit - 8)
    return product


def share_text(whole, prefix="CSR1", key="recovery"):
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    whole += H("countersign %s share text 1" % key, whole)[:5]
    number = int.from_bytes(whole, "big") << 2
    characters = "".join(alphabet[number >> (5 * i) & 31] for i in range(89, -1, -1))
    return prefix + "".join("-" + characters[i : i + 5] for i in range(0, 90, 5))


def make_recovery():
    stream, recovery_set = Stream(0), bytes([0x66] * 16)
    secret, slope = stream.take(32), stream.take(32)
    shares = [bytes(s ^ times(k, index) for s, k in zip(secret, slope)) for index in (1, 2, 3)]
    commitments = b"".join(
        blake2b(label("countersign recovery share 1") + prefixed(recovery_set) + prefixed(bytes([i + 1])) + prefixed(share))
        for i, share in enumerate(shares))
    public = x25519_public(secret)
    statement = cbor([1, ORGANISATION, 1, public, recovery_set, 2, 3, commitments])
    files["recovery_1.bin"] = sign(ROOT, "countersign recovery key 1", statement) + statement
    for i, share in enumerate(shares):
        text = share_text(recovery_set + bytes([2, 3, i + 1]) + share)
        files["share_%d_1.txt" % (i + 1)] = text.encode()
    return public, H("countersign recovery key", statement)


def make_root_shares():
    slope = Stream(17000).take(32)
    shares = [bytes(s ^ times(k, index) for s, k in zip(ROOT, slope)) for index in (1, 2, 3)]
    commitments = b"".join(
        blake2b(label("countersign root share 1") + prefixed(bytes([i + 1])) + prefixed(share)) for i, share in enumerate(shares))
    public = ed25519_public(ROOT)
    share_set = blake2b(label("countersign root share set 1") + prefixed(public) + prefixed(bytes([2, 3])) + prefixed(commitments))[:16]
    statement = cbor([1, public, 2, 3, commitments])
    files["root_shares_1.bin"] = sign(ROOT, "countersign root shares 1", statement) + statement
    for i, share in enumerate(shares):
        text = share_text(share_set + bytes([2, 3, i + 1]) + share, "CSK1", "root")
        files["root_share_%d_1.txt" % (i + 1)] = text.encode()


# ---- the vault's log ----


class Epoch:
    def __init__(self, number, stream, before, recovery):
        self.number, self.key = number, stream.take(32)
        self.listing = keyed(self.key, "countersign vault listing key derivation 1", place(2, number))
        self.commitment = keyed(self.key, "countersign vault key commitment 1", place(1, number))
        listing_commitment = keyed(self.listing, "countersign vault listing key commitment 1", place(2, number))
        wrap = lambda number_, key, old: aead(key, class_label(number_), place(number_, number), old, stream.take(24))
        wrapped = wrap(3, self.key, before.key) if before else b""
        listing_wrapped = wrap(4, self.listing, before.listing) if before else b""
        recovered = seal(stream, recovery[0], class_label(5), place(5, number, subject=recovery[1]), self.key)
        log_record("epoch_%d_1.bin" % number, "vault epoch",
                   dict(epoch=number, four_eyes=1, commitment=self.commitment, listing_commitment=listing_commitment,
                        wrapped=wrapped, listing_wrapped=listing_wrapped, recovered=recovered, recovery=recovery[1]))


def grant(name, offset, epoch, recipient, rights, expires_ms):
    number, key = (2, epoch.listing) if rights & ~17 == 0 else (1, epoch.key)
    sealed = seal_at(Stream(offset), recipient.seal_key, number, key, epoch.number)
    log_record(name, "vault grant", dict(epoch=epoch.number, commitment=epoch.commitment, recipient=recipient.id,
                                         rights=rights, expires_ms=expires_ms, sealed=sealed))


# ---- items ----


def make_entry(epoch):
    plain = padded(cbor([1, "生产数据库", "postgres", "postgresql://db1.example:5432/erp"]))
    ciphertext = aead(epoch.listing, class_label(6), place(6, epoch.number, ITEM), plain, Stream(9000).take(24))
    record("entry_1.bin", "vault entry", dict(epoch=epoch.number, item=ITEM, previous=bytes(32), ciphertext=ciphertext))


def make_version(epoch, recovery):
    stream, where = Stream(10000), (epoch.number, ITEM, b"password", VERSION)
    half, a = stream.take(32), stream.take(32)
    secret_place = place(7, *where)
    approvers = b"".join(each.id + seal_at(stream, each.seal_key, 10, a, *where, each.id) for each in (APPROVER, SECOND))
    s = bytes(x ^ y for x, y in zip(half, a))
    for_server = seal_at(stream, HALF_KEY, 8, s, *where)
    recovered = seal_at(stream, recovery[0], 9, half, *where, recovery[1])
    item_key = keyed(epoch.key, "countersign vault item key 1", half, secret_place)
    fields = dict(epoch=epoch.number, item=ITEM, field="password", version=VERSION, previous=bytes(32),
                  commitment=keyed(half, "countersign vault half commitment 1", secret_place), half=for_server,
                  half_key=HALF_KEY, recovered=recovered, recovery=recovery[1], approvers=approvers,
                  ciphertext=aead(item_key, class_label(7), secret_place, padded(SECRET), stream.take(24)))
    return record("version_1.bin", "vault version", fields), where, s, a


def ask(name, kind, offset, **more):
    return record(name, kind, dict(key=x25519_public(Stream(offset).take(32)), versions=VERSION, reason="现场检修", **more),
                  OFFICER if kind in ("vault export", "vault emergency") else TECHNICIAN)


def make_answers(where, s, a):
    order = bytes([0x55] * 16)
    request = ask("request_1.bin", "vault request", 11000, work_order=order)
    request_key = x25519_public(Stream(11000).take(32))
    approved = seal_at(Stream(12000), request_key, 11, a, *where, request)
    record("approval_1.bin", "vault approval", dict(request=request, sealed=approved), APPROVER)
    released = seal_at(Stream(13000), request_key, 12, s, *where, request)
    record("release_1.bin", "vault release", dict(request=request, versions=VERSION, sealed=released),
           ed25519_public(SERVER), SERVER)
    lease = ask("lease_1.bin", "vault lease", 14000, work_order=order, expires_ms=START_MS + 2 * 86400000)
    record("reveal_1.bin", "vault reveal",
           dict(request=lease, version=VERSION, reason="更换磁盘后登录", work_order=order), TECHNICIAN)
    record("return_1.bin", "vault return", dict(request=lease, reason="现场工作结束"), TECHNICIAN)
    ask("export_1.bin", "vault export", 15000)
    ask("emergency_1.bin", "vault emergency", 16000, work_order=order)


# ---- the messages ----


def make_messages():
    other, path = bytes([0x78] * 16), bytes(range(64))
    cursors = [VAULT, 2, 40, 8, other, 1, 7, 0]
    files["message_request_1.bin"] = cbor([1, bytes([0x91] * 16), 77, 3, files["recovery_1.bin"], cursors,
                                           [files["request_1.bin"], files["reveal_1.bin"]]])
    standings = [VAULT, 3, 44, len(log), log[-1], other, 0, 0, 0, bytes(32)]
    fed = [43, 300, 8, START_MS, 99, path, files["version_1.bin"], 44, 301, 8, START_MS + 5, 100, path[:32], files["state_1.bin"]]
    files["message_response_1.bin"] = cbor([1, bytes([0x92] * 16), START_MS + 9, b"a checkpoint", path,
                                            ["ROLLED_BACK", "an older recovery key"],
                                            ["", "", "EXISTS", "", "OUTDATED", "换了新密钥"],
                                            [98, path, files["recovery_1.bin"]], standings, fed, False])


def make_all():
    recovery = make_recovery()
    make_root_shares()
    log_record("creation_1.bin", "vault", dict(project=bytes([0x11] * 16)))
    first = Epoch(1, Stream(2000), None, recovery)
    grant("grant_officer_1.bin", 3000, first, OFFICER, 63, 0)
    second = Epoch(2, Stream(4000), first, recovery)
    grant("grant_officer_again_1.bin", 5000, second, OFFICER, 63, 0)
    grant("grant_technician_1.bin", 6000, second, TECHNICIAN, 7, START_MS + 90 * 86400000)
    grant("grant_approver_1.bin", 7000, second, APPROVER, 17, 0)
    grant("grant_second_1.bin", 8000, second, SECOND, 16, 0)
    make_entry(second)
    version, where, s, a = make_version(second, recovery)
    record("state_1.bin", "vault state", dict(item=ITEM, field="password", version=VERSION, previous=version, state=4))
    record("campaign_1.bin", "vault campaign", dict(previous=bytes(32), reason="客户信息科同意统一修改"))
    record("leak_1.bin", "vault leak", dict(version=VERSION, reason="写在机柜的纸条上"))
    make_answers(where, s, a)
    log_record("withdrawal_1.bin", "vault withdrawal", dict(recipient=TECHNICIAN.id, reason="离职"))
    make_messages()


def main(arguments):
    check = arguments[:1] == ["--check"]
    folder = arguments[-1]
    make_all()
    for name, content in sorted(files.items()):
        path = os.path.join(folder, name)
        if not check:
            with open(path, "wb") as file:
                file.write(content)
        else:
            with open(path, "rb") as file:
                if file.read() != content:
                    sys.exit("%s is not what the second implementation makes" % path)
    print("%d golden files %s" % (len(files), "are the same" if check else "written"))


if __name__ == "__main__":
    main(sys.argv[1:])
