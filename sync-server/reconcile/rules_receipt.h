/* What the rules about receipts and about their series share. Used by rules_receipt.c and rules_series.c only. */
#ifndef CS_SERVER_RECONCILE_RULES_RECEIPT_H
#define CS_SERVER_RECONCILE_RULES_RECEIPT_H

#include "sync-server/reconcile/rules.h"

/* Did somebody void this receipt? */
enum cs_status cs_rule_receipt_void(struct cs_reconcile *reconcile,
                                    const struct cs_stored_row *receipt, bool *out) CS_MUST_USE;

#endif
