/* Tests of caps and penalties per client address. */
#include "shared/base/memory.h"
#include "sync-server/listener/addresses.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static struct cs_addresses *make(size_t capacity)
{
    struct cs_addresses_limits limits = {.capacity = capacity,
                                         .connections_per_address_max = 3,
                                         .penalty_max = 20,
                                         .half_life_ms = 1000,
                                         .seed = 42};
    struct cs_addresses *addresses = NULL;
    assert_int_equal(cs_addresses_create(&limits, &addresses), CS_OK);
    return addresses;
}

static struct cs_address_key key(uint32_t number)
{
    struct cs_address_key out = {{0}};
    memcpy(out.bytes + 12, &number, sizeof number);
    return out;
}

static void connections_of_one_address_are_capped(void **state)
{
    (void)state;
    struct cs_addresses *addresses = make(8);
    struct cs_address_key a = key(1);
    struct cs_address_key b = key(2);
    struct cs_address *first = cs_addresses_enter(addresses, &a, 0);
    assert_non_null(first);
    assert_ptr_equal(cs_addresses_enter(addresses, &a, 0), first);
    assert_ptr_equal(cs_addresses_enter(addresses, &a, 0), first);
    assert_null(cs_addresses_enter(addresses, &a, 0));
    assert_non_null(cs_addresses_enter(addresses, &b, 0));
    cs_addresses_leave(addresses, first);
    assert_ptr_equal(cs_addresses_enter(addresses, &a, 0), first);
    cs_addresses_destroy(addresses);
}

static void points_refuse_and_decay(void **state)
{
    (void)state;
    struct cs_addresses *addresses = make(8);
    struct cs_address_key a = key(1);
    struct cs_address *address = cs_addresses_enter(addresses, &a, 0);
    cs_addresses_offend(addresses, address, 19, 0);
    assert_non_null(cs_addresses_enter(addresses, &a, 0));
    cs_addresses_offend(addresses, address, 11, 0);
    assert_null(cs_addresses_enter(addresses, &a, 0));
    assert_null(cs_addresses_enter(addresses, &a, 999));
    assert_non_null(cs_addresses_enter(addresses, &a, 1000)); /* 15 points */
    /* The rest of a half-life is not lost by asking in between. */
    cs_addresses_offend(addresses, address, 15, 1900); /* 30 */
    assert_null(cs_addresses_enter(addresses, &a, 1999));
    cs_addresses_leave(addresses, address);
    assert_non_null(cs_addresses_enter(addresses, &a, 2000));
    cs_addresses_destroy(addresses);
}

static void points_have_a_ceiling(void **state)
{
    (void)state;
    struct cs_addresses *addresses = make(8);
    struct cs_address_key a = key(1);
    struct cs_address *address = cs_addresses_enter(addresses, &a, 0);
    for (int i = 0; i < 1000; i++) {
        cs_addresses_offend(addresses, address, UINT32_MAX, 0);
    }
    assert_null(cs_addresses_enter(addresses, &a, 2999));
    assert_non_null(cs_addresses_enter(addresses, &a, 3000)); /* 80 points, three times halved */
    cs_addresses_leave(addresses, address);
    assert_non_null(cs_addresses_enter(addresses, &a, UINT64_MAX / 2));
    cs_addresses_destroy(addresses);
}

static void a_full_table_forgets_the_least_offender(void **state)
{
    (void)state;
    struct cs_addresses *addresses = make(3);
    struct cs_address_key keys[5];
    struct cs_address *entries[5] = {NULL};
    for (uint32_t i = 0; i < 3; i++) {
        keys[i] = key(i);
        entries[i] = cs_addresses_enter(addresses, &keys[i], 0);
        assert_non_null(entries[i]);
    }
    keys[3] = key(3);
    keys[4] = key(4);
    assert_null(cs_addresses_enter(addresses, &keys[3], 0)); /* all have connections */
    cs_addresses_offend(addresses, entries[0], 30, 0);
    cs_addresses_offend(addresses, entries[1], 5, 0);
    cs_addresses_leave(addresses, entries[0]);
    cs_addresses_leave(addresses, entries[1]);
    entries[3] = cs_addresses_enter(addresses, &keys[3], 0);
    assert_non_null(entries[3]);
    assert_null(cs_addresses_enter(addresses, &keys[0], 0)); /* still remembered */
    assert_ptr_equal(cs_addresses_enter(addresses, &keys[2], 0), entries[2]);
    assert_ptr_equal(cs_addresses_enter(addresses, &keys[3], 0), entries[3]);
    cs_addresses_destroy(addresses);
}

static void many_addresses_are_told_apart(void **state)
{
    (void)state;
    struct cs_addresses *addresses = make(100);
    for (uint32_t round = 0; round < 20; round++) {
        struct cs_address *entries[100];
        for (uint32_t i = 0; i < 100; i++) {
            struct cs_address_key k = key(round * 1000 + i);
            entries[i] = cs_addresses_enter(addresses, &k, round);
            assert_non_null(entries[i]);
            for (uint32_t j = 0; j < i; j++) {
                assert_ptr_not_equal(entries[i], entries[j]);
            }
        }
        for (uint32_t i = 0; i < 100; i++) {
            cs_addresses_leave(addresses, entries[i]);
        }
    }
    cs_addresses_destroy(addresses);
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct cs_addresses_limits limits = {.capacity = 4, .half_life_ms = 1};
    for (long failures = 0; failures < 3; failures++) {
        struct cs_addresses *addresses = NULL;
        cs_memory_fail_after(failures);
        assert_int_equal(cs_addresses_create(&limits, &addresses), CS_NO_MEMORY);
        cs_memory_fail_after(-1);
        assert_null(addresses);
    }
    cs_addresses_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_of_one_address_are_capped),
        cmocka_unit_test(points_refuse_and_decay),
        cmocka_unit_test(points_have_a_ceiling),
        cmocka_unit_test(a_full_table_forgets_the_least_offender),
        cmocka_unit_test(many_addresses_are_told_apart),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
