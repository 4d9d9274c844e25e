/*
 * A stick instead of a network (shared/wire/BUNDLE.md): both ways, any number of times, in any order, mixed with syncs.
 */
#include "field-client/replica/outbox.h"
#include "field-client/replica/revocation.h"
#include "shared/evidence/revocation.h"
#include "tests/simulation/bundle_scene.h"
#include "tests/support/testing.h"

#include <stdlib.h>

static struct cs_id new_visit(struct scene *scene, struct laptop *laptop)
{
    char order[96];
    (void)snprintf(order, sizeof order, "work_order=%s", id_text(scene->order_a));
    return laptop_new(laptop, "visit", order, "work_done=更换电源", NULL);
}

/* Two laptops that never have a network after joining, a whole day, in conflict. */
static void a_day_goes_by_stick_alone(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    carry(scene.office);
    carry(scene.li);
    assert_string_equal(laptop_text(scene.li, "part", part, "name"), "电源");
    struct cs_id visit = new_visit(&scene, scene.li);
    carry(scene.li);
    carry(scene.office);
    assert_ok(laptop_set(scene.li, "visit", visit, "work_done=更换硬盘", NULL));
    assert_ok(laptop_set(scene.office, "visit", visit, "work_done=更换内存", NULL));
    carry(scene.li);
    carry(scene.office);
    carry(scene.li);
    assert_int_equal(laptop_count(scene.office, "conflict", "state", "open"), 1);
    char shown[64];
    (void)snprintf(shown, sizeof shown, "%s", laptop_text(scene.li, "visit", visit, "work_done"));
    assert_string_equal(laptop_text(scene.office, "visit", visit, "work_done"), shown);
    struct cs_pending_counts waiting;
    assert_ok(cs_query_pending_counts(scene.li->replica, &waiting));
    assert_int_equal(waiting.waiting + waiting.packed, 0);
    laptop_sync_equal(scene.li);
    assert_int_equal(scene.li->last.pushed, 0);
    universe_close(&scene.universe);
}

static void the_same_bundle_twice_changes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    struct server_state before, after;
    open_scene(&scene);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    assert_int_equal(export_up(scene.office, "one").change_sets, 1);
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    assert_int_equal(taken.taken, 1);
    universe_server_state(&scene.universe, &before);
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    assert_int_equal(taken.taken, 0);
    assert_int_equal(taken.change_sets, 1);
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(export_down(scene.office, "back"));
    assert_status(import_down(scene.office, "back", &result), CS_OK);
    assert_int_equal(result.sync.pushed, 1);
    assert_false(result.already);
    assert_status(import_down(scene.office, "back", &result), CS_OK);
    assert_true(result.already);
    assert_int_equal(laptop_count(scene.office, "part", "code", "P-1"), 1);
    universe_close(&scene.universe);
}

/* An older bundle after a newer one, and after the sync that overtook both: no copy is suspected, then or later. */
static void late_bundles_are_no_copies(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    open_scene(&scene);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    (void)export_up(scene.office, "one");
    (void)laptop_new(scene.office, "part", "code=P-2", "name=电源", NULL);
    assert_int_equal(export_up(scene.office, "two").change_sets, 2);
    assert_status(import_up(&scene.universe, "two", &taken), CS_OK);
    assert_int_equal(taken.taken, 2);
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    assert_int_equal(taken.taken, 0);
    (void)laptop_new(scene.office, "part", "code=P-3", "name=电源", NULL);
    (void)export_up(scene.office, "three");
    laptop_sync_equal(scene.office);
    assert_status(import_up(&scene.universe, "three", &taken), CS_OK);
    assert_int_equal(taken.taken, 0);
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    laptop_sync_equal(scene.office);
    (void)laptop_new(scene.office, "part", "code=P-4", "name=电源", NULL);
    carry(scene.office);
    laptop_sync_equal(scene.office);
    assert_int_equal(laptop_count(scene.office, "part", "name", "电源"), 4);
    universe_close(&scene.universe);
}

