/* How a request that waits ends without being opened: after its time, or given up by who asked. What is approved then is refused. */
#include "tests/simulation/opened_replica.h"
#include "tests/simulation/vault_lease_scene.h"

#include "field-client/replica/vault_keys.h"
#include "field-client/vault/lease_internal.h"
#include "field-client/vault/waiting_end.h"

#include <dirent.h>
#include <stdio.h>

#define PERIOD_MS (CS_VAULT_WAITING_DAYS_MAX * DAY_MS)

static struct vault_scene scene;
static struct cs_arena arena;

static int setup(void **state)
{
    (void)state;
    cs_arena_init(&arena, 64 * CS_MEBI);
    vault_scene_open(&scene, 811, true);
    vault_sync(&scene, scene.zhao);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    vault_scene_close(&scene);
    return 0;
}

/* ---- what people do ---- */

static size_t list_waiting(struct laptop *laptop, struct cs_vault_waiting **out)
{
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_waiting_list(book, &arena, out, &count));
    cs_vault_book_close(book);
    return count;
}

static size_t waiting_count(struct laptop *laptop)
{
    struct cs_vault_waiting *list = NULL;
    return list_waiting(laptop, &list);
}

static struct cs_vault_waiting *only_waiting(struct laptop *laptop)
{
    struct cs_vault_waiting *list = NULL;
    assert_int_equal(list_waiting(laptop, &list), 1);
    return list;
}

