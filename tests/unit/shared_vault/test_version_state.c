/* In which state a version is, by any sequence of its records: against what was said last, and what was ever said. */
#include "shared/vault/version_state.h"

#include "tests/support/testing.h"

#include <string.h>

#define LENGTH_MAX 4

static void id_of(uint8_t out[static CS_HASH_SIZE], size_t number, uint8_t kind)
{
    memset(out, 0, CS_HASH_SIZE);
    out[0] = kind;
    out[1] = (uint8_t)number;
}

static bool said(const int *states, size_t count, int from, int to)
{
    for (size_t i = 0; i < count; i++) {
        if (states[i] >= from && states[i] <= to) {
            return true;
        }
    }
    return false;
}

static void check(const int *states, size_t count)
{
    struct cs_version_state state;
    uint8_t record[CS_HASH_SIZE];
    uint8_t author[CS_HASH_SIZE];
    id_of(record, 0, 'r');
    id_of(author, 0, 'a');
    cs_version_state_begin(&state, record, author);
    for (size_t i = 0; i < count; i++) {
        id_of(record, i + 1, 'r');
        id_of(author, i + 1, 'a');
        cs_version_state_take(&state, states[i], record, author);
    }
    int now = count == 0 ? CS_VAULT_PENDING : states[count - 1];
    assert_int_equal(state.now, now);
    assert_memory_equal(state.record, record, CS_HASH_SIZE);
    assert_memory_equal(state.author, author, CS_HASH_SIZE);
    assert_int_equal(state.tried, said(states, count, CS_VAULT_APPLIED, CS_VAULT_CONFIRMED));
    assert_int_equal(state.confirmed, said(states, count, CS_VAULT_CONFIRMED, CS_VAULT_CONFIRMED));
    assert_int_equal(cs_version_state_counts(&state), now != CS_VAULT_ARCHIVED || state.tried);
    struct cs_vault_record next = {.kind = CS_VAULT_STATE};
    memcpy(next.previous, record, CS_HASH_SIZE);
    assert_true(cs_version_state_goes_on(&state, &next));
    next.previous[0] = 'x';
    assert_false(cs_version_state_goes_on(&state, &next));
}

static void test_every_sequence(void **state)
{
    (void)state;
    int states[LENGTH_MAX];
    for (size_t count = 0; count <= LENGTH_MAX; count++) {
        size_t sequences = 1;
        for (size_t i = 0; i < count; i++) {
            sequences *= CS_VAULT_ARCHIVED;
        }
        for (size_t number = 0; number < sequences; number++) {
            size_t rest = number;
            for (size_t i = 0; i < count; i++) {
                states[i] = CS_VAULT_PENDING + (int)(rest % CS_VAULT_ARCHIVED);
                rest /= CS_VAULT_ARCHIVED;
            }
            check(states, count);
        }
    }
}

static void test_what_is_to_come(void **state)
{
    (void)state;
    assert_true(cs_vault_state_is_coming(CS_VAULT_PENDING));
    assert_true(cs_vault_state_is_coming(CS_VAULT_APPLIED));
    assert_true(cs_vault_state_is_coming(CS_VAULT_VERIFIED));
    assert_false(cs_vault_state_is_coming(CS_VAULT_CONFIRMED));
    assert_false(cs_vault_state_is_coming(CS_VAULT_ARCHIVED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sequence),
        cmocka_unit_test(test_what_is_to_come),
    };
    return cmocka_run_group_tests_name("states of versions", tests, NULL, NULL);
}
