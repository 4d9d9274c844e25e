/* Leaves of the evidence log, see leaf.h. */
#include "shared/evidence/leaf.h"

#include <string.h>

#define RECORD_LABEL "countersign logged record"

static void put(struct cs_leaf *leaf, const void *data, size_t size)
{
    cs_require(size <= sizeof leaf->bytes - leaf->size);
    if (size > 0) {
        memcpy(leaf->bytes + leaf->size, data, size);
        leaf->size += size;
    }
}

static void begin(struct cs_leaf *leaf, enum cs_leaf_kind kind)
{
    uint8_t byte = (uint8_t)kind;
    leaf->size = 0;
    put(leaf, &byte, sizeof byte);
}

static void put_number(struct cs_leaf *leaf, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    put(leaf, bytes, sizeof bytes);
}

void cs_leaf_certificate(const uint8_t certificate_id[static CS_HASH_SIZE], struct cs_leaf *out)
{
    begin(out, CS_LEAF_CERTIFICATE);
    put(out, certificate_id, CS_HASH_SIZE);
}

void cs_leaf_row(struct cs_bytes entity, const struct cs_id *id, struct cs_bytes record,
                 struct cs_leaf *out)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash(RECORD_LABEL, record, hash);
    begin(out, CS_LEAF_ROW);
    put(out, cs_id_bytes(id).data, CS_ID_SIZE);
    put(out, hash, sizeof hash);
    put(out, entity.data, entity.size);
}

void cs_leaf_change_set(uint64_t log, uint64_t sequence, const uint8_t hash[static CS_HASH_SIZE],
                        struct cs_leaf *out)
{
    begin(out, CS_LEAF_CHANGE_SET);
    put_number(out, log);
    put_number(out, sequence);
    put(out, hash, CS_HASH_SIZE);
}

void cs_leaf_vault(const struct cs_id *vault, const struct cs_leaf_moment *moment,
                   struct cs_bytes record, struct cs_leaf *out)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash(RECORD_LABEL, record, hash);
    begin(out, CS_LEAF_VAULT);
    put(out, cs_id_bytes(vault).data, CS_ID_SIZE);
    put_number(out, moment->position);
    put_number(out, moment->log_position);
    put_number(out, (uint64_t)moment->logged_ms);
    put(out, hash, sizeof hash);
}

struct cs_bytes cs_leaf_bytes(const struct cs_leaf *leaf)
{
    return cs_bytes_make(leaf->bytes, leaf->size);
}

void cs_leaf_hash(const struct cs_leaf *leaf, uint8_t out[static CS_HASH_SIZE])
{
    cs_merkle_leaf(cs_leaf_bytes(leaf), out);
}

enum cs_status cs_leaf_parse(struct cs_bytes bytes, struct cs_leaf_parts *out)
{
    struct cs_leaf_parts parts = {0};
    struct cs_reader reader;
    cs_reader_init(&reader, bytes);
    uint8_t kind = cs_read_u8(&reader);
    if (kind == CS_LEAF_ROW) {
        uint8_t id[CS_ID_SIZE];
        cs_read_copy(&reader, id, sizeof id);
        memcpy(&parts.row, id, sizeof id);
    } else if (kind == CS_LEAF_CHANGE_SET) {
        parts.log = cs_read_u64(&reader);
        parts.sequence = cs_read_u64(&reader);
    } else if (kind == CS_LEAF_VAULT) {
        cs_read_copy(&reader, parts.vault.bytes, CS_ID_SIZE);
        parts.moment.position = cs_read_u64(&reader);
        parts.moment.log_position = cs_read_u64(&reader);
        parts.moment.logged_ms = (int64_t)cs_read_u64(&reader);
    } else if (kind != CS_LEAF_CERTIFICATE) {
        return CS_MALFORMED;
    }
    cs_read_copy(&reader, parts.hash, sizeof parts.hash);
    if (kind == CS_LEAF_ROW) {
        parts.entity = cs_read_bytes(&reader, reader.rest.size);
        if (parts.entity.size == 0 || parts.entity.size > CS_NAME_MAX) {
            return CS_MALFORMED;
        }
    }
    enum cs_status status = cs_reader_finish(&reader);
    if (status == CS_OK) {
        parts.kind = (enum cs_leaf_kind)kind;
        *out = parts;
    }
    return status;
}

bool cs_leaf_is_evidence(const struct cs_entity *entity)
{
    return entity != NULL && entity->kind == CS_ENTITY_EVIDENCE;
}
