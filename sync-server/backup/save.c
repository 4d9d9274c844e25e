/* Making a backup: blocks that are not there yet, the nodes over them, then the manifest; see repository.h. */
#include "sync-server/backup/repository_internal.h"

#include <string.h>

struct saving {
    struct cs_repository *repository;
    struct cs_pack_writer writer;
    uint64_t
        last_pack; /* of the newest backup: later ones were left by one that was interrupted, or by pruning */
    uint64_t first_pack; /* of this one */
    struct cs_backup_saved saved;
    struct cs_buffer sealed;
};

/* Stores a block unless it is there. */
static enum cs_status put_block(struct saving *saving, unsigned level, struct cs_bytes plain,
                                struct cs_block_id *out_id, struct cs_problem *problem)
{
    struct cs_repository *repository = saving->repository;
    cs_repository_block_id(repository, level, plain, out_id);
    saving->saved.blocks++;
    const struct cs_block_entry *entry = cs_block_map_find(&repository->blocks, out_id);
    if (entry != NULL) {
        bool left_over =
            entry->place.pack > saving->last_pack && entry->place.pack < saving->first_pack;
        saving->saved.resumed_blocks += left_over ? 1 : 0;
        return CS_OK;
    }
    cs_buffer_clear(&saving->sealed);
    enum cs_status status = cs_repository_seal_block(repository, out_id, plain, &saving->sealed);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    saving->saved.new_blocks++;
    return cs_pack_writer_add(&saving->writer, out_id, cs_buffer_bytes(&saving->sealed), problem);
}

static enum cs_status put_blocks(struct saving *saving, const struct cs_backup_source *source,
                                 struct cs_block_id *ids, size_t count, struct cs_problem *problem)
{
    uint8_t block[CS_BLOCK_SIZE];
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        uint64_t offset = (uint64_t)i * CS_BLOCK_SIZE;
        uint64_t left = source->size - offset;
        size_t size = left < CS_BLOCK_SIZE ? (size_t)left : CS_BLOCK_SIZE;
        status = source->read(source->context, offset, block, size);
        if (status != CS_OK) {
            return cs_problem_set(problem, status, "%s cannot be read: %s", source->name,
                                  cs_status_text(status));
        }
        status = put_block(saving, 0, cs_bytes_make(block, size), &ids[i], problem);
    }
    return status;
}

/* The nodes over a level, in place of its ids. */
static enum cs_status put_nodes(struct saving *saving, unsigned level, struct cs_block_id *ids,
                                size_t count, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t first = 0; status == CS_OK && first < count; first += CS_NODE_IDS) {
        size_t here = count - first < CS_NODE_IDS ? count - first : CS_NODE_IDS;
        struct cs_block_id id;
        status =
            put_block(saving, level, cs_bytes_make(ids + first, here * sizeof *ids), &id, problem);
        ids[first / CS_NODE_IDS] = id;
    }
    return status;
}

static enum cs_status save_file(struct saving *saving, const struct cs_backup_source *source,
                                struct cs_backup_file *out, struct cs_problem *problem)
{
    size_t counts[CS_TREE_LEVELS_MAX];
    unsigned top = 0;
    enum cs_status status = cs_tree_counts(source->size, counts, &top);
    struct cs_block_id *ids = status == CS_OK ? cs_alloc_zero(counts[0], sizeof *ids) : NULL;
    if (status == CS_OK && ids == NULL) {
        status = CS_NO_MEMORY;
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s: %s", source->name, cs_status_text(status));
    }
    status = put_blocks(saving, source, ids, counts[0], problem);
    for (unsigned level = 1; status == CS_OK && level <= top; level++) {
        status = put_nodes(saving, level, ids, counts[level - 1], problem);
    }
    if (status == CS_OK) {
        cs_require(strlen(source->name) < sizeof out->name);
        memcpy(out->name, source->name, strlen(source->name) + 1);
        out->size = source->size;
        if (counts[0] > 0) {
            out->root = ids[0];
        }
    }
    cs_free(ids);
    return status;
}

static enum cs_status put_manifest(struct saving *saving, struct cs_problem *problem)
{
    struct cs_manifest *manifest = &saving->saved.manifest;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_MANIFEST_MAX);
    manifest->last_pack = saving->writer.number - 1;
    enum cs_status status = cs_manifest_encode(manifest, &plain);
    if (status == CS_OK) {
        status = cs_repository_put(saving->repository, CS_REPOSITORY_BACKUP, manifest->sequence,
                                   cs_buffer_bytes(&plain), &saving->writer.bytes_written, problem);
    }
    cs_buffer_release(&plain);
    return status;
}

/* The backup before, and what of it is used again. */
static enum cs_status begin(struct saving *saving, enum cs_backup_trust trust,
                            struct cs_problem *problem)
{
    struct cs_repository *repository = saving->repository;
    struct cs_manifest *manifest = &saving->saved.manifest;
    uint64_t newest = cs_repository_newest(repository);
    manifest->sequence = newest + 1;
    enum cs_status status = CS_OK;
    if (newest != 0) {
        struct cs_manifest before;
        status = cs_repository_manifest(repository, newest, &before, problem);
        if (status == CS_OK) {
            memcpy(manifest->previous, before.id, sizeof before.id);
            saving->last_pack = before.last_pack;
        } else if (status == CS_CORRUPT && trust == CS_BACKUP_ANEW) {
            status = CS_OK; /* nothing of it is used: a chain begins here */
        }
    }
    if (status == CS_OK) {
        status = cs_repository_tidy(repository, problem);
    }
    cs_repository_unload_blocks(repository);
    if (status == CS_OK && trust == CS_BACKUP_REUSE) {
        status = cs_repository_load_blocks(repository, problem);
    }
    cs_pack_writer_init(&saving->writer, repository);
    saving->first_pack = saving->writer.number;
    return status;
}

enum cs_status cs_repository_save(struct cs_repository *repository,
                                  const struct cs_backup_facts *facts,
                                  const struct cs_backup_source *sources, size_t count,
                                  enum cs_backup_trust trust, struct cs_backup_saved *out,
                                  struct cs_problem *problem)
{
    cs_require(count <= CS_BACKUP_FILES_MAX);
    struct saving saving = {.repository = repository,
                            .saved = {.manifest = {.facts = *facts, .file_count = count}}};
    cs_buffer_init(&saving.sealed, CS_BLOCK_SIZE + CS_AEAD_OVERHEAD);
    enum cs_status status = begin(&saving, trust, problem);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = save_file(&saving, &sources[i], &saving.saved.manifest.files[i], problem);
    }
    if (status == CS_OK) {
        status = cs_pack_writer_flush(&saving.writer, problem);
    }
    /* The manifest comes last: what it names is durable. */
    if (status == CS_OK) {
        status = put_manifest(&saving, problem);
    }
    /* After a failure the map holds blocks that were never written. */
    cs_repository_unload_blocks(repository);
    if (status == CS_OK) {
        status = cs_repository_scan(repository, problem);
    }
    if (status == CS_OK) {
        *out = saving.saved;
        out->bytes_written = saving.writer.bytes_written;
    }
    cs_pack_writer_release(&saving.writer);
    cs_buffer_release(&saving.sealed);
    return status;
}
