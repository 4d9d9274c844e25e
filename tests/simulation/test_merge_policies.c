/*
 * Merge policies at the server (design §4, §6): fields written once, facts over plans, groups that move together, deletes, and one
 * transaction that comes through two logs.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define ENTITIES_MAX 64

/* The core registry and one entity with a group: an address is street and town, never the street of one and the town of another. */
struct grouped {
    struct cs_field fields[3];
    struct cs_entity entity;
    const struct cs_entity *entities[ENTITIES_MAX];
    struct cs_registry registry;
};

static void make_grouped(struct grouped *grouped)
{
    const struct cs_registry *core = cs_registry_core();
    memset(grouped, 0, sizeof *grouped);
    const char *names[] = {"street", "town", "name"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        grouped->fields[i] = (struct cs_field){.name = names[i],
                                               .label_zh = names[i],
                                               .label_en = names[i],
                                               .type = CS_FIELD_TEXT,
                                               .writers = CS_ROLE(OFFICE),
                                               .group = i < 2 ? 1 : 0};
    }
    grouped->entity = (struct cs_entity){.name = "depot",
                                         .label_zh = "网点",
                                         .label_en = "depot",
                                         .scope = CS_SCOPE_RULE_EVERYONE,
                                         .creators = CS_ROLE(OFFICE),
                                         .deleters = CS_ROLE(OFFICE),
                                         .fields = grouped->fields,
                                         .field_count = CS_COUNT(grouped->fields)};
    for (size_t i = 0; i < core->entity_count; i++) {
        grouped->entities[i] = core->entities[i];
    }
    grouped->entities[core->entity_count] = &grouped->entity;
    grouped->registry = (struct cs_registry){grouped->entities, core->entity_count + 1};
    assert_ok(cs_registry_check(&grouped->registry, NULL));
}

struct scene {
    struct grouped grouped;
    struct universe universe;
    struct laptop *owner;
    struct laptop *a;
    struct laptop *b;
};

static void sync_all(struct scene *scene)
{
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->a);
        laptop_sync_equal(scene->b);
        laptop_sync_equal(scene->owner);
        universe_advance(&scene->universe, 1000);
    }
}

static void open_scene(struct scene *scene)
{
    make_grouped(&scene->grouped);
    universe_open(&scene->universe, &scene->grouped.registry, 81);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->a = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    scene->b = universe_join(&scene->universe, scene->owner, "赵敏", CS_ROLE(OFFICE));
    sync_all(scene);
}

static int64_t open_conflicts(struct scene *scene)
{
    return laptop_count(scene->owner, "conflict", "state", "open");
}

static const char *order_of(struct cs_id order)
{
    static char texts[2][96];
    static size_t next;
    char *text = texts[next++ % 2];
    (void)snprintf(text, sizeof texts[0], "work_order=%s", id_text(order));
    return text;
}

/* Two first writes of what is written once: the earlier is shown, the other kept; afterwards it is closed to everyone. */
static void written_once(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id first = laptop_new(scene.a, "work_order", "number=W-1", NULL);
    struct cs_id second = laptop_new(scene.a, "work_order", "number=W-2", NULL);
    struct cs_id visit = laptop_new(scene.a, "visit", "note=上门", NULL);
    struct cs_version created = {cs_identity_log(scene.a->identity), 3};
    sync_all(&scene);
    assert_ok(laptop_set(scene.b, "visit", visit, order_of(first), NULL));
    universe_advance(&scene.universe, 60000);
    assert_ok(laptop_set(scene.a, "visit", visit, order_of(second), NULL));
    sync_all(&scene);
    assert_int_equal(open_conflicts(&scene), 1);
    assert_string_equal(laptop_text(scene.owner, "visit", visit, "work_order"), id_text(first));
    assert_status(laptop_set(scene.a, "visit", visit, order_of(second), NULL), CS_DENIED);
    /* A device without manners: what it names as seen makes no difference unless it chooses between the two. */
    struct hostile hostile;
    hostile_open(&hostile, universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE)));
    struct cs_version shown = {cs_identity_log(scene.b->identity), 1};
    for (int extra = 0; extra < 2; extra++) {
        hostile_begin(&hostile);
        hostile_operation(&hostile, CS_OPERATION_UPDATE, "visit", visit);
        hostile_change(&hostile, "work_order", cs_value_bytes(cs_id_bytes(&second)));
        hostile_base(&hostile, shown.log, shown.counter);
        if (extra != 0) {
            hostile_base(&hostile, created.log, created.counter);
        }
    }
    assert_ok(hostile_push(&hostile));
    assert_int_equal(hostile_outcome(&hostile, 0), CS_OUTCOME_REFUSED);
    assert_int_equal(hostile_outcome(&hostile, 1), CS_OUTCOME_REFUSED);
    assert_status(hostile.response.refusals[1].status, CS_DENIED);
    hostile_close(&hostile);
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.a, "visit", visit, "work_order"), id_text(first));
    universe_close(&scene.universe);
}

