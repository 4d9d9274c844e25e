/* The reports about vaults as people and programs get them: access, audit, exposed, due, leak; as a table, JSON and CSV. */
#include "field-client/commands/vault/vault_command.h"
#include "shared/text/csv.h"
#include "shared/text/json.h"
#include "tests/simulation/vault_scene.h"

#include <stdlib.h>

#define ARGUMENTS_MAX 8

static struct vault_scene scene;
static struct cs_command command;
static char *out;
static char *err;
static struct cs_json *json;

static void forget_answer(void)
{
    free(out);
    free(err);
    cs_json_destroy(json);
    out = NULL;
    err = NULL;
    json = NULL;
}

/* ZHAO was shown the password, which is in force, for a reason with a comma and a quote. */
static int setup(void **state)
{
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_secret *secret = NULL;
    (void)state;
    vault_scene_open(&scene, 91, false);
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    universe_advance(&scene.universe, 24 * 3600 * 1000);
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "disk, \"sda\" 更换", true, &disclosure));
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    cs_vault_disclosure_end(disclosure);
    assert_canary(secret);
    laptop_sync_equal(scene.han);
    vault_sync(&scene, scene.han);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    forget_answer();
    vault_scene_close(&scene);
    return 0;
}

enum { ENGLISH, CHINESE };

static enum cs_status run(struct laptop *laptop, int language, bool as_json, const char *line)
{
    static char typed[512];
    static char *arguments[ARGUMENTS_MAX];
    size_t out_size;
    size_t err_size;
    forget_answer();
    memset(&command, 0, sizeof command);
    (void)snprintf(typed, sizeof typed, "%s", line);
    for (char *word = typed; word != NULL;) {
        char *end = strchr(word, '|');
        assert_true(command.argument_count < ARGUMENTS_MAX);
        arguments[command.argument_count++] = word;
        if (end != NULL) {
            *end++ = '\0';
        }
        word = end;
    }
    command.name = "vault";
    command.arguments = arguments;
    command.operand_start = SIZE_MAX;
    command.json = as_json;
    command.chinese = language == CHINESE;
    command.registry = laptop->registry;
    command.world = &laptop->fake.world;
    command.identity = laptop->identity;
    command.replica = laptop->replica;
    command.out = open_memstream(&out, &out_size);
    command.err = open_memstream(&err, &err_size);
    enum cs_status status = cs_command_vault(&command);
    assert_int_equal(fclose(command.out), 0);
    assert_int_equal(fclose(command.err), 0);
    assert_null(strstr(out, CANARY));
    assert_null(strstr(err, CANARY));
    return status;
}

static void run_json(struct laptop *laptop, const char *line)
{
    enum cs_status status = run(laptop, ENGLISH, true, line);
    if (status != CS_OK) {
        fail_msg("%s: %s %s", line, cs_status_name(status), command.problem.text);
    }
    assert_ok(cs_json_parse(cs_bytes_of_text(out), &json));
}

static const struct cs_json *row_of(const char *list, size_t index)
{
    const struct cs_json *row = cs_json_at(cs_json_get(json, list), index);
    assert_non_null(row);
    return row;
}

static void assert_member(const struct cs_json *object, const char *key, const char *expected)
{
    struct cs_bytes text = CS_BYTES_NONE;
    const struct cs_json *value = cs_json_get(object, key);
    if (value == NULL || !cs_json_get_text(value, &text) || !cs_bytes_equal_text(text, expected)) {
        fail_msg("%s is \"%.*s\", not \"%s\"", key, (int)text.size,
                 text.size == 0 ? "" : (const char *)text.data, expected);
    }
}

static bool flag_of(const struct cs_json *object, const char *key)
{
    bool flag = false;
    assert_true(cs_json_get_boolean(cs_json_get(object, key), &flag));
    return flag;
}

static void assert_shown(const char *text)
{
    if (strstr(out, text) == NULL) {
        fail_msg("\"%s\" does not show \"%s\"", out, text);
    }
}

static void revoke_zhao(void)
{
    vault_revoke(&scene, scene.wang, scene.zhao);
    laptop_sync_equal(scene.han);
}

/* ---- access ---- */

