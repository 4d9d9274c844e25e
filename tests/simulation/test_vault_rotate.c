/*
 * vault rotate as people type it: a campaign from the consent to its end, by a helper program, by hand, without network under a lease, with
 * four eyes, cut off, and by two officers at once. No password is ever printed.
 */
#include "field-client/vault/lease.h"
#include "shared/base/text.h"
#include "tests/simulation/campaign_scene.h"
#include "tests/simulation/fake_helper.h"
#include "tests/simulation/laptop_commands.h"

#define CONSENT "王经理 2026-11-30 电话同意"

static char project[CS_ID_TEXT_SIZE];

static void open_scene(bool four_eyes)
{
    campaign_scene_open(four_eyes ? 382 : 381, four_eyes);
    commands_begin(&scene.universe);
    cs_id_format(&scene.project, project);
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
    printed_forget();
    fake_end();
    campaign_scene_close();
    return 0;
}

/* What the last command printed holds no password. */
static void assert_no_password(void)
{
    assert_null(strstr(printed.out, CANARY));
    assert_null(strstr(printed.err, CANARY));
}

static void expect_code(int code, int expected)
{
    assert_code(code, expected);
    assert_no_password();
}

#define rotate(laptop, ...) laptop_run(laptop, "vault", "rotate", __VA_ARGS__)
#define rotate_json(laptop, ...) laptop_run_json(laptop, "vault", "rotate", __VA_ARGS__)

static int64_t printed_number(const char *name)
{
    int64_t number = -1;
    if (!cs_json_get_integer(cs_json_get(printed.json, name), &number)) {
        fail_msg("no number \"%s\" in %s", name, printed.out);
    }
    return number;
}

/* The first of a list in the last JSON. */
static const struct cs_json *printed_first(const char *list)
{
    const struct cs_json *json = cs_json_get(printed.json, list);
    assert_true(cs_json_count(json) > 0);
    return cs_json_at(json, 0);
}

static void begin_and_prepare(void)
{
    expect_code(rotate(scene.li, "begin", project, "--consent", CONSENT), CS_EXIT_DONE);
    expect_code(rotate(scene.li, "prepare", project, "--policy", "24"), CS_EXIT_DONE);
}

static void assert_step_is(struct laptop *laptop, const char *step)
{
    expect_code(rotate_json(laptop, "status", project), CS_EXIT_DONE);
    const struct cs_json *fields = cs_json_get(printed_first("campaigns"), "fields");
    assert_string_equal(printed_text(cs_json_at(fields, 0), "step"), step);
}

