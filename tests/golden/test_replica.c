/*
 * Today's programs over replicas and servers of every earlier version: they open, everything is still there value by value, both
 * sides are sound, and the work that was under way arrives.
 */
#include "tests/golden/replica.h"

#include "field-client/replica/doctor.h"
#include "sync-server/commands/verification.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define REPLICAS CS_TEST_SOURCE_DIR "/tests/golden/replica/"
#define SERVERS CS_TEST_SOURCE_DIR "/tests/golden/server/"
#define FILE_MAX (16 * CS_MEBI)
/* After everything in the files happened. */
#define NOW_MS 1772500000000

struct scene {
    const char *version;
    struct registry_variant newer;
    struct registry_variant newest;
    struct universe universe;
    struct laptop *technician, *office;
};

static const char *folder_of(const struct scene *scene, const char *base, const char *name)
{
    static char folders[4][512];
    static size_t next;
    char *folder = folders[next++ % 4];
    (void)snprintf(folder, 512, "%s%s%s%s", base, scene->version, name[0] == '\0' ? "" : "/", name);
    return folder;
}

static void open_scene(struct scene *scene, const char *version, uint64_t seed)
{
    memset(scene, 0, sizeof *scene);
    scene->version = version;
    golden_newer(&scene->newer);
    golden_newest(&scene->newest);
    universe_open(&scene->universe, &scene->newer.registry, seed);
    scene->universe.fake.wall_ms = NOW_MS;
    golden_load_server(&scene->universe, &scene->newer.registry, folder_of(scene, SERVERS, ""));
    scene->technician = golden_load_laptop(&scene->universe, cs_registry_core(),
                                           folder_of(scene, REPLICAS, "technician"));
    scene->office = golden_load_laptop(&scene->universe, &scene->newer.registry,
                                       folder_of(scene, REPLICAS, "office"));
}

static void tell(void *context, const char *text)
{
    (void)context;
    print_error("%s\n", text);
}

static void assert_laptop_sound(struct laptop *laptop)
{
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(laptop->replica, tell, NULL, &report));
    assert_int_equal(report.findings, 0);
    assert_true(report.rows_checked > 10);
    assert_true(report.change_sets_checked > 3);
}

static void assert_server_sound(struct universe *universe)
{
    struct cs_verification verification = {.finding = tell};
    struct cs_store *store = cs_server_store(universe->server);
    assert_ok(cs_verification_run(&verification, store));
    assert_int_equal(verification.findings, 0);
    assert_int_equal(verification.devices, 3);
    assert_true(verification.change_sets > 30);
    assert_true(verification.rows > 40);
}

/* Every line of the file that was written then is a line of the dump of today. */
static void assert_holds(const char *folder, struct cs_buffer *dump)
{
    struct cs_buffer expected;
    cs_buffer_init(&expected, FILE_MAX);
    golden_read(folder, "expected.txt", &expected);
    cs_buffer_append_text(dump, "\n");
    const char *text = cs_buffer_text(dump);
    assert_non_null(text);
    const char *rest = cs_buffer_text(&expected);
    assert_non_null(rest);
    size_t lines = 0;
    char line[16384];
    for (const char *end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
        assert_true((size_t)(end - rest) + 3 < sizeof line);
        (void)snprintf(line, sizeof line, "\n%.*s\n", (int)(end - rest), rest);
        if (strstr(text, line) == NULL) {
            fail_msg("%s: gone or changed: %s", folder, line);
        }
        lines++;
    }
    assert_true(lines > 100);
    cs_buffer_release(&expected);
}

static void assert_laptop_holds(const struct scene *scene, struct laptop *laptop, const char *name)
{
    struct cs_buffer dump;
    cs_buffer_init(&dump, FILE_MAX);
    cs_buffer_append_text(&dump, "\n");
    golden_dump_laptop(laptop, &dump);
    assert_holds(folder_of(scene, REPLICAS, name), &dump);
    cs_buffer_release(&dump);
}

static void assert_server_holds(struct scene *scene)
{
    struct cs_buffer dump;
    cs_buffer_init(&dump, FILE_MAX);
    cs_buffer_append_text(&dump, "\n");
    golden_dump_server(&scene->universe, &dump);
    assert_holds(folder_of(scene, SERVERS, ""), &dump);
    cs_buffer_release(&dump);
}

static void assert_counts(struct laptop *laptop, int64_t waiting, int64_t packed, int64_t refused)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.waiting, waiting);
    assert_int_equal(counts.packed, packed);
    assert_int_equal(counts.refused, refused);
    assert_int_equal(counts.held, 0);
}

static size_t held_at_server(struct universe *universe)
{
    struct cs_arena arena;
    struct cs_logged_transaction *held;
    size_t count;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_store_held(cs_server_store(universe->server), &arena, &held, &count));
    cs_arena_release(&arena);
    return count;
}

