/*
 * Numbering anew, see recertify.h.
 *
 * New numbers are not greater than the old ones and are given in ascending order, so a place is free
 * when it is taken: transactions before the present one stand under new numbers, those from it on
 * under old ones.
 */
#include "field-client/replica/recertify.h"

#include "field-client/replica/overlay.h"
#include "field-client/replica/query.h"
#include "field-client/replica/rejoin.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/planted.h"
#include "shared/merge/row_versions.h"

#include <string.h>

struct recertify {
    struct cs_replica *replica;
    uint64_t former_log;
    uint64_t log;
    uint64_t *counters; /* old number of new number i + 1, ascending */
    size_t count;
    size_t done; /* have their new numbers */
    struct cs_pending_cache cache;
};

static enum cs_status append_counter(struct recertify *recertify, size_t *capacity,
                                     uint64_t counter)
{
    if (recertify->count == *capacity) {
        size_t larger = *capacity == 0 ? 64 : 2 * *capacity;
        uint64_t *grown = cs_resize(recertify->counters, larger * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        recertify->counters = grown;
        *capacity = larger;
    }
    recertify->counters[recertify->count++] = counter;
    return CS_OK;
}

static enum cs_status list_counters(struct recertify *recertify)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        recertify->replica->database,
        "SELECT counter FROM _pending WHERE state <> ?1 ORDER BY counter", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, CS_PENDING_REFUSED);
    size_t capacity = 0;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = append_counter(recertify, &capacity, (uint64_t)cs_column_integer(statement, 0));
    }
    cs_statement_done(statement);
    return status;
}

/* Over negative numbers, since a number must not meet one that is still to be moved. */
static enum cs_status move_refused(struct cs_replica *replica)
{
    enum cs_status status = cs_replica_run_integer(
        replica, "UPDATE _pending SET counter = - counter - ?1, change_set = NULL WHERE state = 3",
        CS_REJOIN_REFUSED_OFFSET);
    return status != CS_OK
               ? status
               : cs_database_execute(replica->database,
                                     "UPDATE _pending SET counter = - counter WHERE counter < 0");
}

/* The new number of a carried transaction; 0: it is not carried. */
static uint64_t new_number(const struct recertify *recertify, uint64_t counter)
{
    size_t low = 0;
    size_t high = recertify->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (recertify->counters[middle] < counter) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < recertify->count && recertify->counters[low] == counter ? low + 1 : 0;
}

/* Versions of carried transactions get their new names; all others stay. */
static enum cs_status rename_base(const struct recertify *recertify, struct cs_arena *arena,
                                  struct cs_versions *base)
{
    struct cs_version *items = cs_arena_take_array(arena, base->count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < base->count; i++) {
        struct cs_version version = base->items[i];
        uint64_t number =
            version.log == recertify->former_log ? new_number(recertify, version.counter) : 0;
        if (number > 0 && !CS_PLANTED(KEEP_FORMER_NAMES)) {
            version = (struct cs_version){recertify->log, number};
        }
        size_t place = i;
        while (place > 0 && cs_version_compare(&items[place - 1], &version) > 0) {
            items[place] = items[place - 1];
            place--;
        }
        items[place] = version;
    }
    base->items = items;
    return CS_OK;
}

/* A row as one transaction saw it, under old and new names. */
struct view {
    struct cs_arena arena;
    struct cs_stored_row former;
    struct cs_stored_row renamed;
};

static enum cs_status predict_both(const struct recertify *recertify,
                                   const struct cs_transaction *transaction, size_t number,
                                   size_t operation_count, struct view *view)
{
    struct cs_version former = {recertify->former_log, recertify->counters[number - 1]};
    struct cs_version renamed = {recertify->log, number};
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        if (!cs_id_equal(&operation->row, &view->former.id) ||
            !cs_bytes_equal(operation->entity, view->former.name)) {
            continue;
        }
        status = cs_overlay_predict(operation, former, &view->arena, &view->former);
        if (status == CS_OK) {
            status = cs_overlay_predict(operation, renamed, &view->arena, &view->renamed);
        }
        /* Values point into the transaction, which does not stay. */
        if (status == CS_OK) {
            status = cs_stored_row_copy(&view->former, &view->arena, &view->former);
        }
        if (status == CS_OK) {
            status = cs_stored_row_copy(&view->renamed, &view->arena, &view->renamed);
        }
    }
    return status;
}

