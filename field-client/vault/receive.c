/* Checking records of vaults as they come, see receive.h. */
#include "field-client/vault/receive.h"

#include "field-client/vault/alarm.h"

#include <string.h>

struct arrival {
    struct cs_vault_book *book;
    const struct cs_vault_received *received;
    struct cs_vault_record record;
    const struct cs_chain *author; /* NULL: the server */
    struct cs_vault_log *log;
    struct cs_vault_moment moment;
    struct cs_arena *arena;
    struct cs_kept_record kept;
    struct cs_problem *problem;
};

static enum cs_status newest_or_none(const struct arrival *arrival,
                                     const struct cs_kept_filter *filter,
                                     struct cs_vault_record *found, const uint8_t **out_id)
{
    enum cs_status status = cs_vault_book_newest(arrival->book, filter, arrival->arena, found);
    *out_id = status == CS_OK ? found->id : NULL;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* What this record answers, of one of the kinds that are asked with. */
static enum cs_status find_asked(const struct arrival *arrival, struct cs_vault_record *out)
{
    enum cs_status status =
        cs_vault_book_find(arrival->book, arrival->record.request, arrival->arena, out);
    return status == CS_NOT_FOUND || (status == CS_OK && !cs_vault_kind_asks(out->kind))
               ? cs_problem_set(arrival->problem, CS_NOT_FOUND,
                                "the server sent a %s without what it answers",
                                cs_vault_kind_name(arrival->record.kind))
               : status;
}

/* ---- by kind ---- */

/* The root's newer recovery keys replace older ones, and no epoch goes back to one. */
static enum cs_status check_recovery(const struct arrival *arrival)
{
    struct cs_kept_recovery now;
    struct cs_kept_recovery before;
    const struct cs_vault_epoch *last =
        cs_vault_log_epoch_at(arrival->log, cs_vault_log_position(arrival->log));
    if (last == NULL) {
        return CS_OK;
    }
    struct cs_replica *replica = cs_vault_book_replica(arrival->book);
    enum cs_status status =
        cs_kept_recovery_get(replica, arrival->record.recovery, arrival->arena, &now);
    if (status == CS_OK) {
        status = cs_kept_recovery_get(replica, last->recovery, arrival->arena, &before);
    }
    if (status == CS_OK && now.number < before.number) {
        return cs_problem_set(arrival->problem, CS_ROLLED_BACK,
                              "the epoch is sealed to an older recovery key than the one before");
    }
    return status == CS_NOT_FOUND ? CS_OK : status; /* unknown ones are the log's to refuse */
}

static enum cs_status take_into_log(struct arrival *arrival)
{
    enum cs_status status =
        arrival->record.kind == CS_VAULT_EPOCH ? check_recovery(arrival) : CS_OK;
    if (status == CS_OK &&
        arrival->received->moment.log_position != cs_vault_log_position(arrival->log)) {
        status = cs_problem_set(arrival->problem,
                                arrival->received->moment.log_position >
                                        cs_vault_log_position(arrival->log)
                                    ? CS_GAP
                                    : CS_OTHER_HISTORY,
                                "record %llu of the vault's log was sent where record %llu belongs",
                                (unsigned long long)arrival->received->moment.log_position,
                                (unsigned long long)cs_vault_log_position(arrival->log));
    }
    bool takes_place = cs_vault_alarm_takes_place(arrival->log, &arrival->record,
                                                  arrival->received->moment.logged_ms);
    if (status == CS_OK) {
        status = cs_vault_log_append(arrival->log, arrival->received->record,
                                     cs_vault_book_directory(arrival->book),
                                     arrival->received->moment.logged_ms, arrival->problem);
    }
    return status == CS_OK && takes_place
               ? cs_vault_alarm_place_taken(arrival->book, &arrival->record)
               : status;
}

static enum cs_status check_entry(struct arrival *arrival)
{
    struct cs_vault_record found;
    const uint8_t *current = NULL;
    const struct cs_kept_filter filter = {
        .vault = arrival->record.vault, .kind = CS_VAULT_ENTRY, .item = &arrival->record.item};
    enum cs_status status = newest_or_none(arrival, &filter, &found, &current);
    arrival->kept.item = arrival->record.item;
    return status != CS_OK ? status
                           : cs_vault_check_entry(&arrival->record, &arrival->moment, current,
                                                  arrival->problem);
}

static enum cs_status check_version(struct arrival *arrival)
{
    const struct cs_vault_record *version = &arrival->record;
    struct cs_vault_record found;
    const uint8_t *same_id = NULL;
    const uint8_t *current = NULL;
    const struct cs_kept_filter by_id = {
        .vault = version->vault, .kind = CS_VAULT_VERSION, .version = &version->version};
    const struct cs_kept_filter by_field = {.vault = version->vault,
                                            .kind = CS_VAULT_VERSION,
                                            .item = &version->item,
                                            .field = version->field};
    arrival->kept.item = version->item;
    arrival->kept.field = version->field;
    arrival->kept.version = version->version;
    enum cs_status status = newest_or_none(arrival, &by_id, &found, &same_id);
    if (status == CS_OK && same_id != NULL) {
        return cs_problem_set(arrival->problem, CS_USED, "there is a version with this id already");
    }
    if (status == CS_OK) {
        status = newest_or_none(arrival, &by_field, &found, &current);
    }
    return status != CS_OK
               ? status
               : cs_vault_check_version(version, &arrival->moment, current, arrival->problem);
}

static enum cs_status check_state(struct arrival *arrival)
{
    const struct cs_vault_record *state = &arrival->record;
    struct cs_vault_record version;
    struct cs_version_state from;
    const struct cs_kept_filter filter = {
        .vault = state->vault, .kind = CS_VAULT_VERSION, .version = &state->version};
    arrival->kept.item = state->item;
    arrival->kept.field = state->field;
    arrival->kept.version = state->version;
    enum cs_status status = cs_vault_book_newest(arrival->book, &filter, arrival->arena, &version);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(arrival->problem, status,
                              "the server sent a change of state without its version");
    }
    if (status == CS_OK) {
        status = cs_vault_book_state(arrival->book, &version, &from);
    }
    return status != CS_OK
               ? status
               : cs_vault_check_state(state, &version, &from, &arrival->moment, arrival->problem);
}

