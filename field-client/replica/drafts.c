/* Drafts of forms, see drafts.h. */
#include "field-client/replica/drafts.h"

#include "field-client/replica/replica_internal.h"
#include "shared/base/text.h"

static bool is_key(struct cs_bytes key)
{
    bool plain = key.size > 0 && key.size <= CS_DRAFT_KEY_MAX && cs_utf8_valid(key);
    for (size_t i = 0; plain && i < key.size; i++) {
        plain = key.data[i] >= ' ' && key.data[i] != 0x7f;
    }
    return plain;
}

/* No page shows a draft but the form it belongs to: a keystroke is no news for the others. */
static enum cs_status run_unnoticed(struct cs_replica *replica, struct cs_statement *statement)
{
    uint64_t before = cs_replica_changes(replica);
    enum cs_status status = cs_statement_run(statement);
    cs_replica_pass_over(replica, cs_replica_changes(replica) - before);
    return status;
}

/* Does one more fit? One that is there already does. */
static enum cs_status check_room(struct cs_replica *replica, struct cs_bytes key,
                                 struct cs_problem *problem)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT count(*) FROM _draft WHERE key <> ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, key);
    status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    int64_t others = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return others < CS_DRAFTS_MAX
               ? CS_OK
               : cs_problem_set(problem, CS_LIMIT,
                                "%d drafts are kept on this laptop already: drop some (draft list)",
                                CS_DRAFTS_MAX);
}

enum cs_status cs_draft_put(struct cs_replica *replica, struct cs_bytes key,
                            struct cs_bytes content, struct cs_problem *problem)
{
    const struct cs_world *world = replica->world;
    struct cs_statement *statement;
    if (!is_key(key)) {
        return cs_problem_set(problem, CS_INVALID, "the key of a draft is a text of 1 to %zu bytes",
                              CS_DRAFT_KEY_MAX);
    }
    if (content.size > CS_DRAFT_SIZE_MAX) {
        return cs_problem_set(problem, CS_TOO_LARGE, "a draft may have %zu bytes",
                              CS_DRAFT_SIZE_MAX);
    }
    enum cs_status status = check_room(replica, key, problem);
    if (status == CS_OK) {
        status = cs_statement_get(replica->database,
                                  "INSERT OR REPLACE INTO _draft VALUES (?1, ?2, ?3)", &statement);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, key);
    cs_bind_integer(statement, 2, world->wall_ms(world->context));
    cs_bind_bytes(statement, 3, content);
    return run_unnoticed(replica, statement);
}

enum cs_status cs_draft_get(struct cs_replica *replica, struct cs_bytes key, struct cs_buffer *out,
                            int64_t *out_changed_ms, struct cs_problem *problem)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT changed_ms, content FROM _draft WHERE key = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, key);
    status = cs_statement_one(statement);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, status, "there is no draft with this key");
    }
    if (status == CS_OK) {
        *out_changed_ms = cs_column_integer(statement, 0);
        cs_buffer_append_bytes(out, cs_column_bytes(statement, 1));
        cs_statement_done(statement);
        status = out->status;
    }
    return status;
}

enum cs_status cs_draft_drop(struct cs_replica *replica, struct cs_bytes key, bool *out_dropped)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(replica->database, "DELETE FROM _draft WHERE key = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, key);
    status = run_unnoticed(replica, statement);
    if (status == CS_OK) {
        *out_dropped = cs_database_changes(replica->database) > 0;
    }
    return status;
}

enum cs_status cs_draft_list(struct cs_replica *replica, cs_draft_visitor *visit, void *context)
{
    struct cs_statement *statement;
    bool more = true;
    enum cs_status status = cs_statement_get(replica->database,
                                             "SELECT key, changed_ms, length(content) FROM _draft "
                                             "ORDER BY changed_ms DESC, key",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        const struct cs_draft draft = {.key = cs_column_bytes(statement, 0),
                                       .changed_ms = cs_column_integer(statement, 1),
                                       .size = (uint64_t)cs_column_integer(statement, 2)};
        status = visit(context, &draft);
    }
    cs_statement_done(statement);
    return status;
}