/* The numbers of carried transactions before the present one that lie over the row. */
static enum cs_status earlier_over(struct recertify *recertify,
                                   const struct cs_operation *operation, uint64_t after,
                                   uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        recertify->replica->database,
        "SELECT counter FROM _overlay WHERE entity = ?1 AND row = ?2 AND counter > ?3 "
        "AND counter <= ?4 ORDER BY counter LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, operation->entity);
    cs_bind_bytes(statement, 2, cs_id_bytes(&operation->row));
    cs_bind_integer(statement, 3, (int64_t)after);
    cs_bind_integer(statement, 4, (int64_t)recertify->done);
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        *out = found ? (uint64_t)cs_column_integer(statement, 0) : 0;
        cs_statement_done(statement);
    }
    return status;
}

static enum cs_status build_view(struct recertify *recertify, const struct cs_operation *operation,
                                 struct view *view)
{
    struct cs_replica *replica = recertify->replica;
    enum cs_status status =
        cs_confirmed_load(replica, operation->entity, &operation->row, &view->arena, &view->former);
    if (status == CS_OK) {
        status = cs_confirmed_load(replica, operation->entity, &operation->row, &view->arena,
                                   &view->renamed);
    }
    uint64_t number = 0;
    while (status == CS_OK) {
        status = earlier_over(recertify, operation, number, &number);
        if (status != CS_OK || number == 0) {
            break;
        }
        status = cs_pending_load(replica, number, &recertify->cache);
        if (status == CS_OK && !recertify->cache.found) {
            status = CS_CORRUPT;
        }
        if (status == CS_OK) {
            const struct cs_transaction *transaction = &recertify->cache.transaction;
            status =
                predict_both(recertify, transaction, number, transaction->operation_count, view);
        }
    }
    return status;
}

/* So that it equals no row's: whatever it named, its author is not said to have seen it. */
static void forget_seen(struct cs_operation *operation)
{
    uint8_t former[CS_HASH_SIZE];
    memcpy(former, operation->seen, sizeof former);
    cs_hash("countersign seen under former names 1", cs_bytes_of_array(former), operation->seen);
}

/* ---- rows without confirmed state ---- */

static enum cs_status rename_versions(const struct recertify *recertify, struct cs_arena *arena,
                                      struct cs_row_versions *versions)
{
    struct cs_unit_versions *exceptions =
        cs_arena_take_array(arena, versions->exception_count, sizeof *exceptions);
    struct cs_versions created = {&versions->created, 1};
    enum cs_status status =
        exceptions == NULL ? CS_NO_MEMORY : rename_base(recertify, arena, &created);
    for (size_t i = 0; status == CS_OK && i < versions->exception_count; i++) {
        exceptions[i] = versions->exceptions[i];
        status = rename_base(recertify, arena, &exceptions[i].versions);
    }
    if (status == CS_OK) {
        *versions = (struct cs_row_versions){.created = created.items[0],
                                             .exceptions = exceptions,
                                             .exception_count = versions->exception_count};
    }
    return status;
}

static enum cs_status hash_of(const struct cs_row_versions *versions,
                              uint8_t out[static CS_HASH_SIZE])
{
    struct cs_buffer packed;
    cs_buffer_init(&packed, CS_PAGE_BYTES_MAX);
    cs_row_versions_pack(versions, &packed);
    enum cs_status status = packed.status;
    if (status == CS_OK) {
        cs_row_versions_hash(cs_buffer_bytes(&packed), out);
    }
    cs_buffer_release(&packed);
    return status;
}

/* The row as it is shown, without its deletion. *out_found: it is shown at all. */
static enum cs_status load_shown(const struct recertify *recertify,
                                 const struct cs_operation *operation, struct cs_arena *arena,
                                 struct cs_row_versions *out, bool *out_found)
{
    struct cs_stored_row row;
    struct cs_row_versions versions;
    enum cs_status status =
        cs_row_load(recertify->replica->tables, operation->entity, &operation->row, arena, &row);
    *out_found = status == CS_OK && row.exists;
    if (!*out_found) {
        return status;
    }
    status = cs_row_versions_unpack(row.versions, arena, &versions);
    return status != CS_OK ? status
                           : cs_row_versions_set(&versions, cs_bytes_of_text(CS_UNIT_DELETED),
                                                 (struct cs_versions){NULL, 0}, arena, out);
}

