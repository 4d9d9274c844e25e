/*
 * Revocations in every order (design §9): position in the log decides, never time. In one commit with requests of the device; twice; by
 * two officers of each other; by one who was revoked before; invites before and after; copies; reviews in any order.
 */
#include "tests/simulation/hostile.h"
#include "tests/simulation/registry_variant.h"
#include "tests/simulation/revocation_scene.h"

#include "shared/base/text.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* ---- one commit ---- */

/* One exchange of several laptops that the server commits together, in this order. */
static void sync_together(struct scene *scene, struct laptop *const *laptops, size_t count,
                          enum cs_status *out)
{
    struct cs_sync_session *sessions[4];
    struct cs_server_request *requests[4];
    struct cs_server *server = scene->universe.server;
    assert_true(count <= CS_COUNT(sessions));
    for (size_t i = 0; i < count; i++) {
        struct cs_buffer request;
        bool more;
        cs_buffer_init(&request, CS_REQUEST_MAX);
        assert_ok(cs_sync_begin(laptops[i]->replica, &sessions[i]));
        assert_ok(cs_sync_next(sessions[i], &request, &more, NULL));
        assert_true(more);
        assert_ok(cs_server_open_request(server, cs_buffer_bytes(&request), &requests[i]));
        cs_buffer_release(&request);
    }
    cs_server_commit(server, requests, count);
    for (size_t i = 0; i < count; i++) {
        struct cs_buffer response;
        cs_buffer_init(&response, CS_RESPONSE_MAX);
        assert_ok(cs_server_reply(server, requests[i], &response));
        out[i] = cs_sync_receive(sessions[i], cs_buffer_bytes(&response), &scene->universe.problem);
        laptops[i]->last = *cs_sync_result(sessions[i]);
        cs_sync_end(sessions[i]);
        cs_buffer_release(&response);
    }
}

/* What came first in the commit counts as before, also of the device itself; its rows it does not get any more. */
static void in_one_commit_the_order_in_it_decides(void **state)
{
    (void)state;
    for (size_t first = 0; first < 2; first++) {
        struct scene scene;
        enum cs_status statuses[2];
        open_scene(&scene);
        struct cs_id visit = new_visit(scene.technician, "同时");
        assert_ok(revoke(scene.owner, scene.technician, "离职"));
        struct laptop *const order[] = {first == 0 ? scene.technician : scene.owner,
                                        first == 0 ? scene.owner : scene.technician};
        sync_together(&scene, order, 2, statuses);
        assert_int_equal(statuses[first == 0 ? 1 : 0], CS_OK);
        assert_int_equal(statuses[first == 0 ? 0 : 1], CS_REVOKED);
        assert_int_equal(scene.technician->last.pulled, 0);
        assert_int_equal(waiting(scene.technician), 0);
        laptop_sync_equal(scene.owner);
        assert_string_equal(laptop_text(scene.owner, "visit", visit, "note"),
                            first == 0 ? "同时" : "(none)");
        assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"),
                         first == 0 ? 0 : 1);
        assert_string_equal(
            laptop_text(scene.owner, "device", row_of(scene.technician), "revoked_sequence"),
            first == 0 ? "1" : "0");
        assert_string_equal(laptop_text(scene.technician, "visit", visit, "note"), "同时");
        universe_close(&scene.universe);
    }
}

/* The answer to a push from before the revocation was lost: it counts as sent, was applied, and is not held. */
static void a_lost_answer_from_before_costs_nothing(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id visit = new_visit(scene.technician, "之前");
    scene.technician->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(scene.technician), CS_TIMEOUT);
    scene.technician->fault = NETWORK_FINE;
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "visit", visit, "note"), "之前");
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 0);
    assert_int_equal(waiting(scene.technician), 0);
    assert_string_equal(laptop_text(scene.technician, "visit", visit, "note"), "之前");
    universe_close(&scene.universe);
}

