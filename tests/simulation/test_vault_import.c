/* Password files stored in a vault: all of it or nothing per entry, again after an interruption, and nothing without the right to. */
#include "field-client/vault_files/import_store.h"
#include "tests/simulation/vault_scene.h"

#include <stdio.h>

#define TEXT(text) cs_bytes_of_text(text)
#define ENTRIES ((size_t)20)

static struct vault_scene scene;
static struct cs_password_list list;
static struct cs_arena arena;

static void add(const char *title, const char *password, struct cs_bytes notes)
{
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    entry.title = TEXT(title);
    entry.user_name = TEXT("admin");
    entry.password = TEXT(password);
    entry.notes = notes;
    assert_ok(cs_password_list_add(&list, &entry, &scene.universe.problem));
}

static int open_scene(bool four_eyes)
{
    cs_arena_init(&arena, 64 * CS_MEBI);
    cs_password_list_init(&list);
    vault_scene_open(&scene, 271, four_eyes);
    for (size_t i = 0; i < ENTRIES; i++) {
        char title[32];
        (void)snprintf(title, sizeof title, "switch %zu", i);
        add(title, CANARY, i % 2 == 0 ? TEXT("rack 4") : CS_BYTES_NONE);
    }
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return open_scene(false);
}

static int setup_four_eyes(void **state)
{
    (void)state;
    return open_scene(true);
}

static int teardown(void **state)
{
    (void)state;
    cs_password_list_release(&list);
    cs_arena_release(&arena);
    vault_scene_close(&scene);
    return 0;
}

static enum cs_status look(struct laptop *laptop, struct cs_import_item **out)
{
    struct cs_vault_book *book = open_book(laptop);
    scene.universe.problem.text[0] = '\0';
    enum cs_status status =
        cs_import_look(book, &scene.vault, &list, &arena, out, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static size_t queue(struct laptop *laptop, struct cs_import_item *items, size_t count)
{
    struct cs_vault_book *book = open_book(laptop);
    size_t queued = 0;
    assert_ok(cs_import_queue(book, &scene.vault, items, count, &queued, &scene.universe.problem));
    cs_vault_book_close(book);
    return queued;
}

static size_t standing_count(const struct cs_import_item *items, enum cs_import_standing standing)
{
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) {
        count += cs_import_standing_of(&items[i]) == standing ? 1 : 0;
    }
    return count;
}

static int64_t waiting_count(struct laptop *laptop)
{
    struct cs_queued_record *queued = NULL;
    size_t count = 0;
    assert_ok(cs_queued_records(laptop->replica, false, 1000, &arena, &queued, &count));
    return (int64_t)count;
}

/* Everything of the file stands confirmed on the server, and opens. */
static void assert_all_there(struct laptop *laptop)
{
    struct cs_import_item *items = NULL;
    struct cs_secret *secret = NULL;
    struct cs_arena records;
    struct cs_vault_record version;
    struct cs_version_state standing;
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), ENTRIES + 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), ENTRIES + ENTRIES / 2 + 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_STATE), ENTRIES + ENTRIES / 2);
    assert_ok(look(laptop, &items));
    assert_int_equal(standing_count(items, CS_IMPORT_HERE), list.count);
    cs_arena_init(&records, CS_MEBI);
    struct cs_vault_book *book = open_book(laptop);
    const struct cs_kept_filter filter = {.vault = scene.vault,
                                          .kind = CS_VAULT_VERSION,
                                          .item = &items[7].id,
                                          .field = TEXT("password")};
    assert_ok(cs_vault_book_newest(book, &filter, &records, &version));
    assert_ok(cs_vault_book_state(book, &version, &standing));
    assert_int_equal(standing.now, CS_VAULT_CONFIRMED);
    scene.version = version.version;
    cs_vault_book_close(book);
    cs_arena_release(&records);
    assert_ok(try_disclose(&scene, laptop, &secret));
    assert_canary(secret);
}

static void test_a_file_is_stored(void **state)
{
    struct cs_import_item *items = NULL;
    (void)state;
    assert_ok(look(scene.li, &items));
    assert_int_equal(standing_count(items, CS_IMPORT_NEW), ENTRIES);
    assert_int_equal(queue(scene.li, items, ENTRIES), ENTRIES);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    assert_all_there(scene.li);
    assert_int_equal(queue(scene.li, items, 0), 0);
}

