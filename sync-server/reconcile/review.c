/* Holding post-revocation work and deciding about it, see review.h. */
#include "sync-server/reconcile/review.h"

#include "shared/base/text.h"
#include "shared/evidence/revocation.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"
#include "sync-server/reconcile/held.h"
#include "sync-server/reconcile/operations.h"
#include "sync-server/reconcile/refusals.h"
#include "sync-server/reconcile/replaced.h"
#include "sync-server/reconcile/revocation.h"

#include <string.h>

/* Of one device. Beyond it the device keeps its work until somebody has looked at what is here. */
#define REVIEW_COUNT_MAX ((uint64_t)20000)
#define REVIEW_BYTES_MAX ((uint64_t)(64 * CS_MEBI))
/* Of what an exception or a row says about contents, bytes. */
#define SUMMARY_MAX ((size_t)1000)

/* A log with decisions in this change-set. */
struct cs_reviewed {
    uint64_t log;
    struct cs_reviewed *next;
};

enum cs_status cs_review_is_full(struct cs_store *store, uint64_t log, bool *out)
{
    struct cs_store_review review;
    enum cs_status status = cs_store_review_load(store, log, &review);
    if (status == CS_OK) {
        *out = review.count >= REVIEW_COUNT_MAX || review.bytes >= REVIEW_BYTES_MAX;
    }
    return status;
}

/* ---- what it contains, in words ---- */

static const char *verb_of(enum cs_operation_kind kind)
{
    switch (kind) {
    case CS_OPERATION_INSERT:
        return "new";
    case CS_OPERATION_UPDATE:
        return "changed";
    case CS_OPERATION_DELETE:
        break;
    }
    return "deleted";
}

static bool same_kind(const struct cs_operation *a, const struct cs_operation *b)
{
    return a->kind == b->kind && cs_bytes_equal(a->entity, b->entity);
}

/* "2 new visit, 1 changed part": kinds in the order in which they come first. */
static void summarise(const struct cs_transaction *transactions, size_t count,
                      struct cs_buffer *out)
{
    struct {
        const struct cs_operation *first;
        size_t count;
    } kinds[16];
    size_t kind_count = 0;
    bool others = false;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < transactions[i].operation_count; j++) {
            const struct cs_operation *operation = &transactions[i].operations[j];
            size_t at = 0;
            while (at < kind_count && !same_kind(kinds[at].first, operation)) {
                at++;
            }
            if (at == CS_COUNT(kinds)) {
                others = true;
                continue;
            }
            if (at == kind_count) {
                kinds[kind_count].first = operation;
                kinds[kind_count++].count = 0;
            }
            kinds[at].count++;
        }
    }
    for (size_t i = 0; i < kind_count; i++) {
        const struct cs_operation *first = kinds[i].first;
        cs_buffer_append_format(out, "%s%zu %s %.*s", i == 0 ? "" : ", ", kinds[i].count,
                                verb_of(first->kind), (int)first->entity.size,
                                (const char *)first->entity.data);
    }
    cs_buffer_append_text(out, others ? ", and others" : "");
}

static enum cs_status summary_text(struct cs_reconcile *reconcile,
                                   const struct cs_transaction *transactions, size_t count,
                                   struct cs_value *out)
{
    struct cs_buffer text;
    cs_buffer_init(&text, 16 * (CS_NAME_MAX + 64));
    summarise(transactions, count, &text);
    const char *words = cs_buffer_text(&text);
    enum cs_status status = CS_NO_MEMORY;
    if (words != NULL) {
        size_t size = text.size <= SUMMARY_MAX ? text.size : cs_utf8_cut(words, SUMMARY_MAX);
        status = cs_computed_text(reconcile->arena, out, "%.*s", (int)size, words);
    }
    cs_buffer_release(&text);
    return status;
}

/* ---- the exception ---- */

