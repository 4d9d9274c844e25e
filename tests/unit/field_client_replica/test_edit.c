/* Local edits: what they write, what they refuse, and what a failure leaves behind. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/meta.h"
#include "shared/base/text.h"
#include "shared/merge/row_versions.h"

#include <time.h>

struct seen_pending {
    size_t count;
    uint64_t counters[16];
    enum cs_operation_kind kinds[16];
    size_t change_counts[16];
    size_t base_counts[16];
    struct cs_version first_base[16];
    int64_t elapsed_ms;
    int64_t server_time_ms;
    int64_t claimed;
    size_t operation_count;
};

static enum cs_status see_pending(void *context, const struct cs_pending *pending)
{
    struct seen_pending *seen = context;
    const struct cs_operation *operation = &pending->transaction.operations[0];
    size_t i = seen->count++;
    assert_true(i < CS_COUNT(seen->counters));
    seen->counters[i] = pending->counter;
    seen->kinds[i] = operation->kind;
    seen->change_counts[i] = operation->change_count;
    if (operation->change_count > 0) {
        seen->base_counts[i] = operation->changes[0].base.count;
        if (operation->changes[0].base.count > 0) {
            seen->first_base[i] = operation->changes[0].base.items[0];
        }
    }
    seen->elapsed_ms = pending->transaction.elapsed_ms;
    seen->server_time_ms = pending->transaction.server_time_ms;
    seen->claimed = pending->transaction.claimed;
    seen->operation_count = pending->transaction.operation_count;
    return CS_OK;
}

static struct seen_pending pending_of(struct fixture *f)
{
    struct seen_pending seen = {.count = 0};
    assert_ok(cs_query_pending(f->replica, 0, see_pending, &seen));
    return seen;
}

static void insert_shows_at_once_and_is_kept(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "轴承");
    assert_string_equal(fixture_text(f, "part", &id, "name"), "轴承");
    fixture_reopen(f);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "轴承");
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.counters[0], 1);
    assert_int_equal(seen.kinds[0], CS_OPERATION_INSERT);
    assert_int_equal(seen.change_counts[0], 2);
    assert_int_equal(seen.base_counts[0], 0);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), &id, &arena, &row));
    struct cs_row_versions versions;
    assert_ok(cs_row_versions_unpack(row.versions, &arena, &versions));
    assert_int_equal(versions.created.counter, 1);
    assert_true(versions.created.log == cs_identity_log(f->identity));
    assert_int_equal(versions.exception_count, 0);
    assert_int_equal(row.scopes.size, 0);
    cs_arena_release(&arena);
}

static void update_names_what_it_had_seen(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    fixture_update(f, "part", &id, "name", "b");
    fixture_update(f, "part", &id, "name", "c");
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.kinds[2], CS_OPERATION_UPDATE);
    assert_int_equal(seen.change_counts[2], 1);
    assert_int_equal(seen.base_counts[1], 1);
    assert_int_equal(seen.first_base[1].counter, 1);
    assert_int_equal(seen.first_base[2].counter, 2);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "c");
    bool unsent = false;
    assert_ok(cs_query_is_unsent(f->replica, T("part"), &id, &unsent));
    assert_true(unsent);
}

static void update_to_the_same_value_is_no_transaction(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    fixture_update(f, "part", &id, "name", "a");
    assert_int_equal(pending_of(f).count, 1);
    int64_t next = 0;
    assert_ok(cs_replica_meta_number(f->replica, CS_META_NEXT_COUNTER, &next));
    assert_int_equal(next, 2);
    /* Clearing is a change like any other. */
    struct cs_edit *edit = NULL;
    struct cs_named_value values[] = {TEXT_VALUE("category", "x")};
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_update(edit, T("part"), &id, values, 1, NULL));
    assert_ok(cs_edit_commit(edit));
    values[0].value = CS_NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_update(edit, T("part"), &id, values, 1, NULL));
    assert_ok(cs_edit_commit(edit));
    assert_string_equal(fixture_text(f, "part", &id, "category"), "");
    assert_int_equal(pending_of(f).count, 3);
}

static void delete_hides_the_row(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    fixture_delete(f, "part", &id);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.kinds[1], CS_OPERATION_DELETE);
    assert_int_equal(seen.change_counts[1], 0);
    struct cs_edit *edit = NULL;
    struct cs_problem problem = {""};
    struct cs_named_value value = TEXT_VALUE("name", "b");
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_status(cs_edit_update(edit, T("part"), &id, &value, 1, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "was deleted"));
    assert_status(cs_edit_delete(edit, T("part"), &id, NULL), CS_NOT_FOUND);
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(pending_of(f).count, 2);
}