/* A request that a stick overtook is turned away, and nobody is alarmed. */
static void an_overtaken_sync_is_no_copy(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct cs_buffer request, response;
    struct cs_sync_session *session;
    bool more;
    open_scene(&scene);
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    assert_ok(cs_sync_begin(scene.office->replica, &session));
    assert_ok(cs_sync_next(session, &request, &more, &scene.universe.problem));
    cs_sync_end(session);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    (void)export_up(scene.office, "one");
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    assert_ok(universe_serve(&scene.universe, cs_buffer_bytes(&request), &response));
    laptop_sync_equal(scene.office);
    cs_buffer_release(&request);
    cs_buffer_release(&response);
    universe_close(&scene.universe);
}

/* But a copy of a laptop is found by a bundle too. */
static void a_copied_laptop_is_found_by_its_bundle(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene);
    carry(scene.li);
    struct laptop *copy = universe_clone(scene.li);
    (void)new_visit(&scene, scene.li);
    (void)new_visit(&scene, copy);
    carry(scene.li);
    (void)export_up(copy, "copy");
    assert_status(import_up(&scene.universe, "copy", &taken), CS_FORKED);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_FORKED);
    universe_close(&scene.universe);
}

/* The stick is lost, both ways, over and over: whatever comes through at last has everything. */
static void lost_sticks_cost_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    char code[32];
    open_scene(&scene);
    carry(scene.li);
    for (int day = 0; day < 5; day++) {
        (void)snprintf(code, sizeof code, "code=P-%d", day);
        (void)laptop_new(scene.office, "part", code, "name=电源", NULL);
        laptop_sync_equal(scene.office);
        (void)new_visit(&scene, scene.li);
        assert_int_equal(export_up(scene.li, "up").change_sets, day + 1);
        assert_ok(export_down(scene.li, "down"));
    }
    assert_status(import_up(&scene.universe, "up", &taken), CS_OK);
    assert_int_equal(taken.taken, 5);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_OK);
    assert_int_equal(result.sync.digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(result.sync.pushed, 5);
    assert_int_equal(laptop_count(scene.li, "part", "name", "电源"), 5);
    universe_close(&scene.universe);
}

