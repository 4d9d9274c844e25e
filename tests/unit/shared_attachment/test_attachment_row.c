/* What a row says of its file: taken as a whole, or the row names no file. */
#include "shared/attachment/attachment_row.h"

#include "shared/base/limits.h"
#include "tests/support/testing.h"

#include <string.h>

#define FIELDS_MAX 32

static uint8_t address[CS_HASH_SIZE] = {1};
static uint8_t key[CS_ATTACHMENT_KEY_SIZE] = {2};

static const struct cs_entity *entity(void)
{
    const struct cs_entity *found =
        cs_registry_find(cs_registry_core(), cs_bytes_of_text(CS_ATTACHMENT_ENTITY));
    assert_non_null(found);
    assert_true(found->field_count <= FIELDS_MAX);
    return found;
}

static struct cs_value *field(struct cs_value *values, const char *name)
{
    int index = cs_entity_field_index(entity(), cs_bytes_of_text(name));
    assert_true(index >= 0);
    return &values[index];
}

static void fill(struct cs_value *values)
{
    memset(values, 0, FIELDS_MAX * sizeof *values);
    *field(values, "file_name") = cs_value_text(cs_bytes_of_text("照片.jpg"));
    *field(values, "media_type") = cs_value_text(cs_bytes_of_text("image/jpeg"));
    *field(values, "size") = cs_value_integer(10000);
    *field(values, "chunk_size") = cs_value_integer(4096);
    *field(values, "address") = cs_value_bytes(cs_bytes_of_array(address));
    *field(values, "key") = cs_value_bytes(cs_bytes_of_array(key));
}

static void test_a_whole_row(void **state)
{
    (void)state;
    struct cs_value values[FIELDS_MAX];
    struct cs_attachment_row row;
    fill(values);
    assert_ok(cs_attachment_row_read(entity(), values, &row));
    assert_memory_equal(row.address, address, sizeof address);
    assert_memory_equal(row.key, key, sizeof key);
    assert_int_equal(row.form.size, 10000);
    assert_int_equal(row.form.chunk_size, 4096);
    assert_true(cs_bytes_equal_text(row.file_name, "照片.jpg"));
    assert_true(cs_bytes_equal_text(row.media_type, "image/jpeg"));
}

static void test_a_row_that_names_no_file(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct cs_value value;
    } wrong[] = {
        {"size", CS_NULL},
        {"size", cs_value_integer(-1)},
        {"size", cs_value_integer(CS_ATTACHMENT_SIZE_MAX + 1)},
        {"chunk_size", CS_NULL},
        {"chunk_size", cs_value_integer(1)},
        {"address", CS_NULL},
        {"address", cs_value_bytes(cs_bytes_make(address, 31))},
        {"key", CS_NULL},
        {"key", cs_value_bytes(cs_bytes_make(key, 1))},
        {"key", cs_value_text(cs_bytes_make("01234567890123456789012345678901", 32))},
    };
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        struct cs_value values[FIELDS_MAX];
        struct cs_attachment_row row = {.form = {77, 0}};
        fill(values);
        *field(values, wrong[i].name) = wrong[i].value;
        assert_status(cs_attachment_row_read(entity(), values, &row), CS_MALFORMED);
        assert_int_equal(row.form.size, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_row),
        cmocka_unit_test(test_a_row_that_names_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
