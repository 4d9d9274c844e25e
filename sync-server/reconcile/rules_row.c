/* Rules about a row by itself and about rows with one natural key, see rules.h. */
#include "sync-server/reconcile/rules.h"

#include "shared/domain/validation.h"
#include "sync-server/reconcile/computed.h"

/* Rules over a row (left after arrived), checked again after merging. */
enum cs_status cs_rule_row_consistent(struct cs_reconcile *reconcile,
                                      const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (now->entity->order_rule_count == 0) {
        return CS_OK;
    }
    struct cs_problem problem = {{0}};
    enum cs_status judged = cs_row_consistent(now->entity, now->values, &problem);
    struct cs_finding finding = {
        .kind = "inconsistent_row", .subject = now, .holds = judged != CS_OK && !now->deleted};
    enum cs_status status = cs_computed_text(reconcile->arena, &finding.detail, "%s", problem.text);
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

/* Says of one row whether another one with its natural key was there before it. */
static enum cs_status set_duplicate(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                    bool holds)
{
    struct cs_finding finding = {.kind = "duplicate", .subject = row, .holds = holds};
    enum cs_status status =
        cs_computed_text(reconcile->arena, &finding.detail, "another %s has this %s already",
                         row->entity->name, row->entity->natural_key);
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

/*
 * Of the rows with one key the one with the smallest id is the original and all others are duplicates, whatever the order they
 * arrived in. Who comes or goes may change that for others: asked once for a key and a change-set, of the first so many.
 * *out_alone: the question was asked here, and no more than one row has the key.
 */
static enum cs_status judge_key(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                const struct cs_value *key, bool is_leaving, bool *out_alone)
{
    struct cs_id entity;
    struct cs_id text;
    struct cs_id *ids;
    size_t count = 0;
    bool first = false;
    *out_alone = false;
    cs_rule_key(row->name, &entity);
    cs_rule_key(key->bytes, &text);
    enum cs_status status = cs_judged_first(reconcile, "natural key", &entity, &text, &first);
    if (status == CS_OK && first) {
        status = cs_rule_find(reconcile, row->entity->name, row->entity->natural_key, key,
                              CS_RULE_SUBJECTS_MAX, &ids, &count);
        *out_alone = count <= 1;
    }
    /* The only one that came to its key has nothing to close: most rows are that. */
    for (size_t i = 0; status == CS_OK && (is_leaving || count > 1) && i < count; i++) {
        struct cs_stored_row loaded;
        status = cs_rule_load_id(reconcile, row->entity->name, &ids[i], &loaded);
        if (status == CS_OK) {
            status = set_duplicate(reconcile, &loaded, i > 0);
        }
    }
    return status;
}

/* The row by itself: also where it is one of more than are looked at above. */
static enum cs_status judge_self(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                 const struct cs_value *key, bool is_new)
{
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        cs_rule_find(reconcile, row->entity->name, row->entity->natural_key, key, 1, &ids, &count);
    bool holds = status == CS_OK && count > 0 && !cs_id_equal(&ids[0], &row->id);
    return status != CS_OK || (is_new && !holds) ? status : set_duplicate(reconcile, row, holds);
}

static struct cs_value natural_key_of(const struct cs_stored_row *row)
{
    return row->exists && !row->deleted ? cs_stored_value(row, row->entity->natural_key) : CS_NULL;
}

/* Two rows with one natural key: replicas enforce nothing, the office merges. */
enum cs_status cs_rule_duplicate(struct cs_reconcile *reconcile, const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    /* What is only ever added to cannot be merged: receipts have a rule of their own. */
    if (now->entity->natural_key == NULL || now->entity->kind == CS_ENTITY_EVIDENCE) {
        return CS_OK;
    }
    struct cs_value key = natural_key_of(now);
    struct cs_value key_before = natural_key_of(&row->before);
    if (cs_value_equal(&key, &key_before)) {
        return CS_OK;
    }
    enum cs_status status = CS_OK;
    bool alone = false;
    if (key_before.kind != CS_VALUE_NULL) {
        status = judge_key(reconcile, now, &key_before, true, &alone);
    }
    if (status == CS_OK && key.kind != CS_VALUE_NULL) {
        status = judge_key(reconcile, now, &key, false, &alone);
    }
    bool is_new = !row->before.exists;
    return status != CS_OK || (is_new && alone) ? status : judge_self(reconcile, now, &key, is_new);
}
