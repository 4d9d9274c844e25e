/*
 * A server that went back in time (design §8): its folder replaced by an older copy without a word, or restored by command.
 * Afterwards it has again what devices had been told was safe, all replicas are equal, and everybody is told.
 */
#include "tests/simulation/went_back_scene.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/renewal.h"
#include "shared/wire/recover.h"
#include "sync-server/reconcile/directory.h"

#include <stdio.h>
#include <string.h>

static int64_t parts(struct scene *scene, const char *code)
{
    return laptop_count(scene->owner, "part", "code", code);
}

/* The detail of the one exception of this kind about a device of this name (label), as the owner sees it. */
static const char *told(struct scene *scene, struct laptop *about)
{
    static char text[4096];
    struct cs_arena arena;
    struct cs_value kind = cs_value_text(cs_bytes_of_text("server_went_back"));
    struct cs_id device;
    struct cs_id *ids;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_directory_row_id(cs_identity_certificate_id(about->identity), &device);
    assert_ok(cs_query_find(scene->owner->replica, cs_bytes_of_text("exception"),
                            cs_bytes_of_text("kind"), &kind, 100, &arena, &ids, &count, NULL));
    (void)snprintf(text, sizeof text, "(none)");
    for (size_t i = 0; i < count; i++) {
        struct cs_stored_row row;
        assert_ok(cs_query_get(scene->owner->replica, cs_bytes_of_text("exception"), &ids[i],
                               &arena, &row, NULL));
        int subject = cs_entity_field_index(row.entity, cs_bytes_of_text("row"));
        int state = cs_entity_field_index(row.entity, cs_bytes_of_text("state"));
        if (cs_bytes_equal(row.values[subject].bytes, cs_id_bytes(&device)) &&
            cs_bytes_equal_text(row.values[state].bytes, "open")) {
            (void)snprintf(text, sizeof text, "%s",
                           laptop_text(scene->owner, "exception", ids[i], "detail"));
        }
    }
    cs_arena_release(&arena);
    return text;
}

/* The work of a day that the copy does not have. */
static void work(struct scene *scene)
{
    (void)laptop_new(scene->office, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene->office);
    (void)laptop_new(scene->office, "part", "code=DAY-2", "name=two", NULL);
    assert_ok(laptop_set(scene->office, "part", scene->known, "name=changed", NULL));
    laptop_sync_equal(scene->office);
    laptop_sync_equal(scene->field);
    assert_ok(laptop_set(scene->field, "part", scene->known, "name=changed twice", NULL));
    laptop_sync_equal(scene->field);
    sync_all(scene);
}

static void check_day(struct scene *scene)
{
    assert_int_equal(parts(scene, "DAY-1"), 1);
    assert_int_equal(parts(scene, "DAY-2"), 1);
    assert_string_equal(laptop_text(scene->owner, "part", scene->known, "name"), "changed twice");
    assert_int_equal(laptop_count(scene->owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene->owner, "refusal", "state", "open"), 0);
}

static void a_restored_server_gets_everything_back(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_went_back last;
    open_scene(&scene, 61);
    work(&scene);
    (void)laptop_new(scene.office, "part", "code=UNSENT", "name=three", NULL);
    restore(&scene, "yesterday");
    assert_true(awaits_any(&scene));
    laptop_sync_equal(scene.office);
    assert_true(scene.office->last.went_back);
    assert_int_equal(scene.office->last.resent, 2);
    laptop_sync_equal(scene.owner);
    assert_non_null(strstr(told(&scene, scene.office), "all 2 change-sets"));
    assert_non_null(strstr(told(&scene, scene.office), "restored from a backup"));
    assert_non_null(strstr(told(&scene, scene.field), "has not synced since"));
    laptop_sync_equal(scene.field);
    assert_int_equal(scene.field->last.resent, 1);
    laptop_sync_equal(scene.owner);
    assert_non_null(strstr(told(&scene, scene.field), "all 1 change-sets"));
    assert_false(awaits_any(&scene));
    check_equal(&scene);
    check_day(&scene);
    assert_int_equal(parts(&scene, "UNSENT"), 1);
    assert_string_equal(told(&scene, scene.owner), "(none)");
    /* Said for good, and once: later syncs have nothing to say. */
    assert_ok(cs_renewal_last(scene.office->replica, &last));
    assert_int_equal(last.resent, 2);
    assert_int_equal(last.kept, 0);
    assert_true(last.noticed_ms > 0);
    assert_false(scene.office->last.went_back);
    universe_close(&scene.universe);
}

