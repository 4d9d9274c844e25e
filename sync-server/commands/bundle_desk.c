/* Bundles in and out of a server's folder, see bundle_desk.h. */
#include "sync-server/commands/bundle_desk.h"

#include "sync-server/commands/bundle_service.h"
#include "sync-server/commands/folder.h"
#include "sync-server/commands/master_key.h"

#include <string.h>
#include <unistd.h>

struct cs_bundle_desk {
    int socket; /* to a running server; -1: none runs */
    struct cs_buffer request;
    struct cs_buffer answer;
    int lock;
    struct cs_server *server;
    struct cs_bundle_export *export;
};

/* ---- beside nobody ---- */

static enum cs_status open_alone(struct cs_admin *admin, const char *folder,
                                 struct cs_bundle_desk *desk)
{
    struct cs_secret *master_key = NULL;
    enum cs_status status = cs_folder_lock(folder, &desk->lock, &admin->problem);
    if (status == CS_OK) {
        status = cs_master_key_load(admin, folder, &master_key);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_server_options options = {
        .world = admin->around.world,
        .folder = folder,
        .registry = admin->around.registry,
        .master_key = cs_secret_bytes(master_key),
        .log = admin->around.log,
    };
    status = cs_server_open(&options, &desk->server, &admin->problem);
    cs_secret_destroy(master_key);
    return status;
}

enum cs_status cs_bundle_desk_open(struct cs_admin *admin, const char *folder,
                                   struct cs_bundle_desk **out)
{
    struct cs_bundle_desk *desk = cs_alloc_zero(1, sizeof *desk);
    if (desk == NULL) {
        return CS_NO_MEMORY;
    }
    desk->socket = -1;
    desk->lock = -1;
    cs_buffer_init(&desk->request, CS_BUNDLE_FRAME_MAX);
    cs_buffer_init(&desk->answer, CS_BUNDLE_FRAME_MAX);
    enum cs_status status = cs_folder_check(folder, &admin->problem);
    if (status == CS_OK) {
        status = cs_bundle_socket(folder, false, &desk->socket);
        if (status != CS_OK) {
            status = open_alone(admin, folder, desk);
        }
    }
    if (status != CS_OK) {
        cs_bundle_desk_close(desk);
        return status;
    }
    *out = desk;
    return CS_OK;
}

void cs_bundle_desk_close(struct cs_bundle_desk *owned_desk)
{
    if (owned_desk != NULL) {
        cs_server_export_end(owned_desk->export);
        cs_server_close(owned_desk->server);
        cs_folder_unlock(owned_desk->lock);
        if (owned_desk->socket >= 0) {
            (void)close(owned_desk->socket);
        }
        cs_buffer_release(&owned_desk->request);
        cs_buffer_release(&owned_desk->answer);
        cs_free(owned_desk);
    }
}

/* ---- beside a running server ---- */

static enum cs_status ask(struct cs_bundle_desk *desk, char what, struct cs_bytes content)
{
    cs_buffer_clear(&desk->request);
    cs_buffer_clear(&desk->answer);
    cs_buffer_append_u8(&desk->request, (uint8_t)what);
    cs_buffer_append_bytes(&desk->request, content);
    enum cs_status status = desk->request.status;
    if (status == CS_OK) {
        status = cs_bundle_frame_send(desk->socket, cs_buffer_bytes(&desk->request));
    }
    return status != CS_OK ? status : cs_bundle_frame_receive(desk->socket, &desk->answer);
}

static enum cs_status ask_names(struct cs_bundle_desk *desk,
                                uint8_t out_organisation[static CS_HASH_SIZE],
                                uint8_t out_identity[static CS_HASH_SIZE])
{
    struct cs_reader reader;
    enum cs_status status = ask(desk, 'N', CS_BYTES_NONE);
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&reader, cs_buffer_bytes(&desk->answer));
    cs_read_copy(&reader, out_organisation, CS_HASH_SIZE);
    cs_read_copy(&reader, out_identity, CS_HASH_SIZE);
    return cs_reader_finish(&reader);
}

static enum cs_status ask_export(struct cs_bundle_desk *desk,
                                 const uint8_t certificate[static CS_HASH_SIZE],
                                 struct cs_problem *problem)
{
    struct cs_reader reader;
    enum cs_status status = ask(desk, 'X', cs_bytes_make(certificate, CS_HASH_SIZE));
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&reader, cs_buffer_bytes(&desk->answer));
    enum cs_status answered = cs_bundle_status_read(&reader);
    struct cs_bytes text = cs_read_prefixed(&reader);
    if (cs_reader_finish(&reader) != CS_OK) {
        return CS_MALFORMED;
    }
    return answered == CS_OK
               ? CS_OK
               : cs_problem_set(problem, answered, "%.*s", (int)text.size, (const char *)text.data);
}

static enum cs_status ask_next(struct cs_bundle_desk *desk, struct cs_buffer *out, bool *out_more)
{
    struct cs_reader reader;
    enum cs_status status = ask(desk, 'P', CS_BYTES_NONE);
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&reader, cs_buffer_bytes(&desk->answer));
    uint8_t what = cs_read_u8(&reader);
    if (what == CS_BUNDLE_PART_FAILED) {
        status = cs_bundle_status_read(&reader);
        return status == CS_OK ? CS_MALFORMED : status;
    }
    if (what == CS_BUNDLE_PART_NEXT) {
        cs_buffer_append_bytes(out, reader.rest);
        status = out->status;
    }
    if (status == CS_OK) {
        *out_more = what == CS_BUNDLE_PART_NEXT;
    }
    return status;
}

/* ---- either way ---- */

enum cs_status cs_bundle_desk_names(struct cs_bundle_desk *desk,
                                    uint8_t out_organisation[static CS_HASH_SIZE],
                                    uint8_t out_identity[static CS_HASH_SIZE])
{
    return desk->socket >= 0 ? ask_names(desk, out_organisation, out_identity)
                             : cs_server_bundle_names(desk->server, out_organisation, out_identity);
}

enum cs_status cs_bundle_desk_take(struct cs_bundle_desk *desk, struct cs_bytes part,
                                   struct cs_arena *arena, struct cs_bundle_taken *out)
{
    if (desk->socket < 0) {
        return cs_server_take_bundle_part(desk->server, part, arena, out);
    }
    enum cs_status status = ask(desk, 'T', part);
    return status != CS_OK ? status
                           : cs_bundle_taken_read(cs_buffer_bytes(&desk->answer), arena, out);
}

enum cs_status cs_bundle_desk_export(struct cs_bundle_desk *desk,
                                     const uint8_t certificate[static CS_HASH_SIZE],
                                     struct cs_problem *problem)
{
    if (desk->socket >= 0) {
        return ask_export(desk, certificate, problem);
    }
    cs_server_export_end(desk->export);
    desk->export = NULL;
    return cs_server_export_begin(desk->server, certificate, &desk->export, problem);
}

enum cs_status cs_bundle_desk_next(struct cs_bundle_desk *desk, struct cs_buffer *out,
                                   bool *out_more)
{
    return desk->socket >= 0 ? ask_next(desk, out, out_more)
                             : cs_server_export_next(desk->export, out, out_more);
}
