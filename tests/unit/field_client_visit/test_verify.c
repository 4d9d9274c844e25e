/* Does a receipt hold: every alteration named exactly, signers known and unknown, changes since. */
#include "tests/unit/field_client_visit/visit_fixture.h"

#include "shared/evidence/record.h"

struct verified {
    struct cs_visit_signed made;
    struct cs_id visit;
    struct cs_receipt_check check;
};

static void run(struct site *s, const struct cs_id *receipt, struct cs_receipt_check *check)
{
    cs_receipt_check_init(check);
    enum cs_status status = cs_receipt_verify(s->f->replica, receipt, check, &s->problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), s->problem.text);
    }
}

static void assert_sound(struct site *s, const struct cs_id *receipt)
{
    struct cs_receipt_check check;
    run(s, receipt, &check);
    assert_true(check.intact);
    assert_int_equal(check.altered.count, 0);
    assert_int_equal(check.changed_since.count, 0);
    assert_int_equal(check.remarks.count, 0);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&check.signed_by), "王芳"));
    cs_receipt_check_release(&check);
}

/* Puts a value into a column behind everyone's back. */
static void alter(struct site *s, const char *entity, const struct cs_id *id, const char *column,
                  struct cs_value value)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, entity, id, &arena, &row));
    assert_true(row.exists);
    row.values[cs_entity_field_index(row.entity, T(column))] = value;
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    cs_arena_release(&arena);
}

/* A copy of a column's bytes that outlives the row; freed by the caller. */
static struct cs_bytes column_of(struct site *s, const struct cs_id *receipt, const char *column,
                                 uint8_t **owned)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "receipt", receipt, &arena, &row));
    struct cs_bytes bytes = cs_visit_value(&row, column)->bytes;
    *owned = malloc(bytes.size + 1);
    assert_non_null(*owned);
    memcpy(*owned, bytes.data, bytes.size);
    cs_arena_release(&arena);
    return cs_bytes_make(*owned, bytes.size);
}

static void a_fresh_receipt_holds(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    assert_sound(s, &made.receipt);
    struct cs_visit_finish finish = {.left = {.given = false}};
    fake_world_advance(&s->f->fake, 1000);
    assert_ok(cs_visit_finish(s->f->replica, &visit, &finish, NULL, NULL));
    assert_ok(cs_visit_add_note(s->f->replica, &visit, T("内部备注"), NULL));
    fixture_reopen(s->f);
    assert_sound(s, &made.receipt);
}

static void expect_altered(struct site *s, const struct cs_id *receipt, const char *column,
                           struct cs_value value, const char *named)
{
    struct cs_receipt_check check;
    alter(s, "receipt", receipt, column, value);
    run(s, receipt, &check);
    assert_false(check.intact);
    assert_int_equal(check.altered.count, 1);
    assert_string_equal(cs_lines_at(&check.altered, 0), named);
    assert_int_equal(check.changed_since.count, 0);
    cs_receipt_check_release(&check);
}

static void every_altered_column_is_named(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_id other = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    static const uint8_t zero[CS_HASH_SIZE];
    const struct {
        const char *column;
        struct cs_value value;
    } cases[] = {
        {"number", cs_value_text(T("AAAA-000009"))},
        {"visit", cs_value_bytes(cs_id_bytes(&other))},
        {"signer", cs_value_text(T("李主任 "))},
        {"signer", CS_NULL},
        {"signed_at", cs_value_integer(made.signed_at + 1)},
        {"snapshot", cs_value_text(T("{}"))},
        {"snapshot", CS_NULL},
        {"strokes", cs_value_bytes(T("[[[1,2],[3,4.6]]]"))},
        {"strokes", cs_value_bytes(T(""))},
        {"strokes", CS_NULL},
        {"visit_digest", cs_value_bytes(cs_bytes_of_array(zero))},
        {"visit_digest", CS_NULL},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        struct cs_stored_row before;
        assert_ok(cs_visit_load(s->f->replica, "receipt", &made.receipt, &arena, &before));
        expect_altered(s, &made.receipt, cases[i].column, cases[i].value, cases[i].column);
        assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &before));
        assert_sound(s, &made.receipt);
        cs_arena_release(&arena);
    }
}