/* What the server had signed, as the laptop keeps it. */
static void keep_only(struct laptop *laptop, struct cs_bytes answer)
{
    assert_ok(cs_replica_meta_set_bytes(laptop->replica, CS_META_PROOF, answer));
    assert_ok(cs_replica_meta_set_bytes(laptop->replica, CS_META_CHECKPOINT, CS_BYTES_NONE));
}

/* The folder replaced by yesterday's, without a command: whoever has proof of what was later starts it. */
static void a_replaced_folder_is_found_out(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 62);
    work(&scene);
    universe_set_server_back(&scene.universe, "yesterday");
    /* A word alone is not enough, and nothing is applied. */
    keep_only(scene.owner, CS_BYTES_NONE);
    assert_status(laptop_sync(scene.owner), CS_ROLLED_BACK);
    assert_non_null(strstr(scene.universe.problem.text, "does not own up to it"));
    assert_false(awaits_any(&scene));
    assert_int_equal(parts(&scene, "DAY-1"), 1);
    laptop_sync_equal(scene.office);
    assert_true(scene.office->last.went_back);
    assert_int_equal(scene.office->last.resent, 2);
    assert_true(awaits_any(&scene));
    /* Now it has owned up to it, to everyone. */
    laptop_sync_equal(scene.owner);
    assert_true(scene.owner->last.went_back);
    assert_non_null(strstr(told(&scene, scene.office), "showed what it had signed later"));
    assert_non_null(strstr(told(&scene, scene.office), "of 李强"));
    check_equal(&scene);
    check_day(&scene);
    assert_false(awaits_any(&scene));
    universe_close(&scene.universe);
}

/* By the next sync its evidence log has grown to the very size that a laptop knows: it is another log all the same. */
static void a_log_of_the_same_size_may_be_another_one(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 68);
    (void)laptop_new(scene.office, "part", "code=DAY-2", "name=two", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    universe_set_server_back(&scene.universe, "yesterday");
    (void)laptop_new(scene.field, "part", "code=NEW-1", "name=one", NULL);
    (void)laptop_new(scene.field, "part", "code=NEW-2", "name=two", NULL);
    laptop_sync_equal(scene.field);
    scene.universe.server_lies = true;
    assert_status(laptop_sync(scene.owner), CS_OTHER_HISTORY);
    assert_non_null(strstr(scene.universe.problem.text, "another history"));
    assert_int_equal(parts(&scene, "DAY-2"), 1);
    scene.universe.server_lies = false;
    laptop_sync_equal(scene.owner);
    assert_true(scene.owner->last.went_back);
    laptop_sync_equal(scene.office);
    assert_int_equal(scene.office->last.resent, 1);
    check_equal(&scene);
    assert_int_equal(parts(&scene, "DAY-2"), 1);
    universe_close(&scene.universe);
}

/*
 * A server that went back without a word has grown past all that it had when somebody names what it lost: it knows at once, from
 * which log the request names, and what rests on that waits for it instead of being refused.
 */
static void what_rests_on_a_lost_row_waits_for_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 71);
    char part[96];
    char to[96];
    struct cs_id lost = laptop_new(scene.office, "part", "code=DAY-2", "name=two", NULL);
    struct cs_id store = laptop_new(scene.office, "stock_location", "name=主仓", NULL);
    (void)snprintf(part, sizeof part, "part=%s", id_text(lost));
    (void)snprintf(to, sizeof to, "to=%s", id_text(store));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    universe_set_server_back(&scene.universe, "yesterday");
    for (int i = 0; i < 8; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=NEW-%d", i);
        (void)laptop_new(scene.field, "part", code, "name=one", NULL);
        laptop_sync_equal(scene.field);
    }
    assert_false(awaits_any(&scene));
    (void)laptop_new(scene.owner, "stock_movement", part, to, "quantity=1", "reason=purchase",
                     NULL);
    assert_ok(laptop_sync(scene.owner));
    assert_true(scene.owner->last.went_back);
    assert_true(awaits_any(&scene));
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    laptop_sync_equal(scene.office);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.field, "stock_movement", "reason", "purchase"), 1);
    assert_int_equal(parts(&scene, "DAY-2"), 1);
    universe_close(&scene.universe);
}

/* Who has lost nothing of its own is a witness too. */
static void whoever_saw_more_is_a_witness(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 70);
    work(&scene);
    universe_set_server_back(&scene.universe, "yesterday");
    laptop_sync_equal(scene.owner);
    assert_true(scene.owner->last.went_back);
    assert_int_equal(scene.owner->last.resent, 0);
    assert_non_null(strstr(told(&scene, scene.office), "of 王芳"));
    check_equal(&scene);
    check_day(&scene);
    universe_close(&scene.universe);
}

