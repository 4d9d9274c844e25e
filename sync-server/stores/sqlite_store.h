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

/* For LIMIT: SQLite reads negative numbers as none, so what does not fit is the greatest number. */
int64_t cs_store_limit(size_t limit);

#endif
