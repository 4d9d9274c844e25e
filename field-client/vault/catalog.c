/* Vaults by project, versions of items, see catalog.h; items are in catalog_items.c. */
#include "field-client/vault/catalog.h"

/* The creation is the first record of a log that was verified. */
static enum cs_status project_of(struct cs_vault_book *book, const struct cs_id *vault,
                                 struct cs_id *out)
{
    struct cs_vault_log *log = NULL;
    struct cs_problem problem = {""};
    struct cs_arena arena;
    struct cs_kept_record kept;
    struct cs_vault_record creation;
    enum cs_status status = cs_vault_book_log(book, vault, &log, &problem);
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, CS_MEBI);
    status = cs_kept_record_of_log(cs_vault_book_replica(book), vault, 0, &arena, &kept);
    if (status == CS_OK) {
        status = cs_vault_record_decode(kept.record, &creation);
    }
    if (status == CS_OK) {
        *out = creation.project;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_catalog_vaults(struct cs_vault_book *book, struct cs_arena *arena,
                                       struct cs_vault_of_project **out, size_t *out_count)
{
    struct cs_kept_vault *kept = NULL;
    size_t kept_count = 0;
    size_t count = 0;
    enum cs_status status = cs_kept_vaults(cs_vault_book_replica(book), arena, &kept, &kept_count);
    struct cs_vault_of_project *list = NULL;
    if (status == CS_OK) {
        list = cs_arena_take_array(arena, kept_count, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < kept_count; i++) {
        struct cs_vault_of_project *next = &list[count];
        *next = (struct cs_vault_of_project){.vault = kept[i].vault, .level = kept[i].level};
        enum cs_status found = project_of(book, &kept[i].vault, &next->project);
        status = cs_status_class(found) == CS_CLASS_LOCAL && found != CS_NOT_FOUND ? found : CS_OK;
        count += found == CS_OK ? 1 : 0;
    }
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_vault_catalog_find(struct cs_vault_book *book, const struct cs_id *project,
                                     struct cs_id *out_vault)
{
    struct cs_arena arena;
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_catalog_vaults(book, &arena, &list, &count);
    bool found = false;
    for (size_t i = 0; status == CS_OK && i < count && !found; i++) {
        found = cs_id_equal(&list[i].project, project);
        if (found) {
            *out_vault = list[i].vault;
        }
    }
    cs_arena_release(&arena);
    return status != CS_OK ? status : found ? CS_OK : CS_NOT_FOUND;
}

/* ---- versions ---- */

struct versions {
    struct cs_arena *arena;
    struct cs_vault_kept_version *list;
    size_t count;
    size_t capacity;
};

static enum cs_status gather_version(void *context, const struct cs_kept_record *kept)
{
    struct versions *versions = context;
    struct cs_bytes copy;
    versions->list = cs_arena_grow(versions->arena, versions->list, versions->count,
                                   &versions->capacity, sizeof *versions->list);
    if (versions->list == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_vault_kept_version *next = &versions->list[versions->count];
    next->logged_ms = kept->moment.logged_ms;
    enum cs_status status = cs_arena_copy(versions->arena, kept->record, &copy);
    if (status == CS_OK) {
        status = cs_vault_record_decode(copy, &next->version);
    }
    versions->count += status == CS_OK ? 1 : 0;
    return status;
}

enum cs_status cs_vault_catalog_versions(struct cs_vault_book *book, const struct cs_id *vault,
                                         const struct cs_id *item, struct cs_arena *arena,
                                         struct cs_vault_kept_version **out, size_t *out_count)
{
    struct versions versions = {.arena = arena};
    enum cs_status status = cs_kept_records_of_item(
        cs_vault_book_replica(book), vault, CS_VAULT_VERSION, item, gather_version, &versions);
    for (size_t i = 0; status == CS_OK && i < versions.count; i++) {
        struct cs_version_state state;
        status = cs_vault_book_state(book, &versions.list[i].version, &state);
        if (status == CS_OK) {
            versions.list[i].state = state.now;
        }
    }
    if (status == CS_OK) {
        *out = versions.list;
        *out_count = versions.count;
    }
    return status;
}
