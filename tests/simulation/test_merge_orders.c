/*
 * Merge policies over every order of arrival (design §4, §6): three authors who do not know of each other, for each policy and for
 * fields that move together. The value shown and the set of conflicts are the same whatever the order, on all replicas; and what
 * the policies' exceptions say is closed by the decision.
 */
#include "tests/simulation/exceptions_scene.h"

#include "field-client/replica/edit.h"

#define ORDERS 6

/* What is open about a row: the texts of the values that lost, in order of the conflicts' ids, which are names. */
struct losing {
    struct cs_id row;
    char text[2000];
};

static enum cs_status gather(void *context, const struct cs_stored_row *row)
{
    struct losing *losing = context;
    int at = cs_entity_field_index(row->entity, cs_bytes_of_text("row"));
    int text = cs_entity_field_index(row->entity, cs_bytes_of_text("losing_text"));
    int name = cs_entity_field_index(row->entity, cs_bytes_of_text("field"));
    if (cs_bytes_equal(row->values[at].bytes, cs_id_bytes(&losing->row))) {
        size_t used = strlen(losing->text);
        (void)snprintf(
            losing->text + used, sizeof losing->text - used, "%.*s: %.*s; ",
            (int)row->values[name].bytes.size, (const char *)row->values[name].bytes.data,
            (int)row->values[text].bytes.size, (const char *)row->values[text].bytes.data);
    }
    return CS_OK;
}

static void losing_values(struct laptop *laptop, struct cs_id row, struct losing *out)
{
    struct cs_query_filter open = {cs_bytes_of_text("state"), cs_bytes_of_text("open")};
    struct cs_problem problem;
    *out = (struct losing){.row = row};
    assert_ok(cs_query_list(laptop->replica, cs_bytes_of_text("conflict"), &open, 1, gather, out,
                            &problem));
}

/* Both texts are there, in any order, and nothing else: the names of conflicts hold random logs. */
static void assert_losing(struct scene *scene, struct cs_id row, const char *one, const char *other)
{
    struct losing office;
    struct losing owner;
    struct losing technician;
    losing_values(scene->office, row, &office);
    losing_values(scene->owner, row, &owner);
    losing_values(scene->technician, row, &technician);
    assert_string_equal(office.text, owner.text);
    assert_string_equal(office.text, technician.text);
    if (strstr(office.text, one) == NULL || strstr(office.text, other) == NULL) {
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", office.text, one, other);
    }
    assert_int_equal(strlen(office.text), strlen(one) + strlen(other));
}

static void assert_shown(struct scene *scene, const char *entity, struct cs_id row,
                         const char *name, const char *text)
{
    assert_string_equal(laptop_text(scene->owner, entity, row, name), text);
    assert_string_equal(laptop_text(scene->office, entity, row, name), text);
    assert_string_equal(laptop_text(scene->technician, entity, row, name), text);
}

/* Versions of all open conflicts of a row, as a person who looked at them names them. */
struct versions {
    struct cs_id row;
    struct cs_version items[16];
    size_t count;
};

static enum cs_status gather_versions(void *context, const struct cs_stored_row *row)
{
    struct versions *versions = context;
    int at = cs_entity_field_index(row->entity, cs_bytes_of_text("row"));
    int list = cs_entity_field_index(row->entity, cs_bytes_of_text("losing_versions"));
    if (!cs_bytes_equal(row->values[at].bytes, cs_id_bytes(&versions->row))) {
        return CS_OK;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, row->values[list].bytes);
    while (reader.rest.size > 0 && versions->count < CS_COUNT(versions->items)) {
        versions->items[versions->count].log = cs_read_u64(&reader);
        versions->items[versions->count++].counter = cs_read_u64(&reader);
    }
    return CS_OK;
}

/* Decides for a text, having seen what this laptop has. */
static void decide(struct laptop *laptop, const char *entity, struct cs_id row, const char *name,
                   const char *text)
{
    struct versions seen = {.row = row};
    struct cs_query_filter open = {cs_bytes_of_text("state"), cs_bytes_of_text("open")};
    struct cs_problem problem;
    assert_ok(cs_query_list(laptop->replica, cs_bytes_of_text("conflict"), &open, 1,
                            gather_versions, &seen, &problem));
    struct cs_arena arena;
    struct cs_named_value value;
    struct cs_edit *edit;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_edit_parse(laptop->replica, cs_bytes_of_text(entity), cs_bytes_of_text(name),
                            cs_bytes_of_text(text), &arena, &value, &problem));
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, cs_bytes_of_text(entity), &row, &value, 1,
                                    (struct cs_versions){seen.items, seen.count}, &problem));
    assert_ok(cs_edit_commit(edit));
    cs_arena_release(&arena);
}

/* Each a second after the other, so that the claimed times tell them apart. */
static void edit_after(struct scene *scene, struct laptop *laptop, const char *entity,
                       struct cs_id row, const char *assignment)
{
    universe_advance(&scene->universe, 1000);
    assert_ok(laptop_set(laptop, entity, row, assignment, NULL));
}