static void changes_of_one_row_in_one_transaction_are_one_operation(void **state)
{
    struct fixture *f = *state;
    struct cs_id old = fixture_part(f, "P-0", "old");
    struct cs_edit *edit = NULL;
    struct cs_id id;
    struct cs_named_value insert[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    struct cs_named_value name = TEXT_VALUE("name", "b");
    struct cs_named_value category = TEXT_VALUE("category", "c");
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("part"), NULL, insert, 2, &id, NULL));
    assert_ok(cs_edit_update(edit, T("part"), &id, &name, 1, NULL));
    assert_ok(cs_edit_update(edit, T("part"), &id, &category, 1, NULL));
    assert_ok(cs_edit_next_transaction(edit));
    assert_ok(cs_edit_next_transaction(edit));
    assert_ok(cs_edit_update(edit, T("part"), &old, &name, 1, NULL));
    name = TEXT_VALUE("name", "z");
    assert_ok(cs_edit_update(edit, T("part"), &old, &name, 1, NULL));
    assert_ok(cs_edit_update(edit, T("part"), &old, &category, 1, NULL));
    struct cs_problem problem = {""};
    assert_status(cs_edit_delete(edit, T("part"), &old, &problem), CS_USAGE);
    assert_int_equal(cs_edit_transaction_count(edit), 2);
    assert_ok(cs_edit_commit(edit));
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.kinds[1], CS_OPERATION_INSERT);
    assert_int_equal(seen.change_counts[1], 3);
    assert_int_equal(seen.base_counts[1], 0);
    assert_int_equal(seen.operation_count, 1);
    assert_int_equal(seen.change_counts[2], 2);
    assert_int_equal(seen.base_counts[2], 1);
    assert_int_equal(seen.first_base[2].counter, 1);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    assert_string_equal(fixture_text(f, "part", &old, "name"), "z");
}

static void abort_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct cs_edit *edit = NULL;
    struct cs_id id;
    struct cs_named_value values[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("part"), NULL, values, 2, &id, NULL));
    cs_edit_abort(edit);
    cs_edit_abort(NULL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
    assert_int_equal(pending_of(f).count, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 0);
}

static enum cs_status try_insert(struct fixture *f, const char *entity,
                                 const struct cs_named_value *values, size_t count,
                                 struct cs_problem *problem)
{
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    enum cs_status status = cs_edit_insert(edit, T(entity), NULL, values, count, NULL, problem);
    assert_ok(cs_edit_commit(edit));
    return status;
}

static void refusals_of_inserts(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_named_value both[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "b")};
    assert_status(try_insert(f, "part", both, 2, &problem), CS_EXISTS);
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&id, text);
    assert_non_null(strstr(problem.text, text));
    assert_status(try_insert(f, "parts", both, 2, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "part"));
    struct cs_named_value unknown[] = {TEXT_VALUE("code", "P-2"), TEXT_VALUE("nam", "b")};
    assert_status(try_insert(f, "part", unknown, 2, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "name"));
    struct cs_named_value twice[] = {TEXT_VALUE("name", "b"), TEXT_VALUE("name", "c")};
    assert_status(try_insert(f, "part", twice, 2, &problem), CS_INVALID);
    struct cs_named_value wrong[] = {TEXT_VALUE("code", "P-2"), NUMBER_VALUE("name", 1)};
    assert_status(try_insert(f, "part", wrong, 2, &problem), CS_INVALID);
    assert_status(try_insert(f, "part", both, 0, &problem), CS_INVALID);
    struct cs_named_value conflict = TEXT_VALUE("field", "name");
    assert_status(try_insert(f, "conflict", &conflict, 1, &problem), CS_DENIED);
    struct cs_id nobody = {{9}};
    struct cs_named_value site[] = {TEXT_VALUE("name", "s"),
                                    {T("customer"), cs_value_bytes(cs_id_bytes(&nobody))}};
    assert_status(try_insert(f, "site", site, 2, &problem), CS_MISSING_REFERENCE);
    assert_non_null(strstr(problem.text, "site.customer"));
    site[1].value = cs_value_bytes(T("short"));
    assert_status(try_insert(f, "site", site, 2, &problem), CS_INVALID);
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    struct cs_named_value other[] = {TEXT_VALUE("code", "P-9"), TEXT_VALUE("name", "b")};
    assert_status(cs_edit_insert(edit, T("part"), &id, other, 2, NULL, &problem), CS_EXISTS);
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(pending_of(f).count, 1);
}

