/*
 * Revoking devices (design §9, §6): order is by position in the log; what comes later is held for review and never dropped; a
 * revoked device gets no rows; unredeemed invites die with their maker.
 */
#include "tests/simulation/revocation_scene.h"

/* ---- what happens to a revoked device ---- */

static void a_revoked_device_gets_no_rows_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id known = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.technician);
    revoke_now(scene.security, scene.technician);
    struct cs_id later = laptop_new(scene.office, "part", "code=P-2", "name=风扇", NULL);
    laptop_sync_equal(scene.office);
    assert_revoked(&scene, scene.technician);
    assert_problem(&scene, "赵敏");
    assert_problem(&scene, "笔记本丢失");
    assert_problem(&scene, "new invite");
    assert_int_equal(scene.technician->last.pulled, 0);
    assert_int_equal(scene.technician->last.departed, 0);
    assert_string_equal(laptop_text(scene.technician, "part", known, "name"), "电源");
    assert_string_equal(laptop_text(scene.technician, "part", later, "name"), "(none)");
    /* Again, after a restart of both: it stays so, and the laptop knows without a network. */
    universe_restart_server(&scene.universe);
    laptop_restart(scene.technician);
    struct cs_arena arena;
    struct cs_revoked_response own;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_own_revocation_load(scene.technician->replica, &arena, &own));
    assert_true(cs_bytes_equal_text(own.revoked_by, "赵敏"));
    assert_status(cs_own_revocation_load(scene.office->replica, &arena, &own), CS_NOT_FOUND);
    cs_arena_release(&arena);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "device", row_of(scene.technician), "state"),
                        "revoked");
    assert_int_equal(laptop_count(scene.owner, "revocation", "reason", "笔记本丢失"), 1);
    universe_close(&scene.universe);
}

static void the_row_says_after_which_change_set(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)new_visit(scene.technician, "1");
    laptop_sync_equal(scene.technician);
    (void)new_visit(scene.technician, "2");
    laptop_sync_equal(scene.technician);
    (void)new_visit(scene.technician, "3");
    revoke_now(scene.owner, scene.technician);
    struct cs_id device = row_of(scene.technician);
    assert_string_equal(laptop_text(scene.owner, "device", device, "revoked_sequence"), "2");
    struct cs_standing standing;
    assert_ok(cs_standing_of(scene.owner->replica,
                             cs_identity_certificate_id(scene.technician->identity), &standing));
    assert_true(standing.known && standing.revoked);
    assert_int_equal(standing.revoked_counter, 2);
    assert_true(standing.joined_position > 0);
    assert_true(standing.revoked_position > standing.joined_position);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "device", device, "revoked_sequence"), "2");
    universe_close(&scene.universe);
}

/* ---- post-revocation work ---- */

static void later_work_is_held_and_reported(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id before = new_visit(scene.technician, "之前");
    laptop_sync_equal(scene.technician);
    struct cs_id after = new_visit(scene.technician, "之后");
    assert_ok(laptop_set(scene.technician, "visit", before, "note=之后改", NULL));
    revoke_now(scene.security, scene.technician);
    assert_revoked(&scene, scene.technician);
    assert_int_equal(scene.technician->last.pushed, 2);
    assert_int_equal(scene.technician->last.held, 2);
    assert_int_equal(held(scene.technician), 2);
    assert_int_equal(waiting(scene.technician), 0);
    assert_string_equal(laptop_text(scene.technician, "visit", after, "note"), "之后");
    assert_string_equal(laptop_text(scene.technician, "visit", before, "note"), "之后改");
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "visit", after, "note"), "(none)");
    assert_string_equal(laptop_text(scene.owner, "visit", before, "note"), "之前");
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 2);
    struct cs_id exception = laptop_find(scene.owner, "exception", "kind", "post_revocation_work");
    const char *detail = laptop_text(scene.owner, "exception", exception, "detail");
    assert_non_null(strstr(detail, "2 changes"));
    assert_non_null(strstr(detail, "1 new visit, 1 changed visit"));
    assert_non_null(strstr(detail, "陈杰"));
    struct cs_id work = work_with(scene.owner, "1 new visit");
    assert_non_null(strstr(laptop_text(scene.owner, "held_work", work, "operations"), "之后"));
    /* More work, later: added to what waits. Nothing is sent twice. */
    (void)new_visit(scene.technician, "更晚");
    assert_revoked(&scene, scene.technician);
    assert_int_equal(scene.technician->last.pushed, 1);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 3);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "post_revocation_work"), 1);
    universe_close(&scene.universe);
}

