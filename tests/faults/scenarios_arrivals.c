/* Work that arrives at the server and news that arrive at laptops, see sweep.h and scenarios.h. */
#include "tests/faults/scenarios.h"

#include "tests/faults/scenario_steps.h"

#include <stdio.h>

#define CATALOGUE 35
#define PAGE_ROWS 10

/* ---- A first sync, and a later one, of several pages ---- */

static void prepare_first_sync(struct sweep *sweep)
{
    sweep->scene.universe.page_rows_max = PAGE_ROWS;
    sweep_prepare_two(sweep);
    for (int i = 0; i < CATALOGUE; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=L-%d", i);
        (void)laptop_new(sweep->laptops[0], "part", code, "name=手册", NULL);
    }
    laptop_sync_equal(sweep->laptops[0]);
    sweep->laptops[2] = universe_join(&sweep->scene.universe, sweep->laptops[0], "赵敏",
                                      CS_ROLE(OFFICE) | CS_ROLE(WAREHOUSE));
    (void)laptop_new(sweep->laptops[2], "part", "code=N-1", "name=硬盘", NULL);
}

static enum cs_status sync_newcomer(struct sweep *sweep)
{
    return sweep_sync_equal(sweep->laptops[2]);
}

/* Pages become visible together. */
static void whole_pages(struct sweep *sweep)
{
    for (size_t i = 0; i < 3; i++) {
        int64_t count = laptop_count(sweep->laptops[i], "part", "name", "手册");
        assert_true(count == CATALOGUE || (count == 0 && i > 0));
    }
    assert_int_equal(laptop_count(sweep->laptops[2], "part", "name", "硬盘"), 1);
}

static void finish_first_sync(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[2], 0, 0);
    laptop_sync_equal(sweep->laptops[0]);
    laptop_sync_equal(sweep->laptops[1]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "name", "手册"), CATALOGUE);
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "name", "硬盘"), 1);
    }
    sweep_assert_never_back(sweep);
}

const struct sweep_scenario scenario_first_sync = {
    .name = "a first sync of several pages",
    .prepare = prepare_first_sync,
    .steps = {sync_newcomer, sweep_sync_second},
    .finish = finish_first_sync,
    .whole = whole_pages,
};

/* ---- A refusal and a conflict arrive together ---- */

static void prepare_bad_news(struct sweep *sweep)
{
    static struct registry_variant generous;
    static char long_unit[5 + 300 + 1] = "unit=";
    sweep_prepare_two(sweep);
    variant_init(&generous, cs_registry_core());
    variant_field(&generous, "part", "unit")->size_max = 600;
    sweep->laptops[1]->registry = variant_done(&generous);
    laptop_restart(sweep->laptops[1]);
    memset(long_unit + 5, 'x', 300);
    assert_ok(laptop_set(sweep->laptops[0], "part", sweep->ids[1], "unit=个", NULL));
    laptop_sync_equal(sweep->laptops[0]);
    assert_ok(laptop_set(sweep->laptops[1], "part", sweep->ids[1], "unit=只", NULL));
    assert_ok(laptop_set(sweep->laptops[1], "part", sweep->ids[0], long_unit, NULL));
    (void)laptop_new(sweep->laptops[1], "part", "code=N-1", "name=硬盘", NULL);
}

/* All outcomes of a sync are one local transaction. */
static void whole_news(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[1];
    struct cs_pending_counts counts;
    int64_t conflicts = laptop_count(laptop, "conflict", "state", "open");
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.waiting + counts.packed, counts.refused == 0 ? 3 : 0);
    assert_int_equal(conflicts, counts.refused);
    assert_true(counts.refused <= 1);
    assert_int_equal(laptop_count(laptop, "part", "code", "N-1"), 1);
}

static void finish_bad_news(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[1];
    sweep_assert_pending(laptop, 0, 1);
    laptop_sync_equal(sweep->laptops[0]);
    assert_string_equal(laptop_text(laptop, "part", sweep->ids[0], "unit"), "");
    assert_int_equal(laptop_count(sweep->laptops[0], "refusal", "reason", "TOO_LARGE"), 1);
    assert_int_equal(laptop_count(sweep->laptops[0], "conflict", "state", "open"), 1);
    assert_int_equal(laptop_count(sweep->laptops[0], "part", "code", "N-1"), 1);
    sweep_assert_never_back(sweep);
}

const struct sweep_scenario scenario_bad_news = {
    .name = "a refusal and a conflict",
    .prepare = prepare_bad_news,
    .steps = {sweep_sync_second, sweep_sync_second},
    .finish = finish_bad_news,
    .whole = whole_news,
};

