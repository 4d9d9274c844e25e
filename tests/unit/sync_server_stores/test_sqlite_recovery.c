/* The store: which rows rest on changes that were lost, until those come. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static const struct cs_version one = {UINT64_MAX, 1};
static const struct cs_version two = {UINT64_MAX, 2};

static struct cs_row_key key(uint8_t id, const char *entity)
{
    return (struct cs_row_key){cs_bytes_of_text(entity), {{id}}};
}

static bool lacks(struct store_fixture *f, struct cs_row_key row)
{
    bool found = false;
    assert_ok(cs_store_row_lacks(f->store, &row, &found));
    return found;
}

static bool any(struct store_fixture *f)
{
    bool found = false;
    assert_ok(cs_store_lost_any(f->store, &found));
    return found;
}

static void a_row_lacks_what_it_rests_on_until_all_has_come(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key first = key(1, "part");
    const struct cs_row_key second = key(2, "part");
    struct cs_row_key *rows;
    size_t count;
    assert_false(any(f));
    assert_false(lacks(f, first));
    assert_ok(cs_store_put_lost_version(f->store, &one, &first));
    assert_ok(cs_store_put_lost_version(f->store, &one, &first));
    assert_ok(cs_store_put_lost_version(f->store, &one, &second));
    assert_ok(cs_store_put_lost_version(f->store, &two, &first));
    assert_true(any(f));
    assert_false(lacks(f, key(1, "site")));
    assert_ok(cs_store_take_lost_version(f->store, &one, &f->arena, &rows, &count));
    assert_int_equal(count, 2);
    assert_true(cs_bytes_equal_text(rows[0].entity, "part"));
    assert_int_equal(rows[0].id.bytes[0] + rows[1].id.bytes[0], 3);
    assert_true(lacks(f, first));
    assert_false(lacks(f, second));
    assert_ok(cs_store_take_lost_version(f->store, &one, &f->arena, &rows, &count));
    assert_int_equal(count, 0);
    assert_ok(cs_store_take_lost_version(f->store, &two, &f->arena, &rows, &count));
    assert_int_equal(count, 1);
    assert_false(lacks(f, first));
    assert_false(any(f));
}

static enum cs_status use_all(struct store_fixture *f, struct cs_arena *arena)
{
    const struct cs_row_key first = key(1, "part");
    struct cs_row_key *rows;
    size_t count;
    bool found;
    enum cs_status status = cs_store_put_lost_version(f->store, &one, &first);
    if (status == CS_OK) {
        status = cs_store_row_lacks(f->store, &first, &found);
    }
    if (status == CS_OK) {
        status = cs_store_lost_any(f->store, &found);
    }
    return status != CS_OK ? status
                           : cs_store_take_lost_version(f->store, &one, arena, &rows, &count);
}

static void a_failing_disk_is_told(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key second = key(2, "part");
    assert_ok(cs_store_put_lost_version(f->store, &two, &second));
    assert_true(sweep_reads(f, use_all) > 0);
    fail_writes(f, use_all, "SELECT count(*) FROM _lost_version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_row_lacks_what_it_rests_on_until_all_has_come),
        STORE_TEST(a_failing_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
