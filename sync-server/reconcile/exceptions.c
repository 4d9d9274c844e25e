/* Opening and closing exceptions, see exceptions.h. */
#include "sync-server/reconcile/exceptions.h"

#include "shared/base/text.h"
#include "shared/domain/exception_kinds.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/recovery.h"

#include <string.h>

/* More episodes of one kind and subject than this are counted as one. */
#define EPISODES_MAX 1000

#define JUDGED_BUCKETS 1024

struct cs_judged {
    const char *question;
    struct cs_id subject;
    struct cs_id key;
    struct cs_judged *next;
};

enum cs_status cs_judged_first(struct cs_reconcile *reconcile, const char *question,
                               const struct cs_id *subject, const struct cs_id *key,
                               bool *out_first)
{
    if (reconcile->judged == NULL) {
        reconcile->judged =
            cs_arena_take_array(reconcile->arena, JUDGED_BUCKETS, sizeof *reconcile->judged);
    }
    struct cs_judged *judged = cs_arena_take(reconcile->arena, sizeof *judged);
    if (reconcile->judged == NULL || judged == NULL) {
        return CS_NO_MEMORY;
    }
    uint32_t hash = 0x811c9dc5u;
    for (size_t i = 0; i < CS_ID_SIZE; i++) {
        hash = (hash ^ subject->bytes[i]) * 0x01000193u;
        hash = (hash ^ key->bytes[i]) * 0x01000193u;
    }
    /* The first item of each bucket is its anchor and no question. */
    struct cs_judged *bucket = &reconcile->judged[(hash ^ hash >> 16) % JUDGED_BUCKETS];
    for (const struct cs_judged *seen = bucket->next; seen != NULL; seen = seen->next) {
        if (seen->question == question && cs_id_equal(&seen->subject, subject) &&
            cs_id_equal(&seen->key, key)) {
            *out_first = false;
            return CS_OK;
        }
    }
    *judged = (struct cs_judged){question, *subject, *key, bucket->next};
    bucket->next = judged;
    *out_first = true;
    return CS_OK;
}

static enum cs_status load_episode(struct cs_reconcile *reconcile, const struct cs_finding *finding,
                                   unsigned number, struct cs_id *out_id,
                                   struct cs_working_row **out)
{
    const uint8_t episode[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    const struct cs_bytes parts[] = {
        cs_bytes_of_text(finding->kind),    finding->subject->name,
        cs_id_bytes(&finding->subject->id), cs_id_bytes(&finding->key),
        cs_bytes_of_array(episode),
    };
    cs_computed_id("countersign exception", parts, CS_COUNT(parts), out_id);
    return cs_working_set_get(&reconcile->set, cs_bytes_of_text("exception"), out_id, out);
}

/*
 * The newest episode's row unless it is closed, and the id under which the next would stand. Episodes follow each other without a
 * gap, so the newest is found by doubling and halving. After the last one that is counted that one is opened again.
 */
static enum cs_status find_episode(struct cs_reconcile *reconcile, const struct cs_finding *finding,
                                   struct cs_working_row **out_open, struct cs_id *out_id)
{
    unsigned known = 0;              /* those before it are there */
    unsigned missing = EPISODES_MAX; /* it and those after are not */
    unsigned step = 1;
    struct cs_working_row *newest = NULL;
    while (known < missing) {
        unsigned number = step <= missing - known ? known + step - 1 : missing - 1;
        struct cs_working_row *row;
        enum cs_status status = load_episode(reconcile, finding, number, out_id, &row);
        if (status != CS_OK) {
            return status;
        }
        if (row->now.row.exists) {
            known = number + 1;
            newest = row;
            step *= 2;
        } else {
            missing = number;
            step = 1;
        }
    }
    bool open =
        newest != NULL && !cs_bytes_equal_text(cs_working_value(newest, "state").bytes, "closed");
    *out_open = open ? newest : NULL;
    unsigned number = open || known == EPISODES_MAX ? known - 1 : known;
    struct cs_working_row *unused;
    return load_episode(reconcile, finding, number, out_id, &unused);
}

static enum cs_status open_exception(struct cs_reconcile *reconcile,
                                     const struct cs_finding *finding, const struct cs_id *id)
{
    struct cs_bytes label;
    struct cs_bytes subject;
    enum cs_status status = cs_row_label(reconcile, finding->subject, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_id_bytes(&finding->subject->id), &subject);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_computed_value values[] = {
        {"kind", cs_value_text(cs_bytes_of_text(finding->kind))},
        {"entity", cs_value_text(finding->subject->name)},
        {"row", cs_value_bytes(subject)},
        {"subject", cs_value_text(label)},
        {"detail", finding->detail},
        {"opened_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
        {"closed_at", CS_NULL},
        {"state", cs_value_text(cs_bytes_of_text("open"))},
    };
    return cs_computed_put(reconcile, "exception", id, values, CS_COUNT(values));
}

static enum cs_status set_state(struct cs_reconcile *reconcile, const struct cs_id *id,
                                const char *state)
{
    bool open = strcmp(state, "open") == 0;
    const struct cs_computed_value values[] = {
        {"state", cs_value_text(cs_bytes_of_text(state))},
        {"closed_at",
         open ? CS_NULL : cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
    };
    return cs_computed_put(reconcile, "exception", id, values, CS_COUNT(values));
}

/* Somebody took the newest episode as it is: it ends when the predicate does, or when there is something else to say. */
static enum cs_status set_accepted(struct cs_reconcile *reconcile, const struct cs_finding *finding,
                                   const struct cs_working_row *accepted)
{
    struct cs_value detail = cs_working_value(accepted, "detail");
    if (finding->holds && cs_value_equal(&detail, &finding->detail)) {
        return CS_OK;
    }
    enum cs_status status = set_state(reconcile, &accepted->now.row.id, "closed");
    return status != CS_OK || !finding->holds ? status : cs_exception_set(reconcile, finding);
}

enum cs_status cs_exception_set(struct cs_reconcile *reconcile, const struct cs_finding *finding)
{
    cs_require(cs_exception_kind_find(cs_bytes_of_text(finding->kind)) != NULL);
    struct cs_working_row *newest;
    struct cs_id id;
    enum cs_status status = find_episode(reconcile, finding, &newest, &id);
    if (status != CS_OK) {
        return status;
    }
    if (newest == NULL) {
        return finding->holds ? open_exception(reconcile, finding, &id) : CS_OK;
    }
    if (cs_bytes_equal_text(cs_working_value(newest, "state").bytes, "accepted")) {
        return set_accepted(reconcile, finding, newest);
    }
    if (finding->holds) {
        const struct cs_computed_value detail = {"detail", finding->detail};
        return cs_computed_put(reconcile, "exception", &id, &detail, 1);
    }
    return set_state(reconcile, &id, "closed");
}

enum cs_status cs_exception_decided(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *exception)
{
    struct cs_value decision = cs_working_value(exception, "decision");
    struct cs_bytes state = cs_working_value(exception, "state").bytes;
    const struct cs_exception_kind *kind =
        cs_exception_kind_find(cs_working_value(exception, "kind").bytes);
    bool accepted = cs_bytes_equal_text(decision.bytes, "accepted");
    if (accepted && kind != NULL && kind->acceptable && cs_bytes_equal_text(state, "open")) {
        enum cs_status status = set_state(reconcile, &exception->now.row.id, "accepted");
        return status != CS_OK ? status : cs_recovery_given_up(reconcile, exception);
    }
    if (!accepted && cs_bytes_equal_text(state, "accepted")) {
        return set_state(reconcile, &exception->now.row.id, "open");
    }
    return CS_OK;
}
