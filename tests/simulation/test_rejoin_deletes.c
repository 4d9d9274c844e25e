/*
 * Deletes that are carried over when a copied laptop joins again (design §5). A delete names what its author had seen by a hash over
 * versions, and carried changes get other versions: it must stay what it was, never more and never less.
 */
#include "tests/simulation/rejoin_scene.h"

static void deletes_are_carried_over_as_what_they_were(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 45);
    struct cs_id seen = laptop_new(scene.owner, "part", "code=D-1", "name=电源", NULL);
    struct cs_id unseen = laptop_new(scene.owner, "part", "code=D-2", "name=电源", NULL);
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.office);
    scene.copy = universe_clone(scene.office);
    (void)laptop_new(scene.office, "part", "code=ORIGINAL", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    struct cs_id made = laptop_new(scene.copy, "part", "code=D-3", "name=电源", NULL);
    assert_ok(laptop_set(scene.copy, "part", made, "name=another", NULL));
    assert_ok(laptop_delete(scene.copy, "part", made));
    assert_ok(laptop_set(scene.copy, "part", seen, "name=another", NULL));
    assert_ok(laptop_delete(scene.copy, "part", seen));
    assert_ok(laptop_delete(scene.copy, "part", unseen));
    assert_ok(laptop_set(scene.owner, "part", unseen, "name=changed meanwhile", NULL));
    laptop_sync_equal(scene.owner);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 6);
    laptop_sync_equal(scene.copy);
    check_told(scene.office);
    rejoin(&scene, scene.office, 0);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "D-1"), 0);
    assert_int_equal(parts(&scene, "D-3"), 0);
    assert_int_equal(parts(&scene, "D-2"), 1);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* What both sides hold unsent was sent by the other one: it stands under that one's name, and a delete of this side knows it. */
static void a_delete_knows_what_the_other_side_sent(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 51);
    struct cs_id made = laptop_new(scene.office, "part", "code=S-1", "name=电源", NULL);
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=before the copy", NULL));
    scene.copy = universe_clone(scene.office);
    laptop_sync_equal(scene.office);
    assert_ok(laptop_set(scene.copy, "part", made, "name=another", NULL));
    assert_ok(laptop_delete(scene.copy, "part", made));
    assert_ok(laptop_delete(scene.copy, "part", scene.known));
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 5);
    laptop_sync_equal(scene.copy);
    check_told(scene.office);
    rejoin(&scene, scene.office, 0);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "S-1"), 0);
    assert_int_equal(parts(&scene, "K-1"), 0);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* The server took an edit and the answer was lost; then the same laptop deletes the row, and is found to be a copy. */
static void a_delete_knows_the_edit_whose_answer_was_lost(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 52);
    scene.copy = universe_clone(scene.office);
    assert_ok(laptop_set(scene.copy, "part", scene.known, "name=taken", NULL));
    scene.copy->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(scene.copy), CS_TIMEOUT);
    scene.copy->fault = NETWORK_FINE;
    assert_ok(laptop_delete(scene.copy, "part", scene.known));
    (void)laptop_new(scene.office, "part", "code=ORIGINAL", "name=电源", NULL);
    check_told(scene.office);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 2);
    rejoin(&scene, scene.office, 1);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "K-1"), 0);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* One edit with three names: of the log that was copied, and of two joined again. */
static void a_delete_knows_an_edit_by_its_third_name(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 53);
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=before the copies", NULL));
    scene.copy = universe_clone(scene.office);
    laptop_sync_equal(scene.office);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 1);
    struct laptop *third = universe_clone(scene.copy);
    (void)laptop_new(scene.copy, "part", "code=COPY", "name=电源", NULL);
    laptop_sync_equal(scene.copy);
    assert_ok(laptop_delete(third, "part", scene.known));
    check_told(third);
    rejoin(&scene, third, 2);
    laptop_sync_equal(third);
    check_told(scene.office);
    rejoin(&scene, scene.office, 0);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 0);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "K-1"), 0);
    assert_int_equal(parts(&scene, "COPY"), 1);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* The other side went on with the very row: the delete has not seen that, though it knows all that came before. */
