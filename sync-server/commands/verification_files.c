/* Every stored chunk of files of attachments against its hash, every list of hashes against the address in a record; see verification.h. */
#include "sync-server/commands/verification.h"

#include "shared/attachment/attachment_row.h"
#include "shared/base/limits.h"
#include "shared/base/text.h"
#include "sync-server/stores/blob_store.h"

#include <string.h>

#define NAME_BYTES 8
/* One chunk at a time, and what lies beside it. */
#define ARENA_MAX (8 * CS_MEBI)

struct walk {
    struct cs_verification *verification;
    struct cs_store *store;
};

/* The beginning of its address, as its name on laptops begins. */
static void name_of(const uint8_t address[static CS_HASH_SIZE], char out[static 2 * NAME_BYTES + 1])
{
    cs_hex_encode(cs_bytes_make(address, NAME_BYTES), out);
}

/* *out_problem stays NULL if all is well. */
static enum cs_status check_chunk(const struct walk *walk, const struct cs_stored_blob *blob,
                                  uint64_t index, uint64_t *bytes, const char **out_problem)
{
    struct cs_arena arena;
    struct cs_bytes chunk;
    uint8_t hash[CS_HASH_SIZE];
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_store_chunk(walk->store, blob->number, index, &arena, &chunk);
    if (status == CS_OK) {
        cs_attachment_chunk_hash(chunk, hash);
        *bytes += chunk.size;
        if (memcmp(hash, blob->list.data + index * CS_HASH_SIZE, sizeof hash) != 0) {
            *out_problem = "it is not the one that its file's address names";
        }
    } else if (status == CS_NOT_FOUND) {
        *out_problem = "it is missing";
        status = CS_OK;
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status check_blob(void *context, const struct cs_stored_blob *blob)
{
    const struct walk *walk = context;
    char name[2 * NAME_BYTES + 1];
    uint64_t bytes = 0;
    enum cs_status status = CS_OK;
    name_of(blob->address, name);
    walk->verification->files++;
    if (blob->list.size % CS_HASH_SIZE != 0 || blob->stored > blob->list.size / CS_HASH_SIZE) {
        cs_verification_found(walk->verification, "file %s: it has more chunks than its list",
                              name);
        return CS_OK;
    }
    for (uint64_t i = 0; status == CS_OK && i < blob->stored; i++) {
        const char *problem = NULL;
        status = check_chunk(walk, blob, i, &bytes, &problem);
        if (problem != NULL) {
            cs_verification_found(walk->verification, "file %s, chunk %llu: %s", name,
                                  (unsigned long long)i, problem);
        }
        cs_verification_progress(walk->verification, "chunks", ++walk->verification->chunks);
    }
    if (status == CS_OK && bytes != blob->bytes) {
        cs_verification_found(walk->verification, "file %s: %llu bytes are counted, it has %llu",
                              name, (unsigned long long)blob->bytes, (unsigned long long)bytes);
    }
    return status;
}

/* Anybody can make a record that names the address of another's file and other sizes: that is no damage of the file. */
static bool is_of(const struct cs_attachment_row *row, const struct cs_stored_blob *blob)
{
    return blob->chunk_size == 0 ||
           (row->form.size == blob->size && row->form.chunk_size == blob->chunk_size);
}

/* What a record names: how much of it is there yet does not matter. */
static enum cs_status check_record(void *context, const struct cs_stored_row *row)
{
    const struct walk *walk = context;
    struct cs_attachment_row read;
    struct cs_stored_blob blob;
    struct cs_arena arena;
    char id[CS_ID_TEXT_SIZE];
    if (row->values == NULL || cs_attachment_row_read(row->entity, row->values, &read) != CS_OK) {
        return CS_OK; /* it names no file */
    }
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_store_blob(walk->store, read.address, &arena, &blob);
    if (status == CS_OK && is_of(&read, &blob) &&
        cs_attachment_list_check(&read.form, read.address, blob.list) != CS_OK) {
        cs_id_format(&row->id, id);
        cs_verification_found(walk->verification,
                              "attachment %s: the list of its file's chunks is not that of its "
                              "address",
                              id);
    }
    cs_arena_release(&arena);
    cs_wipe(&read, sizeof read);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_verification_files(struct cs_verification *verification, struct cs_store *store)
{
    struct walk walk = {verification, store};
    const struct cs_entity *entity =
        cs_registry_find(cs_store_registry(store), cs_bytes_of_text(CS_ATTACHMENT_ENTITY));
    enum cs_status status = cs_store_blobs(store, check_blob, &walk);
    return status != CS_OK || entity == NULL ? status
                                             : cs_row_scan(cs_store_rows(store), entity, NULL, 0,
                                                           CS_ROWS_LIVE, check_record, &walk);
}