static enum cs_status check_approval(struct arrival *arrival)
{
    struct cs_vault_record request;
    struct cs_vault_person approver;
    struct cs_vault_person requester;
    enum cs_status status = find_asked(arrival, &request);
    if (status == CS_OK) {
        status =
            cs_vault_book_person(arrival->book, arrival->record.author, arrival->arena, &approver);
    }
    if (status == CS_OK) {
        status = cs_vault_book_person(arrival->book, request.author, arrival->arena, &requester);
    }
    return status != CS_OK
               ? status
               : cs_vault_check_approval(&arrival->record, &approver, &request, &requester,
                                         &arrival->moment, arrival->problem);
}

/* Once for each request, by one server: one that went back in time may have lost its answer, and answers what is sent again anew. */
static enum cs_status check_release(struct arrival *arrival)
{
    struct cs_vault_record request;
    struct cs_kept_record before = {.confirmed = false};
    const struct cs_kept_filter filter = {.vault = arrival->record.vault,
                                          .kind = CS_VAULT_RELEASE,
                                          .request = arrival->record.request};
    enum cs_status status = find_asked(arrival, &request);
    if (status == CS_OK) {
        status = cs_kept_record_newest(cs_vault_book_replica(arrival->book), &filter,
                                       arrival->arena, &before);
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK && before.confirmed) {
        return cs_problem_set(arrival->problem, CS_OTHER_HISTORY,
                              "the server has answered one request twice");
    }
    return status != CS_OK ? status
                           : cs_vault_check_release(&arrival->record, &request, arrival->problem);
}

/* Kept as an answer to the one it ends, or to none: as on the server. */
static enum cs_status check_campaign(struct arrival *arrival)
{
    static const uint8_t none[CS_HASH_SIZE];
    struct cs_vault_record begun;
    struct cs_vault_record ended;
    const uint8_t *open = NULL;
    const uint8_t *end = NULL;
    struct cs_kept_filter filter = {
        .vault = arrival->record.vault, .kind = CS_VAULT_CAMPAIGN, .request = none};
    enum cs_status status = newest_or_none(arrival, &filter, &begun, &open);
    if (status == CS_OK && open != NULL) {
        filter.request = open;
        status = newest_or_none(arrival, &filter, &ended, &end);
    }
    return status != CS_OK
               ? status
               : cs_vault_check_campaign(&arrival->record, arrival->author, &arrival->moment,
                                         end == NULL ? open : NULL, arrival->problem);
}

static enum cs_status check_leak(struct arrival *arrival)
{
    const struct cs_vault_record *leak = &arrival->record;
    struct cs_vault_record version;
    const struct cs_kept_filter filter = {
        .vault = leak->vault, .kind = CS_VAULT_VERSION, .version = &leak->version};
    arrival->kept.version = leak->version;
    enum cs_status status = cs_vault_book_newest(arrival->book, &filter, arrival->arena, &version);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(arrival->problem, status,
                              "the server sent a leak without its version");
    }
    return status != CS_OK
               ? status
               : cs_vault_check_leak(leak, &version, &arrival->moment, arrival->problem);
}

