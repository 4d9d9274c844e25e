/*
 * The rules behind exceptions. Each is asked about a row that changed, works out which subjects it concerns, and states for each
 * whether the predicate holds now.
 */
#include "sync-server/reconcile/exceptions.h"

#include "shared/domain/validation.h"
#include "shared/rows/signed_content.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/copied_device.h"

#define SUBJECTS_MAX ((size_t)1000)

static bool is_entity(const struct cs_stored_row *row, const char *name)
{
    return cs_bytes_equal_text(row->name, name);
}

static const struct cs_entity *entity_named(struct cs_reconcile *reconcile, const char *name)
{
    return cs_registry_find(reconcile->registry, cs_bytes_of_text(name));
}

/* Live rows of `entity` whose `field` is this value; none if the registry lacks the entity or field. */
static enum cs_status find_rows(struct cs_reconcile *reconcile, const char *entity,
                                const char *field, const struct cs_value *value, size_t limit,
                                struct cs_id **out_ids, size_t *out_count)
{
    *out_count = 0;
    const struct cs_entity *descriptor = entity_named(reconcile, entity);
    int index =
        descriptor == NULL ? -1 : cs_entity_field_index(descriptor, cs_bytes_of_text(field));
    if (index < 0 || value->kind == CS_VALUE_NULL) {
        return CS_OK;
    }
    return cs_row_find(cs_store_rows(reconcile->store), descriptor, (size_t)index, value, limit,
                       reconcile->arena, out_ids, out_count);
}

/* The row a reference names; exists = false if there is none. */
static enum cs_status load_referred(struct cs_reconcile *reconcile, const char *entity,
                                    const struct cs_value *reference, struct cs_stored_row *out)
{
    struct cs_id id;
    *out = (struct cs_stored_row){.name = cs_bytes_of_text(entity)};
    if (!cs_id_from_bytes(reference->bytes, &id)) {
        return CS_OK;
    }
    return cs_row_load(cs_store_rows(reconcile->store), cs_bytes_of_text(entity), &id,
                       reconcile->arena, out);
}

/* A receipt stands for what the customer saw: a visit or its parts changed since are shown to the office (D7). */
static enum cs_status judge_receipts_of(struct cs_reconcile *reconcile,
                                        const struct cs_value *visit)
{
    static const struct cs_id no_key;
    struct cs_id visit_id;
    struct cs_id *ids;
    size_t count = 0;
    bool first = false;
    if (!cs_id_from_bytes(visit->bytes, &visit_id)) {
        return CS_OK;
    }
    enum cs_status status =
        cs_judged_first(reconcile, "receipts of a visit", &visit_id, &no_key, &first);
    if (status == CS_OK && first) {
        status = find_rows(reconcile, "receipt", "visit", visit, SUBJECTS_MAX, &ids, &count);
    }
    if (status != CS_OK || count == 0) {
        return status;
    }
    uint8_t now[CS_HASH_SIZE] = {0};
    status = cs_signed_content_hash(cs_store_rows(reconcile->store),
                                    entity_named(reconcile, "visit"), &visit_id, now);
    status = status == CS_NOT_FOUND ? CS_OK : status;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row receipt;
        status = cs_row_load(cs_store_rows(reconcile->store), cs_bytes_of_text("receipt"), &ids[i],
                             reconcile->arena, &receipt);
        if (status != CS_OK) {
            break;
        }
        struct cs_finding finding = {.kind = "changed_after_signing", .subject = &receipt};
        finding.holds = !cs_bytes_equal(cs_stored_value(&receipt, "visit_digest").bytes,
                                        cs_bytes_of_array(now));
        status = cs_computed_text(
            reconcile->arena, &finding.detail,
            "the visit or its parts were changed after the customer signed; compare with "
            "`receipt verify`");
        if (status == CS_OK) {
            status = cs_exception_set(reconcile, &finding);
        }
    }
    return status;
}

static enum cs_status rule_changed_after_signing(struct cs_reconcile *reconcile,
                                                 const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (is_entity(now, "visit")) {
        struct cs_value id = cs_value_bytes(cs_id_bytes(&now->id));
        return judge_receipts_of(reconcile, &id);
    }
    if (is_entity(now, "receipt") || is_entity(now, "stock_movement")) {
        struct cs_value visit = cs_stored_value(now, "visit");
        return judge_receipts_of(reconcile, &visit);
    }
    return CS_OK;
}

