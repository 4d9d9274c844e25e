/* Vaults with the server, page by page, see vault_sync.h. */
#include "field-client/sync/vault_sync.h"

#include "field-client/sync/vault_exchange.h"
#include "field-client/sync/vault_news.h"
#include "field-client/vault/lease.h"
#include "field-client/vault/receive.h"
#include "shared/evidence/leaf.h"

#include <string.h>

/* Exchanges of one run at most. */
#define ROUNDS_MAX 1000
/* Records that are sent at once have about so many bytes. */
#define SENT_BYTES_MAX (4 * CS_MEBI)
/* Nothing of a vault is wanted any more in this run. */
#define NOTHING_MORE ((uint64_t)INT64_MAX)

/* A vault in which something did not hold: the rest of it is left for the next run. */
struct stopped {
    struct stopped *next;
    struct cs_vault_cursor cursor;
};

struct run {
    struct cs_replica *replica;
    struct cs_vault_book *book;
    struct cs_vault_sync_result *result;
    struct cs_arena arena; /* of the run */
    struct stopped *stopped;
    bool waits; /* records stay in the queue: no more are sent in this run */
    bool lacks; /* a device is not known here yet */
    struct cs_problem *problem;
};

/* ---- findings ---- */

static struct stopped *find_stopped(const struct run *run, const struct cs_id *vault)
{
    struct stopped *stopped = run->stopped;
    while (stopped != NULL && !cs_id_equal(&stopped->cursor.vault, vault)) {
        stopped = stopped->next;
    }
    return stopped;
}

static enum cs_status stop(struct run *run, const struct cs_id *vault)
{
    struct stopped *stopped = find_stopped(run, vault);
    if (stopped == NULL) {
        stopped = cs_arena_take(&run->arena, sizeof *stopped);
        if (stopped == NULL) {
            return CS_NO_MEMORY;
        }
        stopped->cursor = (struct cs_vault_cursor){.vault = *vault};
        stopped->next = run->stopped;
        run->stopped = stopped;
    }
    return CS_OK;
}

/* Something does not hold: a note for people, and no more of that vault. A failure of this machine is returned. */
static enum cs_status note(struct run *run, const struct cs_id *vault, enum cs_status status,
                           const struct cs_problem *problem)
{
    if (cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    if (status == CS_UNKNOWN_DEVICE) {
        run->lacks = true; /* its row comes with the next sync */
        return stop(run, vault);
    }
    const char *text = problem->text[0] != '\0' ? problem->text : cs_status_text(status);
    run->result->findings++;
    enum cs_status noted =
        cs_vault_finding_put(run->replica, vault, status, cs_bytes_of_text(text));
    return noted != CS_OK ? noted : stop(run, vault);
}

/* ---- what comes ---- */

static enum cs_status check_leaf(const struct cs_vault_page *page, const struct cs_leaf *leaf,
                                 uint64_t number, struct cs_bytes path, struct cs_problem *problem)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_leaf_hash(leaf, hash);
    enum cs_status status = cs_merkle_verify_inclusion(hash, number, page->log.checkpoint.size,
                                                       path, page->log.checkpoint.root);
    return status == CS_OK ? CS_OK
                           : cs_problem_set(problem, CS_OTHER_HISTORY,
                                            "a record of a vault is not in the server's evidence "
                                            "log as it was sent");
}

static enum cs_status take_recoveries(struct run *run, const struct cs_vault_page *page)
{
    static const struct cs_id nowhere;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < page->response.recovery_count; i++) {
        const struct cs_vault_recovery_fed *fed = &page->response.recoveries[i];
        struct cs_problem problem = {""};
        struct cs_vault_recovery recovery;
        struct cs_leaf_moment moment = {.position = 0};
        struct cs_leaf leaf;
        status = cs_vault_recovery_decode(fed->statement, &recovery);
        if (status == CS_OK) {
            moment.log_position = recovery.number;
            cs_leaf_vault(&nowhere, &moment, fed->statement, &leaf);
            status = check_leaf(page, &leaf, fed->leaf, fed->path, &problem);
        }
        if (status == CS_OK) {
            status = cs_vault_receive_recovery(run->book, fed->statement, &problem);
        }
        if (status != CS_OK) {
            status = note(run, &nowhere, status, &problem);
        }
    }
    return status;
}

