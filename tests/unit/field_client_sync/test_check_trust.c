/* Rows about trust: devices by whom they were let in and when, revocations and reviews by what was signed. */
#include "field-client/sync/apply.h"
#include "shared/evidence/revocation.h"
#include "tests/unit/field_client_replica/device_rows.h"
#include "tests/unit/field_client_sync/server_fixture.h"

#define FIELDS 10

/* A row of `revocation` as its maker would sign it. */
struct signed_row {
    struct cs_named_value fields[FIELDS];
    size_t count;
    struct cs_buffer record;
};

static struct cs_evidence_signer signer(const struct cs_identity *identity)
{
    return (struct cs_evidence_signer){.organisation = cs_identity_organisation(identity),
                                       .certificate = cs_identity_certificate_id(identity),
                                       .key = cs_identity_sign_key(identity),
                                       .claimed = cs_instant_make(1000, 0)};
}

static void put(struct signed_row *row, const char *name, struct cs_value value)
{
    row->fields[row->count++] = (struct cs_named_value){T(name), value};
}

static void make_revocation(struct signed_row *row, const struct cs_identity *by,
                            const struct cs_identity *subject)
{
    struct cs_evidence_signer who = signer(by);
    const uint8_t *certificate = cs_identity_certificate_id(subject);
    *row = (struct signed_row){.count = 0};
    cs_buffer_init(&row->record, CS_RECORD_MAX);
    assert_ok(cs_revocation_encode(&who, certificate, T("丢失"), &row->record));
    put(row, "certificate", cs_value_bytes(cs_bytes_make(certificate, CS_HASH_SIZE)));
    put(row, "log_id", cs_value_bytes(cs_bytes_make(certificate, 8)));
    put(row, "person_name", cs_value_text(cs_identity_certificate(subject)->person_name));
    put(row, "reason", cs_value_text(T("丢失")));
    put(row, "revoked_by", cs_value_text(cs_identity_certificate(by)->person_name));
    put(row, "revoked_at", cs_value_integer(who.claimed));
    put(row, "revoker_chain", cs_value_bytes(cs_identity_chain(by)));
    put(row, "subject_chain", cs_value_bytes(cs_identity_chain(subject)));
    put(row, "record", cs_value_bytes(cs_buffer_bytes(&row->record)));
}

static void make_review(struct signed_row *row, const struct cs_identity *by)
{
    static const uint8_t transaction[16] = {5};
    struct cs_evidence_signer who = signer(by);
    const struct cs_review_content content = {cs_bytes_of_array(transaction), T(CS_REVIEW_ACCEPT),
                                              T("看过")};
    *row = (struct signed_row){.count = 0};
    cs_buffer_init(&row->record, CS_RECORD_MAX);
    assert_ok(cs_review_encode(&who, &content, &row->record));
    put(row, "transaction", cs_value_bytes(content.transaction));
    put(row, "decision", cs_value_text(content.decision));
    put(row, "reason", cs_value_text(content.reason));
    put(row, "reviewed_by", cs_value_text(cs_identity_certificate(by)->person_name));
    put(row, "reviewed_at", cs_value_integer(who.claimed));
    put(row, "reviewer_chain", cs_value_bytes(cs_identity_chain(by)));
    put(row, "record", cs_value_bytes(cs_buffer_bytes(&row->record)));
}

/* What a page with this row would be told, before anything of it is applied. */
static enum cs_status bring(struct server *s, const char *entity,
                            const struct cs_named_value *fields, size_t count,
                            struct cs_version made, struct cs_problem *problem)
{
    struct cs_named_value copies[FIELDS];
    memcpy(copies, fields, count * sizeof *copies);
    const struct cs_row row = {.entity = T(entity),
                               .id = {{1}},
                               .versions = server_versions(s, made.log, made.counter),
                               .fields = copies,
                               .field_count = count};
    problem->text[0] = '\0';
    return cs_apply_check_trust(s->f->replica, &row, problem);
}

static void refused(struct server *s, const char *entity, const struct signed_row *row,
                    struct cs_version made, const char *part)
{
    struct cs_problem problem;
    assert_status(bring(s, entity, row->fields, row->count, made, &problem), CS_FORGED);
    assert_non_null(strstr(problem.text, "01000000-0000"));
    assert_non_null(strstr(problem.text, part));
}

