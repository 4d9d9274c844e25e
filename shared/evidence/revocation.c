/* Revocations and reviews, see revocation.h. */
#include "shared/evidence/revocation.h"

#include <string.h>

#define TRANSACTION_ID_SIZE 16

static struct cs_named_value named(const char *name, struct cs_value value)
{
    return (struct cs_named_value){cs_bytes_of_text(name), value};
}

static enum cs_status encode(const struct cs_evidence_signer *signer, const char *kind,
                             struct cs_named_value *fields, size_t count, struct cs_buffer *out)
{
    struct cs_record record = {.kind = cs_bytes_of_text(kind),
                               .claimed = signer->claimed,
                               .checkpoint = signer->checkpoint,
                               .fields = fields,
                               .field_count = count};
    memcpy(record.organisation, signer->organisation, CS_HASH_SIZE);
    memcpy(record.certificate, signer->certificate, CS_HASH_SIZE);
    return cs_record_encode(&record, signer->key, out);
}

enum cs_status cs_revocation_encode(const struct cs_evidence_signer *signer,
                                    const uint8_t certificate[static CS_HASH_SIZE],
                                    struct cs_bytes reason, struct cs_buffer *out)
{
    struct cs_named_value fields[] = {
        named("certificate", cs_value_bytes(cs_bytes_make(certificate, CS_HASH_SIZE))),
        named("reason", cs_value_text(reason)),
    };
    return encode(signer, CS_REVOCATION_KIND, fields, CS_COUNT(fields), out);
}

enum cs_status cs_review_encode(const struct cs_evidence_signer *signer,
                                const struct cs_review_content *content, struct cs_buffer *out)
{
    struct cs_named_value fields[] = {
        named("decision", cs_value_text(content->decision)),
        named("reason", cs_value_text(content->reason)),
        named("transaction", cs_value_bytes(content->transaction)),
    };
    return encode(signer, CS_REVIEW_KIND, fields, CS_COUNT(fields), out);
}

/* The value of this name; NULL if there is none. */
static struct cs_value value_of(const struct cs_named_value *values, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (cs_bytes_equal_text(values[i].name, name)) {
            return values[i].value;
        }
    }
    return CS_NULL;
}

static struct cs_bytes bytes_of(const struct cs_named_value *values, size_t count, const char *name)
{
    return value_of(values, count, name).bytes;
}

/* The signed value of this name and kind; false if the record lacks it. */
static bool take(const struct cs_record *record, const char *name, enum cs_value_kind kind,
                 struct cs_bytes *out)
{
    struct cs_value value = value_of(record->fields, record->field_count, name);
    *out = value.bytes;
    return value.kind == kind;
}

/* The fields beside the record say what was signed, and nothing else. */
static enum cs_status check_shown(const struct cs_named_value *values, size_t count,
                                  const struct cs_named_value *proven, size_t proven_count,
                                  struct cs_problem *problem)
{
    for (size_t i = 0; i < proven_count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (cs_bytes_equal(values[j].name, proven[i].name) &&
                cs_value_equal(&values[j].value, &proven[i].value)) {
                break;
            }
            if (j + 1 == count) {
                return cs_problem_set(problem, CS_FORGED, "its %.*s is not what was signed",
                                      (int)proven[i].name.size, (const char *)proven[i].name.data);
            }
        }
    }
    return CS_OK;
}

/* Chain first: it vouches for the key that the record is checked with, before the record is believed. */
static enum cs_status open_record(struct cs_bytes bytes, struct cs_bytes chain_bytes,
                                  const char *kind, const uint8_t *organisation,
                                  struct cs_arena *arena, struct cs_chain *out_chain,
                                  struct cs_record *out, struct cs_problem *problem)
{
    enum cs_status status = cs_chain_verify(chain_bytes, organisation, out_chain, problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_record_verify(bytes, out_chain->leaf.sign_key);
    if (status != CS_OK) {
        return cs_problem_set(problem, status,
                              "the signed record is not by the device whose chain is with it");
    }
    status = cs_record_decode(bytes, arena, out);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the signed record cannot be read: %s",
                              cs_status_text(status));
    }
    if (memcmp(out->organisation, organisation, CS_HASH_SIZE) != 0) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                              "the signed record belongs to another organisation");
    }
    if (memcmp(out->certificate, out_chain->leaf_id, CS_HASH_SIZE) != 0 ||
        !cs_bytes_equal_text(out->kind, kind)) {
        return cs_problem_set(problem, CS_FORGED, "what was signed is not a %s by this device",
                              kind);
    }
    return CS_OK;
}

static enum cs_revoke_relation relation_of(const struct cs_chain *revoker,
                                           const struct cs_chain *subject)
{
    for (size_t i = 1; i < subject->length; i++) {
        if (memcmp(subject->certificate_ids[i], revoker->leaf_id, CS_HASH_SIZE) == 0) {
            return CS_REVOKE_INVITED;
        }
    }
    return CS_REVOKE_ANYONE;
}