static enum cs_status check_emergency(struct arrival *arrival)
{
    struct cs_vault_record version;
    struct cs_id asked;
    enum cs_status status = cs_vault_check_request(&arrival->record, arrival->author,
                                                   &arrival->moment, arrival->problem);
    if (status != CS_OK) {
        return status;
    }
    memcpy(asked.bytes, arrival->record.versions.data, CS_ID_SIZE);
    const struct cs_kept_filter filter = {
        .vault = arrival->record.vault, .kind = CS_VAULT_VERSION, .version = &asked};
    status = cs_vault_book_newest(arrival->book, &filter, arrival->arena, &version);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(arrival->problem, status,
                              "the server sent an emergency without its version");
    }
    if (status == CS_OK) {
        status = cs_vault_check_emergency(&arrival->record, &version, arrival->problem);
    }
    return status != CS_OK
               ? status
               : cs_vault_alarm_emergency(arrival->book, &arrival->record, arrival->author);
}

/* Kept in any case, as on the server: what is wrong with it is for people (rules.h). */
static enum cs_status check_under_lease(struct arrival *arrival)
{
    struct cs_vault_record lease;
    struct cs_problem ignored;
    enum cs_status status =
        cs_vault_book_find(arrival->book, arrival->record.request, arrival->arena, &lease);
    arrival->kept.version = arrival->record.version;
    bool shows = arrival->record.kind == CS_VAULT_REVEAL;
    enum cs_status (*check)(const struct cs_vault_record *, const struct cs_vault_record *,
                            struct cs_problem *) =
        shows ? cs_vault_check_reveal : cs_vault_check_return;
    if (status == CS_OK && cs_vault_given_up(&arrival->record, &lease)) {
        return cs_vault_check_return(&arrival->record, &lease, arrival->problem);
    }
    bool breaks = status == CS_NOT_FOUND ||
                  (status == CS_OK && (lease.kind != CS_VAULT_LEASE ||
                                       check(&arrival->record, &lease, &ignored) != CS_OK));
    if (breaks) {
        return cs_vault_finding_put(
            cs_vault_book_replica(arrival->book), &arrival->record.vault, CS_DENIED,
            cs_bytes_of_text(shows ? "a password was shown outside of a lease that permits it"
                                   : "a lease was returned that is not its device's"));
    }
    return status;
}

static enum cs_status check_kind(struct arrival *arrival)
{
    switch (arrival->record.kind) {
    case CS_VAULT_CREATION:
    case CS_VAULT_EPOCH:
    case CS_VAULT_GRANT:
    case CS_VAULT_WITHDRAWAL:
        return take_into_log(arrival);
    case CS_VAULT_ENTRY:
        return check_entry(arrival);
    case CS_VAULT_VERSION:
        return check_version(arrival);
    case CS_VAULT_STATE:
        return check_state(arrival);
    case CS_VAULT_CAMPAIGN:
        return check_campaign(arrival);
    case CS_VAULT_LEAK:
        return check_leak(arrival);
    case CS_VAULT_REQUEST:
    case CS_VAULT_LEASE:
    case CS_VAULT_EXPORT:
        return cs_vault_check_request(&arrival->record, arrival->author, &arrival->moment,
                                      arrival->problem);
    case CS_VAULT_APPROVAL:
        return check_approval(arrival);
    case CS_VAULT_RELEASE:
        return check_release(arrival);
    case CS_VAULT_REVEAL:
    case CS_VAULT_RETURN:
        return check_under_lease(arrival);
    case CS_VAULT_EMERGENCY:
        return check_emergency(arrival);
    case CS_VAULT_KIND_COUNT:
        break;
    }
    return CS_UNSUPPORTED;
}

/* ---- one record ---- */

static bool same_moment(const struct cs_leaf_moment *a, const struct cs_leaf_moment *b)
{
    return a->position == b->position && a->log_position == b->log_position &&
           a->logged_ms == b->logged_ms;
}

/* A record that is here: it does not come with another moment, unless the server goes on from an older state of itself. */
static enum cs_status take_again(struct arrival *arrival, struct cs_kept_record *kept)
{
    if (kept->confirmed && !same_moment(&kept->moment, &arrival->received->moment)) {
        return cs_problem_set(arrival->problem, CS_OTHER_HISTORY,
                              "the server says of a %s that it was logged at another moment than "
                              "before",
                              cs_vault_kind_name(arrival->record.kind));
    }
    if (kept->confirmed) {
        return CS_OK;
    }
    kept->confirmed = true;
    kept->moment = arrival->received->moment;
    kept->feed = arrival->received->feed;
    return cs_kept_record_put_again(cs_vault_book_replica(arrival->book), kept);
}