static void revocations_are_believed_by_what_is_signed(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct signed_row row;
    struct cs_problem problem;
    const struct cs_version made = {77, 1};
    struct cs_identity *office = fixture_identity(f, CS_ROLE(OFFICE));
    server_init(&s, f);
    make_revocation(&row, f->identity, office);
    row.fields[3].value = cs_value_text(T("其他"));
    refused(&s, "revocation", &row, made, "reason is not what was signed");
    row.fields[3].value = cs_value_text(T("丢失"));
    row.record.data[row.record.size - 1] ^= 1;
    refused(&s, "revocation", &row, made, "not by the device");
    row.record.data[row.record.size - 1] ^= 1;
    assert_ok(bring(&s, "revocation", row.fields, row.count, made, &problem));
    cs_buffer_release(&row.record);
    /* Well signed, without the right. */
    make_revocation(&row, office, f->identity);
    refused(&s, "revocation", &row, made, "whoever invited");
    cs_buffer_release(&row.record);
    server_release(&s);
    cs_identity_destroy(office);
}

static void reviews_are_believed_by_what_is_signed(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct signed_row row;
    struct cs_problem problem;
    const struct cs_version made = {77, 1};
    server_init(&s, f);
    make_review(&row, f->identity);
    row.fields[1].value = cs_value_text(T(CS_REVIEW_REJECT));
    refused(&s, "review", &row, made, "decision is not what was signed");
    row.fields[1].value = cs_value_text(T(CS_REVIEW_ACCEPT));
    assert_ok(bring(&s, "review", row.fields, row.count, made, &problem));
    cs_buffer_release(&row.record);
    server_release(&s);
}

/* A signer who was revoked before is not believed: by the place in its own log. */
static void a_revoked_device_signs_nothing_that_counts(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct signed_row row;
    struct cs_problem problem;
    struct cs_identity *security = fixture_identity(f, CS_ROLE(SECURITY));
    struct cs_identity *office = fixture_identity(f, CS_ROLE(OFFICE));
    const struct cs_version before = {cs_identity_log(security), 3};
    const struct cs_version after = {cs_identity_log(security), 4};
    server_init(&s, f);
    (void)show_device(f->replica, security, "security", "revoked"); /* after its transaction 3 */
    make_revocation(&row, security, office);
    refused(&s, "revocation", &row, after, "was revoked before");
    assert_ok(bring(&s, "revocation", row.fields, row.count, before, &problem));
    cs_buffer_release(&row.record);
    make_review(&row, security);
    refused(&s, "review", &row, after, "was revoked before");
    cs_buffer_release(&row.record);
    server_release(&s);
    cs_identity_destroy(security);
    cs_identity_destroy(office);
}

/* ---- devices and those who let them in ---- */

/* A chain of two: let in by `inviter`. */
static void make_invitee(struct fixture *f, const struct cs_identity *inviter,
                         struct cs_buffer *out_chain, struct cs_chain *out)
{
    struct cs_sign_key *one_time = NULL;
    struct cs_sign_key *own = NULL;
    struct cs_buffer invite;
    struct cs_buffer certificate;
    cs_buffer_init(&invite, CS_CHAIN_BYTES_MAX);
    cs_buffer_init(&certificate, CS_CHAIN_BYTES_MAX);
    assert_ok(cs_sign_key_create_random(&f->fake.world, &one_time));
    assert_ok(cs_sign_key_create_random(&f->fake.world, &own));
    struct cs_invite content = {.person = {{6}},
                                .person_name = T("李强"),
                                .roles = CS_ROLE(TECHNICIAN),
                                .expires_ms = f->fake.wall_ms + 1000};
    memcpy(content.organisation, cs_identity_organisation(inviter), CS_HASH_SIZE);
    memcpy(content.inviter, cs_identity_certificate_id(inviter), CS_HASH_SIZE);
    cs_sign_key_public(one_time, content.invite_key);
    assert_ok(cs_invite_encode(&content, cs_identity_sign_key(inviter), &invite));
    struct cs_certificate leaf = {.person = content.person,
                                  .person_name = content.person_name,
                                  .roles = content.roles,
                                  .created_ms = f->fake.wall_ms,
                                  .device_name = T("laptop")};
    memcpy(leaf.organisation, content.organisation, CS_HASH_SIZE);
    cs_sign_key_public(own, leaf.sign_key);
    memset(leaf.seal_key, 3, sizeof leaf.seal_key);
    assert_ok(cs_invite_id(cs_buffer_bytes(&invite), leaf.issuer));
    assert_ok(cs_certificate_encode(&leaf, one_time, &certificate));
    assert_ok(cs_chain_encode_next(cs_identity_chain(inviter), cs_buffer_bytes(&invite),
                                   cs_buffer_bytes(&certificate), out_chain));
    assert_ok(
        cs_chain_verify(cs_buffer_bytes(out_chain), cs_identity_organisation(inviter), out, NULL));
    cs_sign_key_destroy(one_time);
    cs_sign_key_destroy(own);
    cs_buffer_release(&invite);
    cs_buffer_release(&certificate);
}

