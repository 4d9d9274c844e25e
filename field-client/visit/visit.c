/* Visits: finding them, starting, what is written down, leaving; see visit.h. */
#include "field-client/visit/visit_internal.h"

#include <string.h>

/* Visits of one work order, or of anybody's, that are open: a scan cannot ask for "not set". */
struct open_list {
    struct cs_replica *replica;
    struct cs_arena *arena;
    struct cs_id *ids;
    size_t count;
    size_t capacity;
    bool drafts_only;
};

static bool is_draft(const struct cs_stored_row *visit)
{
    struct cs_bytes status = cs_visit_text(visit, "status");
    return status.size == 0 || cs_bytes_equal_text(status, "draft");
}

bool cs_visit_is_open(const struct cs_replica *replica, const struct cs_stored_row *visit)
{
    struct cs_id technician;
    return cs_visit_reference(visit, "technician", &technician) &&
           cs_id_equal(&technician, cs_visit_self(replica)) &&
           cs_visit_value(visit, "left_at")->kind == CS_VALUE_NULL;
}

static enum cs_status collect_open(void *context, const struct cs_stored_row *visit)
{
    struct open_list *list = context;
    if (!cs_visit_is_open(list->replica, visit) || (list->drafts_only && !is_draft(visit))) {
        return CS_OK;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        struct cs_id *ids = cs_arena_take_array(list->arena, capacity, sizeof *ids);
        if (ids == NULL) {
            return CS_NO_MEMORY;
        }
        if (list->count > 0) {
            memcpy(ids, list->ids, list->count * sizeof *ids);
        }
        list->ids = ids;
        list->capacity = capacity;
    }
    list->ids[list->count++] = visit->id;
    return CS_OK;
}

/* This person's open visits, all or of one work order. */
static enum cs_status list_open(struct open_list *list, const struct cs_id *work_order)
{
    struct cs_row_tables *tables = cs_replica_tables(list->replica);
    const struct cs_entity *visit =
        cs_registry_find(cs_replica_registry(list->replica), cs_bytes_of_text("visit"));
    if (visit == NULL) {
        return CS_UNSUPPORTED;
    }
    struct cs_row_filter filters[2] = {
        {(size_t)cs_entity_field_index(visit, cs_bytes_of_text("technician")),
         cs_visit_id_value(cs_visit_self(list->replica))},
        {(size_t)cs_entity_field_index(visit, cs_bytes_of_text("work_order")), CS_NULL}};
    if (work_order != NULL) {
        filters[1].value = cs_visit_id_value(work_order);
    }
    return cs_row_scan(tables, visit, filters, work_order != NULL ? 2 : 1, CS_ROWS_LIVE,
                       collect_open, list);
}

enum cs_status cs_visit_list_open(struct cs_replica *replica, struct cs_arena *arena,
                                  struct cs_id **out_ids, size_t *out_count)
{
    struct open_list list = {.replica = replica, .arena = arena};
    enum cs_status status = list_open(&list, NULL);
    if (status == CS_OK) {
        *out_ids = list.ids;
        *out_count = list.count;
    }
    return status;
}

