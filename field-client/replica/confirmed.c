/* Rows of confirmed state, see confirmed.h. */
#include "field-client/replica/confirmed.h"

#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/planted.h"
#include "shared/merge/row_versions.h"

enum change { ADD, SUBTRACT };

/* Counts a confirmed row in or out of the digests of its scopes. */
static enum cs_status count_row(struct cs_applier *applier, const struct cs_stored_row *row,
                                enum change change)
{
    if (!row->exists || row->scopes.size == 0) {
        return CS_OK;
    }
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    struct cs_reader reader;
    cs_reader_init(&reader, row->scopes);
    while (status == CS_OK && reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        if (reader.status != CS_OK || number == 0 || number > applier->scope_count) {
            return CS_CORRUPT;
        }
        struct cs_scope_state *scope = &applier->scopes[number - 1];
        scope->changed = true;
        if (change == ADD) {
            cs_multiset_add(&scope->digest, hash);
        } else {
            cs_multiset_subtract(&scope->digest, hash);
        }
    }
    return status;
}

static enum cs_status mark_dirty(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "INSERT OR IGNORE INTO _dirty VALUES (?1, ?2)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, entity);
    cs_bind_bytes(statement, 2, cs_id_bytes(id));
    return cs_statement_run(statement);
}

static enum cs_status is_overlaid(struct cs_applier *applier, struct cs_bytes entity,
                                  const struct cs_id *id, bool *out)
{
    if (!applier->overlaid) {
        *out = false;
        return CS_OK;
    }
    return cs_overlay_exists(applier->replica, entity, id, out);
}

/* Into the table, or under the overlay with the view to be recomputed. */
static enum cs_status place(struct cs_applier *applier, const struct cs_stored_row *row,
                            bool overlaid)
{
    struct cs_replica *replica = applier->replica;
    if (!overlaid) {
        return row->exists ? cs_row_store(replica->tables, row)
                           : cs_row_remove(replica->tables, row->name, &row->id);
    }
    enum cs_status status = row->exists ? cs_covered_store(replica, row)
                                        : cs_covered_remove(replica, row->name, &row->id);
    return status != CS_OK ? status : mark_dirty(replica, row->name, &row->id);
}

enum cs_status cs_applier_put(struct cs_applier *applier, const struct cs_stored_row *before,
                              const struct cs_stored_row *after)
{
    bool overlaid = false;
    enum cs_status status = is_overlaid(applier, after->name, &after->id, &overlaid);
    if (status == CS_OK) {
        status = count_row(applier, before, SUBTRACT);
    }
    if (status == CS_OK) {
        status = count_row(applier, after, ADD);
    }
    return status != CS_OK ? status : place(applier, after, overlaid);
}

static enum cs_status accept_in(struct cs_applier *applier, struct cs_arena *arena,
                                const struct cs_operation *operation, uint64_t counter,
                                struct cs_bytes scopes)
{
    struct cs_replica *replica = applier->replica;
    struct cs_stored_row row;
    enum cs_status status =
        cs_confirmed_load(replica, operation->entity, &operation->row, arena, &row);
    if (status == CS_OK) {
        status = cs_overlay_remove(replica, operation->entity, &operation->row, counter);
    }
    if (status == CS_OK) {
        status = count_row(applier, &row, SUBTRACT);
    }
    struct cs_version version = {cs_identity_log(replica->identity), counter};
    if (status == CS_OK) {
        status = cs_overlay_predict(operation, version, arena, &row);
    }
    bool overlaid = false;
    if (status == CS_OK) {
        row.scopes = scopes;
        status = count_row(applier, &row, ADD);
    }
    if (status == CS_OK) {
        status = is_overlaid(applier, row.name, &row.id, &overlaid);
    }
    if (status == CS_OK && !overlaid) {
        status = cs_covered_remove(replica, row.name, &row.id);
    }
    return status != CS_OK ? status : place(applier, &row, overlaid);
}

enum cs_status cs_applier_accept(struct cs_applier *applier, const struct cs_operation *operation,
                                 uint64_t counter, struct cs_bytes scopes)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = accept_in(applier, &arena, operation, counter, scopes);
    cs_arena_release(&arena);
    return status;
}

/* The last overlay entry is gone: what it covered is what the view shows. */
static enum cs_status restore(struct cs_replica *replica, struct cs_bytes entity,
                              const struct cs_id *id)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    enum cs_status status = cs_covered_load(replica, entity, id, &arena, &row);
    if (status == CS_OK) {
        status = row.exists ? cs_row_store(replica->tables, &row)
                            : cs_row_remove(replica->tables, entity, id);
    }
    if (status == CS_OK) {
        status = cs_covered_remove(replica, entity, id);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_applier_lift(struct cs_applier *applier, struct cs_bytes entity,
                               const struct cs_id *id, uint64_t counter)
{
    struct cs_replica *replica = applier->replica;
    /* Nothing to lift: restoring would drop a row that is confirmed and uncovered. */
    bool touched = false;
    enum cs_status status = cs_overlay_has(replica, entity, id, counter, &touched);
    if (status != CS_OK || !touched) {
        return status;
    }
    bool overlaid = false;
    status = cs_overlay_remove(replica, entity, id, counter);
    if (status == CS_OK) {
        status = is_overlaid(applier, entity, id, &overlaid);
    }
    if (status != CS_OK) {
        return status;
    }
    return overlaid ? mark_dirty(replica, entity, id) : restore(replica, entity, id);
}

/* The mistake of PURGE_UNSENT. */
static enum cs_status purge_unsent(struct cs_replica *replica, struct cs_bytes entity,
                                   const struct cs_id *id)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "DELETE FROM _pending WHERE counter IN (SELECT counter FROM _overlay WHERE entity = ?1 "
        "AND row = ?2)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, entity);
    cs_bind_bytes(statement, 2, cs_id_bytes(id));
    return cs_statement_run(statement);
}

