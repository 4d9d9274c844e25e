/*
 * Invites as people carry them: "CSI1-" and base64url, from a file or standard input, never argv. Pure.
 *
 * Text: "CSI1-" ‖ base64url(CBOR ‖ first 8 bytes of cs_hash("countersign invite text 1", CBOR)) ‖ newline. CBOR: see
 * CERTIFICATES.md.
 *
 * Two kinds. The server's, for the very first device: address, server statement, bearer token. A device's: address, server
 * statement, root's statement about the server, inviter's chain, signed invite, one-time signing seed. Both are secrets.
 */
#ifndef CS_EVIDENCE_INVITE_TEXT_H
#define CS_EVIDENCE_INVITE_TEXT_H

#include "shared/base/memory.h"
#include "shared/evidence/certificate.h"
#include "shared/evidence/server_statement.h"

#define CS_BEARER_SIZE 32

struct cs_invite_package {
    bool first;              /* the server's invite for the very first device */
    struct cs_bytes address; /* "host:port" */
    struct cs_bytes server_statement;
    uint8_t server[CS_SIGN_PUBLIC_SIZE]; /* the server's identity */
    uint8_t token[32]; /* first: bearer token; otherwise seed of the one-time signing key */
    struct cs_bytes server_identity; /* otherwise */
    struct cs_bytes chain;           /* otherwise: the inviter's */
    struct cs_bytes invite;          /* otherwise */
};

/* Appends the text with a final newline. The buffer holds a secret: release wipes it. CS_INVALID when a part is missing or one
 * is there that the kind does not have; CS_TOO_LARGE beyond CS_INVITE_TEXT_MAX. */
enum cs_status cs_invite_package_encode(const struct cs_invite_package *package,
                                        struct cs_buffer *out) CS_MUST_USE;
/* A tampered, cut or foreign text is CS_MALFORMED (a checksum inside finds typing errors); one of a newer version is
 * CS_UNSUPPORTED. White space anywhere is ignored. Lives in the arena, but for the token, which is in `out` alone: the caller
 * wipes it. Nothing is verified here: statement, chain and invite are still to be. */
enum cs_status cs_invite_package_decode(struct cs_bytes text, struct cs_arena *arena,
                                        struct cs_invite_package *out,
                                        struct cs_problem *problem) CS_MUST_USE;

#endif
