/* Packing, chaining, collecting and acknowledging change-sets. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/doctor.h"
#include "field-client/replica/outbox.h"
#include "shared/wire/change_set.h"

static size_t pack(struct fixture *f)
{
    struct cs_database *database = cs_replica_database(f->replica);
    size_t packed = 0;
    assert_ok(cs_database_begin(database));
    assert_ok(cs_outbox_pack(f->replica, &packed));
    assert_ok(cs_database_commit(database));
    return packed;
}

static void transactions_become_a_signed_chain(void **state)
{
    struct fixture *f = *state;
    struct cs_outbox_head head;
    assert_ok(cs_outbox_head(f->replica, &head));
    assert_int_equal(head.sequence, 0);
    assert_int_equal(pack(f), 0);
    (void)fixture_part(f, "P-1", "a");
    (void)fixture_part(f, "P-2", "b");
    assert_int_equal(pack(f), 1);
    assert_int_equal(pack(f), 0);
    (void)fixture_part(f, "P-3", "c");
    assert_int_equal(pack(f), 1);
    assert_ok(cs_outbox_head(f->replica, &head));
    assert_int_equal(head.sequence, 2);
    assert_int_equal(head.last_counter, 3);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_outbox_entry first;
    struct cs_outbox_entry second;
    struct cs_inner_header header;
    struct cs_bytes body;
    struct cs_transactions transactions;
    uint8_t key[CS_SIGN_PUBLIC_SIZE];
    uint8_t hash[CS_HASH_SIZE];
    cs_sign_key_public(cs_identity_sign_key(f->identity), key);
    assert_ok(cs_outbox_load(f->replica, 1, &arena, &first));
    assert_ok(cs_outbox_load(f->replica, 2, &arena, &second));
    assert_status(cs_outbox_load(f->replica, 3, &arena, &second), CS_NOT_FOUND);
    assert_ok(cs_inner_verify(first.inner, key));
    assert_ok(cs_inner_verify(second.inner, key));
    assert_ok(cs_inner_split(first.inner, &header, &body));
    assert_int_equal(header.sequence, 1);
    assert_int_equal(header.first_counter, 1);
    assert_int_equal(header.transaction_count, 2);
    assert_memory_equal(header.server, f->server_public, sizeof header.server);
    assert_memory_equal(header.organisation, cs_identity_organisation(f->identity), CS_HASH_SIZE);
    assert_ok(cs_body_decode(body, &arena, &transactions));
    assert_int_equal(transactions.count, 2);
    assert_ok(cs_inner_hash(first.inner, hash));
    assert_ok(cs_inner_split(second.inner, &header, &body));
    assert_memory_equal(header.previous, hash, CS_HASH_SIZE);
    assert_memory_equal(first.hash, hash, CS_HASH_SIZE);
    assert_memory_equal(second.hash, head.hash, CS_HASH_SIZE);
    assert_ok(cs_outbox_hash(f->replica, 1, hash));
    assert_memory_equal(first.hash, hash, CS_HASH_SIZE);
    assert_status(cs_outbox_hash(f->replica, 9, hash), CS_NOT_FOUND);
    assert_ok(cs_outbox_load_counter(f->replica, 2, &arena, &second));
    assert_int_equal(second.sequence, 1);
    assert_ok(cs_outbox_load_counter(f->replica, 3, &arena, &second));
    assert_int_equal(second.sequence, 2);
    assert_status(cs_outbox_load_counter(f->replica, 4, &arena, &second), CS_NOT_FOUND);
    cs_arena_release(&arena);
    assert_int_equal(
        fixture_count_sql(f, "SELECT count(*) FROM _pending WHERE state = 2 AND change_set > 0"),
        3);
}

static void only_what_is_needed_is_collected(void **state)
{
    struct fixture *f = *state;
    struct cs_outbox_entry *entries = NULL;
    size_t count = 9;
    bool more = true;
    uint64_t sequence = 9;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    for (int i = 0; i < 5; i++) {
        char code[8];
        (void)snprintf(code, sizeof code, "P-%d", i);
        (void)fixture_part(f, code, "a");
        assert_int_equal(pack(f), 1);
    }
    assert_ok(cs_outbox_acknowledged(f->replica, &sequence));
    assert_int_equal(sequence, 0);
    assert_ok(cs_outbox_collect(f->replica, 1, 0, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(count, 5);
    assert_false(more);
    assert_ok(cs_outbox_collect(f->replica, 1, 0, 0, &arena, &entries, &count, &more));
    assert_int_equal(count, 1);
    assert_true(more);
    size_t two = entries[0].inner.size * 5 / 2;
    assert_ok(cs_outbox_collect(f->replica, 2, 0, two, &arena, &entries, &count, &more));
    assert_int_equal(count, 2);
    assert_int_equal(entries[0].sequence, 2);
    assert_true(more);
    assert_ok(
        cs_outbox_acknowledge(f->replica, 2, 1, 5)); /* counters of later ones are not enough */
    assert_ok(cs_outbox_acknowledged(f->replica, &sequence));
    assert_int_equal(sequence, 2);
    assert_ok(cs_outbox_acknowledge(f->replica, 5, 4, 4));
    assert_ok(cs_outbox_collect(f->replica, 1, 0, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(count, 1); /* a run without gaps */
    assert_int_equal(entries[0].sequence, 3);
    assert_true(more);
    assert_ok(cs_outbox_collect(f->replica, 4, 0, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(count, 1);
    assert_int_equal(entries[0].sequence, 5);
    assert_ok(cs_outbox_collect(f->replica, 2, 2, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(count, 4);
    assert_true(entries[0].acknowledged);
    assert_ok(cs_outbox_answered(f->replica, 5, 1, 4, &sequence));
    assert_int_equal(sequence, 4);
    assert_ok(cs_outbox_answered(f->replica, 3, 1, 4, &sequence));
    assert_int_equal(sequence, 3);
    assert_ok(cs_outbox_answered(f->replica, 5, 9, 9, &sequence));
    assert_int_equal(sequence, 0);
    cs_arena_release(&arena);
}

/* More than one change-set holds: it is split, in order, and nothing is left out. */
static void large_outboxes_are_split(void **state)
{
    struct fixture *f = *state;
    enum { NOTE = 1900, COUNT = 3000 };
    char note[NOTE + 1];
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    for (int i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < NOTE; j++) {
            note[j] = (char)('a' + fake_world_next(&f->fake) % 26);
        }
        note[NOTE] = '\0';
        struct cs_named_value values[] = {TEXT_VALUE("name", "厂"), TEXT_VALUE("note", note)};
        assert_ok(cs_edit_insert(edit, T("customer"), NULL, values, 2, NULL, NULL));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(pack(f), 2);
    assert_int_equal(fixture_count_sql(f, "SELECT sum(last_counter - first_counter + 1) FROM "
                                          "_outbox"),
                     COUNT);
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(f->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.change_sets_checked, 2);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct cs_database *database = cs_replica_database(f->replica);
    (void)fixture_part(f, "P-1", "a");
    bool completed = false;
    for (long n = 0; !completed && n < 300; n++) {
        size_t packed = 0;
        assert_ok(cs_database_begin(database));
        cs_memory_fail_after(n);
        enum cs_status status = cs_outbox_pack(f->replica, &packed);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        if (completed) {
            assert_ok(cs_database_commit(database));
        } else {
            assert_int_equal(status, CS_NO_MEMORY);
            cs_database_rollback(database);
            assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _outbox"), 0);
        }
    }
    assert_true(completed);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _outbox"), 1);
}

static void damaged_transactions_are_not_packed(void **state)
{
    struct fixture *f = *state;
    struct cs_database *database = cs_replica_database(f->replica);
    size_t packed = 0;
    (void)fixture_part(f, "P-1", "a");
    assert_ok(cs_database_execute(database, "UPDATE _pending SET body = x'ff'"));
    assert_ok(cs_database_begin(database));
    assert_status(cs_outbox_pack(f->replica, &packed), CS_CORRUPT);
    cs_database_rollback(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(transactions_become_a_signed_chain),
        replica_test(only_what_is_needed_is_collected),
        replica_test(large_outboxes_are_split),
        replica_test(memory_may_run_out_anywhere),
        replica_test(damaged_transactions_are_not_packed),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
