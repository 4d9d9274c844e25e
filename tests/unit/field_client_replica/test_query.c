/* Reading by what people type: names, keys, prefixes, filters, labels. */
#include "tests/unit/field_client_replica/client_fixture.h"

struct listed {
    size_t count;
    struct cs_id ids[8];
    enum cs_status answer;
};

static enum cs_status note(void *context, const struct cs_stored_row *row)
{
    struct listed *listed = context;
    assert_true(listed->count < CS_COUNT(listed->ids));
    assert_false(row->deleted);
    listed->ids[listed->count++] = row->id;
    return listed->answer;
}

static void rows_are_found_by_key_id_and_prefix(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "a");
    struct cs_id b = fixture_part(f, "P-2", "b");
    struct cs_id found;
    struct cs_problem problem = {""};
    char text[CS_ID_TEXT_SIZE];
    assert_ok(cs_query_resolve(f->replica, T("part"), T("P-2"), &found, &problem));
    assert_true(cs_id_equal(&found, &b));
    cs_id_format(&a, text);
    assert_ok(cs_query_resolve(f->replica, T("part"), T(text), &found, &problem));
    assert_true(cs_id_equal(&found, &a));
    for (size_t i = 0; text[i] != '\0'; i++) {
        text[i] = (char)(text[i] >= 'a' && text[i] <= 'f' ? text[i] - 32 : text[i]);
    }
    assert_ok(cs_query_resolve(f->replica, T("part"), T(text), &found, &problem));
    assert_true(cs_id_equal(&found, &a));
    text[8] = '\0'; /* both were made in the same second */
    assert_status(cs_query_resolve(f->replica, T("part"), T(text), &found, &problem), CS_EXISTS);
    assert_non_null(strstr(problem.text, "give the id"));
    fixture_delete(f, "part", &b);
    assert_ok(cs_query_resolve(f->replica, T("part"), T(text), &found, &problem));
    assert_true(cs_id_equal(&found, &a));
    text[3] = '\0'; /* too short to mean anything */
    assert_status(cs_query_resolve(f->replica, T("part"), T(text), &found, &problem), CS_NOT_FOUND);
    assert_status(cs_query_resolve(f->replica, T("part"), T("P-2"), &found, &problem),
                  CS_NOT_FOUND);
    assert_status(cs_query_resolve(f->replica, T("part"), T(""), &found, &problem), CS_NOT_FOUND);
    assert_status(cs_query_resolve(f->replica, T("prat"), T("P-1"), &found, &problem),
                  CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "part"));
    static const char long_hex[] = "00112233445566778899aabbccddeeff00";
    assert_status(cs_query_resolve(f->replica, T("part"), T(long_hex), &found, &problem),
                  CS_NOT_FOUND);
}

static void two_rows_with_one_key_are_named(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "a");
    struct cs_id copy_id = {{7}};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    /* As it comes about when two laptops make the same part while apart. */
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), &a, &arena, &row));
    row.id = copy_id;
    assert_ok(cs_row_store(cs_replica_tables(f->replica), &row));
    struct cs_id found;
    struct cs_problem problem = {""};
    assert_status(cs_query_resolve(f->replica, T("part"), T("P-1"), &found, &problem), CS_EXISTS);
    assert_non_null(strstr(problem.text, "07000000"));
    cs_arena_release(&arena);
}

static void single_rows(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "a");
    struct cs_id nobody = {{1}};
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_problem problem = {""};
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_query_get(f->replica, T("part"), &a, &arena, &row, &problem));
    assert_true(cs_bytes_equal_text(row.values[0].bytes, "P-1"));
    assert_status(cs_query_get(f->replica, T("part"), &nobody, &arena, &row, &problem),
                  CS_NOT_FOUND);
    assert_status(cs_query_get(f->replica, T("nothing"), &a, &arena, &row, &problem), CS_NOT_FOUND);
    fixture_delete(f, "part", &a);
    assert_status(cs_query_get(f->replica, T("part"), &a, &arena, &row, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "deleted"));
    cs_arena_release(&arena);
}