enum cs_status cs_applier_depart(struct cs_applier *applier, struct cs_bytes entity,
                                 const struct cs_id *id, bool *out_departed)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row before;
    enum cs_status status = cs_confirmed_load(applier->replica, entity, id, &arena, &before);
    if (status == CS_OK && before.exists) {
        struct cs_stored_row after = before;
        after.exists = false;
        status = cs_applier_put(applier, &before, &after);
    }
    if (status == CS_OK && CS_PLANTED(PURGE_UNSENT)) {
        status = purge_unsent(applier->replica, entity, id);
    }
    if (status == CS_OK) {
        *out_departed = before.exists;
    }
    cs_arena_release(&arena);
    return status;
}

/* Is this version shown for any unit of the row? */
static bool row_shows(const struct cs_row_versions *versions, const struct cs_version *version)
{
    bool shown = cs_version_equal(&versions->created, version);
    for (size_t i = 0; !shown && i < versions->exception_count; i++) {
        shown = cs_versions_contain(versions->exceptions[i].versions, version);
    }
    return shown;
}

/* The next held transaction over a row after `counter`; 0 if there is none. */
static enum cs_status next_held(struct cs_replica *replica, const struct cs_stored_row *row,
                                uint64_t counter, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "SELECT o.counter FROM _overlay AS o JOIN _pending AS p ON p.counter = o.counter "
        "WHERE o.entity = ?1 AND o.row = ?2 AND o.counter > ?3 AND p.state = ?4 "
        "ORDER BY o.counter LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, row->name);
    cs_bind_bytes(statement, 2, cs_id_bytes(&row->id));
    cs_bind_integer(statement, 3, (int64_t)counter);
    cs_bind_integer(statement, 4, CS_PENDING_HELD);
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        *out = found ? (uint64_t)cs_column_integer(statement, 0) : 0;
        cs_statement_done(statement);
    }
    return status;
}

static enum cs_status settle_one(struct cs_applier *applier, const struct cs_stored_row *row,
                                 uint64_t counter)
{
    enum cs_status status = cs_applier_lift(applier, row->name, &row->id, counter);
    cs_pending_cache_forget(&applier->cache);
    return status != CS_OK
               ? status
               : cs_replica_run_integer(applier->replica,
                                        "DELETE FROM _pending WHERE counter = ?1 AND NOT EXISTS "
                                        "(SELECT 1 FROM _overlay WHERE counter = ?1)",
                                        (int64_t)counter);
}

enum cs_status cs_applier_settle(struct cs_applier *applier, const struct cs_stored_row *row)
{
    bool overlaid = false;
    enum cs_status status = is_overlaid(applier, row->name, &row->id, &overlaid);
    if (status != CS_OK || !overlaid) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_row_versions versions;
    status = cs_row_versions_unpack(row->versions, &arena, &versions);
    uint64_t counter = 0;
    bool more = true;
    while (status == CS_OK && more) {
        status = next_held(applier->replica, row, counter, &counter);
        struct cs_version version = {cs_identity_log(applier->replica->identity), counter};
        more = status == CS_OK && counter != 0;
        if (more && row_shows(&versions, &version)) {
            status = settle_one(applier, row, counter);
        }
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status recompute(struct cs_applier *applier, struct cs_bytes entity,
                                const struct cs_id *id)
{
    bool overlaid = false;
    enum cs_status status = is_overlaid(applier, entity, id, &overlaid);
    if (status != CS_OK || !overlaid) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    status = cs_overlay_expected(applier->replica, &applier->cache, entity, id, &arena, &row);
    if (status == CS_OK && row.exists) {
        status = cs_row_store(applier->replica->tables, &row);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_applier_recompute(struct cs_applier *applier)
{
    struct cs_database *database = applier->replica->database;
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(database, "SELECT entity, row FROM _dirty", &statement);
    if (status != CS_OK) {
        return status;
    }
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        struct cs_id id;
        status = cs_id_from_bytes(cs_column_bytes(statement, 1), &id)
                     ? recompute(applier, cs_column_bytes(statement, 0), &id)
                     : CS_CORRUPT;
    }
    cs_statement_done(statement);
    return status != CS_OK ? status : cs_database_execute(database, "DELETE FROM _dirty");
}