/* Requests and answers that get lost or come twice change nothing of it. */
static void later_work_arrives_once_through_a_bad_network(void **state)
{
    (void)state;
    static const enum network_fault faults[] = {NETWORK_DOWN, NETWORK_RESPONSE_LOST,
                                                NETWORK_REQUEST_TWICE};
    struct scene scene;
    open_scene(&scene);
    revoke_now(scene.owner, scene.technician);
    (void)new_visit(scene.technician, "之后");
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        scene.technician->fault = faults[i];
        assert_int_not_equal(laptop_sync(scene.technician), CS_OK);
    }
    scene.technician->fault = NETWORK_FINE;
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 1);
    universe_close(&scene.universe);
}

struct overtaking {
    struct scene *scene;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    unsigned round;
};

/* After the first answer it is revoked: the next thing that it asks for is a comparison. */
static enum cs_status revoke_and_exchange(void *context, const struct cs_peer *peer,
                                          struct cs_bytes request, struct cs_buffer *response,
                                          struct cs_problem *problem)
{
    struct overtaking *overtaking = context;
    struct scene *scene = overtaking->scene;
    if (++overtaking->round == 2) {
        revoke_now(scene->owner, scene->technician);
    }
    return overtaking->exchange(scene->technician, peer, request, response, problem);
}

static void who_is_revoked_while_it_compares_is_told_so(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.technician;
    (void)laptop_new(scene.office, "part", "code=K-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(laptop);
    laptop->damaged = true;
    assert_ok(
        cs_database_execute(cs_replica_database(laptop->replica), "UPDATE part SET name = '别的'"));
    universe_advance(&scene.universe, INT64_C(25) * 3600 * 1000);
    struct overtaking overtaking = {&scene, laptop->fake.world.exchange, 0};
    laptop->fake.world.exchange = revoke_and_exchange;
    laptop->fake.world.exchange_context = &overtaking;
    assert_revoked(&scene, laptop);
    assert_problem(&scene, "this device was revoked by");
    assert_int_equal(overtaking.round, 2);
    universe_close(&scene.universe);
}

/* ---- twice, and each other ---- */

static void the_first_of_two_revocations_counts(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_ok(revoke(scene.owner, scene.technician, "丢失"));
    assert_status(revoke(scene.owner, scene.technician, "丢失"), CS_EXISTS);
    assert_ok(revoke(scene.security, scene.technician, "被盗"));
    laptop_sync_equal(scene.security);
    (void)new_visit(scene.technician, "之后");
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.refused, 0);
    laptop_sync_equal(scene.security);
    assert_int_equal(laptop_count(scene.owner, "revocation", "person_name", "陈杰"), 2);
    struct cs_id counted = laptop_find(scene.owner, "revocation", "reason", "被盗");
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.technician), "revocation"),
                        id_text(counted));
    assert_string_equal(
        laptop_text(scene.owner, "device", row_of(scene.technician), "revoked_sequence"), "0");
    assert_revoked(&scene, scene.technician);
    assert_problem(&scene, "被盗");
    universe_close(&scene.universe);
}

/* The first stands; the second is post-revocation work, and nobody can let it count. */
static void two_officers_revoke_each_other(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id works[4];
    open_scene(&scene);
    struct laptop *other = universe_join(&scene.universe, scene.owner, "孙波", CS_ROLE(SECURITY));
    laptop_sync_equal(other);
    laptop_sync_equal(scene.security);
    assert_ok(revoke(scene.security, other, "可疑"));
    assert_ok(revoke(other, scene.security, "可疑"));
    laptop_sync_equal(scene.security);
    assert_revoked(&scene, other);
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.security);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(other), "state"), "revoked");
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.security), "state"),
                        "active");
    assert_int_equal(list_open(scene.owner, works, CS_COUNT(works)), 1);
    assert_ok(review(scene.owner, works, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.security), "state"),
                        "active");
    struct cs_id refusal = laptop_find(scene.owner, "refusal", "reason", "DENIED");
    assert_non_null(
        strstr(laptop_text(scene.owner, "refusal", refusal, "detail"), "was revoked before"));
    laptop_sync_equal(scene.security);
    universe_close(&scene.universe);
}

