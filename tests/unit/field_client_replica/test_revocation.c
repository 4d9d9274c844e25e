/* Revoking and reviewing on a laptop: what is made, and every refusal. */
#include "field-client/replica/revocation.h"

#include "shared/evidence/revocation.h"
#include "tests/unit/field_client_replica/device_rows.h"

struct people {
    struct fixture *f;
    struct cs_identity *office; /* certified by root, as all here */
    struct cs_id own;
    struct cs_id other;
    struct cs_problem problem;
};

static void open_people(struct people *people, struct fixture *f)
{
    *people = (struct people){.f = f, .office = fixture_identity(f, CS_ROLE(OFFICE))};
    people->own = show_device(f->replica, f->identity, "owner", "active");
    people->other = show_device(f->replica, people->office, "office", "active");
}

static enum cs_status revoke_device(struct people *people, const struct cs_id *device,
                                    const char *reason, struct cs_id *out)
{
    people->problem.text[0] = '\0';
    return cs_revocation_make(people->f->replica, device, T(reason), out, &people->problem);
}

static void refused(struct people *people, const struct cs_id *device, const char *reason,
                    enum cs_status expected, const char *part)
{
    struct cs_id made = {{77}};
    assert_status(revoke_device(people, device, reason, &made), expected);
    assert_non_null(strstr(people->problem.text, part));
    assert_int_equal(made.bytes[0], 77);
}

static size_t fields_of(struct people *people, const char *entity, const struct cs_id *id,
                        struct cs_arena *arena, struct cs_named_value *out)
{
    struct cs_stored_row row;
    assert_ok(cs_row_load(cs_replica_tables(people->f->replica), T(entity), id, arena, &row));
    assert_true(row.exists);
    for (size_t i = 0; i < row.entity->field_count; i++) {
        out[i] = (struct cs_named_value){T(row.entity->fields[i].name), row.values[i]};
    }
    return row.entity->field_count;
}

static void a_revocation_proves_itself(void **state)
{
    struct people people;
    struct cs_id made;
    struct cs_arena arena;
    struct cs_revocation revocation;
    struct cs_named_value values[CS_FIELDS_PER_ENTITY_MAX];
    open_people(&people, *state);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(revoke_device(&people, &people.other, "丢失", &made));
    size_t count = fields_of(&people, "revocation", &made, &arena, values);
    assert_ok(cs_revocation_verify(values, count, cs_identity_organisation(people.office), &arena,
                                   &revocation, &people.problem));
    assert_true(cs_bytes_equal_text(revocation.reason, "丢失"));
    assert_memory_equal(revocation.subject.leaf_id, cs_identity_certificate_id(people.office),
                        CS_HASH_SIZE);
    assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"), 1);
    refused(&people, &people.other, "again", CS_EXISTS, "revoked already");
    assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"), 1);
    cs_arena_release(&arena);
    cs_identity_destroy(people.office);
}

static void who_cannot_be_revoked(void **state)
{
    struct people people;
    const struct cs_id nobody = {{9}};
    open_people(&people, *state);
    refused(&people, &nobody, "x", CS_NOT_FOUND, "");
    refused(&people, &people.other, "", CS_INVALID, "needs a reason");
    refused(&people, &people.own, "x", CS_DENIED, "does not revoke itself");
    (void)show_device(people.f->replica, people.office, "office", "revoked");
    refused(&people, &people.other, "x", CS_EXISTS, "revoked already");
    assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"), 0);
    cs_identity_destroy(people.office);
}

/* Somebody of security has the laptop now: the owner's only device stays, one of two does not. */
static void the_last_owner_stays(void **state)
{
    struct people people;
    struct fixture *f = *state;
    open_people(&people, f);
    struct cs_identity *security = fixture_identity(f, CS_ROLE(SECURITY));
    struct cs_identity *second = fixture_identity(f, CS_ROLE(OWNER) | CS_ROLE(OFFICE));
    struct cs_identity *owner = f->identity;
    struct cs_id made;
    cs_replica_close(f->replica);
    fixture_remove_home(f->home);
    fixture_new_home(f);
    f->identity = security;
    fixture_open(f);
    (void)show_device(f->replica, owner, "owner", "active");
    (void)show_device(f->replica, second, "second", "suspended");
    refused(&people, &people.own, "x", CS_DENIED, "last device of an owner");
    (void)show_device(f->replica, second, "second", "active");
    assert_ok(revoke_device(&people, &people.own, "x", &made));
    f->identity = owner;
    cs_identity_destroy(people.office);
    cs_identity_destroy(second);
    cs_replica_close(f->replica);
    f->replica = NULL;
    cs_identity_destroy(security);
}