static void devices_join_before_their_inviter_is_revoked(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_buffer bytes;
    struct cs_chain chain;
    struct cs_problem problem;
    struct cs_identity *office = fixture_identity(f, CS_ROLE(OFFICE));
    const struct cs_version made = {CS_LOG_SERVER, 1};
    cs_buffer_init(&bytes, CS_CHAIN_BYTES_MAX);
    server_init(&s, f);
    make_invitee(f, office, &bytes, &chain);
    struct signed_row row = {.count = 0};
    put(&row, "person", cs_value_bytes(cs_id_bytes(&chain.leaf.person)));
    put(&row, "person_name", cs_value_text(chain.leaf.person_name));
    put(&row, "roles", cs_value_text(T("technician")));
    put(&row, "device_name", cs_value_text(chain.leaf.device_name));
    put(&row, "log_id", cs_value_bytes(cs_bytes_make(chain.leaf_id, 8)));
    put(&row, "chain", cs_value_bytes(cs_buffer_bytes(&bytes)));
    put(&row, "joined_position", cs_value_integer(9));
    (void)show_device(f->replica, office, "office", "revoked"); /* at position 9 */
    refused(&s, "device", &row, made, "after the device that let it in was revoked");
    row.fields[6].value = cs_value_integer(8);
    assert_ok(bring(&s, "device", row.fields, row.count, made, &problem));
    row.fields[6].value = cs_value_integer(100);
    (void)show_device(f->replica, office, "office", "active");
    assert_ok(bring(&s, "device", row.fields, row.count, (struct cs_version){CS_LOG_SERVER, 2},
                    &problem));
    cs_buffer_release(&bytes);
    server_release(&s);
    cs_identity_destroy(office);
}

/* What is known of the inviter, or of who signed, cannot be read: that is no forgery of the server's. */
static void a_failing_disk_accuses_nobody(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_buffer bytes;
    struct cs_chain chain;
    struct cs_problem problem;
    struct cs_identity *office = fixture_identity(f, CS_ROLE(OFFICE));
    const struct cs_version made = {CS_LOG_SERVER, 1};
    struct signed_row device = {.count = 0};
    struct signed_row review;
    cs_buffer_init(&bytes, CS_CHAIN_BYTES_MAX);
    server_init(&s, f);
    make_invitee(f, office, &bytes, &chain);
    put(&device, "person", cs_value_bytes(cs_id_bytes(&chain.leaf.person)));
    put(&device, "person_name", cs_value_text(chain.leaf.person_name));
    put(&device, "roles", cs_value_text(T("technician")));
    put(&device, "device_name", cs_value_text(chain.leaf.device_name));
    put(&device, "log_id", cs_value_bytes(cs_bytes_make(chain.leaf_id, 8)));
    put(&device, "chain", cs_value_bytes(cs_buffer_bytes(&bytes)));
    make_review(&review, office);
    (void)show_device(f->replica, office, "office", "active");
    assert_ok(bring(&s, "device", device.fields, device.count, made, &problem));
    assert_ok(bring(&s, "review", review.fields, review.count, made, &problem));
    assert_ok(
        cs_database_execute(cs_replica_database(f->replica), "UPDATE device SET _versions = 5"));
    assert_status(bring(&s, "device", device.fields, device.count, made, &problem), CS_CORRUPT);
    assert_string_equal(problem.text, "");
    assert_status(bring(&s, "review", review.fields, review.count, made, &problem), CS_CORRUPT);
    assert_string_equal(problem.text, "");
    cs_buffer_release(&review.record);
    cs_buffer_release(&bytes);
    server_release(&s);
    cs_identity_destroy(office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(revocations_are_believed_by_what_is_signed),
        replica_test(reviews_are_believed_by_what_is_signed),
        replica_test(a_revoked_device_signs_nothing_that_counts),
        replica_test(devices_join_before_their_inviter_is_revoked),
        replica_test(a_failing_disk_accuses_nobody),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
