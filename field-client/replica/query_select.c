/* From a selection to ids to rows, see query_select.h. What is said in SQL is in query_clause.c. */
#include "field-client/replica/query_select.h"

#include "field-client/replica/edit.h"
#include "field-client/replica/query_clause.h"
#include "field-client/replica/replica_internal.h"

struct found {
    struct cs_id *ids;
    size_t count;
    size_t capacity;
};

static enum cs_status prepare(struct cs_replica *replica, const struct cs_query_clause *clause,
                              struct cs_buffer *sql, struct cs_statement **out)
{
    const char *text = cs_buffer_text(sql);
    enum cs_status status =
        text == NULL ? sql->status : cs_statement_get(replica->database, text, out);
    for (size_t i = 0; status == CS_OK && i < clause->bound_count; i++) {
        cs_bind_value(*out, (int)i + 1, &clause->bound[i]);
    }
    return status;
}

static enum cs_status count_rows(struct cs_replica *replica, const struct cs_query_clause *clause,
                                 int64_t *out)
{
    struct cs_buffer sql;
    struct cs_statement *statement = NULL;
    cs_buffer_init(&sql, CS_QUERY_SQL_MAX);
    cs_buffer_append_text(&sql, "SELECT count(*)");
    cs_buffer_append_bytes(&sql, cs_buffer_bytes(&clause->from));
    enum cs_status status = prepare(replica, clause, &sql, &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    cs_buffer_release(&sql);
    return status;
}

static enum cs_status gather(struct cs_statement *statement, struct cs_arena *arena,
                             struct found *found)
{
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        struct cs_id *ids =
            cs_arena_grow(arena, found->ids, found->count, &found->capacity, sizeof *ids);
        if (ids == NULL) {
            status = CS_NO_MEMORY;
        } else {
            found->ids = ids;
            status = cs_column_fixed(statement, 0, ids[found->count].bytes, CS_ID_SIZE);
            found->count++;
        }
    }
    cs_statement_done(statement);
    return status;
}

/* One more than the limit, which tells whether there are more. */
static enum cs_status find_ids(struct cs_replica *replica, const struct cs_query_clause *clause,
                               const struct cs_query_selection *selection, struct cs_arena *arena,
                               struct found *found)
{
    struct cs_buffer sql;
    struct cs_statement *statement = NULL;
    int place = (int)clause->bound_count;
    cs_buffer_init(&sql, CS_QUERY_SQL_MAX);
    cs_buffer_append_text(&sql, "SELECT _t.id");
    cs_buffer_append_bytes(&sql, cs_buffer_bytes(&clause->from));
    cs_buffer_append_bytes(&sql, cs_buffer_bytes(&clause->order));
    cs_buffer_append_format(&sql, " LIMIT ?%d OFFSET ?%d", place + 1, place + 2);
    enum cs_status status = prepare(replica, clause, &sql, &statement);
    if (status == CS_OK) {
        bool all = selection->limit == INT64_MAX;
        cs_bind_integer(statement, place + 1, all ? INT64_MAX : selection->limit + 1);
        cs_bind_integer(statement, place + 2, selection->offset);
        status = gather(statement, arena, found);
    }
    cs_buffer_release(&sql);
    return status;
}

static enum cs_status visit_found(struct cs_replica *replica, const struct cs_entity *entity,
                                  const struct found *found, cs_row_visitor *visit, void *context)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < found->count; i++) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        struct cs_stored_row row;
        status = cs_row_load(replica->tables, cs_bytes_of_text(entity->name), &found->ids[i],
                             &arena, &row);
        if (status == CS_OK) {
            status = visit(context, &row);
        }
        cs_arena_release(&arena);
    }
    return status;
}

enum cs_status cs_query_select(struct cs_replica *replica, struct cs_bytes entity,
                               const struct cs_query_selection *selection,
                               enum cs_query_counting counting, struct cs_query_extent *out,
                               cs_row_visitor *visit, void *context, struct cs_problem *problem)
{
    const struct cs_entity *known;
    struct cs_query_extent extent = {false, 0};
    struct found found = {NULL, 0, 0};
    enum cs_status status = cs_edit_entity(replica, entity, &known, problem);
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    struct cs_query_clause clause;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_query_clause_init(&clause, replica, known, &arena);
    status = cs_query_clause_make(&clause, selection, problem);
    if (status == CS_OK && counting == CS_QUERY_COUNTED) {
        status = count_rows(replica, &clause, &extent.total);
    }
    if (status == CS_OK) {
        status = find_ids(replica, &clause, selection, &arena, &found);
    }
    cs_query_clause_release(&clause);
    if (status == CS_OK) {
        extent.more = selection->limit < INT64_MAX && found.count > (uint64_t)selection->limit;
        found.count -= extent.more ? 1 : 0;
        *out = extent;
        status = visit_found(replica, known, &found, visit, context);
    }
    cs_arena_release(&arena);
    return status;
}
