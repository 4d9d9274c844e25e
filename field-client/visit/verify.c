/*
 * Does a receipt still hold? See receipt.h.
 *
 * The record's signature comes first; what it signed is then compared with the columns, and, where the receipt itself is
 * sound, with the visit as it is now.
 */
#include "field-client/replica/revocation.h"
#include "field-client/visit/compare.h"
#include "field-client/visit/receipt.h"
#include "field-client/visit/visit_internal.h"
#include "field-client/visit/void.h"
#include "shared/base/text.h"
#include "shared/evidence/record.h"
#include "shared/merge/row_versions.h"
#include "shared/rows/signed_content.h"

#include <string.h>

struct verification {
    struct cs_replica *replica;
    struct cs_arena *arena;
    struct cs_stored_row receipt;
    struct cs_record record; /* meaningless when not decoded */
    bool decoded;
    bool trusted; /* signed by a device of the organisation */
    struct cs_receipt_check *check;
};

void cs_receipt_check_init(struct cs_receipt_check *check)
{
    check->intact = false;
    cs_lines_init(&check->altered);
    cs_lines_init(&check->changed_since);
    cs_lines_init(&check->remarks);
    cs_buffer_init(&check->signed_by, CS_PERSON_NAME_MAX + 1);
}

void cs_receipt_check_release(struct cs_receipt_check *check)
{
    cs_lines_release(&check->altered);
    cs_lines_release(&check->changed_since);
    cs_lines_release(&check->remarks);
    cs_buffer_release(&check->signed_by);
}

/* ---- who signed ---- */

struct signer {
    bool known;
    uint8_t key[CS_SIGN_PUBLIC_SIZE];
    struct cs_bytes name; /* in the arena or the identity */
};

static void note_device_state(struct verification *verification, const struct cs_stored_row *device)
{
    struct cs_bytes state = cs_visit_text(device, "state");
    if (cs_bytes_equal_text(state, "suspended")) {
        cs_lines_add(&verification->check->remarks, "the device that signed is suspended now");
    }
}

/* Was the receipt accepted before or after its signer was revoked? By the place in the device's log, never by time. */
static enum cs_status note_revocation(struct verification *verification)
{
    struct cs_standing signer;
    struct cs_row_versions versions;
    const uint8_t *certificate = verification->record.certificate;
    enum cs_status status = cs_standing_of(verification->replica, certificate, &signer);
    if (status != CS_OK || !signer.revoked) {
        return status;
    }
    status = cs_row_versions_unpack(verification->receipt.versions, verification->arena, &versions);
    if (status != CS_OK) {
        return status;
    }
    char at[CS_TIME_TEXT_MAX];
    cs_instant_format(signer.revoked_at, at);
    bool own_log = versions.created.log == cs_certificate_log(certificate);
    cs_lines_add(&verification->check->remarks, "signed by a device that was revoked at %s; %s", at,
                 !own_log ? "the receipt arrived through another device"
                 : versions.created.counter <= signer.revoked_counter
                     ? "the receipt arrived before"
                     : "the receipt arrived after that, and was accepted at review");
    return CS_OK;
}

/* Is this the device whose certificate the record names? The row is only believed as far as its chain proves it. */
static enum cs_status try_device(struct verification *verification, const struct cs_id *id,
                                 struct signer *signer)
{
    struct cs_stored_row device;
    enum cs_status status =
        cs_visit_load(verification->replica, "device", id, verification->arena, &device);
    const struct cs_value *bytes = cs_visit_value(&device, "chain");
    if (status != CS_OK || bytes->kind != CS_VALUE_BYTES) {
        return status;
    }
    struct cs_chain *chain = cs_arena_take(verification->arena, sizeof *chain);
    if (chain == NULL) {
        return CS_NO_MEMORY;
    }
    const struct cs_identity *identity = cs_replica_identity(verification->replica);
    status = cs_chain_verify(bytes->bytes, cs_identity_organisation(identity), chain, NULL);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
    }
    if (memcmp(chain->leaf_id, verification->record.certificate, CS_HASH_SIZE) == 0) {
        signer->known = true;
        memcpy(signer->key, chain->leaf.sign_key, sizeof signer->key);
        signer->name = chain->leaf.person_name;
        note_device_state(verification, &device);
    }
    return CS_OK;
}

static enum cs_status find_device(struct verification *verification, struct signer *signer)
{
    /* A log id is the beginning of the certificate's id. */
    struct cs_value log = cs_value_bytes(cs_bytes_make(verification->record.certificate, 8));
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status =
        cs_query_find(verification->replica, cs_bytes_of_text("device"), cs_bytes_of_text("log_id"),
                      &log, 16, verification->arena, &ids, &count, NULL);
    for (size_t i = 0; status == CS_OK && !signer->known && i < count; i++) {
        status = try_device(verification, &ids[i], signer);
    }
    return status;
}

