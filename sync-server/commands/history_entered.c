/*
 * `history --all`: the transactions that named one row, from the stored change-sets.
 *
 * Change-sets are signed by their devices, which is verified, so what is shown is what was entered, whatever became of the row since. Rows that
 * the server computes itself have no change-sets.
 */
#include "sync-server/commands/history.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    int64_t received_ms;
    struct cs_version version;
    struct cs_json *json; /* owned */
};

struct walk {
    const struct cs_admin_history *history;
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

static void put_fields(const struct cs_entity *entity, const struct cs_operation *operation,
                       struct cs_json *fields)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        char name[CS_NAME_MAX + 1] = {0};
        struct cs_bytes field = operation->changes[i].field;
        if (field.size <= CS_NAME_MAX) {
            memcpy(name, field.data, field.size);
            cs_json_set(fields, name,
                        cs_admin_history_value(entity, field, &operation->changes[i].value));
        }
    }
}

static struct cs_json *entry_json(const struct cs_admin_history *history,
                                  const struct cs_logged_transaction *logged,
                                  const struct cs_operation *operation)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_object();
    char claimed[CS_TIME_TEXT_MAX];
    cs_instant_format(logged->claimed, claimed);
    put_fields(history->entity, operation, fields);
    cs_json_set(json, "claimed", cs_admin_json_text(claimed));
    cs_json_set(json, "received", cs_admin_json_time(logged->received_ms));
    cs_admin_history_author(history, logged->version.log, json);
    cs_json_set(json, "counter", cs_json_integer((int64_t)logged->version.counter));
    cs_json_set(json, "outcome", cs_admin_json_text(outcome_name(logged->outcome)));
    cs_json_set(json, "kind", cs_admin_json_text(kind_name(operation->kind)));
    cs_json_set(json, "fields", fields);
    return json;
}

/* ---- collecting ---- */

static enum cs_status add_entry(struct walk *walk, const struct entry *entry)
{
    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity == 0 ? 16 : 2 * walk->capacity;
        struct entry *grown = cs_resize(walk->entries, capacity * sizeof *walk->entries);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        walk->entries = grown;
        walk->capacity = capacity;
    }
    walk->entries[walk->count++] = *entry;
    return CS_OK;
}

static enum cs_status add_operation(struct walk *walk, uint64_t log, uint64_t counter,
                                    const struct cs_operation *operation, struct cs_arena *arena)
{
    struct cs_logged_transaction logged;
    struct cs_version version = {log, counter};
    enum cs_status status = cs_store_transaction(walk->history->store, &version, arena, &logged);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_CORRUPT : status;
    }
    struct entry entry = {logged.received_ms, version,
                          entry_json(walk->history, &logged, operation)};
    status = entry.json == NULL ? CS_NO_MEMORY : add_entry(walk, &entry);
    if (status != CS_OK) {
        cs_json_destroy(entry.json);
    }
    return status;
}

static bool touches(const struct cs_admin_history *history, const struct cs_operation *operation)
{
    return cs_id_equal(&operation->row, &history->row) &&
           cs_bytes_equal_text(operation->entity, history->entity->name);
}

/* What its device has not signed is not parsed. */
static enum cs_status verify(const struct cs_admin_history *history, uint64_t log,
                             struct cs_bytes inner)
{
    for (size_t i = 0; i < history->device_count; i++) {
        if (history->devices[i].log == log) {
            return cs_inner_verify(inner, history->devices[i].sign_key);
        }
    }
    return CS_CORRUPT;
}

static enum cs_status visit(void *context, uint64_t log, uint64_t sequence,
                            const uint8_t hash[static CS_HASH_SIZE], struct cs_bytes inner)
{
    (void)sequence;
    (void)hash;
    struct walk *walk = context;
    struct cs_inner_header header;
    struct cs_bytes body;
    struct cs_transactions transactions;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_inner_split(inner, &header, &body);
    if (status == CS_OK) {
        status = verify(walk->history, log, inner);
    }
    if (status == CS_OK) {
        status = cs_body_decode(body, &arena, &transactions);
    }
    for (size_t i = 0; status == CS_OK && i < transactions.count; i++) {
        const struct cs_transaction *transaction = &transactions.items[i];
        for (size_t j = 0; status == CS_OK && j < transaction->operation_count; j++) {
            if (touches(walk->history, &transaction->operations[j])) {
                status = add_operation(walk, log, transaction->counter, &transaction->operations[j],
                                       &arena);
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

static void release(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        cs_json_destroy(walk->entries[i].json);
    }
    cs_free(walk->entries);
}

enum cs_status cs_admin_history_entered(struct cs_admin *admin,
                                        const struct cs_admin_history *history,
                                        struct cs_json **out)
{
    struct walk walk = {.history = history};
    enum cs_status status = cs_store_change_sets(history->store, visit, &walk);
    if (status != CS_OK) {
        release(&walk);
        bool damaged = cs_status_class(status) == CS_CLASS_PEER || status == CS_CORRUPT;
        return damaged ? cs_problem_set(&admin->problem, CS_CORRUPT,
                                        "a stored change-set is damaged: run verify")
                       : status;
    }
    if (walk.count > 1) {
        qsort(walk.entries, walk.count, sizeof *walk.entries, compare_entries);
    }
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < walk.count; i++) {
        cs_json_append(list, walk.entries[i].json);
        walk.entries[i].json = NULL;
    }
    release(&walk);
    *out = list;
    return CS_OK;
}
