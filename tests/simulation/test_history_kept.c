/*
 * The policy (A34: 数据在两个月内有变化,或者丢失,都能够找到并恢复): seventy days of work of several people, with deletes, conflicts and merged
 * rows, while the server takes away what is older. On each day every row is found as it was on each of the last 62, and can be brought back;
 * what is older is gone, and said to be.
 */
#include "field-client/replica/merge_rows.h"
#include "field-client/replica/revert.h"
#include "field-client/sync/history.h"
#include "sync-server/history/compaction.h"
#include "sync-server/history/states.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define DAYS 70
#define ROWS 10
#define PEOPLE 3
#define FIELDS 3
#define HOUR_MS ((int64_t)3600 * 1000)

static const char *const field_names[FIELDS] = {"name", "unit", "price_cents"};

/* A row at the end of a day. */
struct snapshot {
    bool made;
    bool deleted;
    char fields[FIELDS][64];
};

struct scene {
    struct universe universe;
    struct laptop *people[PEOPLE];
    struct cs_id rows[ROWS];
    size_t row_count;
    int64_t evenings[DAYS]; /* the server's clock */
    struct snapshot days[DAYS][ROWS];
    uint64_t random;
};

static uint64_t draw(struct scene *scene, uint64_t below)
{
    scene->random = scene->random * 6364136223846793005u + 1442695040888963407u;
    return (scene->random >> 33) % below;
}

static void open_scene(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    scene->random = 34;
    universe_open(&scene->universe, cs_registry_core(), 62);
    scene->people[0] = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->people[0]);
    scene->people[1] = universe_join(&scene->universe, scene->people[0], "李强", CS_ROLE(OFFICE));
    scene->people[2] = universe_join(&scene->universe, scene->people[0], "赵敏", CS_ROLE(OFFICE));
}

/* Everybody, until all have everything. */
static void sync_all(struct scene *scene)
{
    struct cs_multiset first;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < PEOPLE; i++) {
            laptop_sync_equal(scene->people[i]);
        }
    }
    laptop_fingerprint(scene->people[0], &first);
    for (size_t i = 1; i < PEOPLE; i++) {
        struct cs_multiset other;
        laptop_fingerprint(scene->people[i], &other);
        assert_memory_equal(first.sum, other.sum, sizeof first.sum);
    }
}

static bool lives(struct scene *scene, size_t row)
{
    return strcmp(laptop_text(scene->people[0], "part", scene->rows[row], "code"), "(none)") != 0;
}

static void set(struct scene *scene, size_t person, size_t row, size_t field)
{
    static const char *const texts[] = {"甲", "乙", "丙", "丁"};
    char text[96];
    if (field == 2) {
        (void)snprintf(text, sizeof text, "price_cents=%d", (int)draw(scene, 100000));
    } else {
        (void)snprintf(text, sizeof text, "%s=%s%d", field_names[field], texts[draw(scene, 4)],
                       (int)draw(scene, 1000));
    }
    enum cs_status status = laptop_set(scene->people[person], "part", scene->rows[row], text, NULL);
    assert_true(status == CS_OK || status == CS_NOT_FOUND); /* deleted by the same person before */
}

static void make_row(struct scene *scene)
{
    char code[32];
    (void)snprintf(code, sizeof code, "code=P-%zu", scene->row_count);
    scene->rows[scene->row_count++] =
        laptop_new(scene->people[0], "part", code, "name=新", "unit=个", NULL);
}

static void merge_rows(struct scene *scene, size_t kept, size_t dropped)
{
    struct cs_merge_rows merge = {
        .entity = cs_registry_find(scene->universe.registry, cs_bytes_of_text("part")),
        .kept = scene->rows[kept],
        .dropped = scene->rows[dropped]};
    struct cs_merged_rows merged;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_merge_rows(scene->people[1]->replica, &merge, &arena, &merged, NULL));
    cs_arena_release(&arena);
}