/* In one change-set of the revoked officer: the revocation of a third, and a decision about held work. Neither counts. */
static void a_revoked_officer_decides_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id works[4];
    open_scene(&scene);
    (void)new_visit(scene.technician, "之后");
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.security);
    assert_int_equal(list_open(scene.security, works, CS_COUNT(works)), 1);
    assert_ok(review(scene.security, works, 1, CS_REVIEW_ACCEPT));
    assert_ok(revoke(scene.security, scene.office, "报复"));
    revoke_now(scene.owner, scene.security);
    assert_revoked(&scene, scene.security);
    /* It knows now, and makes no more of it. */
    assert_status(revoke(scene.security, scene.owner, "报复"), CS_REVOKED);
    assert_status(review(scene.security, works, 1, CS_REVIEW_ACCEPT), CS_REVOKED);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.office), "state"),
                        "active");
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 3);
    assert_int_equal(laptop_count(scene.owner, "visit", "note", "之后"), 0);
    size_t count = list_open(scene.owner, works, CS_COUNT(works));
    assert_ok(review(scene.owner, works, count, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.office), "state"),
                        "active");
    assert_int_equal(laptop_count(scene.owner, "visit", "note", "之后"), 1);
    assert_int_equal(laptop_count(scene.owner, "refusal", "reason", "DENIED"), 2);
    universe_close(&scene.universe);
}

static void two_reviewers_who_differ_are_told(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id works[4];
    open_scene(&scene);
    (void)new_visit(scene.technician, "之后");
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.security);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    assert_int_equal(list_open(scene.owner, works, CS_COUNT(works)), 1);
    assert_ok(review(scene.owner, works, 1, CS_REVIEW_ACCEPT));
    assert_ok(review(scene.security, works, 1, CS_REVIEW_ACCEPT));
    assert_ok(review(scene.office, works, 1, CS_REVIEW_REJECT));
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.security);
    assert_int_equal(scene.security->last.refused, 0);
    assert_ok(laptop_sync(scene.office));
    assert_int_equal(scene.office->last.refused, 1);
    assert_int_equal(laptop_count(scene.office, "visit", "note", "之后"), 1);
    universe_close(&scene.universe);
}

/* ---- reviews in any order ---- */

