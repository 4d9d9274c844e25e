/*
 * Vaults over the network (design §10; PROTOCOL.md, chapter "Vault"): records are taken in the commit, and a half leaves only with the
 * reply, which is read from what is on disk.
 */
#include "sync-server/handlers/log_answer.h"
#include "sync-server/handlers/vault_feed.h"
#include "sync-server/vault/intake.h"

#include <string.h>

enum cs_status cs_vault_open(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader)
{
    (void)server;
    enum cs_status status = cs_request_find_sender(request, reader);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_request_decode(request->opened.body, &request->arena, &request->vault);
    if (status == CS_NO_MEMORY && cs_request_exhausted(request)) {
        status = CS_LIMIT;
    }
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    return cs_request_fail(request, status, "%s", cs_status_text(status));
}

/* What becomes of one thing that was sent: an outcome, or a failure of this machine, for which all of it is undone. */
static enum cs_status note(struct cs_server *server, struct cs_server_request *request,
                           enum cs_status status, const struct cs_problem *problem,
                           struct cs_vault_outcome *out)
{
    if (cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    const char *text =
        problem->text[0] != '\0' || status == CS_OK ? problem->text : cs_status_text(status);
    if (status != CS_EXISTS && (status != CS_OK || text[0] != '\0')) {
        cs_log_event(server->log, CS_LOG_WARNING, "vault_record",
                     CS_LOG_NUMBER("log", request->device.log),
                     CS_LOG_TEXT("status", cs_status_name(status)));
    }
    out->status = status;
    return cs_arena_copy(&request->arena, cs_bytes_of_text(text), &out->text);
}

static enum cs_status take_all(struct cs_server *server, struct cs_server_request *request,
                               const struct cs_push_clock *clock)
{
    const struct cs_vault_request *vault = &request->vault;
    struct cs_vault_response *answer = &request->vault_answer;
    const uint8_t *organisation = request->opened.header.organisation;
    const struct cs_vault_intake intake = {.office = server->vaults,
                                           .store = server->writer,
                                           .world = server->world,
                                           .identity = cs_server_keys_identity(server->keys),
                                           .half_key = cs_server_keys_half(server->keys),
                                           .organisation = organisation,
                                           .sender = request->device.certificate,
                                           .revoked = request->vault_last_words,
                                           .now_ms = clock->now_ms,
                                           .arena = &request->arena};
    enum cs_status status = CS_OK;
    cs_vault_office_begin(server->vaults, server->writer, organisation);
    answer->outcomes =
        cs_arena_take_array(&request->arena, vault->record_count, sizeof *answer->outcomes);
    if (answer->outcomes == NULL) {
        return CS_NO_MEMORY;
    }
    if (vault->statement.size > 0 && !intake.revoked) {
        struct cs_problem problem = {""};
        status = cs_vault_take_recovery(&intake, vault->statement, &problem);
        status = note(server, request, status, &problem, &answer->entered);
    }
    for (size_t i = 0; status == CS_OK && i < vault->record_count; i++) {
        struct cs_problem problem = {""};
        status = cs_vault_take(&intake, vault->records[i], &problem);
        status = note(server, request, status, &problem, &answer->outcomes[i]);
        answer->outcome_count = i + 1;
    }
    return status;
}

/* What was seen was seen, and what was destroyed is: that is taken of a revoked device too (intake.h). */
static bool brings_last_words(const struct cs_vault_request *vault)
{
    for (size_t i = 0; i < vault->record_count; i++) {
        struct cs_vault_record record;
        if (cs_vault_record_decode(vault->records[i], &record) == CS_OK &&
            cs_vault_kind_under_lease(record.kind)) {
            return true;
        }
    }
    return false;
}

/* Nothing is sent: then nothing is written either, so that a server whose disk is full can still be read. */
static bool only_reads(const struct cs_vault_request *vault)
{
    return vault->record_count == 0 && vault->statement.size == 0;
}

enum cs_status cs_vault_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_push_clock clock;
    uint8_t own[16];
    bool reads = only_reads(&request->vault);
    enum cs_status status = reads ? cs_request_look_at(server, request, &clock)
                                  : cs_request_admit(server, request, &clock);
    bool revoked = request->device.state == CS_DEVICE_REVOKED;
    request->vault_last_words = revoked && brings_last_words(&request->vault);
    if (status != CS_OK || request->failure.status != CS_OK ||
        (revoked && !request->vault_last_words)) {
        return status; /* who is revoked is answered so */
    }
    status = cs_fact_fixed(server->writer, CS_FACT_INCARNATION, own, sizeof own);
    if (status == CS_OK && memcmp(request->vault.incarnation, own, sizeof own) != 0) {
        return cs_request_fail(request, CS_BUSY, "this server is another one since: sync first");
    }
    if (status == CS_OK && !reads) {
        request->device.seen_ms = clock.now_ms;
        status = cs_store_put_device(server->writer, &request->device);
    }
    request->only_reads = reads && status == CS_OK;
    return status != CS_OK || reads ? status : take_all(server, request, &clock);
}

enum cs_status cs_vault_reply(struct cs_server *server, struct cs_server_request *request,
                              struct cs_store *reader, struct cs_buffer *body)
{
    struct cs_vault_response *answer = &request->vault_answer;
    struct cs_log_growth known = {.size = request->vault.log_size};
    struct cs_sync_response shown = {.position = 0};
    uint64_t log_size = 0;
    answer->server_time_ms = server->world->wall_ms(server->world->context);
    enum cs_status status =
        cs_fact_fixed(reader, CS_FACT_INCARNATION, answer->incarnation, sizeof answer->incarnation);
    if (status == CS_OK) {
        memcpy(known.incarnation, answer->incarnation, sizeof known.incarnation);
        status = cs_log_answer_growth(server, request, reader, &known, &shown, &log_size);
    }
    if (status == CS_OK) {
        answer->checkpoint = shown.checkpoint;
        answer->consistency = shown.consistency;
        answer->last = true;
    }
    if (status == CS_OK && !request->vault_last_words) {
        status = cs_vault_feed_read(reader, &request->device, &request->vault,
                                    answer->server_time_ms, log_size, &request->arena, answer);
    }
    return status != CS_OK ? status : cs_vault_response_encode(answer, body);
}
