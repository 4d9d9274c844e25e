/*
 * Disks that were copied or set back (design §5): both sides are told, both join again with new keys, and nothing that either
 * of them holds is lost, doubled or called a conflict without being one.
 */
#include "field-client/replica/drafts.h"
#include "tests/simulation/rejoin_scene.h"

/* What was typed and not recorded stays where it was typed. */
static void check_draft(struct laptop *laptop)
{
    struct cs_buffer draft;
    int64_t changed_ms = 0;
    cs_buffer_init(&draft, CS_DRAFT_SIZE_MAX);
    assert_ok(cs_draft_get(laptop->replica, cs_bytes_of_text("form"), &draft, &changed_ms, NULL));
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&draft), "{}"));
    cs_buffer_release(&draft);
}

/* Both go on working; the original is the first to sync. */
static void both_sides_of_a_copied_disk_keep_their_work(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 41);
    (void)laptop_new(scene.office, "part", "code=BEFORE", "name=电源", NULL);
    scene.copy = universe_clone(scene.office);
    (void)laptop_new(scene.office, "part", "code=ORIGINAL", "name=电源", NULL);
    (void)laptop_new(scene.copy, "part", "code=COPY", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    check_told(scene.copy);
    /* From now on the original is not believed either. */
    (void)laptop_new(scene.office, "part", "code=LATER", "name=电源", NULL);
    check_told(scene.office);
    assert_ok(cs_draft_put(scene.office->replica, cs_bytes_of_text("form"), cs_bytes_of_text("{}"),
                           NULL));
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "forked_device"), 1);
    rejoin(&scene, scene.copy, 2);
    rejoin(&scene, scene.office, 1);
    check_draft(scene.office);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "BEFORE"), 1);
    assert_int_equal(parts(&scene, "ORIGINAL"), 1);
    assert_int_equal(parts(&scene, "COPY"), 1);
    assert_int_equal(parts(&scene, "LATER"), 1);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 3);
    universe_close(&scene.universe);
}

/* The copy is the first, and does not hear that its work was taken: sent anew it is there once, and edits of it are no conflict. */
static void work_that_the_server_took_is_not_doubled(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 42);
    scene.copy = universe_clone(scene.office);
    struct cs_id made = laptop_new(scene.copy, "part", "code=TAKEN", "name=one", NULL);
    assert_ok(laptop_set(scene.copy, "part", scene.known, "name=known two", NULL));
    scene.copy->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(scene.copy), CS_TIMEOUT);
    scene.copy->fault = NETWORK_FINE;
    /* On top of what was sent, and of what came before. */
    assert_ok(laptop_set(scene.copy, "part", made, "name=two", NULL));
    assert_ok(laptop_set(scene.copy, "part", scene.known, "name=known three", NULL));
    (void)laptop_new(scene.office, "part", "code=ORIGINAL", "name=电源", NULL);
    check_told(scene.office);
    check_told(scene.copy);
    rejoin(&scene, scene.office, 1);
    rejoin(&scene, scene.copy, 4);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "TAKEN"), 1);
    assert_int_equal(parts(&scene, "ORIGINAL"), 1);
    assert_string_equal(laptop_text(scene.owner, "part", made, "name"), "two");
    assert_string_equal(laptop_text(scene.owner, "part", scene.known, "name"), "known three");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* What one side changed and the other did not see is a conflict, as between any two people: nothing is overwritten. */
static void concurrent_edits_of_both_sides_are_a_conflict(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 43);
    scene.copy = universe_clone(scene.office);
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=of the original", NULL));
    assert_ok(laptop_set(scene.copy, "part", scene.known, "name=of the copy", NULL));
    laptop_sync_equal(scene.office);
    check_told(scene.copy);
    rejoin(&scene, scene.copy, 1);
    laptop_sync_equal(scene.copy);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    check_told(scene.office);
    rejoin(&scene, scene.office, 0);
    check_all_equal(&scene);
    universe_close(&scene.universe);
}

/* A disk that is put back, and then worked with. */
static void a_disk_set_back_keeps_the_new_work(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 44);
    laptop_save(scene.office, "image");
    (void)laptop_new(scene.office, "part", "code=SENT", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    laptop_set_back(scene.office, "image");
    struct cs_id made = laptop_new(scene.office, "part", "code=NEW", "name=one", NULL);
    assert_ok(laptop_set(scene.office, "part", made, "name=two", NULL));
    check_told(scene.office);
    rejoin(&scene, scene.office, 2);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "SENT"), 1);
    assert_int_equal(parts(&scene, "NEW"), 1);
    assert_string_equal(laptop_text(scene.owner, "part", made, "name"), "two");
    /* The same image once more, which knows nothing of the new keys. */
    laptop_set_back(scene.office, "image");
    (void)laptop_new(scene.office, "part", "code=AGAIN", "name=电源", NULL);
    check_told(scene.office);
    rejoin(&scene, scene.office, 1);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "AGAIN"), 1);
    universe_close(&scene.universe);
}

struct refusals {
    uint64_t number;
    size_t count;
};

static enum cs_status note_refusal(void *context, const struct cs_pending *pending)
{
    struct refusals *refusals = context;
    refusals->number = pending->counter;
    refusals->count++;
    assert_int_equal(pending->transaction.operation_count, 1);
    return CS_OK;
}

