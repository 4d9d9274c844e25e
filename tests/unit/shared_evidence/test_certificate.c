/* Certificates and invites by themselves: form, limits, ids. */
#include "shared/evidence/certificate.h"

#include "shared/wire/cbor.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

static struct fixture fixture;
static struct cs_buffer out;

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    cs_buffer_init(&out, CS_MEBI);
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

/* ---- round trips ---- */

static void test_certificate_round_trip(void **state)
{
    (void)state;
    struct cs_certificate certificate = fixture_certificate(&fixture, 1);
    certificate.created_ms = -5;
    memset(certificate.issuer, 0xab, sizeof certificate.issuer);
    assert_int_equal(cs_certificate_encode(&certificate, fixture.root, &out), CS_OK);
    struct cs_certificate found;
    assert_int_equal(cs_certificate_decode(cs_buffer_bytes(&out), &found), CS_OK);
    assert_memory_equal(found.organisation, certificate.organisation, CS_HASH_SIZE);
    assert_true(cs_id_equal(&found.person, &certificate.person));
    assert_true(cs_bytes_equal(found.person_name, certificate.person_name));
    assert_int_equal(found.roles, certificate.roles);
    assert_memory_equal(found.sign_key, certificate.sign_key, CS_SIGN_PUBLIC_SIZE);
    assert_memory_equal(found.seal_key, certificate.seal_key, CS_SEAL_KEY_SIZE);
    assert_int_equal(found.created_ms, -5);
    assert_true(cs_bytes_equal(found.device_name, certificate.device_name));
    assert_memory_equal(found.issuer, certificate.issuer, CS_HASH_SIZE);
    assert_true(found.person_name.data > out.data && found.person_name.data < out.data + out.size);
}

static void test_invite_round_trip(void **state)
{
    (void)state;
    struct cs_invite invite = fixture_invite(&fixture, 2);
    memset(invite.inviter, 0xcd, sizeof invite.inviter);
    assert_int_equal(cs_invite_encode(&invite, fixture.devices[0], &out), CS_OK);
    struct cs_invite found;
    assert_int_equal(cs_invite_decode(cs_buffer_bytes(&out), &found), CS_OK);
    assert_memory_equal(found.organisation, invite.organisation, CS_HASH_SIZE);
    assert_memory_equal(found.invite_key, invite.invite_key, CS_SIGN_PUBLIC_SIZE);
    assert_true(cs_id_equal(&found.person, &invite.person));
    assert_true(cs_bytes_equal(found.person_name, invite.person_name));
    assert_int_equal(found.roles, invite.roles);
    assert_int_equal(found.expires_ms, invite.expires_ms);
    assert_memory_equal(found.inviter, invite.inviter, CS_HASH_SIZE);
}

static void test_encoding_appends(void **state)
{
    (void)state;
    struct cs_certificate certificate = fixture_certificate(&fixture, 1);
    struct cs_invite invite = fixture_invite(&fixture, 2);
    cs_buffer_append_text(&out, "before");
    assert_int_equal(cs_certificate_encode(&certificate, fixture.root, &out), CS_OK);
    size_t middle = out.size;
    assert_int_equal(cs_invite_encode(&invite, fixture.root, &out), CS_OK);
    assert_memory_equal(out.data, "before", 6);
    struct cs_certificate found;
    assert_int_equal(cs_certificate_decode(cs_bytes_make(out.data + 6, middle - 6), &found), CS_OK);
    struct cs_invite found_invite;
    assert_int_equal(
        cs_invite_decode(cs_bytes_make(out.data + middle, out.size - middle), &found_invite),
        CS_OK);
}

/* The signature is over the statement with the label of the format, and no other kind's. */
static void test_signatures_have_their_labels(void **state)
{
    (void)state;
    struct cs_certificate certificate = fixture_certificate(&fixture, 1);
    struct cs_invite invite = fixture_invite(&fixture, 2);
    assert_int_equal(cs_certificate_encode(&certificate, fixture.root, &out), CS_OK);
    struct cs_bytes statement = {out.data + 64, out.size - 64};
    assert_int_equal(
        cs_sign_verify(fixture.root_key, "countersign certificate 1", statement, out.data), CS_OK);
    assert_int_equal(cs_sign_verify(fixture.root_key, "countersign invite 1", statement, out.data),
                     CS_FORGED);
    cs_buffer_clear(&out);
    assert_int_equal(cs_invite_encode(&invite, fixture.root, &out), CS_OK);
    statement = cs_bytes_make(out.data + 64, out.size - 64);
    assert_int_equal(cs_sign_verify(fixture.root_key, "countersign invite 1", statement, out.data),
                     CS_OK);
}

/* ---- limits ---- */

static const char *const bad_names[] = {"a\nb", "\x7f", "tab\there", "\xff\xfe", "\xed\xa0\x80"};

