/*
 * Three replicas edit the same things without a network: one field, disjoint fields, delete against edit. Whatever the order in
 * which they sync, they end equal and every losing value stands in a conflict row (design §6).
 */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <string.h>

#define EDITORS 3

struct scene {
    struct universe universe;
    struct laptop *editors[EDITORS];
    struct cs_id part;
};

/* An owner and two office laptops, all with the same part. */
static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 7);
    scene->editors[0] = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->editors[0]);
    scene->editors[1] = universe_join(&scene->universe, scene->editors[0], "李强", CS_ROLE(OFFICE));
    scene->editors[2] = universe_join(&scene->universe, scene->editors[0], "赵敏", CS_ROLE(OFFICE));
    scene->part = laptop_new(scene->editors[0], "part", "code=P-1", "name=继电器", "unit=个",
                             "category=电气", "price_cents=1000", NULL);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < EDITORS; i++) {
            laptop_sync_equal(scene->editors[i]);
        }
    }
}

/* Syncs in the given order, then twice more around, and checks that all are equal. */
static void sync_in_order(struct scene *scene, const size_t order[static EDITORS],
                          struct cs_multiset *out)
{
    for (size_t i = 0; i < EDITORS; i++) {
        laptop_sync_equal(scene->editors[order[i]]);
        universe_advance(&scene->universe, 1000);
    }
    for (size_t i = 0; i < EDITORS; i++) {
        laptop_sync_equal(scene->editors[order[i]]);
    }
    struct cs_multiset first;
    laptop_fingerprint(scene->editors[0], &first);
    for (size_t i = 1; i < EDITORS; i++) {
        struct cs_multiset other;
        laptop_fingerprint(scene->editors[i], &other);
        assert_memory_equal(first.sum, other.sum, sizeof first.sum);
    }
    *out = first;
}

static const size_t orders[][EDITORS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

/* The edits happen at fixed, different times, so that the outcome does not hang on the order of syncing. */
static void edit_all(struct scene *scene)
{
    const char *prices[EDITORS] = {"price_cents=1100", "price_cents=1200", "price_cents=1300"};
    const char *others[EDITORS] = {"unit=只", "category=控制", "spec=24V"};
    for (size_t i = 0; i < EDITORS; i++) {
        universe_advance(&scene->universe, 60000);
        assert_ok(laptop_set(scene->editors[i], "part", scene->part, prices[i], NULL));
        assert_ok(laptop_set(scene->editors[i], "part", scene->part, others[i], NULL));
    }
}

static void check_edits(struct scene *scene)
{
    for (size_t i = 0; i < EDITORS; i++) {
        struct laptop *laptop = scene->editors[i];
        assert_string_equal(laptop_text(laptop, "part", scene->part, "price_cents"), "1300");
        assert_string_equal(laptop_text(laptop, "part", scene->part, "unit"), "只");
        assert_string_equal(laptop_text(laptop, "part", scene->part, "category"), "控制");
        assert_string_equal(laptop_text(laptop, "part", scene->part, "spec"), "24V");
        assert_int_equal(laptop_count(laptop, "conflict", "state", "open"), 2);
        assert_int_equal(laptop_count(laptop, "conflict", "losing_text", "1100"), 1);
        assert_int_equal(laptop_count(laptop, "conflict", "losing_text", "1200"), 1);
    }
}

static void concurrent_edits_in_every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(orders); i++) {
        struct scene scene;
        struct cs_multiset fingerprint;
        open_scene(&scene);
        edit_all(&scene);
        sync_in_order(&scene, orders[i], &fingerprint);
        check_edits(&scene);
        universe_close(&scene.universe);
    }
}

/* One deletes, one edits, one edits the same field otherwise: the row lives, and both the delete and the value are kept. */
static void delete_against_edit_in_every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(orders); i++) {
        struct scene scene;
        struct cs_multiset fingerprint;
        open_scene(&scene);
        universe_advance(&scene.universe, 60000);
        assert_ok(laptop_delete(scene.editors[0], "part", scene.part));
        universe_advance(&scene.universe, 60000);
        assert_ok(laptop_set(scene.editors[1], "part", scene.part, "name=时间继电器", NULL));
        universe_advance(&scene.universe, 60000);
        assert_ok(laptop_set(scene.editors[2], "part", scene.part, "name=中间继电器", NULL));
        assert_string_equal(laptop_text(scene.editors[0], "part", scene.part, "name"), "(none)");
        sync_in_order(&scene, orders[i], &fingerprint);
        for (size_t j = 0; j < EDITORS; j++) {
            assert_string_equal(laptop_text(scene.editors[j], "part", scene.part, "name"),
                                "中间继电器");
            assert_int_equal(laptop_count(scene.editors[j], "conflict", "state", "open"), 2);
            assert_int_equal(laptop_count(scene.editors[j], "conflict", "field", "_deleted"), 1);
            assert_int_equal(
                laptop_count(scene.editors[j], "conflict", "losing_text", "时间继电器"), 1);
        }
        universe_close(&scene.universe);
    }
}

