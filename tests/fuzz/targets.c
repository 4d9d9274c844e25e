/* Fuzzing entries, see targets.h. Input of compressed formats is tried as it is and as the content of a frame. */
#include "tests/fuzz/targets.h"

#include "shared/wire/cbor.h"
#include "shared/wire/compression.h"
#include "shared/wire/envelope.h"
#include "shared/wire/history.h"
#include "shared/wire/recover.h"
#include "shared/wire/revoked.h"
#include "shared/wire/vault_message.h"
#include "tests/support/fake_world.h"
#include "tests/unit/shared_wire/compare_samples.h"
#include "tests/unit/shared_wire/message_samples.h"

/* Enough for any input that a fuzzer makes. */
#define ARENA_MAX (64 * CS_MEBI)

typedef void (*try_bytes)(struct cs_bytes bytes);

static void try_raw_and_framed(struct cs_bytes bytes, try_bytes attempt)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    attempt(bytes);
    cs_require(cs_compress(bytes, &frame) == CS_OK);
    attempt(cs_buffer_bytes(&frame));
    cs_buffer_release(&frame);
}

/* Walks over any items, entering arrays, as deep as the reader allows. */
static void walk(struct cs_cbor_reader *reader)
{
    enum cs_cbor_type type = cs_cbor_peek(reader);
    if (type == CS_CBOR_ARRAY) {
        size_t count = cs_cbor_enter_array(reader, SIZE_MAX);
        for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
            walk(reader);
        }
        cs_cbor_leave(reader);
    } else if (type == CS_CBOR_BOOLEAN) {
        (void)cs_cbor_take_boolean(reader);
    } else {
        struct cs_value value = cs_cbor_take_value(reader);
        cs_require(type != CS_CBOR_OTHER || reader->status != CS_OK);
        cs_require(reader->status == CS_OK || value.kind == CS_VALUE_NULL);
    }
}

void fuzz_cbor(const uint8_t *data, size_t size)
{
    struct cs_cbor_reader reader;
    cs_cbor_reader_init(&reader, cs_bytes_make(data, size));
    while (cs_cbor_peek(&reader) != CS_CBOR_END) {
        size_t before = reader.rest.size;
        walk(&reader);
        cs_require(reader.status != CS_OK || reader.rest.size < before);
    }
}