static void test_who_may_do_what(void **state)
{
    (void)state;
    run_json(scene.han, "access");
    assert_int_equal(cs_json_count(cs_json_get(json, "access")), 3);
    assert_true(flag_of(json, "complete"));
    run_json(scene.han, "access|赵强");
    assert_int_equal(cs_json_count(cs_json_get(json, "access")), 1);
    assert_member(row_of("access", 0), "rights", "list reveal lease");
    assert_member(row_of("access", 0), "state", "active");
    assert_true(cs_json_get(row_of("access", 0), "expires_at") != NULL);
    assert_ok(run(scene.han, CHINESE, false, "access"));
    assert_shown("权限");
    assert_shown("有效");
    revoke_zhao();
    run_json(scene.han, "access|赵强");
    assert_member(row_of("access", 0), "state", "revoked");
}

/* ---- audit ---- */

static void test_what_happened(void **state)
{
    (void)state;
    run_json(scene.han, "audit");
    size_t all = cs_json_count(cs_json_get(json, "events"));
    assert_true(all >= 8); /* vault, key, grants, entry, version, state, request */
    assert_member(row_of("events", 0), "event", "created");
    const struct cs_json *last = row_of("events", all - 1);
    assert_member(last, "event", "request");
    assert_true(flag_of(last, "released"));
    assert_member(last, "person_name", "赵强");
    assert_member(last, "name", "核心交换机");
    assert_member(last, "field", "password");
    assert_member(last, "reason", "disk, \"sda\" 更换");
    run_json(scene.han, "audit|赵强");
    assert_int_equal(cs_json_count(cs_json_get(json, "events")), 2); /* his grant, his request */
    run_json(scene.han, "audit|核心交换机");
    assert_int_equal(cs_json_count(cs_json_get(json, "events")), 4);
    run_json(scene.han, "audit|--since|2026-03-03");
    assert_int_equal(cs_json_count(cs_json_get(json, "events")), 1);
    run_json(scene.han, "audit|--since|2026-03-03 23:00");
    assert_int_equal(cs_json_count(cs_json_get(json, "events")), 0);
    assert_ok(run(scene.han, CHINESE, false, "audit|赵强"));
    assert_shown("查看");
    assert_shown("2026-03-03 09:00"); /* in the local zone, which is eight hours ahead */
}

static void test_the_csv_is_what_rfc_4180_says(void **state)
{
    struct cs_csv_reader reader;
    struct cs_csv_record heading;
    struct cs_csv_record record;
    struct cs_arena arena;
    bool more = true;
    (void)state;
    assert_ok(run(scene.han, ENGLISH, false, "audit|赵强|--csv"));
    assert_non_null(strstr(out, "\r\n"));
    assert_non_null(strstr(out, "\"disk, \"\"sda\"\" 更换\""));
    cs_arena_init(&arena, CS_MEBI);
    cs_csv_reader_init(&reader, cs_bytes_of_text(out));
    assert_ok(cs_csv_next(&reader, &arena, &heading, &more, NULL));
    assert_true(cs_bytes_equal_text(heading.fields[2], "event"));
    size_t count = 0;
    while (cs_csv_next(&reader, &arena, &record, &more, NULL) == CS_OK && more) {
        assert_int_equal(record.count, heading.count);
        count++;
    }
    assert_int_equal(count, 2);
    assert_true(cs_bytes_equal_text(record.fields[2], "request"));
    assert_true(cs_bytes_equal_text(record.fields[0], "2026-03-03T09:00:00+08:00"));
    cs_arena_release(&arena);
}

/* ---- exposed, due, leak ---- */

static void test_what_a_leaver_knows_and_leaves(void **state)
{
    (void)state;
    run_json(scene.han, "exposed|赵强");
    assert_member(json, "person_name", "赵强");
    assert_int_equal(cs_json_count(cs_json_get(json, "knows")), 1);
    assert_member(row_of("knows", 0), "how", "shown");
    assert_true(flag_of(row_of("knows", 0), "in_force"));
    assert_false(flag_of(row_of("knows", 0), "due"));
    run_json(scene.han, "due");
    assert_int_equal(cs_json_count(cs_json_get(json, "due")), 0);
    revoke_zhao();
    run_json(scene.han, "due");
    assert_int_equal(cs_json_count(cs_json_get(json, "due")), 1);
    assert_member(row_of("due", 0), "why", "device_revoked");
    assert_member(row_of("due", 0), "person_name", "赵强");
    assert_member(row_of("due", 0), "name", "核心交换机");
    run_json(scene.han, "exposed|赵强");
    assert_true(flag_of(row_of("knows", 0), "due"));
    assert_ok(run(scene.han, CHINESE, false, "due"));
    assert_shown("已吊销设备知悉");
    struct cs_id row;
    char line[80];
    char id[CS_ID_TEXT_SIZE];
    cs_certificate_row_id(certificate_of(scene.zhao), &row);
    cs_id_format(&row, id);
    (void)snprintf(line, sizeof line, "exposed|%s", id);
    run_json(scene.han, line);
    assert_int_equal(cs_json_count(cs_json_get(json, "knows")), 1);
    assert_member(json, "person_name", "赵强");
}

