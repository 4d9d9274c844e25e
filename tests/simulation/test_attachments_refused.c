/* What is refused about files of attachments, by the server and by the laptop: each by itself, with a server that lies where it takes one. */
#include "field-client/replica/revocation.h"
#include "field-client/sync/device_request.h"
#include "shared/evidence/revocation.h"
#include "sync-server/handlers/server_internal.h"
#include "tests/simulation/attachments_scene.h"
#include "tests/support/testing.h"

#define CHUNK ((uint64_t)4096)

static void sync_equal_both(void)
{
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.office);
}

/* ---- a record that is gone ---- */

static enum cs_status count_left(void *context, const struct cs_attachment_left *left)
{
    size_t *count = context;
    assert_true(left->readable); /* a row that was deleted keeps its values */
    assert_int_equal(left->refusal, 0);
    (*count)++;
    return CS_OK;
}

static size_t left_on(struct laptop *laptop)
{
    size_t count = 0;
    assert_ok(cs_attachments_left(laptop->replica, count_left, &count));
    return count;
}

/* Somebody deleted it before its file was sent: that stays until a person drops it. What is still to be sent cannot be dropped. */
static void test_a_record_that_is_gone(void **state)
{
    (void)state;
    struct cs_attachment_left left;
    struct cs_arena arena;
    struct cs_attachment_added other = add(scene.li, 2, 10000, CHUNK);
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_equal_both();
    assert_int_equal(left_on(scene.li), 0);
    struct cs_attachment_found found = find(scene.li, &added.row);
    assert_status(cs_attachment_drop(scene.li->replica, &found.kept, &problem), CS_DENIED);
    assert_ok(laptop_delete(scene.office, "attachment", added.row));
    sync_equal_both();
    laptop_sync_equal(scene.li);
    assert_int_equal(left_on(scene.li), 1);
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.sent, 1); /* the other one */
    assert_int_equal(result.waiting, 1);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_attachment_left_find(scene.li->replica, cs_bytes_of_text(id_text(added.row)),
                                      &arena, &left, &problem));
    assert_ok(cs_attachment_left_save(scene.li->replica, &left, scratch("kept.jpg"), &problem));
    assert_ok(cs_attachment_drop(scene.li->replica, &left.kept, &problem));
    cs_arena_release(&arena);
    assert_int_equal(left_on(scene.li), 0);
    assert_int_equal(run(scene.li).waiting, 0);
    assert_saved(scene.li, &other.row, 2, 10000);
}

/* ---- by the server ---- */

static void test_a_revoked_device(void **state)
{
    (void)state;
    struct cs_attachment_sync_result result;
    struct cs_id device, made;
    (void)add(scene.li, 1, 10000, CHUNK);
    sync_equal_both();
    cs_certificate_row_id(cs_identity_certificate_id(scene.li->identity), &device);
    assert_ok(cs_revocation_make(scene.office->replica, &device, cs_bytes_of_text("丢失"), &made,
                                 &problem));
    laptop_sync_equal(scene.office);
    assert_status(try_run(scene.li, &result), CS_REVOKED);
    assert_int_equal(result.sent + result.chunks_sent, 0);
}

/* Sealed as the device would, whatever the body is. */
static enum cs_status ask_with_body(struct laptop *laptop, struct cs_bytes body)
{
    struct cs_buffer request, response, plain;
    struct cs_arena arena;
    struct cs_failure_response failure;
    enum cs_message_kind kind;
    struct cs_bytes inside;
    uint8_t hash[CS_HASH_SIZE];
    uint64_t counter;
    const struct cs_identity *identity = laptop->identity;
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_device_request_count(laptop->replica, &counter));
    assert_ok(cs_device_request_seal(laptop->replica, CS_MESSAGE_ATTACHMENT, counter, body,
                                     &request, hash));
    assert_ok(universe_serve(laptop->universe, cs_buffer_bytes(&request), &response));
    assert_ok(cs_response_open(cs_buffer_bytes(&response), cs_identity_seal_key(identity),
                               cs_identity_server(identity), hash, &plain, &kind, &inside));
    assert_int_equal(kind, CS_MESSAGE_FAILURE);
    assert_ok(cs_failure_response_decode(inside, &arena, &failure));
    enum cs_status status = failure.status;
    cs_arena_release(&arena);
    cs_buffer_release(&request);
    cs_buffer_release(&response);
    cs_buffer_release(&plain);
    return status;
}

static void test_bodies_that_are_none(void **state)
{
    (void)state;
    assert_status(ask_with_body(scene.li, CS_BYTES_NONE), CS_MALFORMED);
    assert_status(ask_with_body(scene.li, cs_bytes_of_text("no frame")), CS_MALFORMED);
}

