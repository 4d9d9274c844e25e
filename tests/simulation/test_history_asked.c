/*
 * A laptop asks what a row was, and brings it back (design §12): what is told to whom, and a revert that is a change like any other.
 */
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/revocation_scene.h"

#include "field-client/replica/revert.h"
#include "field-client/sync/history.h"

static enum cs_status ask(struct laptop *laptop, const char *entity, struct cs_id row,
                          int64_t at_ms, struct cs_arena *arena, struct cs_past *out)
{
    laptop->universe->problem.text[0] = '\0';
    return cs_past_read(laptop->replica,
                        cs_registry_find(laptop->registry, cs_bytes_of_text(entity)), &row, at_ms,
                        arena, out, &laptop->universe->problem);
}

static struct cs_id new_customer(struct laptop *laptop, const char *phone)
{
    char field[64];
    (void)snprintf(field, sizeof field, "phone=%s", phone);
    return laptop_new(laptop, "customer", "name=第一医院", field, NULL);
}

/* Customers are the office's as long as no work order brings them to a technician. */
static void a_row_outside_the_scopes_is_as_one_that_is_not(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_arena arena;
    struct cs_past past = {.count = 7};
    struct cs_problem hidden;
    open_scene(&scene);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id customer = new_customer(scene.owner, "1");
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    sync_all(&scene);
    assert_status(ask(scene.technician, "customer", customer, CS_HISTORY_STILL, &arena, &past),
                  CS_NOT_FOUND);
    hidden = scene.universe.problem;
    customer.bytes[15] ^= 1;
    assert_status(ask(scene.technician, "customer", customer, CS_HISTORY_STILL, &arena, &past),
                  CS_NOT_FOUND);
    assert_string_equal(hidden.text, scene.universe.problem.text);
    assert_status(ask(scene.technician, "customer", customer, 1, &arena, &past), CS_NOT_FOUND);
    assert_int_equal(past.count, 7);
    assert_ok(ask(scene.technician, "part", part, CS_HISTORY_STILL, &arena, &past));
    assert_int_equal(past.count, 1);
    assert_ok(ask(scene.technician, "part", part, 1, &arena, &past));
    assert_int_equal(past.count, 0); /* there was no such row then */
    laptop_sync_equal(scene.technician);
    cs_arena_release(&arena);
    universe_close(&scene.universe);
}

/* What was written on a row before it came to a technician is none of the technician's business. */
static void states_from_outside_the_scopes_are_left_out(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_arena arena;
    struct cs_past past;
    char fields[2][96];
    open_scene(&scene);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id customer = new_customer(scene.office, "1");
    (void)snprintf(fields[0], 96, "customer=%s", id_text(customer));
    struct cs_id request =
        laptop_new(scene.office, "service_request", fields[0], "reported_fault=无法启动", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.office, "customer", customer, "phone=2", NULL));
    sync_all(&scene);
    (void)snprintf(fields[0], 96, "request=%s", id_text(request));
    (void)snprintf(fields[1], 96, "technician=%s",
                   id_text(laptop_find(scene.office, "person", "name", "陈杰")));
    (void)laptop_new(scene.office, "work_order", fields[0], fields[1], "number=PG-1",
                     "status=assigned", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.office, "customer", customer, "phone=3", NULL));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.technician, "customer", customer, "phone"), "3");
    assert_ok(ask(scene.office, "customer", customer, CS_HISTORY_STILL, &arena, &past));
    assert_int_equal(past.count, 3);
    assert_ok(ask(scene.technician, "customer", customer, CS_HISTORY_STILL, &arena, &past));
    assert_int_equal(past.count, 2); /* as it was when the order was given, and since */
    int phone = cs_entity_field_index(past.items[0].row.entity, cs_bytes_of_text("phone"));
    for (size_t i = 0; i < past.count; i++) {
        assert_false(cs_bytes_equal_text(past.items[i].row.values[phone].bytes, "1"));
    }
    cs_arena_release(&arena);
    universe_close(&scene.universe);
}