static void standings_are_read_from_the_devices_row(void **state)
{
    struct people people;
    struct cs_standing standing;
    uint8_t unknown[CS_HASH_SIZE] = {1};
    open_people(&people, *state);
    const uint8_t *certificate = cs_identity_certificate_id(people.office);
    assert_ok(cs_standing_of(people.f->replica, unknown, &standing));
    assert_false(standing.known || standing.revoked);
    assert_int_equal(standing.joined_position, 0);
    assert_ok(cs_standing_of(people.f->replica, certificate, &standing));
    assert_true(standing.known && !standing.revoked);
    assert_int_equal(standing.joined_position, 5);
    (void)show_device(people.f->replica, people.office, "office", "revoked");
    assert_ok(cs_standing_of(people.f->replica, certificate, &standing));
    assert_true(standing.revoked);
    assert_int_equal(standing.revoked_position, 9);
    assert_int_equal(standing.revoked_counter, 3);
    assert_int_equal(standing.revoked_at, cs_instant_make(1772413300000, 0));
    cs_identity_destroy(people.office);
}

/* ---- reviews ---- */

static void reviews_prove_themselves(void **state)
{
    struct people people;
    struct cs_arena arena;
    struct cs_review found;
    struct cs_named_value values[CS_FIELDS_PER_ENTITY_MAX];
    open_people(&people, *state);
    cs_arena_init(&arena, CS_MEBI);
    struct cs_id works[2] = {show_work(people.f->replica, &people.other, 1, "open"),
                             show_work(people.f->replica, &people.other, 2, "open")};
    assert_ok(
        cs_review_make(people.f->replica, works, 2, CS_REVIEW_ACCEPT, T("看过"), &people.problem));
    assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"), 2);
    for (size_t i = 0; i < 2; i++) {
        struct cs_value work = cs_value_bytes(cs_id_bytes(&works[i]));
        struct cs_id *ids;
        size_t count;
        assert_ok(cs_query_find(people.f->replica, T("review"), T("work"), &work, 4, &arena, &ids,
                                &count, NULL));
        assert_int_equal(count, 1);
        count = fields_of(&people, "review", &ids[0], &arena, values);
        assert_ok(cs_review_verify(values, count, cs_identity_organisation(people.office), &arena,
                                   &found, &people.problem));
        assert_true(cs_bytes_equal_text(found.content.decision, CS_REVIEW_ACCEPT));
        assert_int_equal(found.content.transaction.data[0], i + 1);
    }
    cs_arena_release(&arena);
    cs_identity_destroy(people.office);
}

/* One that was decided before, or is not there, undoes all of them. */
static void reviews_are_made_all_or_none(void **state)
{
    struct people people;
    open_people(&people, *state);
    struct cs_replica *replica = people.f->replica;
    struct cs_id works[3] = {show_work(replica, &people.other, 1, "open"),
                             show_work(replica, &people.other, 2, "rejected"),
                             {{9}}};
    assert_status(cs_review_make(replica, works, 2, CS_REVIEW_ACCEPT, T("x"), &people.problem),
                  CS_USED);
    works[1] = works[2];
    assert_status(cs_review_make(replica, works, 2, CS_REVIEW_ACCEPT, T("x"), &people.problem),
                  CS_NOT_FOUND);
    assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"), 0);
    assert_ok(cs_review_make(replica, works, 1, CS_REVIEW_REJECT, T("x"), &people.problem));
    assert_status(cs_review_make(replica, works, 1, CS_REVIEW_REJECT, T("x"), &people.problem),
                  CS_USED);
    assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"), 1);
    cs_identity_destroy(people.office);
}

static void survives_running_out_of_memory(void **state)
{
    struct people people;
    enum cs_status status = CS_NO_MEMORY;
    struct cs_id made = {{77}};
    open_people(&people, *state);
    for (long failures = 0; status != CS_OK; failures++) {
        assert_true(failures < 2000);
        cs_memory_fail_after(failures);
        status = revoke_device(&people, &people.other, "丢失", &made);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(fixture_count_sql(people.f, "SELECT count(*) FROM _pending"),
                         status == CS_OK ? 1 : 0);
    }
    cs_identity_destroy(people.office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(a_revocation_proves_itself),
        replica_test(who_cannot_be_revoked),
        replica_test(the_last_owner_stays),
        replica_test(standings_are_read_from_the_devices_row),
        replica_test(reviews_prove_themselves),
        replica_test(reviews_are_made_all_or_none),
        replica_test(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
