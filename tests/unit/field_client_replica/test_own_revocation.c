/* A laptop that was revoked: it keeps the server's word and everything it has, and what was taken is not sent again. */
#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/revocation.h"
#include "shared/evidence/revocation.h"
#include "tests/unit/field_client_replica/client_fixture.h"

static struct cs_revoked_response answer(uint64_t sequence)
{
    return (struct cs_revoked_response){.revoked_ms = 1772413300000,
                                        .log_sequence = sequence,
                                        .last_sequence = 1,
                                        .revoked_by = T("赵敏"),
                                        .reason = T("丢失")};
}

static void pack(struct fixture *f)
{
    size_t count;
    assert_ok(cs_database_begin(cs_replica_database(f->replica)));
    assert_ok(cs_outbox_pack(f->replica, &count));
    assert_ok(cs_database_commit(cs_replica_database(f->replica)));
    assert_int_equal(count, 1);
}

static uint64_t note(struct fixture *f, uint64_t sequence)
{
    struct cs_revoked_response response = answer(sequence);
    uint64_t taken = 77;
    assert_ok(cs_own_revocation_note(f->replica, &response, &taken));
    return taken;
}

static void nothing_is_known_before(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_revoked_response own = {.log_sequence = 77};
    cs_arena_init(&arena, CS_MEBI);
    assert_status(cs_own_revocation_load(f->replica, &arena, &own), CS_NOT_FOUND);
    assert_int_equal(own.log_sequence, 77);
    cs_arena_release(&arena);
}

static void what_was_taken_is_held_and_stays_in_view(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_revoked_response own;
    struct cs_pending_counts counts;
    struct cs_outbox_entry *entries;
    size_t count;
    bool more;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id first = fixture_part(f, "P-1", "一");
    pack(f);
    struct cs_id second = fixture_part(f, "P-2", "二");
    pack(f);
    (void)fixture_part(f, "P-3", "三");
    assert_int_equal(note(f, 1), 1);
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    assert_int_equal(counts.held, 1);
    assert_int_equal(counts.packed, 1);
    assert_int_equal(counts.waiting, 1);
    assert_ok(cs_outbox_collect(f->replica, 1, 0, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(count, 1);
    assert_int_equal(entries[0].sequence, 2);
    assert_int_equal(note(f, 2), 1);
    assert_int_equal(note(f, 2), 0);
    fixture_reopen(f);
    assert_string_equal(fixture_text(f, "part", &first, "name"), "一");
    assert_string_equal(fixture_text(f, "part", &second, "name"), "二");
    assert_ok(cs_own_revocation_load(f->replica, &arena, &own));
    assert_int_equal(own.log_sequence, 2);
    assert_true(cs_bytes_equal_text(own.revoked_by, "赵敏"));
    assert_true(cs_bytes_equal_text(own.reason, "丢失"));
    cs_arena_release(&arena);
}

static void it_revokes_and_reviews_nothing_any_more(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = {{1}};
    struct cs_problem problem;
    (void)note(f, 0 + 1);
    assert_status(cs_revocation_make(f->replica, &id, T("x"), &id, &problem), CS_REVOKED);
    assert_non_null(strstr(problem.text, "itself was revoked"));
    assert_status(cs_review_make(f->replica, &id, 1, CS_REVIEW_ACCEPT, T("x"), &problem),
                  CS_REVOKED);
}

static void a_damaged_note_is_told(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_revoked_response own;
    struct cs_revoked_response wrong = answer(0);
    uint64_t taken = 77;
    cs_arena_init(&arena, CS_MEBI);
    assert_status(cs_own_revocation_note(f->replica, &wrong, &taken), CS_INVALID);
    assert_int_equal(taken, 77);
    assert_ok(cs_replica_meta_set_bytes(f->replica, CS_META_REVOKED, T("garbage")));
    assert_int_not_equal(cs_own_revocation_load(f->replica, &arena, &own), CS_OK);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(nothing_is_known_before),
        replica_test(what_was_taken_is_held_and_stays_in_view),
        replica_test(it_revokes_and_reviews_nothing_any_more),
        replica_test(a_damaged_note_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
