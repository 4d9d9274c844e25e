/*
 * Files changed from outside: never wrong data. Either it is said (CS_CORRUPT), or, where FORMAT.md says so, the last transaction is
 * missing as if power had failed in it.
 */
#include "tests/unit/shared_storage_encrypted/encrypted_history.h"

static void test_every_state_is_found_again(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    for (int i = 0; i < STATES; i++) {
        assert_int_equal(look_at(&history, &history.image[i]), i);
    }
    end_history(&history);
}

/* The first frame of the last transaction. */
static uint32_t last_transaction(const struct history *history)
{
    return slot_count(&history->image[STATES - 2].log) + 1;
}

static void test_flipped_bits_in_main_with_log(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    const struct fixture_image *image = &history.image[STATES - 1];
    long refused = 0;
    for (size_t at = 0; at < image->main.size; at += 512) {
        size_t where = at + small_disk_random(512);
        image->main.data[where] ^= 0x10;
        int found = look_at(&history, image);
        image->main.data[where] ^= 0x10;
        /* Pages that the log holds anew, and the anchor, do not count. */
        assert_true(found == -1 || found == STATES - 1);
        refused += found == -1 ? 1 : 0;
    }
    assert_true(refused >= 8);
    end_history(&history);
}

static void test_flipped_bits_in_main_alone(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    const struct fixture_image *image = &history.image[2];
    assert_int_equal(image->log.size, 0);
    for (size_t at = 0; at < image->main.size; at += 512) {
        size_t where = at + small_disk_random(512);
        image->main.data[where] ^= 0x01;
        assert_int_equal(look_at(&history, image), -1);
        image->main.data[where] ^= 0x01;
    }
    end_history(&history);
}

static void test_flipped_bits_in_log(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    const struct fixture_image *image = &history.image[STATES - 1];
    size_t last = slot_offset(last_transaction(&history));
    assert_true(last < image->log.size);
    for (size_t at = 0; at < image->log.size; at += 512) {
        size_t size = image->log.size - at < 512 ? image->log.size - at : 512;
        size_t where = at + small_disk_random(size);
        image->log.data[where] ^= 0x80;
        int found = look_at(&history, image);
        image->log.data[where] ^= 0x80;
        /* The last transaction looks like one that power failed in. Every other was vouched for by a later one. */
        assert_int_equal(found, where >= last ? STATES - 2 : -1);
    }
    end_history(&history);
}

/* What is in the main file as well may be lost from the log, but for the newest state. */
static void test_flipped_bits_in_log_taken_over(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct encrypted_fixture *fixture = &history.fixture;
    fixture_put(&history.image[STATES - 1]);
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_run(fixture, "PRAGMA wal_checkpoint(PASSIVE)");
    struct fixture_image image = fixture_take();
    fixture_close(fixture);
    assert_int_equal(image.log.size, history.image[STATES - 1].log.size);
    for (size_t at = 0; at < image.log.size; at += 512) {
        image.log.data[at] ^= 0x80;
        assert_int_equal(look_at(&history, &image), STATES - 1);
        image.log.data[at] ^= 0x80;
    }
    for (uint32_t i = slot_count(&image.log); i > 0; i--) {
        image.log.size = slot_offset(i);
        assert_int_equal(look_at(&history, &image), STATES - 1);
    }
    fixture_image_release(&image);
    end_history(&history);
}

/* A frame that was taken over is written over: the main file alone is no state then, whatever its anchor said. */
static void test_anchor_taken_back(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct encrypted_fixture *fixture = &history.fixture;
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    uint8_t frame[CS_LOG_FRAME_SIZE];
    fixture_put(&history.image[STATES - 1]);
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_run(fixture, "PRAGMA wal_checkpoint(PASSIVE)");
    struct fixture_image before = fixture_take();
    assert_int_equal(
        sqlite3_file_control(fixture->database->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log),
        SQLITE_OK);
    assert_int_equal(log->pMethods->xFileSize(log, &size), SQLITE_OK);
    sqlite3_int64 start = size - (sqlite3_int64)CS_LOG_FRAME_SIZE;
    assert_int_equal(log->pMethods->xRead(log, frame, (int)sizeof frame, start), SQLITE_OK);
    assert_int_equal(log->pMethods->xWrite(log, frame, (int)sizeof frame, start), SQLITE_OK);
    struct fixture_image after = fixture_take();
    fixture_close(fixture);
    const struct small_bytes nothing = {NULL, 0, 0};
    struct fixture_image alone = {before.main, nothing};
    assert_int_equal(look_at(&history, &before), STATES - 1);
    assert_int_equal(look_at(&history, &alone), STATES - 1);
    alone.main = after.main;
    assert_int_equal(look_at(&history, &after), STATES - 1);
    assert_int_equal(look_at(&history, &alone), -1);
    fixture_image_release(&before);
    fixture_image_release(&after);
    end_history(&history);
}

