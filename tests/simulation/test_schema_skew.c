/*
 * Programs of different versions in one organisation (design §8): what one of them does not know passes through it unharmed, whatever
 * it does to the row; it comes alive where the program is upgraded, and goes back to sleep where it is taken back.
 */
#include "tests/simulation/registry_variant.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include "field-client/replica/doctor.h"

#include <stdio.h>
#include <string.h>

struct scene {
    struct registry_variant newer;
    struct universe universe;
    struct laptop *old;   /* the office, with the core registry */
    struct laptop *fresh; /* the office, newer */
    struct laptop *technician;
    struct cs_id part, tool;
};

static const struct cs_registry *older(void)
{
    return cs_registry_core();
}

static const struct cs_registry *newer(const struct scene *scene)
{
    return &scene->newer.registry;
}

static struct laptop *join_as(struct scene *scene, const char *person, cs_roles roles,
                              const struct cs_registry *registry)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene->old, person, roles, scene->universe.fake.wall_ms + 100000, &invite);
    struct laptop *laptop = universe_new_laptop(&scene->universe);
    laptop->registry = registry;
    assert_ok(laptop_join(laptop, cs_buffer_bytes(&invite), ""));
    cs_buffer_release(&invite);
    return laptop;
}

static void change_laptop(struct laptop *laptop, const struct cs_registry *registry)
{
    laptop->registry = registry;
    laptop_restart(laptop);
}

static void change_server(struct scene *scene, const struct cs_registry *registry)
{
    scene->universe.registry = registry;
    universe_restart_server(&scene->universe);
}

static void tell(void *context, const char *text)
{
    (void)context;
    print_error("doctor: %s\n", text);
}

/* Both offices hold the same, unknown things included, and are sound. */
static void assert_alike(struct scene *scene)
{
    struct cs_multiset prints[2];
    struct laptop *laptops[] = {scene->old, scene->fresh};
    for (size_t round = 0; round < 2; round++) {
        laptop_sync_equal(scene->old);
        laptop_sync_equal(scene->fresh);
    }
    for (size_t i = 0; i < 2; i++) {
        struct cs_doctor_report report;
        assert_ok(cs_doctor_run(laptops[i]->replica, tell, NULL, &report));
        assert_int_equal(report.findings, 0);
        laptop_fingerprint(laptops[i], &prints[i]);
    }
    assert_memory_equal(&prints[0], &prints[1], sizeof prints[0]);
}

static void open_scene(struct scene *scene, bool server_is_newer)
{
    memset(scene, 0, sizeof *scene);
    variant_init(&scene->newer, cs_registry_core());
    (void)variant_add_entity(&scene->newer, "tool");
    struct cs_field *part = variant_add_field(&scene->newer, "tool", "part");
    part->type = CS_FIELD_REFERENCE;
    part->references = "part";
    (void)variant_add_field(&scene->newer, "part", "origin");
    variant_add_field(&scene->newer, "part", "lot")->type = CS_FIELD_INTEGER;
    (void)variant_add_field(&scene->newer, "work_order", "urgency");
    (void)variant_done(&scene->newer);
    universe_open(&scene->universe, older(), 77);
    scene->old = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->old);
    if (server_is_newer) {
        change_server(scene, newer(scene));
    }
    scene->fresh = join_as(scene, "李强", CS_ROLE(OFFICE), newer(scene));
    scene->technician = join_as(scene, "赵敏", CS_ROLE(TECHNICIAN), older());
    assert_alike(scene);
}

/* A part and a tool with everything that only newer programs know. */
static void make_rows(struct scene *scene)
{
    char reference[64];
    scene->part =
        laptop_new(scene->fresh, "part", "code=P-1", "name=电源", "origin=苏州", "lot=7", NULL);
    (void)snprintf(reference, sizeof reference, "part=%s", id_text(scene->part));
    scene->tool = laptop_new(scene->fresh, "tool", "name=万用表", reference, NULL);
    assert_alike(scene);
}

