/* What vault_records.c and vault_queue.c share. */
#ifndef CS_REPLICA_VAULT_RECORDS_INTERNAL_H
#define CS_REPLICA_VAULT_RECORDS_INTERNAL_H

#include "shared/base/memory.h"
#include "shared/storage/database.h"

/* Copies a column of this size; CS_CORRUPT for another one. */
enum cs_status cs_vault_column_fixed(struct cs_statement *statement, int column, uint8_t *out,
                                     size_t size) CS_MUST_USE;
/* The one row of a bound statement; CS_NOT_FOUND, and the statement is done. */
enum cs_status cs_vault_one(struct cs_statement *statement) CS_MUST_USE;
/* Room for one more item after `count`; NULL: no memory. */
void *cs_vault_grow(struct cs_arena *arena, void *items, size_t count, size_t *capacity,
                    size_t item_size);

#endif
