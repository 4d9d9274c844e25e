/* The server's statement and the root's statement about the server. */
#include "shared/evidence/server_statement.h"

#include "shared/wire/cbor.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

static struct fixture fixture; /* devices[0] plays the server's identity, root the root */
static struct cs_buffer out;
static struct cs_server_statement statement;
static struct cs_server_identity identity;

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    cs_buffer_init(&out, CS_MEBI);
    memset(&statement, 0, sizeof statement);
    cs_sign_key_public(fixture.devices[0], statement.identity);
    statement.epoch = UINT64_MAX;
    memset(statement.bundle_key, 0x11, sizeof statement.bundle_key);
    memset(statement.half_key, 0x22, sizeof statement.half_key);
    memset(statement.tls_key_hash, 0x33, sizeof statement.tls_key_hash);
    memset(&identity, 0, sizeof identity);
    memcpy(identity.organisation, fixture.organisation, sizeof identity.organisation);
    memcpy(identity.identity, statement.identity, sizeof identity.identity);
    identity.epoch = 3;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&out);
    fixture_release(&fixture);
    return 0;
}

static void assert_statement_refused(struct cs_bytes bytes, enum cs_status expected)
{
    struct cs_server_statement found = {.epoch = 77};
    assert_int_equal(cs_server_statement_verify(bytes, statement.identity, &found), expected);
    assert_int_equal(found.epoch, 77);
}

static void assert_identity_refused(struct cs_bytes bytes, enum cs_status expected)
{
    struct cs_server_identity found = {.epoch = 77};
    assert_int_equal(cs_server_identity_verify(bytes, fixture.root_key, &found), expected);
    assert_int_equal(found.epoch, 77);
}

static void encode_statement(const struct cs_sign_key *key)
{
    cs_buffer_clear(&out);
    assert_int_equal(cs_server_statement_encode(&statement, key, &out), CS_OK);
}

static void encode_identity(const struct cs_sign_key *key)
{
    cs_buffer_clear(&out);
    assert_int_equal(cs_server_identity_encode(&identity, key, &out), CS_OK);
}

static void test_statement_round_trip(void **state)
{
    (void)state;
    struct cs_server_statement found;
    encode_statement(fixture.devices[0]);
    assert_int_equal(cs_server_statement_verify(cs_buffer_bytes(&out), statement.identity, &found),
                     CS_OK);
    assert_memory_equal(found.identity, statement.identity, sizeof found.identity);
    assert_true(found.epoch == UINT64_MAX);
    assert_memory_equal(found.bundle_key, statement.bundle_key, sizeof found.bundle_key);
    assert_memory_equal(found.half_key, statement.half_key, sizeof found.half_key);
    assert_memory_equal(found.tls_key_hash, statement.tls_key_hash, sizeof found.tls_key_hash);
}

static void test_mark_is_of_the_bytes(void **state)
{
    (void)state;
    uint8_t mark[CS_SERVER_STATEMENT_MARK_SIZE];
    uint8_t other[CS_SERVER_STATEMENT_MARK_SIZE];
    encode_statement(fixture.devices[0]);
    cs_server_statement_mark(cs_buffer_bytes(&out), mark);
    cs_server_statement_mark(cs_buffer_bytes(&out), other);
    assert_memory_equal(mark, other, sizeof mark);
    out.data[0] ^= 1;
    cs_server_statement_mark(cs_buffer_bytes(&out), other);
    assert_memory_not_equal(mark, other, sizeof mark);
}

static void test_identity_round_trip(void **state)
{
    (void)state;
    struct cs_server_identity found;
    encode_identity(fixture.root);
    assert_int_equal(cs_server_identity_verify(cs_buffer_bytes(&out), fixture.root_key, &found),
                     CS_OK);
    assert_memory_equal(found.organisation, fixture.organisation, sizeof found.organisation);
    assert_memory_equal(found.identity, statement.identity, sizeof found.identity);
    assert_int_equal(found.epoch, 3);
}

static void test_other_signers_are_refused(void **state)
{
    (void)state;
    encode_statement(fixture.other);
    assert_statement_refused(cs_buffer_bytes(&out), CS_FORGED);
    encode_identity(fixture.other);
    assert_identity_refused(cs_buffer_bytes(&out), CS_FORGED);
    /* The server may not vouch for itself. */
    encode_identity(fixture.devices[0]);
    assert_identity_refused(cs_buffer_bytes(&out), CS_FORGED);
}

static void test_statement_of_another_identity_is_refused(void **state)
{
    (void)state;
    uint8_t key[CS_SIGN_PUBLIC_SIZE];
    memcpy(key, statement.identity, sizeof key);
    statement.identity[3] ^= 1;
    encode_statement(fixture.devices[0]);
    struct cs_server_statement found = {.epoch = 77};
    assert_int_equal(cs_server_statement_verify(cs_buffer_bytes(&out), key, &found),
                     CS_WRONG_SERVER);
    assert_int_equal(found.epoch, 77);
}

static void test_identity_for_another_organisation_is_refused(void **state)
{
    (void)state;
    identity.organisation[0] ^= 1;
    encode_identity(fixture.root);
    assert_identity_refused(cs_buffer_bytes(&out), CS_WRONG_ORGANISATION);
}