static void assert_unknown_intact(struct scene *scene, struct laptop *laptop)
{
    assert_string_equal(laptop_text(laptop, "part", scene->part, "origin"), "苏州");
    assert_string_equal(laptop_text(laptop, "part", scene->part, "lot"), "7");
    assert_string_equal(laptop_text(laptop, "tool", scene->tool, "name"), "万用表");
    assert_string_equal(laptop_text(laptop, "tool", scene->tool, "part"), id_text(scene->part));
}

/* The one open conflict's losing version, to be named as seen. */
static struct cs_version losing_version(struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_version version;
    struct cs_id id = laptop_find(laptop, "conflict", "state", "open");
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_query_get(laptop->replica, cs_bytes_of_text("conflict"), &id, &arena, &row, NULL));
    struct cs_reader reader;
    cs_reader_init(
        &reader,
        row.values[cs_entity_field_index(row.entity, cs_bytes_of_text("losing_versions"))].bytes);
    version.log = cs_read_u64(&reader);
    version.counter = cs_read_u64(&reader);
    assert_ok(cs_reader_finish(&reader));
    cs_arena_release(&arena);
    return version;
}

/* Sets part.unit, having seen the value that lost. */
static void settle_unit(struct scene *scene, struct laptop *laptop, const char *unit)
{
    struct cs_version seen = losing_version(laptop);
    struct cs_named_value value = {cs_bytes_of_text("unit"), cs_value_text(cs_bytes_of_text(unit))};
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, cs_bytes_of_text("part"), &scene->part, &value, 1,
                                    (struct cs_versions){&seen, 1}, NULL));
    assert_ok(cs_edit_commit(edit));
}

static int64_t open_conflicts(struct laptop *laptop)
{
    return laptop_count(laptop, "conflict", "state", "open");
}

static void an_older_laptop_harms_nothing_it_does_not_know(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, true);
    make_rows(&scene);
    /* Edits of other fields, one after another and at the same time. */
    assert_ok(laptop_set(scene.old, "part", scene.part, "unit=个", NULL));
    assert_alike(&scene);
    assert_unknown_intact(&scene, scene.fresh);
    assert_ok(laptop_set(scene.old, "part", scene.part, "spec=24V", NULL));
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "lot=8", NULL));
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.fresh), 0);
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "lot"), "8");
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "spec"), "24V");
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "lot=7", NULL));
    assert_alike(&scene);
    /* A conflict, decided on the laptop that does not know all of the row. */
    assert_ok(laptop_set(scene.old, "part", scene.part, "unit=只", NULL));
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "unit=台", NULL));
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 1);
    settle_unit(&scene, scene.old, "套");
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.fresh), 0);
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "unit"), "套");
    assert_unknown_intact(&scene, scene.fresh);
    universe_close(&scene.universe);
}

/* A conflict over a field that one of them does not know: it stays open there, and is decided by the other. */
static void a_conflict_over_an_unknown_field_waits_for_who_knows_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, true);
    make_rows(&scene);
    struct laptop *second = join_as(&scene, "孙丽", CS_ROLE(OFFICE), newer(&scene));
    laptop_sync_equal(second);
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "origin=上海", NULL));
    assert_ok(laptop_set(second, "part", scene.part, "origin=无锡", NULL));
    laptop_sync_equal(second);
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 1);
    assert_ok(laptop_set(scene.old, "part", scene.part, "unit=个", NULL));
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 1);
    struct cs_version seen = losing_version(scene.fresh);
    struct cs_named_value value = {cs_bytes_of_text("origin"),
                                   cs_value_text(cs_bytes_of_text("无锡"))};
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(scene.fresh->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, cs_bytes_of_text("part"), &scene.part, &value, 1,
                                    (struct cs_versions){&seen, 1}, NULL));
    assert_ok(cs_edit_commit(edit));
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 0);
    change_laptop(scene.old, newer(&scene));
    assert_string_equal(laptop_text(scene.old, "part", scene.part, "origin"), "无锡");
    universe_close(&scene.universe);
}

