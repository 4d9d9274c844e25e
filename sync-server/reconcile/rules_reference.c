/*
 * The rule about references to rows that were deleted, see rules.h.
 *
 * The subject is the deleted row, and the predicate that a live row still refers to it, whichever of the two came first. Where it
 * was merged into another row, references that can only be written once (a ledger's, a visit's) are its own and stay: what counts
 * them counts the row that stands for it.
 */
#include "sync-server/reconcile/rules.h"

#include "sync-server/reconcile/computed.h"

struct referrer {
    struct cs_stored_row row;
    const struct cs_field *field; /* NULL: there is none */
};

static bool counts(const struct cs_entity *entity, const struct cs_field *field,
                   const struct cs_stored_row *deleted, bool merged)
{
    if (field->type != CS_FIELD_REFERENCE || entity->kind == CS_ENTITY_COMPUTED ||
        !cs_bytes_equal_text(deleted->name, field->references)) {
        return false;
    }
    return !merged || (field->policy != CS_MERGE_ONCE && entity->kind != CS_ENTITY_EVIDENCE);
}

/* The first live row of the entity, if any, that refers to the deleted one. */
static enum cs_status find_in(struct cs_reconcile *reconcile, const struct cs_entity *entity,
                              const struct cs_stored_row *deleted, bool merged,
                              struct referrer *out)
{
    struct cs_value id = cs_value_bytes(cs_id_bytes(&deleted->id));
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && out->field == NULL && i < entity->field_count; i++) {
        struct cs_id *ids;
        size_t count = 0;
        if (counts(entity, &entity->fields[i], deleted, merged)) {
            status =
                cs_rule_find(reconcile, entity->name, entity->fields[i].name, &id, 1, &ids, &count);
        }
        if (status == CS_OK && count > 0) {
            status = cs_rule_load_id(reconcile, entity->name, &ids[0], &out->row);
            out->field = &entity->fields[i];
        }
    }
    return status;
}

static enum cs_status find_referrer(struct cs_reconcile *reconcile,
                                    const struct cs_stored_row *deleted, struct referrer *out)
{
    struct cs_id stands;
    *out = (struct referrer){.field = NULL};
    enum cs_status status = cs_rule_stands_for(reconcile, deleted, &stands);
    for (size_t i = 0;
         status == CS_OK && out->field == NULL && i < reconcile->registry->entity_count; i++) {
        status = find_in(reconcile, reconcile->registry->entities[i], deleted,
                         !cs_id_equal(&stands, &deleted->id), out);
    }
    return status;
}

static enum cs_status judge(struct cs_reconcile *reconcile, const struct cs_stored_row *row)
{
    static const struct cs_id no_key;
    bool first = false;
    struct referrer referrer = {.field = NULL};
    enum cs_status status =
        cs_judged_first(reconcile, "referred to, but deleted", &row->id, &no_key, &first);
    if (status == CS_OK && first && row->deleted) {
        status = find_referrer(reconcile, row, &referrer);
    }
    if (status != CS_OK || !first) {
        return status;
    }
    struct cs_finding finding = {
        .kind = "deleted_reference", .subject = row, .holds = referrer.field != NULL};
    if (finding.holds) {
        struct cs_bytes label;
        status = cs_row_label(reconcile, &referrer.row, &label);
        if (status == CS_OK) {
            status = cs_computed_text(reconcile->arena, &finding.detail,
                                      "it was deleted, but %s.%s of %.*s still refers to it",
                                      referrer.row.entity->name, referrer.field->name,
                                      (int)label.size, (const char *)label.data);
        }
    }
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

/* A row that is referred to, or was until now: only a deleted one raises the question. */
static enum cs_status judge_referred(struct cs_reconcile *reconcile, const char *entity,
                                     const struct cs_value *reference)
{
    struct cs_stored_row row;
    enum cs_status status = cs_rule_load(reconcile, entity, reference, &row);
    return status == CS_OK && row.exists && row.deleted ? judge(reconcile, &row) : status;
}

static enum cs_status judge_references(struct cs_reconcile *reconcile,
                                       const struct cs_stored_row *before,
                                       const struct cs_stored_row *now)
{
    bool same_life = before->exists && before->deleted == now->deleted;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < now->entity->field_count; i++) {
        const struct cs_field *field = &now->entity->fields[i];
        bool same = before->exists && cs_value_equal(&before->values[i], &now->values[i]);
        if (field->type != CS_FIELD_REFERENCE || (same && same_life)) {
            continue;
        }
        status = judge_referred(reconcile, field->references, &now->values[i]);
        if (status == CS_OK && before->exists && !same) {
            status = judge_referred(reconcile, field->references, &before->values[i]);
        }
    }
    return status;
}

enum cs_status cs_rule_deleted_reference(struct cs_reconcile *reconcile,
                                         const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    const struct cs_stored_row *before = &row->before;
    enum cs_status status = CS_OK;
    if (now->deleted != (before->exists && before->deleted)) {
        status = judge(reconcile, now);
    }
    if (status == CS_OK && cs_rule_is_about(now, "row_merge")) {
        struct cs_value reference = cs_stored_value(now, "dropped");
        struct cs_bytes name = cs_stored_value(now, "entity").bytes;
        const struct cs_entity *entity = cs_registry_find(reconcile->registry, name);
        status = entity == NULL ? CS_OK : judge_referred(reconcile, entity->name, &reference);
    }
    return status != CS_OK ? status : judge_references(reconcile, before, now);
}