static enum cs_status find_signer(struct verification *verification, struct signer *signer)
{
    const struct cs_identity *identity = cs_replica_identity(verification->replica);
    const struct cs_certificate *own = cs_identity_certificate(identity);
    if (memcmp(cs_identity_certificate_id(identity), verification->record.certificate,
               CS_HASH_SIZE) != 0) {
        return find_device(verification, signer);
    }
    signer->known = true;
    memcpy(signer->key, own->sign_key, sizeof signer->key);
    signer->name = own->person_name;
    return CS_OK;
}

/* ---- the record ---- */

static void alter(struct verification *verification, const char *column)
{
    cs_lines_add(&verification->check->altered, "%s", column);
}

static void distrust(struct verification *verification, const char *why)
{
    alter(verification, "record");
    cs_lines_add(&verification->check->remarks, "%s", why);
}

static enum cs_status decode_record(struct verification *verification)
{
    const struct cs_value *bytes = cs_visit_value(&verification->receipt, "record");
    enum cs_status status =
        bytes->kind == CS_VALUE_BYTES
            ? cs_record_decode(bytes->bytes, verification->arena, &verification->record)
            : CS_MALFORMED;
    if (status == CS_NO_MEMORY) {
        return status;
    }
    if (status == CS_UNSUPPORTED) {
        cs_lines_add(&verification->check->remarks,
                     "the signed record was made by a newer version: update to check it");
    } else if (status != CS_OK) {
        distrust(verification, "the signed record is damaged");
    }
    verification->decoded = status == CS_OK;
    return CS_OK;
}

static enum cs_status check_signature(struct verification *verification)
{
    struct signer signer = {.known = false};
    enum cs_status status = find_signer(verification, &signer);
    if (status != CS_OK) {
        return status;
    }
    if (!signer.known) {
        cs_lines_add(&verification->check->remarks,
                     "the device that signed is not known here: sync, then verify again");
        return CS_OK;
    }
    if (cs_record_verify(cs_visit_value(&verification->receipt, "record")->bytes, signer.key) !=
        CS_OK) {
        distrust(verification, "the signature does not belong to the signed record");
        return CS_OK;
    }
    const uint8_t *organisation =
        cs_identity_organisation(cs_replica_identity(verification->replica));
    if (memcmp(verification->record.organisation, organisation, CS_HASH_SIZE) != 0 ||
        !cs_bytes_equal_text(verification->record.kind, CS_RECEIPT_KIND)) {
        distrust(verification, "what was signed is not a receipt of this organisation");
        return CS_OK;
    }
    verification->trusted = true;
    status = note_revocation(verification);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_append_bytes(&verification->check->signed_by, signer.name);
    return verification->check->signed_by.status;
}

/* The signed value of a field; NULL value when the record does not have it. */
static struct cs_value signed_value(const struct verification *verification, const char *name)
{
    for (size_t i = 0; i < verification->record.field_count; i++) {
        if (cs_bytes_equal_text(verification->record.fields[i].name, name)) {
            return verification->record.fields[i].value;
        }
    }
    return CS_NULL;
}

/* ---- the columns ---- */

static void check_column(struct verification *verification, const char *column)
{
    struct cs_value then = signed_value(verification, column);
    if (!cs_value_equal(&then, cs_visit_value(&verification->receipt, column))) {
        alter(verification, column);
    }
}

static void check_hashed(struct verification *verification, const char *column,
                         const char *signed_name, enum cs_value_kind kind,
                         const uint8_t hash[static CS_HASH_SIZE])
{
    struct cs_value then = signed_value(verification, signed_name);
    struct cs_value now = cs_value_bytes(cs_bytes_make(hash, CS_HASH_SIZE));
    if (cs_visit_value(&verification->receipt, column)->kind != kind ||
        !cs_value_equal(&then, &now)) {
        alter(verification, column);
    }
}

/* The strokes are bound to the snapshot that was signed, not to the one that stands there now. */
static void check_strokes(struct verification *verification)
{
    struct cs_value snapshot_hash = signed_value(verification, "snapshot_hash");
    uint8_t hash[CS_HASH_SIZE] = {0};
    if (snapshot_hash.kind == CS_VALUE_BYTES && snapshot_hash.bytes.size == CS_HASH_SIZE) {
        cs_receipt_strokes_hash(snapshot_hash.bytes.data,
                                cs_visit_value(&verification->receipt, "strokes")->bytes, hash);
    }
    check_hashed(verification, "strokes", "strokes_hash", CS_VALUE_BYTES, hash);
}

