/* status, sync without a network, last_sync, doctor, entities. */
#include "field-client/replica/log_state.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

#include "field-client/commands/last_sync.h"

static void test_status_json(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run_json("status"), 0);
    assert_string_equal(json_text(commands.json, "person_name"), "王芳");
    assert_string_equal(json_text(commands.json, "device"), "laptop");
    assert_string_equal(json_text(commands.json, "server"), "server.example:8443");
    assert_int_equal(strlen(json_text(commands.json, "fingerprint")), 23);
    assert_int_equal(strlen(json_text(commands.json, "organisation")), 64);
    assert_int_equal(json_integer(commands.json, "waiting"), 1);
    assert_int_equal(json_integer(commands.json, "held"), 0);
    assert_int_equal(json_integer(commands.json, "refused"), 0);
    assert_int_equal(json_integer(commands.json, "conflicts"), 0);
    assert_false(json_boolean(commands.json, "recovery_is_set_up"));
    assert_string_equal(json_text(commands.json, "root_key"), "never_split");
    assert_has(commands.out, "\"last_sync\": null");
    assert_true(json_boolean(commands.json, "incomplete"));
    assert_int_equal(json_integer(commands.json, "rows_fetched"), 0);
    struct cs_bytes role;
    assert_true(cs_json_get_text(cs_json_at(cs_json_get(commands.json, "roles"), 0), &role));
    assert_true(cs_bytes_equal_text(role, "owner"));
    assert_int_equal(run("status", "x"), 2);
}

static void test_status_text(void **state)
{
    (void)state;
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, "person:        王芳\n");
    assert_has(commands.out, "last sync:     never\n");
    assert_has(commands.out,
               "INCOMPLETE: the first sync has not ended, 0 rows were fetched so far");
    assert_has(commands.out, "WARNING: recovery is not set up");
    assert_has(commands.out, "countersign root split");
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, "人员:          王芳\n");
    assert_has(commands.out, "尚未设置恢复机制");
}

static void test_sync_without_network(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    (void)id_of(run("new", "part", "code=A2", "name=pump"));
    assert_int_equal(run_json("sync"), 1);
    assert_error("UNREACHABLE", "nothing is lost: 2 changes wait to be sent");
    assert_string_equal(json_text(commands.json, "digest"), "unknown");
    assert_int_equal(json_integer(commands.json, "pushed"), 0);
    assert_int_equal(json_integer(commands.json, "refused"), 0);
    assert_int_equal(json_integer(commands.json, "held"), 0);
    assert_int_equal(json_integer(commands.json, "pulled"), 0);
    assert_int_equal(json_integer(commands.json, "conflicts"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 2);
    assert_int_equal(json_integer(commands.json, "bytes_down"), 0);
    assert_int_equal(run("sync"), 1);
    assert_string_equal(commands.out, "");
    assert_has(commands.err, "server.example does not answer; nothing is lost");
    assert_int_equal(run_json("status"), 0);
    const struct cs_json *last = cs_json_get(commands.json, "last_sync");
    assert_string_equal(json_text(last, "status"), "UNREACHABLE");
    assert_string_equal(json_text(last, "digest"), "unknown");
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, "failed: server.example does not answer");
    assert_has(commands.out, "to be sent:    2  (countersign sync)");
    assert_int_equal(run("list", "part"), 0);
    assert_has(commands.out, "A2");
    assert_int_equal(run("sync", "now"), 2);
}

static void test_last_sync(void **state)
{
    (void)state;
    struct cs_replica *replica = open_directly();
    struct cs_json *json = NULL;
    assert_ok(cs_last_sync_load(replica, &json));
    assert_null(json);
    struct cs_command command = {.world = &commands.world};
    struct cs_sync_result result = {.pushed = 3, .digest = CS_SYNC_DIGEST_EQUAL};
    assert_ok(cs_last_sync_store(&command, replica, CS_OK, &result));
    assert_ok(cs_last_sync_load(replica, &json));
    assert_int_equal(json_integer(json, "pushed"), 3);
    assert_string_equal(json_text(json, "digest"), "equal");
    assert_string_equal(json_text(json, "status"), "OK");
    cs_json_destroy(json);
    cs_replica_close(replica);
    assert_string_equal(cs_sync_digest_name(CS_SYNC_DIGEST_UNEQUAL), "unequal");
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, ", equal with the server");
}

