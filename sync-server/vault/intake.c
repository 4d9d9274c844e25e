/* Taking records of vaults, see intake.h. */
#include "shared/vault/recovery.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/vault/intake_internal.h"

#include <string.h>

static bool is_zero(const uint8_t *hash)
{
    static const uint8_t nothing[CS_HASH_SIZE];
    return memcmp(hash, nothing, sizeof nothing) == 0;
}

/* ---- what is there ---- */

static enum cs_status read_stored(const struct cs_vault_row *row, struct cs_vault_record *out)
{
    enum cs_status status = cs_vault_record_decode(row->record, out);
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
}

enum cs_status cs_vault_attempt_find_logged(const struct cs_vault_attempt *attempt,
                                            const uint8_t *id, struct cs_vault_record *out,
                                            int64_t *out_logged_ms)
{
    struct cs_vault_row row;
    enum cs_status status =
        cs_store_vault_record(attempt->intake->store, id, attempt->intake->arena, &row);
    if (status == CS_OK && !cs_id_equal(&row.vault, &attempt->record.vault)) {
        status = CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        status = read_stored(&row, out);
    }
    if (status == CS_OK) {
        *out_logged_ms = row.moment.logged_ms;
    }
    return status;
}

enum cs_status cs_vault_attempt_find(const struct cs_vault_attempt *attempt, const uint8_t *id,
                                     struct cs_vault_record *out)
{
    int64_t ignored = 0;
    return cs_vault_attempt_find_logged(attempt, id, out, &ignored);
}

enum cs_status cs_vault_attempt_newest(const struct cs_vault_attempt *attempt,
                                       const struct cs_vault_filter *filter,
                                       struct cs_vault_record *out)
{
    struct cs_vault_row row;
    enum cs_status status =
        cs_store_vault_newest(attempt->intake->store, filter, attempt->intake->arena, &row);
    return status != CS_OK ? status : read_stored(&row, out);
}

/* The same where there need not be one: *out_id is then NULL. */
static enum cs_status newest_or_none(const struct cs_vault_attempt *attempt,
                                     const struct cs_vault_filter *filter,
                                     struct cs_vault_record *found, const uint8_t **out_id)
{
    enum cs_status status = cs_vault_attempt_newest(attempt, filter, found);
    *out_id = status == CS_OK ? found->id : NULL;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* ---- entering ---- */

enum cs_status cs_vault_attempt_enter(const struct cs_vault_attempt *attempt,
                                      struct cs_vault_row *row)
{
    struct cs_store *store = attempt->intake->store;
    struct cs_stored_vault vault = {.vault = row->vault};
    struct cs_leaf leaf;
    enum cs_status status = cs_store_append_vault_record(store, row);
    if (status == CS_OK) {
        cs_leaf_vault(&row->vault, &row->moment, row->record, &leaf);
        status = cs_evidence_log_enter(store, &leaf);
    }
    if (status == CS_OK) {
        vault.length = cs_vault_log_position(attempt->log);
        vault.newest = row->feed;
        cs_vault_log_head(attempt->log, vault.length, vault.head);
        status = cs_store_put_vault(store, &vault);
    }
    return status;
}

/* What the log says now of this device. */
static enum cs_status put_member(const struct cs_vault_attempt *attempt, const uint8_t *certificate)
{
    const struct cs_chain *chain = NULL;
    struct cs_vault_member member = {.vault = attempt->record.vault, .ended = attempt->row.feed};
    enum cs_status status = cs_vault_office_chain(attempt->intake->office, certificate, &chain);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_vault_grant *grant =
        cs_vault_log_grant(attempt->log, certificate, cs_vault_log_position(attempt->log));
    member.person = chain->leaf.person;
    memcpy(member.certificate, certificate, CS_HASH_SIZE);
    if (grant != NULL) {
        member.rights = grant->rights;
        member.expires_ms = grant->expires_ms;
        member.ended = 0;
    }
    return cs_store_put_vault_member(attempt->intake->store, &member);
}

static enum cs_status update_members(const struct cs_vault_attempt *attempt)
{
    switch ((int)attempt->record.kind) {
    case CS_VAULT_CREATION:
        return put_member(attempt, attempt->record.author);
    case CS_VAULT_GRANT:
    case CS_VAULT_WITHDRAWAL:
        return put_member(attempt, attempt->record.recipient);
    default:
        return CS_OK;
    }
}

/* ---- checks by kind ---- */

/* A new epoch is sealed to the recovery key that holds now; the log alone would take an older one of the root's. */
static enum cs_status check_recovery(const struct cs_vault_attempt *attempt)
{
    struct cs_stored_recovery newest;
    enum cs_status status =
        cs_store_newest_recovery(attempt->intake->store, attempt->intake->arena, &newest);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(attempt->problem, CS_NOT_FOUND,
                              "the organisation has no recovery key: the first officer has to make "
                              "one before passwords are stored");
    }
    if (status == CS_OK && memcmp(newest.id, attempt->record.recovery, CS_HASH_SIZE) != 0) {
        return cs_problem_set(attempt->problem, CS_OUTDATED,
                              "the epoch is sealed to another recovery key than the current one");
    }
    return status;
}

