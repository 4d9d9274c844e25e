/* Changes of a vault's members, signed one upon the other; see draft.h. */
#include "field-client/vault/draft.h"

#include "field-client/vault/due.h"

#include <string.h>

#define RECORDS_MAX (CS_RECORD_MAX + CS_KIBI)
#define QUEUED_MAX ((size_t)65536)

struct drafted {
    struct cs_bytes record;
    uint8_t id[CS_HASH_SIZE];
};

struct cs_vault_draft {
    struct cs_vault_book *book;
    struct cs_vault_log *log; /* with the drafted records */
    struct cs_arena arena;
    struct drafted *list;
    size_t count;
    size_t capacity;
    struct cs_secret
        *key; /* of the newest epoch of the log; NULL: not looked for yet, or not had */
    const struct cs_vault_keyring *lent; /* NULL: what this device's grant opens */
    int64_t now_ms;
};

static const struct cs_world *world_of(const struct cs_vault_draft *draft)
{
    return cs_replica_world(cs_vault_book_replica(draft->book));
}

/* ---- what waits already ---- */

/* Does it go on from the log, at `position` with this head? */
static bool goes_on(const struct cs_vault_log *log, const struct cs_vault_record *record)
{
    uint8_t head[CS_HASH_SIZE];
    uint64_t length = cs_vault_log_position(log);
    cs_vault_log_head(log, length, head);
    return (uint64_t)record->position == length && memcmp(record->head, head, sizeof head) == 0;
}

