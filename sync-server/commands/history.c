/*
 * `history`: the transactions that touched one row, from the stored change-sets.
 *
 * Change-sets are signed by their devices, so what is shown is what was entered, whatever became of the row since. Rows that
 * the server computes itself have no change-sets.
 */
#include "shared/base/text.h"
#include "shared/domain/value_text.h"
#include "sync-server/commands/facts.h"
#include "sync-server/commands/folder.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (256 * CS_MEBI)
#define VALUE_TEXT_MAX (4 * CS_VALUE_MAX)

struct entry {
    int64_t received_ms;
    struct cs_version version;
    struct cs_json *json; /* owned */
};

struct history {
    struct cs_store *store;
    const struct cs_entity *entity;
    struct cs_id row;
    bool all; /* refused, held and repeated ones too */
    const struct cs_device *devices;
    size_t device_count;
    struct entry *entries;
    size_t count;
    size_t capacity;
};

static const char *outcome_name(enum cs_outcome outcome)
{
    switch (outcome) {
    case CS_OUTCOME_APPLIED:
        return "applied";
    case CS_OUTCOME_REFUSED:
        return "refused";
    case CS_OUTCOME_HELD:
        return "held";
    case CS_OUTCOME_DUPLICATE:
        return "duplicate";
    }
    return "unknown";
}

static const char *kind_name(enum cs_operation_kind kind)
{
    switch (kind) {
    case CS_OPERATION_INSERT:
        return "insert";
    case CS_OPERATION_UPDATE:
        return "update";
    case CS_OPERATION_DELETE:
        return "delete";
    }
    return "unknown";
}

/* ---- one transaction as JSON ---- */

/* A field that this program does not know is shown only where it is text. */
static struct cs_json *value_json(const struct cs_entity *entity,
                                  const struct cs_field_change *change)
{
    int index = cs_entity_field_index(entity, change->field);
    if (change->value.kind == CS_VALUE_NULL) {
        return cs_json_null();
    }
    if (index < 0) {
        return change->value.kind == CS_VALUE_TEXT ? cs_json_text(change->value.bytes)
                                                   : cs_admin_json_text("(not known here)");
    }
    struct cs_buffer text;
    cs_buffer_init(&text, VALUE_TEXT_MAX);
    cs_value_format(&entity->fields[index], &change->value, &text);
    struct cs_json *json = NULL;
    if (text.status == CS_OK) {
        json = cs_utf8_valid(cs_buffer_bytes(&text)) ? cs_json_text(cs_buffer_bytes(&text))
                                                     : cs_admin_json_text("(not text)");
    }
    cs_buffer_release(&text);
    return json;
}

static void put_fields(const struct history *history, const struct cs_operation *operation,
                       struct cs_json *fields)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        char name[CS_NAME_MAX + 1] = {0};
        struct cs_bytes field = operation->changes[i].field;
        if (field.size <= CS_NAME_MAX) {
            memcpy(name, field.data, field.size);
            cs_json_set(fields, name, value_json(history->entity, &operation->changes[i]));
        }
    }
}

static void put_author(const struct history *history, uint64_t log, struct cs_json *json)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)log);
    for (size_t i = 0; i < history->device_count; i++) {
        if (history->devices[i].log == log) {
            cs_json_set(json, "author", cs_json_text(history->devices[i].person_name));
            cs_json_set(json, "device", cs_json_text(history->devices[i].device_name));
        }
    }
    cs_json_set(json, "log", cs_admin_json_text(text));
}

static struct cs_json *entry_json(const struct history *history,
                                  const struct cs_logged_transaction *logged,
                                  const struct cs_operation *operation)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_object();
    char claimed[CS_TIME_TEXT_MAX];
    cs_instant_format(logged->claimed, claimed);
    put_fields(history, operation, fields);
    cs_json_set(json, "claimed", cs_admin_json_text(claimed));
    cs_json_set(json, "received", cs_admin_json_time(logged->received_ms));
    put_author(history, logged->version.log, json);
    cs_json_set(json, "counter", cs_json_integer((int64_t)logged->version.counter));
    cs_json_set(json, "outcome", cs_admin_json_text(outcome_name(logged->outcome)));
    cs_json_set(json, "kind", cs_admin_json_text(kind_name(operation->kind)));
    cs_json_set(json, "fields", fields);
    return json;
}

/* ---- collecting ---- */

static enum cs_status add_entry(struct history *history, const struct entry *entry)
{
    if (history->count == history->capacity) {
        size_t capacity = history->capacity == 0 ? 16 : 2 * history->capacity;
        struct entry *grown = cs_resize(history->entries, capacity * sizeof *history->entries);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        history->entries = grown;
        history->capacity = capacity;
    }
    history->entries[history->count++] = *entry;
    return CS_OK;
}

static enum cs_status add_operation(struct history *history, uint64_t log, uint64_t counter,
                                    const struct cs_operation *operation, struct cs_arena *arena)
{
    struct cs_logged_transaction logged;
    struct cs_version version = {log, counter};
    enum cs_status status = cs_store_transaction(history->store, &version, arena, &logged);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_CORRUPT : status;
    }
    if (!history->all && logged.outcome != CS_OUTCOME_APPLIED) {
        return CS_OK;
    }
    struct entry entry = {logged.received_ms, version, entry_json(history, &logged, operation)};
    status = entry.json == NULL ? CS_NO_MEMORY : add_entry(history, &entry);
    if (status != CS_OK) {
        cs_json_destroy(entry.json);
    }
    return status;
}

static bool touches(const struct history *history, const struct cs_operation *operation)
{
    return cs_id_equal(&operation->row, &history->row) &&
           cs_bytes_equal_text(operation->entity, history->entity->name);
}

