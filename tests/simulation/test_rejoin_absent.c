/*
 * A laptop that joins again while rows that it shows are away from the server: it went back in time, and its program is too old for
 * what made them, so that waits there. Unsent edits lie over what the laptop last knew; they and what they name get other names.
 */
#include "tests/simulation/registry_variant.h"
#include "tests/simulation/rejoin_scene.h"

struct absent {
    struct registry_variant newer;
    struct scene scene;
    struct cs_id tool;
};

static void change_server(struct absent *absent, const struct cs_registry *registry)
{
    absent->scene.universe.registry = registry;
    universe_restart_server(&absent->scene.universe);
}

/* The office's tool is confirmed, lost by the server, sent again and waits there; an edit of it waits too. Then the disk is copied. */
static void open_absent(struct absent *absent, uint64_t seed)
{
    struct scene *scene = &absent->scene;
    memset(absent, 0, sizeof *absent);
    variant_init(&absent->newer, cs_registry_core());
    (void)variant_add_entity(&absent->newer, "tool");
    (void)variant_add_field(&absent->newer, "tool", "spec");
    (void)variant_done(&absent->newer);
    open_scene(scene, seed);
    change_server(absent, &absent->newer.registry);
    scene->owner->registry = scene->office->registry = &absent->newer.registry;
    laptop_restart(scene->owner);
    laptop_restart(scene->office);
    universe_save_server(&scene->universe, "before");
    absent->tool = laptop_new(scene->office, "tool", "name=万用表", NULL);
    laptop_sync_equal(scene->office);
    universe_set_server_back(&scene->universe, "before");
    change_server(absent, cs_registry_core());
    assert_ok(laptop_set(scene->office, "tool", absent->tool, "name=示波器", NULL));
    laptop_sync_equal(scene->office);
    assert_true(scene->office->last.went_back);
    assert_string_equal(laptop_text(scene->office, "tool", absent->tool, "name"), "示波器");
    scene->copy = universe_clone(scene->office);
    (void)laptop_new(scene->office, "part", "code=ORIGINAL", "name=电源", NULL);
    laptop_sync_equal(scene->office);
    assert_ok(laptop_set(scene->copy, "tool", absent->tool, "spec=100 MHz", NULL));
}

static void upgrade_and_settle(struct absent *absent)
{
    struct scene *scene = &absent->scene;
    laptop_sync_equal(scene->copy);
    check_told(scene->office);
    rejoin(scene, scene->office, 1);
    laptop_sync_equal(scene->office);
    change_server(absent, &absent->newer.registry);
    check_all_equal(scene);
    assert_int_equal(laptop_count(scene->owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene->owner, "refusal", "state", "open"), 0);
}

static void a_delete_knows_the_edits_of_a_row_that_is_away(void **state)
{
    (void)state;
    struct absent absent;
    open_absent(&absent, 61);
    assert_ok(laptop_delete(absent.scene.copy, "tool", absent.tool));
    check_told(absent.scene.copy);
    rejoin(&absent.scene, absent.scene.copy, 3);
    upgrade_and_settle(&absent);
    assert_string_equal(laptop_text(absent.scene.owner, "tool", absent.tool, "name"), "(none)");
    universe_close(&absent.scene.universe);
}

/* What is edited after joining again rests on what was carried over, under its new name. */
static void a_row_that_is_away_is_edited_further(void **state)
{
    (void)state;
    struct absent absent;
    open_absent(&absent, 62);
    check_told(absent.scene.copy);
    rejoin(&absent.scene, absent.scene.copy, 2);
    assert_ok(laptop_set(absent.scene.copy, "tool", absent.tool, "spec=200 MHz", NULL));
    upgrade_and_settle(&absent);
    assert_string_equal(laptop_text(absent.scene.owner, "tool", absent.tool, "name"), "示波器");
    assert_string_equal(laptop_text(absent.scene.owner, "tool", absent.tool, "spec"), "200 MHz");
    universe_close(&absent.scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delete_knows_the_edits_of_a_row_that_is_away),
        cmocka_unit_test(a_row_that_is_away_is_edited_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
