/* Receipt numbers, see series.h. */
#include "field-client/visit/series.h"

#include "field-client/visit/visit_internal.h"
#include "shared/domain/receipt_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits and capitals without 0, O, 1 and I. */
static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
#define BITS_PER_CHARACTER 5

struct series {
    struct cs_id id;
    bool exists;
    char prefix[20];
    int64_t last_number;
};

void cs_series_prefix(uint64_t log, size_t size, char out[static CS_SERIES_PREFIX_MAX + 1])
{
    cs_require(size >= CS_SERIES_PREFIX_MIN && size <= CS_SERIES_PREFIX_MAX);
    for (size_t i = 0; i < size; i++) {
        unsigned shift = 64 - BITS_PER_CHARACTER * ((unsigned)i + 1);
        out[i] = alphabet[(log >> shift) & ((1u << BITS_PER_CHARACTER) - 1)];
    }
    out[size] = '\0';
}

void cs_series_meta(uint64_t log, char out[static CS_SERIES_META_MAX])
{
    (void)snprintf(out, CS_SERIES_META_MAX, "visit.last_receipt_number.%016" PRIx64, log);
}

static void log_bytes(uint64_t log, uint8_t out[static 8])
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(log >> (56 - 8 * i));
    }
}

/* This device's series, as far as it can be used: its prefix must leave room for a number. */
static enum cs_status load_series(struct cs_replica *replica, struct cs_arena *arena,
                                  struct series *out, struct cs_problem *problem)
{
    uint8_t device[8];
    log_bytes(cs_identity_log(cs_replica_identity(replica)), device);
    struct cs_value value = cs_value_bytes(cs_bytes_of_array(device));
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text("receipt_series"), cs_bytes_of_text("device"),
                      &value, 1, arena, &ids, &count, NULL);
    struct cs_stored_row row;
    if (status == CS_OK && count > 0) {
        status = cs_visit_load(replica, "receipt_series", &ids[0], arena, &row);
    }
    if (status != CS_OK || count == 0) {
        return status;
    }
    struct cs_bytes prefix = cs_visit_text(&row, "prefix");
    if (prefix.size >= sizeof out->prefix) {
        return cs_problem_set(problem, CS_INVALID,
                              "the prefix of this device's receipt_series is too long: %zu bytes",
                              prefix.size);
    }
    memcpy(out->prefix, prefix.data, prefix.size);
    const struct cs_value *last = cs_visit_value(&row, "last_number");
    out->last_number = last->kind == CS_VALUE_INTEGER ? last->integer : 0;
    out->id = ids[0];
    out->exists = true;
    return CS_OK;
}

static enum cs_status prefix_taken(struct cs_replica *replica, const char *prefix,
                                   struct cs_arena *arena, bool *out)
{
    struct cs_value value = cs_value_text(cs_bytes_of_text(prefix));
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text("receipt_series"), cs_bytes_of_text("prefix"),
                      &value, 1, arena, &ids, &count, NULL);
    *out = count > 0;
    return status;
}

static enum cs_status choose_prefix(struct cs_replica *replica, struct cs_arena *arena,
                                    struct series *series, struct cs_problem *problem)
{
    uint64_t log = cs_identity_log(cs_replica_identity(replica));
    enum cs_status status = CS_OK;
    bool taken = true;
    for (size_t size = CS_SERIES_PREFIX_MIN;
         status == CS_OK && taken && size <= CS_SERIES_PREFIX_MAX; size++) {
        char prefix[CS_SERIES_PREFIX_MAX + 1];
        cs_series_prefix(log, size, prefix);
        memcpy(series->prefix, prefix, size + 1);
        status = prefix_taken(replica, series->prefix, arena, &taken);
    }
    if (status == CS_OK && taken) {
        status = cs_problem_set(problem, CS_EXISTS,
                                "other devices use every receipt prefix of this one: create its "
                                "receipt_series by hand");
    }
    return status;
}

/* Numbers that stand on a receipt in view are passed over, in case someone set the series back. */
static enum cs_status next_number(struct cs_replica *replica, const struct series *series,
                                  struct cs_arena *arena, int64_t *out_number,
                                  char out[static CS_RECEIPT_NUMBER_MAX],
                                  struct cs_problem *problem)
{
    int64_t given = 0;
    char key[CS_SERIES_META_MAX];
    cs_series_meta(cs_identity_log(cs_replica_identity(replica)), key);
    enum cs_status status = cs_replica_meta_number(replica, key, &given);
    int64_t number = series->last_number > given ? series->last_number : given;
    size_t count = 1;
    while (status == CS_OK && count > 0) {
        size_t size = 0;
        if (!cs_receipt_number_format(cs_bytes_of_text(series->prefix), ++number, out, &size)) {
            return cs_problem_set(problem, CS_INVALID, "the receipt series %s is used up",
                                  series->prefix);
        }
        struct cs_value value = cs_value_text(cs_bytes_of_text(out));
        struct cs_id *ids;
        status = cs_query_find(replica, cs_bytes_of_text("receipt"), cs_bytes_of_text("number"),
                               &value, 1, arena, &ids, &count, NULL);
    }
    *out_number = number;
    return status;
}

static enum cs_status store_series(struct cs_replica *replica, struct cs_edit *edit,
                                   const struct series *series, int64_t number,
                                   struct cs_problem *problem)
{
    uint8_t device[8];
    log_bytes(cs_identity_log(cs_replica_identity(replica)), device);
    struct cs_named_value values[] = {
        cs_visit_named("last_number", cs_value_integer(number)),
        cs_visit_named("device", cs_value_bytes(cs_bytes_of_array(device))),
        cs_visit_named("person", cs_visit_id_value(cs_visit_self(replica))),
        cs_visit_named("prefix", cs_value_text(cs_bytes_of_text(series->prefix)))};
    struct cs_bytes entity = cs_bytes_of_text("receipt_series");
    enum cs_status status =
        series->exists
            ? cs_edit_update(edit, entity, &series->id, values, 1, problem)
            : cs_edit_insert(edit, entity, NULL, values, CS_COUNT(values), NULL, problem);
    char key[CS_SERIES_META_MAX];
    cs_series_meta(cs_identity_log(cs_replica_identity(replica)), key);
    return status != CS_OK ? status : cs_replica_meta_set_number(replica, key, number);
}

enum cs_status cs_series_take(struct cs_replica *replica, struct cs_edit *edit,
                              char out[static CS_RECEIPT_NUMBER_MAX], struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct series series = {.exists = false};
    int64_t number = 0;
    char text[CS_RECEIPT_NUMBER_MAX];
    enum cs_status status = load_series(replica, &arena, &series, problem);
    if (status == CS_OK && !series.exists) {
        status = choose_prefix(replica, &arena, &series, problem);
    }
    if (status == CS_OK) {
        status = next_number(replica, &series, &arena, &number, text, problem);
    }
    if (status == CS_OK) {
        status = store_series(replica, edit, &series, number, problem);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        memcpy(out, text, sizeof text);
    }
    return status;
}
