/*
 * Revoked devices (design §9): what they are answered, and invites that die with their maker.
 *
 * A revoked device gets no row any more. What it sends is still taken (reconcile/review.h), and its requests are counted and limited as
 * everyone's.
 */
#include "shared/wire/revoked.h"
#include "shared/base/text.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/computed.h"

#include <string.h>

static struct cs_bytes text_of(const struct cs_stored_row *row, const char *field)
{
    struct cs_bytes text = cs_stored_value(row, field).bytes;
    if (text.size > CS_REVOKED_TEXT_MAX) {
        text.size = cs_utf8_cut((const char *)text.data, CS_REVOKED_TEXT_MAX);
    }
    return text;
}

enum cs_status cs_revoked_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, const struct cs_device *device,
                                struct cs_buffer *body)
{
    struct cs_row_key key = {cs_bytes_of_text("revocation"), device->revoked.row};
    struct cs_stored_row row;
    enum cs_status status = cs_store_load_rows(reader, &key, 1, &request->arena, &row);
    if (status != CS_OK) {
        return status;
    }
    struct cs_revoked_response response = {
        .server_time_ms = server->world->wall_ms(server->world->context),
        .revoked_ms = device->revoked.at_ms,
        .log_sequence = device->sequence,
        .last_sequence = device->revoked.sequence,
        .full = request->push.review_is_full,
        .revoked_by = text_of(&row, "revoked_by"),
        .reason = text_of(&row, "reason"),
    };
    memcpy(response.log_head, device->head, CS_HASH_SIZE);
    status = cs_fact_fixed(reader, CS_FACT_INCARNATION, response.incarnation,
                           sizeof response.incarnation);
    return status != CS_OK ? status : cs_revoked_response_encode(&response, body);
}

enum cs_status cs_revoked_refuse_copy(struct cs_server *server, struct cs_server_request *request)
{
    cs_log_event(server->log, CS_LOG_WARNING, "revoked_device_forked",
                 CS_LOG_NUMBER("log", request->device.log));
    return cs_request_fail(request, CS_FORKED,
                           "this device was revoked, and it was copied or restored from an old "
                           "copy: nothing it holds is lost; ask the office for a new invite");
}

/* Who let `device` in was revoked, and `device` joins after that: by position, never by time. */
static bool came_too_late(const struct cs_device *inviter, uint64_t joined_position)
{
    return inviter->revoked.position != 0 && joined_position >= inviter->revoked.position;
}

enum cs_status cs_revoked_check_chain(struct cs_server *server, struct cs_server_request *request)
{
    const struct cs_chain *chain = &request->chain;
    uint64_t joined = UINT64_MAX; /* the one that joins now is later than all */
    for (size_t i = 1; i < chain->length; i++) {
        struct cs_device above;
        enum cs_status status =
            cs_store_device(server->writer, chain->certificate_ids[i], &request->arena, &above);
        if (status == CS_NOT_FOUND) {
            return cs_request_fail(request, CS_DENIED,
                                   "a device in the chain of this invite has never joined here");
        }
        if (status != CS_OK) {
            return status;
        }
        if (came_too_late(&above, joined)) {
            return cs_request_fail(request, CS_REVOKED,
                                   "the device of %.*s that made this invite was revoked, and its "
                                   "unused invites with it: ask somebody else for a new one",
                                   (int)above.person_name.size,
                                   (const char *)above.person_name.data);
        }
        joined = above.joined_position;
    }
    return CS_OK;
}
