/* resolve: what it writes, and what it refuses. */
#include "tests/unit/field_client_commands/findings_fixture.h"

/* The last operation that waits to be sent. */
struct last {
    struct cs_operation operation;
    struct cs_field_change changes[8];
    char texts[8][64];
    struct cs_version bases[8][8];
    size_t count;
};

static enum cs_status take_last(void *context, const struct cs_pending *pending)
{
    struct last *last = context;
    const struct cs_transaction *transaction = &pending->transaction;
    last->operation = transaction->operations[transaction->operation_count - 1];
    last->count++;
    for (size_t i = 0; i < last->operation.change_count && i < 8; i++) {
        struct cs_field_change change = last->operation.changes[i];
        size_t size = change.value.bytes.size < 63 ? change.value.bytes.size : 63;
        memset(last->texts[i], 0, sizeof last->texts[i]);
        if (size > 0) {
            memcpy(last->texts[i], change.value.bytes.data, size);
        }
        for (size_t j = 0; j < change.base.count && j < 8; j++) {
            last->bases[i][j] = change.base.items[j];
        }
        change.base.items = last->bases[i];
        last->changes[i] = change;
    }
    return CS_OK;
}

static struct last last_waiting(void)
{
    struct last last = {.count = 0};
    struct cs_replica *replica = open_directly();
    assert_ok(cs_query_pending(replica, CS_PENDING_WAITING, take_last, &last));
    cs_replica_close(replica);
    return last;
}

static void assert_sees_losing(const struct last *last, size_t change)
{
    struct cs_version losing = {LOSING_LOG, LOSING_COUNTER};
    struct cs_versions base = {last->bases[change], last->changes[change].base.count};
    assert_true(cs_versions_contain(base, &losing));
    assert_int_equal(base.count, 2);
}

static char *conflict_on_name(const char *state)
{
    static struct cs_value losing;
    losing = cs_value_text(T("valve"));
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    store_conflict(&(struct conflict_draft){"part", id, "name", &losing, 1, state, CS_BYTES_NONE});
    return id;
}

static void test_current(void **state)
{
    (void)state;
    char *id = conflict_on_name("open");
    assert_int_equal(run_json("resolve", CONFLICT_ID, "current"), 0);
    assert_string_equal(json_text(commands.json, "choice"), "current");
    assert_string_equal(json_text(commands.json, "entity"), "part");
    assert_string_equal(json_text(commands.json, "row"), id);
    assert_string_equal(json_text(commands.json, "field"), "name");
    struct last last = last_waiting();
    assert_int_equal(last.count, 2);
    assert_int_equal(last.operation.kind, CS_OPERATION_UPDATE);
    assert_int_equal(last.operation.change_count, 1);
    assert_string_equal(last.texts[0], "pump");
    assert_sees_losing(&last, 0);
}

static void test_other(void **state)
{
    (void)state;
    (void)conflict_on_name("open");
    assert_int_equal(run("resolve", "c0ffee", "other"), 0);
    assert_has(commands.out, "decided");
    struct last last = last_waiting();
    assert_string_equal(last.texts[0], "valve");
    assert_sees_losing(&last, 0);
    assert_int_equal(run_json("get", "part", "A1"), 0);
    assert_string_equal(json_text(commands.json, "name"), "valve");
}

static void test_value(void **state)
{
    (void)state;
    (void)conflict_on_name("open");
    assert_int_equal(run_json("resolve", CONFLICT_ID, "value=tap = big"), 0);
    assert_string_equal(json_text(commands.json, "choice"), "value");
    struct last last = last_waiting();
    assert_string_equal(last.texts[0], "tap = big");
    assert_sees_losing(&last, 0);
}

/* A site's contact and telephone are one value: taken together, decided together, both seen. */
static void test_group(void **state)
{
    (void)state;
    (void)id_of(run("new", "customer", "name=one", "code=K1"));
    char *id = id_of(run("new", "site", "name=s", "customer=K1", "contact=zhou", "phone=1"));
    const struct cs_value losing[] = {cs_value_text(T("qian")), cs_value_text(T("2"))};
    store_conflict(
        &(struct conflict_draft){"site", id, "contact", losing, 2, "open", CS_BYTES_NONE});
    assert_int_equal(run("resolve", CONFLICT_ID, "value=sun"), 2);
    assert_has(commands.err, "move together");
    assert_int_equal(run_json("resolve", CONFLICT_ID, "other"), 0);
    struct last last = last_waiting();
    assert_int_equal(last.operation.change_count, 2);
    assert_string_equal(last.texts[0], "qian");
    assert_string_equal(last.texts[1], "2");
    assert_sees_losing(&last, 0);
    assert_sees_losing(&last, 1);
}

