/*
 * Files of attachments over the network (PROTOCOL.md, chapter "Attachments"): chunks are taken in the commit and given in the reply.
 *
 * What must stay true: a chunk is taken, and given, only where its row is here, is not deleted, and is in a scope of the device; whoever
 * may not have a row learns nothing of its file, not even whether it exists. Nothing is stored or given that is not verified
 * against the row.
 */
#include "shared/attachment/attachment_row.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/handlers/subscriptions.h"
#include "sync-server/stores/blob_store.h"

#include <string.h>

enum cs_status cs_attachment_open(struct cs_server *server, struct cs_server_request *request,
                                  struct cs_store *reader)
{
    (void)server;
    enum cs_status status = cs_request_find_sender(request, reader);
    if (status != CS_OK) {
        return status;
    }
    status =
        cs_attachment_request_decode(request->opened.body, &request->arena, &request->attachment);
    if (status == CS_NO_MEMORY && cs_request_exhausted(request)) {
        status = CS_LIMIT;
    }
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    return cs_request_fail(request, status, "%s", cs_status_text(status));
}

/* ---- which file it is, and whether this device may have it ---- */

/* Who asks, and what it may see. */
struct asker {
    struct cs_store *store;
    struct cs_arena *arena;
    struct cs_subscription *subscriptions;
    size_t count;
};

static enum cs_status begin(struct cs_store *store, struct cs_server_request *request,
                            struct asker *out)
{
    *out = (struct asker){.store = store, .arena = &request->arena};
    return cs_subscriptions_of(store, &request->device, &request->arena, &out->subscriptions,
                               &out->count);
}

static bool may_see(const struct asker *asker, const struct cs_stored_row *row)
{
    for (size_t i = 0; i < asker->count; i++) {
        if (asker->subscriptions[i].exists &&
            cs_scope_numbers_contain(row->scopes, asker->subscriptions[i].number)) {
            return true;
        }
    }
    return false;
}

/* CS_NOT_FOUND, whatever the reason is. */
static enum cs_status find_row(const struct asker *asker, const struct cs_attachment_name *name,
                               struct cs_attachment_row *out)
{
    struct cs_row_key key = {cs_bytes_of_text(CS_ATTACHMENT_ENTITY), name->row};
    struct cs_stored_row row;
    struct cs_attachment_row read;
    enum cs_status status = cs_store_load_rows(asker->store, &key, 1, asker->arena, &row);
    if (status != CS_OK) {
        return status;
    }
    if (!row.exists || row.deleted || row.values == NULL || !may_see(asker, &row) ||
        cs_attachment_row_read(row.entity, row.values, &read) != CS_OK ||
        memcmp(read.address, name->address, sizeof read.address) != 0) {
        return CS_NOT_FOUND;
    }
    *out = read;
    return CS_OK;
}

/* Anybody can make a row that names the address of another's file and says something else of its size: that is not the row of this file, and
 * what does not fit it is no damage. */
static bool is_of(const struct cs_attachment_row *row, const struct cs_stored_blob *blob)
{
    return blob->chunk_size == 0
               ? cs_attachment_list_check(&row->form, row->address, blob->list) == CS_OK
               : row->form.size == blob->size && row->form.chunk_size == blob->chunk_size;
}

static enum cs_status nothing_there(struct cs_server_request *request)
{
    return cs_request_fail(request, CS_NOT_FOUND, "there is no such attachment for this device");
}

/* ---- taking ---- */

static enum cs_status check_room(struct cs_server *server, struct cs_server_request *request,
                                 uint64_t log, uint64_t more)
{
    uint64_t bytes = 0;
    uint64_t limit = server->attachment_bytes_max;
    enum cs_status status = cs_store_blob_bytes(server->writer, log, &bytes);
    if (status == CS_OK && (bytes > limit || more > limit - bytes)) {
        status = cs_request_fail(request, CS_LIMIT,
                                 "the files of this device take all the room that the server has "
                                 "for it (%llu MiB): they stay on the laptop; ask the office",
                                 (unsigned long long)(limit / CS_MEBI));
    }
    return status;
}