/* Cancelled as shown, or by an edit that lost to what happened on site and waits for a decision. */
static bool is_cancelled(const struct cs_working_row *order)
{
    if (cs_bytes_equal_text(cs_working_value(order, "status").bytes, "cancelled")) {
        return true;
    }
    for (size_t i = 0; i < order->now.head_count; i++) {
        const struct cs_stored_head *head = &order->now.heads[i];
        struct cs_value value;
        if (cs_bytes_equal_text(head->unit, "status") &&
            cs_unit_value_decode(head->value, &value, 1) == CS_OK &&
            cs_bytes_equal_text(value.bytes, "cancelled")) {
            return true;
        }
    }
    return false;
}

/* Work carried out on an order that the office cancelled or deleted meanwhile. */
static enum cs_status judge_visit(struct cs_reconcile *reconcile, const struct cs_stored_row *visit)
{
    struct cs_id id;
    if (!cs_id_from_bytes(cs_stored_value(visit, "work_order").bytes, &id)) {
        return CS_OK;
    }
    struct cs_working_row *order;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text("work_order"), &id, &order);
    struct cs_bytes label;
    if (status == CS_OK) {
        status = cs_row_label(reconcile, &order->now.row, &label);
    }
    if (status != CS_OK) {
        return status;
    }
    bool deleted = order->now.row.deleted;
    struct cs_finding finding = {.kind = "work_on_cancelled_order", .subject = visit};
    finding.holds = !visit->deleted && (deleted || is_cancelled(order));
    status = cs_computed_text(
        reconcile->arena, &finding.detail, "work order %.*s was %s, but work was carried out on it",
        (int)label.size, (const char *)label.data, deleted ? "deleted" : "cancelled");
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

static enum cs_status rule_work_on_cancelled_order(struct cs_reconcile *reconcile,
                                                   const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (is_entity(now, "visit")) {
        return judge_visit(reconcile, now);
    }
    if (!is_entity(now, "work_order")) {
        return CS_OK;
    }
    struct cs_value id = cs_value_bytes(cs_id_bytes(&now->id));
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        find_rows(reconcile, "visit", "work_order", &id, SUBJECTS_MAX, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row visit;
        status = cs_row_load(cs_store_rows(reconcile->store), cs_bytes_of_text("visit"), &ids[i],
                             reconcile->arena, &visit);
        if (status == CS_OK) {
            status = judge_visit(reconcile, &visit);
        }
    }
    return status;
}

/* Sum of movements of a part with `direction` = location. */
static enum cs_status moved(struct cs_reconcile *reconcile, const struct cs_entity *movement,
                            const char *direction, const struct cs_value *location,
                            const struct cs_value *part, int64_t *out)
{
    const struct cs_row_filter filters[] = {
        {(size_t)cs_entity_field_index(movement, cs_bytes_of_text(direction)), *location},
        {(size_t)cs_entity_field_index(movement, cs_bytes_of_text("part")), *part},
    };
    int quantity = cs_entity_field_index(movement, cs_bytes_of_text("quantity"));
    return cs_store_sum(reconcile->store, movement, (size_t)quantity, filters, CS_COUNT(filters),
                        out);
}

/* Movements of a part up to which they are summed here. */
#define FEW_MOVEMENTS ((size_t)200)

/*
 * The balance of a part at a place. Most parts have moved few times, and a place sees movements of all parts: looking at the part's
 * keeps the first filling of a store from taking a time that grows with the square of what is in it.
 */
static enum cs_status balance(struct cs_reconcile *reconcile, const struct cs_entity *movement,
                              const struct cs_value *location, const struct cs_value *part,
                              int64_t *out)
{
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        find_rows(reconcile, movement->name, "part", part, FEW_MOVEMENTS, &ids, &count);
    int64_t sum = 0;
    for (size_t i = 0; status == CS_OK && count < FEW_MOVEMENTS && i < count; i++) {
        struct cs_stored_row row;
        status = cs_row_load(cs_store_rows(reconcile->store), cs_bytes_of_text(movement->name),
                             &ids[i], reconcile->arena, &row);
        if (status == CS_OK) {
            struct cs_value to = cs_stored_value(&row, "to");
            struct cs_value from = cs_stored_value(&row, "from");
            int64_t quantity = cs_stored_value(&row, "quantity").integer;
            sum += cs_value_equal(&to, location) ? quantity : 0;
            sum -= cs_value_equal(&from, location) ? quantity : 0;
        }
    }
    if (status == CS_OK && count == FEW_MOVEMENTS) {
        int64_t in = 0;
        int64_t gone = 0;
        status = moved(reconcile, movement, "to", location, part, &in);
        if (status == CS_OK) {
            status = moved(reconcile, movement, "from", location, part, &gone);
        }
        sum = in - gone;
    }
    *out = sum;
    return status;
}

