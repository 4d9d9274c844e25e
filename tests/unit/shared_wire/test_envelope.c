/* Tests of envelopes: round trips, every byte flipped, truncation, wrong keys, wrong request, failing allocations. */
#include "shared/wire/envelope.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "tests/support/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct fake_world fake;
    struct cs_sign_key *device;
    struct cs_sign_key *server;
    struct cs_seal_key *device_box;
    struct cs_seal_key *bundle;
    uint8_t device_public[CS_SIGN_PUBLIC_SIZE];
    uint8_t server_public[CS_SIGN_PUBLIC_SIZE];
    uint8_t device_box_public[CS_SEAL_KEY_SIZE];
    uint8_t bundle_public[CS_SEAL_KEY_SIZE];
    struct cs_buffer sealed;
    struct cs_buffer plain;
};

static int set_up(void **state)
{
    static struct fixture f;
    fake_world_init(&f.fake, 11);
    assert_int_equal(cs_crypto_start(), CS_OK);
    assert_int_equal(cs_sign_key_create_random(&f.fake.world, &f.device), CS_OK);
    assert_int_equal(cs_sign_key_create_random(&f.fake.world, &f.server), CS_OK);
    assert_int_equal(cs_seal_key_create_random(&f.fake.world, &f.device_box), CS_OK);
    assert_int_equal(cs_seal_key_create_random(&f.fake.world, &f.bundle), CS_OK);
    cs_sign_key_public(f.device, f.device_public);
    cs_sign_key_public(f.server, f.server_public);
    cs_seal_key_public(f.device_box, f.device_box_public);
    cs_seal_key_public(f.bundle, f.bundle_public);
    cs_buffer_init(&f.sealed, CS_RESPONSE_MAX);
    cs_buffer_init(&f.plain, CS_RESPONSE_MAX);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    cs_memory_fail_after(-1);
    cs_sign_key_destroy(f->device);
    cs_sign_key_destroy(f->server);
    cs_seal_key_destroy(f->device_box);
    cs_seal_key_destroy(f->bundle);
    cs_buffer_release(&f->sealed);
    cs_buffer_release(&f->plain);
    fake_world_release(&f->fake);
    return 0;
}

static struct cs_request_header sample_header(void)
{
    struct cs_request_header header = {
        .kind = CS_MESSAGE_SYNC, .counter = 41, .log_sequence = UINT64_C(0x123456789)};
    memset(header.organisation, 0x0a, sizeof header.organisation);
    memset(header.certificate, 0x0b, sizeof header.certificate);
    memset(header.nonce, 0x0c, sizeof header.nonce);
    memset(header.log_head, 0x0d, sizeof header.log_head);
    return header;
}

static void seal_request(struct fixture *f, struct cs_bytes body, uint8_t hash[CS_HASH_SIZE])
{
    struct cs_request_header header = sample_header();
    assert_int_equal(cs_request_seal(&f->fake.world, &header, body, f->device, f->bundle_public,
                                     &f->sealed, hash),
                     CS_OK);
}

/* Opens and verifies, as the server does. */
static enum cs_status accept_request(struct fixture *f, struct cs_bytes request,
                                     struct cs_opened_request *out)
{
    cs_buffer_clear(&f->plain);
    struct cs_opened_request opened;
    enum cs_status status = cs_request_open(request, f->bundle, &f->plain, &opened);
    if (status != CS_OK) {
        assert_int_equal(f->plain.size, 0);
        return status;
    }
    status = cs_request_verify(&opened, f->device_public);
    if (status == CS_OK && out != NULL) {
        *out = opened;
    }
    return status;
}

