/* The three stages of a request, see server.h. */
#include "shared/base/planted.h"
#include "sync-server/handlers/server_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum cs_status cs_request_fail(struct cs_server_request *request, enum cs_status status,
                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(request->problem.text, sizeof request->problem.text, format, arguments);
    va_end(arguments);
    request->failure.status = status;
    request->failure.text = cs_bytes_of_text(length < 0 ? "" : request->problem.text);
    return CS_OK;
}

bool cs_request_exhausted(const struct cs_server_request *request)
{
    return request->arena.used > request->arena.limit / 2;
}

/* Hostile or oversized content must not look like a server that is out of order for ever. */
static enum cs_status blame(const struct cs_server_request *request, enum cs_status status)
{
    return status == CS_NO_MEMORY && cs_request_exhausted(request) ? CS_LIMIT : status;
}

void cs_server_discard(struct cs_server_request *owned_request)
{
    if (owned_request != NULL) {
        cs_buffer_release(&owned_request->plain);
        cs_arena_release(&owned_request->arena);
        cs_free(owned_request);
    }
}

/* Is it meant for this server's key at all? */
static enum cs_status check_recipient(const struct cs_server *server, struct cs_bytes body)
{
    uint8_t asked[CS_SEAL_KEY_SIZE];
    uint8_t own[CS_SEAL_KEY_SIZE];
    enum cs_status status = cs_request_recipient(body, asked);
    if (status != CS_OK) {
        return status;
    }
    cs_seal_key_public(cs_server_keys_bundle(server->keys), own);
    return memcmp(asked, own, sizeof own) == 0 ? CS_OK : CS_WRONG_SERVER;
}

static enum cs_status open_kind(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_store *reader;
    enum cs_status status = cs_server_borrow_reader(server, &reader);
    if (status != CS_OK) {
        return status;
    }
    switch (request->opened.header.kind) {
    case CS_MESSAGE_JOIN:
        status = cs_join_open(server, request, reader);
        break;
    case CS_MESSAGE_SYNC:
        status = cs_sync_open(server, request, reader);
        break;
    case CS_MESSAGE_COMPARE:
        status = cs_compare_open(server, request, reader);
        break;
    case CS_MESSAGE_RECOVER:
        status = cs_recover_open(server, request, reader);
        break;
    case CS_MESSAGE_VAULT:
        status = cs_vault_open(server, request, reader);
        break;
    case CS_MESSAGE_HISTORY:
        status = cs_history_open(server, request, reader);
        break;
    case CS_MESSAGE_BUNDLE:
        status = cs_bundle_open(server, request, reader);
        break;
    case CS_MESSAGE_ATTACHMENT:
        status = cs_attachment_open(server, request, reader);
        break;
    case CS_MESSAGE_FAILURE:
    case CS_MESSAGE_REVOKED:
        status = CS_MALFORMED;
        break;
    }
    cs_server_return_reader(server, reader);
    return status;
}

/* What comes in a file and what comes over the network are not taken for each other: only the latter is answered. */
static enum cs_status open_request(struct cs_server *server, struct cs_bytes body, bool in_file,
                                   size_t skip, struct cs_server_request **out)
{
    struct cs_server_request *request = cs_alloc_zero(1, sizeof *request);
    if (request == NULL) {
        return CS_NO_MEMORY;
    }
    request->bundle_skip = skip;
    cs_arena_init(&request->arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&request->plain, CS_REQUEST_MAX + 4 * CS_KIBI);
    enum cs_status status = check_recipient(server, body);
    if (status == CS_OK) {
        status = cs_request_open(body, cs_server_keys_bundle(server->keys), &request->plain,
                                 &request->opened);
    }
    if (status == CS_OK && (request->opened.header.kind == CS_MESSAGE_BUNDLE) != in_file) {
        status = CS_UNSUPPORTED;
    }
    if (status == CS_OK) {
        status = open_kind(server, request);
    }
    if (status != CS_OK) {
        cs_log_event(server->log, CS_LOG_WARNING, "request_rejected",
                     CS_LOG_TEXT("status", cs_status_name(status)));
        cs_server_discard(request);
        return status;
    }
    *out = request;
    return CS_OK;
}

enum cs_status cs_server_open_request(struct cs_server *server, struct cs_bytes body,
                                      struct cs_server_request **out)
{
    return open_request(server, body, false, 0, out);
}

enum cs_status cs_server_open_bundle_part(struct cs_server *server, struct cs_bytes part,
                                          size_t skip, struct cs_server_request **out)
{
    return open_request(server, part, true, skip, out);
}

static enum cs_status commit_kind(struct cs_server *server, struct cs_server_request *request)
{
    switch ((int)request->opened.header.kind) {
    case CS_MESSAGE_JOIN:
        return cs_join_commit(server, request);
    case CS_MESSAGE_COMPARE:
        return cs_compare_commit(server, request);
    case CS_MESSAGE_RECOVER:
        return cs_recover_commit(server, request);
    case CS_MESSAGE_VAULT:
        return cs_vault_commit(server, request);
    case CS_MESSAGE_HISTORY:
        return cs_history_commit(server, request);
    case CS_MESSAGE_BUNDLE:
        return cs_bundle_commit(server, request);
    case CS_MESSAGE_ATTACHMENT:
        return cs_attachment_commit(server, request);
    default:
        return cs_sync_commit(server, request);
    }
}