static void test_another_incarnation(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_equal_both();
    struct cs_attachment_sync_result result = {.sent = 0};
    struct cs_attachment_run wrong = {
        .replica = scene.li->replica, .result = &result, .problem = &problem};
    for (int step = CS_ATTACHMENT_ASK; step <= CS_ATTACHMENT_DAMAGED; step++) {
        struct cs_attachment_name name = {.row = added.row};
        struct cs_attachment_request request = {
            .step = (enum cs_attachment_step)step, .names = &name, .name_count = 1};
        struct cs_attachment_answer answer;
        struct cs_arena arena;
        memcpy(name.address, added.address, sizeof name.address);
        request.chunk = step == CS_ATTACHMENT_SEND ? cs_bytes_of_text("x") : CS_BYTES_NONE;
        cs_arena_init(&arena, CS_MEBI);
        assert_status(cs_attachment_exchange(&wrong, &request, &arena, &answer), CS_BUSY);
        cs_arena_release(&arena);
    }
}

/* Nothing is taken twice: the answer says that all of it is there. */
static void test_a_chunk_behind_the_last(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    uint8_t chunk[100] = {0};
    sync_equal_both();
    assert_int_equal(run(scene.li).sent, 1);
    struct cs_attachment_name name = {.row = added.row};
    struct cs_attachment_request request = {.step = CS_ATTACHMENT_SEND,
                                            .names = &name,
                                            .name_count = 1,
                                            .index = 3,
                                            .chunk = cs_bytes_of_array(chunk)};
    struct cs_attachment_answer answer;
    struct cs_arena arena;
    memcpy(name.address, added.address, sizeof name.address);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(ask_by_hand(scene.li, &request, &arena, &answer));
    assert_status(answer.refusal, CS_OK);
    assert_int_equal(answer.response.stored[0], 3 + 1);
    cs_arena_release(&arena);
}

/* ---- by the laptop: a server that has its keys and lies ---- */

enum lie { ANOTHER_KIND, ANOTHER_SERVER, ANOTHER_COUNT, TAKES_NOTHING, WRONG_CHUNK, WRONG_LIST };

static enum lie lie;

static void put_lie(struct cs_attachment_response *answer, enum cs_message_kind *kind)
{
    static uint64_t stored[2];
    static uint8_t wrong[CHUNK + CS_AEAD_OVERHEAD];
    switch (lie) {
    case ANOTHER_KIND:
        *kind = CS_MESSAGE_SYNC;
        break;
    case ANOTHER_SERVER:
        answer->incarnation[0] ^= 1;
        break;
    case ANOTHER_COUNT:
        stored[0] = stored[1] = 1;
        answer->stored = stored;
        answer->stored_count = 2;
        break;
    case TAKES_NOTHING:
        stored[0] = 1;
        answer->stored = stored;
        break;
    case WRONG_CHUNK:
    case WRONG_LIST:
        if (answer->chunk.size > 0 && lie == WRONG_CHUNK) {
            answer->chunk = cs_bytes_make(wrong, answer->chunk.size);
        } else if (answer->list.size > 0 && lie == WRONG_LIST) {
            answer->list = cs_bytes_make(wrong, answer->list.size);
        }
        break;
    }
}

/* The server's answer, changed, signed by it and sealed to the laptop. */
static void change_answer(struct laptop *laptop, struct cs_bytes request,
                          struct cs_buffer *response)
{
    const struct cs_server_keys *keys = laptop->universe->server->keys;
    const struct cs_identity *identity = laptop->identity;
    struct cs_opened_request opened;
    struct cs_attachment_response answer;
    struct cs_buffer inside, plain, body;
    struct cs_arena arena;
    enum cs_message_kind kind;
    struct cs_bytes bytes;
    uint8_t key[CS_SEAL_KEY_SIZE];
    cs_buffer_init(&inside, CS_REQUEST_MAX + 4 * CS_KIBI);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    cs_arena_init(&arena, 4 * CS_MEBI);
    assert_ok(cs_request_open(request, cs_server_keys_bundle(keys), &inside, &opened));
    assert_ok(cs_response_open(cs_buffer_bytes(response), cs_identity_seal_key(identity),
                               cs_identity_server(identity), opened.hash, &plain, &kind, &bytes));
    if (kind == CS_MESSAGE_ATTACHMENT) {
        assert_ok(cs_attachment_response_decode(bytes, &arena, &answer));
        put_lie(&answer, &kind);
        assert_ok(cs_attachment_response_encode(&answer, &body));
        cs_seal_key_public(cs_identity_seal_key(identity), key);
        cs_buffer_clear(response);
        assert_ok(cs_response_seal(&laptop->universe->fake.world, kind, opened.hash,
                                   cs_buffer_bytes(&body), cs_server_keys_identity(keys), key,
                                   response));
    }
    cs_arena_release(&arena);
    cs_buffer_release(&inside);
    cs_buffer_release(&plain);
    cs_buffer_release(&body);
}