static void the_latest_is_shown(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "visit", visit, "note=甲");
        edit_after(&scene, scene.office, "visit", visit, "note=乙");
        edit_after(&scene, scene.owner, "visit", visit, "note=丙");
        sync_in_order(&scene, i);
        assert_shown(&scene, "visit", visit, "note", "丙");
        assert_losing(&scene, visit, "note: 甲; ", "note: 乙; ");
        decide(scene.office, "visit", visit, "note", "甲");
        sync_all(&scene);
        assert_shown(&scene, "visit", visit, "note", "甲");
        assert_losing(&scene, visit, "", "");
    }
    universe_close(&scene.universe);
}

static void the_fact_is_shown_and_the_office_told(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id order = new_order(&scene, i);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "work_order", order, "status=on_site");
        edit_after(&scene, scene.office, "work_order", order, "status=returned");
        edit_after(&scene, scene.owner, "work_order", order, "status=accepted");
        sync_in_order(&scene, i);
        assert_shown(&scene, "work_order", order, "status", "on_site");
        assert_losing(&scene, order, "status: returned; ", "status: accepted; ");
        assert_int_equal(open_of(&scene, "fact_over_plan"), 1);
        decide(scene.office, "work_order", order, "status", "on_site");
        sync_all(&scene);
        assert_shown(&scene, "work_order", order, "status", "on_site");
        assert_losing(&scene, order, "", "");
        assert_int_equal(open_of(&scene, "fact_over_plan"), 0);
        /* It holds again: a further episode. */
        edit_after(&scene, scene.technician, "work_order", order, "status=finished");
        edit_after(&scene, scene.office, "work_order", order, "status=returned");
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "fact_over_plan"), 1);
        assert_int_equal(episodes_of(&scene, "fact_over_plan"), 2 * (i + 1));
        decide(scene.owner, "work_order", order, "status", "returned");
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "fact_over_plan"), 0);
    }
    universe_close(&scene.universe);
}

/* Two plans are a conflict, and no fact was beaten. */
static void two_plans_are_no_fact(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id order = new_order(&scene, 1);
    sync_all(&scene);
    edit_after(&scene, scene.office, "work_order", order, "status=returned");
    edit_after(&scene, scene.owner, "work_order", order, "status=accepted");
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    assert_int_equal(open_of(&scene, "fact_over_plan"), 0);
    universe_close(&scene.universe);
}

static void the_first_of_what_is_written_once_is_shown(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id orders[LAPTOPS];
        char losing[2][64];
        for (int j = 0; j < LAPTOPS; j++) {
            orders[j] = new_order(&scene, LAPTOPS * i + j);
        }
        struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "visit", visit, field("work_order", orders[0]));
        edit_after(&scene, scene.office, "visit", visit, field("work_order", orders[1]));
        edit_after(&scene, scene.owner, "visit", visit, field("work_order", orders[2]));
        sync_in_order(&scene, i);
        assert_shown(&scene, "visit", visit, "work_order", id_text(orders[0]));
        for (int j = 0; j < 2; j++) {
            (void)snprintf(losing[j], sizeof losing[j], "work_order: %s; ", id_text(orders[j + 1]));
        }
        assert_losing(&scene, visit, losing[0], losing[1]);
        assert_int_equal(open_of(&scene, "written_twice"), 1);
        decide(scene.office, "visit", visit, "work_order", id_text(orders[2]));
        sync_all(&scene);
        assert_shown(&scene, "visit", visit, "work_order", id_text(orders[2]));
        assert_int_equal(open_of(&scene, "written_twice"), 0);
    }
    universe_close(&scene.universe);
}

/* A site's contact and telephone: one person's or another's, never a mixture; the conflict names the group and keeps both. */
static void a_group_is_one_value(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id customer = laptop_new(scene.office, "customer", "name=甲厂", NULL);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id site = laptop_new(scene.office, "site", field("customer", customer),
                                       "name=一号楼", "contact=周主任", "phone=1", NULL);
        struct cs_id request =
            laptop_new(scene.office, "service_request", "reported_fault=无法登录",
                       field("customer", customer), field("site", site), NULL);
        (void)laptop_new(scene.office, "work_order", numbered("number=W", i), scene.person,
                         field("request", request), NULL);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "site", site, "contact=钱经理");
        edit_after(&scene, scene.office, "site", site, "phone=2");
        universe_advance(&scene.universe, 1000);
        assert_ok(laptop_set(scene.owner, "site", site, "contact=孙工", "phone=3", NULL));
        sync_in_order(&scene, i);
        assert_shown(&scene, "site", site, "contact", "孙工");
        assert_shown(&scene, "site", site, "phone", "3");
        assert_losing(&scene, site, "contact: 钱经理 / 1; ", "contact: 周主任 / 2; ");
        /* Taking one value decides the whole group. */
        decide(scene.owner, "site", site, "contact", "钱经理");
        sync_all(&scene);
        assert_shown(&scene, "site", site, "contact", "钱经理");
        assert_shown(&scene, "site", site, "phone", "3");
        assert_losing(&scene, site, "", "");
    }
    universe_close(&scene.universe);
}

