/* One exchange about files, and one run; see attachment_sync.h. */
#include "field-client/attachments/sync_internal.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/query.h"
#include "field-client/sync/device_request.h"
#include "shared/base/limits.h"

#include <string.h>

#define META_INCARNATION "attachments.incarnation"
#define WEEK_MS (INT64_C(7) * 24 * 3600 * 1000)
#define ROW_ARENA_MAX CS_MESSAGE_ARENA_MAX

/* What the server says of one file, and not of this device or of itself. */
static bool concerns_one_file(enum cs_status status)
{
    return status == CS_NOT_FOUND || status == CS_LIMIT || status == CS_FORGED ||
           status == CS_MALFORMED || status == CS_CORRUPT || status == CS_TOO_LARGE;
}

static enum cs_status read_failure(struct cs_attachment_run *run, struct cs_bytes body,
                                   struct cs_arena *arena, struct cs_attachment_answer *out)
{
    struct cs_failure_response failure;
    enum cs_status status = cs_failure_response_decode(body, arena, &failure);
    if (status == CS_OK) {
        status = cs_device_request_failed(&failure, run->problem);
        if (concerns_one_file(failure.status)) {
            *out = (struct cs_attachment_answer){.refusal = failure.status};
            status = CS_OK;
        }
    }
    return status;
}

static enum cs_status receive(struct cs_attachment_run *run, struct cs_bytes response,
                              const uint8_t hash[static CS_HASH_SIZE], struct cs_arena *arena,
                              struct cs_attachment_answer *out)
{
    const struct cs_identity *identity = cs_replica_identity(run->replica);
    enum cs_message_kind kind;
    struct cs_bytes body;
    struct cs_buffer plain;
    struct cs_attachment_answer answer = {.refusal = CS_OK};
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_status status =
        cs_response_open(response, cs_identity_seal_key(identity), cs_identity_server(identity),
                         hash, &plain, &kind, &body);
    if (status == CS_OK && kind == CS_MESSAGE_FAILURE) {
        status = read_failure(run, body, arena, &answer);
    } else if (status == CS_OK && kind == CS_MESSAGE_REVOKED) {
        status = cs_problem_set(run->problem, CS_REVOKED, "this device was revoked");
    } else if (status == CS_OK) {
        status = kind == CS_MESSAGE_ATTACHMENT
                     ? cs_attachment_response_decode(body, arena, &answer.response)
                     : CS_MALFORMED;
        if (status == CS_OK &&
            memcmp(answer.response.incarnation, run->incarnation, sizeof run->incarnation) != 0) {
            status = cs_problem_set(run->problem, CS_BUSY,
                                    "the server is another one than at the last sync: sync first");
        }
    }
    cs_buffer_release(&plain);
    if (status == CS_OK) {
        *out = answer;
    }
    return status;
}

static enum cs_status send(struct cs_attachment_run *run, struct cs_bytes body,
                           struct cs_buffer *response, uint8_t out_hash[static CS_HASH_SIZE])
{
    const struct cs_world *world = cs_replica_world(run->replica);
    const struct cs_peer *peer = cs_identity_peer(cs_replica_identity(run->replica));
    struct cs_buffer sealed;
    uint64_t counter = 0;
    cs_buffer_init(&sealed, CS_REQUEST_MAX);
    enum cs_status status = cs_device_request_count(run->replica, &counter);
    if (status == CS_OK) {
        status = cs_device_request_seal(run->replica, CS_MESSAGE_ATTACHMENT, counter, body, &sealed,
                                        out_hash);
    }
    if (status == CS_OK) {
        run->result->bytes_up += sealed.size;
        status = world->exchange(world->exchange_context, peer, cs_buffer_bytes(&sealed), response,
                                 run->problem);
    }
    if (status == CS_OK) {
        run->result->round_trips++;
        run->result->bytes_down += response->size;
    }
    cs_buffer_release(&sealed);
    return status;
}

enum cs_status cs_attachment_exchange(struct cs_attachment_run *run,
                                      struct cs_attachment_request *request, struct cs_arena *arena,
                                      struct cs_attachment_answer *out)
{
    uint8_t hash[CS_HASH_SIZE];
    struct cs_buffer body;
    struct cs_buffer response;
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    memcpy(request->incarnation, run->incarnation, sizeof request->incarnation);
    enum cs_status status = cs_attachment_request_encode(request, &body);
    if (status == CS_OK) {
        status = send(run, cs_buffer_bytes(&body), &response, hash);
    }
    if (status == CS_OK) {
        status = receive(run, cs_buffer_bytes(&response), hash, arena, out);
    }
    if (status == CS_OK && out->refusal == CS_OK &&
        out->response.stored_count != request->name_count) {
        status = CS_MALFORMED;
    }
    cs_buffer_release(&body);
    cs_buffer_release(&response);
    return status;
}

/* ---- what a run needs everywhere ---- */

bool cs_attachment_run_is_over(const struct cs_attachment_run *run)
{
    const struct cs_world *world = cs_replica_world(run->replica);
    return run->watch != NULL && run->watch->until_ms != 0 &&
           world->monotonic_ms(world->context) > run->watch->until_ms;
}

void cs_attachment_run_tell(struct cs_attachment_run *run, uint64_t bytes)
{
    run->progress.done += bytes;
    if (run->progress.expected < run->progress.done) {
        run->progress.expected = run->progress.done;
    }
    if (run->watch != NULL && run->watch->tell != NULL) {
        run->watch->tell(run->watch->context, &run->progress);
    }
}

