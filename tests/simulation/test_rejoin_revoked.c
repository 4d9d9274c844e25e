/*
 * Laptops that were revoked, and what they had not sent (design §5, §9): a revoked device's work is held for review, what a copy of it
 * holds goes out when it joins again, and what waits there waits visibly.
 */
#include "tests/simulation/rejoin_scene.h"

#include "field-client/replica/revocation.h"
#include "shared/base/text.h"
#include "shared/evidence/record.h"
#include "shared/evidence/revocation.h"

#include <stdio.h>

#define WORKS_MAX 8

static void revoke_office(struct scene *scene)
{
    struct cs_id device;
    struct cs_id made;
    cs_certificate_row_id(cs_identity_certificate_id(scene->office->identity), &device);
    assert_ok(cs_revocation_make(scene->owner->replica, &device, cs_bytes_of_text("笔记本丢失"),
                                 &made, &scene->universe.problem));
    laptop_sync_equal(scene->owner);
}

static void decide(struct scene *scene, const char *decision, size_t expected)
{
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_arena arena;
    struct cs_id *works;
    size_t count;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    laptop_sync_equal(scene->owner);
    assert_ok(cs_query_find(scene->owner->replica, cs_bytes_of_text("held_work"),
                            cs_bytes_of_text("state"), &open, WORKS_MAX, &arena, &works, &count,
                            NULL));
    assert_int_equal(count, expected);
    assert_ok(cs_review_make(scene->owner->replica, works, count, decision,
                             cs_bytes_of_text("已核对"), &scene->universe.problem));
    cs_arena_release(&arena);
    laptop_sync_equal(scene->owner);
}

static struct cs_pending_counts pending(struct laptop *laptop)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    return counts;
}

/* Copied with a change unsent, then revoked. The original is the one that the server knows; the copy has joined again. */
static void open_copied(struct scene *scene, uint64_t seed)
{
    open_scene(scene, seed);
    (void)laptop_new(scene->office, "part", "code=BEFORE", "name=电源", NULL);
    scene->copy = universe_clone(scene->office);
    (void)laptop_new(scene->office, "part", "code=ORIGINAL", "name=电源", NULL);
    (void)laptop_new(scene->copy, "part", "code=COPY", "name=电源", NULL);
    revoke_office(scene);
    assert_status(laptop_sync(scene->office), CS_REVOKED);
    assert_int_equal(pending(scene->office).held, 2);
    check_told(scene->copy);
    assert_non_null(strstr(scene->universe.problem.text, "revoked"));
    rejoin(scene, scene->copy, 2);
    laptop_sync_equal(scene->copy);
    laptop_sync_equal(scene->owner);
}

/* What both sides hold waits for a person, whoever brings it, and its author sees that it does. */
static void what_waits_for_review_waits_for_both_sides(void **state)
{
    (void)state;
    struct scene scene;
    open_copied(&scene, 61);
    assert_int_equal(parts(&scene, "COPY"), 1);
    assert_int_equal(parts(&scene, "BEFORE"), 0);
    assert_int_equal(parts(&scene, "ORIGINAL"), 0);
    assert_int_equal(pending(scene.copy).held, 1);
    assert_int_equal(laptop_count(scene.copy, "part", "code", "BEFORE"), 1);
    /* Asked again, the same answer. */
    laptop_restart(scene.copy);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).held, 1);
    decide(&scene, CS_REVIEW_ACCEPT, 2);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).held, 0);
    assert_int_equal(laptop_count(scene.copy, "part", "code", "BEFORE"), 1);
    assert_int_equal(parts(&scene, "BEFORE"), 1);
    assert_int_equal(parts(&scene, "ORIGINAL"), 1);
    check_healthy(scene.copy);
    universe_close(&scene.universe);
}