/*
 * Updates lie over nothing: the row that is shown is as its author last saw it, and the only trace of that. Where the delete did not
 * see that and carried changes may be named in what it saw, it must not name them as before.
 */
static enum cs_status rename_seen_as_shown(struct recertify *recertify,
                                           struct cs_operation *operation, struct cs_arena *arena)
{
    struct cs_row_versions shown;
    uint8_t hash[CS_HASH_SIZE];
    bool found = false;
    uint64_t carried = 0;
    enum cs_status status = load_shown(recertify, operation, arena, &shown, &found);
    if (status == CS_OK && found) {
        status = hash_of(&shown, hash);
        found = status == CS_OK && memcmp(hash, operation->seen, sizeof hash) == 0;
    }
    if (status == CS_OK && found) {
        status = rename_versions(recertify, arena, &shown);
        return status != CS_OK ? status : hash_of(&shown, operation->seen);
    }
    if (status == CS_OK) {
        status = earlier_over(recertify, operation, 0, &carried);
    }
    if (status == CS_OK && carried > 0) {
        forget_seen(operation);
    }
    return status;
}

static enum cs_status rename_shown(const struct recertify *recertify, struct cs_stored_row *row,
                                   struct cs_arena *arena)
{
    struct cs_row_versions versions;
    struct cs_buffer packed;
    cs_buffer_init(&packed, CS_PAGE_BYTES_MAX);
    enum cs_status status = cs_row_versions_unpack(row->versions, arena, &versions);
    if (status == CS_OK) {
        status = rename_versions(recertify, arena, &versions);
    }
    if (status == CS_OK) {
        cs_row_versions_pack(&versions, &packed);
        status = packed.status;
    }
    if (status == CS_OK) {
        row->versions = cs_buffer_bytes(&packed);
        status = cs_row_store(recertify->replica->tables, row);
    }
    cs_buffer_release(&packed);
    return status;
}

/* Such a row is not made again from confirmed state: what is edited next would rest on former names, which never reach the server. */
static enum cs_status rename_if_away(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    const struct recertify *recertify = context;
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_id id;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_id_from_bytes(key, &id)
                                ? cs_covered_load(recertify->replica, entity, &id, &arena, &row)
                                : CS_CORRUPT;
    bool away = status == CS_OK && !row.exists;
    if (away) {
        status = cs_row_load(recertify->replica->tables, entity, &id, &arena, &row);
    }
    if (status == CS_OK && away && row.exists) {
        status = rename_shown(recertify, &row, &arena);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- */

/*
 * A delete says by a hash what its author had seen. Where that is the confirmed state with carried
 * transactions over it, the hash is made again with their new names. Where confirmed state has
 * moved on since, the server will call it a conflict, as it should: the old hash stays, unless it
 * may name carried transactions. Their old names can mean what a copy of this disk did, and what
 * that was its author never saw.
 */
static enum cs_status rename_seen(struct recertify *recertify,
                                  const struct cs_transaction *transaction, size_t index)
{
    struct cs_operation *operation = &transaction->operations[index];
    struct view view;
    uint8_t hash[CS_HASH_SIZE];
    cs_arena_init(&view.arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = build_view(recertify, operation, &view);
    if (status == CS_OK) {
        status = predict_both(recertify, transaction, recertify->done + 1, index, &view);
    }
    if (status == CS_OK && view.former.exists) {
        cs_row_versions_hash(view.former.versions, hash);
        if (memcmp(hash, operation->seen, sizeof hash) == 0) {
            cs_row_versions_hash(view.renamed.versions, operation->seen);
        } else if (!cs_bytes_equal(view.former.versions, view.renamed.versions)) {
            forget_seen(operation);
        }
    } else if (status == CS_OK) {
        status = rename_seen_as_shown(recertify, operation, &view.arena);
    }
    cs_arena_release(&view.arena);
    return status;
}

static enum cs_status rename_operations(struct recertify *recertify, struct cs_arena *arena,
                                        const struct cs_transaction *transaction)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < transaction->operation_count; i++) {
        struct cs_operation *operation = &transaction->operations[i];
        if (operation->kind == CS_OPERATION_DELETE) {
            status = rename_seen(recertify, transaction, i);
        }
        for (size_t j = 0; status == CS_OK && j < operation->change_count; j++) {
            status = rename_base(recertify, arena, &operation->changes[j].base);
        }
    }
    return status;
}

/* Entries of a held transaction may be gone already where its rows have come down. */
static enum cs_status move_overlay(struct cs_replica *replica,
                                   const struct cs_transaction *transaction, uint64_t counter,
                                   uint64_t number)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && counter != number && i < transaction->operation_count;
         i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        bool touched = false;
        status = cs_overlay_has(replica, operation->entity, &operation->row, counter, &touched);
        if (status == CS_OK && touched) {
            status = cs_overlay_add(replica, operation->entity, &operation->row, number);
        }
        if (status == CS_OK && touched) {
            status = cs_overlay_remove(replica, operation->entity, &operation->row, counter);
        }
    }
    return status;
}