enum cs_status cs_attachment_run_row(struct cs_attachment_run *run,
                                     const struct cs_kept_attachment *kept,
                                     struct cs_attachment_row *out)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_attachment_row read;
    cs_arena_init(&arena, ROW_ARENA_MAX);
    enum cs_status status = cs_query_get(run->replica, cs_bytes_of_text(CS_ATTACHMENT_ENTITY),
                                         &kept->row, &arena, &row, NULL);
    if (status == CS_OK &&
        (row.values == NULL || cs_attachment_row_read(row.entity, row.values, &read) != CS_OK ||
         memcmp(read.address, kept->address, sizeof read.address) != 0)) {
        status = CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        read.file_name = read.media_type = CS_BYTES_NONE; /* they live in the arena */
        *out = read;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_attachment_run_trouble(struct cs_attachment_run *run,
                                         struct cs_kept_attachment *kept, enum cs_status trouble)
{
    run->result->troubled++;
    if (kept->trouble == trouble) {
        return CS_OK;
    }
    kept->trouble = trouble;
    return cs_kept_attachment_put(run->replica, kept);
}

enum cs_status cs_attachment_run_confirmed(struct cs_attachment_run *run,
                                           struct cs_kept_attachment *kept, uint64_t position)
{
    kept->confirmed = true;
    kept->confirmed_position = position;
    kept->asked_ms = cs_attachment_now(run->replica);
    kept->trouble = CS_OK;
    return cs_kept_attachment_put(run->replica, kept);
}

/* ---- the run ---- */

/* A server that is another one may have lost what it confirmed, and any server's disk may fail. */
static enum cs_status doubt(struct cs_attachment_run *run)
{
    struct cs_buffer known;
    struct cs_buffer now;
    cs_buffer_init(&known, sizeof run->incarnation);
    cs_buffer_init(&now, sizeof run->incarnation);
    enum cs_status status = cs_replica_meta_bytes(run->replica, META_INCARNATION, &known);
    if (status == CS_OK) {
        status = cs_replica_meta_bytes(run->replica, CS_META_INCARNATION, &now);
    }
    if (status == CS_OK && now.size != sizeof run->incarnation) {
        status = CS_BUSY; /* never synced */
    }
    if (status == CS_OK) {
        bool another = !cs_bytes_equal(cs_buffer_bytes(&known), cs_buffer_bytes(&now));
        memcpy(run->incarnation, now.data, sizeof run->incarnation);
        status = cs_kept_attachments_ask_again(
            run->replica, another ? INT64_MAX : cs_attachment_now(run->replica) - WEEK_MS);
        if (status == CS_OK && another) {
            status =
                cs_replica_meta_set_bytes(run->replica, META_INCARNATION, cs_buffer_bytes(&now));
        }
    }
    cs_buffer_release(&known);
    cs_buffer_release(&now);
    return status;
}

/* Without reading anything that grows with what is here. */
static enum cs_status anything_waits(struct cs_replica *replica, bool *out)
{
    struct cs_arena arena;
    struct cs_kept_attachment *list = NULL;
    size_t to_send = 0;
    size_t wanted = 0;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status =
        cs_kept_attachments(replica, CS_KEPT_TO_SEND, NULL, 1, &arena, &list, &to_send);
    if (status == CS_OK) {
        status = cs_kept_attachments(replica, CS_KEPT_WANTED, NULL, 1, &arena, &list, &wanted);
    }
    cs_arena_release(&arena);
    *out = to_send + wanted > 0;
    return status;
}

static enum cs_status count_waiting(struct cs_attachment_run *run, bool at_end)
{
    struct cs_kept_attachment_sums sums;
    enum cs_status status = cs_kept_attachment_sum(run->replica, &sums);
    if (status == CS_OK && at_end) {
        run->result->waiting = sums.to_send + sums.wanted;
    } else if (status == CS_OK) {
        run->progress.expected = sums.to_send_bytes;
    }
    return status;
}

static enum cs_status exchange_all(struct cs_attachment_run *run)
{
    enum cs_status status = count_waiting(run, false);
    if (status == CS_OK) {
        status = cs_attachment_send_all(run);
    }
    if (status == CS_OK) {
        status = cs_attachment_fetch_all(run);
    }
    enum cs_status counted = count_waiting(run, true);
    return status != CS_OK ? status : counted;
}

enum cs_status cs_attachment_sync_run(struct cs_replica *replica,
                                      const struct cs_attachment_watch *watch,
                                      struct cs_attachment_sync_result *out,
                                      struct cs_problem *problem)
{
    struct cs_problem own = {""};
    struct cs_attachment_run run = {
        .replica = replica, .watch = watch, .result = out, .problem = &own};
    bool waits = false;
    *out = (struct cs_attachment_sync_result){.sent = 0};
    cs_buffer_init(&run.chunk, CS_ATTACHMENT_CHUNK_BYTES_MAX);
    enum cs_status status = cs_attachment_settle_added(replica);
    if (status == CS_OK) {
        status = doubt(&run);
    }
    if (status == CS_OK) {
        status = anything_waits(replica, &waits);
    }
    if (status == CS_OK && waits) {
        status = exchange_all(&run);
    }
    cs_buffer_release(&run.chunk);
    return status == CS_OK
               ? CS_OK
               : cs_problem_set(problem, status, "%s",
                                own.text[0] == '\0' ? cs_status_text(status) : own.text);
}
