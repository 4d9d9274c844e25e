/*
 * What the server refuses (design §5): what its author was never permitted, what is no value, what refers to nothing. One bad
 * transaction costs itself and what rests on it, nothing else, and its values come back to the author and the office.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct hostile hostile; /* a warehouse device: may write parts, no work orders */
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 51);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    struct laptop *warehouse =
        universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(WAREHOUSE));
    laptop_sync_equal(scene->owner);
    hostile_open(&scene->hostile, warehouse);
}

static void close_scene(struct scene *scene)
{
    hostile_close(&scene->hostile);
    universe_close(&scene->universe);
}

static const struct cs_refusal *only_refusal(const struct scene *scene)
{
    assert_int_equal(scene->hostile.response.refusal_count, 1);
    return &scene->hostile.response.refusals[0];
}

/* Pushes what was collected; its last transaction is refused with this status at this field. */
static void push_refused(struct scene *scene, enum cs_status status, const char *field)
{
    struct hostile *hostile = &scene->hostile;
    uint64_t last = hostile->transaction_count - 1;
    uint64_t counter = hostile_version(hostile).counter;
    assert_ok(hostile_push(hostile));
    assert_int_equal(hostile_outcome(hostile, last), CS_OUTCOME_REFUSED);
    const struct cs_refusal *refusal = only_refusal(scene);
    assert_int_equal(refusal->counter, counter);
    assert_status(refusal->status, status);
    assert_true(cs_bytes_equal_text(refusal->field, field));
    assert_true(refusal->text.size > 0);
}

static void what_a_role_may_not_write_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "work_order", hostile_id(hostile));
    hostile_text(hostile, "number", "W-1");
    push_refused(&scene, CS_DENIED, "");
    struct cs_id order = laptop_new(scene.owner, "work_order", "number=W-2", "status=draft", NULL);
    laptop_sync_equal(scene.owner);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_UPDATE, "work_order", order);
    hostile_text(hostile, "instruction", "免费");
    push_refused(&scene, CS_DENIED, "");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_DELETE, "work_order", order);
    push_refused(&scene, CS_DENIED, "");
    /* Rows and fields of the server's own. */
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "device", hostile_id(hostile));
    hostile_text(hostile, "person_name", "王芳");
    push_refused(&scene, CS_DENIED, "");
    struct cs_id device = laptop_find(scene.owner, "device", "person_name", "王芳");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_UPDATE, "device", device);
    hostile_text(hostile, "roles", "auditor");
    push_refused(&scene, CS_DENIED, "");
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "work_order", order, "instruction"), "");
    assert_string_equal(laptop_text(scene.owner, "device", device, "roles"), "owner");
    close_scene(&scene);
}

static void bad_values_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = hostile_part(hostile, "P-1");
    uint64_t log = cs_identity_log(hostile->laptop->identity);
    uint64_t created = hostile_version(hostile).counter;
    assert_ok(hostile_push(hostile));
    static char long_text[CS_VALUE_MAX / 4];
    memset(long_text, 'a', sizeof long_text);
    const struct {
        const char *field;
        struct cs_value value;
        enum cs_status status;
    } bad[] = {
        {"price_cents", cs_value_integer(-1), CS_INVALID},
        {"price_cents", cs_value_text(cs_bytes_of_text("1")), CS_INVALID},
        {"unit", cs_value_integer(1), CS_INVALID},
        {"unit", cs_value_text(cs_bytes_make(long_text, sizeof long_text)), CS_TOO_LARGE},
        {"name", CS_NULL, CS_INVALID},
        {"_deleted", cs_value_integer(2), CS_MALFORMED},
        {"_versions", cs_value_integer(0), CS_MALFORMED},
    };
    for (size_t i = 0; i < CS_COUNT(bad); i++) {
        hostile_begin(hostile);
        hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
        hostile_change(hostile, bad[i].field, bad[i].value);
        hostile_base(hostile, log, created);
        push_refused(&scene, bad[i].status, bad[i].field);
    }
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "part", hostile_id(hostile));
    hostile_text(hostile, "code", "P-2");
    push_refused(&scene, CS_INVALID, "");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "part", part);
    hostile_text(hostile, "code", "P-3");
    hostile_text(hostile, "name", "风扇");
    push_refused(&scene, CS_EXISTS, "");
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "电源");
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "");
    close_scene(&scene);
}

static void what_refers_to_nothing_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id nobody = hostile_id(hostile);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "stock_location", hostile_id(hostile));
    hostile_text(hostile, "name", "一号车");
    hostile_change(hostile, "owner", cs_value_bytes(cs_id_bytes(&nobody)));
    push_refused(&scene, CS_MISSING_REFERENCE, "owner");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", nobody);
    hostile_text(hostile, "unit", "个");
    push_refused(&scene, CS_MISSING_REFERENCE, "");
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_DELETE, "part", nobody);
    push_refused(&scene, CS_MISSING_REFERENCE, "");
    /* A change that says it has seen its own future. */
    struct cs_id part = hostile_part(hostile, "P-1");
    assert_ok(hostile_push(hostile));
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_text(hostile, "unit", "个");
    hostile_base(hostile, cs_identity_log(hostile->laptop->identity), 1000);
    push_refused(&scene, CS_MALFORMED, "unit");
    close_scene(&scene);
}

