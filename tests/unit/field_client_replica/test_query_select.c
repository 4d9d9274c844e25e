/* Selections: what the visitor may do, deleted rows, limits. How rows are chosen: unit_field_client_commands_test_rows_list. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/query_select.h"

struct listed {
    struct fixture *f;
    size_t count;
    enum cs_status answer;
};

static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    struct listed *listed = context;
    assert_true(row->exists && !row->deleted);
    listed->count++;
    return listed->answer;
}

static enum cs_status select_parts(struct fixture *f, const struct cs_query_selection *selection,
                                   struct cs_query_extent *extent, cs_row_visitor *visit,
                                   struct listed *listed)
{
    struct cs_problem problem = {""};
    *listed = (struct listed){.f = f, .answer = listed->answer};
    return cs_query_select(f->replica, T("part"), selection, CS_QUERY_COUNTED, extent, visit,
                           listed, &problem);
}

/* The same list inside of itself. */
static enum cs_status ask_again(void *context, const struct cs_stored_row *row)
{
    struct listed *listed = context;
    struct listed inner = {.count = 0};
    struct cs_query_selection all = {.limit = INT64_MAX};
    struct cs_query_extent extent;
    assert_non_null(row->entity);
    assert_ok(select_parts(listed->f, &all, &extent, count_row, &inner));
    assert_int_equal(inner.count, 2);
    listed->count++;
    return CS_OK;
}

static void the_visitor_may_use_the_replica_and_end_the_list(void **state)
{
    struct fixture *f = *state;
    struct listed listed = {.count = 0};
    struct cs_query_selection all = {.limit = INT64_MAX};
    struct cs_query_extent extent = {true, 9};
    (void)fixture_part(f, "P-1", "a");
    (void)fixture_part(f, "P-2", "b");
    struct cs_id gone = fixture_part(f, "P-3", "c");
    fixture_delete(f, "part", &gone);
    assert_ok(select_parts(f, &all, &extent, ask_again, &listed));
    assert_int_equal(listed.count, 2);
    assert_false(extent.more);
    assert_int_equal(extent.total, 2);
    listed.answer = CS_LIMIT;
    assert_status(select_parts(f, &all, &extent, count_row, &listed), CS_LIMIT);
    assert_int_equal(listed.count, 1);
    assert_true(cs_database_is_idle(cs_replica_database(f->replica)));
}

static void limits_are_kept(void **state)
{
    struct fixture *f = *state;
    struct listed listed = {.count = 0};
    struct cs_query_extent extent = {true, 9};
    struct cs_query_condition conditions[CS_QUERY_CONDITIONS_MAX + 1];
    char search[CS_QUERY_SEARCH_MAX + 2];
    (void)fixture_part(f, "P-1", "a");
    for (size_t i = 0; i < CS_COUNT(conditions); i++) {
        conditions[i] = (struct cs_query_condition){T("name"), T("a"), CS_QUERY_EQUAL};
    }
    struct cs_query_selection selection = {
        .conditions = conditions, .condition_count = CS_COUNT(conditions), .limit = 1};
    assert_status(select_parts(f, &selection, &extent, count_row, &listed), CS_LIMIT);
    selection.condition_count--;
    memset(search, '%', sizeof search);
    selection.search = (struct cs_bytes){(const uint8_t *)search, CS_QUERY_SEARCH_MAX + 1};
    assert_status(select_parts(f, &selection, &extent, count_row, &listed), CS_LIMIT);
    assert_true(extent.more); /* untouched so far */
    selection.search.size--;
    assert_ok(select_parts(f, &selection, &extent, count_row, &listed));
    assert_int_equal(listed.count, 0);
    assert_int_equal(extent.total, 0);
}

static void nothing_is_kept_when_memory_is_out(void **state)
{
    struct fixture *f = *state;
    struct listed listed = {.count = 0};
    struct cs_query_extent extent;
    struct cs_query_condition condition = {T("name"), T("a"), CS_QUERY_EQUAL};
    struct cs_query_selection selection = {.conditions = &condition,
                                           .condition_count = 1,
                                           .search = T("a P"),
                                           .sort = T("code"),
                                           .limit = INT64_MAX};
    (void)fixture_part(f, "P-1", "a");
    enum cs_status status = CS_NO_MEMORY;
    for (int i = 0; status != CS_OK; i++) {
        assert_true(i < 200);
        cs_memory_fail_after(i);
        status = select_parts(f, &selection, &extent, count_row, &listed);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_true(cs_database_is_idle(cs_replica_database(f->replica)));
    }
    assert_int_equal(listed.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(the_visitor_may_use_the_replica_and_end_the_list),
        replica_test(limits_are_kept),
        replica_test(nothing_is_kept_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
