/* Lets SQLite's own allocations fail. Install before any other use of SQLite in the process. */
#ifndef TESTS_UNIT_SHARED_STORAGE_SQLITE_MEMORY_H
#define TESTS_UNIT_SHARED_STORAGE_SQLITE_MEMORY_H

#include "shared/base/status.h"

#include <sqlite3.h>
#include <string.h>

static sqlite3_mem_methods sqlite_memory_real;
static long sqlite_memory_left = -1; /* negative: nothing fails */
static bool sqlite_memory_persistent;
static long sqlite_memory_failures;

static inline bool sqlite_memory_fails(void)
{
    if (sqlite_memory_left < 0) {
        return false;
    }
    if (sqlite_memory_left > 0) {
        sqlite_memory_left--;
        return false;
    }
    sqlite_memory_left = sqlite_memory_persistent ? 0 : -1;
    sqlite_memory_failures++;
    return true;
}

static inline void *sqlite_memory_alloc(int size)
{
    return sqlite_memory_fails() ? NULL : sqlite_memory_real.xMalloc(size);
}

static inline void *sqlite_memory_resize(void *block, int size)
{
    return sqlite_memory_fails() ? NULL : sqlite_memory_real.xRealloc(block, size);
}

static inline void sqlite_memory_install(void)
{
    sqlite3_mem_methods methods;
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory_real);
    cs_require(code == SQLITE_OK);
    methods = sqlite_memory_real;
    methods.xMalloc = sqlite_memory_alloc;
    methods.xRealloc = sqlite_memory_resize;
    code = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    cs_require(code == SQLITE_OK);
    /* No private pools, so that every allocation is seen. */
    (void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

static inline void sqlite_memory_fail_after(long successes, bool persistent)
{
    sqlite_memory_left = successes;
    sqlite_memory_persistent = persistent;
    sqlite_memory_failures = 0;
}

/* Nothing fails from here on; how many did. */
static inline long sqlite_memory_reset(void)
{
    sqlite_memory_left = -1;
    return sqlite_memory_failures;
}

#endif
