/* Rules about visits and the orders they belong to, see rules.h. */
#include "sync-server/reconcile/rules.h"

#include "sync-server/reconcile/computed.h"

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
static enum cs_status judge_cancelled(struct cs_reconcile *reconcile,
                                      const struct cs_stored_row *visit,
                                      const struct cs_working_row *order)
{
    struct cs_bytes label;
    enum cs_status status = cs_row_label(reconcile, &order->now.row, &label);
    bool deleted = order->now.row.deleted;
    struct cs_finding finding = {.kind = "work_on_cancelled_order", .subject = visit};
    finding.holds = !visit->deleted && (deleted || is_cancelled(order));
    if (status == CS_OK) {
        status = cs_computed_text(reconcile->arena, &finding.detail,
                                  "work order %.*s was %s, but work was carried out on it",
                                  (int)label.size, (const char *)label.data,
                                  deleted ? "deleted" : "cancelled");
    }
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

static enum cs_status person_label(struct cs_reconcile *reconcile, const struct cs_value *person,
                                   struct cs_bytes *out)
{
    struct cs_stored_row row;
    enum cs_status status = cs_rule_load(reconcile, "person", person, &row);
    return status != CS_OK ? status : cs_row_label(reconcile, &row, out);
}

/* Work carried out by another than the order is assigned to: the two may both drive there. */
static enum cs_status judge_reassigned(struct cs_reconcile *reconcile,
                                       const struct cs_stored_row *visit,
                                       const struct cs_stored_row *order)
{
    struct cs_value worker = cs_stored_value(visit, "technician");
    struct cs_value assigned = cs_stored_value(order, "technician");
    struct cs_finding finding = {.kind = "work_on_reassigned_order", .subject = visit};
    finding.holds = !visit->deleted && !order->deleted && worker.kind != CS_VALUE_NULL &&
                    assigned.kind != CS_VALUE_NULL && !cs_value_equal(&worker, &assigned);
    struct cs_bytes number = CS_BYTES_NONE;
    struct cs_bytes one = CS_BYTES_NONE;
    struct cs_bytes other = CS_BYTES_NONE;
    enum cs_status status = CS_OK;
    if (finding.holds) {
        status = cs_row_label(reconcile, order, &number);
    }
    if (status == CS_OK && finding.holds) {
        status = person_label(reconcile, &worker, &one);
    }
    if (status == CS_OK && finding.holds) {
        status = person_label(reconcile, &assigned, &other);
    }
    if (status == CS_OK && finding.holds) {
        status =
            cs_computed_text(reconcile->arena, &finding.detail,
                             "%.*s carried out work on order %.*s, which is assigned to %.*s",
                             (int)one.size, (const char *)one.data, (int)number.size,
                             (const char *)number.data, (int)other.size, (const char *)other.data);
    }
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

static enum cs_status judge_visit(struct cs_reconcile *reconcile, const struct cs_stored_row *visit)
{
    struct cs_id id;
    struct cs_value reference = cs_stored_value(visit, "work_order");
    struct cs_stored_row named;
    enum cs_status status = cs_rule_load(reconcile, "work_order", &reference, &named);
    if (status != CS_OK || !named.exists) {
        return status;
    }
    struct cs_working_row *order = NULL;
    status = cs_rule_stands_for(reconcile, &named, &id);
    if (status == CS_OK) {
        status = cs_working_set_get(&reconcile->set, named.name, &id, &order);
    }
    if (status == CS_OK) {
        status = judge_cancelled(reconcile, visit, order);
    }
    return status != CS_OK ? status : judge_reassigned(reconcile, visit, &order->now.row);
}

static enum cs_status judge_visits_of(struct cs_reconcile *reconcile, const struct cs_id *order)
{
    struct cs_value id = cs_value_bytes(cs_id_bytes(order));
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        cs_rule_find(reconcile, "visit", "work_order", &id, CS_RULE_SUBJECTS_MAX, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row visit;
        status = cs_rule_load_id(reconcile, "visit", &ids[i], &visit);
        if (status == CS_OK) {
            status = judge_visit(reconcile, &visit);
        }
    }
    return status;
}

/* The order's visits, and those of orders that were merged into it. */
static enum cs_status judge_order(struct cs_reconcile *reconcile, const struct cs_id *order)
{
    struct cs_id *orders;
    size_t count = 0;
    enum cs_status status = cs_rule_merged_rows(reconcile, "work_order", order, &orders, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = judge_visits_of(reconcile, &orders[i]);
    }
    return status;
}

enum cs_status cs_rule_work_on_order(struct cs_reconcile *reconcile,
                                     const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    struct cs_id dropped;
    if (cs_rule_is_about(now, "visit")) {
        return judge_visit(reconcile, now);
    }
    if (cs_rule_is_about(now, "work_order")) {
        return judge_order(reconcile, &now->id);
    }
    bool merges_orders = cs_rule_is_about(now, "row_merge") &&
                         cs_bytes_equal_text(cs_stored_value(now, "entity").bytes, "work_order") &&
                         cs_id_from_bytes(cs_stored_value(now, "dropped").bytes, &dropped);
    return merges_orders ? judge_visits_of(reconcile, &dropped) : CS_OK;
}
