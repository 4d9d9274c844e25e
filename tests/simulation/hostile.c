/* A device that obeys no rules, see hostile.h. */
#include "tests/simulation/hostile.h"

#include "shared/base/text.h"
#include "shared/wire/envelope.h"
#include "tests/support/testing.h"

#include <string.h>

void hostile_open(struct hostile *hostile, struct laptop *laptop)
{
    memset(hostile, 0, sizeof *hostile);
    hostile->laptop = laptop;
    hostile->operations_max = 4;
    hostile->fail_after = -1;
    cs_arena_init(&hostile->arena, 2 * CS_MESSAGE_ARENA_MAX);
    cs_arena_init(&hostile->answer_arena, CS_MESSAGE_ARENA_MAX);
    hostile->transactions = cs_arena_take_array(&hostile->arena, HOSTILE_TRANSACTIONS_MAX,
                                                sizeof *hostile->transactions);
    assert_non_null(hostile->transactions);
}

void hostile_close(struct hostile *hostile)
{
    cs_arena_release(&hostile->arena);
    cs_arena_release(&hostile->answer_arena);
}

static void *take(struct hostile *hostile, size_t count, size_t size)
{
    void *place = cs_arena_take_array(&hostile->arena, count, size);
    assert_non_null(place);
    return place;
}

struct cs_transaction *hostile_begin(struct hostile *hostile)
{
    assert_true(hostile->transaction_count < HOSTILE_TRANSACTIONS_MAX);
    struct fake_world *fake = &hostile->laptop->fake;
    struct cs_transaction *transaction = &hostile->transactions[hostile->transaction_count++];
    *transaction = (struct cs_transaction){
        .counter = hostile->counter + hostile->transaction_count,
        .claimed = cs_instant_make(fake->wall_ms, 480),
        .elapsed_ms = -1,
        .operations = take(hostile, hostile->operations_max, sizeof(struct cs_operation)),
    };
    fake->world.random(fake->world.context, transaction->id, sizeof transaction->id);
    return transaction;
}

struct cs_operation *hostile_operation(struct hostile *hostile, enum cs_operation_kind kind,
                                       const char *entity, struct cs_id row)
{
    struct cs_transaction *transaction = &hostile->transactions[hostile->transaction_count - 1];
    assert_true(transaction->operation_count < hostile->operations_max);
    struct cs_operation *operation = &transaction->operations[transaction->operation_count++];
    *operation = (struct cs_operation){
        .kind = kind,
        .entity = cs_bytes_of_text(entity),
        .row = row,
        .changes = take(hostile, HOSTILE_CHANGES_MAX, sizeof(struct cs_field_change)),
    };
    return operation;
}

static struct cs_operation *last_operation(struct hostile *hostile)
{
    struct cs_transaction *transaction = &hostile->transactions[hostile->transaction_count - 1];
    return &transaction->operations[transaction->operation_count - 1];
}

void hostile_change(struct hostile *hostile, const char *field, struct cs_value value)
{
    struct cs_operation *operation = last_operation(hostile);
    assert_true(operation->change_count < HOSTILE_CHANGES_MAX);
    struct cs_field_change *change = &operation->changes[operation->change_count++];
    *change = (struct cs_field_change){.field = cs_bytes_of_text(field), .value = value};
    if (value.kind == CS_VALUE_TEXT || value.kind == CS_VALUE_BYTES) {
        assert_ok(cs_arena_copy(&hostile->arena, value.bytes, &change->value.bytes));
    }
}

void hostile_text(struct hostile *hostile, const char *field, const char *text)
{
    hostile_change(hostile, field, cs_value_text(cs_bytes_of_text(text)));
}

void hostile_base(struct hostile *hostile, uint64_t log, uint64_t counter)
{
    struct cs_operation *operation = last_operation(hostile);
    struct cs_field_change *change = &operation->changes[operation->change_count - 1];
    struct cs_version *items = take(hostile, change->base.count + 1, sizeof *items);
    const struct cs_version version = {log, counter};
    size_t count = 0;
    size_t i = 0;
    for (; i < change->base.count && cs_version_compare(&change->base.items[i], &version) < 0;
         i++) {
        items[count++] = change->base.items[i];
    }
    items[count++] = version;
    for (; i < change->base.count; i++) {
        items[count++] = change->base.items[i];
    }
    change->base = (struct cs_versions){items, count};
}

struct cs_version hostile_version(const struct hostile *hostile)
{
    return (struct cs_version){cs_identity_log(hostile->laptop->identity),
                               hostile->counter + hostile->transaction_count};
}

struct cs_id hostile_id(struct hostile *hostile)
{
    return cs_replica_draw_id(hostile->laptop->replica);
}

struct cs_id hostile_part(struct hostile *hostile, const char *code)
{
    struct cs_id id = hostile_id(hostile);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "part", id);
    hostile_text(hostile, "code", code);
    hostile_text(hostile, "name", "电源");
    return id;
}