static enum cs_status visit(void *context, uint64_t log, uint64_t sequence,
                            const uint8_t hash[static CS_HASH_SIZE], struct cs_bytes inner)
{
    (void)sequence;
    (void)hash;
    struct history *history = context;
    struct cs_inner_header header;
    struct cs_bytes body;
    struct cs_transactions transactions;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_inner_split(inner, &header, &body);
    if (status == CS_OK) {
        status = cs_body_decode(body, &arena, &transactions);
    }
    for (size_t i = 0; status == CS_OK && i < transactions.count; i++) {
        const struct cs_transaction *transaction = &transactions.items[i];
        for (size_t j = 0; status == CS_OK && j < transaction->operation_count; j++) {
            if (touches(history, &transaction->operations[j])) {
                status = add_operation(history, log, transaction->counter,
                                       &transaction->operations[j], &arena);
            }
        }
    }
    cs_arena_release(&arena);
    return status;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    if (left->received_ms != right->received_ms) {
        return left->received_ms < right->received_ms ? -1 : 1;
    }
    return cs_version_compare(&left->version, &right->version);
}

static enum cs_status check_exists(struct cs_admin *admin, struct history *history,
                                   struct cs_arena *arena)
{
    struct cs_stored_row row;
    if (history->count > 0) {
        return CS_OK;
    }
    enum cs_status status =
        cs_row_load(cs_store_rows(history->store), cs_bytes_of_text(history->entity->name),
                    &history->row, arena, &row);
    if (status == CS_OK && !row.exists) {
        return cs_problem_set(&admin->problem, CS_NOT_FOUND, "there is no %s %s",
                              history->entity->name, admin->arguments[2]);
    }
    return status;
}

static enum cs_status collect(struct cs_admin *admin, struct history *history,
                              struct cs_arena *arena)
{
    struct cs_device *devices;
    enum cs_status status =
        cs_store_devices(history->store, arena, &devices, &history->device_count);
    if (status != CS_OK) {
        return status;
    }
    history->devices = devices;
    status = cs_store_change_sets(history->store, visit, history);
    if (status == CS_OK) {
        status = check_exists(admin, history, arena);
    } else if (cs_status_class(status) == CS_CLASS_PEER || status == CS_CORRUPT) {
        return cs_problem_set(&admin->problem, CS_CORRUPT,
                              "a stored change-set is damaged: run verify");
    }
    if (status == CS_OK && history->count > 1) {
        qsort(history->entries, history->count, sizeof *history->entries, compare_entries);
    }
    return status;
}

/* ---- answering ---- */

static void print_member(struct cs_admin *admin, const struct cs_json *json, const char *key)
{
    struct cs_bytes text = cs_bytes_of_text("?");
    (void)cs_json_get_text(cs_json_get(json, key), &text);
    cs_admin_print_padded(admin, text, 0);
    cs_admin_print(admin, "  ");
}

static void print_entry(struct cs_admin *admin, const struct cs_json *json)
{
    static const char *const members[] = {"received", "claimed", "author",
                                          "device",   "outcome", "kind"};
    for (size_t i = 0; i < CS_COUNT(members); i++) {
        print_member(admin, json, members[i]);
    }
    const struct cs_json *fields = cs_json_get(json, "fields");
    cs_admin_print(admin, "\n");
    for (size_t i = 0; i < cs_json_count(fields); i++) {
        const char *name = cs_json_key_at(fields, i);
        struct cs_bytes text = CS_BYTES_NONE;
        (void)cs_json_get_text(cs_json_get(fields, name), &text);
        cs_admin_print(admin, "    %s=", name);
        cs_admin_print_padded(admin, text, 0);
        cs_admin_print(admin, "\n");
    }
}

static enum cs_status answer(struct cs_admin *admin, struct history *history)
{
    if (!admin->json) {
        for (size_t i = 0; i < history->count; i++) {
            print_entry(admin, history->entries[i].json);
        }
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&history->row, id);
    for (size_t i = 0; i < history->count; i++) {
        cs_json_append(list, history->entries[i].json);
        history->entries[i].json = NULL;
    }
    cs_json_set(json, "entity", cs_admin_json_text(history->entity->name));
    cs_json_set(json, "id", cs_admin_json_text(id));
    cs_json_set(json, "transactions", list);
    return cs_admin_json(admin, json);
}

static void release(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        cs_json_destroy(history->entries[i].json);
    }
    cs_free(history->entries);
    cs_store_close(history->store);
}

static enum cs_status parse(struct cs_admin *admin, struct history *history)
{
    history->all = cs_admin_flag(admin, "--all");
    enum cs_status status = cs_admin_expect(admin, 3);
    if (status != CS_OK) {
        return status;
    }
    history->entity =
        cs_registry_find(admin->around.registry, cs_bytes_of_text(admin->arguments[1]));
    if (history->entity == NULL) {
        return cs_admin_usage(admin, "there is no entity %s", admin->arguments[1]);
    }
    if (cs_id_parse(cs_bytes_of_text(admin->arguments[2]), &history->row) != CS_OK) {
        return cs_admin_usage(admin, "%s is no id: 32 hexadecimal digits", admin->arguments[2]);
    }
    return CS_OK;
}

enum cs_status cs_admin_history(struct cs_admin *admin)
{
    struct history history = {.count = 0};
    struct cs_arena arena;
    enum cs_status status = parse(admin, &history);
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, ARENA_MAX);
    status = cs_folder_check(admin->arguments[0], &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_open_reader(&admin->around, admin->arguments[0], &history.store,
                                       &admin->problem);
    }
    if (status == CS_OK) {
        status = collect(admin, &history, &arena);
    }
    if (status == CS_OK) {
        status = answer(admin, &history);
    }
    release(&history);
    cs_arena_release(&arena);
    return status;
}