/* The open visit on the work order that was typed in place of a visit. */
static enum cs_status resolve_by_order(struct cs_replica *replica, struct cs_bytes text,
                                       struct cs_id *out, struct cs_problem *problem)
{
    struct cs_id work_order;
    enum cs_status status =
        cs_query_resolve(replica, cs_bytes_of_text("work_order"), text, &work_order, NULL);
    if (status != CS_OK) {
        return status == CS_EXISTS ? CS_NOT_FOUND : status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct open_list list = {.replica = replica, .arena = &arena};
    status = list_open(&list, &work_order);
    if (status == CS_OK && list.count > 1) {
        char first[CS_ID_TEXT_SIZE];
        char second[CS_ID_TEXT_SIZE];
        cs_id_format(&list.ids[0], first);
        cs_id_format(&list.ids[1], second);
        status = cs_problem_set(problem, CS_EXISTS,
                                "several visits of yours on this work order are open, among them "
                                "%s and %s: give the visit's id",
                                first, second);
    } else if (status == CS_OK && list.count == 0) {
        status = cs_problem_set(problem, CS_NOT_FOUND,
                                "no visit of yours on work order %.*s is open: \"visit start\" "
                                "starts one, or give the visit's id",
                                (int)(text.size < CS_NAME_MAX ? text.size : CS_NAME_MAX),
                                (const char *)text.data);
    } else if (status == CS_OK) {
        *out = list.ids[0];
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_visit_resolve(struct cs_replica *replica, struct cs_bytes text, struct cs_id *out,
                                struct cs_problem *problem)
{
    enum cs_status status =
        cs_query_resolve(replica, cs_bytes_of_text("visit"), text, out, problem);
    return status == CS_NOT_FOUND && text.size > 0 ? resolve_by_order(replica, text, out, problem)
                                                   : status;
}

static enum cs_status insert_visit(struct cs_replica *replica, const struct cs_visit_start *start,
                                   struct cs_visit_started *started, struct cs_problem *problem)
{
    int64_t arrived = start->arrived.given ? start->arrived.instant : cs_visit_now(replica);
    struct cs_named_value values[] = {
        cs_visit_named("work_order", cs_visit_id_value(&started->work_order)),
        cs_visit_named("technician", cs_visit_id_value(cs_visit_self(replica))),
        cs_visit_named("departed_at",
                       start->departed.given ? cs_value_integer(start->departed.instant) : CS_NULL),
        cs_visit_named("arrived_at", cs_value_integer(arrived)),
        cs_visit_named("status", cs_value_text(cs_bytes_of_text("draft")))};
    struct cs_named_value on_site =
        cs_visit_named("status", cs_value_text(cs_bytes_of_text("on_site")));
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_insert(edit, cs_bytes_of_text("visit"), NULL, values, CS_COUNT(values),
                            &started->visit, problem);
    if (status == CS_OK) {
        status = cs_edit_update(edit, cs_bytes_of_text("work_order"), &started->work_order,
                                &on_site, 1, problem);
    }
    return cs_visit_end_edit(edit, status);
}

/* Work on an order that is over is recorded; whoever does it should know. */
static enum cs_status warn_order(struct cs_replica *replica, const struct cs_id *work_order,
                                 struct cs_arena *arena, struct cs_lines *warnings)
{
    static const char *const over[] = {"finished", "reconciled", "cancelled", "returned"};
    struct cs_stored_row row;
    enum cs_status status = cs_visit_load(replica, "work_order", work_order, arena, &row);
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(over); i++) {
        if (cs_bytes_equal_text(cs_visit_text(&row, "status"), over[i])) {
            cs_lines_add(warnings, "the work order was already %s", over[i]);
        }
    }
    struct cs_id technician;
    if (status == CS_OK && cs_visit_reference(&row, "technician", &technician) &&
        !cs_id_equal(&technician, cs_visit_self(replica))) {
        cs_lines_add(warnings, "the work order is assigned to somebody else");
    }
    return status;
}

enum cs_status cs_visit_start(struct cs_replica *replica, const struct cs_visit_start *start,
                              struct cs_lines *warnings, struct cs_visit_started *out,
                              struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct open_list list = {.replica = replica, .arena = &arena, .drafts_only = true};
    struct cs_visit_started started = {.existed = false};
    enum cs_status status = cs_query_resolve(replica, cs_bytes_of_text("work_order"),
                                             start->work_order, &started.work_order, problem);
    if (status == CS_OK) {
        status = list_open(&list, &started.work_order);
    }
    started.existed = status == CS_OK && list.count > 0 && !start->another;
    if (started.existed) {
        started.visit = list.ids[0];
    } else if (status == CS_OK) {
        status = warn_order(replica, &started.work_order, &arena, warnings);
        if (status == CS_OK) {
            status = insert_visit(replica, start, &started, problem);
        }
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out = started;
    }
    return status;
}

enum cs_status cs_visit_note_with(const struct cs_stored_row *visit, struct cs_bytes line,
                                  struct cs_arena *arena, struct cs_value *out)
{
    struct cs_bytes note = cs_visit_text(visit, "note");
    size_t before = note.size > 0 ? note.size + 1 : 0;
    uint8_t *text = cs_arena_take(arena, before + line.size);
    if (text == NULL) {
        return CS_NO_MEMORY;
    }
    if (before > 0) {
        memcpy(text, note.data, note.size);
        text[note.size] = '\n';
    }
    memcpy(text + before, line.data, line.size);
    *out = cs_value_text(cs_bytes_make(text, before + line.size));
    return CS_OK;
}

enum cs_status cs_visit_add_note(struct cs_replica *replica, const struct cs_id *visit,
                                 struct cs_bytes text, struct cs_problem *problem)
{
    if (text.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "the note is empty");
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_named_value note = cs_visit_named("note", CS_NULL);
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text("visit"), visit, &arena, &row, problem);
    if (status == CS_OK) {
        status = cs_visit_note_with(&row, text, &arena, &note.value);
    }
    if (status == CS_OK) {
        status = cs_visit_update(replica, "visit", visit, &note, 1, problem);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_visit_record(struct cs_replica *replica, const struct cs_id *visit,
                               struct cs_bytes field, struct cs_bytes text,
                               struct cs_lines *warnings, struct cs_problem *problem)
{
    if (text.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "visit.%.*s: nothing was given", (int)field.size,
                              (const char *)field.data);
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct cs_named_value value;
    enum cs_status status =
        cs_edit_parse(replica, cs_bytes_of_text("visit"), field, text, &arena, &value, problem);
    if (status == CS_OK) {
        status = cs_visit_warn_signed(replica, visit, warnings);
    }
    if (status == CS_OK) {
        status = cs_visit_update(replica, "visit", visit, &value, 1, problem);
    }
    cs_arena_release(&arena);
    return status;
}