/* The later one is accepted first: it waits for the earlier one, by reference and by version, and goes through after it. */
static void work_is_accepted_in_any_order(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id visit = new_visit(scene.technician, "一");
    assert_ok(laptop_set(scene.technician, "visit", visit, "note=二", NULL));
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    struct cs_id later = work_with(scene.owner, "1 changed visit");
    struct cs_id earlier = work_with(scene.owner, "1 new visit");
    assert_ok(review(scene.owner, &later, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "visit", visit, "note"), "(none)");
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    assert_ok(review(scene.owner, &earlier, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    /* What waited goes through with the next change-set at the latest. */
    (void)laptop_new(scene.office, "part", "code=P-9", "name=端子排", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "visit", visit, "note"), "二");
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* Accepted on a server that is too old for it: the newer one finds that it waits for earlier work, and it goes through after that. */
static void accepted_work_waits_for_a_newer_server_and_then_for_earlier_work(void **state)
{
    (void)state;
    struct scene scene;
    struct registry_variant newer;
    variant_init(&newer, cs_registry_core());
    (void)variant_add_entity(&newer, "tool");
    struct cs_field *field = variant_add_field(&newer, "tool", "visit");
    field->type = CS_FIELD_REFERENCE;
    field->references = "visit";
    (void)variant_done(&newer);
    open_scene(&scene);
    scene.technician->registry = &newer.registry;
    laptop_restart(scene.technician);
    struct cs_id visit = new_visit(scene.technician, "一");
    char reference[64];
    (void)snprintf(reference, sizeof reference, "visit=%s", id_text(visit));
    struct cs_id tool = laptop_new(scene.technician, "tool", "name=万用表", reference, NULL);
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    struct cs_id later = work_with(scene.owner, "1 new tool");
    struct cs_id earlier = work_with(scene.owner, "1 new visit");
    assert_ok(review(scene.owner, &later, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    scene.universe.registry = scene.owner->registry = &newer.registry;
    universe_restart_server(&scene.universe);
    laptop_restart(scene.owner);
    assert_ok(review(scene.owner, &earlier, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    (void)laptop_new(scene.office, "part", "code=P-9", "name=端子排", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "tool", tool, "name"), "万用表");
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* ---- invites ---- */

static enum cs_status join_with(struct scene *scene, const struct cs_buffer *invite)
{
    struct laptop *laptop = universe_new_laptop(&scene->universe);
    return laptop_join(laptop, cs_buffer_bytes(invite), "");
}

static void unused_invites_die_with_their_maker(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer invite;
    struct server_state before;
    struct server_state after;
    open_scene(&scene);
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene.office, "吴敏", CS_ROLE(TECHNICIAN), scene.universe.fake.wall_ms + DAY_MS,
                    &invite);
    revoke_now(scene.owner, scene.office);
    universe_server_state(&scene.universe, &before);
    assert_status(join_with(&scene, &invite), CS_REVOKED);
    assert_problem(&scene, "李强");
    assert_problem(&scene, "was revoked");
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    /* Whom it let in before stays, and may go on. */
    laptop_sync_equal(scene.technician);
    (void)new_visit(scene.technician, "继续");
    laptop_sync_equal(scene.technician);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "visit", "note", "继续"), 1);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.technician), "state"),
                        "active");
    cs_buffer_release(&invite);
    universe_close(&scene.universe);
}

/* An office clerk let in another one, and was revoked: the other one's invites are his own and good. */
static void an_earlier_invitee_still_invites(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer invite;
    open_scene(&scene);
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    struct laptop *second = universe_join(&scene.universe, scene.office, "吴敏", CS_ROLE(OFFICE));
    laptop_sync_equal(second);
    revoke_now(scene.owner, scene.office);
    universe_invite(second, "孙波", CS_ROLE(TECHNICIAN), scene.universe.fake.wall_ms + DAY_MS,
                    &invite);
    assert_ok(join_with(&scene, &invite));
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(second);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 5);
    cs_buffer_release(&invite);
    universe_close(&scene.universe);
}

/* With a fresh invite the person is a new device with everything that is his; the old one stays out. */
static void a_person_who_is_invited_again_works_on(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id visit = new_visit(scene.technician, "之前");
    laptop_sync_equal(scene.technician);
    revoke_now(scene.owner, scene.technician);
    struct laptop *again =
        universe_join(&scene.universe, scene.office, "陈杰", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(again);
    assert_string_equal(laptop_text(again, "visit", visit, "note"), "之前");
    assert_ok(laptop_set(again, "visit", visit, "note=继续", NULL));
    laptop_sync_equal(again);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "visit", visit, "note"), "继续");
    universe_close(&scene.universe);
}

/* ---- who may, and what is forged ---- */