static void test_certificate_limits(void **state)
{
    (void)state;
    char name[CS_PERSON_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    struct cs_certificate good = fixture_certificate(&fixture, 1);
    struct cs_certificate bad = good;
    bad.person_name = CS_BYTES_NONE;
    assert_int_equal(cs_certificate_encode(&bad, fixture.root, &out), CS_INVALID);
    bad.person_name = cs_bytes_make(name, CS_PERSON_NAME_MAX + 1);
    assert_int_equal(cs_certificate_encode(&bad, fixture.root, &out), CS_INVALID);
    bad = good;
    bad.device_name = cs_bytes_make(name, CS_PERSON_NAME_MAX + 1);
    assert_int_equal(cs_certificate_encode(&bad, fixture.root, &out), CS_INVALID);
    bad = good;
    bad.roles = CS_ROLES_ALL + 1;
    assert_int_equal(cs_certificate_encode(&bad, fixture.root, &out), CS_INVALID);
    for (size_t i = 0; i < CS_COUNT(bad_names); i++) {
        bad = good;
        bad.person_name = cs_bytes_of_text(bad_names[i]);
        assert_int_equal(cs_certificate_encode(&bad, fixture.root, &out), CS_INVALID);
        bad = good;
        bad.device_name = cs_bytes_of_text(bad_names[i]);
        assert_int_equal(cs_certificate_encode(&bad, fixture.root, &out), CS_INVALID);
    }
    assert_int_equal(out.size, 0);
    good.person_name = cs_bytes_make(name, CS_PERSON_NAME_MAX);
    good.device_name = CS_BYTES_NONE;
    good.roles = CS_ROLES_NONE;
    assert_int_equal(cs_certificate_encode(&good, fixture.root, &out), CS_OK);
    struct cs_certificate found;
    assert_int_equal(cs_certificate_decode(cs_buffer_bytes(&out), &found), CS_OK);
    assert_int_equal(found.device_name.size, 0);
    assert_int_equal(found.person_name.size, CS_PERSON_NAME_MAX);
}

static void test_invite_limits(void **state)
{
    (void)state;
    char name[CS_PERSON_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    struct cs_invite good = fixture_invite(&fixture, 2);
    struct cs_invite bad = good;
    bad.person_name = CS_BYTES_NONE;
    assert_int_equal(cs_invite_encode(&bad, fixture.root, &out), CS_INVALID);
    bad.person_name = cs_bytes_make(name, CS_PERSON_NAME_MAX + 1);
    assert_int_equal(cs_invite_encode(&bad, fixture.root, &out), CS_INVALID);
    bad = good;
    bad.roles = UINT32_MAX;
    assert_int_equal(cs_invite_encode(&bad, fixture.root, &out), CS_INVALID);
    for (size_t i = 0; i < CS_COUNT(bad_names); i++) {
        bad = good;
        bad.person_name = cs_bytes_of_text(bad_names[i]);
        assert_int_equal(cs_invite_encode(&bad, fixture.root, &out), CS_INVALID);
    }
    assert_int_equal(out.size, 0);
}

/* ---- what arrives ---- */

static void assert_certificate_refused(struct cs_bytes bytes, enum cs_status expected)
{
    struct cs_certificate found = {.created_ms = 77};
    assert_int_equal(cs_certificate_decode(bytes, &found), expected);
    assert_int_equal(found.created_ms, 77);
}

static void assert_invite_refused(struct cs_bytes bytes, enum cs_status expected)
{
    struct cs_invite found = {.expires_ms = 77};
    assert_int_equal(cs_invite_decode(bytes, &found), expected);
    assert_int_equal(found.expires_ms, 77);
}

static void test_truncated_or_longer_is_refused(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 2, NULL);
    struct cs_buffer *certificate = &fixture.certificate_bytes[1];
    struct cs_buffer *invite = &fixture.invite_bytes[1];
    for (size_t size = 0; size < certificate->size; size++) {
        assert_certificate_refused(cs_bytes_make(certificate->data, size), CS_MALFORMED);
    }
    for (size_t size = 0; size < invite->size; size++) {
        assert_invite_refused(cs_bytes_make(invite->data, size), CS_MALFORMED);
    }
    cs_buffer_append_u8(certificate, 0xf6);
    assert_certificate_refused(cs_buffer_bytes(certificate), CS_MALFORMED);
    cs_buffer_append_u8(invite, 0xf6);
    assert_invite_refused(cs_buffer_bytes(invite), CS_MALFORMED);
    assert_invite_refused(cs_buffer_bytes(&fixture.certificate_bytes[0]), CS_MALFORMED);
    assert_certificate_refused(cs_buffer_bytes(invite), CS_MALFORMED);
}

/* A statement made by hand: certificate with the given version, item count, name and roles. */
static struct cs_bytes forge_certificate(size_t count, uint64_t version, struct cs_bytes name,
                                         uint64_t roles)
{
    static const uint8_t zeroes[32];
    struct cs_bytes hash = cs_bytes_of_array(zeroes);
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    cs_cbor_put_array(&statement, count);
    cs_cbor_put_unsigned(&statement, version);
    cs_cbor_put_bytes(&statement, hash);
    cs_cbor_put_bytes(&statement, cs_bytes_make(zeroes, 16));
    cs_cbor_put_text(&statement, name);
    cs_cbor_put_unsigned(&statement, roles);
    cs_cbor_put_bytes(&statement, hash);
    cs_cbor_put_bytes(&statement, hash);
    cs_cbor_put_integer(&statement, 5);
    cs_cbor_put_text(&statement, CS_BYTES_NONE);
    cs_cbor_put_bytes(&statement, hash);
    for (size_t i = 10; i < count; i++) {
        cs_cbor_put_null(&statement);
    }
    fixture_sign(&statement, "countersign certificate 1", fixture.root, &out);
    cs_buffer_release(&statement);
    return cs_buffer_bytes(&out);
}

static void test_certificates_made_by_hand(void **state)
{
    (void)state;
    char name[CS_PERSON_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    struct cs_bytes good = cs_bytes_of_text("Li Lei");
    struct cs_certificate found;
    assert_int_equal(cs_certificate_decode(forge_certificate(10, 1, good, 1), &found), CS_OK);
    assert_certificate_refused(forge_certificate(10, 2, good, 1), CS_UNSUPPORTED);
    assert_certificate_refused(forge_certificate(12, 2, good, 1), CS_UNSUPPORTED);
    assert_certificate_refused(forge_certificate(10, 0, good, 1), CS_UNSUPPORTED);
    assert_certificate_refused(forge_certificate(9, 1, good, 1), CS_MALFORMED);
    assert_certificate_refused(forge_certificate(11, 1, good, 1), CS_MALFORMED);
    assert_certificate_refused(forge_certificate(65, 1, good, 1), CS_MALFORMED);
    assert_certificate_refused(forge_certificate(10, 1, CS_BYTES_NONE, 1), CS_MALFORMED);
    assert_certificate_refused(forge_certificate(10, 1, cs_bytes_of_text("a\nb"), 1), CS_MALFORMED);
    assert_certificate_refused(forge_certificate(10, 1, cs_bytes_make(name, sizeof name), 1),
                               CS_MALFORMED);
    assert_certificate_refused(forge_certificate(10, 1, good, CS_ROLES_ALL + 1), CS_UNSUPPORTED);
    /* Bits beyond the set's type must not be cut off. */
    assert_certificate_refused(forge_certificate(10, 1, good, ((uint64_t)1 << 32) + 1),
                               CS_UNSUPPORTED);
}

static struct cs_bytes forge_invite(size_t count, uint64_t version, const char *name,
                                    uint64_t roles)
{
    static const uint8_t zeroes[32];
    struct cs_bytes hash = cs_bytes_of_array(zeroes);
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    cs_cbor_put_array(&statement, count);
    cs_cbor_put_unsigned(&statement, version);
    cs_cbor_put_bytes(&statement, hash);
    cs_cbor_put_bytes(&statement, hash);
    cs_cbor_put_bytes(&statement, cs_bytes_make(zeroes, 16));
    cs_cbor_put_text(&statement, cs_bytes_of_text(name));
    cs_cbor_put_unsigned(&statement, roles);
    cs_cbor_put_integer(&statement, 5);
    cs_cbor_put_bytes(&statement, hash);
    for (size_t i = 8; i < count; i++) {
        cs_cbor_put_null(&statement);
    }
    fixture_sign(&statement, "countersign invite 1", fixture.root, &out);
    cs_buffer_release(&statement);
    return cs_buffer_bytes(&out);
}

static void test_invites_made_by_hand(void **state)
{
    (void)state;
    struct cs_invite found;
    assert_int_equal(cs_invite_decode(forge_invite(8, 1, "Li Lei", 1), &found), CS_OK);
    assert_invite_refused(forge_invite(8, 2, "Li Lei", 1), CS_UNSUPPORTED);
    assert_invite_refused(forge_invite(9, 1, "Li Lei", 1), CS_MALFORMED);
    assert_invite_refused(forge_invite(7, 1, "Li Lei", 1), CS_MALFORMED);
    assert_invite_refused(forge_invite(8, 1, "", 1), CS_MALFORMED);
    assert_invite_refused(forge_invite(8, 1, "a\x1b[2Jb", 1), CS_MALFORMED);
    assert_invite_refused(forge_invite(8, 1, "Li Lei", CS_ROLES_ALL + 1), CS_UNSUPPORTED);
    assert_invite_refused(forge_invite(8, 1, "Li Lei", ((uint64_t)1 << 40) + 1), CS_UNSUPPORTED);
}

/* ---- ids ---- */

static void test_ids_are_of_the_statement_alone(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 2, NULL);
    struct cs_buffer *certificate = &fixture.certificate_bytes[1];
    uint8_t id[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    struct cs_bytes statement = {certificate->data + 64, certificate->size - 64};
    cs_hash("countersign certificate", statement, expected);
    assert_int_equal(cs_certificate_id(cs_buffer_bytes(certificate), id), CS_OK);
    assert_memory_equal(id, expected, sizeof id);
    certificate->data[0] ^= 1; /* other signature bytes, same id */
    assert_int_equal(cs_certificate_id(cs_buffer_bytes(certificate), id), CS_OK);
    assert_memory_equal(id, expected, sizeof id);
    certificate->data[70] ^= 1;
    assert_int_equal(cs_certificate_id(cs_buffer_bytes(certificate), id), CS_OK);
    assert_memory_not_equal(id, expected, sizeof id);
    struct cs_bytes invite = cs_buffer_bytes(&fixture.invite_bytes[1]);
    cs_hash("countersign invite", cs_bytes_make(invite.data + 64, invite.size - 64), expected);
    assert_int_equal(cs_invite_id(invite, id), CS_OK);
    assert_memory_equal(id, expected, sizeof id);
}

static void test_ids_need_a_statement(void **state)
{
    (void)state;
    static const uint8_t signature[64];
    uint8_t id[CS_HASH_SIZE] = {77};
    assert_int_equal(cs_certificate_id(cs_bytes_of_array(signature), id), CS_MALFORMED);
    assert_int_equal(cs_invite_id(cs_bytes_of_array(signature), id), CS_MALFORMED);
    assert_int_equal(cs_invite_id(CS_BYTES_NONE, id), CS_MALFORMED);
    assert_int_equal(id[0], 77);
}

static void test_log_and_fingerprint(void **state)
{
    (void)state;
    uint8_t id[CS_HASH_SIZE] = {0};
    for (uint8_t i = 0; i < 8; i++) {
        id[i] = (uint8_t)(i + 1);
    }
    assert_true(cs_certificate_log(id) == UINT64_C(0x0102030405060708));
    char text[24];
    memset(text, 'x', sizeof text);
    id[15] = 7;
    id[30] = 1;
    id[31] = 0x86;
    cs_certificate_fingerprint(id, text);
    /* 0x0102030405060708 = 72623859790382856 */
    assert_string_equal(text, "82856 00007 00000 00390");
    memset(id, 0xff, sizeof id);
    cs_certificate_fingerprint(id, text);
    assert_string_equal(text, "51615 51615 51615 51615"); /* 2^64 - 1 */
}

static void test_organisation_is_the_hash_of_the_root_key(void **state)
{
    (void)state;
    uint8_t expected[CS_HASH_SIZE];
    cs_hash("countersign organisation", cs_bytes_of_array(fixture.root_key), expected);
    assert_memory_equal(fixture.organisation, expected, sizeof expected);
}

/* ---- memory ---- */

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct cs_certificate certificate = fixture_certificate(&fixture, 1);
    struct cs_invite invite = fixture_invite(&fixture, 2);
    for (int kind = 0; kind < 2; kind++) {
        long failures = 0;
        for (;; failures++) {
            cs_buffer_release(&out);
            cs_memory_fail_after(failures);
            enum cs_status status = kind == 0
                                        ? cs_certificate_encode(&certificate, fixture.root, &out)
                                        : cs_invite_encode(&invite, fixture.root, &out);
            cs_memory_fail_after(-1);
            if (status == CS_OK) {
                break;
            }
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(out.size, 0);
        }
        assert_true(failures >= 2);
    }
    struct cs_buffer small;
    cs_buffer_init(&small, 100);
    assert_int_equal(cs_certificate_encode(&certificate, fixture.root, &small), CS_LIMIT);
    assert_int_equal(small.size, 0);
    cs_buffer_release(&small);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_certificate_round_trip),
        CASE(test_invite_round_trip),
        CASE(test_encoding_appends),
        CASE(test_signatures_have_their_labels),
        CASE(test_certificate_limits),
        CASE(test_invite_limits),
        CASE(test_truncated_or_longer_is_refused),
        CASE(test_certificates_made_by_hand),
        CASE(test_invites_made_by_hand),
        CASE(test_ids_are_of_the_statement_alone),
        CASE(test_ids_need_a_statement),
        CASE(test_log_and_fingerprint),
        CASE(test_organisation_is_the_hash_of_the_root_key),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
