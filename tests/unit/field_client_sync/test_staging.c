/* Pages on disk: kept over the end of the program, thrown away as a whole when they do not fit any more. */
#include "field-client/sync/staging.h"

#include "tests/unit/field_client_sync/server_fixture.h"

/* A page that the server read at this position. */
static void add(struct fixture *f, struct cs_staging *staging, uint64_t position, uint64_t answered)
{
    struct cs_scope_cursor cursor = {.scope.kind = CS_SCOPE_EVERYONE, .position = position / 2};
    struct cs_departure departure = {T("part"), {{1}}};
    struct cs_sync_response page = {.incarnation = {7},
                                    .position = position,
                                    .cursors = &cursor,
                                    .cursor_count = 1,
                                    .departures = &departure,
                                    .departure_count = 1};
    struct cs_buffer body;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    assert_ok(cs_sync_response_encode(&page, &body));
    assert_ok(cs_staging_add(f->replica, staging, cs_buffer_bytes(&body), &page, answered));
    cs_buffer_release(&body);
}

static int64_t load(struct fixture *f, uint8_t incarnation, uint64_t position,
                    struct cs_staging *out)
{
    const struct cs_staging_applied applied = {{incarnation}, position};
    assert_ok(cs_staging_load(f->replica, &applied, out));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), out->page_count);
    return out->page_count;
}

static void stage_three(struct fixture *f)
{
    struct cs_staging staging;
    assert_int_equal(load(f, 0, 0, &staging), 0);
    add(f, &staging, 100, 1);
    add(f, &staging, 120, 4);
    add(f, &staging, 130, 4);
    assert_int_equal(staging.page_count, 3);
    assert_int_equal(staging.began, 100);
    assert_int_equal(staging.row_count, 3);
    cs_staging_release(&staging);
    fixture_reopen(f);
}

static void pages_are_found_again(void **state)
{
    struct fixture *f = *state;
    struct cs_staging staging;
    stage_three(f);
    assert_int_equal(load(f, 7, 100, &staging), 3);
    assert_int_equal(staging.began, 100);
    assert_int_equal(staging.position, 130);
    assert_int_equal(staging.answered, 4);
    assert_int_equal(staging.row_count, 3);
    assert_int_equal(staging.incarnation[0], 7);
    assert_int_equal(staging.cursor_count, 1);
    assert_int_equal(staging.cursors[0].position, 65);
    struct cs_arena arena;
    struct cs_sync_response page;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    for (int64_t number = 1; number <= 3; number++) {
        static const uint64_t positions[] = {100, 120, 130};
        assert_ok(cs_staging_page(f->replica, number, &arena, &page));
        assert_int_equal(page.position, positions[number - 1]);
    }
    assert_status(cs_staging_page(f->replica, 4, &arena, &page), CS_CORRUPT);
    cs_arena_release(&arena);
    cs_staging_release(&staging);
    assert_ok(cs_staging_remove(f->replica));
    assert_int_equal(load(f, 7, 100, &staging), 0);
    cs_staging_release(&staging);
}

static void what_does_not_fit_is_thrown_away(void **state)
{
    struct fixture *f = *state;
    static const char *const damage[] = {
        "SELECT 1", /* none: of an older state than what was applied, or of another server */
        "SELECT 1",
        "UPDATE _staged SET certificate = zeroblob(32) WHERE number = 2",
        "UPDATE _staged SET page = x'010203' WHERE number = 3",
        "DELETE FROM _staged WHERE number = 2",
    };
    for (size_t i = 0; i < CS_COUNT(damage); i++) {
        struct cs_staging staging;
        stage_three(f);
        assert_ok(cs_database_execute(cs_replica_database(f->replica), damage[i]));
        assert_int_equal(load(f, i == 1 ? 8 : 7, i == 0 ? 101 : 100, &staging), 0);
        assert_null(staging.cursors);
        assert_int_equal(staging.answered, 0);
        cs_staging_release(&staging);
    }
}

/* A page that will never be applied must not be in the way of every sync to come. */
static void pages_that_cannot_be_applied_are_fetched_anew(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_problem problem = {""};
    struct cs_id id = {{1}};
    server_init(&s, f);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    (void)server_part(&s, &id, "P-1", "a", 1, 0);
    s.response.last = false;
    assert_ok(server_answer(&s, session, &problem));
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 0); /* of a transaction that was never sent */
    assert_status(server_answer(&s, session, &problem), CS_MALFORMED);
    cs_sync_end(session);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 0);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.cursor_count, 0);
    cs_sync_end(session);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(pages_are_found_again),
        sync_test(what_does_not_fit_is_thrown_away),
        sync_test(pages_that_cannot_be_applied_are_fetched_anew),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