static void who_may_not_is_refused_by_the_client(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_status(revoke(scene.technician, scene.office, "报复"), CS_DENIED);
    assert_status(revoke(scene.office, scene.security, "报复"), CS_DENIED);
    assert_status(revoke(scene.office, scene.office, "辞职"), CS_DENIED);
    assert_problem(&scene, "does not revoke itself");
    assert_status(revoke(scene.security, scene.owner, "辞职"), CS_DENIED);
    assert_problem(&scene, "last device of an owner");
    assert_status(revoke(scene.owner, scene.office, ""), CS_INVALID);
    struct laptop *second = universe_join(&scene.universe, scene.owner, "吴敏", CS_ROLE(OWNER));
    laptop_sync_equal(second);
    laptop_sync_equal(scene.security);
    assert_ok(revoke(scene.security, scene.owner, "辞职"));
    laptop_sync_equal(scene.security);
    assert_revoked(&scene, scene.owner);
    laptop_sync_equal(second);
    universe_close(&scene.universe);
}

/* A row of `revocation` as `by` would sign it, sent without its own client's checks; one field altered. */
static void push_revocation(struct hostile *hostile, const struct laptop *subject,
                            const char *altered, struct cs_value value)
{
    const struct cs_identity *identity = hostile->laptop->identity;
    const struct cs_chain *chain = cs_identity_chain_parsed(subject->identity);
    struct cs_evidence_signer signer = {.organisation = cs_identity_organisation(identity),
                                        .certificate = cs_identity_certificate_id(identity),
                                        .key = cs_identity_sign_key(identity),
                                        .claimed = cs_instant_make(1000, 0)};
    struct cs_buffer record;
    struct cs_id device = row_of(subject);
    cs_buffer_init(&record, CS_RECORD_MAX);
    assert_ok(cs_revocation_encode(&signer, chain->leaf_id, cs_bytes_of_text("假"), &record));
    const struct {
        const char *field;
        struct cs_value value;
    } fields[] = {
        {"device", cs_value_bytes(cs_id_bytes(&device))},
        {"certificate", cs_value_bytes(cs_bytes_of_array(chain->leaf_id))},
        {"log_id", cs_value_bytes(cs_bytes_make(chain->leaf_id, 8))},
        {"person_name", cs_value_text(chain->leaf.person_name)},
        {"reason", cs_value_text(cs_bytes_of_text("假"))},
        {"revoked_by", cs_value_text(cs_identity_certificate(identity)->person_name)},
        {"revoked_at", cs_value_integer(signer.claimed)},
        {"revoker_chain", cs_value_bytes(cs_identity_chain(identity))},
        {"subject_chain", cs_value_bytes(cs_identity_chain(subject->identity))},
        {"record", cs_value_bytes(cs_buffer_bytes(&record))},
    };
    (void)hostile_begin(hostile);
    (void)hostile_operation(hostile, CS_OPERATION_INSERT, "revocation", hostile_id(hostile));
    for (size_t i = 0; i < CS_COUNT(fields); i++) {
        bool is_altered = altered != NULL && strcmp(fields[i].field, altered) == 0;
        hostile_change(hostile, fields[i].field, is_altered ? value : fields[i].value);
    }
    cs_buffer_release(&record);
}

static enum cs_status push_and_see(struct hostile *hostile)
{
    assert_ok(hostile_push(hostile));
    return hostile_outcome(hostile, 0) == CS_OUTCOME_REFUSED ? hostile->response.refusals[0].status
                                                             : CS_OK;
}

