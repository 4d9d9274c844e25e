/* Rows in memory: named fields, blobs, copies and hashes. */
#include "tests/unit/shared_rows/rows_fixture.h"

static int set_up(void **state)
{
    struct cs_arena *arena = calloc(1, sizeof *arena);
    assert_non_null(arena);
    cs_arena_init(arena, CS_MEBI);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    cs_memory_fail_after(-1);
    cs_arena_release(*state);
    free(*state);
    return 0;
}

static const struct cs_named_value sample_fields[] = {
    {{(const uint8_t *)"zeal", 4}, {CS_VALUE_INTEGER, -4, {NULL, 0}}},
    {{(const uint8_t *)"count", 5}, {CS_VALUE_INTEGER, 3, {NULL, 0}}},
    {{(const uint8_t *)"mood", 4}, {CS_VALUE_TEXT, 0, {(const uint8_t *)"good", 4}}},
    {{(const uint8_t *)"name", 4}, {CS_VALUE_TEXT, 0, {(const uint8_t *)"n", 1}}},
};

static struct cs_stored_row sample(struct cs_arena *arena, const char *entity)
{
    struct cs_stored_row row;
    assert_ok(cs_row_from_fields(&schema_1, T(entity), sample_fields, CS_COUNT(sample_fields),
                                 arena, &row));
    row.id = id_of(3);
    row.exists = true;
    row.deleted = true;
    row.versions = T("versions");
    row.scopes = cs_bytes_make("\x01\x02\x09", 3);
    row.position = (uint64_t)1 << 40;
    return row;
}

static void fields_find_their_places(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    assert_ptr_equal(row.entity, &visit_1);
    assert_value(&row.values[VISIT_NAME], TEXT("n"));
    assert_value(&row.values[VISIT_COUNT], NUMBER(3));
    assert_value(&row.values[VISIT_NOTE], CS_NULL);
    assert_int_equal(row.extra_count, 2);
    assert_bytes(row.extra[0].name, T("mood"));
    assert_bytes(row.extra[1].name, T("zeal"));
    row = sample(*state, "unknown");
    assert_null(row.entity);
    assert_null(row.values);
    assert_bytes(row.name, T("unknown"));
    assert_int_equal(row.extra_count, 4);
    static const char *const names[] = {"count", "mood", "name", "zeal"};
    for (size_t i = 0; i < 4; i++) {
        assert_bytes(row.extra[i].name, T(names[i]));
    }
}

static void two_values_of_one_field_are_refused(void **state)
{
    const struct cs_named_value known[] = {field("name", TEXT("a")), field("name", TEXT("b"))};
    const struct cs_named_value unknown[] = {field("x", TEXT("a")), field("w", TEXT("a")),
                                             field("x", TEXT("b"))};
    struct cs_stored_row row = {.position = 5};
    assert_status(cs_row_from_fields(&schema_1, T("visit"), known, 2, *state, &row), CS_MALFORMED);
    assert_status(cs_row_from_fields(&schema_1, T("visit"), unknown, 3, *state, &row),
                  CS_MALFORMED);
    assert_status(cs_row_from_fields(&schema_1, T("else"), known, 2, *state, &row), CS_MALFORMED);
    assert_int_equal(row.position, 5);
}

static void fields_come_out_without_nulls(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    row.extra[0].value = CS_NULL;
    struct cs_named_value *fields;
    size_t count;
    assert_ok(cs_row_fields(&row, *state, &fields, &count));
    assert_int_equal(count, 3);
    assert_bytes(fields[0].name, T("name"));
    assert_bytes(fields[1].name, T("count"));
    assert_bytes(fields[2].name, T("zeal"));
    /* A row that does not exist has none. */
    struct cs_stored_row absent = {.entity = &visit_1, .name = T("visit")};
    assert_ok(cs_row_fields(&absent, *state, &fields, &count));
    assert_int_equal(count, 0);
}