static enum cs_status take_into_log(const struct cs_vault_attempt *attempt)
{
    enum cs_status status =
        attempt->record.kind == CS_VAULT_EPOCH ? check_recovery(attempt) : CS_OK;
    return status != CS_OK ? status
                           : cs_vault_log_append(attempt->log, attempt->bytes,
                                                 cs_vault_office_directory(attempt->intake->office),
                                                 attempt->intake->now_ms, attempt->problem);
}

static enum cs_status check_entry(struct cs_vault_attempt *attempt)
{
    struct cs_vault_record found;
    const uint8_t *current = NULL;
    const struct cs_vault_filter filter = {
        .vault = attempt->record.vault, .kind = CS_VAULT_ENTRY, .item = &attempt->record.item};
    enum cs_status status = newest_or_none(attempt, &filter, &found, &current);
    attempt->row.item = attempt->record.item;
    return status != CS_OK ? status
                           : cs_vault_check_entry(&attempt->record, &attempt->moment, current,
                                                  attempt->problem);
}

static enum cs_status check_version(struct cs_vault_attempt *attempt)
{
    const struct cs_vault_record *version = &attempt->record;
    struct cs_vault_record found;
    const uint8_t *same_id = NULL;
    const uint8_t *current = NULL;
    const struct cs_vault_filter by_id = {
        .vault = version->vault, .kind = CS_VAULT_VERSION, .version = &version->version};
    const struct cs_vault_filter by_field = {.vault = version->vault,
                                             .kind = CS_VAULT_VERSION,
                                             .item = &version->item,
                                             .field = version->field};
    enum cs_status status = newest_or_none(attempt, &by_id, &found, &same_id);
    if (status == CS_OK && same_id != NULL) {
        return cs_problem_set(attempt->problem, CS_USED, "there is a version with this id already");
    }
    if (status == CS_OK) {
        status = newest_or_none(attempt, &by_field, &found, &current);
    }
    if (status == CS_OK) {
        status = cs_vault_check_version(version, &attempt->moment, current, attempt->problem);
    }
    if (status == CS_OK) {
        status = cs_server_half_check(attempt->intake->half_key, version, attempt->problem);
    }
    attempt->row.item = version->item;
    attempt->row.field = version->field;
    attempt->row.version = version->version;
    return status;
}

