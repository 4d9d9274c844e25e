/*
 * Signed evidence records: receipts now; grants, disclosures, leases later (design §4). Pure.
 *
 * signature(64) ‖ CBOR [1, kind, organisation, certificate id, claimed instant, checkpoint, [[name, value]…]]
 * The bytes are stored and forwarded verbatim; verification is always over them. Names ascend; values as in wire/cbor.h.
 */
#ifndef CS_EVIDENCE_RECORD_H
#define CS_EVIDENCE_RECORD_H

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/base/value.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/sign.h"

#define CS_RECORD_FIELDS_MAX ((size_t)64)
#define CS_RECORD_CHECKPOINT_MAX (4 * CS_KIBI)
/* A record with its signature travels and is stored as one value. */
#define CS_RECORD_MAX CS_VALUE_MAX

struct cs_record {
    struct cs_bytes kind; /* "receipt" */
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t certificate[CS_HASH_SIZE]; /* signer */
    int64_t claimed;                   /* instant */
    struct cs_bytes checkpoint; /* signer's latest log checkpoint; empty before there is one */
    struct cs_named_value *fields;
    size_t field_count;
};

/* Appends. CS_INVALID for a limit, a bad instant, names that do not ascend or text that is not UTF-8; CS_TOO_LARGE for a
 * record of more than CS_RECORD_MAX bytes. */
enum cs_status cs_record_encode(const struct cs_record *record, const struct cs_sign_key *key,
                                struct cs_buffer *out) CS_MUST_USE;
/* Parses without trusting, to find the signer. Views into `bytes`; lists in the arena. CS_MALFORMED, CS_UNSUPPORTED
 * (another version), CS_LIMIT (more than CS_RECORD_MAX bytes). */
enum cs_status cs_record_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                struct cs_record *out) CS_MUST_USE;
/* The signature alone, over the bytes as they are. CS_FORGED; CS_MALFORMED if too short to have one. */
enum cs_status cs_record_verify(struct cs_bytes bytes,
                                const uint8_t signer[static CS_SIGN_PUBLIC_SIZE]) CS_MUST_USE;

#endif
