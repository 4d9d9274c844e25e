/*
 * What a row is, as one hash, and the canonical encoding of values. Pure.
 *
 * Both sides add the hashes of all confirmed rows of a scope into a multiset hash and compare it after every sync.
 *   row hash = cs_hash("countersign row 1", prefixed entity name ‖ id(16) ‖ deleted(u8) ‖ prefixed packed versions ‖
 *              for every non-NULL field in ascending byte order of names: prefixed name ‖ prefixed encoded value)
 * Encoded value: u8 kind (0 NULL, 1 integer, 2 text, 3 bytes); integer as u64 two's complement; text and bytes as they are.
 */
#ifndef CS_MERGE_ROW_DIGEST_H
#define CS_MERGE_ROW_DIGEST_H

#include "shared/base/id.h"
#include "shared/base/memory.h"
#include "shared/base/value.h"
#include "shared/crypto/hash.h"

/* Sorts a copy of the fields; NULLs are skipped; doubles of a name are a broken invariant. CS_NO_MEMORY. */
enum cs_status cs_row_hash(struct cs_bytes entity, const struct cs_id *id, bool deleted,
                           struct cs_bytes packed_versions, const struct cs_named_value *fields,
                           size_t field_count, uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

void cs_value_encode(const struct cs_value *value, struct cs_buffer *out);
/* A unit of several fields: the values in field order, each prefixed with its u32 size; a single field: likewise, one. */
void cs_unit_value_encode(const struct cs_value *values, size_t count, struct cs_buffer *out);
/* Borrows from `encoded`. CS_MALFORMED unless exactly `count` values. */
enum cs_status cs_unit_value_decode(struct cs_bytes encoded, struct cs_value *out_values,
                                    size_t count) CS_MUST_USE;

#endif