static void accepted_work_goes_through_the_ordinary_merge(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id works[8];
    open_scene(&scene);
    struct cs_id visit = new_visit(scene.technician, "之前");
    laptop_sync_equal(scene.technician);
    laptop_sync_equal(scene.office);
    struct cs_id after = new_visit(scene.technician, "新的");
    assert_ok(laptop_set(scene.technician, "visit", visit, "note=现场", NULL));
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    /* Somebody else has changed the same field meanwhile: a conflict as ever. */
    assert_ok(laptop_set(scene.office, "visit", visit, "note=办公室", NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    size_t count = list_open(scene.owner, works, CS_COUNT(works));
    assert_int_equal(count, 2);
    assert_ok(review(scene.owner, works, count, CS_REVIEW_ACCEPT));
    assert_status(review(scene.owner, works, count, CS_REVIEW_REJECT), CS_USED);
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.refused, 0);
    assert_string_equal(laptop_text(scene.owner, "visit", after, "note"), "新的");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "accepted"), 2);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 0);
    struct cs_id work = work_with(scene.owner, "1 new visit");
    assert_string_equal(laptop_text(scene.owner, "held_work", work, "decided_by"), "王芳");
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.security);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.office, "visit", after, "note"), "新的");
    /* The device learns nothing of it, and loses nothing. */
    assert_revoked(&scene, scene.technician);
    assert_string_equal(laptop_text(scene.technician, "visit", after, "note"), "新的");
    universe_close(&scene.universe);
}

static void rejected_work_becomes_a_refusal_with_its_values(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id works[8];
    open_scene(&scene);
    struct cs_id visit = new_visit(scene.technician, "可疑");
    assert_ok(laptop_set(scene.technician, "visit", visit, "note=可疑二", NULL));
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.office);
    assert_int_equal(list_open(scene.office, works, CS_COUNT(works)), 2);
    struct cs_id first = work_with(scene.office, "1 new visit");
    assert_ok(review(scene.office, &first, 1, CS_REVIEW_REJECT));
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "visit", visit, "note"), "(none)");
    assert_int_equal(laptop_count(scene.office, "held_work", "state", "rejected"), 1);
    assert_int_equal(laptop_count(scene.office, "refusal", "reason", "REVOKED"), 1);
    struct cs_id refusal = laptop_find(scene.office, "refusal", "reason", "REVOKED");
    assert_non_null(strstr(laptop_text(scene.office, "refusal", refusal, "operations"), "可疑"));
    assert_non_null(strstr(laptop_text(scene.office, "refusal", refusal, "detail"), "李强"));
    assert_int_equal(laptop_count(scene.office, "exception", "state", "open"), 1);
    /* What rests on it cannot be applied either: accepted, it is refused with its reason. */
    struct cs_id second = work_with(scene.office, "1 changed visit");
    assert_ok(review(scene.office, &second, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.office);
    assert_int_equal(laptop_count(scene.office, "refusal", "state", "open"), 2);
    assert_int_equal(laptop_count(scene.office, "exception", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* The list is in no order: what rests on other held work may be decided about before it, in one change-set. */
static void work_may_be_decided_about_before_what_it_rests_on(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id kept = new_visit(scene.technician, "一");
    assert_ok(laptop_set(scene.technician, "visit", kept, "note=二", NULL));
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.office);
    struct cs_id changed = work_with(scene.office, "1 changed visit");
    struct cs_id made = work_with(scene.office, "1 new visit");
    assert_ok(review(scene.office, &changed, 1, CS_REVIEW_ACCEPT));
    assert_ok(review(scene.office, &made, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "visit", kept, "note"), "二");
    assert_int_equal(laptop_count(scene.office, "refusal", "state", "open"), 0);
    /* And where that is rejected, what rests on it is refused. */
    struct cs_id gone = new_visit(scene.technician, "三");
    assert_ok(laptop_set(scene.technician, "visit", gone, "note=四", NULL));
    assert_revoked(&scene, scene.technician);
    laptop_sync_equal(scene.office);
    struct cs_id works[8];
    assert_int_equal(list_open(scene.office, works, CS_COUNT(works)), 2);
    bool first_is_new =
        strcmp(laptop_text(scene.office, "held_work", works[0], "summary"), "1 new visit") == 0;
    assert_ok(review(scene.office, &works[first_is_new ? 1 : 0], 1, CS_REVIEW_ACCEPT));
    assert_ok(review(scene.office, &works[first_is_new ? 0 : 1], 1, CS_REVIEW_REJECT));
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "visit", gone, "note"), "(none)");
    assert_int_equal(laptop_count(scene.office, "refusal", "state", "open"), 2);
    universe_close(&scene.universe);
}

