/* Who may sign which record of a vault, see rules.h. */
#include "shared/vault/rules.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"

#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, CS_HASH_SIZE) == 0;
}

/* ---- position and right ---- */

static enum cs_status check_seen(const struct cs_vault_record *record,
                                 const struct cs_vault_moment *moment, struct cs_problem *problem)
{
    uint8_t head[CS_HASH_SIZE];
    const char *name = cs_vault_kind_name(record->kind);
    if (!cs_id_equal(&record->vault, cs_vault_log_vault(moment->log))) {
        return cs_problem_set(problem, CS_FORGED, "the %s belongs to another vault", name);
    }
    if ((uint64_t)record->position > moment->position) {
        return cs_problem_set(problem, CS_GAP,
                              "the author of the %s has seen more of the vault's "
                              "log than there is here",
                              name);
    }
    cs_vault_log_head(moment->log, (uint64_t)record->position, head);
    if (!same(head, record->head)) {
        return cs_problem_set(problem, CS_OTHER_HISTORY,
                              "the author of the %s was shown another log of the vault", name);
    }
    return CS_OK;
}

static enum cs_status check_right(const struct cs_vault_record *record, enum cs_vault_right right,
                                  const struct cs_vault_moment *moment, struct cs_problem *problem)
{
    enum cs_status status = check_seen(record, moment, problem);
    if (status == CS_OK) {
        status =
            cs_vault_log_permits(moment->log, record->author, right, (uint64_t)record->position,
                                 cs_instant_utc_ms(record->claimed), problem);
    }
    return status != CS_OK ? status
                           : cs_vault_log_permits(moment->log, record->author, right,
                                                  moment->position, moment->ms, problem);
}

