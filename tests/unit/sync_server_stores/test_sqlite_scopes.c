/* Scopes: numbers, digests, the order of changes, open projects. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static const struct cs_scope_name office = {.kind = CS_SCOPE_OFFICE};

static struct cs_scope_name project(unsigned number)
{
    return (struct cs_scope_name){CS_SCOPE_PROJECT, id_of(number)};
}

static uint64_t make_scope(struct store_fixture *f, const struct cs_scope_name *name)
{
    uint64_t number = 0;
    assert_ok(cs_store_scope_number(f->store, name, true, &number));
    return number;
}

static void a_scope_has_one_number_for_good(void **state)
{
    struct store_fixture *f = *state;
    struct cs_scope_name names[] = {
        office, project(1), project(2), {CS_SCOPE_PERSON, id_of(1)}, {255, id_of(9)}};
    uint64_t numbers[CS_COUNT(names)];
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        numbers[i] = make_scope(f, &names[i]);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(numbers[i], numbers[j]);
        }
    }
    fixture_reopen(f);
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        uint64_t number = 0;
        assert_ok(cs_store_scope_number(f->store, &names[i], false, &number));
        assert_int_equal(number, numbers[i]);
        assert_int_equal(make_scope(f, &names[i]), numbers[i]);
        struct cs_scope_name name;
        assert_ok(cs_store_scope_name(f->store, number, &name));
        assert_int_equal(cs_scope_name_compare(&name, &names[i]), 0);
    }
}

static void unknown_scopes_are_not_found(void **state)
{
    struct store_fixture *f = *state;
    uint64_t number = 42;
    struct cs_scope_name name = {.kind = 42};
    struct cs_multiset digest = {{42}};
    assert_status(cs_store_scope_number(f->store, &office, false, &number), CS_NOT_FOUND);
    assert_status(cs_store_scope_name(f->store, 1, &name), CS_NOT_FOUND);
    assert_status(cs_store_scope_digest(f->store, 1, &digest), CS_NOT_FOUND);
    assert_status(cs_store_put_scope_digest(f->store, 1, &digest), CS_NOT_FOUND);
    assert_int_equal(number, 42);
    assert_int_equal(name.kind, 42);
    assert_int_equal(digest.sum[0], 42);
    assert_int_equal(query(f, "SELECT count(*) FROM _scope"), 0);
}

static void a_digest_starts_empty_and_is_replaced(void **state)
{
    struct store_fixture *f = *state;
    uint64_t number = make_scope(f, &office);
    struct cs_scope_name other_name = project(1);
    uint64_t other = make_scope(f, &other_name);
    struct cs_multiset empty = {{0}};
    struct cs_multiset digest = {{9}};
    assert_ok(cs_store_scope_digest(f->store, number, &digest));
    assert_memory_equal(digest.sum, empty.sum, sizeof digest.sum);
    uint8_t element[CS_HASH_SIZE] = {1, 2, 3};
    cs_multiset_add(&digest, element);
    assert_ok(cs_store_put_scope_digest(f->store, number, &digest));
    struct cs_multiset read = {{0}};
    assert_ok(cs_store_scope_digest(f->store, number, &read));
    assert_memory_equal(read.sum, digest.sum, sizeof read.sum);
    assert_ok(cs_store_scope_digest(f->store, other, &read));
    assert_memory_equal(read.sum, empty.sum, sizeof read.sum);
}

static void damaged_scopes_are_told(void **state)
{
    struct store_fixture *f = *state;
    uint64_t number = make_scope(f, &office);
    struct cs_scope_name name = {.kind = 42};
    execute(f, "UPDATE _scope SET id = x'00', digest = zeroblob(31)");
    assert_status(cs_store_scope_name(f->store, number, &name), CS_CORRUPT);
    struct cs_multiset digest = {{42}};
    assert_status(cs_store_scope_digest(f->store, number, &digest), CS_CORRUPT);
    execute(f, "UPDATE _scope SET id = zeroblob(16), kind = 256");
    assert_status(cs_store_scope_name(f->store, number, &name), CS_CORRUPT);
    execute(f, "UPDATE _scope SET kind = -1");
    assert_status(cs_store_scope_name(f->store, number, &name), CS_CORRUPT);
    assert_int_equal(name.kind, 42);
    assert_int_equal(digest.sum[0], 42);
}

/* ---- Entries ---- */

