/* Revocations and reviews: what is proven by them, who has the right, and every alteration found. */
#include "shared/evidence/revocation.h"

#include "shared/base/text.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

#define CLAIMED cs_instant_make(FIXTURE_START_MS, 480)
#define FIELDS 10

/* Six devices in a line, each let in by the one before: two owners, then clerks of the office. */
struct line {
    struct fixture fixture;
    struct cs_buffer chains[6];
    struct cs_chain parsed[6];
    struct cs_arena arena;
    struct cs_buffer record;
    struct cs_named_value values[FIELDS];
    size_t count;
};

static int setup(void **state)
{
    static struct line line;
    memset(&line, 0, sizeof line);
    fixture_init(&line.fixture);
    cs_arena_init(&line.arena, CS_MEBI);
    cs_buffer_init(&line.record, CS_RECORD_MAX);
    for (size_t i = 0; i < CS_COUNT(line.chains); i++) {
        struct cs_bytes chain = fixture_build(&line.fixture, i + 1, NULL);
        cs_buffer_init(&line.chains[i], CS_CHAIN_BYTES_MAX);
        cs_buffer_append_bytes(&line.chains[i], chain);
        assert_int_equal(cs_chain_verify(cs_buffer_bytes(&line.chains[i]),
                                         line.fixture.organisation, &line.parsed[i], NULL),
                         CS_OK);
    }
    *state = &line;
    return 0;
}

static int teardown(void **state)
{
    struct line *line = *state;
    cs_memory_fail_after(-1);
    for (size_t i = 0; i < CS_COUNT(line->chains); i++) {
        cs_buffer_release(&line->chains[i]);
    }
    cs_buffer_release(&line->record);
    cs_arena_release(&line->arena);
    fixture_release(&line->fixture);
    return 0;
}

static struct cs_evidence_signer signer(struct line *line, size_t index)
{
    return (struct cs_evidence_signer){.organisation = line->fixture.organisation,
                                       .certificate = line->parsed[index].leaf_id,
                                       .key = line->fixture.devices[index],
                                       .claimed = CLAIMED};
}

static void put(struct line *line, const char *name, struct cs_value value)
{
    line->values[line->count++] = (struct cs_named_value){cs_bytes_of_text(name), value};
}

static void set(struct line *line, const char *name, struct cs_value value)
{
    for (size_t i = 0; i < line->count; i++) {
        if (cs_bytes_equal_text(line->values[i].name, name)) {
            line->values[i].value = value;
            return;
        }
    }
    fail_msg("no field %s", name);
}