/* A commit that could not be synced, then the log taken over: that commit is there or not, and nothing else is changed. */
static void test_commit_that_could_not_be_synced(void **state)
{
    (void)state;
    bool seen[2] = {false, false};
    for (long nth = 0; nth < 8; nth++) {
        struct history history;
        make_history(&history);
        struct encrypted_fixture *fixture = &history.fixture;
        fixture_put(&history.image[STATES - 2]);
        assert_int_equal(fixture_open(fixture), CS_OK);
        fixture_run(fixture, "BEGIN; UPDATE t SET v = randomblob(800) WHERE id < 4");
        assert_int_equal(fixture_digest(fixture, history.digest[STATES - 1]), CS_OK);
        small_disk_fail(SMALL_IO_ERROR, nth, false, false);
        enum cs_status status = cs_database_execute(fixture->database, "COMMIT");
        small_disk_heal();
        struct fixture_image failed = fixture_take();
        if (status != CS_OK) {
            fixture_run(fixture, "PRAGMA wal_checkpoint(PASSIVE)");
        }
        struct fixture_image image = fixture_take();
        fixture_close(fixture);
        int wanted = status == CS_OK ? STATES - 1 : STATES - 2;
        assert_int_equal(look(&history), wanted);
        int found = look_at(&history, &failed);
        assert_true(found == wanted || found == STATES - 1);
        seen[found - (STATES - 2)] = status != CS_OK || seen[found - (STATES - 2)];
        found = look_at(&history, &image);
        assert_true(found == wanted || found == STATES - 1);
        if (status != CS_OK) {
            small_disk_remove(DATABASE_LOG);
            struct fixture_image alone = {image.main, {NULL, 0, 0}};
            assert_int_equal(look_at(&history, &alone), wanted);
        }
        fixture_image_release(&failed);
        fixture_image_release(&image);
        end_history(&history);
    }
    assert_true(seen[0] && seen[1]);
}

/* A rollback journal that would empty the database: from a time when there was nothing, or by hand. */
static void test_a_planted_journal_empties_nothing(void **state)
{
    (void)state;
    static const uint8_t magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    struct history history;
    make_history(&history);
    uint8_t content[512] = {0};
    struct small_bytes journal = {content, sizeof content, 0};
    memcpy(content, magic, sizeof magic);
    content[26] = 2;  /* sector size 512 */
    content[22] = 16; /* page size 4,096 */
    fixture_put(&history.image[2]);
    small_disk_put(DATABASE_JOURNAL, &journal);
    assert_int_equal(look(&history), -1);
    /* One that holds pages is not replayed. */
    fixture_put(&history.image[2]);
    content[11] = 1;
    content[19] = 9;
    small_disk_put(DATABASE_JOURNAL, &journal);
    assert_int_equal(look(&history), -1);
    assert_int_equal(look_at(&history, &history.image[2]), 2);
    end_history(&history);
}

static void test_pages_swapped(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct fixture_image *image = &history.image[2];
    size_t first = CS_MAIN_PAGES_OFFSET;
    for (size_t a = first; a + CS_SLOT_PAGE_SIZE < image->main.size; a += CS_SLOT_PAGE_SIZE) {
        uint8_t kept[CS_SLOT_PAGE_SIZE];
        uint8_t *one = image->main.data + a;
        uint8_t *other = one + CS_SLOT_PAGE_SIZE;
        memcpy(kept, one, sizeof kept);
        memcpy(one, other, sizeof kept);
        memcpy(other, kept, sizeof kept);
        assert_int_equal(look_at(&history, image), -1);
        memcpy(other, one, sizeof kept);
        memcpy(one, kept, sizeof kept);
    }
    end_history(&history);
}