static enum cs_status check_state(struct cs_vault_attempt *attempt)
{
    const struct cs_vault_record *state = &attempt->record;
    struct cs_vault_record version;
    struct cs_vault_record latest;
    struct cs_version_state from;
    const uint8_t *changed = NULL;
    struct cs_vault_filter filter = {
        .vault = state->vault, .kind = CS_VAULT_VERSION, .version = &state->version};
    enum cs_status status = cs_vault_attempt_newest(attempt, &filter, &version);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(attempt->problem, status, "there is no such version in this vault");
    }
    filter.kind = CS_VAULT_STATE;
    if (status == CS_OK) {
        status = newest_or_none(attempt, &filter, &latest, &changed);
    }
    attempt->row.item = state->item;
    attempt->row.field = state->field;
    attempt->row.version = state->version;
    if (status != CS_OK) {
        return status;
    }
    cs_version_state_begin(&from, version.id, version.author);
    if (changed != NULL) {
        cs_version_state_take(&from, latest.state, latest.id, latest.author);
    }
    return cs_vault_check_state(state, &version, &from, &attempt->moment, attempt->problem);
}

/* A campaign is stored as an answer to the one it ends, or to none. */
static enum cs_status check_campaign(struct cs_vault_attempt *attempt)
{
    static const uint8_t none[CS_HASH_SIZE];
    struct cs_vault_record begun;
    struct cs_vault_record ended;
    const uint8_t *open = NULL;
    const uint8_t *end = NULL;
    struct cs_vault_filter filter = {
        .vault = attempt->record.vault, .kind = CS_VAULT_CAMPAIGN, .request = none};
    enum cs_status status = newest_or_none(attempt, &filter, &begun, &open);
    if (status == CS_OK && open != NULL) {
        filter.request = open;
        status = newest_or_none(attempt, &filter, &ended, &end);
    }
    memcpy(attempt->row.request, attempt->record.previous, CS_HASH_SIZE);
    return status != CS_OK
               ? status
               : cs_vault_check_campaign(&attempt->record, attempt->author, &attempt->moment,
                                         end == NULL ? open : NULL, attempt->problem);
}

static enum cs_status check_leak(struct cs_vault_attempt *attempt)
{
    const struct cs_vault_record *leak = &attempt->record;
    struct cs_vault_record version;
    const struct cs_vault_filter filter = {
        .vault = leak->vault, .kind = CS_VAULT_VERSION, .version = &leak->version};
    attempt->row.version = leak->version;
    enum cs_status status = cs_vault_attempt_newest(attempt, &filter, &version);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(attempt->problem, status, "there is no such version");
    }
    return status != CS_OK
               ? status
               : cs_vault_check_leak(leak, &version, &attempt->moment, attempt->problem);
}

/* The password was seen, or its key is destroyed: it is written down whatever is wrong with it. But nobody gives up what somebody else
 * asked for: that says nothing of what happened. */
static enum cs_status check_under_lease(struct cs_vault_attempt *attempt)
{
    struct cs_vault_record lease;
    enum cs_status status = cs_vault_attempt_find(attempt, attempt->record.request, &lease);
    memcpy(attempt->row.request, attempt->record.request, CS_HASH_SIZE);
    attempt->row.version = attempt->record.version;
    attempt->row.about = attempt->author->leaf.person;
    if (status == CS_OK && cs_vault_given_up(&attempt->record, &lease)) {
        return cs_vault_check_return(&attempt->record, &lease, attempt->problem);
    }
    if (status == CS_NOT_FOUND || (status == CS_OK && lease.kind != CS_VAULT_LEASE)) {
        (void)cs_problem_set(attempt->problem, CS_NOT_FOUND, "there is no such lease");
        return CS_OK;
    }
    enum cs_status (*check)(const struct cs_vault_record *, const struct cs_vault_record *,
                            struct cs_problem *) =
        attempt->record.kind == CS_VAULT_REVEAL ? cs_vault_check_reveal : cs_vault_check_return;
    if (status == CS_OK && check(&attempt->record, &lease, attempt->problem) != CS_OK) {
        return CS_OK; /* `problem` says what is wrong */
    }
    return status;
}