static enum cs_status report(struct cs_reconcile *reconcile, const struct cs_device *device,
                             struct cs_bytes contents)
{
    struct cs_store_review review;
    struct cs_working_row *row;
    struct cs_id id;
    cs_directory_row_id(device->certificate, &id);
    enum cs_status status = cs_store_review_load(reconcile->store, device->log, &review);
    if (status == CS_OK) {
        status = cs_working_set_get(&reconcile->set, cs_bytes_of_text("device"), &id, &row);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_finding finding = {
        .kind = "post_revocation_work", .subject = &row->now.row, .holds = review.count > 0};
    status = cs_computed_text(
        reconcile->arena, &finding.detail,
        "%llu %s that this device of %.*s signed after it was revoked (after change-set %llu) "
        "wait%s for review%s%.*s: see countersign review list",
        (unsigned long long)review.count, review.count == 1 ? "change" : "changes",
        (int)device->person_name.size, (const char *)device->person_name.data,
        (unsigned long long)device->revoked.sequence, review.count == 1 ? "s" : "",
        contents.size == 0 ? "" : "; the last ones: ", (int)contents.size,
        contents.size == 0 ? "" : (const char *)contents.data);
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

enum cs_status cs_review_report(struct cs_reconcile *reconcile)
{
    enum cs_status status = CS_OK;
    for (struct cs_reviewed *reviewed = reconcile->reviewed; status == CS_OK && reviewed != NULL;
         reviewed = reviewed->next) {
        struct cs_device device;
        status = cs_store_device_by_log(reconcile->store, reviewed->log, reconcile->arena, &device);
        if (status == CS_OK) {
            status = report(reconcile, &device, CS_BYTES_NONE);
        }
    }
    return status;
}

/* ---- holding ---- */

static enum cs_status work_id(struct cs_reconcile *reconcile, const struct cs_version *version,
                              struct cs_id *out_id, struct cs_bytes *out_log)
{
    struct cs_buffer name;
    struct cs_bytes bytes;
    cs_buffer_init(&name, 16);
    cs_buffer_append_u64(&name, version->log);
    cs_buffer_append_u64(&name, version->counter);
    enum cs_status status = name.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&name), &bytes);
    }
    cs_buffer_release(&name);
    if (status == CS_OK) {
        cs_computed_id("countersign held work", &bytes, 1, out_id);
        *out_log = cs_bytes_make(bytes.data, 8);
    }
    return status;
}

static enum cs_status copy(struct cs_reconcile *reconcile, struct cs_bytes bytes,
                           struct cs_value *out)
{
    struct cs_bytes kept = CS_BYTES_NONE;
    enum cs_status status = cs_arena_copy(reconcile->arena, bytes, &kept);
    *out = cs_value_bytes(kept);
    return status;
}

static enum cs_status put_work(struct cs_reconcile *reconcile, const struct cs_edit *edit)
{
    const struct cs_transaction *transaction = edit->transaction;
    struct cs_id id;
    struct cs_id device_id;
    struct cs_bytes log;
    struct cs_value device;
    struct cs_value name;
    struct cs_value author;
    struct cs_value summary;
    struct cs_value operations;
    cs_directory_row_id(reconcile->device->certificate, &device_id);
    enum cs_status status = work_id(reconcile, &edit->version, &id, &log);
    if (status == CS_OK) {
        status = copy(reconcile, cs_id_bytes(&device_id), &device);
    }
    if (status == CS_OK) {
        status = copy(reconcile, cs_bytes_of_array(transaction->id), &name);
    }
    if (status == CS_OK) {
        status = copy(reconcile, cs_id_bytes(&reconcile->device->person), &author);
    }
    if (status == CS_OK) {
        status = summary_text(reconcile, transaction, 1, &summary);
    }
    if (status == CS_OK) {
        status = cs_operations_text(reconcile, transaction, &operations);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_computed_value values[] = {
        {"device", device},
        {"log", cs_value_bytes(log)},
        {"counter", cs_value_integer((int64_t)edit->version.counter)},
        {"transaction", name},
        {"author", author},
        {"summary", summary},
        {"operations", operations},
        {"claimed_at", cs_value_integer(transaction->claimed)},
        {"received_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
        {"state", cs_value_text(cs_bytes_of_text("open"))},
    };
    return cs_computed_put(reconcile, "held_work", &id, values, CS_COUNT(values));
}

static enum cs_status put_rows(struct cs_reconcile *reconcile, const struct cs_edit *edit)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < edit->transaction->operation_count; i++) {
        const struct cs_operation *operation = &edit->transaction->operations[i];
        if (operation->kind == CS_OPERATION_INSERT) {
            status = cs_store_put_review_row(reconcile->store, &operation->row, &edit->version);
        }
    }
    return status;
}

