/*
 * Exceptions (design §6): the server opens them when something does not add up and closes them when it does again; a further
 * time is a further row. What happened on site is accepted all the same.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include "shared/rows/signed_content.h"

#include <stdio.h>
#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct laptop *technician;
    char person[80]; /* "technician=…" */
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 71);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    scene->technician = universe_join(&scene->universe, scene->owner, "张伟", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(scene->owner);
    laptop_sync_equal(scene->office);
    laptop_sync_equal(scene->technician);
    (void)snprintf(scene->person, sizeof scene->person, "technician=%s",
                   id_text(laptop_find(scene->owner, "person", "name", "张伟")));
}

static void sync_all(struct scene *scene)
{
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->owner);
        laptop_sync_equal(scene->technician);
        laptop_sync_equal(scene->office);
        universe_advance(&scene->universe, 1000);
    }
}

static int64_t count_kind(struct scene *scene, const char *kind)
{
    return laptop_count(scene->owner, "exception", "kind", kind);
}

static int64_t count_open(struct scene *scene)
{
    return laptop_count(scene->owner, "exception", "state", "open");
}

static const char *field(const char *name, struct cs_id id)
{
    static char texts[4][96];
    static size_t next;
    char *text = texts[next++ % 4];
    (void)snprintf(text, sizeof texts[0], "%s=%s", name, id_text(id));
    return text;
}

/* An assigned order that office and technician have. */
static struct cs_id new_order(struct scene *scene, const char *number)
{
    struct cs_id order =
        laptop_new(scene->office, "work_order", number, scene->person, "status=assigned", NULL);
    sync_all(scene);
    return order;
}

static struct cs_id new_visit(struct scene *scene, struct cs_id order)
{
    return laptop_new(scene->technician, "visit", field("work_order", order), scene->person,
                      "arrived_at=2026-03-02T09:00:00+08:00", "work_done=更换电源", NULL);
}

/* In both orders of arrival: what was done on site is shown, the cancellation waits as a conflict, and the office is told. */
static void work_on_a_cancelled_order_is_kept_and_shown(void **state)
{
    (void)state;
    for (int technician_first = 0; technician_first < 2; technician_first++) {
        struct scene scene;
        open_scene(&scene);
        struct cs_id order = new_order(&scene, "number=W-1");
        assert_ok(laptop_set(scene.technician, "work_order", order, "status=on_site", NULL));
        struct cs_id visit = new_visit(&scene, order);
        universe_advance(&scene.universe, 60000);
        assert_ok(laptop_set(scene.office, "work_order", order, "status=cancelled", NULL));
        laptop_sync_equal(technician_first != 0 ? scene.technician : scene.office);
        sync_all(&scene);
        assert_string_equal(laptop_text(scene.owner, "work_order", order, "status"), "on_site");
        assert_string_equal(laptop_text(scene.owner, "visit", visit, "work_done"), "更换电源");
        assert_int_equal(laptop_count(scene.owner, "conflict", "losing_text", "cancelled"), 1);
        assert_int_equal(count_kind(&scene, "work_on_cancelled_order"), 1);
        assert_int_equal(count_kind(&scene, "fact_over_plan"), 1);
        assert_int_equal(count_open(&scene), 2);
        /* The technician sees the conflict of his order, but no exception: those are the office's. */
        assert_int_equal(laptop_count(scene.technician, "conflict", "state", "open"), 1);
        assert_int_equal(laptop_count(scene.technician, "exception", "state", "open"), 0);
        universe_close(&scene.universe);
    }
}

static struct cs_version losing_version(struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id conflict = laptop_find(laptop, "conflict", "state", "open");
    assert_ok(
        cs_query_get(laptop->replica, cs_bytes_of_text("conflict"), &conflict, &arena, &row, NULL));
    struct cs_reader reader;
    cs_reader_init(
        &reader,
        row.values[cs_entity_field_index(row.entity, cs_bytes_of_text("losing_versions"))].bytes);
    struct cs_version version = {.log = cs_read_u64(&reader)};
    version.counter = cs_read_u64(&reader);
    assert_ok(cs_reader_finish(&reader));
    cs_arena_release(&arena);
    return version;
}

