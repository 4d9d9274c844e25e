/* Which work order a password is asked for: the server looks, and says what is wrong with it. What was seen is written down whatever it is. */
#include "tests/simulation/vault_lease_scene.h"

static struct vault_scene scene;

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 901, false);
    vault_sync(&scene, scene.zhao);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vault_scene_close(&scene);
    return 0;
}

/* Asks for the password, naming this order. */
static enum cs_status ask(struct laptop *laptop, const struct cs_id *order, struct cs_secret **out)
{
    scene.work_order = *order;
    *out = NULL;
    return try_disclose(&scene, laptop, out);
}

static void assert_shown(struct laptop *laptop, const struct cs_id *order)
{
    struct cs_secret *secret = NULL;
    assert_ok(ask(laptop, order, &secret));
    assert_canary(secret);
}

/* The server says so, has nothing written down, and gives nothing out. */
static void assert_not_for(struct laptop *laptop, const struct cs_id *order,
                           enum cs_status expected, const char *text)
{
    struct cs_secret *secret = NULL;
    int64_t requests = stored_count(&scene, CS_VAULT_REQUEST);
    int64_t releases = stored_count(&scene, CS_VAULT_RELEASE);
    assert_says(&scene, ask(laptop, order, &secret), expected, text);
    assert_null(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), requests);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), releases);
}

static void change_order(const char *field, const char *value)
{
    char text[120];
    (void)snprintf(text, sizeof text, "%s=%s", field, value);
    assert_ok(laptop_set(scene.sun, "work_order", scene.work_order, text, NULL));
    laptop_sync_equal(scene.sun);
}

static void hand_over_to(const struct laptop *technician)
{
    assert_ok(laptop_set(
        scene.sun, "work_order", scene.work_order,
        field_of_id("technician", &cs_identity_certificate(technician->identity)->person), NULL));
    laptop_sync_equal(scene.sun);
}

/* ---- technicians ---- */

static void test_his_own_order(void **state)
{
    static const char *const open[] = {"accepted", "travelling", "on_site", "assigned"};
    (void)state;
    assert_shown(scene.zhao, &scene.work_order);
    for (size_t i = 0; i < CS_COUNT(open); i++) {
        change_order("status", open[i]);
        assert_shown(scene.zhao, &scene.work_order);
    }
}

static void test_an_order_that_nobody_knows(void **state)
{
    (void)state;
    const struct cs_id unknown = cs_replica_draw_id(scene.zhao->replica);
    assert_not_for(scene.zhao, &unknown, CS_MISSING_REFERENCE, "knows no such work order");
    /* A row of another kind is no order. */
    const struct cs_id person = cs_identity_certificate(scene.zhao->identity)->person;
    assert_not_for(scene.zhao, &person, CS_MISSING_REFERENCE, "knows no such work order");
}

static void test_an_order_that_was_deleted(void **state)
{
    (void)state;
    assert_ok(laptop_delete(scene.sun, "work_order", scene.work_order));
    laptop_sync_equal(scene.sun);
    assert_not_for(scene.zhao, &scene.work_order, CS_MISSING_REFERENCE, "knows no such work order");
}

static void test_an_order_of_another_project(void **state)
{
    (void)state;
    const struct cs_id project = laptop_new(scene.sun, "project", "code=P-9", "name=水务局", NULL);
    const struct cs_id order = order_work(&scene, "W-9", &project, scene.zhao);
    assert_not_for(scene.zhao, &order, CS_DENIED, "another project");
}

static void test_an_order_of_no_project(void **state)
{
    (void)state;
    const struct cs_id order = laptop_new(
        scene.sun, "work_order", "number=W-8", "status=assigned",
        field_of_id("technician", &cs_identity_certificate(scene.zhao->identity)->person), NULL);
    laptop_sync_equal(scene.sun);
    assert_not_for(scene.zhao, &order, CS_MISSING_REFERENCE, "names no system of a project");
}

static void test_an_order_of_somebody_else(void **state)
{
    (void)state;
    hand_over_to(scene.chen);
    assert_not_for(scene.zhao, &scene.work_order, CS_DENIED, "not dispatched to who asks");
    hand_over_to(scene.zhao);
    assert_shown(scene.zhao, &scene.work_order);
}

static void test_an_order_that_is_not_open(void **state)
{
    static const char *const states[] = {"draft", "finished", "reconciled", "cancelled",
                                         "returned"};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(states); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "not open: it is %s", states[i]);
        change_order("status", states[i]);
        assert_not_for(scene.zhao, &scene.work_order, CS_DENIED, text);
    }
}

/* ---- officers ---- */

/* They need none; one that they name is one, of the project, whoever it is dispatched to. */
static void test_officers(void **state)
{
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_secret *secret = NULL;
    (void)state;
    vault_sync(&scene, scene.li);
    assert_ok(begin_disclosure(&scene, scene.li, "审计", false, &disclosure));
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    cs_vault_disclosure_end(disclosure);
    change_order("status", "finished");
    assert_shown(scene.li, &scene.work_order);
    const struct cs_id unknown = cs_replica_draw_id(scene.li->replica);
    assert_not_for(scene.li, &unknown, CS_MISSING_REFERENCE, "knows no such work order");
    const struct cs_id project = laptop_new(scene.sun, "project", "code=P-9", "name=水务局", NULL);
    const struct cs_id order = order_work(&scene, "W-9", &project, scene.zhao);
    assert_not_for(scene.li, &order, CS_DENIED, "another project");
}

/* ---- leases, and what was shown under them ---- */

static void test_a_lease_for_an_order_of_somebody_else(void **state)
{
    (void)state;
    hand_over_to(scene.chen);
    assert_ok(try_lease(&scene, scene.zhao, NULL));
    vault_sync(&scene, scene.zhao);
    assert_refused(&scene, scene.zhao, CS_DENIED, "not dispatched to who asks");
    assert_int_equal(stored_count(&scene, CS_VAULT_LEASE), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
}

/* Shown without network, told later: the order is somebody else's by then, and closed, and then gone. */
static void test_a_reveal_is_never_refused_for_its_order(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, id);
    scene.zhao->fault = NETWORK_DOWN;
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    hand_over_to(scene.chen);
    change_order("status", "cancelled");
    assert_ok(laptop_delete(scene.sun, "work_order", scene.work_order));
    laptop_sync_equal(scene.sun);
    universe_advance(&scene.universe, 1000);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    scene.zhao->fault = NETWORK_FINE;
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 2);
}

/* ---- a server that lost something ---- */

/* As long as it waits for what devices bring back, an order that it does not know may still come. */
static void test_a_server_that_went_back(void **state)
{
    (void)state;
    struct cs_store *store = cs_server_store(scene.universe.server);
    const struct cs_returning returning = {.log = 99, .sequence = 1, .named = 1, .awaited = true};
    const struct cs_id unknown = cs_replica_draw_id(scene.zhao->replica);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_returning(store, &returning));
    assert_ok(cs_store_commit(store));
    assert_shown(scene.zhao, &unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_his_own_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_that_nobody_knows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_that_was_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_of_another_project, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_of_no_project, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_of_somebody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_that_is_not_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_officers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lease_for_an_order_of_somebody_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_reveal_is_never_refused_for_its_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_went_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
