/* What SQLite keeps in memory of all databases of the process. */
#ifndef TESTS_SUPPORT_SQLITE_PAGES_H
#define TESTS_SUPPORT_SQLITE_PAGES_H

#include <sqlite3.h>
#include <stdint.h>

/* Bytes of pages; -1: SQLite does not say. */
static inline int64_t sqlite_pages_kept(void)
{
    sqlite3_int64 now = 0;
    sqlite3_int64 most = 0;
    return sqlite3_status64(SQLITE_STATUS_PAGECACHE_OVERFLOW, &now, &most, 0) == SQLITE_OK ? now
                                                                                           : -1;
}

#endif