static enum cs_status judge_balance(struct cs_reconcile *reconcile,
                                    const struct cs_stored_row *movement, const char *direction)
{
    struct cs_value location = cs_stored_value(movement, direction);
    struct cs_value part = cs_stored_value(movement, "part");
    struct cs_stored_row place;
    struct cs_stored_row item;
    enum cs_status status = load_referred(reconcile, "stock_location", &location, &place);
    if (status == CS_OK) {
        status = load_referred(reconcile, "part", &part, &item);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_bytes kind = cs_stored_value(&place, "kind").bytes;
    bool first = false;
    if (item.exists &&
        (cs_bytes_equal_text(kind, "van") || cs_bytes_equal_text(kind, "warehouse"))) {
        status = cs_judged_first(reconcile, "balance", &place.id, &item.id, &first);
    }
    if (status != CS_OK || !first) {
        return status;
    }
    int64_t left = 0;
    status = balance(reconcile, movement->entity, &location, &part, &left);
    struct cs_bytes name;
    struct cs_bytes where;
    if (status == CS_OK) {
        status = cs_row_label(reconcile, &item, &name);
    }
    if (status == CS_OK) {
        status = cs_row_label(reconcile, &place, &where);
    }
    struct cs_finding finding = {
        .kind = "negative_stock", .subject = &place, .key = item.id, .holds = left < 0};
    if (status == CS_OK) {
        status = cs_computed_text(
            reconcile->arena, &finding.detail, "%.*s at %.*s: %lld on the books", (int)name.size,
            (const char *)name.data, (int)where.size, (const char *)where.data, (long long)left);
    }
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

static enum cs_status rule_negative_stock(struct cs_reconcile *reconcile,
                                          const struct cs_working_row *row)
{
    if (!is_entity(&row->now.row, "stock_movement")) {
        return CS_OK;
    }
    enum cs_status status = judge_balance(reconcile, &row->now.row, "from");
    return status != CS_OK ? status : judge_balance(reconcile, &row->now.row, "to");
}

/* Rules over a row (left after arrived), checked again after merging. */
static enum cs_status rule_row_consistent(struct cs_reconcile *reconcile,
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
 * arrived in. One row that comes or goes changes that for itself and for one other at most: the original there was or is.
 */
static enum cs_status judge_key(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                const struct cs_value *key, bool has_it)
{
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        find_rows(reconcile, row->entity->name, row->entity->natural_key, key, 2, &ids, &count);
    if (status != CS_OK || count == 0) {
        return status;
    }
    bool is_original = has_it && cs_id_equal(&ids[0], &row->id);
    if (has_it && !is_original) {
        return set_duplicate(reconcile, row, true);
    }
    size_t other = is_original ? 1 : 0;
    if (other >= count) {
        return CS_OK;
    }
    struct cs_stored_row loaded;
    status = cs_row_load(cs_store_rows(reconcile->store), row->name, &ids[other], reconcile->arena,
                         &loaded);
    return status != CS_OK ? status : set_duplicate(reconcile, &loaded, is_original);
}

static struct cs_value natural_key_of(const struct cs_stored_row *row)
{
    return row->exists && !row->deleted ? cs_stored_value(row, row->entity->natural_key) : CS_NULL;
}

/* Two rows with one natural key: replicas enforce nothing, the office merges. */
static enum cs_status rule_duplicate(struct cs_reconcile *reconcile,
                                     const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (now->entity->natural_key == NULL) {
        return CS_OK;
    }
    struct cs_value key = natural_key_of(now);
    struct cs_value key_before = natural_key_of(&row->before);
    if (cs_value_equal(&key, &key_before)) {
        return CS_OK;
    }
    enum cs_status status = CS_OK;
    if (key_before.kind != CS_VALUE_NULL) {
        status = set_duplicate(reconcile, now, false);
        if (status == CS_OK) {
            status = judge_key(reconcile, now, &key_before, false);
        }
    }
    if (status == CS_OK && key.kind != CS_VALUE_NULL) {
        status = judge_key(reconcile, now, &key, true);
    }
    return status;
}

static bool refers_to(const struct cs_stored_row *row, const struct cs_id *id)
{
    bool refers = false;
    for (size_t i = 0; !row->deleted && i < row->entity->field_count; i++) {
        refers = refers || (row->entity->fields[i].type == CS_FIELD_REFERENCE &&
                            cs_bytes_equal(row->values[i].bytes, cs_id_bytes(id)));
    }
    return refers;
}

static enum cs_status judge_reference(struct cs_reconcile *reconcile,
                                      const struct cs_stored_row *row, const struct cs_field *field,
                                      const struct cs_value *reference)
{
    struct cs_stored_row referred;
    enum cs_status status = load_referred(reconcile, field->references, reference, &referred);
    if (status != CS_OK || !referred.exists) {
        return status;
    }
    struct cs_finding finding = {.kind = "deleted_reference",
                                 .subject = row,
                                 .key = referred.id,
                                 .holds = referred.deleted && refers_to(row, &referred.id)};
    if (referred.deleted) {
        status = cs_computed_text(reconcile->arena, &finding.detail,
                                  "%s.%s refers to a %s that was deleted meanwhile",
                                  row->entity->name, field->name, field->references);
    }
    return status != CS_OK || !referred.deleted ? status : cs_exception_set(reconcile, &finding);
}

/* A row that was deleted is back: nobody refers to a deleted one any more. */
static enum cs_status judge_revived(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                    const struct cs_entity *other, const struct cs_field *field)
{
    struct cs_value id = cs_value_bytes(cs_id_bytes(&row->id));
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        find_rows(reconcile, other->name, field->name, &id, SUBJECTS_MAX, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_stored_row subject = {
            .name = cs_bytes_of_text(other->name), .entity = other, .id = ids[i]};
        const struct cs_finding finding = {
            .kind = "deleted_reference", .subject = &subject, .key = row->id};
        status = cs_exception_set(reconcile, &finding);
    }
    return status;
}

static enum cs_status judge_referrers(struct cs_reconcile *reconcile,
                                      const struct cs_stored_row *row)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < reconcile->registry->entity_count; i++) {
        const struct cs_entity *other = reconcile->registry->entities[i];
        for (size_t j = 0; status == CS_OK && j < other->field_count; j++) {
            const struct cs_field *field = &other->fields[j];
            if (field->type == CS_FIELD_REFERENCE &&
                cs_bytes_equal_text(row->name, field->references)) {
                status = judge_revived(reconcile, row, other, field);
            }
        }
    }
    return status;
}

/* A live row that refers to a deleted one. */
static enum cs_status rule_deleted_reference(struct cs_reconcile *reconcile,
                                             const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    const struct cs_stored_row *before = &row->before;
    enum cs_status status = CS_OK;
    if (before->exists && before->deleted && !now->deleted) {
        status = judge_referrers(reconcile, now);
    }
    bool same_life = before->exists && before->deleted == now->deleted;
    for (size_t i = 0; status == CS_OK && i < now->entity->field_count; i++) {
        const struct cs_field *field = &now->entity->fields[i];
        if (field->type != CS_FIELD_REFERENCE ||
            (same_life && cs_value_equal(&before->values[i], &now->values[i]))) {
            continue;
        }
        if (before->exists && !cs_value_equal(&before->values[i], &now->values[i])) {
            status = judge_reference(reconcile, now, field, &before->values[i]);
        }
        if (status == CS_OK) {
            status = judge_reference(reconcile, now, field, &now->values[i]);
        }
    }
    return status;
}

static enum cs_status (*const rules[])(struct cs_reconcile *, const struct cs_working_row *) = {
    rule_changed_after_signing,
    rule_work_on_cancelled_order,
    rule_negative_stock,
    rule_row_consistent,
    rule_duplicate,
    rule_deleted_reference,
    cs_rule_copied_device,
};

enum cs_status cs_exceptions_update(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *row)
{
    const struct cs_entity *entity = row->now.row.entity;
    if (entity == NULL || entity->kind == CS_ENTITY_COMPUTED) {
        return is_entity(&row->now.row, "exception") ? cs_exception_decided(reconcile, row) : CS_OK;
    }
    for (size_t i = 0; i < CS_COUNT(rules); i++) {
        enum cs_status status = rules[i](reconcile, row);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}
