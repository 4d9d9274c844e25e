/*
 * Proof of equality (design §8): whatever is damaged on a laptop or in the server's sums, one sync later both sides hold the same, it was
 * counted, the laptop keeps a note of it and the office is told. Unsent work is not touched.
 */
#include "field-client/replica/doctor.h"
#include "field-client/replica/meta.h"
#include "field-client/replica/repair_note.h"
#include "tests/simulation/registry_variant.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define PARTS 1000
#define DAY_MS (INT64_C(25) * 3600 * 1000)

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *technician;
};

static void make_parts(struct laptop *laptop, int count)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    for (int i = 0; i < count; i++) {
        char code[32];
        char name[64];
        (void)snprintf(code, sizeof code, "BJ-%05d", i);
        (void)snprintf(name, sizeof name, "继电器 %d型", i);
        const struct cs_named_value values[] = {
            {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text(code))},
            {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text(name))},
            {cs_bytes_of_text("price_cents"), cs_value_integer(i * 10)},
        };
        assert_ok(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, CS_COUNT(values),
                                 NULL, &laptop->universe->problem));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
}

static void open_scene(struct scene *scene, int parts)
{
    universe_open(&scene->universe, cs_registry_core(), 17);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->technician = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(TECHNICIAN));
    make_parts(scene->owner, parts);
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->owner);
        laptop_sync_equal(scene->technician);
    }
    assert_int_equal(scene->technician->last.repaired, 0);
}

static void damage(struct laptop *laptop, const char *sql)
{
    laptop->damaged = true;
    assert_ok(cs_database_execute(cs_replica_database(laptop->replica), sql));
}

static void damage_server(struct universe *universe, const char *sql)
{
    struct cs_store *store = cs_server_store(universe->server);
    assert_ok(cs_database_execute(cs_row_tables_database(cs_store_rows(store)), sql));
}

static size_t doctor_findings(struct laptop *laptop)
{
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(laptop->replica, NULL, NULL, &report));
    return report.findings;
}

static struct cs_repair_note note_of(struct laptop *laptop)
{
    struct cs_repair_note note;
    assert_ok(cs_repair_note_load(laptop->replica, &note));
    return note;
}

/* A sync that has something to repair; the rows afterwards are those before the damage. */
static void check_repaired(struct scene *scene, const struct cs_multiset *before)
{
    struct cs_multiset after;
    struct laptop *laptop = scene->technician;
    laptop_sync_equal(laptop);
    laptop_fingerprint(laptop, &after);
    assert_memory_equal(&after, before, sizeof after);
    assert_int_equal(doctor_findings(laptop), 0);
    struct cs_repair_note note = note_of(laptop);
    assert_int_equal(note.times, 1);
    assert_false(note.unreported);
    assert_int_equal(note.at_ms, laptop->fake.wall_ms);
    laptop_sync_equal(scene->owner);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.round_trips, 1);
    assert_int_equal(laptop->last.repaired, 0);
    assert_int_equal(note_of(laptop).times, 1);
}

struct damage {
    const char *sql;
    uint64_t repaired; /* rows */
    bool unnoticed;    /* the sums that are kept cannot tell: found when all rows are counted */
};

#define ONE " WHERE code = 'BJ-00007'"
static const struct damage damages[] = {
    {"UPDATE part SET name = '别的'" ONE, 1, true},
    {"UPDATE part SET price_cents = NULL" ONE, 1, true},
    {"UPDATE part SET _deleted = 1" ONE, 1, true},
    {"UPDATE part SET _versions = x'00'" ONE, 1, true},
    {"UPDATE part SET _extra = x'00000001610000000402626262'" ONE, 1, true},
    {"DELETE FROM part" ONE, 1, true},
    {"DELETE FROM part WHERE code < 'BJ-01000'", PARTS, true},
    {"UPDATE part SET _scopes = x''" ONE, 2, true},
    {"UPDATE part SET _scopes = x'7f'" ONE, 2, true},
    {"UPDATE part SET _scopes = x'0102'" ONE, 1, true},
    {"UPDATE part SET _scopes = x'02'" ONE, 1, true},
    {"INSERT INTO part (id, _deleted, _versions, _extra, _scopes, _position, code) SELECT "
     "x'0190aabbccdd7eee8123456789abcdef', 0, _versions, _extra, _scopes, 0, 'X' FROM part" ONE,
     1, true},
    {"INSERT INTO part (id, _deleted, _versions, _extra, _scopes, _position, code) SELECT "
     "x'0190aabbccdd7eee8123456789abcdef', 0, _versions, _extra, x'', 0, 'X' FROM part" ONE,
     1, true},
    {"UPDATE part SET _versions = 'x'" ONE, 2, true},
    {"UPDATE part SET id = x'0102'" ONE, 2, true},
    {"INSERT INTO _opaque (id, entity, _deleted, _versions, _extra, _scopes, _position) SELECT "
     "x'0190aabbccdd7eee8123456789abcdef', 'drone', 0, _versions, x'', _scopes, 0 FROM part" ONE,
     1, true},
    {"UPDATE part SET name = '别的'" ONE "; UPDATE _scope SET digest = zeroblob(32) WHERE kind = 1",
     1, false},
};