/* Somebody works on it before it is found out: that stays too. */
static void work_after_the_replacement_stays(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 63);
    laptop_sync_equal(scene.owner);
    (void)laptop_new(scene.office, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene.office);
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=of the office", NULL));
    laptop_sync_equal(scene.office);
    universe_set_server_back(&scene.universe, "yesterday");
    /* These two have nothing that it lost, and cannot know. */
    assert_ok(laptop_set(scene.owner, "part", scene.known, "name=of the owner", NULL));
    laptop_sync_equal(scene.owner);
    assert_false(scene.owner->last.went_back);
    (void)laptop_new(scene.field, "part", "code=AFTER", "name=one", NULL);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.office);
    assert_true(scene.office->last.went_back);
    assert_int_equal(scene.office->last.resent, 2);
    check_equal(&scene);
    assert_int_equal(parts(&scene, "DAY-1"), 1);
    assert_int_equal(parts(&scene, "AFTER"), 1);
    /* Two who did not know of each other: a conflict, and nothing is overwritten. */
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* A checkpoint that this server did not sign, or that is not beyond it, or a broken one, starts nothing. */
static void what_is_no_proof_starts_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer note;
    struct cs_buffer broken;
    open_scene(&scene, 64);
    work(&scene);
    universe_save_server(&scene.universe, "noon");
    cs_buffer_init(&note, CS_RECOVER_PROOF_MAX);
    cs_buffer_init(&broken, CS_RECOVER_PROOF_MAX);
    assert_ok(cs_replica_meta_bytes(scene.owner->replica, CS_META_PROOF, &note));
    (void)laptop_new(scene.field, "part", "code=LATER", "name=one", NULL);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    /* What it signed at noon is where it is. */
    universe_set_server_back(&scene.universe, "noon");
    keep_only(scene.owner, cs_buffer_bytes(&note));
    assert_status(laptop_sync(scene.owner), CS_ROLLED_BACK);
    universe_set_server_back(&scene.universe, "yesterday");
    for (size_t at = 0; at < note.size; at++) {
        cs_buffer_clear(&broken);
        cs_buffer_append_bytes(&broken, cs_buffer_bytes(&note));
        broken.data[at] ^= 1;
        keep_only(scene.owner, cs_buffer_bytes(&broken));
        assert_status(laptop_sync(scene.owner), CS_ROLLED_BACK);
        assert_false(awaits_any(&scene));
    }
    keep_only(scene.owner, cs_buffer_bytes(&note));
    laptop_sync_equal(scene.owner);
    assert_true(awaits_any(&scene));
    cs_buffer_release(&note);
    cs_buffer_release(&broken);
    universe_close(&scene.universe);
}

/* The answer to every single exchange is lost once, and the program is started anew after each: nothing is, and nothing doubles. */
static struct {
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    int until;
} lost;

static enum cs_status lose(void *context, const struct cs_peer *peer, struct cs_bytes request,
                           struct cs_buffer *response, struct cs_problem *problem)
{
    enum cs_status status = lost.exchange(context, peer, request, response, problem);
    return lost.until-- == 0 ? CS_TIMEOUT : status;
}

static void any_answer_may_be_lost(void **state)
{
    (void)state;
    bool lost_any = true;
    for (int at = 0; lost_any; at++) {
        struct scene scene;
        open_scene(&scene, 65);
        work(&scene);
        (void)laptop_new(scene.office, "part", "code=UNSENT", "name=three", NULL);
        restore(&scene, "yesterday");
        lost.exchange = scene.office->fake.world.exchange;
        lost.until = at;
        scene.office->fake.world.exchange = lose;
        enum cs_status status = laptop_sync(scene.office);
        lost_any = lost.until < 0;
        assert_status(status, lost_any ? CS_TIMEOUT : CS_OK);
        scene.office->fake.world.exchange = lost.exchange;
        /* What people see is the old state or the new one. */
        laptop_restart(scene.office);
        assert_int_equal(laptop_count(scene.office, "part", "code", "DAY-1"), 1);
        assert_int_equal(laptop_count(scene.office, "part", "code", "UNSENT"), 1);
        laptop_sync_equal(scene.office);
        assert_int_equal(scene.office->last.resent, lost_any ? 2 : 0);
        check_equal(&scene);
        check_day(&scene);
        assert_int_equal(parts(&scene, "UNSENT"), 1);
        assert_non_null(strstr(told(&scene, scene.office), "all 2 change-sets"));
        universe_close(&scene.universe);
    }
}