/* Chooses an order for a visit that has two; `seen`: the one that is not shown. */
static void choose_order(struct laptop *laptop, struct cs_id visit, struct cs_id order,
                         struct cs_version seen)
{
    const struct cs_named_value value = {cs_bytes_of_text("work_order"),
                                         cs_value_bytes(cs_id_bytes(&order))};
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, cs_bytes_of_text("visit"), &visit, &value, 1,
                                    (struct cs_versions){&seen, 1}, NULL));
    assert_ok(cs_edit_commit(edit));
}

/* Who chose between two first writes changes his mind before the choice is sent; another has chosen as well. */
static void chosen_twice(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id first = laptop_new(scene.a, "work_order", "number=W-1", NULL);
    struct cs_id second = laptop_new(scene.a, "work_order", "number=W-2", NULL);
    struct cs_id visit = laptop_new(scene.a, "visit", "note=上门", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.b, "visit", visit, order_of(first), NULL));
    universe_advance(&scene.universe, 60000);
    assert_ok(laptop_set(scene.a, "visit", visit, order_of(second), NULL));
    struct cs_version lost = {cs_identity_log(scene.a->identity), 4};
    sync_all(&scene);
    assert_int_equal(open_conflicts(&scene), 1);
    choose_order(scene.b, visit, second, lost);
    universe_advance(&scene.universe, 1000); /* of two at the same moment either could be shown */
    choose_order(scene.owner, visit, second, lost);
    choose_order(scene.owner, visit, first, lost);
    sync_all(&scene);
    struct laptop *all[] = {scene.owner, scene.a, scene.b};
    for (size_t i = 0; i < CS_COUNT(all); i++) {
        assert_int_equal(laptop_count(all[i], "refusal", "state", "open"), 0);
        assert_int_equal(laptop_count(all[i], "conflict", "state", "open"), 1);
        assert_string_equal(laptop_text(all[i], "visit", visit, "work_order"), id_text(second));
    }
    universe_close(&scene.universe);
}

/* What a technician recorded beats what the office planned, however late the office wrote it. */
static void facts_beat_plans(void **state)
{
    (void)state;
    for (int technician_first = 0; technician_first < 2; technician_first++) {
        struct scene scene;
        open_scene(&scene);
        struct laptop *technician =
            universe_join(&scene.universe, scene.owner, "张伟", CS_ROLE(TECHNICIAN));
        char person[96];
        (void)snprintf(person, sizeof person, "technician=%s",
                       id_text(laptop_find(scene.owner, "person", "name", "张伟")));
        laptop_sync_equal(scene.owner);
        laptop_sync_equal(scene.a);
        struct cs_id visit = laptop_new(scene.a, "visit", person, NULL);
        laptop_sync_equal(scene.a);
        laptop_sync_equal(technician);
        assert_ok(
            laptop_set(technician, "visit", visit, "arrived_at=2026-03-02T09:00:00+08:00", NULL));
        universe_advance(&scene.universe, 60000);
        assert_ok(
            laptop_set(scene.a, "visit", visit, "arrived_at=2026-03-02T08:00:00+08:00", NULL));
        laptop_sync_equal(technician_first != 0 ? technician : scene.a);
        laptop_sync_equal(technician_first != 0 ? scene.a : technician);
        sync_all(&scene);
        assert_string_equal(laptop_text(scene.owner, "visit", visit, "arrived_at"),
                            "2026-03-02T09:00:00+08:00");
        assert_int_equal(open_conflicts(&scene), 1);
        universe_close(&scene.universe);
    }
}

static void a_group_moves_together(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id depot =
        laptop_new(scene.a, "depot", "name=东部", "street=一号路", "town=苏州", NULL);
    struct cs_version created = {cs_identity_log(scene.a->identity), 1};
    sync_all(&scene);
    assert_ok(laptop_set(scene.a, "depot", depot, "street=二号路", NULL));
    universe_advance(&scene.universe, 60000);
    assert_ok(laptop_set(scene.b, "depot", depot, "town=上海", NULL));
    assert_ok(laptop_set(scene.b, "depot", depot, "name=东部网点", NULL));
    sync_all(&scene);
    /* One address or the other, not a mixture. */
    assert_string_equal(laptop_text(scene.owner, "depot", depot, "street"), "一号路");
    assert_string_equal(laptop_text(scene.owner, "depot", depot, "town"), "上海");
    assert_int_equal(open_conflicts(&scene), 1);
    assert_int_equal(laptop_count(scene.owner, "conflict", "losing_text", "二号路 / 苏州"), 1);
    assert_string_equal(laptop_text(scene.owner, "depot", depot, "name"), "东部网点");
    /* Half a group is refused, also where the halves name different pasts. */
    struct hostile hostile;
    hostile_open(&hostile, universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE)));
    for (int both = 0; both < 2; both++) {
        hostile_begin(&hostile);
        hostile_operation(&hostile, CS_OPERATION_UPDATE, "depot", depot);
        hostile_text(&hostile, "town", "南京");
        hostile_base(&hostile, created.log, created.counter);
        if (both != 0) {
            hostile_text(&hostile, "street", "三号路");
        }
    }
    assert_ok(hostile_push(&hostile));
    assert_int_equal(hostile_outcome(&hostile, 0), CS_OUTCOME_REFUSED);
    assert_int_equal(hostile_outcome(&hostile, 1), CS_OUTCOME_REFUSED);
    assert_status(hostile.response.refusals[0].status, CS_MALFORMED);
    hostile_close(&hostile);
    universe_close(&scene.universe);
}

