/* The note about a difference in status and doctor, and doctor --repair. */
#include "tests/unit/field_client_commands/commands_fixture.h"

#include "field-client/commands/last_sync.h"
#include "field-client/replica/meta.h"
#include "field-client/replica/repair_note.h"

static void keep(enum cs_compare_outcome outcome, int64_t times)
{
    struct cs_replica *replica = open_directly();
    struct cs_repair_note note = {.times = times,
                                  .at_ms = INT64_C(1772413200000),
                                  .report = {outcome, 12, 3, 1},
                                  .unreported = outcome == CS_COMPARE_UNREPAIRED};
    assert_ok(cs_repair_note_save(replica, &note));
    struct cs_repair_note kept;
    assert_ok(cs_repair_note_load(replica, &kept));
    assert_int_equal(kept.times, times);
    assert_int_equal(kept.report.rows, 12);
    assert_int_equal(kept.unreported, note.unreported);
    cs_replica_close(replica);
}

static void a_replica_that_never_differed_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_json("status"), 0);
    assert_has(commands.out, "\"differed\": null");
    assert_int_equal(run("status"), 0);
    assert_null(strstr(commands.out, "note, 20"));
    assert_int_equal(run_json("doctor"), 0);
    assert_has(commands.out, "\"differed\": null");
}

static void every_outcome_has_its_words(void **state)
{
    (void)state;
    static const struct {
        enum cs_compare_outcome outcome;
        const char *name;
        const char *english;
        const char *chinese;
    } all[] = {
        {CS_COMPARE_REPAIRED, "repaired", "(rows put right: 12, taken away: 3)", "已补正 12 行"},
        {CS_COMPARE_SUMS_MENDED, "sums_mended", "were counted anew: 1;", "1 个范围的校验和有误"},
        {CS_COMPARE_SERVER_SUM, "server_sums_wrong", "the server's sums were wrong",
         "服务器的校验和有误"},
        {CS_COMPARE_UNREPAIRED, "unrepaired", "DIFFERS from the server", "未能修复"},
    };
    for (size_t i = 0; i < CS_COUNT(all); i++) {
        keep(all[i].outcome, (int64_t)i + 1);
        (void)setenv("LANG", "C", 1);
        assert_int_equal(run("status"), 0);
        assert_has(commands.out, all[i].english);
        assert_has(commands.out, "note, 2026-03-0");
        if (i > 0) {
            assert_has(commands.out, "times so far");
        }
        assert_int_equal(run("doctor"), 0);
        assert_has(commands.out, all[i].english);
        assert_int_equal(run_json("status"), 0);
        const struct cs_json *differed = cs_json_get(commands.json, "differed");
        assert_string_equal(json_text(differed, "outcome"), all[i].name);
        assert_int_equal(json_integer(differed, "rows"), 12);
        assert_int_equal(json_integer(differed, "departed"), 3);
        assert_int_equal(json_integer(differed, "times"), (int64_t)i + 1);
        assert_int_equal(json_boolean(differed, "reported"),
                         all[i].outcome != CS_COMPARE_UNREPAIRED);
        (void)setenv("LANG", "zh_CN.UTF-8", 1);
        assert_int_equal(run("status"), 0);
        assert_has(commands.out, all[i].chinese);
    }
}

static void a_damaged_note_is_damage(void **state)
{
    (void)state;
    struct cs_replica *replica = open_directly();
    struct cs_repair_note note;
    assert_ok(cs_replica_meta_set_bytes(replica, CS_META_REPAIR_NOTE, cs_bytes_of_text("short")));
    assert_string_equal(cs_status_name(cs_repair_note_load(replica, &note)), "CORRUPT");
    cs_replica_close(replica);
    assert_int_equal(run("status"), 1);
}

static void a_result_tells_what_was_put_right(void **state)
{
    (void)state;
    struct cs_sync_result result = {.repaired = 4,
                                    .sums_mended = 2,
                                    .digest = CS_SYNC_DIGEST_UNEQUAL,
                                    .unequal_text = "tell the office"};
    struct cs_json *json = cs_json_object();
    cs_sync_result_json(&result, json);
    assert_int_equal(json_integer(json, "repaired"), 4);
    assert_int_equal(json_integer(json, "sums_mended"), 2);
    assert_string_equal(json_text(json, "unequal_text"), "tell the office");
    cs_json_destroy(json);
}

static int64_t recounted_at(void)
{
    struct cs_replica *replica = open_directly();
    int64_t at = -1;
    assert_ok(cs_replica_meta_number(replica, CS_META_RECOUNTED, &at));
    cs_replica_close(replica);
    return at;
}

static void damage(const char *sql)
{
    struct cs_replica *replica = open_directly();
    assert_ok(cs_database_execute(cs_replica_database(replica), sql));
    cs_replica_close(replica);
}

/* Without --repair doctor changes no row, but has the next sync count everything. */
static void doctor_repairs_only_when_asked(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    damage("INSERT INTO _scope VALUES (1, 1, zeroblob(16), 0, x'"
           "0101010101010101010101010101010101010101010101010101010101010101', 1); "
           "UPDATE part SET name = 'changed'");
    assert_int_equal(recounted_at(), 0);
    assert_int_equal(run("doctor"), 1);
    assert_has(commands.out, "the digest of scope 1 does not match its rows");
    assert_has(commands.out, "is not its confirmed state with the unsent edits");
    assert_has(commands.out, "2 findings");
    assert_has(commands.out, "the next sync counts everything anew");
    assert_int_equal(recounted_at(), 1);
    assert_int_equal(run("doctor"), 1);
    assert_int_equal(run_json("doctor", "--repair"), 0);
    assert_int_equal(json_integer(commands.json, "mended_sums"), 1);
    assert_int_equal(json_integer(commands.json, "mended_rows"), 0);
    assert_true(json_boolean(commands.json, "sound"));
    assert_int_equal(run("doctor"), 0);
    assert_int_equal(run("list", "part"), 0);
    assert_has(commands.out, "pump");
    damage(
        "INSERT INTO _opaque (id, entity, _deleted, _versions, _extra, _scopes, _position) VALUES "
        "(x'0190aabbccdd7eee8123456789abcdef', 'drone', 0, 'text', x'', x'01', 0)");
    assert_int_equal(run("doctor"), 1);
    assert_has(commands.out, "a row cannot be read");
    assert_int_equal(run("doctor", "--repair"), 0);
    assert_has(commands.out, "1 rows that belong nowhere");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(a_replica_that_never_differed_says_nothing),
        COMMAND_TEST(every_outcome_has_its_words),
        COMMAND_TEST(a_damaged_note_is_damage),
        COMMAND_TEST(a_result_tells_what_was_put_right),
        COMMAND_TEST(doctor_repairs_only_when_asked),
    };
    return RUN_COMMAND_TESTS(tests);
}