static void the_hash_is_that_of_the_fields(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    uint8_t hash[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    assert_ok(cs_stored_row_hash(&row, hash));
    assert_ok(cs_row_hash(T("visit"), &row.id, true, row.versions, sample_fields,
                          CS_COUNT(sample_fields), expected));
    assert_memory_equal(hash, expected, CS_HASH_SIZE);
    /* Who knows which fields makes no difference; scopes and position are not part of it. */
    struct cs_stored_row newer;
    assert_ok(cs_row_from_fields(&schema_2, T("visit"), sample_fields, CS_COUNT(sample_fields),
                                 *state, &newer));
    newer.id = row.id;
    newer.deleted = true;
    newer.versions = row.versions;
    assert_ok(cs_stored_row_hash(&newer, hash));
    assert_memory_equal(hash, expected, CS_HASH_SIZE);
    row.deleted = false;
    assert_ok(cs_stored_row_hash(&row, hash));
    assert_memory_not_equal(hash, expected, CS_HASH_SIZE);
}

static void blobs_come_back_equal(void **state)
{
    static const char *const entities[] = {"visit", "unknown"};
    for (size_t i = 0; i < CS_COUNT(entities); i++) {
        struct cs_stored_row row = sample(*state, entities[i]);
        struct cs_buffer blob;
        cs_buffer_init(&blob, CS_MEBI);
        assert_ok(cs_stored_row_encode(&row, &blob));
        struct cs_id id = id_of(3);
        char name[16];
        (void)snprintf(name, sizeof name, "%s", entities[i]);
        struct cs_stored_row decoded;
        assert_ok(cs_stored_row_decode(&schema_1, T(name), &id, cs_buffer_bytes(&blob), *state,
                                       &decoded));
        /* Nothing of it is a view of the caller's bytes. */
        cs_buffer_release(&blob);
        memset(name, '?', sizeof name - 1);
        assert_same_row(&decoded, &row);
    }
}

static void a_blob_of_an_older_schema_is_read_with_the_newer(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    struct cs_buffer blob;
    cs_buffer_init(&blob, CS_MEBI);
    assert_ok(cs_stored_row_encode(&row, &blob));
    struct cs_stored_row decoded;
    assert_ok(cs_stored_row_decode(&schema_2, T("visit"), &row.id, cs_buffer_bytes(&blob), *state,
                                   &decoded));
    assert_value(&decoded.values[VISIT_MOOD], TEXT("good"));
    assert_int_equal(decoded.extra_count, 1);
    cs_buffer_release(&blob);
}

static void no_cut_or_changed_blob_is_taken_for_another_row_silently(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    struct cs_buffer blob;
    cs_buffer_init(&blob, CS_MEBI);
    assert_ok(cs_stored_row_encode(&row, &blob));
    size_t refused = 0;
    for (size_t size = 0; size < blob.size; size++) {
        struct cs_stored_row decoded = {.position = 1};
        enum cs_status status = cs_stored_row_decode(
            &schema_1, T("visit"), &row.id, cs_bytes_make(blob.data, size), *state, &decoded);
        /* Cut between two fields it is a row of fewer fields; anywhere else it is damage. */
        assert_true(status == CS_OK || status == CS_CORRUPT);
        refused += status == CS_CORRUPT ? 1 : 0;
        assert_true(status == CS_OK || decoded.position == 1);
    }
    assert_int_equal(refused, blob.size - CS_COUNT(sample_fields));
    blob.data[0] = 2; /* deleted is 0 or 1 */
    struct cs_stored_row decoded;
    assert_status(cs_stored_row_decode(&schema_1, T("visit"), &row.id, cs_buffer_bytes(&blob),
                                       *state, &decoded),
                  CS_CORRUPT);
    cs_buffer_release(&blob);
}

static void a_blob_with_two_values_of_a_field_is_damage(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    struct cs_buffer blob;
    cs_buffer_init(&blob, CS_MEBI);
    assert_ok(cs_stored_row_encode(&row, &blob));
    struct cs_named_value again = field("name", TEXT("b"));
    cs_named_values_put(&again, 1, &blob);
    struct cs_stored_row decoded;
    assert_status(cs_stored_row_decode(&schema_1, T("visit"), &row.id, cs_buffer_bytes(&blob),
                                       *state, &decoded),
                  CS_CORRUPT);
    cs_buffer_release(&blob);
}

static void a_blob_that_is_too_large_is_told(void **state)
{
    struct cs_stored_row row = sample(*state, "visit");
    struct cs_buffer blob;
    cs_buffer_init(&blob, 20);
    assert_status(cs_stored_row_encode(&row, &blob), CS_LIMIT);
    cs_buffer_release(&blob);
}

static void named_values_are_lists_of_units(void **state)
{
    const struct cs_named_value fields[] = {field("b", TEXT("x")), field("", NUMBER(-1)),
                                            field("a", CS_NULL)};
    struct cs_buffer blob;
    cs_buffer_init(&blob, CS_MEBI);
    cs_named_values_put(fields, CS_COUNT(fields), &blob);
    assert_hex(cs_buffer_bytes(&blob), "0000000162"
                                       "000000020278"
                                       "00000000"
                                       "0000000901ffffffffffffffff"
                                       "0000000161"
                                       "0000000100");
    struct cs_named_value *taken;
    size_t count;
    assert_ok(cs_named_values_take(cs_buffer_bytes(&blob), *state, &taken, &count));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_bytes(taken[i].name, fields[i].name);
        assert_value(&taken[i].value, fields[i].value);
    }
    cs_buffer_release(&blob);
    assert_ok(cs_named_values_take(CS_BYTES_NONE, *state, &taken, &count));
    assert_int_equal(count, 0);
}