static void two_deletes_are_one(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    assert_ok(laptop_delete(scene.a, "part", part));
    assert_ok(laptop_delete(scene.b, "part", part));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    assert_int_equal(open_conflicts(&scene), 0);
    universe_close(&scene.universe);
}

/* Nobody has decided between the values yet: a delete does not decide it either. */
static void a_delete_does_not_settle_a_conflict(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.a, "part", part, "unit=个", NULL));
    assert_ok(laptop_set(scene.b, "part", part, "unit=只", NULL));
    sync_all(&scene);
    assert_int_equal(open_conflicts(&scene), 1);
    assert_ok(laptop_delete(scene.owner, "part", part));
    laptop_sync_equal(scene.owner);
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.a, "part", part, "name"), "电源");
    assert_int_equal(open_conflicts(&scene), 2);
    assert_int_equal(laptop_count(scene.owner, "conflict", "field", "_deleted"), 1);
    universe_close(&scene.universe);
}

/* An edit that had not seen the delete, arriving long after it, brings the row back; the delete waits for a decision. */
static void an_edit_after_a_delete_revives(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.b, "part", part, "unit=个", NULL));
    universe_advance(&scene.universe, 60000);
    assert_ok(laptop_delete(scene.a, "part", part));
    laptop_sync_equal(scene.a);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    assert_int_equal(open_conflicts(&scene), 0);
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.a, "part", part, "unit"), "个");
    assert_int_equal(open_conflicts(&scene), 1);
    /* Deleting it again, seeing all of it, ends it. */
    assert_ok(laptop_delete(scene.b, "part", part));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    assert_int_equal(open_conflicts(&scene), 0);
    universe_close(&scene.universe);
}

/* The same transaction from the same person's next device: once, whatever the log. */
static void one_transaction_through_two_logs_is_one(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile first;
    struct hostile second;
    open_scene(&scene);
    hostile_open(&first, universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE)));
    hostile_open(&second, universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE)));
    struct cs_id part = hostile_part(&first, "P-1");
    uint8_t id[16];
    memcpy(id, first.transactions[0].id, sizeof id);
    assert_ok(hostile_push(&first));
    struct server_state before;
    struct server_state after;
    universe_server_state(&scene.universe, &before);
    hostile_begin(&second);
    memcpy(second.transactions[0].id, id, sizeof id);
    hostile_operation(&second, CS_OPERATION_INSERT, "part", part);
    hostile_text(&second, "code", "P-1");
    hostile_text(&second, "name", "电源");
    assert_ok(hostile_push(&second));
    assert_int_equal(hostile_outcome(&second, 0), CS_OUTCOME_DUPLICATE);
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    /* A refused one is not a duplicate of anything: it may be sent again through another log, corrected or not. */
    (void)hostile_part(&first, "P-2");
    hostile_change(&first, "price_cents", cs_value_integer(-1));
    memcpy(id, first.transactions[0].id, sizeof id);
    assert_ok(hostile_push(&first));
    assert_int_equal(hostile_outcome(&first, 0), CS_OUTCOME_REFUSED);
    (void)hostile_part(&second, "P-2");
    memcpy(second.transactions[0].id, id, sizeof id);
    assert_ok(hostile_push(&second));
    assert_int_equal(hostile_outcome(&second, 0), CS_OUTCOME_APPLIED);
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "part", "name", "电源"), 2);
    hostile_close(&first);
    hostile_close(&second);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_once),
        cmocka_unit_test(chosen_twice),
        cmocka_unit_test(facts_beat_plans),
        cmocka_unit_test(a_group_moves_together),
        cmocka_unit_test(two_deletes_are_one),
        cmocka_unit_test(a_delete_does_not_settle_a_conflict),
        cmocka_unit_test(an_edit_after_a_delete_revives),
        cmocka_unit_test(one_transaction_through_two_logs_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