/* Interrupted after some were sent, some queued; another key came in between. The second run stores the rest, nothing twice. */
static void test_an_import_goes_on(void **state)
{
    struct cs_import_item *items = NULL;
    (void)state;
    assert_ok(look(scene.li, &items));
    assert_int_equal(queue(scene.li, items, 5), 5);
    vault_sync(&scene, scene.li);
    assert_int_equal(queue(scene.li, items + 5, 5), 5);
    laptop_restart(scene.li);
    vault_sync(&scene, scene.li);
    cs_secret_destroy(epoch(&scene, scene.li, false));
    assert_ok(look(scene.li, &items));
    assert_int_equal(standing_count(items, CS_IMPORT_HERE), 10);
    assert_int_equal(queue(scene.li, items, ENTRIES), ENTRIES - 10);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    assert_all_there(scene.li);
}

/* A field that was added to the file since. */
static void test_what_is_missing_is_added(void **state)
{
    struct cs_import_item *items = NULL;
    (void)state;
    assert_ok(look(scene.li, &items));
    assert_int_equal(queue(scene.li, items, ENTRIES), ENTRIES);
    vault_sync(&scene, scene.li);
    list.entries[1].notes = TEXT("rack 5");
    assert_ok(look(scene.li, &items));
    assert_int_equal(standing_count(items, CS_IMPORT_IN_PART), 1);
    assert_int_equal(queue(scene.li, items, ENTRIES), 1);
    assert_int_equal(waiting_count(scene.li), 2);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), ENTRIES + ENTRIES / 2 + 2);
}

/* Whatever an entry fails with, nothing of it is queued, and the others go on. */
static void test_an_entry_is_whole_or_not_at_all(void **state)
{
    static char large[CS_VAULT_SECRET_MAX];
    struct cs_import_item *items = NULL;
    (void)state;
    memset(large, 'x', sizeof large);
    add("too large", "short", cs_bytes_make(large, sizeof large));
    assert_ok(look(scene.li, &items));
    assert_int_equal(standing_count(items, CS_IMPORT_REFUSED), 1);
    /* Even if the plan had not seen it. */
    items[ENTRIES].refusal = NULL;
    assert_int_equal(queue(scene.li, items + ENTRIES - 1, 2), 1);
    assert_non_null(items[ENTRIES].refusal);
    assert_int_equal(waiting_count(scene.li), 3);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 2);
}

static void test_memory_that_fails_queues_nothing(void **state)
{
    struct cs_import_item *items = NULL;
    (void)state;
    assert_ok(look(scene.li, &items));
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n += 1 + n / 6) {
        struct cs_vault_book *book = open_book(scene.li);
        size_t queued = 0;
        cs_memory_fail_after(n);
        status = cs_import_queue(book, &scene.vault, items, 2, &queued, &scene.universe.problem);
        cs_memory_fail_after(-1);
        cs_vault_book_close(book);
        if (status != CS_OK) {
            assert_int_equal(waiting_count(scene.li), 0);
            assert_null(items[0].refusal);
            failures++;
        }
    }
    assert_true(failures > 10);
    assert_int_equal(waiting_count(scene.li), 8);
}

static void test_who_may_not_store_is_told_before(void **state)
{
    struct cs_import_item *items = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_says(&scene, look(scene.zhao, &items), CS_DENIED, "");
    assert_status(look(scene.chen, &items), CS_DENIED);
    withdraw(&scene, scene.li, scene.zhao);
    assert_says(&scene, look(scene.li, &items), CS_OUTDATED, "new key");
    assert_null(items);
}

static void test_four_eyes(void **state)
{
    struct cs_import_item *items = NULL;
    struct cs_secret *secret = NULL;
    (void)state;
    assert_ok(look(scene.li, &items));
    assert_int_equal(queue(scene.li, items, ENTRIES), ENTRIES);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    struct cs_arena records;
    struct cs_vault_record version;
    const struct cs_kept_filter filter = {.vault = scene.vault,
                                          .kind = CS_VAULT_VERSION,
                                          .item = &items[3].id,
                                          .field = TEXT("password")};
    cs_arena_init(&records, CS_MEBI);
    struct cs_vault_book *book = open_book(scene.li);
    assert_ok(cs_vault_book_newest(book, &filter, &records, &version));
    assert_true(version.approvers.size > 0);
    scene.version = version.version;
    cs_vault_book_close(book);
    cs_arena_release(&records);
    assert_status(try_disclose(&scene, scene.li, &secret), CS_LOCKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_file_is_stored, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_import_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_added, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_entry_is_whole_or_not_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_that_fails_queues_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_not_store_is_told_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes, setup_four_eyes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
