/* The customer's signature: everything a receipt needs, in one transaction; see visit.h and receipt.h. */
#include "field-client/replica/log_state.h"
#include "field-client/visit/receipt.h"
#include "field-client/visit/series.h"
#include "field-client/visit/snapshot.h"
#include "field-client/visit/strokes.h"
#include "field-client/visit/visit_internal.h"
#include "shared/evidence/record.h"
#include "shared/rows/signed_content.h"

#include <string.h>

/* A receipt while it is made. */
struct signing {
    struct cs_replica *replica;
    const struct cs_visit_sign *sign;
    struct cs_stored_row visit;
    struct cs_visit_signed made;
    uint8_t visit_digest[CS_HASH_SIZE];
    struct cs_buffer snapshot;
    struct cs_buffer record;
};

void cs_receipt_snapshot_hash(struct cs_bytes snapshot, uint8_t out[static CS_HASH_SIZE])
{
    cs_hash("countersign receipt snapshot 1", snapshot, out);
}

void cs_receipt_strokes_hash(const uint8_t snapshot_hash[static CS_HASH_SIZE],
                             struct cs_bytes strokes, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_bytes parts[] = {cs_bytes_make(snapshot_hash, CS_HASH_SIZE), strokes};
    cs_hash_parts("countersign receipt strokes 1", parts, CS_COUNT(parts), out);
}

/* What a customer cannot sign because it is not there yet. */
static enum cs_status check_complete(const struct cs_stored_row *visit, struct cs_problem *problem)
{
    if (cs_visit_value(visit, "work_done")->kind == CS_VALUE_NULL) {
        return cs_problem_set(problem, CS_INVALID,
                              "work_done is missing: \"visit work VISIT TEXT\" sets it");
    }
    if (cs_visit_value(visit, "result")->kind == CS_VALUE_NULL) {
        return cs_problem_set(problem, CS_INVALID,
                              "result is missing: \"visit result VISIT "
                              "solved|partly|not_solved|follow_up\" sets it");
    }
    return CS_OK;
}

static enum cs_status prepare(struct signing *signing, const struct cs_id *visit,
                              struct cs_arena *arena, struct cs_problem *problem)
{
    if (signing->sign->signer.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "the signer's name is missing");
    }
    enum cs_status status = cs_strokes_check(signing->sign->strokes, NULL, problem);
    if (status == CS_OK) {
        status = cs_query_get(signing->replica, cs_bytes_of_text("visit"), visit, arena,
                              &signing->visit, problem);
    }
    if (status == CS_OK) {
        status = cs_visit_check_unsigned(signing->replica, visit, problem);
    }
    return status != CS_OK ? status : check_complete(&signing->visit, problem);
}

/* Names ascend. */
static enum cs_status sign_record(struct signing *signing)
{
    uint8_t snapshot_hash[CS_HASH_SIZE];
    uint8_t strokes_hash[CS_HASH_SIZE];
    cs_receipt_snapshot_hash(cs_buffer_bytes(&signing->snapshot), snapshot_hash);
    cs_receipt_strokes_hash(snapshot_hash, signing->sign->strokes, strokes_hash);
    struct cs_named_value fields[] = {
        cs_visit_named("number", cs_value_text(cs_bytes_of_text(signing->made.number))),
        cs_visit_named("signed_at", cs_value_integer(signing->made.signed_at)),
        cs_visit_named("signer", cs_value_text(signing->sign->signer)),
        cs_visit_named("snapshot_hash", cs_value_bytes(cs_bytes_of_array(snapshot_hash))),
        cs_visit_named("strokes_hash", cs_value_bytes(cs_bytes_of_array(strokes_hash))),
        cs_visit_named("visit", cs_visit_id_value(&signing->visit.id)),
        cs_visit_named("visit_digest", cs_value_bytes(cs_bytes_of_array(signing->visit_digest)))};
    const struct cs_identity *identity = cs_replica_identity(signing->replica);
    struct cs_record record = {.kind = cs_bytes_of_text(CS_RECEIPT_KIND),
                               .claimed = signing->made.signed_at,
                               .fields = fields,
                               .field_count = CS_COUNT(fields)};
    /* What this device was shown, for whoever is shown something else (design §4). */
    struct cs_log_state log;
    enum cs_status status = cs_log_state_load(signing->replica, &log);
    if (status != CS_OK) {
        return status;
    }
    record.checkpoint = cs_bytes_make(log.note, log.note_size);
    memcpy(record.organisation, cs_identity_organisation(identity), sizeof record.organisation);
    memcpy(record.certificate, cs_identity_certificate_id(identity), sizeof record.certificate);
    return cs_record_encode(&record, cs_identity_sign_key(identity), &signing->record);
}

