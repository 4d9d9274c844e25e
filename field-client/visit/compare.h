/* What changed since a receipt was signed: snapshot against the visit, its parts and texts as they are now. Used by verify.c. */
#ifndef CS_VISIT_COMPARE_H
#define CS_VISIT_COMPARE_H

#include "field-client/visit/lines.h"
#include "field-client/visit/snapshot.h"

/*
 * Adds a line for every difference: signed fields of the visit, its work order, the reported fault, and the quantity of every part
 * (by part and serial number; returned ones count negative). What is not in view now cannot be compared and is not a difference. Names, addresses
 * and prices, which the office keeps up to date, stay in the snapshot as they were shown.
 */
enum cs_status cs_snapshot_compare(struct cs_replica *replica, const struct cs_json *snapshot,
                                   const struct cs_stored_row *visit,
                                   struct cs_lines *differences) CS_MUST_USE;

#endif
