/* Rules about receipts by themselves, see rules.h. */
#include "sync-server/reconcile/rules_receipt.h"

#include "shared/rows/signed_content.h"
#include "sync-server/reconcile/computed.h"

enum cs_status cs_rule_receipt_void(struct cs_reconcile *reconcile,
                                    const struct cs_stored_row *receipt, bool *out)
{
    struct cs_value id = cs_value_bytes(cs_id_bytes(&receipt->id));
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        cs_rule_find(reconcile, "receipt_void", "receipt", &id, 1, &ids, &count);
    if (status == CS_OK) {
        *out = count > 0;
    }
    return status;
}

static enum cs_status judge_receipt(struct cs_reconcile *reconcile, const struct cs_id *id,
                                    struct cs_bytes visit_now)
{
    struct cs_stored_row receipt;
    bool is_void = false;
    enum cs_status status = cs_rule_load_id(reconcile, "receipt", id, &receipt);
    if (status == CS_OK) {
        status = cs_rule_receipt_void(reconcile, &receipt, &is_void);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_finding finding = {.kind = "changed_after_signing", .subject = &receipt};
    finding.holds =
        !is_void && !cs_bytes_equal(cs_stored_value(&receipt, "visit_digest").bytes, visit_now);
    status =
        cs_computed_text(reconcile->arena, &finding.detail,
                         "the visit or its parts were changed after the customer signed; compare "
                         "with `receipt verify`");
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
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
        status =
            cs_rule_find(reconcile, "receipt", "visit", visit, CS_RULE_SUBJECTS_MAX, &ids, &count);
    }
    if (status != CS_OK || count == 0) {
        return status;
    }
    uint8_t now[CS_HASH_SIZE] = {0};
    status = cs_signed_content_hash(cs_store_rows(reconcile->store),
                                    cs_rule_entity(reconcile, "visit"), &visit_id, now);
    status = status == CS_NOT_FOUND ? CS_OK : status;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = judge_receipt(reconcile, &ids[i], cs_bytes_of_array(now));
    }
    return status;
}

enum cs_status cs_rule_changed_after_signing(struct cs_reconcile *reconcile,
                                             const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    struct cs_value visit = cs_value_bytes(cs_id_bytes(&now->id));
    enum cs_status status = CS_OK;
    if (cs_rule_is_about(now, "receipt") || cs_rule_is_about(now, "stock_movement")) {
        visit = cs_stored_value(now, "visit");
    } else if (cs_rule_is_about(now, "receipt_void")) {
        struct cs_stored_row receipt;
        struct cs_value reference = cs_stored_value(now, "receipt");
        status = cs_rule_load(reconcile, "receipt", &reference, &receipt);
        visit = status == CS_OK ? cs_stored_value(&receipt, "visit") : CS_NULL;
    } else if (!cs_rule_is_about(now, "visit")) {
        return CS_OK;
    }
    return status != CS_OK ? status : judge_receipts_of(reconcile, &visit);
}

/* Of the receipts with one number that are not void the one with the smallest id stands; the others are doubles. */
static enum cs_status judge_number(struct cs_reconcile *reconcile, const struct cs_value *number)
{
    struct cs_id key;
    static const struct cs_id no_key;
    struct cs_id *ids;
    size_t count = 0;
    bool first = false;
    cs_rule_key(number->bytes, &key);
    enum cs_status status = cs_judged_first(reconcile, "receipt number", &key, &no_key, &first);
    if (status == CS_OK && first) {
        status = cs_rule_find(reconcile, "receipt", "number", number, CS_RULE_SUBJECTS_MAX, &ids,
                              &count);
    }
    bool stands = false;
    for (size_t i = 0; status == CS_OK && count > 1 && i < count; i++) {
        struct cs_stored_row receipt;
        bool is_void = false;
        status = cs_rule_load_id(reconcile, "receipt", &ids[i], &receipt);
        if (status == CS_OK) {
            status = cs_rule_receipt_void(reconcile, &receipt, &is_void);
        }
        struct cs_finding finding = {
            .kind = "receipt_double", .subject = &receipt, .holds = stands && !is_void};
        stands = stands || !is_void;
        if (status == CS_OK) {
            status = cs_computed_text(reconcile->arena, &finding.detail,
                                      "another receipt has the number %.*s too",
                                      (int)number->bytes.size, (const char *)number->bytes.data);
        }
        if (status == CS_OK) {
            status = cs_exception_set(reconcile, &finding);
        }
    }
    return status;
}

enum cs_status cs_rule_receipt_double(struct cs_reconcile *reconcile,
                                      const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (!cs_rule_is_about(now, "receipt") && !cs_rule_is_about(now, "receipt_void")) {
        return CS_OK;
    }
    struct cs_value number = cs_stored_value(now, "number");
    return number.kind == CS_VALUE_NULL ? CS_OK : judge_number(reconcile, &number);
}