static enum cs_status insert_receipt(struct signing *signing, struct cs_edit *edit,
                                     struct cs_problem *problem)
{
    struct cs_named_value values[] = {
        cs_visit_named("number", cs_value_text(cs_bytes_of_text(signing->made.number))),
        cs_visit_named("visit", cs_visit_id_value(&signing->visit.id)),
        cs_visit_named("signer", cs_value_text(signing->sign->signer)),
        cs_visit_named("strokes", cs_value_bytes(signing->sign->strokes)),
        cs_visit_named("snapshot", cs_value_text(cs_buffer_bytes(&signing->snapshot))),
        cs_visit_named("signed_at", cs_value_integer(signing->made.signed_at)),
        cs_visit_named("visit_digest", cs_value_bytes(cs_bytes_of_array(signing->visit_digest))),
        cs_visit_named("record", cs_value_bytes(cs_buffer_bytes(&signing->record)))};
    return cs_edit_insert(edit, cs_bytes_of_text("receipt"), NULL, values, CS_COUNT(values),
                          &signing->made.receipt, problem);
}

static enum cs_status write_receipt(struct signing *signing, struct cs_edit *edit,
                                    struct cs_problem *problem)
{
    struct cs_replica *replica = signing->replica;
    enum cs_status status = cs_series_take(replica, edit, signing->made.number, problem);
    if (status == CS_OK) {
        struct cs_snapshot_about about = {signing->made.number, signing->sign->signer,
                                          signing->made.signed_at};
        status = cs_snapshot_write(replica, &signing->visit, &about, &signing->snapshot);
    }
    if (status == CS_OK) {
        status = cs_signed_content_hash(cs_replica_tables(replica), signing->visit.entity,
                                        &signing->visit.id, signing->visit_digest);
    }
    if (status == CS_OK) {
        status = sign_record(signing);
    }
    if (status == CS_OK) {
        status = insert_receipt(signing, edit, problem);
    }
    struct cs_named_value state =
        cs_visit_named("status", cs_value_text(cs_bytes_of_text("signed")));
    return status != CS_OK
               ? status
               : cs_edit_update(edit, signing->visit.name, &signing->visit.id, &state, 1, problem);
}

static enum cs_status explain_size(const struct signing *signing, enum cs_status status,
                                   struct cs_problem *problem)
{
    return status != CS_LIMIT ? status
                              : cs_problem_set(problem, CS_TOO_LARGE,
                                               "the receipt would be too large: %zu bytes of "
                                               "content so far",
                                               signing->snapshot.size);
}

enum cs_status cs_visit_sign(struct cs_replica *replica, const struct cs_id *visit,
                             const struct cs_visit_sign *sign, struct cs_visit_signed *out,
                             struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct signing signing = {.replica = replica, .sign = sign};
    signing.made.signed_at = cs_visit_now(replica);
    cs_buffer_init(&signing.snapshot, CS_VALUE_MAX);
    cs_buffer_init(&signing.record, CS_RECORD_MAX);
    struct cs_edit *edit = NULL;
    enum cs_status status = prepare(&signing, visit, &arena, problem);
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status == CS_OK) {
        status = write_receipt(&signing, edit, problem);
        status = cs_visit_end_edit(edit, explain_size(&signing, status, problem));
    }
    cs_buffer_release(&signing.snapshot);
    cs_buffer_release(&signing.record);
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out = signing.made;
    }
    return status;
}