/* The first that waits says it: the others were signed upon it. */
static enum cs_status look_at_waiting(struct cs_vault_draft *draft, bool *out_valid)
{
    struct cs_arena arena;
    struct cs_queued_record *waiting = NULL;
    struct cs_replica *replica = cs_vault_book_replica(draft->book);
    size_t count = 0;
    bool first = true;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_queued_records(replica, false, QUEUED_MAX, &arena, &waiting, &count);
    *out_valid = false;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_vault_record record;
        status = cs_vault_record_decode(waiting[i].record, &record);
        if (status != CS_OK || record.kind > CS_VAULT_WITHDRAWAL ||
            !cs_id_equal(&record.vault, cs_vault_log_vault(draft->log))) {
            continue;
        }
        *out_valid = *out_valid || (first && goes_on(draft->log, &record));
        first = false;
        if (!*out_valid) {
            status = cs_queued_record_remove(replica, waiting[i].id);
        }
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_draft_begin(struct cs_vault_book *book, const struct cs_id *vault,
                                    struct cs_vault_draft **out, struct cs_problem *problem)
{
    bool waits = false;
    struct cs_vault_draft *draft = cs_alloc_zero(1, sizeof *draft);
    if (draft == NULL) {
        return CS_NO_MEMORY;
    }
    draft->book = book;
    cs_arena_init(&draft->arena, CS_MESSAGE_ARENA_MAX);
    draft->now_ms = world_of(draft)->wall_ms(world_of(draft)->context);
    enum cs_status status = cs_vault_book_replay(book, vault, &draft->log, problem);
    if (status == CS_OK) {
        status = look_at_waiting(draft, &waits);
    }
    if (status == CS_OK && waits) {
        status = cs_problem_set(problem, CS_BUSY,
                                "a change of this vault's members waits to be sent: sync first");
    }
    if (status == CS_OK) {
        *out = draft;
    } else {
        cs_vault_draft_end(draft);
    }
    return status;
}

void cs_vault_draft_end(struct cs_vault_draft *draft)
{
    if (draft != NULL) {
        cs_vault_log_destroy(draft->log);
        cs_secret_destroy(draft->key);
        cs_arena_release(&draft->arena);
        cs_free(draft);
    }
}

void cs_vault_draft_use(struct cs_vault_draft *draft, const struct cs_vault_keyring *keyring)
{
    draft->lent = keyring;
}

const struct cs_vault_log *cs_vault_draft_log(const struct cs_vault_draft *draft)
{
    return draft->log;
}

size_t cs_vault_draft_count(const struct cs_vault_draft *draft)
{
    return draft->count;
}

const uint8_t *cs_vault_draft_id(const struct cs_vault_draft *draft, size_t index)
{
    cs_require(index < draft->count);
    return draft->list[index].id;
}

/* ---- one record ---- */

static enum cs_status add(struct cs_vault_draft *draft, struct cs_bytes bytes,
                          struct cs_problem *problem)
{
    struct drafted *list =
        cs_arena_grow(&draft->arena, draft->list, draft->count, &draft->capacity, sizeof *list);
    if (list == NULL) {
        return CS_NO_MEMORY;
    }
    draft->list = list;
    struct drafted *next = &list[draft->count];
    enum cs_status status = cs_arena_copy(&draft->arena, bytes, &next->record);
    if (status == CS_OK) {
        status = cs_vault_log_append(draft->log, next->record, cs_vault_book_directory(draft->book),
                                     draft->now_ms, problem);
    }
    if (status == CS_OK) {
        cs_vault_log_head(draft->log, cs_vault_log_position(draft->log), next->id);
        draft->count++;
    }
    return status;
}

static enum cs_status add_signed(struct cs_vault_draft *draft, struct cs_vault_record *record,
                                 struct cs_problem *problem)
{
    struct cs_buffer bytes;
    struct cs_evidence_signer signer;
    cs_buffer_init(&bytes, RECORDS_MAX);
    cs_vault_book_signer(draft->book, &signer);
    enum cs_status status = cs_vault_record_encode(record, signer.key, &bytes);
    if (status == CS_OK) {
        status = add(draft, cs_buffer_bytes(&bytes), problem);
    }
    cs_buffer_release(&bytes);
    return status;
}

enum cs_status cs_vault_draft_create(struct cs_vault_draft *draft, const struct cs_id *project,
                                     struct cs_problem *problem)
{
    struct cs_vault_record record;
    struct cs_evidence_signer signer;
    cs_vault_book_signer(draft->book, &signer);
    cs_vault_log_begin(draft->log, &signer, CS_VAULT_CREATION, &record);
    record.project = *project;
    return add_signed(draft, &record, problem);
}

enum cs_status cs_vault_draft_withdraw(struct cs_vault_draft *draft,
                                       const uint8_t recipient[static CS_HASH_SIZE],
                                       struct cs_bytes reason, struct cs_problem *problem)
{
    struct cs_vault_record record;
    struct cs_evidence_signer signer;
    cs_vault_book_signer(draft->book, &signer);
    cs_vault_log_begin(draft->log, &signer, CS_VAULT_WITHDRAWAL, &record);
    memcpy(record.recipient, recipient, CS_HASH_SIZE);
    record.reason = reason;
    return add_signed(draft, &record, problem);
}

static enum cs_status newest_recovery(struct cs_vault_draft *draft, struct cs_vault_recovery *out,
                                      struct cs_problem *problem)
{
    enum cs_status status = cs_vault_book_recovery(draft->book, out);
    return status == CS_NOT_FOUND
               ? cs_problem_set(problem, status,
                                "there is no recovery key yet: it has to be made first, with "
                                "countersign vault recovery make on the organisation's first "
                                "device")
               : status;
}

/* The keys of the vault before the draft: lent, or opened and owned by the caller. */
static enum cs_status open_keys(struct cs_vault_draft *draft, struct cs_vault_keyring **out_owned,
                                const struct cs_vault_keyring **out, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    if (draft->lent == NULL) {
        status =
            cs_vault_book_keyring(draft->book, cs_vault_log_vault(draft->log), out_owned, problem);
    }
    if (status == CS_OK) {
        *out = draft->lent == NULL ? *out_owned : draft->lent;
    }
    return status;
}

enum cs_status cs_vault_draft_epoch(struct cs_vault_draft *draft, bool four_eyes,
                                    struct cs_problem *problem)
{
    struct cs_evidence_signer signer;
    struct cs_vault_recovery recovery;
    struct cs_vault_keyring *owned = NULL;
    const struct cs_vault_keyring *keyring = NULL;
    struct cs_secret *key = NULL;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, RECORDS_MAX);
    cs_vault_book_signer(draft->book, &signer);
    enum cs_status status = newest_recovery(draft, &recovery, problem);
    if (status == CS_OK && cs_vault_log_epoch(draft->log, 1) != NULL) {
        status = open_keys(draft, &owned, &keyring, problem);
    }
    if (status == CS_OK) {
        const struct cs_vault_epoch_terms terms = {&recovery, keyring, four_eyes};
        status = cs_vault_epoch_sign(world_of(draft), draft->log, &signer, &terms, &bytes, &key);
    }
    if (status == CS_OK) {
        status = add(draft, cs_buffer_bytes(&bytes), problem);
    }
    cs_buffer_release(&bytes);
    cs_vault_keyring_destroy(owned);
    if (status == CS_OK) {
        cs_secret_destroy(draft->key);
        draft->key = key;
    } else {
        cs_secret_destroy(key);
    }
    return status;
}

/* The newest epoch's key, drafted just now or had by this device. */
static enum cs_status find_key(struct cs_vault_draft *draft, struct cs_problem *problem)
{
    struct cs_vault_keyring *owned = NULL;
    const struct cs_vault_keyring *keyring = NULL;
    const struct cs_vault_epoch *epoch =
        cs_vault_log_epoch_at(draft->log, cs_vault_log_position(draft->log));
    if (epoch == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND, "the vault has no key yet");
    }
    if (draft->key != NULL) {
        return CS_OK;
    }
    enum cs_status status = open_keys(draft, &owned, &keyring, problem);
    if (status == CS_OK) {
        struct cs_bytes key = cs_vault_keyring_key(keyring, epoch->number, CS_VAULT_CLASS_KEY);
        status = key.size == 0
                     ? cs_problem_set(problem, CS_LOCKED,
                                      "this device does not have the newest key of the vault: "
                                      "another officer has to grant it")
                     : cs_secret_create_copy(key, &draft->key);
    }
    cs_vault_keyring_destroy(owned);
    return status;
}