static void lists_take_filters_as_typed(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value values[] = {TEXT_VALUE("name", "厂"), TEXT_VALUE("code", "C-1")};
    struct cs_id customer = fixture_insert(f, "customer", values, 2);
    struct cs_named_value site[] = {TEXT_VALUE("name", "s"),
                                    {T("customer"), cs_value_bytes(cs_id_bytes(&customer))}};
    struct cs_id with = fixture_insert(f, "site", site, 2);
    struct cs_named_value other[] = {TEXT_VALUE("name", "厂二"), TEXT_VALUE("code", "C-2")};
    struct cs_id second = fixture_insert(f, "customer", other, 2);
    site[1].value = cs_value_bytes(cs_id_bytes(&second));
    (void)fixture_insert(f, "site", site, 2);
    struct listed listed = {.count = 0};
    struct cs_problem problem = {""};
    assert_ok(cs_query_list(f->replica, T("site"), NULL, 0, note, &listed, &problem));
    assert_int_equal(listed.count, 2);
    struct cs_query_filter filters[] = {{T("name"), T("s")}, {T("customer"), T("C-1")}};
    listed.count = 0;
    assert_ok(cs_query_list(f->replica, T("site"), filters, 2, note, &listed, &problem));
    assert_int_equal(listed.count, 1);
    assert_true(cs_id_equal(&listed.ids[0], &with));
    struct cs_query_filter unset = {T("phone"), T("")};
    listed.count = 0;
    assert_ok(cs_query_list(f->replica, T("site"), &unset, 1, note, &listed, &problem));
    assert_int_equal(listed.count, 2);
    filters[1].text = T("C-9");
    assert_status(cs_query_list(f->replica, T("site"), filters, 2, note, &listed, &problem),
                  CS_MISSING_REFERENCE);
    filters[1].field = T("customr");
    assert_status(cs_query_list(f->replica, T("site"), filters, 2, note, &listed, &problem),
                  CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "customer"));
    assert_status(cs_query_list(f->replica, T("nothing"), NULL, 0, note, &listed, &problem),
                  CS_NOT_FOUND);
    listed = (struct listed){.answer = CS_LIMIT};
    assert_status(cs_query_list(f->replica, T("site"), NULL, 0, note, &listed, &problem), CS_LIMIT);
    assert_int_equal(listed.count, 1);
}

static void found_by_a_field(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "same");
    (void)fixture_part(f, "P-2", "same");
    struct cs_arena arena;
    struct cs_id *ids = NULL;
    size_t count = 0;
    struct cs_value value = cs_value_text(T("same"));
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(
        cs_query_find(f->replica, T("part"), T("name"), &value, 1, &arena, &ids, &count, NULL));
    assert_int_equal(count, 1);
    assert_true(cs_id_equal(&ids[0], &a));
    assert_ok(
        cs_query_find(f->replica, T("part"), T("name"), &value, 9, &arena, &ids, &count, NULL));
    assert_int_equal(count, 2);
    assert_status(
        cs_query_find(f->replica, T("part"), T("nam"), &value, 9, &arena, &ids, &count, NULL),
        CS_NOT_FOUND);
    assert_status(
        cs_query_find(f->replica, T("?"), T("name"), &value, 9, &arena, &ids, &count, NULL),
        CS_NOT_FOUND);
    cs_arena_release(&arena);
    int64_t number = -1;
    assert_ok(cs_query_count(f->replica, "part", "name", "same", &number));
    assert_int_equal(number, 2);
    assert_ok(cs_query_count(f->replica, "part", "no_such", "same", &number));
    assert_int_equal(number, 0);
    assert_ok(cs_query_count(f->replica, "no_such", "name", "same", &number));
    assert_int_equal(number, 0);
}

static void labels_stand_for_ids(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "轴承");
    struct cs_id nobody = {{1}};
    const struct cs_entity *part = cs_registry_find(cs_registry_core(), T("part"));
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_ok(cs_query_label(f->replica, part, &a, &out));
    const char *label = part->fields[cs_entity_label_field(part)].name;
    assert_string_equal(cs_buffer_text(&out), fixture_text(f, "part", &a, label));
    cs_buffer_clear(&out);
    assert_ok(cs_query_label(f->replica, part, &nobody, &out));
    assert_string_equal(cs_buffer_text(&out), "01000000-0000-0000-0000-000000000000");
    cs_buffer_release(&out);
}

