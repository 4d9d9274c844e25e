/* From entries of a file to items of a vault, see import_plan.h. */
#include "field-client/vault_files/import_plan.h"

#include "shared/base/text.h"
#include "shared/crypto/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "countersign vault imported item 1"
/* Password, notes, seed, address. */
#define OWN_FIELDS ((size_t)4)
#define NUMBERED_MAX 1000u

struct planning {
    const struct cs_password_list *list;
    struct cs_arena *arena;
    struct cs_import_item *items;
};

/* ---- names ---- */

/* Characters that are not shown become blanks; what is too long is cut between characters. *changed is set then, and otherwise left. */
static struct cs_bytes make_readable(struct cs_arena *arena, struct cs_bytes text, size_t size_max,
                                     bool *changed)
{
    char *copy = cs_arena_text(arena, text);
    size_t size = text.size;
    if (copy == NULL) {
        return CS_BYTES_NONE;
    }
    if (size > size_max) {
        size = cs_utf8_cut(copy, size_max);
        *changed = true;
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t first = (uint8_t)copy[i];
        /* C1 control characters are C2 80 … C2 9F. */
        bool second = first == 0xc2 && i + 1 < size && (uint8_t)copy[i + 1] < 0xa0;
        if (first < 0x20 || first == 0x7f || second) {
            copy[i] = ' ';
            copy[i + (second ? 1 : 0)] = ' ';
            *changed = true;
        }
    }
    return cs_bytes_make(copy, size);
}

/* Never the address: there may be a password in it. */
static struct cs_bytes plain_title(const struct cs_password_entry *entry)
{
    return entry->title.size > 0       ? entry->title
           : entry->user_name.size > 0 ? entry->user_name
                                       : cs_bytes_of_text("(untitled)");
}

/* "Servers/Berlin/root". */
static enum cs_status join_groups(struct cs_arena *arena, const struct cs_password_entry *entry,
                                  struct cs_bytes *out)
{
    struct cs_buffer path;
    cs_buffer_init(&path, CS_MEBI);
    for (size_t i = 0; i < entry->group_count; i++) {
        cs_buffer_append_bytes(&path, entry->groups[i]);
        cs_buffer_append_u8(&path, '/');
    }
    cs_buffer_append_bytes(&path, plain_title(entry));
    enum cs_status status =
        path.status == CS_OK ? cs_arena_copy(arena, cs_buffer_bytes(&path), out) : path.status;
    cs_buffer_release(&path);
    return status;
}

static int by_title(const void *left, const void *right)
{
    const struct cs_import_item *const *a = left;
    const struct cs_import_item *const *b = right;
    return cs_bytes_compare(plain_title((*a)->entry), plain_title((*b)->entry));
}

/* Marks, in `out`, the entries whose title others have too. */
static enum cs_status find_repeated(const struct planning *planning, bool *out)
{
    size_t count = planning->list->count;
    const struct cs_import_item **sorted =
        cs_arena_take_array(planning->arena, count, sizeof(const struct cs_import_item *));
    if (sorted == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &planning->items[i];
    }
    qsort(sorted, count, sizeof(const struct cs_import_item *), by_title);
    for (size_t i = 1; i < count; i++) {
        if (by_title(&sorted[i - 1], &sorted[i]) == 0) {
            out[sorted[i - 1] - planning->items] = true;
            out[sorted[i] - planning->items] = true;
        }
    }
    return CS_OK;
}

static enum cs_status name_item(const struct planning *planning, struct cs_import_item *item,
                                bool with_groups)
{
    struct cs_bytes title = plain_title(item->entry);
    bool changed = false;
    if (with_groups) {
        enum cs_status status = join_groups(planning->arena, item->entry, &title);
        if (status != CS_OK) {
            return status;
        }
    }
    item->listing.name = make_readable(planning->arena, title, CS_VAULT_LISTING_NAME_MAX, &changed);
    item->listing.user =
        make_readable(planning->arena, item->entry->user_name, CS_VAULT_LISTING_USER_MAX, &changed);
    item->remarks |= changed ? CS_IMPORT_NAME_CHANGED : 0u;
    return item->listing.name.size == 0 ? CS_NO_MEMORY : CS_OK;
}

/* ---- ids ---- */

