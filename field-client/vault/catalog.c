/* Vaults by project, items by name, see catalog.h. */
#include "field-client/vault/catalog.h"

#include "field-client/vault/memory.h"

#include <stdlib.h>
#include <string.h>

/* Fewer entries are opened as fast as what was made of them. */
#define REMEMBERED_MIN 64

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

/* ---- items ---- */

struct kept_entry {
    struct cs_id item;
    size_t order; /* among all entries */
    size_t first; /* of the item's first entry */
    struct cs_bytes record;
};

/* All entries are gathered first: the visitor may read the book, and what is open then may not be asked for again. */
struct entries {
    struct cs_arena arena;
    struct kept_entry *list;
    size_t count;
    size_t capacity;
};

static enum cs_status gather_entry(void *context, const struct cs_kept_record *kept)
{
    struct entries *entries = context;
    entries->list = cs_arena_grow(&entries->arena, entries->list, entries->count,
                                  &entries->capacity, sizeof *entries->list);
    if (entries->list == NULL) {
        return CS_NO_MEMORY;
    }
    struct kept_entry *entry = &entries->list[entries->count];
    entry->item = kept->item;
    entry->order = entries->count++;
    return cs_arena_copy(&entries->arena, kept->record, &entry->record);
}

static int by_item(const void *left, const void *right)
{
    const struct kept_entry *a = left;
    const struct kept_entry *b = right;
    int items = cs_id_compare(&a->item, &b->item);
    return items != 0 ? items : a->order < b->order ? -1 : a->order > b->order;
}

static int by_first(const void *left, const void *right)
{
    const struct kept_entry *a = left;
    const struct kept_entry *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* The newest entry of each item, where its first one stood. */
static void choose_newest(struct entries *entries)
{
    size_t count = 0;
    if (entries->count < 2) {
        return;
    }
    qsort(entries->list, entries->count, sizeof *entries->list, by_item);
    for (size_t i = 0; i < entries->count; i++) {
        struct kept_entry *entry = &entries->list[i];
        if (count > 0 && cs_id_equal(&entries->list[count - 1].item, &entry->item)) {
            entries->list[count - 1].record = entry->record;
        } else {
            entries->list[count] = *entry;
            entries->list[count++].first = entry->order;
        }
    }
    entries->count = count;
    qsort(entries->list, count, sizeof *entries->list, by_first);
}

struct walk {
    struct cs_vault_book *book;
    struct cs_id vault;
    cs_vault_listed_visitor *visit;
    void *context;
};

/* What is remembered of one item (FORMAT.md, Memory). */
static void put_remembered(struct cs_buffer *out, const struct cs_vault_listed *listed)
{
    cs_buffer_append_bytes(out, cs_id_bytes(&listed->item));
    cs_buffer_append_bytes(out, cs_bytes_of_array(listed->entry));
    cs_buffer_append_bytes(out, cs_bytes_of_array(listed->author));
    cs_buffer_append_prefixed(out, listed->listing.name);
    cs_buffer_append_prefixed(out, listed->listing.user);
    cs_buffer_append_prefixed(out, listed->listing.address);
}

static enum cs_status visit_remembered(const struct walk *walk, struct cs_bytes content)
{
    struct cs_reader reader;
    enum cs_status status = CS_OK;
    cs_reader_init(&reader, content);
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_vault_listed listed = {.vault = walk->vault};
        cs_read_copy(&reader, listed.item.bytes, CS_ID_SIZE);
        cs_read_copy(&reader, listed.entry, CS_HASH_SIZE);
        cs_read_copy(&reader, listed.author, CS_HASH_SIZE);
        listed.listing.name = cs_read_prefixed(&reader);
        listed.listing.user = cs_read_prefixed(&reader);
        listed.listing.address = cs_read_prefixed(&reader);
        status = reader.status != CS_OK ? CS_CORRUPT : walk->visit(walk->context, &listed);
    }
    return status;
}

