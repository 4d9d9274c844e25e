/* Numbers that stand for nothing, and the account of a series. */
#include "tests/unit/field_client_visit/visit_fixture.h"

#include "field-client/visit/series.h"
#include "field-client/visit/void.h"
#include "shared/evidence/record.h"

static enum cs_status declare(struct site *s, const char *text, const char *reason,
                              struct cs_receipt_voided *out)
{
    return cs_receipt_void(s->f->replica, T(text), T(reason), out, &s->problem);
}

/* A receipt of this device's next number. */
static struct cs_visit_signed signed_visit(struct site *s)
{
    struct cs_id visit = worked_visit(s);
    return sign_visit(s, &visit);
}

static void a_void_receipt_lets_the_customer_sign_again(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed first = sign_visit(s, &visit);
    struct cs_visit_signed second;
    struct cs_receipt_voided voided;
    assert_status(try_sign(s, &visit, "李主任", STROKES, &second), CS_EXISTS);
    int64_t before = waiting(s);
    assert_ok(declare(s, first.number, "客户要求更正", &voided));
    assert_int_equal(waiting(s), before + 1);
    assert_string_equal(voided.number, first.number);
    assert_true(voided.has_receipt);
    assert_true(cs_id_equal(&voided.receipt, &first.receipt));
    assert_string_equal(text_of(s, "receipt_void", &voided.row, "reason"), "客户要求更正");
    assert_ok(try_sign(s, &visit, "李主任", STROKES, &second));
    assert_string_equal(second.number + 4, "-000002");
    struct cs_id receipt;
    bool found = false;
    assert_ok(cs_visit_receipt(s->f->replica, &visit, &receipt, &found));
    assert_true(found);
    assert_true(cs_id_equal(&receipt, &second.receipt));
    struct cs_receipt_check check;
    cs_receipt_check_init(&check);
    assert_ok(cs_receipt_verify(s->f->replica, &first.receipt, &check, &s->problem));
    assert_true(check.intact);
    assert_line(&check.remarks, 0, "void: 客户要求更正");
    cs_receipt_check_release(&check);
}

/* The declaration is evidence: signed by this device over what it says. */
static void the_declaration_is_signed(void **state)
{
    struct site *s = *state;
    struct cs_visit_signed made = signed_visit(s);
    struct cs_receipt_voided voided;
    assert_ok(declare(s, made.number, "写错", &voided));
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_record record;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_visit_load(s->f->replica, "receipt_void", &voided.row, &arena, &row));
    struct cs_bytes bytes = cs_visit_value(&row, "record")->bytes;
    assert_ok(cs_record_decode(bytes, &arena, &record));
    assert_true(cs_bytes_equal_text(record.kind, CS_RECEIPT_VOID_KIND));
    assert_int_equal(record.field_count, 4);
    assert_true(cs_bytes_equal_text(record.fields[0].value.bytes, made.number));
    assert_true(cs_bytes_equal_text(record.fields[1].value.bytes, "写错"));
    assert_true(cs_bytes_equal(record.fields[2].value.bytes, cs_id_bytes(&made.receipt)));
    cs_arena_release(&arena);
}

static void what_cannot_be_void_is_refused(void **state)
{
    struct site *s = *state;
    struct cs_visit_signed made = signed_visit(s);
    struct cs_receipt_voided voided;
    char prefix[CS_SERIES_PREFIX_MAX + 1];
    char later[CS_RECEIPT_NUMBER_MAX];
    cs_series_prefix(cs_identity_log(s->f->identity), 4, prefix);
    (void)snprintf(later, sizeof later, "%s-000002", prefix);
    int64_t before = waiting(s);
    assert_status(declare(s, made.number, "", &voided), CS_INVALID);
    assert_says(&s->problem, "--reason");
    assert_status(declare(s, later, "写错", &voided), CS_INVALID);
    assert_says(&s->problem, "has not been given yet");
    assert_status(declare(s, "NONE-000001", "写错", &voided), CS_NOT_FOUND);
    assert_says(&s->problem, "no series");
    assert_status(declare(s, "0123456789", "写错", &voided), CS_NOT_FOUND);
    assert_int_equal(waiting(s), before);
    assert_ok(declare(s, made.number, "写错", &voided));
    assert_status(declare(s, made.number, "写错", &voided), CS_EXISTS);
    assert_says(&s->problem, "void already");
}

/* Given, but its receipt was refused: the number stands on paper and in no row. */
static void a_number_without_a_receipt_is_void(void **state)
{
    struct site *s = *state;
    struct cs_visit_signed made = signed_visit(s);
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("receipt"), &made.receipt));
    struct cs_receipt_voided voided;
    assert_ok(declare(s, made.number, "纸张损坏", &voided));
    assert_false(voided.has_receipt);
    assert_status(declare(s, made.number, "纸张损坏", &voided), CS_EXISTS);
    /* Also where the series row went back with the refusal, but this device remembers. */
    made = signed_visit(s);
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("receipt"), &made.receipt));
    struct cs_id series;
    char prefix[CS_SERIES_PREFIX_MAX + 1];
    cs_series_prefix(cs_identity_log(s->f->identity), 4, prefix);
    assert_ok(cs_query_resolve(s->f->replica, T("receipt_series"), T(prefix), &series, NULL));
    set_value(s->f, "receipt_series", &series, NUMBER_VALUE("last_number", 1));
    assert_ok(declare(s, made.number, "纸张损坏", &voided));
}

