/* The horizon's file, and what of it the server tells. */
#include "shared/base/limits.h"
#include "shared/crypto/secret.h"
#include "sync-server/handlers/horizon_answer.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define PATH "/server/backup-horizon"

static struct fake_world fake;
static struct cs_horizon_answer answer;
static const uint8_t incarnation[16] = {1, 2, 3};

static int setup(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    fake_world_init(&fake, 3);
    memset(&answer, 0, sizeof answer);
    cs_horizon_answer_init(&answer, &fake.world, NULL);
    (void)snprintf(answer.path, sizeof answer.path, "%s", PATH);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_horizon_answer_release(&answer);
    fake_world_release(&fake);
    return 0;
}

static void write_horizon(uint64_t sequence)
{
    struct cs_horizon_entry entries[] = {{500, sequence}, {7, 3}, {UINT64_MAX, 9}};
    struct cs_horizon horizon = {.backup = 4,
                                 .repository = {9},
                                 .manifest = {8},
                                 .made_ms = 5,
                                 .verified_ms = 6,
                                 .entries = entries,
                                 .count = 3};
    memcpy(horizon.incarnation, incarnation, sizeof incarnation);
    assert_ok(cs_horizon_write(&fake.world, PATH, &horizon));
}

static uint64_t tell(uint64_t log)
{
    return cs_horizon_answer(&answer, incarnation, log);
}

static void test_file_comes_back(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_horizon back;
    cs_arena_init(&arena, CS_MEBI);
    assert_status(cs_horizon_read(&fake.world, PATH, &arena, &back), CS_NOT_FOUND);
    write_horizon(11);
    assert_ok(cs_horizon_read(&fake.world, PATH, &arena, &back));
    assert_int_equal(back.backup, 4);
    assert_int_equal(back.repository[0], 9);
    assert_int_equal(back.manifest[0], 8);
    assert_int_equal(back.made_ms, 5);
    assert_int_equal(back.verified_ms, 6);
    assert_memory_equal(back.incarnation, incarnation, sizeof incarnation);
    assert_int_equal(back.count, 3);
    assert_int_equal(back.entries[0].log, 7);
    assert_int_equal(cs_horizon_sequence(&back, 500), 11);
    assert_int_equal(cs_horizon_sequence(&back, UINT64_MAX), 9);
    assert_int_equal(cs_horizon_sequence(&back, 8), 0);
    cs_arena_release(&arena);
}

static void test_any_damage_says_nothing(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_horizon back;
    struct cs_buffer file;
    write_horizon(11);
    cs_arena_init(&arena, 16 * CS_MEBI);
    cs_buffer_init(&file, CS_MEBI);
    assert_ok(fake.world.file_read(fake.world.context, PATH, &file));
    for (size_t i = 0; i < file.size; i++) {
        file.data[i] ^= 0x10;
        assert_ok(fake.world.file_replace(fake.world.context, PATH, cs_buffer_bytes(&file)));
        assert_status(cs_horizon_read(&fake.world, PATH, &arena, &back), CS_CORRUPT);
        file.data[i] ^= 0x10;
        assert_ok(fake.world.file_replace(fake.world.context, PATH, cs_bytes_make(file.data, i)));
        assert_status(cs_horizon_read(&fake.world, PATH, &arena, &back), CS_CORRUPT);
    }
    assert_int_equal(tell(500), 0);
    cs_buffer_release(&file);
    cs_arena_release(&arena);
}

static void test_entries(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_horizon_entry *entries = NULL;
    size_t count = 0;
    struct cs_buffer bytes;
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&bytes, CS_MEBI);
    /* Twice the same log; more than there is. */
    cs_buffer_append_u32(&bytes, 2);
    for (int i = 0; i < 4; i++) {
        cs_buffer_append_u64(&bytes, 5);
    }
    assert_status(cs_horizon_entries_decode(cs_buffer_bytes(&bytes), &arena, &entries, &count),
                  CS_MALFORMED);
    cs_buffer_clear(&bytes);
    cs_buffer_append_u32(&bytes, UINT32_MAX);
    assert_status(cs_horizon_entries_decode(cs_buffer_bytes(&bytes), &arena, &entries, &count),
                  CS_MALFORMED);
    cs_buffer_clear(&bytes);
    cs_buffer_append_u32(&bytes, 0);
    assert_ok(cs_horizon_entries_decode(cs_buffer_bytes(&bytes), &arena, &entries, &count));
    assert_int_equal(count, 0);
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void test_read_again_after_a_while(void **state)
{
    (void)state;
    assert_int_equal(tell(500), 0);
    write_horizon(11);
    assert_int_equal(tell(500), 0);
    fake_world_advance(&fake, CS_HORIZON_AGE_MS_MAX);
    assert_int_equal(tell(500), 11);
    assert_int_equal(tell(7), 3);
    assert_int_equal(tell(501), 0);
    write_horizon(12);
    assert_int_equal(tell(500), 11);
    fake_world_advance(&fake, CS_HORIZON_AGE_MS_MAX);
    assert_int_equal(tell(500), 12);
}

static void test_another_incarnation(void **state)
{
    (void)state;
    static const uint8_t other[16] = {1, 2, 4};
    write_horizon(11);
    assert_int_equal(cs_horizon_answer(&answer, other, 500), 0);
    assert_int_equal(tell(500), 11);
}

static void test_failures_say_nothing(void **state)
{
    (void)state;
    write_horizon(11);
    for (long n = 0; n < 4; n++) {
        cs_memory_fail_after(n);
        uint64_t sequence = tell(500);
        cs_memory_fail_after(-1);
        assert_true(sequence == 0 || sequence == 11);
        fake_world_advance(&fake, CS_HORIZON_AGE_MS_MAX);
    }
    fake.fail_file = CS_IO;
    assert_int_equal(tell(500), 0);
    fake_world_advance(&fake, CS_HORIZON_AGE_MS_MAX);
    assert_int_equal(tell(500), 11);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file_comes_back),
        TEST(test_any_damage_says_nothing),
        TEST(test_entries),
        TEST(test_read_again_after_a_while),
        TEST(test_another_incarnation),
        TEST(test_failures_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
