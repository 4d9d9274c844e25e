/* Revoking and reviewing, see revocation.h. */
#include "field-client/replica/revocation.h"

#include "field-client/replica/edit.h"
#include "field-client/replica/log_state.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/text.h"
#include "shared/evidence/revocation.h"

#include <string.h>

#define DEVICE "device"

static struct cs_value value_of(const struct cs_stored_row *row, const char *field)
{
    int index = row->exists && row->entity != NULL
                    ? cs_entity_field_index(row->entity, cs_bytes_of_text(field))
                    : -1;
    return index < 0 ? CS_NULL : row->values[index];
}

static struct cs_named_value named(const char *field, struct cs_value value)
{
    return (struct cs_named_value){cs_bytes_of_text(field), value};
}

enum cs_status cs_standing_of(struct cs_replica *replica,
                              const uint8_t certificate[static CS_HASH_SIZE],
                              struct cs_standing *out)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_id id;
    cs_certificate_row_id(certificate, &id);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_row_load(replica->tables, cs_bytes_of_text(DEVICE), &id, &arena, &row);
    if (status == CS_OK) {
        *out = (struct cs_standing){
            .known = row.exists && !row.deleted,
            .revoked = cs_bytes_equal_text(value_of(&row, "state").bytes, "revoked"),
            .suspended = cs_bytes_equal_text(value_of(&row, "state").bytes, "suspended"),
            .joined_position = (uint64_t)value_of(&row, "joined_position").integer,
            .revoked_position = (uint64_t)value_of(&row, "revoked_position").integer,
            .revoked_counter = (uint64_t)value_of(&row, "revoked_counter").integer,
            .revoked_at = value_of(&row, "revoked_at").integer,
        };
    }
    cs_arena_release(&arena);
    return status;
}

/* A device that was revoked decides nothing any more; what it signs would only be held. */
static enum cs_status check_own(struct cs_replica *replica, struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_revoked_response own;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_own_revocation_load(replica, &arena, &own);
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK
           : status != CS_OK      ? status
                                  : cs_problem_set(problem, CS_REVOKED,
                                                   "this device itself was revoked: another one "
                                                        "has to do this");
}

/* As whom this device signs; with what it was shown last, for whoever is shown something else (design §4). */
static enum cs_status signer_of(struct cs_replica *replica, struct cs_log_state *log,
                                struct cs_evidence_signer *out)
{
    const struct cs_world *world = replica->world;
    const struct cs_identity *identity = replica->identity;
    enum cs_status status = cs_log_state_load(replica, log);
    if (status == CS_OK) {
        *out = (struct cs_evidence_signer){
            .organisation = cs_identity_organisation(identity),
            .certificate = cs_identity_certificate_id(identity),
            .key = cs_identity_sign_key(identity),
            .checkpoint = cs_bytes_make(log->note, log->note_size),
            .claimed = cs_instant_make(world->wall_ms(world->context),
                                       world->offset_minutes(world->context)),
        };
    }
    return status;
}

/* ---- revoking ---- */

struct owners {
    const struct cs_id *subject;
    size_t others; /* active devices of owners beside it */
};

static enum cs_status count_owner(void *context, const struct cs_stored_row *row)
{
    struct owners *owners = context;
    cs_roles roles = CS_ROLES_NONE;
    if (!cs_id_equal(&row->id, owners->subject) &&
        cs_bytes_equal_text(value_of(row, "state").bytes, "active") &&
        cs_roles_parse(value_of(row, "roles").bytes, &roles, NULL) == CS_OK &&
        (roles & CS_ROLE(OWNER)) != 0) {
        owners->others++;
    }
    return CS_OK;
}

static enum cs_status check_owner_left(struct cs_replica *replica, const struct cs_id *device,
                                       const struct cs_chain *subject, struct cs_problem *problem)
{
    struct owners owners = {.subject = device};
    if ((subject->leaf.roles & CS_ROLE(OWNER)) == 0) {
        return CS_OK;
    }
    enum cs_status status =
        cs_query_list(replica, cs_bytes_of_text(DEVICE), NULL, 0, count_owner, &owners, problem);
    return status != CS_OK || owners.others > 0
               ? status
               : cs_problem_set(problem, CS_DENIED,
                                "this is the last device of an owner: let another one join first");
}