static enum cs_status put_entry(struct store_fixture *f, uint64_t scope, uint64_t position)
{
    const struct cs_scope_entry entry = {position, position % 2 == 0, position + 1000,
                                         position % 3 == 0 ? T("movement") : T("unknown"),
                                         id_of((unsigned)position)};
    return cs_store_put_scope_entry(f->store, scope, &entry);
}

/* Entries of positions after, after + step, … */
static void assert_entries(struct store_fixture *f, uint64_t scope, uint64_t after, size_t limit,
                           uint64_t first, size_t expected_count)
{
    struct cs_scope_entry *entries;
    size_t count;
    assert_ok(cs_store_scope_entries(f->store, scope, after, limit, &f->arena, &entries, &count));
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        uint64_t position = first + i;
        struct cs_id row = id_of((unsigned)position);
        assert_int_equal(entries[i].position, position);
        assert_int_equal(entries[i].departed, position % 2 == 0);
        assert_int_equal(entries[i].entered, position + 1000);
        assert_bytes(entries[i].entity, position % 3 == 0 ? T("movement") : T("unknown"));
        assert_true(cs_id_equal(&entries[i].row, &row));
    }
}

static void entries_are_read_on_from_a_cursor(void **state)
{
    struct store_fixture *f = *state;
    for (uint64_t position = 100; position > 0; position--) {
        assert_ok(put_entry(f, 1, position));
    }
    assert_ok(put_entry(f, 2, 50));
    assert_entries(f, 1, 0, SIZE_MAX, 1, 100);
    assert_entries(f, 1, 0, 10, 1, 10);
    assert_entries(f, 1, 10, 10, 11, 10);
    assert_entries(f, 1, 95, 10, 96, 5);
    assert_entries(f, 1, 100, 10, 0, 0);
    assert_entries(f, 1, 0, 0, 0, 0);
    assert_entries(f, 2, 0, 10, 50, 1);
    assert_entries(f, 3, 0, 10, 0, 0);
}

static void a_change_has_a_position_of_its_own(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(put_entry(f, 1, 5));
    assert_ok(put_entry(f, 2, 5));
    assert_status(put_entry(f, 1, 5), CS_EXISTS);
    assert_entries(f, 1, 0, 10, 5, 1);
}

static void move(struct store_fixture *f, uint64_t from, uint64_t position, bool departed)
{
    const struct cs_scope_entry entry = {position, departed, position, T("movement"), id_of(7)};
    assert_ok(cs_store_move_scope_entry(f->store, 1, from, &entry));
}

/* A row comes, changes, leaves and comes back: one entry, which remembers when it first came. */
static void an_entry_moves_with_its_row(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key row = {T("movement"), id_of(7)};
    uint64_t position = 42;
    move(f, 0, 5, false); /* one that was not there is made */
    move(f, 5, 8, false);
    assert_status(cs_store_take_departed(f->store, 1, &row, &position), CS_NOT_FOUND);
    for (uint64_t round = 0; round < 3; round++) {
        uint64_t left = 10 + 10 * round;
        move(f, round == 0 ? 8 : left - 5, left, true);
        assert_status(cs_store_take_departed(f->store, 2, &row, &position), CS_NOT_FOUND);
        assert_ok(cs_store_take_departed(f->store, 1, &row, &position));
        assert_int_equal(position, left);
        assert_status(cs_store_take_departed(f->store, 1, &row, &position), CS_NOT_FOUND);
        move(f, left, left + 5, false);
        struct cs_scope_entry *entries;
        size_t count;
        assert_ok(cs_store_scope_entries(f->store, 1, 0, 10, &f->arena, &entries, &count));
        assert_int_equal(count, 1);
        assert_int_equal(entries[0].position, left + 5);
        assert_int_equal(entries[0].entered, 5);
        assert_false(entries[0].departed);
    }
}

