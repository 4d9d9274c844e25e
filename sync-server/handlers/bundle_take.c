/* Taking bundles, see bundle.h: a sync request in a file, without an answer. */
#include "shared/base/limits.h"
#include "shared/wire/bundle.h"
#include "sync-server/handlers/bundle.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/stores/bundle_store.h"

#include <string.h>

enum cs_status cs_bundle_open(struct cs_server *server, struct cs_server_request *request,
                              struct cs_store *reader)
{
    struct cs_bundle_request bundle;
    enum cs_status status = cs_request_find_sender(request, reader);
    if (status != CS_OK) {
        return status;
    }
    status = cs_bundle_request_decode(request->opened.body, &request->arena, &bundle);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL
                   ? status
                   : cs_request_fail(request, status, "%s", cs_status_text(status));
    }
    request->bundle_first_counter = bundle.first_counter;
    return cs_sync_open_body(server, request, bundle.sync);
}

/* Where the device was when it made this bundle, unless a newer one has told already. */
static enum cs_status note_device(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_bundle_device known = {.counter = 0};
    const struct cs_request_header *header = &request->opened.header;
    enum cs_status status =
        cs_store_bundle_device(server->writer, request->device.log, &request->arena, &known);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    if (status == CS_OK && known.counter >= header->counter) {
        return CS_OK;
    }
    if (memcmp(known.known.incarnation, request->sync.incarnation,
               sizeof known.known.incarnation) != 0) {
        known.told_count = 0; /* positions of another state than this one */
    }
    known.log = request->device.log;
    known.counter = header->counter;
    known.first_counter = request->bundle_first_counter;
    known.known = request->sync;
    return cs_store_put_bundle_device(server->writer, &known);
}

enum cs_status cs_bundle_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_device before;
    enum cs_status status = cs_store_device(server->writer, request->opened.header.certificate,
                                            &request->arena, &before);
    if (status == CS_OK) {
        request->bundle_sequence_before = before.sequence;
        status = cs_sync_commit(server, request);
    }
    if (status == CS_OK && request->failure.status == CS_OK) {
        status = note_device(server, request);
    }
    return status;
}

static enum cs_status explain(const struct cs_server_request *request, struct cs_arena *arena,
                              struct cs_bundle_taken *out)
{
    struct cs_problem problem = request->problem;
    out->status = request->failure.status;
    if (out->status == CS_ROLLED_BACK) {
        (void)cs_problem_set(
            &problem, CS_ROLLED_BACK,
            "this server is not where it was when it last answered that laptop: it was restored "
            "from "
            "a backup. Nothing was taken. The laptop has to sync over the network once");
    }
    return cs_arena_copy(arena, cs_bytes_of_text(problem.text), &out->text);
}

static void count_outcomes(const struct cs_server_request *request, struct cs_bundle_taken *out)
{
    out->taken += request->device.sequence - request->bundle_sequence_before;
    for (size_t i = 0; i < request->push.outcome_count; i++) {
        const struct cs_outcome_run *run = &request->push.outcomes[i];
        out->transactions += run->count;
        out->refused += run->outcome == CS_OUTCOME_REFUSED ? run->count : 0;
        out->held += run->outcome == CS_OUTCOME_HELD ? run->count : 0;
    }
}

static enum cs_status tell(const struct cs_server_request *request, struct cs_arena *arena,
                           struct cs_bundle_taken *out)
{
    struct cs_bundle_taken taken = *out;
    memcpy(taken.certificate, request->device.certificate, sizeof taken.certificate);
    enum cs_status status = cs_arena_copy(arena, request->device.person_name, &taken.person_name);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, request->device.device_name, &taken.device_name);
    }
    if (status == CS_OK && request->failure.status != CS_OK) {
        status = explain(request, arena, &taken);
    } else if (status == CS_OK) {
        count_outcomes(request, &taken);
    }
    if (status == CS_OK) {
        *out = taken;
    }
    return status;
}

enum cs_status cs_server_take_bundle_part(struct cs_server *server, struct cs_bytes part,
                                          struct cs_arena *arena, struct cs_bundle_taken *out)
{
    struct cs_bundle_taken taken = {.status = CS_OK};
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK && taken.status == CS_OK && more) {
        struct cs_server_request *request;
        status = cs_server_open_bundle_part(server, part, taken.change_sets, &request);
        if (status != CS_OK) {
            return status;
        }
        cs_server_commit(server, &request, 1);
        status = tell(request, arena, &taken);
        /* What memory for one request did not carry comes with the next pass. */
        more = request->change_set_count < request->sync.inner_count;
        taken.change_sets += request->change_set_count;
        cs_log_event(server->log, CS_LOG_INFO, "bundle_taken",
                     CS_LOG_TEXT("status", cs_status_name(status == CS_OK ? taken.status : status)),
                     CS_LOG_NUMBER("log", request->device.log));
        cs_server_discard(request);
    }
    if (status == CS_OK) {
        *out = taken;
    }
    return status;
}

enum cs_status cs_server_bundle_names(struct cs_server *server,
                                      uint8_t out_organisation[static CS_HASH_SIZE],
                                      uint8_t out_identity[static CS_HASH_SIZE])
{
    struct cs_store *reader;
    enum cs_status status = cs_server_borrow_reader(server, &reader);
    if (status != CS_OK) {
        return status;
    }
    memset(out_organisation, 0, CS_HASH_SIZE);
    status = cs_fact_fixed(reader, CS_FACT_ORGANISATION, out_organisation, CS_HASH_SIZE);
    cs_server_return_reader(server, reader);
    cs_sign_key_public(cs_server_keys_identity(server->keys), out_identity);
    return status == CS_NOT_FOUND ? CS_OK : status;
}