static enum cs_status take_record(struct run *run, const struct cs_vault_page *page,
                                  const struct cs_vault_fed *fed)
{
    struct cs_problem problem = {""};
    struct cs_id vault;
    struct cs_leaf leaf;
    const struct cs_vault_received received = {
        .feed = fed->feed,
        .moment = {fed->position, fed->log_position, fed->logged_ms},
        .record = fed->record};
    enum cs_status status = cs_vault_received_vault(fed->record, &vault);
    if (status != CS_OK) {
        static const struct cs_id nowhere;
        return note(run, &nowhere, status, &problem);
    }
    if (find_stopped(run, &vault) != NULL) {
        return CS_OK;
    }
    cs_leaf_vault(&vault, &received.moment, fed->record, &leaf);
    status = check_leaf(page, &leaf, fed->leaf, fed->path, &problem);
    if (status == CS_OK) {
        status = cs_vault_receive(run->book, &received, &problem);
    }
    if (status == CS_OK) {
        run->result->received++;
        return CS_OK;
    }
    return note(run, &vault, status, &problem);
}

/* The log as it is verified now: what comes later is measured by it. */
static enum cs_status keep_log(struct run *run, const struct cs_id *vault,
                               struct cs_kept_vault *kept)
{
    struct cs_problem problem = {""};
    struct cs_vault_log *log = NULL;
    *kept = (struct cs_kept_vault){.vault = *vault};
    enum cs_status status = cs_kept_vault_get(run->replica, vault, kept);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    status = cs_vault_book_log(run->book, vault, &log, &problem);
    if (status != CS_OK) {
        return note(run, vault, status, &problem);
    }
    kept->length = cs_vault_log_position(log);
    cs_vault_log_head(log, kept->length, kept->head);
    return cs_kept_vault_put(run->replica, kept);
}

static enum cs_status keep_logs(struct run *run, const struct cs_vault_page *page)
{
    enum cs_status status = CS_OK;
    struct cs_id last = {{0}};
    for (size_t i = 0; status == CS_OK && i < page->response.record_count; i++) {
        struct cs_id vault;
        struct cs_kept_vault kept;
        if (cs_vault_received_vault(page->response.records[i].record, &vault) == CS_OK &&
            !cs_id_equal(&vault, &last)) {
            status = keep_log(run, &vault, &kept);
            last = vault;
        }
    }
    return status;
}

/* The server's log is not shorter than what was seen of it, nor another one; and all of it was sent. */
static enum cs_status compare_log(const struct cs_vault_standing *standing,
                                  const struct cs_kept_vault *kept, bool complete,
                                  struct cs_problem *problem)
{
    if (standing->cursor.log_length < kept->length) {
        return cs_problem_set(
            problem, CS_ROLLED_BACK, "the server's log of a vault has %llu records and had %llu",
            (unsigned long long)standing->cursor.log_length, (unsigned long long)kept->length);
    }
    if (standing->cursor.log_length == kept->length) {
        return memcmp(standing->head, kept->head, CS_HASH_SIZE) == 0
                   ? CS_OK
                   : cs_problem_set(problem, CS_OTHER_HISTORY,
                                    "the server's log of a vault is another one than was shown");
    }
    return complete ? cs_problem_set(problem, CS_GAP,
                                     "the server did not send all of a vault's log: %llu of %llu "
                                     "records",
                                     (unsigned long long)kept->length,
                                     (unsigned long long)standing->cursor.log_length)
                    : CS_OK;
}

static enum cs_status take_standing(struct run *run, const struct cs_vault_standing *standing,
                                    bool complete)
{
    struct cs_problem problem = {""};
    struct cs_kept_vault kept;
    const struct cs_id *vault = &standing->cursor.vault;
    enum cs_status status = keep_log(run, vault, &kept);
    struct stopped *stopped = find_stopped(run, vault);
    if (status != CS_OK) {
        return status;
    }
    if (stopped == NULL && standing->cursor.level >= CS_VAULT_LEVEL_MEMBER) {
        status = compare_log(standing, &kept, complete, &problem);
        if (status != CS_OK) {
            status = note(run, vault, status, &problem);
            stopped = find_stopped(run, vault);
        }
    }
    if (status != CS_OK || stopped != NULL) {
        if (stopped != NULL) {
            stopped->cursor.level = standing->cursor.level;
            stopped->cursor.log_length = standing->cursor.log_length;
        }
        return status;
    }
    kept.level = standing->cursor.level;
    kept.through = standing->cursor.through;
    status = cs_kept_vault_put(run->replica, &kept);
    return status != CS_OK || kept.level >= CS_VAULT_LEVEL_MEMBER
               ? status
               : cs_kept_vault_empty(run->replica, vault);
}

/* ---- what was sent ---- */

