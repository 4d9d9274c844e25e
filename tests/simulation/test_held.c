/*
 * Changes that wait (design §5, §6): a newer client writes what an older server does not know; a change names a base that has not
 * arrived. They are held and come alive, never refused for it; and what one device leaves waiting is bounded.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define ENTITIES_MAX 64

/* The core registry of a later version: one more entity, and one more field of part. */
struct newer {
    struct cs_field part_fields[16];
    struct cs_entity part;
    struct cs_field tool_fields[2];
    struct cs_entity tool;
    const struct cs_entity *entities[ENTITIES_MAX];
    struct cs_registry registry;
};

static void make_newer(struct newer *newer)
{
    const struct cs_registry *core = cs_registry_core();
    const struct cs_entity *part = cs_registry_find(core, cs_bytes_of_text("part"));
    memset(newer, 0, sizeof *newer);
    memcpy(newer->part_fields, part->fields, part->field_count * sizeof *part->fields);
    newer->part_fields[part->field_count] =
        (struct cs_field){.name = "origin",
                          .label_zh = "产地",
                          .label_en = "origin",
                          .type = CS_FIELD_TEXT,
                          .writers = CS_ROLE(OFFICE) | CS_ROLE(WAREHOUSE)};
    newer->part = *part;
    newer->part.fields = newer->part_fields;
    newer->part.field_count = part->field_count + 1;
    newer->tool_fields[0] = (struct cs_field){.name = "name",
                                              .label_zh = "名称",
                                              .label_en = "name",
                                              .type = CS_FIELD_TEXT,
                                              .writers = CS_ROLE(OFFICE),
                                              .flags = CS_FIELD_REQUIRED | CS_FIELD_LABEL};
    newer->tool_fields[1] = (struct cs_field){.name = "part",
                                              .label_zh = "备件",
                                              .label_en = "part",
                                              .type = CS_FIELD_REFERENCE,
                                              .writers = CS_ROLE(OFFICE),
                                              .references = "part"};
    newer->tool = (struct cs_entity){.name = "tool",
                                     .label_zh = "工具",
                                     .label_en = "tool",
                                     .scope = CS_SCOPE_RULE_EVERYONE,
                                     .creators = CS_ROLE(OFFICE),
                                     .deleters = CS_ROLE(OFFICE),
                                     .fields = newer->tool_fields,
                                     .field_count = CS_COUNT(newer->tool_fields)};
    assert_true(core->entity_count + 1 < ENTITIES_MAX);
    for (size_t i = 0; i < core->entity_count; i++) {
        newer->entities[i] = core->entities[i] == part ? &newer->part : core->entities[i];
    }
    newer->entities[core->entity_count] = &newer->tool;
    newer->registry = (struct cs_registry){newer->entities, core->entity_count + 1};
    assert_ok(cs_registry_check(&newer->registry, NULL));
}

struct scene {
    struct newer newer;
    struct universe universe;
    struct laptop *owner;  /* as old as the server */
    struct laptop *office; /* newer */
};

static struct laptop *join_as(struct scene *scene, const char *person,
                              const struct cs_registry *registry)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene->owner, person, CS_ROLE(OFFICE), scene->universe.fake.wall_ms + 100000,
                    &invite);
    struct laptop *laptop = universe_new_laptop(&scene->universe);
    laptop->registry = registry;
    assert_ok(laptop_join(laptop, cs_buffer_bytes(&invite), ""));
    cs_buffer_release(&invite);
    return laptop;
}

static void open_scene(struct scene *scene)
{
    make_newer(&scene->newer);
    universe_open(&scene->universe, cs_registry_core(), 61);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = join_as(scene, "李强", &scene->newer.registry);
    laptop_sync_equal(scene->owner);
    laptop_sync_equal(scene->office);
}

static int64_t waiting(struct laptop *laptop)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    return counts.held;
}

static size_t held_at_server(struct scene *scene)
{
    struct cs_arena arena;
    struct cs_logged_transaction *held;
    size_t count;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_store_held(cs_server_store(scene->universe.server), &arena, &held, &count));
    cs_arena_release(&arena);
    return count;
}

static void upgrade_server(struct scene *scene)
{
    scene->universe.registry = &scene->newer.registry;
    universe_restart_server(&scene->universe);
}