static void values_are_parsed_as_typed(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value values[] = {TEXT_VALUE("name", "厂"), TEXT_VALUE("code", "C-1")};
    struct cs_id customer = fixture_insert(f, "customer", values, 2);
    struct cs_arena arena;
    struct cs_named_value parsed;
    struct cs_problem problem = {""};
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(
        cs_edit_parse(f->replica, T("site"), T("customer"), T("C-1"), &arena, &parsed, &problem));
    assert_true(cs_bytes_equal(parsed.value.bytes, cs_id_bytes(&customer)));
    assert_true(cs_bytes_equal_text(parsed.name, "customer"));
    assert_ok(
        cs_edit_parse(f->replica, T("site"), T("customer"), T(""), &arena, &parsed, &problem));
    assert_int_equal(parsed.value.kind, CS_VALUE_NULL);
    assert_status(
        cs_edit_parse(f->replica, T("site"), T("customer"), T("C-7"), &arena, &parsed, &problem),
        CS_MISSING_REFERENCE);
    assert_ok(
        cs_edit_parse(f->replica, T("part"), T("price_cents"), T("12"), &arena, &parsed, &problem));
    assert_int_equal(parsed.value.integer, 12);
    assert_status(
        cs_edit_parse(f->replica, T("part"), T("price_cents"), T("12a"), &arena, &parsed, &problem),
        CS_INVALID);
    assert_status(
        cs_edit_parse(f->replica, T("part"), T("prize_cents"), T("12"), &arena, &parsed, &problem),
        CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "price_cents"));
    assert_status(
        cs_edit_parse(f->replica, T("pert"), T("name"), T("12"), &arena, &parsed, &problem),
        CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "part"));
    char long_name[400];
    memset(long_name, 'q', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_status(
        cs_edit_parse(f->replica, T(long_name), T("name"), T("12"), &arena, &parsed, &problem),
        CS_NOT_FOUND);
    cs_arena_release(&arena);
}

static void near_names_are_offered(void **state)
{
    (void)state;
    struct cs_buffer out;
    const struct cs_entity *part = cs_registry_find(cs_registry_core(), T("part"));
    cs_buffer_init(&out, CS_MEBI);
    cs_query_near_fields(part, T("codd"), &out);
    assert_string_equal(cs_buffer_text(&out), "code");
    cs_buffer_clear(&out);
    cs_query_near_fields(part, T("zzzzzzzz"), &out);
    assert_non_null(strstr(cs_buffer_text(&out), "code, name"));
    cs_buffer_clear(&out);
    cs_query_near_entities(cs_registry_core(), T("stock"), &out);
    assert_non_null(strstr(cs_buffer_text(&out), "stock_location"));
    assert_null(strstr(cs_buffer_text(&out), "customer"));
    cs_buffer_release(&out);
}

static enum cs_status stop(void *context, const struct cs_pending *pending)
{
    ++*(int *)context;
    assert_int_equal(pending->state, CS_PENDING_WAITING);
    assert_int_equal(pending->change_set, 0);
    return CS_UNAVAILABLE;
}

static void pending_is_counted_and_listed(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "a");
    (void)fixture_part(f, "P-2", "b");
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(counts.packed + counts.refused + counts.held, 0);
    int calls = 0;
    assert_status(cs_query_pending(f->replica, 0, stop, &calls), CS_UNAVAILABLE);
    assert_int_equal(calls, 1);
    assert_ok(cs_query_pending(f->replica, CS_PENDING_REFUSED, stop, &calls));
    assert_int_equal(calls, 1);
    bool unsent = false;
    assert_ok(cs_query_is_unsent(f->replica, T("part"), &a, &unsent));
    assert_true(unsent);
    struct cs_id nobody = {{1}};
    assert_ok(cs_query_is_unsent(f->replica, T("part"), &nobody, &unsent));
    assert_false(unsent);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _pending SET body = x'00' WHERE counter = 1"));
    assert_status(cs_query_pending(f->replica, 0, stop, &calls), CS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(rows_are_found_by_key_id_and_prefix),
        replica_test(two_rows_with_one_key_are_named),
        replica_test(single_rows),
        replica_test(lists_take_filters_as_typed),
        replica_test(found_by_a_field),
        replica_test(labels_stand_for_ids),
        replica_test(values_are_parsed_as_typed),
        replica_test(near_names_are_offered),
        replica_test(pending_is_counted_and_listed),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
