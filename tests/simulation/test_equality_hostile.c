/*
 * Comparisons with a side that obeys no rules: a server that answers nonsense, without end, or with what was not asked for is refused within
 * bounds; a device learns nothing outside of its scopes and cannot make the server work without bound.
 */
#include "field-client/replica/confirmed.h"
#include "field-client/sync/repair.h"
#include "sync-server/handlers/server_internal.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS (INT64_C(25) * 3600 * 1000)

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *technician;
    struct cs_id part;
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 23);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->technician = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(TECHNICIAN));
    for (int i = 0; i < 100; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=BJ-%03d", i);
        scene->part = laptop_new(scene->owner, "part", code, "name=继电器", NULL);
    }
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->owner);
        laptop_sync_equal(scene->technician);
    }
}

/* ---- a server without rules ---- */

struct liar {
    struct scene *scene;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    /* Fills an answer to a comparison. */
    void (*lie)(struct liar *liar, const struct cs_compare_request *request,
                struct cs_compare_response *response);
    struct cs_arena arena;
    unsigned asked;
};

static enum cs_status lying_exchange(void *context, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem)
{
    struct liar *liar = context;
    struct cs_server *server = liar->scene->universe.server;
    struct cs_opened_request opened;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_REQUEST_MAX);
    assert_ok(cs_request_open(request, cs_server_keys_bundle(server->keys), &plain, &opened));
    if (opened.header.kind != CS_MESSAGE_COMPARE) {
        cs_buffer_release(&plain);
        return liar->exchange(liar->scene->technician, peer, request, response, problem);
    }
    struct cs_compare_request compare;
    struct cs_compare_response lie = {.position = 0};
    struct cs_buffer body;
    uint8_t device[CS_SEAL_KEY_SIZE];
    liar->asked++;
    cs_arena_release(&liar->arena);
    assert_ok(cs_compare_request_decode(opened.body, &liar->arena, &compare));
    memcpy(lie.incarnation, compare.incarnation, sizeof lie.incarnation);
    lie.position = compare.position;
    liar->lie(liar, &compare, &lie);
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    assert_ok(cs_compare_response_encode(&lie, &body));
    cs_seal_key_public(cs_identity_seal_key(liar->scene->technician->identity), device);
    assert_ok(cs_response_seal(&liar->scene->universe.fake.world, CS_MESSAGE_COMPARE, opened.hash,
                               cs_buffer_bytes(&body), cs_server_keys_identity(server->keys),
                               device, response));
    cs_buffer_release(&body);
    cs_buffer_release(&plain);
    return CS_OK;
}

/* Sums that nobody has, so that everything is asked about. */
static void lie_about_sums(struct liar *liar, const struct cs_compare_request *request,
                           struct cs_compare_response *response)
{
    response->sum_count = request->step == CS_COMPARE_SCOPES ? request->scope_count : 0;
    response->sums = cs_arena_take_array(&liar->arena, response->sum_count, sizeof *response->sums);
    assert_non_null(response->sums);
    for (size_t i = 0; i < response->sum_count; i++) {
        response->sums[i] = (struct cs_compare_sum){.count = INT64_MAX, .sound = true};
        response->sums[i].multiset.sum[0] = (uint8_t)(liar->asked + i);
    }
    response->child_count =
        request->step == CS_COMPARE_RANGES ? request->range_count * CS_COMPARE_FANOUT : 0;
    response->children =
        cs_arena_take_array(&liar->arena, response->child_count, sizeof *response->children);
    assert_non_null(response->children);
    for (size_t i = 0; i < response->child_count; i++) {
        response->children[i] = (struct cs_compare_child){INT64_MAX, liar->asked};
    }
}

static void lie_without_end(struct liar *liar, const struct cs_compare_request *request,
                            struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    response->answered = request->step == CS_COMPARE_ROWS ? 1 : 0;
}

/* A row of the server's choosing; `scope_set` of the technician's first scope, or of one he does not have. */
static void add_row(struct liar *liar, struct cs_compare_response *response, struct cs_id id,
                    uint32_t scope)
{
    static uint8_t versions[16];
    response->scope_sets = cs_arena_take(&liar->arena, sizeof *response->scope_sets);
    response->scope_sets->scopes = cs_arena_take(&liar->arena, sizeof(uint32_t));
    response->scope_sets->scopes[0] = scope;
    response->scope_sets->count = 1;
    response->scope_set_count = 1;
    response->rows = cs_arena_take(&liar->arena, sizeof *response->rows);
    *response->rows = (struct cs_row){.entity = cs_bytes_of_text("part"),
                                      .id = id,
                                      .versions = cs_bytes_make(versions, sizeof versions)};
    response->row_count = 1;
}

