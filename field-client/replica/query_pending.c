/* What has not been sent, is held or was refused: reading _pending; see query.h. */
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"

#include <string.h>

enum cs_status cs_query_pending_counts(struct cs_replica *replica, struct cs_pending_counts *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT state, count(*) FROM _pending GROUP BY state", &statement);
    struct cs_pending_counts counts = {0, 0, 0, 0};
    bool more = status == CS_OK;
    while (status == CS_OK && more) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        int64_t *const places[] = {&counts.waiting, &counts.packed, &counts.refused, &counts.held};
        int64_t state = cs_column_integer(statement, 0);
        if (state >= CS_PENDING_WAITING && state <= CS_PENDING_HELD) {
            *places[state - 1] = cs_column_integer(statement, 1);
        }
    }
    if (status == CS_OK) {
        cs_statement_done(statement);
        *out = counts;
    }
    return status;
}

enum cs_status cs_query_first_sync(struct cs_replica *replica, struct cs_first_sync *out)
{
    int64_t position = 0;
    struct cs_first_sync first = {.done = false};
    enum cs_status status = cs_replica_meta_number(replica, CS_META_POSITION, &position);
    first.done = position > 0;
    if (status == CS_OK && !first.done) {
        status = cs_replica_ask_integer(replica, "SELECT count(*) FROM _staged", &first.pages);
    }
    if (status == CS_OK && !first.done) {
        status = cs_replica_ask_integer(replica, "SELECT sum(row_count) FROM _staged", &first.rows);
    }
    if (status == CS_OK) {
        *out = first;
    }
    return status;
}

/* A status name that this version does not know reads as a plain refusal. */
static enum cs_status refusal_status(struct cs_bytes name)
{
    char text[CS_NAME_MAX + 1] = "";
    enum cs_status status = CS_REFUSED;
    if (name.size <= CS_NAME_MAX && name.size > 0) {
        memcpy(text, name.data, name.size);
        text[name.size] = '\0';
        (void)cs_status_from_name(text, &status);
    }
    return status;
}

/*
 * Columns: counter, state, body, change_set, refusal_status, refusal_text, refusal_operation,
 * refusal_field, settled_ms.
 */
static enum cs_status visit_one(struct cs_statement *statement, struct cs_arena *arena,
                                cs_pending_visitor *visit, void *context)
{
    struct cs_pending pending = {
        .counter = (uint64_t)cs_column_integer(statement, 0),
        .state = (enum cs_pending_state)cs_column_integer(statement, 1),
        .change_set = (uint64_t)cs_column_integer(statement, 3),
        .refusal_text = cs_column_bytes(statement, 5),
        .refusal_operation = (uint32_t)cs_column_integer(statement, 6),
        .refusal_field = cs_column_bytes(statement, 7),
        .settled_ms = cs_column_integer(statement, 8),
    };
    if (pending.state == CS_PENDING_REFUSED || pending.settled_ms != 0) {
        pending.refusal_status = refusal_status(cs_column_bytes(statement, 4));
    }
    enum cs_status status =
        cs_transaction_decode(cs_column_bytes(statement, 2), arena, &pending.transaction);
    if (status != CS_OK) {
        return status == CS_NO_MEMORY ? status : CS_CORRUPT;
    }
    return visit(context, &pending);
}

/* Visits what the statement finds. */
static enum cs_status visit_all(struct cs_statement *statement, cs_pending_visitor *visit,
                                void *context)
{
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        status = visit_one(statement, &arena, visit, context);
        cs_arena_release(&arena);
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_query_pending(struct cs_replica *replica, int state, cs_pending_visitor *visit,
                                void *context)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "SELECT counter, state, body, change_set, refusal_status, refusal_text, refusal_operation, "
        "refusal_field, 0 FROM _pending WHERE ?1 IN (0, state) ORDER BY counter",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, state);
    return visit_all(statement, visit, context);
}

enum cs_status cs_query_settled(struct cs_replica *replica, cs_pending_visitor *visit,
                                void *context)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "SELECT counter, state, body, change_set, refusal_status, refusal_text, refusal_operation, "
        "refusal_field, settled_ms FROM _settled_refusal ORDER BY number",
        &statement);
    return status != CS_OK ? status : visit_all(statement, visit, context);
}