/* Revoked by the server's word, or by a row of this replica that waits to be sent. */
static enum cs_status check_not_revoked(struct cs_replica *replica,
                                        const struct cs_stored_row *device,
                                        const struct cs_chain *subject, struct cs_arena *arena,
                                        struct cs_problem *problem)
{
    struct cs_value certificate = cs_value_bytes(cs_bytes_of_array(subject->leaf_id));
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text("revocation"), cs_bytes_of_text("certificate"),
                      &certificate, 1, arena, &ids, &count, problem);
    bool revoked = cs_bytes_equal_text(value_of(device, "state").bytes, "revoked");
    return status == CS_OK && (revoked || count > 0)
               ? cs_problem_set(problem, CS_EXISTS, "this device is revoked already")
               : status;
}

/* A revocation while it is made. */
struct revoking {
    struct cs_id device;
    struct cs_bytes chain; /* of the device */
    struct cs_chain subject;
    struct cs_bytes reason;
    struct cs_buffer record;
};

static enum cs_status prepare(struct cs_replica *replica, struct revoking *revoking,
                              struct cs_arena *arena, struct cs_problem *problem)
{
    struct cs_stored_row row;
    const struct cs_chain *own = cs_identity_chain_parsed(replica->identity);
    if (revoking->reason.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "a revocation needs a reason");
    }
    enum cs_status status = check_own(replica, problem);
    if (status == CS_OK) {
        status = cs_query_get(replica, cs_bytes_of_text(DEVICE), &revoking->device, arena, &row,
                              problem);
    }
    if (status == CS_OK) {
        revoking->chain = value_of(&row, "chain").bytes;
        status = cs_chain_verify(revoking->chain, cs_identity_organisation(replica->identity),
                                 &revoking->subject, problem);
    }
    if (status == CS_OK) {
        status = cs_revocation_permitted(own, &revoking->subject, problem);
    }
    if (status == CS_OK) {
        status = check_not_revoked(replica, &row, &revoking->subject, arena, problem);
    }
    return status != CS_OK
               ? status
               : check_owner_left(replica, &revoking->device, &revoking->subject, problem);
}

static enum cs_status insert_revocation(struct cs_replica *replica, const struct revoking *revoking,
                                        int64_t claimed, struct cs_id *out_row,
                                        struct cs_problem *problem)
{
    const struct cs_identity *identity = replica->identity;
    const uint8_t *certificate = revoking->subject.leaf_id;
    const struct cs_named_value values[] = {
        named("device", cs_value_bytes(cs_id_bytes(&revoking->device))),
        named("certificate", cs_value_bytes(cs_bytes_make(certificate, CS_HASH_SIZE))),
        named("log_id", cs_value_bytes(cs_bytes_make(certificate, 8))),
        named("person_name", cs_value_text(revoking->subject.leaf.person_name)),
        named("reason", cs_value_text(revoking->reason)),
        named("revoked_by", cs_value_text(cs_identity_certificate(identity)->person_name)),
        named("revoked_at", cs_value_integer(claimed)),
        named("revoker_chain", cs_value_bytes(cs_identity_chain(identity))),
        named("subject_chain", cs_value_bytes(revoking->chain)),
        named("record", cs_value_bytes(cs_buffer_bytes(&revoking->record))),
    };
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_insert(edit, cs_bytes_of_text("revocation"), NULL, values, CS_COUNT(values),
                            out_row, problem);
    if (status != CS_OK) {
        cs_edit_abort(edit);
        return status;
    }
    return cs_edit_commit(edit);
}

