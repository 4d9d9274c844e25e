/* Inside of the SQLite store; for sqlite_*.c only. */
#ifndef CS_SERVER_STORES_SQLITE_STORE_H
#define CS_SERVER_STORES_SQLITE_STORE_H

#include "shared/storage/database.h"
#include "sync-server/stores/store.h"

struct cs_store {
    struct cs_database *database;
    struct cs_row_tables *rows;
    const struct cs_registry *registry;
    enum cs_store_mode mode;
};

extern const struct cs_migration cs_store_migrations[];
extern const size_t cs_store_migration_count;

/* One row of a query that gives at most one; done is called for the caller when there is none (CS_NOT_FOUND). */
enum cs_status cs_store_one(struct cs_statement *statement) CS_MUST_USE;
/* Copies a fixed-size column; CS_CORRUPT for another size. */
enum cs_status cs_store_column_fixed(struct cs_statement *statement, int column, uint8_t *out,
                                     size_t size) CS_MUST_USE;
/* For LIMIT: SQLite reads negative numbers as none, so what does not fit is the greatest number. */
int64_t cs_store_limit(size_t limit);
/* Room for one more item after `count`: the list itself, or a larger copy of it in the arena. NULL: no memory. */
void *cs_store_grow(struct cs_arena *arena, void *items, size_t count, size_t *capacity,
                    size_t item_size);

#endif
