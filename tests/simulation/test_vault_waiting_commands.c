/* What people are told of requests that wait: for their approval, or for them to open what was approved. */
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/vault_scene.h"

#include "shared/base/text.h"

static struct vault_scene scene;

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 721, true);
    commands_begin(&scene.universe);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.zhao);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    printed_forget();
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
    vault_scene_close(&scene);
    return 0;
}

static void speak(const char *locale)
{
    assert_int_equal(setenv("LC_ALL", locale, 1), 0);
}

/* Asks as a program does that does not wait; logged. */
static void ask(struct laptop *laptop, uint8_t out_request[static CS_HASH_SIZE])
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    assert_ok(begin_disclosure(&scene, laptop, "现场检修", true, &disclosure));
    assert_status(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_LOCKED);
    memcpy(out_request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    cs_vault_disclosure_end(disclosure);
}

static const char *typed(const uint8_t *request)
{
    static char text[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_make(request, CS_HASH_SIZE), text);
    return text;
}

/* A count of vault_notes in the last JSON. */
static int64_t noted(const char *name)
{
    int64_t value = -1;
    assert_true(
        cs_json_get_integer(cs_json_get(cs_json_get(printed.json, "vault_notes"), name), &value));
    return value;
}

static void assert_noted(struct laptop *laptop, int64_t to_approve, int64_t to_open)
{
    assert_code(laptop_run_json(laptop, "status"), CS_EXIT_DONE);
    assert_int_equal(noted("to_approve"), to_approve);
    assert_int_equal(noted("to_open"), to_open);
}

static void test_status_says_what_waits(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    assert_noted(scene.han, 0, 0);
    ask(scene.zhao, request);
    assert_code(laptop_run_json(scene.han, "sync"), CS_EXIT_DONE);
    assert_int_equal(noted("to_approve"), 1);
    assert_noted(scene.han, 1, 0);
    assert_noted(scene.zhao, 0, 0);
    /* LI let ZHAO in: it is not for him. SUN has nothing to do with it. */
    vault_sync(&scene, scene.li);
    assert_noted(scene.li, 0, 0);
    assert_noted(scene.sun, 0, 0);
    assert_code(laptop_run(scene.han, "vault", "approve", typed(request)), CS_EXIT_DONE);
    assert_noted(scene.han, 0, 0);
    assert_code(laptop_run_json(scene.zhao, "sync"), CS_EXIT_DONE);
    assert_int_equal(noted("to_open"), 1);
    assert_noted(scene.zhao, 0, 1);
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "--request", typed(request)),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    assert_noted(scene.zhao, 0, 0);
}

/* In words, also by a sync that brings nothing new. */
static void test_in_both_languages(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, request);
    for (size_t i = 0; i < 2; i++) {
        speak("C.UTF-8");
        assert_code(laptop_run(scene.han, "sync"), CS_EXIT_DONE);
        assert_prints(printed.out, "requests for passwords that wait for your approval: 1");
        speak("zh_CN.UTF-8");
        assert_code(laptop_run(scene.han, "status"), CS_EXIT_DONE);
        assert_prints(printed.out, "等待您批准的密码查看请求:1 项");
    }
    assert_code(laptop_run(scene.han, "vault", "approve", typed(request)), CS_EXIT_DONE);
    speak("C.UTF-8");
    assert_code(laptop_run(scene.zhao, "sync"), CS_EXIT_DONE);
    assert_prints(printed.out, "requests of yours that were approved and can be opened: 1");
    speak("zh_CN.UTF-8");
    assert_code(laptop_run(scene.zhao, "status"), CS_EXIT_DONE);
    assert_prints(printed.out, "您的请求已获批准,可查看:1 项");
}

static const struct cs_json *first_of(const char *list)
{
    return cs_json_at(cs_json_get(printed.json, list), 0);
}

static void test_giving_up(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, request);
    assert_code(laptop_run(scene.han, "vault", "waiting", "--give-up", typed(request)),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "only who asked");
    assert_code(laptop_run(scene.zhao, "vault", "waiting", "--give-up", "abcdef"), CS_EXIT_USAGE);
    assert_code(laptop_run(scene.zhao, "vault", "waiting", "--give-up"), CS_EXIT_USAGE);
    assert_code(laptop_run_json(scene.zhao, "vault", "waiting"), CS_EXIT_DONE);
    assert_true(strlen(printed_text(first_of("waiting"), "until")) > 0);
    assert_code(laptop_run_json(scene.zhao, "vault", "waiting", "--give-up", typed(request)),
                CS_EXIT_DONE);
    assert_string_equal(printed_text(first_of("given_up"), "state"), "given_up");
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
    assert_code(laptop_run(scene.han, "vault", "approve", typed(request)), CS_EXIT_USAGE);
    assert_prints(printed.err, "no such request waits here");
    assert_code(laptop_run(scene.zhao, "vault", "reveal", "--request", typed(request)),
                CS_EXIT_USAGE);
    assert_string_equal(printed.out, "");
    vault_sync(&scene, scene.li);
    assert_code(laptop_run(scene.li, "vault", "audit"), CS_EXIT_DONE);
    assert_prints(printed.out, "gave up a request");
}

/* Without network as well, since its key has to go; others are told with the next sync. */
static void test_giving_up_without_network(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, request);
    scene.zhao->fault = NETWORK_DOWN;
    speak("zh_CN.UTF-8");
    assert_code(laptop_run(scene.zhao, "vault", "waiting", "--give-up", typed(request)),
                CS_EXIT_DONE);
    assert_prints(printed.out, "已撤回");
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 0);
    scene.zhao->fault = NETWORK_FINE;
    assert_code(laptop_run(scene.zhao, "sync"), CS_EXIT_DONE);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
}

static void test_what_is_over_is_told(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, request);
    universe_advance(&scene.universe, CS_VAULT_WAITING_DAYS_MAX * INT64_C(24) * 3600 * 1000);
    assert_code(laptop_run(scene.zhao, "status"), CS_EXIT_DONE);
    assert_prints(printed.err, "that nobody approved within 7 days are over: 1");
    assert_code(laptop_run(scene.zhao, "status"), CS_EXIT_DONE);
    assert_string_equal(printed.err, "");
    ask(scene.zhao, request);
    universe_advance(&scene.universe, CS_VAULT_WAITING_DAYS_MAX * INT64_C(24) * 3600 * 1000);
    speak("zh_CN.UTF-8");
    assert_code(laptop_run(scene.zhao, "status"), CS_EXIT_DONE);
    assert_prints(printed.err, "7 天内无人批准的密码查看请求已失效:1 项");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_status_says_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_both_languages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_giving_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_giving_up_without_network, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_over_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