/* Edits of everybody, apart from each other, so that some meet; now and then a delete, and once a merge. */
static void work(struct scene *scene, size_t day)
{
    if (day % 3 == 0 && scene->row_count < ROWS - 2) {
        make_row(scene);
        sync_all(scene);
    }
    for (size_t person = 0; person < PEOPLE; person++) {
        for (int edit = 0; edit < 2; edit++) {
            set(scene, person, (size_t)draw(scene, scene->row_count), (size_t)draw(scene, FIELDS));
            universe_advance(&scene->universe, 60000);
        }
    }
    size_t row = (size_t)draw(scene, scene->row_count);
    if (day % 5 == 4 && lives(scene, row)) {
        enum cs_status status = laptop_delete(scene->people[2], "part", scene->rows[row]);
        assert_true(status == CS_OK || status == CS_NOT_FOUND);
    }
    sync_all(scene);
    if (day == 40) {
        make_row(scene);
        make_row(scene);
        sync_all(scene);
        merge_rows(scene, scene->row_count - 2, scene->row_count - 1);
        sync_all(scene);
    }
}

static void note_evening(struct scene *scene, size_t day)
{
    scene->evenings[day] = scene->universe.fake.wall_ms;
    for (size_t row = 0; row < scene->row_count; row++) {
        struct snapshot *snapshot = &scene->days[day][row];
        snapshot->made = true;
        snapshot->deleted = !lives(scene, row);
        for (size_t i = 0; i < FIELDS && !snapshot->deleted; i++) {
            (void)snprintf(snapshot->fields[i], sizeof snapshot->fields[i], "%s",
                           laptop_text(scene->people[0], "part", scene->rows[row], field_names[i]));
        }
    }
}

static void check_value(const struct cs_stored_row *row, size_t field, const char *expected)
{
    char text[64] = "";
    const struct cs_value *value =
        &row->values[cs_entity_field_index(row->entity, cs_bytes_of_text(field_names[field]))];
    if (value->kind == CS_VALUE_INTEGER) {
        (void)snprintf(text, sizeof text, "%lld", (long long)value->integer);
    } else if (value->bytes.size > 0) {
        (void)snprintf(text, sizeof text, "%.*s", (int)value->bytes.size, value->bytes.data);
    }
    assert_string_equal(text, expected);
}

static void check_row(struct scene *scene, size_t day, size_t row)
{
    const struct snapshot *snapshot = &scene->days[day][row];
    struct cs_row_key key = {cs_bytes_of_text("part"), scene->rows[row]};
    struct cs_row_state state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_row_state_at(cs_server_store(scene->universe.server), &key,
                                            scene->evenings[day], &arena, &state);
    assert_status(status, snapshot->made ? CS_OK : CS_NOT_FOUND);
    if (snapshot->made) {
        assert_int_equal(state.row.deleted, snapshot->deleted);
        for (size_t i = 0; i < FIELDS && !snapshot->deleted; i++) {
            check_value(&state.row, i, snapshot->fields[i]);
        }
    }
    cs_arena_release(&arena);
}

/* Every row on each of the last 62 days, and how far it reaches. */
static void check_days(struct scene *scene, size_t today)
{
    int64_t reach_ms;
    assert_ok(cs_store_history_reach(cs_server_store(scene->universe.server), &reach_ms));
    assert_true(reach_ms <= scene->universe.fake.wall_ms - CS_HISTORY_KEPT_MS);
    for (size_t day = 0; day <= today; day++) {
        bool promised = scene->evenings[day] >= scene->universe.fake.wall_ms - CS_HISTORY_KEPT_MS;
        if (!promised) {
            continue;
        }
        for (size_t row = 0; row < scene->row_count; row++) {
            check_row(scene, day, row);
        }
    }
}