static void lie_with_a_row_not_asked_for(struct liar *liar,
                                         const struct cs_compare_request *request,
                                         struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    if (request->step == CS_COMPARE_ROWS) {
        struct cs_id id = liar->scene->part;
        response->answered = request->range_count;
        for (;; id.bytes[15]++) {
            bool asked = false;
            uint64_t key = cs_compare_key(cs_bytes_of_text("part"), &id);
            for (size_t i = 0; i < request->range_count; i++) {
                asked = asked || cs_compare_range_holds(&request->ranges[i], key);
            }
            if (!asked) {
                break;
            }
        }
        add_row(liar, response, id, 0);
    }
}

/* Asks for rows of one range at once: the first child holds what the laptop has, the others are equal. */
static void lie_about_one_child(struct liar *liar, const struct cs_compare_request *request,
                                struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    for (size_t i = 0; i < response->child_count; i++) {
        response->children[i] = (struct cs_compare_child){i % 7 == 0 ? 1 : 0, 0};
    }
}

static void lie_about_a_row_not_asked_for(struct liar *liar,
                                          const struct cs_compare_request *request,
                                          struct cs_compare_response *response)
{
    lie_with_a_row_not_asked_for(liar, request, response);
    for (size_t i = 0; i < response->child_count; i++) {
        response->children[i] = (struct cs_compare_child){0, i % 7 == 0 ? 1 : 0};
    }
}

static void lie_with_a_foreign_scope(struct liar *liar, const struct cs_compare_request *request,
                                     struct cs_compare_response *response)
{
    lie_about_one_child(liar, request, response);
    if (request->step == CS_COMPARE_ROWS) {
        struct cs_id id = liar->scene->part;
        while (!cs_compare_range_holds(&request->ranges[0],
                                       cs_compare_key(cs_bytes_of_text("part"), &id))) {
            id.bytes[15]++;
            id.bytes[14] = (uint8_t)(id.bytes[14] + (id.bytes[15] == 0));
        }
        response->answered = request->range_count;
        add_row(liar, response, id, (uint32_t)request->scope_count);
    }
}

static void lie_with_departures(struct liar *liar, const struct cs_compare_request *request,
                                struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    response->departures = cs_arena_take(&liar->arena, sizeof *response->departures);
    *response->departures = (struct cs_departure){cs_bytes_of_text("part"), liar->scene->part};
    response->departure_count = 1;
}

static void lie_with_too_few_sums(struct liar *liar, const struct cs_compare_request *request,
                                  struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    response->sum_count -= response->sum_count > 0;
}

static void lie_about_the_past(struct liar *liar, const struct cs_compare_request *request,
                               struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    response->position--;
}

static void lie_about_the_server(struct liar *liar, const struct cs_compare_request *request,
                                 struct cs_compare_response *response)
{
    lie_about_sums(liar, request, response);
    response->incarnation[3] ^= 1;
}

static void nonsense_is_refused_within_bounds(void **state)
{
    (void)state;
    static const struct {
        void (*lie)(struct liar *liar, const struct cs_compare_request *request,
                    struct cs_compare_response *response);
        enum cs_status status;
    } lies[] = {
        {lie_without_end, CS_OK},
        {lie_about_a_row_not_asked_for, CS_MALFORMED},
        {lie_with_a_foreign_scope, CS_MALFORMED},
        {lie_with_departures, CS_MALFORMED},
        {lie_with_too_few_sums, CS_MALFORMED},
        {lie_about_the_past, CS_ROLLED_BACK},
        {lie_about_the_server, CS_ROLLED_BACK},
    };
    for (size_t i = 0; i < CS_COUNT(lies); i++) {
        struct scene scene;
        struct cs_multiset before;
        struct cs_multiset after;
        open_scene(&scene);
        struct laptop *laptop = scene.technician;
        assert_ok(cs_database_execute(cs_replica_database(laptop->replica),
                                      "UPDATE part SET name = '别的' WHERE code = 'BJ-007'"));
        laptop->damaged = true;
        laptop_fingerprint(laptop, &before);
        universe_advance(&scene.universe, DAY_MS);
        struct liar liar = {&scene, laptop->fake.world.exchange, lies[i].lie, {0}, 0};
        cs_arena_init(&liar.arena, CS_MESSAGE_ARENA_MAX);
        laptop->fake.world.exchange = lying_exchange;
        laptop->fake.world.exchange_context = &liar;
        enum cs_status status = laptop_sync(laptop);
        laptop->fake.world.exchange = liar.exchange;
        laptop->fake.world.exchange_context = laptop;
        if (status != lies[i].status) {
            print_error("lie %zu: %s: %s\n", i, cs_status_name(status),
                        scene.universe.problem.text);
        }
        assert_int_equal(status, lies[i].status);
        assert_int_equal(laptop->last.digest, CS_SYNC_DIGEST_UNEQUAL);
        assert_int_equal(laptop->last.repaired, 0);
        assert_true(liar.asked >= 1 && liar.asked <= CS_REPAIR_ROUNDS_MAX + 2);
        laptop_fingerprint(laptop, &after);
        assert_memory_equal(&after, &before, sizeof after);
        laptop_sync_equal(laptop);
        assert_int_equal(laptop->last.repaired, 1);
        cs_arena_release(&liar.arena);
        universe_close(&scene.universe);
    }
}

