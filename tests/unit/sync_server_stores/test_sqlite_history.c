/* What rows were before each change: kept, found again by number and by moment. */
#include "sync-server/stores/history_store.h"
#include "tests/unit/sync_server_stores/store_fixture.h"

static const uint8_t created[] = {0, 0, 0, 0, 0, 0, 0, 7, 1};

/* The row before a change: quantity as given; without one only its scopes changed. */
static struct cs_history_change change_of(unsigned row, int64_t at_ms, int64_t quantity)
{
    struct cs_history_change change = {
        .at_ms = at_ms,
        .author = {UINT64_MAX, 3},
        .since = 40,
        .before = {.entity = &movement, .name = T("movement"), .id = id_of(row)},
    };
    if (quantity != 0) {
        change.before.exists = true;
        change.before.versions = cs_bytes_of_array(created);
        static struct cs_value values[MOVEMENT_FIELDS];
        values[MOVEMENT_QUANTITY] = NUMBER(quantity);
        change.before.values = values;
    }
    return change;
}

static enum cs_status put(struct store_fixture *f, unsigned row, int64_t at_ms, int64_t quantity)
{
    struct cs_history_change change = change_of(row, at_ms, quantity);
    return cs_store_put_history(f->store, &change, 1);
}

static const struct cs_row_key *key(unsigned row)
{
    static struct cs_row_key keys[2];
    keys[row % 2] = (struct cs_row_key){T("movement"), id_of(row)};
    return &keys[row % 2];
}

/* More waits for a decision than is kept with a change: the change is kept all the same, with what fits. */
static void what_waits_may_be_more_than_fits(void **state)
{
    struct store_fixture *f = *state;
    static struct cs_stored_head heads[CS_BASES_PER_FIELD_MAX];
    static char value[CS_VALUE_MAX];
    memset(value, 'x', sizeof value);
    for (size_t i = 0; i < CS_COUNT(heads); i++) {
        heads[i] =
            (struct cs_stored_head){T("quantity"), {9, i + 1}, cs_bytes_make(value, sizeof value)};
    }
    struct cs_history_change change = change_of(1, 100, 5);
    change.heads = heads;
    change.head_count = CS_COUNT(heads);
    assert_ok(cs_store_put_history(f->store, &change, 1));

    struct cs_history_change *changes;
    size_t count;
    assert_ok(cs_store_history(f->store, key(1), 0, 10, &f->arena, &changes, &count));
    assert_int_equal(count, 1);
    assert_int_equal(changes[0].before.values[MOVEMENT_QUANTITY].integer, 5);
    assert_int_equal(changes[0].head_count, CS_HISTORY_BYTES_TARGET / CS_VALUE_MAX - 1);
    assert_int_equal(changes[0].heads[0].value.size, sizeof value);
}

static void changes_come_back_newest_first(void **state)
{
    struct store_fixture *f = *state;
    struct cs_stored_head head = {T("quantity"), {9, 2}, T("other")};
    struct cs_history_change change = change_of(1, 100, 5);
    change.heads = &head;
    change.head_count = 1;
    assert_ok(cs_store_put_history(f->store, &change, 1));
    assert_ok(put(f, 2, 150, 1));
    assert_ok(put(f, 1, 200, 0)); /* scopes only */
    assert_ok(put(f, 1, 300, 6));

    struct cs_history_change *changes;
    size_t count;
    assert_ok(cs_store_history(f->store, key(1), 0, 10, &f->arena, &changes, &count));
    assert_int_equal(count, 2);
    assert_int_equal(changes[0].before.values[MOVEMENT_QUANTITY].integer, 6);
    assert_int_equal(changes[0].number, 4);
    assert_int_equal(changes[1].at_ms, 100);
    assert_true(changes[1].author.log == UINT64_MAX);
    assert_int_equal(changes[1].author.counter, 3);
    assert_int_equal(changes[1].head_count, 1);
    assert_bytes(changes[1].heads[0].unit, T("quantity"));
    assert_bytes(changes[1].heads[0].value, T("other"));
    assert_int_equal(changes[1].heads[0].version.log, 9);
    assert_int_equal(changes[1].heads[0].version.counter, 2);
    assert_ok(cs_store_history(f->store, key(1), 4, 10, &f->arena, &changes, &count));
    assert_int_equal(count, 1);
    assert_int_equal(changes[0].number, 1);
    assert_ok(cs_store_history(f->store, key(1), 0, 1, &f->arena, &changes, &count));
    assert_int_equal(count, 1);
    assert_int_equal(changes[0].number, 4);
}