static enum cs_status check_kind(struct cs_vault_attempt *attempt)
{
    switch (attempt->record.kind) {
    case CS_VAULT_CREATION:
        attempt->row.item = attempt->record.project;
        return take_into_log(attempt);
    case CS_VAULT_EPOCH:
    case CS_VAULT_GRANT:
    case CS_VAULT_WITHDRAWAL:
        return take_into_log(attempt);
    case CS_VAULT_ENTRY:
        return check_entry(attempt);
    case CS_VAULT_VERSION:
        return check_version(attempt);
    case CS_VAULT_STATE:
        return check_state(attempt);
    case CS_VAULT_CAMPAIGN:
        return check_campaign(attempt);
    case CS_VAULT_LEAK:
        return check_leak(attempt);
    case CS_VAULT_REQUEST:
    case CS_VAULT_LEASE:
    case CS_VAULT_EXPORT:
    case CS_VAULT_EMERGENCY:
        attempt->row.about = attempt->author->leaf.person;
        return cs_vault_check_asked(attempt);
    case CS_VAULT_APPROVAL:
        return cs_vault_check_approved(attempt);
    case CS_VAULT_REVEAL:
    case CS_VAULT_RETURN:
        return check_under_lease(attempt);
    case CS_VAULT_RELEASE:
    case CS_VAULT_KIND_COUNT:
        break;
    }
    return cs_problem_set(attempt->problem, CS_DENIED, "only the server makes releases");
}

static enum cs_status answer(struct cs_vault_attempt *attempt)
{
    if (attempt->record.kind == CS_VAULT_APPROVAL) {
        return cs_vault_answer_approved(attempt);
    }
    return cs_vault_kind_asks(attempt->record.kind) ? cs_vault_answer_request(attempt) : CS_OK;
}

/* ---- one record ---- */

