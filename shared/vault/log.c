/*
 * The log of one vault, see log.h.
 *
 * A record is checked completely, then room is made for what it adds, and only then the log is changed: so a refused record, and
 * one for which memory is out, leave no trace.
 */
#include "shared/vault/log.h"

#include "shared/base/text.h"

#include <string.h>

#define IN_FORCE UINT64_MAX

struct head {
    uint8_t id[CS_HASH_SIZE];
};

struct cs_vault_log {
    struct cs_id vault;
    struct head *heads; /* ids of the records */
    size_t head_count;
    size_t head_capacity;
    struct cs_vault_epoch *epochs; /* number n at index n - 1 */
    size_t epoch_count;
    size_t epoch_capacity;
    struct cs_vault_grant *grants; /* in the order of the log, ended ones too */
    size_t grant_count;
    size_t grant_capacity;
};

enum cs_status cs_vault_log_create(const struct cs_id *vault, struct cs_vault_log **out)
{
    struct cs_vault_log *log = cs_alloc_zero(1, sizeof *log);
    *out = log;
    if (log == NULL) {
        return CS_NO_MEMORY;
    }
    log->vault = *vault;
    return CS_OK;
}

void cs_vault_log_destroy(struct cs_vault_log *log)
{
    if (log != NULL) {
        cs_free(log->heads);
        cs_free(log->epochs);
        cs_free(log->grants);
        cs_free(log);
    }
}

/* ---- looking ---- */

const struct cs_id *cs_vault_log_vault(const struct cs_vault_log *log)
{
    return &log->vault;
}

uint64_t cs_vault_log_position(const struct cs_vault_log *log)
{
    return log->head_count;
}

void cs_vault_log_head(const struct cs_vault_log *log, uint64_t position,
                       uint8_t out[static CS_HASH_SIZE])
{
    cs_require(position <= log->head_count);
    if (position == 0) {
        memset(out, 0, CS_HASH_SIZE);
    } else {
        memcpy(out, log->heads[position - 1].id, CS_HASH_SIZE);
    }
}

void cs_vault_log_begin(const struct cs_vault_log *log, const struct cs_evidence_signer *signer,
                        enum cs_vault_kind kind, struct cs_vault_record *out)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    memcpy(out->organisation, signer->organisation, CS_HASH_SIZE);
    memcpy(out->author, signer->certificate, CS_HASH_SIZE);
    out->claimed = signer->claimed;
    out->checkpoint = signer->checkpoint;
    out->vault = log->vault;
    out->position = (int64_t)log->head_count;
    cs_vault_log_head(log, log->head_count, out->head);
}

static bool head_is(const struct cs_vault_log *log, uint64_t position, const uint8_t *head)
{
    uint8_t found[CS_HASH_SIZE];
    cs_vault_log_head(log, position, found);
    return memcmp(found, head, CS_HASH_SIZE) == 0;
}

enum cs_status cs_vault_log_expect(const struct cs_vault_log *log, uint64_t position,
                                   const uint8_t head[static CS_HASH_SIZE],
                                   struct cs_problem *problem)
{
    if (position > log->head_count) {
        return cs_problem_set(problem, CS_ROLLED_BACK,
                              "the vault's log had %llu records and now has only %zu",
                              (unsigned long long)position, log->head_count);
    }
    if (!head_is(log, position, head)) {
        return cs_problem_set(problem, CS_OTHER_HISTORY,
                              "the vault's log is another one than was shown before");
    }
    return CS_OK;
}

const struct cs_vault_epoch *cs_vault_log_epoch(const struct cs_vault_log *log, int64_t number)
{
    return number >= 1 && (uint64_t)number <= log->epoch_count ? &log->epochs[number - 1] : NULL;
}

const struct cs_vault_epoch *cs_vault_log_epoch_at(const struct cs_vault_log *log,
                                                   uint64_t position)
{
    for (size_t i = log->epoch_count; i > 0; i--) {
        if (log->epochs[i - 1].position <= position) {
            return &log->epochs[i - 1];
        }
    }
    return NULL;
}

static struct cs_vault_grant *find_grant(const struct cs_vault_log *log, const uint8_t *certificate,
                                         uint64_t position)
{
    for (size_t i = log->grant_count; i > 0; i--) {
        struct cs_vault_grant *grant = &log->grants[i - 1];
        if (grant->since <= position && position < grant->until &&
            memcmp(grant->recipient, certificate, CS_HASH_SIZE) == 0) {
            return grant;
        }
    }
    return NULL;
}

