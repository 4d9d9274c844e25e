/*
 * The rules behind exceptions: one function per rule, by subject in rules_*.c, all in the table of exception_rules.c. Used by these
 * files only.
 *
 * A rule is asked about a row that changed, works out which subjects it concerns, and states for each (cs_exception_set) whether the
 * predicate holds now, from rows, heads and versions alone: so the same exceptions are open whatever the order of arrival. Rows have
 * been saved, so that look-ups see them; heads are read from the working set. A rule's work may not grow with what the store holds.
 */
#ifndef CS_SERVER_RECONCILE_RULES_H
#define CS_SERVER_RECONCILE_RULES_H

#include "sync-server/reconcile/exceptions.h"

/* The row is `now`, and what it was before this change-set: row, heads. */
typedef enum cs_status cs_rule(struct cs_reconcile *reconcile, const struct cs_working_row *row);

/* rules_receipt.c */
cs_rule cs_rule_changed_after_signing;
cs_rule cs_rule_receipt_double;
cs_rule cs_rule_receipt_gap;
/* rules_visit.c */
cs_rule cs_rule_work_on_order;
cs_rule cs_rule_overlapping_visits;
/* rules_stock.c */
cs_rule cs_rule_negative_stock;
/* rules_row.c */
cs_rule cs_rule_row_consistent;
cs_rule cs_rule_duplicate;
/* rules_reference.c */
cs_rule cs_rule_deleted_reference;
/* rules_heads.c */
cs_rule cs_rule_heads;

/* ---- rule_rows.c: looking things up ---- */

/* Subjects that one change can raise a question about; those beyond are left as they are. */
#define CS_RULE_SUBJECTS_MAX ((size_t)1000)

/* Is it a row of this entity? */
bool cs_rule_is_about(const struct cs_stored_row *row, const char *entity);
/* NULL: not in this registry. */
const struct cs_entity *cs_rule_entity(struct cs_reconcile *reconcile, const char *name);
/* Live rows of `entity` whose `field` is this value; none if the registry lacks the entity or field, or the value is NULL. */
enum cs_status cs_rule_find(struct cs_reconcile *reconcile, const char *entity, const char *field,
                            const struct cs_value *value, size_t limit, struct cs_id **out_ids,
                            size_t *out_count) CS_MUST_USE;
enum cs_status cs_rule_load_id(struct cs_reconcile *reconcile, const char *entity,
                               const struct cs_id *id, struct cs_stored_row *out) CS_MUST_USE;
/* The row a reference names; exists = false if there is none. */
enum cs_status cs_rule_load(struct cs_reconcile *reconcile, const char *entity,
                            const struct cs_value *reference,
                            struct cs_stored_row *out) CS_MUST_USE;
/*
 * The row that stands for this one: where a deleted row was merged into another (row_merge), that one, and so on; otherwise the row
 * itself. Of several merges of one row the one with the smallest id counts.
 */
enum cs_status cs_rule_stands_for(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                  struct cs_id *out) CS_MUST_USE;
/* The row and those that were merged into it, directly or not; the first is the row itself. */
enum cs_status cs_rule_merged_rows(struct cs_reconcile *reconcile, const char *entity,
                                   const struct cs_id *id, struct cs_id **out_ids,
                                   size_t *out_count) CS_MUST_USE;
/* An id made of a text, for cs_finding.key. */
void cs_rule_key(struct cs_bytes text, struct cs_id *out);

#endif