/* A delete that is accepted before the edit it had seen waits as a conflict only until that edit is accepted too. */
static void a_delete_may_be_accepted_before_what_it_saw(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=一", NULL);
    laptop_sync_equal(scene.office);
    assert_ok(laptop_set(scene.office, "part", part, "name=二", NULL));
    assert_ok(laptop_delete(scene.office, "part", part));
    revoke_now(scene.owner, scene.office);
    assert_revoked(&scene, scene.office);
    laptop_sync_equal(scene.owner);
    struct cs_id removed = work_with(scene.owner, "1 deleted part");
    struct cs_id changed = work_with(scene.owner, "1 changed part");
    assert_ok(review(scene.owner, &removed, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "一");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    assert_ok(review(scene.owner, &changed, 1, CS_REVIEW_ACCEPT));
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* The time of receipt, which bounds what a clock may claim, is when it came, not when somebody looked at it. */
static void reviewed_work_keeps_its_times(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_logged_transaction held;
    struct cs_logged_transaction decided;
    struct cs_arena arena;
    struct cs_id works[8];
    open_scene(&scene);
    scene.technician->fake.wall_ms += INT64_C(400) * 24 * 3600 * 1000;
    (void)new_visit(scene.technician, "一");
    (void)new_visit(scene.technician, "二");
    revoke_now(scene.owner, scene.technician);
    assert_revoked(&scene, scene.technician);
    cs_arena_init(&arena, CS_MEBI);
    struct cs_version version = {cs_identity_log(scene.technician->identity), 1};
    struct cs_store *store = cs_server_store(scene.universe.server);
    assert_ok(cs_store_transaction(store, &version, &arena, &held));
    assert_int_equal(held.outcome, CS_OUTCOME_HELD);
    assert_int_equal(held.effective_ms, held.received_ms);
    scene.universe.fake.wall_ms += 3600 * 1000;
    laptop_sync_equal(scene.office);
    assert_int_equal(list_open(scene.office, works, CS_COUNT(works)), 2);
    assert_ok(review(scene.office, &works[0], 1, CS_REVIEW_ACCEPT));
    assert_ok(review(scene.office, &works[1], 1, CS_REVIEW_REJECT));
    laptop_sync_equal(scene.office);
    for (version.counter = 1; version.counter <= 2; version.counter++) {
        assert_ok(cs_store_transaction(store, &version, &arena, &decided));
        assert_int_not_equal(decided.outcome, CS_OUTCOME_HELD);
        assert_int_equal(decided.received_ms, held.received_ms);
        assert_int_equal(decided.effective_ms, held.effective_ms);
    }
    cs_arena_release(&arena);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_device_gets_no_rows_and_keeps_what_it_has),
        cmocka_unit_test(the_row_says_after_which_change_set),
        cmocka_unit_test(later_work_is_held_and_reported),
        cmocka_unit_test(accepted_work_goes_through_the_ordinary_merge),
        cmocka_unit_test(rejected_work_becomes_a_refusal_with_its_values),
        cmocka_unit_test(work_may_be_decided_about_before_what_it_rests_on),
        cmocka_unit_test(a_delete_may_be_accepted_before_what_it_saw),
        cmocka_unit_test(reviewed_work_keeps_its_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
