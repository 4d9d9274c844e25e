/* What the customer signs, as one hash. */
#include "shared/rows/signed_content.h"

#include "tests/unit/shared_rows/rows_fixture.h"

struct hash {
    uint8_t bytes[CS_HASH_SIZE];
};

static struct hash content(struct rows_fixture *f, const struct cs_entity *visit, unsigned number)
{
    struct cs_id id = id_of(number);
    struct hash hash;
    assert_ok(cs_signed_content_hash(f->tables, visit, &id, hash.bytes));
    return hash;
}

static void assert_hashes(struct hash a, struct hash b, bool equal)
{
    assert_int_equal(memcmp(a.bytes, b.bytes, CS_HASH_SIZE) == 0, equal);
}

static void store_visit(struct rows_fixture *f, unsigned number, const char *name, const char *note)
{
    const struct cs_named_value fields[] = {field("name", TEXT(name)), field("note", TEXT(note))};
    store(f, "visit", number, fields, CS_COUNT(fields));
}

static void store_part(struct rows_fixture *f, unsigned number, unsigned visit, int64_t quantity)
{
    struct cs_id id = id_of(visit);
    const struct cs_named_value fields[] = {field("code", TEXT("P")),
                                            field("visit", cs_value_bytes(cs_id_bytes(&id))),
                                            field("quantity", NUMBER(quantity))};
    store(f, "part", number, fields, CS_COUNT(fields));
}

static void delete_row(struct rows_fixture *f, const char *entity, unsigned number)
{
    struct cs_stored_row row = load(f, entity, number);
    row.deleted = true;
    assert_ok(cs_row_store(f->tables, &row));
}

static void the_hash_is_that_of_the_form_written_down(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "not signed");
    store_part(f, 2, 1, 4);
    struct cs_buffer form;
    cs_buffer_init(&form, CS_KIBI);
    struct cs_id visit = id_of(1);
    struct cs_id part = id_of(2);
    const struct cs_value values[] = {TEXT("n"), TEXT("P"), NUMBER(4)};
    cs_buffer_append_prefixed(&form, T("visit"));
    cs_buffer_append_prefixed(&form, cs_id_bytes(&visit));
    cs_buffer_append_u32(&form, 1); /* count has no value */
    cs_buffer_append_prefixed(&form, T("name"));
    cs_unit_value_encode(&values[0], 1, &form);
    cs_buffer_append_prefixed(&form, T("part"));
    cs_buffer_append_prefixed(&form, cs_id_bytes(&part));
    cs_buffer_append_u32(&form, 2);
    cs_buffer_append_prefixed(&form, T("code"));
    cs_unit_value_encode(&values[1], 1, &form);
    cs_buffer_append_prefixed(&form, T("quantity"));
    cs_unit_value_encode(&values[2], 1, &form);
    struct hash expected;
    cs_hash("countersign signed content 1", cs_buffer_bytes(&form), expected.bytes);
    cs_buffer_release(&form);
    assert_hashes(content(f, &visit_1, 1), expected, true);
}

static void signed_fields_count_and_others_do_not(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "before");
    struct hash before = content(f, &visit_1, 1);
    store_visit(f, 1, "n", "after");
    assert_hashes(content(f, &visit_1, 1), before, true);
    store_visit(f, 1, "m", "after");
    assert_hashes(content(f, &visit_1, 1), before, false);
}

static void live_followers_count(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "");
    store_visit(f, 9, "n", "");
    struct hash bare = content(f, &visit_1, 1);
    store_part(f, 2, 9, 1); /* of another visit */
    assert_hashes(content(f, &visit_1, 1), bare, true);
    store_part(f, 4, 1, 1);
    struct hash one = content(f, &visit_1, 1);
    assert_hashes(one, bare, false);
    store_part(f, 3, 1, 2);
    struct hash two = content(f, &visit_1, 1);
    assert_hashes(two, one, false);
    store_part(f, 3, 1, 5);
    assert_hashes(content(f, &visit_1, 1), two, false);
    delete_row(f, "part", 3);
    assert_hashes(content(f, &visit_1, 1), one, true);
    assert_hashes(content(f, &visit_1, 9), bare, false); /* the row's id is in it */
}

