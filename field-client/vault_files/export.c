/* From a vault to a password list, see export.h. */
#include "field-client/vault_files/export.h"

#include "field-client/vault/catalog.h"
#include "field-client/vault/fields.h"

#include <stdlib.h>
#include <string.h>

/* ---- which versions ---- */

static int by_bytes(const void *left, const void *right)
{
    return memcmp(left, right, CS_ID_SIZE);
}

enum cs_status cs_export_choose(struct cs_vault_book *book, const struct cs_id *vault,
                                struct cs_arena *arena, struct cs_bytes *out)
{
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    size_t chosen = 0;
    enum cs_status status = cs_vault_fields_load(book, vault, NULL, arena, &fields, &count);
    struct cs_id *ids = status == CS_OK ? cs_arena_take_array(arena, count, sizeof *ids) : NULL;
    if (status != CS_OK || ids == NULL) {
        return status != CS_OK ? status : CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const struct cs_vault_field_version *version = cs_vault_field_confirmed(&fields[i]);
        version = version != NULL ? version : cs_vault_field_coming(&fields[i]);
        /* What the server does not have yet it cannot release. */
        if (version != NULL && version->acknowledged) {
            ids[chosen++] = version->id;
        }
    }
    qsort(ids, chosen, sizeof *ids, by_bytes);
    *out = cs_bytes_make((const uint8_t *)ids, chosen * CS_ID_SIZE);
    return CS_OK;
}

/* ---- what was taken ---- */

struct taken {
    struct cs_id item;
    struct cs_bytes field;
    struct cs_bytes value;
};

struct cs_export {
    struct cs_arena arena;
    struct cs_guarded values;
    struct taken *taken;
    size_t count;
    size_t capacity;
};

enum cs_status cs_export_create(struct cs_export **out)
{
    struct cs_export *export = cs_alloc_zero(1, sizeof *export);
    if (export == NULL) {
        return CS_NO_MEMORY;
    }
    cs_arena_init(&export->arena, CS_PASSWORD_FILE_UNPACKED_MAX);
    cs_guarded_init(&export->values);
    *out = export;
    return CS_OK;
}

void cs_export_destroy(struct cs_export *export)
{
    if (export != NULL) {
        cs_guarded_release(&export->values);
        cs_arena_release(&export->arena);
        cs_free(export);
    }
}

enum cs_status cs_export_take(struct cs_export *export, const struct cs_vault_record *version,
                              struct cs_bytes secret, struct cs_problem *problem)
{
    struct taken taken = {.item = version->item};
    struct taken *list = cs_arena_grow(&export->arena, export->taken, export->count,
                                       &export->capacity, sizeof *list);
    enum cs_status status = list == NULL ? CS_NO_MEMORY : CS_OK;
    if (status == CS_OK) {
        export->taken = list;
        status = cs_arena_copy(&export->arena, version->field, &taken.field);
    }
    if (status == CS_OK) {
        status = cs_guarded_copy(&export->values, secret, &taken.value);
    }
    if (status == CS_OK) {
        list[export->count++] = taken;
    } else if (status == CS_LIMIT) {
        status = cs_problem_set(problem, status, "this is more than a password file may hold");
    }
    return status;
}

/* ---- the list ---- */

struct finishing {
    struct cs_export *export;
    struct cs_password_list *list;
    struct cs_problem *problem;
};

static int by_item(const void *left, const void *right)
{
    const struct taken *a = left;
    const struct taken *b = right;
    int order = cs_id_compare(&a->item, &b->item);
    return order != 0 ? order : cs_bytes_compare(a->field, b->field);
}

/* Where the fields of an item begin; NULL: none was taken. */
static const struct taken *find_first(const struct cs_export *export, const struct cs_id *item)
{
    size_t low = 0;
    size_t high = export->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cs_id_compare(&export->taken[middle].item, item) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < export->count && cs_id_equal(&export->taken[low].item, item) ? &export->taken[low]
                                                                              : NULL;
}

static void put_value(struct cs_password_entry *entry, struct cs_password_field *fields,
                      const struct taken *taken)
{
    if (cs_bytes_equal_text(taken->field, "password")) {
        entry->password = taken->value;
    } else if (cs_bytes_equal_text(taken->field, "notes")) {
        entry->notes = taken->value;
    } else if (cs_bytes_equal_text(taken->field, "totp")) {
        entry->totp = taken->value;
    } else if (cs_bytes_equal_text(taken->field, "address") && entry->url.size == 0) {
        entry->url = taken->value;
    } else {
        fields[entry->field_count++] = (struct cs_password_field){taken->field, taken->value, true};
    }
}

static enum cs_status take_item(void *context, const struct cs_vault_listed *listed)
{
    struct finishing *finishing = context;
    const struct cs_export *export = finishing->export;
    const struct taken *taken = find_first(export, &listed->item);
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    if (taken == NULL) {
        return CS_OK;
    }
    const struct taken *end = taken;
    while (end < export->taken + export->count && cs_id_equal(&end->item, &listed->item)) {
        end++;
    }
    struct cs_password_field *fields =
        cs_arena_take_array(&finishing->export->arena, (size_t)(end - taken), sizeof *fields);
    if (fields == NULL) {
        return CS_NO_MEMORY;
    }
    entry.id = listed->item;
    entry.title = listed->listing.name;
    entry.user_name = listed->listing.user;
    entry.url = listed->listing.address;
    entry.fields = fields;
    for (; taken < end; taken++) {
        put_value(&entry, fields, taken);
    }
    return cs_password_list_add(finishing->list, &entry, finishing->problem);
}

enum cs_status cs_export_finish(struct cs_export *export, struct cs_vault_book *book,
                                const struct cs_id *vault, struct cs_password_list *list,
                                struct cs_problem *problem)
{
    struct finishing finishing = {export, list, problem};
    qsort(export->taken, export->count, sizeof *export->taken, by_item);
    return cs_vault_catalog_items(book, vault, take_item, &finishing, problem);
}
