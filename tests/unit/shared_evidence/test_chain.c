/* Chains: what verifies, and what their bytes and order must be. Each link's rules are in
 * test_chain_links.c. */
#include "tests/unit/shared_evidence/chain_fixture.h"

/* ---- what verifies ---- */

static void test_chains_of_every_length_verify(void **state)
{
    (void)state;
    for (size_t length = 1; length <= CS_CHAIN_LENGTH_MAX; length++) {
        struct cs_chain chain;
        verify(fixture_build(&fixture, length, NULL), &chain);
        assert_int_equal(chain.length, length);
        assert_memory_equal(chain.root_key, fixture.root_key, sizeof chain.root_key);
        for (size_t i = 0; i < length; i++) {
            uint8_t id[CS_HASH_SIZE];
            struct cs_bytes bytes = cs_buffer_bytes(&fixture.certificate_bytes[length - 1 - i]);
            assert_int_equal(cs_certificate_id(bytes, id), CS_OK);
            assert_memory_equal(chain.certificate_ids[i], id, sizeof id);
            struct cs_id person = fixture_person(length - i);
            assert_true(cs_id_equal(&chain.persons[i], &person));
        }
        assert_memory_equal(chain.leaf_id, chain.certificate_ids[0], sizeof chain.leaf_id);
        assert_true(cs_bytes_equal(chain.leaf_bytes,
                                   cs_buffer_bytes(&fixture.certificate_bytes[length - 1])));
    }
}

static void test_leaf_and_its_invite_come_out(void **state)
{
    (void)state;
    struct cs_chain chain;
    verify(fixture_build(&fixture, 3, NULL), &chain);
    struct cs_id person = fixture_person(3);
    uint8_t key[CS_SIGN_PUBLIC_SIZE];
    assert_true(cs_bytes_equal_text(chain.leaf.person_name, fixture_name(3)));
    assert_true(cs_id_equal(&chain.leaf.person, &person));
    assert_int_equal(chain.leaf.roles, fixture_roles(3));
    cs_sign_key_public(fixture.devices[2], key);
    assert_memory_equal(chain.leaf.sign_key, key, sizeof key);
    cs_sign_key_public(fixture.invites[2], key);
    assert_memory_equal(chain.invite.invite_key, key, sizeof key);
    assert_memory_equal(chain.invite.inviter, chain.certificate_ids[1], CS_HASH_SIZE);
    uint8_t id[CS_HASH_SIZE];
    assert_int_equal(cs_invite_id(cs_buffer_bytes(&fixture.invite_bytes[2]), id), CS_OK);
    assert_memory_equal(chain.invite_id, id, sizeof id);
    assert_memory_equal(chain.leaf.issuer, id, sizeof id);
    /* Views are into the chain that was given. */
    assert_true(chain.leaf_bytes.data > fixture.chain.data &&
                chain.leaf_bytes.data < fixture.chain.data + fixture.chain.size);
}

static void test_the_claimed_organisation_is_read_and_not_verified(void **state)
{
    (void)state;
    uint8_t organisation[CS_HASH_SIZE];
    struct cs_bytes bytes = fixture_build(&fixture, 2, NULL);
    assert_int_equal(cs_chain_organisation(bytes, organisation), CS_OK);
    assert_memory_equal(organisation, fixture.organisation, sizeof organisation);
    bytes.size--;
    assert_int_equal(cs_chain_organisation(bytes, organisation), CS_MALFORMED);
    bytes.size = CS_CHAIN_BYTES_MAX + 1;
    assert_int_equal(cs_chain_organisation(bytes, organisation), CS_LIMIT);
}

static void test_the_claimed_device_is_read_and_not_verified(void **state)
{
    (void)state;
    uint8_t id[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    struct cs_bytes bytes = fixture_build(&fixture, 2, NULL);
    assert_int_equal(cs_certificate_id(cs_buffer_bytes(&fixture.certificate_bytes[1]), expected),
                     CS_OK);
    assert_int_equal(cs_chain_leaf_id(bytes, id), CS_OK);
    assert_memory_equal(id, expected, sizeof id);
    bytes.size--;
    assert_int_equal(cs_chain_leaf_id(bytes, id), CS_MALFORMED);
    assert_int_equal(cs_chain_leaf_id(CS_BYTES_NONE, id), CS_MALFORMED);
    bytes.size = CS_CHAIN_BYTES_MAX + 1;
    assert_int_equal(cs_chain_leaf_id(bytes, id), CS_LIMIT);
}

static void test_problem_may_be_null(void **state)
{
    (void)state;
    struct cs_chain chain;
    struct cs_bytes bytes = fixture_build(&fixture, 2, NULL);
    assert_int_equal(cs_chain_verify(bytes, fixture.organisation, &chain, NULL), CS_OK);
    bytes.size--;
    assert_int_equal(cs_chain_verify(bytes, fixture.organisation, &chain, NULL), CS_MALFORMED);
}

/* ---- the bytes ---- */

static void test_any_changed_byte_is_refused(void **state)
{
    (void)state;
    struct cs_bytes bytes = fixture_build(&fixture, 3, NULL);
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < bytes.size; i++) {
        for (size_t j = 0; j < CS_COUNT(masks); j++) {
            struct cs_chain chain = {.length = 77};
            fixture.chain.data[i] ^= masks[j];
            enum cs_status status = cs_chain_verify(bytes, fixture.organisation, &chain, NULL);
            fixture.chain.data[i] ^= masks[j];
            if (status == CS_OK) {
                fail_msg("byte %zu with mask %u is not noticed", i, masks[j]);
            }
            assert_int_equal(chain.length, 77);
        }
    }
    struct cs_chain chain;
    verify(bytes, &chain);
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    struct cs_bytes bytes = fixture_build(&fixture, 3, NULL);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_refused(cs_bytes_make(bytes.data, size), CS_MALFORMED, "cannot be read");
    }
}

