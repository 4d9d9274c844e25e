/*
 * Time-based one-time passwords (RFC 6238) from a seed that is kept as a secret. With mbedTLS: the
 * RFC wants HMAC-SHA-1, which libsodium does not have.
 */
#ifndef CS_FIELD_CLIENT_VAULT_TOTP_H
#define CS_FIELD_CLIENT_VAULT_TOTP_H

#include "shared/base/world.h"
#include "shared/crypto/secret.h"

enum cs_totp_algorithm { CS_TOTP_SHA1, CS_TOTP_SHA256, CS_TOTP_SHA512 };

#define CS_TOTP_DIGITS_MAX 8u

struct cs_totp {
    struct cs_bytes seed; /* 10 … 128 bytes; borrowed, secret */
    enum cs_totp_algorithm algorithm;
    unsigned digits;   /* 6 … CS_TOTP_DIGITS_MAX */
    unsigned period_s; /* 1 … 300, usually 30 */
};

/* Writes the digits of this time and an end mark. CS_INVALID for what is out of bounds, or a time before 1970; CS_NO_MEMORY. */
enum cs_status cs_totp_code(const struct cs_totp *totp, int64_t time_ms,
                            char out[static CS_TOTP_DIGITS_MAX + 1]) CS_MUST_USE;
/* A seed as people get it: base 32 (RFC 4648), small or capital, blanks, hyphens and padding ignored. CS_INVALID. */
enum cs_status cs_totp_seed_parse(struct cs_bytes text, struct cs_secret **out) CS_MUST_USE;
/*
 * What is stored in a field "totp": a seed as above (SHA-1, 6 digits, 30 s, as nearly all are), or an address as QR codes hold it:
 * otpauth://totp/LABEL?secret=…[&algorithm=SHA1|SHA256|SHA512][&digits=6][&period=30]; other parameters are ignored.
 * `out->seed` is a view of `*out_seed`, which the caller destroys. CS_UNSUPPORTED for counters (otpauth://hotp) and other algorithms;
 * CS_INVALID. Nothing of the text is in `problem`.
 */
enum cs_status cs_totp_parse(struct cs_bytes text, struct cs_totp *out, struct cs_secret **out_seed,
                             struct cs_problem *problem) CS_MUST_USE;

#endif
