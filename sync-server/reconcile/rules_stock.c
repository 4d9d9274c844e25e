/*
 * The rule about stock, see rules.h.
 *
 * Movements are a ledger: they are never changed, so a part or a place that was merged into another keeps its movements, and the
 * balance of the one that stands for it counts them. Only what stands for itself has a balance.
 */
#include "sync-server/reconcile/rules.h"

#include "sync-server/reconcile/computed.h"

/* Movements of a part up to which they are summed here. */
#define FEW_MOVEMENTS ((size_t)200)

/* Rows that are counted together. */
struct group {
    struct cs_id *ids;
    size_t count;
};

static bool is_in(const struct group *group, const struct cs_value *reference)
{
    bool found = false;
    for (size_t i = 0; !found && i < group->count; i++) {
        found = cs_bytes_equal(reference->bytes, cs_id_bytes(&group->ids[i]));
    }
    return found;
}

/* Sum of the movements of a part with `direction` = location. */
static enum cs_status moved(struct cs_reconcile *reconcile, const struct cs_entity *movement,
                            const char *direction, const struct cs_id *location,
                            const struct cs_value *part, int64_t *out)
{
    const struct cs_row_filter filters[] = {
        {(size_t)cs_entity_field_index(movement, cs_bytes_of_text(direction)),
         cs_value_bytes(cs_id_bytes(location))},
        {(size_t)cs_entity_field_index(movement, cs_bytes_of_text("part")), *part},
    };
    int quantity = cs_entity_field_index(movement, cs_bytes_of_text("quantity"));
    return cs_store_sum(reconcile->store, movement, (size_t)quantity, filters, CS_COUNT(filters),
                        out);
}

static enum cs_status sum_all(struct cs_reconcile *reconcile, const struct cs_entity *movement,
                              const struct group *places, const struct cs_value *part,
                              int64_t *in_out)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < places->count; i++) {
        int64_t in = 0;
        int64_t gone = 0;
        status = moved(reconcile, movement, "to", &places->ids[i], part, &in);
        if (status == CS_OK) {
            status = moved(reconcile, movement, "from", &places->ids[i], part, &gone);
        }
        *in_out += in - gone;
    }
    return status;
}

static enum cs_status sum_few(struct cs_reconcile *reconcile, const struct cs_id *ids, size_t count,
                              const struct group *places, int64_t *in_out)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row row;
        status = cs_rule_load_id(reconcile, "stock_movement", &ids[i], &row);
        if (status == CS_OK) {
            struct cs_value to = cs_stored_value(&row, "to");
            struct cs_value from = cs_stored_value(&row, "from");
            int64_t quantity = cs_stored_value(&row, "quantity").integer;
            *in_out += is_in(places, &to) ? quantity : 0;
            *in_out -= is_in(places, &from) ? quantity : 0;
        }
    }
    return status;
}

/*
 * The balance of parts at places. Most parts have moved few times, and a place sees movements of all parts: looking at the part's
 * keeps the first filling of a store from taking a time that grows with the square of what is in it.
 */
static enum cs_status balance(struct cs_reconcile *reconcile, const struct cs_entity *movement,
                              const struct group *places, const struct group *parts, int64_t *out)
{
    enum cs_status status = CS_OK;
    int64_t sum = 0;
    for (size_t i = 0; status == CS_OK && i < parts->count; i++) {
        struct cs_value part = cs_value_bytes(cs_id_bytes(&parts->ids[i]));
        struct cs_id *ids;
        size_t count;
        status =
            cs_rule_find(reconcile, movement->name, "part", &part, FEW_MOVEMENTS, &ids, &count);
        if (status == CS_OK) {
            status = count < FEW_MOVEMENTS ? sum_few(reconcile, ids, count, places, &sum)
                                           : sum_all(reconcile, movement, places, &part, &sum);
        }
    }
    *out = sum;
    return status;
}

