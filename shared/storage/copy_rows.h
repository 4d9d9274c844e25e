/*
 * All that a database holds into another one, by statements: for two files whose pages differ, such as a plain and an encrypted one.
 *
 * Called where a replica's file is made anew (shared/storage/encrypted/keyed.h).
 */
#ifndef CS_STORAGE_COPY_ROWS_H
#define CS_STORAGE_COPY_ROWS_H

#include "shared/storage/database.h"

/* Told while it works: how many of so many steps are done. NULL functions are not called. */
struct cs_progress {
    void (*tell)(void *context, uint64_t done, uint64_t total);
    void *context;
};

/*
 * Copies schema, rows (with their row ids) and user_version of `source` into `target`, which must be empty, in commits of some megabytes; then
 * reads both again and compares every value. So CS_OK says that `target` holds the same, on disk. CS_UNSUPPORTED: `source` has something
 * else than tables and indexes; CS_CORRUPT: what was read again differs. On failure `target` holds some of it.
 */
enum cs_status cs_database_copy_rows(struct cs_database *source, struct cs_database *target,
                                     const struct cs_progress *progress) CS_MUST_USE;

#endif
