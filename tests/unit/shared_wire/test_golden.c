/*
 * Golden files: the bytes of every format version, kept for ever (tests/golden/wire/README.md).
 *
 * The same fixed input must give the same bytes (of compressed things: the same content, since frames differ between versions
 * of zstd), and the files must still be read as that input. With the environment variable CS_GOLDEN_WRITE set the
 * files are written instead: only for a format that has none yet.
 */
#include "tests/unit/shared_wire/compare_samples.h"
#include "tests/unit/shared_wire/history_samples.h"
#include "tests/unit/shared_wire/message_samples.h"

#include "shared/wire/compression.h"
#include "shared/wire/envelope.h"
#include "shared/wire/recover.h"
#include "shared/wire/revoked.h"
#include "shared/wire/vault_message.h"
#include "tests/support/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct cs_arena arena;

static int set_up(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    return cs_crypto_start() == CS_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    return 0;
}

static FILE *open_golden(const char *name, const char *mode)
{
    char path[1024];
    int size = snprintf(path, sizeof path, "%s/tests/golden/wire/%s", CS_TEST_SOURCE_DIR, name);
    assert_true(size > 0 && (size_t)size < sizeof path);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

static struct cs_bytes read_golden(const char *name)
{
    size_t room = CS_MEBI;
    uint8_t *data = sample_take(&arena, room, 1);
    FILE *file = open_golden(name, "rb");
    size_t size = fread(data, 1, room, file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > 0 && size < room);
    return cs_bytes_make(data, size);
}

/* What the file has, after it was compared with (or written from) what is encoded now. */
static struct cs_bytes golden(const char *name, const struct cs_buffer *encoded)
{
    assert_int_equal(encoded->status, CS_OK);
    if (getenv("CS_GOLDEN_WRITE") != NULL) {
        FILE *file = open_golden(name, "wb");
        assert_int_equal(fwrite(encoded->data, 1, encoded->size, file), encoded->size);
        assert_int_equal(fclose(file), 0);
    }
    return read_golden(name);
}

static void check_same(const char *name, const struct cs_buffer *encoded)
{
    assert_true(cs_bytes_equal(golden(name, encoded), cs_buffer_bytes(encoded)));
}

/* Of compressed things the contents are compared. */
static struct cs_bytes check_same_content(const char *name, const struct cs_buffer *encoded)
{
    struct cs_bytes file = golden(name, encoded);
    struct cs_bytes expected;
    struct cs_bytes now;
    assert_int_equal(cs_decompress_to_arena(file, CS_RESPONSE_MAX, &arena, &expected), CS_OK);
    assert_int_equal(
        cs_decompress_to_arena(cs_buffer_bytes(encoded), CS_RESPONSE_MAX, &arena, &now), CS_OK);
    assert_true(cs_bytes_equal(expected, now));
    return file;
}

static void test_body(void **state)
{
    (void)state;
    struct sample_random random = {2026};
    struct cs_transactions in = sample_transactions(&random, &arena, 25);
    struct cs_transactions back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_body_encode(in.items, in.count, &out), CS_OK);
    struct cs_bytes file = check_same_content("body-1.bin", &out);
    assert_int_equal(cs_body_decode(file, &arena, &back), CS_OK);
    assert_true(sample_transactions_equal(in, back));
    cs_buffer_release(&out);
}

static void test_transaction(void **state)
{
    (void)state;
    struct cs_transactions in = sample_batch(&arena, 1, CS_OPERATION_UPDATE);
    struct cs_transaction back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_transaction_encode(&in.items[0], &out), CS_OK);
    check_same("transaction-1.bin", &out);
    assert_int_equal(cs_transaction_decode(read_golden("transaction-1.bin"), &arena, &back), CS_OK);
    assert_true(sample_transaction_equal(&in.items[0], &back));
    cs_buffer_release(&out);
}

