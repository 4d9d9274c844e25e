/*
 * Change-sets from a device that obeys no rules (design §5): out of order, replayed, forked, of others, lying about what is in
 * them, too large. Each leaves what the server holds as it was, and the next honest one goes through.
 */
#include "shared/wire/compression.h"
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct hostile hostile;
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 41);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    laptop_sync_equal(scene->owner);
    hostile_open(&scene->hostile, scene->office);
    (void)hostile_part(&scene->hostile, "P-1");
    assert_ok(hostile_push(&scene->hostile));
    laptop_sync_equal(scene->owner);
}

static void close_scene(struct scene *scene)
{
    hostile_close(&scene->hostile);
    universe_close(&scene->universe);
}

/* The device goes on honestly and others see it. */
static void check_goes_on(struct scene *scene)
{
    (void)hostile_part(&scene->hostile, "P-9");
    assert_ok(hostile_push(&scene->hostile));
    assert_int_equal(hostile_outcome(&scene->hostile, 0), CS_OUTCOME_APPLIED);
    laptop_sync_equal(scene->owner);
    assert_int_equal(laptop_count(scene->owner, "part", "code", "P-9"), 1);
    assert_int_equal(laptop_count(scene->owner, "exception", "state", "open"), 0);
}

/* Sends one inner made of the collected transactions and this header; nothing may come of it. */
static void send_in_vain(struct scene *scene, const struct cs_inner_header *header,
                         struct cs_bytes body, enum cs_status expected)
{
    struct server_state before;
    struct server_state after;
    struct cs_buffer inner;
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX + CS_MEBI);
    hostile_sign(&scene->hostile, header, body, &inner);
    universe_server_state(&scene->universe, &before);
    struct cs_bytes bytes = cs_buffer_bytes(&inner);
    assert_status(hostile_send(&scene->hostile, &bytes, 1), expected);
    universe_server_state(&scene->universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    cs_buffer_release(&inner);
}

static void a_gap_is_asked_for_and_filled(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer inners[3];
    struct cs_bytes bytes[3];
    open_scene(&scene);
    for (size_t i = 0; i < CS_COUNT(inners); i++) {
        const char *codes[] = {"P-2", "P-3", "P-4"};
        (void)hostile_part(&scene.hostile, codes[i]);
        cs_buffer_init(&inners[i], CS_CHANGE_SET_INNER_MAX);
        hostile_seal(&scene.hostile, &inners[i]);
        bytes[i] = cs_buffer_bytes(&inners[i]);
    }
    assert_status(hostile_send(&scene.hostile, &bytes[1], 2), CS_GAP);
    assert_int_equal(scene.hostile.failure.expected_sequence, 2);
    /* What stands before a gap is taken. */
    const struct cs_bytes with_gap[] = {bytes[0], bytes[2]};
    assert_status(hostile_send(&scene.hostile, with_gap, 2), CS_GAP);
    assert_int_equal(scene.hostile.failure.expected_sequence, 3);
    assert_ok(hostile_send(&scene.hostile, bytes, 3));
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(hostile_outcome(&scene.hostile, i), CS_OUTCOME_APPLIED);
    }
    assert_int_equal(scene.hostile.response.log_sequence, 4);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "name", "电源"), 4);
    for (size_t i = 0; i < CS_COUNT(inners); i++) {
        cs_buffer_release(&inners[i]);
    }
    check_goes_on(&scene);
    close_scene(&scene);
}

static void a_replay_changes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer inner;
    struct server_state before;
    struct server_state after;
    open_scene(&scene);
    (void)hostile_part(&scene.hostile, "P-2");
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    hostile_seal(&scene.hostile, &inner);
    struct cs_bytes bytes = cs_buffer_bytes(&inner);
    assert_ok(hostile_send(&scene.hostile, &bytes, 1));
    universe_server_state(&scene.universe, &before);
    for (int i = 0; i < 3; i++) {
        assert_ok(hostile_send(&scene.hostile, &bytes, 1));
        assert_int_equal(hostile_outcome(&scene.hostile, 0), CS_OUTCOME_APPLIED);
        assert_int_equal(scene.hostile.response.first_counter, 2);
    }
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    cs_buffer_release(&inner);
    check_goes_on(&scene);
    close_scene(&scene);
}