static enum cs_status measure(struct cs_reconcile *reconcile, const struct cs_stored_row *place,
                              const struct cs_stored_row *item, struct cs_finding *finding)
{
    struct group places;
    struct group parts;
    int64_t left = 0;
    struct cs_bytes name;
    struct cs_bytes where;
    enum cs_status status =
        cs_rule_merged_rows(reconcile, "stock_location", &place->id, &places.ids, &places.count);
    if (status == CS_OK) {
        status = cs_rule_merged_rows(reconcile, "part", &item->id, &parts.ids, &parts.count);
    }
    if (status == CS_OK) {
        status =
            balance(reconcile, cs_rule_entity(reconcile, "stock_movement"), &places, &parts, &left);
    }
    if (status == CS_OK) {
        status = cs_row_label(reconcile, item, &name);
    }
    if (status == CS_OK) {
        status = cs_row_label(reconcile, place, &where);
    }
    if (status != CS_OK) {
        return status;
    }
    finding->holds = left < 0;
    return cs_computed_text(reconcile->arena, &finding->detail, "%.*s at %.*s: %lld on the books",
                            (int)name.size, (const char *)name.data, (int)where.size,
                            (const char *)where.data, (long long)left);
}

/* A part at a place that keeps stock of ours, both standing for themselves. */
static enum cs_status judge_at(struct cs_reconcile *reconcile, const struct cs_id *place_id,
                               const struct cs_id *item_id)
{
    struct cs_stored_row place;
    struct cs_stored_row item;
    bool first = false;
    enum cs_status status = cs_judged_first(reconcile, "balance", place_id, item_id, &first);
    if (status == CS_OK && first) {
        status = cs_rule_load_id(reconcile, "stock_location", place_id, &place);
    }
    if (status == CS_OK && first) {
        status = cs_rule_load_id(reconcile, "part", item_id, &item);
    }
    if (status != CS_OK || !first || !place.exists || !item.exists) {
        return status;
    }
    struct cs_id place_stands;
    struct cs_id item_stands;
    status = cs_rule_stands_for(reconcile, &place, &place_stands);
    if (status == CS_OK) {
        status = cs_rule_stands_for(reconcile, &item, &item_stands);
    }
    struct cs_bytes kind = cs_stored_value(&place, "kind").bytes;
    bool keeps = cs_bytes_equal_text(kind, "van") || cs_bytes_equal_text(kind, "warehouse");
    struct cs_finding finding = {.kind = "negative_stock", .subject = &place, .key = item.id};
    if (status == CS_OK && keeps && cs_id_equal(&place_stands, place_id) &&
        cs_id_equal(&item_stands, item_id)) {
        status = measure(reconcile, &place, &item, &finding);
    }
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

/* What a movement concerns on one side: what it names, what stands for that, and what is asked about besides. */
#define CONCERNED_MAX 16
struct concerned {
    struct cs_id ids[CONCERNED_MAX];
    size_t count;
};

static void add_concerned(struct concerned *concerned, const struct cs_id *id)
{
    bool known = concerned->count == CONCERNED_MAX;
    for (size_t i = 0; !known && i < concerned->count; i++) {
        known = cs_id_equal(&concerned->ids[i], id);
    }
    if (!known) {
        concerned->ids[concerned->count++] = *id;
    }
}

/* The row and what stands for it; nothing where there is no such row. */
static enum cs_status add_standing(struct cs_reconcile *reconcile, const char *entity,
                                   const struct cs_value *reference, struct concerned *concerned)
{
    struct cs_stored_row row;
    struct cs_id stands;
    enum cs_status status = cs_rule_load(reconcile, entity, reference, &row);
    if (status != CS_OK || !row.exists) {
        return status;
    }
    status = cs_rule_stands_for(reconcile, &row, &stands);
    if (status == CS_OK) {
        add_concerned(concerned, &row.id);
        add_concerned(concerned, &stands);
    }
    return status;
}

static enum cs_status judge_side(struct cs_reconcile *reconcile,
                                 const struct cs_stored_row *movement, const char *direction,
                                 struct concerned places, struct concerned items)
{
    struct cs_value location = cs_stored_value(movement, direction);
    struct cs_value part = cs_stored_value(movement, "part");
    enum cs_status status =
        location.kind == CS_VALUE_NULL ? CS_OK : add_standing(reconcile, "part", &part, &items);
    if (status == CS_OK && location.kind != CS_VALUE_NULL) {
        status = add_standing(reconcile, "stock_location", &location, &places);
    }
    for (size_t i = 0; status == CS_OK && i < places.count; i++) {
        for (size_t j = 0; status == CS_OK && j < items.count; j++) {
            status = judge_at(reconcile, &places.ids[i], &items.ids[j]);
        }
    }
    return status;
}

static enum cs_status judge_movement(struct cs_reconcile *reconcile,
                                     const struct cs_stored_row *movement,
                                     const struct concerned *places, const struct concerned *items)
{
    enum cs_status status = judge_side(reconcile, movement, "from", *places, *items);
    return status != CS_OK ? status : judge_side(reconcile, movement, "to", *places, *items);
}

/* All movements that name one of these parts or places: rare, and bounded. */
static enum cs_status judge_movements_of(struct cs_reconcile *reconcile, const char *name,
                                         const struct group *group,
                                         const struct concerned *concerned)
{
    static const struct concerned nothing;
    bool is_part = cs_bytes_equal_text(cs_bytes_of_text("part"), name);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < group->count; i++) {
        struct cs_value value = cs_value_bytes(cs_id_bytes(&group->ids[i]));
        struct cs_id *ids;
        size_t count;
        status = cs_rule_find(reconcile, "stock_movement", name, &value, CS_RULE_SUBJECTS_MAX, &ids,
                              &count);
        for (size_t j = 0; status == CS_OK && j < count; j++) {
            struct cs_stored_row row;
            status = cs_rule_load_id(reconcile, "stock_movement", &ids[j], &row);
            if (status == CS_OK) {
                status = judge_movement(reconcile, &row, is_part ? &nothing : concerned,
                                        is_part ? concerned : &nothing);
            }
        }
    }
    return status;
}

