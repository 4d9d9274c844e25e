/* Rows about trust: believed by what is signed, never because the server says so; see apply.h. */
#include "field-client/replica/revocation.h"
#include "field-client/sync/apply.h"
#include "shared/base/planted.h"
#include "shared/evidence/revocation.h"
#include "shared/merge/row_versions.h"

#define DEVICE "device"
#define CHAIN "chain"
#define REVOCATION "revocation"
#define REVIEW "review"

static struct cs_bytes field_of(const struct cs_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal_text(row->fields[i].name, name)) {
            return row->fields[i].value.bytes;
        }
    }
    return CS_BYTES_NONE;
}

/*
 * Nothing of a page with such a row is applied; the server that sent it is at fault. Not so where this laptop's own disk or memory
 * fails while it is checked: that accuses nobody.
 */
static enum cs_status conclude(const struct cs_row *row, enum cs_status status,
                               const struct cs_problem *reason, const char *what,
                               struct cs_problem *problem)
{
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, text);
    return cs_problem_set(problem, CS_FORGED, "%s %s does not verify; nothing was applied: %s",
                          what, text, reason->text);
}

/* The device row shows what its certificate says, and who that is. */
static enum cs_status check_shown(const struct cs_row *row, const struct cs_chain *chain,
                                  struct cs_problem *reason)
{
    const struct cs_certificate *leaf = &chain->leaf;
    struct cs_buffer roles;
    struct cs_buffer log;
    cs_buffer_init(&roles, CS_KIBI);
    cs_buffer_init(&log, CS_KIBI);
    cs_roles_format(leaf->roles, &roles);
    cs_buffer_append_u64(&log, cs_certificate_log(chain->leaf_id));
    const struct {
        const char *field;
        struct cs_bytes certified;
    } shown[] = {
        {"person", cs_id_bytes(&leaf->person)}, {"person_name", leaf->person_name},
        {"roles", cs_buffer_bytes(&roles)},     {"device_name", leaf->device_name},
        {"log_id", cs_buffer_bytes(&log)},
    };
    enum cs_status status = roles.status != CS_OK ? roles.status : log.status;
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(shown); i++) {
        if (!cs_bytes_equal(field_of(row, shown[i].field), shown[i].certified)) {
            status = cs_problem_set(reason, CS_FORGED, "its %s is not the certificate's",
                                    shown[i].field);
        }
    }
    cs_buffer_release(&roles);
    cs_buffer_release(&log);
    return status;
}

static uint64_t position_of(const struct cs_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal_text(row->fields[i].name, name)) {
            return (uint64_t)row->fields[i].value.integer;
        }
    }
    return 0;
}

/* Whoever let a device in was not revoked before it joined: by positions in the log, as far as they are known here. */
static enum cs_status check_inviters(struct cs_replica *replica, const struct cs_row *row,
                                     const struct cs_chain *chain, struct cs_problem *reason)
{
    uint64_t joined = position_of(row, "joined_position");
    for (size_t i = 1; i < chain->length; i++) {
        struct cs_standing above;
        enum cs_status status = cs_standing_of(replica, chain->certificate_ids[i], &above);
        if (status != CS_OK) {
            return status;
        }
        if (above.revoked_position != 0 && joined >= above.revoked_position) {
            return cs_problem_set(reason, CS_FORGED,
                                  "it joined after the device that let it in was revoked");
        }
        joined = above.joined_position;
    }
    return CS_OK;
}

/* Devices are believed by their certificate chain only, never because the server says so. */
static enum cs_status check_device(struct cs_replica *replica, const struct cs_row *row,
                                   struct cs_problem *problem)
{
    if (row->deleted || !cs_bytes_equal_text(row->entity, DEVICE) || CS_PLANTED(TRUST_DEVICES)) {
        return CS_OK;
    }
    struct cs_chain chain;
    const uint8_t *organisation = cs_identity_organisation(cs_replica_identity(replica));
    struct cs_problem reason = {""};
    enum cs_status status = cs_chain_verify(field_of(row, CHAIN), organisation, &chain, &reason);
    if (status == CS_OK) {
        status = check_shown(row, &chain, &reason);
    }
    if (status == CS_OK) {
        status = check_inviters(replica, row, &chain, &reason);
    }
    return conclude(row, status, &reason, "the certificate of device", problem);
}

/* The version that made the row: whose log, and where in it. */
static enum cs_status made_by(const struct cs_row *row, struct cs_arena *arena,
                              struct cs_version *out)
{
    struct cs_row_versions versions;
    enum cs_status status = cs_row_versions_unpack(row->versions, arena, &versions);
    if (status == CS_OK) {
        *out = versions.created;
    }
    return status;
}

/* Whoever revokes or reviews was not revoked before: by the place in its own log. */
static enum cs_status check_signer(struct cs_replica *replica, const struct cs_row *row,
                                   const uint8_t certificate[static CS_HASH_SIZE],
                                   struct cs_arena *arena, struct cs_problem *reason)
{
    struct cs_standing signer;
    struct cs_version made;
    enum cs_status status = cs_standing_of(replica, certificate, &signer);
    if (status == CS_OK) {
        status = made_by(row, arena, &made);
    }
    return status == CS_OK && signer.revoked && made.log == cs_certificate_log(certificate) &&
                   made.counter > signer.revoked_counter
               ? cs_problem_set(reason, CS_FORGED, "who signed it was revoked before")
               : status;
}

static enum cs_status check_signed(struct cs_replica *replica, const struct cs_row *row,
                                   struct cs_arena *arena, struct cs_problem *reason)
{
    const uint8_t *organisation = cs_identity_organisation(cs_replica_identity(replica));
    if (cs_bytes_equal_text(row->entity, REVOCATION)) {
        struct cs_revocation revocation;
        enum cs_status status = cs_revocation_verify(row->fields, row->field_count, organisation,
                                                     arena, &revocation, reason);
        return status != CS_OK
                   ? status
                   : check_signer(replica, row, revocation.revoker.leaf_id, arena, reason);
    }
    struct cs_review review;
    enum cs_status status =
        cs_review_verify(row->fields, row->field_count, organisation, arena, &review, reason);
    return status != CS_OK ? status
                           : check_signer(replica, row, review.reviewer.leaf_id, arena, reason);
}

enum cs_status cs_apply_check_trust(struct cs_replica *replica, const struct cs_row *row,
                                    struct cs_problem *problem)
{
    if (row->deleted || (!cs_bytes_equal_text(row->entity, REVOCATION) &&
                         !cs_bytes_equal_text(row->entity, REVIEW))) {
        return check_device(replica, row, problem);
    }
    struct cs_arena arena;
    struct cs_problem reason = {""};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = check_signed(replica, row, &arena, &reason);
    cs_arena_release(&arena);
    /* One of a newer version is kept, and believed by those who can read it. */
    return status == CS_UNSUPPORTED
               ? CS_OK
               : conclude(row, status, &reason, "the signed record of row", problem);
}
