/* The course of a repair, see repair.h. */
#include "field-client/replica/meta.h"
#include "field-client/replica/recount.h"
#include "field-client/sync/repair_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times that the scopes are compared in one repair. */
#define PASSES_MAX 3

#define SERVER_UNSOUND                                                                             \
    "the server's own sums do not fit its rows, so nothing is taken from it: tell the office, "    \
    "its "                                                                                         \
    "administrator has to run countersign-server verify"

static int64_t now_ms(const struct cs_repair *repair)
{
    const struct cs_world *world = cs_replica_world(repair->replica);
    return world->wall_ms(world->context);
}

enum cs_status cs_repair_keep_note(struct cs_repair *repair)
{
    if (!repair->noted) {
        repair->noted = true;
        repair->note.times++;
        repair->note.at_ms = now_ms(repair);
        repair->note.report = (struct cs_compare_report){.outcome = CS_COMPARE_UNREPAIRED};
    }
    repair->note.report.outcome = CS_COMPARE_UNREPAIRED;
    repair->note.unreported = true;
    return cs_repair_note_save(repair->replica, &repair->note);
}

/* What it came to, kept before it is told. */
static enum cs_status conclude(struct cs_repair *repair, enum cs_compare_outcome outcome)
{
    struct cs_database *database = cs_replica_database(repair->replica);
    repair->equal = outcome != CS_COMPARE_UNREPAIRED;
    repair->step = CS_COMPARE_REPORT;
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_repair_keep_note(repair);
    if (status == CS_OK) {
        repair->note.report.outcome = outcome;
        status = cs_repair_note_save(repair->replica, &repair->note);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    return cs_database_commit(database);
}

static enum cs_status conclude_equal(struct cs_repair *repair)
{
    const struct cs_compare_report *report = &repair->note.report;
    bool rows = report->rows + report->departed > 0 || report->sums == 0;
    if (repair->server_sum) {
        return conclude(repair, CS_COMPARE_SERVER_SUM);
    }
    return conclude(repair, rows ? CS_COMPARE_REPAIRED : CS_COMPARE_SUMS_MENDED);
}

enum cs_status cs_repair_give_up(struct cs_repair *repair, const char *text)
{
    (void)cs_problem_set(&repair->problem, CS_REFUSED, "%s", text);
    return conclude(repair, CS_COMPARE_UNREPAIRED);
}

static int compare_scopes(const void *a, const void *b)
{
    const struct cs_scope_cursor *left = a;
    const struct cs_scope_cursor *right = b;
    return cs_scope_name_compare(&left->scope, &right->scope);
}

/* The subscribed scopes, ascending; and is the kept digest that of the checkpoint? */
static enum cs_status load_scopes(struct cs_repair *repair, const struct cs_applier *applier)
{
    size_t count = applier->scope_count;
    struct cs_scope_cursor *sorted = cs_alloc_zero(count + 1, sizeof *sorted);
    repair->scopes = cs_alloc_zero(count + 1, sizeof *repair->scopes);
    repair->numbers = cs_alloc_zero(count + 1, sizeof *repair->numbers);
    if (sorted == NULL || repair->scopes == NULL || repair->numbers == NULL) {
        cs_free(sorted);
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (applier->scopes[i].subscribed) {
            sorted[repair->scope_count++] =
                (struct cs_scope_cursor){applier->scopes[i].name, i + 1};
        }
    }
    qsort(sorted, repair->scope_count, sizeof *sorted, compare_scopes);
    for (size_t i = 0; i < repair->scope_count; i++) {
        repair->scopes[i] = sorted[i].scope;
        repair->numbers[i] = sorted[i].position;
    }
    cs_free(sorted);
    return CS_OK;
}

enum cs_status cs_repair_is_equal(struct cs_repair *repair, bool *out)
{
    struct cs_applier applier;
    uint8_t digest[CS_HASH_SIZE];
    enum cs_status status = cs_applier_init(&applier, repair->replica);
    if (status == CS_OK) {
        status = cs_applier_digest(&applier, digest);
    }
    if (status == CS_OK && repair->scopes == NULL) {
        status = load_scopes(repair, &applier);
    }
    cs_applier_release(&applier);
    if (status == CS_OK) {
        *out = memcmp(digest, repair->checkpoint.digest, sizeof digest) == 0;
    }
    return status;
}

/* In the transaction of begin. */
static enum cs_status count_anew(struct cs_repair *repair)
{
    struct cs_recounted counted;
    enum cs_status status = cs_recount_mend(repair->replica, &counted);
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(repair->replica, CS_META_RECOUNTED, now_ms(repair));
    }
    if (status == CS_OK && counted.sums + counted.strays > 0) {
        repair->sums = counted.sums;
        repair->repaired = counted.strays;
        status = cs_repair_keep_note(repair);
        if (status == CS_OK) {
            repair->note.report.departed += counted.strays;
            repair->note.report.sums += counted.sums;
            status = cs_repair_note_save(repair->replica, &repair->note);
        }
    }
    return status;
}

