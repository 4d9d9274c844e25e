/*
 * Passwords are changed by a helper in a campaign: what each answer makes of the version's state, after a first attempt and after one that was
 * cut off; with four eyes; and never without the signed word of it first. Both passwords can be read whatever happens.
 */
#include "tests/simulation/campaign_scene.h"
#include "tests/simulation/fake_helper.h"

static struct cs_id version;
static struct cs_vault_attempt result;

static void open_scene(bool four_eyes)
{
    campaign_scene_open(four_eyes ? 93 : 92, four_eyes);
    version = begun_and_prepared();
    fake_begin(CANARY);
}

static int setup(void **state)
{
    (void)state;
    open_scene(false);
    return 0;
}

static int setup_four_eyes(void **state)
{
    (void)state;
    open_scene(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_end();
    campaign_scene_close();
    return 0;
}

static enum cs_status attempt_with(struct cs_secret *old_secret, struct cs_secret *new_secret,
                                   enum cs_vault_attempt_kind kind, const char *helper)
{
    const struct cs_vault_field *field = password(scene.li);
    struct cs_rotation_request request = {.host = cs_bytes_of_text("10.0.0.1"),
                                          .user = cs_bytes_of_text("admin"),
                                          .old_secret = cs_secret_bytes(old_secret),
                                          .new_secret = cs_secret_bytes(new_secret),
                                          .seconds = 20};
    struct cs_vault_book *book = open_book(scene.li);
    scene.universe.problem.text[0] = '\0';
    enum cs_status status = cs_vault_campaign_attempt(book, field, kind, helper, &request, &result,
                                                      &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static enum cs_status try_attempt(enum cs_vault_attempt_kind kind, const char *helper)
{
    struct cs_secret *old_secret = disclosed(scene.li, &scene.version);
    struct cs_secret *new_secret = disclosed(scene.li, &version);
    enum cs_status status = attempt_with(old_secret, new_secret, kind, helper);
    cs_secret_destroy(old_secret);
    cs_secret_destroy(new_secret);
    return status;
}

static void attempt(const char *mode, enum cs_vault_attempt_kind kind,
                    enum cs_rotation_answer answer, enum cs_vault_state now)
{
    fake_mode(mode);
    assert_ok(try_attempt(kind, fake_helper));
    assert_string_equal(cs_rotation_answer_text(result.answer), cs_rotation_answer_text(answer));
    assert_string_equal(cs_vault_state_name(result.state), cs_vault_state_name(now));
    laptop_restart(scene.li); /* what was answered is on disk */
    assert_string_equal(cs_vault_state_name(cs_vault_field_coming(password(scene.li))->state),
                        cs_vault_state_name(now));
    send(scene.li);
}

static void first(const char *mode, enum cs_rotation_answer answer, enum cs_vault_state now)
{
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    attempt(mode, CS_ATTEMPT_FIRST, answer, now);
}

static void again(const char *mode, enum cs_rotation_answer answer, enum cs_vault_state now)
{
    attempt(mode, CS_ATTEMPT_AGAIN, answer, now);
}

static void test_applied_is_verified(void **state)
{
    (void)state;
    first("works", CS_ROTATION_APPLIED, CS_VAULT_VERIFIED);
    assert_runs("apply ");
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY));
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_DONE);
}

static void test_failed_is_pending_again(void **state)
{
    (void)state;
    first("refuse", CS_ROTATION_FAILED, CS_VAULT_PENDING);
    assert_string_equal(result.reason.text, "the policy says no");
    first("works", CS_ROTATION_APPLIED, CS_VAULT_VERIFIED);
    assert_runs("apply apply ");
}