static void test_a_leak_names_who_knew_and_is_declared_with_a_reason(void **state)
{
    (void)state;
    run_json(scene.han, "leak|核心交换机");
    assert_int_equal(cs_json_count(cs_json_get(json, "knew")), 2);
    assert_member(row_of("knew", 0), "how", "wrote");
    assert_member(row_of("knew", 1), "person_name", "赵强");
    struct cs_bytes text;
    assert_false(cs_json_get_text(cs_json_get(json, "leak"), &text));
    assert_int_equal(stored_count(&scene, CS_VAULT_LEAK), 0);
    run_json(scene.han, "leak|核心交换机|--reason|on a note at the cabinet");
    assert_true(cs_json_get_text(cs_json_get(json, "leak"), &text));
    assert_int_equal(stored_count(&scene, CS_VAULT_LEAK), 1);
    run_json(scene.han, "due");
    assert_member(row_of("due", 0), "why", "leak");
    assert_member(row_of("due", 0), "reason", "on a note at the cabinet");
    scene.han->fault = NETWORK_DOWN;
    run_json(scene.han, "leak|核心交换机|--reason|again");
    assert_non_null(strstr(err, "next sync"));
    assert_int_equal(stored_count(&scene, CS_VAULT_LEAK), 1);
    scene.han->fault = NETWORK_FINE;
    vault_sync(&scene, scene.han);
    assert_int_equal(stored_count(&scene, CS_VAULT_LEAK), 2);
}

/* ---- who is sent only his own; wrong use ---- */

static void test_a_technician_is_told_that_he_does_not_see_all(void **state)
{
    (void)state;
    run_json(scene.zhao, "due");
    assert_false(flag_of(json, "complete"));
    assert_ok(run(scene.zhao, ENGLISH, false, "audit"));
    assert_non_null(strstr(err, "only what its own person disclosed"));
    assert_shown("was shown");
}

static void assert_fails(enum cs_status expected, enum cs_exit code, const char *line,
                         const char *text)
{
    assert_status(run(scene.han, ENGLISH, false, line), expected);
    assert_int_equal(command.exit_code, code);
    assert_string_equal(out, "");
    if (strstr(command.problem.text, text) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", line, command.problem.text, text);
    }
}

static void test_wrong_use_is_refused(void **state)
{
    (void)state;
    assert_fails(CS_NOT_FOUND, CS_EXIT_USAGE, "audit|nobody", "nothing here is called");
    assert_fails(CS_NOT_FOUND, CS_EXIT_USAGE, "due|赵强", "nothing here is called");
    assert_fails(CS_NOT_FOUND, CS_EXIT_USAGE, "exposed|核心交换机", "nothing here is called");
    assert_fails(CS_NOT_FOUND, CS_EXIT_USAGE, "leak|核心交换机|--field|totp", "no field");
    assert_fails(CS_NOT_FOUND, CS_EXIT_USAGE, "leak|核心交换机|--version|ffff", "no version");
    assert_fails(CS_NOT_FOUND, CS_EXIT_USAGE, "leak|nothing", "no credential");
    assert_fails(CS_USAGE, (enum cs_exit)0, "exposed", "");
    assert_fails(CS_USAGE, (enum cs_exit)0, "due|a|b", "");
    assert_fails(CS_USAGE, (enum cs_exit)0, "audit|--since|yesterday", "--since");
    assert_fails(CS_USAGE, (enum cs_exit)0, "leak|x|--reason|--csv", "");
    assert_status(run(scene.han, ENGLISH, true, "due|--csv"), CS_USAGE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_who_may_do_what),
        CASE(test_what_happened),
        CASE(test_the_csv_is_what_rfc_4180_says),
        CASE(test_what_a_leaver_knows_and_leaves),
        CASE(test_a_leak_names_who_knew_and_is_declared_with_a_reason),
        CASE(test_a_technician_is_told_that_he_does_not_see_all),
        CASE(test_wrong_use_is_refused),
    };
    return cmocka_run_group_tests_name("reports about vaults", tests, NULL, NULL);
}