static void test_from_consent_to_end(void **state)
{
    (void)state;
    expect_code(rotate(scene.li, "begin", project, "--consent", CONSENT), CS_EXIT_DONE);
    assert_prints(printed.out, "1 passwords to change");
    assert_step_is(scene.li, "unprepared");
    expect_code(
        rotate_json(scene.li, "prepare", project, "--policy", "30,lower,digit", "--exclude", "abc"),
        CS_EXIT_DONE);
    assert_string_equal(printed_text(printed_first("prepared"), "name"), "核心交换机");
    expect_code(rotate_json(scene.li, "prepare", project), CS_EXIT_DONE);
    assert_int_equal(printed_number("already"), 1);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "prepared")), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 2);
    expect_code(rotate(scene.li, "end", project, "--reason", "完毕"), CS_EXIT_FAILED);
    assert_prints(printed.err, "1 passwords are not changed yet");
    struct cs_id version = cs_vault_field_coming(password(scene.li))->id;
    expect_code(rotate_json(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    assert_string_equal(printed_text(printed_first("results"), "state"), "verified");
    assert_string_equal(printed_text(printed_first("results"), "answer"), "applied");
    assert_runs("apply ");
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    assert_prints(printed.out, "0 changed, 0 left");
    assert_runs("");
    vault_sync(&scene, scene.han);
    expect_code(rotate(scene.han, "confirm", project), CS_EXIT_DONE);
    assert_prints(printed.out, "confirmed: 1");
    vault_sync(&scene, scene.li);
    assert_step_is(scene.li, "done");
    expect_code(rotate(scene.li, "status"), CS_EXIT_DONE);
    assert_prints(printed.out, "1 of 1 changed");
    assert_prints(printed.out, CONSENT);
    expect_code(rotate(scene.li, "end", project, "--reason", "完毕"), CS_EXIT_DONE);
    expect_code(rotate(scene.li, "status"), CS_EXIT_DONE);
    assert_prints(printed.err, "no campaign");
    struct cs_secret *secret = disclosed(scene.li, &version);
    assert_int_equal(cs_secret_bytes(secret).size, 30);
    cs_secret_destroy(secret);
    assert_canary(disclosed(scene.li, &scene.version));
}

static void test_wrong_use(void **state)
{
    (void)state;
    static const char *const wrong[][6] = {
        {"rotate", NULL},
        {"rotate", "turn", NULL},
        {"rotate", "begin", "X", NULL},
        {"rotate", "begin", "X", "Y", "--consent", "Z"},
        {"rotate", "prepare", NULL},
        {"rotate", "prepare", "X", "--policy", "7", NULL},
        {"rotate", "prepare", "X", "--policy", "letters", NULL},
        {"rotate", "apply", "X", "--helper", "relative", NULL},
        {"rotate", "apply", "X", "--option", "name", NULL},
        {"rotate", "apply", "X", "--option", NULL},
        {"rotate", "apply", "X", "--seconds", "0", NULL},
        {"rotate", "applied", "X", NULL},
        {"rotate", "confirm", "X", "--unverified", NULL},
        {"rotate", "end", "X", NULL},
        {"rotate", "status", "X", "Y", NULL},
        {"rotate", "failed", "X", "Y", "--sideways", NULL},
    };
    assert_int_equal(setenv("COUNTERSIGN_PASSPHRASE_FILE", "/nowhere", 1), 0); /* not asked for */
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        const char *line[16] = {"countersign", "vault"};
        for (size_t j = 0; j < CS_COUNT(wrong[0]) && wrong[i][j] != NULL; j++) {
            line[j + 2] = wrong[i][j];
        }
        expect_code(laptop_run_texts(scene.li, line), CS_EXIT_USAGE);
    }
    commands_begin(&scene.universe);
    expect_code(rotate(scene.li, "prepare", "NOWHERE"), CS_EXIT_USAGE);
    expect_code(rotate(scene.li, "verified", project, "nobody"), CS_EXIT_USAGE);
    expect_code(rotate(scene.li, "verified", project, "核心交换机", "--field", "enable"),
                CS_EXIT_USAGE);
    expect_code(rotate(scene.li, "prepare", project), CS_EXIT_FAILED);
    assert_prints(printed.err, "no campaign of rotation is open");
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 1);
}

/* A host that no helper is for is changed by hand, also without network. */
static void test_by_hand(void **state)
{
    (void)state;
    begin_and_prepare();
    expect_code(rotate(scene.li, "apply", project), CS_EXIT_DONE);
    assert_prints(printed.out, "0 changed, 0 left, 1 to be changed by hand");
    expect_code(rotate(scene.li, "apply", project, "核心交换机"), CS_EXIT_FAILED);
    assert_prints(printed.err, "no helper is for this address");
    vault_sync(&scene, scene.zhao);
    scene.zhao->fault = NETWORK_DOWN;
    expect_code(rotate_json(scene.zhao, "applied", project, "核心交换机"), CS_EXIT_DONE);
    assert_prints(printed.err, "goes with the next sync");
    assert_string_equal(printed_text(printed_first("fields"), "state"), "applied");
    expect_code(rotate(scene.zhao, "failed", project, "核心交换机"), CS_EXIT_DONE);
    expect_code(rotate(scene.zhao, "failed", project, "核心交换机", "--drop"), CS_EXIT_FAILED);
    expect_code(rotate(scene.zhao, "applied", project, "核心交换机"), CS_EXIT_DONE);
    expect_code(rotate(scene.zhao, "verified", project, "核心交换机"), CS_EXIT_DONE);
    scene.zhao->fault = NETWORK_FINE;
    send(scene.zhao);
    expect_code(rotate(scene.zhao, "confirm", project), CS_EXIT_FAILED);
    expect_code(rotate(scene.li, "confirm", project, "核心交换机"), CS_EXIT_DONE);
    assert_step_is(scene.li, "done");
}

