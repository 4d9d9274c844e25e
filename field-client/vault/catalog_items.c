/* Items of a vault by name, see catalog.h: opened once, remembered, and brought up to date from the entries that came since. */
#include "field-client/vault/catalog.h"

#include "field-client/vault/memory.h"

#include <stdlib.h>
#include <string.h>

/* A number for what is remembered here and how (FORMAT.md, Memory). */
#define LISTING_RULES "2"
/* So many entries are opened as fast as what was made of them is written. */
#define REMEMBERED_MIN 64

struct walk {
    struct cs_vault_book *book;
    struct cs_id vault;
    cs_vault_listed_visitor *visit;
    void *context;
};

/* ---- what is remembered ---- */

/* Which entries: so many, the newest of them at this place in the feed. Entries are only ever added, behind the newest; whatever else is done to
 * them forgets what was made of them (vault_records.h). Other numbers mean other entries. */
struct extent {
    uint64_t count;
    uint64_t newest;
};

static void put_extent(struct cs_buffer *out, const struct extent *extent)
{
    cs_buffer_append_u64(out, extent->count);
    cs_buffer_append_u64(out, extent->newest);
}

static struct extent enter(struct cs_reader *reader, const struct cs_buffer *content)
{
    struct extent extent;
    cs_reader_init(reader, cs_buffer_bytes(content));
    extent.count = cs_read_u64(reader);
    extent.newest = cs_read_u64(reader);
    return extent;
}

static void put_listed(struct cs_buffer *out, const struct cs_vault_listed *listed)
{
    cs_buffer_append_bytes(out, cs_id_bytes(&listed->item));
    cs_buffer_append_bytes(out, cs_bytes_of_array(listed->entry));
    cs_buffer_append_bytes(out, cs_bytes_of_array(listed->author));
    cs_buffer_append_prefixed(out, listed->listing.name);
    cs_buffer_append_prefixed(out, listed->listing.user);
    cs_buffer_append_prefixed(out, listed->listing.address);
}

static void take_listed(struct cs_reader *reader, struct cs_vault_listed *out)
{
    cs_read_copy(reader, out->item.bytes, CS_ID_SIZE);
    cs_read_copy(reader, out->entry, CS_HASH_SIZE);
    cs_read_copy(reader, out->author, CS_HASH_SIZE);
    out->listing.name = cs_read_prefixed(reader);
    out->listing.user = cs_read_prefixed(reader);
    out->listing.address = cs_read_prefixed(reader);
}

/* What was remembered, if it is of entries that are still here; otherwise nothing, of no entry. `out` begins with the extent. */
static enum cs_status recall(const struct walk *walk, struct extent *out_extent,
                             struct cs_buffer *out)
{
    struct cs_replica *replica = cs_vault_book_replica(walk->book);
    struct extent here = {0, 0};
    struct extent then = {0, 0};
    struct cs_reader reader;
    enum cs_status status = cs_vault_recall(replica, &walk->vault, CS_VAULT_MEMORY_LISTING,
                                            cs_bytes_of_text(LISTING_RULES), out);
    if (status == CS_OK) {
        then = enter(&reader, out);
        status = cs_kept_records_extent(replica, &walk->vault, CS_VAULT_ENTRY, then.newest,
                                        &here.count, &here.newest);
    }
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    if (status == CS_NOT_FOUND || here.count != then.count || here.newest != then.newest) {
        then = (struct extent){0, 0};
        cs_buffer_clear(out);
        put_extent(out, &then);
    }
    *out_extent = then;
    return out->status;
}

/* ---- entries that came since ---- */

struct kept_entry {
    struct cs_id item;
    size_t first; /* of the item's first entry, among these */
    size_t order; /* of this one */
    struct cs_bytes record;
    bool put;
};

/* They are gathered first: the visitor may read the book, and what is open then may not be asked for again. */
struct entries {
    struct cs_arena arena;
    struct kept_entry *list;
    size_t count;
    size_t capacity;
    struct extent extent; /* of these and of what was remembered */
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
    *entry = (struct kept_entry){.item = kept->item, .order = entries->count};
    entries->count++;
    entries->extent.count++;
    entries->extent.newest = kept->feed;
    return cs_arena_copy(&entries->arena, kept->record, &entry->record);
}

static int by_item(const void *left, const void *right)
{
    const struct kept_entry *a = left;
    const struct kept_entry *b = right;
    int items = cs_id_compare(&a->item, &b->item);
    return items != 0 ? items : a->order < b->order ? -1 : a->order > b->order;
}

