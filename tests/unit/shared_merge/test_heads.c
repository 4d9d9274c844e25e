/* Heads: application, policies, alternatives. That order never matters is in test_heads_order.c. */
#include "shared/merge/heads.h"

#include "shared/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_LIMIT CS_MEBI

static const enum cs_merge_policy policies[] = {CS_MERGE_LATEST, CS_MERGE_FACT_OVER_PLAN,
                                                CS_MERGE_ONCE, CS_MERGE_COMPUTED};

static struct cs_head make_head(uint64_t log, uint64_t counter, const char *value,
                                int64_t effective_ms, bool fact)
{
    return (struct cs_head){{log, counter}, cs_bytes_of_text(value), effective_ms, fact};
}

static void assert_head_is(const struct cs_head *head, uint64_t log, uint64_t counter)
{
    assert_int_equal(head->version.log, log);
    assert_int_equal(head->version.counter, counter);
}

/* ---- one application ---- */

static void test_apply_to_nothing(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head edit = make_head(5, 1, "a", 100, true);
    struct cs_heads out = {NULL, 0};
    struct cs_versions none = {NULL, 0};
    assert_int_equal(cs_heads_apply((struct cs_heads){NULL, 0}, &edit, none, &arena, &out), CS_OK);
    assert_int_equal(out.count, 1);
    assert_head_is(&out.items[0], 5, 1);
    assert_true(cs_bytes_equal_text(out.items[0].value, "a"));
    assert_int_equal(out.items[0].effective_ms, 100);
    assert_true(out.items[0].fact);
    cs_arena_release(&arena);
}

static void test_apply_replaces_only_its_base(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[] = {make_head(1, 1, "a", 1, false), make_head(2, 1, "b", 2, false),
                              make_head(3, 1, "c", 3, false)};
    struct cs_version base[] = {{1, 1}, {3, 1}, {9, 9}};
    struct cs_head edit = make_head(2, 7, "d", 4, false);
    struct cs_heads out = {NULL, 0};
    assert_int_equal(cs_heads_apply((struct cs_heads){items, 3}, &edit,
                                    (struct cs_versions){base, 3}, &arena, &out),
                     CS_OK);
    assert_int_equal(out.count, 2);
    assert_head_is(&out.items[0], 2, 1);
    assert_head_is(&out.items[1], 2, 7);
    /* What went in is not changed. */
    assert_head_is(&items[0], 1, 1);
    assert_head_is(&items[2], 3, 1);
    cs_arena_release(&arena);
}

/* The new head goes to its place: first, between, last. */
static void test_apply_keeps_heads_ascending(void **state)
{
    (void)state;
    struct cs_head items[] = {make_head(2, 5, "a", 1, false), make_head(4, 5, "b", 2, false)};
    const struct cs_version places[] = {{1, 9}, {2, 4}, {2, 6}, {4, 4}, {4, 6}, {5, 1}};
    const size_t expected[] = {0, 0, 1, 1, 2, 2};
    for (size_t i = 0; i < CS_COUNT(places); i++) {
        struct cs_arena arena;
        cs_arena_init(&arena, ARENA_LIMIT);
        struct cs_head edit = make_head(places[i].log, places[i].counter, "n", 3, false);
        struct cs_heads out = {NULL, 0};
        assert_int_equal(cs_heads_apply((struct cs_heads){items, 2}, &edit,
                                        (struct cs_versions){NULL, 0}, &arena, &out),
                         CS_OK);
        assert_int_equal(out.count, 3);
        assert_head_is(&out.items[expected[i]], places[i].log, places[i].counter);
        for (size_t j = 1; j < out.count; j++) {
            assert_true(cs_version_compare(&out.items[j - 1].version, &out.items[j].version) < 0);
        }
        cs_arena_release(&arena);
    }
}

static void test_apply_twice_adds_once(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[] = {make_head(1, 1, "a", 1, false), make_head(2, 1, "b", 2, false),
                              make_head(3, 1, "c", 2, false)};
    struct cs_heads heads = {items, 3};
    struct cs_versions none = {NULL, 0};
    for (size_t i = 0; i < 3; i++) {
        struct cs_heads out = {NULL, 0};
        assert_int_equal(cs_heads_apply(heads, &items[i], none, &arena, &out), CS_OK);
        assert_int_equal(out.count, 3);
        for (size_t j = 0; j < 3; j++) {
            assert_head_is(&out.items[j], j + 1, 1);
        }
    }
    cs_arena_release(&arena);
}

