/*
 * Comparing what a device holds with what the server holds, step by step (design §8; PROTOCOL.md, chapter "Compare").
 *
 * Admission and counting happen in the commit, so that no scan is made for a device that may not be served or asks too often.
 */
#include "sync-server/handlers/compare_read.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/handlers/subscriptions.h"
#include "sync-server/reconcile/differences.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS (INT64_C(3600) * 1000)
#define FACT_NAME_MAX 40

enum cs_status cs_compare_open(struct cs_server *server, struct cs_server_request *request,
                               struct cs_store *reader)
{
    (void)server;
    enum cs_status status = cs_request_find_sender(request, reader);
    if (status != CS_OK) {
        return status;
    }
    status = cs_compare_request_decode(request->opened.body, &request->arena, &request->compare);
    if (status == CS_NO_MEMORY && cs_request_exhausted(request)) {
        status = CS_LIMIT;
    }
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    return cs_request_fail(request, status, "%s", cs_status_text(status));
}

/* Counts the step; more than so many in an hour are turned away. Kept as u64 hour ‖ u64 count. */
static enum cs_status count_step(struct cs_server *server, struct cs_server_request *request,
                                 const struct cs_push_clock *clock)
{
    char name[FACT_NAME_MAX];
    uint8_t kept[16] = {0};
    struct cs_reader reader;
    struct cs_buffer fact;
    (void)snprintf(name, sizeof name, "compares.%016llx", (unsigned long long)request->device.log);
    enum cs_status status = cs_fact_fixed(server->writer, name, kept, sizeof kept);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    cs_reader_init(&reader, cs_bytes_of_array(kept));
    uint64_t hour = (uint64_t)(clock->now_ms / HOUR_MS);
    uint64_t kept_hour = cs_read_u64(&reader);
    uint64_t count = cs_read_u64(&reader);
    count = kept_hour == hour ? count + 1 : 1;
    if (count > CS_COMPARES_PER_HOUR_MAX) {
        return cs_request_fail(request, CS_UNAVAILABLE,
                               "this device has been compared very often within the hour: try "
                               "again in an hour, and tell the office");
    }
    cs_buffer_init(&fact, sizeof kept);
    cs_buffer_append_u64(&fact, hour);
    cs_buffer_append_u64(&fact, count);
    status = fact.status != CS_OK ? fact.status
                                  : cs_store_put(server->writer, name, cs_buffer_bytes(&fact));
    cs_buffer_release(&fact);
    return status;
}

/* Has a comparison found a wrong digest since this was asked last? Without that nobody makes the committer count. */
static bool take_unsound(struct cs_server *server)
{
    (void)pthread_mutex_lock(&server->readers_lock);
    bool unsound = server->unsound;
    server->unsound = false;
    (void)pthread_mutex_unlock(&server->readers_lock);
    return unsound;
}

static void note_unsound(struct cs_server *server)
{
    (void)pthread_mutex_lock(&server->readers_lock);
    server->unsound = true;
    (void)pthread_mutex_unlock(&server->readers_lock);
}

/* The device holds the rows that the server holds: its stored digests are counted anew. */
static enum cs_status mend_digests(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_subscription *subscriptions;
    size_t count = 0;
    enum cs_status status = cs_subscriptions_of(server->writer, &request->device, &request->arena,
                                                &subscriptions, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_multiset stored;
        struct cs_multiset counted;
        if (!subscriptions[i].exists) {
            continue;
        }
        status = cs_store_scope_digest(server->writer, subscriptions[i].number, &stored);
        if (status == CS_OK) {
            status = cs_compare_scope_sum(server->writer, subscriptions[i].number, &counted);
        }
        if (status == CS_OK && memcmp(stored.sum, counted.sum, sizeof stored.sum) != 0) {
            cs_log_event(server->log, CS_LOG_ERROR, "digest_mended",
                         CS_LOG_NUMBER("scope", subscriptions[i].number));
            status = cs_store_put_scope_digest(server->writer, subscriptions[i].number, &counted);
        }
    }
    return status;
}

static enum cs_status take_report(struct cs_server *server, struct cs_server_request *request,
                                  const struct cs_push_clock *clock)
{
    const struct cs_compare_report *report = &request->compare.report;
    if (report->outcome == CS_COMPARE_SERVER_SUM) {
        if (!take_unsound(server)) {
            return CS_OK;
        }
        enum cs_status status = mend_digests(server, request);
        if (status != CS_OK) {
            note_unsound(server);
            return status;
        }
    }
    cs_log_event(server->log, CS_LOG_ERROR, "replica_differed",
                 CS_LOG_NUMBER("log", request->device.log),
                 CS_LOG_NUMBER("outcome", report->outcome), CS_LOG_NUMBER("rows", report->rows),
                 CS_LOG_NUMBER("departed", report->departed), CS_LOG_NUMBER("sums", report->sums));
    return cs_difference_report(server->writer, clock, &request->device, report, &request->arena);
}

enum cs_status cs_compare_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_push_clock clock;
    const struct cs_compare_request *compare = &request->compare;
    enum cs_status status = cs_request_admit(server, request, &clock);
    if (status == CS_OK && request->device.state == CS_DEVICE_REVOKED) {
        return CS_OK; /* it is answered so, whatever it asks */
    }
    if (status == CS_OK && request->failure.status == CS_OK) {
        status = count_step(server, request, &clock);
    }
    uint8_t own[16];
    if (status == CS_OK) {
        status = cs_fact_fixed(server->writer, CS_FACT_INCARNATION, own, sizeof own);
    }
    if (status != CS_OK || request->failure.status != CS_OK) {
        return status;
    }
    if (memcmp(compare->incarnation, own, sizeof own) != 0) {
        return cs_request_fail(request, CS_BUSY, "this server is another one since: sync first");
    }
    return compare->step == CS_COMPARE_REPORT ? take_report(server, request, &clock) : CS_OK;
}

enum cs_status cs_compare_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, struct cs_buffer *body)
{
    struct cs_compare_response response = {.position = 0};
    bool unsound = false;
    enum cs_status status = cs_fact_fixed(reader, CS_FACT_INCARNATION, response.incarnation,
                                          sizeof response.incarnation);
    if (status == CS_OK) {
        status = cs_compare_read(reader, &request->device, &request->compare, &request->arena,
                                 &response, &unsound);
    }
    if (unsound) {
        cs_log_event(server->log, CS_LOG_ERROR, "digest_wrong",
                     CS_LOG_NUMBER("log", request->device.log));
        note_unsound(server);
    }
    if (status == CS_BUSY) {
        return cs_request_fail(request, status, "too much has changed meanwhile: sync first");
    }
    if (status == CS_REFUSED) {
        return cs_request_fail(request, status, "the server has not been where this device says");
    }
    return status != CS_OK ? status : cs_compare_response_encode(&response, body);
}