/* What the office learns of a fork, and what it never sees. */
static void check_forked(struct scene *scene, const char *taken, const char *not_taken)
{
    laptop_sync_equal(scene->owner);
    assert_int_equal(laptop_count(scene->owner, "exception", "kind", "forked_device"), 1);
    assert_int_equal(laptop_count(scene->owner, "part", "code", taken), 1);
    assert_int_equal(laptop_count(scene->owner, "part", "code", not_taken), 0);
    (void)hostile_part(&scene->hostile, "P-9");
    assert_status(hostile_push(&scene->hostile), CS_FORKED);
    laptop_sync_equal(scene->owner);
    assert_int_equal(laptop_count(scene->owner, "part", "code", "P-9"), 0);
    assert_int_equal(laptop_count(scene->owner, "exception", "kind", "forked_device"), 1);
}

static void other_content_under_one_sequence_is_a_fork(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer inner;
    uint8_t head[CS_HASH_SIZE];
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    (void)hostile_part(hostile, "P-2");
    memcpy(head, hostile->head, sizeof head);
    assert_ok(hostile_push(hostile));
    const struct hostile after_first = *hostile;
    memcpy(hostile->head, head, sizeof head);
    hostile->sequence--;
    hostile->counter--;
    (void)hostile_part(hostile, "P-3");
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    hostile_seal(hostile, &inner);
    /* It claims the head that the server has, so that only the change-set tells. */
    memcpy(hostile->head, after_first.head, sizeof head);
    struct cs_bytes bytes = cs_buffer_bytes(&inner);
    assert_status(hostile_send(hostile, &bytes, 1), CS_FORKED);
    cs_buffer_release(&inner);
    check_forked(&scene, "P-2", "P-3");
    close_scene(&scene);
}

/* The innocent change-set in front of the forked one, in one request, is not taken either. */
static void another_past_is_a_fork(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer inners[2];
    struct cs_bytes bytes[2];
    open_scene(&scene);
    for (size_t i = 0; i < 2; i++) {
        (void)hostile_part(&scene.hostile, i == 0 ? "P-2" : "P-3");
        scene.hostile.head[0] ^= (uint8_t)i;
        cs_buffer_init(&inners[i], CS_CHANGE_SET_INNER_MAX);
        hostile_seal(&scene.hostile, &inners[i]);
        bytes[i] = cs_buffer_bytes(&inners[i]);
    }
    assert_status(hostile_send(&scene.hostile, bytes, 2), CS_FORKED);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-2"), 0);
    check_forked(&scene, "P-1", "P-3");
    for (size_t i = 0; i < 2; i++) {
        cs_buffer_release(&inners[i]);
    }
    close_scene(&scene);
}

static void headers_that_lie_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer body;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    (void)hostile_part(hostile, "P-2");
    cs_buffer_init(&body, CS_CHANGE_SET_INNER_MAX);
    assert_ok(cs_body_encode(hostile->transactions, 1, &body));
    const struct cs_inner_header honest = hostile_header(hostile);
    struct cs_inner_header header = honest;
    header.organisation[0] ^= 1;
    send_in_vain(&scene, &header, cs_buffer_bytes(&body), CS_WRONG_ORGANISATION);
    header = honest;
    header.server[0] ^= 1;
    send_in_vain(&scene, &header, cs_buffer_bytes(&body), CS_WRONG_SERVER);
    header = honest;
    memcpy(header.certificate, cs_identity_certificate_id(scene.owner->identity), CS_HASH_SIZE);
    send_in_vain(&scene, &header, cs_buffer_bytes(&body), CS_FORGED);
    header = honest;
    header.transaction_count = 2;
    send_in_vain(&scene, &header, cs_buffer_bytes(&body), CS_MALFORMED);
    header = honest;
    header.first_counter = 1;
    send_in_vain(&scene, &header, cs_buffer_bytes(&body), CS_MALFORMED);
    header = honest;
    header.first_counter = 3;
    hostile->transactions[0].counter = 3;
    cs_buffer_clear(&body);
    assert_ok(cs_body_encode(hostile->transactions, 1, &body));
    send_in_vain(&scene, &header, cs_buffer_bytes(&body), CS_MALFORMED);
    hostile->transaction_count = 0;
    cs_buffer_release(&body);
    check_goes_on(&scene);
    close_scene(&scene);
}