/* The right bytes as another kind of value are not what was stored. */
static void kinds_matter(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    uint8_t *owned = NULL;
    struct cs_bytes strokes = column_of(s, &made.receipt, "strokes", &owned);
    expect_altered(s, &made.receipt, "strokes", cs_value_text(strokes), "strokes");
    alter(s, "receipt", &made.receipt, "strokes", cs_value_bytes(strokes));
    free(owned);
    assert_sound(s, &made.receipt);
}

static void strokes_of_another_receipt_are_found(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_id other = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_visit_signed second;
    assert_ok(try_sign(s, &other, "李主任", "[[[9,9],[8,8]]]", &second));
    uint8_t *owned = NULL;
    struct cs_bytes strokes = column_of(s, &second.receipt, "strokes", &owned);
    expect_altered(s, &made.receipt, "strokes", cs_value_bytes(strokes), "strokes");
    free(owned);
}

/* A flip anywhere in the record, and a record that is none. */
static void an_altered_record_is_named(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    uint8_t *bytes = NULL;
    struct cs_bytes record = column_of(s, &made.receipt, "record", &bytes);
    for (size_t i = 0; i < record.size; i++) {
        bytes[i] ^= 1;
        alter(s, "receipt", &made.receipt, "record", cs_value_bytes(record));
        struct cs_receipt_check check;
        run(s, &made.receipt, &check);
        assert_false(check.intact);
        assert_true(check.remarks.count > 0);
        if (check.altered.count > 0) {
            assert_string_equal(cs_lines_at(&check.altered, 0), "record");
        }
        cs_receipt_check_release(&check);
        bytes[i] ^= 1;
    }
    expect_altered(s, &made.receipt, "record", cs_value_bytes(T("x")), "record");
    expect_altered(s, &made.receipt, "record", CS_NULL, "record");
    expect_altered(s, &made.receipt, "record", cs_value_text(T("text")), "record");
    alter(s, "receipt", &made.receipt, "record", cs_value_bytes(record));
    free(bytes);
    assert_sound(s, &made.receipt);
}

/* A sound record of this device, but of something else. */
static void other_records_are_not_receipts(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    struct cs_record record = {.kind = T("lease"), .claimed = made.signed_at};
    memcpy(record.organisation, cs_identity_organisation(s->f->identity), CS_HASH_SIZE);
    memcpy(record.certificate, cs_identity_certificate_id(s->f->identity), CS_HASH_SIZE);
    assert_ok(cs_record_encode(&record, cs_identity_sign_key(s->f->identity), &bytes));
    expect_altered(s, &made.receipt, "record", cs_value_bytes(cs_buffer_bytes(&bytes)), "record");
    cs_buffer_clear(&bytes);
    record.kind = T("receipt");
    record.organisation[0] ^= 1;
    assert_ok(cs_record_encode(&record, cs_identity_sign_key(s->f->identity), &bytes));
    expect_altered(s, &made.receipt, "record", cs_value_bytes(cs_buffer_bytes(&bytes)), "record");
    /* Nothing signed: every column differs. */
    cs_buffer_clear(&bytes);
    record.organisation[0] ^= 1;
    assert_ok(cs_record_encode(&record, cs_identity_sign_key(s->f->identity), &bytes));
    alter(s, "receipt", &made.receipt, "record", cs_value_bytes(cs_buffer_bytes(&bytes)));
    struct cs_receipt_check check;
    run(s, &made.receipt, &check);
    assert_false(check.intact);
    assert_int_equal(check.altered.count, 7);
    cs_receipt_check_release(&check);
    cs_buffer_release(&bytes);
}

static void changes_since_are_named(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    set_value(s->f, "visit", &visit, TEXT_VALUE("work_done", "重装系统"));
    use_part(s, &visit, "P-001", 1, "");
    struct cs_receipt_check check;
    run(s, &made.receipt, &check);
    assert_true(check.intact);
    assert_int_equal(check.altered.count, 0);
    assert_int_equal(check.changed_since.count, 2);
    assert_string_equal(cs_lines_at(&check.changed_since, 0),
                        "work_done: signed “更换电源”, now “重装系统”");
    assert_string_equal(cs_lines_at(&check.changed_since, 1),
                        "part P-001: signed quantity 2, now 3");
    cs_receipt_check_release(&check);
    set_value(s->f, "visit", &visit, TEXT_VALUE("work_done", "更换电源"));
    run(s, &made.receipt, &check);
    assert_int_equal(check.changed_since.count, 1);
    cs_receipt_check_release(&check);
}

