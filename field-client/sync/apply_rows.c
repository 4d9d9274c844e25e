/* Rows and departures of one page, see apply.h. */
#include "field-client/sync/apply.h"
#include "shared/merge/row_versions.h"

#include <string.h>

#define DEVICE "device"
#define CHAIN "chain"

static struct cs_bytes field_of(const struct cs_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal_text(row->fields[i].name, name)) {
            return row->fields[i].value.bytes;
        }
    }
    return CS_BYTES_NONE;
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

/* Devices are believed by their certificate chain only, never because the server says so. */
static enum cs_status check_device(struct cs_replica *replica, const struct cs_row *row,
                                   struct cs_problem *problem)
{
    if (row->deleted || !cs_bytes_equal_text(row->entity, DEVICE)) {
        return CS_OK;
    }
    struct cs_chain chain;
    const uint8_t *organisation = cs_identity_organisation(cs_replica_identity(replica));
    struct cs_problem reason = {""};
    enum cs_status status = cs_chain_verify(field_of(row, CHAIN), organisation, &chain, &reason);
    if (status == CS_OK) {
        status = check_shown(row, &chain, &reason);
    }
    if (status == CS_OK || status == CS_NO_MEMORY) {
        return status;
    }
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, text);
    return cs_problem_set(problem, CS_FORGED,
                          "the certificate of device %s does not verify; nothing was applied: %s",
                          text, reason.text);
}

/*
 * The row as it will stand here. Later edits build on its versions, so they must be in order now.
 */
static enum cs_status make_row(struct cs_apply *apply, const struct cs_row *row,
                               struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_row_versions versions;
    if (row->scope_set >= apply->page->scope_set_count) {
        return CS_MALFORMED;
    }
    enum cs_status status = cs_row_versions_unpack(row->versions, arena, &versions);
    struct cs_stored_row made;
    if (status == CS_OK) {
        status = cs_row_from_fields(cs_replica_registry(apply->replica), row->entity, row->fields,
                                    row->field_count, arena, &made);
    }
    if (status != CS_OK) {
        return status;
    }
    made.id = row->id;
    made.exists = true;
    made.deleted = row->deleted;
    made.versions = row->versions;
    made.scopes = apply->scopes[row->scope_set];
    *out = made;
    return CS_OK;
}

static enum cs_status apply_row(struct cs_apply *apply, const struct cs_row *row,
                                struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row before;
    struct cs_stored_row after;
    enum cs_status status = check_device(apply->replica, row, problem);
    if (status == CS_OK) {
        status = make_row(apply, row, &arena, &after);
    }
    if (status == CS_OK) {
        status = cs_applier_settle(&apply->applier, &after);
    }
    if (status == CS_OK) {
        status = cs_confirmed_load(apply->replica, row->entity, &row->id, &arena, &before);
    }
    if (status == CS_OK) {
        status = cs_applier_put(&apply->applier, &before, &after);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_apply_rows(struct cs_apply *apply, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < apply->page->row_count; i++) {
        status = apply_row(apply, &apply->page->rows[i], problem);
    }
    apply->result->pulled += apply->page->row_count;
    return status;
}

enum cs_status cs_apply_departures(struct cs_apply *apply)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < apply->page->departure_count; i++) {
        const struct cs_departure *departure = &apply->page->departures[i];
        bool departed = false;
        status = cs_applier_depart(&apply->applier, departure->entity, &departure->row, &departed);
        apply->result->departed += departed ? 1 : 0;
    }
    return status;
}