static enum cs_status keep(struct arrival *arrival)
{
    struct cs_replica *replica = cs_vault_book_replica(arrival->book);
    const uint8_t *own = cs_identity_certificate_id(cs_replica_identity(replica));
    struct cs_kept_record *kept = &arrival->kept;
    memcpy(kept->id, arrival->record.id, CS_HASH_SIZE);
    memcpy(kept->request,
           arrival->record.kind == CS_VAULT_CAMPAIGN ? arrival->record.previous
                                                     : arrival->record.request,
           CS_HASH_SIZE);
    kept->vault = arrival->record.vault;
    kept->feed = arrival->received->feed;
    kept->kind = arrival->record.kind;
    kept->moment = arrival->received->moment;
    kept->own = memcmp(arrival->record.author, own, CS_HASH_SIZE) == 0;
    kept->confirmed = true;
    kept->record = arrival->received->record;
    return cs_kept_record_put(replica, kept);
}

static enum cs_status settle(struct arrival *arrival)
{
    uint64_t position = arrival->received->moment.log_position;
    struct cs_kept_record kept;
    enum cs_status status = cs_kept_record_get(cs_vault_book_replica(arrival->book),
                                               arrival->record.id, arrival->arena, &kept);
    if (status != CS_NOT_FOUND) {
        return status != CS_OK ? status : take_again(arrival, &kept);
    }
    status =
        cs_vault_book_log(arrival->book, &arrival->record.vault, &arrival->log, arrival->problem);
    if (status == CS_OK && position > cs_vault_log_position(arrival->log)) {
        return cs_problem_set(arrival->problem, CS_GAP,
                              "records of the vault's log are missing before a %s",
                              cs_vault_kind_name(arrival->record.kind));
    }
    if (status == CS_OK) {
        arrival->moment =
            (struct cs_vault_moment){arrival->log, position, arrival->received->moment.logged_ms};
        status = check_kind(arrival);
    }
    return status != CS_OK ? status : keep(arrival);
}

/* By the kind that it says it is, which is signed: what a device did with its lease is believed of a revoked one too. */
static const struct cs_vault_directory *directory_for(const struct cs_vault_book *book,
                                                      struct cs_bytes record)
{
    struct cs_vault_record said;
    return cs_vault_record_decode(record, &said) == CS_OK && cs_vault_kind_under_lease(said.kind)
               ? cs_vault_book_directory_of_all(book)
               : cs_vault_book_directory(book);
}

enum cs_status cs_vault_receive(struct cs_vault_book *book,
                                const struct cs_vault_received *received,
                                struct cs_problem *problem)
{
    struct cs_arena arena;
    struct arrival arrival = {
        .book = book, .received = received, .arena = &arena, .problem = problem};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_vault_book_judge_at(book, received->moment.position);
    enum cs_status status =
        cs_vault_record_open(received->record, directory_for(book, received->record),
                             &arrival.record, &arrival.author, problem);
    if (status == CS_OK) {
        /* The log, where it is read first, is judged record by record. */
        status = cs_vault_book_log(book, &arrival.record.vault, &arrival.log, problem);
    }
    if (status == CS_OK) {
        cs_vault_book_judge_at(book, received->moment.position);
        status = settle(&arrival);
    }
    cs_vault_book_judge_at(book, UINT64_MAX);
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_received_vault(struct cs_bytes record, struct cs_id *out)
{
    struct cs_vault_record decoded;
    enum cs_status status = cs_vault_record_decode(record, &decoded);
    if (status == CS_OK) {
        *out = decoded.vault;
    }
    return status;
}

enum cs_status cs_vault_receive_recovery(struct cs_vault_book *book, struct cs_bytes statement,
                                         struct cs_problem *problem)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_chain *own = cs_identity_chain_parsed(cs_replica_identity(replica));
    struct cs_vault_recovery recovery;
    struct cs_vault_recovery newest;
    enum cs_status status = cs_vault_recovery_verify(statement, own->root_key, &recovery);
    if (status != CS_OK) {
        return cs_problem_set(problem, status,
                              "what the server calls the recovery key is not the root's: %s",
                              cs_status_text(status));
    }
    status = cs_vault_book_recovery(book, &newest);
    if (status == CS_OK && memcmp(newest.id, recovery.id, CS_HASH_SIZE) == 0) {
        return CS_OK;
    }
    if (status == CS_OK && recovery.number <= newest.number) {
        return cs_problem_set(problem, CS_ROLLED_BACK,
                              "the server shows an older recovery key than before");
    }
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    struct cs_kept_recovery kept = {.number = recovery.number, .statement = statement};
    memcpy(kept.id, recovery.id, CS_HASH_SIZE);
    return cs_kept_recovery_put(replica, &kept);
}