/* The owner's own change-set, with the owner's signature, inside a request of somebody else. */
static void change_sets_of_others_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile other;
    struct server_state before;
    struct server_state after;
    struct cs_buffer inner;
    open_scene(&scene);
    struct laptop *third = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE));
    hostile_open(&other, third);
    (void)hostile_part(&other, "P-2");
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    hostile_seal(&other, &inner);
    struct cs_bytes bytes = cs_buffer_bytes(&inner);
    universe_server_state(&scene.universe, &before);
    assert_status(hostile_send(&scene.hostile, &bytes, 1), CS_FORGED);
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(hostile_send(&other, &bytes, 1));
    cs_buffer_release(&inner);
    hostile_close(&other);
    check_goes_on(&scene);
    close_scene(&scene);
}

/* Not CBOR, not zstd, a bomb of zeros behind a right signature. */
static void bodies_that_are_none_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)hostile_part(&scene.hostile, "P-2");
    const struct cs_inner_header header = hostile_header(&scene.hostile);
    send_in_vain(&scene, &header, cs_bytes_of_text("no zstd frame"), CS_MALFORMED);
    static const uint8_t zeros[16 * 1024 * 1024];
    struct cs_buffer bomb;
    cs_buffer_init(&bomb, CS_MEBI);
    assert_ok(cs_compress(cs_bytes_of_array(zeros), &bomb));
    assert_true(bomb.size < 64 * CS_KIBI);
    send_in_vain(&scene, &header, cs_buffer_bytes(&bomb), CS_LIMIT);
    cs_buffer_release(&bomb);
    scene.hostile.transaction_count = 0;
    check_goes_on(&scene);
    close_scene(&scene);
}

/* Small when compressed, more than the memory of one request when opened. */
static void what_takes_too_much_memory_is_a_limit_and_no_fault(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = hostile_id(hostile);
    hostile->operations_max = 10000;
    for (size_t i = 0; i < 6; i++) {
        hostile_begin(hostile);
        for (size_t j = 0; j < hostile->operations_max; j++) {
            hostile_operation(hostile, CS_OPERATION_DELETE, "part", part);
        }
    }
    struct server_state before;
    struct server_state after;
    universe_server_state(&scene.universe, &before);
    assert_ok(hostile_push(hostile));
    for (uint64_t i = 0; i < 6; i++) {
        assert_int_equal(hostile_outcome(hostile, i), CS_OUTCOME_REFUSED);
    }
    universe_server_state(&scene.universe, &after);
    assert_true(after.position > before.position); /* the refusals */
    hostile->operations_max = 4;
    check_goes_on(&scene);
    close_scene(&scene);
}

/* A thousand deletes of one row that saw nothing of each other: bounded, and others can go on with the row. */
static void one_row_cannot_be_buried(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = laptop_find(scene.owner, "part", "code", "P-1");
    for (size_t i = 0; i < 1000; i++) {
        hostile_begin(hostile);
        hostile_operation(hostile, CS_OPERATION_DELETE, "part", part)->seen[0] = (uint8_t)i;
    }
    assert_ok(hostile_push(hostile));
    assert_int_equal(hostile_outcome(hostile, 0), CS_OUTCOME_APPLIED);
    assert_int_equal(hostile_outcome(hostile, 999), CS_OUTCOME_REFUSED);
    assert_ok(laptop_set(scene.owner, "part", part, "unit=个", NULL));
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "个");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"),
                     (int64_t)CS_BASES_PER_FIELD_MAX);
    close_scene(&scene);
}

/* A request that was overtaken on its way is no clone: it is turned away and nobody is alarmed. */
static void an_overtaken_request_is_no_clone(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    scene.hostile.request_counter++;
    assert_ok(hostile_send(&scene.hostile, NULL, 0));
    scene.hostile.request_counter -= 2;
    assert_status(hostile_send(&scene.hostile, NULL, 0), CS_REFUSED);
    scene.hostile.request_counter++;
    check_goes_on(&scene);
    /* The same counter with other bytes is one. */
    scene.hostile.request_counter--;
    assert_status(hostile_send(&scene.hostile, NULL, 0), CS_FORKED);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_asked_for_and_filled),
        cmocka_unit_test(a_replay_changes_nothing),
        cmocka_unit_test(other_content_under_one_sequence_is_a_fork),
        cmocka_unit_test(another_past_is_a_fork),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(change_sets_of_others_are_refused),
        cmocka_unit_test(bodies_that_are_none_are_refused),
        cmocka_unit_test(what_takes_too_much_memory_is_a_limit_and_no_fault),
        cmocka_unit_test(one_row_cannot_be_buried),
        cmocka_unit_test(an_overtaken_request_is_no_clone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
