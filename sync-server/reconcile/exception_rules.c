/* The table of rules, see rules.h. */
#include "sync-server/reconcile/copied_device.h"
#include "sync-server/reconcile/rules.h"

static cs_rule *const rules[] = {
    cs_rule_changed_after_signing, cs_rule_receipt_double,
    cs_rule_receipt_gap,           cs_rule_work_on_order,
    cs_rule_overlapping_visits,    cs_rule_negative_stock,
    cs_rule_row_consistent,        cs_rule_duplicate,
    cs_rule_deleted_reference,     cs_rule_heads,
    cs_rule_copied_device,
};

enum cs_status cs_exceptions_update(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *row)
{
    const struct cs_entity *entity = row->now.row.entity;
    if (entity == NULL || entity->kind == CS_ENTITY_COMPUTED) {
        return cs_rule_is_about(&row->now.row, "exception") ? cs_exception_decided(reconcile, row)
                                                            : CS_OK;
    }
    for (size_t i = 0; i < CS_COUNT(rules); i++) {
        enum cs_status status = rules[i](reconcile, row);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}