/* Each opens by itself: only the anchor tells. */
static void test_one_older_page(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct fixture_image *image = &history.image[2];
    const struct fixture_image *older = &history.image[1];
    long tried = 0;
    for (size_t at = CS_SLOT_PAGE_SIZE; at < older->main.size; at += CS_SLOT_PAGE_SIZE) {
        uint8_t kept[CS_SLOT_PAGE_SIZE];
        uint8_t *slot = image->main.data + at;
        if (memcmp(slot, older->main.data + at, sizeof kept) == 0) {
            continue;
        }
        memcpy(kept, slot, sizeof kept);
        memcpy(slot, older->main.data + at, sizeof kept);
        assert_int_equal(look_at(&history, image), -1);
        memcpy(slot, kept, sizeof kept);
        tried++;
    }
    assert_true(tried >= 3);
    end_history(&history);
}

/* The same below a log, whose last commit has the sum: refused at open, before anything is read. */
static void test_one_older_page_below_a_log(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct fixture_image *image = &history.image[STATES - 1];
    const struct fixture_image *older = &history.image[1];
    long refused = 0;
    for (size_t at = CS_MAIN_PAGES_OFFSET; at < older->main.size; at += CS_SLOT_PAGE_SIZE) {
        uint8_t kept[CS_SLOT_PAGE_SIZE];
        uint8_t *slot = image->main.data + at;
        memcpy(kept, slot, sizeof kept);
        memcpy(slot, older->main.data + at, sizeof kept);
        fixture_put(image);
        enum cs_status status = fixture_open(&history.fixture);
        fixture_close(&history.fixture);
        assert_true(status == CS_OK || status == CS_CORRUPT);
        refused += status == CS_CORRUPT ? 1 : 0;
        /* Unless nothing was changed, or the log has the page. */
        assert_int_equal(look_at(&history, image), status == CS_OK ? STATES - 1 : -1);
        memcpy(slot, kept, sizeof kept);
    }
    assert_true(refused >= 2);
    end_history(&history);
}

static void test_all_pages_older_but_one(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct fixture_image *image = &history.image[1];
    size_t at = CS_MAIN_PAGES_OFFSET;
    while (memcmp(image->main.data + at, history.image[2].main.data + at, CS_SLOT_PAGE_SIZE) == 0) {
        at += CS_SLOT_PAGE_SIZE;
    }
    memcpy(image->main.data + at, history.image[2].main.data + at, CS_SLOT_PAGE_SIZE);
    assert_int_equal(look_at(&history, image), -1);
    end_history(&history);
}

static void test_files_of_different_times(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    int refused = 0;
    for (int main = 0; main < STATES; main++) {
        for (int log = 0; log < STATES; log++) {
            struct fixture_image mixed = {history.image[main].main, history.image[log].log};
            int found = look_at(&history, &mixed);
            if (main < 2 && log >= 3) {
                /* The log rests on pages that this main file does not have, unless it has all that changed itself. */
                assert_true(found == -1 || found == log);
                refused += found == -1 ? 1 : 0;
            } else if (log < 3) {
                /* The log taken away: what the main file is alone. */
                assert_int_equal(found, main < 3 ? main : 2);
            } else {
                /* The log's own states all rest on the same main file. */
                assert_int_equal(found, log);
            }
        }
    }
    assert_true(refused >= 1);
    end_history(&history);
}

static void test_frames_swapped_repeated_and_cut(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    const struct fixture_image *image = &history.image[STATES - 1];
    uint8_t kept[CS_LOG_SLOT];
    uint32_t last = last_transaction(&history);
    for (uint32_t i = 1; i + 1 < last; i++) {
        uint8_t *one = image->log.data + slot_offset(i);
        uint8_t *other = one + CS_LOG_SLOT;
        memcpy(kept, one, sizeof kept);
        memcpy(one, other, sizeof kept);
        assert_int_equal(look_at(&history, image), -1);
        memcpy(other, kept, sizeof kept);
        assert_int_equal(look_at(&history, image), -1);
        memcpy(other, one, sizeof kept);
        memcpy(one, kept, sizeof kept);
    }
    for (uint32_t i = slot_count(&image->log); i > 0; i--) {
        struct fixture_image cut = *image;
        cut.log.size = slot_offset(i);
        int found = look_at(&history, &cut);
        /* Always a committed state as a whole; before the first commit of the log, the main file's. */
        assert_true(found >= 2 && found < STATES - 1);
    }
    end_history(&history);
}