static void malformed_named_values_are_damage(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"\0", 1},
        {"\0\0\0\1", 4},
        {"\0\0\0\1a", 5},
        {"\0\0\0\1a\0\0\0\1", 9},
        {"\0\0\0\1a\0\0\0\0", 9},        /* no kind */
        {"\0\0\0\1a\0\0\0\1\4", 10},     /* unknown kind */
        {"\0\0\0\1a\0\0\0\2\0\0", 11},   /* NULL with content */
        {"\0\0\0\1a\0\0\0\2\1\0", 11},   /* a short integer */
        {"\0\0\0\1a\0\0\0\2\2\xff", 11}, /* not UTF-8 */
        {"\xff\xff\xff\xff"
         "a\0\0\0\1\0",
         10}, /* a length beyond the end */
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_named_value *taken = NULL;
        size_t count = 9;
        assert_status(cs_named_values_take(cs_bytes_make(cases[i].bytes, cases[i].size), *state,
                                           &taken, &count),
                      CS_CORRUPT);
        assert_null(taken);
        assert_int_equal(count, 9);
    }
}

static void copies_are_deep(void **state)
{
    static const char *const entities[] = {"visit", "unknown"};
    for (size_t i = 0; i < CS_COUNT(entities); i++) {
        struct cs_arena first;
        cs_arena_init(&first, CS_MEBI);
        struct cs_stored_row row = sample(&first, entities[i]);
        struct cs_stored_row copy;
        assert_ok(cs_stored_row_copy(&row, *state, &copy));
        assert_same_row(&copy, &row);
        assert_true(row.values == NULL || copy.values != row.values);
        assert_ptr_not_equal(copy.extra, row.extra);
        assert_ptr_not_equal(copy.versions.data, row.versions.data);
        cs_arena_release(&first);
        struct cs_stored_row expected = sample(*state, entities[i]);
        assert_same_row(&copy, &expected);
        assert_ok(cs_stored_row_copy(&copy, *state, &copy)); /* onto itself */
        assert_same_row(&copy, &expected);
    }
    struct cs_stored_row absent = {.entity = &visit_1, .name = T("visit"), .id = id_of(1)};
    struct cs_stored_row copy;
    assert_ok(cs_stored_row_copy(&absent, *state, &copy));
    assert_null(copy.values);
    assert_false(copy.exists);
}

static enum cs_status everything(struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_buffer blob;
    cs_buffer_init(&blob, CS_MEBI);
    struct cs_stored_row row;
    enum cs_status status = cs_row_from_fields(&schema_1, T("unknown"), sample_fields,
                                               CS_COUNT(sample_fields), arena, &row);
    if (status == CS_OK) {
        status = cs_stored_row_copy(&row, arena, &row);
    }
    if (status == CS_OK) {
        status = cs_stored_row_encode(&row, &blob);
    }
    uint8_t hash[CS_HASH_SIZE];
    if (status == CS_OK) {
        status = cs_stored_row_hash(&row, hash);
    }
    if (status == CS_OK) {
        status = cs_stored_row_decode(&schema_1, T("visit"), &row.id, cs_buffer_bytes(&blob), arena,
                                      out);
    }
    cs_buffer_release(&blob);
    return status;
}

static void every_failing_allocation_is_clean(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 100);
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        struct cs_stored_row row = {.position = 42};
        cs_memory_fail_after(n);
        status = everything(&arena, &row);
        cs_memory_fail_after(-1);
        cs_arena_release(&arena);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(row.position, 42);
            failures++;
        }
    }
    assert_true(failures >= 5);
}

/* The arena takes 4 KiB at once; its limit reaches every single piece. */
static void every_arena_limit_is_clean(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (size_t limit = 0; status != CS_OK; limit += 16) {
        assert_true(limit < 16 * CS_KIBI);
        struct cs_arena arena;
        cs_arena_init(&arena, limit);
        struct cs_stored_row row = {.position = 42};
        status = everything(&arena, &row);
        cs_arena_release(&arena);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(row.position, 42);
            failures++;
        }
    }
    assert_true(failures > 20);
}

#define MEMORY_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_TEST(fields_find_their_places),
        MEMORY_TEST(two_values_of_one_field_are_refused),
        MEMORY_TEST(fields_come_out_without_nulls),
        MEMORY_TEST(the_hash_is_that_of_the_fields),
        MEMORY_TEST(blobs_come_back_equal),
        MEMORY_TEST(a_blob_of_an_older_schema_is_read_with_the_newer),
        MEMORY_TEST(no_cut_or_changed_blob_is_taken_for_another_row_silently),
        MEMORY_TEST(a_blob_with_two_values_of_a_field_is_damage),
        MEMORY_TEST(a_blob_that_is_too_large_is_told),
        MEMORY_TEST(named_values_are_lists_of_units),
        MEMORY_TEST(malformed_named_values_are_damage),
        MEMORY_TEST(copies_are_deep),
        MEMORY_TEST(every_failing_allocation_is_clean),
        MEMORY_TEST(every_arena_limit_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