const struct cs_vault_grant *cs_vault_log_grant(const struct cs_vault_log *log,
                                                const uint8_t certificate[static CS_HASH_SIZE],
                                                uint64_t position)
{
    return find_grant(log, certificate, position);
}

static const char *right_name(enum cs_vault_right right)
{
    switch (right) {
    case CS_VAULT_MAY_LIST:
        return "list what is in";
    case CS_VAULT_MAY_REVEAL:
        return "see passwords of";
    case CS_VAULT_MAY_LEASE:
        return "take along passwords of";
    case CS_VAULT_MAY_EDIT:
        return "change";
    case CS_VAULT_MAY_APPROVE:
        return "approve requests for";
    case CS_VAULT_MAY_MANAGE:
        break;
    }
    return "manage";
}

enum cs_status cs_vault_log_permits(const struct cs_vault_log *log,
                                    const uint8_t certificate[static CS_HASH_SIZE],
                                    enum cs_vault_right right, uint64_t position, int64_t at_ms,
                                    struct cs_problem *problem)
{
    const struct cs_vault_grant *grant = find_grant(log, certificate, position);
    if (grant == NULL || (grant->rights & (int64_t)right) == 0) {
        return cs_problem_set(problem, CS_DENIED, "no grant lets this device %s this vault",
                              right_name(right));
    }
    if (grant->expires_ms != 0 && at_ms >= grant->expires_ms) {
        return cs_problem_set(problem, CS_EXPIRED, "the grant to %s this vault has expired",
                              right_name(right));
    }
    return CS_OK;
}

enum cs_status cs_vault_log_may_encrypt(const struct cs_vault_log *log, uint64_t position,
                                        struct cs_problem *problem)
{
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, position);
    if (epoch == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND, "the vault has no key yet");
    }
    if (epoch->withdrawn != 0 && epoch->withdrawn <= position) {
        return cs_problem_set(problem, CS_OUTDATED,
                              "a member was removed: the vault needs a new key first");
    }
    return CS_OK;
}

void cs_vault_log_members(const struct cs_vault_log *log, cs_vault_grant_visitor *visit,
                          void *context)
{
    for (size_t i = 0; i < log->grant_count; i++) {
        if (log->grants[i].until == IN_FORCE) {
            visit(context, &log->grants[i]);
        }
    }
}

/* ---- checking one record ---- */

struct attempt {
    const struct cs_vault_log *log;
    const struct cs_vault_directory *directory;
    struct cs_vault_record record;
    const struct cs_chain *author;
    int64_t ms;
    struct cs_problem *problem;
};

static enum cs_status check_position(const struct attempt *attempt)
{
    const struct cs_vault_record *record = &attempt->record;
    const struct cs_vault_log *log = attempt->log;
    uint64_t position = (uint64_t)record->position;
    if (memcmp(record->vault.bytes, log->vault.bytes, CS_ID_SIZE) != 0) {
        return cs_problem_set(attempt->problem, CS_FORGED, "the %s belongs to another vault",
                              cs_vault_kind_name(record->kind));
    }
    if (position > log->head_count) {
        return cs_problem_set(attempt->problem, CS_GAP, "records before this %s are missing",
                              cs_vault_kind_name(record->kind));
    }
    if (position < log->head_count) {
        bool same = head_is(log, position + 1, record->id);
        return cs_problem_set(attempt->problem, same ? CS_EXISTS : CS_OUTDATED,
                              same
                                  ? "the record is in the vault's log already"
                                  : "another officer changed the vault first: look at it, and sign "
                                    "again");
    }
    if (!head_is(log, position, record->head)) {
        return cs_problem_set(attempt->problem, CS_OTHER_HISTORY,
                              "the %s follows another record than the vault's last",
                              cs_vault_kind_name(record->kind));
    }
    return log->head_count == CS_VAULT_LOG_MAX
               ? cs_problem_set(attempt->problem, CS_LIMIT, "the vault's log is full")
               : CS_OK;
}

static enum cs_status check_officer(const struct attempt *attempt, const struct cs_chain *device)
{
    if ((device->leaf.roles & CS_ROLES_OFFICER) == 0) {
        return cs_problem_set(attempt->problem, CS_DENIED,
                              "%.*s is no officer: vaults are managed by owner and security",
                              (int)device->leaf.person_name.size,
                              (const char *)device->leaf.person_name.data);
    }
    return CS_OK;
}

