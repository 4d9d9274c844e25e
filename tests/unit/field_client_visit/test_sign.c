/* The customer's signature: what is stored, and when it is refused. */
#include "tests/unit/field_client_visit/visit_fixture.h"

#include "field-client/replica/log_state.h"
#include "shared/evidence/record.h"
#include "shared/rows/signed_content.h"

static void load_receipt(struct site *s, const struct cs_id *id, struct cs_arena *arena,
                         struct cs_stored_row *row)
{
    assert_ok(cs_visit_load(s->f->replica, "receipt", id, arena, row));
    assert_true(row->exists);
}

static void a_receipt_holds_what_was_signed(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    int64_t before = waiting(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    assert_int_equal(waiting(s), before + 1);
    assert_string_equal(text_of(s, "visit", &visit, "status"), "signed");
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    load_receipt(s, &made.receipt, &arena, &row);
    assert_true(cs_bytes_equal_text(cs_visit_text(&row, "number"), made.number));
    assert_true(cs_bytes_equal_text(cs_visit_text(&row, "signer"), "李主任"));
    assert_true(cs_bytes_equal(cs_visit_value(&row, "strokes")->bytes, T(STROKES)));
    assert_int_equal(cs_visit_value(&row, "signed_at")->integer,
                     cs_instant_make(s->f->fake.wall_ms, 480));
    struct cs_id signed_visit;
    assert_true(cs_visit_reference(&row, "visit", &signed_visit));
    assert_true(cs_id_equal(&signed_visit, &visit));
    uint8_t digest[CS_HASH_SIZE];
    const struct cs_entity *entity = cs_registry_find(cs_registry_core(), T("visit"));
    assert_ok(cs_signed_content_hash(cs_replica_tables(s->f->replica), entity, &visit, digest));
    assert_true(
        cs_bytes_equal(cs_visit_value(&row, "visit_digest")->bytes, cs_bytes_of_array(digest)));
    cs_arena_release(&arena);
}

static void the_record_names_and_signs_everything(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    struct cs_record record;
    load_receipt(s, &made.receipt, &arena, &row);
    struct cs_bytes bytes = cs_visit_value(&row, "record")->bytes;
    assert_ok(cs_record_verify(bytes, cs_identity_certificate(s->f->identity)->sign_key));
    assert_ok(cs_record_decode(bytes, &arena, &record));
    assert_true(cs_bytes_equal_text(record.kind, "receipt"));
    assert_int_equal(record.claimed, made.signed_at);
    assert_memory_equal(record.certificate, cs_identity_certificate_id(s->f->identity),
                        CS_HASH_SIZE);
    assert_memory_equal(record.organisation, cs_identity_organisation(s->f->identity),
                        CS_HASH_SIZE);
    static const char *const names[] = {"number",       "signed_at", "signer",      "snapshot_hash",
                                        "strokes_hash", "visit",     "visit_digest"};
    assert_int_equal(record.field_count, CS_COUNT(names));
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        assert_true(cs_bytes_equal_text(record.fields[i].name, names[i]));
    }
    uint8_t snapshot_hash[CS_HASH_SIZE];
    uint8_t strokes_hash[CS_HASH_SIZE];
    cs_receipt_snapshot_hash(cs_visit_text(&row, "snapshot"), snapshot_hash);
    cs_receipt_strokes_hash(snapshot_hash, T(STROKES), strokes_hash);
    assert_memory_equal(record.fields[3].value.bytes.data, snapshot_hash, CS_HASH_SIZE);
    assert_memory_equal(record.fields[4].value.bytes.data, strokes_hash, CS_HASH_SIZE);
    cs_arena_release(&arena);
}

/* Whoever gets the receipt can tell whether its signer was shown the same history (design §4). */
static void the_record_carries_the_last_checkpoint(void **state)
{
    struct site *s = *state;
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_record record;
    struct cs_log_state log = {.any = true, .checkpoint = {.size = 42}};
    struct cs_buffer note;
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    load_receipt(s, &made.receipt, &arena, &row);
    assert_ok(cs_record_decode(cs_visit_value(&row, "record")->bytes, &arena, &record));
    assert_int_equal(record.checkpoint.size, 0);
    assert_ok(cs_checkpoint_encode(&log.checkpoint, cs_identity_organisation(s->f->identity),
                                   s->f->server, &note));
    memcpy(log.note, note.data, note.size);
    log.note_size = note.size;
    assert_ok(cs_log_state_save(s->f->replica, &log));
    visit = worked_visit(s);
    made = sign_visit(s, &visit);
    load_receipt(s, &made.receipt, &arena, &row);
    assert_ok(cs_record_decode(cs_visit_value(&row, "record")->bytes, &arena, &record));
    assert_true(cs_bytes_equal(record.checkpoint, cs_buffer_bytes(&note)));
    cs_buffer_release(&note);
    cs_arena_release(&arena);
}