/* Refused at last, it stands in the list of the one who brought it too: the revoked one never hears of it. */
static void what_is_rejected_is_in_the_list_of_the_one_that_joined_again(void **state)
{
    (void)state;
    struct scene scene;
    open_copied(&scene, 62);
    decide(&scene, CS_REVIEW_REJECT, 2);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).held, 0);
    assert_int_equal(pending(scene.copy).refused, 1);
    assert_int_equal(scene.copy->last.refused, 1);
    assert_int_equal(laptop_count(scene.copy, "part", "code", "BEFORE"), 0);
    assert_int_equal(parts(&scene, "BEFORE"), 0);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).refused, 1);
    check_healthy(scene.copy);
    universe_close(&scene.universe);
}

/* A delete on top of what waits is held with it, and goes through with it. */
static void what_rests_on_work_in_review_waits_with_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 63);
    struct cs_id made = laptop_new(scene.office, "part", "code=BEFORE", "name=电源", NULL);
    scene.copy = universe_clone(scene.office);
    assert_ok(laptop_delete(scene.copy, "part", made));
    revoke_office(&scene);
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 2);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).held, 2);
    decide(&scene, CS_REVIEW_ACCEPT, 1);
    laptop_sync_equal(scene.copy);
    laptop_sync_equal(scene.owner);
    assert_int_equal(pending(scene.copy).held, 0);
    assert_int_equal(parts(&scene, "BEFORE"), 0);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

static void assert_refused_with(struct scene *scene, const char *words)
{
    scene->universe.problem.text[0] = '\0';
    assert_status(laptop_join_again(scene->office, scene->owner), CS_EXISTS);
    if (strstr(scene->universe.problem.text, words) == NULL) {
        print_error("%s\n", scene->universe.problem.text);
    }
    assert_non_null(strstr(scene->universe.problem.text, words));
}

/* Revoked and not copied: what it holds goes to review under its own keys, so it does not join again in its folder. */
static void a_revoked_folder_says_where_to_go(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 64);
    revoke_office(&scene);
    assert_refused_with(&scene, "has joined already");
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    (void)laptop_new(scene.office, "part", "code=LATER", "name=电源", NULL);
    assert_refused_with(&scene, "new folder");
    assert_refused_with(&scene, "1 of its changes still wait to be sent: sync here first");
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    assert_refused_with(&scene, "0 of its changes");
    assert_int_equal(pending(scene.office).held, 1);
    decide(&scene, CS_REVIEW_ACCEPT, 1);
    assert_int_equal(parts(&scene, "LATER"), 1);
    universe_close(&scene.universe);
}

/* Told that it was revoked, then copied: joined again, it is not the revoked one any more, and what was in review is carried. */
static void joined_again_it_is_not_revoked_any_more(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_arena arena;
    struct cs_revoked_response own;
    open_scene(&scene, 65);
    revoke_office(&scene);
    (void)laptop_new(scene.office, "part", "code=REVIEW", "name=电源", NULL);
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    scene.copy = universe_clone(scene.office);
    (void)laptop_new(scene.office, "part", "code=ORIGINAL", "name=电源", NULL);
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    (void)laptop_new(scene.copy, "part", "code=COPY", "name=电源", NULL);
    check_told(scene.copy);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_own_revocation_load(scene.copy->replica, &arena, &own));
    rejoin(&scene, scene.copy, 2);
    assert_status(cs_own_revocation_load(scene.copy->replica, &arena, &own), CS_NOT_FOUND);
    cs_arena_release(&arena);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).held, 1);
    assert_int_equal(laptop_count(scene.copy, "part", "code", "REVIEW"), 1);
    decide(&scene, CS_REVIEW_ACCEPT, 2);
    laptop_sync_equal(scene.copy);
    assert_int_equal(pending(scene.copy).held, 0);
    assert_int_equal(parts(&scene, "REVIEW"), 1);
    assert_int_equal(parts(&scene, "COPY"), 1);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* A void receipt with a record that the keys of this laptop sign. */
