/* Names as people type them: what is near, what is said when there is nothing, values and rows. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "shared/base/text.h"

static const struct cs_field fields[] = {
    {.name = "a", .type = CS_FIELD_TEXT},        {.name = "name", .type = CS_FIELD_TEXT},
    {.name = "names_1", .type = CS_FIELD_TEXT},  {.name = "names_2", .type = CS_FIELD_TEXT},
    {.name = "names_3", .type = CS_FIELD_TEXT},  {.name = "names_4", .type = CS_FIELD_TEXT},
    {.name = "quantity", .type = CS_FIELD_TEXT},
};
static const struct cs_entity thing = {
    .name = "thing", .fields = fields, .field_count = CS_COUNT(fields)};

static const char *near(const char *typed)
{
    static char text[256];
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    cs_query_near_fields(&thing, T(typed), &out);
    (void)snprintf(text, sizeof text, "%s", cs_buffer_text(&out));
    cs_buffer_release(&out);
    return text;
}

static void near_is_two_edits_or_a_common_beginning(void **state)
{
    (void)state;
    assert_string_equal(near("quantity"), "quantity");
    assert_string_equal(near("quantitt"), "quantity");  /* one changed */
    assert_string_equal(near("quntity"), "quantity");   /* one left out */
    assert_string_equal(near("quuantity"), "quantity"); /* one too many */
    assert_string_equal(near("uqantity"), "quantity");  /* two changed */
    assert_string_equal(near("quan"), "quantity");      /* a beginning */
    assert_string_equal(near("quantity_of_all"), "quantity");
    assert_string_equal(near("b"), "a"); /* one edit; one letter is no beginning */
}

static void what_is_far_gets_the_whole_list(void **state)
{
    (void)state;
    const char *all = "a, name, names_1, names_2, names_3, names_4, quantity";
    char huge[300];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_string_equal(near("xyzxyz"), all);
    assert_string_equal(near(huge), all);
    assert_string_equal(near("quxntxtx"), all); /* begins alike, but is none's beginning */
    assert_string_equal(near("xuxxtity"), all); /* three edits */
}

static void at_most_four_are_offered(void **state)
{
    (void)state;
    assert_string_equal(near("names"), "name, names_1, names_2, names_3");
    assert_string_equal(near(""), "a"); /* nothing typed is one edit away from one letter */
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    cs_buffer_append_text(&out, "did you mean ");
    cs_query_near_fields(&thing, T("quantiti"), &out);
    assert_string_equal(cs_buffer_text(&out), "did you mean quantity"); /* appended */
    cs_buffer_release(&out);
}

static void unknown_names_are_said_with_what_there_is(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    const struct cs_entity *entity = NULL;
    size_t index = 77;
    assert_status(cs_edit_entity(f->replica, T("parts"), &entity, &problem), CS_NOT_FOUND);
    assert_null(entity);
    assert_non_null(strstr(problem.text, "\"parts\""));
    assert_non_null(strstr(problem.text, "part"));
    assert_status(cs_edit_entity(f->replica, CS_BYTES_NONE, &entity, &problem), CS_NOT_FOUND);
    assert_status(cs_edit_entity(f->replica, T("part"), &entity, &problem), CS_OK);
    assert_string_equal(entity->name, "part");
    assert_status(cs_edit_field(entity, T("nmae"), &index, &problem), CS_NOT_FOUND);
    assert_int_equal(index, 77);
    assert_non_null(strstr(problem.text, "name"));
    assert_ok(cs_edit_field(entity, T("code"), &index, &problem));
    assert_int_equal(index, 0);
    assert_status(cs_edit_field(entity, CS_BYTES_NONE, &index, NULL), CS_NOT_FOUND);
}

/* A long name is cut between characters, so that the message stays text. */
static void long_names_are_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    const struct cs_entity *entity = NULL;
    char typed[301] = "";
    for (int i = 0; i < 100; i++) {
        memcpy(typed + (size_t)i * 3, "件", 3);
    }
    typed[300] = '\0';
    assert_status(cs_edit_entity(f->replica, T(typed), &entity, &problem), CS_NOT_FOUND);
    assert_true(cs_utf8_valid(T(problem.text)));
    assert_non_null(strstr(problem.text, "件\"; there are"));
    assert_null(strstr(problem.text, typed));
}

static enum cs_status parse(struct fixture *f, const char *field, const char *text,
                            struct cs_value *out, struct cs_arena *arena,
                            struct cs_problem *problem)
{
    struct cs_named_value value = {.name = T("untouched")};
    enum cs_status status =
        cs_edit_parse(f->replica, T("stock_movement"), T(field), T(text), arena, &value, problem);
    if (status == CS_OK) {
        assert_true(cs_bytes_equal_text(value.name, field));
        *out = value.value;
    } else {
        assert_true(cs_bytes_equal_text(value.name, "untouched"));
    }
    return status;
}

static void references_are_ids_keys_or_beginnings(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_problem problem = {""};
    struct cs_arena arena;
    struct cs_value value = CS_NULL;
    char text[CS_ID_TEXT_SIZE];
    cs_arena_init(&arena, CS_MEBI);
    cs_id_format(&id, text);
    assert_ok(parse(f, "part", text, &value, &arena, &problem));
    assert_memory_equal(value.bytes.data, id.bytes, CS_ID_SIZE);
    value = CS_NULL;
    assert_ok(parse(f, "part", "P-1", &value, &arena, &problem));
    assert_memory_equal(value.bytes.data, id.bytes, CS_ID_SIZE);
    text[13] = '\0';
    value = CS_NULL;
    assert_ok(parse(f, "part", text, &value, &arena, &problem));
    assert_memory_equal(value.bytes.data, id.bytes, CS_ID_SIZE);
    assert_status(parse(f, "part", "P-9", &value, &arena, &problem), CS_MISSING_REFERENCE);
    assert_ok(parse(f, "part", "", &value, &arena, &problem));
    assert_int_equal(value.kind, CS_VALUE_NULL);
    assert_status(parse(f, "quantity", "many", &value, &arena, &problem), CS_INVALID);
    assert_status(parse(f, "amount", "1", &value, &arena, &problem), CS_NOT_FOUND);
    cs_arena_release(&arena);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    (void)fixture_part(f, "P-1", "a");
    bool completed = false;
    for (long n = 0; !completed && n < 200; n++) {
        struct cs_arena arena;
        struct cs_value value = CS_NULL;
        cs_arena_init(&arena, CS_MEBI);
        cs_memory_fail_after(n);
        enum cs_status status = parse(f, "part", "P-1", &value, &arena, NULL);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        cs_arena_release(&arena);
    }
    assert_true(completed);
    /* Without memory for the list the message is shorter, and the status the same. */
    const struct cs_entity *entity = NULL;
    struct cs_problem problem = {""};
    cs_memory_fail_after(0);
    assert_status(cs_edit_entity(f->replica, T("x"), &entity, &problem), CS_NOT_FOUND);
    cs_memory_fail_after(-1);
    assert_non_null(strstr(problem.text, "\"x\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(near_is_two_edits_or_a_common_beginning),
        replica_test(what_is_far_gets_the_whole_list),
        replica_test(at_most_four_are_offered),
        replica_test(unknown_names_are_said_with_what_there_is),
        replica_test(long_names_are_cut_between_characters),
        replica_test(references_are_ids_keys_or_beginnings),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
