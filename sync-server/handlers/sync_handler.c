/*
 * Syncing: one request carries change-sets and cursors, the response what became of them and what has changed (design §8).
 */
#include "shared/base/text.h"
#include "sync-server/handlers/log_answer.h"
#include "sync-server/handlers/pull.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/recovery.h"
#include "sync-server/stores/vault_store.h"

#include <string.h>

/* More change-sets are not opened once those before take this much: they come again with the next request. */
#define OPENED_BYTES_MAX (CS_MESSAGE_ARENA_MAX / 4)
/* Requests of one device that are remembered, to tell a repetition from a clone. */
#define REQUESTS_KEPT 1000

/* Signature and commitment over raw bytes first; only then decompressed and parsed. */
static enum cs_status open_inner(struct cs_server *server, struct cs_server_request *request,
                                 struct cs_bytes inner, struct cs_push_change_set *out)
{
    struct cs_bytes body;
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    enum cs_status status = cs_inner_split(inner, &out->header, &body);
    if (status == CS_OK) {
        status = cs_inner_verify(inner, request->device.sign_key);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_sign_key_public(cs_server_keys_identity(server->keys), identity);
    if (memcmp(out->header.certificate, request->device.certificate, CS_HASH_SIZE) != 0) {
        return CS_FORGED;
    }
    if (memcmp(out->header.organisation, request->opened.header.organisation, CS_HASH_SIZE) != 0) {
        return CS_WRONG_ORGANISATION;
    }
    if (memcmp(out->header.server, identity, sizeof identity) != 0) {
        return CS_WRONG_SERVER;
    }
    out->inner = inner;
    status = cs_inner_hash(inner, out->hash);
    return status != CS_OK ? status : cs_body_decode(body, &request->arena, &out->transactions);
}

/* After a failure change_set_count is the number of the change-set it was in, 0 for the request's own. */
static enum cs_status open_body(struct cs_server *server, struct cs_server_request *request,
                                struct cs_bytes body)
{
    enum cs_status status = cs_sync_request_decode(body, &request->arena, &request->sync);
    if (status != CS_OK) {
        return status;
    }
    size_t skip = request->bundle_skip < request->sync.inner_count ? request->bundle_skip
                                                                   : request->sync.inner_count;
    request->sync.inners += skip;
    request->sync.inner_count -= skip;
    request->change_sets = cs_arena_take_array(&request->arena, request->sync.inner_count,
                                               sizeof *request->change_sets);
    if (request->change_sets == NULL) {
        return CS_NO_MEMORY;
    }
    while (status == CS_OK && request->change_set_count < request->sync.inner_count) {
        if (request->change_set_count > 0 && request->arena.used > OPENED_BYTES_MAX) {
            break;
        }
        size_t i = request->change_set_count++;
        status = open_inner(server, request, request->sync.inners[i], &request->change_sets[i]);
    }
    return status;
}

enum cs_status cs_request_find_sender(struct cs_server_request *request, struct cs_store *reader)
{
    uint8_t organisation[CS_HASH_SIZE];
    enum cs_status status = cs_store_device(reader, request->opened.header.certificate,
                                            &request->arena, &request->device);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_UNKNOWN_DEVICE : status;
    }
    status = cs_request_verify(&request->opened, request->device.sign_key);
    if (status == CS_OK) {
        status = cs_fact_fixed(reader, CS_FACT_ORGANISATION, organisation, sizeof organisation);
    }
    if (status == CS_OK &&
        memcmp(organisation, request->opened.header.organisation, sizeof organisation) != 0) {
        status = CS_WRONG_ORGANISATION;
    }
    return status;
}

enum cs_status cs_sync_open_body(struct cs_server *server, struct cs_server_request *request,
                                 struct cs_bytes body)
{
    enum cs_status status = open_body(server, request, body);
    if (status == CS_NO_MEMORY && cs_request_exhausted(request)) {
        status = CS_LIMIT;
    }
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    return request->change_set_count == 0
               ? cs_request_fail(request, status, "%s", cs_status_text(status))
               : cs_request_fail(request, status, "change-set %zu of this request: %s",
                                 request->change_set_count, cs_status_text(status));
}

