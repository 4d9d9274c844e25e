/*
 * Random orders of edits, pushes, pulls, refusals and lost answers: after each step the view is
 * confirmed state with the unsent edits over it, and the digests are those of the server.
 *
 * CS_TEST_SEEDS tries more seeds than the few of every run.
 */
#include "tests/unit/field_client_sync/model_server.h"

#define STEPS 60
#define SEEDS 10

struct run {
    struct model model;
    struct fixture *f;
    unsigned names;
};

/* Nothing that is wrong may be found, and no row may stand there that nobody holds. */
static void check(struct run *run)
{
    struct cs_doctor_report report = {0};
    assert_ok(cs_doctor_run(run->f->replica, print_finding, NULL, &report));
    assert_int_equal(report.findings, 0);
    assert_int_equal(fixture_count_sql(run->f,
                                       "SELECT count(*) FROM part WHERE length(_scopes) = 0 AND id "
                                       "NOT IN (SELECT row FROM _overlay)"),
                     0);
    assert_int_equal(fixture_count_sql(run->f, "SELECT count(*) FROM _dirty"), 0);
}

struct picked {
    struct run *run;
    struct cs_id id;
    uint64_t seen;
};

/* One of the rows of the view, each as likely as the others. */
static enum cs_status pick(void *context, const struct cs_stored_row *row)
{
    struct picked *picked = context;
    if (model_random(&picked->run->model, ++picked->seen) == 0) {
        picked->id = row->id;
    }
    return CS_OK;
}

static bool pick_row(struct run *run, struct cs_id *out)
{
    struct picked picked = {.run = run};
    assert_ok(cs_query_list(run->f->replica, T("part"), NULL, 0, pick, &picked, NULL));
    *out = picked.id;
    return picked.seen > 0;
}

/* One operation; whatever is refused must be the author's fault. */
static void operate(struct run *run, struct cs_edit *edit)
{
    char text[32];
    (void)snprintf(text, sizeof text, "mine %u", ++run->names);
    struct cs_named_value values[] = {TEXT_VALUE("name", text), TEXT_VALUE("code", text)};
    struct cs_named_value price = NUMBER_VALUE("price_cents", run->names);
    struct cs_version seen = {OTHERS_LOG, 1 + model_random(&run->model, 9)};
    struct cs_id id;
    bool any = pick_row(run, &id);
    enum cs_status status;
    uint64_t choice = any ? model_random(&run->model, 8) : 0;
    if (choice <= 1) {
        status = cs_edit_insert(edit, T("part"), NULL, values, 2, NULL, NULL);
    } else if (choice == 2) {
        status = cs_edit_delete(edit, T("part"), &id, NULL);
    } else if (choice == 3) {
        status = cs_edit_keep(edit, T("part"), &id, (struct cs_versions){&seen, 1}, NULL);
    } else if (choice == 4) {
        status = cs_edit_update_seeing(edit, T("part"), &id, values, 1,
                                       (struct cs_versions){&seen, 1}, NULL);
    } else {
        status = cs_edit_update(edit, T("part"), &id, choice == 5 ? &price : values, 1, NULL);
    }
    assert_true(status == CS_OK || cs_status_class(status) == CS_CLASS_CALLER);
}

static void edit(struct run *run)
{
    static const int64_t clocks[] = {0, 1772413200000, 4070908800000}; /* 1970, 2026, 2099 */
    struct cs_edit *edit = NULL;
    run->f->fake.wall_ms = clocks[model_random(&run->model, CS_COUNT(clocks))];
    assert_ok(cs_edit_begin(run->f->replica, &edit));
    uint64_t operations = 1 + model_random(&run->model, 4);
    for (uint64_t i = 0; i < operations; i++) {
        operate(run, edit);
        if (model_random(&run->model, 2) == 0) {
            assert_ok(cs_edit_next_transaction(edit));
        }
    }
    if (model_random(&run->model, 8) == 0) {
        cs_edit_abort(edit);
    } else {
        assert_ok(cs_edit_commit(edit));
    }
}

