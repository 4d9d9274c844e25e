/* Reading blocks, each pack once, and files from their trees; see repository.h. */
#include "sync-server/backup/repository_internal.h"

#include <stdlib.h>
#include <string.h>

struct wanted {
    struct cs_block_place place;
    size_t index; /* in the caller's list */
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *left = a;
    const struct wanted *right = b;
    if (left->place.pack != right->place.pack) {
        return left->place.pack < right->place.pack ? -1 : 1;
    }
    return left->place.offset < right->place.offset ? -1 : left->place.offset > right->place.offset;
}

struct fetch {
    const struct cs_repository *repository;
    const struct cs_block_id *ids;
    cs_block_visitor *visit;
    void *context;
    uint64_t loaded; /* pack in the buffer; 0: none */
    struct cs_buffer pack;
    struct cs_buffer plain;
};

static enum cs_status locate(const struct cs_repository *repository, const struct cs_block_id *ids,
                             size_t count, struct wanted *wanted, struct cs_problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        const struct cs_block_entry *entry = cs_block_map_find(&repository->blocks, &ids[i]);
        if (entry == NULL) {
            const char *lost = repository->lost.text;
            return cs_problem_set(problem, CS_CORRUPT,
                                  "something that the backup needs is in no pack of the "
                                  "repository%s%s",
                                  lost[0] != '\0' ? ": " : "", lost);
        }
        wanted[i] = (struct wanted){.place = entry->place, .index = i};
    }
    if (count > 0) {
        qsort(wanted, count, sizeof *wanted, compare_wanted);
    }
    return CS_OK;
}

static enum cs_status load_pack(struct fetch *fetch, uint64_t number, struct cs_problem *problem)
{
    char name[CS_REPOSITORY_NAME_MAX];
    if (fetch->loaded == number) {
        return CS_OK;
    }
    const struct cs_backup_disk *disk = &fetch->repository->disk;
    cs_repository_name(CS_REPOSITORY_PACK, number, name);
    cs_buffer_clear(&fetch->pack);
    enum cs_status status = disk->read(disk->context, name, &fetch->pack);
    if (status == CS_NOT_FOUND || status == CS_LIMIT) {
        return cs_problem_set(problem, CS_CORRUPT, "the repository's %s is %s", name,
                              status == CS_NOT_FOUND ? "missing" : "damaged");
    }
    if (status != CS_OK) {
        return cs_repository_disk_problem(status, "read", name, problem);
    }
    fetch->loaded = number;
    return CS_OK;
}

static enum cs_status visit_one(struct fetch *fetch, const struct wanted *wanted,
                                struct cs_problem *problem)
{
    const struct cs_block_place *place = &wanted->place;
    enum cs_status status = load_pack(fetch, place->pack, problem);
    if (status != CS_OK) {
        return status;
    }
    size_t size = fetch->pack.size;
    cs_buffer_clear(&fetch->plain);
    status = CS_MALFORMED;
    struct cs_bytes sealed = CS_BYTES_NONE;
    if (place->offset <= size && place->size <= size - place->offset) {
        sealed = cs_bytes_make(fetch->pack.data + place->offset, place->size);
        status = cs_repository_open_block(fetch->repository, &fetch->ids[wanted->index], sealed,
                                          &fetch->plain);
    }
    if (status == CS_FORGED || status == CS_MALFORMED || status == CS_LIMIT) {
        char name[CS_REPOSITORY_NAME_MAX];
        cs_repository_name(CS_REPOSITORY_PACK, place->pack, name);
        return cs_problem_set(problem, CS_CORRUPT, "the repository's %s is damaged at byte %llu",
                              name, (unsigned long long)place->offset);
    }
    if (status == CS_OK) {
        status =
            fetch->visit(fetch->context, wanted->index, cs_buffer_bytes(&fetch->plain), sealed);
    }
    return status == CS_OK || (problem != NULL && problem->text[0] != '\0')
               ? status
               : cs_problem_set(problem, status, "%s", cs_status_text(status));
}

enum cs_status cs_repository_fetch(const struct cs_repository *repository,
                                   const struct cs_block_id *ids, size_t count,
                                   cs_block_visitor *visit, void *context,
                                   struct cs_problem *problem)
{
    struct wanted *wanted = cs_alloc_zero(count, sizeof *wanted);
    if (wanted == NULL) {
        return cs_problem_set(problem, CS_NO_MEMORY, "%s", cs_status_text(CS_NO_MEMORY));
    }
    struct fetch fetch = {.repository = repository, .ids = ids, .visit = visit, .context = context};
    cs_buffer_init(&fetch.pack, CS_PACK_SIZE_MAX);
    cs_buffer_init(&fetch.plain, CS_BLOCK_SIZE);
    enum cs_status status = locate(repository, ids, count, wanted, problem);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = visit_one(&fetch, &wanted[i], problem);
    }
    cs_buffer_release(&fetch.pack);
    cs_buffer_release(&fetch.plain);
    cs_free(wanted);
    return status;
}