static enum cs_status exchange_with_liar(void *context, const struct cs_peer *peer,
                                         struct cs_bytes request, struct cs_buffer *response,
                                         struct cs_problem *out)
{
    struct laptop *laptop = context;
    (void)peer;
    (void)out;
    enum cs_status status = universe_serve(laptop->universe, request, response);
    if (status == CS_OK) {
        change_answer(laptop, request, response);
    }
    return status;
}

static enum cs_status run_with_liar(struct laptop *laptop, enum lie told,
                                    struct cs_attachment_sync_result *out)
{
    struct cs_world *world = &laptop->fake.world;
    struct cs_world honest = *world;
    lie = told;
    world->exchange = exchange_with_liar;
    enum cs_status status = try_run(laptop, out);
    world->exchange = honest.exchange;
    return status;
}

static void test_answers_that_are_none(void **state)
{
    (void)state;
    struct cs_attachment_sync_result result;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_equal_both();
    assert_status(run_with_liar(scene.li, ANOTHER_KIND, &result), CS_MALFORMED);
    assert_status(run_with_liar(scene.li, ANOTHER_COUNT, &result), CS_MALFORMED);
    assert_status(run_with_liar(scene.li, ANOTHER_SERVER, &result), CS_BUSY);
    assert_non_null(strstr(problem.text, "another one than at the last sync"));
    assert_int_equal(result.sent, 0);
    scene.li->fault = NETWORK_RESPONSE_FLIPPED;
    scene.li->fault_at = 999;
    assert_status(try_run(scene.li, &result), CS_FORGED);
    scene.li->fault = NETWORK_FINE;
    assert_false(find(scene.li, &added.row).kept.confirmed);
    assert_int_equal(run(scene.li).sent, 1);
}

/* It says each time that it has nothing: that ends the file's turn, and not the laptop's patience. */
static void test_a_server_that_takes_nothing(void **state)
{
    (void)state;
    struct cs_attachment_sync_result result;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_equal_both();
    assert_ok(run_with_liar(scene.li, TAKES_NOTHING, &result));
    assert_int_equal(result.sent, 0);
    assert_int_equal(result.troubled, 1);
    assert_status(find(scene.li, &added.row).kept.trouble, CS_REFUSED);
    assert_false(find(scene.li, &added.row).kept.confirmed);
}

static void test_chunks_that_do_not_verify(void **state)
{
    static const enum lie told[] = {WRONG_LIST, WRONG_CHUNK};
    (void)state;
    struct cs_attachment_sync_result result;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_equal_both();
    assert_int_equal(run(scene.li).sent, 1);
    want(scene.office, &added.row);
    for (size_t i = 0; i < CS_COUNT(told); i++) {
        assert_ok(run_with_liar(scene.office, told[i], &result));
        assert_int_equal(result.received + result.chunks_received, 0);
        assert_status(find(scene.office, &added.row).kept.trouble, CS_CORRUPT);
    }
    assert_int_equal(run(scene.office).received, 1);
    assert_saved(scene.office, &added.row, 1, 10000);
}

static void test_a_laptop_that_never_synced(void **state)
{
    (void)state;
    struct cs_attachment_sync_result result;
    struct laptop *wu = universe_join(&scene.universe, scene.office, "吴敏", CS_ROLE(TECHNICIAN));
    assert_ok(cs_replica_meta_set_bytes(wu->replica, "incarnation", CS_BYTES_NONE));
    assert_status(try_run(wu, &result), CS_BUSY);
    assert_int_equal(result.round_trips, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACHMENT_TEST(test_a_record_that_is_gone),
        ATTACHMENT_TEST(test_a_revoked_device),
        ATTACHMENT_TEST(test_bodies_that_are_none),
        ATTACHMENT_TEST(test_another_incarnation),
        ATTACHMENT_TEST(test_a_chunk_behind_the_last),
        ATTACHMENT_TEST(test_answers_that_are_none),
        ATTACHMENT_TEST(test_a_server_that_takes_nothing),
        ATTACHMENT_TEST(test_chunks_that_do_not_verify),
        ATTACHMENT_TEST(test_a_laptop_that_never_synced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