static void test_rows(void **state)
{
    (void)state;
    struct sample_random random = {2027};
    struct cs_row *in = sample_rows(&random, &arena, 25);
    struct cs_row *back = NULL;
    size_t count = 0;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_rows_encode(in, 25, &out), CS_OK);
    check_same("rows-1.bin", &out);
    assert_int_equal(cs_rows_decode(read_golden("rows-1.bin"), &arena, &back, &count), CS_OK);
    assert_true(sample_rows_equal(in, 25, back, count));
    cs_buffer_release(&out);
}

static void check_sync_messages(const struct cs_sync_request *request,
                                const struct cs_sync_response *response, const char *request_name,
                                const char *response_name)
{
    struct cs_sync_request request_back;
    struct cs_sync_response response_back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_sync_request_encode(request, &out), CS_OK);
    struct cs_bytes file = check_same_content(request_name, &out);
    assert_int_equal(cs_sync_request_decode(file, &arena, &request_back), CS_OK);
    assert_true(sample_sync_requests_equal(request, &request_back));
    cs_buffer_clear(&out);
    assert_int_equal(cs_sync_response_encode(response, &out), CS_OK);
    file = check_same_content(response_name, &out);
    assert_int_equal(cs_sync_response_decode(file, &arena, &response_back), CS_OK);
    assert_true(sample_sync_responses_equal(response, &response_back));
    cs_buffer_release(&out);
}

static void test_sync_messages(void **state)
{
    (void)state;
    struct sample_random random = {2030};
    struct cs_sync_request request = sample_sync_request(&random, &arena);
    struct cs_sync_response response = sample_sync_response(&random, &arena);
    check_sync_messages(&request, &response, "sync-request-2.bin", "sync-response-2.bin");
    request.with_vaults = true;
    response.with_vaults = true;
    response.vault_news = 4711;
    check_sync_messages(&request, &response, "sync-request-3.bin", "sync-response-3.bin");
    request.with_horizon = true;
    request.log_mark = cs_bytes_of_text("the root");
    response.with_horizon = true;
    response.horizon = response.log_sequence;
    check_sync_messages(&request, &response, "sync-request-4.bin", "sync-response-4.bin");
    request.with_horizon = false;
    request.log_mark = CS_BYTES_NONE;
    response.with_horizon = false;
    response.horizon = 0;
    request.with_vaults = false;
    response.with_vaults = false;
    response.vault_news = 0;
    sample_drop_log(&request, &response);
    check_sync_messages(&request, &response, "sync-request-1.bin", "sync-response-1.bin");
}

static void test_join_messages(void **state)
{
    (void)state;
    struct cs_join_request request = {cs_bytes_of_text("chain"), cs_bytes_of_text("bearer"),
                                      cs_bytes_of_text("server identity")};
    struct cs_join_response response = {
        {1, 2, 3}, INT64_C(1772413200000), cs_bytes_of_text("statement"), request.server_identity};
    struct cs_failure_response failure = {CS_GAP, 77, cs_bytes_of_text("缺少变更集")};
    struct cs_join_request request_back;
    struct cs_join_response response_back;
    struct cs_failure_response failure_back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_join_request_encode(&request, &out), CS_OK);
    struct cs_bytes file = check_same_content("join-request-1.bin", &out);
    assert_int_equal(cs_join_request_decode(file, &arena, &request_back), CS_OK);
    assert_true(cs_bytes_equal(request_back.chain, request.chain));
    assert_true(cs_bytes_equal(request_back.bearer, request.bearer));
    assert_true(cs_bytes_equal(request_back.server_identity, request.server_identity));
    cs_buffer_clear(&out);
    assert_int_equal(cs_join_response_encode(&response, &out), CS_OK);
    file = check_same_content("join-response-1.bin", &out);
    assert_int_equal(cs_join_response_decode(file, &arena, &response_back), CS_OK);
    assert_int_equal(response_back.server_time_ms, response.server_time_ms);
    assert_true(cs_bytes_equal(response_back.server_statement, response.server_statement));
    cs_buffer_clear(&out);
    assert_int_equal(cs_failure_response_encode(&failure, &out), CS_OK);
    file = check_same_content("failure-1.bin", &out);
    assert_int_equal(cs_failure_response_decode(file, &arena, &failure_back), CS_OK);
    assert_int_equal(failure_back.status, CS_GAP);
    assert_true(cs_bytes_equal(failure_back.text, failure.text));
    cs_buffer_release(&out);
}