enum cs_status cs_sync_open(struct cs_server *server, struct cs_server_request *request,
                            struct cs_store *reader)
{
    enum cs_status status = cs_request_find_sender(request, reader);
    return status != CS_OK ? status : cs_sync_open_body(server, request, request->opened.body);
}

/* The device exists twice, or was set back: say so to it and to the office, and take nothing from it. */
static enum cs_status mark_forked(struct cs_server *server, struct cs_server_request *request,
                                  const struct cs_push_clock *clock)
{
    struct cs_device *device = &request->device;
    if (device->state == CS_DEVICE_REVOKED) {
        return cs_revoked_refuse_copy(server, request);
    }
    device->state = CS_DEVICE_FORKED;
    enum cs_status status = cs_store_put_device(server->writer, device);
    if (status == CS_OK) {
        status = cs_directory_put(server->writer, clock, device, &request->arena);
    }
    if (status == CS_OK) {
        status = cs_directory_report_fork(server->writer, clock, device, &request->arena);
    }
    cs_log_event(server->log, CS_LOG_WARNING, "device_forked", CS_LOG_NUMBER("log", device->log));
    return status != CS_OK
               ? status
               : cs_request_fail(
                     request, CS_FORKED,
                     "this device was copied or restored from an old copy: nothing it holds is "
                     "lost; ask the office for a new invite");
}

enum repetition { FIRST_TIME, REPEATED, CLONED, TOO_OLD };

static enum cs_status look_up_request(struct cs_server *server,
                                      const struct cs_server_request *request, enum repetition *out)
{
    uint8_t known[CS_HASH_SIZE];
    const struct cs_request_header *header = &request->opened.header;
    if (header->counter > request->device.request_counter) {
        *out = FIRST_TIME;
        return CS_OK;
    }
    enum cs_status status =
        cs_store_request(server->writer, request->device.log, header->counter, known);
    if (status == CS_NOT_FOUND) {
        /* Never seen, and overtaken: one that was held up on its way. Of a clone another one tells. */
        *out = TOO_OLD;
        return CS_OK;
    }
    *out = memcmp(known, request->opened.hash, sizeof known) == 0 ? REPEATED : CLONED;
    return status;
}

/* A device that names an older head than the server has of it was set back, one with another head was copied. */
static bool head_is_behind(const struct cs_server_request *request)
{
    const struct cs_request_header *header = &request->opened.header;
    const struct cs_device *device = &request->device;
    if (header->log_sequence != device->sequence) {
        return header->log_sequence < device->sequence;
    }
    return memcmp(header->log_head, device->head, CS_HASH_SIZE) != 0;
}

static enum cs_status push(struct cs_server *server, struct cs_server_request *request,
                           const struct cs_push_clock *clock)
{
    struct cs_device *device = &request->device;
    device->seen_ms = clock->now_ms;
    enum cs_status status =
        cs_push_apply(server->writer, clock, device, request->change_sets,
                      request->change_set_count, &request->arena, &request->push);
    if (status == CS_GAP) {
        request->failure.expected_sequence = request->push.expected_sequence;
        status = cs_request_fail(request, CS_GAP, "change-set %llu is missing",
                                 (unsigned long long)request->push.expected_sequence);
        return status != CS_OK ? status : cs_store_put_device(server->writer, device);
    }
    return status;
}

/*
 * A bundle may come long after it was made, overtaken by any number of requests; what it repeats changes nothing. But what it says of
 * its device's log must be what the server has of that, as far as it goes.
 */