enum cs_status cs_revocation_make(struct cs_replica *replica, const struct cs_id *device,
                                  struct cs_bytes reason, struct cs_id *out_row,
                                  struct cs_problem *problem)
{
    struct cs_arena arena;
    struct revoking revoking = {.device = *device, .reason = reason};
    struct cs_evidence_signer signer = {.claimed = 0};
    struct cs_log_state log;
    struct cs_id row;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&revoking.record, CS_RECORD_MAX);
    enum cs_status status = prepare(replica, &revoking, &arena, problem);
    if (status == CS_OK) {
        status = signer_of(replica, &log, &signer);
    }
    if (status == CS_OK) {
        status = cs_revocation_encode(&signer, revoking.subject.leaf_id, reason, &revoking.record);
    }
    if (status == CS_OK) {
        status = insert_revocation(replica, &revoking, signer.claimed, &row, problem);
    }
    cs_buffer_release(&revoking.record);
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out_row = row;
    }
    return status;
}

/* ---- reviewing ---- */

static enum cs_status insert_review(struct cs_replica *replica, struct cs_edit *edit,
                                    const struct cs_id *work,
                                    const struct cs_review_content *content,
                                    struct cs_problem *problem)
{
    struct cs_buffer record;
    struct cs_evidence_signer signer;
    struct cs_log_state log;
    const struct cs_identity *identity = replica->identity;
    cs_buffer_init(&record, CS_RECORD_MAX);
    enum cs_status status = signer_of(replica, &log, &signer);
    if (status == CS_OK) {
        status = cs_review_encode(&signer, content, &record);
    }
    if (status == CS_OK) {
        const struct cs_named_value values[] = {
            named("work", cs_value_bytes(cs_id_bytes(work))),
            named("transaction", cs_value_bytes(content->transaction)),
            named("decision", cs_value_text(content->decision)),
            named("reason", cs_value_text(content->reason)),
            named("reviewed_by", cs_value_text(cs_identity_certificate(identity)->person_name)),
            named("reviewed_at", cs_value_integer(signer.claimed)),
            named("reviewer_chain", cs_value_bytes(cs_identity_chain(identity))),
            named("record", cs_value_bytes(cs_buffer_bytes(&record))),
        };
        status = cs_edit_insert(edit, cs_bytes_of_text("review"), NULL, values, CS_COUNT(values),
                                NULL, problem);
    }
    cs_buffer_release(&record);
    return status;
}

/* Decided by what the server said, or by a review that waits to be sent. */
static enum cs_status check_open(struct cs_replica *replica, const struct cs_stored_row *work,
                                 struct cs_arena *arena, struct cs_problem *problem)
{
    struct cs_value id = cs_value_bytes(cs_id_bytes(&work->id));
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text("review"), cs_bytes_of_text("work"), &id, 1, arena,
                      &ids, &count, problem);
    bool open = cs_bytes_equal_text(value_of(work, "state").bytes, "open");
    return status == CS_OK && (!open || count > 0)
               ? cs_problem_set(problem, CS_USED, "this was decided before")
               : status;
}

static enum cs_status review_one(struct cs_replica *replica, struct cs_edit *edit,
                                 const struct cs_id *id, struct cs_review_content *content,
                                 struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_stored_row work;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text("held_work"), id, &arena, &work, problem);
    if (status == CS_OK) {
        status = check_open(replica, &work, &arena, problem);
    }
    if (status == CS_OK) {
        content->transaction = value_of(&work, "transaction").bytes;
        status = insert_review(replica, edit, id, content, problem);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_review_make(struct cs_replica *replica, const struct cs_id *works, size_t count,
                              const char *decision, struct cs_bytes reason,
                              struct cs_problem *problem)
{
    struct cs_edit *edit = NULL;
    struct cs_review_content content = {.decision = cs_bytes_of_text(decision), .reason = reason};
    enum cs_status status = check_own(replica, problem);
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = review_one(replica, edit, &works[i], &content, problem);
        if (status == CS_OK) {
            status = cs_edit_next_transaction(edit);
        }
    }
    if (status != CS_OK) {
        cs_edit_abort(edit);
        return status;
    }
    return cs_edit_commit(edit);
}