static void test_revoked_answer(void **state)
{
    (void)state;
    struct cs_revoked_response response = {.incarnation = {1, 2, 3},
                                           .server_time_ms = INT64_C(1772413200000),
                                           .revoked_ms = INT64_C(1772413100000),
                                           .log_sequence = 300,
                                           .log_head = {9, 8, 7},
                                           .last_sequence = 24,
                                           .full = true,
                                           .revoked_by = cs_bytes_of_text("王芳"),
                                           .reason = cs_bytes_of_text("笔记本丢失")};
    struct cs_revoked_response back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_revoked_response_encode(&response, &out), CS_OK);
    struct cs_bytes file = check_same_content("revoked-response-1.bin", &out);
    assert_int_equal(cs_revoked_response_decode(file, &arena, &back), CS_OK);
    assert_int_equal(back.revoked_ms, response.revoked_ms);
    assert_int_equal(back.log_sequence, 300);
    assert_int_equal(back.last_sequence, 24);
    assert_true(back.full);
    assert_true(cs_bytes_equal(back.reason, response.reason));
    cs_buffer_release(&out);
}

static void test_compare_messages(void **state)
{
    (void)state;
    struct sample_random random = {2026};
    struct cs_compare_request request = sample_compare_request(&random, &arena, CS_COMPARE_ROWS);
    struct cs_compare_response response = sample_compare_response(&random, &arena);
    struct cs_compare_request request_back;
    struct cs_compare_response response_back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_compare_request_encode(&request, &out), CS_OK);
    struct cs_bytes file = check_same_content("compare-request-1.bin", &out);
    assert_int_equal(cs_compare_request_decode(file, &arena, &request_back), CS_OK);
    assert_true(sample_compare_requests_equal(&request, &request_back));
    cs_buffer_clear(&out);
    assert_int_equal(cs_compare_response_encode(&response, &out), CS_OK);
    file = check_same_content("compare-response-1.bin", &out);
    assert_int_equal(cs_compare_response_decode(file, &arena, &response_back), CS_OK);
    assert_true(sample_compare_responses_equal(&response, &response_back));
    cs_buffer_release(&out);
}

static void test_history_messages(void **state)
{
    (void)state;
    struct cs_history_state states[3];
    struct cs_history_request request = sample_history_request();
    struct cs_history_response response = sample_history_response(states);
    struct cs_history_request request_back;
    struct cs_history_response response_back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_history_request_encode(&request, &out), CS_OK);
    struct cs_bytes file = check_same_content("history-request-1.bin", &out);
    assert_int_equal(cs_history_request_decode(file, &arena, &request_back), CS_OK);
    assert_int_equal(request_back.at_ms, request.at_ms);
    assert_int_equal(request_back.from, request.from);
    assert_true(cs_id_equal(&request_back.row, &request.row));
    cs_buffer_clear(&out);
    assert_int_equal(cs_history_response_encode(&response, &out), CS_OK);
    file = check_same_content("history-response-1.bin", &out);
    assert_int_equal(cs_history_response_decode(file, &arena, &response_back), CS_OK);
    assert_int_equal(response_back.state_count, 3);
    assert_int_equal(response_back.states[1].from_ms, states[1].from_ms);
    assert_true(cs_bytes_equal(response_back.states[0].heads[0].value, states[0].heads[0].value));
    cs_buffer_release(&out);
}