/* Several exports to one laptop without hearing of it: a row that came with the first and left before the third. */
static void exports_overlap_and_name_what_left_between(void **state)
{
    (void)state;
    struct scene scene;
    struct import_result result;
    open_scene(&scene);
    carry(scene.li);
    assert_ok(laptop_set(scene.office, "work_order", scene.order_b,
                         technician_is(scene.office, "李强"), NULL));
    laptop_sync_equal(scene.office);
    assert_ok(export_down(scene.li, "first"));
    assert_ok(laptop_set(scene.office, "work_order", scene.order_b,
                         technician_is(scene.office, "赵敏"), NULL));
    laptop_sync_equal(scene.office);
    assert_ok(export_down(scene.li, "second"));
    assert_status(import_down(scene.li, "first", &result), CS_OK);
    assert_int_equal(count_all(scene.li, "work_order"), 2);
    assert_status(import_down(scene.li, "second", &result), CS_OK);
    assert_int_equal(result.sync.digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(count_all(scene.li, "work_order"), 1);
    assert_int_equal(count_all(scene.li, "customer"), 1);
    assert_status(import_down(scene.li, "first", &result), CS_OK);
    assert_true(result.already);
    assert_int_equal(count_all(scene.li, "work_order"), 1);
    universe_close(&scene.universe);
}

/* The same where the row came by a sync of which the exporting side knows nothing: refused, and put right by a new bundle. */
static void what_left_after_a_sync_asks_for_a_new_bundle(void **state)
{
    (void)state;
    struct scene scene;
    struct import_result result;
    open_scene(&scene);
    carry(scene.li);
    assert_ok(laptop_set(scene.office, "work_order", scene.order_b,
                         technician_is(scene.office, "李强"), NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    assert_ok(laptop_set(scene.office, "work_order", scene.order_b,
                         technician_is(scene.office, "赵敏"), NULL));
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    assert_ok(export_down(scene.li, "down"));
    enum cs_status status = import_down(scene.li, "down", &result);
    assert_true(status == CS_GAP || (status == CS_OK && count_all(scene.li, "work_order") == 1));
    carry(scene.li);
    assert_int_equal(count_all(scene.li, "work_order"), 1);
    assert_int_equal(laptop_count(scene.li, "part", "code", "P-1"), 1);
    laptop_sync_equal(scene.li);
    universe_close(&scene.universe);
}

/* A sync of the laptop in between is no obstacle by itself. */
static void an_export_fits_a_laptop_that_has_synced_since(void **state)
{
    (void)state;
    struct scene scene;
    struct import_result result;
    open_scene(&scene);
    carry(scene.li);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    (void)laptop_new(scene.office, "part", "code=P-2", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_OK);
    assert_int_equal(result.sync.digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(laptop_count(scene.li, "part", "name", "电源"), 2);
    laptop_sync_equal(scene.li);
    universe_close(&scene.universe);
}

/* Work that the laptop has confirmed already, made anew on a server that never saw it. */
static void a_server_that_went_back_is_recognised(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene);
    carry(scene.li);
    universe_save_server(&scene.universe, "before");
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    carry(scene.office);
    carry(scene.li);
    universe_set_server_back(&scene.universe, "before");
    (void)export_up(scene.li, "up");
    assert_status(import_up(&scene.universe, "up", &taken), CS_ROLLED_BACK);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_OK);
    assert_true(result.already);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    carry(scene.li);
    assert_int_equal(laptop_count(scene.li, "part", "code", "P-1"), 1);
    universe_close(&scene.universe);
}

/* What a bundle answers for may be gone from the laptop, when a backup has it: nothing is applied, and a new bundle puts it right. */
static void a_laptop_that_keeps_its_change_sets_no_more_says_so(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    struct cs_database *database;
    open_scene(&scene);
    (void)new_visit(&scene, scene.li);
    (void)export_up(scene.li, "up");
    assert_status(import_up(&scene.universe, "up", &taken), CS_OK);
    laptop_sync_equal(scene.li);
    database = cs_replica_database(scene.li->replica);
    assert_ok(cs_database_begin(database));
    assert_ok(cs_outbox_remove(scene.li->replica, 1));
    assert_ok(cs_database_commit(database));
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_GAP);
    assert_non_null(strstr(scene.universe.problem.text, "make a new bundle on this laptop"));
    assert_int_equal(laptop_count(scene.li, "part", "code", "P-1"), 0);
    carry(scene.li);
    assert_int_equal(laptop_count(scene.li, "part", "code", "P-1"), 1);
    universe_close(&scene.universe);
}

/* A server that lost a bundle and has gone on since knows it by the next one, and takes nothing of that: over the network all comes back. */
static void a_server_that_lost_a_bundle_says_so(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene);
    universe_save_server(&scene.universe, "before");
    (void)new_visit(&scene, scene.li);
    (void)export_up(scene.li, "one");
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_OK);
    (void)new_visit(&scene, scene.li);
    assert_int_equal(export_up(scene.li, "two").change_sets, 1);
    universe_set_server_back(&scene.universe, "before");
    char order[96];
    (void)snprintf(order, sizeof order, "work_order=%s", id_text(scene.order_b));
    for (int i = 0; i < 20; i++) {
        (void)laptop_new(scene.zhao, "visit", order, "work_done=更换电源", NULL);
    }
    laptop_sync_equal(scene.zhao);
    assert_status(import_up(&scene.universe, "two", &taken), CS_ROLLED_BACK);
    assert_non_null(strstr(scene.universe.problem.text, "has to sync over the network once"));
    assert_status(import_up(&scene.universe, "one", &taken), CS_OK);
    assert_int_equal(taken.taken, 1);
    laptop_sync_equal(scene.li);
    assert_true(scene.li->last.went_back);
    assert_int_equal(count_all(scene.li, "visit"), 2);
    laptop_sync_equal(scene.zhao);
    assert_int_equal(count_all(scene.zhao, "visit"), 20);
    universe_close(&scene.universe);
}