/* A whole row: `by` revokes `subject`, as indexes in the line. */
static void revoke(struct line *line, size_t by, size_t subject)
{
    struct cs_evidence_signer who = signer(line, by);
    const struct cs_chain *chain = &line->parsed[subject];
    cs_buffer_clear(&line->record);
    assert_int_equal(
        cs_revocation_encode(&who, chain->leaf_id, cs_bytes_of_text("被盗"), &line->record), CS_OK);
    line->count = 0;
    put(line, "certificate", cs_value_bytes(cs_bytes_of_array(chain->leaf_id)));
    put(line, "log_id", cs_value_bytes(cs_bytes_make(chain->leaf_id, 8)));
    put(line, "person_name", cs_value_text(chain->leaf.person_name));
    put(line, "reason", cs_value_text(cs_bytes_of_text("被盗")));
    put(line, "revoked_by", cs_value_text(line->parsed[by].leaf.person_name));
    put(line, "revoked_at", cs_value_integer(CLAIMED));
    put(line, "revoker_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[by])));
    put(line, "subject_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[subject])));
    put(line, "record", cs_value_bytes(cs_buffer_bytes(&line->record)));
}

static enum cs_status verify(struct line *line, struct cs_problem *problem)
{
    struct cs_revocation found;
    struct cs_revocation untouched;
    memset(&found, 0x5a, sizeof found);
    untouched = found;
    problem->text[0] = '\0';
    enum cs_status status = cs_revocation_verify(
        line->values, line->count, line->fixture.organisation, &line->arena, &found, problem);
    if (status != CS_OK) {
        assert_memory_equal(&found, &untouched, sizeof found);
    } else {
        assert_true(cs_bytes_equal_text(found.reason, "被盗"));
        assert_int_equal(found.claimed, CLAIMED);
    }
    return status;
}

static void assert_revocation(struct line *line, enum cs_status expected, const char *part)
{
    struct cs_problem problem = {""};
    assert_int_equal(verify(line, &problem), expected);
    assert_non_null(strstr(problem.text, part));
}

/* Owners any device; a clerk those in whose chain he is; nobody himself. */
static void test_who_may_revoke_whom(void **state)
{
    struct line *line = *state;
    struct cs_problem problem;
    for (size_t by = 0; by < 6; by++) {
        for (size_t subject = 0; subject < 6; subject++) {
            bool allowed = by != subject && (by < 2 || subject > by);
            enum cs_status expected = allowed ? CS_OK : CS_DENIED;
            assert_int_equal(
                cs_revocation_permitted(&line->parsed[by], &line->parsed[subject], &problem),
                expected);
            revoke(line, by, subject);
            assert_revocation(line, expected,
                              allowed         ? ""
                              : by == subject ? "does not revoke itself"
                                              : "whoever invited");
        }
    }
}

static void test_every_field_is_proven(void **state)
{
    struct line *line = *state;
    struct cs_value other_id = cs_value_bytes(cs_bytes_of_array(line->parsed[4].leaf_id));
    const struct {
        const char *field;
        struct cs_value value;
        const char *part;
    } alterations[] = {
        {"certificate", other_id, "its certificate is not"},
        {"log_id", cs_value_bytes(cs_bytes_make(line->parsed[4].leaf_id, 8)), "its log_id"},
        {"person_name", cs_value_text(cs_bytes_of_text("Wu")), "its person_name"},
        {"reason", cs_value_text(cs_bytes_of_text("lost")), "its reason"},
        {"reason", CS_NULL, "its reason"},
        {"revoked_by", cs_value_text(cs_bytes_of_text("Wu")), "its revoked_by"},
        {"revoked_at", cs_value_integer(CLAIMED + 4096), "its revoked_at"},
        {"revoker_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[0])), "not by the device"},
        {"subject_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[4])), "another device"},
    };
    for (size_t i = 0; i < CS_COUNT(alterations); i++) {
        revoke(line, 1, 3);
        set(line, alterations[i].field, alterations[i].value);
        assert_revocation(line, CS_FORGED, alterations[i].part);
    }
    for (size_t missing = 0; missing < 9; missing++) {
        struct cs_problem problem;
        revoke(line, 1, 3);
        line->values[missing] = line->values[--line->count];
        assert_int_not_equal(verify(line, &problem), CS_OK);
    }
}

static void test_every_flipped_bit_is_found(void **state)
{
    struct line *line = *state;
    struct cs_problem problem;
    revoke(line, 0, 2);
    for (size_t bit = 0; bit < 8 * line->record.size; bit += 3) {
        line->record.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_not_equal(verify(line, &problem), CS_OK);
        line->record.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_int_equal(verify(line, &problem), CS_OK);
}

/* Well signed, but something else: another kind, another organisation, no such fields. */
static void test_other_records_are_not_revocations(void **state)
{
    struct line *line = *state;
    struct cs_named_value fields[] = {
        {cs_bytes_of_text("certificate"),
         cs_value_bytes(cs_bytes_of_array(line->parsed[3].leaf_id))},
        {cs_bytes_of_text("reason"), cs_value_text(cs_bytes_of_text("被盗"))}};
    struct cs_record record = {.kind = cs_bytes_of_text("receipt"),
                               .claimed = CLAIMED,
                               .fields = fields,
                               .field_count = 2};
    memcpy(record.organisation, line->fixture.organisation, CS_HASH_SIZE);
    memcpy(record.certificate, line->parsed[1].leaf_id, CS_HASH_SIZE);
    const struct {
        const char *kind;
        const char *part;
        size_t field_count;
        enum cs_status expected;
        uint8_t organisation;
    } cases[] = {
        {"revocation", "", 2, CS_OK, 0},
        {"receipt", "not a revocation", 2, CS_FORGED, 0},
        {"revocation", "another organisation", 2, CS_WRONG_ORGANISATION, 1},
        {"revocation", "lacks what it revokes", 1, CS_MALFORMED, 0},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        revoke(line, 1, 3);
        record.kind = cs_bytes_of_text(cases[i].kind);
        record.organisation[0] ^= cases[i].organisation;
        record.field_count = cases[i].field_count;
        cs_buffer_clear(&line->record);
        assert_int_equal(cs_record_encode(&record, line->fixture.devices[1], &line->record), CS_OK);
        set(line, "record", cs_value_bytes(cs_buffer_bytes(&line->record)));
        assert_revocation(line, cases[i].expected, cases[i].part);
        record.organisation[0] ^= cases[i].organisation;
    }
    struct cs_evidence_signer who = signer(line, 1);
    who.claimed = 0; /* no instant */
    cs_buffer_clear(&line->record);
    assert_int_equal(
        cs_revocation_encode(&who, line->parsed[3].leaf_id, cs_bytes_of_text("x"), &line->record),
        CS_INVALID);
}

/* ---- reviews ---- */

static const uint8_t transaction[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void decide(struct line *line, size_t by, const char *decision, size_t id_size)
{
    struct cs_evidence_signer who = signer(line, by);
    const struct cs_review_content content = {.transaction = {transaction, id_size},
                                              .decision = cs_bytes_of_text(decision),
                                              .reason = cs_bytes_of_text("核对无误")};
    cs_buffer_clear(&line->record);
    assert_int_equal(cs_review_encode(&who, &content, &line->record), CS_OK);
    line->count = 0;
    put(line, "transaction", cs_value_bytes(content.transaction));
    put(line, "decision", cs_value_text(content.decision));
    put(line, "reason", cs_value_text(content.reason));
    put(line, "reviewed_by", cs_value_text(line->parsed[by].leaf.person_name));
    put(line, "reviewed_at", cs_value_integer(CLAIMED));
    put(line, "reviewer_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[by])));
    put(line, "record", cs_value_bytes(cs_buffer_bytes(&line->record)));
}

static enum cs_status verify_review(struct line *line, struct cs_review *out)
{
    struct cs_problem problem;
    return cs_review_verify(line->values, line->count, line->fixture.organisation, &line->arena,
                            out, &problem);
}

static void test_reviews_come_back(void **state)
{
    struct line *line = *state;
    static const char *const decisions[] = {CS_REVIEW_ACCEPT, CS_REVIEW_REJECT};
    for (size_t i = 0; i < CS_COUNT(decisions); i++) {
        struct cs_review review;
        decide(line, 2, decisions[i], 16);
        assert_int_equal(verify_review(line, &review), CS_OK);
        assert_true(cs_bytes_equal_text(review.content.decision, decisions[i]));
        assert_true(cs_bytes_equal(review.content.transaction, cs_bytes_of_array(transaction)));
        assert_true(cs_bytes_equal_text(review.content.reason, "核对无误"));
        assert_memory_equal(review.reviewer.leaf_id, line->parsed[2].leaf_id, CS_HASH_SIZE);
        assert_int_equal(review.claimed, CLAIMED);
    }
}

static void test_altered_reviews_are_refused(void **state)
{
    struct line *line = *state;
    struct cs_review review = {.claimed = 77};
    decide(line, 2, "maybe", 16);
    assert_int_equal(verify_review(line, &review), CS_MALFORMED);
    decide(line, 2, CS_REVIEW_ACCEPT, 15);
    assert_int_equal(verify_review(line, &review), CS_MALFORMED);
    static const char *const names[] = {"transaction", "decision", "reason", "reviewed_by",
                                        "reviewed_at"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        decide(line, 2, CS_REVIEW_ACCEPT, 16);
        set(line, names[i], cs_value_text(cs_bytes_of_text(CS_REVIEW_REJECT)));
        assert_int_equal(verify_review(line, &review), CS_FORGED);
    }
    decide(line, 2, CS_REVIEW_ACCEPT, 16);
    set(line, "reviewer_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[3])));
    assert_int_equal(verify_review(line, &review), CS_FORGED);
    revoke(line, 0, 2);
    put(line, "reviewer_chain", cs_value_bytes(cs_buffer_bytes(&line->chains[0])));
    assert_int_equal(verify_review(line, &review), CS_FORGED);
    assert_int_equal(review.claimed, 77);
}

static void test_running_out_of_memory(void **state)
{
    struct line *line = *state;
    struct cs_problem problem;
    enum cs_status status = CS_NO_MEMORY;
    revoke(line, 0, 2);
    for (long failures = 0; status != CS_OK; failures++) {
        assert_true(failures < 100);
        cs_arena_release(&line->arena);
        cs_memory_fail_after(failures);
        status = verify(line, &problem);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
    }
}

/* In the form of a UUIDv8, and different for different certificates. */
static void test_the_row_of_a_device_is_named_by_its_certificate(void **state)
{
    struct line *line = *state;
    struct cs_id first;
    struct cs_id second;
    cs_certificate_row_id(line->parsed[0].leaf_id, &first);
    cs_certificate_row_id(line->parsed[1].leaf_id, &second);
    assert_false(cs_id_equal(&first, &second));
    assert_int_equal(first.bytes[6] >> 4, 8);
    assert_int_equal(first.bytes[8] >> 6, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_may_revoke_whom, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_field_is_proven, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_records_are_not_revocations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reviews_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_altered_reviews_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_running_out_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_row_of_a_device_is_named_by_its_certificate, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
