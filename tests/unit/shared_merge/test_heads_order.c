/*
 * The order of arrival never matters: random causal histories, applied in every order in which
 * bases come first (random ones for longer histories), give the heads that the definition gives,
 * the same shown value and the same alternatives.
 */
#include "shared/merge/heads.h"

#include "shared/base/limits.h"
#include "tests/support/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OPERATIONS_MAX 16
#define AUTHORS 4
#define ARENA_LIMIT CS_MEBI

static const enum cs_merge_policy policies[] = {CS_MERGE_LATEST, CS_MERGE_FACT_OVER_PLAN,
                                                CS_MERGE_ONCE, CS_MERGE_COMPUTED};

static struct cs_head make_head(uint64_t log, uint64_t counter, const char *value,
                                int64_t effective_ms, bool fact)
{
    return (struct cs_head){{log, counter}, cs_bytes_of_text(value), effective_ms, fact};
}

struct operation {
    struct cs_head head;
    struct cs_version base[OPERATIONS_MAX];
    size_t base_count;
    uint32_t base_set; /* bit i: operation i */
};

struct history {
    struct operation operations[OPERATIONS_MAX];
    size_t count;
};

static size_t pick(struct fake_world *random, size_t bound)
{
    return (size_t)(fake_world_next(random) % bound);
}

/* Operations of `seen` that none of `seen` has replaced. */
static uint32_t heads_among(const struct history *history, uint32_t seen)
{
    uint32_t heads = seen;
    for (size_t i = 0; i < history->count; i++) {
        if ((seen >> i & 1) != 0) {
            heads &= ~history->operations[i].base_set;
        }
    }
    return heads;
}

static void add_operation(struct history *history, struct fake_world *random, size_t author,
                          uint64_t counter, uint32_t seen)
{
    static const char *const values[] = {"red", "green", "blue"};
    static const uint64_t logs[AUTHORS] = {7, 3, UINT64_MAX, 1};
    struct operation *operation = &history->operations[history->count];
    operation->head = make_head(logs[author], counter, values[pick(random, CS_COUNT(values))],
                                (int64_t)pick(random, 4) - 1, pick(random, 2) == 0);
    /* Mostly all heads that the author sees, as honest clients do; else any subset of them. */
    uint32_t mask = pick(random, 3) != 0 ? UINT32_MAX : (uint32_t)fake_world_next(random);
    operation->base_set = heads_among(history, seen) & mask;
    for (size_t i = 0; i < history->count; i++) {
        if ((operation->base_set >> i & 1) != 0) {
            operation->base[operation->base_count++] = history->operations[i].head.version;
        }
    }
    history->count++;
}

/* Authors write and now and then see all that another has seen, so what each has seen is closed
 * under causes. */
static void make_history(struct history *history, struct fake_world *random, size_t count)
{
    memset(history, 0, sizeof *history);
    uint32_t seen[AUTHORS] = {0};
    uint64_t counters[AUTHORS] = {0};
    while (history->count < count) {
        size_t author = pick(random, AUTHORS);
        if (pick(random, 2) == 0) {
            seen[author] |= seen[pick(random, AUTHORS)];
            continue;
        }
        counters[author] += 1 + pick(random, 2);
        add_operation(history, random, author, counters[author], seen[author]);
        seen[author] |= (uint32_t)1 << (history->count - 1);
    }
}

static void put_versions(struct cs_buffer *out, struct cs_versions versions)
{
    cs_buffer_append_u32(out, (uint32_t)versions.count);
    for (size_t i = 0; i < versions.count; i++) {
        cs_buffer_append_u64(out, versions.items[i].log);
        cs_buffer_append_u64(out, versions.items[i].counter);
    }
}

/* Everything that may depend on the order of arrival, as bytes. */
static void describe(struct cs_heads heads, struct cs_arena *arena, struct cs_buffer *out)
{
    for (size_t i = 0; i < heads.count; i++) {
        cs_buffer_append_format(out, "%llu/%llu ", (unsigned long long)heads.items[i].version.log,
                                (unsigned long long)heads.items[i].version.counter);
    }
    for (size_t i = 0; i < CS_COUNT(policies); i++) {
        struct cs_resolution resolution;
        assert_int_equal(cs_heads_resolve(heads, policies[i], arena, &resolution), CS_OK);
        cs_buffer_append_u32(out, (uint32_t)resolution.shown);
        put_versions(out, resolution.shown_versions);
        for (size_t j = 0; j < resolution.alternative_count; j++) {
            put_versions(out, (struct cs_versions){&resolution.alternatives[j].name, 1});
            put_versions(out, resolution.alternatives[j].versions);
            cs_buffer_append_prefixed(out, resolution.alternatives[j].value);
        }
    }
    assert_int_equal(out->status, CS_OK);
}

/* The heads by definition: what no operation names as its base. Ascending by selection, not by
 * the code under test. */
static size_t expected_heads(const struct history *history, struct cs_head *out)
{
    uint32_t left = heads_among(history, ((uint32_t)1 << history->count) - 1);
    size_t count = 0;
    while (left != 0) {
        size_t least = OPERATIONS_MAX;
        for (size_t i = 0; i < history->count; i++) {
            const struct cs_version *version = &history->operations[i].head.version;
            if ((left >> i & 1) != 0 &&
                (least == OPERATIONS_MAX ||
                 cs_version_compare(version, &history->operations[least].head.version) < 0)) {
                least = i;
            }
        }
        assert_true(least < history->count);
        out[count++] = history->operations[least].head;
        left &= ~((uint32_t)1 << least);
    }
    return count;
}