static void sign_void(struct laptop *laptop, const char *number)
{
    const struct cs_certificate *certificate = cs_identity_certificate(laptop->identity);
    struct cs_record record = {.kind = cs_bytes_of_text("receipt_void"),
                               .claimed = cs_instant_make(laptop->universe->fake.wall_ms, 480)};
    struct cs_buffer bytes;
    char hex[1024] = "record=";
    memcpy(record.organisation, certificate->organisation, CS_HASH_SIZE);
    memcpy(record.certificate, cs_identity_certificate_id(laptop->identity), CS_HASH_SIZE);
    cs_buffer_init(&bytes, CS_KIBI);
    assert_ok(cs_record_encode(&record, cs_identity_sign_key(laptop->identity), &bytes));
    for (size_t i = 0; i < bytes.size; i++) {
        (void)snprintf(hex + strlen(hex), 3, "%02x", bytes.data[i]);
    }
    cs_buffer_release(&bytes);
    (void)laptop_new(laptop, "receipt_void", number, "reason=写错",
                     "voided_at=2026-03-02T11:00:00+08:00", hex, NULL);
}

/* What another log brings is signed by keys that two disks have: shown to the office. What a person has reviewed is not, again. */
static void what_a_revoked_copy_signed_is_shown_to_the_office(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 66);
    scene.copy = universe_clone(scene.office);
    revoke_office(&scene);
    sign_void(scene.office, "number=A-000001");
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    sign_void(scene.copy, "number=A-000002");
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 1);
    laptop_sync_equal(scene.copy);
    decide(&scene, CS_REVIEW_ACCEPT, 1);
    assert_int_equal(laptop_count(scene.owner, "receipt_void", "reason", "写错"), 2);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "signed_on_copied_device"), 1);
    struct cs_id exception =
        laptop_find(scene.owner, "exception", "kind", "signed_on_copied_device");
    const char *detail = laptop_text(scene.owner, "exception", exception, "detail");
    assert_non_null(strstr(detail, "set back, and revoked: the signature holds"));
    universe_close(&scene.universe);
}

/* A decision signed with keys that were copied does not count under others: it is refused, told, and made again. */
static void a_decision_is_not_carried_over(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 67);
    revoke_office(&scene);
    (void)laptop_new(scene.office, "part", "code=LATER", "name=电源", NULL);
    assert_status(laptop_sync(scene.office), CS_REVOKED);
    struct laptop *second = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OWNER));
    laptop_sync_equal(second);
    struct laptop *copy = universe_clone(second);
    (void)laptop_new(second, "part", "code=SECOND", "name=电源", NULL);
    laptop_sync_equal(second);
    struct cs_id work = laptop_find(copy, "held_work", "state", "open");
    assert_ok(cs_review_make(copy->replica, &work, 1, CS_REVIEW_ACCEPT, cs_bytes_of_text("已核对"),
                             &scene.universe.problem));
    check_told(copy);
    rejoin(&scene, copy, 1);
    laptop_sync_equal(copy);
    assert_int_equal(copy->last.refused, 1);
    assert_int_equal(pending(copy).refused, 1);
    assert_int_equal(laptop_count(copy, "refusal", "reason", "DENIED"), 1);
    laptop_sync_equal(scene.owner);
    assert_int_equal(parts(&scene, "LATER"), 0);
    assert_int_equal(laptop_count(scene.owner, "held_work", "state", "open"), 1);
    assert_ok(cs_review_make(copy->replica, &work, 1, CS_REVIEW_ACCEPT, cs_bytes_of_text("已核对"),
                             &scene.universe.problem));
    laptop_sync_equal(copy);
    laptop_sync_equal(scene.owner);
    assert_int_equal(parts(&scene, "LATER"), 1);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_for_review_waits_for_both_sides),
        cmocka_unit_test(what_is_rejected_is_in_the_list_of_the_one_that_joined_again),
        cmocka_unit_test(what_rests_on_work_in_review_waits_with_it),
        cmocka_unit_test(a_revoked_folder_says_where_to_go),
        cmocka_unit_test(joined_again_it_is_not_revoked_any_more),
        cmocka_unit_test(what_a_revoked_copy_signed_is_shown_to_the_office),
        cmocka_unit_test(a_decision_is_not_carried_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