static void test_left_over_byte_is_refused(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 2, NULL);
    cs_buffer_append_u8(&fixture.chain, 0);
    assert_refused(cs_buffer_bytes(&fixture.chain), CS_MALFORMED, "cannot be read");
}

/* The offset of `part` in the chain. */
static size_t offset_of(struct cs_bytes chain, const struct cs_buffer *part)
{
    const uint8_t *place = memmem(chain.data, chain.size, part->data, part->size);
    assert_non_null(place);
    return (size_t)(place - chain.data);
}

static void test_each_signature_counts(void **state)
{
    (void)state;
    struct cs_bytes bytes = fixture_build(&fixture, 3, NULL);
    for (size_t number = 1; number <= 3; number++) {
        char saying[64];
        (void)snprintf(saying, sizeof saying, "certificate %zu of 3, counted from the root: its %s",
                       number, "signature");
        size_t place = offset_of(bytes, &fixture.certificate_bytes[number - 1]);
        for (size_t i = 0; i < CS_SIGNATURE_SIZE; i++) {
            fixture.chain.data[place + i] ^= 4;
            assert_refused(bytes, CS_FORGED, saying);
            fixture.chain.data[place + i] ^= 4;
        }
        if (number == 1) {
            continue;
        }
        place = offset_of(bytes, &fixture.invite_bytes[number - 1]);
        for (size_t i = 0; i < CS_SIGNATURE_SIZE; i++) {
            fixture.chain.data[place + i] ^= 4;
            assert_refused(bytes, CS_FORGED, "its invite is not signed");
            fixture.chain.data[place + i] ^= 4;
        }
    }
}

static void test_order_of_links_counts(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 3, NULL);
    const struct cs_buffer *c = fixture.certificate_bytes;
    const struct cs_buffer *i = fixture.invite_bytes;
    struct cs_chain chain;
    verify(HAND_MADE(&c[2], &i[2], &c[1], &i[1], &c[0]), &chain);
    const char *forged = "signature";
    assert_refused(HAND_MADE(&c[1], &i[2], &c[2], &i[1], &c[0]), CS_FORGED, forged);
    assert_refused(HAND_MADE(&c[2], &i[1], &c[1], &i[2], &c[0]), CS_FORGED, "not signed");
    assert_refused(HAND_MADE(&c[0], &i[1], &c[1], &i[2], &c[2]), CS_FORGED, forged);
    assert_refused(HAND_MADE(&c[2], &i[2], &c[0], &i[1], &c[1]), CS_FORGED, forged);
    assert_refused(HAND_MADE(&c[2], &i[2], &c[1]), CS_FORGED, forged);
    assert_refused(HAND_MADE(&c[2], &i[2], &c[0]), CS_FORGED, "not signed");
    assert_refused(HAND_MADE(&i[2], &c[2], &i[1], &c[1], &c[0]), CS_FORGED, "not signed");
}

static void test_count_of_links_counts(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 3, NULL);
    const struct cs_buffer *c = fixture.certificate_bytes;
    const struct cs_buffer *i = fixture.invite_bytes;
    assert_refused(hand_made(0, NULL), CS_MALFORMED, "cannot be read");
    assert_refused(HAND_MADE(&c[1], &i[1]), CS_MALFORMED, "cannot be read");
    assert_refused(HAND_MADE(&c[2], &i[2], &c[1], &i[1]), CS_MALFORMED, "cannot be read");
    struct cs_buffer empty;
    cs_buffer_init(&empty, 1);
    assert_refused(HAND_MADE(&empty), CS_MALFORMED, "");
    assert_refused(HAND_MADE(&c[1], &empty, &c[0]), CS_MALFORMED, "");
}