static void nothing_is_lost_by_opening(struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        assert_laptop_holds(scene, scene->technician, "technician");
        assert_laptop_holds(scene, scene->office, "office");
        assert_server_holds(scene);
        assert_laptop_sound(scene->technician);
        assert_laptop_sound(scene->office);
        assert_server_sound(&scene->universe);
        /* Once more over what the first opening has left. */
        laptop_restart(scene->technician);
        laptop_restart(scene->office);
        universe_restart_server(&scene->universe);
    }
    assert_counts(scene->technician, 2, 2, 1);
    assert_counts(scene->office, 1, 0, 0);
    assert_int_equal(held_at_server(&scene->universe), 4);
}

static void work_goes_on(struct scene *scene)
{
    struct laptop *technician = scene->technician;
    struct laptop *office = scene->office;
    struct cs_id part = laptop_find(office, "part", "code", "P-1");
    struct cs_id order = laptop_find(office, "work_order", "number", "WO-1");
    struct cs_id visit = laptop_find(technician, "visit", "work_done", "更换电源");
    laptop_sync_equal(technician);
    assert_counts(technician, 0, 0, 1);
    laptop_sync_equal(office);
    assert_counts(office, 0, 0, 0);
    laptop_sync_equal(technician);
    assert_string_equal(laptop_text(office, "visit", visit, "actual_fault"), "电源损坏");
    assert_string_equal(laptop_text(office, "visit", visit, "result"), "follow_up");
    assert_string_equal(laptop_text(office, "work_order", order, "status"), "finished");
    assert_int_equal(laptop_count(office, "stock_movement", "reason", "returned"), 1);
    assert_string_equal(laptop_text(technician, "part", part, "price_cents"), "11900");
    assert_string_equal(laptop_text(office, "part", part, "golden_origin"), "苏州");
    assert_int_equal(laptop_count(office, "golden_tool", "manual", "略"), 24);
    assert_int_equal(laptop_count(office, "conflict", "state", "open"), 1);
    assert_int_equal(held_at_server(&scene->universe), 4);
    assert_laptop_sound(technician);
    assert_laptop_sound(office);
    assert_server_sound(&scene->universe);
}

/* What the old program kept without understanding it comes alive in newer ones. */
static void what_was_unknown_comes_alive(struct scene *scene)
{
    struct laptop *technician = scene->technician;
    scene->universe.registry = &scene->newest.registry;
    universe_restart_server(&scene->universe);
    assert_int_equal(held_at_server(&scene->universe), 0);
    technician->registry = &scene->newest.registry;
    laptop_restart(technician);
    struct cs_id part = laptop_find(technician, "part", "code", "P-1");
    assert_string_equal(laptop_text(technician, "part", part, "golden_origin"), "苏州");
    assert_int_equal(laptop_count(technician, "golden_tool", "name", "万用表"), 1);
    laptop_sync_equal(technician);
    assert_string_equal(laptop_text(technician, "part", part, "golden_colour"), "黑");
    assert_int_equal(laptop_count(technician, "golden_gadget", "name", "示波器"), 1);
    assert_int_equal(laptop_count(technician, "part", "unit", "块"), 1);
    laptop_sync_equal(scene->office);
    assert_laptop_sound(technician);
    assert_laptop_sound(scene->office);
    assert_server_sound(&scene->universe);
}

static const char *const versions[] = {"v1"};

static void every_version_opens_and_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(versions); i++) {
        struct scene scene;
        open_scene(&scene, versions[i], 4711 + i);
        nothing_is_lost_by_opening(&scene);
        work_goes_on(&scene);
        what_was_unknown_comes_alive(&scene);
        universe_close(&scene.universe);
    }
}

/* The program is upgraded first and syncs afterwards: unsent work survives the change of the schema. */
static void upgrading_before_the_sync_loses_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(versions); i++) {
        struct scene scene;
        open_scene(&scene, versions[i], 815 + i);
        scene.technician->registry = &scene.newest.registry;
        laptop_restart(scene.technician);
        scene.universe.registry = &scene.newest.registry;
        universe_restart_server(&scene.universe);
        assert_laptop_holds(&scene, scene.technician, "technician");
        assert_laptop_sound(scene.technician);
        assert_int_equal(held_at_server(&scene.universe), 0);
        laptop_sync_equal(scene.technician);
        laptop_sync_equal(scene.office);
        assert_counts(scene.technician, 0, 0, 1);
        struct cs_id part = laptop_find(scene.technician, "part", "code", "P-1");
        assert_string_equal(laptop_text(scene.technician, "part", part, "golden_colour"), "黑");
        assert_int_equal(laptop_count(scene.office, "stock_movement", "reason", "returned"), 1);
        universe_close(&scene.universe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_opens_and_goes_on),
        cmocka_unit_test(upgrading_before_the_sync_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