/* One transaction goes to review whole; *verdict says how it ended. */
static enum cs_status hold_one(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                               struct cs_verdict *verdict)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_CHANGE_SET_BODY_MAX);
    enum cs_status status = cs_transaction_encode(edit->transaction, &body);
    if (status == CS_TOO_LARGE || status == CS_LIMIT) {
        /* It stands in its change-set, and its values in the refusal. */
        cs_buffer_release(&body);
        verdict->outcome = CS_OUTCOME_REFUSED;
        verdict->status = cs_problem_set(&verdict->problem, CS_REVOKED,
                                         "signed after the device was revoked, and too large to "
                                         "be held for review");
        return cs_transaction_log(reconcile, edit, &reconcile->device->person, verdict);
    }
    verdict->outcome = CS_OUTCOME_HELD;
    verdict->status = CS_REVOKED;
    if (status == CS_OK) {
        status = cs_transaction_put(reconcile, edit, verdict, cs_buffer_bytes(&body));
    }
    cs_buffer_release(&body);
    if (status == CS_OK) {
        status = put_rows(reconcile, edit);
    }
    return status != CS_OK ? status : put_work(reconcile, edit);
}

static enum cs_status hold_known(struct cs_reconcile *reconcile,
                                 const struct cs_transaction *transaction,
                                 struct cs_push_answer *answer)
{
    struct cs_edit edit = cs_edit_of(transaction, reconcile->device, reconcile->clock);
    struct cs_verdict verdict = {.outcome = CS_OUTCOME_DUPLICATE};
    bool known;
    enum cs_status status = cs_store_transaction_known(reconcile->store, transaction->id, &known);
    if (status == CS_OK) {
        status = known ? cs_transaction_log(reconcile, &edit, &reconcile->device->person, &verdict)
                       : hold_one(reconcile, &edit, &verdict);
    }
    return status != CS_OK ? status : cs_push_answer_add(answer, transaction, &verdict);
}

enum cs_status cs_review_hold(struct cs_reconcile *reconcile,
                              const struct cs_transactions *transactions,
                              struct cs_push_answer *answer)
{
    enum cs_status status = CS_OK;
    struct cs_value contents;
    for (size_t i = 0; status == CS_OK && i < transactions->count; i++) {
        status = hold_known(reconcile, &transactions->items[i], answer);
    }
    if (status == CS_OK) {
        status = summary_text(reconcile, transactions->items, transactions->count, &contents);
    }
    if (status == CS_OK) {
        status = report(reconcile, reconcile->device, contents.bytes);
    }
    if (status == CS_OK) {
        status = cs_reconcile_finish(reconcile);
    }
    return status != CS_OK ? status : cs_push_answer_echo(answer, reconcile, transactions);
}

/* ---- deciding ---- */

static bool is_review(const struct cs_operation *operation)
{
    return operation->kind == CS_OPERATION_INSERT &&
           cs_bytes_equal_text(operation->entity, "review");
}