static void the_decision_closes_the_exception(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id order = new_order(&scene, "number=W-1");
    assert_ok(laptop_set(scene.technician, "work_order", order, "status=on_site", NULL));
    (void)new_visit(&scene, order);
    assert_ok(laptop_set(scene.office, "work_order", order, "status=cancelled", NULL));
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 2);
    struct cs_version seen = losing_version(scene.office);
    struct cs_named_value value = {cs_bytes_of_text("status"),
                                   cs_value_text(cs_bytes_of_text("finished"))};
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(scene.office->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, cs_bytes_of_text("work_order"), &order, &value, 1,
                                    (struct cs_versions){&seen, 1}, NULL));
    assert_ok(cs_edit_commit(edit));
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 0);
    assert_int_equal(laptop_count(scene.technician, "conflict", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.technician, "work_order", order, "status"), "finished");
    universe_close(&scene.universe);
}

/* A conflict goes where its subject goes: to the next technician, off the laptop of the last. */
static void a_conflict_follows_its_subject(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *next = universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(TECHNICIAN));
    struct cs_id order = new_order(&scene, "number=W-1");
    assert_ok(laptop_set(scene.technician, "work_order", order, "status=on_site", NULL));
    assert_ok(laptop_set(scene.office, "work_order", order, "status=cancelled", NULL));
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.technician, "conflict", "state", "open"), 1);
    assert_ok(laptop_set(scene.office, "work_order", order,
                         field("technician", laptop_find(scene.owner, "person", "name", "孙丽")),
                         NULL));
    sync_all(&scene);
    laptop_sync_equal(next);
    assert_int_equal(laptop_count(next, "conflict", "state", "open"), 1);
    assert_int_equal(laptop_count(scene.technician, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.technician, "work_order", "number", "W-1"), 0);
    universe_close(&scene.universe);
}

static void move(struct scene *scene, struct cs_id part, const char *direction, struct cs_id place,
                 const char *quantity)
{
    (void)laptop_new(scene->office, "stock_movement", field("part", part), field(direction, place),
                     quantity, NULL);
    laptop_sync_equal(scene->office);
    laptop_sync_equal(scene->owner);
}

/* Opened, closed, opened again: two rows, and the note of the first stays with it. */
static void negative_stock_opens_and_closes(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id other = laptop_new(scene.office, "part", "code=P-2", "name=风扇", NULL);
    struct cs_id store =
        laptop_new(scene.office, "stock_location", "name=总库", "code=L-1", "kind=warehouse", NULL);
    struct cs_id customer =
        laptop_new(scene.office, "stock_location", "name=客户", "code=L-2", "kind=customer", NULL);
    move(&scene, part, "from", store, "quantity=2");
    assert_int_equal(count_open(&scene), 1);
    move(&scene, other, "from", customer, "quantity=5"); /* customers hold no stock of ours */
    assert_int_equal(count_open(&scene), 1);
    struct cs_id first = laptop_find(scene.owner, "exception", "state", "open");
    assert_non_null(strstr(laptop_text(scene.owner, "exception", first, "detail"), "-2"));
    assert_ok(laptop_set(scene.owner, "exception", first, "note=盘点", NULL));
    move(&scene, part, "to", store, "quantity=1");
    assert_non_null(strstr(laptop_text(scene.owner, "exception", first, "detail"), "-1"));
    assert_int_equal(count_kind(&scene, "negative_stock"), 1);
    move(&scene, part, "to", store, "quantity=1");
    assert_int_equal(count_open(&scene), 0);
    assert_string_equal(laptop_text(scene.owner, "exception", first, "state"), "closed");
    move(&scene, part, "from", store, "quantity=1");
    assert_int_equal(count_open(&scene), 1);
    assert_int_equal(count_kind(&scene, "negative_stock"), 2);
    assert_string_equal(laptop_text(scene.owner, "exception", first, "state"), "closed");
    assert_string_equal(laptop_text(scene.owner, "exception", first, "note"), "盘点");
    universe_close(&scene.universe);
}

/* Each edit alone is right, together they say that he left before he arrived. */
static void an_inconsistent_row_after_a_merge_is_shown(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id order = new_order(&scene, "number=W-1");
    struct cs_id visit =
        laptop_new(scene.technician, "visit", field("work_order", order), scene.person, NULL);
    sync_all(&scene);
    assert_ok(
        laptop_set(scene.technician, "visit", visit, "arrived_at=2026-03-02T11:00:00+08:00", NULL));
    assert_ok(laptop_set(scene.office, "visit", visit, "left_at=2026-03-02T10:00:00+08:00", NULL));
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_int_equal(count_kind(&scene, "inconsistent_row"), 1);
    assert_ok(
        laptop_set(scene.technician, "visit", visit, "left_at=2026-03-02T12:00:00+08:00", NULL));
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 0);
    universe_close(&scene.universe);
}