/* What an older program left: departures are found, and entries without a note of when they came are read. */
static void older_entries_are_taken_over(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(put_entry(f, 1, 5));
    assert_ok(put_entry(f, 1, 6));
    static const char *const revoked[] = {"joined_position",  "revoked_position", "revoked_ms",
                                          "revoked_sequence", "revoked_head",     "revoked_counter",
                                          "revocation"};
    for (size_t i = 0; i < CS_COUNT(revoked); i++) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "ALTER TABLE _device DROP COLUMN %s", revoked[i]);
        execute(f, sql);
    }
    execute(f, "DROP TABLE _review_row; DROP INDEX _transaction_review");
    execute(f, "DROP TABLE _departed; ALTER TABLE _scope_entry DROP COLUMN entered; "
               "DROP TABLE _incarnation; DROP TABLE _returning; DROP TABLE _lost_version; "
               "DROP TABLE _replaced_version; DROP TABLE _vault_record; DROP TABLE _vault; "
               "DROP TABLE _vault_member; DROP TABLE _vault_recovery; "
               "DROP TABLE _history; DROP TABLE _moment; DROP TABLE _bundle; DROP TABLE _blob; "
               "DROP TABLE _blob_chunk; "
               "DROP TABLE _blob_device; "
               "PRAGMA user_version = 2");
    fixture_reopen(f);
    const struct cs_row_key row = {T("movement"), id_of(6)};
    uint64_t position = 0;
    assert_ok(cs_store_take_departed(f->store, 1, &row, &position));
    assert_int_equal(position, 6);
    struct cs_scope_entry *entries;
    size_t count;
    assert_ok(cs_store_scope_entries(f->store, 1, 0, 10, &f->arena, &entries, &count));
    assert_int_equal(count, 2);
    assert_int_equal(entries[0].entered, 0);
}

static void a_damaged_entry_is_told(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(put_entry(f, 1, 5));
    assert_ok(put_entry(f, 1, 6));
    execute(f, "UPDATE _scope_entry SET row = x'00' WHERE position = 6");
    struct cs_scope_entry *entries = NULL;
    size_t count = 9;
    assert_status(cs_store_scope_entries(f->store, 1, 0, 10, &f->arena, &entries, &count),
                  CS_CORRUPT);
    assert_null(entries);
    assert_int_equal(count, 9);
    assert_entries(f, 1, 0, 1, 5, 1); /* what stands before it can be read */
}

/* ---- Open projects ---- */

static void assert_opened(struct store_fixture *f, uint64_t scope, size_t limit, unsigned first,
                          size_t expected_count)
{
    struct cs_id *projects;
    size_t count;
    assert_ok(cs_store_opened(f->store, scope, limit, &f->arena, &projects, &count));
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        struct cs_id expected = id_of(first + (unsigned)i);
        assert_true(cs_id_equal(&projects[i], &expected));
    }
}

static void projects_stand_open_until_removed(void **state)
{
    struct store_fixture *f = *state;
    assert_opened(f, 1, 10, 0, 0);
    for (unsigned i = 50; i > 0; i--) {
        struct cs_id id = id_of(i);
        assert_ok(cs_store_put_opened(f->store, 1, &id));
        assert_ok(cs_store_put_opened(f->store, 1, &id)); /* again: no change */
    }
    struct cs_id id = id_of(30);
    assert_ok(cs_store_put_opened(f->store, 2, &id));
    assert_opened(f, 1, SIZE_MAX, 1, 50);
    assert_opened(f, 1, 7, 1, 7);
    assert_opened(f, 1, 0, 0, 0);
    assert_opened(f, 2, 10, 30, 1);
    id = id_of(1);
    for (int i = 0; i < 2; i++) {
        assert_ok(cs_store_remove_opened(f->store, 1, &id));
    }
    assert_opened(f, 1, 100, 2, 49);
}

