#!/usr/bin/env bash
# A checkpoint is verified by a program of others: the committed note with openssl's Ed25519 and SHA-256, by the form that C2SP
# specifies for signed notes.
# usage: checkpoint_peer.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" checkpoint_peer "$@"

note=$(cd "$(dirname "$0")/.." && pwd)/golden/evidence/checkpoint_1.txt
# The public key of tests/unit/shared_evidence/test_golden.c's server: the seed is the byte 15, 32 times.
key=d9bf2148748a85c89da5aad8ee0b0fc2d105fd39d41a4c796536354f0ae2900c
command -v openssl >/dev/null || { echo "note    openssl is not installed"; exit 77; }

# bytes HEX: these bytes
bytes()
{
    # shellcheck disable=SC2059,SC2001
    printf "$(sed 's/../\\x&/g' <<<"$1")"
}

hex()
{
    od -An -v -tx1 | tr -d ' \n'
}

# The text is what stands before the empty line, with its last newline; the signature line comes behind it.
sed '/^$/,$d' "$note" >"$work/text"
line=$(sed '1,/^$/d' "$note")
name=$(cut -d' ' -f2 <<<"$line")
signature=$(cut -d' ' -f3 <<<"$line" | openssl base64 -d -A | hex)
expect_equal "one signature line" 1 "$(wc -l <<<"$line")"
expect_equal "it begins with a dash" "—" "$(cut -d' ' -f1 <<<"$line")"
expect_equal "the key is named by the origin" "$(head -n 1 "$note")" "$name"

id=$({ printf '%s\n' "$name"; bytes "01$key"; } | openssl dgst -sha256 -binary | head -c 4 | hex)
expect_equal "the key id is that of name, type and key" "$id" "${signature:0:8}"

# RFC 8410: the DER form of an Ed25519 public key.
bytes "302a300506032b6570032100$key" >"$work/key.der"
bytes "${signature:8}" >"$work/signature"
expect_code 0 "openssl verifies the signature" openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$work/key.der" \
    -in "$work/text" -sigfile "$work/signature"
sed '2s/$/0/' "$work/text" >"$work/other"
expect_code 1 "and not over another tree size" openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$work/key.der" \
    -in "$work/other" -sigfile "$work/signature"
e2e_end