/* A helper that is typed does not get passwords of systems that ours are for, unless those are named. */
static void test_which_helper(void **state)
{
    (void)state;
    assert_ok(try_list(&scene, scene.li, "postgresql://127.0.0.1:1/db"));
    begin_and_prepare();
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_prints(printed.err, "was not started"); /* ours does not stand beside this test */
    assert_runs("");
    expect_code(rotate(scene.li, "apply", project, "核心交换机", "--helper", fake_helper),
                CS_EXIT_DONE);
    assert_runs("apply ");
}

/* What is wrong with an address is found before a secret is asked for. */
static void test_wrong_address(void **state)
{
    (void)state;
    assert_ok(try_list(&scene, scene.li, "ssh://10.0.0.1:99999"));
    begin_and_prepare();
    expect_code(rotate(scene.li, "apply", project), CS_EXIT_FAILED);
    assert_prints(printed.err, "the port in the address");
    assert_ok(try_list(&scene, scene.li, "ssh://ho$t"));
    send(scene.li);
    expect_code(rotate(scene.li, "apply", project), CS_EXIT_FAILED);
    assert_prints(printed.err, "the host is not a name");
    expect_code(rotate(scene.li, "apply", project, "核心交换机", "--option", "host_key=@/nowhere"),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "/nowhere");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
}

static void test_dropped_and_unverified(void **state)
{
    (void)state;
    begin_and_prepare();
    expect_code(rotate(scene.li, "failed", project, "核心交换机", "--drop"), CS_EXIT_DONE);
    assert_step_is(scene.li, "unprepared");
    expect_code(rotate(scene.li, "prepare", project, "核心交换机"), CS_EXIT_DONE);
    expect_code(rotate(scene.li, "confirm", project, "核心交换机"), CS_EXIT_FAILED);
    assert_prints(printed.err, "nobody has logged in");
    expect_code(rotate(scene.li, "confirm", project, "核心交换机", "--unverified"), CS_EXIT_DONE);
    assert_step_is(scene.li, "done");
    expect_code(rotate(scene.li, "end", project, "--reason", "完毕"), CS_EXIT_DONE);
}

static void test_ended_unfinished(void **state)
{
    (void)state;
    begin_and_prepare();
    expect_code(rotate(scene.li, "begin", project, "--consent", CONSENT), CS_EXIT_FAILED);
    assert_prints(printed.err, "is open");
    expect_code(rotate(scene.li, "end", project, "--reason", "客户要求推迟", "--unfinished"),
                CS_EXIT_DONE);
    assert_prints(printed.out, "0 passwords changed, 1 left");
    /* What was prepared can still be settled. */
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    expect_code(rotate(scene.li, "confirm", project), CS_EXIT_DONE);
}

/* Nobody saw what became of it: that is said, both are kept, and the same command clears it. */
static void test_unknown(void **state)
{
    (void)state;
    begin_and_prepare();
    fake_mode("cut_after");
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_prints(printed.out, "NOT known which password is in force");
    assert_prints(printed.out, "the line was cut");
    char old_version[CS_ID_TEXT_SIZE];
    char new_version[CS_ID_TEXT_SIZE];
    cs_id_format(&scene.version, old_version);
    cs_id_format(&cs_vault_field_coming(password(scene.li))->id, new_version);
    assert_prints(printed.out, old_version); /* how to show each of them */
    assert_prints(printed.out, new_version);
    assert_step_is(scene.li, "applied");
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--field", "password",
                           "--version", new_version, "--reason", "试用新密码"),
                CS_EXIT_DONE);
    assert_int_equal(strlen(printed.out), 24 + 1);
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--field", "password",
                           "--version", old_version, "--reason", "试用旧密码"),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    fake_mode("works");
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    assert_runs("apply verify ");
    assert_step_is(scene.li, "verified");
}