/* A person asks for a row as it was on a day of the last two months, and brings it back. */
static void bring_back(struct scene *scene, size_t today)
{
    struct laptop *laptop = scene->people[draw(scene, PEOPLE)];
    size_t oldest = today > CS_HISTORY_KEPT_DAYS - 1 ? today - (CS_HISTORY_KEPT_DAYS - 1) : 0;
    size_t day = oldest + (size_t)draw(scene, today - oldest + 1);
    size_t row = (size_t)draw(scene, scene->row_count);
    const struct snapshot *snapshot = &scene->days[day][row];
    struct cs_past past;
    struct cs_arena arena;
    struct cs_reverted reverted;
    struct cs_revert revert = {
        .entity = cs_registry_find(scene->universe.registry, cs_bytes_of_text("part")),
        .row = scene->rows[row]};
    if (!snapshot->made || snapshot->deleted) {
        return;
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_past_read(laptop->replica, revert.entity, &revert.row, scene->evenings[day],
                           &arena, &past, NULL));
    assert_int_equal(past.count, 1);
    revert.then = past.items[0].row.values;
    assert_ok(cs_revert_row(laptop->replica, &revert, &reverted, NULL));
    sync_all(scene);
    for (size_t person = 0; person < PEOPLE; person++) {
        for (size_t i = 0; i < FIELDS; i++) {
            assert_string_equal(
                laptop_text(scene->people[person], "part", scene->rows[row], field_names[i]),
                snapshot->fields[i]);
        }
    }
    cs_arena_release(&arena);
}

/* A night in which the server looks after itself. */
static void sleep_until_morning(struct scene *scene, size_t day)
{
    int64_t morning = scene->universe.fake.wall_ms / CS_DAY_MS * CS_DAY_MS + CS_DAY_MS;
    while (scene->universe.fake.wall_ms < morning) {
        universe_advance(&scene->universe, HOUR_MS);
        cs_server_upkeep(scene->universe.server);
    }
    if (day % 9 == 8) {
        universe_restart_server(&scene->universe);
    }
}

static void check_what_is_older(struct scene *scene)
{
    struct cs_store *store = cs_server_store(scene->universe.server);
    struct cs_past past;
    struct cs_arena arena;
    int64_t reach_ms;
    uint64_t kept = 0;
    assert_ok(cs_store_history_reach(store, &reach_ms));
    assert_true(scene->universe.fake.wall_ms - reach_ms < CS_HISTORY_KEPT_MS + 2 * CS_DAY_MS);
    assert_true(scene->evenings[2] < reach_ms);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_past_read(scene->people[1]->replica,
                           cs_registry_find(scene->universe.registry, cs_bytes_of_text("part")),
                           &scene->rows[0], scene->evenings[2], &arena, &past, NULL));
    assert_int_equal(past.count, 0);
    assert_int_equal(past.reach_ms, reach_ms);
    assert_ok(cs_past_read(scene->people[1]->replica,
                           cs_registry_find(scene->universe.registry, cs_bytes_of_text("part")),
                           &scene->rows[0], CS_HISTORY_STILL, &arena, &past, NULL));
    assert_true(past.items[past.count - 1].state.from_ms == CS_HISTORY_LONG_SINCE);
    assert_ok(cs_store_history_count(store, &kept));
    assert_true(kept > 100);
    cs_arena_release(&arena);
}

static void two_months_are_found_and_brought_back(void **state)
{
    (void)state;
    static struct scene scene;
    open_scene(&scene);
    for (size_t day = 0; day < DAYS; day++) {
        sleep_until_morning(&scene, day);
        universe_advance(&scene.universe, 9 * HOUR_MS);
        work(&scene, day);
        if (day % 2 == 1) {
            bring_back(&scene, day - 1);
        }
        universe_advance(&scene.universe, HOUR_MS);
        note_evening(&scene, day);
        universe_advance(&scene.universe, HOUR_MS);
        check_days(&scene, day);
    }
    check_what_is_older(&scene);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_months_are_found_and_brought_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