/* The author's laptop is gone. What others have of its work is kept, and given back. */
static void rows_of_a_lost_laptop_come_from_others(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 66);
    work(&scene);
    restore(&scene, "yesterday");
    struct laptop *gone = scene.office;
    laptop_sync_equal(scene.owner);
    assert_true(scene.owner->last.went_back);
    assert_int_equal(scene.owner->last.kept, 3);
    assert_int_equal(parts(&scene, "DAY-1"), 0);
    /* What rests on a row that is not back yet waits. */
    laptop_sync_equal(scene.field);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.returned, 2);
    laptop_sync_equal(scene.owner);
    assert_int_equal(parts(&scene, "DAY-1"), 1);
    assert_int_equal(parts(&scene, "DAY-2"), 1);
    assert_true(laptop_count(scene.owner, "exception", "kind", "recovered_row") >= 2);
    assert_non_null(strstr(told(&scene, gone), "has not synced since"));
    struct cs_went_back last;
    assert_ok(cs_renewal_last(scene.owner->replica, &last));
    assert_int_equal(last.kept, 0);
    /* It was not lost after all. */
    laptop_sync_equal(gone);
    check_equal(&scene);
    check_day(&scene);
    universe_close(&scene.universe);
}

/* Devices that joined after the copy was made are strangers to it, and so may be who invited them. */
static void devices_that_joined_later_find_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 67);
    struct laptop *late = universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE));
    laptop_sync_equal(late);
    struct laptop *later = universe_join(&scene.universe, scene.owner, "周强", CS_ROLE(OFFICE));
    laptop_sync_equal(later);
    (void)laptop_new(late, "part", "code=LATE", "name=one", NULL);
    laptop_sync_equal(late);
    (void)laptop_new(later, "part", "code=LATER", "name=one", NULL);
    laptop_sync_equal(later);
    sync_all(&scene);
    universe_advance(&scene.universe, (int64_t)48 * 3600 * 1000);
    restore(&scene, "yesterday");
    laptop_sync_equal(later);
    assert_true(later->last.went_back);
    assert_int_equal(later->last.resent, 1);
    laptop_sync_equal(late);
    check_equal(&scene);
    laptop_sync_equal(late);
    laptop_sync_equal(later);
    assert_int_equal(parts(&scene, "LATE"), 1);
    assert_int_equal(parts(&scene, "LATER"), 1);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 5);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* Back twice, to copies of one day; a laptop that slept through the first time. */
static void it_goes_back_more_than_once(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 68);
    work(&scene);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    (void)laptop_new(scene.office, "part", "code=BETWEEN", "name=one", NULL);
    laptop_sync_equal(scene.office);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.office);
    assert_int_equal(scene.office->last.resent, 3);
    check_equal(&scene);
    check_day(&scene);
    assert_int_equal(parts(&scene, "BETWEEN"), 1);
    /* And now the very first folder, under its first incarnation, which had ended. */
    universe_set_server_back(&scene.universe, "yesterday");
    laptop_sync_equal(scene.owner);
    assert_true(scene.owner->last.went_back);
    check_equal(&scene);
    check_day(&scene);
    universe_close(&scene.universe);
}

/* A laptop that never comes back: the office stops waiting, and is told what is missing by number. */
static void the_office_ends_the_wait(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 69);
    work(&scene);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    assert_true(awaits_any(&scene));
    struct cs_id id = laptop_find(scene.owner, "exception", "state", "open");
    int64_t open = laptop_count(scene.owner, "exception", "state", "open");
    while (open > 0) {
        assert_ok(laptop_set(scene.owner, "exception", id, "decision=accepted",
                             "note=the laptop is lost", NULL));
        laptop_sync_equal(scene.owner);
        open = laptop_count(scene.owner, "exception", "state", "open");
        id = open > 0 ? laptop_find(scene.owner, "exception", "state", "open") : id;
    }
    assert_false(awaits_any(&scene));
    laptop_sync_equal(scene.field);
    check_equal(&scene);
    check_day(&scene);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_server_gets_everything_back),
        cmocka_unit_test(a_replaced_folder_is_found_out),
        cmocka_unit_test(a_log_of_the_same_size_may_be_another_one),
        cmocka_unit_test(what_rests_on_a_lost_row_waits_for_it),
        cmocka_unit_test(whoever_saw_more_is_a_witness),
        cmocka_unit_test(work_after_the_replacement_stays),
        cmocka_unit_test(what_is_no_proof_starts_nothing),
        cmocka_unit_test(any_answer_may_be_lost),
        cmocka_unit_test(rows_of_a_lost_laptop_come_from_others),
        cmocka_unit_test(devices_that_joined_later_find_back),
        cmocka_unit_test(it_goes_back_more_than_once),
        cmocka_unit_test(the_office_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
