/*
 * Local edits while a sync is on the network: an agent gives the replica to others between a request and its response. Whatever the exchange
 * is for, the replica is idle then, nothing that was entered meanwhile is lost or shown twice, and all replicas end equal.
 */
#include "tests/simulation/went_back_scene.h"

#include "field-client/replica/query.h"
#include "field-client/replica/repair_note.h"

#include <stdio.h>
#include <string.h>

#define PAGE_ROWS 3
/* A sync goes on while there is something new to be sent, so editing has to end before it does. */
#define EDITED_MAX 12u

/* In place of the laptop's exchange. */
static struct {
    struct laptop *laptop;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    void *context;
    struct cs_id row;  /* edited again and again */
    struct cs_id gone; /* deleted in the first exchange; none: all zero */
    bool deleted;
    unsigned exchanges;
    unsigned edited; /* exchanges */
    unsigned made;   /* rows */
    bool lose;       /* the next response is lost */
} editor;

static const struct cs_id no_row;

static void edit(const char *when)
{
    char code[64];
    char name[64];
    (void)snprintf(code, sizeof code, "code=MID-%u-%s", editor.exchanges, when);
    (void)snprintf(name, sizeof name, "name=exchange %u %s", editor.exchanges, when);
    (void)laptop_new(editor.laptop, "part", code, "name=中间", NULL);
    editor.made++;
    assert_ok(laptop_set(editor.laptop, "part", editor.row, name, NULL));
}

static enum cs_status edit_around(void *context, const struct cs_peer *peer,
                                  struct cs_bytes request, struct cs_buffer *response,
                                  struct cs_problem *problem)
{
    struct cs_database *database = cs_replica_database(editor.laptop->replica);
    (void)context;
    assert_true(cs_database_is_idle(database));
    bool edits = ++editor.exchanges <= EDITED_MAX;
    editor.edited += edits ? 1 : 0;
    if (edits) {
        edit("sent");
    }
    enum cs_status status = editor.exchange(editor.context, peer, request, response, problem);
    if (edits) {
        edit("answered");
    }
    if (!editor.deleted && !cs_id_equal(&editor.gone, &no_row)) {
        assert_ok(laptop_delete(editor.laptop, "part", editor.gone));
        editor.deleted = true;
    }
    assert_true(cs_database_is_idle(database));
    if (editor.lose && status == CS_OK) {
        editor.lose = false;
        response->size = 0;
        return CS_UNREACHABLE;
    }
    return status;
}

static void begin_editing(struct laptop *laptop, struct cs_id row, struct cs_id gone)
{
    struct cs_world *world = &laptop->fake.world;
    memset(&editor, 0, sizeof editor);
    editor.laptop = laptop;
    editor.exchange = world->exchange;
    editor.context = world->exchange_context;
    editor.row = row;
    editor.gone = gone;
    world->exchange = edit_around;
}

static void end_editing(void)
{
    editor.laptop->fake.world.exchange = editor.exchange;
}

/* One sync with edits in the middle. */
static void sync_and_edit(struct laptop *laptop, struct cs_id row, struct cs_id gone,
                          unsigned exchanges_min)
{
    struct cs_pending_counts counts;
    begin_editing(laptop, row, gone);
    enum cs_status status = laptop_sync(laptop);
    end_editing();
    if (status != CS_OK) {
        print_error("sync: %s: %s\n", cs_status_name(status), laptop->universe->problem.text);
    }
    assert_ok(status);
    assert_int_equal(laptop->last.digest, CS_SYNC_DIGEST_EQUAL);
    assert_true(editor.exchanges >= exchanges_min);
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.refused, 0);
}

/* Everything arrives everywhere, the last edit is the one that is shown. */
static void check_arrived(struct scene *scene, struct laptop *laptop)
{
    char last[64];
    struct cs_doctor_report report;
    (void)snprintf(last, sizeof last, "exchange %u answered", editor.edited);
    assert_string_equal(laptop_text(laptop, "part", editor.row, "name"), last);
    assert_ok(cs_doctor_run(laptop->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 0);
    laptop_sync_equal(laptop);
    check_equal(scene);
    assert_int_equal(laptop_count(scene->owner, "part", "name", "中间"), editor.made);
    assert_string_equal(laptop_text(scene->owner, "part", editor.row, "name"), last);
    if (editor.deleted) {
        assert_string_equal(laptop_text(scene->owner, "part", editor.gone, "code"), "(none)");
    }
    assert_int_equal(laptop_count(scene->owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene->owner, "refusal", "state", "open"), 0);
}

static void a_push(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 81);
    struct cs_id gone = laptop_new(scene.office, "part", "code=GONE", "name=x", NULL);
    struct cs_id row = laptop_new(scene.office, "part", "code=ROW", "name=x", NULL);
    assert_ok(laptop_set(scene.office, "part", row, "price_cents=5", NULL));
    sync_and_edit(scene.office, row, gone, 1);
    check_arrived(&scene, scene.office);
    universe_close(&scene.universe);
}

static void a_push_whose_answer_is_lost(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 82);
    struct cs_id row = laptop_new(scene.office, "part", "code=ROW", "name=x", NULL);
    begin_editing(scene.office, row, no_row);
    editor.lose = true;
    assert_status(laptop_sync(scene.office), CS_UNREACHABLE);
    assert_ok(laptop_sync(scene.office));
    end_editing();
    assert_int_equal(scene.office->last.digest, CS_SYNC_DIGEST_EQUAL);
    check_arrived(&scene, scene.office);
    universe_close(&scene.universe);
}