static void a_damaged_project_is_told(void **state)
{
    struct store_fixture *f = *state;
    struct cs_id id = id_of(1);
    assert_ok(cs_store_put_opened(f->store, 1, &id));
    execute(f, "UPDATE _opened SET project = x'0102'");
    struct cs_id *projects = NULL;
    size_t count = 9;
    assert_status(cs_store_opened(f->store, 1, 10, &f->arena, &projects, &count), CS_CORRUPT);
    assert_null(projects);
    assert_int_equal(count, 9);
}

/* ---- Failing memory and disks ---- */

static enum cs_status use_scopes(struct store_fixture *f, struct cs_arena *arena)
{
    (void)arena;
    uint64_t number = 0;
    enum cs_status status = cs_store_scope_number(f->store, &office, true, &number);
    struct cs_scope_name name;
    if (status == CS_OK) {
        status = cs_store_scope_name(f->store, number, &name);
    }
    struct cs_multiset digest;
    if (status == CS_OK) {
        status = cs_store_scope_digest(f->store, number, &digest);
    }
    return status == CS_OK ? cs_store_put_scope_digest(f->store, number, &digest) : status;
}

static enum cs_status use_entries(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_id id = id_of(1);
    enum cs_status status = cs_store_put_opened(f->store, 1, &id);
    if (status == CS_OK) {
        status = put_entry(f, 1, 3);
        status = status == CS_EXISTS ? CS_OK : status; /* of an attempt that failed later */
    }
    struct cs_scope_entry *entries;
    struct cs_id *projects;
    size_t count;
    if (status == CS_OK) {
        status = cs_store_scope_entries(f->store, 1, 0, 10, arena, &entries, &count);
    }
    if (status == CS_OK) {
        status = cs_store_opened(f->store, 1, 10, arena, &projects, &count);
    }
    if (status == CS_OK) {
        status = cs_store_remove_opened(f->store, 2, &id);
    }
    const struct cs_scope_entry left = {4, true, 0, T("movement"), id};
    if (status == CS_OK) {
        status = cs_store_move_scope_entry(f->store, 2, 4, &left);
    }
    const struct cs_row_key row = {T("movement"), id};
    uint64_t position;
    return status == CS_OK ? cs_store_take_departed(f->store, 2, &row, &position) : status;
}

static void scopes_survive_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    assert_true(sweep_allocations(f, use_scopes) >= 4);
    assert_true(sweep_allocations(f, use_entries) >= 6);
    execute(f, "DELETE FROM _scope; DELETE FROM _scope_entry; DELETE FROM _opened");
    fail_writes(f, use_scopes, "SELECT count(*) FROM _scope");
    fail_writes(f, use_entries,
                "SELECT (SELECT count(*) FROM _scope_entry) + (SELECT count(*) FROM _opened)");
}

/* An arena that ends at any place: neither list may be left half used. */
static void lists_survive_every_arena_limit(void **state)
{
    struct store_fixture *f = *state;
    for (unsigned i = 1; i <= 40; i++) {
        struct cs_id id = id_of(i);
        assert_ok(put_entry(f, 1, i));
        assert_ok(cs_store_put_opened(f->store, 1, &id));
    }
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (size_t limit = 0; status != CS_OK; limit += 128) {
        assert_true(limit < CS_MEBI);
        struct cs_arena arena;
        cs_arena_init(&arena, limit);
        struct cs_scope_entry *entries;
        struct cs_id *projects;
        size_t count;
        status = cs_store_opened(f->store, 1, 100, &arena, &projects, &count);
        if (status == CS_OK) {
            status = cs_store_scope_entries(f->store, 1, 0, 100, &arena, &entries, &count);
        }
        cs_arena_release(&arena);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            failures++;
        }
    }
    assert_true(failures > 10);
}