/* What was brought by others is not known to be a fact, nor when it was made; its own change says it. */
static void test_its_own_change_says_what_it_is(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[] = {make_head(1, 1, "brought", 0, false),
                              make_head(2, 1, "plan", 5, false)};
    struct cs_head own = make_head(1, 1, "own", 7, true);
    struct cs_heads heads = {items, 2};
    struct cs_versions none = {NULL, 0};
    assert_int_equal(cs_heads_shown(heads, CS_MERGE_FACT_OVER_PLAN), 1);
    assert_int_equal(cs_heads_apply(heads, &own, none, &arena, &heads), CS_OK);
    assert_int_equal(heads.count, 2);
    assert_true(cs_bytes_equal_text(heads.items[0].value, "own"));
    assert_int_equal(heads.items[0].effective_ms, 7);
    assert_true(heads.items[0].fact);
    assert_int_equal(cs_heads_shown(heads, CS_MERGE_FACT_OVER_PLAN), 0);
    assert_int_equal(cs_heads_shown(heads, CS_MERGE_LATEST), 0);
    cs_arena_release(&arena);
}

/* Two operations of one transaction on one unit: the second names its own version as base and
 * its value stays. */
static void test_apply_with_own_version_as_base_replaces_value(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[] = {make_head(1, 1, "a", 1, false)};
    struct cs_head edit = make_head(1, 1, "z", 1, false);
    struct cs_version base = {1, 1};
    struct cs_heads out = {NULL, 0};
    assert_int_equal(cs_heads_apply((struct cs_heads){items, 1}, &edit,
                                    (struct cs_versions){&base, 1}, &arena, &out),
                     CS_OK);
    assert_int_equal(out.count, 1);
    assert_true(cs_bytes_equal_text(out.items[0].value, "z"));
    cs_arena_release(&arena);
}

/* ---- policies ---- */

static void assert_shown(const struct cs_head *items, size_t count, enum cs_merge_policy policy,
                         size_t expected)
{
    struct cs_head copy[8];
    assert_true(count <= CS_COUNT(copy));
    memcpy(copy, items, count * sizeof *items);
    assert_int_equal(cs_heads_shown((struct cs_heads){copy, count}, policy), expected);
}

static void test_single_head_is_shown(void **state)
{
    (void)state;
    struct cs_head one[] = {make_head(1, 1, "a", 1, false)};
    for (size_t i = 0; i < CS_COUNT(policies); i++) {
        assert_shown(one, 1, policies[i], 0);
    }
}

static void test_latest_and_computed_show_the_latest(void **state)
{
    (void)state;
    struct cs_head items[] = {make_head(1, 1, "a", 50, true), make_head(2, 1, "b", 70, false),
                              make_head(3, 1, "c", 60, true)};
    assert_shown(items, 3, CS_MERGE_LATEST, 1);
    assert_shown(items, 3, CS_MERGE_COMPUTED, 1);
    /* At one time the greater version decides: by log, then by counter. */
    struct cs_head tied[] = {make_head(1, 9, "a", 50, true), make_head(2, 1, "b", 50, false),
                             make_head(2, 2, "c", 50, false)};
    assert_shown(tied, 3, CS_MERGE_LATEST, 2);
    assert_shown(tied, 2, CS_MERGE_LATEST, 1);
    assert_shown(tied, 3, CS_MERGE_COMPUTED, 2);
    /* Times before 1970 are earlier, not later. */
    struct cs_head negative[] = {make_head(1, 1, "a", 0, false), make_head(2, 1, "b", -5, false)};
    assert_shown(negative, 2, CS_MERGE_LATEST, 0);
}

static void test_fact_beats_plan(void **state)
{
    (void)state;
    struct cs_head items[] = {make_head(1, 1, "fact", 10, true),
                              make_head(2, 1, "plan", 90, false)};
    assert_shown(items, 2, CS_MERGE_FACT_OVER_PLAN, 0);
    assert_shown(items, 2, CS_MERGE_LATEST, 1);
    struct cs_head facts[] = {make_head(1, 1, "a", 10, true), make_head(2, 1, "b", 30, true),
                              make_head(3, 1, "c", 20, true), make_head(4, 1, "d", 90, false)};
    assert_shown(facts, 4, CS_MERGE_FACT_OVER_PLAN, 1);
    struct cs_head plans[] = {make_head(1, 1, "a", 10, false), make_head(2, 1, "b", 10, false)};
    assert_shown(plans, 2, CS_MERGE_FACT_OVER_PLAN, 1);
}

static void test_once_shows_the_first(void **state)
{
    (void)state;
    struct cs_head items[] = {make_head(1, 1, "a", 30, true), make_head(2, 1, "b", 10, false),
                              make_head(3, 1, "c", 20, true)};
    assert_shown(items, 3, CS_MERGE_ONCE, 1);
    struct cs_head tied[] = {make_head(1, 2, "a", 10, false), make_head(1, 3, "b", 10, true)};
    assert_shown(tied, 2, CS_MERGE_ONCE, 0);
}

