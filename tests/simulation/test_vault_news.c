/* When a sync goes on to ask about vaults: only if the server has taken something of some vault since, or there is something to send. */
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/vault_scene.h"

#include "field-client/sync/vault_news.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct vault_scene scene;

static int setup_nothing(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    cs_buffer_init(&scene.recovery, CS_MEBI);
    universe_open(&scene.universe, cs_registry_core(), 1001);
    scene.wang = universe_found(&scene.universe, "王芳");
    scene.sun = universe_join(&scene.universe, scene.wang, "Sun Bo", CS_ROLE(OFFICE));
    commands_begin(&scene.universe);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 1002, false);
    commands_begin(&scene.universe);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    printed_forget();
    vault_scene_close(&scene);
    return 0;
}

/* Something new for everybody: the evidence log grows with every change-set. */
static void make_news(void)
{
    static int number;
    char code[40];
    (void)snprintf(code, sizeof code, "code=N-%d", number++);
    (void)laptop_new(scene.sun, "project", code, "name=x", NULL);
    laptop_sync_equal(scene.sun);
}

/* One sync as people run it: how many exchanges about vaults there were. */
static int64_t asked(struct laptop *laptop)
{
    int64_t trips = 0;
    int64_t vault_trips = 0;
    uint64_t before = laptop->answers;
    assert_code(laptop_run_json(laptop, "sync"), CS_EXIT_DONE);
    assert_true(cs_json_get_integer(cs_json_get(printed.json, "round_trips"), &trips));
    const struct cs_json *vaults = cs_json_get(printed.json, "vaults");
    (void)cs_json_get_integer(cs_json_get(vaults, "round_trips"), &vault_trips);
    assert_int_equal(laptop->answers - before, trips + vault_trips);
    return vault_trips;
}

static void test_an_organisation_without_vaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        make_news();
        assert_int_equal(asked(scene.wang), 0);
        assert_int_equal(asked(scene.sun), 0);
        universe_advance(&scene.universe, 2 * DAY_MS);
    }
}

static void test_only_news_of_vaults_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(asked(scene.zhao), 1);
    assert_int_equal(asked(scene.chen), 1); /* he has none: so he learns */
    for (size_t i = 0; i < 3; i++) {
        make_news();
        assert_int_equal(asked(scene.zhao), 0);
        assert_int_equal(asked(scene.chen), 0);
    }
    int64_t versions = kept_count(&scene, scene.zhao, CS_VAULT_VERSION);
    store_version(&scene, scene.li);
    assert_int_equal(asked(scene.zhao), 1);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), versions + 1);
    assert_int_equal(asked(scene.zhao), 0);
}

/* What was sent is news to the sender himself at most once, and only where there is other news. */
static void test_what_is_sent(void **state)
{
    (void)state;
    (void)asked(scene.li);
    assert_ok(try_store(&scene, scene.li, cs_replica_draw_id(scene.li->replica)));
    assert_true(asked(scene.li) > 0);
    assert_int_equal(asked(scene.li), 0);
    make_news();
    assert_true(asked(scene.li) <= 1);
    make_news();
    assert_int_equal(asked(scene.li), 0);
}

/* A grant that expires is no news: who has a vault asks once a day, where anything is new at all. */
static void test_once_a_day(void **state)
{
    (void)state;
    assert_int_equal(asked(scene.zhao), 1);
    assert_int_equal(asked(scene.chen), 1);
    universe_advance(&scene.universe, DAY_MS);
    (void)asked(scene.zhao); /* its own sync may have grown the log */
    make_news();
    universe_advance(&scene.universe, DAY_MS);
    assert_int_equal(asked(scene.zhao), 1);
    assert_int_equal(asked(scene.chen), 0);
    make_news();
    assert_int_equal(asked(scene.zhao), 0);
}

/* An answer of format 2 does not say: then every growth of the log may be news. */
static void test_a_server_that_does_not_say(void **state)
{
    static const struct cs_sync_response silent = {.with_vaults = false};
    bool due = true;
    (void)state;
    (void)asked(scene.zhao);
    make_news();
    laptop_sync_equal(scene.zhao);
    assert_ok(cs_vault_sync_due(scene.zhao->replica, &due));
    assert_false(due);
    assert_ok(cs_vault_news_told(scene.zhao->replica, &silent));
    assert_ok(cs_vault_sync_due(scene.zhao->replica, &due));
    assert_true(due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_organisation_without_vaults, setup_nothing,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_only_news_of_vaults_is_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once_a_day, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_does_not_say, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