/* Two good operations and a bad one: none of the three. */
static void a_transaction_is_whole_or_not_at_all(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = hostile_part(hostile, "P-1");
    uint64_t log = cs_identity_log(hostile->laptop->identity);
    assert_ok(hostile_push(hostile));
    for (size_t bad = 0; bad < 3; bad++) {
        hostile_begin(hostile);
        for (size_t i = 0; i < 3; i++) {
            if (i == 0) {
                hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
                hostile_text(hostile, "unit", "个");
                hostile_base(hostile, log, 1);
            } else {
                hostile_operation(hostile, CS_OPERATION_INSERT, "part", hostile_id(hostile));
                hostile_text(hostile, "code", i == 1 ? "P-2" : "P-3");
                hostile_text(hostile, "name", "风扇");
            }
            if (i == bad) {
                hostile_change(hostile, "price_cents", cs_value_integer(-1));
                if (i == 0) {
                    hostile_base(hostile, log, 1);
                }
            }
        }
        push_refused(&scene, CS_INVALID, "price_cents");
        assert_int_equal(only_refusal(&scene)->operation, bad);
    }
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "");
    assert_int_equal(laptop_count(scene.owner, "part", "name", "风扇"), 0);
    assert_int_equal(laptop_count(scene.owner, "part", "name", "电源"), 1);
    close_scene(&scene);
}

/* Refused with what it rests on; what rests on nothing of it goes through. */
static void what_rests_on_a_refused_one_is_refused_with_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = hostile_part(hostile, "P-1");
    uint64_t log = cs_identity_log(hostile->laptop->identity);
    assert_ok(hostile_push(hostile));
    hostile_begin(hostile); /* 2: bad */
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_change(hostile, "price_cents", cs_value_integer(-5));
    hostile_base(hostile, log, 1);
    hostile_begin(hostile); /* 3: rests on it */
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_change(hostile, "price_cents", cs_value_integer(5));
    hostile_base(hostile, log, 2);
    hostile_begin(hostile); /* 4: rests on that */
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_change(hostile, "price_cents", cs_value_integer(6));
    hostile_base(hostile, log, 3);
    hostile_begin(hostile); /* 5: another field */
    hostile_operation(hostile, CS_OPERATION_UPDATE, "part", part);
    hostile_text(hostile, "unit", "个");
    hostile_base(hostile, log, 1);
    assert_ok(hostile_push(hostile));
    const enum cs_outcome expected[] = {CS_OUTCOME_REFUSED, CS_OUTCOME_REFUSED, CS_OUTCOME_REFUSED,
                                        CS_OUTCOME_APPLIED};
    for (size_t i = 0; i < CS_COUNT(expected); i++) {
        assert_int_equal(hostile_outcome(hostile, i), expected[i]);
    }
    assert_status(hostile->response.refusals[0].status, CS_INVALID);
    assert_status(hostile->response.refusals[1].status, CS_REFUSED);
    assert_status(hostile->response.refusals[2].status, CS_REFUSED);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "个");
    assert_string_equal(laptop_text(scene.owner, "part", part, "price_cents"), "");
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 3);
    close_scene(&scene);
}

#define MANY 10000

/* One in ten thousand: the others arrive, and the one comes back with what was in it. */
static void one_bad_row_costs_one_row(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    static char codes[MANY][16];
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(codes[i], sizeof codes[i], "P-%05zu", i);
        (void)hostile_part(hostile, codes[i]);
        if (i == 4711) {
            hostile_change(hostile, "price_cents", cs_value_integer(-4711));
        }
    }
    assert_ok(hostile_push(hostile));
    assert_int_equal(hostile->response.outcome_count, 3);
    assert_int_equal(only_refusal(&scene)->counter, 4712);
    assert_true(cs_bytes_equal_text(only_refusal(&scene)->field, "price_cents"));
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "name", "电源"), MANY - 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-04711"), 0);
    struct cs_id refusal = laptop_find(scene.owner, "refusal", "state", "open");
    const char *operations = laptop_text(scene.owner, "refusal", refusal, "operations");
    assert_non_null(strstr(operations, "P-04711"));
    assert_non_null(strstr(operations, "-4711"));
    assert_non_null(strstr(operations, "insert"));
    assert_non_null(strstr(laptop_text(scene.owner, "refusal", refusal, "detail"), "price_cents"));
    assert_string_equal(laptop_text(scene.owner, "refusal", refusal, "reason"), "INVALID");
    close_scene(&scene);
}

/* A real client that was told otherwise by an older registry: its row is off the view, its author and the office have it. */
static void the_author_and_the_office_see_a_refusal(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile technician;
    open_scene(&scene);
    struct laptop *laptop =
        universe_join(&scene.universe, scene.owner, "张伟", CS_ROLE(TECHNICIAN));
    hostile_open(&technician, laptop);
    (void)hostile_part(&technician, "P-1");
    assert_ok(hostile_push(&technician));
    assert_int_equal(hostile_outcome(&technician, 0), CS_OUTCOME_REFUSED);
    hostile_close(&technician);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "refusal", "reason", "DENIED"), 1);
    /* The same person's next laptop has it too: it stands in the person's scope. */
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene.owner, "张伟", CS_ROLE(TECHNICIAN), scene.universe.fake.wall_ms + 1000,
                    &invite);
    struct laptop *next = universe_new_laptop(&scene.universe);
    assert_ok(laptop_join(next, cs_buffer_bytes(&invite), ""));
    laptop_sync_equal(next);
    assert_int_equal(laptop_count(next, "refusal", "reason", "DENIED"), 1);
    assert_ok(laptop_set(next, "refusal", laptop_find(next, "refusal", "state", "open"),
                         "state=dismissed", NULL));
    laptop_sync_equal(next);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "dismissed"), 1);
    cs_buffer_release(&invite);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_role_may_not_write_is_refused),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(what_refers_to_nothing_is_refused),
        cmocka_unit_test(a_transaction_is_whole_or_not_at_all),
        cmocka_unit_test(what_rests_on_a_refused_one_is_refused_with_it),
        cmocka_unit_test(one_bad_row_costs_one_row),
        cmocka_unit_test(the_author_and_the_office_see_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