static void put_checkpoint(void)
{
    struct cs_replica *replica = open_directly();
    struct cs_log_state log = {.any = true, .checkpoint = {.size = 42, .position = 7}};
    struct cs_buffer note;
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    assert_ok(cs_checkpoint_encode(&log.checkpoint,
                                   cs_identity_organisation(commands.organisation->identity),
                                   commands.organisation->server, &note));
    memcpy(log.note, note.data, note.size);
    log.note_size = note.size;
    assert_ok(cs_log_state_save(replica, &log));
    cs_buffer_release(&note);
    cs_replica_close(replica);
}

static void put_alarm(const char *text)
{
    struct cs_replica *replica = open_directly();
    assert_ok(cs_log_alarm_set(replica, cs_bytes_of_text(text)));
    cs_replica_close(replica);
}

/* What officers compare, and what is said until it is over. */
static void test_history(void **state)
{
    (void)state;
    struct cs_checkpoint checkpoint = {.size = 42};
    char digits[CS_CHECKPOINT_DIGITS_SIZE];
    char line[128];
    cs_checkpoint_digits(&checkpoint, digits);
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, "history:       not seen yet");
    assert_int_equal(run_json("status"), 0);
    assert_null(cs_json_get(cs_json_get(commands.json, "history"), "digits"));
    put_checkpoint();
    (void)snprintf(line, sizeof line, "history:       42 entries, %s", digits);
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, line);
    assert_null(strstr(commands.out, "the server's history"));
    put_alarm("it shows two");
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, "WARNING: the server's history: it shows two");
    assert_int_equal(run_json("status"), 0);
    const struct cs_json *history = cs_json_get(commands.json, "history");
    assert_int_equal(json_integer(history, "entries"), 42);
    assert_string_equal(json_text(history, "digits"), digits);
    assert_string_equal(json_text(history, "alarm"), "it shows two");
    assert_int_equal(run("doctor"), 1);
    assert_has(commands.out, "the server's history: it shows two");
    put_alarm("");
    assert_int_equal(run("doctor"), 0);
}

static void test_doctor(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run("doctor"), 0);
    assert_has(commands.out, "sound");
    assert_int_equal(run_json("doctor"), 0);
    assert_true(json_boolean(commands.json, "sound"));
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "findings")), 0);
    struct cs_replica *replica = open_directly();
    assert_ok(cs_database_execute(cs_replica_database(replica),
                                  "UPDATE part SET name = 'changed behind its back'"));
    cs_replica_close(replica);
    assert_int_equal(run_json("doctor"), 1);
    assert_false(json_boolean(commands.json, "sound"));
    assert_true(cs_json_count(cs_json_get(commands.json, "findings")) > 0);
    assert_null(strstr(commands.out, "behind its back"));
    assert_int_equal(run("doctor"), 1);
    assert_has(commands.out, "findings");
    assert_int_equal(run("doctor", "x"), 2);
}

static void test_entities(void **state)
{
    (void)state;
    assert_int_equal(run("entities"), 0);
    assert_has(commands.out, "work_order");
    assert_has(commands.out, "派工单");
    assert_int_equal(run("entities", "part"), 0);
    assert_has(commands.out, "price_cents");
    assert_has(commands.out, "required");
    assert_int_equal(run_json("entities", "stock_location"), 0);
    const struct cs_json *entity = cs_json_at(cs_json_get(commands.json, "entities"), 0);
    assert_string_equal(json_text(entity, "name"), "stock_location");
    assert_string_equal(json_text(entity, "natural_key"), "code");
    const struct cs_json *kind = cs_json_at(cs_json_get(entity, "fields"), 2);
    assert_string_equal(json_text(kind, "type"), "choice");
    assert_string_equal(json_text(cs_json_at(cs_json_get(kind, "choices"), 1), "name"), "van");
    assert_int_equal(run_json("entities"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "entities")),
                     cs_registry_core()->entity_count);
    assert_int_equal(run_json("entities", "prat"), 2);
    assert_error("NOT_FOUND", "part");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_status_json),
        COMMAND_TEST(test_status_text),
        COMMAND_TEST(test_sync_without_network),
        COMMAND_TEST(test_last_sync),
        COMMAND_TEST(test_history),
        COMMAND_TEST(test_doctor),
        COMMAND_TEST(test_entities),
    };
    return RUN_COMMAND_TESTS(tests);
}
