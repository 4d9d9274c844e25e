/*
 * The signed words by which a device is revoked, and by which a person decides about what it signed afterwards (design §9,
 * §6). Pure. Both are records (record.h) of kind "revocation" and "review"; CERTIFICATES.md lists their fields.
 *
 * A revocation stands on its own: it is kept with the certificate chains of both devices, so that whoever gets it can check
 * signature, chain and right without knowing either of them. That the revoker was not revoked before is a matter of
 * positions in the log, which the server judges, and every replica from what the server fixed.
 */
#ifndef CS_EVIDENCE_REVOCATION_H
#define CS_EVIDENCE_REVOCATION_H

#include "shared/evidence/certificate.h"
#include "shared/evidence/record.h"

#define CS_REVOCATION_KIND "revocation"
#define CS_REVIEW_KIND "review"

/* Who signs, and when by his clock. */
struct cs_evidence_signer {
    const uint8_t *organisation; /* CS_HASH_SIZE bytes */
    const uint8_t *certificate;  /* id, CS_HASH_SIZE bytes */
    const struct cs_sign_key *key;
    struct cs_bytes checkpoint; /* see record.h */
    int64_t claimed;            /* instant */
};

/* Appends the record that revokes the device of `certificate`. As cs_record_encode. */
enum cs_status cs_revocation_encode(const struct cs_evidence_signer *signer,
                                    const uint8_t certificate[static CS_HASH_SIZE],
                                    struct cs_bytes reason, struct cs_buffer *out) CS_MUST_USE;

struct cs_revocation {
    struct cs_chain revoker;
    struct cs_chain subject;
    struct cs_bytes reason;
    int64_t claimed;
};
/*
 * A row of entity `revocation` by its fields: both chains, the record's signature, that it is about the subject, that the other
 * fields say what was signed and certified, and that the revoker may revoke it: cs_roles_may_revoke by the revoker's roles
 * and by whether its certificate is in the subject's chain; nobody revokes himself. Views of `out` are into the values.
 * CS_DENIED (no right), CS_FORGED, CS_MALFORMED, CS_UNSUPPORTED, CS_LIMIT, CS_WRONG_ORGANISATION; `problem` says what.
 */
enum cs_status cs_revocation_verify(const struct cs_named_value *values, size_t count,
                                    const uint8_t organisation[static CS_HASH_SIZE],
                                    struct cs_arena *arena, struct cs_revocation *out,
                                    struct cs_problem *problem) CS_MUST_USE;
/* The right alone, for who is about to revoke. CS_DENIED. */
enum cs_status cs_revocation_permitted(const struct cs_chain *revoker,
                                       const struct cs_chain *subject,
                                       struct cs_problem *problem) CS_MUST_USE;

#define CS_REVIEW_ACCEPT "accept"
#define CS_REVIEW_REJECT "reject"

/* What a review decides. */
struct cs_review_content {
    struct cs_bytes transaction; /* id, 16 bytes */
    struct cs_bytes decision;    /* CS_REVIEW_ACCEPT or CS_REVIEW_REJECT */
    struct cs_bytes reason;
};
enum cs_status cs_review_encode(const struct cs_evidence_signer *signer,
                                const struct cs_review_content *content,
                                struct cs_buffer *out) CS_MUST_USE;

struct cs_review {
    struct cs_chain reviewer;
    struct cs_review_content content;
    int64_t claimed;
};
/* A row of entity `review`, likewise. Statuses as above, without CS_DENIED. */
enum cs_status cs_review_verify(const struct cs_named_value *values, size_t count,
                                const uint8_t organisation[static CS_HASH_SIZE],
                                struct cs_arena *arena, struct cs_review *out,
                                struct cs_problem *problem) CS_MUST_USE;

#endif
