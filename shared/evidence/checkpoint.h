/*
 * Checkpoints: what the server's evidence log looked like at one moment, signed by the server's
 * identity. A C2SP signed note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), so that programs of
 * others can verify it. Layout in LOG.md. Pure.
 */
#ifndef CS_EVIDENCE_CHECKPOINT_H
#define CS_EVIDENCE_CHECKPOINT_H

#include "shared/base/limits.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/sign.h"

/* A note has at most CS_CHECKPOINT_MAX bytes (limits.h); the longest one possible has 412. */
#define CS_INCARNATION_SIZE 16

/* Within one incarnation neither size nor position goes back. */
struct cs_checkpoint {
    uint8_t incarnation[CS_INCARNATION_SIZE];
    uint64_t size; /* leaves, at most 2^63 - 1 */
    uint8_t root[CS_HASH_SIZE];
    uint64_t position; /* the server's position when it was made, at most 2^63 - 1 */
};

/* Appends the note, both or nothing. CS_INVALID for a number beyond 2^63 - 1; a failure of `out` is
 * returned. */
enum cs_status cs_checkpoint_encode(const struct cs_checkpoint *checkpoint,
                                    const uint8_t organisation[static CS_HASH_SIZE],
                                    const struct cs_sign_key *identity,
                                    struct cs_buffer *out) CS_MUST_USE;
/*
 * Verifies the signature by `identity` over the text as it is, then reads it. There is one form of a
 * note: one signature, one extension line, shortest numbers. CS_LIMIT (too large), CS_MALFORMED,
 * CS_FORGED, CS_WRONG_ORGANISATION, CS_NO_MEMORY. *out is untouched on failure.
 */
enum cs_status cs_checkpoint_verify(struct cs_bytes note,
                                    const uint8_t organisation[static CS_HASH_SIZE],
                                    const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                    struct cs_checkpoint *out) CS_MUST_USE;
/* Reads a note without believing it: the signature is not looked at. CS_LIMIT, CS_MALFORMED,
 * CS_NO_MEMORY. */
enum cs_status cs_checkpoint_read(struct cs_bytes note, struct cs_checkpoint *out) CS_MUST_USE;

/* Room for the digits, with end mark. */
#define CS_CHECKPOINT_DIGITS_SIZE 30
/*
 * What people compare on two screens or by telephone: five groups of five digits over incarnation,
 * size and root. Two checkpoints with the same size and other digits are two histories.
 */
void cs_checkpoint_digits(const struct cs_checkpoint *checkpoint,
                          char out[static CS_CHECKPOINT_DIGITS_SIZE]);

#endif