/* Has this grant the right to manage now? */
static bool manages(const struct attempt *attempt, const struct cs_vault_grant *grant)
{
    return grant->until == IN_FORCE && (grant->rights & CS_VAULT_MAY_MANAGE) != 0 &&
           (grant->expires_ms == 0 || attempt->ms < grant->expires_ms);
}

/*
 * Nobody is left who manages: the devices that could were revoked, every one. Then another device of one of those persons may take their
 * place. It grants itself a key that it can have by the recovery key only. Who does not know yet that they were revoked cannot judge.
 */
static enum cs_status check_heir(const struct attempt *attempt, enum cs_status denied)
{
    const struct cs_vault_log *log = attempt->log;
    const struct cs_vault_directory *directory = attempt->directory;
    bool heir = false;
    bool in_force = false;
    for (size_t i = 0; i < log->grant_count; i++) {
        const struct cs_chain *chain = NULL;
        if (!manages(attempt, &log->grants[i])) {
            continue;
        }
        enum cs_status status =
            directory->find(directory->context, log->grants[i].recipient, &chain);
        if (status != CS_OK && status != CS_REVOKED) {
            return status == CS_NOT_FOUND ? denied : status;
        }
        heir = heir || cs_id_equal(&chain->leaf.person, &attempt->author->leaf.person);
        in_force = in_force || status == CS_OK;
    }
    if (heir && in_force) {
        return cs_problem_set(attempt->problem, CS_UNKNOWN_DEVICE,
                              "a device that manages the vault is not known to be revoked: nobody "
                              "takes its place");
    }
    return heir ? CS_OK : denied;
}

static enum cs_status check_author(const struct attempt *attempt)
{
    const struct cs_vault_record *record = &attempt->record;
    enum cs_status status = check_officer(attempt, attempt->author);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_log_permits(attempt->log, record->author, CS_VAULT_MAY_MANAGE,
                                  attempt->log->head_count, attempt->ms, attempt->problem);
    return status != CS_OK && record->kind == CS_VAULT_GRANT &&
                   memcmp(record->author, record->recipient, CS_HASH_SIZE) == 0
               ? check_heir(attempt, status)
               : status;
}

/* The vault's key is sealed to whoever can recover: only to whom the root says. */
static enum cs_status check_recovery(const struct attempt *attempt)
{
    const struct cs_vault_directory *directory = attempt->directory;
    enum cs_status status = directory->find_recovery(directory->context, attempt->record.recovery);
    return status == CS_NOT_FOUND
               ? cs_problem_set(attempt->problem, CS_FORGED,
                                "the vault's key is sealed to a recovery key that is not the "
                                "organisation's")
               : status;
}

static enum cs_status check_epoch(const struct attempt *attempt)
{
    const struct cs_vault_record *record = &attempt->record;
    const struct cs_vault_log *log = attempt->log;
    if (record->epoch <= (int64_t)log->epoch_count) {
        return cs_problem_set(attempt->problem, CS_ROLLED_BACK,
                              "an old epoch of the vault is presented as new");
    }
    if (record->epoch > (int64_t)log->epoch_count + 1) {
        return cs_problem_set(attempt->problem, CS_GAP, "an epoch of the vault is left out");
    }
    for (size_t i = 0; i < log->epoch_count; i++) {
        if (memcmp(log->epochs[i].commitment, record->commitment, CS_HASH_SIZE) == 0 ||
            memcmp(log->epochs[i].listing_commitment, record->listing_commitment, CS_HASH_SIZE) ==
                0) {
            return cs_problem_set(attempt->problem, CS_ROLLED_BACK,
                                  "the key of an earlier epoch is presented as new");
        }
    }
    return check_recovery(attempt);
}

static enum cs_status check_recipient(const struct attempt *attempt)
{
    const struct cs_chain *recipient = NULL;
    enum cs_status status = attempt->directory->find(attempt->directory->context,
                                                     attempt->record.recipient, &recipient);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(attempt->problem, CS_UNKNOWN_DEVICE,
                              "the grant is to a device that nobody certified");
    }
    if (status == CS_REVOKED) {
        return cs_problem_set(attempt->problem, status,
                              "the grant is to a device that was revoked");
    }
    if (status == CS_OK && (attempt->record.rights & CS_VAULT_MAY_MANAGE) != 0) {
        status = check_officer(attempt, recipient);
    }
    return status;
}