static struct cs_id add_receipt(struct site *s, const struct cs_id *visit, const char *number)
{
    /* Behind the natural key, as another copy of this disk would have made it. */
    struct cs_id id = ADD(s->f, "receipt", TEXT_VALUE("number", "ZZZZ-999999"),
                          ID_VALUE("visit", visit), TEXT_VALUE("signer", "李主任"),
                          NUMBER_VALUE("signed_at", cs_instant_make(s->f->fake.wall_ms, 480)),
                          ((struct cs_named_value){T("record"), cs_value_bytes(T("x"))}));
    struct cs_arena arena;
    struct cs_stored_row row;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_visit_load(s->f->replica, "receipt", &id, &arena, &row));
    row.values[cs_entity_field_index(row.entity, T("number"))] = cs_value_text(T(number));
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    cs_arena_release(&arena);
    return id;
}

static struct cs_id add_series(struct site *s, const char *prefix, int64_t last)
{
    static const uint8_t log[8] = {1};
    return ADD(s->f, "receipt_series",
               ((struct cs_named_value){T("device"), cs_value_bytes(cs_bytes_of_array(log))}),
               TEXT_VALUE("prefix", prefix), NUMBER_VALUE("last_number", last));
}

static void assert_range(const struct cs_series_account *account, size_t index,
                         enum cs_number_state state, int64_t first, int64_t last)
{
    assert_true(index < account->range_count);
    assert_int_equal(account->ranges[index].state, state);
    assert_int_equal(account->ranges[index].first, first);
    assert_int_equal(account->ranges[index].last, last);
}

static void every_number_is_accounted_for(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_id series = add_series(s, "OLD", 9);
    struct cs_receipt_voided voided;
    (void)add_receipt(s, &visit, "OLD-000001");
    (void)add_receipt(s, &visit, "OLD-000002");
    (void)add_receipt(s, &visit, "OLD-000007");
    struct cs_id copy = add_receipt(s, &visit, "OLD-000007");
    struct cs_id wrong = add_receipt(s, &visit, "OLD-000009");
    (void)add_receipt(s, &visit, "OTHER-000003");
    (void)add_receipt(s, &visit, "OLD-5");
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&wrong, id);
    assert_ok(declare(s, id, "写错", &voided));
    assert_ok(declare(s, "OLD-000003", "纸张损坏", &voided));
    struct cs_arena arena;
    struct cs_series_account account;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_series_account(s->f->replica, &series, &arena, &account, &s->problem));
    assert_int_equal(account.range_count, 6);
    assert_range(&account, 0, CS_NUMBER_USED, 1, 2);
    assert_range(&account, 1, CS_NUMBER_VOID, 3, 3);
    assert_range(&account, 2, CS_NUMBER_GAP, 4, 6);
    assert_range(&account, 3, CS_NUMBER_DUPLICATE, 7, 7);
    assert_range(&account, 4, CS_NUMBER_GAP, 8, 8);
    assert_range(&account, 5, CS_NUMBER_VOID, 9, 9);
    assert_int_equal(account.counts[CS_NUMBER_USED], 2);
    assert_int_equal(account.counts[CS_NUMBER_GAP], 4);
    assert_int_equal(account.item_count, 7);
    /* By its number alone nobody can tell which of the two is meant. */
    assert_status(declare(s, "OLD-000007", "重复", &voided), CS_EXISTS);
    assert_says(&s->problem, "several receipts");
    cs_id_format(&copy, id);
    assert_ok(declare(s, id, "重复", &voided));
    assert_string_equal(voided.number, "OLD-000007");
    assert_ok(cs_series_account(s->f->replica, &series, &arena, &account, &s->problem));
    assert_range(&account, 3, CS_NUMBER_USED, 7, 7);
    cs_arena_release(&arena);
}

static void a_series_without_numbers_is_empty(void **state)
{
    struct site *s = *state;
    struct cs_id series = add_series(s, "NEW", 0);
    struct cs_arena arena;
    struct cs_series_account account;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_series_account(s->f->replica, &series, &arena, &account, &s->problem));
    assert_int_equal(account.range_count, 0);
    assert_int_equal(account.item_count, 0);
    assert_status(cs_series_account(s->f->replica, &s->van, &arena, &account, &s->problem),
                  CS_NOT_FOUND);
    cs_arena_release(&arena);
}

static void memory_may_run_out(void **state)
{
    struct site *s = *state;
    struct cs_visit_signed made = signed_visit(s);
    struct cs_receipt_voided voided;
    enum cs_status status = CS_NO_MEMORY;
    int64_t before = waiting(s);
    for (int i = 0; status != CS_OK; i++) {
        assert_true(i < 2000);
        cs_memory_fail_after(i);
        status = declare(s, made.number, "写错", &voided);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(waiting(s), before + (status == CS_OK ? 1 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(a_void_receipt_lets_the_customer_sign_again),
        VISIT_TEST(the_declaration_is_signed),
        VISIT_TEST(what_cannot_be_void_is_refused),
        VISIT_TEST(a_number_without_a_receipt_is_void),
        VISIT_TEST(every_number_is_accounted_for),
        VISIT_TEST(a_series_without_numbers_is_empty),
        VISIT_TEST(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
