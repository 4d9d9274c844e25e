/* A multiset of row contents. */
#include "field-client/commands/content_index.h"

#include "tests/support/testing.h"

#define MANY 5000

static void hash_of(int64_t number, const char *text, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_value values[] = {cs_value_integer(number), cs_value_text(cs_bytes_of_text(text))};
    assert_ok(cs_content_hash(values, CS_COUNT(values), out));
}

static void test_counts(void **state)
{
    (void)state;
    struct cs_content_index index;
    uint8_t hash[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    hash_of(1, "a", hash);
    hash_of(1, "b", other);
    cs_content_index_init(&index);
    assert_false(cs_content_index_take(&index, hash));
    assert_ok(cs_content_index_add(&index, hash));
    assert_ok(cs_content_index_add(&index, hash));
    assert_false(cs_content_index_take(&index, other));
    assert_true(cs_content_index_take(&index, hash));
    assert_true(cs_content_index_take(&index, hash));
    assert_false(cs_content_index_take(&index, hash));
    assert_ok(cs_content_index_add(&index, hash));
    assert_true(cs_content_index_take(&index, hash));
    cs_content_index_release(&index);
}

/* What stands in which column matters, and whether there is a value at all. */
static void test_hash(void **state)
{
    (void)state;
    uint8_t a[CS_HASH_SIZE];
    uint8_t b[CS_HASH_SIZE];
    struct cs_value text_null[] = {cs_value_text(cs_bytes_of_text("x")), CS_NULL};
    struct cs_value null_text[] = {CS_NULL, cs_value_text(cs_bytes_of_text("x"))};
    assert_ok(cs_content_hash(text_null, 2, a));
    assert_ok(cs_content_hash(null_text, 2, b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_ok(cs_content_hash(text_null, 1, b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_ok(cs_content_hash(text_null, 2, b));
    assert_memory_equal(a, b, sizeof a);
}

static void test_many(void **state)
{
    (void)state;
    struct cs_content_index index;
    uint8_t hash[CS_HASH_SIZE];
    cs_content_index_init(&index);
    for (int i = 0; i < MANY; i++) {
        hash_of(i, "row", hash);
        assert_ok(cs_content_index_add(&index, hash));
    }
    assert_int_equal(index.used, MANY);
    for (int i = 0; i < MANY; i++) {
        hash_of(i, "row", hash);
        assert_true(cs_content_index_take(&index, hash));
        assert_false(cs_content_index_take(&index, hash));
    }
    cs_content_index_release(&index);
}

static void test_memory(void **state)
{
    (void)state;
    struct cs_content_index index;
    uint8_t hash[CS_HASH_SIZE];
    struct cs_value value = cs_value_integer(5);
    cs_content_index_init(&index);
    cs_memory_fail_after(0);
    assert_status(cs_content_hash(&value, 1, hash), CS_NO_MEMORY);
    assert_ok(cs_content_hash(&value, 1, hash));
    cs_memory_fail_after(0);
    assert_status(cs_content_index_add(&index, hash), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_false(cs_content_index_take(&index, hash));
    assert_ok(cs_content_index_add(&index, hash));
    assert_true(cs_content_index_take(&index, hash));
    cs_content_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
