/* Removing backups and what only they needed; see repository.h. */
#include "sync-server/backup/repository_internal.h"

#include <string.h>

static enum cs_status remove_file(struct cs_repository *repository, enum cs_repository_file kind,
                                  uint64_t number, struct cs_problem *problem)
{
    char name[CS_REPOSITORY_NAME_MAX];
    cs_repository_name(kind, number, name);
    enum cs_status status = repository->disk.remove(repository->disk.context, name);
    return status == CS_OK ? CS_OK : cs_repository_disk_problem(status, "removed", name, problem);
}

/* The oldest first, so that what is left is always a run that ends with the newest (and perhaps the last verified one). */
static enum cs_status remove_backups(struct cs_repository *repository, size_t keep,
                                     struct cs_backup_pruned *pruned, struct cs_problem *problem)
{
    uint64_t verified = 0;
    enum cs_status status = cs_repository_last_verified(repository, &verified, problem);
    size_t count = repository->backups.count;
    for (size_t i = 0; status == CS_OK && i + keep < count; i++) {
        uint64_t sequence = repository->backups.items[i];
        if (sequence == verified) {
            continue;
        }
        status = remove_file(repository, CS_REPOSITORY_VERIFIED, sequence, problem);
        if (status == CS_OK) {
            status = remove_file(repository, CS_REPOSITORY_BACKUP, sequence, problem);
        }
        pruned->backups++;
    }
    return status == CS_OK ? cs_repository_scan(repository, problem) : status;
}

/* ---- what is still needed ---- */

static enum cs_status mark(struct cs_repository *repository, const struct cs_block_id *ids,
                           size_t count, struct cs_problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        struct cs_block_entry *entry = cs_block_map_find(&repository->blocks, &ids[i]);
        if (entry == NULL) {
            return cs_problem_set(
                problem, CS_CORRUPT,
                "something that a backup needs is in no pack of the repository%s%s",
                repository->lost.text[0] != '\0' ? ": " : "", repository->lost.text);
        }
        entry->live = true;
    }
    return CS_OK;
}

static enum cs_status mark_tree(struct cs_repository *repository, const struct cs_backup_file *file,
                                struct cs_problem *problem)
{
    size_t counts[CS_TREE_LEVELS_MAX];
    unsigned level = 0;
    enum cs_status status = cs_tree_counts(file->size, counts, &level);
    struct cs_block_id *ids = status == CS_OK ? cs_alloc_zero(1, sizeof *ids) : NULL;
    if (ids == NULL) {
        status = status == CS_OK ? CS_NO_MEMORY : status;
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    ids[0] = file->root;
    status = mark(repository, ids, counts[level], problem);
    for (; status == CS_OK && level > 0; level--) {
        struct cs_block_id *below = NULL;
        status =
            cs_tree_descend(repository, ids, counts[level], counts[level - 1], &below, problem);
        if (status == CS_OK) {
            cs_free(ids);
            ids = below;
            status = mark(repository, ids, counts[level - 1], problem);
        }
    }
    cs_free(ids);
    return status;
}

static enum cs_status mark_all(struct cs_repository *repository, struct cs_problem *problem)
{
    cs_repository_unload_blocks(repository);
    enum cs_status status = cs_repository_load_blocks(repository, problem);
    for (size_t i = 0; status == CS_OK && i < repository->backups.count; i++) {
        struct cs_manifest manifest;
        status =
            cs_repository_manifest(repository, repository->backups.items[i], &manifest, problem);
        for (size_t f = 0; status == CS_OK && f < manifest.file_count; f++) {
            if (manifest.files[f].size > 0) {
                status = mark_tree(repository, &manifest.files[f], problem);
            }
        }
    }
    return status;
}

/* ---- packs ---- */

struct moving {
    struct cs_pack_writer *writer;
    const struct cs_block_id *ids;
    struct cs_problem *problem;
};

static enum cs_status move_block(void *context, size_t index, struct cs_bytes plain,
                                 struct cs_bytes sealed)
{
    (void)plain;
    struct moving *moving = context;
    return cs_pack_writer_add(moving->writer, &moving->ids[index], sealed, moving->problem);
}

/* What is in one pack, and the needed blocks of it, to be freed. Blocks that stand elsewhere too do not count. */
struct pack_content {
    struct cs_block_id *live;
    size_t live_count;
    uint64_t live_bytes;
    uint64_t bytes;
};

static enum cs_status list_live(const struct cs_repository *repository, uint64_t pack,
                                struct pack_content *out)
{
    const struct cs_block_map *map = &repository->blocks;
    struct pack_content content = {.live = NULL};
    for (size_t i = 0; i < map->capacity; i++) {
        const struct cs_block_entry *entry = &map->entries[i];
        if (entry->place.pack == pack) {
            content.bytes += entry->place.size;
            content.live_bytes += entry->live ? entry->place.size : 0;
            content.live_count += entry->live ? 1 : 0;
        }
    }
    struct cs_block_id *ids = cs_alloc_zero(content.live_count, sizeof *ids);
    if (ids == NULL) {
        return CS_NO_MEMORY;
    }
    size_t at = 0;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].place.pack == pack && map->entries[i].live) {
            ids[at++] = map->entries[i].id;
        }
    }
    content.live = ids;
    *out = content;
    return CS_OK;
}