static enum cs_status take_outcome(struct run *run, const struct cs_queued_record *queued,
                                   const struct cs_vault_outcome *outcome)
{
    if (outcome->status == CS_OK || outcome->status == CS_EXISTS) {
        run->result->sent++;
        return cs_queued_record_remove(run->replica, queued->id);
    }
    if (cs_status_class(outcome->status) == CS_CLASS_LATER && outcome->status != CS_OUTDATED) {
        run->waits = true;
        return CS_OK;
    }
    run->result->refused++;
    return cs_queued_record_refuse(run->replica, queued->id, outcome->status, outcome->text);
}

static enum cs_status take_page(struct run *run, const struct cs_vault_page *page,
                                const struct cs_queued_record *queued, size_t queued_count)
{
    const struct cs_vault_response *response = &page->response;
    enum cs_status status = response->outcome_count == queued_count ? CS_OK : CS_MALFORMED;
    cs_require(queued != NULL || queued_count == 0);
    for (size_t i = 0; status == CS_OK && i < queued_count; i++) {
        status = take_outcome(run, &queued[i], &response->outcomes[i]);
    }
    if (status == CS_OK) {
        status = take_recoveries(run, page);
    }
    for (size_t i = 0; status == CS_OK && i < response->record_count; i++) {
        status = take_record(run, page, &response->records[i]);
    }
    if (status == CS_OK) {
        status = keep_logs(run, page);
    }
    for (size_t i = 0; status == CS_OK && i < response->standing_count; i++) {
        status = take_standing(run, &response->standings[i], response->last);
    }
    return status != CS_OK ? status : cs_log_state_save(run->replica, &page->log);
}