/* A delete by a laptop that does not know all of the row, against an edit it has not seen; and a whole one. */
static void deleting_and_reviving_keep_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, true);
    make_rows(&scene);
    assert_ok(laptop_delete(scene.old, "part", scene.part));
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "lot=9", NULL));
    assert_alike(&scene);
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "lot"), "9");
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "origin"), "苏州");
    assert_string_equal(laptop_text(scene.old, "part", scene.part, "name"), "电源");
    assert_int_equal(open_conflicts(scene.old), 1);
    /* Seen now: it goes, with everything that is known of it kept in the tombstone. */
    assert_ok(laptop_delete(scene.old, "part", scene.part));
    assert_alike(&scene);
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "lot"), "(none)");
    struct cs_arena arena;
    struct cs_stored_row row;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_row_load(cs_replica_tables(scene.old->replica), cs_bytes_of_text("part"),
                          &scene.part, &arena, &row));
    assert_true(row.deleted);
    assert_int_equal(row.extra_count, 2);
    cs_arena_release(&arena);
    universe_close(&scene.universe);
}

static struct cs_edit *begin(struct laptop *laptop)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    return edit;
}

/* An import: many transactions in one commit, over rows that hold more than the importing program knows. */
static void an_import_keeps_it(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id parts[40];
    open_scene(&scene, true);
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        char code[32];
        char lot[32];
        (void)snprintf(code, sizeof code, "code=P-%zu", i);
        (void)snprintf(lot, sizeof lot, "lot=%zu", i);
        parts[i] = laptop_new(scene.fresh, "part", code, "name=保险丝", lot, NULL);
    }
    assert_alike(&scene);
    struct cs_edit *edit = begin(scene.old);
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        struct cs_named_value value = {cs_bytes_of_text("price_cents"),
                                       cs_value_integer((int64_t)i + 100)};
        assert_ok(cs_edit_update(edit, cs_bytes_of_text("part"), &parts[i], &value, 1, NULL));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
    assert_alike(&scene);
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        char lot[32];
        char price[32];
        (void)snprintf(lot, sizeof lot, "%zu", i);
        (void)snprintf(price, sizeof price, "%zu", i + 100);
        assert_string_equal(laptop_text(scene.fresh, "part", parts[i], "lot"), lot);
        assert_string_equal(laptop_text(scene.fresh, "part", parts[i], "price_cents"), price);
    }
    universe_close(&scene.universe);
}

/* A row that leaves a laptop which did not know all of it, and comes back. */
static void leaving_a_scope_and_returning_keeps_it(void **state)
{
    (void)state;
    struct scene scene;
    char mine[64];
    char theirs[64];
    open_scene(&scene, true);
    laptop_sync_equal(scene.technician);
    (void)snprintf(mine, sizeof mine, "technician=%s",
                   id_text(laptop_find(scene.old, "person", "name", "赵敏")));
    (void)snprintf(theirs, sizeof theirs, "technician=%s",
                   id_text(laptop_find(scene.old, "person", "name", "李强")));
    struct cs_id order = laptop_new(scene.fresh, "work_order", "number=W-1", "status=assigned",
                                    "urgency=立即", mine, NULL);
    laptop_sync_equal(scene.fresh);
    laptop_sync_equal(scene.technician);
    assert_string_equal(laptop_text(scene.technician, "work_order", order, "number"), "W-1");
    assert_ok(laptop_set(scene.technician, "work_order", order, "status=on_site", NULL));
    laptop_sync_equal(scene.technician);
    assert_alike(&scene);
    assert_ok(laptop_set(scene.old, "work_order", order, theirs, NULL));
    assert_alike(&scene);
    laptop_sync_equal(scene.technician);
    assert_string_equal(laptop_text(scene.technician, "work_order", order, "number"), "(none)");
    assert_ok(laptop_set(scene.old, "work_order", order, mine, NULL));
    assert_alike(&scene);
    laptop_sync_equal(scene.technician);
    change_laptop(scene.technician, newer(&scene));
    assert_string_equal(laptop_text(scene.technician, "work_order", order, "urgency"), "立即");
    assert_string_equal(laptop_text(scene.fresh, "work_order", order, "status"), "on_site");
    laptop_sync_equal(scene.technician);
    universe_close(&scene.universe);
}

