/*
 * Rules about what merging chose between, see rules.h: a fact that beat a plan, two first writes of what is written once, a delete
 * against an edit. Each has its conflict, where the value that lost is kept; the exception tells the office what kind it is.
 */
#include "sync-server/reconcile/rules.h"

#include "shared/merge/row_versions.h"
#include "sync-server/reconcile/authors.h"
#include "sync-server/reconcile/computed.h"

/* One unit of the row. */
struct question {
    const struct cs_working_row *row;
    const struct cs_field *field; /* NULL: the unit of deletion */
    struct cs_bytes unit;
};

static bool is_loser(const struct question *question, const struct cs_stored_head *head)
{
    return cs_bytes_equal(head->unit, question->unit);
}

static enum cs_status shown_version(struct cs_reconcile *reconcile, const struct question *question,
                                    struct cs_version *out)
{
    struct cs_row_versions versions;
    enum cs_status status =
        cs_row_versions_unpack(question->row->now.row.versions, reconcile->arena, &versions);
    if (status == CS_OK) {
        struct cs_versions shown = cs_row_versions_of(&versions, question->unit);
        *out = shown.count > 0 ? shown.items[shown.count - 1] : (struct cs_version){0, 0};
    }
    return status;
}

static enum cs_status name_of(struct cs_reconcile *reconcile, const struct cs_version *version,
                              struct cs_bytes *out)
{
    const struct cs_author *author;
    enum cs_status status = cs_author_of(reconcile, version->log, &author);
    if (status == CS_OK) {
        *out = author->name;
    }
    return status;
}

/* Does what is shown come from the site, and something that lost not? */
static enum cs_status judge_fact(struct cs_reconcile *reconcile, const struct question *question,
                                 struct cs_finding *finding)
{
    struct cs_version shown;
    struct cs_version_facts facts = {.fact = false};
    struct cs_bytes recorder = CS_BYTES_NONE;
    struct cs_bytes planner = CS_BYTES_NONE;
    enum cs_status status = shown_version(reconcile, question, &shown);
    if (status == CS_OK) {
        status = cs_version_facts_of(reconcile, &shown, &facts);
    }
    const struct cs_working_state *now = &question->row->now;
    for (size_t i = 0; status == CS_OK && facts.fact && i < now->head_count; i++) {
        struct cs_version_facts other;
        if (!is_loser(question, &now->heads[i])) {
            continue;
        }
        status = cs_version_facts_of(reconcile, &now->heads[i].version, &other);
        if (status == CS_OK && !other.fact) {
            finding->holds = true;
            status = name_of(reconcile, &now->heads[i].version, &planner);
        }
    }
    if (status == CS_OK && finding->holds) {
        status = name_of(reconcile, &shown, &recorder);
    }
    if (status == CS_OK && finding->holds) {
        status =
            cs_computed_text(reconcile->arena, &finding->detail,
                             "%s: what %.*s recorded on site is shown; %.*s had planned "
                             "something else",
                             question->field->name, (int)recorder.size, (const char *)recorder.data,
                             (int)planner.size, (const char *)planner.data);
    }
    return status;
}

static enum cs_status judge_once(struct cs_reconcile *reconcile, const struct question *question,
                                 struct cs_finding *finding)
{
    const struct cs_working_state *now = &question->row->now;
    for (size_t i = 0; !finding->holds && i < now->head_count; i++) {
        finding->holds = is_loser(question, &now->heads[i]);
    }
    return cs_computed_text(reconcile->arena, &finding->detail,
                            "%s is written once, and two people did: the earlier value is shown",
                            question->field->name);
}

static enum cs_status judge_delete(struct cs_reconcile *reconcile, const struct question *question,
                                   struct cs_finding *finding)
{
    const struct cs_working_state *now = &question->row->now;
    struct cs_bytes name = CS_BYTES_NONE;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && !now->row.deleted && i < now->head_count; i++) {
        if (is_loser(question, &now->heads[i])) {
            finding->holds = true;
            status = name_of(reconcile, &now->heads[i].version, &name);
        }
    }
    return status != CS_OK || !finding->holds
               ? status
               : cs_computed_text(reconcile->arena, &finding->detail,
                                  "%.*s deleted it without having seen all changes: it stays "
                                  "until somebody decides",
                                  (int)name.size, (const char *)name.data);
}

static enum cs_status judge_unit(struct cs_reconcile *reconcile, const struct question *question)
{
    struct cs_finding finding = {.subject = &question->row->now.row};
    enum cs_status status = CS_OK;
    if (question->field == NULL) {
        finding.kind = "delete_against_edit";
        status = judge_delete(reconcile, question, &finding);
    } else {
        cs_rule_key(question->unit, &finding.key);
        if (question->field->policy == CS_MERGE_FACT_OVER_PLAN) {
            finding.kind = "fact_over_plan";
            status = judge_fact(reconcile, question, &finding);
        } else if (question->field->policy == CS_MERGE_ONCE) {
            finding.kind = "written_twice";
            status = judge_once(reconcile, question, &finding);
        }
    }
    return status != CS_OK || finding.kind == NULL ? status : cs_exception_set(reconcile, &finding);
}

/* The units of these heads, each once: heads of a unit follow each other in the store, and may not in memory. */
static enum cs_status judge_units(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                                  const struct cs_stored_head *heads, size_t count)
{
    const struct cs_entity *entity = row->now.row.entity;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_id key;
        bool first = false;
        cs_rule_key(heads[i].unit, &key);
        status = cs_judged_first(reconcile, "heads of a unit", &row->now.row.id, &key, &first);
        int index = cs_entity_field_index(entity, heads[i].unit);
        struct question question = {row, index < 0 ? NULL : &entity->fields[index], heads[i].unit};
        if (status == CS_OK && first &&
            (index >= 0 || cs_bytes_equal_text(heads[i].unit, CS_UNIT_DELETED))) {
            status = judge_unit(reconcile, &question);
        }
    }
    return status;
}

enum cs_status cs_rule_heads(struct cs_reconcile *reconcile, const struct cs_working_row *row)
{
    enum cs_status status = judge_units(reconcile, row, row->before_heads, row->before_head_count);
    return status != CS_OK ? status
                           : judge_units(reconcile, row, row->now.heads, row->now.head_count);
}