static void references_must_be_alive(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value customer[] = {TEXT_VALUE("name", "厂")};
    struct cs_id id = fixture_insert(f, "customer", customer, 1);
    struct cs_named_value site[] = {TEXT_VALUE("name", "s"),
                                    {T("customer"), cs_value_bytes(cs_id_bytes(&id))}};
    (void)fixture_insert(f, "site", site, 2);
    fixture_delete(f, "customer", &id);
    struct cs_problem problem = {""};
    assert_status(try_insert(f, "site", site, 2, &problem), CS_MISSING_REFERENCE);
}

static void refusals_of_updates(void **state)
{
    struct fixture *f = *state;
    struct cs_id a = fixture_part(f, "P-1", "a");
    struct cs_id b = fixture_part(f, "P-2", "b");
    struct cs_problem problem = {""};
    struct cs_edit *edit = NULL;
    struct cs_id nobody = {{9}};
    assert_ok(cs_edit_begin(f->replica, &edit));
    struct cs_named_value code = TEXT_VALUE("code", "P-1");
    assert_status(cs_edit_update(edit, T("part"), &b, &code, 1, &problem), CS_EXISTS);
    assert_status(cs_edit_update(edit, T("part"), &nobody, &code, 1, &problem), CS_NOT_FOUND);
    assert_status(cs_edit_update(edit, T("nothing"), &a, &code, 1, &problem), CS_NOT_FOUND);
    struct cs_named_value cleared = {T("name"), CS_NULL};
    assert_status(cs_edit_update(edit, T("part"), &a, &cleared, 1, &problem), CS_INVALID);
    assert_status(cs_edit_delete(edit, T("part"), &nobody, &problem), CS_NOT_FOUND);
    assert_status(cs_edit_settle_refusal(edit, 1, CS_PENDING_DISMISSED, &problem), CS_NOT_FOUND);
    /* After all those refusals the edit still works. */
    struct cs_named_value name = TEXT_VALUE("name", "z");
    assert_ok(cs_edit_update(edit, T("part"), &a, &name, 1, &problem));
    assert_ok(cs_edit_commit(edit));
    assert_string_equal(fixture_text(f, "part", &a, "name"), "z");
    assert_string_equal(fixture_text(f, "part", &b, "code"), "P-2");
}

/* One entity with a group, a field that is set once, an order rule and a computed field. */
static const struct cs_field odd_fields[] = {
    {.name = "once", .type = CS_FIELD_TEXT, .policy = CS_MERGE_ONCE, .writers = CS_ROLES_ALL},
    {.name = "north", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL, .group = 1},
    {.name = "east", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL, .group = 1},
    {.name = "from", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL},
    {.name = "to", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL},
    {.name = "sum", .type = CS_FIELD_INTEGER, .policy = CS_MERGE_COMPUTED},
    {.name = "big", .type = CS_FIELD_BYTES, .writers = CS_ROLES_ALL, .size_max = CS_VALUE_MAX},
    {.name = "label", .type = CS_FIELD_TEXT, .writers = CS_ROLES_ALL, .flags = CS_FIELD_LABEL},
};
static const struct cs_order_rule odd_rules[] = {{"from", "to"}};
static const struct cs_entity odd = {
    .name = "odd",
    .label_en = "odd",
    .label_zh = "怪",
    .creators = CS_ROLES_ALL,
    .deleters = CS_ROLES_ALL,
    .fields = odd_fields,
    .field_count = CS_COUNT(odd_fields),
    .order_rules = odd_rules,
    .order_rule_count = 1,
};
static const struct cs_entity *const odd_entities[] = {&odd};
static const struct cs_registry odd_registry = {odd_entities, 1};

static int odd_setup(void **state)
{
    struct fixture *f = *state;
    fixture_new_home(f);
    assert_ok(
        cs_replica_open(&f->fake.world, f->home, &odd_registry, f->identity, &f->replica, NULL));
    return 0;
}