/* Used and returned later: the sums agree, the digest does not. */
static void a_digest_that_differs_is_said(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    use_part(s, &visit, "P-001", 1, "");
    (void)ADD(s->f, "stock_movement", ID_VALUE("part", &s->part), ID_VALUE("to", &s->van),
              NUMBER_VALUE("quantity", 1), TEXT_VALUE("reason", "returned"),
              ID_VALUE("visit", &visit));
    struct cs_receipt_check check;
    run(s, &made.receipt, &check);
    assert_true(check.intact);
    assert_int_equal(check.changed_since.count, 1);
    assert_line(&check.changed_since, 0, "signed content");
    cs_receipt_check_release(&check);
}

static void a_visit_that_is_gone_is_said(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "visit", &visit, &arena, &row));
    row.deleted = true;
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    struct cs_receipt_check check;
    run(s, &made.receipt, &check);
    assert_true(check.intact);
    assert_line(&check.changed_since, 0, "was deleted");
    cs_receipt_check_release(&check);
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("visit"), &visit));
    run(s, &made.receipt, &check);
    assert_line(&check.changed_since, 0, "not on this laptop");
    cs_receipt_check_release(&check);
    cs_arena_release(&arena);
}

static void an_unknown_receipt_is_refused(void **state)
{
    struct site *s = *state;
    struct cs_receipt_check check;
    cs_receipt_check_init(&check);
    struct cs_id nobody = {{1}};
    assert_status(cs_receipt_verify(s->f->replica, &nobody, &check, &s->problem), CS_NOT_FOUND);
    assert_false(check.intact);
    cs_receipt_check_release(&check);
}

/* ---- receipts of other devices ---- */

/* The same replica, looked at by another device of the organisation. */
static void become_other_device(struct site *s, struct cs_identity *other)
{
    struct cs_problem problem = {""};
    /* Whose log the outbox is does not matter here. */
    assert_ok(cs_database_execute(cs_replica_database(s->f->replica),
                                  "DELETE FROM _meta WHERE key = 'certificate'"));
    assert_ok(cs_replica_renew(s->f->replica, other, NULL, &problem));
    cs_replica_close(s->f->replica);
    s->f->replica = NULL;
    if (cs_replica_open(&s->f->fake.world, s->f->home, cs_registry_core(), other, &s->f->replica,
                        &problem) != CS_OK) {
        fail_msg("%s", problem.text);
    }
}

/* As the server sends it. */
static struct cs_id add_device(struct site *s, const struct cs_identity *identity,
                               struct cs_bytes chain, const char *state_name)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_named_value fields[] = {
        {T("chain"), cs_value_bytes(chain)},
        {T("log_id"), cs_value_bytes(cs_bytes_make(cs_identity_certificate_id(identity), 8))},
        TEXT_VALUE("state", state_name)};
    struct cs_stored_row row;
    assert_ok(cs_row_from_fields(cs_registry_core(), T("device"), fields, CS_COUNT(fields), &arena,
                                 &row));
    row.id = cs_replica_draw_id(s->f->replica);
    row.exists = true;
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    cs_arena_release(&arena);
    return row.id;
}

/* As the server shows a revoked device: after which of its transactions. */
static void show_revoked(struct site *s, const struct cs_identity *identity, int64_t counter)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_named_value fields[] = {
        {T("chain"), cs_value_bytes(cs_identity_chain(identity))},
        {T("log_id"), cs_value_bytes(cs_bytes_make(cs_identity_certificate_id(identity), 8))},
        TEXT_VALUE("state", "revoked"),
        {T("revoked_position"), cs_value_integer(77)},
        {T("revoked_counter"), cs_value_integer(counter)},
        {T("revoked_at"), cs_value_integer(cs_instant_make(1772413200000, 0))}};
    struct cs_stored_row row;
    assert_ok(cs_row_from_fields(cs_registry_core(), T("device"), fields, CS_COUNT(fields), &arena,
                                 &row));
    cs_certificate_row_id(cs_identity_certificate_id(identity), &row.id);
    row.exists = true;
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    cs_arena_release(&arena);
}