static void check_request_round_trip(struct fixture *f, struct cs_bytes body)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_buffer_clear(&f->sealed);
    seal_request(f, body, hash);
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    assert_int_equal(cs_request_recipient(cs_buffer_bytes(&f->sealed), recipient), CS_OK);
    assert_memory_equal(recipient, f->bundle_public, sizeof recipient);
    struct cs_opened_request opened;
    assert_int_equal(accept_request(f, cs_buffer_bytes(&f->sealed), &opened), CS_OK);
    struct cs_request_header header = sample_header();
    assert_int_equal(opened.header.kind, header.kind);
    assert_int_equal(opened.header.counter, header.counter);
    assert_int_equal(opened.header.log_sequence, header.log_sequence);
    assert_memory_equal(opened.header.organisation, header.organisation, CS_HASH_SIZE);
    assert_memory_equal(opened.header.certificate, header.certificate, CS_HASH_SIZE);
    assert_memory_equal(opened.header.nonce, header.nonce, sizeof header.nonce);
    assert_memory_equal(opened.header.log_head, header.log_head, CS_HASH_SIZE);
    assert_memory_equal(opened.hash, hash, CS_HASH_SIZE);
    assert_true(cs_bytes_equal(opened.body, body));
}

static void test_requests_come_back(void **state)
{
    static uint8_t large[100000];
    check_request_round_trip(*state, CS_BYTES_NONE);
    check_request_round_trip(*state, cs_bytes_of_text("x"));
    check_request_round_trip(*state, cs_bytes_of_array(large));
}

static void test_request_hides_its_sender(void **state)
{
    struct fixture *f = *state;
    uint8_t hash[CS_HASH_SIZE];
    seal_request(f, cs_bytes_of_text("a body in the clear?"), hash);
    struct cs_request_header header = sample_header();
    assert_null(memmem(f->sealed.data, f->sealed.size, header.certificate, 8));
    assert_null(memmem(f->sealed.data, f->sealed.size, "a body in", 9));
}

static void test_request_hash_names_content_not_seal(void **state)
{
    struct fixture *f = *state;
    uint8_t first[CS_HASH_SIZE];
    uint8_t second[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    seal_request(f, cs_bytes_of_text("same"), first);
    seal_request(f, cs_bytes_of_text("same"), second);
    seal_request(f, cs_bytes_of_text("diff"), other);
    assert_memory_equal(first, second, CS_HASH_SIZE);
    assert_memory_not_equal(first, other, CS_HASH_SIZE);
    size_t size = f->sealed.size / 3;
    assert_memory_not_equal(f->sealed.data, f->sealed.data + size, size); /* fresh seals */
}

static void test_every_flipped_bit_of_a_request_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t hash[CS_HASH_SIZE];
    seal_request(f, cs_bytes_of_text("body"), hash);
    for (size_t i = 0; i < f->sealed.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            f->sealed.data[i] ^= (uint8_t)(1U << bit);
            enum cs_status status = accept_request(f, cs_buffer_bytes(&f->sealed), NULL);
            assert_true(status == CS_FORGED || status == CS_MALFORMED || status == CS_UNSUPPORTED);
            f->sealed.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    assert_int_equal(accept_request(f, cs_buffer_bytes(&f->sealed), NULL), CS_OK);
}

static void test_every_truncated_request_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t hash[CS_HASH_SIZE];
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    seal_request(f, cs_bytes_of_text("body"), hash);
    for (size_t size = 0; size < f->sealed.size; size++) {
        struct cs_bytes cut = cs_bytes_make(f->sealed.data, size);
        enum cs_status status = accept_request(f, cut, NULL);
        assert_true(status == CS_FORGED || status == CS_MALFORMED);
        assert_int_equal(cs_request_recipient(cut, recipient), size < 70 ? CS_MALFORMED : CS_OK);
    }
}

static void test_requests_for_others_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t hash[CS_HASH_SIZE];
    seal_request(f, cs_bytes_of_text("body"), hash);
    struct cs_opened_request opened;
    assert_int_equal(
        cs_request_open(cs_buffer_bytes(&f->sealed), f->device_box, &f->plain, &opened), CS_FORGED);
    assert_int_equal(cs_request_open(cs_buffer_bytes(&f->sealed), f->bundle, &f->plain, &opened),
                     CS_OK);
    assert_int_equal(cs_request_verify(&opened, f->server_public), CS_FORGED);
    assert_int_equal(cs_request_verify(&opened, f->device_public), CS_OK);
    opened.signed_part.size--;
    assert_int_equal(cs_request_verify(&opened, f->device_public), CS_MALFORMED);
}

