/*
 * What stands in the evidence log, as the bytes of its leaves (LOG.md). Server and client make the same
 * bytes from what they hold. Pure.
 */
#ifndef CS_EVIDENCE_LEAF_H
#define CS_EVIDENCE_LEAF_H

#include "shared/domain/descriptor.h"
#include "shared/evidence/merkle.h"

enum cs_leaf_kind {
    CS_LEAF_CERTIFICATE = 1,
    CS_LEAF_ROW = 2,
    CS_LEAF_CHANGE_SET = 3,
    CS_LEAF_VAULT = 4,
};

/* Largest leaf, bytes. */
#define CS_LEAF_MAX (1 + CS_ID_SIZE + CS_HASH_SIZE + CS_NAME_MAX)

struct cs_leaf {
    uint8_t bytes[CS_LEAF_MAX];
    size_t size;
};

/* A device's certificate, by its id. */
void cs_leaf_certificate(const uint8_t certificate_id[static CS_HASH_SIZE], struct cs_leaf *out);
/* A row of evidence; `record`: its signed bytes as they are. The entity's name has at most CS_NAME_MAX
 * bytes. */
void cs_leaf_row(struct cs_bytes entity, const struct cs_id *id, struct cs_bytes record,
                 struct cs_leaf *out);
/* A change-set of a device log, by the hash of its inner. */
void cs_leaf_change_set(uint64_t log, uint64_t sequence, const uint8_t hash[static CS_HASH_SIZE],
                        struct cs_leaf *out);

/* Where and when the server logged a record of a vault: it is judged by that, so it stands in the leaf. */
struct cs_leaf_moment {
    uint64_t position;     /* of the server's last change before it */
    uint64_t log_position; /* records of the vault's log before it */
    int64_t logged_ms;     /* by the server's clock */
};
/* A record of a vault; `record`: its signed bytes as they are. A recovery key's statement: vault, position and time zero, its number in
 * place of the log position. */
void cs_leaf_vault(const struct cs_id *vault, const struct cs_leaf_moment *moment,
                   struct cs_bytes record, struct cs_leaf *out);

struct cs_bytes cs_leaf_bytes(const struct cs_leaf *leaf);
void cs_leaf_hash(const struct cs_leaf *leaf, uint8_t out[static CS_HASH_SIZE]);

/* What a leaf says, for people who look for what is wrong. */
struct cs_leaf_parts {
    enum cs_leaf_kind kind;
    uint8_t hash[CS_HASH_SIZE]; /* certificate id, hash of the record, hash of the inner */
    struct cs_id row;
    struct cs_bytes entity; /* view into the leaf */
    uint64_t log;
    uint64_t sequence;
    struct cs_id vault;
    struct cs_leaf_moment moment;
};
/* CS_MALFORMED. */
enum cs_status cs_leaf_parse(struct cs_bytes bytes, struct cs_leaf_parts *out) CS_MUST_USE;

/* Are rows of this entity evidence? */
bool cs_leaf_is_evidence(const struct cs_entity *entity);
/* Name of the field of such an entity that holds the signed bytes. */
#define CS_LEAF_RECORD_FIELD "record"

#endif