/* The held work that a review names; exists = false if there is none. */
static enum cs_status find_work(struct cs_reconcile *reconcile,
                                const struct cs_operation *operation, struct cs_working_row **out)
{
    struct cs_id id = {{0}};
    for (size_t i = 0; i < operation->change_count; i++) {
        if (cs_bytes_equal_text(operation->changes[i].field, "work")) {
            (void)cs_id_from_bytes(operation->changes[i].value.bytes, &id);
        }
    }
    return cs_working_set_get(&reconcile->set, cs_bytes_of_text("held_work"), &id, out);
}

static const char *state_after(struct cs_bytes decision)
{
    return cs_bytes_equal_text(decision, CS_REVIEW_ACCEPT) ? "accepted" : "rejected";
}

static enum cs_status check_work(struct cs_reconcile *reconcile,
                                 const struct cs_operation *operation,
                                 const struct cs_review *review, struct cs_problem *problem)
{
    struct cs_working_row *work;
    enum cs_status status = find_work(reconcile, operation, &work);
    if (status != CS_OK) {
        return status;
    }
    if (!cs_bytes_equal(cs_working_value(work, "transaction").bytes, review->content.transaction)) {
        return cs_problem_set(problem, CS_FORGED, "what was signed decides about other work");
    }
    struct cs_bytes state = cs_working_value(work, "state").bytes;
    if (!cs_bytes_equal_text(state, "open") &&
        !cs_bytes_equal_text(state, state_after(review->content.decision))) {
        struct cs_bytes by = cs_working_value(work, "decided_by").bytes;
        return cs_problem_set(problem, CS_USED, "it was %.*s by %.*s before", (int)state.size,
                              (const char *)state.data, (int)by.size, (const char *)by.data);
    }
    return CS_OK;
}

enum cs_status cs_review_check(struct cs_reconcile *reconcile, const struct cs_operation *operation,
                               const struct cs_edit *edit, struct cs_problem *problem)
{
    if (!is_review(operation)) {
        return CS_OK;
    }
    uint8_t organisation[CS_HASH_SIZE];
    struct cs_named_value *values;
    struct cs_review review;
    enum cs_status status = cs_reconcile_organisation(reconcile, organisation);
    if (status == CS_OK) {
        status = cs_operation_values(reconcile, operation, &values);
    }
    if (status == CS_OK) {
        status = cs_review_verify(values, operation->change_count, organisation, reconcile->arena,
                                  &review, problem);
    }
    if (status == CS_OK && cs_certificate_log(review.reviewer.leaf_id) != edit->version.log) {
        status = cs_problem_set(problem, CS_DENIED,
                                "it was signed by another device than the one that sent it: after "
                                "joining again, decide anew");
    }
    if (status == CS_OK) {
        status = cs_signer_check(reconcile, review.reviewer.leaf_id, problem);
    }
    return status != CS_OK ? status : check_work(reconcile, operation, &review, problem);
}

static enum cs_status note_reviewed(struct cs_reconcile *reconcile, uint64_t log)
{
    for (struct cs_reviewed *reviewed = reconcile->reviewed; reviewed != NULL;
         reviewed = reviewed->next) {
        if (reviewed->log == log) {
            return CS_OK;
        }
    }
    struct cs_reviewed *reviewed = cs_arena_take(reconcile->arena, sizeof *reviewed);
    if (reviewed == NULL) {
        return CS_NO_MEMORY;
    }
    *reviewed = (struct cs_reviewed){log, reconcile->reviewed};
    reconcile->reviewed = reviewed;
    return CS_OK;
}

static struct cs_value field_of(const struct cs_operation *operation, const char *name)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        if (cs_bytes_equal_text(operation->changes[i].field, name)) {
            return operation->changes[i].value;
        }
    }
    return CS_NULL;
}