static void a_revoked_laptop_is_told(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    struct cs_id device, made;
    open_scene(&scene);
    carry(scene.li);
    cs_certificate_row_id(cs_identity_certificate_id(scene.li->identity), &device);
    assert_ok(cs_revocation_make(scene.office->replica, &device, cs_bytes_of_text("丢失"), &made,
                                 &scene.universe.problem));
    laptop_sync_equal(scene.office);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    (void)new_visit(&scene, scene.li);
    (void)export_up(scene.li, "up");
    assert_status(import_up(&scene.universe, "up", &taken), CS_OK);
    assert_int_equal(taken.held, 1);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_REVOKED);
    assert_non_null(strstr(scene.universe.problem.text, "was revoked by"));
    assert_non_null(strstr(scene.universe.problem.text, "(丢失)"));
    assert_int_equal(laptop_count(scene.li, "part", "code", "P-1"), 0);
    assert_status(laptop_sync(scene.li), CS_REVOKED);
    universe_close(&scene.universe);
}

/* Parts are bound to one export and one laptop, whatever a header says: a stick that mixes them is told. */
static void parts_of_two_bundles_do_not_mix(void **state)
{
    (void)state;
    struct scene scene;
    struct import_result result;
    open_scene(&scene);
    carry(scene.li);
    carry(scene.zhao);
    for (int i = 0; i < 20; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=P-%d", i);
        (void)laptop_new(scene.office, "part", code, "name=电源", NULL);
    }
    laptop_sync_equal(scene.office);
    scene.universe.page_rows_max = 7;
    universe_restart_server(&scene.universe);
    assert_ok(export_down(scene.li, "first"));
    assert_ok(export_down(scene.li, "second"));
    assert_ok(export_down(scene.zhao, "other"));
    const char *const mixes[][2] = {{"first", "second"}, {"first", "first"}, {"first", "other"}};
    for (size_t i = 0; i < CS_COUNT(mixes); i++) {
        mix_parts(scene.li, mixes[i][0], mixes[i][1], "mixed");
        assert_int_not_equal(import_down(scene.li, "mixed", &result), CS_OK);
        assert_int_equal(laptop_count(scene.li, "part", "name", "电源"), 0);
    }
    assert_status(import_down(scene.li, "second", &result), CS_OK);
    assert_int_equal(laptop_count(scene.li, "part", "name", "电源"), 20);
    universe_close(&scene.universe);
}

static void of_another_laptop_or_direction_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene);
    assert_status(export_down(scene.zhao, "never"), CS_UNSUPPORTED);
    carry(scene.li);
    (void)export_up(scene.li, "up");
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.zhao, "down", &result), CS_DENIED);
    assert_status(import_down(scene.li, "up", &result), CS_INVALID);
    assert_status(import_up(&scene.universe, "down", &taken), CS_INVALID);
    assert_status(import_down(scene.li, "none", &result), CS_NOT_FOUND);
    universe_close(&scene.universe);
}

/* Many pages are parts of one file, seen together. */
static void a_bundle_of_many_parts_is_seen_at_once(void **state)
{
    (void)state;
    struct scene scene;
    struct import_result result;
    char code[32];
    open_scene(&scene);
    carry(scene.li);
    for (int i = 0; i < 60; i++) {
        (void)snprintf(code, sizeof code, "code=P-%d", i);
        (void)laptop_new(scene.office, "part", code, "name=电源", NULL);
    }
    laptop_sync_equal(scene.office);
    scene.universe.page_rows_max = 7;
    universe_restart_server(&scene.universe);
    assert_ok(export_down(scene.li, "down"));
    assert_status(import_down(scene.li, "down", &result), CS_OK);
    assert_int_equal(result.sync.digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(laptop_count(scene.li, "part", "name", "电源"), 60);
    universe_close(&scene.universe);
}

/* ---- any order, any number ---- */

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33);
}

#define LAPTOPS 3
#define STICKS 4

static void edit_something(struct scene *scene, struct laptop *laptop, struct cs_id visit,
                           uint64_t *seed, int step)
{
    char text[64];
    (void)snprintf(text, sizeof text, "name=值%d", step);
    unsigned what = next_random(seed) % 3;
    if (laptop == scene->office && what == 0) {
        assert_ok(laptop_set(laptop, "work_order", scene->order_b,
                             technician_is(laptop, next_random(seed) % 2 == 0 ? "李强" : "赵敏"),
                             NULL));
    } else if (what == 1 && laptop == scene->office) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=Q-%d", step);
        (void)laptop_new(laptop, "part", code, text, NULL);
    } else if (laptop != scene->zhao) {
        (void)snprintf(text, sizeof text, "work_done=值%d", step);
        assert_ok(laptop_set(laptop, "visit", visit, text, NULL));
    }
}