enum cs_status cs_revocation_permitted(const struct cs_chain *revoker,
                                       const struct cs_chain *subject, struct cs_problem *problem)
{
    if (memcmp(revoker->leaf_id, subject->leaf_id, CS_HASH_SIZE) == 0) {
        return cs_problem_set(problem, CS_DENIED,
                              "a device does not revoke itself: another one has to");
    }
    cs_roles allowed = cs_roles_may_revoke(revoker->leaf.roles, relation_of(revoker, subject));
    if ((subject->leaf.roles & ~allowed) != 0) {
        return cs_problem_set(problem, CS_DENIED,
                              "only the owner, security, and whoever invited a device may revoke "
                              "it");
    }
    return CS_OK;
}

static enum cs_status check_revocation(const struct cs_named_value *values, size_t count,
                                       const struct cs_revocation *found,
                                       struct cs_problem *problem)
{
    const struct cs_named_value proven[] = {
        named("certificate", cs_value_bytes(cs_bytes_of_array(found->subject.leaf_id))),
        named("log_id", cs_value_bytes(cs_bytes_make(found->subject.leaf_id, 8))),
        named("person_name", cs_value_text(found->subject.leaf.person_name)),
        named("reason", cs_value_text(found->reason)),
        named("revoked_by", cs_value_text(found->revoker.leaf.person_name)),
        named("revoked_at", cs_value_integer(found->claimed)),
    };
    enum cs_status status = check_shown(values, count, proven, CS_COUNT(proven), problem);
    return status != CS_OK ? status
                           : cs_revocation_permitted(&found->revoker, &found->subject, problem);
}

enum cs_status cs_revocation_verify(const struct cs_named_value *values, size_t count,
                                    const uint8_t organisation[static CS_HASH_SIZE],
                                    struct cs_arena *arena, struct cs_revocation *out,
                                    struct cs_problem *problem)
{
    struct cs_revocation found;
    struct cs_record record;
    struct cs_bytes certificate;
    enum cs_status status =
        open_record(bytes_of(values, count, "record"), bytes_of(values, count, "revoker_chain"),
                    CS_REVOCATION_KIND, organisation, arena, &found.revoker, &record, problem);
    if (status == CS_OK) {
        status = cs_chain_verify(bytes_of(values, count, "subject_chain"), organisation,
                                 &found.subject, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    if (!take(&record, "certificate", CS_VALUE_BYTES, &certificate) ||
        !take(&record, "reason", CS_VALUE_TEXT, &found.reason)) {
        return cs_problem_set(problem, CS_MALFORMED, "the signed record lacks what it revokes");
    }
    if (!cs_bytes_equal(certificate, cs_bytes_of_array(found.subject.leaf_id))) {
        return cs_problem_set(problem, CS_FORGED, "what was signed revokes another device");
    }
    found.claimed = record.claimed;
    status = check_revocation(values, count, &found, problem);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

static bool is_decision(struct cs_bytes text)
{
    return cs_bytes_equal_text(text, CS_REVIEW_ACCEPT) ||
           cs_bytes_equal_text(text, CS_REVIEW_REJECT);
}

enum cs_status cs_review_verify(const struct cs_named_value *values, size_t count,
                                const uint8_t organisation[static CS_HASH_SIZE],
                                struct cs_arena *arena, struct cs_review *out,
                                struct cs_problem *problem)
{
    struct cs_review found;
    struct cs_record record;
    enum cs_status status =
        open_record(bytes_of(values, count, "record"), bytes_of(values, count, "reviewer_chain"),
                    CS_REVIEW_KIND, organisation, arena, &found.reviewer, &record, problem);
    if (status != CS_OK) {
        return status;
    }
    struct cs_review_content *content = &found.content;
    if (!take(&record, "transaction", CS_VALUE_BYTES, &content->transaction) ||
        !take(&record, "decision", CS_VALUE_TEXT, &content->decision) ||
        !take(&record, "reason", CS_VALUE_TEXT, &content->reason) ||
        content->transaction.size != TRANSACTION_ID_SIZE || !is_decision(content->decision)) {
        return cs_problem_set(problem, CS_MALFORMED, "the signed record lacks what it decides");
    }
    found.claimed = record.claimed;
    const struct cs_named_value proven[] = {
        named("transaction", cs_value_bytes(content->transaction)),
        named("decision", cs_value_text(content->decision)),
        named("reason", cs_value_text(content->reason)),
        named("reviewed_by", cs_value_text(found.reviewer.leaf.person_name)),
        named("reviewed_at", cs_value_integer(found.claimed)),
    };
    status = check_shown(values, count, proven, CS_COUNT(proven), problem);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}