static void the_server_checks_signature_chains_and_right(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile hostile;
    open_scene(&scene);
    struct laptop *clerk = universe_join(&scene.universe, scene.owner, "吴敏", CS_ROLE(SECURITY));
    struct laptop *stranger = universe_join(&scene.universe, scene.owner, "孙波", CS_ROLE(OFFICE));
    hostile_open(&hostile, clerk);
    struct cs_id other = row_of(scene.owner);
    const struct cs_value someone = cs_value_text(cs_bytes_of_text("别人"));
    const struct {
        const char *field;
        struct cs_value value;
        enum cs_status status;
    } forgeries[] = {
        {"device", cs_value_bytes(cs_id_bytes(&other)), CS_FORGED},
        {"person_name", someone, CS_FORGED},
        {"reason", someone, CS_FORGED},
        {"revoked_by", someone, CS_FORGED},
        {"revoked_at", cs_value_integer(cs_instant_make(2000, 0)), CS_FORGED},
        {"revoker_chain", cs_value_bytes(cs_identity_chain(scene.owner->identity)), CS_FORGED},
        {"subject_chain", cs_value_bytes(cs_identity_chain(clerk->identity)), CS_FORGED},
    };
    for (size_t i = 0; i < CS_COUNT(forgeries); i++) {
        push_revocation(&hostile, scene.technician, forgeries[i].field, forgeries[i].value);
        assert_status(push_and_see(&hostile), forgeries[i].status);
    }
    /* Well made, but without the right: itself, the last owner, not let in by this one. */
    push_revocation(&hostile, clerk, NULL, CS_NULL);
    assert_status(push_and_see(&hostile), CS_DENIED);
    push_revocation(&hostile, scene.owner, NULL, CS_NULL);
    assert_status(push_and_see(&hostile), CS_DENIED);
    /* Two in one transaction could both be the last but one. */
    push_revocation(&hostile, scene.technician, NULL, CS_NULL);
    struct cs_operation *second =
        hostile_operation(&hostile, CS_OPERATION_INSERT, "part", hostile_id(&hostile));
    assert_non_null(second);
    hostile_text(&hostile, "code", "P-1");
    assert_status(push_and_see(&hostile), CS_MALFORMED);
    hostile_close(&hostile);
    hostile_open(&hostile, stranger);
    push_revocation(&hostile, scene.technician, NULL, CS_NULL);
    assert_status(push_and_see(&hostile), CS_DENIED);
    hostile_close(&hostile);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 6);
    assert_int_equal(laptop_count(scene.owner, "revocation", "reason", "假"), 0);
    universe_close(&scene.universe);
}

/* The laptop was copied before it was revoked: of two continuations none can be told apart, and it stays revoked. */
static void a_copy_of_a_revoked_device_is_not_taken(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile hostile;
    open_scene(&scene);
    struct laptop *clerk = universe_join(&scene.universe, scene.owner, "吴敏", CS_ROLE(OFFICE));
    laptop_sync_equal(scene.owner);
    hostile_open(&hostile, clerk);
    (void)hostile_part(&hostile, "P-1");
    assert_ok(hostile_push(&hostile));
    revoke_now(scene.owner, clerk);
    /* The same sequence again with other content, as a copy would send it. */
    hostile.sequence = 0;
    hostile.counter = 0;
    memset(hostile.head, 0, sizeof hostile.head);
    (void)hostile_part(&hostile, "P-2");
    assert_status(hostile_push(&hostile), CS_FORKED);
    hostile_close(&hostile);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(clerk), "state"), "revoked");
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 0);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_commit_the_order_in_it_decides),
        cmocka_unit_test(a_lost_answer_from_before_costs_nothing),
        cmocka_unit_test(later_work_arrives_once_through_a_bad_network),
        cmocka_unit_test(who_is_revoked_while_it_compares_is_told_so),
        cmocka_unit_test(the_first_of_two_revocations_counts),
        cmocka_unit_test(two_officers_revoke_each_other),
        cmocka_unit_test(a_revoked_officer_decides_nothing),
        cmocka_unit_test(two_reviewers_who_differ_are_told),
        cmocka_unit_test(work_is_accepted_in_any_order),
        cmocka_unit_test(accepted_work_waits_for_a_newer_server_and_then_for_earlier_work),
        cmocka_unit_test(unused_invites_die_with_their_maker),
        cmocka_unit_test(an_earlier_invitee_still_invites),
        cmocka_unit_test(a_person_who_is_invited_again_works_on),
        cmocka_unit_test(who_may_not_is_refused_by_the_client),
        cmocka_unit_test(the_server_checks_signature_chains_and_right),
        cmocka_unit_test(a_copy_of_a_revoked_device_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