/* A device that is revoked by now, perhaps since its own commit, is told so whatever it asked for: no row leaves for it. Last words about its
 * leases are answered by what became of them, and nothing else. */
static enum cs_status reply_kind(struct cs_server *server, struct cs_server_request *request,
                                 struct cs_store *reader, struct cs_buffer *body,
                                 enum cs_message_kind *out_kind)
{
    if (request->opened.header.kind == CS_MESSAGE_JOIN) {
        return cs_join_reply(server, request, reader, body);
    }
    struct cs_device now;
    enum cs_status status =
        cs_store_device(reader, request->device.certificate, &request->arena, &now);
    if (status != CS_OK) {
        return status;
    }
    if (now.state == CS_DEVICE_REVOKED && !request->vault_last_words &&
        !CS_PLANTED(SERVE_REVOKED)) {
        *out_kind = CS_MESSAGE_REVOKED;
        return cs_revoked_reply(server, request, reader, &now, body);
    }
    switch ((int)request->opened.header.kind) {
    case CS_MESSAGE_COMPARE:
        return cs_compare_reply(server, request, reader, body);
    case CS_MESSAGE_RECOVER:
        return cs_recover_reply(server, request, reader, body);
    case CS_MESSAGE_VAULT:
        return cs_vault_reply(server, request, reader, body);
    case CS_MESSAGE_HISTORY:
        return cs_history_reply(server, request, reader, body);
    case CS_MESSAGE_ATTACHMENT:
        return cs_attachment_reply(server, request, reader, body);
    default:
        return cs_sync_reply(server, request, reader, body);
    }
}

/* Applies one request in its own savepoint: a failure undoes it alone and becomes its answer. */
static void commit_one(struct cs_server *server, struct cs_server_request *request)
{
    if (request->failure.status != CS_OK) {
        return;
    }
    enum cs_status status = cs_store_savepoint(server->writer);
    if (status != CS_OK) {
        (void)cs_request_fail(request, CS_UNAVAILABLE, "%s", cs_status_text(status));
        return;
    }
    status = commit_kind(server, request);
    if (status == CS_OK) {
        status = cs_store_release(server->writer);
    } else {
        cs_store_undo(server->writer);
    }
    if (status != CS_OK) {
        status = blame(request, status);
        cs_log_event(server->log, CS_LOG_ERROR, "request_undone",
                     CS_LOG_TEXT("status", cs_status_name(status)));
        bool local = cs_status_class(status) == CS_CLASS_LOCAL;
        (void)cs_request_fail(request, local ? CS_UNAVAILABLE : status, "%s",
                              cs_status_text(status));
    }
}

static void commit_batch(struct cs_server *server, struct cs_server_request **requests,
                         size_t count)
{
    enum cs_status status = cs_store_begin(server->writer);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        commit_one(server, requests[i]);
    }
    if (status == CS_OK) {
        status = cs_store_commit(server->writer);
    }
    if (status == CS_OK || CS_PLANTED(ACKNOWLEDGE_EARLY)) {
        return;
    }
    cs_log_event(server->log, CS_LOG_ERROR, "commit_failed",
                 CS_LOG_TEXT("status", cs_status_name(status)));
    for (size_t i = 0; i < count; i++) {
        if (!requests[i]->only_reads) {
            (void)cs_request_fail(requests[i], CS_UNAVAILABLE,
                                  "the server could not store this: %s", cs_status_text(status));
        }
    }
}

void cs_server_commit(struct cs_server *server, struct cs_server_request **requests, size_t count)
{
    (void)pthread_mutex_lock(&server->writer_lock);
    commit_batch(server, requests, count);
    (void)pthread_mutex_unlock(&server->writer_lock);
}

/* Body and kind of the answer. */
static enum cs_status answer(struct cs_server *server, struct cs_server_request *request,
                             struct cs_buffer *body, enum cs_message_kind *out_kind)
{
    *out_kind = CS_MESSAGE_FAILURE;
    if (request->failure.status != CS_OK) {
        return cs_failure_response_encode(&request->failure, body);
    }
    *out_kind = request->opened.header.kind;
    struct cs_store *reader;
    enum cs_status status = cs_server_borrow_reader(server, &reader);
    if (status != CS_OK) {
        return status;
    }
    status = reply_kind(server, request, reader, body, out_kind);
    cs_server_return_reader(server, reader);
    if (blame(request, status) == CS_LIMIT) {
        cs_buffer_clear(body);
        (void)cs_request_fail(request, CS_LIMIT, "the answer passes what one exchange can carry");
        status = CS_OK;
    }
    if (status == CS_OK && request->failure.status != CS_OK) {
        *out_kind = CS_MESSAGE_FAILURE;
        status = cs_failure_response_encode(&request->failure, body);
    }
    return status;
}

enum cs_status cs_server_reply(struct cs_server *server, struct cs_server_request *owned_request,
                               struct cs_buffer *response)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    enum cs_message_kind kind;
    enum cs_status status = answer(server, owned_request, &body, &kind);
    if (status == CS_OK) {
        status = cs_response_seal(server->world, kind, owned_request->opened.hash,
                                  cs_buffer_bytes(&body), cs_server_keys_identity(server->keys),
                                  owned_request->device.seal_key, response);
    }
    cs_buffer_release(&body);
    cs_server_discard(owned_request);
    return status;
}
