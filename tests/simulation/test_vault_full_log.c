/* A vault's log of as many records as there may be: all of them verified, one more refused. */
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

static void test_a_full_log(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    while (cs_vault_log_position(scene.log) < CS_VAULT_LOG_MAX) {
        grant(&scene, LI, WU, CS_VAULT_MAY_LIST);
    }
    struct cs_vault_record record = made_grant(&scene, LI, WU, CS_VAULT_MAY_LIST);
    scene_refuses(&scene, scene_sign(&scene, &record, LI), CS_LIMIT, "the vault's log is full");
    /* What its members do goes on. */
    struct cs_vault_moment moment = {scene.log, CS_VAULT_LOG_MAX, scene.now_ms};
    record = made_entry(&scene, CHEN);
    assert_ok(cs_vault_check_entry(&record, &moment, NULL, &scene.problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_full_log, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