/* One that is not known yet begins with its list, which takes room as its chunks do. */
static enum cs_status find_blob(struct cs_server *server, struct cs_server_request *request,
                                const struct cs_attachment_row *row, struct cs_stored_blob *out)
{
    const struct cs_attachment_request *sent = &request->attachment;
    enum cs_status status = cs_store_blob(server->writer, row->address, &request->arena, out);
    if (status != CS_NOT_FOUND) {
        return status == CS_OK && !is_of(row, out) ? nothing_there(request) : status;
    }
    status = cs_attachment_list_check(&row->form, row->address, sent->list);
    if (status != CS_OK) {
        return cs_request_fail(request, status, "the list of chunks is not that of the file");
    }
    status = check_room(server, request, request->device.log, sent->list.size + sent->chunk.size);
    if (status != CS_OK || request->failure.status != CS_OK) {
        return status;
    }
    *out = (struct cs_stored_blob){.log = request->device.log,
                                   .size = row->form.size,
                                   .chunk_size = row->form.chunk_size,
                                   .list = sent->list};
    memcpy(out->address, row->address, sizeof out->address);
    return cs_store_add_blob(server->writer, out);
}

static enum cs_status take_chunk(struct cs_server *server, struct cs_server_request *request,
                                 const struct cs_attachment_row *row)
{
    const struct cs_attachment_request *sent = &request->attachment;
    struct cs_stored_blob blob;
    enum cs_status status = find_blob(server, request, row, &blob);
    /* What is there already is not taken twice, and what would leave a gap not at all: the answer says where to go on. */
    if (status != CS_OK || request->failure.status != CS_OK || sent->index != blob.stored ||
        blob.stored == cs_attachment_chunk_count(&row->form)) {
        return status;
    }
    status = cs_attachment_chunk_check(&row->form, blob.list, (size_t)sent->index, sent->chunk);
    if (status != CS_OK) {
        return cs_request_fail(request, status, "the chunk is not that of the file");
    }
    status = check_room(server, request, blob.log, sent->chunk.size);
    return status != CS_OK || request->failure.status != CS_OK
               ? status
               : cs_store_add_chunk(server->writer, &blob, sent->chunk);
}

/* The stored chunk as it should be. CS_CORRUPT: it is not. */
static enum cs_status read_chunk(struct cs_store *store, struct cs_arena *arena,
                                 const struct cs_attachment_row *row,
                                 const struct cs_stored_blob *blob, uint64_t index,
                                 struct cs_bytes *out)
{
    enum cs_status status = cs_attachment_list_check(&row->form, row->address, blob->list);
    if (status == CS_OK) {
        status = cs_store_chunk(store, blob->number, index, arena, out);
    }
    if (status == CS_OK) {
        status = cs_attachment_chunk_check(&row->form, blob->list, (size_t)index, *out);
    }
    bool damaged = status == CS_FORGED || status == CS_MALFORMED || status == CS_NOT_FOUND;
    return damaged ? CS_CORRUPT : status;
}

/* A device says that it could not have a chunk as it should be. The server looks itself: a device's word alone removes nothing. */
static enum cs_status drop_damaged(struct cs_server *server, struct cs_server_request *request,
                                   const struct cs_attachment_row *row)
{
    struct cs_stored_blob blob;
    struct cs_bytes chunk;
    uint64_t index = request->attachment.index;
    enum cs_status status = cs_store_blob(server->writer, row->address, &request->arena, &blob);
    if (status != CS_OK || index >= blob.stored) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (!is_of(row, &blob)) {
        return nothing_there(request);
    }
    bool listed = cs_attachment_list_check(&row->form, row->address, blob.list) == CS_OK;
    status = read_chunk(server->writer, &request->arena, row, &blob, index, &chunk);
    if (status != CS_CORRUPT) {
        return status;
    }
    cs_log_event(server->log, CS_LOG_ERROR, "attachment_damaged",
                 CS_LOG_NUMBER("blob", blob.number), CS_LOG_NUMBER("chunk", index));
    return cs_store_cut_blob(server->writer, &blob, listed ? index : 0);
}

static enum cs_status change(struct cs_server *server, struct cs_server_request *request)
{
    struct asker asker;
    struct cs_attachment_row row;
    enum cs_status status = begin(server->writer, request, &asker);
    if (status == CS_OK) {
        status = find_row(&asker, &request->attachment.names[0], &row);
    }
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? nothing_there(request) : status;
    }
    return request->attachment.step == CS_ATTACHMENT_SEND ? take_chunk(server, request, &row)
                                                          : drop_damaged(server, request, &row);
}