/* A frame that stood at the same place of the same generation before it was written over. */
static void test_frame_of_a_transaction_that_failed(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct encrypted_fixture *fixture = &history.fixture;
    fixture_put(&history.image[3]);
    uint32_t begin = slot_count(&history.image[3].log) + 1;
    assert_int_equal(fixture_open(fixture), CS_OK);
    /* The sync of a transaction fails: its frames are there, and SQLite writes over them. */
    fixture_run(fixture, "BEGIN; UPDATE t SET v = randomblob(700) WHERE id < 5");
    small_disk_fail(SMALL_IO_ERROR, 0, true, false);
    assert_int_equal(cs_database_execute(fixture->database, "COMMIT"), CS_IO);
    small_disk_heal();
    fixture_close(fixture);
    fixture_put(&history.image[3]);
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_run(fixture, "UPDATE t SET v = randomblob(700) WHERE id = 1");
    struct small_bytes other = small_disk_take(DATABASE_LOG);
    fixture_close(fixture);
    /* Both continuations of state 3 begin with the same index; the other one's first frame in front of ours. */
    const struct fixture_image *image = &history.image[STATES - 1];
    assert_true(other.size >= slot_offset(begin + 1));
    memcpy(image->log.data + slot_offset(begin), other.data + slot_offset(begin), CS_LOG_SLOT);
    assert_int_equal(look_at(&history, image), -1);
    free(other.data);
    end_history(&history);
}