/* ---- a device without rules ---- */

struct asker {
    struct laptop *laptop;
    uint64_t counter;
    struct cs_arena arena;
    struct cs_compare_request request;
    struct cs_compare_response response;
    struct cs_failure_response failure;
};

/* What an honest device would ask first: all of its scopes, at its position. */
static void asker_open(struct asker *asker, struct laptop *laptop)
{
    struct cs_applier applier;
    int64_t number = 0;
    struct cs_buffer incarnation;
    *asker = (struct asker){.laptop = laptop};
    cs_arena_init(&asker->arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_applier_init(&applier, laptop->replica));
    struct cs_compare_request *request = &asker->request;
    request->step = CS_COMPARE_SCOPES;
    request->scopes =
        cs_arena_take_array(&asker->arena, applier.scope_count + 1, sizeof *request->scopes);
    for (size_t i = 0; i < applier.scope_count; i++) {
        if (!applier.scopes[i].subscribed) {
            continue;
        }
        size_t place = request->scope_count++;
        for (; place > 0 &&
               cs_scope_name_compare(&request->scopes[place - 1], &applier.scopes[i].name) > 0;
             place--) {
            request->scopes[place] = request->scopes[place - 1];
        }
        request->scopes[place] = applier.scopes[i].name;
    }
    cs_applier_release(&applier);
    cs_buffer_init(&incarnation, 64);
    assert_ok(cs_replica_meta_bytes(laptop->replica, "incarnation", &incarnation));
    memcpy(request->incarnation, incarnation.data, sizeof request->incarnation);
    cs_buffer_release(&incarnation);
    assert_ok(cs_replica_meta_number(laptop->replica, "position", &number));
    request->position = (uint64_t)number;
    assert_ok(cs_replica_meta_number(laptop->replica, "request_counter", &number));
    asker->counter = (uint64_t)number;
}

static enum cs_status asker_take(struct asker *asker, struct cs_bytes answer,
                                 const uint8_t hash[static CS_HASH_SIZE])
{
    const struct cs_identity *identity = asker->laptop->identity;
    struct cs_buffer plain;
    enum cs_message_kind kind;
    struct cs_bytes body;
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    assert_ok(cs_response_open(answer, cs_identity_seal_key(identity), cs_identity_server(identity),
                               hash, &plain, &kind, &body));
    enum cs_status status = CS_OK;
    if (kind == CS_MESSAGE_FAILURE) {
        assert_ok(cs_failure_response_decode(body, &asker->arena, &asker->failure));
        status = asker->failure.status;
    } else {
        assert_int_equal(kind, CS_MESSAGE_COMPARE);
        assert_ok(cs_compare_response_decode(body, &asker->arena, &asker->response));
    }
    cs_buffer_release(&plain);
    return status;
}

static enum cs_status asker_send(struct asker *asker, struct cs_bytes body)
{
    struct laptop *laptop = asker->laptop;
    struct cs_buffer request;
    struct cs_buffer answer;
    uint8_t hash[CS_HASH_SIZE];
    struct cs_request_header header = {.kind = CS_MESSAGE_COMPARE, .counter = ++asker->counter};
    memcpy(header.organisation, cs_identity_organisation(laptop->identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(laptop->identity), CS_HASH_SIZE);
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&answer, CS_RESPONSE_MAX);
    assert_ok(cs_request_seal(
        &laptop->fake.world, &header, body, cs_identity_sign_key(laptop->identity),
        cs_identity_server_statement(laptop->identity)->bundle_key, &request, hash));
    assert_ok(universe_serve(laptop->universe, cs_buffer_bytes(&request), &answer));
    enum cs_status status = asker_take(asker, cs_buffer_bytes(&answer), hash);
    cs_buffer_release(&request);
    cs_buffer_release(&answer);
    return status;
}

