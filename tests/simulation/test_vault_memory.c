/*
 * What a device remembers of a vault (field-client/vault/memory.h): it is used where it was made of the same records, and whoever writes
 * into the replica's file gains nothing by it.
 */
#include "field-client/replica/vault_memory.h"
#include "field-client/vault/catalog.h"
#include "field-client/vault/memory.h"
#include "shared/storage/database.h"
#include "tests/simulation/vault_records_by_hand.h"

#include <stdio.h>

#define ITEMS 70 /* enough for the listing to be remembered */

static struct cs_id items[ITEMS];

static int setup_many(void **state)
{
    (void)setup(state);
    for (size_t i = 0; i < ITEMS; i++) {
        char name[32];
        items[i] = cs_replica_draw_id(scene.li->replica);
        (void)snprintf(name, sizeof name, "item %zu", i);
        vault_name_item(&scene, scene.li, &items[i], name);
    }
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
    return 0;
}

/* ---- looking ---- */

struct looking {
    size_t count;
    size_t named; /* called `name` */
    const char *name;
};

static enum cs_status look_at(void *context, const struct cs_vault_listed *listed)
{
    struct looking *looking = context;
    looking->count++;
    looking->named += cs_bytes_equal_text(listed->listing.name, looking->name) ? 1 : 0;
    assert_true(cs_id_equal(&listed->vault, &scene.vault));
    assert_memory_equal(listed->author, certificate_of(scene.li), CS_HASH_SIZE);
    return CS_OK;
}

static enum cs_status try_list_all(struct laptop *laptop, struct looking *looking)
{
    struct cs_vault_book *book = open_book(laptop);
    looking->count = 0;
    looking->named = 0;
    enum cs_status status =
        cs_vault_catalog_items(book, &scene.vault, look_at, looking, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static void assert_listed(struct laptop *laptop, const char *name, size_t times)
{
    struct looking looking = {.name = name};
    assert_ok(try_list_all(laptop, &looking));
    assert_int_equal(looking.count, ITEMS + 1); /* and the scene's */
    assert_int_equal(looking.named, times);
}

static enum cs_status open_log(struct laptop *laptop)
{
    struct cs_vault_log *log = NULL;
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static struct cs_buffer memory_of(struct laptop *laptop, enum cs_vault_memory kind)
{
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_MEBI);
    assert_ok(cs_kept_memory_get(laptop->replica, &scene.vault, (int64_t)kind, &sealed));
    return sealed;
}

static bool remembers(struct laptop *laptop, enum cs_vault_memory kind)
{
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_MEBI);
    enum cs_status status =
        cs_kept_memory_get(laptop->replica, &scene.vault, (int64_t)kind, &sealed);
    cs_buffer_release(&sealed);
    return status == CS_OK;
}

/* ---- it is right ---- */

static void test_it_says_what_the_records_say(void **state)
{
    (void)state;
    assert_false(remembers(scene.zhao, CS_VAULT_MEMORY_LISTING));
    assert_listed(scene.zhao, "item 7", 1);
    assert_true(remembers(scene.zhao, CS_VAULT_MEMORY_LISTING));
    assert_true(remembers(scene.zhao, CS_VAULT_MEMORY_LOG));
    laptop_restart(scene.zhao);
    assert_listed(scene.zhao, "item 7", 1);
    /* Another name, and it is gone from where it was remembered. */
    vault_name_item(&scene, scene.li, &items[7], "renamed");
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
    assert_listed(scene.zhao, "item 7", 0);
    assert_listed(scene.zhao, "renamed", 1);
    assert_listed(scene.li, "renamed", 1);
}

static void test_the_log_goes_on_from_what_was_verified(void **state)
{
    (void)state;
    assert_ok(open_log(scene.zhao));
    grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, NULL);
    vault_sync(&scene, scene.zhao);
    assert_ok(open_log(scene.zhao));
    laptop_restart(scene.zhao);
    struct cs_vault_log *log = NULL;
    struct cs_vault_book *book = open_book(scene.zhao);
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem));
    assert_non_null(
        cs_vault_log_grant(log, certificate_of(scene.chen), cs_vault_log_position(log)));
    cs_vault_book_close(book);
}

/* ---- rights are judged each time ---- */

static void test_who_is_out_lists_nothing_that_is_remembered(void **state)
{
    struct looking looking = {.name = ""};
    (void)state;
    assert_listed(scene.zhao, "item 7", 1);
    withdraw(&scene, scene.li, scene.zhao);
    vault_sync(&scene, scene.zhao);
    assert_false(remembers(scene.zhao, CS_VAULT_MEMORY_LISTING));
    assert_status(try_list_all(scene.zhao, &looking), CS_DENIED);
    assert_int_equal(looking.count, 0);
}

static void test_who_has_expired_lists_nothing_that_is_remembered(void **state)
{
    struct looking looking = {.name = ""};
    (void)state;
    assert_ok(try_grant(&scene, scene.li, scene.zhao, ZHAO_RIGHTS,
                        scene.universe.fake.wall_ms + 3600 * 1000, NULL));
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
    assert_listed(scene.zhao, "item 7", 1);
    universe_advance(&scene.universe, 2 * 3600 * 1000);
    assert_status(try_list_all(scene.zhao, &looking), CS_EXPIRED);
    assert_int_equal(looking.count, 0);
}

/* ---- attacks on the file ---- */

