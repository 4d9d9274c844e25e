/* Manifests, see manifest.h. */
#include "sync-server/backup/manifest.h"

#include <string.h>

#define FORMAT 1
#define LABEL_ID "countersign backup manifest id 1"

static bool name_valid(const char *name, size_t size)
{
    if (size == 0 || size >= CS_BACKUP_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        bool letter = name[i] >= 'a' && name[i] <= 'z';
        if (!letter && name[i] != '-' && (name[i] != '.' || i == 0)) {
            return false;
        }
    }
    return true;
}

static void append_file(const struct cs_backup_file *file, struct cs_buffer *out)
{
    cs_require(name_valid(file->name, strlen(file->name)));
    cs_buffer_append_prefixed(out, cs_bytes_of_text(file->name));
    cs_buffer_append_u64(out, file->size);
    cs_buffer_append(out, file->root.bytes, sizeof file->root.bytes);
}

enum cs_status cs_manifest_encode(struct cs_manifest *manifest, struct cs_buffer *out)
{
    const struct cs_backup_facts *facts = &manifest->facts;
    size_t start = out->size;
    cs_require(manifest->file_count <= CS_BACKUP_FILES_MAX);
    cs_buffer_append_u8(out, FORMAT);
    cs_buffer_append_u64(out, manifest->sequence);
    cs_buffer_append(out, manifest->previous, sizeof manifest->previous);
    cs_buffer_append_u64(out, manifest->last_pack);
    cs_buffer_append_u64(out, (uint64_t)facts->made_ms);
    cs_buffer_append(out, facts->incarnation, sizeof facts->incarnation);
    cs_buffer_append(out, facts->organisation, sizeof facts->organisation);
    cs_buffer_append_u64(out, facts->position);
    cs_buffer_append_u64(out, facts->leaves);
    cs_buffer_append(out, facts->log_root, sizeof facts->log_root);
    cs_buffer_append_u8(out, (uint8_t)manifest->file_count);
    for (size_t i = 0; i < manifest->file_count; i++) {
        append_file(&manifest->files[i], out);
    }
    if (out->status == CS_OK) {
        cs_hash(LABEL_ID, cs_bytes_make(out->data + start, out->size - start), manifest->id);
    }
    return out->status;
}

static enum cs_status read_file(struct cs_reader *reader, struct cs_backup_file *out)
{
    struct cs_bytes name = cs_read_prefixed(reader);
    out->size = cs_read_u64(reader);
    cs_read_copy(reader, out->root.bytes, sizeof out->root.bytes);
    if (reader->status != CS_OK || !name_valid((const char *)name.data, name.size)) {
        return CS_MALFORMED;
    }
    memcpy(out->name, name.data, name.size);
    return CS_OK;
}

enum cs_status cs_manifest_decode(struct cs_bytes bytes, struct cs_manifest *out)
{
    struct cs_manifest manifest = {.sequence = 0};
    struct cs_backup_facts *facts = &manifest.facts;
    struct cs_reader reader;
    cs_reader_init(&reader, bytes);
    if (cs_read_u8(&reader) != FORMAT) {
        return reader.status == CS_OK ? CS_UNSUPPORTED : CS_MALFORMED;
    }
    manifest.sequence = cs_read_u64(&reader);
    cs_read_copy(&reader, manifest.previous, sizeof manifest.previous);
    manifest.last_pack = cs_read_u64(&reader);
    facts->made_ms = (int64_t)cs_read_u64(&reader);
    cs_read_copy(&reader, facts->incarnation, sizeof facts->incarnation);
    cs_read_copy(&reader, facts->organisation, sizeof facts->organisation);
    facts->position = cs_read_u64(&reader);
    facts->leaves = cs_read_u64(&reader);
    cs_read_copy(&reader, facts->log_root, sizeof facts->log_root);
    manifest.file_count = cs_read_u8(&reader);
    if (manifest.sequence == 0 || manifest.file_count > CS_BACKUP_FILES_MAX) {
        return CS_MALFORMED;
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < manifest.file_count; i++) {
        status = read_file(&reader, &manifest.files[i]);
    }
    if (status == CS_OK) {
        status = cs_reader_finish(&reader);
    }
    if (status == CS_OK) {
        cs_hash(LABEL_ID, bytes, manifest.id);
        *out = manifest;
    }
    return status;
}

const struct cs_backup_file *cs_manifest_file(const struct cs_manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->file_count; i++) {
        if (strcmp(manifest->files[i].name, name) == 0) {
            return &manifest->files[i];
        }
    }
    return NULL;
}