/* The later row is the duplicate, whichever arrives first; and whichever of them goes, the exception goes. */
static void a_duplicate_key_is_shown_until_one_goes(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct scene scene;
        open_scene(&scene);
        struct cs_id first = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
        universe_advance(&scene.universe, 1000);
        struct cs_id second = laptop_new(scene.owner, "part", "code=P-1", "name=电源模块", NULL);
        laptop_sync_equal(i % 2 == 0 ? scene.office : scene.owner);
        sync_all(&scene);
        assert_int_equal(count_kind(&scene, "duplicate"), 1);
        struct cs_id exception = laptop_find(scene.owner, "exception", "state", "open");
        assert_string_equal(laptop_text(scene.owner, "exception", exception, "subject"),
                            "电源模块");
        struct cs_id going = i / 2 % 2 == 0 ? first : second;
        assert_ok(
            i < 4 ? laptop_delete(scene.office, "part", going)
                  : laptop_set(scene.office, "part", i == 4 ? first : second, "code=P-2", NULL));
        sync_all(&scene);
        assert_int_equal(count_open(&scene), 0);
        universe_close(&scene.universe);
    }
}

/* One exception for the deleted row, whichever arrives first, until nothing refers to it. */
static void a_reference_to_a_row_deleted_meanwhile_is_shown(void **state)
{
    (void)state;
    for (int reference_first = 0; reference_first < 2; reference_first++) {
        struct scene scene;
        open_scene(&scene);
        struct cs_id kept = laptop_new(scene.office, "customer", "name=甲厂", NULL);
        struct cs_id gone = laptop_new(scene.office, "customer", "name=乙厂", NULL);
        sync_all(&scene);
        assert_ok(laptop_delete(scene.office, "customer", gone));
        struct cs_id project = laptop_new(scene.owner, "project", "name=改造", "code=J-1",
                                          field("customer", gone), NULL);
        struct cs_id other = laptop_new(scene.owner, "project", "name=维保", "code=J-2",
                                        field("customer", gone), NULL);
        laptop_sync_equal(reference_first != 0 ? scene.owner : scene.office);
        sync_all(&scene);
        assert_int_equal(count_kind(&scene, "deleted_reference"), 1);
        struct cs_id exception = laptop_find(scene.owner, "exception", "state", "open");
        assert_string_equal(laptop_text(scene.owner, "exception", exception, "subject"), "乙厂");
        assert_ok(laptop_set(scene.owner, "project", project, field("customer", kept), NULL));
        sync_all(&scene);
        assert_int_equal(count_open(&scene), 1);
        assert_ok(laptop_delete(scene.owner, "project", other));
        sync_all(&scene);
        assert_int_equal(count_open(&scene), 0);
        universe_close(&scene.universe);
    }
}

/* The row comes back by an edit its deleter had not seen: nothing refers to a deleted row any more. */
static void a_revived_row_closes_what_referred_to_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id customer = laptop_new(scene.office, "customer", "name=甲厂", NULL);
    sync_all(&scene);
    struct laptop *late = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE));
    laptop_sync_equal(late);
    assert_ok(laptop_set(late, "customer", customer, "name=甲厂新址", NULL));
    assert_ok(laptop_delete(scene.office, "customer", customer));
    (void)laptop_new(scene.owner, "project", "name=改造", "code=J-1", field("customer", customer),
                     NULL);
    laptop_sync_equal(scene.office);
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 1);
    laptop_sync_equal(late);
    sync_all(&scene);
    assert_int_equal(count_kind(&scene, "deleted_reference"), 1);
    assert_int_equal(count_open(&scene), 1); /* the delete against the edit */
    assert_string_equal(laptop_text(scene.owner, "customer", customer, "name"), "甲厂新址");
    assert_int_equal(laptop_count(scene.owner, "conflict", "field", "_deleted"), 1);
    universe_close(&scene.universe);
}