static void it_comes_alive_and_goes_back_to_sleep(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, true);
    make_rows(&scene);
    for (int round = 0; round < 3; round++) {
        change_laptop(scene.old, newer(&scene));
        assert_unknown_intact(&scene, scene.old);
        assert_int_equal(laptop_count(scene.old, "part", "origin", "苏州"), 1);
        assert_true(cs_id_equal(
            &(struct cs_id[]){laptop_find(scene.old, "tool", "name", "万用表")}[0], &scene.tool));
        assert_ok(laptop_set(scene.old, "tool", scene.tool, "name=万用表", NULL));
        assert_alike(&scene);
        change_laptop(scene.old, older());
        char spec[32];
        (void)snprintf(spec, sizeof spec, "spec=%dV", round);
        assert_ok(laptop_set(scene.old, "part", scene.part, spec, NULL));
        assert_alike(&scene);
        assert_unknown_intact(&scene, scene.fresh);
    }
    universe_close(&scene.universe);
}

/* What was typed into a newer program and not sent yet goes out of an older one, and the other way round. */
static void unsent_work_survives_every_change_of_the_program(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, true);
    make_rows(&scene);
    struct laptop *laptop = scene.fresh;
    assert_ok(laptop_set(laptop, "part", scene.part, "origin=无锡", NULL));
    laptop->fault = NETWORK_RESPONSE_LOST; /* packed, and at the server */
    assert_status(laptop_sync(laptop), CS_TIMEOUT);
    laptop->fault = NETWORK_DOWN; /* packed, and not there */
    assert_ok(laptop_set(laptop, "part", scene.part, "lot=8", NULL));
    assert_status(laptop_sync(laptop), CS_UNREACHABLE);
    laptop->fault = NETWORK_FINE;
    struct cs_id tool = laptop_new(laptop, "tool", "name=示波器", NULL);
    assert_ok(laptop_set(laptop, "tool", scene.tool, "name=数字万用表", NULL));
    const struct cs_registry *registries[] = {older(), newer(&scene), older()};
    for (size_t i = 0; i < CS_COUNT(registries); i++) {
        struct cs_pending_counts counts;
        struct cs_doctor_report report;
        change_laptop(laptop, registries[i]);
        assert_ok(cs_query_pending_counts(laptop->replica, &counts));
        assert_int_equal(counts.waiting, 2);
        assert_int_equal(counts.packed, 2);
        assert_ok(cs_doctor_run(laptop->replica, tell, NULL, &report));
        assert_int_equal(report.findings, 0);
    }
    assert_ok(laptop_set(laptop, "part", scene.part, "unit=个", NULL));
    assert_alike(&scene);
    assert_int_equal(laptop->last.refused, 0);
    change_laptop(laptop, newer(&scene));
    assert_string_equal(laptop_text(laptop, "part", scene.part, "origin"), "无锡");
    assert_string_equal(laptop_text(laptop, "part", scene.part, "lot"), "8");
    assert_string_equal(laptop_text(laptop, "part", scene.part, "unit"), "个");
    assert_string_equal(laptop_text(laptop, "tool", tool, "name"), "示波器");
    assert_string_equal(laptop_text(laptop, "tool", scene.tool, "name"), "数字万用表");
    assert_alike(&scene);
    universe_close(&scene.universe);
}

/* The server is taken back to an older version while everything is in use, and upgraded again. */
static void a_server_taken_back_keeps_it_and_holds_what_is_new(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_pending_counts counts;
    open_scene(&scene, true);
    make_rows(&scene);
    change_server(&scene, older());
    assert_alike(&scene);
    assert_unknown_intact(&scene, scene.fresh);
    assert_ok(laptop_set(scene.old, "part", scene.part, "unit=个", NULL));
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "origin=无锡", NULL));
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "spec=24V", NULL));
    laptop_sync_equal(scene.fresh);
    laptop_sync_equal(scene.old);
    assert_ok(cs_query_pending_counts(scene.fresh->replica, &counts));
    assert_int_equal(counts.held, 1);
    assert_string_equal(laptop_text(scene.old, "part", scene.part, "spec"), "24V");
    /* Somebody who joins now gets the opaque things too. */
    struct laptop *later = join_as(&scene, "孙丽", CS_ROLE(OFFICE), newer(&scene));
    laptop_sync_equal(later);
    assert_unknown_intact(&scene, later);
    change_server(&scene, newer(&scene));
    assert_alike(&scene);
    assert_ok(cs_query_pending_counts(scene.fresh->replica, &counts));
    assert_int_equal(counts.held, 0);
    laptop_sync_equal(later);
    assert_string_equal(laptop_text(later, "part", scene.part, "origin"), "无锡");
    assert_string_equal(laptop_text(later, "part", scene.part, "lot"), "7");
    assert_string_equal(laptop_text(later, "part", scene.part, "unit"), "个");
    assert_int_equal(open_conflicts(later), 0);
    universe_close(&scene.universe);
}

