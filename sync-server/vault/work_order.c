/* Work orders that passwords are asked for, see work_order.h. */
#include "sync-server/vault/work_order.h"

#include "shared/domain/work_order.h"
#include "sync-server/reconcile/computed.h"

#include <string.h>

/* CS_NOT_FOUND: there is no such row, or it was deleted. */
static enum cs_status load(const struct cs_vault_attempt *attempt, const char *entity,
                           const struct cs_id *id, struct cs_stored_row *out)
{
    const struct cs_row_key key = {cs_bytes_of_text(entity), *id};
    enum cs_status status =
        cs_store_load_rows(attempt->intake->store, &key, 1, attempt->intake->arena, out);
    return status == CS_OK && (!out->exists || out->deleted || out->entity == NULL) ? CS_NOT_FOUND
                                                                                    : status;
}

static bool refers_to(const struct cs_stored_row *row, const char *field, struct cs_id *out)
{
    struct cs_value value = cs_stored_value(row, field);
    return value.kind == CS_VALUE_BYTES && cs_id_from_bytes(value.bytes, out);
}

static enum cs_status follow(const struct cs_vault_attempt *attempt,
                             const struct cs_stored_row *from, const char *field,
                             const char *entity, struct cs_stored_row *out)
{
    struct cs_id id;
    return refers_to(from, field, &id) ? load(attempt, entity, &id, out) : CS_NOT_FOUND;
}

/* What a server lost may still come. */
static enum cs_status unknown(const struct cs_vault_attempt *attempt, const char *text)
{
    bool awaits = false;
    enum cs_status status = cs_store_awaits_any(attempt->intake->store, &awaits);
    return status != CS_OK || awaits
               ? status
               : cs_problem_set(attempt->problem, CS_MISSING_REFERENCE, "%s", text);
}

/* ---- of the project ---- */

static enum cs_status check_project(const struct cs_vault_attempt *attempt,
                                    const struct cs_stored_row *order)
{
    struct cs_stored_row request;
    struct cs_stored_row system;
    struct cs_vault_record creation;
    struct cs_id project;
    uint8_t first[CS_HASH_SIZE]; /* of the vault's log: its creation */
    enum cs_status status = follow(attempt, order, "request", "service_request", &request);
    if (status == CS_OK) {
        status = follow(attempt, &request, "system", "system", &system);
    }
    if (status == CS_OK && !refers_to(&system, "project", &project)) {
        status = CS_NOT_FOUND;
    }
    if (status == CS_NOT_FOUND) {
        return unknown(attempt, "the work order names no system of a project: the office has to "
                                "say in its request which one it is for");
    }
    if (status == CS_OK) {
        cs_vault_log_head(attempt->log, 1, first);
        status = cs_vault_attempt_find(attempt, first, &creation);
    }
    return status == CS_OK && !cs_id_equal(&project, &creation.project)
               ? cs_problem_set(attempt->problem, CS_DENIED,
                                "the work order is for another project than this vault is of")
               : status;
}

/* ---- to the person ---- */

static enum cs_status check_open(const struct cs_vault_attempt *attempt,
                                 const struct cs_stored_row *order)
{
    struct cs_value value = cs_stored_value(order, "status");
    struct cs_bytes state =
        value.kind == CS_VALUE_TEXT ? value.bytes : cs_bytes_of_text("without a state");
    if (cs_work_order_is_open(state)) {
        return CS_OK;
    }
    return cs_problem_set(attempt->problem, CS_DENIED, "the work order is not open: it is %.*s",
                          (int)state.size, (const char *)state.data);
}

static enum cs_status check_dispatched(const struct cs_vault_attempt *attempt,
                                       const struct cs_stored_row *order)
{
    struct cs_id technician;
    const struct cs_certificate *author = &attempt->author->leaf;
    if ((author->roles & CS_ROLES_OFFICER) != 0) {
        return CS_OK;
    }
    if (!refers_to(order, "technician", &technician) ||
        !cs_id_equal(&technician, &author->person)) {
        return cs_problem_set(attempt->problem, CS_DENIED,
                              "the work order is not dispatched to who asks: its technician is "
                              "somebody else, or nobody");
    }
    return check_open(attempt, order);
}

enum cs_status cs_vault_check_work_order(const struct cs_vault_attempt *attempt)
{
    struct cs_id id;
    struct cs_stored_row order;
    if (attempt->record.work_order.size == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_id_from_bytes(attempt->record.work_order, &id)
                                ? load(attempt, "work_order", &id, &order)
                                : CS_NOT_FOUND;
    if (status == CS_NOT_FOUND) {
        return unknown(attempt, "the server knows no such work order");
    }
    if (status == CS_OK) {
        status = check_project(attempt, &order);
    }
    return status == CS_OK ? check_dispatched(attempt, &order) : status;
}
