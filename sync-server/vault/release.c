/*
 * Answering requests, leases, exports and emergencies: the server's release, made once for each, in the batch that logs what it answers
 * (design §10). Its halves are sealed to the key of the request; it leaves with the feed, which is read from what is on disk.
 */
#include "sync-server/vault/intake_internal.h"
#include "sync-server/vault/work_order.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"

#include <string.h>

/* What is asked for, and whether somebody else has to agree. */
struct asked {
    const struct cs_vault_record *request;
    struct cs_vault_record *versions; /* in the order of the request */
    size_t count;
    bool four_eyes; /* one of them has parts for approvers */
};

static enum cs_status load_asked(const struct cs_vault_attempt *attempt,
                                 const struct cs_vault_record *request, struct asked *out)
{
    size_t count = request->versions.size / CS_ID_SIZE;
    struct cs_vault_record *versions =
        cs_arena_take_array(attempt->intake->arena, count, sizeof *versions);
    enum cs_status status = versions == NULL ? CS_NO_MEMORY : CS_OK;
    *out = (struct asked){.request = request, .versions = versions, .count = count};
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_id id;
        memcpy(id.bytes, request->versions.data + i * CS_ID_SIZE, CS_ID_SIZE);
        const struct cs_vault_filter filter = {
            .vault = request->vault, .kind = CS_VAULT_VERSION, .version = &id};
        status = cs_vault_attempt_newest(attempt, &filter, &versions[i]);
        if (status == CS_NOT_FOUND) {
            return cs_problem_set(attempt->problem, status,
                                  "a version that is asked for is not in this vault");
        }
        out->four_eyes = out->four_eyes || (status == CS_OK && versions[i].approvers.size > 0);
    }
    return status;
}

static enum cs_status seal_halves(const struct cs_vault_attempt *attempt, const struct asked *asked,
                                  struct cs_buffer *out)
{
    const struct cs_vault_intake *intake = attempt->intake;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < asked->count; i++) {
        status = cs_server_half_release(intake->world, intake->half_key, &asked->versions[i],
                                        asked->request, out, attempt->problem);
    }
    return status;
}

static enum cs_status sign_release(const struct cs_vault_attempt *attempt,
                                   const struct asked *asked, struct cs_bytes sealed,
                                   struct cs_buffer *out, uint8_t out_id[static CS_HASH_SIZE])
{
    const struct cs_vault_intake *intake = attempt->intake;
    const struct cs_world *world = intake->world;
    struct cs_vault_record release;
    const struct cs_evidence_signer signer = {
        .organisation = intake->organisation,
        .certificate = cs_vault_office_directory(intake->office)->server_identity,
        .key = intake->identity,
        .claimed = cs_instant_make(intake->now_ms, world->offset_minutes(world->context)),
    };
    cs_vault_log_begin(attempt->log, &signer, CS_VAULT_RELEASE, &release);
    memcpy(release.request, asked->request->id, CS_HASH_SIZE);
    release.versions = asked->request->versions;
    release.sealed = sealed;
    enum cs_status status = cs_vault_record_encode(&release, intake->identity, out);
    if (status == CS_OK) {
        status = cs_vault_record_decode(cs_buffer_bytes(out), &release);
    }
    if (status == CS_OK) {
        memcpy(out_id, release.id, CS_HASH_SIZE);
    }
    return status;
}

/* Once for each request: the halves, signed, in the feed of whoever asked. */
static enum cs_status release(const struct cs_vault_attempt *attempt, const struct asked *asked,
                              const struct cs_id *person)
{
    struct cs_buffer sealed;
    struct cs_buffer bytes;
    struct cs_vault_row row = {.vault = asked->request->vault,
                               .kind = CS_VAULT_RELEASE,
                               .moment = attempt->row.moment,
                               .about = *person};
    cs_buffer_init(&sealed, CS_VALUE_MAX);
    cs_buffer_init(&bytes, CS_VALUE_MAX);
    memcpy(row.request, asked->request->id, CS_HASH_SIZE);
    enum cs_status status = seal_halves(attempt, asked, &sealed);
    if (status == CS_OK) {
        status = sign_release(attempt, asked, cs_buffer_bytes(&sealed), &bytes, row.id);
    }
    if (status == CS_OK) {
        row.record = cs_buffer_bytes(&bytes);
        status = cs_vault_attempt_enter(attempt, &row);
    }
    cs_buffer_release(&sealed);
    cs_buffer_release(&bytes);
    return status;
}

/* ---- what is asked ---- */

enum cs_status cs_vault_check_asked(const struct cs_vault_attempt *attempt)
{
    struct asked asked;
    enum cs_status status = cs_vault_check_request(&attempt->record, attempt->author,
                                                   &attempt->moment, attempt->problem);
    if (status == CS_OK) {
        status = cs_vault_check_work_order(attempt);
    }
    if (status == CS_OK) {
        status = load_asked(attempt, &attempt->record, &asked);
    }
    return status == CS_OK && attempt->record.kind == CS_VAULT_EMERGENCY
               ? cs_vault_check_emergency(&attempt->record, &asked.versions[0], attempt->problem)
               : status;
}

