/*
 * Every allocation of a campaign's steps fails once: nothing is half done but what the next run goes on from, and nothing is lost.
 */
#include "shared/base/memory.h"
#include "tests/simulation/campaign_scene.h"

static int setup(void **state)
{
    (void)state;
    campaign_scene_open(95, false);
    assert_ok(try_begin(scene.li, "客户同意"));
    send(scene.li);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    campaign_scene_close();
    return 0;
}

static enum cs_status prepare_word(struct cs_vault_book *book, const struct cs_vault_field *field,
                                   struct cs_problem *problem)
{
    const struct cs_password_policy policy = CS_PASSWORD_POLICY_USUAL;
    struct cs_id version;
    return cs_vault_campaign_prepare(book, field, &policy, &version, NULL, problem);
}

static enum cs_status confirm_word(struct cs_vault_book *book, const struct cs_vault_field *field,
                                   struct cs_problem *problem)
{
    return cs_vault_campaign_confirm(book, field, CS_CAMPAIGN_VERIFIED_ONLY, problem);
}

/* Says it with the nth allocation failing, for every n, until none fails. */
static void say_through_failures(campaign_word *word)
{
    enum cs_status status = CS_NO_MEMORY;
    long failed = 0;
    for (long n = 0; status != CS_OK; n++) {
        const struct cs_vault_field *field = password(scene.li);
        struct cs_vault_book *book = open_book(scene.li);
        cs_memory_fail_after(n);
        status = word(book, field, &scene.universe.problem);
        cs_memory_fail_after(-1);
        cs_vault_book_close(book);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            failed++;
        }
        assert_true(n < 5000);
    }
    assert_true(failed > 10);
}

static void test_every_step(void **state)
{
    (void)state;
    say_through_failures(prepare_word);
    send(scene.li);
    assert_int_equal(password(scene.li)->version_count, 2); /* one was drawn, whatever failed */
    say_through_failures(cs_vault_campaign_applied);
    assert_step(scene.li, CS_CAMPAIGN_APPLIED);
    say_through_failures(cs_vault_campaign_failed);
    assert_step(scene.li, CS_CAMPAIGN_PENDING);
    say_through_failures(cs_vault_campaign_verified); /* two records */
    assert_step(scene.li, CS_CAMPAIGN_VERIFIED);
    send(scene.li);
    say_through_failures(confirm_word); /* two again */
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_DONE);
    assert_int_equal(password(scene.li)->versions[1].state, CS_VAULT_ARCHIVED);
}

/* Loading says that memory is out, and gives nothing. */
static void test_loading(void **state)
{
    struct cs_vault_campaign campaign;
    struct cs_vault_campaign_progress progress;
    enum cs_status status = CS_NO_MEMORY;
    (void)state;
    struct cs_vault_book *book = open_book(scene.li);
    for (long n = 0; status != CS_OK; n++) {
        struct cs_arena own;
        progress.fields = NULL;
        cs_arena_init(&own, CS_MESSAGE_ARENA_MAX);
        cs_memory_fail_after(n);
        status =
            cs_vault_campaign_find(book, &scene.vault, &own, &campaign, &scene.universe.problem);
        if (status == CS_OK) {
            status = cs_vault_campaign_progress(book, &campaign, &own, &progress);
        }
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && progress.fields == NULL));
        assert_true(n < 1000);
        cs_arena_release(&own);
    }
    cs_vault_book_close(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loading, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
