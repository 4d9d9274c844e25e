/*
 * The server runs out of memory at every single allocation of a push and of a pull: the request is not taken, nothing of it is
 * kept, no acknowledgement leaves, and the next sync is whole.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct hostile hostile;
};

/* The world of the laptop, behind which the server's allocations fail. */
struct failing {
    struct cs_world *world;
    void *context;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    long successes;
    long count; /* of a whole exchange */
    enum cs_status status;
};

static enum cs_status exchange_failing(void *context, const struct cs_peer *peer,
                                       struct cs_bytes request, struct cs_buffer *response,
                                       struct cs_problem *problem)
{
    struct failing *failing = context;
    cs_memory_fail_after(failing->successes);
    failing->status = failing->exchange(failing->context, peer, request, response, problem);
    failing->count = cs_memory_count();
    cs_memory_fail_after(-1);
    return failing->status;
}

static void wrap(struct failing *failing, struct laptop *laptop)
{
    *failing = (struct failing){.world = &laptop->fake.world,
                                .context = laptop->fake.world.exchange_context,
                                .exchange = laptop->fake.world.exchange,
                                .successes = 1L << 40};
    laptop->fake.world.exchange = exchange_failing;
    laptop->fake.world.exchange_context = failing;
}

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 101);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    hostile_open(&scene->hostile,
                 universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE)));
    laptop_sync_equal(scene->owner);
}

static void close_scene(struct scene *scene)
{
    hostile_close(&scene->hostile);
    universe_close(&scene->universe);
}

/* An insert, a duplicate of its key, an update, a conflict, a refused one, a held one and a movement. */
static void edit_much(struct scene *scene, struct cs_id part)
{
    struct hostile *hostile = &scene->hostile;
    struct cs_version created = {cs_identity_log(hostile->laptop->identity), 1};
    (void)hostile_part(hostile, "P-1");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_text(hostile, "unit", "台");
    hostile_base(hostile, created.log, created.counter);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "part", hostile_id(hostile));
    hostile_text(hostile, "code", "P-2");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_text(hostile, "origin", "苏州");
    struct cs_id place = hostile_id(hostile);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "stock_location", place);
    hostile_text(hostile, "name", "总库");
    hostile_text(hostile, "kind", "warehouse");
    hostile_operation(hostile, CS_OPERATION_INSERT, "stock_movement", hostile_id(hostile));
    hostile_change(hostile, "part", cs_value_bytes(cs_id_bytes(&part)));
    hostile_change(hostile, "from", cs_value_bytes(cs_id_bytes(&place)));
    hostile_change(hostile, "quantity", cs_value_integer(1));
}

static void a_push_is_taken_whole_or_not_at_all(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer inner;
    struct server_state before;
    struct server_state after;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = hostile_part(hostile, "P-1");
    assert_ok(hostile_push(hostile));
    laptop_sync_equal(scene.owner);
    assert_ok(laptop_set(scene.owner, "part", part, "unit=个", NULL));
    laptop_sync_equal(scene.owner);
    edit_much(&scene, part);
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    hostile_seal(hostile, &inner);
    struct cs_bytes bytes = cs_buffer_bytes(&inner);
    universe_server_state(&scene.universe, &before);
    enum cs_status status = CS_NO_MEMORY;
    long refused = 0;
    for (long i = 0; status != CS_OK; i++) {
        hostile->fail_after = i;
        status = hostile_send(hostile, &bytes, 1);
        hostile->fail_after = -1;
        universe_server_state(&scene.universe, &after);
        if (memcmp(&before, &after, sizeof before) != 0) {
            /* It is on disk: whether or not the answer could be made, it can be asked for again. */
            assert_ok(hostile_send(hostile, &bytes, 1));
            break;
        }
        assert_true(status == CS_UNAVAILABLE || status == CS_MALFORMED);
        refused++;
    }
    assert_true(refused >= 25);

    const enum cs_outcome expected[] = {CS_OUTCOME_APPLIED, CS_OUTCOME_APPLIED, CS_OUTCOME_REFUSED,
                                        CS_OUTCOME_HELD, CS_OUTCOME_APPLIED};
    for (size_t i = 0; i < CS_COUNT(expected); i++) {
        assert_int_equal(hostile_outcome(hostile, i), expected[i]);
    }
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-1"), 2);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 2);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 1);
    cs_buffer_release(&inner);
    close_scene(&scene);
}

static void a_pull_is_answered_whole_or_not_at_all(void **state)
{
    (void)state;
    struct scene scene;
    struct failing failing;
    open_scene(&scene);
    struct cs_id part = hostile_part(&scene.hostile, "P-1");
    (void)hostile_part(&scene.hostile, "P-2");
    assert_ok(hostile_push(&scene.hostile));
    wrap(&failing, scene.owner);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long i = 0; status != CS_OK; i++) {
        failing.successes = i;
        status = laptop_sync(scene.owner);
        failures += status != CS_OK ? 1 : 0;
        assert_true(failures < 10000);
        if (status != CS_OK) {
            assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
        }
    }
    assert_true(failures > 20);
    assert_int_equal(scene.owner->last.digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "电源");
    failing.successes = 1L << 40;
    laptop_sync_equal(scene.owner);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_is_taken_whole_or_not_at_all),
        cmocka_unit_test(a_pull_is_answered_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