static void every_damage_of_a_replica_is_repaired(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        struct scene scene;
        struct cs_multiset before;
        open_scene(&scene, PARTS);
        laptop_fingerprint(scene.technician, &before);
        damage(scene.technician, damages[i].sql);
        assert_true(doctor_findings(scene.technician) > 0);
        if (damages[i].unnoticed) {
            laptop_sync_equal(scene.technician);
            assert_int_equal(scene.technician->last.round_trips, 1);
            universe_advance(&scene.universe, DAY_MS);
        }
        check_repaired(&scene, &before);
        struct cs_repair_note note = note_of(scene.technician);
        assert_int_equal(note.report.outcome, CS_COMPARE_REPAIRED);
        if (note.report.rows + note.report.departed != damages[i].repaired) {
            print_error("%s: %llu + %llu\n", damages[i].sql, (unsigned long long)note.report.rows,
                        (unsigned long long)note.report.departed);
        }
        assert_int_equal(note.report.rows + note.report.departed, damages[i].repaired);
        assert_int_equal(laptop_count(scene.owner, "exception", "kind", "replica_differed"), 1);
        assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 1);
        universe_close(&scene.universe);
    }
}

static void a_wrong_sum_alone_is_counted_anew(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_multiset before;
    open_scene(&scene, 50);
    laptop_fingerprint(scene.technician, &before);
    damage(scene.technician, "UPDATE _scope SET digest = zeroblob(32) WHERE kind = 1");
    assert_int_equal(doctor_findings(scene.technician), 1);
    check_repaired(&scene, &before);
    struct cs_repair_note note = note_of(scene.technician);
    assert_int_equal(note.report.outcome, CS_COMPARE_SUMS_MENDED);
    assert_int_equal(note.report.sums, 1);
    assert_int_equal(note.report.rows + note.report.departed, 0);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "replica_differed"), 1);
    universe_close(&scene.universe);
}

/* The confirmed state under an unsent edit is put right; the edit stays, is sent, and wins where it should. */
static void damage_under_an_unsent_edit(void **state)
{
    (void)state;
    static const char *const under[] = {
        "DELETE FROM _covered",
        "UPDATE _covered SET image = x'ff'",
        "UPDATE _covered SET image = (SELECT image FROM _covered WHERE row <> (SELECT id FROM "
        "part" ONE ")) WHERE row = (SELECT id FROM part" ONE ")",
        "UPDATE part SET name = '别的', price_cents = 1 WHERE code = 'BJ-00007'",
    };
    for (size_t i = 0; i < CS_COUNT(under); i++) {
        struct scene scene;
        open_scene(&scene, 50);
        struct laptop *owner = scene.owner;
        struct cs_id part = laptop_find(owner, "part", "code", "BJ-00007");
        struct cs_id other = laptop_find(owner, "part", "code", "BJ-00008");
        assert_ok(laptop_set(owner, "part", part, "price_cents=777", NULL));
        assert_ok(laptop_set(owner, "part", other, "price_cents=888", NULL));
        damage(owner, under[i]);
        assert_true(doctor_findings(owner) > 0);
        universe_advance(&scene.universe, DAY_MS);
        laptop_sync_equal(owner);
        assert_int_equal(owner->last.pushed, 2);
        assert_int_equal(owner->last.refused, 0);
        laptop_sync_equal(owner);
        laptop_sync_equal(scene.technician);
        assert_int_equal(doctor_findings(owner), 0);
        for (size_t j = 0; j < 2; j++) {
            struct laptop *laptop = j == 0 ? owner : scene.technician;
            assert_string_equal(laptop_text(laptop, "part", part, "price_cents"), "777");
            assert_string_equal(laptop_text(laptop, "part", part, "name"), "继电器 7型");
            assert_string_equal(laptop_text(laptop, "part", other, "price_cents"), "888");
            assert_string_equal(laptop_text(laptop, "part", other, "name"), "继电器 8型");
        }
        universe_close(&scene.universe);
    }
}

