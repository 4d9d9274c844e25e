/*
 * Fields that mean the same in every version but take other values: a further choice, a longer text, a value that became required, a
 * role that may not write it any more. Work of an older or newer program is applied, held, or refused with its values kept.
 */
#include "tests/simulation/registry_variant.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include "shared/domain/choices.h"

#include <stdio.h>
#include <string.h>

struct scene {
    struct registry_variant newer;
    struct universe universe;
    struct laptop *old;   /* the office, with the core registry */
    struct laptop *fresh; /* the store, newer */
    struct laptop *store; /* the store, with the core registry */
};

static struct laptop *join_as(struct scene *scene, const char *person,
                              const struct cs_registry *registry)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene->old, person, CS_ROLE(WAREHOUSE), scene->universe.fake.wall_ms + 100000,
                    &invite);
    struct laptop *laptop = universe_new_laptop(&scene->universe);
    laptop->registry = registry;
    assert_ok(laptop_join(laptop, cs_buffer_bytes(&invite), ""));
    cs_buffer_release(&invite);
    return laptop;
}

static void sync_all(struct scene *scene)
{
    struct laptop *laptops[] = {scene->old, scene->fresh, scene->store};
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < CS_COUNT(laptops); i++) {
            laptop_sync_equal(laptops[i]);
        }
    }
}

static void upgrade_server(struct scene *scene)
{
    scene->universe.registry = &scene->newer.registry;
    universe_restart_server(&scene->universe);
}

/* The newer registry has to be changed before anybody uses it: `change` does that. */
static void open_scene(struct scene *scene, void (*change)(struct registry_variant *))
{
    memset(scene, 0, sizeof *scene);
    variant_init(&scene->newer, cs_registry_core());
    change(&scene->newer);
    (void)variant_done(&scene->newer);
    universe_open(&scene->universe, cs_registry_core(), 78);
    scene->old = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->old);
    scene->fresh = join_as(scene, "李强", &scene->newer.registry);
    scene->store = join_as(scene, "赵敏", cs_registry_core());
    sync_all(scene);
}

static struct cs_pending_counts counts_of(struct laptop *laptop)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    return counts;
}

static void add_choice(struct registry_variant *variant)
{
    struct cs_field *kind = variant_field(variant, "stock_location", "kind");
    static char choices[256];
    static char choices_zh[256];
    (void)snprintf(choices, sizeof choices, "%s|locker", kind->choices);
    (void)snprintf(choices_zh, sizeof choices_zh, "%s|寄存柜", kind->choices_zh);
    kind->choices = choices;
    kind->choices_zh = choices_zh;
    kind->choices_en = NULL;
}

static void a_choice_the_server_does_not_know_waits(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, add_choice);
    struct cs_id place =
        laptop_new(scene.fresh, "stock_location", "code=L-1", "name=大厅", "kind=locker", NULL);
    struct cs_id other =
        laptop_new(scene.fresh, "stock_location", "code=L-2", "name=总库", "kind=warehouse", NULL);
    sync_all(&scene);
    assert_int_equal(counts_of(scene.fresh).held, 1);
    assert_int_equal(counts_of(scene.fresh).refused, 0);
    assert_string_equal(laptop_text(scene.old, "stock_location", place, "kind"), "(none)");
    assert_string_equal(laptop_text(scene.old, "stock_location", other, "kind"), "warehouse");
    upgrade_server(&scene);
    sync_all(&scene);
    assert_int_equal(counts_of(scene.fresh).held, 0);
    /* A laptop that does not know it shows it as it is, and may change everything else. */
    assert_string_equal(laptop_text(scene.store, "stock_location", place, "kind"), "locker");
    assert_ok(laptop_set(scene.store, "stock_location", place, "name=西大厅", NULL));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.fresh, "stock_location", place, "kind"), "locker");
    assert_string_equal(laptop_text(scene.fresh, "stock_location", place, "name"), "西大厅");
    assert_int_equal(counts_of(scene.store).refused, 0);
    universe_close(&scene.universe);
}

static void allow_more(struct registry_variant *variant)
{
    variant_field(variant, "part", "unit")->size_max = 600;
}

