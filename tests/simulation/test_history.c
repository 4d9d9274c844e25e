/*
 * What the server keeps of every change (design §12): each transaction of a change-set, what lost and waits for a decision, deletes, and
 * what the server changed itself.
 */
#include "sync-server/history/states.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct cs_arena arena;
    struct cs_row_states states; /* as last read */
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 7);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    laptop_sync_equal(scene->office);
    cs_arena_init(&scene->arena, CS_MESSAGE_ARENA_MAX);
}

static void close_scene(struct scene *scene)
{
    cs_arena_release(&scene->arena);
    universe_close(&scene->universe);
}

static void sync_both(struct scene *scene)
{
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->owner);
        laptop_sync_equal(scene->office);
    }
}

static void read_states(struct scene *scene, const char *entity, struct cs_id id)
{
    struct cs_row_key key = {cs_bytes_of_text(entity), id};
    assert_ok(cs_row_states_read(cs_server_store(scene->universe.server), &key, 0, 1000,
                                 &scene->arena, &scene->states));
    assert_int_equal(scene->states.more, 0);
}

/* State `age` back from the present one, its field as people read it; "" for none. */
static const char *then(const struct scene *scene, size_t age, const char *field)
{
    static char text[256];
    assert_true(age < scene->states.count);
    const struct cs_stored_row *row = &scene->states.items[age].row;
    const struct cs_value *value =
        &row->values[cs_entity_field_index(row->entity, cs_bytes_of_text(field))];
    if (value->kind == CS_VALUE_INTEGER) {
        (void)snprintf(text, sizeof text, "%lld", (long long)value->integer);
    } else {
        (void)snprintf(text, sizeof text, "%.*s", (int)value->bytes.size,
                       value->bytes.size == 0 ? "" : (const char *)value->bytes.data);
    }
    return text;
}

static uint64_t author(const struct scene *scene, size_t age)
{
    return scene->states.items[age].author.log;
}

/* Days offline arrive as one change-set: what each of its transactions made of the row is kept. */
static void every_transaction_of_a_change_set_is_kept(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=甲", NULL);
    assert_ok(laptop_set(scene.office, "part", part, "name=乙", NULL));
    assert_ok(laptop_set(scene.office, "part", part, "unit=个", NULL));
    assert_ok(laptop_set(scene.office, "part", part, "name=丙", NULL));
    sync_both(&scene);
    read_states(&scene, "part", part);
    assert_int_equal(scene.states.count, 4);
    static const char *const names[] = {"丙", "乙", "乙", "甲"};
    for (size_t age = 0; age < CS_COUNT(names); age++) {
        assert_string_equal(then(&scene, age, "name"), names[age]);
        assert_true(author(&scene, age) == cs_identity_log(scene.office->identity));
    }
    assert_string_equal(then(&scene, 1, "unit"), "个");
    assert_string_equal(then(&scene, 2, "unit"), "");
    assert_int_equal(scene.states.items[3].number, 0);
    assert_true(scene.states.items[0].number > scene.states.items[1].number);
    assert_true(scene.states.items[0].until_ms == CS_STATE_STILL);
    close_scene(&scene);
}

static void what_lost_is_kept_with_the_row(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    sync_both(&scene);
    universe_advance(&scene.universe, 1000);
    assert_ok(laptop_set(scene.owner, "part", part, "name=乙", NULL));
    universe_advance(&scene.universe, 1000);
    assert_ok(laptop_set(scene.office, "part", part, "name=丙", NULL));
    sync_both(&scene);
    struct cs_id conflict = laptop_find(scene.owner, "conflict", "state", "open");
    assert_ok(laptop_set(scene.owner, "part", part, "unit=个", NULL));
    sync_both(&scene);
    read_states(&scene, "part", part);
    assert_int_equal(scene.states.count, 4);
    assert_string_equal(then(&scene, 1, "name"), "丙");
    assert_int_equal(scene.states.items[1].head_count, 1);
    assert_true(scene.states.items[1].heads[0].version.log ==
                cs_identity_log(scene.owner->identity));
    struct cs_value lost;
    assert_ok(cs_unit_value_decode(scene.states.items[1].heads[0].value, &lost, 1));
    assert_true(cs_bytes_equal_text(lost.bytes, "乙"));
    assert_string_equal(then(&scene, 2, "name"), "乙");
    assert_int_equal(scene.states.items[2].head_count, 0);

    read_states(&scene, "conflict", conflict);
    assert_string_equal(then(&scene, scene.states.count - 1, "state"), "open");
    assert_true(author(&scene, scene.states.count - 1) == 0); /* the server's own */
    close_scene(&scene);
}

static void a_deleted_row_is_found_at_its_time(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_store *store = cs_server_store(scene.universe.server);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    struct cs_row_key key = {cs_bytes_of_text("part"), part};
    struct cs_row_state at;
    int64_t before = scene.universe.fake.wall_ms;
    universe_advance(&scene.universe, 10000);
    sync_both(&scene);
    int64_t lived = scene.universe.fake.wall_ms;
    universe_advance(&scene.universe, 10000);
    assert_ok(laptop_delete(scene.office, "part", part));
    sync_both(&scene);
    assert_status(cs_row_state_at(store, &key, before, &scene.arena, &at), CS_NOT_FOUND);
    assert_ok(cs_row_state_at(store, &key, lived, &scene.arena, &at));
    assert_false(at.row.deleted);
    assert_int_equal(at.from_ms, lived);
    assert_int_equal(at.until_ms, scene.universe.fake.wall_ms);
    assert_ok(cs_row_state_at(store, &key, scene.universe.fake.wall_ms, &scene.arena, &at));
    assert_true(at.row.deleted);
    assert_true(at.author.log == cs_identity_log(scene.office->identity));
    key.id.bytes[15] ^= 1;
    assert_status(cs_row_state_at(store, &key, lived, &scene.arena, &at), CS_NOT_FOUND);
    close_scene(&scene);
}

/* The same states, page by page. */
static void pages_join(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=甲", NULL);
    for (int i = 0; i < 6; i++) {
        char price[32];
        (void)snprintf(price, sizeof price, "price_cents=%d", i);
        assert_ok(laptop_set(scene.owner, "part", part, price, NULL));
        sync_both(&scene);
    }
    read_states(&scene, "part", part);
    assert_int_equal(scene.states.count, 7);
    struct cs_row_key key = {cs_bytes_of_text("part"), part};
    for (size_t limit = 1; limit < 9; limit++) {
        uint64_t from = 0;
        size_t found = 0;
        do {
            struct cs_row_states page;
            assert_ok(cs_row_states_read(cs_server_store(scene.universe.server), &key, from, limit,
                                         &scene.arena, &page));
            assert_in_range(page.count, 1, limit);
            for (size_t i = 0; i < page.count; i++, found++) {
                const struct cs_row_state *whole = &scene.states.items[found];
                assert_int_equal(page.items[i].number, whole->number);
                assert_int_equal(page.items[i].from_ms, whole->from_ms);
                assert_int_equal(page.items[i].until_ms, whole->until_ms);
                assert_true(cs_bytes_equal(page.items[i].row.versions, whole->row.versions));
            }
            from = page.more;
        } while (from != 0);
        assert_int_equal(found, 7);
    }
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transaction_of_a_change_set_is_kept),
        cmocka_unit_test(what_lost_is_kept_with_the_row),
        cmocka_unit_test(a_deleted_row_is_found_at_its_time),
        cmocka_unit_test(pages_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