static void a_pull_of_many_pages(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 83);
    scene.universe.page_rows_max = PAGE_ROWS;
    universe_restart_server(&scene.universe);
    for (int i = 0; i < 10 * PAGE_ROWS; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=P-%d", i);
        (void)laptop_new(scene.owner, "part", code, "name=继电器", NULL);
    }
    assert_ok(laptop_set(scene.owner, "part", scene.known, "price_cents=7", NULL));
    struct cs_id gone = laptop_new(scene.field, "part", "code=GONE", "name=x", NULL);
    laptop_sync_equal(scene.owner);
    /* The row that is edited is in the pages, with another field. */
    sync_and_edit(scene.field, scene.known, gone, 8);
    assert_int_equal(laptop_count(scene.field, "part", "name", "继电器"), 10 * PAGE_ROWS);
    assert_string_equal(laptop_text(scene.field, "part", scene.known, "price_cents"), "7");
    check_arrived(&scene, scene.field);
    universe_close(&scene.universe);
}

static void a_pull_that_changes_the_same_field(void **state)
{
    struct scene scene;
    struct cs_multiset one;
    struct cs_multiset other;
    (void)state;
    open_scene(&scene, 84);
    assert_ok(laptop_set(scene.owner, "part", scene.known, "name=the owner's", NULL));
    laptop_sync_equal(scene.owner);
    begin_editing(scene.field, scene.known, no_row);
    assert_ok(laptop_sync(scene.field));
    end_editing();
    assert_memory_equal(laptop_text(scene.field, "part", scene.known, "name"), "exchange ", 9);
    check_equal(&scene);
    laptop_fingerprint(scene.owner, &one);
    laptop_fingerprint(scene.field, &other);
    assert_memory_equal(&one, &other, sizeof one);
    /* It did not know of the owner's value when it was typed: both are kept. */
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

static void a_repair(void **state)
{
    struct scene scene;
    struct cs_repair_note note;
    (void)state;
    open_scene(&scene, 85);
    struct cs_id row = laptop_new(scene.owner, "part", "code=BAD", "name=x", NULL);
    struct cs_id gone = laptop_new(scene.owner, "part", "code=GONE", "name=x", NULL);
    check_equal(&scene);
    scene.field->damaged = true;
    assert_ok(
        cs_database_execute(cs_replica_database(scene.field->replica),
                            "UPDATE part SET name = '别的' WHERE code IN ('BAD', 'K-1', 'GONE'); "
                            "UPDATE _scope SET digest = zeroblob(32)"));
    sync_and_edit(scene.field, row, gone, 3);
    assert_ok(cs_repair_note_load(scene.field->replica, &note));
    assert_int_equal(note.times, 1);
    assert_string_equal(laptop_text(scene.field, "part", scene.known, "name"), "电源");
    check_arrived(&scene, scene.field);
    universe_close(&scene.universe);
}

/* Rows and change-sets that the old copy of the server does not have. */
static void work(struct scene *scene)
{
    (void)laptop_new(scene->office, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene->office);
    assert_ok(laptop_set(scene->office, "part", scene->known, "price_cents=3", NULL));
    (void)laptop_new(scene->office, "part", "code=UNIT", "name=two", NULL);
    laptop_sync_equal(scene->office);
    (void)laptop_new(scene->owner, "part", "code=OWNERS", "name=three", NULL);
    laptop_sync_equal(scene->owner);
    sync_all(scene);
}

static void a_restored_server(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 86);
    work(&scene);
    struct cs_id row = laptop_new(scene.office, "part", "code=ROW", "name=x", NULL);
    restore(&scene, "yesterday");
    sync_and_edit(scene.office, row, no_row, 2);
    assert_true(scene.office->last.went_back);
    check_arrived(&scene, scene.office);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "OWNERS"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "DAY-1"), 1);
    assert_false(awaits_any(&scene));
    universe_close(&scene.universe);
}

static void a_server_that_was_set_back(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 87);
    work(&scene);
    struct cs_id row = laptop_new(scene.office, "part", "code=ROW", "name=x", NULL);
    universe_set_server_back(&scene.universe, "yesterday");
    sync_and_edit(scene.office, row, no_row, 2);
    check_arrived(&scene, scene.office);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "OWNERS"), 1);
    universe_close(&scene.universe);
}

static void a_server_that_does_not_know_the_laptop(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 88);
    struct laptop *late = universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(OFFICE));
    laptop_sync_equal(late);
    struct cs_id row = laptop_new(late, "part", "code=ROW", "name=x", NULL);
    laptop_sync_equal(late);
    restore(&scene, "yesterday");
    sync_and_edit(late, row, no_row, 3);
    check_arrived(&scene, late);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push),
        cmocka_unit_test(a_push_whose_answer_is_lost),
        cmocka_unit_test(a_pull_of_many_pages),
        cmocka_unit_test(a_pull_that_changes_the_same_field),
        cmocka_unit_test(a_repair),
        cmocka_unit_test(a_restored_server),
        cmocka_unit_test(a_server_that_was_set_back),
        cmocka_unit_test(a_server_that_does_not_know_the_laptop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