static void test_refused_by_the_system(void **state)
{
    (void)state;
    begin_and_prepare();
    fake_mode("refuse");
    expect_code(rotate_json(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_string_equal(printed_text(printed_first("results"), "state"), "pending");
    assert_string_equal(printed_text(printed_first("results"), "reason"), "the policy says no");
    expect_code(rotate(scene.li, "apply", project, "--helper", "/nowhere/helper"), CS_EXIT_FAILED);
    assert_prints(printed.err, "was not started");
    assert_step_is(scene.li, "pending");
}

/* What somebody knows who should not is due again, also where the campaign has changed it already. */
static void test_due(void **state)
{
    (void)state;
    begin_and_prepare();
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    expect_code(rotate(scene.li, "confirm", project), CS_EXIT_DONE);
    expect_code(rotate_json(scene.li, "prepare", project, "--due"), CS_EXIT_DONE);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "prepared")), 0);
    struct cs_id version = cs_vault_field_confirmed(password(scene.li))->id;
    struct cs_vault_book *book = open_book(scene.li);
    assert_ok(cs_vault_act_leak(book, &scene.vault, &version, cs_bytes_of_text("贴在显示器上"),
                                NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    send(scene.li);
    expect_code(rotate_json(scene.li, "status", project), CS_EXIT_DONE);
    const struct cs_json *fields = cs_json_get(printed_first("campaigns"), "fields");
    assert_int_equal(cs_json_count(cs_json_get(cs_json_at(fields, 0), "due")), 1);
    expect_code(rotate(scene.li, "status", project), CS_EXIT_DONE);
    assert_prints(printed.out, " due ");
    expect_code(rotate_json(scene.li, "prepare", project), CS_EXIT_DONE);
    assert_int_equal(printed_number("done"), 1);
    expect_code(rotate_json(scene.li, "prepare", project, "--due"), CS_EXIT_DONE);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "prepared")), 1);
    assert_step_is(scene.li, "pending");
}

/* ---- without network ---- */

