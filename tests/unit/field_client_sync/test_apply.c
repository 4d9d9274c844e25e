/* Large answers: ten thousand echoes and rows, in a time that shows no quadratic walk. */
#include "tests/unit/field_client_sync/server_fixture.h"

#include "field-client/replica/doctor.h"

#include <time.h>

#define MANY 10000
/* Generous: a sanitizer build on a busy machine must pass; a quadratic walk must not. */
#define SECONDS_MAX 30.0

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void insert_many(struct fixture *f, bool one_transaction)
{
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    for (int i = 0; i < MANY; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "PART-%06d", i);
        struct cs_named_value values[] = {TEXT_VALUE("code", code), TEXT_VALUE("name", "轴承"),
                                          NUMBER_VALUE("price_cents", i)};
        assert_ok(cs_edit_insert(edit, T("part"), NULL, values, 3, NULL, NULL));
        if (!one_transaction) {
            assert_ok(cs_edit_next_transaction(edit));
        }
    }
    assert_ok(cs_edit_commit(edit));
}

/* All rows of the view into the server's multiset. */
static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_stored_row_hash(row, hash));
    cs_multiset_add(context, hash);
    return CS_OK;
}

static void count_all(struct server *s)
{
    memset(&s->everyone, 0, sizeof s->everyone);
    assert_ok(cs_row_scan_all(cs_replica_tables(s->f->replica), count_row, &s->everyone));
}

static void exchange(struct server *s, uint64_t first, uint64_t transactions, uint64_t operations,
                     const char *what)
{
    struct cs_sync_session *session = NULL;
    double start = seconds();
    assert_ok(cs_sync_begin(s->f->replica, &session));
    assert_true(server_take(s, session));
    double packed = seconds() - start;
    server_outcome(s, first, CS_OUTCOME_APPLIED, transactions, 1);
    s->echoes[0].count = operations;
    count_all(s);
    start = seconds();
    assert_ok(server_answer(s, session, NULL));
    double applied = seconds() - start;
    print_message("%s: packed in %.0f ms, applied in %.0f ms, request %zu bytes\n", what,
                  packed * 1000, applied * 1000, s->request.size);
    assert_true(packed + applied < SECONDS_MAX);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(cs_sync_result(session)->pushed, transactions);
    assert_false(server_take(s, session));
    cs_sync_end(session);
    assert_int_equal(fixture_count_sql(s->f, "SELECT count(*) FROM _pending"), 0);
    assert_int_equal(fixture_count_sql(s->f, "SELECT count(*) FROM _overlay"), 0);
}

static void ten_thousand_echoes(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    insert_many(f, false);
    exchange(&s, 1, MANY, MANY, "10,000 transactions of one insert");
    server_release(&s);
}

struct every_part {
    struct cs_edit *edit;
    struct cs_id *ids;
    size_t count;
};

static enum cs_status note_id(void *context, const struct cs_stored_row *row)
{
    struct every_part *parts = context;
    parts->ids[parts->count++] = row->id;
    return CS_OK;
}

static void update_every_part(struct fixture *f, int64_t price)
{
    struct every_part parts = {.ids = calloc(MANY, sizeof(struct cs_id))};
    assert_non_null(parts.ids);
    assert_ok(cs_query_list(f->replica, T("part"), NULL, 0, note_id, &parts, NULL));
    assert_int_equal(parts.count, MANY);
    double start = seconds();
    assert_ok(cs_edit_begin(f->replica, &parts.edit));
    for (size_t i = 0; i < parts.count; i++) {
        struct cs_named_value value = NUMBER_VALUE("price_cents", price);
        assert_ok(cs_edit_update(parts.edit, T("part"), &parts.ids[i], &value, 1, NULL));
    }
    assert_ok(cs_edit_commit(parts.edit));
    print_message("10,000 updates in one transaction: %.0f ms\n", (seconds() - start) * 1000);
    free(parts.ids);
}

/* Two transactions over the same ten thousand rows, one acknowledged while the other waits. */
static void one_large_transaction_under_another(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    insert_many(f, true);
    exchange(&s, 1, 1, MANY, "one transaction of 10,000 inserts");
    update_every_part(f, 20000);
    struct cs_sync_session *session = NULL;
    assert_ok(cs_sync_begin(f->replica, &session));
    assert_true(server_take(&s, session));
    server_outcome(&s, 2, CS_OUTCOME_APPLIED, 1, 1);
    s.echoes[0].count = MANY;
    count_all(&s);
    update_every_part(f, 30000);
    double start = seconds();
    assert_ok(server_answer(&s, session, NULL));
    print_message("10,000 echoes under a waiting transaction: %.0f ms\n",
                  (seconds() - start) * 1000);
    assert_true(seconds() - start < SECONDS_MAX);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(f->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.overlaid_checked, MANY);
    server_release(&s);
}

static void ten_thousand_pulled_rows(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_row *rows = calloc(MANY, sizeof *rows);
    struct cs_named_value(*fields)[3] = calloc(MANY, sizeof *fields);
    char(*codes)[32] = calloc(MANY, sizeof *codes);
    assert_true(rows != NULL && fields != NULL && codes != NULL);
    struct cs_sync_session *session = NULL;
    assert_ok(cs_sync_begin(f->replica, &session));
    assert_true(server_take(&s, session));
    for (size_t i = 0; i < MANY; i++) {
        struct cs_id id = cs_replica_draw_id(f->replica);
        uint8_t hash[CS_HASH_SIZE];
        (void)snprintf(codes[i], sizeof codes[i], "PART-%06zu", i);
        fields[i][0] = TEXT_VALUE("code", codes[i]);
        fields[i][1] = TEXT_VALUE("name", "轴承");
        fields[i][2] = NUMBER_VALUE("price_cents", (int64_t)i);
        rows[i] = (struct cs_row){.entity = T("part"),
                                  .id = id,
                                  .versions = server_versions(&s, 77, i + 1),
                                  .fields = fields[i],
                                  .field_count = 3};
        assert_ok(cs_row_hash(rows[i].entity, &id, false, rows[i].versions, fields[i], 3, hash));
        cs_multiset_add(&s.everyone, hash);
    }
    s.response.rows = rows;
    s.response.row_count = MANY;
    double start = seconds();
    assert_ok(server_answer(&s, session, NULL));
    print_message("10,000 pulled rows: %.0f ms with encoding\n", (seconds() - start) * 1000);
    assert_true(seconds() - start < SECONDS_MAX);
    assert_int_equal(cs_sync_result(session)->pulled, MANY);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    free(rows);
    free(fields);
    free(codes);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(ten_thousand_echoes),
        replica_test(one_large_transaction_under_another),
        replica_test(ten_thousand_pulled_rows),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