/* Does somebody else manage, for good? The last one keeps the right, whoever wants to take it. */
static enum cs_status check_another_manages(const struct attempt *attempt)
{
    const struct cs_vault_log *log = attempt->log;
    for (size_t i = 0; i < log->grant_count; i++) {
        const struct cs_vault_grant *grant = &log->grants[i];
        if (grant->until == IN_FORCE && grant->expires_ms == 0 &&
            (grant->rights & CS_VAULT_MAY_MANAGE) != 0 &&
            memcmp(grant->recipient, attempt->record.recipient, CS_HASH_SIZE) != 0) {
            return CS_OK;
        }
    }
    return cs_problem_set(
        attempt->problem, CS_DENIED,
        "nobody could manage the vault any more: grant it to another officer first");
}

/* Does it leave its recipient less than the lasting right to manage that he has? */
static bool takes_management(const struct attempt *attempt)
{
    const struct cs_vault_record *record = &attempt->record;
    const struct cs_vault_grant *now =
        find_grant(attempt->log, record->recipient, attempt->log->head_count);
    return now != NULL && (now->rights & CS_VAULT_MAY_MANAGE) != 0 &&
           ((record->rights & CS_VAULT_MAY_MANAGE) == 0 || record->expires_ms != 0);
}

static enum cs_status check_grant(const struct attempt *attempt)
{
    const struct cs_vault_record *record = &attempt->record;
    const struct cs_vault_log *log = attempt->log;
    if (log->epoch_count == 0) {
        return cs_problem_set(attempt->problem, CS_NOT_FOUND, "the vault has no key yet");
    }
    const struct cs_vault_epoch *epoch = &log->epochs[log->epoch_count - 1];
    if (record->epoch < epoch->number) {
        return cs_problem_set(attempt->problem, CS_ROLLED_BACK, "the grant is of an earlier epoch");
    }
    if (record->epoch > epoch->number ||
        memcmp(record->commitment, epoch->commitment, CS_HASH_SIZE) != 0) {
        return cs_problem_set(attempt->problem, CS_FORGED, "the grant is of another key");
    }
    if (record->expires_ms != 0 && record->expires_ms <= attempt->ms) {
        return cs_problem_set(attempt->problem, CS_EXPIRED, "the grant had expired when it came");
    }
    enum cs_status status = check_recipient(attempt);
    return status == CS_OK && takes_management(attempt) ? check_another_manages(attempt) : status;
}

static enum cs_status check_withdrawal(const struct attempt *attempt)
{
    const uint8_t *recipient = attempt->record.recipient;
    if (find_grant(attempt->log, recipient, attempt->log->head_count) == NULL) {
        return cs_problem_set(attempt->problem, CS_NOT_FOUND,
                              "this device has no grant that could be withdrawn");
    }
    return check_another_manages(attempt);
}

static enum cs_status check_kind(const struct attempt *attempt)
{
    enum cs_vault_kind kind = attempt->record.kind;
    if (kind > CS_VAULT_WITHDRAWAL) {
        return cs_problem_set(attempt->problem, CS_INVALID, "a %s does not belong in a vault's log",
                              cs_vault_kind_name(kind));
    }
    if ((kind == CS_VAULT_CREATION) != (attempt->log->head_count == 0)) {
        return cs_problem_set(attempt->problem, CS_INVALID,
                              "a vault's log begins with its creation, and has no other");
    }
    if (kind == CS_VAULT_CREATION) {
        return check_officer(attempt, attempt->author);
    }
    enum cs_status status = check_author(attempt);
    if (status != CS_OK) {
        return status;
    }
    return kind == CS_VAULT_EPOCH   ? check_epoch(attempt)
           : kind == CS_VAULT_GRANT ? check_grant(attempt)
                                    : check_withdrawal(attempt);
}

/* ---- adding it ---- */

/* Room for one more item. */
static enum cs_status reserve(void **items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity) {
        return CS_OK;
    }
    size_t wanted = *capacity == 0 ? 8 : 2 * *capacity;
    void *grown = cs_resize(*items, wanted * item_size);
    if (grown == NULL) {
        return CS_NO_MEMORY;
    }
    *items = grown;
    *capacity = wanted;
    return CS_OK;
}

static enum cs_status reserve_all(struct cs_vault_log *log)
{
    void *heads = log->heads;
    void *epochs = log->epochs;
    void *grants = log->grants;
    enum cs_status status =
        reserve(&heads, log->head_count, &log->head_capacity, sizeof *log->heads);
    log->heads = heads;
    if (status == CS_OK) {
        status = reserve(&epochs, log->epoch_count, &log->epoch_capacity, sizeof *log->epochs);
        log->epochs = epochs;
    }
    if (status == CS_OK) {
        status = reserve(&grants, log->grant_count, &log->grant_capacity, sizeof *log->grants);
        log->grants = grants;
    }
    return status;
}