static void who_may_not_be_served_is_told_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_arena arena;
    struct cs_past past = {.count = 7};
    open_scene(&scene);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    sync_all(&scene);
    scene.office->fault = NETWORK_DOWN;
    assert_status(ask(scene.office, "part", part, CS_HISTORY_STILL, &arena, &past), CS_UNREACHABLE);
    scene.office->fault = NETWORK_FINE;
    assert_ok(revoke(scene.security, scene.office, "lost"));
    laptop_sync_equal(scene.security);
    assert_status(ask(scene.office, "part", part, CS_HISTORY_STILL, &arena, &past), CS_REVOKED);
    assert_int_equal(past.count, 7);
    cs_arena_release(&arena);
    universe_close(&scene.universe);
}

/* Every bit of question and answer is under a signature: a flipped one is a failure, never another history. */
static void flipped_bits_are_noticed(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_arena arena;
    struct cs_past past = {.count = 7};
    open_scene(&scene);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    sync_all(&scene);
    static const enum network_fault faults[] = {NETWORK_REQUEST_FLIPPED, NETWORK_RESPONSE_FLIPPED,
                                                NETWORK_RESPONSE_LOST};
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        for (size_t at = 0; at < 3000; at += 577) {
            scene.office->fault = faults[i];
            scene.office->fault_at = at;
            assert_int_not_equal(ask(scene.office, "part", part, CS_HISTORY_STILL, &arena, &past),
                                 CS_OK);
            assert_int_equal(past.count, 7);
        }
    }
    scene.office->fault = NETWORK_REQUEST_TWICE;
    assert_ok(ask(scene.office, "part", part, CS_HISTORY_STILL, &arena, &past));
    scene.office->fault = NETWORK_FINE;
    assert_int_equal(past.count, 1);
    laptop_sync_equal(scene.office);
    cs_arena_release(&arena);
    universe_close(&scene.universe);
}

/* ---- bringing back ---- */

static void a_value_is_brought_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    commands_begin(&scene.universe);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", "unit=个", NULL);
    char id[CS_ID_TEXT_SIZE];
    (void)snprintf(id, sizeof id, "%s", id_text(part));
    sync_all(&scene);
    assert_ok(laptop_set(scene.office, "part", part, "name=乙", "unit=只", NULL));
    sync_all(&scene);

    assert_code(laptop_run(scene.owner, "history", "part", "P-1"), 0);
    assert_prints(printed.out, "  made  王芳, ");
    assert_prints(printed.out, "  changed  李强, ");
    assert_prints(printed.out, "    name: 甲 -> 乙\n");
    assert_code(laptop_run_json(scene.owner, "history", "part", "P-1"), 0);
    const struct cs_json *list = cs_json_get(printed.json, "changes");
    assert_int_equal(cs_json_count(list), 2);
    assert_string_equal(printed_text(cs_json_at(list, 1), "author"), "李强");
    const struct cs_json *name = cs_json_get(cs_json_get(cs_json_at(list, 1), "fields"), "name");
    assert_string_equal(printed_text(name, "before"), "甲");
    assert_string_equal(printed_text(name, "after"), "乙");

    assert_code(laptop_run(scene.owner, "revert", "part", "P-1", "--to", "0", "name"), 0);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "甲");
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "只");
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.office, "part", part, "name"), "甲");
    assert_code(laptop_run(scene.owner, "revert", "part", id, "--to", "0"), 0);
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.office, "part", part, "unit"), "个");
    assert_code(laptop_run(scene.owner, "revert", "part", id, "--to", "0"), 0);
    assert_prints(printed.out, "nothing to change");
    assert_code(laptop_run_json(scene.owner, "history", "part", "P-1"), 0);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "changes")), 4);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    printed_forget();
    universe_close(&scene.universe);
}