static void test_request_kinds_are_checked(void **state)
{
    struct fixture *f = *state;
    struct cs_request_header header = sample_header();
    uint8_t hash[CS_HASH_SIZE];
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    header.kind = CS_MESSAGE_FAILURE;
    assert_int_equal(cs_request_seal(&f->fake.world, &header, CS_BYTES_NONE, f->device,
                                     f->bundle_public, &f->sealed, hash),
                     CS_INVALID);
    assert_int_equal(f->sealed.size, 0);
    header.kind = CS_MESSAGE_JOIN;
    assert_int_equal(cs_request_seal(&f->fake.world, &header, CS_BYTES_NONE, f->device,
                                     f->bundle_public, &f->sealed, hash),
                     CS_OK);
    f->sealed.data[5] = CS_MESSAGE_FAILURE;
    assert_int_equal(cs_request_recipient(cs_buffer_bytes(&f->sealed), recipient), CS_UNSUPPORTED);
    f->sealed.data[5] = 0;
    assert_int_equal(cs_request_recipient(cs_buffer_bytes(&f->sealed), recipient), CS_UNSUPPORTED);
    f->sealed.data[5] = CS_MESSAGE_JOIN;
    f->sealed.data[4] = 2;
    assert_int_equal(cs_request_recipient(cs_buffer_bytes(&f->sealed), recipient), CS_UNSUPPORTED);
    f->sealed.data[0] = 'X';
    assert_int_equal(cs_request_recipient(cs_buffer_bytes(&f->sealed), recipient), CS_MALFORMED);
}

static void test_request_size_is_limited(void **state)
{
    struct fixture *f = *state;
    struct cs_request_header header = sample_header();
    uint8_t hash[CS_HASH_SIZE];
    uint8_t *large = cs_alloc_zero(1, CS_REQUEST_MAX + 1);
    assert_non_null(large);
    assert_int_equal(cs_request_seal(&f->fake.world, &header, cs_bytes_make(large, CS_REQUEST_MAX),
                                     f->device, f->bundle_public, &f->sealed, hash),
                     CS_TOO_LARGE);
    memcpy(large, "CSRQ\1\2", 6);
    struct cs_opened_request opened;
    assert_int_equal(
        cs_request_open(cs_bytes_make(large, CS_REQUEST_MAX + 1), f->bundle, &f->plain, &opened),
        CS_LIMIT);
    cs_free(large);
}

static const uint8_t request_hash[CS_HASH_SIZE] = {1, 2, 3};

static void seal_response(struct fixture *f, enum cs_message_kind kind, struct cs_bytes body)
{
    assert_int_equal(cs_response_seal(&f->fake.world, kind, request_hash, body, f->server,
                                      f->device_box_public, &f->sealed),
                     CS_OK);
}

static enum cs_status open_response(struct fixture *f, struct cs_bytes response,
                                    enum cs_message_kind *out_kind, struct cs_bytes *out_body)
{
    cs_buffer_clear(&f->plain);
    enum cs_status status = cs_response_open(response, f->device_box, f->server_public,
                                             request_hash, &f->plain, out_kind, out_body);
    assert_true(status == CS_OK || f->plain.size == 0);
    return status;
}

static void test_responses_come_back(void **state)
{
    struct fixture *f = *state;
    for (unsigned kind = CS_MESSAGE_JOIN; kind <= CS_MESSAGE_ATTACHMENT; kind++) {
        enum cs_message_kind out_kind = (enum cs_message_kind)0;
        struct cs_bytes body = CS_BYTES_NONE;
        cs_buffer_clear(&f->sealed);
        seal_response(f, (enum cs_message_kind)kind, cs_bytes_of_text("the answer"));
        assert_int_equal(open_response(f, cs_buffer_bytes(&f->sealed), &out_kind, &body), CS_OK);
        assert_int_equal(out_kind, kind);
        assert_true(cs_bytes_equal_text(body, "the answer"));
    }
}

