/*
 * What all signed structures of this folder have in common: signature(64) ‖ statement, the
 * statement being a CBOR array whose first item is the format version 1. Pure; for the other files
 * of this folder.
 *
 * The signature is over the statement's bytes as they are, with a label of its own for each kind of
 * structure, so that a signature made for one kind verifies for no other.
 */
#ifndef CS_EVIDENCE_SIGNED_BYTES_H
#define CS_EVIDENCE_SIGNED_BYTES_H

#include "shared/base/limits.h"
#include "shared/crypto/sign.h"
#include "shared/wire/cbor.h"

/* Both are needed by the encoder and by the chain's verification. */
#define CS_CERTIFICATE_LABEL "countersign certificate 1"
#define CS_INVITE_LABEL "countersign invite 1"

/* Largest statement, bytes: a signed structure must fit one value. */
#define CS_STATEMENT_MAX (CS_VALUE_MAX - CS_SIGNATURE_SIZE)

/* The statement behind the signature: a view. CS_MALFORMED if there is none. */
enum cs_status cs_signed_statement(struct cs_bytes bytes, struct cs_bytes *out) CS_MUST_USE;
/* CS_MALFORMED if too short, CS_FORGED. */
enum cs_status cs_signed_verify(struct cs_bytes bytes, const char *label,
                                const uint8_t signer[static CS_SIGN_PUBLIC_SIZE]) CS_MUST_USE;
/* Appends signature and statement, both or nothing. A failure of `statement` or `out` is
 * returned. */
enum cs_status cs_signed_append(const struct cs_buffer *statement, const char *label,
                                const struct cs_sign_key *key, struct cs_buffer *out) CS_MUST_USE;

/* Begins a statement: array of `count` items, of which the version is the first. */
void cs_statement_begin(struct cs_buffer *statement, size_t count);
/* Enters a statement of `count` items and takes the version. CS_UNSUPPORTED for another version,
 * CS_MALFORMED. */
enum cs_status cs_statement_enter(struct cs_cbor_reader *reader, struct cs_bytes statement,
                                  size_t count) CS_MUST_USE;
/* CS_MALFORMED if anything went wrong or is left over. */
enum cs_status cs_statement_leave(struct cs_cbor_reader *reader) CS_MUST_USE;

/* A name people read: UTF-8 within the sizes, without control characters, which could disguise
 * it on a screen. */
bool cs_statement_name_valid(struct cs_bytes name, size_t size_min, size_t size_max);

#endif