static void a_newer_client_waits_for_its_server(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id known = laptop_new(scene.office, "part", "code=P-0", "name=保险丝", NULL);
    laptop_sync_equal(scene.office);
    struct cs_id part =
        laptop_new(scene.office, "part", "code=P-1", "name=电源", "origin=苏州", NULL);
    assert_ok(laptop_set(scene.office, "part", part, "unit=个", NULL));
    assert_ok(laptop_set(scene.office, "part", known, "origin=上海", NULL));
    assert_ok(laptop_set(scene.office, "part", known, "unit=只", NULL));
    char reference[64];
    (void)snprintf(reference, sizeof reference, "part=%s", id_text(part));
    struct cs_id tool = laptop_new(scene.office, "tool", "name=万用表", reference, NULL);
    assert_ok(laptop_set(scene.office, "tool", tool, "name=数字万用表", NULL));
    laptop_sync_equal(scene.office);
    /* Only what needs nothing unknown has gone through; the author keeps seeing all of it. */
    assert_int_equal(scene.office->last.refused, 0);
    assert_int_equal(waiting(scene.office), 5);
    assert_int_equal(held_at_server(&scene), 5);
    assert_string_equal(laptop_text(scene.office, "part", part, "unit"), "个");
    assert_string_equal(laptop_text(scene.office, "tool", tool, "name"), "数字万用表");
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", known, "unit"), "只");
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    /* A restart alone changes nothing. */
    universe_restart_server(&scene.universe);
    assert_int_equal(held_at_server(&scene), 5);
    upgrade_server(&scene);
    assert_int_equal(held_at_server(&scene), 0);
    laptop_sync_equal(scene.office);
    assert_int_equal(waiting(scene.office), 0);
    assert_string_equal(laptop_text(scene.office, "tool", tool, "name"), "数字万用表");
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "个");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    /* The old client kept what it did not understand, and shows it once it is newer itself. */
    scene.owner->registry = &scene.newer.registry;
    laptop_restart(scene.owner);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "origin"), "苏州");
    assert_string_equal(laptop_text(scene.owner, "part", known, "origin"), "上海");
    assert_string_equal(laptop_text(scene.owner, "tool", tool, "part"), id_text(part));
    universe_close(&scene.universe);
}

/* What rests on a held row by reference alone waits with it; an older server must not refuse it. */
static void a_reference_to_a_held_row_waits(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part =
        laptop_new(scene.office, "part", "code=P-1", "name=电源", "origin=苏州", NULL);
    struct cs_id place =
        laptop_new(scene.office, "stock_location", "name=总库", "code=L-1", "kind=warehouse", NULL);
    struct hostile hostile;
    hostile_open(&hostile, join_as(&scene, "赵敏", &scene.newer.registry));
    laptop_sync_equal(scene.office);
    /* The office's own movement of the part: known entity, known fields. */
    hostile_begin(&hostile);
    struct cs_id movement = hostile_id(&hostile);
    hostile_operation(&hostile, CS_OPERATION_INSERT, "stock_movement", movement);
    hostile_change(&hostile, "part", cs_value_bytes(cs_id_bytes(&part)));
    hostile_change(&hostile, "to", cs_value_bytes(cs_id_bytes(&place)));
    hostile_change(&hostile, "quantity", cs_value_integer(3));
    hostile_begin(&hostile);
    hostile_operation(&hostile, CS_OPERATION_DELETE, "part", part);
    assert_ok(hostile_push(&hostile));
    assert_int_equal(hostile_outcome(&hostile, 0), CS_OUTCOME_HELD);
    assert_int_equal(hostile_outcome(&hostile, 1), CS_OUTCOME_HELD);
    assert_int_equal(held_at_server(&scene), 3);
    upgrade_server(&scene);
    assert_int_equal(held_at_server(&scene), 0);
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "stock_movement", movement, "part"),
                        id_text(part));
    hostile_close(&hostile);
    universe_close(&scene.universe);
}

/* A base of another device that comes later: held until it does, and then applied for everyone at once. */
static void a_base_that_has_not_arrived_is_waited_for(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile first;
    struct hostile second;
    open_scene(&scene);
    hostile_open(&first, join_as(&scene, "赵敏", cs_registry_core()));
    hostile_open(&second, join_as(&scene, "孙丽", cs_registry_core()));
    struct cs_id part = hostile_part(&first, "P-1");
    struct cs_version created = hostile_version(&first);
    for (int i = 0; i < 2; i++) {
        struct cs_version seen = i == 0 ? created : hostile_version(&second);
        hostile_begin(&second);
        hostile_operation(&second, CS_OPERATION_UPDATE, "part", part);
        hostile_text(&second, "unit", i == 0 ? "个" : "只");
        hostile_base(&second, seen.log, seen.counter);
    }
    assert_ok(hostile_push(&second));
    assert_int_equal(hostile_outcome(&second, 0), CS_OUTCOME_HELD);
    assert_int_equal(hostile_outcome(&second, 1), CS_OUTCOME_HELD);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    assert_ok(hostile_push(&first));
    assert_int_equal(hostile_outcome(&first, 0), CS_OUTCOME_APPLIED);
    /* Its own row is not what it predicted: it must come as a row, not as an echo. */
    bool sent = false;
    for (size_t i = 0; i < first.response.row_count; i++) {
        sent = sent || cs_id_equal(&first.response.rows[i].id, &part);
    }
    assert_true(sent);
    assert_int_equal(held_at_server(&scene), 0);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "只");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    hostile_close(&first);
    hostile_close(&second);
    universe_close(&scene.universe);
}