enum cs_status cs_vault_draft_grant(struct cs_vault_draft *draft,
                                    const uint8_t recipient[static CS_HASH_SIZE], int64_t rights,
                                    int64_t expires_ms, struct cs_problem *problem)
{
    const struct cs_vault_directory *directory = cs_vault_book_directory(draft->book);
    struct cs_evidence_signer signer;
    struct cs_vault_grant_terms terms = {.rights = rights, .expires_ms = expires_ms};
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, RECORDS_MAX);
    cs_vault_book_signer(draft->book, &signer);
    enum cs_status status = directory->find(directory->context, recipient, &terms.recipient);
    if (status == CS_OK) {
        status = find_key(draft, problem);
    }
    if (status == CS_OK) {
        terms.key = cs_secret_bytes(draft->key);
        status = cs_vault_grant_sign(world_of(draft), draft->log, &signer, &terms, &bytes);
    }
    if (status == CS_OK) {
        status = add(draft, cs_buffer_bytes(&bytes), problem);
    }
    cs_buffer_release(&bytes);
    return status;
}

/* ---- what is due ---- */

static enum cs_status withdraw_revoked(struct cs_vault_draft *draft,
                                       const struct cs_vault_standing_grant *grants, size_t count,
                                       struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (grants[i].revoked) {
            status = cs_vault_draft_withdraw(draft, grants[i].grant.recipient,
                                             cs_bytes_of_text("the device was revoked"), problem);
        }
    }
    return status;
}

static enum cs_status renew(struct cs_vault_draft *draft,
                            const struct cs_vault_standing_grant *grants, size_t count, bool own,
                            struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    const struct cs_vault_holder self = cs_vault_book_holder(draft->book);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_vault_grant *grant = &grants[i].grant;
        bool mine = memcmp(grant->recipient, self.certificate, CS_HASH_SIZE) == 0;
        if (mine == own && grants[i].lacks && !grants[i].revoked && !grants[i].expired) {
            status = cs_vault_draft_grant(draft, grant->recipient, grant->rights, grant->expires_ms,
                                          problem);
        }
    }
    return status;
}

/* The own grant comes first: the key it holds can be opened again, whatever happens behind it. */
static enum cs_status renew_all(struct cs_vault_draft *draft, struct cs_arena *arena,
                                struct cs_problem *problem)
{
    struct cs_vault_standing_grant *grants = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_due_grants(draft->book, draft->log, arena, &grants, &count);
    if (status == CS_OK) {
        status = renew(draft, grants, count, true, problem);
    }
    return status != CS_OK ? status : renew(draft, grants, count, false, problem);
}

static bool wants_epoch(const struct cs_vault_epoch *epoch, const struct cs_vault_due *due,
                        const struct cs_vault_settlement *settlement)
{
    bool changes = settlement->decide_four_eyes &&
                   (epoch == NULL || epoch->four_eyes != settlement->four_eyes);
    return settlement->always || changes || cs_vault_due_epoch(due);
}

enum cs_status cs_vault_draft_settle(struct cs_vault_draft *draft,
                                     const struct cs_vault_settlement *settlement,
                                     struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_vault_standing_grant *grants = NULL;
    size_t count = 0;
    struct cs_vault_due due;
    const struct cs_vault_epoch *epoch =
        cs_vault_log_epoch_at(draft->log, cs_vault_log_position(draft->log));
    bool four_eyes =
        settlement->decide_four_eyes ? settlement->four_eyes : epoch != NULL && epoch->four_eyes;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_due_of(draft->book, draft->log, &due);
    bool new_epoch = status == CS_OK && wants_epoch(epoch, &due, settlement);
    if (status == CS_OK) {
        status = cs_vault_due_grants(draft->book, draft->log, &arena, &grants, &count);
    }
    if (status == CS_OK && epoch != NULL) {
        status = withdraw_revoked(draft, grants, count, problem);
    }
    if (status == CS_OK && new_epoch) {
        status = cs_vault_draft_epoch(draft, four_eyes, problem);
    }
    if (status == CS_OK) {
        status = renew_all(draft, &arena, problem);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- the queue ---- */

enum cs_status cs_vault_draft_queue(struct cs_vault_draft *draft)
{
    struct cs_database *database = cs_replica_database(cs_vault_book_replica(draft->book));
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = 0; status == CS_OK && i < draft->count; i++) {
        status = cs_vault_book_queue(draft->book, draft->list[i].record, NULL);
    }
    if (status == CS_OK) {
        return cs_database_commit(database);
    }
    cs_database_rollback(database);
    return status;
}