/*
 * A part or place counts otherwise now: merged, deleted, back, of another kind. What is asked about is the row, those it was said to
 * be merged into, and whatever stands for these; the movements are those of all that are counted with them.
 */
static enum cs_status judge_all_of(struct cs_reconcile *reconcile, const char *entity,
                                   const struct cs_id *id)
{
    struct concerned concerned = {.count = 0};
    struct cs_value self = cs_value_bytes(cs_id_bytes(id));
    struct cs_id *merges;
    size_t count = 0;
    enum cs_status status = add_standing(reconcile, entity, &self, &concerned);
    if (status == CS_OK) {
        status =
            cs_rule_find(reconcile, "row_merge", "dropped", &self, CONCERNED_MAX, &merges, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row merge;
        status = cs_rule_load_id(reconcile, "row_merge", &merges[i], &merge);
        struct cs_value kept = cs_stored_value(&merge, "kept");
        status = status != CS_OK ? status : add_standing(reconcile, entity, &kept, &concerned);
    }
    bool is_part = cs_bytes_equal_text(cs_bytes_of_text("part"), entity);
    for (size_t i = 0; status == CS_OK && i < concerned.count; i++) {
        struct group group;
        status =
            cs_rule_merged_rows(reconcile, entity, &concerned.ids[i], &group.ids, &group.count);
        if (status == CS_OK) {
            status = judge_movements_of(reconcile, is_part ? "part" : "from", &group, &concerned);
        }
        if (status == CS_OK && !is_part) {
            status = judge_movements_of(reconcile, "to", &group, &concerned);
        }
    }
    return status;
}

/* Did the row of a part or place become one that counts otherwise: deleted, back, of another kind? */
static bool counts_otherwise(const struct cs_working_row *row)
{
    struct cs_value kind = cs_stored_value(&row->now.row, "kind");
    struct cs_value before = cs_stored_value(&row->before, "kind");
    return row->before.exists &&
           (row->before.deleted != row->now.row.deleted ||
            (cs_rule_is_about(&row->now.row, "stock_location") && !cs_value_equal(&kind, &before)));
}

enum cs_status cs_rule_negative_stock(struct cs_reconcile *reconcile,
                                      const struct cs_working_row *row)
{
    static const struct concerned nothing;
    const struct cs_stored_row *now = &row->now.row;
    bool is_merge = cs_rule_is_about(now, "row_merge");
    struct cs_bytes entity = is_merge ? cs_stored_value(now, "entity").bytes : now->name;
    struct cs_id id = now->id;
    if (cs_rule_is_about(now, "stock_movement")) {
        return judge_movement(reconcile, now, &nothing, &nothing);
    }
    if (is_merge ? !cs_id_from_bytes(cs_stored_value(now, "dropped").bytes, &id)
                 : !counts_otherwise(row)) {
        return CS_OK;
    }
    if (cs_bytes_equal_text(entity, "part")) {
        return judge_all_of(reconcile, "part", &id);
    }
    return cs_bytes_equal_text(entity, "stock_location")
               ? judge_all_of(reconcile, "stock_location", &id)
               : CS_OK;
}