/* A base that is refused when it comes takes what waited for it along. */
static void what_waits_is_refused_with_its_base(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile first;
    struct hostile second;
    open_scene(&scene);
    hostile_open(&first, join_as(&scene, "赵敏", cs_registry_core()));
    hostile_open(&second, join_as(&scene, "孙丽", cs_registry_core()));
    struct cs_id part = hostile_part(&first, "P-1");
    hostile_change(&first, "price_cents", cs_value_integer(-1));
    struct cs_version created = hostile_version(&first);
    hostile_begin(&second);
    hostile_operation(&second, CS_OPERATION_UPDATE, "part", part);
    hostile_text(&second, "unit", "个");
    hostile_base(&second, created.log, created.counter);
    assert_ok(hostile_push(&second));
    assert_int_equal(hostile_outcome(&second, 0), CS_OUTCOME_HELD);
    assert_ok(hostile_push(&first));
    assert_int_equal(hostile_outcome(&first, 0), CS_OUTCOME_REFUSED);
    assert_int_equal(held_at_server(&scene), 0);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 2);
    hostile_close(&first);
    hostile_close(&second);
    universe_close(&scene.universe);
}

static void assert_says(const struct hostile *hostile, const char *words)
{
    char text[CS_PROBLEM_TEXT_MAX];
    struct cs_bytes said = hostile->response.refusals[0].text;
    (void)snprintf(text, sizeof text, "%.*s", (int)said.size, (const char *)said.data);
    assert_non_null(strstr(text, words));
}

/* Nobody fills the server with what waits, in number or in bytes; and others are not slowed or stopped by it. */
static void what_one_device_leaves_waiting_is_bounded(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile hostile;
    open_scene(&scene);
    hostile_open(&hostile, join_as(&scene, "赵敏", cs_registry_core()));
    for (size_t i = 0; i < 1500; i++) {
        hostile_begin(&hostile);
        hostile_operation(&hostile, CS_OPERATION_UPDATE, "part", hostile_id(&hostile));
        hostile_text(&hostile, "unit", "个");
        hostile_base(&hostile, 0x1234567890abcdef, i + 1);
    }
    assert_ok(hostile_push(&hostile));
    assert_int_equal(hostile.response.outcome_count, 2);
    assert_int_equal(hostile.response.outcomes[0].outcome, CS_OUTCOME_HELD);
    assert_int_equal(hostile.response.outcomes[0].count, 1000);
    assert_int_equal(hostile.response.outcomes[1].outcome, CS_OUTCOME_REFUSED);
    assert_status(hostile.response.refusals[0].status, CS_LIMIT);
    assert_says(&hostile, "wait for others that have not arrived");
    static char text[200 * 1024];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < 30; i++) {
        if (i % 15 == 0 && i > 0) {
            assert_ok(hostile_push(&hostile));
        }
        hostile_begin(&hostile);
        hostile_operation(&hostile, CS_OPERATION_INSERT, "tool", hostile_id(&hostile));
        hostile_change(&hostile, "name", cs_value_text(cs_bytes_of_array(text)));
    }
    assert_ok(hostile_push(&hostile));
    assert_int_equal(hostile_outcome(&hostile, 14), CS_OUTCOME_REFUSED);
    assert_says(&hostile, "wait for a newer server: upgrade it");
    (void)laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.office);
    assert_int_equal(laptop_count(scene.office, "part", "code", "P-1"), 1);
    hostile_close(&hostile);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_client_waits_for_its_server),
        cmocka_unit_test(a_reference_to_a_held_row_waits),
        cmocka_unit_test(a_base_that_has_not_arrived_is_waited_for),
        cmocka_unit_test(what_waits_is_refused_with_its_base),
        cmocka_unit_test(what_one_device_leaves_waiting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