/* Opens one entry and puts it to what will be remembered. */
static enum cs_status open_entry(const struct cs_vault_keyring *keyring,
                                 const struct kept_entry *kept, struct cs_buffer *storage,
                                 struct cs_buffer *out)
{
    struct cs_vault_record entry;
    struct cs_vault_listed listed = {.item = kept->item};
    enum cs_status status = cs_vault_record_decode(kept->record, &entry);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
    }
    cs_buffer_clear(storage);
    status = cs_vault_entry_open(keyring, &entry, storage, &listed.listing);
    if (status == CS_OK) {
        memcpy(listed.entry, entry.id, CS_HASH_SIZE);
        memcpy(listed.author, entry.author, CS_HASH_SIZE);
        put_remembered(out, &listed);
        status = out->status;
    }
    return status;
}

/* All items, from the records. */
static enum cs_status open_all(const struct walk *walk, const struct cs_vault_keyring *keyring,
                               struct cs_buffer *out)
{
    struct entries entries = {.count = 0};
    struct cs_buffer storage;
    cs_arena_init(&entries.arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&storage, CS_VAULT_LISTING_MAX);
    enum cs_status status = cs_kept_records(cs_vault_book_replica(walk->book), &walk->vault,
                                            CS_VAULT_ENTRY, gather_entry, &entries);
    if (status == CS_OK) {
        choose_newest(&entries);
    }
    for (size_t i = 0; status == CS_OK && i < entries.count; i++) {
        status = open_entry(keyring, &entries.list[i], &storage, out);
    }
    cs_buffer_release(&storage);
    cs_arena_release(&entries.arena);
    return status;
}

/* From memory, if these are the entries that it was made of. */
static enum cs_status load_all(const struct walk *walk, const struct cs_vault_keyring *keyring,
                               struct cs_buffer *out)
{
    struct cs_replica *replica = cs_vault_book_replica(walk->book);
    uint64_t count = 0;
    uint64_t newest = 0;
    struct cs_buffer as_of;
    cs_buffer_init(&as_of, CS_KIBI);
    enum cs_status status =
        cs_kept_records_extent(replica, &walk->vault, CS_VAULT_ENTRY, &count, &newest);
    cs_buffer_append_u64(&as_of, count);
    cs_buffer_append_u64(&as_of, newest);
    if (status == CS_OK) {
        status = cs_vault_recall(replica, &walk->vault, CS_VAULT_MEMORY_LISTING,
                                 cs_buffer_bytes(&as_of), out);
    }
    if (status == CS_NOT_FOUND) {
        cs_buffer_clear(out);
        status = open_all(walk, keyring, out);
        if (status == CS_OK && count >= REMEMBERED_MIN) {
            cs_vault_remember(replica, &walk->vault, CS_VAULT_MEMORY_LISTING,
                              cs_buffer_bytes(&as_of), cs_buffer_bytes(out));
        }
    }
    cs_buffer_release(&as_of);
    return status;
}

enum cs_status cs_vault_catalog_items(struct cs_vault_book *book, const struct cs_id *vault,
                                      cs_vault_listed_visitor *visit, void *context,
                                      struct cs_problem *problem)
{
    const struct walk walk = {book, *vault, visit, context};
    struct cs_vault_keyring *keyring = NULL;
    struct cs_buffer content;
    cs_buffer_init(&content, CS_MESSAGE_ARENA_MAX);
    /* Whether this device may list is judged each time. */
    enum cs_status status = cs_vault_book_keyring(book, vault, &keyring, problem);
    if (status == CS_OK) {
        status = load_all(&walk, keyring, &content);
    }
    if (status == CS_OK) {
        status = visit_remembered(&walk, cs_buffer_bytes(&content));
    }
    cs_vault_keyring_destroy(keyring);
    cs_buffer_release(&content);
    return status;
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
