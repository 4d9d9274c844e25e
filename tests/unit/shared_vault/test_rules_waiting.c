/* How long a request waits, and who gives it up. */
#include "tests/unit/shared_vault/made_up.h"

static struct scene scene;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_release(&scene);
    return 0;
}

static void said(enum cs_status status, enum cs_status expected, const char *saying)
{
    assert_status(status, expected);
    if (strstr(scene.problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene.problem.text, saying);
    }
}

static void test_given_up(void **state)
{
    (void)state;
    made_vault(&scene, 1);
    struct cs_vault_record draft = made_request(&scene, ZHAO, CS_VAULT_REQUEST);
    const struct cs_vault_record request = made_signed(&scene, &draft, ZHAO);
    struct cs_vault_record end = scene_record(&scene, CS_VAULT_RETURN, ZHAO);
    memcpy(end.request, request.id, CS_HASH_SIZE);
    assert_true(cs_vault_given_up(&end, &request));
    assert_ok(cs_vault_check_return(&end, &request, &scene.problem));
    memcpy(end.author, scene_certificate(&scene, WU), CS_HASH_SIZE);
    said(cs_vault_check_return(&end, &request, &scene.problem), CS_DENIED,
         "only the device that asked");
    end.request[0] ^= 1;
    said(cs_vault_check_return(&end, &request, &scene.problem), CS_FORGED, "another request");
    end.kind = CS_VAULT_REVEAL;
    assert_false(cs_vault_given_up(&end, &request));
}

static void test_what_waits_has_an_end(void **state)
{
    const int64_t logged_ms = 1000;
    const int64_t ends_ms = logged_ms + CS_VAULT_WAITING_DAYS_MAX * DAY;
    struct cs_vault_record request = {.kind = CS_VAULT_REQUEST};
    struct cs_vault_record lease = {.kind = CS_VAULT_LEASE, .expires_ms = ends_ms - 5};
    (void)state;
    assert_int_equal(cs_vault_waiting_ends_ms(&request, logged_ms), ends_ms);
    assert_ok(cs_vault_check_waiting(&request, logged_ms, ends_ms - 1, &scene.problem));
    said(cs_vault_check_waiting(&request, logged_ms, ends_ms, &scene.problem), CS_EXPIRED,
         "older than 7 days");
    assert_int_equal(cs_vault_waiting_ends_ms(&request, INT64_MAX - 1), INT64_MAX);
    assert_ok(cs_vault_check_waiting(&lease, logged_ms, ends_ms - 6, &scene.problem));
    said(cs_vault_check_waiting(&lease, logged_ms, ends_ms - 5, &scene.problem), CS_EXPIRED,
         "the lease has ended");
    lease.expires_ms = ends_ms + 5;
    said(cs_vault_check_waiting(&lease, logged_ms, ends_ms, &scene.problem), CS_EXPIRED,
         "older than 7 days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_waits_has_an_end, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