static enum cs_status names_other_past(struct cs_server *server,
                                       const struct cs_server_request *request, bool *out)
{
    const struct cs_request_header *header = &request->opened.header;
    uint8_t known[CS_HASH_SIZE];
    *out = false;
    if (header->kind != CS_MESSAGE_BUNDLE || header->log_sequence == 0 ||
        header->log_sequence > request->device.sequence) {
        return CS_OK;
    }
    enum cs_status status =
        cs_store_change_set_hash(server->writer, request->device.log, header->log_sequence, known);
    *out = status == CS_OK && memcmp(known, header->log_head, sizeof known) != 0;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* Whether it may be answered: from a device in good standing, not a clone's, not overtaken. *out_first: it was not seen before. */
static enum cs_status judge(struct cs_server *server, struct cs_server_request *request,
                            struct cs_push_clock *clock, bool *out_first)
{
    *clock = (struct cs_push_clock){.now_ms = server->world->wall_ms(server->world->context)};
    uint8_t since[8];
    enum cs_status status = cs_store_device(server->writer, request->opened.header.certificate,
                                            &request->arena, &request->device);
    if (status == CS_OK) {
        status = cs_fact_fixed(server->writer, CS_FACT_ORGANISATION_SINCE, since, sizeof since);
    }
    enum repetition repetition = FIRST_TIME;
    bool other_past = false;
    if (status == CS_OK) {
        status = look_up_request(server, request, &repetition);
    }
    if (status == CS_OK) {
        status = names_other_past(server, request, &other_past);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, cs_bytes_of_array(since));
    clock->organisation_since_ms = (int64_t)cs_read_u64(&reader);
    if (request->device.state == CS_DEVICE_SUSPENDED) {
        return cs_request_fail(
            request, CS_SUSPENDED,
            "this device is suspended: nothing it holds is lost; ask the office");
    }
    if (request->device.state == CS_DEVICE_FORKED || repetition == CLONED || other_past ||
        (repetition == FIRST_TIME && head_is_behind(request))) {
        return mark_forked(server, request, clock);
    }
    if (repetition == TOO_OLD && request->opened.header.kind != CS_MESSAGE_BUNDLE) {
        return cs_request_fail(request, CS_REFUSED, "this request is too old");
    }
    *out_first = repetition == FIRST_TIME;
    return CS_OK;
}

enum cs_status cs_request_look_at(struct cs_server *server, struct cs_server_request *request,
                                  struct cs_push_clock *clock)
{
    bool first = false;
    return judge(server, request, clock, &first);
}

enum cs_status cs_request_admit(struct cs_server *server, struct cs_server_request *request,
                                struct cs_push_clock *clock)
{
    bool first = false;
    enum cs_status status = judge(server, request, clock, &first);
    if (status == CS_OK && first) {
        request->device.request_counter = request->opened.header.counter;
        status = cs_store_put_request(server->writer, request->device.log,
                                      request->opened.header.counter, request->opened.hash,
                                      REQUESTS_KEPT);
    }
    return status;
}

/* Is the log that the device was shown not the beginning of this one? Only where it names one of this incarnation. */
static enum cs_status knows_another_log(struct cs_server *server,
                                        const struct cs_sync_request *sync, bool *out)
{
    uint8_t root[CS_HASH_SIZE];
    if (sync->log_mark.size == 0) {
        *out = false;
        return CS_OK;
    }
    enum cs_status status = cs_evidence_log_root_at(server->writer, sync->log_size, root);
    *out =
        status == CS_NOT_FOUND ||
        (status == CS_OK && !cs_bytes_equal(sync->log_mark, cs_bytes_make(root, CS_LOG_MARK_SIZE)));
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/*
 * The device names another incarnation than this, a state that this server has not reached, or a log that is not the beginning of
 * this one: one of the two went back. Nothing is taken: the device asks (recover_handler.c), and shows what it has for proof. Pushed
 * first, its changes could carry the server past that state, and nobody would notice; and what they rest on may be what was lost, so
 * that they would be refused for it.
 */
static enum cs_status is_behind(struct cs_server *server, const struct cs_server_request *request,
                                bool *out)
{
    static const uint8_t none[16];
    uint8_t own[16];
    uint64_t position = 0;
    const struct cs_sync_request *sync = &request->sync;
    enum cs_status status = cs_fact_fixed(server->writer, CS_FACT_INCARNATION, own, sizeof own);
    if (status == CS_OK) {
        status = cs_store_position(server->writer, &position);
    }
    if (status == CS_OK) {
        bool another = memcmp(sync->incarnation, none, sizeof none) != 0 &&
                       memcmp(sync->incarnation, own, sizeof own) != 0;
        *out = another || sync->position > position;
        status = *out ? CS_OK : knows_another_log(server, sync, out);
    }
    return status;
}

/* What is counted and told where this server has gone back in time; otherwise nothing. */
static enum cs_status note_returned(struct cs_server *server, struct cs_server_request *request,
                                    const struct cs_push_clock *clock, uint64_t sequence_before)
{
    static const uint8_t none[16];
    struct cs_device *device = &request->device;
    bool told = false;
    enum cs_status status =
        cs_recovery_pushed(server->writer, clock, &request->arena, device, sequence_before);
    /* It names no other incarnation than this one, or none: see is_behind. */
    if (status == CS_OK && request->failure.status == CS_OK &&
        memcmp(request->sync.incarnation, none, sizeof none) != 0) {
        status = cs_recovery_synced(server->writer, clock, &request->arena, device,
                                    request->opened.header.log_sequence, &told);
    }
    return status != CS_OK || (device->sequence == sequence_before && !told)
               ? status
               : cs_recovery_close(server->writer, clock, &request->arena);
}

enum cs_status cs_sync_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_push_clock clock;
    bool behind = false;
    enum cs_status status = cs_request_admit(server, request, &clock);
    if (status != CS_OK || request->failure.status != CS_OK) {
        return status;
    }
    status = is_behind(server, request, &behind);
    if (status != CS_OK || behind) {
        return status != CS_OK
                   ? status
                   : cs_request_fail(request, CS_ROLLED_BACK,
                                     "this server is not where it was when it last answered you");
    }
    uint64_t sequence_before = request->device.sequence;
    status = push(server, request, &clock);
    if (status == CS_FORKED) {
        return mark_forked(server, request, &clock);
    }
    return status != CS_OK ? status : note_returned(server, request, &clock, sequence_before);
}

enum cs_status cs_sync_fill(struct cs_server *server, struct cs_server_request *request,
                            struct cs_store *reader, struct cs_sync_response *out)
{
    struct cs_sync_response response = {
        .server_time_ms = server->world->wall_ms(server->world->context),
        .log_sequence = request->device.sequence,
        .first_counter = request->push.first_counter,
        .outcomes = request->push.outcomes,
        .outcome_count = request->push.outcome_count,
        .refusals = request->push.refusals,
        .refusal_count = request->push.refusal_count,
        .server_statement = cs_server_keys_statement(server->keys),
    };
    memcpy(response.log_head, request->device.head, sizeof response.log_head);
    enum cs_status status = cs_fact_fixed(reader, CS_FACT_INCARNATION, response.incarnation,
                                          sizeof response.incarnation);
    if (status == CS_OK) {
        status = cs_pull_read(reader, &request->device, &request->sync, &request->push,
                              &server->page, &request->arena, &response);
    }
    if (status == CS_OK) {
        status = cs_log_answer(server, request, reader, &response);
    }
    response.with_vaults = request->sync.with_vaults;
    if (status == CS_OK && response.with_vaults) {
        status = cs_store_vault_news(reader, &response.vault_news);
    }
    response.with_horizon = request->sync.with_horizon;
    if (status == CS_OK && response.with_horizon) {
        uint64_t horizon =
            cs_horizon_answer(&server->horizon, response.incarnation, request->device.log);
        response.horizon = horizon < response.log_sequence ? horizon : response.log_sequence;
    }
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}

enum cs_status cs_sync_reply(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader, struct cs_buffer *body)
{
    struct cs_sync_response response;
    enum cs_status status = cs_sync_fill(server, request, reader, &response);
    return status != CS_OK ? status : cs_sync_response_encode(&response, body);
}
