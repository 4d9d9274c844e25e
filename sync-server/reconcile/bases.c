/* What an edit says it had seen, see bases.h. */
#include "sync-server/reconcile/bases.h"

#include "shared/merge/row_versions.h"

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

static enum cs_status check_one(struct cs_reconcile *reconcile, const struct cs_version *version,
                                const struct cs_edit *edit, struct cs_verdict *verdict)
{
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
    enum cs_status status =
        cs_store_transaction(reconcile->store, version, reconcile->arena, &seen);
    if (status == CS_NOT_FOUND) {
        return hold(verdict, CS_GAP, "the change it is based on has not arrived yet");
    }
    if (status != CS_OK) {
        return status;
    }
    switch (seen.outcome) {
    case CS_OUTCOME_REFUSED:
        verdict->outcome = CS_OUTCOME_REFUSED;
        verdict->status =
            cs_problem_set(&verdict->problem, CS_REFUSED,
                           "the change it is based on was refused: correct that first");
        return CS_REFUSED;
    case CS_OUTCOME_HELD:
        return hold(verdict, seen.status, "the change it is based on is held itself");
    case CS_OUTCOME_APPLIED:
    case CS_OUTCOME_DUPLICATE:
        break;
    }
    return CS_OK;
}

enum cs_status cs_bases_check(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                              struct cs_bytes unit, struct cs_versions base,
                              const struct cs_edit *edit, struct cs_verdict *verdict)
{
    for (size_t i = 0; i < base.count; i++) {
        if (!stands_in_row(reconcile, row, unit, &base.items[i])) {
            enum cs_status status = check_one(reconcile, &base.items[i], edit, verdict);
            if (status != CS_OK) {
                return status;
            }
        }
    }
    return CS_OK;
}
