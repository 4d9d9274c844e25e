/* The last checkpoint and the alarm, as a replica keeps them. */
#include "field-client/replica/log_state.h"
#include "field-client/replica/meta.h"
#include "tests/unit/field_client_replica/client_fixture.h"

static void make_note(struct fixture *f, uint64_t size, struct cs_log_state *out)
{
    struct cs_buffer note;
    *out = (struct cs_log_state){.any = true, .checkpoint = {.size = size, .position = 7}};
    out->checkpoint.root[3] = 9;
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    assert_ok(cs_checkpoint_encode(&out->checkpoint, cs_identity_organisation(f->identity),
                                   f->server, &note));
    memcpy(out->note, note.data, note.size);
    out->note_size = note.size;
    cs_buffer_release(&note);
}

static void a_checkpoint_is_kept(void **state)
{
    struct fixture *f = *state;
    struct cs_log_state found;
    struct cs_log_state made;
    assert_ok(cs_log_state_load(f->replica, &found));
    assert_false(found.any);
    assert_int_equal(found.note_size, 0);
    assert_ok(cs_log_state_save(f->replica, &found));
    assert_ok(cs_log_state_load(f->replica, &found));
    assert_false(found.any);
    make_note(f, 12, &made);
    assert_ok(cs_log_state_save(f->replica, &made));
    assert_ok(cs_log_state_load(f->replica, &found));
    assert_true(found.any);
    assert_memory_equal(&found.checkpoint, &made.checkpoint, sizeof found.checkpoint);
    assert_int_equal(found.note_size, made.note_size);
    assert_memory_equal(found.note, made.note, made.note_size);
}

static void a_damaged_note_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct cs_log_state found = {.note_size = 77};
    assert_ok(cs_replica_meta_set_bytes(f->replica, CS_META_CHECKPOINT, T("no note")));
    assert_status(cs_log_state_load(f->replica, &found), CS_CORRUPT);
    assert_int_equal(found.note_size, 77);
}

static void an_alarm_stays_until_it_is_ended(void **state)
{
    struct fixture *f = *state;
    struct cs_buffer alarm;
    cs_buffer_init(&alarm, CS_PROBLEM_TEXT_MAX);
    assert_ok(cs_log_alarm(f->replica, &alarm));
    assert_int_equal(alarm.size, 0);
    assert_ok(cs_log_alarm_set(f->replica, CS_BYTES_NONE));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _meta WHERE key = 'log_alarm'"), 0);
    assert_ok(cs_log_alarm_set(f->replica, T("two histories")));
    assert_ok(cs_log_alarm(f->replica, &alarm));
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&alarm), "two histories"));
    assert_ok(cs_log_alarm_set(f->replica, CS_BYTES_NONE));
    cs_buffer_clear(&alarm);
    assert_ok(cs_log_alarm(f->replica, &alarm));
    assert_int_equal(alarm.size, 0);
    cs_buffer_release(&alarm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_checkpoint_is_kept, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_note_is_corrupt, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_alarm_stays_until_it_is_ended, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
