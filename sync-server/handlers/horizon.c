/* The backup horizon's file, see horizon.h. */
#include "sync-server/handlers/horizon.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "CSBH\x01"
#define MAGIC_SIZE 5
#define LABEL "countersign backup horizon 1"
#define ENTRY_SIZE 16

static int compare_logs(const void *a, const void *b)
{
    uint64_t left = ((const struct cs_horizon_entry *)a)->log;
    uint64_t right = ((const struct cs_horizon_entry *)b)->log;
    return left < right ? -1 : left > right;
}

enum cs_status cs_horizon_entries_encode(struct cs_horizon_entry *entries, size_t count,
                                         struct cs_buffer *out)
{
    if (count > CS_HORIZON_DEVICES_MAX) {
        return CS_LIMIT;
    }
    if (count > 0) {
        qsort(entries, count, sizeof *entries, compare_logs);
    }
    cs_buffer_append_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_u64(out, entries[i].log);
        cs_buffer_append_u64(out, entries[i].sequence);
    }
    return out->status;
}

static enum cs_status read_entries(struct cs_reader *reader, struct cs_arena *arena,
                                   struct cs_horizon_entry **out, size_t *out_count)
{
    size_t count = cs_read_u32(reader);
    if (reader->status != CS_OK || count > reader->rest.size / ENTRY_SIZE) {
        return CS_MALFORMED;
    }
    struct cs_horizon_entry *entries = cs_arena_take_array(arena, count, sizeof *entries);
    if (entries == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        entries[i].log = cs_read_u64(reader);
        entries[i].sequence = cs_read_u64(reader);
        if (i > 0 && entries[i].log <= entries[i - 1].log) {
            return CS_MALFORMED;
        }
    }
    *out = entries;
    *out_count = count;
    return CS_OK;
}

enum cs_status cs_horizon_entries_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_horizon_entry **out, size_t *out_count)
{
    struct cs_reader reader;
    struct cs_horizon_entry *entries = NULL;
    size_t count = 0;
    cs_reader_init(&reader, bytes);
    enum cs_status status = read_entries(&reader, arena, &entries, &count);
    if (status == CS_OK) {
        status = cs_reader_finish(&reader);
    }
    if (status == CS_OK) {
        *out = entries;
        *out_count = count;
    }
    return status;
}

uint64_t cs_horizon_sequence(const struct cs_horizon *horizon, uint64_t log)
{
    const struct cs_horizon_entry key = {.log = log};
    const struct cs_horizon_entry *found =
        horizon->count == 0
            ? NULL
            : bsearch(&key, horizon->entries, horizon->count, sizeof key, compare_logs);
    return found == NULL ? 0 : found->sequence;
}

enum cs_status cs_horizon_write(const struct cs_world *world, const char *path,
                                struct cs_horizon *horizon)
{
    struct cs_buffer file;
    cs_buffer_init(&file, CS_HORIZON_FILE_MAX);
    cs_buffer_append(&file, MAGIC, MAGIC_SIZE);
    cs_buffer_append(&file, horizon->repository, sizeof horizon->repository);
    cs_buffer_append_u64(&file, horizon->backup);
    cs_buffer_append(&file, horizon->manifest, sizeof horizon->manifest);
    cs_buffer_append(&file, horizon->incarnation, sizeof horizon->incarnation);
    cs_buffer_append_u64(&file, (uint64_t)horizon->made_ms);
    cs_buffer_append_u64(&file, (uint64_t)horizon->verified_ms);
    enum cs_status status = cs_horizon_entries_encode(horizon->entries, horizon->count, &file);
    if (status == CS_OK) {
        uint8_t hash[CS_HASH_SIZE];
        cs_hash(LABEL, cs_buffer_bytes(&file), hash);
        cs_buffer_append(&file, hash, sizeof hash);
        status = file.status;
    }
    if (status == CS_OK) {
        status = world->file_replace(world->context, path, cs_buffer_bytes(&file));
    }
    cs_buffer_release(&file);
    return status;
}

static enum cs_status parse(struct cs_bytes file, struct cs_arena *arena, struct cs_horizon *out)
{
    struct cs_horizon horizon = {.backup = 0};
    uint8_t hash[CS_HASH_SIZE];
    if (file.size < MAGIC_SIZE + CS_HASH_SIZE || memcmp(file.data, MAGIC, MAGIC_SIZE) != 0) {
        return CS_MALFORMED;
    }
    struct cs_bytes content = cs_bytes_make(file.data, file.size - CS_HASH_SIZE);
    cs_hash(LABEL, content, hash);
    if (memcmp(hash, file.data + content.size, sizeof hash) != 0) {
        return CS_MALFORMED;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, content);
    (void)cs_read_bytes(&reader, MAGIC_SIZE);
    cs_read_copy(&reader, horizon.repository, sizeof horizon.repository);
    horizon.backup = cs_read_u64(&reader);
    cs_read_copy(&reader, horizon.manifest, sizeof horizon.manifest);
    cs_read_copy(&reader, horizon.incarnation, sizeof horizon.incarnation);
    horizon.made_ms = (int64_t)cs_read_u64(&reader);
    horizon.verified_ms = (int64_t)cs_read_u64(&reader);
    enum cs_status status = read_entries(&reader, arena, &horizon.entries, &horizon.count);
    if (status == CS_OK) {
        status = cs_reader_finish(&reader);
    }
    if (status == CS_OK) {
        *out = horizon;
    }
    return status;
}

enum cs_status cs_horizon_read(const struct cs_world *world, const char *path,
                               struct cs_arena *arena, struct cs_horizon *out)
{
    struct cs_buffer file;
    cs_buffer_init(&file, CS_HORIZON_FILE_MAX);
    enum cs_status status = world->file_read(world->context, path, &file);
    if (status == CS_OK) {
        status = parse(cs_buffer_bytes(&file), arena, out);
    }
    cs_buffer_release(&file);
    return status == CS_MALFORMED || status == CS_LIMIT ? CS_CORRUPT : status;
}