static enum cs_status close_work(struct cs_reconcile *reconcile, const struct cs_working_row *work,
                                 const struct cs_operation *review)
{
    const struct cs_computed_value values[] = {
        {"state", cs_value_text(cs_bytes_of_text(state_after(field_of(review, "decision").bytes)))},
        {"decided_by", field_of(review, "reviewed_by")},
        {"decided_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
        {"decision_reason", field_of(review, "reason")},
    };
    struct cs_id id = work->now.row.id;
    return cs_computed_put(reconcile, "held_work", &id, values, CS_COUNT(values));
}

/* Accepted: through the ordinary merge, with the rights and the time it had. Rejected: a refusal, values kept. */
static enum cs_status decide(struct cs_reconcile *reconcile, const struct cs_operation *review,
                             const struct cs_logged_transaction *held)
{
    struct cs_transaction transaction;
    struct cs_device device;
    struct cs_verdict verdict = {.outcome = CS_OUTCOME_REFUSED};
    enum cs_status status = cs_transaction_decode(held->body, reconcile->arena, &transaction);
    if (status == CS_OK) {
        status =
            cs_store_device_by_log(reconcile->store, held->version.log, reconcile->arena, &device);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_edit edit = cs_edit_of_held(&transaction, &device, held);
    if (cs_bytes_equal_text(field_of(review, "decision").bytes, CS_REVIEW_ACCEPT)) {
        status = cs_transaction_apply(reconcile, &edit, &verdict);
        if (status == CS_OK && verdict.outcome == CS_OUTCOME_APPLIED) {
            status = cs_mark_surprising(reconcile, &transaction);
        }
        if (status == CS_OK && verdict.outcome == CS_OUTCOME_APPLIED) {
            status = cs_transaction_settle(reconcile, &edit);
        }
    } else {
        struct cs_bytes by = field_of(review, "reviewed_by").bytes;
        struct cs_bytes reason = field_of(review, "reason").bytes;
        verdict.status = cs_problem_set(
            &verdict.problem, CS_REVOKED,
            "signed after the device was revoked, and rejected by %.*s: %.*s", (int)by.size,
            (const char *)by.data,
            (int)(reason.size < CS_PROBLEM_TEXT_MAX ? reason.size : CS_PROBLEM_TEXT_MAX),
            (const char *)reason.data);
    }
    return status != CS_OK ? status
                           : cs_transaction_log(reconcile, &edit, &device.person, &verdict);
}

static enum cs_status take_review(struct cs_reconcile *reconcile,
                                  const struct cs_operation *operation)
{
    struct cs_working_row *work;
    struct cs_logged_transaction held;
    struct cs_version version = {0, 0};
    enum cs_status status = find_work(reconcile, operation, &work);
    if (status != CS_OK) {
        return status;
    }
    struct cs_reader log;
    cs_reader_init(&log, cs_working_value(work, "log").bytes);
    version.log = cs_read_u64(&log);
    version.counter = (uint64_t)cs_working_value(work, "counter").integer;
    status = cs_store_transaction(reconcile->store, &version, reconcile->arena, &held);
    if (status != CS_OK || held.outcome != CS_OUTCOME_HELD || held.status != CS_REVOKED) {
        return status == CS_NOT_FOUND ? CS_CORRUPT : status; /* decided before */
    }
    status = note_reviewed(reconcile, version.log);
    if (status == CS_OK) {
        status = cs_store_remove_review_rows(reconcile->store, &version);
    }
    if (status == CS_OK) {
        status = close_work(reconcile, work, operation);
    }
    return status != CS_OK ? status : decide(reconcile, operation, &held);
}

enum cs_status cs_transaction_settle(struct cs_reconcile *reconcile, const struct cs_edit *edit)
{
    enum cs_status status = cs_replaced_note(reconcile, edit);
    for (size_t i = 0; status == CS_OK && i < edit->transaction->operation_count; i++) {
        const struct cs_operation *operation = &edit->transaction->operations[i];
        status = cs_revocation_take(reconcile, operation);
        if (status == CS_OK && is_review(operation)) {
            status = take_review(reconcile, operation);
        }
    }
    return status;
}