/* Alternatives and shown versions hold every head once; no alternative has the shown value or
 * another's. */
static void check_partition(struct cs_heads heads, struct cs_arena *arena)
{
    for (size_t p = 0; p < CS_COUNT(policies); p++) {
        struct cs_resolution resolution;
        assert_int_equal(cs_heads_resolve(heads, policies[p], arena, &resolution), CS_OK);
        size_t total = resolution.shown_versions.count;
        struct cs_bytes shown = heads.items[resolution.shown].value;
        for (size_t i = 0; i < resolution.alternative_count; i++) {
            const struct cs_alternative *one = &resolution.alternatives[i];
            total += one->versions.count;
            assert_false(cs_bytes_equal(one->value, shown));
            assert_true(
                cs_version_equal(&one->name, &one->versions.items[one->versions.count - 1]));
            for (size_t j = 0; j < i; j++) {
                assert_true(cs_version_compare(&resolution.alternatives[j].name, &one->name) < 0);
                assert_false(cs_bytes_equal(resolution.alternatives[j].value, one->value));
            }
        }
        assert_int_equal(total, heads.count);
    }
}

static void check_order(const struct history *history, const size_t *order,
                        struct cs_bytes expected)
{
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_buffer found;
    cs_buffer_init(&found, 64 * CS_KIBI);
    struct cs_heads heads = {NULL, 0};
    for (size_t i = 0; i < history->count; i++) {
        const struct operation *operation = &history->operations[order[i]];
        struct cs_versions base = {operation->base, operation->base_count};
        assert_int_equal(cs_heads_apply(heads, &operation->head, base, &arena, &heads), CS_OK);
    }
    describe(heads, &arena, &found);
    assert_true(cs_bytes_equal(cs_buffer_bytes(&found), expected));
    cs_buffer_release(&found);
    cs_arena_release(&arena);
}

/* Tries every order in which bases come first; returns how many there are. */
static size_t check_all_orders(const struct history *history, size_t *order, size_t depth,
                               uint32_t done, struct cs_bytes expected)
{
    if (depth == history->count) {
        check_order(history, order, expected);
        return 1;
    }
    size_t orders = 0;
    for (size_t i = 0; i < history->count; i++) {
        uint32_t base = history->operations[i].base_set;
        if ((done >> i & 1) == 0 && (base & ~done) == 0) {
            order[depth] = i;
            orders +=
                check_all_orders(history, order, depth + 1, done | (uint32_t)1 << i, expected);
        }
    }
    return orders;
}

static void random_order(const struct history *history, struct fake_world *random, size_t *order)
{
    uint32_t done = 0;
    for (size_t depth = 0; depth < history->count;) {
        size_t i = pick(random, history->count);
        if ((done >> i & 1) == 0 && (history->operations[i].base_set & ~done) == 0) {
            order[depth++] = i;
            done |= (uint32_t)1 << i;
        }
    }
}

/* What describe says of the heads by definition. */
static void describe_expected(const struct history *history, struct cs_buffer *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[OPERATIONS_MAX];
    struct cs_heads heads = {items, expected_heads(history, items)};
    check_partition(heads, &arena);
    describe(heads, &arena, out);
    cs_arena_release(&arena);
}

static void test_every_order_gives_the_same(void **state)
{
    (void)state;
    struct fake_world random;
    fake_world_init(&random, 20261123);
    size_t orders = 0;
    size_t several_heads = 0;
    for (size_t round = 0; round < 600; round++) {
        struct history history;
        make_history(&history, &random, 1 + round % 6);
        struct cs_buffer expected;
        cs_buffer_init(&expected, 64 * CS_KIBI);
        describe_expected(&history, &expected);
        size_t order[OPERATIONS_MAX];
        orders += check_all_orders(&history, order, 0, 0, cs_buffer_bytes(&expected));
        struct cs_head items[OPERATIONS_MAX];
        several_heads += expected_heads(&history, items) > 1 ? 1 : 0;
        cs_buffer_release(&expected);
    }
    /* The generator is worth something: many orders, and many histories that end in a conflict. */
    assert_true(orders > 6000);
    assert_true(several_heads > 200);
    fake_world_release(&random);
}

static void test_random_orders_of_longer_histories(void **state)
{
    (void)state;
    struct fake_world random;
    fake_world_init(&random, 7);
    for (size_t round = 0; round < 200; round++) {
        struct history history;
        make_history(&history, &random, 7 + pick(&random, OPERATIONS_MAX - 7));
        struct cs_buffer expected;
        cs_buffer_init(&expected, 64 * CS_KIBI);
        describe_expected(&history, &expected);
        for (size_t i = 0; i < 50; i++) {
            size_t order[OPERATIONS_MAX];
            random_order(&history, &random, order);
            check_order(&history, order, cs_buffer_bytes(&expected));
        }
        cs_buffer_release(&expected);
    }
    fake_world_release(&random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order_gives_the_same),
        cmocka_unit_test(test_random_orders_of_longer_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
