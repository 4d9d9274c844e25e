/* Requests that wait for somebody else longer than a program lives: kept, listed, approved, opened once; and what is left on disk then. */
#include "tests/simulation/opened_replica.h"
#include "tests/simulation/vault_scene.h"

#include "field-client/replica/vault_keys.h"
#include "field-client/vault/waiting.h"
#include "field-client/vault/waiting_key.h"

#include <dirent.h>
#include <stdio.h>

static struct vault_scene scene;
static struct cs_arena arena;

static int teardown(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    vault_scene_close(&scene);
    return 0;
}

static int open_scene(bool four_eyes)
{
    cs_arena_init(&arena, 64 * CS_MEBI);
    vault_scene_open(&scene, 171, four_eyes);
    vault_sync(&scene, scene.zhao);
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

/* The only thing that waits for this laptop, or NULL. */
static struct cs_vault_waiting *only_waiting(struct laptop *laptop)
{
    struct cs_vault_waiting *list = NULL;
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_waiting_list(book, &arena, &list, &count));
    cs_vault_book_close(book);
    assert_true(count <= 1);
    return count == 0 ? NULL : list;
}

static void assert_waits(struct laptop *laptop, enum cs_vault_waiting_state expected)
{
    struct cs_vault_waiting *waiting = only_waiting(laptop);
    cs_require(waiting != NULL);
    assert_int_equal(waiting->state, expected);
}

static enum cs_status approve(struct laptop *laptop, const uint8_t *request)
{
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_act_approve(book, request, NULL, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static enum cs_status resume_and_open(struct laptop *laptop, const uint8_t *request,
                                      struct cs_secret **out)
{
    struct cs_vault_disclosure *disclosure = NULL;
    *out = NULL;
    enum cs_status status =
        cs_vault_disclosure_resume(laptop->replica, request, &disclosure, &scene.universe.problem);
    if (status == CS_OK) {
        status = cs_vault_disclosure_open(disclosure, &scene.version, out, &scene.universe.problem);
    }
    if (status == CS_OK) {
        status = cs_vault_disclosure_spend(disclosure);
    }
    cs_vault_disclosure_end(disclosure);
    return status;
}

/* Asks, and ends like a program that does not wait. */
static void ask(struct laptop *laptop, uint8_t out_request[static CS_HASH_SIZE])
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    assert_ok(begin_disclosure(&scene, laptop, "现场检修", true, &disclosure));
    assert_true(cs_vault_disclosure_waits(disclosure));
    assert_waits(laptop, CS_VAULT_WAITS_TO_BE_SENT);
    assert_says(
        &scene,
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_LOCKED, "approval");
    memcpy(out_request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    cs_vault_disclosure_end(disclosure);
    laptop_restart(laptop);
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

static void test_a_request_outlives_the_program(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    struct cs_sealed_key kept;
    (void)state;
    ask(scene.zhao, request);
    assert_waits(scene.zhao, CS_VAULT_WAITS_FOR_OTHERS);
    assert_status(resume_and_open(scene.zhao, request, &secret), CS_LOCKED);
    assert_ok(cs_sealed_key_get(scene.zhao->replica, request, &arena, &kept));
    assert_true(is_in_a_file(scene.zhao, kept.sealed));
    vault_sync(&scene, scene.han);
    assert_waits(scene.han, CS_VAULT_WAITS_FOR_ME);
    assert_memory_equal(only_waiting(scene.han)->record.id, request, CS_HASH_SIZE);
    assert_ok(approve(scene.han, request));
    vault_sync(&scene, scene.han);
    assert_null(only_waiting(scene.han));
    vault_sync(&scene, scene.zhao);
    assert_waits(scene.zhao, CS_VAULT_WAITS_TO_BE_OPENED);
    laptop_restart(scene.zhao);
    assert_ok(resume_and_open(scene.zhao, request, &secret));
    assert_canary(secret);
    assert_null(only_waiting(scene.zhao));
    /* Once, and never again: neither by this program nor from what is left on the disk. */
    assert_status(resume_and_open(scene.zhao, request, &secret), CS_NOT_FOUND);
    assert_null(secret);
    assert_false(is_in_a_file(scene.zhao, kept.sealed));
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
}

/* LI let ZHAO in: it is not for him to approve, so it is not on his list. Neither is what was asked for by who is shut out since. */
static void test_only_who_may_approve_is_asked(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    (void)state;
    ask(scene.zhao, request);
    vault_sync(&scene, scene.li);
    assert_int_equal(kept_count(&scene, scene.li, CS_VAULT_REQUEST), 1);
    assert_null(only_waiting(scene.li));
    withdraw(&scene, scene.li, scene.zhao);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_REQUEST), 1);
    assert_null(only_waiting(scene.han));
    assert_ok(approve(scene.han, request));
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_DENIED, "");
}