/* A laptop that joined again sends what it signed under its old keys. */
static enum cs_status same_person(const struct cs_vault_attempt *attempt, bool *out)
{
    const struct cs_chain *author = NULL;
    const struct cs_chain *sender = NULL;
    struct cs_vault_office *office = attempt->intake->office;
    enum cs_status status = cs_vault_office_chain(office, attempt->record.author, &author);
    if (status == CS_OK) {
        status = cs_vault_office_chain(office, attempt->intake->sender, &sender);
    }
    *out = status == CS_OK && cs_id_equal(&author->leaf.person, &sender->leaf.person);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status check_author(const struct cs_vault_attempt *attempt)
{
    const struct cs_vault_record *record = &attempt->record;
    bool under_lease = cs_vault_kind_under_lease(record->kind);
    bool own = record->kind == CS_VAULT_RELEASE ||
               memcmp(record->author, attempt->intake->sender, CS_HASH_SIZE) == 0;
    enum cs_status status = CS_OK;
    if (!own && under_lease) {
        status = same_person(attempt, &own);
    }
    if (status == CS_OK && !own) {
        return cs_problem_set(attempt->problem, CS_DENIED,
                              "a record is sent by the device that signed it, and no other");
    }
    return status == CS_OK && attempt->intake->revoked && !under_lease
               ? cs_problem_set(attempt->problem, CS_REVOKED, "this device was revoked")
               : status;
}

static enum cs_status check_sender(struct cs_vault_attempt *attempt)
{
    const struct cs_vault_intake *intake = attempt->intake;
    struct cs_vault_row known;
    enum cs_status status = cs_vault_record_decode(attempt->bytes, &attempt->record);
    if (status == CS_OK) {
        status = check_author(attempt);
    }
    if (status == CS_OK) {
        status = cs_store_vault_record(intake->store, attempt->record.id, intake->arena, &known);
        status = status == CS_OK ? CS_EXISTS : status == CS_NOT_FOUND ? CS_OK : status;
    }
    return status;
}

static enum cs_status prepare(struct cs_vault_attempt *attempt)
{
    const struct cs_vault_intake *intake = attempt->intake;
    const struct cs_vault_directory *directory =
        cs_vault_kind_under_lease(attempt->record.kind)
            ? cs_vault_office_directory_of_all(intake->office)
            : cs_vault_office_directory(intake->office);
    enum cs_status status = cs_vault_record_open(attempt->bytes, directory, &attempt->record,
                                                 &attempt->author, attempt->problem);
    if (status == CS_OK) {
        status = cs_vault_office_log(intake->office, &attempt->record.vault, &attempt->log,
                                     attempt->problem);
    }
    if (status != CS_OK) {
        return status;
    }
    attempt->moment =
        (struct cs_vault_moment){attempt->log, cs_vault_log_position(attempt->log), intake->now_ms};
    attempt->row.vault = attempt->record.vault;
    attempt->row.kind = attempt->record.kind;
    attempt->row.moment.log_position = attempt->moment.position;
    attempt->row.moment.logged_ms = intake->now_ms;
    attempt->row.record = attempt->bytes;
    memcpy(attempt->row.id, attempt->record.id, CS_HASH_SIZE);
    status = cs_store_position(intake->store, &attempt->row.moment.position);
    if (status == CS_OK && attempt->moment.position == 0 &&
        attempt->record.kind != CS_VAULT_CREATION) {
        status = cs_problem_set(attempt->problem, CS_NOT_FOUND, "there is no such vault");
    }
    return status;
}

static enum cs_status take(struct cs_vault_attempt *attempt)
{
    enum cs_status status = prepare(attempt);
    if (status == CS_OK) {
        status = check_kind(attempt);
    }
    if (status == CS_OK) {
        status = cs_vault_attempt_enter(attempt, &attempt->row);
    }
    if (status == CS_EXISTS && attempt->record.kind == CS_VAULT_CREATION) {
        status = cs_problem_set(attempt->problem, CS_USED, "the project has a vault already");
    }
    if (status == CS_OK) {
        status = update_members(attempt);
    }
    return status != CS_OK ? status : answer(attempt);
}

enum cs_status cs_vault_take(const struct cs_vault_intake *intake, struct cs_bytes bytes,
                             struct cs_problem *problem)
{
    struct cs_vault_attempt attempt = {.intake = intake, .bytes = bytes, .problem = problem};
    enum cs_status status = check_sender(&attempt);
    if (status == CS_OK) {
        status = cs_store_savepoint(intake->store);
    }
    if (status != CS_OK) {
        return status;
    }
    status = take(&attempt);
    if (status == CS_OK) {
        return cs_store_release(intake->store);
    }
    cs_store_undo(intake->store);
    return status;
}

/* ---- recovery keys ---- */

static enum cs_status check_number(const struct cs_vault_intake *intake,
                                   const struct cs_vault_recovery *recovery,
                                   struct cs_problem *problem)
{
    struct cs_stored_recovery newest;
    enum cs_status status = cs_store_newest_recovery(intake->store, intake->arena, &newest);
    if (status == CS_NOT_FOUND) {
        return CS_OK;
    }
    if (status == CS_OK && memcmp(newest.id, recovery->id, sizeof newest.id) == 0) {
        return CS_EXISTS;
    }
    return status == CS_OK && recovery->number <= newest.number
               ? cs_problem_set(problem, CS_ROLLED_BACK,
                                "there is a recovery key with number %llu already",
                                (unsigned long long)newest.number)
               : status;
}

enum cs_status cs_vault_take_recovery(const struct cs_vault_intake *intake, struct cs_bytes bytes,
                                      struct cs_problem *problem)
{
    const struct cs_chain *chain = NULL;
    struct cs_vault_recovery recovery;
    struct cs_leaf leaf;
    enum cs_status status = cs_vault_office_chain(intake->office, intake->sender, &chain);
    if (status == CS_OK) {
        status = cs_vault_recovery_verify(bytes, chain->root_key, &recovery);
    }
    if (status == CS_OK && (recovery.number > INT64_MAX || is_zero(recovery.id))) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        status = check_number(intake, &recovery, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_stored_recovery stored = {.number = recovery.number, .statement = bytes};
    memcpy(stored.id, recovery.id, sizeof stored.id);
    status = cs_store_put_recovery(intake->store, &stored);
    if (status == CS_OK) {
        cs_evidence_log_recovery_leaf(&stored, &leaf);
        status = cs_evidence_log_enter(intake->store, &leaf);
    }
    return status;
}
