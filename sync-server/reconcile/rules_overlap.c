/*
 * The rule about one technician at two places at once, see rules.h.
 *
 * Two live visits of one person whose times on site, arrived to left, have more than a moment in common. The subject is every visit
 * that meets one with a smaller id: so a pair is one exception, whichever of the two came or changed last.
 */
#include "sync-server/reconcile/rules.h"

#include "shared/base/text.h"
#include "sync-server/reconcile/computed.h"

/* A stay of a person, in UTC. */
struct stay {
    struct cs_value person;
    int64_t arrived, left; /* instants */
};

/* false: not a whole stay. */
static bool stay_of(const struct cs_stored_row *visit, struct stay *out)
{
    struct cs_value arrived = cs_stored_value(visit, "arrived_at");
    struct cs_value left = cs_stored_value(visit, "left_at");
    out->person = cs_stored_value(visit, "technician");
    out->arrived = arrived.integer;
    out->left = left.integer;
    return !visit->deleted && out->person.kind != CS_VALUE_NULL && arrived.kind != CS_VALUE_NULL &&
           left.kind != CS_VALUE_NULL &&
           cs_instant_utc_ms(arrived.integer) < cs_instant_utc_ms(left.integer);
}

static enum cs_status describe(struct cs_reconcile *reconcile, const struct stay *a,
                               const struct stay *b, struct cs_value *out)
{
    struct cs_stored_row person;
    struct cs_bytes name;
    enum cs_status status = cs_rule_load(reconcile, "person", &a->person, &person);
    if (status == CS_OK) {
        status = cs_row_label(reconcile, &person, &name);
    }
    if (status != CS_OK) {
        return status;
    }
    char times[4][CS_TIME_TEXT_MAX];
    cs_instant_format(a->arrived, times[0]);
    cs_instant_format(a->left, times[1]);
    cs_instant_format(b->arrived, times[2]);
    cs_instant_format(b->left, times[3]);
    return cs_computed_text(
        reconcile->arena, out, "%.*s was on site from %s to %s, and on another visit from %s to %s",
        (int)name.size, (const char *)name.data, times[0], times[1], times[2], times[3]);
}

/* The first visits, by id, whose stay meets this one; the visit itself is among them. */
static enum cs_status find_meeting(struct cs_reconcile *reconcile, const struct stay *stay,
                                   size_t limit, struct cs_id **out_ids, size_t *out_count)
{
    const struct cs_entity *entity = cs_rule_entity(reconcile, "visit");
    const struct cs_row_span span = {
        (size_t)cs_entity_field_index(entity, cs_bytes_of_text("arrived_at")),
        (size_t)cs_entity_field_index(entity, cs_bytes_of_text("left_at"))};
    const struct cs_row_filter person = {
        (size_t)cs_entity_field_index(entity, cs_bytes_of_text("technician")), stay->person};
    return cs_store_find_span(
        reconcile->store, entity, &person, span,
        cs_instant_make(cs_instant_utc_ms(stay->left), CS_INSTANT_OFFSET_MIN),
        cs_instant_make(cs_instant_utc_ms(stay->arrived), CS_INSTANT_OFFSET_MAX), limit,
        reconcile->arena, out_ids, out_count);
}

static enum cs_status judge_one(struct cs_reconcile *reconcile, const struct cs_id *id)
{
    static const struct cs_id no_key;
    bool first = false;
    struct cs_stored_row visit;
    struct stay stay;
    struct cs_id *ids = NULL;
    size_t count = 0;
    enum cs_status status = cs_judged_first(reconcile, "overlapping visits", id, &no_key, &first);
    if (status == CS_OK && first) {
        status = cs_rule_load_id(reconcile, "visit", id, &visit);
    }
    if (status != CS_OK || !first) {
        return status;
    }
    if (stay_of(&visit, &stay)) {
        status = find_meeting(reconcile, &stay, 1, &ids, &count);
    }
    struct cs_finding finding = {.kind = "overlapping_visits", .subject = &visit};
    finding.holds = status == CS_OK && count > 0 && cs_id_compare(&ids[0], id) < 0;
    struct cs_stored_row other;
    struct stay other_stay;
    if (finding.holds) {
        status = cs_rule_load_id(reconcile, "visit", &ids[0], &other);
    }
    if (status == CS_OK && finding.holds && stay_of(&other, &other_stay)) {
        status = describe(reconcile, &stay, &other_stay, &finding.detail);
    }
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

/* All visits that met the row as it was, or meet it as it is. */
static enum cs_status judge_meeting(struct cs_reconcile *reconcile, const struct cs_stored_row *row)
{
    struct stay stay;
    struct cs_id *ids = NULL;
    size_t count = 0;
    enum cs_status status = CS_OK;
    if (row->exists && stay_of(row, &stay)) {
        status = find_meeting(reconcile, &stay, CS_RULE_SUBJECTS_MAX, &ids, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = judge_one(reconcile, &ids[i]);
    }
    return status;
}

enum cs_status cs_rule_overlapping_visits(struct cs_reconcile *reconcile,
                                          const struct cs_working_row *row)
{
    if (!cs_rule_is_about(&row->now.row, "visit")) {
        return CS_OK;
    }
    enum cs_status status = judge_one(reconcile, &row->now.row.id);
    if (status == CS_OK) {
        status = judge_meeting(reconcile, &row->before);
    }
    return status != CS_OK ? status : judge_meeting(reconcile, &row->now.row);
}