static void a_delete_does_not_know_what_the_other_side_did_later(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 54);
    struct cs_id made = laptop_new(scene.office, "part", "code=S-1", "name=电源", NULL);
    scene.copy = universe_clone(scene.office);
    assert_ok(laptop_set(scene.office, "part", made, "name=of the original", NULL));
    laptop_sync_equal(scene.office);
    assert_ok(laptop_delete(scene.copy, "part", made));
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 2);
    laptop_sync_equal(scene.copy);
    check_told(scene.office);
    rejoin(&scene, scene.office, 0);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "S-1"), 1);
    assert_string_equal(laptop_text(scene.owner, "part", made, "name"), "of the original");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* Both sides gave the same version to different edits of the same field: the delete knows its own one only. */
static void one_name_of_two_edits_is_no_knowledge(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 55);
    scene.copy = universe_clone(scene.office);
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=of the original", NULL));
    laptop_sync_equal(scene.office);
    assert_ok(laptop_set(scene.copy, "part", scene.known, "name=of the copy", NULL));
    assert_ok(laptop_delete(scene.copy, "part", scene.known));
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 2);
    laptop_sync_equal(scene.copy);
    check_told(scene.office);
    rejoin(&scene, scene.office, 0);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "K-1"), 1);
    /* The other value of the name, and the delete. */
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 2);
    universe_close(&scene.universe);
}

struct carried_delete {
    size_t count;
    uint8_t seen[CS_HASH_SIZE];
};

static enum cs_status note_delete(void *context, const struct cs_pending *pending)
{
    struct carried_delete *out = context;
    const struct cs_operation *operation = &pending->transaction.operations[0];
    if (operation->kind == CS_OPERATION_DELETE) {
        out->count++;
        memcpy(out->seen, operation->seen, sizeof out->seen);
    }
    return CS_OK;
}

static void read_delete(struct laptop *laptop, struct carried_delete *out)
{
    *out = (struct carried_delete){.count = 0};
    assert_ok(cs_query_pending(laptop->replica, CS_PENDING_WAITING, note_delete, out));
    assert_int_equal(out->count, 1);
}

/* An edit and a delete on top of it, made while the answer to a sync was on its way that changes another field of the row. */
static void edit_and_delete_in_sync(struct scene *scene, struct laptop *laptop)
{
    struct cs_sync_session *session;
    struct cs_problem *problem = &scene->universe.problem;
    struct cs_buffer request;
    struct cs_buffer response;
    bool more = false;
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    assert_ok(cs_sync_begin(laptop->replica, &session));
    assert_ok(cs_sync_next(session, &request, &more, problem));
    assert_true(more);
    assert_ok(universe_serve(&scene->universe, cs_buffer_bytes(&request), &response));
    assert_ok(laptop_set(laptop, "part", scene->known, "name=of the copy", NULL));
    assert_ok(laptop_delete(laptop, "part", scene->known));
    assert_ok(cs_sync_receive(session, cs_buffer_bytes(&response), problem));
    cs_sync_end(session);
    cs_buffer_release(&request);
    cs_buffer_release(&response);
}

/*
 * The delete's hash names an edit that is renamed, over a state that has moved on: it cannot be made again. It must not go out as it
 * was, since the other side has given the same name to another edit.
 */
static void a_hash_over_former_names_is_not_sent(void **state)
{
    (void)state;
    struct scene scene;
    struct carried_delete before;
    struct carried_delete after;
    open_scene(&scene, 56);
    scene.copy = universe_clone(scene.office);
    assert_ok(laptop_set(scene.owner, "part", scene.known, "spec=220V", NULL));
    laptop_sync_equal(scene.owner);
    edit_and_delete_in_sync(&scene, scene.copy);
    read_delete(scene.copy, &before);
    /* The number of this request is used up by both. */
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=of the original", NULL));
    check_told(scene.office);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 2);
    read_delete(scene.copy, &after);
    assert_memory_not_equal(before.seen, after.seen, CS_HASH_SIZE);
    laptop_sync_equal(scene.copy);
    rejoin(&scene, scene.office, 1);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "K-1"), 1);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 2);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deletes_are_carried_over_as_what_they_were),
        cmocka_unit_test(a_delete_knows_what_the_other_side_sent),
        cmocka_unit_test(a_delete_knows_the_edit_whose_answer_was_lost),
        cmocka_unit_test(a_delete_knows_an_edit_by_its_third_name),
        cmocka_unit_test(a_delete_does_not_know_what_the_other_side_did_later),
        cmocka_unit_test(one_name_of_two_edits_is_no_knowledge),
        cmocka_unit_test(a_hash_over_former_names_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
