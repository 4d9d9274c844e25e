/* Versions of a row in one column, see row_versions.h. */
#include "shared/merge/row_versions.h"

#include "shared/base/limits.h"
#include "shared/crypto/hash.h"

/* The smallest packed version and the smallest packed exception, bytes: what bounds a count by
 * the bytes left. */
#define VERSION_SIZE_MIN ((size_t)9)
#define EXCEPTION_SIZE_MIN (1 + 1 + 1 + VERSION_SIZE_MIN)

static bool is_deleted_unit(struct cs_bytes unit)
{
    return cs_bytes_equal_text(unit, CS_UNIT_DELETED);
}

/* An exception that says what would hold without it. Not so for the delete unit: without it the
 * row is alive. */
static bool is_redundant(const struct cs_version *created, struct cs_bytes unit,
                         struct cs_versions list)
{
    return list.count == 1 && cs_version_equal(&list.items[0], created) && !is_deleted_unit(unit);
}

static bool is_ascending(struct cs_versions list)
{
    for (size_t i = 1; i < list.count; i++) {
        if (cs_version_compare(&list.items[i - 1], &list.items[i]) >= 0) {
            return false;
        }
    }
    return true;
}

static struct cs_version read_version(struct cs_reader *reader)
{
    struct cs_version version = {.log = cs_read_u64(reader)};
    version.counter = cs_read_varint(reader);
    return version;
}

static void append_version(struct cs_buffer *out, const struct cs_version *version)
{
    cs_buffer_append_u64(out, version->log);
    cs_buffer_append_varint(out, version->counter);
}

static enum cs_status read_list(struct cs_reader *reader, struct cs_arena *arena,
                                struct cs_versions *out)
{
    uint64_t count = cs_read_varint(reader);
    if (reader->status != CS_OK || count == 0 || count > reader->rest.size / VERSION_SIZE_MIN) {
        return CS_MALFORMED;
    }
    struct cs_version *items = cs_arena_take_array(arena, (size_t)count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = read_version(reader);
    }
    struct cs_versions list = {items, (size_t)count};
    if (reader->status != CS_OK || !is_ascending(list)) {
        return CS_MALFORMED;
    }
    *out = list;
    return CS_OK;
}

static enum cs_status read_exception(struct cs_reader *reader, const struct cs_version *created,
                                     struct cs_arena *arena, struct cs_unit_versions *out)
{
    uint8_t name_size = cs_read_u8(reader);
    struct cs_unit_versions exception = {.unit = cs_read_bytes(reader, name_size)};
    if (reader->status != CS_OK || name_size == 0 || name_size > CS_NAME_MAX) {
        return CS_MALFORMED;
    }
    enum cs_status status = read_list(reader, arena, &exception.versions);
    if (status != CS_OK) {
        return status;
    }
    if (is_redundant(created, exception.unit, exception.versions)) {
        return CS_MALFORMED;
    }
    *out = exception;
    return CS_OK;
}

enum cs_status cs_row_versions_unpack(struct cs_bytes packed, struct cs_arena *arena,
                                      struct cs_row_versions *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, packed);
    struct cs_row_versions versions = {.created = read_version(&reader)};
    if (reader.status != CS_OK) {
        return CS_MALFORMED;
    }
    size_t room = reader.rest.size / EXCEPTION_SIZE_MIN;
    struct cs_unit_versions *exceptions = NULL;
    if (room > 0) {
        exceptions = cs_arena_take_array(arena, room, sizeof *exceptions);
        if (exceptions == NULL) {
            return CS_NO_MEMORY;
        }
    }
    size_t count = 0;
    for (; reader.rest.size > 0; count++) {
        if (count == room) {
            return CS_MALFORMED; /* what is left is too short for an exception */
        }
        enum cs_status status =
            read_exception(&reader, &versions.created, arena, &exceptions[count]);
        if (status != CS_OK) {
            return status;
        }
        if (count > 0 &&
            cs_bytes_compare(exceptions[count - 1].unit, exceptions[count].unit) >= 0) {
            return CS_MALFORMED;
        }
    }
    versions.exceptions = exceptions;
    versions.exception_count = count;
    *out = versions;
    return CS_OK;
}

static void append_exception(struct cs_buffer *out, const struct cs_unit_versions *exception)
{
    cs_require(exception->unit.size > 0 && exception->unit.size <= CS_NAME_MAX);
    cs_require(exception->versions.count > 0 && is_ascending(exception->versions));
    cs_buffer_append_u8(out, (uint8_t)exception->unit.size);
    cs_buffer_append_bytes(out, exception->unit);
    cs_buffer_append_varint(out, exception->versions.count);
    for (size_t i = 0; i < exception->versions.count; i++) {
        append_version(out, &exception->versions.items[i]);
    }
}

void cs_row_versions_pack(const struct cs_row_versions *versions, struct cs_buffer *out)
{
    append_version(out, &versions->created);
    for (size_t i = 0; i < versions->exception_count; i++) {
        const struct cs_unit_versions *exception = &versions->exceptions[i];
        cs_require(i == 0 || cs_bytes_compare(exception[-1].unit, exception->unit) < 0);
        if (!is_redundant(&versions->created, exception->unit, exception->versions)) {
            append_exception(out, exception);
        }
    }
}

struct cs_versions cs_row_versions_of(const struct cs_row_versions *versions, struct cs_bytes unit)
{
    for (size_t i = 0; i < versions->exception_count; i++) {
        if (cs_bytes_equal(versions->exceptions[i].unit, unit)) {
            return versions->exceptions[i].versions;
        }
    }
    if (is_deleted_unit(unit)) {
        return (struct cs_versions){NULL, 0};
    }
    return (struct cs_versions){&versions->created, 1};
}

enum cs_status cs_row_versions_set(const struct cs_row_versions *versions, struct cs_bytes unit,
                                   struct cs_versions list, struct cs_arena *arena,
                                   struct cs_row_versions *out)
{
    cs_require(unit.size > 0 && unit.size <= CS_NAME_MAX && is_ascending(list));
    const struct cs_unit_versions *old = versions->exceptions;
    struct cs_unit_versions *exceptions =
        cs_arena_take_array(arena, versions->exception_count + 1, sizeof *exceptions);
    if (exceptions == NULL) {
        return CS_NO_MEMORY;
    }
    size_t from = 0;
    size_t count = 0;
    while (from < versions->exception_count && cs_bytes_compare(old[from].unit, unit) < 0) {
        exceptions[count++] = old[from++];
    }
    if (list.count > 0 && !is_redundant(&versions->created, unit, list)) {
        exceptions[count++] = (struct cs_unit_versions){unit, list};
    }
    if (from < versions->exception_count && cs_bytes_equal(old[from].unit, unit)) {
        from++;
    }
    while (from < versions->exception_count) {
        exceptions[count++] = old[from++];
    }
    *out = (struct cs_row_versions){versions->created, exceptions, count};
    return CS_OK;
}

void cs_row_versions_hash(struct cs_bytes packed, uint8_t out[static 32])
{
    cs_hash("countersign row versions 1", packed, out);
}