static enum cs_status list_entries(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_scope_entry *entries = NULL;
    size_t count = 0;
    enum cs_status status = cs_store_scope_entries(f->store, 1, 0, 1000, arena, &entries, &count);
    assert_int_equal(count, status == CS_OK ? 400 : 0);
    return status;
}

static void a_failing_read_is_no_damage(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_begin(f->store));
    for (uint64_t i = 1; i <= 400; i++) {
        assert_ok(put_entry(f, 1, i));
    }
    assert_ok(cs_store_commit(f->store));
    assert_true(sweep_reads(f, list_entries) > 2);
}

struct visited {
    uint64_t positions[8];
    bool exist[8];
    size_t count;
    size_t stop_at; /* visits after which the visitor fails */
};

static enum cs_status visit(void *context, const struct cs_scope_entry *entry,
                            const struct cs_stored_row *row)
{
    struct visited *visited = context;
    assert_false(entry->departed);
    assert_true(cs_id_equal(&entry->row, &row->id));
    visited->exist[visited->count] = row->exists;
    visited->positions[visited->count++] = entry->position;
    return visited->count == visited->stop_at ? CS_LIMIT : CS_OK;
}

/* Departures are left out; what is missing or cannot be read is shown as not there. */
static void rows_of_a_scope_are_visited(void **state)
{
    struct store_fixture *f = *state;
    struct visited visited = {.count = 0};
    uint64_t number = make_scope(f, &office);
    assert_ok(cs_store_begin(f->store));
    for (unsigned i = 1; i <= 4; i++) {
        struct cs_stored_row row;
        assert_ok(cs_row_from_fields(&schema, T("movement"), NULL, 0, &f->arena, &row));
        row.id = id_of(i);
        row.exists = true;
        row.position = 10 * i;
        assert_ok(cs_store_save_rows(f->store, &row, 1));
        struct cs_scope_entry entry = {10 * i, i == 2, 0, T("movement"), id_of(i)};
        assert_ok(cs_store_put_scope_entry(f->store, number, &entry));
    }
    struct cs_scope_entry missing = {50, false, 0, T("movement"), id_of(9)};
    assert_ok(cs_store_put_scope_entry(f->store, number, &missing));
    assert_ok(cs_store_commit(f->store));
    execute(f, "UPDATE movement SET _versions = 'text' WHERE _position = 30");
    assert_ok(cs_store_scope_rows(f->store, number, visit, &visited));
    static const uint64_t positions[] = {10, 30, 40, 50};
    static const bool exist[] = {true, false, true, false};
    assert_int_equal(visited.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(visited.positions[i], positions[i]);
        assert_int_equal(visited.exist[i], exist[i]);
    }
    struct visited stopped = {.stop_at = 2};
    assert_status(cs_store_scope_rows(f->store, number, visit, &stopped), CS_LIMIT);
    assert_int_equal(stopped.count, 2);
    struct visited none = {.count = 0};
    assert_ok(cs_store_scope_rows(f->store, number + 1, visit, &none));
    assert_int_equal(none.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_scope_has_one_number_for_good),
        STORE_TEST(unknown_scopes_are_not_found),
        STORE_TEST(a_digest_starts_empty_and_is_replaced),
        STORE_TEST(damaged_scopes_are_told),
        STORE_TEST(entries_are_read_on_from_a_cursor),
        STORE_TEST(a_change_has_a_position_of_its_own),
        STORE_TEST(an_entry_moves_with_its_row),
        STORE_TEST(older_entries_are_taken_over),
        STORE_TEST(a_damaged_entry_is_told),
        STORE_TEST(rows_of_a_scope_are_visited),
        STORE_TEST(projects_stand_open_until_removed),
        STORE_TEST(a_damaged_project_is_told),
        STORE_TEST(scopes_survive_failing_memory_and_disks),
        STORE_TEST(lists_survive_every_arena_limit),
        STORE_TEST(a_failing_read_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