static void the_order_of_arrival_and_of_the_registry_do_not_count(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "");
    for (unsigned i = 40; i > 2; i--) {
        store_part(f, i, 1, i);
    }
    struct hash hash = content(f, &visit_1, 1);
    static const struct cs_entity *const turned[] = {&part_1, &visit_1};
    static const struct cs_registry other_order = {turned, CS_COUNT(turned)};
    assert_ok(fixture_reopen(f, &other_order));
    assert_hashes(content(f, &visit_1, 1), hash, true);
}

static void a_grown_schema_gives_what_was_signed_before_the_same_hash(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "");
    store_part(f, 2, 1, 3);
    struct hash before = content(f, &visit_1, 1);
    assert_ok(fixture_reopen(f, &schema_2)); /* where `mood` is signed too, but has no value */
    assert_hashes(content(f, &visit_2, 1), before, true);
    struct cs_stored_row row = load(f, "visit", 1);
    row.values[VISIT_MOOD] = TEXT("good");
    assert_ok(cs_row_store(f->tables, &row));
    assert_hashes(content(f, &visit_2, 1), before, false);
}

static void missing_and_deleted_rows_are_not_found(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_id id = id_of(1);
    uint8_t hash[CS_HASH_SIZE] = {7};
    assert_status(cs_signed_content_hash(f->tables, &visit_1, &id, hash), CS_NOT_FOUND);
    store_visit(f, 1, "n", "");
    delete_row(f, "visit", 1);
    assert_status(cs_signed_content_hash(f->tables, &visit_1, &id, hash), CS_NOT_FOUND);
    assert_int_equal(hash[0], 7);
}

static void damage_anywhere_is_told(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_id id = id_of(1);
    uint8_t hash[CS_HASH_SIZE] = {7};
    store_visit(f, 1, "n", "");
    store_part(f, 2, 1, 3);
    execute(f, "UPDATE part SET _extra = x'01'");
    assert_status(cs_signed_content_hash(f->tables, &visit_1, &id, hash), CS_CORRUPT);
    store_part(f, 2, 1, 3);
    execute(f, "UPDATE visit SET _extra = x'01'");
    assert_status(cs_signed_content_hash(f->tables, &visit_1, &id, hash), CS_CORRUPT);
    assert_int_equal(hash[0], 7);
}

static void more_followers_than_can_be_signed_are_refused(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "");
    store_part(f, 2, 1, 3);
    struct cs_id id = id_of(1);
    struct hash hash;
    execute(f, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
               "INSERT INTO part SELECT CAST(printf('follower%08d', i) AS BLOB), code, visit, "
               "quantity, subject, _deleted, _versions, _extra, _scopes, _position FROM n, part");
    assert_int_equal(query(f, "SELECT count(*) FROM part"), 10000);
    assert_ok(cs_signed_content_hash(f->tables, &visit_1, &id, hash.bytes));
    store_part(f, 3, 1, 3);
    assert_status(cs_signed_content_hash(f->tables, &visit_1, &id, hash.bytes), CS_LIMIT);
}

static void every_failing_allocation_is_clean(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "n", "");
    store_part(f, 2, 1, 3);
    struct hash expected = content(f, &visit_1, 1);
    struct cs_id id = id_of(1);
    struct hash hash = {{7}};
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 100);
        assert_ok(fixture_reopen(f, &schema_1));
        cs_memory_fail_after(n);
        status = cs_signed_content_hash(f->tables, &visit_1, &id, hash.bytes);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(hash.bytes[0], 7);
            failures++;
        }
    }
    assert_true(failures > 3);
    assert_hashes(hash, expected, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW_TEST(the_hash_is_that_of_the_form_written_down),
        ROW_TEST(signed_fields_count_and_others_do_not),
        ROW_TEST(live_followers_count),
        ROW_TEST(the_order_of_arrival_and_of_the_registry_do_not_count),
        ROW_TEST(a_grown_schema_gives_what_was_signed_before_the_same_hash),
        ROW_TEST(missing_and_deleted_rows_are_not_found),
        ROW_TEST(damage_anywhere_is_told),
        ROW_TEST(more_followers_than_can_be_signed_are_refused),
        ROW_TEST(every_failing_allocation_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
