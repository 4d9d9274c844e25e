/* Deleting rows, and keeping rows that somebody else wanted to delete. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/doctor.h"
#include "shared/merge/row_versions.h"

struct last {
    struct cs_arena arena;
    struct cs_operation operation; /* the first of the last transaction */
    size_t operation_count;
    size_t transactions;
};

static enum cs_status see(void *context, const struct cs_pending *pending)
{
    struct last *last = context;
    struct cs_buffer copy;
    struct cs_bytes kept;
    struct cs_transaction transaction;
    cs_buffer_init(&copy, CS_MEBI);
    assert_ok(cs_transaction_encode(&pending->transaction, &copy));
    assert_ok(cs_arena_copy(&last->arena, cs_buffer_bytes(&copy), &kept));
    assert_ok(cs_transaction_decode(kept, &last->arena, &transaction));
    cs_buffer_release(&copy);
    last->operation = transaction.operations[0];
    last->operation_count = transaction.operation_count;
    last->transactions++;
    return CS_OK;
}

static struct last last_of(struct fixture *f)
{
    struct last last = {.transactions = 0};
    cs_arena_init(&last.arena, CS_MEBI);
    assert_ok(cs_query_pending(f->replica, 0, see, &last));
    return last;
}

static struct cs_edit *begin(struct fixture *f)
{
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    return edit;
}

static void assert_sound(struct fixture *f)
{
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(f->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 0);
}

static const struct cs_version others[] = {{9, 4}, {3, 8}, {9, 4}};
static const struct cs_versions seen_others = {(struct cs_version *)(uintptr_t)others, 3};

static void a_delete_says_what_its_author_had_seen(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_arena arena;
    struct cs_stored_row row;
    uint8_t hash[CS_HASH_SIZE];
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), &id, &arena, &row));
    cs_row_versions_hash(row.versions, hash);
    fixture_delete(f, "part", &id);
    struct last last = last_of(f);
    assert_int_equal(last.transactions, 2);
    assert_int_equal(last.operation.kind, CS_OPERATION_DELETE);
    assert_memory_equal(last.operation.seen, hash, CS_HASH_SIZE);
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), &id, &arena, &row));
    assert_true(row.exists && row.deleted);
    struct cs_row_versions versions;
    assert_ok(cs_row_versions_unpack(row.versions, &arena, &versions));
    struct cs_versions unit = cs_row_versions_of(&versions, T(CS_UNIT_DELETED));
    assert_int_equal(unit.count, 1);
    assert_true(unit.items[0].log == cs_identity_log(f->identity));
    assert_int_equal(unit.items[0].counter, 2);
    assert_sound(f);
    cs_arena_release(&last.arena);
    cs_arena_release(&arena);
}

static void what_a_delete_refuses(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_id nobody = {{9}};
    struct cs_problem problem = {""};
    struct cs_named_value name = TEXT_VALUE("name", "b");
    struct cs_edit *edit = begin(f);
    assert_status(cs_edit_delete(edit, T("part"), &nobody, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "there is no part"));
    assert_status(cs_edit_delete(edit, T("parrot"), &id, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "parrot"));
    assert_ok(cs_edit_update(edit, T("part"), &id, &name, 1, &problem));
    assert_status(cs_edit_delete(edit, T("part"), &id, &problem), CS_USAGE);
    assert_ok(cs_edit_next_transaction(edit));
    assert_ok(cs_edit_delete(edit, T("part"), &id, &problem)); /* in an action of its own */
    assert_status(cs_edit_delete(edit, T("part"), &id, &problem), CS_NOT_FOUND);
    assert_ok(cs_edit_commit(edit));
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
    assert_sound(f);
}

static void keeping_names_the_deletes_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_arena arena;
    struct cs_stored_row before;
    struct cs_stored_row after;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), &id, &arena, &before));
    struct cs_edit *edit = begin(f);
    assert_ok(cs_edit_keep(edit, T("part"), &id, seen_others, NULL));
    assert_int_equal(cs_edit_transaction_count(edit), 1);
    assert_ok(cs_edit_commit(edit));
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), &id, &arena, &after));
    assert_true(cs_bytes_equal(before.versions, after.versions));
    assert_false(after.deleted);
    assert_int_equal(after.extra_count, 0);
    struct last last = last_of(f);
    assert_int_equal(last.operation.kind, CS_OPERATION_UPDATE);
    assert_int_equal(last.operation.change_count, 1);
    const struct cs_field_change *change = &last.operation.changes[0];
    assert_true(cs_bytes_equal_text(change->field, CS_UNIT_DELETED));
    assert_int_equal(change->value.kind, CS_VALUE_INTEGER);
    assert_int_equal(change->value.integer, 0);
    assert_int_equal(change->base.count, 2); /* sorted, without doubles */
    assert_int_equal(change->base.items[0].log, 3);
    assert_int_equal(change->base.items[1].log, 9);
    bool unsent = false;
    assert_ok(cs_query_is_unsent(f->replica, T("part"), &id, &unsent));
    assert_true(unsent);
    assert_sound(f);
    cs_arena_release(&last.arena);
    cs_arena_release(&arena);
}