enum cs_status cs_vault_answer_request(struct cs_vault_attempt *attempt)
{
    struct asked asked;
    enum cs_status status = load_asked(attempt, &attempt->record, &asked);
    bool waits = (asked.four_eyes && attempt->record.kind != CS_VAULT_EMERGENCY) ||
                 attempt->record.kind == CS_VAULT_EXPORT;
    if (status != CS_OK || waits) {
        return status; /* somebody else has to agree */
    }
    return release(attempt, &asked, &attempt->author->leaf.person);
}

/* ---- approvals ---- */

/* What is approved: still unanswered, and by somebody who still may have it. */
static enum cs_status find_approved(const struct cs_vault_attempt *attempt,
                                    struct cs_vault_record *out, int64_t *out_logged_ms,
                                    const struct cs_chain **out_author)
{
    const struct cs_vault_directory *directory = cs_vault_office_directory(attempt->intake->office);
    struct cs_vault_record answered;
    const struct cs_vault_filter filter = {.vault = attempt->record.vault,
                                           .kind = CS_VAULT_RELEASE,
                                           .request = attempt->record.request};
    enum cs_status status =
        cs_vault_attempt_find_logged(attempt, attempt->record.request, out, out_logged_ms);
    if (status == CS_NOT_FOUND || (status == CS_OK && !cs_vault_kind_asks(out->kind))) {
        return cs_problem_set(attempt->problem, CS_NOT_FOUND,
                              "there is nothing in this vault that this would approve");
    }
    if (status == CS_OK) {
        status = directory->find(directory->context, out->author, out_author);
    }
    if (status == CS_REVOKED) {
        return cs_problem_set(attempt->problem, status, "the device that asked was revoked");
    }
    if (status == CS_OK) {
        status = cs_vault_attempt_newest(attempt, &filter, &answered);
    }
    return status == CS_OK ? cs_problem_set(attempt->problem, CS_USED, "this is answered already")
           : status == CS_NOT_FOUND ? CS_OK
                                    : status;
}

/* What has no key any more needs no halves. */
static enum cs_status check_not_returned(const struct cs_vault_attempt *attempt,
                                         const struct cs_vault_record *request)
{
    struct cs_vault_record returned;
    const struct cs_vault_filter filter = {
        .vault = request->vault, .kind = CS_VAULT_RETURN, .request = request->id};
    enum cs_status status = cs_vault_attempt_newest(attempt, &filter, &returned);
    if (status == CS_OK) {
        return cs_vault_check_not_ended(&returned, request, attempt->problem);
    }
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status check_still_permitted(const struct cs_vault_attempt *attempt,
                                            const struct cs_vault_record *request,
                                            int64_t logged_ms)
{
    bool leases = request->kind == CS_VAULT_LEASE;
    enum cs_status status =
        cs_vault_check_waiting(request, logged_ms, attempt->moment.ms, attempt->problem);
    if (status == CS_OK) {
        status = check_not_returned(attempt, request);
    }
    return status != CS_OK ? status
                           : cs_vault_log_permits(attempt->log, request->author,
                                                  leases ? CS_VAULT_MAY_LEASE : CS_VAULT_MAY_REVEAL,
                                                  attempt->moment.position, attempt->moment.ms,
                                                  attempt->problem);
}

enum cs_status cs_vault_check_approved(struct cs_vault_attempt *attempt)
{
    struct cs_vault_office *office = attempt->intake->office;
    struct cs_arena *arena = attempt->intake->arena;
    struct cs_vault_record request;
    const struct cs_chain *asker = NULL;
    struct cs_vault_person approver;
    struct cs_vault_person requester;
    struct asked asked = {.four_eyes = false};
    int64_t logged_ms = 0;
    enum cs_status status = find_approved(attempt, &request, &logged_ms, &asker);
    if (status == CS_OK) {
        status = cs_vault_office_person(office, attempt->record.author, arena, &approver.devices,
                                        &approver.count);
    }
    if (status == CS_OK) {
        status = cs_vault_office_person(office, request.author, arena, &requester.devices,
                                        &requester.count);
    }
    if (status == CS_OK) {
        status = cs_vault_check_approval(&attempt->record, &approver, &request, &requester,
                                         &attempt->moment, attempt->problem);
    }
    if (status == CS_OK) {
        status = check_still_permitted(attempt, &request, logged_ms);
    }
    if (status == CS_OK) {
        status = load_asked(attempt, &request, &asked);
    }
    if (status == CS_OK && asked.four_eyes && attempt->record.sealed.size == 0) {
        status = cs_problem_set(attempt->problem, CS_DENIED,
                                "the approval has no parts, and nothing opens without them");
    }
    memcpy(attempt->row.request, attempt->record.request, CS_HASH_SIZE);
    if (status == CS_OK && asker != NULL) {
        attempt->row.about = asker->leaf.person;
    }
    return status;
}

enum cs_status cs_vault_answer_approved(struct cs_vault_attempt *attempt)
{
    struct cs_vault_record request;
    struct asked asked;
    enum cs_status status = cs_vault_attempt_find(attempt, attempt->record.request, &request);
    if (status == CS_OK) {
        status = load_asked(attempt, &request, &asked);
    }
    return status != CS_OK ? status : release(attempt, &asked, &attempt->row.about);
}