/* Refused may only be what begins behind a gap, or answers a bundle that the laptop has left behind. */
static void import_some(struct laptop *laptop, const char *name)
{
    struct import_result result;
    enum cs_status status = import_down(laptop, name, &result);
    if (status != CS_NOT_FOUND && status != CS_GAP) {
        assert_status(status, CS_OK);
        assert_int_not_equal(result.sync.digest, CS_SYNC_DIGEST_UNEQUAL);
    }
}

static void one_step(struct scene *scene, struct cs_id visit, uint64_t *seed, int step)
{
    struct laptop *laptops[LAPTOPS] = {scene->office, scene->li, scene->zhao};
    unsigned which = next_random(seed) % LAPTOPS;
    struct laptop *laptop = laptops[which];
    struct cs_bundle_taken taken;
    char name[32];
    (void)snprintf(name, sizeof name, "%u-%u", which, next_random(seed) % STICKS);
    char up[40], down[40];
    (void)snprintf(up, sizeof up, "up-%s", name);
    (void)snprintf(down, sizeof down, "down-%s", name);
    switch (next_random(seed) % 7) {
    case 0:
    case 1:
        edit_something(scene, laptop, visit, seed, step);
        break;
    case 2:
        (void)export_up(laptop, up);
        break;
    case 3: {
        enum cs_status status = import_up(&scene->universe, up, &taken);
        assert_true(status == CS_OK || status == CS_NOT_FOUND);
        break;
    }
    case 4: {
        enum cs_status status = export_down(laptop, down);
        assert_true(status == CS_OK || status == CS_UNSUPPORTED);
        break;
    }
    case 5:
        import_some(laptop, down);
        break;
    default:
        if (next_random(seed) % 3 == 0) {
            laptop_sync_equal(laptop);
        }
        break;
    }
}

static void any_order_and_number_ends_equal(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 12; run++) {
        struct scene scene;
        uint64_t seed = run;
        open_scene(&scene);
        struct cs_id visit = new_visit(&scene, scene.li);
        laptop_sync_equal(scene.li);
        laptop_sync_equal(scene.office);
        for (int step = 0; step < 120; step++) {
            one_step(&scene, visit, &seed, step);
        }
        for (int round = 0; round < 2; round++) {
            carry(scene.office);
            carry(scene.li);
            carry(scene.zhao);
        }
        char shown[64];
        (void)snprintf(shown, sizeof shown, "%s",
                       laptop_text(scene.li, "visit", visit, "work_done"));
        assert_string_equal(shown, laptop_text(scene.office, "visit", visit, "work_done"));
        assert_int_equal(count_all(scene.li, "work_order") + count_all(scene.zhao, "work_order"),
                         2);
        laptop_sync_equal(scene.office);
        laptop_sync_equal(scene.li);
        laptop_sync_equal(scene.zhao);
        universe_close(&scene.universe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_goes_by_stick_alone),
        cmocka_unit_test(the_same_bundle_twice_changes_nothing),
        cmocka_unit_test(late_bundles_are_no_copies),
        cmocka_unit_test(an_overtaken_sync_is_no_copy),
        cmocka_unit_test(a_copied_laptop_is_found_by_its_bundle),
        cmocka_unit_test(lost_sticks_cost_nothing),
        cmocka_unit_test(exports_overlap_and_name_what_left_between),
        cmocka_unit_test(what_left_after_a_sync_asks_for_a_new_bundle),
        cmocka_unit_test(an_export_fits_a_laptop_that_has_synced_since),
        cmocka_unit_test(a_server_that_went_back_is_recognised),
        cmocka_unit_test(a_laptop_that_keeps_its_change_sets_no_more_says_so),
        cmocka_unit_test(a_server_that_lost_a_bundle_says_so),
        cmocka_unit_test(a_revoked_laptop_is_told),
        cmocka_unit_test(parts_of_two_bundles_do_not_mix),
        cmocka_unit_test(of_another_laptop_or_direction_is_refused),
        cmocka_unit_test(a_bundle_of_many_parts_is_seen_at_once),
        cmocka_unit_test(any_order_and_number_ends_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
