/* Records of vaults as the replica keeps them: those of one item are found without reading the others. */
#include "field-client/replica/vault_records.h"
#include "tests/unit/field_client_replica/client_fixture.h"

#define KIND 5
#define ITEMS 500

static struct cs_kept_record made(uint32_t number, uint32_t item)
{
    struct cs_kept_record record = {
        .feed = number, .kind = KIND, .field = T("password"), .record = T("signed")};
    memcpy(record.id, &number, sizeof number);
    record.vault.bytes[0] = 7;
    memcpy(record.item.bytes, &item, sizeof item);
    return record;
}

struct seen {
    uint64_t feeds[4];
    size_t count;
};

static enum cs_status note(void *context, const struct cs_kept_record *record)
{
    struct seen *seen = context;
    assert_true(seen->count < CS_COUNT(seen->feeds));
    seen->feeds[seen->count++] = record->feed;
    return CS_OK;
}

/* Two versions of each, the second one behind the first of all. */
static void put_all(struct fixture *f)
{
    assert_ok(cs_database_begin(cs_replica_database(f->replica)));
    for (uint32_t i = 1; i <= 2 * ITEMS; i++) {
        const struct cs_kept_record record = made(i, i % ITEMS);
        assert_ok(cs_kept_record_put(f->replica, &record));
    }
    assert_ok(cs_database_commit(cs_replica_database(f->replica)));
}

static void those_of_an_item_cost_what_they_are(void **state)
{
    struct fixture *f = *state;
    struct cs_database *database = cs_replica_database(f->replica);
    const struct cs_kept_record one = made(0, 42);
    struct seen seen = {.count = 0};
    put_all(f);
    const struct cs_database_work before = cs_database_work(database);
    assert_ok(cs_kept_records_of_item(f->replica, &one.vault, KIND, &one.item, note, &seen));
    const struct cs_database_work after = cs_database_work(database);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.feeds[0], 42);
    assert_int_equal(seen.feeds[1], 42 + ITEMS);
    assert_true(after.steps - before.steps < 200);
}

static void an_item_without_records_has_none(void **state)
{
    struct fixture *f = *state;
    const struct cs_kept_record other = made(0, ITEMS + 1);
    struct seen seen = {.count = 0};
    put_all(f);
    assert_ok(cs_kept_records_of_item(f->replica, &other.vault, KIND, &other.item, note, &seen));
    assert_ok(cs_kept_records_of_item(f->replica, &other.vault, KIND + 1, &(struct cs_id){{42}},
                                      note, &seen));
    assert_int_equal(seen.count, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(those_of_an_item_cost_what_they_are),
        TEST(an_item_without_records_has_none),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