/* Of a record of which somebody may write nothing else a newer program lets them write a field: an older server cannot know. */
static void what_only_a_newer_program_permits_waits(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_pending_counts counts;
    open_scene(&scene, true);
    make_rows(&scene);
    struct laptop *second = join_as(&scene, "孙丽", CS_ROLE(TECHNICIAN), newer(&scene));
    laptop_sync_equal(second);
    change_server(&scene, older());
    assert_ok(laptop_set(second, "part", scene.part, "origin=无锡", NULL));
    laptop_sync_equal(second);
    assert_ok(cs_query_pending_counts(second->replica, &counts));
    assert_int_equal(counts.refused, 0);
    assert_int_equal(counts.held, 1);
    change_server(&scene, newer(&scene));
    laptop_sync_equal(second);
    assert_alike(&scene);
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "origin"), "无锡");
    universe_close(&scene.universe);
}

/* A conflict over what an older server does not know stands through conflicts over what it does know. */
static void a_server_taken_back_keeps_conflicts_over_what_it_does_not_know(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, true);
    make_rows(&scene);
    struct laptop *second = join_as(&scene, "孙丽", CS_ROLE(OFFICE), newer(&scene));
    laptop_sync_equal(second);
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "origin=上海", NULL));
    assert_ok(laptop_set(second, "part", scene.part, "origin=无锡", NULL));
    laptop_sync_equal(second);
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 1);
    change_server(&scene, older());
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "spec=24V", NULL));
    assert_ok(laptop_set(scene.old, "part", scene.part, "spec=12V", NULL));
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 2);
    assert_ok(laptop_delete(scene.old, "part", scene.part));
    assert_alike(&scene);
    change_server(&scene, newer(&scene));
    assert_alike(&scene);
    assert_int_equal(open_conflicts(scene.old), 3);
    universe_close(&scene.universe);
}

/* The row that a held edit lies over is changed by others in the meantime. */
static void a_held_edit_meets_what_others_did_meanwhile(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, false);
    scene.part = laptop_new(scene.old, "part", "code=P-1", "name=电源", NULL);
    assert_alike(&scene);
    assert_ok(laptop_set(scene.fresh, "part", scene.part, "origin=苏州", NULL));
    laptop_sync_equal(scene.fresh);
    assert_ok(laptop_set(scene.old, "part", scene.part, "unit=个", NULL));
    laptop_sync_equal(scene.old);
    laptop_sync_equal(scene.fresh);
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "origin"), "苏州");
    assert_string_equal(laptop_text(scene.fresh, "part", scene.part, "unit"), "个");
    change_server(&scene, newer(&scene));
    assert_alike(&scene);
    change_laptop(scene.old, newer(&scene));
    assert_string_equal(laptop_text(scene.old, "part", scene.part, "origin"), "苏州");
    assert_string_equal(laptop_text(scene.old, "part", scene.part, "unit"), "个");
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_laptop_harms_nothing_it_does_not_know),
        cmocka_unit_test(a_conflict_over_an_unknown_field_waits_for_who_knows_it),
        cmocka_unit_test(deleting_and_reviving_keep_it),
        cmocka_unit_test(an_import_keeps_it),
        cmocka_unit_test(leaving_a_scope_and_returning_keeps_it),
        cmocka_unit_test(it_comes_alive_and_goes_back_to_sleep),
        cmocka_unit_test(unsent_work_survives_every_change_of_the_program),
        cmocka_unit_test(a_server_taken_back_keeps_it_and_holds_what_is_new),
        cmocka_unit_test(what_only_a_newer_program_permits_waits),
        cmocka_unit_test(a_server_taken_back_keeps_conflicts_over_what_it_does_not_know),
        cmocka_unit_test(a_held_edit_meets_what_others_did_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