static enum cs_status append_origin(const struct cs_password_entry *entry, struct cs_buffer *out)
{
    if (!cs_id_is_zero(&entry->id)) {
        cs_buffer_append_bytes(out, cs_id_bytes(&entry->id));
        return out->status;
    }
    for (size_t i = 0; i < entry->group_count; i++) {
        cs_buffer_append_prefixed(out, entry->groups[i]);
    }
    cs_buffer_append_prefixed(out, entry->title);
    cs_buffer_append_prefixed(out, entry->user_name);
    cs_buffer_append_prefixed(out, entry->url);
    return out->status;
}

static enum cs_status make_id(const struct cs_password_entry *entry, const struct cs_id *vault,
                              struct cs_bytes key, uint32_t repeat, struct cs_id *out)
{
    uint8_t hash[CS_HASH_SIZE];
    uint8_t number[4] = {(uint8_t)(repeat >> 24), (uint8_t)(repeat >> 16), (uint8_t)(repeat >> 8),
                         (uint8_t)repeat};
    struct cs_buffer origin;
    cs_buffer_init(&origin, CS_MEBI);
    enum cs_status status = append_origin(entry, &origin);
    if (status == CS_OK) {
        const struct cs_bytes parts[] = {cs_id_bytes(vault), cs_buffer_bytes(&origin),
                                         cs_bytes_of_array(number)};
        cs_hash_keyed(LABEL, key, parts, CS_COUNT(parts), hash);
        memcpy(out->bytes, hash, CS_ID_SIZE);
    }
    cs_buffer_release(&origin);
    return status;
}

static int by_id(const void *left, const void *right)
{
    const struct cs_import_item *const *a = left;
    const struct cs_import_item *const *b = right;
    int order = cs_id_compare(&(*a)->id, &(*b)->id);
    return order != 0 ? order : (*a > *b) - (*a < *b);
}

/* Entries that the file does not tell apart are counted, in its order. */
static enum cs_status number_repeated(const struct planning *planning, const struct cs_id *vault,
                                      struct cs_bytes key)
{
    size_t count = planning->list->count;
    struct cs_import_item **sorted =
        cs_arena_take_array(planning->arena, count, sizeof(struct cs_import_item *));
    enum cs_status status = sorted == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        sorted[i] = &planning->items[i];
        status = make_id(sorted[i]->entry, vault, key, 0, &sorted[i]->id);
    }
    if (status != CS_OK) {
        return status;
    }
    qsort(sorted, count, sizeof(struct cs_import_item *), by_id);
    struct cs_id group = count > 0 ? sorted[0]->id : (struct cs_id){{0}};
    uint32_t repeat = 0;
    for (size_t i = 1; status == CS_OK && i < count; i++) {
        bool same = cs_id_equal(&sorted[i]->id, &group);
        group = same ? group : sorted[i]->id;
        repeat = same ? repeat + 1 : 0;
        if (same) {
            status = make_id(sorted[i]->entry, vault, key, repeat, &sorted[i]->id);
        }
    }
    return status;
}

/* ---- secrets ---- */

static bool is_taken(const struct cs_import_field *fields, size_t count, struct cs_bytes name)
{
    bool taken = false;
    for (size_t i = 0; i < count; i++) {
        taken = taken || cs_bytes_equal(fields[i].name, name);
    }
    return taken;
}

/* "password (2)" where "password" is taken; NULL name: no memory. */
static struct cs_bytes free_name(struct cs_arena *arena, const struct cs_import_field *fields,
                                 size_t count, struct cs_bytes wanted, bool *renamed)
{
    bool changed = false;
    struct cs_bytes name = make_readable(arena, wanted, CS_NAME_MAX, &changed);
    for (unsigned number = 2;
         name.size > 0 && number < NUMBERED_MAX && is_taken(fields, count, name); number++) {
        char text[CS_NAME_MAX + 16];
        char suffix[16];
        int suffix_size = snprintf(suffix, sizeof suffix, " (%u)", number);
        struct cs_bytes base =
            make_readable(arena, wanted, CS_NAME_MAX - (size_t)suffix_size, &changed);
        if (base.size == 0) {
            return CS_BYTES_NONE;
        }
        memcpy(text, base.data, base.size);
        memcpy(text + base.size, suffix, (size_t)suffix_size);
        changed = true;
        if (cs_arena_copy(arena, cs_bytes_make(text, base.size + (size_t)suffix_size), &name) !=
            CS_OK) {
            return CS_BYTES_NONE;
        }
    }
    *renamed = *renamed || changed;
    return name;
}