static void test_what_was_refused_is_told(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    (void)state;
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", false, &disclosure));
    assert_says(
        &scene,
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_INVALID, "work order");
    assert_waits(scene.zhao, CS_VAULT_WAITS_REFUSED);
    assert_status(only_waiting(scene.zhao)->refusal, CS_INVALID);
    /* Given up: the key goes, and with it the line. */
    assert_ok(cs_vault_disclosure_spend(disclosure));
    assert_ok(cs_vault_disclosure_spend(disclosure));
    assert_null(only_waiting(scene.zhao));
    cs_vault_disclosure_end(disclosure);
}

static void test_a_kept_key_opens_for_its_device_alone(void **state)
{
    uint8_t request[CS_HASH_SIZE];
    struct cs_id vault;
    struct cs_seal_key *key = NULL;
    struct cs_sealed_key kept;
    (void)state;
    ask(scene.zhao, request);
    assert_ok(cs_sealed_key_get(scene.zhao->replica, request, &arena, &kept));
    assert_ok(cs_sealed_key_put(scene.chen->replica, &kept));
    assert_status(cs_sealed_key_put(scene.chen->replica, &kept), CS_EXISTS);
    assert_says(&scene,
                cs_vault_waiting_key_load(scene.chen->replica, request, &vault, &key,
                                          &scene.universe.problem),
                CS_FORGED, "another identity");
    assert_null(key);
    /* For another request neither. */
    kept.record[0] ^= 1;
    assert_ok(cs_sealed_key_put(scene.zhao->replica, &kept));
    assert_status(cs_vault_waiting_key_load(scene.zhao->replica, kept.record, &vault, &key,
                                            &scene.universe.problem),
                  CS_FORGED);
    kept.record[1] ^= 1;
    kept.sealed.size--;
    assert_ok(cs_sealed_key_put(scene.zhao->replica, &kept));
    assert_status(cs_vault_waiting_key_load(scene.zhao->replica, kept.record, &vault, &key,
                                            &scene.universe.problem),
                  CS_FORGED);
    assert_ok(cs_sealed_key_destroy(scene.zhao->replica, kept.record));
    assert_status(cs_sealed_key_destroy(scene.zhao->replica, kept.record), CS_NOT_FOUND);
}

/* Where nobody has to agree the key is in memory only, as ever. */
static void test_without_four_eyes_no_key_is_kept(void **state)
{
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_sealed_key *keys = NULL;
    size_t count = 1;
    (void)state;
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    assert_false(cs_vault_disclosure_waits(disclosure));
    assert_ok(cs_sealed_keys(scene.zhao->replica, CS_VAULT_REQUEST, &arena, &keys, &count));
    assert_int_equal(count, 0);
    assert_ok(cs_vault_disclosure_spend(disclosure));
    cs_vault_disclosure_end(disclosure);
}

static void test_what_is_typed(void **state)
{
    static struct cs_vault_waiting list[3];
    const struct cs_vault_waiting *found = NULL;
    struct cs_problem *problem = &scene.universe.problem;
    (void)state;
    memset(list[0].record.id, 0xab, CS_HASH_SIZE);
    memset(list[1].record.id, 0xab, CS_HASH_SIZE);
    memset(list[2].record.id, 0x12, CS_HASH_SIZE);
    list[1].record.id[2] = 0xcd;
    assert_ok(cs_vault_waiting_find(list, 3, cs_bytes_of_text("1212"), &found, problem));
    assert_ptr_equal(found, &list[2]);
    assert_ok(cs_vault_waiting_find(list, 3, cs_bytes_of_text("ABABC"), &found, problem));
    assert_ptr_equal(found, &list[1]);
    assert_says(&scene, cs_vault_waiting_find(list, 3, cs_bytes_of_text("abab"), &found, problem),
                CS_NOT_FOUND, "more of it");
    static const char *const none[] = {"121", "", "1213", "12 12"};
    for (size_t i = 0; i < CS_COUNT(none); i++) {
        assert_says(&scene,
                    cs_vault_waiting_find(list, 3, cs_bytes_of_text(none[i]), &found, problem),
                    CS_NOT_FOUND, "no such request");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_request_outlives_the_program, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_only_who_may_approve_is_asked, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_was_refused_is_told, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_a_kept_key_opens_for_its_device_alone, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_without_four_eyes_no_key_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_typed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