static void test_recover_messages(void **state)
{
    (void)state;
    struct sample_random random = {2031};
    struct cs_recover_request request = {.incarnation = {1, 2, 3},
                                         .acknowledged = 77,
                                         .checkpoint = cs_bytes_of_text("a checkpoint"),
                                         .answer = cs_bytes_of_text("an answer"),
                                         .rows = sample_rows(&random, &arena, 9),
                                         .row_count = 9};
    struct cs_recover_response response = {{4, 5}, 88, {6, 7}, 9, 10};
    struct cs_recover_request request_back;
    struct cs_recover_response response_back;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    for (size_t i = 0; i < request.row_count; i++) {
        request.rows[i].scope_set = 0;
    }
    assert_int_equal(cs_recover_request_encode(&request, &out), CS_OK);
    struct cs_bytes file = check_same_content("recover-request-1.bin", &out);
    assert_int_equal(cs_recover_request_decode(file, &arena, &request_back), CS_OK);
    assert_int_equal(request_back.acknowledged, 77);
    assert_true(cs_bytes_equal(request_back.checkpoint, request.checkpoint));
    assert_true(cs_bytes_equal(request_back.answer, request.answer));
    assert_true(sample_rows_equal(request.rows, 9, request_back.rows, request_back.row_count));
    cs_buffer_clear(&out);
    assert_int_equal(cs_recover_response_encode(&response, &out), CS_OK);
    file = check_same_content("recover-response-1.bin", &out);
    assert_int_equal(cs_recover_response_decode(file, &arena, &response_back), CS_OK);
    assert_memory_equal(&response, &response_back, sizeof response);
    cs_buffer_release(&out);
}

/* ---- vaults: what a second implementation made (tests/golden/vault/make_vectors.py) ---- */

static struct cs_bytes made_frame(const char *name, struct cs_buffer *out)
{
    cs_buffer_clear(out);
    assert_int_equal(cs_compress(read_golden(name), out), CS_OK);
    return cs_buffer_bytes(out);
}

/* What was read of it is written as it was; and so it is kept. */
static struct cs_bytes check_written(const char *made, const char *kept,
                                     const struct cs_buffer *encoded)
{
    struct cs_bytes now;
    assert_int_equal(
        cs_decompress_to_arena(cs_buffer_bytes(encoded), CS_RESPONSE_MAX, &arena, &now), CS_OK);
    assert_true(cs_bytes_equal(read_golden(made), now));
    return check_same_content(kept, encoded);
}

static struct cs_id id_of(uint8_t byte)
{
    struct cs_id id;
    memset(&id, byte, sizeof id);
    return id;
}

static void check_cursor(const struct cs_vault_cursor *cursor, uint8_t vault,
                         enum cs_vault_level level, uint64_t through, uint64_t log_length)
{
    const struct cs_id id = id_of(vault);
    assert_true(cs_id_equal(&cursor->vault, &id));
    assert_int_equal(cursor->level, level);
    assert_int_equal(cursor->through, through);
    assert_int_equal(cursor->log_length, log_length);
}

static void check_vault_request(const struct cs_vault_request *request)
{
    assert_int_equal(request->incarnation[15], 0x91);
    assert_int_equal(request->log_size, 77);
    assert_int_equal(request->recovery, 3);
    assert_true(cs_bytes_equal(request->statement, read_golden("../vault/recovery_1.bin")));
    assert_int_equal(request->cursor_count, 2);
    check_cursor(&request->cursors[0], 0x77, CS_VAULT_LEVEL_MEMBER, 40, 8);
    check_cursor(&request->cursors[1], 0x78, CS_VAULT_LEVEL_FORMER, 7, 0);
    assert_int_equal(request->record_count, 2);
    assert_true(cs_bytes_equal(request->records[0], read_golden("../vault/request_1.bin")));
    assert_true(cs_bytes_equal(request->records[1], read_golden("../vault/reveal_1.bin")));
}