/* ---- trees ---- */

enum cs_status cs_tree_counts(uint64_t size, size_t out[static CS_TREE_LEVELS_MAX],
                              unsigned *out_top)
{
    uint64_t count = size / CS_BLOCK_SIZE + (size % CS_BLOCK_SIZE != 0 ? 1 : 0);
    unsigned level = 0;
    if (count > SIZE_MAX / (2 * CS_BLOCK_SIZE)) {
        return CS_LIMIT;
    }
    out[0] = (size_t)count;
    while (count > 1) {
        count = (count + CS_NODE_IDS - 1) / CS_NODE_IDS;
        if (++level == CS_TREE_LEVELS_MAX) {
            return CS_LIMIT;
        }
        out[level] = (size_t)count;
    }
    *out_top = level;
    return CS_OK;
}

struct descent {
    struct cs_block_id *ids;
    size_t count;
};

static enum cs_status take_node(void *context, size_t index, struct cs_bytes plain,
                                struct cs_bytes sealed)
{
    (void)sealed;
    const struct descent *descent = context;
    size_t first = index * CS_NODE_IDS;
    size_t left = descent->count - first;
    size_t expected = left < CS_NODE_IDS ? left : CS_NODE_IDS;
    if (plain.size != expected * CS_HASH_SIZE) {
        return CS_CORRUPT;
    }
    memcpy(descent->ids + first, plain.data, plain.size);
    return CS_OK;
}

enum cs_status cs_tree_descend(const struct cs_repository *repository,
                               const struct cs_block_id *ids, size_t count, size_t below_count,
                               struct cs_block_id **out, struct cs_problem *problem)
{
    struct descent descent = {.ids = cs_alloc_zero(below_count, sizeof *descent.ids),
                              .count = below_count};
    if (descent.ids == NULL) {
        return cs_problem_set(problem, CS_NO_MEMORY, "%s", cs_status_text(CS_NO_MEMORY));
    }
    enum cs_status status =
        cs_repository_fetch(repository, ids, count, take_node, &descent, problem);
    if (status != CS_OK) {
        cs_free(descent.ids);
        return status;
    }
    *out = descent.ids;
    return CS_OK;
}

struct restoring {
    uint64_t size;
    cs_backup_sink *sink;
    void *context;
};

static enum cs_status give_block(void *context, size_t index, struct cs_bytes plain,
                                 struct cs_bytes sealed)
{
    (void)sealed;
    const struct restoring *restoring = context;
    uint64_t offset = (uint64_t)index * CS_BLOCK_SIZE;
    uint64_t left = restoring->size - offset;
    if (plain.size != (left < CS_BLOCK_SIZE ? left : CS_BLOCK_SIZE)) {
        return CS_CORRUPT;
    }
    return restoring->sink(restoring->context, offset, plain);
}

static enum cs_status restore_tree(const struct cs_repository *repository,
                                   const struct cs_backup_file *file, struct restoring *restoring,
                                   struct cs_problem *problem)
{
    size_t counts[CS_TREE_LEVELS_MAX];
    unsigned level = 0;
    enum cs_status status = cs_tree_counts(file->size, counts, &level);
    struct cs_block_id *ids = NULL;
    if (status == CS_OK) {
        ids = cs_alloc_zero(1, sizeof *ids);
        status = ids == NULL ? CS_NO_MEMORY : CS_OK;
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    ids[0] = file->root;
    for (; status == CS_OK && level > 0; level--) {
        struct cs_block_id *below = NULL;
        status =
            cs_tree_descend(repository, ids, counts[level], counts[level - 1], &below, problem);
        if (status == CS_OK) {
            cs_free(ids);
            ids = below;
        }
    }
    if (status == CS_OK) {
        status = cs_repository_fetch(repository, ids, counts[0], give_block, restoring, problem);
    }
    cs_free(ids);
    return status;
}

enum cs_status cs_repository_restore(struct cs_repository *repository,
                                     const struct cs_manifest *manifest, const char *name,
                                     cs_backup_sink *sink, void *context,
                                     struct cs_problem *problem)
{
    const struct cs_backup_file *file = cs_manifest_file(manifest, name);
    if (file == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND, "backup %llu has no file %s",
                              (unsigned long long)manifest->sequence, name);
    }
    enum cs_status status = cs_repository_load_blocks(repository, problem);
    struct restoring restoring = {.size = file->size, .sink = sink, .context = context};
    return status != CS_OK || file->size == 0 ? status
                                              : restore_tree(repository, file, &restoring, problem);
}