/* The first sync only notes the time: what has just come has been counted. */
static enum cs_status is_due(struct cs_repair *repair, bool *out)
{
    int64_t last = 0;
    int64_t now = now_ms(repair);
    enum cs_status status = cs_replica_meta_number(repair->replica, CS_META_RECOUNTED, &last);
    if (status == CS_OK && last == 0) {
        status = cs_replica_meta_set_number(repair->replica, CS_META_RECOUNTED, now);
        last = now;
    }
    *out = status == CS_OK && (now < last || now - last >= CS_REPAIR_RECOUNT_MS);
    return status;
}

static enum cs_status count_now(struct cs_repair *repair)
{
    struct cs_database *database = cs_replica_database(repair->replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = count_anew(repair);
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    return cs_database_commit(database);
}

static enum cs_status count_if_due(struct cs_repair *repair)
{
    bool due = false;
    bool equal = false;
    enum cs_status status = cs_repair_is_equal(repair, &equal);
    if (status == CS_OK) {
        status = is_due(repair, &due);
    }
    if (status != CS_OK || (equal && !due)) {
        repair->equal = equal;
        return status;
    }
    status = count_now(repair);
    return status != CS_OK ? status : cs_repair_is_equal(repair, &repair->equal);
}

/* What is to be done now that everything has been counted. */
static enum cs_status decide(struct cs_repair *repair)
{
    int64_t recovering = 0;
    enum cs_status status =
        cs_replica_meta_number(repair->replica, CS_META_RECOVERY_OPEN, &recovering);
    if (status != CS_OK) {
        return status;
    }
    if (!repair->equal && recovering != 0) {
        repair->over = true;
        return cs_problem_set(
            &repair->problem, CS_OK,
            "the server is being recovered: what differs is compared when that is "
            "done");
    }
    if (!repair->equal) {
        repair->step = CS_COMPARE_SCOPES;
        return CS_OK;
    }
    if (repair->noted) {
        return conclude_equal(repair);
    }
    if (repair->note.unreported) {
        /* Put right before, never told. */
        repair->step = CS_COMPARE_REPORT;
        return CS_OK;
    }
    if (repair->note.times > 0 && repair->note.report.outcome == CS_COMPARE_UNREPAIRED) {
        /* It was given up and told; it is equal by now. */
        repair->noted = true;
        return conclude_equal(repair);
    }
    repair->over = true;
    return CS_OK;
}

static enum cs_status create(struct cs_replica *replica, struct cs_repair **out)
{
    struct cs_repair *repair = cs_alloc_zero(1, sizeof *repair);
    if (repair == NULL) {
        return CS_NO_MEMORY;
    }
    repair->replica = replica;
    cs_arena_init(&repair->arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_repair_note_load(replica, &repair->note);
    if (status != CS_OK) {
        cs_repair_end(repair);
        return status;
    }
    /* What was begun and not told is gone on with: it is the same difference. */
    repair->noted = repair->note.unreported && repair->note.report.outcome == CS_COMPARE_UNREPAIRED;
    *out = repair;
    return CS_OK;
}

enum cs_status cs_repair_begin(struct cs_replica *replica,
                               const struct cs_repair_checkpoint *checkpoint,
                               struct cs_repair **out)
{
    struct cs_repair *repair;
    enum cs_status status = create(replica, &repair);
    if (status != CS_OK) {
        return status;
    }
    repair->checkpoint = *checkpoint;
    status = count_if_due(repair);
    if (status == CS_OK) {
        status = decide(repair);
    }
    if (status != CS_OK || (repair->over && repair->equal)) {
        cs_repair_end(repair);
        repair = NULL;
    }
    if (status == CS_OK) {
        *out = repair;
    }
    return status;
}

enum cs_status cs_repair_clean(struct cs_replica *replica, bool *out_any)
{
    struct cs_repair *repair;
    enum cs_status status = create(replica, &repair);
    if (status != CS_OK) {
        return status;
    }
    status = count_now(repair);
    if (status == CS_OK) {
        *out_any = repair->repaired > 0;
    }
    cs_repair_end(repair);
    return status;
}

void cs_repair_end(struct cs_repair *owned_repair)
{
    if (owned_repair != NULL) {
        cs_arena_release(&owned_repair->arena);
        cs_free(owned_repair->scopes);
        cs_free(owned_repair->numbers);
        cs_free(owned_repair->ranges);
        cs_free(owned_repair);
    }
}

bool cs_repair_pending(const struct cs_repair *repair)
{
    return repair != NULL && !repair->over && !repair->wants_pull;
}

bool cs_repair_wants_pull(const struct cs_repair *repair)
{
    return repair != NULL && repair->wants_pull;
}

enum cs_status cs_repair_resume(struct cs_repair *repair,
                                const struct cs_repair_checkpoint *checkpoint)
{
    cs_require(repair->wants_pull);
    repair->wants_pull = false;
    repair->checkpoint = *checkpoint;
    cs_free(repair->scopes);
    cs_free(repair->numbers);
    repair->scopes = NULL;
    repair->numbers = NULL;
    repair->scope_count = 0;
    enum cs_status status = cs_repair_is_equal(repair, &repair->equal);
    return status != CS_OK ? status : decide(repair);
}

void cs_repair_result(const struct cs_repair *repair, struct cs_repair_result *out)
{
    *out = (struct cs_repair_result){
        .equal = repair->equal,
        .repaired = repair->repaired,
        .sums = repair->sums,
        .text = repair->equal ? "" : repair->problem.text,
    };
}

enum cs_status cs_repair_next(struct cs_repair *repair, struct cs_buffer *body)
{
    cs_require(!repair->over);
    enum cs_status status = CS_OK;
    if (repair->rounds++ == CS_REPAIR_ROUNDS_MAX && repair->step != CS_COMPARE_REPORT) {
        status = cs_repair_give_up(repair, "too much differs for one sync: sync again");
    }
    cs_arena_release(&repair->arena);
    repair->request = (struct cs_compare_request){
        .step = repair->step,
        .position = repair->checkpoint.position,
        .scopes = repair->scopes,
        .scope_count = repair->scope_count,
        .report = repair->note.report,
    };
    memcpy(repair->request.incarnation, repair->checkpoint.incarnation, 16);
    bool ranges = repair->step == CS_COMPARE_RANGES || repair->step == CS_COMPARE_ROWS;
    if (status == CS_OK && ranges) {
        status = cs_repair_choose(repair);
    }
    if (status == CS_OK && repair->request.step == CS_COMPARE_ROWS) {
        status = cs_repair_list(repair);
    }
    return status != CS_OK ? status : cs_compare_request_encode(&repair->request, body);
}

/* All ranges are dealt with: equal now, or once more from the start. */
static enum cs_status look_again(struct cs_repair *repair)
{
    bool equal = false;
    enum cs_status status = cs_repair_is_equal(repair, &equal);
    if (status != CS_OK) {
        return status;
    }
    repair->step = CS_COMPARE_SCOPES;
    return equal ? conclude_equal(repair) : CS_OK;
}

static enum cs_status take_sums(struct cs_repair *repair,
                                const struct cs_compare_response *response)
{
    bool any = false;
    bool unsound = false;
    repair->passes++;
    enum cs_status status = repair->noted ? CS_OK : cs_repair_keep_note(repair);
    if (status == CS_OK) {
        status = cs_repair_take_sums(repair, response, &any, &unsound);
    }
    if (status != CS_OK) {
        return status;
    }
    if (repair->range_count > 0) {
        repair->step = CS_COMPARE_RANGES;
        return repair->passes <= PASSES_MAX
                   ? CS_OK
                   : cs_repair_give_up(repair,
                                       "what was put right did not stay so: sync again, and "
                                       "tell the office if it stays so");
    }
    if (any) {
        return cs_repair_give_up(repair, SERVER_UNSOUND);
    }
    if (response->moved_count > 0 && repair->passes <= PASSES_MAX) {
        repair->wants_pull = true;
        return CS_OK;
    }
    repair->server_sum = unsound;
    return unsound ? conclude_equal(repair)
                   : cs_repair_give_up(repair, "the server says that everything is equal, but its "
                                               "digest says otherwise: tell the office");
}

/* The answer belongs to the request, and the server has not gone back. */
static enum cs_status check_answer(const struct cs_repair *repair,
                                   const struct cs_compare_response *response)
{
    const struct cs_compare_request *request = &repair->request;
    bool sums = request->step == CS_COMPARE_SCOPES;
    bool children = request->step == CS_COMPARE_RANGES;
    bool rows = request->step == CS_COMPARE_ROWS;
    if (memcmp(response->incarnation, repair->checkpoint.incarnation, 16) != 0 ||
        response->position < repair->checkpoint.position) {
        return CS_ROLLED_BACK;
    }
    bool fits =
        response->sum_count == (sums ? request->scope_count : 0) &&
        response->child_count == (children ? request->range_count * CS_COMPARE_FANOUT : 0) &&
        response->answered <= (rows ? request->range_count : 0) &&
        (rows || (response->row_count == 0 && response->departure_count == 0));
    return fits ? CS_OK : CS_MALFORMED;
}

static enum cs_status take_answer(struct cs_repair *repair,
                                  const struct cs_compare_response *response,
                                  struct cs_problem *problem)
{
    enum cs_status status = check_answer(repair, response);
    if (status != CS_OK) {
        return status;
    }
    switch (repair->request.step) {
    case CS_COMPARE_SCOPES:
        return take_sums(repair, response);
    case CS_COMPARE_RANGES:
        status = cs_repair_take_children(repair, response);
        break;
    case CS_COMPARE_ROWS:
        status = cs_repair_take_rows(repair, response, problem);
        break;
    case CS_COMPARE_REPORT:
        repair->over = true;
        repair->note.unreported = false;
        return cs_repair_note_save(repair->replica, &repair->note);
    }
    bool done = status == CS_OK && repair->range_count == 0 && repair->step != CS_COMPARE_REPORT;
    return done ? look_again(repair) : status;
}

enum cs_status cs_repair_receive(struct cs_repair *repair, struct cs_bytes body,
                                 struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_compare_response response;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_compare_response_decode(body, &arena, &response);
    if (status == CS_OK) {
        status = take_answer(repair, &response, problem);
    }
    cs_arena_release(&arena);
    if (status != CS_OK) {
        repair->over = true;
        repair->equal = false;
    }
    return status;
}

enum cs_status cs_repair_refused(struct cs_repair *repair, struct cs_bytes text)
{
    repair->over = true;
    int size = (int)(text.size < CS_PROBLEM_TEXT_MAX ? text.size : CS_PROBLEM_TEXT_MAX);
    return repair->equal ? CS_OK
                         : cs_problem_set(&repair->problem, CS_OK, "the server answered: %.*s",
                                          size, size == 0 ? "" : (const char *)text.data);
}