static void what_keeping_refuses(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_id gone = fixture_part(f, "P-2", "b");
    struct cs_id nobody = {{9}};
    struct cs_problem problem = {""};
    fixture_delete(f, "part", &gone);
    struct cs_edit *edit = begin(f);
    assert_status(cs_edit_keep(edit, T("part"), &nobody, seen_others, &problem), CS_NOT_FOUND);
    assert_status(cs_edit_keep(edit, T("part"), &gone, seen_others, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "was deleted"));
    assert_status(cs_edit_keep(edit, T("parrot"), &id, seen_others, &problem), CS_NOT_FOUND);
    assert_int_equal(cs_edit_transaction_count(edit), 0);
    assert_ok(cs_edit_commit(edit));
    struct last last = last_of(f);
    assert_int_equal(last.transactions, 3);
    cs_arena_release(&last.arena);
}

/*
 * A keep that was folded together with field changes would be an operation that no server knows,
 * and a view that nobody else has.
 */
static void keeping_and_changing_are_two_actions(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_problem problem = {""};
    struct cs_named_value name = TEXT_VALUE("name", "b");
    struct cs_named_value fresh[] = {TEXT_VALUE("code", "P-2"), TEXT_VALUE("name", "c")};
    struct cs_id made;
    struct cs_version more = {4, 4};
    struct cs_edit *edit = begin(f);
    assert_ok(cs_edit_keep(edit, T("part"), &id, seen_others, &problem));
    assert_status(cs_edit_update(edit, T("part"), &id, &name, 1, &problem), CS_USAGE);
    assert_non_null(strstr(problem.text, "kept"));
    assert_status(cs_edit_delete(edit, T("part"), &id, &problem), CS_USAGE);
    /* Kept twice is kept once, from all the deletes that were named. */
    assert_ok(cs_edit_keep(edit, T("part"), &id, (struct cs_versions){&more, 1}, &problem));
    assert_ok(cs_edit_next_transaction(edit));
    struct last last = last_of(f);
    assert_int_equal(last.operation_count, 1);
    assert_int_equal(last.operation.change_count, 1);
    assert_int_equal(last.operation.changes[0].base.count, 3);
    cs_arena_release(&last.arena);
    assert_ok(cs_edit_update(edit, T("part"), &id, &name, 1, &problem));
    assert_status(cs_edit_keep(edit, T("part"), &id, seen_others, &problem), CS_USAGE);
    assert_ok(cs_edit_insert(edit, T("part"), NULL, fresh, 2, &made, &problem));
    assert_status(cs_edit_keep(edit, T("part"), &made, seen_others, &problem), CS_USAGE);
    assert_ok(cs_edit_commit(edit));
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 3);
    assert_sound(f);
}

static void roles_limit_who_may_delete_and_keep(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *owner = f->identity;
    cs_replica_close(f->replica);
    fixture_remove_home(f->home);
    fixture_new_home(f);
    f->identity = fixture_identity(f, CS_ROLE(TECHNICIAN));
    fixture_open(f);
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    struct cs_row_versions versions = {.created = {5, 1}};
    struct cs_buffer packed;
    struct cs_problem problem = {""};
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&packed, CS_KIBI);
    cs_row_versions_pack(&versions, &packed);
    assert_ok(cs_row_from_fields(cs_registry_core(), T("part"), fields, 2, &arena, &row));
    row.id = (struct cs_id){{1}};
    row.exists = true;
    row.versions = cs_buffer_bytes(&packed);
    assert_ok(cs_row_store(cs_replica_tables(f->replica), &row));
    struct cs_edit *edit = begin(f);
    assert_status(cs_edit_delete(edit, T("part"), &row.id, &problem), CS_DENIED);
    assert_status(cs_edit_keep(edit, T("part"), &row.id, seen_others, &problem), CS_DENIED);
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 0);
    cs_buffer_release(&packed);
    cs_arena_release(&arena);
    cs_replica_close(f->replica);
    f->replica = NULL;
    cs_identity_destroy(f->identity);
    f->identity = owner;
}

static enum cs_status keep_and_delete(struct fixture *f, const struct cs_id *kept,
                                      const struct cs_id *gone)
{
    struct cs_edit *edit = NULL;
    enum cs_status status = cs_edit_begin(f->replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_keep(edit, T("part"), kept, seen_others, NULL);
    if (status == CS_OK) {
        status = cs_edit_delete(edit, T("part"), gone, NULL);
    }
    enum cs_status committed = cs_edit_commit(edit);
    assert_true(status == CS_OK || committed == status);
    return committed;
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct cs_id kept = fixture_part(f, "P-1", "a");
    struct cs_id gone = fixture_part(f, "P-2", "b");
    bool completed = false;
    for (long n = 0; !completed && n < 500; n++) {
        cs_memory_fail_after(n);
        enum cs_status status = keep_and_delete(f, &kept, &gone);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), completed ? 3 : 2);
        assert_string_equal(fixture_text(f, "part", &gone, "name"), completed ? "-" : "b");
    }
    assert_true(completed);
    assert_sound(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(a_delete_says_what_its_author_had_seen),
        replica_test(what_a_delete_refuses),
        replica_test(keeping_names_the_deletes_and_changes_nothing),
        replica_test(what_keeping_refuses),
        replica_test(keeping_and_changing_are_two_actions),
        replica_test(roles_limit_who_may_delete_and_keep),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