static void a_longer_text_is_refused_with_its_value_kept(void **state)
{
    (void)state;
    struct scene scene;
    char unit[5 + 500 + 1] = "unit=";
    memset(unit + 5, 'x', 500);
    open_scene(&scene, allow_more);
    struct cs_id part = laptop_new(scene.fresh, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.fresh);
    assert_ok(laptop_set(scene.fresh, "part", part, unit, NULL));
    assert_ok(laptop_set(scene.fresh, "part", part, "spec=24V", NULL));
    sync_all(&scene);
    assert_int_equal(counts_of(scene.fresh).refused, 1);
    assert_int_equal(laptop_count(scene.old, "refusal", "state", "open"), 1);
    assert_string_equal(laptop_text(scene.old, "part", part, "spec"), "24V");
    /* After the upgrade it can be sent again; laptops that take less keep it and edit beside it. */
    upgrade_server(&scene);
    assert_ok(laptop_set(scene.fresh, "part", part, unit, NULL));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.store, "part", part, "unit"), unit + 5);
    assert_ok(laptop_set(scene.store, "part", part, "spec=36V", NULL));
    sync_all(&scene);
    assert_int_equal(counts_of(scene.store).refused, 0);
    assert_string_equal(laptop_text(scene.fresh, "part", part, "unit"), unit + 5);
    assert_string_equal(laptop_text(scene.fresh, "part", part, "spec"), "36V");
    universe_close(&scene.universe);
}

static void require_origin(struct registry_variant *variant)
{
    variant_add_field(variant, "part", "origin")->flags = CS_FIELD_REQUIRED | CS_FIELD_LATER;
}

static void what_became_required_is_not_asked_of_older_programs(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, require_origin);
    struct cs_id before = laptop_new(scene.store, "part", "code=P-0", "name=保险丝", NULL);
    struct cs_id part = laptop_new(scene.store, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.store);
    upgrade_server(&scene);
    struct cs_id later = laptop_new(scene.store, "part", "code=P-2", "name=网线", NULL);
    sync_all(&scene);
    assert_int_equal(counts_of(scene.store).refused, 0);
    assert_string_equal(laptop_text(scene.fresh, "part", later, "name"), "网线");
    /* Newer programs ask for it in new rows, and may edit old ones without it. */
    struct cs_edit *edit;
    struct cs_problem problem = {""};
    const struct cs_named_value values[] = {
        {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text("P-3"))},
        {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text("硬盘"))}};
    assert_ok(cs_edit_begin(scene.fresh->replica, &edit));
    assert_status(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, 2, NULL, &problem),
                  CS_INVALID);
    assert_non_null(strstr(problem.text, "part.origin is required"));
    cs_edit_abort(edit);
    assert_ok(laptop_set(scene.fresh, "part", part, "unit=个", NULL));
    assert_ok(laptop_set(scene.fresh, "part", before, "origin=苏州", NULL));
    sync_all(&scene);
    assert_int_equal(counts_of(scene.fresh).refused, 0);
    assert_string_equal(laptop_text(scene.old, "part", part, "unit"), "个");
    universe_close(&scene.universe);
}

static void take_role_away(struct registry_variant *variant)
{
    variant_field(variant, "part", "unit")->writers &= ~CS_ROLE(WAREHOUSE);
}

static void what_a_role_lost_is_refused_and_nothing_else(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, take_role_away);
    struct cs_id part = laptop_new(scene.store, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.store);
    upgrade_server(&scene);
    assert_ok(laptop_set(scene.store, "part", part, "unit=个", NULL));
    assert_ok(laptop_set(scene.store, "part", part, "spec=24V", NULL));
    sync_all(&scene);
    assert_int_equal(counts_of(scene.store).refused, 1);
    assert_string_equal(laptop_text(scene.old, "part", part, "unit"), "");
    assert_string_equal(laptop_text(scene.old, "part", part, "spec"), "24V");
    /* Who sees it can do it for him: the values are in the refusal. */
    struct cs_id refusal = laptop_find(scene.old, "refusal", "state", "open");
    assert_non_null(strstr(laptop_text(scene.old, "refusal", refusal, "operations"), "个"));
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_choice_the_server_does_not_know_waits),
        cmocka_unit_test(a_longer_text_is_refused_with_its_value_kept),
        cmocka_unit_test(what_became_required_is_not_asked_of_older_programs),
        cmocka_unit_test(what_a_role_lost_is_refused_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