static void test_vault_request(void **state)
{
    (void)state;
    struct cs_vault_request request;
    struct cs_buffer frame;
    struct cs_buffer out;
    cs_buffer_init(&frame, CS_MEBI);
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_vault_request_decode(made_frame("../vault/message_request_1.bin", &frame),
                                             &arena, &request),
                     CS_OK);
    check_vault_request(&request);
    assert_int_equal(cs_vault_request_encode(&request, &out), CS_OK);
    struct cs_bytes kept =
        check_written("../vault/message_request_1.bin", "vault-request-1.bin", &out);
    assert_int_equal(cs_vault_request_decode(kept, &arena, &request), CS_OK);
    check_vault_request(&request);
    cs_buffer_release(&frame);
    cs_buffer_release(&out);
}

static void check_outcome(const struct cs_vault_outcome *outcome, enum cs_status status,
                          const char *text)
{
    assert_int_equal(outcome->status, status);
    assert_true(cs_bytes_equal_text(outcome->text, text));
}

static void check_fed(const struct cs_vault_fed *fed, uint64_t feed, int64_t logged_ms,
                      size_t path_size, const char *record)
{
    assert_int_equal(fed->feed, feed);
    assert_int_equal(fed->position, feed + 257);
    assert_int_equal(fed->log_position, 8);
    assert_int_equal(fed->logged_ms, logged_ms);
    assert_int_equal(fed->leaf, feed + 56);
    assert_int_equal(fed->path.size, path_size);
    assert_true(cs_bytes_equal(fed->record, read_golden(record)));
}

static void check_vault_response(const struct cs_vault_response *response)
{
    static const uint8_t nothing[CS_HASH_SIZE];
    const int64_t start_ms = INT64_C(1772413200000);
    assert_int_equal(response->incarnation[15], 0x92);
    assert_int_equal(response->server_time_ms, start_ms + 9);
    assert_true(cs_bytes_equal_text(response->checkpoint, "a checkpoint"));
    assert_int_equal(response->consistency.size, 64);
    check_outcome(&response->entered, CS_ROLLED_BACK, "an older recovery key");
    assert_int_equal(response->outcome_count, 3);
    check_outcome(&response->outcomes[0], CS_OK, "");
    check_outcome(&response->outcomes[1], CS_EXISTS, "");
    check_outcome(&response->outcomes[2], CS_OUTDATED, "换了新密钥");
    assert_int_equal(response->recovery_count, 1);
    assert_int_equal(response->recoveries[0].leaf, 98);
    assert_true(
        cs_bytes_equal(response->recoveries[0].statement, read_golden("../vault/recovery_1.bin")));
    assert_int_equal(response->standing_count, 2);
    check_cursor(&response->standings[0].cursor, 0x77, CS_VAULT_LEVEL_OVERSEER, 44, 9);
    assert_memory_not_equal(response->standings[0].head, nothing, CS_HASH_SIZE);
    check_cursor(&response->standings[1].cursor, 0x78, CS_VAULT_LEVEL_NONE, 0, 0);
    assert_memory_equal(response->standings[1].head, nothing, CS_HASH_SIZE);
    assert_int_equal(response->record_count, 2);
    check_fed(&response->records[0], 43, start_ms, 64, "../vault/version_1.bin");
    check_fed(&response->records[1], 44, start_ms + 5, 32, "../vault/state_1.bin");
    assert_false(response->last);
}

static void test_vault_response(void **state)
{
    (void)state;
    struct cs_vault_response response;
    struct cs_buffer frame;
    struct cs_buffer out;
    cs_buffer_init(&frame, CS_MEBI);
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_vault_response_decode(made_frame("../vault/message_response_1.bin", &frame),
                                              &arena, &response),
                     CS_OK);
    check_vault_response(&response);
    assert_int_equal(cs_vault_response_encode(&response, &out), CS_OK);
    struct cs_bytes kept =
        check_written("../vault/message_response_1.bin", "vault-response-1.bin", &out);
    assert_int_equal(cs_vault_response_decode(kept, &arena, &response), CS_OK);
    check_vault_response(&response);
    cs_buffer_release(&frame);
    cs_buffer_release(&out);
}

static const uint8_t seed[32] = "golden keys, for tests and only";

