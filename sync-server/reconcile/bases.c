/* What an edit says it had seen, see bases.h. */
#include "sync-server/reconcile/bases.h"

#include "shared/base/planted.h"
#include "shared/merge/row_versions.h"

enum cs_status cs_change_whereabouts(struct cs_reconcile *reconcile,
                                     const struct cs_version *version, enum cs_whereabouts *out)
{
    struct cs_logged_transaction logged;
    *out = CS_CHANGE_DECIDED;
    if (version->log == CS_LOG_SERVER) {
        return CS_OK;
    }
    enum cs_status status =
        cs_store_transaction(reconcile->store, version, reconcile->arena, &logged);
    if (status == CS_NOT_FOUND) {
        *out = CS_CHANGE_AWAY;
        return CS_OK;
    }
    if (status == CS_OK && logged.outcome == CS_OUTCOME_HELD) {
        *out = CS_CHANGE_WAITS;
    }
    return status;
}

/* Shown now, or a head: the usual cases, answered without asking the store. */
static bool stands_in_row(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                          struct cs_bytes unit, const struct cs_version *version)
{
    for (size_t i = 0; i < row->now.head_count; i++) {
        if (cs_version_equal(&row->now.heads[i].version, version)) {
            return true;
        }
    }
    struct cs_row_versions versions;
    return row->now.row.exists &&
           cs_row_versions_unpack(row->now.row.versions, reconcile->arena, &versions) == CS_OK &&
           cs_versions_contain(cs_row_versions_of(&versions, unit), version);
}

static enum cs_status hold(struct cs_verdict *verdict, enum cs_status why, const char *text)
{
    verdict->outcome = CS_OUTCOME_HELD;
    verdict->status = cs_problem_set(&verdict->problem, why, "%s", text);
    return CS_REFUSED;
}

/* What became of the change that a version names; of a duplicate, of the one it repeats. */
static enum cs_status find_seen(struct cs_reconcile *reconcile, const struct cs_version *version,
                                struct cs_logged_transaction *out)
{
    enum cs_status status = cs_store_transaction(reconcile->store, version, reconcile->arena, out);
    if (status == CS_OK && out->outcome == CS_OUTCOME_DUPLICATE) {
        struct cs_logged_transaction taken;
        status = cs_store_transaction_taken(reconcile->store, out->id, reconcile->arena, &taken);
        if (status == CS_OK) {
            *out = taken;
        } else if (status == CS_NOT_FOUND) {
            /* It was held then, and was refused later. */
            out->outcome = CS_OUTCOME_REFUSED;
            status = CS_OK;
        }
    }
    return status;
}

static enum cs_status check_one(struct cs_reconcile *reconcile, const struct cs_version *version,
                                const struct cs_edit *edit, struct cs_verdict *verdict,
                                struct cs_version *out)
{
    *out = *version;
    if (version->log == CS_LOG_SERVER) {
        return CS_OK;
    }
    if (version->log == edit->version.log && version->counter >= edit->version.counter) {
        verdict->outcome = CS_OUTCOME_REFUSED;
        verdict->status = cs_problem_set(&verdict->problem, CS_MALFORMED,
                                         "it names a later change as one its author had seen");
        return CS_REFUSED;
    }
    struct cs_logged_transaction seen;
    enum cs_status status = find_seen(reconcile, version, &seen);
    if (status == CS_NOT_FOUND) {
        return hold(verdict, CS_GAP, "the change it is based on has not arrived yet");
    }
    if (status != CS_OK) {
        return status;
    }
    *out = seen.version;
    switch (seen.outcome) {
    case CS_OUTCOME_REFUSED:
        verdict->outcome = CS_OUTCOME_REFUSED;
        verdict->status =
            cs_problem_set(&verdict->problem, CS_REFUSED,
                           "the change it is based on was refused: correct that first");
        return CS_REFUSED;
    case CS_OUTCOME_HELD:
        /* Of one held for review it is not known when it ends: this one is tried again until then. */
        return hold(verdict, seen.status == CS_REVOKED ? CS_GAP : seen.status,
                    "the change it is based on is held itself");
    case CS_OUTCOME_APPLIED:
    case CS_OUTCOME_DUPLICATE:
        break;
    }
    return CS_OK;
}

/* Puts a version into an ascending list without doubles, which has room. */
static void put_version(struct cs_version *items, size_t *count, const struct cs_version *version)
{
    size_t place = *count;
    while (place > 0 && cs_version_compare(&items[place - 1], version) > 0) {
        place--;
    }
    if (place > 0 && cs_version_equal(&items[place - 1], version)) {
        return;
    }
    for (size_t i = *count; i > place; i--) {
        items[i] = items[i - 1];
    }
    items[place] = *version;
    ++*count;
}

enum cs_status cs_bases_check(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                              struct cs_bytes unit, struct cs_versions base,
                              const struct cs_edit *edit, struct cs_verdict *verdict,
                              struct cs_versions *out_base)
{
    struct cs_version *items = cs_arena_take_array(reconcile->arena, base.count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < base.count; i++) {
        struct cs_version named = base.items[i];
        if (!stands_in_row(reconcile, row, unit, &base.items[i]) && !CS_PLANTED(SKIP_BASE_CHECK)) {
            enum cs_status status = check_one(reconcile, &base.items[i], edit, verdict, &named);
            if (status != CS_OK) {
                return status;
            }
        }
        put_version(items, &count, &named);
    }
    *out_base = (struct cs_versions){items, count};
    return CS_OK;
}