static void lease_both(const struct cs_id *version)
{
    uint8_t versions[2 * CS_ID_SIZE];
    bool first = memcmp(version->bytes, scene.version.bytes, CS_ID_SIZE) < 0;
    memcpy(versions, first ? version->bytes : scene.version.bytes, CS_ID_SIZE);
    memcpy(versions + CS_ID_SIZE, first ? scene.version.bytes : version->bytes, CS_ID_SIZE);
    const struct cs_vault_lease_wish wish = {.vault = scene.vault,
                                             .work_order = scene.work_order,
                                             .versions = cs_bytes_of_array(versions),
                                             .reason = cs_bytes_of_text("统一修改密码"),
                                             .expires_ms =
                                                 scene.zhao->fake.wall_ms + 24 * 3600 * 1000};
    struct cs_vault_book *book = open_book(scene.zhao);
    assert_ok(cs_vault_lease_take(book, &wish, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    send(scene.zhao);
}

static void test_without_network_under_a_lease(void **state)
{
    (void)state;
    begin_and_prepare();
    vault_sync(&scene, scene.zhao);
    struct cs_id version = cs_vault_field_coming(password(scene.zhao))->id;
    scene.zhao->fault = NETWORK_DOWN;
    expect_code(rotate(scene.zhao, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_prints(printed.err, "cannot be reached");
    assert_runs("");
    scene.zhao->fault = NETWORK_FINE;
    lease_both(&version);
    scene.zhao->fault = NETWORK_DOWN;
    fake_mode("cut_before");
    expect_code(rotate(scene.zhao, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    universe_advance(&scene.universe, 1000);
    fake_mode("works");
    expect_code(rotate(scene.zhao, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    assert_prints(printed.err, "goes with the next sync");
    assert_runs("apply verify apply ");
    scene.zhao->fault = NETWORK_FINE;
    send(scene.zhao);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 4);
    vault_sync(&scene, scene.li);
    assert_step_is(scene.li, "verified");
    expect_code(rotate(scene.li, "confirm", project), CS_EXIT_DONE);
}

/* ---- four eyes ---- */

static void approve_all(struct laptop *laptop)
{
    struct cs_vault_book *book = open_book(laptop);
    const struct cs_json *waits = cs_json_get(printed_first("results"), "waits");
    assert_int_equal(cs_json_count(waits), 2);
    for (size_t i = 0; i < 2; i++) {
        struct cs_bytes text;
        uint8_t id[CS_HASH_SIZE];
        assert_true(cs_json_get_text(cs_json_at(waits, i), &text));
        assert_ok(cs_hex_decode(text, id, sizeof id));
        assert_ok(cs_vault_act_approve(book, id, NULL, &scene.universe.problem));
    }
    cs_vault_book_close(book);
    send(laptop);
}

static void test_four_eyes(void **state)
{
    (void)state;
    begin_and_prepare(); /* needs nobody else */
    expect_code(rotate_json(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_string_equal(printed_text(printed_first("results"), "status"), "LOCKED");
    assert_runs("");
    assert_step_is(scene.li, "pending");
    expect_code(rotate_json(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 2); /* the same two wait */
    vault_sync(&scene, scene.han);
    approve_all(scene.han);
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    assert_runs("apply ");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 2);
    expect_code(rotate(scene.li, "confirm", project), CS_EXIT_DONE); /* nor does this */
    assert_step_is(scene.li, "done");
}

/* ---- two at once ---- */

static void test_two_officers_at_once(void **state)
{
    (void)state;
    begin_and_prepare();
    vault_sync(&scene, scene.han);
    assert_ok(say(scene.han, cs_vault_campaign_applied)); /* signed, not sent yet */
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
    expect_code(rotate(scene.han, "apply", project, "核心交换机", "--helper", fake_helper),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "works already");
    assert_prints(printed.err, "the server did not take");
    assert_runs("apply "); /* the second helper did not run */
    assert_step_is(scene.han, "verified");
    expect_code(rotate(scene.han, "apply", project, "--helper", fake_helper), CS_EXIT_DONE);
}

static void test_two_prepare_at_once(void **state)
{
    struct cs_id version;
    (void)state;
    expect_code(rotate(scene.li, "begin", project, "--consent", CONSENT), CS_EXIT_DONE);
    vault_sync(&scene, scene.han);
    assert_ok(try_prepare(scene.han, &version)); /* signed, not sent yet */
    expect_code(rotate(scene.li, "prepare", project), CS_EXIT_DONE);
    expect_code(rotate_json(scene.han, "prepare", project), CS_EXIT_DONE);
    assert_int_equal(printed_number("already"), 1); /* the other's, since his own was refused */
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 2);
    assert_false(cs_id_equal(&cs_vault_field_coming(password(scene.han))->id, &version));
}

/* What was refused by a server that went back, and once taken, is not put aside: it is tried again. */
static void test_a_server_that_went_back(void **state)
{
    (void)state;
    expect_code(rotate(scene.li, "begin", project, "--consent", CONSENT), CS_EXIT_DONE);
    vault_sync(&scene, scene.han);
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.han);
    universe_save_server(&scene.universe, "before");
    expect_code(rotate(scene.li, "prepare", project), CS_EXIT_DONE);
    vault_sync(&scene, scene.han);
    expect_code(rotate(scene.han, "verified", project, "核心交换机"), CS_EXIT_DONE);
    universe_set_server_back(&scene.universe, "before");
    assert_ok(laptop_sync(scene.han));
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 2);
    expect_code(rotate(scene.han, "confirm", project),
                CS_EXIT_FAILED); /* it is not there any more */
    assert_ok(laptop_sync(scene.li));
    send(scene.li);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.li);
    assert_step_is(scene.li, "verified");
    expect_code(rotate(scene.han, "confirm", project), CS_EXIT_DONE);
}

/* ---- in Chinese ---- */

static void test_in_chinese(void **state)
{
    (void)state;
    assert_int_equal(setenv("LC_ALL", "zh_CN.UTF-8", 1), 0);
    expect_code(rotate(scene.li, "begin", project, "--consent", CONSENT), CS_EXIT_DONE);
    assert_prints(printed.out, "统一修改已开始:1 个密码待修改");
    expect_code(rotate(scene.li, "prepare", project), CS_EXIT_DONE);
    fake_mode("cut_before");
    expect_code(rotate(scene.li, "apply", project, "--helper", fake_helper), CS_EXIT_FAILED);
    assert_prints(printed.out, "无法确定哪个密码有效");
    expect_code(rotate(scene.li, "status", project), CS_EXIT_DONE);
    assert_prints(printed.out, "已下发");
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_from_consent_to_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_which_helper, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dropped_and_unverified, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ended_unfinished, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_by_the_system, setup, teardown),
        cmocka_unit_test_setup_teardown(test_due, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_network_under_a_lease, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_two_officers_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_prepare_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_went_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_chinese, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