static enum cs_status store(struct cs_replica *replica, uint64_t counter,
                            const struct cs_transaction *transaction)
{
    struct cs_buffer body;
    struct cs_statement *statement;
    cs_buffer_init(&body, 2 * CS_CHANGE_SET_BODY_MAX);
    enum cs_status status = cs_transaction_encode(transaction, &body);
    if (status == CS_OK) {
        status = cs_statement_get(replica->database,
                                  "UPDATE _pending SET counter = ?2, state = ?3, body = ?4, "
                                  "change_set = NULL WHERE counter = ?1",
                                  &statement);
    }
    if (status == CS_OK) {
        cs_bind_integer(statement, 1, (int64_t)counter);
        cs_bind_integer(statement, 2, (int64_t)transaction->counter);
        cs_bind_integer(statement, 3, CS_PENDING_WAITING);
        cs_bind_bytes(statement, 4, cs_buffer_bytes(&body));
        status = cs_statement_run(statement);
    }
    cs_buffer_release(&body);
    return status;
}

static enum cs_status load_body(struct cs_replica *replica, uint64_t counter,
                                struct cs_arena *arena, struct cs_transaction *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT body FROM _pending WHERE counter = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)counter);
    bool found = false;
    struct cs_bytes body = CS_BYTES_NONE;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        status = found ? cs_arena_copy(arena, cs_column_bytes(statement, 0), &body) : CS_CORRUPT;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        status = cs_transaction_decode(body, arena, out);
        status = status == CS_OK || status == CS_NO_MEMORY ? status : CS_CORRUPT;
    }
    return status;
}

static enum cs_status carry_next(struct recertify *recertify)
{
    struct cs_arena arena;
    struct cs_transaction transaction;
    uint64_t counter = recertify->counters[recertify->done];
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = load_body(recertify->replica, counter, &arena, &transaction);
    if (status == CS_OK) {
        status = rename_operations(recertify, &arena, &transaction);
    }
    if (status == CS_OK) {
        transaction.counter = recertify->done + 1;
        status = store(recertify->replica, counter, &transaction);
    }
    if (status == CS_OK) {
        status = move_overlay(recertify->replica, &transaction, counter, transaction.counter);
    }
    cs_arena_release(&arena);
    recertify->done += status == CS_OK ? 1 : 0;
    return status;
}

enum cs_status cs_recertify(struct cs_replica *replica, uint64_t former_log, uint64_t *out_count)
{
    struct recertify recertify = {
        .replica = replica, .former_log = former_log, .log = cs_identity_log(replica->identity)};
    cs_pending_cache_init(&recertify.cache);
    enum cs_status status = list_counters(&recertify);
    if (status == CS_OK) {
        status = move_refused(replica);
    }
    while (status == CS_OK && recertify.done < recertify.count) {
        status = carry_next(&recertify);
    }
    if (status == CS_OK) {
        status = cs_overlay_each(replica, rename_if_away, &recertify);
    }
    cs_pending_cache_release(&recertify.cache);
    cs_free(recertify.counters);
    if (status == CS_OK) {
        *out_count = recertify.count;
    }
    return status;
}
