/* Requests are counted, and asking changes nothing that people see. */
#include "field-client/sync/device_request.h"

#include "tests/unit/field_client_sync/server_fixture.h"

static void each_request_has_its_number(void **state)
{
    struct fixture *f = *state;
    uint64_t first = 0;
    uint64_t second = 0;
    assert_ok(cs_device_request_count(f->replica, &first));
    fixture_reopen(f);
    assert_ok(cs_device_request_count(f->replica, &second));
    assert_true(second == first + 1);
}

static void asking_is_no_change(void **state)
{
    struct fixture *f = *state;
    uint64_t number = 0;
    uint64_t before = cs_replica_changes(f->replica);
    assert_ok(cs_device_request_count(f->replica, &number));
    assert_true(cs_replica_changes(f->replica) == before);
    fixture_part(f, "P-1", "a");
    before = cs_replica_changes(f->replica);
    /* What waited is packed now: people see that. */
    assert_ok(cs_device_request_count(f->replica, &number));
    assert_true(cs_replica_changes(f->replica) > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(each_request_has_its_number),
        sync_test(asking_is_no_change),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