/* The refusal list of both sides stays, under numbers that new work does not reach. */
static void refusals_stay(void **state)
{
    (void)state;
    struct scene scene;
    struct refusals refusals = {0, 0};
    open_scene(&scene, 46);
    struct laptop *li = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE));
    laptop_sync_equal(li);
    struct cs_statement *statement;
    (void)laptop_new(li, "part", "code=R-1", "name=电源", NULL);
    assert_ok(cs_statement_get(cs_replica_database(li->replica),
                               "UPDATE _pending SET state = 3, refusal_status = 'INVALID', "
                               "refusal_text = 'no', refusal_operation = 0, refusal_field = ''",
                               &statement));
    assert_ok(cs_statement_run(statement));
    assert_ok(cs_database_execute(cs_replica_database(li->replica),
                                  "DELETE FROM _overlay; DELETE FROM part WHERE code = 'R-1'"));
    assert_ok(cs_rejoin_note(li->replica, CS_FORKED));
    rejoin(&scene, li, 0);
    assert_ok(cs_query_pending(li->replica, CS_PENDING_REFUSED, note_refusal, &refusals));
    assert_int_equal(refusals.count, 1);
    assert_int_equal(refusals.number, 1 + CS_REJOIN_REFUSED_OFFSET);
    assert_ok(cs_rejoin_note(li->replica, CS_FORKED));
    rejoin(&scene, li, 0);
    assert_ok(cs_query_pending(li->replica, CS_PENDING_REFUSED, note_refusal, &refusals));
    assert_int_equal(refusals.number, 1 + 2 * CS_REJOIN_REFUSED_OFFSET);
    universe_close(&scene.universe);
}

static void only_a_log_that_cannot_go_on_is_left(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 47);
    assert_status(laptop_join_again(scene.office, scene.owner), CS_EXISTS);
    laptop_sync_equal(scene.office);
    laptop_save(scene.office, "image");
    (void)laptop_new(scene.office, "part", "code=SENT", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    laptop_set_back(scene.office, "image");
    (void)laptop_new(scene.office, "part", "code=NEW", "name=电源", NULL);
    check_told(scene.office);
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene.owner, "赵敏", CS_ROLE(OFFICE),
                    scene.universe.fake.wall_ms + 24 * 3600 * 1000, &invite);
    cs_replica_close(scene.office->replica);
    scene.office->replica = NULL;
    assert_status(laptop_join(scene.office, cs_buffer_bytes(&invite), ""), CS_INVALID);
    assert_non_null(strstr(scene.universe.problem.text, "another person"));
    laptop_restart(scene.office);
    cs_buffer_release(&invite);
    rejoin(&scene, scene.office, 1);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "NEW"), 1);
    universe_close(&scene.universe);
}

/* Files are written in a certain order while joining; every one of these writes fails once, and the program ends there. */
static struct {
    struct laptop *laptop;
    enum cs_status (*replace)(void *context, const char *path, struct cs_bytes content);
    int until;
} cut;

static enum cs_status cut_off(void *context, const char *path, struct cs_bytes content)
{
    return cut.until-- == 0 ? CS_IO : cut.replace(context, path, content);
}

static void joining_again_can_be_cut_off_anywhere(void **state)
{
    (void)state;
    bool cut_any = true;
    for (int at = 0; cut_any; at++) {
        struct scene scene;
        struct cs_buffer invite;
        open_scene(&scene, 48);
        scene.copy = universe_clone(scene.office);
        (void)laptop_new(scene.office, "part", "code=ORIGINAL", "name=电源", NULL);
        laptop_sync_equal(scene.office);
        (void)laptop_new(scene.copy, "part", "code=COPY", "name=电源", NULL);
        check_told(scene.copy);
        cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
        universe_invite(scene.owner, "李强", CS_ROLE(OFFICE),
                        scene.universe.fake.wall_ms + 24 * 3600 * 1000, &invite);
        cs_replica_close(scene.copy->replica);
        scene.copy->replica = NULL;
        cut.laptop = scene.copy;
        cut.replace = scene.copy->fake.world.file_replace;
        cut.until = at;
        scene.copy->fake.world.file_replace = cut_off;
        /* A lost answer first: the same keys are used again. */
        scene.copy->fault = at % 2 == 0 ? NETWORK_RESPONSE_LOST : NETWORK_FINE;
        enum cs_status status = laptop_join(scene.copy, cs_buffer_bytes(&invite), "");
        scene.copy->fault = NETWORK_FINE;
        if (status == CS_TIMEOUT) {
            status = laptop_join(scene.copy, cs_buffer_bytes(&invite), "");
        }
        cut_any = cut.until < 0;
        assert_int_equal(status == CS_OK, !cut_any);
        scene.copy->fake.world.file_replace = cut.replace;
        /* Whatever was reached, the laptop opens, and nothing is lost. */
        laptop_restart(scene.copy);
        check_healthy(scene.copy);
        assert_int_equal(laptop_count(scene.copy, "part", "code", "COPY"), 1);
        enum cs_status reason = CS_OK;
        assert_ok(cs_rejoin_reason(scene.copy->replica, &reason));
        if (reason != CS_OK) {
            cs_replica_close(scene.copy->replica);
            scene.copy->replica = NULL;
            assert_ok(laptop_join(scene.copy, cs_buffer_bytes(&invite), ""));
        }
        laptop_sync_equal(scene.copy);
        laptop_sync_equal(scene.owner);
        assert_int_equal(parts(&scene, "COPY"), 1);
        assert_int_equal(parts(&scene, "ORIGINAL"), 1);
        cs_buffer_release(&invite);
        universe_close(&scene.universe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_of_a_copied_disk_keep_their_work),
        cmocka_unit_test(work_that_the_server_took_is_not_doubled),
        cmocka_unit_test(concurrent_edits_of_both_sides_are_a_conflict),
        cmocka_unit_test(a_disk_set_back_keeps_the_new_work),
        cmocka_unit_test(refusals_stay),
        cmocka_unit_test(only_a_log_that_cannot_go_on_is_left),
        cmocka_unit_test(joining_again_can_be_cut_off_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