/* A session; some answers are lost, and people go on working in the middle of it. */
static void exchange(struct run *run)
{
    struct model *m = &run->model;
    struct cs_sync_session *session = server_begin(run->f);
    for (bool lost = false; !lost && model_take(m, session);) {
        if (!m->calm && model_random(m, 3) == 0) {
            edit(run);
            check(run);
        }
        lost = !m->calm && model_random(m, 6) == 0;
        bool last = m->server.response.last;
        if (!lost) {
            assert_ok(server_answer(&m->server, session, NULL));
            check(run);
        }
        if (lost) {
            model_settle(m, false);
        } else if (last) {
            model_settle(m, true);
            assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
        }
    }
    cs_sync_end(session);
}

static void step(struct run *run)
{
    switch (model_random(&run->model, 6)) {
    case 0:
    case 1:
        exchange(run);
        break;
    case 2:
        model_others(&run->model);
        break;
    case 3:
        if (model_random(&run->model, 4) == 0) {
            fixture_reopen(run->f);
        }
        break;
    default:
        edit(run);
        break;
    }
    check(run);
}

/* At the end everybody agrees: nothing waits, and the view is what the server shows this device. */
static void heal(struct run *run)
{
    struct model *m = &run->model;
    m->calm = true;
    for (int i = 0; i < 3; i++) {
        exchange(run);
    }
    struct cs_pending_counts counts = fixture_counts(run->f);
    assert_int_equal(counts.waiting + counts.packed + counts.held, 0);
    assert_int_equal(fixture_count_sql(run->f, "SELECT count(*) FROM _overlay"), 0);
    assert_int_equal(fixture_count_sql(run->f, "SELECT count(*) FROM _covered"), 0);
    assert_int_equal(fixture_count_sql(run->f, "SELECT count(*) FROM _outbox WHERE "
                                               "acknowledged = 0"),
                     0);
    int64_t shown = 0;
    for (size_t i = 0; i < m->row_count; i++) {
        struct cs_arena arena;
        struct cs_stored_row row;
        cs_arena_init(&arena, CS_MEBI);
        assert_ok(cs_row_load(cs_replica_tables(run->f->replica), T("part"), &m->rows[i].now.id,
                              &arena, &row));
        bool expected = m->rows[i].in_scope && m->rows[i].now.exists;
        assert_int_equal(row.exists, expected);
        assert_true(!expected || model_same(&row, &m->rows[i].now));
        shown += expected ? 1 : 0;
        cs_arena_release(&arena);
    }
    assert_int_equal(fixture_count_sql(run->f, "SELECT count(*) FROM part"), shown);
}

/* Every transaction ended somehow: none is gone without an outcome, none is refused in silence. */
static void check_outcomes(struct run *run)
{
    int64_t refused = 0;
    uint64_t count = 1;
    while (run->model.outcomes[count] != 0) {
        refused += run->model.outcomes[count++] == CS_OUTCOME_REFUSED ? 1 : 0;
    }
    int64_t next = 0;
    assert_ok(cs_replica_meta_number(run->f->replica, "next_counter", &next));
    assert_int_equal(count, next == 0 ? 1 : next);
    assert_int_equal(fixture_counts(run->f).refused, refused);
}

static void any_order_of_things_ends_well(void **state)
{
    const char *more = getenv("CS_TEST_SEEDS");
    unsigned long seeds = more == NULL ? SEEDS : strtoul(more, NULL, 10);
    for (unsigned long seed = 1; seed <= seeds; seed++) {
        struct run *run = calloc(1, sizeof *run);
        assert_non_null(run);
        assert_int_equal(fixture_setup(state), 0);
        print_message("seed %lu\n", seed);
        run->f = *state;
        model_init(&run->model, run->f, seed);
        for (int i = 0; i < STEPS; i++) {
            step(run);
        }
        heal(run);
        check_outcomes(run);
        server_release(&run->model.server);
        assert_int_equal(fixture_teardown(state), 0);
        free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_things_ends_well),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