static void test_a_changed_memory_is_not_used(void **state)
{
    static const enum cs_vault_memory kinds[] = {CS_VAULT_MEMORY_LOG, CS_VAULT_MEMORY_LISTING};
    (void)state;
    assert_listed(scene.zhao, "item 7", 1);
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        struct cs_buffer sealed = memory_of(scene.zhao, kinds[i]);
        sealed.data[sealed.size - 20] ^= 1;
        assert_ok(cs_kept_memory_put(scene.zhao->replica, &scene.vault, (int64_t)kinds[i],
                                     cs_buffer_bytes(&sealed)));
        cs_buffer_release(&sealed);
        assert_listed(scene.zhao, "item 7", 1);
    }
}

/* One device's memory says nothing to another, nor one kind's for the other. */
static void test_a_moved_memory_is_not_used(void **state)
{
    struct cs_buffer content;
    (void)state;
    vault_sync(&scene, scene.han);
    assert_listed(scene.han, "item 7", 1);
    struct cs_buffer sealed = memory_of(scene.han, CS_VAULT_MEMORY_LOG);
    assert_ok(cs_kept_memory_put(scene.zhao->replica, &scene.vault, CS_VAULT_MEMORY_LOG,
                                 cs_buffer_bytes(&sealed)));
    assert_ok(cs_kept_memory_put(scene.han->replica, &scene.vault, CS_VAULT_MEMORY_LISTING,
                                 cs_buffer_bytes(&sealed)));
    cs_buffer_init(&content, CS_MEBI);
    assert_ok(cs_vault_recall(scene.han->replica, &scene.vault, CS_VAULT_MEMORY_LOG,
                              cs_bytes_of_text("1"), &content));
    cs_buffer_clear(&content);
    assert_status(cs_vault_recall(scene.zhao->replica, &scene.vault, CS_VAULT_MEMORY_LOG,
                                  cs_bytes_of_text("1"), &content),
                  CS_NOT_FOUND);
    assert_status(cs_vault_recall(scene.han->replica, &scene.vault, CS_VAULT_MEMORY_LOG,
                                  cs_bytes_of_text("2"), &content),
                  CS_NOT_FOUND);
    assert_int_equal(content.size, 0);
    assert_listed(scene.han, "item 7", 1);
    assert_listed(scene.zhao, "item 7", 1);
    cs_buffer_release(&content);
    cs_buffer_release(&sealed);
}

/* A record of the log is changed on disk after it was verified: it is verified anew, and found. */
static void test_a_changed_log_is_found_in_spite_of_the_memory(void **state)
{
    struct cs_kept_record kept;
    (void)state;
    assert_ok(open_log(scene.zhao));
    assert_true(remembers(scene.zhao, CS_VAULT_MEMORY_LOG));
    assert_ok(cs_kept_record_of_log(scene.zhao->replica, &scene.vault, 2, &arena, &kept));
    uint8_t *bytes = cs_arena_take(&arena, kept.record.size);
    assert_non_null(bytes);
    memcpy(bytes, kept.record.data, kept.record.size);
    bytes[0] ^= 1; /* of the signature alone: everything that follows from it stays */
    kept.record.data = bytes;
    assert_ok(cs_kept_record_put(scene.zhao->replica, &kept));
    assert_status(open_log(scene.zhao), CS_FORGED);
}

/* Nor does another moment go through, by which rights are judged. */
static void test_a_changed_moment_is_verified_anew(void **state)
{
    struct cs_kept_record kept;
    (void)state;
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS,
                        scene.universe.fake.wall_ms + 3600 * 1000, NULL));
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
    assert_ok(open_log(scene.zhao));
    struct cs_vault_record last = newest(scene.zhao, CS_VAULT_GRANT, NULL);
    assert_ok(cs_kept_record_get(scene.zhao->replica, last.id, &arena, &kept));
    kept.moment.logged_ms += 2 * 3600 * 1000; /* the grant had expired by then */
    assert_ok(cs_kept_record_put(scene.zhao->replica, &kept));
    assert_status(open_log(scene.zhao), CS_EXPIRED);
}

/* In a transaction, whose failure it would be, nothing is remembered. */
static void test_nothing_is_remembered_in_a_transaction(void **state)
{
    (void)state;
    struct cs_database *database = cs_replica_database(scene.chen->replica);
    assert_ok(cs_database_begin(database));
    cs_vault_remember(scene.chen->replica, &scene.vault, CS_VAULT_MEMORY_LOG, CS_BYTES_NONE,
                      cs_bytes_of_text("x"));
    assert_ok(cs_database_commit(database));
    assert_false(remembers(scene.chen, CS_VAULT_MEMORY_LOG));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_many, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_it_says_what_the_records_say),
        CASE(test_the_log_goes_on_from_what_was_verified),
        CASE(test_who_is_out_lists_nothing_that_is_remembered),
        CASE(test_who_has_expired_lists_nothing_that_is_remembered),
        CASE(test_a_changed_memory_is_not_used),
        CASE(test_a_moved_memory_is_not_used),
        CASE(test_a_changed_log_is_found_in_spite_of_the_memory),
        CASE(test_a_changed_moment_is_verified_anew),
        CASE(test_nothing_is_remembered_in_a_transaction),
    };
    return cmocka_run_group_tests_name("what is remembered of a vault", tests, NULL, NULL);
}
