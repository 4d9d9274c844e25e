/* vault reveal and vault code as people type them: what is asked, what is shown, and what is refused before anything counts. */
#include "shared/base/text.h"
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/vault_scene.h"

static struct vault_scene scene;

static void store_field(const char *field, const char *secret)
{
    struct cs_vault_book *book = open_book(scene.li);
    scene.version = cs_replica_draw_id(scene.li->replica);
    const struct cs_vault_secret_wish wish = {.item = scene.item,
                                              .field = cs_bytes_of_text(field),
                                              .version = scene.version,
                                              .secret = cs_bytes_of_text(secret)};
    assert_ok(cs_vault_act_version(book, &scene.vault, &wish, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
}

static int open_scene(bool four_eyes)
{
    vault_scene_open(&scene, 371, four_eyes);
    commands_begin(&scene.universe);
    laptop_sync_equal(scene.zhao);
    laptop_sync_equal(scene.han);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return open_scene(false);
}

static int setup_four_eyes(void **state)
{
    (void)state;
    return open_scene(true);
}

static int teardown(void **state)
{
    (void)state;
    printed_forget();
    vault_scene_close(&scene);
    return 0;
}

static void test_for_a_program(void **state)
{
    (void)state;
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "核心交换机", "--reason", "现场检修",
                           "--work-order", "W-1"),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    assert_string_equal(printed.err, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_code(laptop_run_json(scene.li, "vault", "reveal", "核心交换机", "--reason", "审计"),
                CS_EXIT_DONE);
    assert_string_equal(printed_text(printed.json, "value"), CANARY);
    assert_string_equal(printed_text(printed.json, "name"), "核心交换机");
    assert_string_equal(printed_text(printed.json, "user"), "admin");
    assert_string_equal(printed_text(printed.json, "address"), "10.0.0.1");
    assert_string_equal(printed_text(printed.json, "field"), "password");
    assert_int_equal(strlen(printed_text(printed.json, "request")), 64);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 2);
}

/* Nothing of this is logged, let alone shown. */
static void test_what_is_refused(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机"), CS_EXIT_USAGE);
    assert_prints(printed.err, "--reason");
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", ""),
                CS_EXIT_USAGE);
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "核心交换机", "--reason", "x"),
                CS_EXIT_USAGE);
    assert_prints(printed.err, "--work-order");
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "核心交换机", "--reason", "x",
                           "--work-order", "W-9"),
                CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "reveal", "no such", "--reason", "x"), CS_EXIT_USAGE);
    assert_prints(printed.err, "no credential");
    assert_code(
        laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x", "--field", "pin"),
        CS_EXIT_USAGE);
    assert_prints(printed.err, "\"pin\"");
    assert_code(
        laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x", "--version", "ffff"),
        CS_EXIT_USAGE);
    assert_code(
        laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x", "--clipboard", "0"),
        CS_EXIT_USAGE);
    assert_int_equal(unsetenv("WAYLAND_DISPLAY"), 0);
    assert_int_equal(unsetenv("DISPLAY"), 0);
    assert_code(
        laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x", "--clipboard", "5"),
        CS_EXIT_FAILED);
    assert_prints(printed.err, "desktop");
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--request", "abcdef"),
                CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "reveal", "--request", "abcdef"), CS_EXIT_USAGE);
    assert_prints(printed.err, "no such request");
    assert_code(laptop_run(scene.chen, "vault", "reveal", "核心交换机", "--reason", "x",
                           "--work-order", "W-1"),
                CS_EXIT_USAGE); /* he does not even see it */
    scene.li->fault = NETWORK_DOWN;
    assert_code(laptop_run_json(scene.li, "vault", "reveal", "核心交换机", "--reason", "x"),
                CS_EXIT_FAILED);
    scene.li->fault = NETWORK_FINE;
    assert_null(strstr(printed.out, CANARY));
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
}

/* What is in force is shown, not what is to come; others by their id. */
static void test_which_version(void **state)
{
    char id[CS_ID_TEXT_SIZE];
    (void)state;
    cs_id_format(&scene.version, id);
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    store_field("password", "to come");
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x"),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x"),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, "to come\n");
    assert_code(
        laptop_run(scene.li, "vault", "reveal", "核心交换机", "--reason", "x", "--version", id),
        CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
}

static void test_codes(void **state)
{
    (void)state;
    store_field("totp", "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8");
    scene.li->fake.wall_ms = INT64_C(2000000000) * 1000;
    scene.universe.fake.wall_ms = scene.li->fake.wall_ms;
    assert_code(laptop_run_json(scene.li, "vault", "code", "核心交换机", "--reason", "登录"),
                CS_EXIT_DONE);
    assert_string_equal(printed_text(printed.json, "code"), "69279037");
    int64_t left = 0;
    assert_true(cs_json_get_integer(cs_json_get(printed.json, "valid_seconds"), &left));
    assert_int_equal(left, 10);
    assert_null(strstr(printed.out, "GEZDG"));
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_code(laptop_run(scene.li, "vault", "code", "核心交换机", "--reason", "登录"),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, "69279037\n");
    store_field("totp", "no seed at all");
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    assert_code(laptop_run(scene.li, "vault", "code", "核心交换机", "--reason", "登录"),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "base 32");
    assert_null(strstr(printed.err, "no seed"));
}