static void check_columns(struct verification *verification)
{
    uint8_t snapshot_hash[CS_HASH_SIZE];
    cs_receipt_snapshot_hash(cs_visit_value(&verification->receipt, "snapshot")->bytes,
                             snapshot_hash);
    check_column(verification, "number");
    check_column(verification, "visit");
    check_column(verification, "signer");
    check_column(verification, "signed_at");
    check_hashed(verification, "snapshot", "snapshot_hash", CS_VALUE_TEXT, snapshot_hash);
    check_strokes(verification);
    check_column(verification, "visit_digest");
}

/* ---- the visit now ---- */

static bool digest_differs(const struct verification *verification,
                           const uint8_t now[static CS_HASH_SIZE])
{
    struct cs_value then = signed_value(verification, "visit_digest");
    struct cs_value value = cs_value_bytes(cs_bytes_make(now, CS_HASH_SIZE));
    return !cs_value_equal(&then, &value);
}

static enum cs_status name_changes(struct verification *verification,
                                   const struct cs_stored_row *visit)
{
    struct cs_receipt_check *check = verification->check;
    struct cs_json *snapshot = NULL;
    uint8_t digest[CS_HASH_SIZE];
    enum cs_status status =
        cs_snapshot_parse(cs_visit_value(&verification->receipt, "snapshot")->bytes, &snapshot);
    if (status == CS_OK) {
        status = cs_snapshot_compare(verification->replica, snapshot, visit, &check->changed_since);
    } else if (status == CS_MALFORMED) {
        cs_lines_add(&check->remarks, "the content as signed cannot be read by this version");
        status = CS_OK;
    }
    cs_json_destroy(snapshot);
    if (status == CS_OK) {
        status = cs_signed_content_hash(cs_replica_tables(verification->replica), visit->entity,
                                        &visit->id, digest);
    }
    if (status == CS_OK && check->changed_since.count == 0 &&
        digest_differs(verification, digest)) {
        cs_lines_add(&check->changed_since,
                     "visit: its signed content is not what it was, though every value shown is");
    }
    return status;
}

static enum cs_status check_visit(struct verification *verification)
{
    struct cs_value signed_visit = signed_value(verification, "visit");
    struct cs_id id;
    if (signed_visit.kind != CS_VALUE_BYTES || !cs_id_from_bytes(signed_visit.bytes, &id)) {
        return CS_OK; /* an altered column says it already */
    }
    struct cs_stored_row visit;
    enum cs_status status =
        cs_row_load(cs_replica_tables(verification->replica), cs_bytes_of_text("visit"), &id,
                    verification->arena, &visit);
    if (status == CS_OK && (!visit.exists || visit.deleted)) {
        cs_lines_add(&verification->check->changed_since, "visit: %s",
                     visit.exists ? "was deleted" : "is not on this laptop");
        return CS_OK;
    }
    return status != CS_OK ? status : name_changes(verification, &visit);
}

static enum cs_status verify_in(struct verification *verification)
{
    struct cs_receipt_check *check = verification->check;
    enum cs_status status = decode_record(verification);
    if (status == CS_OK && verification->decoded) {
        status = check_signature(verification);
    }
    /* A record that proves nothing says nothing about columns; that of an unknown device at least shows what agrees. */
    if (status == CS_OK && verification->decoded && check->altered.count == 0) {
        check_columns(verification);
    }
    if (status == CS_OK && verification->trusted && check->altered.count == 0) {
        check->intact = true;
        status = check_visit(verification);
    }
    return status;
}

/* A receipt that was declared void is what it was, and stands for nothing. */
static enum cs_status remark_void(struct verification *verification)
{
    struct cs_bytes reason;
    enum cs_status status = cs_receipt_void_reason(verification->replica, &verification->receipt.id,
                                                   verification->arena, &reason);
    if (status == CS_OK && reason.size > 0) {
        cs_lines_add(&verification->check->remarks, "void: %.*s", (int)reason.size,
                     (const char *)reason.data);
    }
    return status;
}

/* Lines whose memory ran out must not read as nothing found. */
static enum cs_status lines_status(const struct cs_receipt_check *check)
{
    if (check->altered.text.status != CS_OK) {
        return check->altered.text.status;
    }
    return check->changed_since.text.status != CS_OK ? check->changed_since.text.status
                                                     : check->remarks.text.status;
}

enum cs_status cs_receipt_verify(struct cs_replica *replica, const struct cs_id *receipt,
                                 struct cs_receipt_check *check, struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct verification verification = {.replica = replica, .arena = &arena, .check = check};
    enum cs_status status = cs_query_get(replica, cs_bytes_of_text("receipt"), receipt, &arena,
                                         &verification.receipt, problem);
    if (status == CS_OK) {
        status = verify_in(&verification);
    }
    if (status == CS_OK) {
        status = remark_void(&verification);
    }
    if (status == CS_OK) {
        status = lines_status(check);
    }
    check->intact = status == CS_OK && check->intact;
    cs_arena_release(&arena);
    return status;
}
