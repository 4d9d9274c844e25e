/*
 * The listing that is remembered and brought up to date, against the one that is made of all entries: over random histories of a vault, with
 * new keys, members who go and come back, a device that is revoked and a server that goes back in time.
 */
#include "field-client/replica/vault_memory.h"
#include "field-client/vault/catalog.h"
#include "field-client/vault/memory.h"
#include "shared/storage/database.h"
#include "tests/simulation/vault_scene.h"

#include <stdio.h>

#define HISTORIES 4
#define STEPS 24
#define ITEMS_MIN 70 /* enough for the listing to be remembered */
#define ITEMS_MAX 400
#define REMEMBERED_ANEW 65 /* so many changes, and it is remembered anew */

static struct vault_scene scene;
static struct cs_id items[ITEMS_MAX];
static size_t item_count;
static bool saved; /* a state of the server that it can go back to */
static bool han_revoked;
static uint64_t names;    /* given so far */
static size_t brought_up; /* listings that went on from what was remembered */
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

/* ---- what happens ---- */

static void give_name(struct laptop *laptop, size_t index)
{
    char name[64];
    (void)snprintf(name, sizeof name, "设备 %llu", (unsigned long long)names++);
    vault_name_item(&scene, laptop, &items[index], name);
}

/* Where a server has lost something, some of what follows it is refused or found: that is not what is tested here. */
static void exchange(struct laptop *laptop)
{
    assert_ok(laptop_sync(laptop));
    assert_ok(vault_try_sync(&scene, laptop));
}

static struct laptop *editor(void)
{
    return han_revoked || draw(2) == 0 ? scene.li : scene.han;
}

static void change(size_t count, bool new_ones)
{
    struct laptop *laptop = editor();
    size_t first = (size_t)draw(item_count);
    exchange(laptop);
    for (size_t i = 0; i < count; i++) {
        bool is_new = new_ones && item_count < ITEMS_MAX;
        size_t index = is_new ? item_count++ : (first + i) % item_count;
        items[index] = is_new ? cs_replica_draw_id(laptop->replica) : items[index];
        give_name(laptop, index);
    }
    exchange(laptop);
}

static void new_key(void)
{
    exchange(scene.li);
    struct cs_secret *key = epoch(&scene, scene.li, false);
    if (!han_revoked) {
        grant(&scene, scene.li, scene.han, CS_VAULT_RIGHTS_ALL, key);
    }
    grant(&scene, scene.li, scene.zhao, ZHAO_RIGHTS, key);
    cs_secret_destroy(key);
}

static void go_and_come_back(void)
{
    exchange(scene.li);
    withdraw(&scene, scene.li, scene.zhao);
    if (draw(2) == 0) {
        exchange(scene.zhao);
    }
    new_key();
}

static void lose_han(void)
{
    if (!han_revoked) {
        exchange(scene.han);
        vault_revoke(&scene, scene.wang, scene.han);
        han_revoked = true;
    }
}

static void go_back(void)
{
    if (!saved) {
        universe_save_server(&scene.universe, "yesterday");
        saved = true;
        return;
    }
    saved = false;
    universe_set_server_back(&scene.universe, "yesterday");
    for (size_t round = 0; round < 3; round++) {
        exchange(scene.li);
        exchange(scene.wang);
        if (!han_revoked) {
            exchange(scene.han);
        }
    }
}

static void step(void)
{
    switch (draw(12)) {
    case 0:
        new_key();
        break;
    case 1:
        go_and_come_back();
        break;
    case 2:
        change(REMEMBERED_ANEW, draw(2) == 0);
        break;
    case 3:
        go_back();
        break;
    case 4:
        if (!saved) { /* for a server that went back does not know of it */
            lose_han();
        }
        break;
    case 5:
        laptop_restart(scene.zhao);
        break;
    case 6:
    case 7:
        change(1 + (size_t)draw(20), draw(2) == 0);
        break;
    default:
        change(1, draw(3) == 0);
    }
}

/* ---- comparing ---- */

static enum cs_status take_item(void *context, const struct cs_vault_listed *listed)
{
    struct cs_buffer *out = context;
    cs_buffer_append_bytes(out, cs_id_bytes(&listed->item));
    cs_buffer_append_bytes(out, cs_bytes_of_array(listed->entry));
    cs_buffer_append_bytes(out, cs_bytes_of_array(listed->author));
    cs_buffer_append_prefixed(out, listed->listing.name);
    cs_buffer_append_prefixed(out, listed->listing.user);
    cs_buffer_append_prefixed(out, listed->listing.address);
    return CS_OK;
}

