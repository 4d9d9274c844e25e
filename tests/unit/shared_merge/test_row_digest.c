/* Encoded values and row hashes. */
#include "shared/merge/row_digest.h"

#include "shared/base/limits.h"
#include "shared/crypto/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct cs_buffer buffer;

static int setup(void **state)
{
    (void)state;
    cs_buffer_init(&buffer, CS_MEBI);
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&buffer);
    return 0;
}

static struct cs_value text(const char *content)
{
    return cs_value_text(cs_bytes_of_text(content));
}

/* ---- values ---- */

static void assert_encoded(struct cs_value value, const uint8_t *expected, size_t size)
{
    cs_buffer_clear(&buffer);
    cs_value_encode(&value, &buffer);
    assert_int_equal(buffer.status, CS_OK);
    assert_true(cs_bytes_equal(cs_buffer_bytes(&buffer), cs_bytes_make(expected, size)));
}

static void test_bytes_of_values(void **state)
{
    (void)state;
    static const uint8_t null[] = {0};
    static const uint8_t minus_two[] = {1, 255, 255, 255, 255, 255, 255, 255, 254};
    static const uint8_t hi[] = {2, 'h', 'i'};
    static const uint8_t raw[] = {3, 0, 255};
    static const uint8_t empty_text[] = {2};
    assert_encoded(CS_NULL, null, sizeof null);
    assert_encoded(cs_value_integer(-2), minus_two, sizeof minus_two);
    assert_encoded(text("hi"), hi, sizeof hi);
    assert_encoded(cs_value_bytes(cs_bytes_make(raw + 1, 2)), raw, sizeof raw);
    assert_encoded(text(""), empty_text, sizeof empty_text);
}

static void test_units_round_trip(void **state)
{
    (void)state;
    static const uint8_t raw[] = {0, 1, 2, 255};
    const struct cs_value values[] = {CS_NULL,
                                      cs_value_integer(INT64_MIN),
                                      cs_value_integer(INT64_MAX),
                                      text(""),
                                      text("服务回执单"),
                                      cs_value_bytes(cs_bytes_of_array(raw)),
                                      cs_value_bytes(CS_BYTES_NONE)};
    for (size_t count = 0; count <= CS_COUNT(values); count++) {
        cs_buffer_clear(&buffer);
        cs_unit_value_encode(values, count, &buffer);
        assert_int_equal(buffer.status, CS_OK);
        struct cs_value found[CS_COUNT(values)];
        assert_int_equal(cs_unit_value_decode(cs_buffer_bytes(&buffer), found, count), CS_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(cs_value_equal(&found[i], &values[i]));
        }
    }
}

static void test_a_unit_of_one_is_prefixed(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0, 0, 0, 3, 2, 'h', 'i'};
    struct cs_value value = text("hi");
    cs_unit_value_encode(&value, 1, &buffer);
    assert_true(cs_bytes_equal(cs_buffer_bytes(&buffer), cs_bytes_of_array(expected)));
}

static void assert_refused(const uint8_t *bytes, size_t size, size_t count)
{
    struct cs_value out[4];
    for (size_t i = 0; i < CS_COUNT(out); i++) {
        out[i] = cs_value_integer(77);
    }
    assert_int_equal(cs_unit_value_decode(cs_bytes_make(bytes, size), out, count), CS_MALFORMED);
    for (size_t i = 0; i < CS_COUNT(out); i++) {
        assert_int_equal(out[i].integer, 77);
    }
}