static void test_refuses(void **state)
{
    (void)state;
    (void)conflict_on_name("resolved");
    assert_int_equal(run_json("resolve", CONFLICT_ID, "current"), 1);
    assert_error("USED", "resolved already, by 韩梅梅");
    assert_int_equal(run_json("resolve", CONFLICT_ID, "mine"), 2);
    assert_error("USAGE", "current, other or value=");
    assert_int_equal(run_json("resolve", CONFLICT_ID), 2);
    assert_int_equal(run_json("resolve", "dead", "other"), 1);
    assert_error("NOT_FOUND", "dead");
    assert_int_equal(last_waiting().count, 1);
}

static void test_bad_value(void **state)
{
    (void)state;
    (void)conflict_on_name("open");
    assert_int_equal(run_json("resolve", CONFLICT_ID, "value="), 1);
    assert_error("INVALID", "name");
    assert_int_equal(last_waiting().count, 1);
}

static void test_damaged_conflicts(void **state)
{
    (void)state;
    struct cs_value losing[] = {cs_value_text(T("valve")), cs_value_text(T("x"))};
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    struct conflict_draft draft = {"part", id, "name", losing, 2, "open", CS_BYTES_NONE};
    store_conflict(&draft);
    assert_int_equal(run_json("resolve", CONFLICT_ID, "other"), 1);
    assert_error("CORRUPT", "losing_value");
    draft.versions = T("short");
    store_conflict(&draft);
    assert_int_equal(run_json("resolve", CONFLICT_ID, "current"), 1);
    assert_error("CORRUPT", "losing_versions");
    draft.field = "colour";
    store_conflict(&draft);
    assert_int_equal(run_json("resolve", CONFLICT_ID, "current"), 1);
    assert_error("UNSUPPORTED", "does not know");
    draft.entity = "spaceship";
    store_conflict(&draft);
    assert_int_equal(run_json("resolve", CONFLICT_ID, "current"), 1);
    assert_error("UNSUPPORTED", "does not know");
    assert_int_equal(last_waiting().count, 1);
}

static char *conflict_on_delete(void)
{
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    store_conflict(
        &(struct conflict_draft){"part", id, "_deleted", NULL, 0, "open", CS_BYTES_NONE});
    return id;
}

static void test_keep(void **state)
{
    (void)state;
    (void)conflict_on_delete();
    assert_int_equal(run_json("resolve", CONFLICT_ID, "value=1"), 2);
    assert_error("USAGE", "current keeps it");
    assert_int_equal(run("resolve", CONFLICT_ID, "current"), 0);
    assert_int_equal(run("get", "part", "A1"), 0);
    struct last last = last_waiting();
    assert_int_equal(last.count, 2);
    assert_int_equal(last.operation.change_count, 1);
    assert_int_equal(last.changes[0].value.integer, 0);
    struct cs_version losing = {LOSING_LOG, LOSING_COUNTER};
    assert_true(cs_versions_contain((struct cs_versions){last.bases[0], last.changes[0].base.count},
                                    &losing));
}

static void test_delete_after_all(void **state)
{
    (void)state;
    (void)conflict_on_delete();
    assert_int_equal(run("resolve", CONFLICT_ID, "other"), 0);
    assert_int_equal(run("get", "part", "A1"), 1);
    assert_int_equal(last_waiting().operation.kind, CS_OPERATION_DELETE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_current),
        COMMAND_TEST(test_other),
        COMMAND_TEST(test_value),
        COMMAND_TEST(test_group),
        COMMAND_TEST(test_refuses),
        COMMAND_TEST(test_bad_value),
        COMMAND_TEST(test_damaged_conflicts),
        COMMAND_TEST(test_keep),
        COMMAND_TEST(test_delete_after_all),
    };
    return RUN_COMMAND_TESTS(tests);
}