static void test_every_flipped_bit_of_a_response_is_refused(void **state)
{
    struct fixture *f = *state;
    enum cs_message_kind kind = (enum cs_message_kind)77;
    struct cs_bytes body = CS_BYTES_NONE;
    seal_response(f, CS_MESSAGE_SYNC, cs_bytes_of_text("body"));
    for (size_t i = 0; i < f->sealed.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            f->sealed.data[i] ^= (uint8_t)(1U << bit);
            enum cs_status status = open_response(f, cs_buffer_bytes(&f->sealed), &kind, &body);
            assert_true(status == CS_FORGED || status == CS_MALFORMED || status == CS_UNSUPPORTED);
            f->sealed.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    for (size_t size = 0; size < f->sealed.size; size++) {
        enum cs_status status = open_response(f, cs_bytes_make(f->sealed.data, size), &kind, &body);
        assert_true(status == CS_FORGED || status == CS_MALFORMED);
    }
    assert_int_equal(kind, 77);
    assert_null(body.data);
}

static void test_responses_of_others_are_refused(void **state)
{
    struct fixture *f = *state;
    enum cs_message_kind kind;
    struct cs_bytes body;
    uint8_t other_hash[CS_HASH_SIZE] = {9};
    seal_response(f, CS_MESSAGE_SYNC, cs_bytes_of_text("body"));
    struct cs_bytes response = cs_buffer_bytes(&f->sealed);
    assert_int_equal(cs_response_open(response, f->device_box, f->device_public, request_hash,
                                      &f->plain, &kind, &body),
                     CS_WRONG_SERVER);
    assert_int_equal(cs_response_open(response, f->device_box, f->server_public, other_hash,
                                      &f->plain, &kind, &body),
                     CS_FORGED);
    assert_int_equal(cs_response_open(response, f->bundle, f->server_public, request_hash,
                                      &f->plain, &kind, &body),
                     CS_FORGED);
    assert_int_equal(f->plain.size, 0);
}

/* What a device keeps of an answer proves who signed it, for whichever request, and no bit of it may change. */
static void test_a_kept_answer_proves_its_server(void **state)
{
    struct fixture *f = *state;
    enum cs_message_kind kind;
    struct cs_bytes body;
    seal_response(f, CS_MESSAGE_SYNC, cs_bytes_of_text("the answer"));
    assert_int_equal(open_response(f, cs_buffer_bytes(&f->sealed), &kind, &body), CS_OK);
    uint8_t kept[256];
    size_t size = f->plain.size;
    assert_true(size <= sizeof kept);
    memcpy(kept, f->plain.data, size);
    assert_int_equal(cs_response_verify(cs_bytes_make(kept, size), f->server_public, &kind, &body),
                     CS_OK);
    assert_int_equal(kind, CS_MESSAGE_SYNC);
    assert_true(cs_bytes_equal_text(body, "the answer"));
    assert_int_equal(cs_response_verify(cs_bytes_make(kept, size), f->device_public, &kind, &body),
                     CS_WRONG_SERVER);
    for (size_t i = 0; i < 8 * size; i++) {
        kept[i / 8] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(
            cs_response_verify(cs_bytes_make(kept, size), f->server_public, &kind, &body),
            CS_WRONG_SERVER);
        kept[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_not_equal(
            cs_response_verify(cs_bytes_make(kept, cut), f->server_public, &kind, &body), CS_OK);
    }
}

static void test_a_request_is_no_response(void **state)
{
    struct fixture *f = *state;
    enum cs_message_kind kind;
    struct cs_bytes body;
    uint8_t hash[CS_HASH_SIZE];
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    seal_request(f, cs_bytes_of_text("body"), hash);
    assert_int_equal(open_response(f, cs_buffer_bytes(&f->sealed), &kind, &body), CS_MALFORMED);
    cs_buffer_clear(&f->sealed);
    seal_response(f, CS_MESSAGE_SYNC, cs_bytes_of_text("a body of a response, long enough"));
    assert_int_equal(cs_request_recipient(cs_buffer_bytes(&f->sealed), recipient), CS_MALFORMED);
}

static void test_response_limits(void **state)
{
    struct fixture *f = *state;
    enum cs_message_kind kind;
    struct cs_bytes body;
    uint8_t *large = cs_alloc_zero(1, CS_RESPONSE_MAX + 1);
    assert_non_null(large);
    assert_int_equal(cs_response_seal(&f->fake.world, CS_MESSAGE_SYNC, request_hash,
                                      cs_bytes_make(large, CS_RESPONSE_MAX), f->server,
                                      f->device_box_public, &f->sealed),
                     CS_TOO_LARGE);
    assert_int_equal(
        cs_response_seal(&f->fake.world, (enum cs_message_kind)(CS_MESSAGE_ATTACHMENT + 1),
                         request_hash, CS_BYTES_NONE, f->server, f->device_box_public, &f->sealed),
        CS_INVALID);
    assert_int_equal(f->sealed.size, 0);
    memcpy(large, "CSRS\1", 5);
    assert_int_equal(open_response(f, cs_bytes_make(large, CS_RESPONSE_MAX + 1), &kind, &body),
                     CS_LIMIT);
    cs_free(large);
}

/* Kinds and lengths that only a server with the right key, but of another version, could send. */
static void test_sealed_but_strange_responses_are_refused(void **state)
{
    struct fixture *f = *state;
    enum cs_message_kind kind;
    struct cs_bytes body;
    uint8_t part[5 + 1 + CS_HASH_SIZE + CS_HASH_SIZE] = "CSRS\1";
    part[5] = CS_MESSAGE_ATTACHMENT + 1;
    memcpy(part + 6, request_hash, CS_HASH_SIZE);
    cs_hash("countersign response body", CS_BYTES_NONE, part + 6 + CS_HASH_SIZE);
    uint8_t plain[CS_SIGNATURE_SIZE + 1 + CS_HASH_SIZE];
    cs_sign(f->server, "countersign response 1", cs_bytes_of_array(part), plain);
    memcpy(plain + CS_SIGNATURE_SIZE, part + 5, 1 + CS_HASH_SIZE);
    struct cs_bytes clear = cs_bytes_make(part, 5);
    cs_buffer_append_bytes(&f->sealed, clear);
    assert_int_equal(cs_seal(&f->fake.world, f->device_box_public, "countersign response 1", clear,
                             cs_bytes_of_array(plain), &f->sealed),
                     CS_OK);
    assert_int_equal(open_response(f, cs_buffer_bytes(&f->sealed), &kind, &body), CS_UNSUPPORTED);
    cs_buffer_clear(&f->sealed);
    cs_buffer_append_bytes(&f->sealed, clear);
    assert_int_equal(cs_seal(&f->fake.world, f->device_box_public, "countersign response 1", clear,
                             cs_bytes_make(plain, sizeof plain - 1), &f->sealed),
                     CS_OK);
    assert_int_equal(open_response(f, cs_buffer_bytes(&f->sealed), &kind, &body), CS_MALFORMED);
}

static void test_every_failing_allocation_is_clean(void **state)
{
    struct fixture *f = *state;
    struct cs_request_header header = sample_header();
    uint8_t hash[CS_HASH_SIZE] = {0};
    const uint8_t untouched[CS_HASH_SIZE] = {0};
    enum cs_status status = CS_NO_MEMORY;
    for (long i = 0; status != CS_OK; i++) {
        cs_buffer_release(&f->sealed);
        cs_memory_fail_after(i);
        status = cs_request_seal(&f->fake.world, &header, cs_bytes_of_text("body"), f->device,
                                 f->bundle_public, &f->sealed, hash);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(f->sealed.size, 0);
            assert_memory_equal(hash, untouched, sizeof hash);
        }
    }
    status = CS_NO_MEMORY;
    for (long i = 0; status != CS_OK; i++) {
        struct cs_opened_request opened;
        cs_buffer_release(&f->plain);
        cs_memory_fail_after(i);
        status = cs_request_open(cs_buffer_bytes(&f->sealed), f->bundle, &f->plain, &opened);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && f->plain.size == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_request_hides_its_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_request_hash_names_content_not_seal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_of_a_request_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_truncated_request_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_requests_for_others_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_request_kinds_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_request_size_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_responses_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_of_a_response_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_responses_of_others_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_kept_answer_proves_its_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_request_is_no_response, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_response_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sealed_but_strange_responses_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_failing_allocation_is_clean, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
