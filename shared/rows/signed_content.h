/*
 * What the customer signs (requirements D7), as one hash that laptop and server work out alike.
 *
 * It covers the fields flagged SIGNED of the visit, and of every live row that follows the visit by a reference (parts used),
 * ascending by entity and id. Whatever else changes later (times of travel, status) leaves it alone.
 */
#ifndef CS_ROWS_SIGNED_CONTENT_H
#define CS_ROWS_SIGNED_CONTENT_H

#include "shared/rows/row_table.h"

/* CS_NOT_FOUND if there is no such row. */
enum cs_status cs_signed_content_hash(struct cs_row_tables *tables, const struct cs_entity *entity,
                                      const struct cs_id *id,
                                      uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

#endif