static void test_inner(void **state)
{
    (void)state;
    struct cs_sign_key *key = NULL;
    struct cs_inner_header header = {.sequence = 2, .first_counter = 9, .transaction_count = 3};
    struct cs_inner_header back;
    struct cs_bytes body;
    struct cs_buffer out;
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    memset(header.organisation, 1, 32);
    memset(header.certificate, 2, 32);
    memset(header.previous, 3, 32);
    memset(header.server, 4, 32);
    cs_buffer_init(&out, CS_MEBI);
    assert_int_equal(cs_sign_key_create(cs_bytes_of_array(seed), &key), CS_OK);
    cs_sign_key_public(key, public_key);
    assert_int_equal(cs_inner_encode(&header, cs_bytes_of_text("a body"), key, &out), CS_OK);
    check_same("inner-1.bin", &out);
    struct cs_bytes file = read_golden("inner-1.bin");
    assert_int_equal(cs_inner_verify(file, public_key), CS_OK);
    assert_int_equal(cs_inner_split(file, &back, &body), CS_OK);
    assert_int_equal(back.sequence, 2);
    assert_int_equal(back.first_counter, 9);
    assert_int_equal(back.transaction_count, 3);
    assert_memory_equal(back.server, header.server, 32);
    assert_true(cs_bytes_equal_text(body, "a body"));
    cs_sign_key_destroy(key);
    cs_buffer_release(&out);
}

static void test_envelopes(void **state)
{
    (void)state;
    struct fake_world fake;
    struct cs_sign_key *sign = NULL;
    struct cs_seal_key *box = NULL;
    uint8_t sign_public[CS_SIGN_PUBLIC_SIZE];
    uint8_t box_public[CS_SEAL_KEY_SIZE];
    uint8_t hash[CS_HASH_SIZE];
    struct cs_request_header header = {.kind = CS_MESSAGE_SYNC, .counter = 5, .log_sequence = 6};
    struct cs_buffer out;
    struct cs_buffer plain;
    fake_world_init(&fake, 2026);
    cs_buffer_init(&out, CS_MEBI);
    cs_buffer_init(&plain, CS_MEBI);
    assert_int_equal(cs_sign_key_create(cs_bytes_of_array(seed), &sign), CS_OK);
    assert_int_equal(cs_seal_key_create(cs_bytes_of_array(seed), &box), CS_OK);
    cs_sign_key_public(sign, sign_public);
    cs_seal_key_public(box, box_public);
    assert_int_equal(cs_request_seal(&fake.world, &header, cs_bytes_of_text("a request"), sign,
                                     box_public, &out, hash),
                     CS_OK);
    check_same("request-1.bin", &out);
    struct cs_opened_request opened;
    assert_int_equal(cs_request_open(read_golden("request-1.bin"), box, &plain, &opened), CS_OK);
    assert_int_equal(cs_request_verify(&opened, sign_public), CS_OK);
    assert_memory_equal(opened.hash, hash, sizeof hash);
    assert_int_equal(opened.header.counter, 5);
    assert_true(cs_bytes_equal_text(opened.body, "a request"));

    enum cs_message_kind kind;
    struct cs_bytes body;
    cs_buffer_clear(&out);
    cs_buffer_clear(&plain);
    assert_int_equal(cs_response_seal(&fake.world, CS_MESSAGE_SYNC, hash,
                                      cs_bytes_of_text("an answer"), sign, box_public, &out),
                     CS_OK);
    check_same("response-1.bin", &out);
    assert_int_equal(cs_response_open(read_golden("response-1.bin"), box, sign_public, hash, &plain,
                                      &kind, &body),
                     CS_OK);
    assert_int_equal(kind, CS_MESSAGE_SYNC);
    assert_true(cs_bytes_equal_text(body, "an answer"));
    cs_sign_key_destroy(sign);
    cs_seal_key_destroy(box);
    cs_buffer_release(&out);
    cs_buffer_release(&plain);
    fake_world_release(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sync_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_join_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_revoked_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_history_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recover_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vault_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vault_response, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_inner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_envelopes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