/* The server's sums are wrong, its rows are not: every laptop finds out, the first one has them counted anew. */
static void wrong_sums_of_the_server_are_mended(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 50);
    damage_server(&scene.universe, "UPDATE _scope SET digest = zeroblob(32) WHERE kind = 1");
    struct cs_multiset before;
    struct cs_multiset after;
    laptop_fingerprint(scene.technician, &before);
    laptop_sync_equal(scene.technician);
    laptop_fingerprint(scene.technician, &after);
    assert_memory_equal(&after, &before, sizeof after);
    assert_int_equal(scene.technician->last.repaired, 0);
    assert_int_equal(note_of(scene.technician).report.outcome, CS_COMPARE_SERVER_SUM);
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.round_trips, 1);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "server_sums_wrong"), 1);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "replica_differed"), 0);
    universe_close(&scene.universe);
}

/* A server whose rows do not fit its own sums must not overwrite anybody. */
static void a_damaged_server_row_is_not_spread(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 50);
    struct cs_id part = laptop_find(scene.technician, "part", "code", "BJ-00007");
    damage_server(&scene.universe, "UPDATE part SET name = '别的'" ONE);
    laptop_sync_equal(
        scene.technician); /* the sum that the server keeps is that of the right rows */
    damage(scene.technician, "UPDATE part SET price_cents = 5 WHERE code = 'BJ-00011'");
    universe_advance(&scene.universe, DAY_MS);
    assert_ok(laptop_sync(scene.technician));
    assert_int_equal(scene.technician->last.digest, CS_SYNC_DIGEST_UNEQUAL);
    assert_int_equal(scene.technician->last.repaired, 0);
    assert_string_equal(laptop_text(scene.technician, "part", part, "name"), "继电器 7型");
    assert_int_equal(note_of(scene.technician).report.outcome, CS_COMPARE_UNREPAIRED);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "replica_differed"), 1);
    universe_close(&scene.universe);
}

/* Rows, and scopes, that moved between the sync and the comparison are left out and come by the next pull. */
struct mover {
    struct scene *scene;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    unsigned round;
};

static enum cs_status move_and_exchange(void *context, const struct cs_peer *peer,
                                        struct cs_bytes request, struct cs_buffer *response,
                                        struct cs_problem *problem)
{
    struct mover *mover = context;
    struct scene *scene = mover->scene;
    char name[64];
    (void)snprintf(name, sizeof name, "name=新名 %u", ++mover->round);
    struct cs_id moved = laptop_find(scene->owner, "part", "code", "BJ-00003");
    assert_ok(laptop_set(scene->owner, "part", moved, name, NULL));
    struct cs_id both = laptop_find(scene->owner, "part", "code", "BJ-00007");
    if (mover->round == 2) {
        assert_ok(laptop_set(scene->owner, "part", both, "price_cents=4242", NULL));
    }
    laptop_sync_equal(scene->owner);
    return mover->exchange(scene->technician, peer, request, response, problem);
}

static void a_server_that_moves_on_is_compared_with_all_the_same(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 300);
    struct laptop *laptop = scene.technician;
    damage(laptop,
           "UPDATE part SET name = '别的' WHERE code IN ('BJ-00003', 'BJ-00007', 'BJ-00009')");
    universe_advance(&scene.universe, DAY_MS);
    struct mover mover = {&scene, laptop->fake.world.exchange, 0};
    laptop->fake.world.exchange = move_and_exchange;
    laptop->fake.world.exchange_context = &mover;
    laptop_sync_equal(laptop);
    laptop->fake.world.exchange = mover.exchange;
    laptop->fake.world.exchange_context = laptop;
    assert_true(mover.round >= 4);
    assert_true(laptop->last.repaired >= 1);
    laptop_sync_equal(laptop);
    laptop_sync_equal(scene.owner);
    for (size_t i = 0; i < 3; i++) {
        static const char *const codes[] = {"BJ-00003", "BJ-00007", "BJ-00009"};
        char expected[64];
        struct cs_id id = laptop_find(scene.owner, "part", "code", codes[i]);
        (void)snprintf(expected, sizeof expected, "%s",
                       laptop_text(scene.owner, "part", id, "name"));
        assert_string_equal(laptop_text(laptop, "part", id, "name"), expected);
    }
    assert_int_equal(doctor_findings(laptop), 0);
    universe_close(&scene.universe);
}