/* ---- The server takes in transactions of several rows, of two laptops ---- */

static const char *const suffixes[] = {"a", "b"};

static void insert(struct cs_edit *edit, const char *code, const char *name)
{
    const struct cs_named_value values[] = {
        {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text(code))},
        {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text(name))}};
    assert_ok(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, 2, NULL, NULL));
}

/* Three parts in one transaction, and a change of a part of both. */
static void prepare_intake(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    for (size_t i = 0; i < 2; i++) {
        struct cs_edit *edit;
        assert_ok(cs_edit_begin(sweep->laptops[i]->replica, &edit));
        for (int j = 0; j < 3; j++) {
            char code[32];
            (void)snprintf(code, sizeof code, "T-%s%d", suffixes[i], j);
            insert(edit, code, suffixes[i]);
        }
        assert_ok(cs_edit_commit(edit));
        assert_ok(laptop_set(sweep->laptops[i], "part", sweep->ids[0],
                             i == 0 ? "unit=个" : "price_cents=900", NULL));
    }
}

static void whole_intake(struct sweep *sweep)
{
    for (size_t i = 0; i < 2; i++) {
        int64_t there = sweep_server_count(sweep, "part", "name", suffixes[i]);
        assert_true(there == 0 || there == 3);
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "name", suffixes[i]), 3);
        there = laptop_count(sweep->laptops[1 - i], "part", "name", suffixes[i]);
        assert_true(there == 0 || there == 3);
    }
}

static void finish_intake(struct sweep *sweep)
{
    laptop_sync_equal(sweep->laptops[1]);
    for (size_t i = 0; i < 2; i++) {
        struct laptop *laptop = sweep->laptops[i];
        sweep_assert_pending(laptop, 0, 0);
        assert_int_equal(laptop_count(laptop, "part", "name", "a"), 3);
        assert_int_equal(laptop_count(laptop, "part", "name", "b"), 3);
        assert_string_equal(laptop_text(laptop, "part", sweep->ids[0], "unit"), "个");
        assert_string_equal(laptop_text(laptop, "part", sweep->ids[0], "price_cents"), "900");
    }
    assert_int_equal(laptop_count(sweep->laptops[0], "conflict", "state", "open"), 0);
    sweep_assert_never_back(sweep);
}

const struct sweep_scenario scenario_intake = {
    .name = "pushes of two laptops",
    .prepare = prepare_intake,
    .steps = {sweep_sync_first, sweep_sync_second, sweep_sync_first},
    .finish = finish_intake,
    .whole = whole_intake,
};

/* ---- Losing a scope ---- */

static void prepare_scope_loss(struct sweep *sweep)
{
    char technician[64];
    struct laptop *office = universe_found(&sweep->scene.universe, "王芳");
    sweep->laptops[0] = office;
    laptop_sync_equal(office);
    sweep->laptops[1] = universe_join(&sweep->scene.universe, office, "李强", CS_ROLE(TECHNICIAN));
    struct laptop *other =
        universe_join(&sweep->scene.universe, office, "赵敏", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(office);
    (void)snprintf(technician, sizeof technician, "technician=%s",
                   id_text(laptop_find(office, "person", "name", "李强")));
    sweep->ids[0] =
        laptop_new(office, "work_order", "number=W-1", "status=assigned", technician, NULL);
    laptop_sync_equal(office);
    laptop_sync_equal(sweep->laptops[1]);
    laptop_sync_equal(other);
    (void)snprintf(technician, sizeof technician, "technician=%s",
                   id_text(laptop_find(office, "person", "name", "赵敏")));
    assert_ok(laptop_set(office, "work_order", sweep->ids[0], technician, NULL));
    laptop_sync_equal(office);
    assert_ok(laptop_set(sweep->laptops[1], "work_order", sweep->ids[0], "status=on_site", NULL));
}

static void finish_scope_loss(struct sweep *sweep)
{
    struct laptop *technician = sweep->laptops[1];
    sweep_assert_pending(technician, 0, 0);
    assert_string_equal(laptop_text(technician, "work_order", sweep->ids[0], "number"), "(none)");
    laptop_sync_equal(sweep->laptops[0]);
    assert_string_equal(laptop_text(sweep->laptops[0], "work_order", sweep->ids[0], "status"),
                        "on_site");
}

const struct sweep_scenario scenario_scope_loss = {
    .name = "losing a scope with unsent work",
    .prepare = prepare_scope_loss,
    .steps = {sweep_sync_second, sweep_sync_second},
    .finish = finish_scope_loss,
};