static void changed_after_signing_is_shown_until_it_is_put_right(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id order = new_order(&scene, "number=W-1");
    struct cs_id visit = new_visit(&scene, order);
    uint8_t digest[CS_HASH_SIZE];
    struct cs_row_tables *tables = cs_replica_tables(scene.technician->replica);
    assert_ok(cs_signed_content_hash(
        tables, cs_registry_find(cs_registry_core(), cs_bytes_of_text("visit")), &visit, digest));
    char hex[160] = "visit_digest=";
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(hex + strlen(hex), 3, "%02x", digest[i]);
    }
    (void)laptop_new(scene.technician, "receipt", "number=A-1", field("visit", visit),
                     "signer=陈主任", "signed_at=2026-03-02T10:00:00+08:00", "record=00", hex,
                     NULL);
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 0);
    /* What was not signed may change. */
    assert_ok(laptop_set(scene.technician, "visit", visit, "status=signed", NULL));
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 0);
    assert_ok(laptop_set(scene.office, "visit", visit, "work_done=更换电源两只", NULL));
    sync_all(&scene);
    assert_int_equal(count_kind(&scene, "changed_after_signing"), 1);
    assert_int_equal(count_open(&scene), 1);
    assert_ok(laptop_set(scene.office, "visit", visit, "work_done=更换电源", NULL));
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 0);
    /* A part more is a change too; it is a further episode, and what is in the ledger stays there. */
    (void)laptop_new(scene.office, "stock_movement", field("part", part), field("visit", visit),
                     "quantity=1", NULL);
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 1);
    assert_int_equal(count_kind(&scene, "changed_after_signing"), 2);
    universe_close(&scene.universe);
}

/* Two people write on one exception, which the server goes on changing: both notes are kept, and nobody's waits for ever. */
static void notes_on_an_exception_meet(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    scene.office->fake.wall_ms = 0;
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    struct cs_id exception = laptop_find(scene.owner, "exception", "kind", "clock_anomaly");
    assert_ok(laptop_set(scene.owner, "exception", exception, "note=已通知", NULL));
    scene.office->fake.wall_ms = scene.universe.fake.wall_ms;
    assert_ok(laptop_set(scene.office, "exception", exception, "note=电池没电", NULL));
    sync_all(&scene);
    assert_int_equal(count_open(&scene), 0);
    assert_int_equal(laptop_count(scene.owner, "conflict", "field", "note"), 1);
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(scene.office->replica, &counts));
    assert_int_equal(counts.held, 0);
    universe_close(&scene.universe);
}

/* More episodes than are counted: still opened and closed, still nobody's push fails. */
static void episodes_never_run_out(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile hostile;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id store =
        laptop_new(scene.office, "stock_location", "name=总库", "code=L-1", "kind=warehouse", NULL);
    sync_all(&scene);
    hostile_open(&hostile, universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE)));
    struct cs_buffer inners[CS_CHANGE_SETS_PER_REQUEST_MAX];
    struct cs_bytes bytes[CS_CHANGE_SETS_PER_REQUEST_MAX];
    for (size_t sent = 0; sent < 2048; sent += CS_COUNT(inners)) {
        for (size_t i = 0; i < CS_COUNT(inners); i++) {
            hostile_begin(&hostile);
            hostile_operation(&hostile, CS_OPERATION_INSERT, "stock_movement",
                              hostile_id(&hostile));
            hostile_change(&hostile, "part", cs_value_bytes(cs_id_bytes(&part)));
            hostile_change(&hostile, i % 2 == 0 ? "from" : "to",
                           cs_value_bytes(cs_id_bytes(&store)));
            hostile_change(&hostile, "quantity", cs_value_integer(1));
            cs_buffer_init(&inners[i], CS_CHANGE_SET_INNER_MAX);
            hostile_seal(&hostile, &inners[i]);
            bytes[i] = cs_buffer_bytes(&inners[i]);
        }
        assert_ok(hostile_send(&hostile, bytes, CS_COUNT(bytes)));
        assert_int_equal(hostile_outcome(&hostile, CS_COUNT(bytes) - 1), CS_OUTCOME_APPLIED);
        for (size_t i = 0; i < CS_COUNT(inners); i++) {
            cs_buffer_release(&inners[i]);
        }
    }
    laptop_sync_equal(scene.owner);
    assert_int_equal(count_kind(&scene, "negative_stock"), 1000);
    assert_int_equal(count_open(&scene), 0);
    hostile_close(&hostile);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_on_a_cancelled_order_is_kept_and_shown),
        cmocka_unit_test(the_decision_closes_the_exception),
        cmocka_unit_test(a_conflict_follows_its_subject),
        cmocka_unit_test(negative_stock_opens_and_closes),
        cmocka_unit_test(an_inconsistent_row_after_a_merge_is_shown),
        cmocka_unit_test(a_duplicate_key_is_shown_until_one_goes),
        cmocka_unit_test(a_reference_to_a_row_deleted_meanwhile_is_shown),
        cmocka_unit_test(a_revived_row_closes_what_referred_to_it),
        cmocka_unit_test(changed_after_signing_is_shown_until_it_is_put_right),
        cmocka_unit_test(notes_on_an_exception_meet),
        cmocka_unit_test(episodes_never_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