static void groups_and_once_and_rules(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value values[] = {TEXT_VALUE("once", "a"), NUMBER_VALUE("north", 1),
                                      NUMBER_VALUE("east", 2), NUMBER_VALUE("from", 1)};
    struct cs_id id = fixture_insert(f, "odd", values, 4);
    struct cs_problem problem = {""};
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    struct cs_named_value east = NUMBER_VALUE("east", 3);
    assert_ok(cs_edit_update(edit, T("odd"), &id, &east, 1, &problem));
    struct cs_named_value once = TEXT_VALUE("once", "b");
    assert_status(cs_edit_update(edit, T("odd"), &id, &once, 1, &problem), CS_DENIED);
    assert_non_null(strstr(problem.text, "set once"));
    struct cs_named_value sum = NUMBER_VALUE("sum", 3);
    assert_status(cs_edit_update(edit, T("odd"), &id, &sum, 1, &problem), CS_DENIED);
    struct cs_named_value to = NUMBER_VALUE("to", 0);
    assert_status(cs_edit_update(edit, T("odd"), &id, &to, 1, &problem), CS_INVALID);
    assert_ok(cs_edit_commit(edit));
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.change_counts[1], 2); /* north goes with east */
}

static void resolutions_see_more_and_may_repeat(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value values[] = {TEXT_VALUE("once", "a")};
    struct cs_id id = fixture_insert(f, "odd", values, 1);
    struct cs_edit *edit = NULL;
    struct cs_version others[] = {{cs_identity_log(f->identity), 1}, {5, 7}, {5, 7}, {3, 9}};
    struct cs_versions seen_others = {others, CS_COUNT(others)};
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, T("odd"), &id, values, 1, seen_others, NULL));
    assert_ok(cs_edit_commit(edit));
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.base_counts[1], 3);
    assert_true(seen.first_base[1].log == 3);
}

static void too_large_is_refused_here(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = malloc(CS_VALUE_MAX);
    assert_non_null(data);
    for (size_t i = 0; i < CS_VALUE_MAX; i++) {
        data[i] = (uint8_t)fake_world_next(&f->fake);
    }
    struct cs_named_value value = {T("big"), cs_value_bytes(cs_bytes_make(data, CS_VALUE_MAX))};
    struct cs_edit *edit = NULL;
    struct cs_problem problem = {""};
    assert_ok(cs_edit_begin(f->replica, &edit));
    enum cs_status status = CS_OK;
    size_t taken = 0;
    while (status == CS_OK && taken < 32) {
        status = cs_edit_insert(edit, T("odd"), NULL, &value, 1, NULL, &problem);
        taken += status == CS_OK ? 1 : 0;
    }
    assert_status(status, CS_TOO_LARGE);
    assert_int_equal(taken, 15);
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(pending_of(f).operation_count, 15);
    free(data);
}

static void too_many_rows_are_refused_here(void **state)
{
    struct fixture *f = *state;
    struct cs_edit *edit = NULL;
    struct cs_named_value value = NUMBER_VALUE("from", 1);
    assert_ok(cs_edit_begin(f->replica, &edit));
    for (size_t i = 0; i < CS_OPERATIONS_PER_TRANSACTION_MAX; i++) {
        assert_ok(cs_edit_insert(edit, T("odd"), NULL, &value, 1, NULL, NULL));
    }
    assert_status(cs_edit_insert(edit, T("odd"), NULL, &value, 1, NULL, NULL), CS_TOO_LARGE);
    assert_ok(cs_edit_next_transaction(edit));
    assert_ok(cs_edit_insert(edit, T("odd"), NULL, &value, 1, NULL, NULL));
    assert_int_equal(cs_edit_transaction_count(edit), 2);
    assert_ok(cs_edit_commit(edit));
}

static void times_prove_how_far_to_trust_them(void **state)
{
    struct fixture *f = *state;
    uint8_t incarnation[16] = {1};
    (void)fixture_part(f, "P-0", "a");
    struct seen_pending seen = pending_of(f);
    assert_int_equal(seen.elapsed_ms, -1);
    assert_int_equal(seen.server_time_ms, 0);
    assert_ok(cs_replica_note_server(f->replica, incarnation, 1000));
    fake_world_advance(&f->fake, 250);
    (void)fixture_part(f, "P-1", "a");
    seen = pending_of(f);
    assert_int_equal(seen.elapsed_ms, 250);
    assert_int_equal(seen.server_time_ms, 1000);
    assert_true(cs_instant_utc_ms(seen.claimed) == f->fake.wall_ms);
    assert_int_equal(cs_instant_offset_minutes(seen.claimed), 480);
    f->fake.boot_id[0] ^= 1;
    (void)fixture_part(f, "P-2", "a");
    assert_int_equal(pending_of(f).elapsed_ms, -1);
    f->fake.boot_id[0] ^= 1;
}

