/* Leaving the customer, and what is known of a visit's receipt; see visit.h. */
#include "field-client/visit/visit_internal.h"
#include "field-client/visit/void.h"

#include "shared/base/text.h"

/* Receipts of one visit that are looked at: all but one are void. */
#define RECEIPTS_MAX ((size_t)1000)

enum cs_status cs_visit_receipt(struct cs_replica *replica, const struct cs_id *visit,
                                struct cs_id *out, bool *out_found)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct cs_value value = cs_visit_id_value(visit);
    struct cs_id *ids;
    size_t count = 0;
    size_t first = 0;
    struct cs_bytes reason = CS_BYTES_NONE;
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text("receipt"), cs_bytes_of_text("visit"), &value,
                      RECEIPTS_MAX, &arena, &ids, &count, NULL);
    for (; status == CS_OK && first < count; first++) {
        status = cs_receipt_void_reason(replica, &ids[first], &arena, &reason);
        if (reason.size == 0) {
            break;
        }
    }
    if (status == CS_OK) {
        *out_found = first < count;
        if (first < count) {
            *out = ids[first];
        }
    }
    cs_arena_release(&arena);
    return status;
}

/* The number of the visit's receipt, copied into the array; "" where there is none. */
static enum cs_status receipt_number(struct cs_replica *replica, const struct cs_id *visit,
                                     struct cs_arena *arena, const char **out)
{
    struct cs_id receipt;
    bool found = false;
    struct cs_stored_row row;
    enum cs_status status = cs_visit_receipt(replica, visit, &receipt, &found);
    if (status != CS_OK || !found) {
        *out = NULL;
        return status;
    }
    status = cs_visit_load(replica, "receipt", &receipt, arena, &row);
    if (status == CS_OK) {
        *out = cs_arena_text(arena, cs_visit_text(&row, "number"));
        status = *out == NULL ? CS_NO_MEMORY : CS_OK;
    }
    return status;
}

enum cs_status cs_visit_warn_signed(struct cs_replica *replica, const struct cs_id *visit,
                                    struct cs_lines *warnings)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    const char *number = NULL;
    enum cs_status status = receipt_number(replica, visit, &arena, &number);
    if (status == CS_OK && number != NULL) {
        cs_lines_add(warnings,
                     "the customer has signed receipt %s already: it does not show this change",
                     number);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_visit_check_unsigned(struct cs_replica *replica, const struct cs_id *visit,
                                       struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    const char *number = NULL;
    enum cs_status status = receipt_number(replica, visit, &arena, &number);
    if (status == CS_OK && number != NULL) {
        status =
            cs_problem_set(problem, CS_EXISTS, "the visit is signed already: receipt %s", number);
    }
    cs_arena_release(&arena);
    return status;
}

/* The changes to the visit that leaving it makes; at most two. */
static enum cs_status make_changes(struct cs_replica *replica, const struct cs_stored_row *visit,
                                   const struct cs_visit_finish *finish, struct cs_arena *arena,
                                   struct cs_named_value values[static 2], size_t *out_count)
{
    size_t count = 0;
    enum cs_status status = CS_OK;
    bool left_already = cs_visit_value(visit, "left_at")->kind != CS_VALUE_NULL;
    if (finish->left.given || !left_already) {
        int64_t left = finish->left.given ? finish->left.instant : cs_visit_now(replica);
        values[count++] = cs_visit_named("left_at", cs_value_integer(left));
    }
    if (finish->unsigned_reason.size > 0) {
        values[count] = cs_visit_named("note", CS_NULL);
        status = cs_visit_note_with(visit, finish->unsigned_reason, arena, &values[count].value);
        count++;
    }
    *out_count = count;
    return status;
}

/* Order rules say which fields; people also need to know what to do about a clock that went back. */
static enum cs_status explain_times(const struct cs_stored_row *visit,
                                    const struct cs_visit_finish *finish, int64_t now,
                                    struct cs_problem *problem)
{
    const struct cs_value *arrived = cs_visit_value(visit, "arrived_at");
    int64_t left = finish->left.given ? finish->left.instant : now;
    if (arrived->kind != CS_VALUE_INTEGER || arrived->integer <= left) {
        return CS_INVALID;
    }
    char left_text[CS_TIME_TEXT_MAX];
    char arrived_text[CS_TIME_TEXT_MAX];
    cs_instant_format(left, left_text);
    cs_instant_format(arrived->integer, arrived_text);
    return cs_problem_set(problem, CS_INVALID,
                          "the visit cannot be left (%s) before it arrived (%s): give the time "
                          "with --left TIME, or correct arrived_at",
                          left_text, arrived_text);
}

static enum cs_status write_finish(struct cs_replica *replica, const struct cs_stored_row *visit,
                                   const struct cs_named_value *values, size_t count,
                                   const struct cs_stored_row *order, struct cs_problem *problem)
{
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    struct cs_named_value finished =
        cs_visit_named("status", cs_value_text(cs_bytes_of_text("finished")));
    if (count > 0) {
        status = cs_edit_update(edit, visit->name, &visit->id, values, count, problem);
    }
    if (status == CS_OK && order->exists) {
        status = cs_edit_update(edit, order->name, &order->id, &finished, 1, problem);
    }
    return cs_visit_end_edit(edit, status);
}

static enum cs_status finish_in(struct cs_replica *replica, const struct cs_id *id,
                                const struct cs_visit_finish *finish, struct cs_arena *arena,
                                struct cs_lines *warnings, struct cs_problem *problem)
{
    struct cs_stored_row visit;
    struct cs_stored_row order;
    struct cs_id receipt;
    bool has_receipt = false;
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text("visit"), id, arena, &visit, problem);
    if (status == CS_OK) {
        status = cs_visit_receipt(replica, id, &receipt, &has_receipt);
    }
    if (status == CS_OK && !has_receipt && finish->unsigned_reason.size == 0) {
        return cs_problem_set(problem, CS_INVALID,
                              "the customer has not signed: \"visit sign\" first, or give the "
                              "reason with --unsigned REASON");
    }
    if (status == CS_OK) {
        status = cs_visit_follow(replica, &visit, "work_order", "work_order", arena, &order);
    }
    struct cs_named_value values[2];
    size_t count = 0;
    if (status == CS_OK) {
        status = make_changes(replica, &visit, finish, arena, values, &count);
    }
    if (status != CS_OK) {
        return status;
    }
    if (!order.exists) {
        cs_lines_add(warnings, "the visit's work order is not on this laptop: its status stays");
    }
    status = write_finish(replica, &visit, values, count, &order, problem);
    return status == CS_INVALID ? explain_times(&visit, finish, cs_visit_now(replica), problem)
                                : status;
}

enum cs_status cs_visit_finish(struct cs_replica *replica, const struct cs_id *visit,
                               const struct cs_visit_finish *finish, struct cs_lines *warnings,
                               struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    enum cs_status status = finish_in(replica, visit, finish, &arena, warnings, problem);
    cs_arena_release(&arena);
    return status;
}