static void ask(struct laptop *laptop, enum cs_vault_kind kind, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_vault_disclosure *disclosure = NULL;
    const struct cs_vault_ask wish = {
        .kind = kind,
        .versions = cs_id_bytes(&scene.version),
        .reason = cs_bytes_of_text("现场检修"),
        .work_order = kind == CS_VAULT_EXPORT ? CS_BYTES_NONE : cs_id_bytes(&scene.work_order)};
    assert_ok(cs_vault_disclosure_begin(laptop->replica, &scene.vault, &wish, &disclosure,
                                        &scene.universe.problem));
    memcpy(out, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    cs_vault_disclosure_end(disclosure);
}

static void ask_and_send(struct laptop *laptop, enum cs_vault_kind kind,
                         uint8_t out[static CS_HASH_SIZE])
{
    ask(laptop, kind, out);
    vault_sync(&scene, laptop);
    assert_int_equal(scene.last.refused, 0);
}

static enum cs_status approve(struct laptop *laptop, const uint8_t *request)
{
    struct cs_vault_book *book = open_book(laptop);
    scene.universe.problem.text[0] = '\0';
    enum cs_status status = cs_vault_act_approve(book, request, NULL, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

/* His device sees nothing wrong; the server does. */
static void approve_in_vain(struct laptop *laptop, const uint8_t *request, const char *text)
{
    assert_ok(approve(laptop, request));
    vault_sync(&scene, laptop);
    assert_refused(&scene, laptop, CS_EXPIRED, text);
    assert_int_equal(stored_count(&scene, CS_VAULT_APPROVAL), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
}

static enum cs_status give_up(struct laptop *laptop, const struct cs_vault_waiting *waiting)
{
    struct cs_vault_book *book = open_book(laptop);
    scene.universe.problem.text[0] = '\0';
    enum cs_status status = cs_vault_waiting_give_up(book, waiting, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static enum cs_status open_request(struct laptop *laptop, const uint8_t *request,
                                   struct cs_secret **out)
{
    struct cs_vault_disclosure *disclosure = NULL;
    *out = NULL;
    enum cs_status status =
        cs_vault_disclosure_resume(laptop->replica, request, &disclosure, &scene.universe.problem);
    if (status == CS_OK) {
        status = cs_vault_disclosure_open(disclosure, &scene.version, out, &scene.universe.problem);
    }
    cs_vault_disclosure_end(disclosure);
    return status;
}

/* ---- what is left on disk ---- */

static struct cs_bytes key_of(struct laptop *laptop, const uint8_t *request)
{
    struct cs_sealed_key kept;
    assert_ok(cs_sealed_key_get(laptop->replica, request, &arena, &kept));
    return kept.sealed;
}

static bool is_in_a_file(const struct laptop *laptop, struct cs_bytes needle)
{
    bool found = false;
    DIR *directory = opendir(laptop->home);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char path[512];
        static uint8_t content[16 * 1024 * 1024];
        (void)snprintf(path, sizeof path, "%s/%s", laptop->home, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (file == NULL) {
            continue;
        }
        size_t size = fread(content, 1, sizeof content, file);
        assert_true(size < sizeof content);
        (void)fclose(file);
        found = found || memmem(content, size, needle.data, needle.size) != NULL;
    }
    (void)closedir(directory);
    return found || opened_replica_has(laptop, needle);
}

/* ---- in time ---- */

static void test_nothing_is_approved_after_its_time(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    ask_and_send(scene.zhao, CS_VAULT_REQUEST, request);
    struct cs_bytes key = key_of(scene.zhao, request);
    vault_sync(&scene, scene.han);
    int64_t ends_ms = only_waiting(scene.han)->ends_ms;
    assert_int_equal(only_waiting(scene.zhao)->ends_ms, ends_ms);
    universe_advance(&scene.universe, ends_ms - scene.han->fake.wall_ms - 1);
    assert_int_equal(waiting_count(scene.han), 1);
    assert_int_equal(settle(scene.zhao).requests, 0);
    assert_true(is_in_a_file(scene.zhao, key));
    universe_advance(&scene.universe, 1);
    assert_int_equal(waiting_count(scene.han), 0);
    assert_says(&scene, approve(scene.han, request), CS_EXPIRED, "older than 7 days");
    /* A clock that is behind deceives only its own device. */
    scene.han->fake.wall_ms -= DAY_MS;
    approve_in_vain(scene.han, request, "older than 7 days");
    scene.han->fake.wall_ms += DAY_MS;
    assert_int_equal(settle(scene.zhao).requests, 1);
    assert_int_equal(settle(scene.zhao).requests, 0);
    assert_false(is_in_a_file(scene.zhao, key));
    assert_int_equal(waiting_count(scene.zhao), 0);
    assert_status(open_request(scene.zhao, request, &secret), CS_NOT_FOUND);
    assert_null(secret);
}

static void test_what_was_approved_in_time_is_opened_later(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    ask_and_send(scene.zhao, CS_VAULT_REQUEST, request);
    vault_sync(&scene, scene.han);
    universe_advance(&scene.universe, PERIOD_MS - 60 * 1000);
    assert_ok(approve(scene.han, request));
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    vault_sync(&scene, scene.zhao);
    universe_advance(&scene.universe, PERIOD_MS);
    assert_int_equal(settle(scene.zhao).requests, 0);
    assert_int_equal(only_waiting(scene.zhao)->ends_ms, 0);
    assert_ok(open_request(scene.zhao, request, &secret));
    assert_canary(secret);
}

/* What was not sent has no time yet. */
static void test_time_begins_when_it_is_logged(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, CS_VAULT_REQUEST, request);
    universe_advance(&scene.universe, 2 * PERIOD_MS);
    assert_int_equal(settle(scene.zhao).requests, 0);
    assert_int_equal(only_waiting(scene.zhao)->ends_ms, 0);
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    assert_ok(approve(scene.han, request));
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
}

static void test_a_lease_is_approved_as_long(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    (void)state;
    assert_ok(try_lease_until(&scene, scene.zhao, scene.zhao->fake.wall_ms + 20 * DAY_MS, id));
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 0);
    vault_sync(&scene, scene.han);
    assert_int_equal(waiting_count(scene.han), 1);
    universe_advance(&scene.universe, PERIOD_MS);
    assert_int_equal(waiting_count(scene.han), 0);
    assert_says(&scene, approve(scene.han, id), CS_EXPIRED, "older than 7 days");
    scene.han->fake.wall_ms -= DAY_MS;
    approve_in_vain(scene.han, id, "older than 7 days");
}

/* ---- given up ---- */

static void test_what_was_given_up_is_not_approved(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    ask_and_send(scene.zhao, CS_VAULT_REQUEST, request);
    struct cs_bytes key = key_of(scene.zhao, request);
    vault_sync(&scene, scene.han);
    struct cs_vault_waiting *waiting = only_waiting(scene.zhao);
    assert_ok(give_up(scene.zhao, waiting));
    assert_false(is_in_a_file(scene.zhao, key));
    assert_int_equal(waiting_count(scene.zhao), 0);
    assert_status(give_up(scene.zhao, waiting), CS_NOT_FOUND);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.sent, 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
    approve_in_vain(scene.han, request, "given up by who asked");
    vault_sync(&scene, scene.han);
    assert_int_equal(waiting_count(scene.han), 0);
    assert_says(&scene, approve(scene.han, request), CS_EXPIRED, "given up by who asked");
    assert_status(open_request(scene.zhao, request, &secret), CS_NOT_FOUND);
    /* He can ask again. */
    ask_and_send(scene.zhao, CS_VAULT_REQUEST, request);
    vault_sync(&scene, scene.han);
    assert_ok(approve(scene.han, request));
    vault_sync(&scene, scene.han);
    assert_ok(open_request(scene.zhao, request, &secret));
    assert_canary(secret);
}

static void test_an_export_is_given_up_too(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask_and_send(scene.li, CS_VAULT_EXPORT, request);
    vault_sync(&scene, scene.han);
    assert_ok(give_up(scene.li, only_waiting(scene.li)));
    vault_sync(&scene, scene.li);
    approve_in_vain(scene.han, request, "given up by who asked");
}

/* It never leaves the laptop. */
static void test_given_up_before_it_was_sent(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, CS_VAULT_REQUEST, request);
    struct cs_bytes key = key_of(scene.zhao, request);
    assert_ok(give_up(scene.zhao, only_waiting(scene.zhao)));
    assert_false(is_in_a_file(scene.zhao, key));
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.sent, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 0);
}

/* Neither on his own device nor, signed all the same, at the server; and it changes nothing. */
static void test_nobody_gives_up_what_somebody_else_asked_for(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    ask_and_send(scene.zhao, CS_VAULT_REQUEST, request);
    vault_sync(&scene, scene.han);
    assert_says(&scene, give_up(scene.han, only_waiting(scene.han)), CS_DENIED, "only who asked");
    struct cs_vault_book *book = open_book(scene.li);
    assert_ok(cs_vault_queue_return(book, &scene.vault, request, "given up"));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.li);
    assert_refused(&scene, scene.li, CS_DENIED, "only the device that asked");
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 0);
    assert_ok(approve(scene.han, request));
    vault_sync(&scene, scene.han);
    assert_ok(open_request(scene.zhao, request, &secret));
    assert_canary(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_approved_after_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_approved_in_time_is_opened_later, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_time_begins_when_it_is_logged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lease_is_approved_as_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_given_up_is_not_approved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_export_is_given_up_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_given_up_before_it_was_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_gives_up_what_somebody_else_asked_for, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