static void try_body(struct cs_bytes bytes)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_transactions first;
    struct cs_transactions second;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_CHANGE_SET_INNER_MAX);
    if (cs_body_decode(bytes, &arena, &first) == CS_OK) {
        cs_require(cs_body_encode(first.items, first.count, &again) == CS_OK);
        cs_require(cs_body_decode(cs_buffer_bytes(&again), &arena, &second) == CS_OK);
        cs_require(sample_transactions_equal(first, second));
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_body(const uint8_t *data, size_t size)
{
    struct cs_bytes bytes = cs_bytes_make(data, size);
    struct cs_arena arena;
    struct cs_transaction transaction;
    struct cs_buffer again;
    try_raw_and_framed(bytes, try_body);
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_CHANGE_SET_BODY_MAX);
    if (cs_transaction_decode(bytes, &arena, &transaction) == CS_OK) {
        cs_require(cs_transaction_encode(&transaction, &again) == CS_OK);
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_inner(const uint8_t *data, size_t size)
{
    static const uint8_t key[CS_SIGN_PUBLIC_SIZE] = {1};
    struct cs_bytes inner = cs_bytes_make(data, size);
    struct cs_inner_header header;
    struct cs_bytes body;
    uint8_t hash[CS_HASH_SIZE];
    cs_require(cs_crypto_start() == CS_OK);
    enum cs_status status = cs_inner_split(inner, &header, &body);
    cs_require(status != CS_OK || body.size < size);
    cs_require(cs_inner_hash(inner, hash) == status);
    cs_require(cs_inner_verify(inner, key) != CS_OK);
}

void fuzz_rows(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_row *first = NULL;
    struct cs_row *second = NULL;
    size_t first_count = 0;
    size_t second_count = 0;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_PAGE_BYTES_MAX);
    if (cs_rows_decode(cs_bytes_make(data, size), &arena, &first, &first_count) == CS_OK) {
        cs_require(cs_rows_encode(first, first_count, &again) == CS_OK);
        cs_require(cs_rows_decode(cs_buffer_bytes(&again), &arena, &second, &second_count) ==
                   CS_OK);
        cs_require(sample_rows_equal(first, first_count, second, second_count));
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

static void try_sync_request(struct cs_bytes bytes)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_sync_request first;
    struct cs_sync_request second;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_RESPONSE_MAX);
    if (cs_sync_request_decode(bytes, &arena, &first) == CS_OK) {
        cs_require(cs_sync_request_encode(&first, &again) == CS_OK);
        cs_require(cs_sync_request_decode(cs_buffer_bytes(&again), &arena, &second) == CS_OK);
        cs_require(sample_sync_requests_equal(&first, &second));
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_sync_request(const uint8_t *data, size_t size)
{
    try_raw_and_framed(cs_bytes_make(data, size), try_sync_request);
}

static void try_sync_response(struct cs_bytes bytes)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_sync_response first;
    struct cs_sync_response second;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_RESPONSE_MAX);
    if (cs_sync_response_decode(bytes, &arena, &first) == CS_OK) {
        cs_require(cs_sync_response_encode(&first, &again) == CS_OK);
        cs_require(cs_sync_response_decode(cs_buffer_bytes(&again), &arena, &second) == CS_OK);
        cs_require(sample_sync_responses_equal(&first, &second));
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_sync_response(const uint8_t *data, size_t size)
{
    try_raw_and_framed(cs_bytes_make(data, size), try_sync_response);
}

static void try_compare_request(struct cs_bytes bytes)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_compare_request first;
    struct cs_compare_request second;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_RESPONSE_MAX);
    if (cs_compare_request_decode(bytes, &arena, &first) == CS_OK) {
        cs_require(cs_compare_request_encode(&first, &again) == CS_OK);
        cs_require(cs_compare_request_decode(cs_buffer_bytes(&again), &arena, &second) == CS_OK);
        cs_require(sample_compare_requests_equal(&first, &second));
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_compare_request(const uint8_t *data, size_t size)
{
    try_raw_and_framed(cs_bytes_make(data, size), try_compare_request);
}

static void try_compare_response(struct cs_bytes bytes)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_compare_response first;
    struct cs_compare_response second;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_RESPONSE_MAX);
    if (cs_compare_response_decode(bytes, &arena, &first) == CS_OK) {
        cs_require(cs_compare_response_encode(&first, &again) == CS_OK);
        cs_require(cs_compare_response_decode(cs_buffer_bytes(&again), &arena, &second) == CS_OK);
        cs_require(sample_compare_responses_equal(&first, &second));
    }
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_compare_response(const uint8_t *data, size_t size)
{
    try_raw_and_framed(cs_bytes_make(data, size), try_compare_response);
}

/* What rows were. */
static void try_history(struct cs_bytes bytes, struct cs_arena *arena, struct cs_buffer *again)
{
    struct cs_history_request request;
    struct cs_history_response response;
    if (cs_history_request_decode(bytes, arena, &request) == CS_OK) {
        cs_require(cs_history_request_encode(&request, again) == CS_OK);
    }
    if (cs_history_response_decode(bytes, arena, &response) == CS_OK) {
        cs_require(cs_history_response_encode(&response, again) == CS_OK);
    }
}

/* The small messages: joining, failing, being revoked, recovering, vaults, history. */
static void try_join(struct cs_bytes bytes)
{
    struct cs_arena arena;
    struct cs_buffer again;
    struct cs_join_request request;
    struct cs_join_response response;
    struct cs_failure_response failure;
    struct cs_revoked_response revoked;
    struct cs_recover_request recover;
    struct cs_recover_response recovered;
    struct cs_vault_request vault;
    struct cs_vault_response vault_answer;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&again, CS_MEBI);
    if (cs_join_request_decode(bytes, &arena, &request) == CS_OK) {
        cs_require(cs_join_request_encode(&request, &again) == CS_OK);
    }
    if (cs_join_response_decode(bytes, &arena, &response) == CS_OK) {
        cs_require(cs_join_response_encode(&response, &again) == CS_OK);
    }
    if (cs_failure_response_decode(bytes, &arena, &failure) == CS_OK) {
        cs_require(cs_failure_response_encode(&failure, &again) == CS_OK);
    }
    if (cs_revoked_response_decode(bytes, &arena, &revoked) == CS_OK) {
        cs_require(cs_revoked_response_encode(&revoked, &again) == CS_OK);
    }
    if (cs_recover_request_decode(bytes, &arena, &recover) == CS_OK) {
        cs_require(cs_recover_request_encode(&recover, &again) == CS_OK);
    }
    if (cs_recover_response_decode(bytes, &arena, &recovered) == CS_OK) {
        cs_require(cs_recover_response_encode(&recovered, &again) == CS_OK);
    }
    if (cs_vault_request_decode(bytes, &arena, &vault) == CS_OK) {
        cs_require(cs_vault_request_encode(&vault, &again) == CS_OK);
    }
    if (cs_vault_response_decode(bytes, &arena, &vault_answer) == CS_OK) {
        cs_require(cs_vault_response_encode(&vault_answer, &again) == CS_OK);
    }
    try_history(bytes, &arena, &again);
    cs_buffer_release(&again);
    cs_arena_release(&arena);
}

void fuzz_join_request(const uint8_t *data, size_t size)
{
    try_raw_and_framed(cs_bytes_make(data, size), try_join);
}

/* Seals the input as a plaintext, so that what stands behind the seal is reached too: it is signed by nobody. */
static void try_sealed(struct cs_bytes bytes, const struct cs_seal_key *key)
{
    struct fake_world fake;
    struct cs_buffer sealed;
    struct cs_buffer plain;
    struct cs_opened_request opened;
    uint8_t clear[70] = "CSRQ\1\2";
    static const uint8_t signer[CS_SIGN_PUBLIC_SIZE] = {1};
    fake_world_init(&fake, 1);
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    cs_seal_key_public(key, clear + 38);
    cs_buffer_append(&sealed, clear, sizeof clear);
    cs_require(cs_seal(&fake.world, clear + 38, "countersign request 1", cs_bytes_of_array(clear),
                       bytes, &sealed) == CS_OK);
    if (cs_request_open(cs_buffer_bytes(&sealed), key, &plain, &opened) == CS_OK) {
        cs_require(opened.body.size <= bytes.size);
        cs_require(cs_request_verify(&opened, signer) != CS_OK);
    }
    cs_buffer_release(&sealed);
    cs_buffer_release(&plain);
    fake_world_release(&fake);
}

void fuzz_envelope(const uint8_t *data, size_t size)
{
    static const uint8_t secret[CS_SEAL_KEY_SIZE] = "a key for fuzzing, of no secrecy";
    static const uint8_t other[32] = {1};
    struct cs_bytes bytes = cs_bytes_make(data, size);
    struct cs_seal_key *key = NULL;
    struct cs_buffer plain;
    struct cs_opened_request opened;
    enum cs_message_kind kind;
    struct cs_bytes body;
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    cs_require(cs_crypto_start() == CS_OK);
    cs_require(cs_seal_key_create(cs_bytes_of_array(secret), &key) == CS_OK);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_status status = cs_request_recipient(bytes, recipient);
    cs_require(status == CS_OK || cs_request_open(bytes, key, &plain, &opened) == status);
    (void)!cs_request_open(bytes, key, &plain, &opened);
    cs_require(cs_response_open(bytes, key, other, other, &plain, &kind, &body) != CS_OK);
    try_sealed(bytes, key);
    cs_buffer_release(&plain);
    cs_seal_key_destroy(key);
}