static void test_parts_must_be_byte_strings(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 1, NULL);
    struct cs_buffer *out = &fixture.chain;
    cs_buffer_clear(out);
    cs_cbor_put_array(out, 2);
    cs_cbor_put_text(out, cs_bytes_of_text("0123456789abcdef0123456789abcdef"));
    cs_cbor_put_bytes(out, cs_buffer_bytes(&fixture.certificate_bytes[0]));
    assert_refused(cs_buffer_bytes(out), CS_MALFORMED, "cannot be read");
    cs_buffer_clear(out);
    cs_cbor_put_array(out, 2);
    cs_cbor_put_bytes(out, cs_bytes_make(fixture.root_key, 31));
    cs_cbor_put_bytes(out, cs_buffer_bytes(&fixture.certificate_bytes[0]));
    assert_refused(cs_buffer_bytes(out), CS_MALFORMED, "cannot be read");
    cs_buffer_clear(out);
    cs_cbor_put_bytes(out, cs_bytes_of_array(fixture.root_key));
    assert_refused(cs_buffer_bytes(out), CS_MALFORMED, "cannot be read");
}

static void test_too_long_is_refused(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 6, NULL);
    fixture_make_link(&fixture, 7, NULL);
    const struct cs_buffer *c = fixture.certificate_bytes;
    const struct cs_buffer *i = fixture.invite_bytes;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_chain_encode_next(cs_buffer_bytes(&fixture.chain), cs_buffer_bytes(&i[6]),
                                          cs_buffer_bytes(&c[6]), &out),
                     CS_LIMIT);
    assert_int_equal(out.size, 0);
    struct cs_bytes seven = HAND_MADE(&c[6], &i[6], &c[5], &i[5], &c[4], &i[4], &c[3], &i[3], &c[2],
                                      &i[2], &c[1], &i[1], &c[0]);
    assert_refused(seven, CS_LIMIT, "at most 6");
    /* Too many bytes are refused before they are looked at. */
    uint8_t *large = cs_alloc_zero(CS_CHAIN_BYTES_MAX + 1, 1);
    assert_non_null(large);
    assert_refused(cs_bytes_make(large, CS_CHAIN_BYTES_MAX + 1), CS_LIMIT, "too long");
    assert_refused(cs_bytes_make(large, CS_CHAIN_BYTES_MAX), CS_MALFORMED, "cannot be read");
    cs_free(large);
    cs_buffer_release(&out);
}

/* ---- encoding ---- */

static void test_encoding_checks_form(void **state)
{
    (void)state;
    struct cs_bytes chain = fixture_build(&fixture, 2, NULL);
    struct cs_bytes invite = cs_buffer_bytes(&fixture.invite_bytes[1]);
    struct cs_bytes certificate = cs_buffer_bytes(&fixture.certificate_bytes[1]);
    struct cs_bytes junk = cs_bytes_of_text("junk");
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_chain_encode_first(fixture.root_key, junk, &out), CS_MALFORMED);
    assert_int_equal(cs_chain_encode_next(junk, invite, certificate, &out), CS_MALFORMED);
    assert_int_equal(cs_chain_encode_next(chain, junk, certificate, &out), CS_MALFORMED);
    assert_int_equal(cs_chain_encode_next(chain, invite, junk, &out), CS_MALFORMED);
    assert_int_equal(cs_chain_encode_next(chain, certificate, certificate, &out), CS_MALFORMED);
    assert_int_equal(cs_chain_encode_next(chain, invite, invite, &out), CS_MALFORMED);
    assert_int_equal(out.size, 0);
    assert_int_equal(out.status, CS_OK);
    cs_buffer_release(&out);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct cs_bytes chain = fixture_build(&fixture, 2, NULL);
    fixture_make_link(&fixture, 3, NULL);
    struct cs_bytes invite = cs_buffer_bytes(&fixture.invite_bytes[2]);
    struct cs_bytes certificate = cs_buffer_bytes(&fixture.certificate_bytes[2]);
    long failures = 0;
    for (;; failures++) {
        struct cs_buffer out;
        cs_buffer_init(&out, CS_MEBI);
        cs_memory_fail_after(failures);
        enum cs_status status = cs_chain_encode_next(chain, invite, certificate, &out);
        cs_memory_fail_after(-1);
        size_t size = out.size;
        cs_buffer_release(&out);
        if (status == CS_OK) {
            break;
        }
        assert_int_equal(status, CS_NO_MEMORY);
        assert_int_equal(size, 0);
    }
    assert_true(failures >= 2);
    /* Verification takes no memory at all. */
    cs_memory_fail_after(0);
    struct cs_chain verified;
    assert_int_equal(cs_chain_verify(chain, fixture.organisation, &verified, NULL), CS_OK);
    assert_int_equal(cs_memory_count(), 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_chains_of_every_length_verify),
        CASE(test_leaf_and_its_invite_come_out),
        CASE(test_the_claimed_organisation_is_read_and_not_verified),
        CASE(test_the_claimed_device_is_read_and_not_verified),
        CASE(test_problem_may_be_null),
        CASE(test_any_changed_byte_is_refused),
        CASE(test_truncated_at_every_length),
        CASE(test_left_over_byte_is_refused),
        CASE(test_each_signature_counts),
        CASE(test_order_of_links_counts),
        CASE(test_count_of_links_counts),
        CASE(test_parts_must_be_byte_strings),
        CASE(test_too_long_is_refused),
        CASE(test_encoding_checks_form),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