static void put_field(struct cs_import_item *item, struct cs_import_field *fields,
                      struct cs_bytes name, struct cs_bytes value)
{
    if (value.size > 0) {
        fields[item->field_count++] = (struct cs_import_field){.name = name, .value = value};
    }
}

/* It would be shown to whoever may list. */
static bool hides_password(const struct cs_vault_listing *listing)
{
    struct cs_buffer scratch;
    struct cs_vault_listing without = *listing;
    without.address = CS_BYTES_NONE;
    cs_buffer_init(&scratch, CS_VAULT_LISTING_MAX);
    bool alone = cs_vault_listing_encode(&without, &scratch) == CS_OK;
    bool both = alone && cs_vault_listing_encode(listing, &scratch) == CS_OK;
    cs_buffer_release(&scratch);
    return alone && !both;
}

static enum cs_status collect_fields(const struct planning *planning, struct cs_import_item *item)
{
    const struct cs_password_entry *entry = item->entry;
    struct cs_import_field *fields = cs_arena_take_array(
        planning->arena, OWN_FIELDS + entry->field_count, sizeof(struct cs_import_field));
    bool renamed = false;
    if (fields == NULL) {
        return CS_NO_MEMORY;
    }
    item->fields = fields;
    item->listing.address = entry->url;
    put_field(item, fields, cs_bytes_of_text("password"), entry->password);
    put_field(item, fields, cs_bytes_of_text("notes"), entry->notes);
    put_field(item, fields, cs_bytes_of_text("totp"), entry->totp);
    if (hides_password(&item->listing)) {
        item->listing.address = CS_BYTES_NONE;
        item->remarks |= CS_IMPORT_ADDRESS_SECRET;
        put_field(item, fields, cs_bytes_of_text("address"), entry->url);
    }
    for (size_t i = 0; i < entry->field_count; i++) {
        struct cs_bytes name =
            free_name(planning->arena, fields, item->field_count, entry->fields[i].name, &renamed);
        if (name.size == 0) {
            return CS_NO_MEMORY;
        }
        put_field(item, fields, name, entry->fields[i].value);
    }
    item->remarks |= renamed ? CS_IMPORT_FIELD_RENAMED : 0u;
    return CS_OK;
}

static const char *refusal_of(const struct cs_import_item *item)
{
    struct cs_buffer scratch;
    cs_buffer_init(&scratch, CS_VAULT_LISTING_MAX);
    enum cs_status status = cs_vault_listing_encode(&item->listing, &scratch);
    cs_buffer_release(&scratch);
    if (status != CS_OK) {
        return "name, user name or address cannot be listed";
    }
    for (size_t i = 0; i < item->field_count; i++) {
        if (item->fields[i].value.size > CS_VAULT_SECRET_MAX - 4) {
            return "a value is longer than a vault holds";
        }
    }
    return NULL;
}

enum cs_status cs_import_plan(const struct cs_password_list *list, const struct cs_id *vault,
                              struct cs_bytes listing_key, struct cs_arena *arena,
                              struct cs_import_item **out)
{
    struct planning planning = {.list = list, .arena = arena};
    planning.items = cs_arena_take_array(arena, list->count, sizeof *planning.items);
    bool *repeated = cs_arena_take_array(arena, list->count, sizeof *repeated);
    enum cs_status status = planning.items == NULL || repeated == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < list->count; i++) {
        planning.items[i].entry = &list->entries[i];
    }
    if (status == CS_OK) {
        status = find_repeated(&planning, repeated);
    }
    if (status == CS_OK) {
        status = number_repeated(&planning, vault, listing_key);
    }
    for (size_t i = 0; status == CS_OK && i < list->count; i++) {
        struct cs_import_item *item = &planning.items[i];
        status = name_item(&planning, item, repeated[i] && item->entry->group_count > 0);
        if (status == CS_OK) {
            status = collect_fields(&planning, item);
        }
        item->refusal = status == CS_OK ? refusal_of(item) : NULL;
    }
    if (status == CS_OK) {
        *out = planning.items;
    }
    return status;
}