static void equal_edits_are_no_conflict(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_multiset fingerprint;
    open_scene(&scene);
    for (size_t i = 0; i < EDITORS; i++) {
        assert_ok(laptop_set(scene.editors[i], "part", scene.part, "spec=24V", NULL));
    }
    sync_in_order(&scene, orders[3], &fingerprint);
    assert_int_equal(laptop_count(scene.editors[0], "conflict", "state", "open"), 0);
    /* An edit of the value all of them made replaces all three. */
    assert_ok(laptop_set(scene.editors[1], "part", scene.part, "spec=36V", NULL));
    sync_in_order(&scene, orders[2], &fingerprint);
    assert_int_equal(laptop_count(scene.editors[0], "conflict", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.editors[2], "part", scene.part, "spec"), "36V");
    universe_close(&scene.universe);
}

/* The versions a conflict row names, for a resolution. */
static size_t losing_versions(struct laptop *laptop, struct cs_id conflict, struct cs_version *out,
                              size_t max)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    assert_ok(
        cs_query_get(laptop->replica, cs_bytes_of_text("conflict"), &conflict, &arena, &row, NULL));
    struct cs_reader reader;
    cs_reader_init(
        &reader,
        row.values[cs_entity_field_index(row.entity, cs_bytes_of_text("losing_versions"))].bytes);
    size_t count = 0;
    while (reader.rest.size > 0 && count < max) {
        out[count].log = cs_read_u64(&reader);
        out[count++].counter = cs_read_u64(&reader);
    }
    cs_arena_release(&arena);
    return count;
}

static void resolve_part(struct scene *scene, struct laptop *laptop, const char *field,
                         const char *text, const char *losing_text)
{
    struct cs_version versions[8];
    struct cs_id conflict = laptop_find(laptop, "conflict", "losing_text", losing_text);
    size_t count = losing_versions(laptop, conflict, versions, CS_COUNT(versions));
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value value;
    assert_ok(cs_edit_parse(laptop->replica, cs_bytes_of_text("part"), cs_bytes_of_text(field),
                            cs_bytes_of_text(text), &arena, &value, NULL));
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, cs_bytes_of_text("part"), &scene->part, &value, 1,
                                    (struct cs_versions){versions, count}, NULL));
    assert_ok(cs_edit_commit(edit));
    cs_arena_release(&arena);
}

static void a_resolution_closes_what_it_saw_and_nothing_else(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_multiset fingerprint;
    open_scene(&scene);
    edit_all(&scene);
    sync_in_order(&scene, orders[0], &fingerprint);
    resolve_part(&scene, scene.editors[1], "price_cents", "1100", "1100");
    sync_in_order(&scene, orders[4], &fingerprint);
    for (size_t i = 0; i < EDITORS; i++) {
        assert_string_equal(laptop_text(scene.editors[i], "part", scene.part, "price_cents"),
                            "1100");
        assert_int_equal(laptop_count(scene.editors[i], "conflict", "state", "open"), 1);
        assert_int_equal(laptop_count(scene.editors[i], "conflict", "resolved_by", "李强"), 1);
    }
    resolve_part(&scene, scene.editors[2], "price_cents", "1250", "1200");
    sync_in_order(&scene, orders[1], &fingerprint);
    assert_int_equal(laptop_count(scene.editors[0], "conflict", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.editors[0], "part", scene.part, "price_cents"), "1250");
    universe_close(&scene.universe);
}

static void a_kept_row_stays_and_a_deleted_one_goes(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        struct scene scene;
        struct cs_multiset fingerprint;
        open_scene(&scene);
        assert_ok(laptop_delete(scene.editors[0], "part", scene.part));
        assert_ok(laptop_set(scene.editors[1], "part", scene.part, "spec=5V", NULL));
        sync_in_order(&scene, orders[keep == 0 ? 0 : 2], &fingerprint);
        assert_int_equal(laptop_count(scene.editors[2], "conflict", "state", "open"), 1);
        struct laptop *decider = scene.editors[2];
        struct cs_version versions[8];
        struct cs_id conflict = laptop_find(decider, "conflict", "field", "_deleted");
        size_t count = losing_versions(decider, conflict, versions, CS_COUNT(versions));
        struct cs_edit *edit;
        assert_ok(cs_edit_begin(decider->replica, &edit));
        assert_ok(keep != 0 ? cs_edit_keep(edit, cs_bytes_of_text("part"), &scene.part,
                                           (struct cs_versions){versions, count}, NULL)
                            : cs_edit_delete(edit, cs_bytes_of_text("part"), &scene.part, NULL));
        assert_ok(cs_edit_commit(edit));
        sync_in_order(&scene, orders[5], &fingerprint);
        for (size_t i = 0; i < EDITORS; i++) {
            assert_string_equal(laptop_text(scene.editors[i], "part", scene.part, "spec"),
                                keep != 0 ? "5V" : "(none)");
            assert_int_equal(laptop_count(scene.editors[i], "conflict", "state", "open"), 0);
        }
        universe_close(&scene.universe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concurrent_edits_in_every_order),
        cmocka_unit_test(delete_against_edit_in_every_order),
        cmocka_unit_test(equal_edits_are_no_conflict),
        cmocka_unit_test(a_resolution_closes_what_it_saw_and_nothing_else),
        cmocka_unit_test(a_kept_row_stays_and_a_deleted_one_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