static void moments_find_changes(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(put(f, 1, 100, 5));
    assert_ok(put(f, 1, 300, 6));
    uint64_t number = 9;
    assert_ok(cs_store_history_before(f->store, key(1), 99, &number));
    assert_int_equal(number, 0);
    assert_ok(cs_store_history_before(f->store, key(1), 100, &number));
    assert_int_equal(number, 1);
    assert_ok(cs_store_history_before(f->store, key(1), INT64_MAX, &number));
    assert_int_equal(number, 2);
    struct cs_history_change change;
    assert_ok(cs_store_history_after(f->store, key(1), 0, &f->arena, &change));
    assert_int_equal(change.before.values[MOVEMENT_QUANTITY].integer, 5);
    assert_ok(cs_store_history_after(f->store, key(1), 1, &f->arena, &change));
    assert_int_equal(change.before.values[MOVEMENT_QUANTITY].integer, 6);
    assert_status(cs_store_history_after(f->store, key(1), 2, &f->arena, &change), CS_NOT_FOUND);
    assert_status(cs_store_history_after(f->store, key(1), UINT64_MAX, &f->arena, &change),
                  CS_NOT_FOUND);
    assert_ok(cs_store_history_first(f->store, key(1), &number));
    assert_int_equal(number, 40);
    assert_status(cs_store_history_first(f->store, key(2), &number), CS_NOT_FOUND);
}

static void positions_have_moments(void **state)
{
    struct store_fixture *f = *state;
    int64_t at_ms = 0;
    assert_status(cs_store_moment(f->store, 1, &at_ms), CS_NOT_FOUND);
    assert_ok(cs_store_put_moment(f->store, 5, 100));
    assert_ok(cs_store_put_moment(f->store, 9, 200));
    assert_ok(cs_store_moment(f->store, 5, &at_ms));
    assert_int_equal(at_ms, 100);
    assert_ok(cs_store_moment(f->store, 6, &at_ms));
    assert_int_equal(at_ms, 200);
    assert_status(cs_store_moment(f->store, 10, &at_ms), CS_NOT_FOUND);
    assert_ok(cs_store_history_reach(f->store, &at_ms));
    assert_true(at_ms == INT64_MIN);
    assert_ok(cs_store_set_history_reach(f->store, -3));
    assert_ok(cs_store_history_reach(f->store, &at_ms));
    assert_int_equal(at_ms, -3);
}

/* A database from before there was a history has one from what it took last. */
static void an_older_database_has_one_from_now_on(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_logged_transaction logged = {
        .version = {7, 1}, .received_ms = 1234, .outcome = CS_OUTCOME_APPLIED};
    assert_ok(cs_store_put_transaction(f->store, &logged));
    assert_ok(cs_store_set_position(f->store, 17));
    execute(f, "DROP TABLE _history; DROP TABLE _moment; DROP TABLE _bundle; DROP TABLE _blob; "
               "DROP TABLE _blob_chunk; "
               "DROP TABLE _blob_device; PRAGMA user_version = 9");
    fixture_reopen(f);
    int64_t at_ms;
    assert_ok(cs_store_history_reach(f->store, &at_ms));
    assert_int_equal(at_ms, 1234);
    assert_ok(cs_store_moment(f->store, 17, &at_ms));
    assert_int_equal(at_ms, 1234);
    assert_status(cs_store_moment(f->store, 18, &at_ms), CS_NOT_FOUND);
}

static void a_damaged_image_is_told(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(put(f, 1, 100, 5));
    static const char *const damages[] = {"x'00'", "x'00000001ff'",
                                          "substr(image, 1, length(image) - 1)"};
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        char sql[96];
        struct cs_history_change *changes = NULL;
        size_t count = 7;
        (void)snprintf(sql, sizeof sql, "UPDATE _history SET image = %s", damages[i]);
        execute(f, sql);
        assert_status(cs_store_history(f->store, key(1), 0, 9, &f->arena, &changes, &count),
                      CS_CORRUPT);
        assert_null(changes);
        assert_int_equal(count, 7);
        execute(f, "DELETE FROM _history");
        assert_ok(put(f, 1, 100, 5));
    }
    assert_ok(cs_store_put(f->store, "history_from_ms", T("x")));
    int64_t reach;
    assert_status(cs_store_history_reach(f->store, &reach), CS_CORRUPT);
}

static enum cs_status use(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_history_change change = change_of(1, 100, 5);
    struct cs_history_change *changes;
    size_t count;
    int64_t at_ms;
    enum cs_status status = cs_store_put_history(f->store, &change, 1);
    if (status == CS_OK) {
        status = cs_store_history(f->store, key(1), 0, 10, arena, &changes, &count);
    }
    if (status == CS_OK) {
        status = cs_store_history_after(f->store, key(1), 0, arena, &changes[0]);
    }
    if (status == CS_OK) {
        status = cs_store_put_moment(f->store, 5, 100);
    }
    if (status == CS_OK) {
        status = cs_store_moment(f->store, 5, &at_ms);
    }
    if (status == CS_OK) {
        status = cs_store_set_history_reach(f->store, 1);
    }
    return status == CS_OK ? cs_store_history_reach(f->store, &at_ms) : status;
}

static void history_survives_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    assert_true(sweep_allocations(f, use) > 10);
    fail_writes(f, use, "SELECT count(*) FROM _history");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(changes_come_back_newest_first),
        STORE_TEST(what_waits_may_be_more_than_fits),
        STORE_TEST(moments_find_changes),
        STORE_TEST(positions_have_moments),
        STORE_TEST(an_older_database_has_one_from_now_on),
        STORE_TEST(a_damaged_image_is_told),
        STORE_TEST(history_survives_failing_memory_and_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