struct cs_inner_header hostile_header(const struct hostile *hostile)
{
    const struct cs_identity *identity = hostile->laptop->identity;
    struct cs_inner_header header = {
        .sequence = hostile->sequence + 1,
        .first_counter = hostile->counter + 1,
        .transaction_count = (uint32_t)hostile->transaction_count,
    };
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    memcpy(header.previous, hostile->head, CS_HASH_SIZE);
    memcpy(header.server, cs_identity_server(identity), sizeof header.server);
    return header;
}

void hostile_sign(struct hostile *hostile, const struct cs_inner_header *header,
                  struct cs_bytes body, struct cs_buffer *inner)
{
    assert_ok(
        cs_inner_encode(header, body, cs_identity_sign_key(hostile->laptop->identity), inner));
}

void hostile_seal(struct hostile *hostile, struct cs_buffer *inner)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_CHANGE_SET_INNER_MAX);
    assert_ok(cs_body_encode(hostile->transactions, hostile->transaction_count, &body));
    struct cs_inner_header header = hostile_header(hostile);
    hostile_sign(hostile, &header, cs_buffer_bytes(&body), inner);
    cs_buffer_release(&body);
    hostile->sequence++;
    hostile->counter += hostile->transaction_count;
    hostile->transaction_count = 0;
    assert_ok(cs_inner_hash(cs_buffer_bytes(inner), hostile->head));
}

static void seal_request(struct hostile *hostile, struct cs_bytes body, struct cs_buffer *request,
                         uint8_t hash[static CS_HASH_SIZE])
{
    struct laptop *laptop = hostile->laptop;
    struct cs_request_header header = {
        .kind = CS_MESSAGE_SYNC,
        .counter = ++hostile->request_counter,
        .log_sequence = hostile->sequence,
    };
    memcpy(header.organisation, cs_identity_organisation(laptop->identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(laptop->identity), CS_HASH_SIZE);
    memcpy(header.log_head, hostile->head, CS_HASH_SIZE);
    laptop->fake.world.random(laptop->fake.world.context, header.nonce, sizeof header.nonce);
    assert_ok(
        cs_request_seal(&laptop->fake.world, &header, body, cs_identity_sign_key(laptop->identity),
                        cs_identity_server_statement(laptop->identity)->bundle_key, request, hash));
}

/* Opens the answer; its content lives in answer_arena. */
static enum cs_status receive(struct hostile *hostile, struct cs_bytes answer,
                              const uint8_t hash[static CS_HASH_SIZE])
{
    struct cs_buffer plain;
    enum cs_message_kind kind;
    struct cs_bytes body;
    const struct cs_identity *identity = hostile->laptop->identity;
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    assert_ok(cs_response_open(answer, cs_identity_seal_key(identity), cs_identity_server(identity),
                               hash, &plain, &kind, &body));
    cs_arena_release(&hostile->answer_arena);
    memset(&hostile->response, 0, sizeof hostile->response);
    memset(&hostile->failure, 0, sizeof hostile->failure);
    if (kind == CS_MESSAGE_FAILURE) {
        assert_ok(cs_failure_response_decode(body, &hostile->answer_arena, &hostile->failure));
        assert_int_not_equal(hostile->failure.status, CS_OK);
    } else {
        assert_ok(cs_sync_response_decode(body, &hostile->answer_arena, &hostile->response));
    }
    cs_buffer_release(&plain);
    return hostile->failure.status;
}

enum cs_status hostile_send(struct hostile *hostile, const struct cs_bytes *inners, size_t count)
{
    struct cs_buffer body;
    struct cs_buffer request;
    struct cs_buffer answer;
    uint8_t hash[CS_HASH_SIZE];
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&answer, CS_RESPONSE_MAX);
    struct cs_sync_request content = {.inner_count = count, .without_log = hostile->without_log};
    content.inners = take(hostile, count, sizeof *content.inners);
    for (size_t i = 0; i < count; i++) {
        content.inners[i] = inners[i];
    }
    assert_ok(cs_sync_request_encode(&content, &body));
    seal_request(hostile, cs_buffer_bytes(&body), &request, hash);
    cs_memory_fail_after(hostile->fail_after);
    enum cs_status status =
        universe_serve(hostile->laptop->universe, cs_buffer_bytes(&request), &answer);
    hostile->allocations = cs_memory_count();
    cs_memory_fail_after(-1);
    if (status == CS_OK) {
        status = receive(hostile, cs_buffer_bytes(&answer), hash);
    }
    cs_buffer_release(&body);
    cs_buffer_release(&request);
    cs_buffer_release(&answer);
    return status;
}

enum cs_status hostile_push(struct hostile *hostile)
{
    struct cs_buffer inner;
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    hostile_seal(hostile, &inner);
    struct cs_bytes bytes = cs_buffer_bytes(&inner);
    enum cs_status status = hostile_send(hostile, &bytes, 1);
    cs_buffer_release(&inner);
    return status;
}

enum cs_outcome hostile_outcome(const struct hostile *hostile, uint64_t index)
{
    for (size_t i = 0; i < hostile->response.outcome_count; i++) {
        if (index < hostile->response.outcomes[i].count) {
            return hostile->response.outcomes[i].outcome;
        }
        index -= hostile->response.outcomes[i].count;
    }
    fail_msg("no outcome of this transaction");
    return CS_OUTCOME_REFUSED;
}