static void nothing_is_repaired_while_recovery_is_open(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 50);
    damage(scene.technician, "DELETE FROM part" ONE);
    universe_advance(&scene.universe, DAY_MS);
    assert_ok(cs_replica_meta_set_number(scene.technician->replica, CS_META_RECOVERY_OPEN, 1));
    assert_ok(laptop_sync(scene.technician));
    assert_int_equal(scene.technician->last.digest, CS_SYNC_DIGEST_UNEQUAL);
    assert_int_equal(scene.technician->last.round_trips, 1);
    assert_ok(cs_replica_meta_set_number(scene.technician->replica, CS_META_RECOVERY_OPEN, 0));
    laptop_sync_equal(scene.technician);
    assert_int_equal(scene.technician->last.repaired, 1);
    universe_close(&scene.universe);
}

/* What a program does not know counts as well: fields and entities of a newer one, on either side. */
static void what_is_unknown_counts(void **state)
{
    (void)state;
    static struct registry_variant newer;
    variant_init(&newer, cs_registry_core());
    (void)variant_add_field(&newer, "part", "colour");
    (void)variant_add_entity(&newer, "drone");
    const struct cs_registry *newest = variant_done(&newer);
    static const char *const damaged[] = {
        "UPDATE part SET _extra = x''",
        "DELETE FROM _opaque",
        "UPDATE _opaque SET _extra = x''",
    };
    for (size_t i = 0; i < CS_COUNT(damaged); i++) {
        struct scene scene;
        struct cs_multiset before;
        struct cs_multiset after;
        /* The server and the owner's laptop are newer than the technician's. */
        universe_open(&scene.universe, newest, 29);
        scene.owner = universe_found(&scene.universe, "王芳");
        laptop_sync_equal(scene.owner);
        scene.universe.registry = cs_registry_core();
        scene.technician = universe_join(&scene.universe, scene.owner, "李强", CS_ROLE(TECHNICIAN));
        (void)laptop_new(scene.owner, "part", "code=BJ-1", "name=继电器", "colour=红", NULL);
        (void)laptop_new(scene.owner, "drone", "name=一号", NULL);
        laptop_sync_equal(scene.owner);
        laptop_sync_equal(scene.technician);
        assert_int_equal(doctor_findings(scene.technician), 0);
        laptop_fingerprint(scene.technician, &before);
        damage(scene.technician, damaged[i]);
        assert_true(doctor_findings(scene.technician) > 0);
        universe_advance(&scene.universe, DAY_MS);
        laptop_sync_equal(scene.technician);
        assert_int_equal(scene.technician->last.repaired, 1);
        laptop_fingerprint(scene.technician, &after);
        assert_memory_equal(&after, &before, sizeof after);
        universe_close(&scene.universe);
    }
}

/* Wherever memory runs out, on either side: a repair that did not end is gone on with. */
static void memory_may_run_out_in_a_repair(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_multiset before;
    open_scene(&scene, 200);
    struct laptop *laptop = scene.technician;
    laptop_fingerprint(laptop, &before);
    bool whole = false;
    unsigned failed = 0;
    for (long n = 40; !whole; n = n * 21 / 20 + 1) {
        struct cs_multiset after;
        damage(laptop,
               "UPDATE part SET name = '别的'" ONE "; DELETE FROM part WHERE code > 'BJ-00150'");
        universe_advance(&scene.universe, DAY_MS);
        cs_memory_fail_after(n);
        whole = laptop_sync(laptop) == CS_OK && cs_memory_count() <= n;
        cs_memory_fail_after(-1);
        failed += whole ? 0 : 1;
        laptop_sync_equal(laptop);
        laptop_fingerprint(laptop, &after);
        assert_memory_equal(&after, &before, sizeof after);
        assert_int_equal(doctor_findings(laptop), 0);
        laptop_sync_equal(scene.owner);
    }
    assert_true(failed > 20);
    universe_close(&scene.universe);
}

/* A network that fails at any step costs that sync; what was found is told later all the same. */
struct cutter {
    struct laptop *laptop;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    unsigned left;
    bool answer_lost;
};