/* It got through, and nobody saw it: the next run asks, and changes nothing. */
static void test_cut_after(void **state)
{
    (void)state;
    first("cut_after", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    assert_string_equal(result.reason.text, "the line was cut");
    again("works", CS_ROTATION_NEW, CS_VAULT_VERIFIED);
    assert_runs("apply verify ");
}

static void test_cut_before(void **state)
{
    (void)state;
    first("cut_before", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    again("down", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    again("cut_before", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    again("works", CS_ROTATION_APPLIED, CS_VAULT_VERIFIED);
    assert_runs("apply verify verify apply verify apply ");
}

/* "failed" speaks of its own run only: after one that was cut off it settles nothing. */
static void test_failed_after_unknown(void **state)
{
    (void)state;
    first("cut_before", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    again("refuse", CS_ROTATION_FAILED, CS_VAULT_APPLIED);
    assert_ok(say(scene.li, cs_vault_campaign_failed)); /* a person saw it */
    first("works", CS_ROTATION_APPLIED, CS_VAULT_VERIFIED);
}

static void test_answers_for_a_person(void **state)
{
    (void)state;
    first("dies", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    again("both", CS_ROTATION_BOTH, CS_VAULT_APPLIED);
    again("silent", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    fake_write("now", "somebody else changed it\n");
    again("works", CS_ROTATION_NEITHER, CS_VAULT_APPLIED);
    assert_runs("apply verify verify verify ");
    assert_canary(disclosed(scene.li, &scene.version));
    struct cs_secret *new_secret = disclosed(scene.li, &version);
    assert_int_equal(cs_secret_bytes(new_secret).size, 24);
    cs_secret_destroy(new_secret);
}

static void test_a_helper_that_is_not_there(void **state)
{
    (void)state;
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    assert_says(&scene, try_attempt(CS_ATTEMPT_FIRST, "/nowhere/helper"), CS_INVALID,
                "the helper was not started");
    assert_step(scene.li, CS_CAMPAIGN_PENDING);
    first("cut_after", CS_ROTATION_UNKNOWN, CS_VAULT_APPLIED);
    assert_says(&scene, try_attempt(CS_ATTEMPT_AGAIN, "/nowhere/helper"), CS_INVALID,
                "the helper was not started");
    assert_step(scene.li, CS_CAMPAIGN_APPLIED);
    again("works", CS_ROTATION_NEW, CS_VAULT_VERIFIED);
}

static void test_nothing_runs_before_it_is_signed(void **state)
{
    (void)state;
    assert_says(&scene, try_attempt(CS_ATTEMPT_FIRST, fake_helper), CS_INVALID,
                "is not signed yet");
    first("works", CS_ROTATION_APPLIED, CS_VAULT_VERIFIED);
    assert_says(&scene, try_attempt(CS_ATTEMPT_AGAIN, fake_helper), CS_INVALID,
                "is not signed yet");
    assert_runs("apply ");
}

/* The program ends between the signed word and the answer: that is an unknown. */
static void test_killed_during_an_attempt(void **state)
{
    (void)state;
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    laptop_restart(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_APPLIED);
    assert_int_equal(stored_count(&scene, CS_VAULT_STATE),
                     1); /* not sent, and known here all the same */
    again("works", CS_ROTATION_APPLIED, CS_VAULT_VERIFIED);
    assert_runs("verify apply ");
}

/* ---- four eyes ---- */

static struct cs_vault_disclosure *ask(struct laptop *laptop, const struct cs_id *wanted)
{
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_secret *secret = NULL;
    const struct cs_vault_ask wish = {.kind = CS_VAULT_REQUEST,
                                      .versions = cs_id_bytes(wanted),
                                      .reason = cs_bytes_of_text("统一修改密码")};
    assert_ok(cs_vault_disclosure_begin(laptop->replica, &scene.vault, &wish, &disclosure,
                                        &scene.universe.problem));
    assert_says(&scene,
                cs_vault_disclosure_open(disclosure, wanted, &secret, &scene.universe.problem),
                CS_LOCKED, "approval");
    return disclosure;
}

static void approve(struct laptop *laptop, const struct cs_vault_disclosure *disclosure)
{
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_act_approve(book, cs_vault_disclosure_id(disclosure), NULL,
                                   &scene.universe.problem));
    cs_vault_book_close(book);
}

/* Preparing and confirming need nobody else; applying needs both secrets, and each of them an approval. */
static void test_four_eyes(void **state)
{
    struct cs_secret *old_secret = NULL;
    struct cs_secret *new_secret = NULL;
    (void)state;
    struct cs_vault_disclosure *old_one = ask(scene.li, &scene.version);
    struct cs_vault_disclosure *new_one = ask(scene.li, &version);
    vault_sync(&scene, scene.han);
    approve(scene.han, old_one);
    approve(scene.han, new_one);
    send(scene.han);
    assert_ok(
        cs_vault_disclosure_open(old_one, &scene.version, &old_secret, &scene.universe.problem));
    assert_ok(cs_vault_disclosure_open(new_one, &version, &new_secret, &scene.universe.problem));
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    fake_mode("works");
    assert_ok(attempt_with(old_secret, new_secret, CS_ATTEMPT_FIRST, fake_helper));
    assert_int_equal(result.state, CS_VAULT_VERIFIED);
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY));
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_DONE);
    cs_vault_disclosure_end(old_one);
    cs_vault_disclosure_end(new_one);
    cs_secret_destroy(old_secret);
    cs_secret_destroy(new_secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_applied_is_verified, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_is_pending_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_after, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_after_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers_for_a_person, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_helper_that_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_runs_before_it_is_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_during_an_attempt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes, setup_four_eyes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