/* ---- resolution ---- */

static void test_equal_values_are_no_conflict(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[] = {make_head(1, 1, "same", 1, false), make_head(2, 4, "same", 9, false),
                              make_head(3, 2, "same", 5, true)};
    struct cs_resolution resolution;
    assert_int_equal(
        cs_heads_resolve((struct cs_heads){items, 3}, CS_MERGE_LATEST, &arena, &resolution), CS_OK);
    assert_int_equal(resolution.shown, 1);
    assert_int_equal(resolution.alternative_count, 0);
    assert_int_equal(resolution.shown_versions.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(cs_version_equal(&resolution.shown_versions.items[i], &items[i].version));
    }
    cs_arena_release(&arena);
}

static void test_alternatives_are_grouped_and_named(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    struct cs_head items[] = {make_head(1, 1, "x", 1, false), make_head(2, 1, "shown", 9, false),
                              make_head(3, 1, "y", 3, false), make_head(4, 1, "shown", 2, false),
                              make_head(5, 1, "x", 4, false), make_head(6, 1, "", 5, false)};
    struct cs_resolution resolution;
    assert_int_equal(
        cs_heads_resolve((struct cs_heads){items, 6}, CS_MERGE_LATEST, &arena, &resolution), CS_OK);
    assert_int_equal(resolution.shown, 1);
    assert_int_equal(resolution.shown_versions.count, 2);
    assert_true(cs_version_equal(&resolution.shown_versions.items[0], &items[1].version));
    assert_true(cs_version_equal(&resolution.shown_versions.items[1], &items[3].version));
    assert_int_equal(resolution.alternative_count, 3);
    const struct cs_alternative *found = resolution.alternatives;
    assert_true(cs_version_equal(&found[0].name, &items[2].version));
    assert_true(cs_bytes_equal_text(found[0].value, "y"));
    assert_int_equal(found[0].versions.count, 1);
    assert_true(cs_version_equal(&found[1].name, &items[4].version));
    assert_true(cs_bytes_equal_text(found[1].value, "x"));
    assert_int_equal(found[1].versions.count, 2);
    assert_true(cs_version_equal(&found[1].versions.items[0], &items[0].version));
    assert_true(cs_version_equal(&found[1].versions.items[1], &items[4].version));
    assert_true(cs_version_equal(&found[2].name, &items[5].version));
    assert_int_equal(found[2].value.size, 0);
    cs_arena_release(&arena);
}

/* ---- memory ---- */

static void test_out_of_memory_writes_nothing(void **state)
{
    (void)state;
    struct cs_head items[] = {make_head(1, 1, "a", 1, false), make_head(2, 1, "b", 2, false)};
    struct cs_heads heads = {items, 2};
    struct cs_head edit = make_head(3, 1, "c", 3, false);
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_LIMIT);
    cs_memory_fail_after(0);
    struct cs_heads out = {NULL, 77};
    assert_int_equal(cs_heads_apply(heads, &edit, (struct cs_versions){NULL, 0}, &arena, &out),
                     CS_NO_MEMORY);
    assert_int_equal(out.count, 77);
    cs_memory_fail_after(0);
    struct cs_resolution resolution = {.shown = 88};
    assert_int_equal(cs_heads_resolve(heads, CS_MERGE_LATEST, &arena, &resolution), CS_NO_MEMORY);
    assert_int_equal(resolution.shown, 88);
    cs_memory_fail_after(-1);
    /* The arena's own ceiling, reached at either of the two lists. */
    for (size_t limit = 0; limit < 2 * sizeof(struct cs_version) + 1; limit += 8) {
        cs_arena_release(&arena);
        cs_arena_init(&arena, limit);
        assert_int_equal(cs_heads_resolve(heads, CS_MERGE_LATEST, &arena, &resolution),
                         CS_NO_MEMORY);
        assert_int_equal(resolution.shown, 88);
    }
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_to_nothing),
        cmocka_unit_test(test_apply_replaces_only_its_base),
        cmocka_unit_test(test_apply_keeps_heads_ascending),
        cmocka_unit_test(test_apply_twice_adds_once),
        cmocka_unit_test(test_its_own_change_says_what_it_is),
        cmocka_unit_test(test_apply_with_own_version_as_base_replaces_value),
        cmocka_unit_test(test_single_head_is_shown),
        cmocka_unit_test(test_latest_and_computed_show_the_latest),
        cmocka_unit_test(test_fact_beats_plan),
        cmocka_unit_test(test_once_shows_the_first),
        cmocka_unit_test(test_equal_values_are_no_conflict),
        cmocka_unit_test(test_alternatives_are_grouped_and_named),
        cmocka_unit_test(test_out_of_memory_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