static enum cs_status ask(struct asker *asker)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_REQUEST_MAX);
    assert_ok(cs_compare_request_encode(&asker->request, &body));
    enum cs_status status = asker_send(asker, cs_buffer_bytes(&body));
    cs_buffer_release(&body);
    return status;
}

static void a_device_learns_nothing_outside_of_its_scopes(void **state)
{
    (void)state;
    struct scene scene;
    struct asker asker;
    open_scene(&scene);
    struct cs_id secret = laptop_new(scene.owner, "customer", "name=第一医院", NULL);
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.technician);
    assert_string_equal(laptop_text(scene.technician, "customer", secret, "name"), "(none)");
    asker_open(&asker, scene.technician);
    struct cs_compare_request honest = asker.request;
    assert_int_equal(ask(&asker), CS_OK);
    assert_int_equal(asker.response.sum_count, honest.scope_count);
    assert_int_equal(asker.response.moved_count, 0);
    /* The office's scope, beside and instead of its own. */
    struct cs_scope_name scopes[3] = {
        honest.scopes[0], {.kind = CS_SCOPE_OFFICE}, honest.scopes[1]};
    asker.request.scopes = scopes;
    asker.request.scope_count = 3;
    assert_int_equal(ask(&asker), CS_BUSY);
    asker.request.scope_count = 2;
    assert_int_equal(ask(&asker), CS_BUSY);
    asker.request.scope_count = 1;
    assert_int_equal(ask(&asker), CS_BUSY);
    /* Listing a row that it knows by name only: it is in none of its scopes, that is all it is told. */
    asker.request = honest;
    struct cs_compare_range range = {0, 0, 0};
    struct cs_compare_entry entry = {cs_bytes_of_text("customer"), secret, 1};
    uint32_t count = 1;
    asker.request.step = CS_COMPARE_ROWS;
    asker.request.ranges = &range;
    asker.request.range_count = 1;
    asker.request.list_counts = &count;
    asker.request.entries = &entry;
    asker.request.entry_count = 1;
    assert_int_equal(ask(&asker), CS_OK);
    assert_int_equal(asker.response.answered, 1);
    assert_int_equal(asker.response.departure_count, 1);
    assert_true(cs_id_equal(&asker.response.departures[0].row, &secret));
    for (size_t i = 0; i < asker.response.row_count; i++) {
        assert_false(cs_bytes_equal_text(asker.response.rows[i].entity, "customer"));
        assert_false(cs_bytes_equal_text(asker.response.rows[i].entity, "exception"));
    }
    cs_arena_release(&asker.arena);
    universe_close(&scene.universe);
}

static void what_makes_no_sense_is_turned_away(void **state)
{
    (void)state;
    struct scene scene;
    struct asker asker;
    open_scene(&scene);
    asker_open(&asker, scene.technician);
    uint64_t position = asker.request.position;
    asker.request.position = position + 1000;
    assert_int_equal(ask(&asker), CS_REFUSED);
    asker.request.position = position;
    asker.request.incarnation[0] ^= 1;
    assert_int_equal(ask(&asker), CS_BUSY);
    asker.request.incarnation[0] ^= 1;
    assert_int_equal(asker_send(&asker, cs_bytes_of_text("nonsense")), CS_MALFORMED);
    /* A report that the server's sums were wrong, when no comparison has found that. */
    asker.request.step = CS_COMPARE_REPORT;
    asker.request.report = (struct cs_compare_report){.outcome = CS_COMPARE_SERVER_SUM};
    assert_int_equal(ask(&asker), CS_OK);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "server_sums_wrong"), 0);
    cs_arena_release(&asker.arena);
    universe_close(&scene.universe);
}

static void no_device_is_compared_without_end(void **state)
{
    (void)state;
    struct scene scene;
    struct asker asker;
    open_scene(&scene);
    asker_open(&asker, scene.technician);
    for (size_t i = 0; i < CS_COMPARES_PER_HOUR_MAX; i++) {
        assert_int_equal(ask(&asker), CS_OK);
    }
    assert_int_equal(ask(&asker), CS_UNAVAILABLE);
    assert_int_equal(ask(&asker), CS_UNAVAILABLE);
    universe_advance(&scene.universe, INT64_C(3600) * 1000);
    assert_int_equal(ask(&asker), CS_OK);
    cs_arena_release(&asker.arena);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused_within_bounds),
        cmocka_unit_test(a_device_learns_nothing_outside_of_its_scopes),
        cmocka_unit_test(what_makes_no_sense_is_turned_away),
        cmocka_unit_test(no_device_is_compared_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