static enum cs_status apply(struct run *run, const struct cs_vault_page *page,
                            const struct cs_queued_record *queued, size_t queued_count)
{
    struct cs_database *database = cs_replica_database(run->replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = take_page(run, page, queued, queued_count);
    if (status == CS_OK && page->response.last && run->stopped == NULL) {
        status = cs_vault_news_checked(run->replica, page->log.checkpoint.size);
    }
    if (status == CS_OK) {
        return cs_database_commit(database);
    }
    cs_database_rollback(database);
    return status;
}

/* ---- requests ---- */

static int by_vault(const struct cs_vault_cursor *a, const struct cs_vault_cursor *b)
{
    return memcmp(a->vault.bytes, b->vault.bytes, CS_ID_SIZE);
}

static void insert_cursor(struct cs_vault_request *request, const struct cs_vault_cursor *cursor)
{
    size_t at = request->cursor_count++;
    while (at > 0 && by_vault(&request->cursors[at - 1], cursor) > 0) {
        request->cursors[at] = request->cursors[at - 1];
        at--;
    }
    request->cursors[at] = *cursor;
}

static enum cs_status list_cursors(const struct run *run, struct cs_arena *arena,
                                   struct cs_vault_request *request)
{
    struct cs_kept_vault *kept = NULL;
    size_t count = 0;
    size_t stopped_count = 0;
    for (const struct stopped *stopped = run->stopped; stopped != NULL; stopped = stopped->next) {
        stopped_count++;
    }
    enum cs_status status = cs_kept_vaults(run->replica, arena, &kept, &count);
    if (status == CS_OK) {
        request->cursors =
            cs_arena_take_array(arena, count + stopped_count, sizeof *request->cursors);
        status = request->cursors == NULL ? CS_NO_MEMORY : CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (find_stopped(run, &kept[i].vault) == NULL) {
            const struct cs_vault_cursor cursor = {
                .vault = kept[i].vault,
                .level = (enum cs_vault_level)kept[i].level,
                .through = kept[i].through,
                .log_length = kept[i].level >= CS_VAULT_LEVEL_MEMBER ? kept[i].length : 0};
            insert_cursor(request, &cursor);
        }
    }
    for (const struct stopped *stopped = run->stopped; status == CS_OK && stopped != NULL;
         stopped = stopped->next) {
        struct cs_vault_cursor cursor = stopped->cursor;
        cursor.through = NOTHING_MORE;
        insert_cursor(request, &cursor);
    }
    return status;
}

static enum cs_status list_queue(const struct run *run, struct cs_arena *arena,
                                 struct cs_vault_request *request, struct cs_queued_record **out)
{
    size_t count = 0;
    size_t bytes = 0;
    struct cs_queued_record *queued = NULL;
    enum cs_status status = CS_OK;
    if (!run->waits) {
        status = cs_queued_records(run->replica, false, CS_VAULT_RECORDS_PER_REQUEST_MAX, arena,
                                   &queued, &count);
    }
    request->records = cs_arena_take_array(arena, count, sizeof *request->records);
    if (status != CS_OK || request->records == NULL) {
        return status != CS_OK ? status : CS_NO_MEMORY;
    }
    while (request->record_count < count && bytes < SENT_BYTES_MAX) {
        struct cs_bytes record = queued[request->record_count].record;
        request->records[request->record_count++] = record;
        bytes += record.size;
    }
    *out = queued;
    return CS_OK;
}

/* One exchange; *out_more: another one is needed. */
static enum cs_status round_trip(struct run *run, struct cs_bytes statement, bool *out_more)
{
    struct cs_arena arena;
    struct cs_arena page_arena;
    struct cs_kept_recovery newest;
    struct cs_queued_record *queued = NULL;
    struct cs_vault_page page;
    struct cs_vault_request request = {.statement = statement};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_arena_init(&page_arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_kept_recovery_get(run->replica, NULL, &arena, &newest);
    request.recovery = status == CS_OK ? newest.number : 0;
    status = status == CS_NOT_FOUND ? CS_OK : status;
    if (status == CS_OK) {
        status = list_cursors(run, &arena, &request);
    }
    if (status == CS_OK) {
        status = list_queue(run, &arena, &request, &queued);
    }
    if (status == CS_OK) {
        status = cs_vault_exchange(run->replica, &request, &page_arena, &page, run->result,
                                   run->problem);
    }
    if (status == CS_OK) {
        status = apply(run, &page, queued, request.record_count);
    }
    if (status == CS_OK && statement.size > 0 && page.response.entered.status != CS_OK &&
        page.response.entered.status != CS_EXISTS) {
        const struct cs_vault_outcome *entered = &page.response.entered;
        status = cs_problem_set(run->problem, entered->status, "%.*s", (int)entered->text.size,
                                entered->text.size == 0 ? "" : (const char *)entered->text.data);
    }
    if (status == CS_OK) {
        *out_more = !page.response.last || (request.record_count > 0 && !run->waits);
    }
    cs_arena_release(&arena);
    cs_arena_release(&page_arena);
    return status;
}

/* ---- the run ---- */

static enum cs_status run_all(struct cs_replica *replica, struct cs_bytes statement,
                              struct cs_vault_sync_result *out, struct cs_problem *problem)
{
    struct run run = {.replica = replica, .result = out, .problem = problem};
    bool more = true;
    *out = (struct cs_vault_sync_result){.sent = 0};
    cs_arena_init(&run.arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_news_follow(replica);
    if (status == CS_OK) {
        status = cs_queued_records_try_again(replica);
    }
    if (status == CS_OK) {
        status = cs_vault_book_open(replica, &run.book);
    }
    for (unsigned round = 0; status == CS_OK && more; round++) {
        status = round == ROUNDS_MAX ? CS_LIMIT : round_trip(&run, statement, &more);
        statement = CS_BYTES_NONE;
    }
    cs_vault_book_close(run.book);
    cs_arena_release(&run.arena);
    return status == CS_OK && run.lacks
               ? cs_problem_set(problem, CS_UNKNOWN_DEVICE,
                                "a record of a vault is by a device that is not known here: sync, "
                                "and again")
               : status;
}

enum cs_status cs_vault_sync_run(struct cs_replica *replica, struct cs_vault_sync_result *out,
                                 struct cs_problem *problem)
{
    struct cs_vault_settled settled;
    enum cs_status status = cs_vault_leases_settle(replica, &settled);
    if (status != CS_OK) {
        return status;
    }
    status = run_all(replica, CS_BYTES_NONE, out, problem);
    enum cs_status after = cs_vault_leases_settle(replica, &settled);
    return status != CS_OK ? status : after;
}

enum cs_status cs_vault_last_words(struct cs_replica *replica, struct cs_vault_sync_result *out)
{
    struct cs_arena arena;
    struct cs_vault_settled settled;
    struct cs_queued_record *queued = NULL;
    struct cs_problem ignored = {""};
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    *out = (struct cs_vault_sync_result){.sent = 0};
    enum cs_status status = cs_vault_leases_settle(replica, &settled);
    if (status == CS_OK) {
        status = cs_queued_records(replica, false, 1, &arena, &queued, &count);
    }
    if (status == CS_OK && count > 0) {
        status = cs_vault_sync_run(replica, out, &ignored);
        status = cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_send_recovery(struct cs_replica *replica, struct cs_bytes statement,
                                      struct cs_problem *problem)
{
    struct cs_vault_sync_result result;
    return run_all(replica, statement, &result, problem);
}
