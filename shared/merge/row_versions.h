/*
 * The versions of a row, packed into one column. Pure.
 *
 * Every unit of merging (a field, or a group of fields that move together, named by its first field) has the set of versions
 * whose value is the one shown; nearly always one. The row's default is the version that created it and is never
 * changed; units edited since are exceptions. A deleted row has an exception of the unit "_deleted".
 *
 * Packed, canonical (one state has one form, so it may be hashed and compared):
 *   default: log(8, big-endian) counter(varint)
 *   then, until the end, exceptions in strictly ascending byte order of their names:
 *     name size(u8, 1…64) name count(varint, ≥ 1) count × [log(8) counter(varint)], ascending, no doubles
 *   An exception that equals the default alone is not written; but "_deleted" always is, since without it the row is alive.
 */
#ifndef CS_MERGE_ROW_VERSIONS_H
#define CS_MERGE_ROW_VERSIONS_H

#include "shared/base/memory.h"
#include "shared/base/version.h"

#define CS_UNIT_DELETED "_deleted"

struct cs_unit_versions {
    struct cs_bytes unit;
    struct cs_versions versions;
};

struct cs_row_versions {
    struct cs_version created; /* the default */
    const struct cs_unit_versions *exceptions;
    size_t exception_count;
};

/* CS_MALFORMED for anything not in canonical form. Borrows names from `packed`; lists live in the arena. */
enum cs_status cs_row_versions_unpack(struct cs_bytes packed, struct cs_arena *arena,
                                      struct cs_row_versions *out) CS_MUST_USE;
void cs_row_versions_pack(const struct cs_row_versions *versions, struct cs_buffer *out);
/* The versions shown for a unit (field name of the unit's first field, or CS_UNIT_DELETED; for the latter an alive row
 * gives an empty list). Borrowed from `versions`. */
struct cs_versions cs_row_versions_of(const struct cs_row_versions *versions, struct cs_bytes unit);
/* Replaces the versions of one unit (empty list: back to the default). The result lives in the arena. `unit` and the list
 * are borrowed and must outlive it. */
enum cs_status cs_row_versions_set(const struct cs_row_versions *versions, struct cs_bytes unit,
                                   struct cs_versions list, struct cs_arena *arena,
                                   struct cs_row_versions *out) CS_MUST_USE;
/* What a delete says it had seen: hash of the packed form. */
void cs_row_versions_hash(struct cs_bytes packed, uint8_t out[static 32]);

#endif
