/*
 * What the customer signs (requirements D7), as one hash that laptop and server work out alike.
 *
 * It covers the fields flagged SIGNED of the visit, and of every live row that follows the visit by a reference (parts used),
 * ascending by entity and id. Whatever else changes later (times of travel, status) leaves it alone.
 *
 *   cs_hash("countersign signed content 1", rows), each row:
 *   prefixed entity name ‖ prefixed id ‖ u32 count of signed fields that have a value ‖
 *   for each of them in the descriptor's order: prefixed name ‖ value as a unit of one (merge/row_digest.h)
 *
 * Fields without a value are left out, so that a schema that has grown gives what was signed before the same hash.
 */
#ifndef CS_ROWS_SIGNED_CONTENT_H
#define CS_ROWS_SIGNED_CONTENT_H

#include "shared/rows/row_table.h"

/* CS_NOT_FOUND if there is no such row; CS_LIMIT if more rows follow it than one transaction may have. */
enum cs_status cs_signed_content_hash(struct cs_row_tables *tables, const struct cs_entity *entity,
                                      const struct cs_id *id,
                                      uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

#endif
