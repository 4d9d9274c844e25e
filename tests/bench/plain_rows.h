/*
 * The same rows in plain SQLite: what rows_bench compares with, and the floor: SQLite's own session extension, which brings rows from
 * one database into two others without sealing, signing, network or merging.
 */
#ifndef TESTS_BENCH_PLAIN_ROWS_H
#define TESTS_BENCH_PLAIN_ROWS_H

#include "shared/storage/database.h"
#include "tests/bench/figures.h"

/* Of the library that is linked. */
const char *plain_rows_sqlite_version(void);

struct plain_rows; /* opaque: the schema of a table and all its rows, in memory */

/* Reads the table as it is: columns, indexes, rows, those of the engine included. Ends the program where that fails. */
struct plain_rows *plain_rows_read(struct cs_database *database, const char *table);
void plain_rows_free(struct plain_rows *owned_rows);
size_t plain_rows_count(const struct plain_rows *rows);

/*
 * Writes all of them into a new database in `folder` (WAL, exclusive, synchronous=FULL, as a replica), one commit. What is measured ends
 * when that is on disk.
 */
struct bench_span plain_rows_write(const struct plain_rows *rows, const char *folder);

/* One way from a database through a changeset into two others, each commit on disk. */
struct plain_floor {
    struct bench_span capture; /* the same write, recorded by a session */
    struct bench_span changeset;
    struct bench_span apply; /* both */
    size_t changeset_size;
};
void plain_rows_floor(const struct plain_rows *rows, const char *folder, struct plain_floor *out);

#endif