/* The index first: a pack without one is tidied away, an index without a pack would be damage. */
static enum cs_status remove_pack(struct cs_repository *repository, uint64_t number, uint64_t size,
                                  struct cs_backup_pruned *pruned, struct cs_problem *problem)
{
    enum cs_status status = remove_file(repository, CS_REPOSITORY_INDEX, number, problem);
    if (status == CS_OK) {
        status = remove_file(repository, CS_REPOSITORY_PACK, number, problem);
    }
    pruned->packs++;
    pruned->bytes_freed += size;
    return status;
}

static enum cs_status prune_pack(struct cs_repository *repository, struct cs_pack_writer *writer,
                                 uint64_t number, struct cs_backup_pruned *pruned,
                                 struct cs_problem *problem)
{
    struct pack_content content;
    enum cs_status status = list_live(repository, number, &content);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    bool goes = content.live_bytes < content.bytes / 2 || content.live_count == 0;
    if (goes && content.live_count > 0) {
        struct moving moving = {.writer = writer, .ids = content.live, .problem = problem};
        status = cs_repository_fetch(repository, content.live, content.live_count, move_block,
                                     &moving, problem);
        /* Durable before the old one goes. */
        if (status == CS_OK) {
            status = cs_pack_writer_flush(writer, problem);
        }
    }
    if (status == CS_OK && goes) {
        status = remove_pack(repository, number, content.bytes, pruned, problem);
    }
    cs_free(content.live);
    return status;
}

enum cs_status cs_repository_prune(struct cs_repository *repository, size_t keep,
                                   struct cs_backup_pruned *out, struct cs_problem *problem)
{
    struct cs_backup_pruned pruned = {.backups = 0};
    struct cs_pack_writer writer;
    cs_require(keep > 0);
    enum cs_status status = cs_repository_tidy(repository, problem);
    if (status == CS_OK) {
        status = remove_backups(repository, keep, &pruned, problem);
    }
    /* Before anything more is removed all that is kept is known. */
    if (status == CS_OK) {
        status = mark_all(repository, problem);
    }
    cs_pack_writer_init(&writer, repository);
    for (size_t i = 0; status == CS_OK && i < repository->packs.count; i++) {
        status = prune_pack(repository, &writer, repository->packs.items[i], &pruned, problem);
    }
    pruned.bytes_freed -=
        writer.bytes_written < pruned.bytes_freed ? writer.bytes_written : pruned.bytes_freed;
    cs_pack_writer_release(&writer);
    cs_repository_unload_blocks(repository);
    if (status == CS_OK) {
        status = cs_repository_scan(repository, problem);
    }
    if (status == CS_OK) {
        *out = pruned;
    }
    return status;
}
