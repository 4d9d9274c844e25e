/* Secret memory. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/crypto/secret.h"
#include "tests/support/fake_world.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static void starting_twice_is_fine(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    assert_ok(cs_crypto_start());
}

static void a_secret_starts_as_zeroes(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    assert_ok(cs_secret_create(33, &secret));
    struct cs_bytes bytes = cs_secret_bytes(secret);
    assert_int_equal(bytes.size, 33);
    for (size_t i = 0; i < bytes.size; i++) {
        assert_int_equal(bytes.data[i], 0);
    }
    memset(cs_secret_data(secret), 1, 33);
    assert_int_equal(cs_secret_bytes(secret).data[32], 1);
    cs_secret_destroy(secret);
    cs_secret_destroy(NULL);
}

static void copies_are_apart_from_their_source(void **state)
{
    (void)state;
    char source[] = "correct horse";
    struct cs_secret *secret = NULL;
    assert_ok(cs_secret_create_copy(cs_bytes_of_text(source), &secret));
    source[0] = 'x';
    assert_true(cs_bytes_equal_text(cs_secret_bytes(secret), "correct horse"));
    cs_secret_destroy(secret);
    assert_ok(cs_secret_create_copy(CS_BYTES_NONE, &secret));
    assert_int_equal(cs_secret_bytes(secret).size, 0);
    cs_secret_destroy(secret);
}

static void random_secrets_come_from_the_world(void **state)
{
    (void)state;
    struct fake_world one;
    struct fake_world same;
    fake_world_init(&one, 7);
    fake_world_init(&same, 7);
    struct cs_secret *secrets[3] = {NULL};
    assert_ok(cs_secret_create_random(&one.world, 32, &secrets[0]));
    assert_ok(cs_secret_create_random(&one.world, 32, &secrets[1]));
    assert_ok(cs_secret_create_random(&same.world, 32, &secrets[2]));
    assert_true(cs_secret_equal(cs_secret_bytes(secrets[0]), cs_secret_bytes(secrets[2])));
    assert_false(cs_secret_equal(cs_secret_bytes(secrets[0]), cs_secret_bytes(secrets[1])));
    for (size_t i = 0; i < CS_COUNT(secrets); i++) {
        cs_secret_destroy(secrets[i]);
    }
    fake_world_release(&one);
    fake_world_release(&same);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    assert_ok(cs_secret_create((size_t)1 << 20, &secret));
    cs_secret_destroy(secret);
    assert_status(cs_secret_create(((size_t)1 << 20) + 1, &secret), CS_TOO_LARGE);
    assert_null(secret);
    assert_status(cs_secret_create_copy(cs_bytes_make("", SIZE_MAX), &secret), CS_TOO_LARGE);
    assert_null(secret);
}

static void comparing_needs_equal_sizes(void **state)
{
    (void)state;
    assert_true(cs_secret_equal(cs_bytes_of_text("abc"), cs_bytes_of_text("abc")));
    assert_true(cs_secret_equal(CS_BYTES_NONE, cs_bytes_of_text("")));
    assert_false(cs_secret_equal(cs_bytes_of_text("abc"), cs_bytes_of_text("abd")));
    assert_false(cs_secret_equal(cs_bytes_of_text("abc"), cs_bytes_of_text("ab")));
    assert_false(cs_secret_equal(cs_bytes_of_text("abc"), CS_BYTES_NONE));
}

static void without_memory_nothing_is_made(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    cs_memory_fail_after(0);
    enum cs_status status = cs_secret_create(32, &secret);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    assert_null(secret);
}

static void locked_says_whether_the_system_locks(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    assert_ok(cs_secret_create(32, &secret));
    static uint8_t page[8192];
    bool possible = mlock(page, 4096) == 0;
    assert_int_equal(cs_secret_is_locked(secret), possible);
    (void)munlock(page, 4096);
    cs_secret_destroy(secret);
}

/* Exit code: 0 = the secret works and says that it is not locked, 2 = this system locks all the
 * same. */
static void use_a_secret_that_cannot_be_locked(void)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0)) {
        _exit(2);
    }
    /* A sanitizer's mlock succeeds without doing anything. */
    static uint8_t page[8192];
    if (mlock(page, 4096) == 0) {
        _exit(2);
    }
    struct cs_secret *secret = NULL;
    if (cs_secret_create(32, &secret) != CS_OK) {
        _exit(1);
    }
    cs_secret_data(secret)[31] = 1;
    bool locked = cs_secret_is_locked(secret);
    cs_secret_destroy(secret);
    _exit(locked ? 1 : 0);
}

static void a_refused_lock_is_reported_and_survived(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        use_a_secret_that_cannot_be_locked();
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 2) {
        print_message("locking cannot be forbidden here: skipped\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(result), 0);
}

static void a_buffer_over_a_secret_stays_in_it(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    assert_int_equal(cs_secret_create(4, &secret), CS_OK);
    struct cs_buffer buffer = cs_secret_buffer(secret);
    cs_buffer_append_text(&buffer, "abc");
    assert_ptr_equal(buffer.data, cs_secret_bytes(secret).data);
    assert_memory_equal(cs_secret_bytes(secret).data, "abc", 4);
    cs_buffer_append_text(&buffer, "de");
    assert_int_equal(buffer.status, CS_LIMIT);
    assert_int_equal(buffer.size, 3);
    assert_ptr_equal(buffer.data, cs_secret_bytes(secret).data);
    cs_secret_destroy(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_twice_is_fine),
        cmocka_unit_test(a_secret_starts_as_zeroes),
        cmocka_unit_test(copies_are_apart_from_their_source),
        cmocka_unit_test(a_buffer_over_a_secret_stays_in_it),
        cmocka_unit_test(random_secrets_come_from_the_world),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(comparing_needs_equal_sizes),
        cmocka_unit_test(without_memory_nothing_is_made),
        cmocka_unit_test(locked_says_whether_the_system_locks),
        cmocka_unit_test(a_refused_lock_is_reported_and_survived),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