static void test_damaged_units_are_refused(void **state)
{
    (void)state;
    static const uint8_t no_kind[] = {0, 0, 0, 0};
    static const uint8_t bad_kind[] = {0, 0, 0, 1, 4};
    static const uint8_t long_null[] = {0, 0, 0, 2, 0, 0};
    static const uint8_t short_integer[] = {0, 0, 0, 8, 1, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t long_integer[] = {0, 0, 0, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t bad_text[] = {0, 0, 0, 2, 2, 0xff};
    static const uint8_t past_end[] = {0, 0, 0, 3, 2, 'h'};
    static const uint8_t huge[] = {255, 255, 255, 255, 2, 'h'};
    assert_refused(no_kind, sizeof no_kind, 1);
    assert_refused(bad_kind, sizeof bad_kind, 1);
    assert_refused(long_null, sizeof long_null, 1);
    assert_refused(short_integer, sizeof short_integer, 1);
    assert_refused(long_integer, sizeof long_integer, 1);
    assert_refused(bad_text, sizeof bad_text, 1);
    assert_refused(past_end, sizeof past_end, 1);
    assert_refused(huge, sizeof huge, 1);
    assert_refused(NULL, 0, 1);
}

/* Good values before the fault must not come out; more or fewer values than asked are a fault. */
static void test_the_count_must_be_exact(void **state)
{
    (void)state;
    const struct cs_value values[] = {cs_value_integer(1), text("x"), CS_NULL};
    cs_unit_value_encode(values, 3, &buffer);
    for (size_t count = 0; count <= 4; count++) {
        if (count != 3) {
            assert_refused(buffer.data, buffer.size, count);
        }
    }
    for (size_t size = 0; size < buffer.size; size++) {
        assert_refused(buffer.data, size, 3);
    }
}

static void test_encoding_reports_a_full_buffer(void **state)
{
    (void)state;
    struct cs_buffer small;
    cs_buffer_init(&small, 6);
    struct cs_value value = text("hi");
    cs_unit_value_encode(&value, 1, &small);
    assert_int_equal(small.status, CS_LIMIT);
    cs_buffer_release(&small);
}

/* ---- rows ---- */

static const struct cs_id row_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

struct row {
    const char *entity;
    struct cs_id id;
    bool deleted;
    const char *versions;
    struct cs_named_value fields[3];
    size_t field_count;
};

static struct row sample(void)
{
    struct row row = {.entity = "part", .id = row_id, .versions = "vv", .field_count = 3};
    row.fields[0] = (struct cs_named_value){cs_bytes_of_text("name"), text("Lamp")};
    row.fields[1] = (struct cs_named_value){cs_bytes_of_text("code"), text("P-1")};
    row.fields[2] = (struct cs_named_value){cs_bytes_of_text("price_cents"), cs_value_integer(50)};
    return row;
}

static void hash(struct row row, uint8_t out[static CS_HASH_SIZE])
{
    assert_int_equal(cs_row_hash(cs_bytes_of_text(row.entity), &row.id, row.deleted,
                                 cs_bytes_of_text(row.versions), row.fields, row.field_count, out),
                     CS_OK);
}

static void assert_same_hash(struct row a, struct row b, bool expected)
{
    uint8_t first[CS_HASH_SIZE];
    uint8_t second[CS_HASH_SIZE];
    hash(a, first);
    hash(b, second);
    assert_int_equal(memcmp(first, second, sizeof first) == 0, expected);
}

/* The layout of row_digest.h, written out by hand. */
static void test_hash_is_over_the_described_bytes(void **state)
{
    (void)state;
    cs_buffer_append_prefixed(&buffer, cs_bytes_of_text("part"));
    cs_buffer_append_bytes(&buffer, cs_id_bytes(&row_id));
    cs_buffer_append_u8(&buffer, 0);
    cs_buffer_append_prefixed(&buffer, cs_bytes_of_text("vv"));
    static const char *const names[] = {"code", "name"};
    static const char *const values[] = {"\002P-1", "\002Lamp"};
    for (size_t i = 0; i < 2; i++) {
        cs_buffer_append_prefixed(&buffer, cs_bytes_of_text(names[i]));
        cs_buffer_append_prefixed(&buffer, cs_bytes_of_text(values[i]));
    }
    static const uint8_t fifty[] = {1, 0, 0, 0, 0, 0, 0, 0, 50};
    cs_buffer_append_prefixed(&buffer, cs_bytes_of_text("price_cents"));
    cs_buffer_append_prefixed(&buffer, cs_bytes_of_array(fifty));
    uint8_t expected[CS_HASH_SIZE];
    uint8_t found[CS_HASH_SIZE];
    cs_hash("countersign row 1", cs_buffer_bytes(&buffer), expected);
    hash(sample(), found);
    assert_memory_equal(found, expected, sizeof found);
}

static void test_order_of_fields_and_nulls_do_not_matter(void **state)
{
    (void)state;
    struct row turned = sample();
    struct cs_named_value first = turned.fields[0];
    turned.fields[0] = turned.fields[2];
    turned.fields[2] = first;
    assert_same_hash(sample(), turned, true);
    assert_memory_equal(&turned.fields[2], &first, sizeof first); /* the caller's list stays */
    struct row without = sample();
    without.field_count = 2;
    struct row with_null = sample();
    with_null.fields[2].value = CS_NULL;
    assert_same_hash(without, with_null, true);
    assert_same_hash(without, sample(), false);
}

static void test_everything_else_matters(void **state)
{
    (void)state;
    struct row other = sample();
    other.entity = "visit";
    assert_same_hash(sample(), other, false);
    other = sample();
    other.id.bytes[15] ^= 1;
    assert_same_hash(sample(), other, false);
    other = sample();
    other.deleted = true;
    assert_same_hash(sample(), other, false);
    other = sample();
    other.versions = "vw";
    assert_same_hash(sample(), other, false);
    other = sample();
    other.fields[1].name = cs_bytes_of_text("codf");
    assert_same_hash(sample(), other, false);
    other = sample();
    other.fields[2].value = cs_value_integer(51);
    assert_same_hash(sample(), other, false);
    other = sample();
    other.fields[0].value = cs_value_bytes(cs_bytes_of_text("Lamp"));
    assert_same_hash(sample(), other, false);
    other = sample();
    other.fields[0].value = text("");
    assert_same_hash(sample(), other, false);
}

static void test_a_row_without_fields(void **state)
{
    (void)state;
    uint8_t out[CS_HASH_SIZE] = {0};
    assert_int_equal(
        cs_row_hash(cs_bytes_of_text("part"), &row_id, true, cs_bytes_of_text("v"), NULL, 0, out),
        CS_OK);
    static const uint8_t zero[CS_HASH_SIZE];
    assert_memory_not_equal(out, zero, sizeof out);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct row row = sample();
    uint8_t out[CS_HASH_SIZE];
    memset(out, 0x5a, sizeof out);
    long failures = 0;
    for (;; failures++) {
        cs_memory_fail_after(failures);
        enum cs_status status =
            cs_row_hash(cs_bytes_of_text(row.entity), &row.id, false,
                        cs_bytes_of_text(row.versions), row.fields, row.field_count, out);
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_int_equal(status, CS_NO_MEMORY);
        assert_int_equal(out[0], 0x5a);
        assert_int_equal(out[31], 0x5a);
    }
    assert_true(failures >= 2);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_bytes_of_values),
        CASE(test_units_round_trip),
        CASE(test_a_unit_of_one_is_prefixed),
        CASE(test_damaged_units_are_refused),
        CASE(test_the_count_must_be_exact),
        CASE(test_encoding_reports_a_full_buffer),
        CASE(test_hash_is_over_the_described_bytes),
        CASE(test_order_of_fields_and_nulls_do_not_matter),
        CASE(test_everything_else_matters),
        CASE(test_a_row_without_fields),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