/* The decision had not seen the third value: that one stays open, whenever it arrives. */
static void what_a_decision_had_not_seen_stays_open(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int late_first = 0; late_first < 2; late_first++) {
        struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "visit", visit, "note=迟到");
        edit_after(&scene, scene.office, "visit", visit, "note=乙");
        edit_after(&scene, scene.owner, "visit", visit, "note=丙");
        laptop_sync_equal(scene.office);
        laptop_sync_equal(scene.owner);
        laptop_sync_equal(scene.office);
        universe_advance(&scene.universe, 1000);
        decide(scene.office, "visit", visit, "note", "决定");
        laptop_sync_equal(late_first != 0 ? scene.technician : scene.office);
        sync_all(&scene);
        assert_shown(&scene, "visit", visit, "note", "决定");
        assert_losing(&scene, visit, "note: 迟到; ", "");
        decide(scene.owner, "visit", visit, "note", "决定");
        sync_all(&scene);
        assert_losing(&scene, visit, "", "");
    }
    universe_close(&scene.universe);
}

static void equal_values_are_one(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "visit", visit, "note=同");
        edit_after(&scene, scene.office, "visit", visit, "note=异");
        edit_after(&scene, scene.owner, "visit", visit, "note=同");
        sync_in_order(&scene, i);
        assert_shown(&scene, "visit", visit, "note", "同");
        assert_losing(&scene, visit, "note: 异; ", "");
    }
    universe_close(&scene.universe);
}

static void a_delete_meets_two_edits(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
        sync_all(&scene);
        edit_after(&scene, scene.technician, "visit", visit, "work_done=更换电源");
        edit_after(&scene, scene.owner, "visit", visit, "note=丙");
        universe_advance(&scene.universe, 1000);
        assert_ok(laptop_delete(scene.office, "visit", visit));
        sync_in_order(&scene, i);
        assert_shown(&scene, "visit", visit, "work_done", "更换电源");
        assert_shown(&scene, "visit", visit, "note", "丙");
        assert_losing(&scene, visit, "_deleted: delete this row; ", "");
        assert_int_equal(open_of(&scene, "delete_against_edit"), 1);
        if (i % 2 == 0) {
            assert_ok(laptop_delete(scene.office, "visit", visit));
        } else {
            struct versions seen = {.row = visit};
            struct cs_query_filter open = {cs_bytes_of_text("state"), cs_bytes_of_text("open")};
            struct cs_edit *edit;
            assert_ok(cs_query_list(scene.owner->replica, cs_bytes_of_text("conflict"), &open, 1,
                                    gather_versions, &seen, NULL));
            assert_ok(cs_edit_begin(scene.owner->replica, &edit));
            assert_ok(cs_edit_keep(edit, cs_bytes_of_text("visit"), &visit,
                                   (struct cs_versions){seen.items, seen.count}, NULL));
            assert_ok(cs_edit_commit(edit));
        }
        sync_all(&scene);
        assert_shown(&scene, "visit", visit, "note", i % 2 == 0 ? "(none)" : "丙");
        assert_losing(&scene, visit, "", "");
        assert_int_equal(open_of(&scene, "delete_against_edit"), 0);
    }
    universe_close(&scene.universe);
}

/* What the server computes nobody else writes. */
static void computed_fields_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile hostile;
    scene_open(&scene);
    scene.office->fake.wall_ms = 0;
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    scene.office->fake.wall_ms = scene.universe.fake.wall_ms;
    sync_all(&scene);
    struct cs_id exception = laptop_find(scene.owner, "exception", "kind", "clock_anomaly");
    assert_status(laptop_set(scene.owner, "exception", exception, "state=closed", NULL), CS_DENIED);
    hostile_open(&hostile, universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE)));
    hostile_begin(&hostile);
    hostile_operation(&hostile, CS_OPERATION_UPDATE, "exception", exception);
    hostile_text(&hostile, "state", "closed");
    hostile_begin(&hostile);
    hostile_operation(&hostile, CS_OPERATION_INSERT, "exception", hostile_id(&hostile));
    hostile_text(&hostile, "kind", "duplicate");
    assert_ok(hostile_push(&hostile));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(hostile_outcome(&hostile, i), CS_OUTCOME_REFUSED);
        assert_status(hostile.response.refusals[i].status, CS_DENIED);
    }
    hostile_close(&hostile);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_is_shown),
        cmocka_unit_test(the_fact_is_shown_and_the_office_told),
        cmocka_unit_test(two_plans_are_no_fact),
        cmocka_unit_test(the_first_of_what_is_written_once_is_shown),
        cmocka_unit_test(a_group_is_one_value),
        cmocka_unit_test(what_a_decision_had_not_seen_stays_open),
        cmocka_unit_test(equal_values_are_one),
        cmocka_unit_test(a_delete_meets_two_edits),
        cmocka_unit_test(computed_fields_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