/* Under the epoch that was current for author and server both, and nothing due. */
static enum cs_status check_epoch(const struct cs_vault_record *record,
                                  const struct cs_vault_moment *moment, struct cs_problem *problem)
{
    enum cs_status status = cs_vault_log_may_encrypt(moment->log, moment->position, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(moment->log, moment->position);
    if (record->epoch != epoch->number) {
        return cs_problem_set(problem, record->epoch < epoch->number ? CS_OUTDATED : CS_FORGED,
                              "the %s is encrypted under epoch %lld of the vault, not %lld",
                              cs_vault_kind_name(record->kind), (long long)record->epoch,
                              (long long)epoch->number);
    }
    return CS_OK;
}

static enum cs_status check_follows(const struct cs_vault_record *record, const uint8_t *current,
                                    struct cs_problem *problem)
{
    static const uint8_t nothing[CS_HASH_SIZE];
    if (!same(record->previous, current == NULL ? nothing : current)) {
        return cs_problem_set(problem, CS_OUTDATED,
                              "the %s does not follow the latest one: look at that, and sign again",
                              cs_vault_kind_name(record->kind));
    }
    return CS_OK;
}

/* What every change of an item has to meet. */
static enum cs_status check_change(const struct cs_vault_record *record, const uint8_t *current,
                                   const struct cs_vault_moment *moment, struct cs_problem *problem)
{
    enum cs_status status = check_right(record, CS_VAULT_MAY_EDIT, moment, problem);
    return status != CS_OK ? status : check_follows(record, current, problem);
}

enum cs_status cs_vault_check_entry(const struct cs_vault_record *entry,
                                    const struct cs_vault_moment *moment, const uint8_t *current,
                                    struct cs_problem *problem)
{
    enum cs_status status = check_change(entry, current, moment, problem);
    return status != CS_OK ? status : check_epoch(entry, moment, problem);
}

static enum cs_status check_approvers(const struct cs_vault_record *version,
                                      const struct cs_vault_moment *moment,
                                      const struct cs_vault_epoch *epoch,
                                      struct cs_problem *problem)
{
    if (epoch->four_eyes != (version->approvers.size > 0)) {
        return cs_problem_set(problem, CS_DENIED,
                              epoch->four_eyes ? "the vault wants four eyes: the version has no "
                                                 "parts for approvers"
                                               : "the version has parts for approvers, but the "
                                                 "vault does not want four eyes");
    }
    for (size_t at = 0; at < version->approvers.size; at += CS_VAULT_APPROVER_SIZE) {
        enum cs_status status =
            cs_vault_log_permits(moment->log, version->approvers.data + at, CS_VAULT_MAY_APPROVE,
                                 moment->position, moment->ms, problem);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

enum cs_status cs_vault_check_version(const struct cs_vault_record *version,
                                      const struct cs_vault_moment *moment, const uint8_t *current,
                                      struct cs_problem *problem)
{
    enum cs_status status = check_change(version, current, moment, problem);
    if (status == CS_OK) {
        status = check_epoch(version, moment, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch(moment->log, version->epoch);
    if (!same(version->recovery, epoch->recovery)) {
        return cs_problem_set(problem, CS_FORGED,
                              "the version is sealed to another recovery key than its epoch");
    }
    return check_approvers(version, moment, epoch, problem);
}

const char *cs_vault_state_name(enum cs_vault_state state)
{
    static const char *const names[] = {[CS_VAULT_PENDING] = "pending",
                                        [CS_VAULT_APPLIED] = "applied",
                                        [CS_VAULT_VERIFIED] = "verified",
                                        [CS_VAULT_CONFIRMED] = "confirmed",
                                        [CS_VAULT_ARCHIVED] = "archived"};
    cs_require(state >= CS_VAULT_PENDING && state <= CS_VAULT_ARCHIVED);
    return names[state];
}

bool cs_vault_campaign_begins(const struct cs_vault_record *campaign)
{
    static const uint8_t nothing[CS_HASH_SIZE];
    return same(campaign->previous, nothing);
}

/* What was tried at the site is said by whoever may know the password; what is in force, by those who edit. */
static enum cs_status check_state_right(const struct cs_vault_record *state,
                                        const struct cs_vault_moment *moment,
                                        struct cs_problem *problem)
{
    static const enum cs_vault_right tried[] = {CS_VAULT_MAY_REVEAL, CS_VAULT_MAY_LEASE};
    enum cs_status status = check_right(state, CS_VAULT_MAY_EDIT, moment, problem);
    for (size_t i = 0; i < CS_COUNT(tried); i++) {
        if ((status == CS_DENIED || status == CS_EXPIRED) &&
            cs_vault_state_is_coming((enum cs_vault_state)state->state)) {
            status = check_right(state, tried[i], moment, problem);
        }
    }
    return status;
}

static bool may_come_to(enum cs_vault_state from, int64_t to)
{
    return from != CS_VAULT_ARCHIVED && (to >= CS_VAULT_CONFIRMED ? to > (int64_t)from
                                         : to == CS_VAULT_PENDING ? from == CS_VAULT_APPLIED
                                                                  : to == (int64_t)from + 1);
}

enum cs_status cs_vault_check_state(const struct cs_vault_record *state,
                                    const struct cs_vault_record *version,
                                    const struct cs_version_state *from,
                                    const struct cs_vault_moment *moment,
                                    struct cs_problem *problem)
{
    enum cs_status status = check_state_right(state, moment, problem);
    if (status == CS_OK) {
        status = check_follows(state, from->record, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    if (!cs_id_equal(&state->vault, &version->vault) ||
        !cs_id_equal(&state->item, &version->item) ||
        !cs_bytes_equal(state->field, version->field) ||
        !cs_id_equal(&state->version, &version->version)) {
        return cs_problem_set(problem, CS_FORGED, "the change of state is of another version");
    }
    return may_come_to(from->now, state->state)
               ? CS_OK
               : cs_problem_set(problem, CS_USED,
                                "a version that is %s does not become %s: from pending it goes to "
                                "applied, verified, confirmed and archived, and back only from "
                                "applied to pending",
                                cs_vault_state_name(from->now),
                                cs_vault_state_name((enum cs_vault_state)state->state));
}

/* ---- campaigns ---- */

enum cs_status cs_vault_check_campaign(const struct cs_vault_record *campaign,
                                       const struct cs_chain *author,
                                       const struct cs_vault_moment *moment, const uint8_t *open,
                                       struct cs_problem *problem)
{
    enum cs_status status = check_right(campaign, CS_VAULT_MAY_EDIT, moment, problem);
    if (status == CS_OK && (author->leaf.roles & CS_ROLES_OFFICER) == 0) {
        status = cs_problem_set(problem, CS_DENIED,
                                "only owner and security begin and end campaigns of rotation");
    }
    if (status != CS_OK) {
        return status;
    }
    if (cs_vault_campaign_begins(campaign)) {
        return open == NULL
                   ? CS_OK
                   : cs_problem_set(problem, CS_USED, "a campaign of this vault has not ended yet");
    }
    return open != NULL && same(open, campaign->previous)
               ? CS_OK
               : cs_problem_set(problem, CS_OUTDATED, "the campaign has ended already");
}

/* ---- leaks ---- */

enum cs_status cs_vault_check_leak(const struct cs_vault_record *leak,
                                   const struct cs_vault_record *version,
                                   const struct cs_vault_moment *moment, struct cs_problem *problem)
{
    static const enum cs_vault_right any[] = {CS_VAULT_MAY_LEASE, CS_VAULT_MAY_EDIT,
                                              CS_VAULT_MAY_APPROVE, CS_VAULT_MAY_MANAGE};
    enum cs_status status = check_right(leak, CS_VAULT_MAY_REVEAL, moment, problem);
    for (size_t i = 0; i < CS_COUNT(any); i++) {
        if (status == CS_DENIED || status == CS_EXPIRED) {
            status = check_right(leak, any[i], moment, problem);
        }
    }
    if (status == CS_OK && (!cs_id_equal(&leak->vault, &version->vault) ||
                            !cs_id_equal(&leak->version, &version->version))) {
        status = cs_problem_set(problem, CS_FORGED, "the leak is of another version");
    }
    return status;
}

/* ---- asking, approving, answering ---- */

static enum cs_status check_exporter(const struct cs_chain *device, struct cs_problem *problem)
{
    return (device->leaf.roles & CS_ROLES_OFFICER) != 0
               ? CS_OK
               : cs_problem_set(problem, CS_DENIED, "only owner and security export passwords");
}

static enum cs_status check_asker(const struct cs_vault_record *request,
                                  const struct cs_chain *author, struct cs_problem *problem)
{
    if (request->kind == CS_VAULT_EXPORT) {
        return check_exporter(author, problem);
    }
    return request->work_order.size == 0 && (author->leaf.roles & CS_ROLES_OFFICER) == 0
               ? cs_problem_set(problem, CS_INVALID,
                                "the work order is missing that the password "
                                "is needed for")
               : CS_OK;
}

static enum cs_status check_lease_time(const struct cs_vault_record *lease,
                                       const struct cs_vault_moment *moment,
                                       struct cs_problem *problem)
{
    int64_t claimed_ms = cs_instant_utc_ms(lease->claimed);
    if (lease->expires_ms <= claimed_ms || lease->expires_ms <= moment->ms) {
        return cs_problem_set(problem, CS_EXPIRED, "the lease would end before it begins");
    }
    if (lease->expires_ms - claimed_ms > CS_VAULT_LEASE_DAYS_MAX * DAY_MS ||
        lease->expires_ms - moment->ms > CS_VAULT_LEASE_DAYS_MAX * DAY_MS) {
        return cs_problem_set(problem, CS_INVALID, "a lease lasts at most %d days",
                              CS_VAULT_LEASE_DAYS_MAX);
    }
    return CS_OK;
}

enum cs_status cs_vault_check_request(const struct cs_vault_record *request,
                                      const struct cs_chain *author,
                                      const struct cs_vault_moment *moment,
                                      struct cs_problem *problem)
{
    bool leases = request->kind == CS_VAULT_LEASE;
    cs_require(cs_vault_kind_asks(request->kind));
    enum cs_status status =
        check_right(request, leases ? CS_VAULT_MAY_LEASE : CS_VAULT_MAY_REVEAL, moment, problem);
    if (status == CS_OK && request->kind == CS_VAULT_EMERGENCY) {
        status = check_right(request, CS_VAULT_MAY_APPROVE, moment, problem);
    }
    if (status == CS_OK) {
        status = check_asker(request, author, problem);
    }
    return status == CS_OK && leases ? check_lease_time(request, moment, problem) : status;
}

enum cs_status cs_vault_check_emergency(const struct cs_vault_record *emergency,
                                        const struct cs_vault_record *version,
                                        struct cs_problem *problem)
{
    if (version->approvers.size == 0) {
        return cs_problem_set(problem, CS_INVALID,
                              "nobody has to approve this password: ask for it as usual");
    }
    return cs_vault_approver_part(version, emergency->author).size > 0
               ? CS_OK
               : cs_problem_set(problem, CS_DENIED,
                                "this device has no part of its own of this password");
}

static bool certified(const struct cs_vault_person *upper, const struct cs_vault_person *lower)
{
    const struct cs_id *person = &upper->devices[0]->leaf.person;
    for (size_t i = 0; i < lower->count; i++) {
        const struct cs_chain *chain = lower->devices[i];
        for (size_t above = 1; above < chain->length; above++) {
            if (cs_id_equal(&chain->persons[above], person)) {
                return true;
            }
        }
    }
    return false;
}

enum cs_status cs_vault_check_four_eyes(const struct cs_vault_person *requester,
                                        const struct cs_vault_person *approver,
                                        struct cs_problem *problem)
{
    cs_require(requester->count > 0 && approver->count > 0);
    if (cs_id_equal(&requester->devices[0]->leaf.person, &approver->devices[0]->leaf.person)) {
        return cs_problem_set(problem, CS_DENIED, "nobody approves what he asks for himself");
    }
    if (certified(requester, approver) || certified(approver, requester)) {
        return cs_problem_set(problem, CS_DENIED,
                              "one of the two let the other in, directly or not: somebody else has "
                              "to approve");
    }
    return CS_OK;
}

int64_t cs_vault_waiting_ends_ms(const struct cs_vault_record *request, int64_t logged_ms)
{
    int64_t waits_ms = CS_VAULT_WAITING_DAYS_MAX * DAY_MS;
    int64_t ends_ms = logged_ms > INT64_MAX - waits_ms ? INT64_MAX : logged_ms + waits_ms;
    return request->kind == CS_VAULT_LEASE && request->expires_ms < ends_ms ? request->expires_ms
                                                                            : ends_ms;
}

enum cs_status cs_vault_check_waiting(const struct cs_vault_record *request, int64_t logged_ms,
                                      int64_t at_ms, struct cs_problem *problem)
{
    if (at_ms < cs_vault_waiting_ends_ms(request, logged_ms)) {
        return CS_OK;
    }
    return request->kind == CS_VAULT_LEASE && request->expires_ms <= at_ms
               ? cs_problem_set(problem, CS_EXPIRED, "the lease has ended")
               : cs_problem_set(problem, CS_EXPIRED,
                                "the request is older than %d days and is not approved any more: "
                                "it has to be asked for again",
                                CS_VAULT_WAITING_DAYS_MAX);
}

enum cs_status cs_vault_check_not_ended(const struct cs_vault_record *end,
                                        const struct cs_vault_record *request,
                                        struct cs_problem *problem)
{
    if (!same(end->author, request->author)) {
        return CS_OK;
    }
    return cs_problem_set(problem, CS_EXPIRED,
                          request->kind == CS_VAULT_LEASE
                              ? "the lease was returned"
                              : "the request was given up by who asked");
}

enum cs_status cs_vault_check_approval(const struct cs_vault_record *approval,
                                       const struct cs_vault_person *approver,
                                       const struct cs_vault_record *request,
                                       const struct cs_vault_person *requester,
                                       const struct cs_vault_moment *moment,
                                       struct cs_problem *problem)
{
    enum cs_status status = check_right(approval, CS_VAULT_MAY_APPROVE, moment, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_require(same(approver->devices[0]->leaf_id, approval->author) &&
               same(requester->devices[0]->leaf_id, request->author));
    if (!same(approval->request, request->id) || !cs_id_equal(&approval->vault, &request->vault)) {
        return cs_problem_set(problem, CS_FORGED, "the approval is of another request");
    }
    size_t parts = approval->sealed.size / CS_VAULT_SEALED_SIZE;
    if (parts != 0 && parts != request->versions.size / CS_ID_SIZE) {
        return cs_problem_set(problem, CS_FORGED,
                              "the approval does not have a part for each version");
    }
    if (request->kind == CS_VAULT_EXPORT) {
        status = check_exporter(approver->devices[0], problem);
    }
    return status != CS_OK ? status : cs_vault_check_four_eyes(requester, approver, problem);
}

enum cs_status cs_vault_check_release(const struct cs_vault_record *release,
                                      const struct cs_vault_record *request,
                                      struct cs_problem *problem)
{
    if (!same(release->request, request->id) || !cs_id_equal(&release->vault, &request->vault) ||
        !cs_bytes_equal(release->versions, request->versions)) {
        return cs_problem_set(problem, CS_FORGED, "the release answers another request");
    }
    return CS_OK;
}

enum cs_status cs_vault_check_reveal(const struct cs_vault_record *reveal,
                                     const struct cs_vault_record *lease,
                                     struct cs_problem *problem)
{
    size_t index = 0;
    int64_t shown_ms = cs_instant_utc_ms(reveal->claimed);
    if (!same(reveal->request, lease->id) || !cs_id_equal(&reveal->vault, &lease->vault)) {
        return cs_problem_set(problem, CS_FORGED, "the reveal is under another lease");
    }
    if (!same(reveal->author, lease->author)) {
        return cs_problem_set(problem, CS_DENIED, "the lease is another device's");
    }
    if (!cs_vault_versions_find(lease->versions, &reveal->version, &index)) {
        return cs_problem_set(problem, CS_NOT_FOUND, "the lease does not have this version");
    }
    if (shown_ms >= lease->expires_ms) {
        return cs_problem_set(problem, CS_EXPIRED, "the lease had ended");
    }
    return CS_OK;
}

bool cs_vault_given_up(const struct cs_vault_record *end, const struct cs_vault_record *request)
{
    return end->kind == CS_VAULT_RETURN &&
           (request->kind == CS_VAULT_REQUEST || request->kind == CS_VAULT_EXPORT);
}

enum cs_status cs_vault_check_return(const struct cs_vault_record *end,
                                     const struct cs_vault_record *lease,
                                     struct cs_problem *problem)
{
    bool lent = lease->kind == CS_VAULT_LEASE;
    if (!same(end->request, lease->id) || !cs_id_equal(&end->vault, &lease->vault)) {
        return cs_problem_set(problem, CS_FORGED,
                              lent ? "another lease was returned" : "another request was given up");
    }
    return same(end->author, lease->author)
               ? CS_OK
               : cs_problem_set(problem, CS_DENIED,
                                lent ? "the lease is another device's"
                                     : "only the device that asked gives its request up");
}
