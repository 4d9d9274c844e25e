/* Parts used on a visit: movements out of the technician's van; see visit.h. */
#include "field-client/visit/visit_internal.h"

#include <inttypes.h>

struct vans {
    struct cs_id first;
    size_t count;
};

static enum cs_status count_van(void *context, const struct cs_stored_row *location)
{
    struct vans *vans = context;
    if (vans->count++ == 0) {
        vans->first = location->id;
    }
    return CS_OK;
}

/* The entity's rows with these two values. */
static enum cs_status scan_pair(struct cs_replica *replica, const char *entity_name,
                                const char *field_a, struct cs_value value_a, const char *field_b,
                                struct cs_value value_b, cs_row_visitor *visit, void *context)
{
    const struct cs_entity *entity =
        cs_registry_find(cs_replica_registry(replica), cs_bytes_of_text(entity_name));
    if (entity == NULL) {
        return CS_UNSUPPORTED;
    }
    struct cs_row_filter filters[2] = {
        {(size_t)cs_entity_field_index(entity, cs_bytes_of_text(field_a)), value_a},
        {(size_t)cs_entity_field_index(entity, cs_bytes_of_text(field_b)), value_b}};
    return cs_row_scan(cs_replica_tables(replica), entity, filters, 2, CS_ROWS_LIVE, visit,
                       context);
}

static enum cs_status own_van(struct cs_replica *replica, struct cs_id *out,
                              struct cs_problem *problem)
{
    struct vans vans = {.count = 0};
    enum cs_status status =
        scan_pair(replica, "stock_location", "kind", cs_value_text(cs_bytes_of_text("van")),
                  "owner", cs_visit_id_value(cs_visit_self(replica)), count_van, &vans);
    if (status != CS_OK) {
        return status;
    }
    if (vans.count == 0) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "you have no van here: say where the part comes from with --from "
                              "LOCATION, or ask the office for a stock location of kind van that "
                              "is yours, and sync");
    }
    if (vans.count > 1) {
        return cs_problem_set(problem, CS_EXISTS,
                              "you have %zu vans: say which one with --from LOCATION", vans.count);
    }
    *out = vans.first;
    return CS_OK;
}

/* A place by code, id or prefix, otherwise by its whole name. */
static enum cs_status find_location(struct cs_replica *replica, struct cs_bytes text,
                                    struct cs_arena *arena, struct cs_id *out,
                                    struct cs_problem *problem)
{
    struct cs_bytes entity = cs_bytes_of_text("stock_location");
    enum cs_status status = cs_query_resolve(replica, entity, text, out, problem);
    if (status != CS_NOT_FOUND) {
        return status;
    }
    struct cs_value name = cs_value_text(text);
    struct cs_id *ids;
    size_t count = 0;
    status = cs_query_find(replica, entity, cs_bytes_of_text("name"), &name, 2, arena, &ids, &count,
                           NULL);
    if (status != CS_OK || count == 0) {
        return status != CS_OK ? status : CS_NOT_FOUND; /* the text of resolve stands */
    }
    if (count > 1) {
        return cs_problem_set(problem, CS_EXISTS,
                              "several stock locations have this name: give the code or id");
    }
    *out = ids[0];
    return CS_OK;
}

static enum cs_status add_quantity(void *context, const struct cs_stored_row *movement)
{
    const struct cs_value *quantity = cs_visit_value(movement, "quantity");
    int64_t *sum = context;
    *sum += quantity->kind == CS_VALUE_INTEGER ? quantity->integer : 0;
    return CS_OK;
}

/* What came to a place less what went from it, by the movements in view. */
static enum cs_status balance_at(struct cs_replica *replica, const struct cs_id *location,
                                 const struct cs_id *part, int64_t *out)
{
    int64_t in = 0;
    int64_t gone = 0;
    enum cs_status status = scan_pair(replica, "stock_movement", "part", cs_visit_id_value(part),
                                      "to", cs_visit_id_value(location), add_quantity, &in);
    if (status == CS_OK) {
        status = scan_pair(replica, "stock_movement", "part", cs_visit_id_value(part), "from",
                           cs_visit_id_value(location), add_quantity, &gone);
    }
    if (status == CS_OK) {
        *out = in - gone;
    }
    return status;
}

static enum cs_status insert_movement(struct cs_replica *replica, const struct cs_id *visit,
                                      const struct cs_id *part, const struct cs_visit_part *use,
                                      struct cs_visit_parted *parted, struct cs_problem *problem)
{
    struct cs_named_value values[] = {
        cs_visit_named("part", cs_visit_id_value(part)),
        cs_visit_named("from", cs_visit_id_value(&parted->from)),
        cs_visit_named("quantity", cs_value_integer(use->quantity)),
        cs_visit_named("serial", use->serial.size > 0 ? cs_value_text(use->serial) : CS_NULL),
        cs_visit_named("reason", cs_value_text(cs_bytes_of_text("used"))),
        cs_visit_named("visit", cs_visit_id_value(visit)),
        cs_visit_named("moved_at", cs_value_integer(cs_visit_now(replica)))};
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_insert(edit, cs_bytes_of_text("stock_movement"), NULL, values,
                            CS_COUNT(values), &parted->movement, problem);
    return cs_visit_end_edit(edit, status);
}

static enum cs_status find_source(struct cs_replica *replica, struct cs_bytes from,
                                  struct cs_id *out, struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    enum cs_status status = from.size > 0 ? find_location(replica, from, &arena, out, problem)
                                          : own_van(replica, out, problem);
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_visit_use_part(struct cs_replica *replica, const struct cs_id *visit,
                                 const struct cs_visit_part *use, struct cs_lines *warnings,
                                 struct cs_visit_parted *out, struct cs_problem *problem)
{
    struct cs_id part;
    struct cs_visit_parted parted = {.balance = 0};
    enum cs_status status =
        cs_query_resolve(replica, cs_bytes_of_text("part"), use->part, &part, problem);
    if (status == CS_OK) {
        status = find_source(replica, use->from, &parted.from, problem);
    }
    /* All that may fail comes before what is recorded: a repeated command would use the part twice. */
    if (status == CS_OK) {
        status = balance_at(replica, &parted.from, &part, &parted.balance);
    }
    if (status == CS_OK) {
        status = cs_visit_warn_signed(replica, visit, warnings);
    }
    if (status == CS_OK) {
        status = insert_movement(replica, visit, &part, use, &parted, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    parted.balance -= use->quantity;
    if (parted.balance < 0) {
        cs_lines_add(warnings,
                     "by what is known here the place this part was taken from now holds %" PRId64
                     " of it: a movement to it may be missing",
                     parted.balance);
    }
    *out = parted;
    return CS_OK;
}

enum cs_status cs_visit_list_parts(struct cs_replica *replica, const struct cs_id *visit,
                                   struct cs_arena *arena, struct cs_id **out_ids,
                                   size_t *out_count)
{
    struct cs_value value = cs_visit_id_value(visit);
    return cs_query_find(replica, cs_bytes_of_text("stock_movement"), cs_bytes_of_text("visit"),
                         &value, CS_OPERATIONS_PER_TRANSACTION_MAX, arena, out_ids, out_count,
                         NULL);
}