/* One kind is never taken for the other, even signed by one key. */
static void test_kinds_are_kept_apart(void **state)
{
    (void)state;
    encode_statement(fixture.root);
    assert_identity_refused(cs_buffer_bytes(&out), CS_FORGED);
    encode_identity(fixture.devices[0]);
    assert_statement_refused(cs_buffer_bytes(&out), CS_FORGED);
}

static void test_any_changed_byte_is_refused(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    encode_statement(fixture.devices[0]);
    for (size_t i = 0; i < out.size * CS_COUNT(masks); i++) {
        out.data[i / 3] ^= masks[i % 3];
        assert_statement_refused(cs_buffer_bytes(&out), CS_FORGED);
        out.data[i / 3] ^= masks[i % 3];
    }
    encode_identity(fixture.root);
    for (size_t i = 0; i < out.size * CS_COUNT(masks); i++) {
        out.data[i / 3] ^= masks[i % 3];
        assert_identity_refused(cs_buffer_bytes(&out), CS_FORGED);
        out.data[i / 3] ^= masks[i % 3];
    }
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    encode_statement(fixture.devices[0]);
    for (size_t size = 0; size < out.size; size++) {
        assert_statement_refused(cs_bytes_make(out.data, size),
                                 size <= CS_SIGNATURE_SIZE ? CS_MALFORMED : CS_FORGED);
    }
    encode_identity(fixture.root);
    for (size_t size = 0; size < out.size; size++) {
        assert_identity_refused(cs_bytes_make(out.data, size),
                                size <= CS_SIGNATURE_SIZE ? CS_MALFORMED : CS_FORGED);
    }
}

/* Rightly signed, wrongly formed: version, count, sizes, what is left over. */
static struct cs_bytes forge(size_t count, uint64_t version, size_t items, size_t key_size)
{
    static const uint8_t zeroes[64];
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    cs_cbor_put_array(&bytes, count);
    cs_cbor_put_unsigned(&bytes, version);
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement.identity));
    cs_cbor_put_unsigned(&bytes, 9);
    for (size_t i = 3; i < items; i++) {
        cs_cbor_put_bytes(&bytes, cs_bytes_make(zeroes, key_size));
    }
    fixture_sign(&bytes, "countersign server statement 1", fixture.devices[0], &out);
    cs_buffer_release(&bytes);
    return cs_buffer_bytes(&out);
}

static void test_signed_but_malformed_is_refused(void **state)
{
    (void)state;
    struct cs_server_statement found;
    assert_int_equal(cs_server_statement_verify(forge(6, 1, 6, 32), statement.identity, &found),
                     CS_OK);
    assert_statement_refused(forge(6, 2, 6, 32), CS_UNSUPPORTED);
    assert_statement_refused(forge(7, 1, 7, 32), CS_MALFORMED);
    assert_statement_refused(forge(5, 1, 5, 32), CS_MALFORMED);
    assert_statement_refused(forge(6, 1, 7, 32), CS_MALFORMED);
    assert_statement_refused(forge(6, 1, 5, 32), CS_MALFORMED);
    assert_statement_refused(forge(6, 1, 6, 31), CS_MALFORMED);
    assert_statement_refused(forge(6, 1, 6, 33), CS_MALFORMED);
}

static struct cs_bytes forge_identity(size_t count, uint64_t version, size_t more)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    cs_cbor_put_array(&bytes, count);
    cs_cbor_put_unsigned(&bytes, version);
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(fixture.organisation));
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement.identity));
    cs_cbor_put_unsigned(&bytes, 9);
    for (size_t i = 0; i < more; i++) {
        cs_cbor_put_unsigned(&bytes, 1);
    }
    fixture_sign(&bytes, "countersign server identity 1", fixture.root, &out);
    cs_buffer_release(&bytes);
    return cs_buffer_bytes(&out);
}

static void test_signed_but_malformed_identity_is_refused(void **state)
{
    (void)state;
    struct cs_server_identity found;
    assert_int_equal(cs_server_identity_verify(forge_identity(4, 1, 0), fixture.root_key, &found),
                     CS_OK);
    assert_identity_refused(forge_identity(4, 7, 0), CS_UNSUPPORTED);
    assert_identity_refused(forge_identity(5, 1, 1), CS_MALFORMED);
    assert_identity_refused(forge_identity(4, 1, 1), CS_MALFORMED);
    assert_identity_refused(forge_identity(3, 1, 0), CS_MALFORMED);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        long failures = 0;
        for (;; failures++) {
            cs_buffer_release(&out);
            cs_memory_fail_after(failures);
            enum cs_status status =
                kind == 0 ? cs_server_statement_encode(&statement, fixture.devices[0], &out)
                          : cs_server_identity_encode(&identity, fixture.root, &out);
            cs_memory_fail_after(-1);
            if (status == CS_OK) {
                break;
            }
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(out.size, 0);
        }
        assert_true(failures >= 2);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_statement_round_trip),
        CASE(test_mark_is_of_the_bytes),
        CASE(test_identity_round_trip),
        CASE(test_other_signers_are_refused),
        CASE(test_statement_of_another_identity_is_refused),
        CASE(test_identity_for_another_organisation_is_refused),
        CASE(test_kinds_are_kept_apart),
        CASE(test_any_changed_byte_is_refused),
        CASE(test_truncated_at_every_length),
        CASE(test_signed_but_malformed_is_refused),
        CASE(test_signed_but_malformed_identity_is_refused),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