static void copy_view(uint8_t *out, struct cs_bytes view)
{
    if (view.size > 0) {
        memcpy(out, view.data, view.size);
    }
}

static void add_epoch(struct cs_vault_log *log, const struct cs_vault_record *record)
{
    struct cs_vault_epoch *epoch = &log->epochs[log->epoch_count++];
    memset(epoch, 0, sizeof *epoch);
    epoch->number = record->epoch;
    epoch->position = log->head_count;
    epoch->four_eyes = record->four_eyes == 1;
    memcpy(epoch->commitment, record->commitment, CS_HASH_SIZE);
    memcpy(epoch->listing_commitment, record->listing_commitment, CS_HASH_SIZE);
    memcpy(epoch->recovery, record->recovery, CS_HASH_SIZE);
    copy_view(epoch->wrapped, record->wrapped);
    copy_view(epoch->listing_wrapped, record->listing_wrapped);
    copy_view(epoch->recovered, record->recovered);
}

static void end_grant(struct cs_vault_log *log, const uint8_t *certificate)
{
    struct cs_vault_grant *grant = find_grant(log, certificate, log->head_count);
    if (grant != NULL) {
        grant->until = log->head_count;
    }
}

static void add_grant(struct cs_vault_log *log, const struct cs_vault_record *record,
                      const uint8_t *recipient)
{
    end_grant(log, recipient);
    struct cs_vault_grant *grant = &log->grants[log->grant_count++];
    memset(grant, 0, sizeof *grant);
    memcpy(grant->recipient, recipient, CS_HASH_SIZE);
    grant->rights = record->rights;
    grant->expires_ms = record->expires_ms;
    grant->epoch = record->epoch;
    grant->since = log->head_count;
    grant->until = IN_FORCE;
    copy_view(grant->sealed, record->sealed);
}

/* Whoever had the key still has it: nothing more is encrypted under it. */
static void withdraw(struct cs_vault_log *log, const uint8_t *recipient)
{
    struct cs_vault_epoch *epoch = &log->epochs[log->epoch_count - 1];
    end_grant(log, recipient);
    if (epoch->withdrawn == 0) {
        epoch->withdrawn = log->head_count;
    }
}

/* Cannot fail. From here on positions count this record. */
static void add(struct cs_vault_log *log, const struct cs_vault_record *record)
{
    memcpy(log->heads[log->head_count++].id, record->id, CS_HASH_SIZE);
    if (record->kind == CS_VAULT_EPOCH) {
        add_epoch(log, record);
    } else if (record->kind == CS_VAULT_GRANT) {
        add_grant(log, record, record->recipient);
    } else if (record->kind == CS_VAULT_WITHDRAWAL) {
        withdraw(log, record->recipient);
    } else {
        struct cs_vault_record begin = {.rights = CS_VAULT_MAY_MANAGE};
        add_grant(log, &begin, record->author);
    }
}

enum cs_status cs_vault_log_append(struct cs_vault_log *log, struct cs_bytes bytes,
                                   const struct cs_vault_directory *directory, int64_t logged_ms,
                                   struct cs_problem *problem)
{
    struct attempt attempt = {.log = log, .directory = directory, .problem = problem};
    enum cs_status status =
        cs_vault_record_open(bytes, directory, &attempt.record, &attempt.author, problem);
    if (status != CS_OK) {
        return status;
    }
    int64_t claimed_ms = cs_instant_utc_ms(attempt.record.claimed);
    attempt.ms = claimed_ms > logged_ms ? claimed_ms : logged_ms;
    status = check_position(&attempt);
    if (status == CS_OK) {
        status = check_kind(&attempt);
    }
    if (status == CS_OK) {
        status = reserve_all(log);
    }
    if (status == CS_OK) {
        add(log, &attempt.record);
    }
    return status;
}

enum cs_status cs_vault_log_append_again(struct cs_vault_log *log, struct cs_bytes bytes,
                                         struct cs_problem *problem)
{
    struct attempt attempt = {.log = log, .problem = problem};
    enum cs_status status = cs_vault_record_decode(bytes, &attempt.record);
    if (status == CS_OK) {
        status = attempt.record.kind > CS_VAULT_WITHDRAWAL ? CS_INVALID : check_position(&attempt);
    }
    if (status == CS_OK) {
        status = reserve_all(log);
    }
    if (status == CS_OK) {
        add(log, &attempt.record);
    }
    return status;
}