static int compare_item(const void *item, const void *entry)
{
    return cs_id_compare(item, &((const struct kept_entry *)entry)->item);
}

static int by_first(const void *left, const void *right)
{
    const struct kept_entry *a = left;
    const struct kept_entry *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* The newest entry of each item, by item. */
static void choose_newest(struct entries *entries)
{
    size_t count = 0;
    if (entries->count == 0) {
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
}

/* ---- both together ---- */

struct merging {
    const struct cs_vault_keyring *keyring;
    struct entries *entries;
    struct cs_buffer storage; /* of one entry at a time */
    struct cs_buffer *out;
};

static enum cs_status put_entry(struct merging *merging, struct kept_entry *kept)
{
    struct cs_vault_record entry;
    struct cs_vault_listed listed = {.item = kept->item};
    enum cs_status status = cs_vault_record_decode(kept->record, &entry);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
    }
    cs_buffer_clear(&merging->storage);
    status = cs_vault_entry_open(merging->keyring, &entry, &merging->storage, &listed.listing);
    if (status == CS_OK) {
        memcpy(listed.entry, entry.id, CS_HASH_SIZE);
        memcpy(listed.author, entry.author, CS_HASH_SIZE);
        put_listed(merging->out, &listed);
        kept->put = true;
        status = merging->out->status;
    }
    return status;
}

/* Items that were there stay where they were, with what is said of them now; new ones follow in the order of their first entries. */
static enum cs_status merge(struct merging *merging, const struct cs_buffer *remembered)
{
    struct cs_reader reader;
    struct entries *entries = merging->entries;
    enum cs_status status = CS_OK;
    (void)enter(&reader, remembered);
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_vault_listed listed;
        take_listed(&reader, &listed);
        struct kept_entry *newer =
            bsearch(&listed.item, entries->list, entries->count, sizeof *newer, compare_item);
        if (reader.status != CS_OK) {
            status = CS_CORRUPT;
        } else if (newer != NULL) {
            status = put_entry(merging, newer);
        } else {
            put_listed(merging->out, &listed);
            status = merging->out->status;
        }
    }
    qsort(entries->list, entries->count, sizeof *entries->list, by_first);
    for (size_t i = 0; status == CS_OK && i < entries->count; i++) {
        status = entries->list[i].put ? CS_OK : put_entry(merging, &entries->list[i]);
    }
    return status;
}

/* All items, from what was remembered and the entries since; which is remembered in turn, where that was much. */
static enum cs_status bring_up_to_date(const struct walk *walk,
                                       const struct cs_vault_keyring *keyring,
                                       struct entries *entries, struct cs_buffer *remembered)
{
    struct cs_buffer out;
    size_t opened = entries->count;
    struct merging merging = {.keyring = keyring, .entries = entries, .out = &out};
    cs_buffer_init(&out, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&merging.storage, CS_VAULT_LISTING_MAX);
    choose_newest(entries);
    put_extent(&out, &entries->extent);
    enum cs_status status = merge(&merging, remembered);
    if (status == CS_OK && opened >= REMEMBERED_MIN) {
        cs_vault_remember(cs_vault_book_replica(walk->book), &walk->vault, CS_VAULT_MEMORY_LISTING,
                          cs_bytes_of_text(LISTING_RULES), cs_buffer_bytes(&out));
    }
    cs_buffer_release(&merging.storage);
    cs_buffer_release(remembered);
    *remembered = out;
    return status;
}

static enum cs_status load_all(const struct walk *walk, const struct cs_vault_keyring *keyring,
                               struct cs_buffer *out)
{
    struct entries entries = {.count = 0};
    cs_arena_init(&entries.arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = recall(walk, &entries.extent, out);
    if (status == CS_OK) {
        status =
            cs_kept_records_after(cs_vault_book_replica(walk->book), &walk->vault, CS_VAULT_ENTRY,
                                  entries.extent.newest, gather_entry, &entries);
    }
    if (status == CS_OK && entries.count > 0) {
        status = bring_up_to_date(walk, keyring, &entries, out);
    }
    cs_arena_release(&entries.arena);
    return status;
}

static enum cs_status visit_all(const struct walk *walk, const struct cs_buffer *content)
{
    struct cs_reader reader;
    enum cs_status status = CS_OK;
    (void)enter(&reader, content);
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_vault_listed listed = {.vault = walk->vault};
        take_listed(&reader, &listed);
        status = reader.status != CS_OK ? CS_CORRUPT : walk->visit(walk->context, &listed);
    }
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
        status = visit_all(&walk, &content);
    }
    cs_vault_keyring_destroy(keyring);
    cs_buffer_release(&content);
    return status;
}