enum cs_status cs_attachment_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_push_clock clock;
    uint8_t own[16];
    bool changes = request->attachment.step == CS_ATTACHMENT_SEND ||
                   request->attachment.step == CS_ATTACHMENT_DAMAGED;
    enum cs_status status = changes ? cs_request_admit(server, request, &clock)
                                    : cs_request_look_at(server, request, &clock);
    if (status != CS_OK || request->failure.status != CS_OK ||
        request->device.state == CS_DEVICE_REVOKED) {
        return status; /* who is revoked is answered so */
    }
    status = cs_fact_fixed(server->writer, CS_FACT_INCARNATION, own, sizeof own);
    if (status == CS_OK && memcmp(request->attachment.incarnation, own, sizeof own) != 0) {
        return cs_request_fail(request, CS_BUSY, "this server is another one since: sync first");
    }
    request->only_reads = status == CS_OK && !changes;
    if (status == CS_OK && changes) {
        request->device.seen_ms = clock.now_ms;
        status = cs_store_put_device(server->writer, &request->device);
    }
    return status != CS_OK || !changes ? status : change(server, request);
}

/* ---- giving ---- */

static enum cs_status answer_stored(const struct asker *asker,
                                    const struct cs_attachment_request *sent,
                                    struct cs_attachment_response *answer)
{
    enum cs_status status = CS_OK;
    answer->stored = cs_arena_take_array(asker->arena, sent->name_count, sizeof *answer->stored);
    if (answer->stored == NULL) {
        return CS_NO_MEMORY;
    }
    answer->stored_count = sent->name_count;
    for (size_t i = 0; status == CS_OK && i < sent->name_count; i++) {
        struct cs_attachment_row row;
        uint64_t stored = 0;
        status = find_row(asker, &sent->names[i], &row);
        if (status == CS_OK) {
            status = cs_store_blob_stored(asker->store, row.address, &stored);
            answer->stored[i] = stored + 1;
        } else if (status == CS_NOT_FOUND) {
            status = CS_OK;
        }
    }
    return status;
}

static enum cs_status give_chunk(struct cs_server *server, struct cs_server_request *request,
                                 const struct asker *asker, struct cs_attachment_response *answer)
{
    const struct cs_attachment_request *asked = &request->attachment;
    struct cs_attachment_row row;
    struct cs_stored_blob blob;
    enum cs_status status = find_row(asker, &asked->names[0], &row);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? nothing_there(request) : status;
    }
    status = cs_store_blob(asker->store, row.address, asker->arena, &blob);
    if (status != CS_OK || asked->index >= blob.stored) {
        return status == CS_NOT_FOUND ? CS_OK : status; /* the answer says how much there is */
    }
    if (!is_of(&row, &blob)) {
        return nothing_there(request);
    }
    status = read_chunk(asker->store, asker->arena, &row, &blob, asked->index, &answer->chunk);
    if (status == CS_CORRUPT) {
        cs_log_event(server->log, CS_LOG_ERROR, "attachment_damaged",
                     CS_LOG_NUMBER("blob", blob.number), CS_LOG_NUMBER("chunk", asked->index));
        return cs_request_fail(request, CS_CORRUPT,
                               "the server's copy of this file is damaged: it is put right when a "
                               "device that has it syncs");
    }
    answer->list = asked->with_list ? blob.list : CS_BYTES_NONE;
    return status;
}

enum cs_status cs_attachment_reply(struct cs_server *server, struct cs_server_request *request,
                                   struct cs_store *reader, struct cs_buffer *body)
{
    struct cs_attachment_response answer = {.position = 0};
    struct asker asker;
    enum cs_status status =
        cs_fact_fixed(reader, CS_FACT_INCARNATION, answer.incarnation, sizeof answer.incarnation);
    if (status == CS_OK) {
        status = cs_store_position(reader, &answer.position);
    }
    if (status == CS_OK) {
        status = begin(reader, request, &asker);
    }
    if (status == CS_OK) {
        status = answer_stored(&asker, &request->attachment, &answer);
    }
    if (status == CS_OK && request->attachment.step == CS_ATTACHMENT_FETCH) {
        status = give_chunk(server, request, &asker, &answer);
    }
    return status != CS_OK || request->failure.status != CS_OK
               ? status
               : cs_attachment_response_encode(&answer, body);
}