/* The same strokes under another snapshot have another hash. */
static void strokes_are_bound_to_the_snapshot(void **state)
{
    (void)state;
    uint8_t a[CS_HASH_SIZE];
    uint8_t b[CS_HASH_SIZE];
    uint8_t strokes_a[CS_HASH_SIZE];
    uint8_t strokes_b[CS_HASH_SIZE];
    cs_receipt_snapshot_hash(T("{}"), a);
    cs_receipt_snapshot_hash(T("{ }"), b);
    assert_memory_not_equal(a, b, CS_HASH_SIZE);
    cs_receipt_strokes_hash(a, T(STROKES), strokes_a);
    cs_receipt_strokes_hash(b, T(STROKES), strokes_b);
    assert_memory_not_equal(strokes_a, strokes_b, CS_HASH_SIZE);
    cs_receipt_strokes_hash(a, T("[]"), strokes_b);
    assert_memory_not_equal(strokes_a, strokes_b, CS_HASH_SIZE);
}

static void receipts_are_numbered_in_order(void **state)
{
    struct site *s = *state;
    for (int i = 1; i <= 3; i++) {
        struct cs_id visit = worked_visit(s);
        struct cs_visit_signed made = sign_visit(s, &visit);
        char expected[CS_RECEIPT_NUMBER_MAX];
        (void)snprintf(expected, sizeof expected, "-%06d", i);
        assert_string_equal(made.number + 4, expected);
    }
}

static void refuse(struct site *s, const struct cs_id *visit, const char *signer,
                   const char *strokes, enum cs_status expected, const char *says)
{
    struct cs_visit_signed made;
    memset(&made, 0x5a, sizeof made);
    int64_t before = waiting(s);
    assert_status(try_sign(s, visit, signer, strokes, &made), expected);
    assert_says(&s->problem, says);
    assert_int_equal(made.number[0], 0x5a);
    assert_int_equal(waiting(s), before);
}

static void what_is_missing_is_named(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    refuse(s, &visit, "李", STROKES, CS_INVALID, "visit work VISIT TEXT");
    assert_ok(cs_visit_record(s->f->replica, &visit, T("work_done"), T("x"), NULL, NULL));
    refuse(s, &visit, "李", STROKES, CS_INVALID, "visit result VISIT");
    assert_ok(cs_visit_record(s->f->replica, &visit, T("result"), T("solved"), NULL, NULL));
    refuse(s, &visit, "", STROKES, CS_INVALID, "signer");
    refuse(s, &visit, "李", "[]", CS_INVALID, "at least one");
    refuse(s, &visit, "李", "not json", CS_INVALID, "JSON");
    char name[300];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    refuse(s, &visit, name, STROKES, CS_TOO_LARGE, "signer");
    refuse(s, &(struct cs_id){{1}}, "李", STROKES, CS_NOT_FOUND, "visit");
    assert_string_equal(text_of(s, "visit", &visit, "status"), "draft");
    /* No number was lost on the way. */
    assert_string_equal(sign_visit(s, &visit).number + 4, "-000001");
}

static void a_second_signature_is_refused(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    refuse(s, &visit, "李主任", STROKES, CS_EXISTS, made.number);
}

/* A visit made by hand, without order, parts and technician, can be signed all the same. */
static void a_bare_visit_is_signed(void **state)
{
    struct site *s = *state;
    struct cs_id visit =
        ADD(s->f, "visit", TEXT_VALUE("work_done", "检查"), TEXT_VALUE("result", "solved"));
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_receipt_check check;
    cs_receipt_check_init(&check);
    assert_ok(cs_receipt_verify(s->f->replica, &made.receipt, &check, NULL));
    assert_true(check.intact);
    assert_int_equal(check.changed_since.count, 0);
    cs_receipt_check_release(&check);
}

/* More than a receipt can hold is said, and nothing is left behind. */
static void too_much_content_is_refused(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    char spec[4096];
    memset(spec, 's', sizeof spec);
    set_value(s->f, "part", &s->part,
              (struct cs_named_value){T("spec"), cs_value_text(cs_bytes_make(spec, sizeof spec))});
    for (int i = 0; i < 32; i++) {
        use_part(s, &visit, "P-001", 1, "");
    }
    refuse(s, &visit, "李", STROKES, CS_TOO_LARGE, "snapshot");
    for (int i = 0; i < 32; i++) {
        use_part(s, &visit, "P-001", 1, "");
    }
    refuse(s, &visit, "李", STROKES, CS_TOO_LARGE, "too large");
}

static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    int64_t before = waiting(s);
    enum cs_status status = CS_NO_MEMORY;
    long n = 0;
    for (; status != CS_OK && n < 50000; n++) {
        struct cs_visit_signed made;
        memset(&made, 0x5a, sizeof made);
        cs_memory_fail_after(n);
        status = try_sign(s, &visit, "李主任", STROKES, &made);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(made.number[1], 0x5a);
            assert_int_equal(waiting(s), before);
        } else {
            assert_string_equal(made.number + 4, "-000001");
        }
    }
    assert_ok(status);
    assert_int_equal(waiting(s), before + 1);
    assert_true(n > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(a_receipt_holds_what_was_signed),
        VISIT_TEST(the_record_names_and_signs_everything),
        VISIT_TEST(the_record_carries_the_last_checkpoint),
        cmocka_unit_test(strokes_are_bound_to_the_snapshot),
        VISIT_TEST(receipts_are_numbered_in_order),
        VISIT_TEST(what_is_missing_is_named),
        VISIT_TEST(a_second_signature_is_refused),
        VISIT_TEST(a_bare_visit_is_signed),
        VISIT_TEST(too_much_content_is_refused),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