/* All that is said of all items, in their order. */
static enum cs_status list_all(struct laptop *laptop, struct cs_buffer *out)
{
    struct cs_vault_book *book = open_book(laptop);
    cs_buffer_clear(out);
    enum cs_status status =
        cs_vault_catalog_items(book, &scene.vault, take_item, out, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static void forget(struct laptop *laptop)
{
    assert_ok(
        cs_database_execute(cs_replica_database(laptop->replica), "DELETE FROM _vault_memory"));
}

static enum cs_status memory_of(struct laptop *laptop, struct cs_buffer *out)
{
    cs_buffer_clear(out);
    return cs_kept_memory_get(laptop->replica, &scene.vault, CS_VAULT_MEMORY_LISTING, out);
}

/* The listing as it goes on from what is remembered, and as it is of all entries; what was remembered is put back, so that it gets old. */
static void compare(struct laptop *laptop, uint64_t seed)
{
    struct cs_buffer before;
    struct cs_buffer memory;
    struct cs_buffer gone_on;
    struct cs_buffer anew;
    cs_buffer_init(&before, 4 * CS_MEBI);
    cs_buffer_init(&memory, 4 * CS_MEBI);
    cs_buffer_init(&gone_on, 4 * CS_MEBI);
    cs_buffer_init(&anew, 4 * CS_MEBI);
    bool had = memory_of(laptop, &before) == CS_OK;
    enum cs_status status = list_all(laptop, &gone_on);
    bool has = memory_of(laptop, &memory) == CS_OK;
    forget(laptop);
    assert_status(list_all(laptop, &anew), status);
    if (status == CS_OK && !cs_bytes_equal(cs_buffer_bytes(&gone_on), cs_buffer_bytes(&anew))) {
        fail_msg("seed %llu: what is remembered says something else than the entries",
                 (unsigned long long)seed);
    }
    if (has) {
        assert_ok(cs_kept_memory_put(laptop->replica, &scene.vault, CS_VAULT_MEMORY_LISTING,
                                     cs_buffer_bytes(&memory)));
    }
    bool same = had && has && cs_bytes_equal(cs_buffer_bytes(&before), cs_buffer_bytes(&memory));
    brought_up += status == CS_OK && same ? 1 : 0;
    cs_buffer_release(&before);
    cs_buffer_release(&memory);
    cs_buffer_release(&gone_on);
    cs_buffer_release(&anew);
}

static void add_item(struct laptop *laptop)
{
    items[item_count] = cs_replica_draw_id(laptop->replica);
    give_name(laptop, item_count++);
}

/* A vault with so many items that its listing is remembered. */
static void begin(uint64_t seed)
{
    vault_scene_open(&scene, seed, false);
    random_state = seed;
    saved = false;
    han_revoked = false;
    item_count = 0;
    while (item_count < ITEMS_MIN) {
        add_item(scene.li);
    }
    exchange(scene.li);
    exchange(scene.zhao);
}

static void live(uint64_t seed)
{
    begin(seed);
    for (size_t i = 0; i < STEPS; i++) {
        step();
        if (draw(3) != 0) {
            exchange(scene.zhao);
        }
        compare(scene.zhao, seed);
        compare(scene.li, seed);
    }
    vault_scene_close(&scene);
}

static void test_random_histories(void **state)
{
    (void)state;
    brought_up = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        live(seed);
    }
    assert_true(brought_up > (size_t)HISTORIES * STEPS / 2);
}

/* ---- one change ---- */

/* Entries that were listed once are not read again: here one of them cannot be. */
static void test_one_change_opens_one_entry(void **state)
{
    struct cs_buffer out;
    struct cs_arena arena;
    struct cs_kept_record kept;
    (void)state;
    begin(7);
    cs_buffer_init(&out, 4 * CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(list_all(scene.zhao, &out));
    give_name(scene.li, 3);
    exchange(scene.li);
    exchange(scene.zhao);
    const struct cs_kept_filter filter = {
        .vault = scene.vault, .kind = CS_VAULT_ENTRY, .item = &items[5]};
    assert_ok(cs_kept_record_newest(scene.zhao->replica, &filter, &arena, &kept));
    kept.record.size--;
    assert_ok(cs_kept_record_put(scene.zhao->replica, &kept));
    assert_ok(list_all(scene.zhao, &out));
    forget(scene.zhao);
    assert_status(list_all(scene.zhao, &out), CS_CORRUPT);
    cs_arena_release(&arena);
    cs_buffer_release(&out);
    vault_scene_close(&scene);
}

/* An entry fewer, or one at another place: what was remembered is of something else. */
static void test_other_entries_are_opened_anew(void **state)
{
    static const char *const changes[] = {
        "DELETE FROM _vault_record WHERE feed = (SELECT min(feed) FROM _vault_record WHERE kind = "
        "4)",
        "DELETE FROM _vault_record WHERE feed = (SELECT max(feed) FROM _vault_record WHERE kind = "
        "4)",
        "UPDATE _vault_record SET feed = feed + 1000 WHERE feed = (SELECT min(feed) FROM "
        "_vault_record WHERE kind = 4)"};
    (void)state;
    begin(8);
    for (size_t i = 0; i < CS_COUNT(changes); i++) {
        compare(scene.zhao, i);
        assert_ok(cs_database_execute(cs_replica_database(scene.zhao->replica), changes[i]));
        compare(scene.zhao, i);
    }
    vault_scene_close(&scene);
}

/* Two entries that a server had lost come again in the other order: as many as before, up to the same place. */
static void test_entries_that_change_places(void **state)
{
    (void)state;
    begin(9);
    exchange(scene.han);
    universe_save_server(&scene.universe, "yesterday");
    add_item(scene.li);
    exchange(scene.li);
    add_item(scene.han);
    exchange(scene.han);
    exchange(scene.zhao);
    compare(scene.zhao, 9);
    universe_set_server_back(&scene.universe, "yesterday");
    exchange(scene.han);
    exchange(scene.li);
    assert_ok(laptop_sync(scene.zhao));
    scene.zhao->fault = NETWORK_RESPONSE_LOST; /* he begins to fetch all anew, and gets nothing */
    assert_status(vault_try_sync(&scene, scene.zhao), CS_TIMEOUT);
    scene.zhao->fault = NETWORK_FINE;
    compare(scene.zhao, 9);
    assert_ok(vault_try_sync(&scene, scene.zhao));
    compare(scene.zhao, 9);
    vault_scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories),
        cmocka_unit_test(test_one_change_opens_one_entry),
        cmocka_unit_test(test_other_entries_are_opened_anew),
        cmocka_unit_test(test_entries_that_change_places),
    };
    return cmocka_run_group_tests_name("listings brought up to date", tests, NULL, NULL);
}
