/* Doctor: a sound replica has no findings, and each kind of damage has its own. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/confirmed.h"
#include "field-client/replica/doctor.h"
#include "field-client/replica/outbox.h"

struct findings {
    size_t count;
    char text[256];
};

static void note(void *context, const char *text)
{
    struct findings *findings = context;
    findings->count++;
    (void)snprintf(findings->text, sizeof findings->text, "%s", text);
}

/* Confirms a part as if the server had sent it, in the scope of everyone. */
static struct cs_id confirm(struct fixture *f, const char *code)
{
    struct cs_id id = fixture_part(f, code, "a");
    struct cs_applier applier;
    struct cs_scope_name everyone = {.kind = CS_SCOPE_EVERYONE};
    size_t index = 0;
    struct cs_pending_cache cache;
    int64_t counter = fixture_count_sql(f, "SELECT max(counter) FROM _pending");
    static const uint8_t first_scope[] = {1};
    cs_pending_cache_init(&cache);
    assert_ok(cs_database_begin(cs_replica_database(f->replica)));
    assert_ok(cs_applier_init(&applier, f->replica));
    assert_ok(cs_applier_scope(&applier, &everyone, &index));
    assert_int_equal(index, 0);
    assert_ok(cs_pending_load(f->replica, (uint64_t)counter, &cache));
    assert_true(cache.found);
    assert_ok(cs_applier_accept(&applier, &cache.transaction.operations[0], (uint64_t)counter,
                                cs_bytes_of_array(first_scope)));
    applier.scopes[0].subscribed = true;
    assert_ok(cs_applier_finish(&applier));
    cs_applier_release(&applier);
    cs_pending_cache_release(&cache);
    assert_ok(cs_database_execute(cs_replica_database(f->replica), "DELETE FROM _pending"));
    assert_ok(cs_database_commit(cs_replica_database(f->replica)));
    return id;
}

/* A replica with a bit of everything; the outbox holds one change-set of a pending edit. */
static struct cs_id fill(struct fixture *f)
{
    struct cs_id id = confirm(f, "P-1");
    (void)confirm(f, "P-2");
    struct cs_edit *edit = NULL;
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _meta SET value = x'0000000000000001' "
                                  "WHERE key = 'next_counter'"));
    assert_ok(cs_edit_begin(f->replica, &edit));
    struct cs_named_value name = TEXT_VALUE("name", "mine");
    assert_ok(cs_edit_update(edit, T("part"), &id, &name, 1, NULL));
    assert_ok(cs_edit_commit(edit));
    (void)fixture_part(f, "P-3", "new");
    size_t packed = 0;
    assert_ok(cs_database_begin(cs_replica_database(f->replica)));
    assert_ok(cs_outbox_pack(f->replica, &packed));
    assert_ok(cs_database_commit(cs_replica_database(f->replica)));
    return id;
}

static void a_sound_replica_has_no_findings(void **state)
{
    struct fixture *f = *state;
    struct cs_doctor_report report;
    struct findings findings = {.count = 0};
    assert_ok(cs_doctor_run(f->replica, note, &findings, &report));
    assert_int_equal(report.findings + report.rows_checked + report.change_sets_checked, 0);
    (void)fill(f);
    assert_ok(cs_doctor_run(f->replica, note, &findings, &report));
    assert_string_equal(findings.text, "");
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.rows_checked, 2);
    assert_int_equal(report.overlaid_checked, 2);
    assert_int_equal(report.change_sets_checked, 1);
    assert_int_equal(findings.count, 0);
    assert_ok(cs_doctor_run(f->replica, NULL, NULL, &report));
}

struct damage {
    const char *sql;
    const char *finding;
};

static const struct damage damages[] = {
    {"UPDATE part SET name = 'x' WHERE code = 'P-2'", "digest of scope 1"},
    {"UPDATE part SET _scopes = x'07' WHERE code = 'P-2'", "digest of scope 1"},
    {"UPDATE _scope SET digest = zeroblob(32)", "digest of scope 1"},
    {"UPDATE part SET name = 'x' WHERE code = 'P-1'", "is not its confirmed state"},
    {"DELETE FROM part WHERE code = 'P-3'", "is not its confirmed state"},
    {"DELETE FROM _overlay WHERE counter = 1", "the overlay disagree"},
    {"DELETE FROM _pending WHERE counter = 2", "the overlay disagree"},
    {"UPDATE _pending SET state = 3 WHERE counter = 2", "the overlay disagree"},
    {"UPDATE _pending SET body = x'00' WHERE counter = 2", "missing or damaged"},
    {"UPDATE _outbox SET hash = zeroblob(32)", "change-set 1"},
    {"UPDATE _outbox SET \"inner\" = zeroblob(300)", "change-set 1"},
    {"UPDATE _outbox SET last_counter = 7", "change-set 1"},
    {"UPDATE _outbox SET first_counter = 0", "change-set 1"},
    {"UPDATE _outbox SET sequence = 2", "change-set 1"},
};

static void each_damage_is_found(void **state)
{
    struct fixture *f = *state;
    (void)fill(f);
    struct cs_database *database = cs_replica_database(f->replica);
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        struct cs_doctor_report report;
        struct findings findings = {.count = 0};
        assert_ok(cs_database_begin(database));
        assert_ok(cs_database_execute(database, damages[i].sql));
        enum cs_status status = cs_doctor_run(f->replica, note, &findings, &report);
        cs_database_rollback(database);
        assert_ok(status);
        if (findings.count == 0 || strstr(findings.text, damages[i].finding) == NULL) {
            print_message("%s: %s\n", damages[i].sql, findings.text);
        }
        assert_true(findings.count > 0);
        assert_int_equal(report.findings, findings.count);
        assert_non_null(strstr(findings.text, damages[i].finding));
    }
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    (void)fill(f);
    bool completed = false;
    for (long n = 0; !completed && n < 1000; n++) {
        struct cs_doctor_report report;
        cs_memory_fail_after(n);
        enum cs_status status = cs_doctor_run(f->replica, NULL, NULL, &report);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_true(!completed || report.findings == 0);
    }
    assert_true(completed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(a_sound_replica_has_no_findings),
        replica_test(each_damage_is_found),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
