/* A database with a log and what it was after each commit, so that files can be changed and it be seen what is found. */
#ifndef TESTS_UNIT_SHARED_STORAGE_ENCRYPTED_HISTORY_H
#define TESTS_UNIT_SHARED_STORAGE_ENCRYPTED_HISTORY_H

#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

#include "shared/storage/encrypted/encrypted_internal.h"

#define STATES 7

/* A database with a log: the state after each commit, and both files as they were then. */
struct history {
    struct encrypted_fixture fixture;
    uint8_t digest[STATES][CS_HASH_SIZE];
    struct fixture_image image[STATES];
};

static inline size_t slot_offset(uint32_t index)
{
    return CS_LOG_HEADER_SLOT + (size_t)(index - 1) * CS_LOG_SLOT;
}

static inline uint32_t slot_count(const struct small_bytes *log)
{
    return log->size < CS_LOG_HEADER_SLOT
               ? 0
               : (uint32_t)((log->size - CS_LOG_HEADER_SLOT) / CS_LOG_SLOT);
}

static inline void note_state(struct history *history, size_t index)
{
    assert_int_equal(fixture_digest(&history->fixture, history->digest[index]), CS_OK);
    history->image[index] = fixture_take();
}

/* States 0 to 2 are in the main file; 3 to 6 in one generation of the log. */
static inline void make_history(struct history *history)
{
    memset(history, 0, sizeof *history);
    fixture_start(&history->fixture, 7);
    assert_int_equal(fixture_open(&history->fixture), CS_OK);
    fixture_run(&history->fixture, "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                                   "CREATE INDEX t_k ON t(k)");
    for (size_t i = 0; i < STATES; i++) {
        fixture_run(&history->fixture,
                    "BEGIN; INSERT INTO t(k, v) SELECT random(), randomblob(900) FROM "
                    "(SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4), "
                    "(SELECT 1 UNION SELECT 2 UNION SELECT 3);"
                    "UPDATE t SET v = randomblob(500) WHERE id > (SELECT max(id) - 16 FROM t);"
                    "COMMIT");
        if (i < 3) {
            assert_int_equal(cs_database_cut_log(history->fixture.database), CS_OK);
        }
        note_state(history, i);
    }
    fixture_close(&history->fixture);
}

static inline void end_history(struct history *history)
{
    for (size_t i = 0; i < STATES; i++) {
        fixture_image_release(&history->image[i]);
    }
    fixture_end(&history->fixture);
}

/* Opens what is on the disk and reads all of it. -1: refused as damaged; otherwise which state it is. */
static inline int look(struct history *history)
{
    uint8_t digest[CS_HASH_SIZE];
    enum cs_status status = fixture_open(&history->fixture);
    if (status == CS_OK) {
        status = fixture_digest(&history->fixture, digest);
    }
    fixture_close(&history->fixture);
    if (status == CS_CORRUPT) {
        return -1;
    }
    assert_int_equal(status, CS_OK);
    for (int i = 0; i < STATES; i++) {
        if (memcmp(digest, history->digest[i], sizeof digest) == 0) {
            return i;
        }
    }
    fail_msg("a state that never was");
    return -2;
}

static inline int look_at(struct history *history, const struct fixture_image *image)
{
    fixture_put(image);
    return look(history);
}

#endif