static void wrong_clocks_do_not_stop_work(void **state)
{
    struct fixture *f = *state;
    static const int64_t walls[] = {0, -5000, 4070908800000};
    int64_t before = f->fake.wall_ms;
    for (size_t i = 0; i < CS_COUNT(walls); i++) {
        char code[16];
        f->fake.wall_ms = walls[i];
        (void)snprintf(code, sizeof code, "C-%zu", i);
        struct cs_id id = fixture_part(f, code, "x");
        assert_string_equal(fixture_text(f, "part", &id, "code"), code);
    }
    f->fake.wall_ms = before;
    assert_int_equal(pending_of(f).count, CS_COUNT(walls));
}

static void roles_limit_what_may_be_written(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *owner = f->identity;
    cs_replica_close(f->replica);
    fixture_remove_home(f->home);
    fixture_new_home(f);
    f->identity = fixture_identity(f, CS_ROLE(AUDITOR));
    fixture_open(f);
    struct cs_problem problem = {""};
    struct cs_named_value values[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    assert_status(try_insert(f, "part", values, 2, &problem), CS_DENIED);
    assert_non_null(strstr(problem.text, "part"));
    cs_replica_close(f->replica);
    cs_identity_destroy(f->identity);
    f->identity = owner;
    fixture_remove_home(f->home);
    fixture_new_home(f);
    fixture_open(f);
}

/* Every allocation in turn fails: either the edit is whole on disk or nothing of it is. */
static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value values[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    struct cs_id old = fixture_part(f, "P-0", "old");
    bool completed = false;
    for (long n = 0; !completed && n < 500; n++) {
        struct cs_edit *edit = NULL;
        struct cs_id id;
        cs_memory_fail_after(n);
        enum cs_status status = cs_edit_begin(f->replica, &edit);
        if (status == CS_OK) {
            status = cs_edit_insert(edit, T("part"), NULL, values, 2, &id, NULL);
            struct cs_named_value name = TEXT_VALUE("name", "new");
            if (status == CS_OK) {
                status = cs_edit_update(edit, T("part"), &old, &name, 1, NULL);
            }
            if (status == CS_OK) {
                status = cs_edit_commit(edit);
            } else {
                assert_int_equal(cs_edit_commit(edit), status);
            }
        }
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_int_equal(pending_of(f).count, completed ? 2 : 1);
        assert_string_equal(fixture_text(f, "part", &old, "name"), completed ? "new" : "old");
    }
    assert_true(completed);
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void ten_thousand_rows_in_one_commit(void **state)
{
    struct fixture *f = *state;
    struct cs_edit *edit = NULL;
    double start = seconds();
    assert_ok(cs_edit_begin(f->replica, &edit));
    for (int i = 0; i < 10000; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "PART-%06d", i);
        struct cs_named_value values[] = {TEXT_VALUE("code", code), TEXT_VALUE("name", "轴承 6204"),
                                          TEXT_VALUE("category", "bearing"),
                                          NUMBER_VALUE("price_cents", i)};
        assert_ok(cs_edit_insert(edit, T("part"), NULL, values, CS_COUNT(values), NULL, NULL));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
    print_message("10,000 inserts in one commit: %.0f ms\n", (seconds() - start) * 1000);
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    assert_int_equal(counts.waiting, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(insert_shows_at_once_and_is_kept),
        replica_test(update_names_what_it_had_seen),
        replica_test(update_to_the_same_value_is_no_transaction),
        replica_test(delete_hides_the_row),
        replica_test(changes_of_one_row_in_one_transaction_are_one_operation),
        replica_test(abort_leaves_nothing),
        replica_test(refusals_of_inserts),
        replica_test(references_must_be_alive),
        replica_test(refusals_of_updates),
        cmocka_unit_test_setup_teardown(groups_and_once_and_rules, odd_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(resolutions_see_more_and_may_repeat, odd_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(too_large_is_refused_here, odd_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(too_many_rows_are_refused_here, odd_setup,
                                        fixture_teardown),
        replica_test(times_prove_how_far_to_trust_them),
        replica_test(wrong_clocks_do_not_stop_work),
        replica_test(roles_limit_what_may_be_written),
        replica_test(memory_may_run_out_anywhere),
        replica_test(ten_thousand_rows_in_one_commit),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