static void test_files_of_another_database(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct encrypted_fixture *fixture = &history.fixture;
    small_disk_remove(DATABASE);
    small_disk_remove(DATABASE_LOG);
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_run(fixture, "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                         "INSERT INTO t VALUES(1, 2, randomblob(9000))");
    struct fixture_image other = fixture_take();
    fixture_close(fixture);
    /* Of the same key: the id keeps them apart. A foreign log is none. */
    struct fixture_image mixed = {history.image[STATES - 1].main, other.log};
    assert_int_equal(look_at(&history, &mixed), 2);
    mixed = (struct fixture_image){other.main, history.image[STATES - 1].log};
    fixture_put(&mixed);
    enum cs_status status = fixture_open(fixture);
    if (status == CS_OK) {
        int64_t count = 0;
        status = fixture_ask(fixture, "SELECT count(*) FROM t", &count);
        assert_int_not_equal(status, CS_OK);
    }
    fixture_close(fixture);
    /* One page of it. */
    struct fixture_image *image = &history.image[2];
    memcpy(image->main.data + CS_MAIN_PAGES_OFFSET + CS_SLOT_PAGE_SIZE,
           other.main.data + CS_MAIN_PAGES_OFFSET, CS_SLOT_PAGE_SIZE);
    assert_int_equal(look_at(&history, image), -1);
    fixture_image_release(&other);
    end_history(&history);
}

static void test_other_key_and_epoch(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    uint8_t other[CS_ENCRYPTED_KEY_SIZE];
    memcpy(other, fixture_key, sizeof other);
    other[31] ^= 1;
    fixture_use_key(&history.fixture, other, 1);
    assert_int_equal(look_at(&history, &history.image[2]), -1);
    fixture_use_key(&history.fixture, fixture_key, 2);
    assert_int_equal(look_at(&history, &history.image[2]), -1);
    fixture_use_key(&history.fixture, fixture_key, 1);
    assert_int_equal(look_at(&history, &history.image[2]), 2);
    end_history(&history);
}

static void test_sizes_changed(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct fixture_image image = history.image[2];
    image.main.size -= 1;
    assert_int_equal(look_at(&history, &image), -1);
    image.main.size -= CS_SLOT_PAGE_SIZE - 1;
    assert_int_equal(look_at(&history, &image), -1);
    image = history.image[2];
    struct small_bytes longer = {calloc(1, image.main.size + CS_SLOT_PAGE_SIZE),
                                 image.main.size + CS_SLOT_PAGE_SIZE, 0};
    assert_non_null(longer.data);
    memcpy(longer.data, image.main.data, image.main.size);
    image.main = longer;
    assert_int_equal(look_at(&history, &image), -1);
    free(longer.data);
    end_history(&history);
}

/* With a checkpoint half done the main file alone is no state: without the log it is refused. */
static void test_log_taken_away_in_a_checkpoint(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct encrypted_fixture *fixture = &history.fixture;
    fixture_put(&history.image[STATES - 1]);
    assert_int_equal(fixture_open(fixture), CS_OK);
    small_disk_fail(SMALL_IO_ERROR, 4, true, false);
    assert_int_equal(cs_database_cut_log(fixture->database), CS_IO);
    struct fixture_image image = fixture_take();
    fixture_close(fixture);
    small_disk_heal();
    assert_int_equal(look_at(&history, &image), STATES - 1);
    fixture_put(&image);
    small_disk_remove(DATABASE_LOG);
    assert_int_equal(look(&history), -1);
    fixture_image_release(&image);
    end_history(&history);
}

/* A page changed under an open database is met at the next read, not handed out. */
static void test_changed_while_open(void **state)
{
    (void)state;
    struct history history;
    make_history(&history);
    struct encrypted_fixture *fixture = &history.fixture;
    fixture_put(&history.image[2]);
    assert_int_equal(fixture_open(fixture), CS_OK);
    struct small_file *file = small_disk_find(DATABASE);
    const struct fixture_image *older = &history.image[1];
    memcpy(file->now.data + CS_MAIN_PAGES_OFFSET + CS_SLOT_PAGE_SIZE,
           older->main.data + CS_MAIN_PAGES_OFFSET + CS_SLOT_PAGE_SIZE,
           older->main.size - CS_MAIN_PAGES_OFFSET - CS_SLOT_PAGE_SIZE);
    sqlite3_file *main = NULL;
    uint8_t page[CS_SLOT_PAGE_SIZE];
    uint8_t digest[CS_HASH_SIZE];
    long refused = 0;
    assert_int_equal(
        sqlite3_file_control(fixture->database->handle, "main", SQLITE_FCNTL_FILE_POINTER, &main),
        SQLITE_OK);
    for (size_t at = CS_MAIN_PAGES_OFFSET; at < older->main.size; at += CS_SLOT_PAGE_SIZE) {
        bool same = memcmp(file->now.data + at, history.image[2].main.data + at, sizeof page) == 0;
        int code = main->pMethods->xRead(main, page, (int)sizeof page,
                                         (sqlite3_int64)at - CS_MAIN_PAGES_OFFSET);
        assert_int_equal(code, same ? SQLITE_OK : CS_ENCRYPTED_DAMAGED);
        refused += same ? 0 : 1;
    }
    assert_true(refused >= 2);
    assert_int_equal(fixture_digest(fixture, digest), CS_CORRUPT);
    end_history(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_is_found_again),
        cmocka_unit_test(test_flipped_bits_in_main_with_log),
        cmocka_unit_test(test_flipped_bits_in_main_alone),
        cmocka_unit_test(test_flipped_bits_in_log),
        cmocka_unit_test(test_flipped_bits_in_log_taken_over),
        cmocka_unit_test(test_anchor_taken_back),
        cmocka_unit_test(test_commit_that_could_not_be_synced),
        cmocka_unit_test(test_a_planted_journal_empties_nothing),
        cmocka_unit_test(test_pages_swapped),
        cmocka_unit_test(test_one_older_page),
        cmocka_unit_test(test_one_older_page_below_a_log),
        cmocka_unit_test(test_all_pages_older_but_one),
        cmocka_unit_test(test_files_of_different_times),
        cmocka_unit_test(test_frames_swapped_repeated_and_cut),
        cmocka_unit_test(test_frame_of_a_transaction_that_failed),
        cmocka_unit_test(test_files_of_another_database),
        cmocka_unit_test(test_other_key_and_epoch),
        cmocka_unit_test(test_sizes_changed),
        cmocka_unit_test(test_log_taken_away_in_a_checkpoint),
        cmocka_unit_test(test_changed_while_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