/* Asked, approved, opened: each by a program of its own. */
static void test_four_eyes(void **state)
{
    char request[80];
    (void)state;
    assert_code(laptop_run_json(scene.zhao, "vault", "reveal", "核心交换机", "--reason", "现场检修",
                                "--work-order", "W-1"),
                CS_EXIT_FAILED);
    (void)snprintf(request, sizeof request, "%s", printed_text(printed.json, "request"));
    assert_prints(printed.err, "approval");
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "--request", request), CS_EXIT_FAILED);
    assert_string_equal(printed.out, "");
    assert_code(laptop_run_json(scene.zhao, "vault", "waiting"), CS_EXIT_DONE);
    const struct cs_json *waiting = cs_json_at(cs_json_get(printed.json, "waiting"), 0);
    assert_string_equal(printed_text(waiting, "state"), "for_others");
    assert_code(laptop_run(scene.zhao, "vault", "approve", request), CS_EXIT_USAGE);
    assert_prints(printed.err, "for himself");
    assert_code(laptop_run_json(scene.li, "vault", "waiting"), CS_EXIT_DONE);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "waiting")), 0);
    assert_code(laptop_run(scene.li, "vault", "approve", request), CS_EXIT_USAGE);
    assert_code(laptop_run(scene.han, "vault", "waiting"), CS_EXIT_DONE);
    assert_prints(printed.out, "核心交换机");
    assert_prints(printed.out, "赵强");
    assert_prints(printed.out, "W-1");
    assert_code(laptop_run_json(scene.han, "vault", "approve", request), CS_EXIT_DONE);
    waiting = cs_json_at(cs_json_get(printed.json, "approved"), 0);
    assert_string_equal(printed_text(waiting, "reason"), "现场检修");
    assert_string_equal(printed_text(waiting, "name"), "核心交换机");
    assert_code(laptop_run(scene.han, "vault", "approve", request), CS_EXIT_USAGE);
    assert_code(laptop_run(scene.han, "vault", "approve"), CS_EXIT_USAGE);
    scene.zhao->fault = NETWORK_DOWN;
    assert_code(laptop_run(scene.zhao, "vault", "waiting"), CS_EXIT_DONE);
    assert_prints(printed.err, "as of the last sync");
    scene.zhao->fault = NETWORK_FINE;
    request[12] = '\0';
    assert_code(laptop_run(scene.zhao, "vault", "code", "--request", request), CS_EXIT_USAGE);
    assert_prints(printed.err, "for a password");
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "--request", request), CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "--request", request), CS_EXIT_USAGE);
    assert_string_equal(printed.out, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
}

/* What the server refuses is told once, and leaves nothing behind. */
static void test_a_refusal_by_the_server(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    withdraw(&scene, scene.li, scene.zhao);
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "核心交换机", "--reason", "x",
                           "--work-order", "W-1"),
                CS_EXIT_USAGE);
    assert_string_equal(printed.out, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
}

/* Break-glass: an approver, by himself; whoever manages the vault hears of it. */
static void test_an_emergency(void **state)
{
    struct cs_arena arena;
    struct cs_vault_finding *list = NULL;
    size_t count = 1;
    (void)state;
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "核心交换机", "--emergency", "--reason",
                           "x", "--work-order", "W-1"),
                CS_EXIT_FAILED);
    assert_string_equal(printed.out, "");
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--emergency"),
                CS_EXIT_USAGE);
    vault_sync(&scene, scene.han);
    assert_code(laptop_run(scene.li, "vault", "reveal", "核心交换机", "--emergency", "--reason",
                           "机房起火"),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    assert_int_equal(stored_count(&scene, CS_VAULT_EMERGENCY), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    vault_sync(&scene, scene.han);
    assert_code(laptop_run(scene.han, "vault", "findings"), CS_EXIT_DONE);
    assert_prints(printed.out, "break-glass: Li Lei");
    assert_prints(printed.out, "机房起火");
    vault_sync(&scene, scene.zhao);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_vault_findings(scene.li->replica, &arena, &list, &count));
    assert_int_equal(count, 0);
    assert_ok(cs_vault_findings(scene.zhao->replica, &arena, &list, &count));
    assert_int_equal(count, 0);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_for_a_program, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_which_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_codes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_an_emergency, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_a_refusal_by_the_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
