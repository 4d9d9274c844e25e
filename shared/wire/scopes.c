/* Scopes, see scopes.h, and their digest (PROTOCOL.md, chapter "Digest"). */
#include "shared/wire/scopes.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST_LABEL "countersign scopes"

int cs_scope_name_compare(const struct cs_scope_name *a, const struct cs_scope_name *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return cs_id_compare(&a->id, &b->id);
}

void cs_scopes_digest(const struct cs_scope_digest *scopes, size_t count,
                      uint8_t out[static CS_HASH_SIZE])
{
    uint8_t digest[CS_HASH_SIZE];
    cs_hash(DIGEST_LABEL, CS_BYTES_NONE, digest);
    for (size_t i = 0; i < count; i++) {
        const struct cs_bytes parts[] = {
            cs_bytes_of_array(digest),
            cs_bytes_make(&scopes[i].scope.kind, sizeof scopes[i].scope.kind),
            cs_id_bytes(&scopes[i].scope.id),
            cs_bytes_of_array(scopes[i].multiset.sum),
        };
        uint8_t next[CS_HASH_SIZE];
        cs_hash_parts(DIGEST_LABEL, parts, sizeof parts / sizeof parts[0], next);
        memcpy(digest, next, sizeof digest);
    }
    memcpy(out, digest, sizeof digest);
}

static int compare_names(const void *a, const void *b)
{
    const struct cs_scope_name *const *left = a;
    const struct cs_scope_name *const *right = b;
    return cs_scope_name_compare(*left, *right);
}

enum cs_status cs_scope_cursors_check(const struct cs_scope_cursor *cursors, size_t count,
                                      struct cs_arena *scratch)
{
    if (count > CS_SCOPES_PER_DEVICE_MAX) {
        return CS_LIMIT;
    }
    const struct cs_scope_name **names = cs_arena_take_array(scratch, count, sizeof *names);
    if (names == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = &cursors[i].scope;
        if (cursors[i].position > INT64_MAX) {
            return CS_MALFORMED;
        }
    }
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (cs_scope_name_compare(names[i - 1], names[i]) == 0) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

void cs_scope_cursors_put(struct cs_buffer *out, const struct cs_scope_cursor *cursors,
                          size_t count)
{
    cs_cbor_put_array(out, 3 * count);
    for (size_t i = 0; i < count; i++) {
        const struct cs_id *id = &cursors[i].scope.id;
        cs_cbor_put_unsigned(out, cursors[i].scope.kind);
        cs_cbor_put_bytes(out, cs_id_is_zero(id) ? CS_BYTES_NONE : cs_id_bytes(id));
        cs_cbor_put_unsigned(out, cursors[i].position);
    }
}

static struct cs_id take_optional_id(struct cs_cbor_reader *reader)
{
    struct cs_id id = {{0}};
    struct cs_bytes bytes = cs_cbor_take_bytes(reader);
    if (bytes.size > 0 && !cs_id_from_bytes(bytes, &id)) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return id;
}

struct cs_scope_cursor *cs_scope_cursors_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                              size_t *out_count)
{
    size_t size = cs_cbor_enter_array(reader, 3 * CS_SCOPES_PER_DEVICE_MAX);
    size_t count = size / 3;
    if (size % 3 != 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    struct cs_scope_cursor *cursors = cs_message_array(reader, arena, count, sizeof *cursors);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        cursors[i].scope.kind = (uint8_t)cs_message_take_bounded(reader, UINT8_MAX);
        cursors[i].scope.id = take_optional_id(reader);
        cursors[i].position = cs_message_take_bounded(reader, INT64_MAX);
    }
    cs_cbor_leave(reader);
    if (reader->status == CS_OK) {
        enum cs_status status = cs_scope_cursors_check(cursors, count, arena);
        if (status != CS_OK) {
            cs_cbor_fail(reader, status);
        }
    }
    *out_count = reader->status == CS_OK ? count : 0;
    return reader->status == CS_OK ? cursors : NULL;
}