static void a_deleted_row_is_brought_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    commands_begin(&scene.universe);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    char id[CS_ID_TEXT_SIZE];
    (void)snprintf(id, sizeof id, "%s", id_text(part));
    sync_all(&scene);
    universe_advance(&scene.universe, 3600000);
    assert_ok(laptop_set(scene.office, "part", part, "name=乙", NULL));
    sync_all(&scene);
    assert_ok(laptop_delete(scene.office, "part", part));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "(none)");
    assert_code(laptop_run(scene.owner, "history", "part", "--deleted"), 0);
    assert_prints(printed.out, id);
    assert_prints(printed.out, "P-1");
    assert_code(laptop_run_json(scene.owner, "history", "part", "--deleted"), 0);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "deleted")), 1);

    assert_code(laptop_run(scene.owner, "history", "part", id), 0);
    assert_prints(printed.out, "  deleted  李强, ");
    /* Who may not delete may not undo a delete either. */
    assert_code(laptop_run(scene.technician, "revert", "part", id, "--to", "0"), 1);
    assert_string_equal(laptop_text(scene.technician, "part", part, "name"), "(none)");

    assert_code(laptop_run_json(scene.owner, "revert", "part", id, "--to", "0"), 0);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "甲");
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.office, "part", part, "name"), "甲");
    assert_string_equal(laptop_text(scene.technician, "part", part, "name"), "甲");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_code(laptop_run(scene.owner, "history", "part", id), 0);
    assert_prints(printed.out, "not deleted any more");
    /* And deleted again, and back once more. */
    assert_ok(laptop_delete(scene.owner, "part", part));
    sync_all(&scene);
    assert_code(laptop_run(scene.office, "revert", "part", id, "--to", "0"), 0);
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "甲");
    printed_forget();
    universe_close(&scene.universe);
}

/* Somebody else edits the row that is being brought back: both meet as any two edits do. */
static void others_meanwhile_are_not_overwritten(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    commands_begin(&scene.universe);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.office, "part", part, "name=乙", NULL));
    sync_all(&scene);
    universe_advance(&scene.universe, 1000);
    assert_ok(laptop_set(scene.office, "part", part, "name=丙", NULL));
    universe_advance(&scene.universe, 1000);
    assert_code(laptop_run(scene.owner, "revert", "part", "P-1", "--to", "0"), 0);
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.office, "part", part, "name"), "甲");
    assert_int_equal(laptop_count(scene.owner, "conflict", "losing_text", "丙"), 1);
    printed_forget();
    universe_close(&scene.universe);
}

static void wrong_use_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    commands_begin(&scene.universe);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    sync_all(&scene);
    assert_code(laptop_run(scene.owner, "history", "part"), 2);
    assert_code(laptop_run(scene.owner, "history", "part", "P-1", "--as-of", "then"), 2);
    assert_code(
        laptop_run(scene.owner, "history", "part", "--deleted", "--as-of", "2026-01-01 10:00"), 2);
    assert_code(laptop_run(scene.owner, "history", "nothing", "P-1"), 2);
    assert_code(laptop_run(scene.owner, "history", "part", "P-2"), 1);
    assert_code(laptop_run(scene.owner, "history", "part", "P-1", "--as-of", "2001-01-01 10:00"),
                1);
    assert_prints(printed.err, "not there then");
    assert_code(laptop_run(scene.owner, "revert", "part", "P-1"), 2);
    assert_code(laptop_run(scene.owner, "revert", "part", "P-1", "--to", "then"), 2);
    assert_code(laptop_run(scene.owner, "revert", "part", "P-1", "--to", "0", "colour"), 2);
    assert_code(laptop_run(scene.owner, "revert", "part", "P-1", "--to", "99"), 1);
    assert_prints(printed.err, "no change 99");
    assert_ok(laptop_delete(scene.owner, "part", part));
    sync_all(&scene);
    assert_code(laptop_run(scene.owner, "revert", "part", id_text(part), "--to", "1"), 1);
    assert_prints(printed.err, "was deleted then");
    printed_forget();
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_outside_the_scopes_is_as_one_that_is_not),
        cmocka_unit_test(states_from_outside_the_scopes_are_left_out),
        cmocka_unit_test(who_may_not_be_served_is_told_nothing),
        cmocka_unit_test(flipped_bits_are_noticed),
        cmocka_unit_test(a_value_is_brought_back),
        cmocka_unit_test(a_deleted_row_is_brought_back),
        cmocka_unit_test(others_meanwhile_are_not_overwritten),
        cmocka_unit_test(wrong_use_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
