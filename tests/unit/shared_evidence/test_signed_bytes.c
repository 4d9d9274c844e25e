/* What all signed structures have in common. */
#include "shared/evidence/signed_bytes.h"

#include "tests/unit/shared_evidence/evidence_fixture.h"

static struct cs_sign_key *key;
static uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
static struct cs_buffer statement;
static struct cs_buffer out;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(cs_crypto_start(), CS_OK);
    key = fixture_key(1);
    cs_sign_key_public(key, public_key);
    cs_buffer_init(&statement, CS_MEBI);
    cs_buffer_init(&out, CS_MEBI);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_sign_key_destroy(key);
    cs_buffer_release(&statement);
    cs_buffer_release(&out);
    return 0;
}

static void test_signed_bytes_verify(void **state)
{
    (void)state;
    cs_buffer_append_text(&statement, "hello");
    cs_buffer_append_text(&out, "before");
    assert_int_equal(cs_signed_append(&statement, "label", key, &out), CS_OK);
    struct cs_bytes bytes = {out.data + 6, out.size - 6};
    struct cs_bytes found;
    assert_int_equal(cs_signed_statement(bytes, &found), CS_OK);
    assert_true(cs_bytes_equal_text(found, "hello"));
    assert_int_equal(cs_signed_verify(bytes, "label", public_key), CS_OK);
    assert_int_equal(cs_signed_verify(bytes, "other", public_key), CS_FORGED);
    public_key[0] ^= 1;
    assert_int_equal(cs_signed_verify(bytes, "label", public_key), CS_FORGED);
}

static void test_a_signature_alone_is_malformed(void **state)
{
    (void)state;
    static const uint8_t zeroes[64];
    struct cs_bytes found = {NULL, 77};
    for (size_t size = 0; size <= sizeof zeroes; size++) {
        struct cs_bytes bytes = {zeroes, size};
        assert_int_equal(cs_signed_statement(bytes, &found), CS_MALFORMED);
        assert_int_equal(cs_signed_verify(bytes, "label", public_key), CS_MALFORMED);
    }
    assert_int_equal(found.size, 77);
}

static void test_append_fails_whole(void **state)
{
    (void)state;
    struct cs_buffer small;
    cs_buffer_init(&small, 66);
    cs_buffer_append_text(&statement, "hello");
    assert_int_equal(cs_signed_append(&statement, "label", key, &small), CS_LIMIT);
    assert_int_equal(small.size, 0);
    cs_buffer_release(&small);
    statement.status = CS_NO_MEMORY;
    assert_int_equal(cs_signed_append(&statement, "label", key, &out), CS_NO_MEMORY);
    assert_int_equal(out.size, 0);
    assert_int_equal(out.status, CS_OK);
}

static void test_statements_are_entered_and_left(void **state)
{
    (void)state;
    struct cs_cbor_reader reader;
    cs_statement_begin(&statement, 2);
    cs_cbor_put_unsigned(&statement, 5);
    struct cs_bytes bytes = cs_buffer_bytes(&statement);
    assert_int_equal(cs_statement_enter(&reader, bytes, 2), CS_OK);
    assert_int_equal(cs_cbor_take_unsigned(&reader), 5);
    assert_int_equal(cs_statement_leave(&reader), CS_OK);
    assert_int_equal(cs_statement_enter(&reader, bytes, 2), CS_OK);
    assert_int_equal(cs_statement_leave(&reader), CS_MALFORMED); /* an item is left */
    assert_int_equal(cs_statement_enter(&reader, bytes, 3), CS_MALFORMED);
    assert_int_equal(cs_statement_enter(&reader, bytes, 1), CS_MALFORMED);
    statement.data[1] = 2;
    assert_int_equal(cs_statement_enter(&reader, bytes, 2), CS_UNSUPPORTED);
    statement.data[1] = 0x20; /* -1 */
    assert_int_equal(cs_statement_enter(&reader, bytes, 2), CS_MALFORMED);
    assert_int_equal(cs_statement_enter(&reader, CS_BYTES_NONE, 2), CS_MALFORMED);
    assert_int_equal(cs_statement_enter(&reader, cs_bytes_of_text("x"), 2), CS_MALFORMED);
}

static void test_statements_are_bounded(void **state)
{
    (void)state;
    cs_statement_begin(&statement, 2);
    uint8_t *large = cs_alloc_zero(CS_VALUE_MAX, 1);
    assert_non_null(large);
    cs_cbor_put_bytes(&statement, cs_bytes_make(large, CS_VALUE_MAX - 64));
    assert_int_equal(cs_signed_append(&statement, "label", key, &out), CS_LIMIT);
    cs_free(large);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(cs_statement_name_valid(cs_bytes_of_text("王芳 (Office)"), 1, 64));
    assert_true(cs_statement_name_valid(CS_BYTES_NONE, 0, 64));
    assert_false(cs_statement_name_valid(CS_BYTES_NONE, 1, 64));
    assert_true(cs_statement_name_valid(cs_bytes_of_text("abc"), 1, 3));
    assert_false(cs_statement_name_valid(cs_bytes_of_text("abcd"), 1, 3));
    assert_false(cs_statement_name_valid(cs_bytes_make("a\0b", 3), 1, 64));
    assert_false(cs_statement_name_valid(cs_bytes_of_text("a\x1f"), 1, 64));
    assert_false(cs_statement_name_valid(cs_bytes_of_text("\x7f"), 1, 64));
    assert_false(cs_statement_name_valid(cs_bytes_of_text("\xc0\x80"), 1, 64));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_signed_bytes_verify),    CASE(test_a_signature_alone_is_malformed),
        CASE(test_append_fails_whole),     CASE(test_statements_are_entered_and_left),
        CASE(test_statements_are_bounded), CASE(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