/* Sound as it is, and the remark says on which side of the revocation it came: by the signer's log, never by time. */
static void a_receipt_of_a_revoked_device_says_when_it_arrived(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_receipt_check check;
    show_revoked(s, s->f->identity, 1000);
    run(s, &made.receipt, &check);
    assert_true(check.intact);
    assert_line(&check.remarks, 0, "revoked at 2026-03-02T01:00:00Z; the receipt arrived before");
    cs_receipt_check_release(&check);
    show_revoked(s, s->f->identity, 0);
    run(s, &made.receipt, &check);
    assert_true(check.intact);
    assert_line(&check.remarks, 0, "arrived after that, and was accepted at review");
    cs_receipt_check_release(&check);
}

static void signers_are_found_among_devices(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_identity *other = fixture_identity(s->f, CS_ROLE(OFFICE));
    struct cs_receipt_check check;
    become_other_device(s, other);
    run(s, &made.receipt, &check);
    assert_false(check.intact);
    assert_int_equal(check.altered.count, 0);
    assert_int_equal(check.signed_by.size, 0);
    assert_line(&check.remarks, 0, "not known here");
    cs_receipt_check_release(&check);
    /* A chain that does not verify, and one that leads to another certificate, prove nothing. */
    struct cs_id damaged = add_device(s, s->f->identity, T("no chain"), "active");
    struct cs_id wrong = add_device(s, s->f->identity, cs_identity_chain(other), "active");
    run(s, &made.receipt, &check);
    assert_false(check.intact);
    assert_line(&check.remarks, 0, "not known here");
    cs_receipt_check_release(&check);
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("device"), &damaged));
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("device"), &wrong));
    struct cs_id device =
        add_device(s, s->f->identity, cs_identity_chain(s->f->identity), "active");
    assert_sound(s, &made.receipt);
    alter(s, "device", &device, "state", cs_value_text(T("suspended")));
    run(s, &made.receipt, &check);
    assert_true(check.intact);
    assert_line(&check.remarks, 0, "suspended now");
    cs_receipt_check_release(&check);
    expect_altered(s, &made.receipt, "signer", cs_value_text(T("张三")), "signer");
    cs_replica_close(s->f->replica);
    s->f->replica = NULL;
    cs_identity_destroy(other);
}

/* Each device has its own prefix, also for the same person. */
static void devices_have_their_own_series(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_id second = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_identity *other = fixture_identity(s->f, CS_ROLE(OWNER));
    become_other_device(s, other);
    assert_ok(cs_replica_meta_set_number(s->f->replica, "visit.last_receipt_number", 0));
    struct cs_visit_signed by_other = sign_visit(s, &second);
    assert_memory_not_equal(made.number, by_other.number, 4);
    assert_string_equal(by_other.number + 4, "-000001");
    assert_sound(s, &by_other.receipt);
    cs_replica_close(s->f->replica);
    s->f->replica = NULL;
    cs_identity_destroy(other);
}

static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    use_part(s, &visit, "P-001", 1, "");
    enum cs_status status = CS_NO_MEMORY;
    for (long n = 0; status != CS_OK && n < 20000; n++) {
        struct cs_receipt_check check;
        cs_receipt_check_init(&check);
        cs_memory_fail_after(n);
        status = cs_receipt_verify(s->f->replica, &made.receipt, &check, NULL);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_true(check.intact == (status == CS_OK));
        assert_true(status != CS_OK || check.changed_since.count == 1);
        cs_receipt_check_release(&check);
    }
    assert_ok(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(a_fresh_receipt_holds),
        VISIT_TEST(every_altered_column_is_named),
        VISIT_TEST(kinds_matter),
        VISIT_TEST(strokes_of_another_receipt_are_found),
        VISIT_TEST(an_altered_record_is_named),
        VISIT_TEST(other_records_are_not_receipts),
        VISIT_TEST(changes_since_are_named),
        VISIT_TEST(a_digest_that_differs_is_said),
        VISIT_TEST(a_visit_that_is_gone_is_said),
        VISIT_TEST(an_unknown_receipt_is_refused),
        VISIT_TEST(signers_are_found_among_devices),
        VISIT_TEST(a_receipt_of_a_revoked_device_says_when_it_arrived),
        VISIT_TEST(devices_have_their_own_series),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