static enum cs_status cut_exchange(void *context, const struct cs_peer *peer,
                                   struct cs_bytes request, struct cs_buffer *response,
                                   struct cs_problem *problem)
{
    struct cutter *cutter = context;
    if (cutter->left == 0) {
        cutter->laptop->fault = cutter->answer_lost ? NETWORK_RESPONSE_LOST : NETWORK_DOWN;
    }
    cutter->left--;
    enum cs_status status = cutter->exchange(cutter->laptop, peer, request, response, problem);
    cutter->laptop->fault = NETWORK_FINE;
    return status;
}

static void a_repair_may_be_cut_at_any_step(void **state)
{
    (void)state;
    bool whole = false;
    for (unsigned steps = 0; !whole; steps++) {
        struct scene scene;
        struct cs_multiset before;
        open_scene(&scene, 300);
        struct laptop *laptop = scene.technician;
        laptop_fingerprint(laptop, &before);
        damage(laptop,
               "UPDATE part SET name = '别的'" ONE "; DELETE FROM part WHERE code > 'BJ-00270'");
        universe_advance(&scene.universe, DAY_MS);
        struct cutter cutter = {laptop, laptop->fake.world.exchange, steps, steps % 2 == 1};
        laptop->fake.world.exchange = cut_exchange;
        laptop->fake.world.exchange_context = &cutter;
        whole = laptop_sync(laptop) == CS_OK;
        laptop->fake.world.exchange = cutter.exchange;
        laptop->fake.world.exchange_context = laptop;
        laptop_sync_equal(laptop);
        struct cs_multiset after;
        laptop_fingerprint(laptop, &after);
        assert_memory_equal(&after, &before, sizeof after);
        assert_int_equal(doctor_findings(laptop), 0);
        assert_false(note_of(laptop).unreported);
        assert_true(note_of(laptop).times >= 1);
        assert_int_equal(note_of(laptop).report.outcome, CS_COMPARE_REPAIRED);
        laptop_sync_equal(scene.owner);
        assert_true(laptop_count(scene.owner, "exception", "kind", "replica_differed") >= 1);
        universe_close(&scene.universe);
    }
}

/* The figure that PROTOCOL.md gives. */
static void one_row_among_ten_thousand_costs_little(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 10000);
    struct laptop *laptop = scene.technician;
    laptop_sync_equal(laptop);
    uint64_t no_news = laptop->last.bytes_up + laptop->last.bytes_down;
    damage(laptop, "UPDATE part SET name = '别的'" ONE);
    universe_advance(&scene.universe, DAY_MS);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.repaired, 1);
    uint64_t bytes = laptop->last.bytes_up + laptop->last.bytes_down - no_news;
    print_message(
        "repair of 1 row among 10,000: %llu bytes in %llu round trips beyond a no-news sync of "
        "%llu bytes\n",
        (unsigned long long)bytes, (unsigned long long)laptop->last.round_trips - 1,
        (unsigned long long)no_news);
    assert_true(bytes < 8 * 1024);
    damage(laptop, "DELETE FROM part WHERE code < 'BJ-01000'");
    universe_advance(&scene.universe, DAY_MS);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.repaired, 1000);
    print_message(
        "repair of a lost page of 1,000 rows: %llu bytes up, %llu down, %llu round trips\n",
        (unsigned long long)laptop->last.bytes_up, (unsigned long long)laptop->last.bytes_down,
        (unsigned long long)laptop->last.round_trips);
    damage(laptop, "DELETE FROM part");
    universe_advance(&scene.universe, DAY_MS);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.repaired, 10000);
    damage(laptop, "UPDATE part SET name = '别的'");
    universe_advance(&scene.universe, DAY_MS);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.repaired, 10000);
    print_message("repair of 10,000 altered rows: %llu bytes up, %llu down, %llu round trips\n",
                  (unsigned long long)laptop->last.bytes_up,
                  (unsigned long long)laptop->last.bytes_down,
                  (unsigned long long)laptop->last.round_trips);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_damage_of_a_replica_is_repaired),
        cmocka_unit_test(a_wrong_sum_alone_is_counted_anew),
        cmocka_unit_test(damage_under_an_unsent_edit),
        cmocka_unit_test(wrong_sums_of_the_server_are_mended),
        cmocka_unit_test(a_damaged_server_row_is_not_spread),
        cmocka_unit_test(a_server_that_moves_on_is_compared_with_all_the_same),
        cmocka_unit_test(nothing_is_repaired_while_recovery_is_open),
        cmocka_unit_test(what_is_unknown_counts),
        cmocka_unit_test(memory_may_run_out_in_a_repair),
        cmocka_unit_test(a_repair_may_be_cut_at_any_step),
        cmocka_unit_test(one_row_among_ten_thousand_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
