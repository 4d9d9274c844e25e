/* Having a password released, see vault_sync.h. */
#include "field-client/sync/vault_sync.h"

#include "field-client/replica/vault_keys.h"
#include "field-client/vault/half.h"
#include "field-client/vault/waiting_key.h"
#include "shared/storage/database.h"

#include <string.h>

struct cs_vault_disclosure {
    struct cs_replica *replica;
    struct cs_id vault;
    uint8_t id[CS_HASH_SIZE];
    struct cs_seal_key *key;
    bool kept; /* sealed, in the replica */
};

void cs_vault_disclosure_end(struct cs_vault_disclosure *disclosure)
{
    if (disclosure != NULL) {
        cs_seal_key_destroy(disclosure->key);
        cs_free(disclosure);
    }
}

const uint8_t *cs_vault_disclosure_id(const struct cs_vault_disclosure *disclosure)
{
    return disclosure->id;
}

bool cs_vault_disclosure_waits(const struct cs_vault_disclosure *disclosure)
{
    return disclosure->kept;
}

/* Request and kept key come to disk together: neither is of use without the other. */
static enum cs_status ask_and_keep(struct cs_vault_disclosure *disclosure,
                                   struct cs_vault_book *book, const struct cs_vault_ask *ask,
                                   struct cs_problem *problem)
{
    struct cs_database *database = cs_replica_database(disclosure->replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status =
        cs_vault_act_ask(book, &disclosure->vault, ask, disclosure->id, &disclosure->key, problem);
    if (status == CS_OK) {
        status = cs_vault_waiting_key_keep(disclosure->replica, &disclosure->vault, ask->kind,
                                           disclosure->id, disclosure->key);
    }
    if (status == CS_OK) {
        disclosure->kept = true;
        return cs_database_commit(database);
    }
    cs_database_rollback(database);
    return status;
}

static enum cs_status ask_for(struct cs_vault_disclosure *disclosure,
                              const struct cs_vault_ask *ask, struct cs_problem *problem)
{
    struct cs_vault_book *book = NULL;
    bool four_eyes = false;
    enum cs_status status = cs_vault_book_open(disclosure->replica, &book);
    if (status == CS_OK) {
        status = cs_vault_act_check_openable(book, &disclosure->vault, ask->versions, &four_eyes,
                                             problem);
    }
    if (status == CS_OK) {
        bool waits = ask->kind == CS_VAULT_EXPORT || (ask->kind == CS_VAULT_REQUEST && four_eyes);
        status = waits ? ask_and_keep(disclosure, book, ask, problem)
                       : cs_vault_act_ask(book, &disclosure->vault, ask, disclosure->id,
                                          &disclosure->key, problem);
    }
    cs_vault_book_close(book);
    return status;
}

enum cs_status cs_vault_disclosure_begin(struct cs_replica *replica, const struct cs_id *vault,
                                         const struct cs_vault_ask *ask,
                                         struct cs_vault_disclosure **out,
                                         struct cs_problem *problem)
{
    struct cs_vault_disclosure *disclosure = cs_alloc_zero(1, sizeof *disclosure);
    if (disclosure == NULL) {
        return CS_NO_MEMORY;
    }
    disclosure->replica = replica;
    disclosure->vault = *vault;
    enum cs_status status = ask_for(disclosure, ask, problem);
    if (status == CS_OK) {
        *out = disclosure;
    } else {
        cs_vault_disclosure_end(disclosure);
    }
    return status;
}

enum cs_status cs_vault_disclosure_resume(struct cs_replica *replica,
                                          const uint8_t request[static CS_HASH_SIZE],
                                          struct cs_vault_disclosure **out,
                                          struct cs_problem *problem)
{
    struct cs_vault_disclosure *disclosure = cs_alloc_zero(1, sizeof *disclosure);
    if (disclosure == NULL) {
        return CS_NO_MEMORY;
    }
    disclosure->replica = replica;
    disclosure->kept = true;
    memcpy(disclosure->id, request, CS_HASH_SIZE);
    enum cs_status status =
        cs_vault_waiting_key_load(replica, request, &disclosure->vault, &disclosure->key, problem);
    if (status == CS_OK) {
        *out = disclosure;
    } else {
        cs_vault_disclosure_end(disclosure);
    }
    return status;
}

enum cs_status cs_vault_disclosure_spend(struct cs_vault_disclosure *disclosure)
{
    if (!disclosure->kept) {
        return CS_OK;
    }
    enum cs_status status = cs_sealed_key_destroy(disclosure->replica, disclosure->id);
    disclosure->kept = status != CS_OK;
    return status;
}

/* What the server has answered, as it was verified when it came. */
struct answer {
    struct cs_vault_record request;
    struct cs_vault_record release;
    struct cs_vault_record approval;
    bool approved;
};

static enum cs_status find_answer(const struct cs_vault_disclosure *disclosure,
                                  struct cs_vault_book *book, struct cs_arena *arena,
                                  struct answer *out)
{
    struct cs_kept_filter filter = {
        .vault = disclosure->vault, .kind = CS_VAULT_RELEASE, .request = disclosure->id};
    enum cs_status status = cs_vault_book_newest(book, &filter, arena, &out->release);
    if (status == CS_OK) {
        status = cs_vault_book_find(book, disclosure->id, arena, &out->request);
    }
    if (status == CS_OK) {
        filter.kind = CS_VAULT_APPROVAL;
        status = cs_vault_book_newest(book, &filter, arena, &out->approval);
        out->approved = status == CS_OK;
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    return status;
}

static enum cs_status open_answer(const struct cs_vault_disclosure *disclosure,
                                  struct cs_vault_book *book, const struct answer *answer,
                                  const struct cs_id *version_id, struct cs_arena *arena,
                                  struct cs_secret **out, struct cs_problem *problem)
{
    struct cs_vault_record version;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_secret *half = NULL;
    const struct cs_vault_holder holder = cs_vault_book_holder(book);
    const struct cs_vault_approver own = {holder.certificate, holder.key};
    const struct cs_vault_answer given = {.request = &answer->request,
                                          .key = disclosure->key,
                                          .release = &answer->release,
                                          .approval = answer->approved ? &answer->approval : NULL,
                                          .own = &own};
    const struct cs_kept_filter filter = {
        .vault = disclosure->vault, .kind = CS_VAULT_VERSION, .version = version_id};
    enum cs_status status = cs_vault_book_newest(book, &filter, arena, &version);
    if (status == CS_OK) {
        status = cs_vault_book_keyring(book, &disclosure->vault, &keyring, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_half_take(&given, &version, &half, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_version_open(keyring, &version, cs_secret_bytes(half), out, problem);
    }
    cs_secret_destroy(half);
    cs_vault_keyring_destroy(keyring);
    return status;
}

/* CS_NOT_FOUND: there is no answer here. */
static enum cs_status try_open(const struct cs_vault_disclosure *disclosure,
                               const struct cs_id *version, struct cs_secret **out,
                               struct cs_problem *problem)
{
    struct cs_arena arena;
    struct answer answer = {.approved = false};
    struct cs_vault_book *book = NULL;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_book_open(disclosure->replica, &book);
    if (status == CS_OK) {
        status = find_answer(disclosure, book, &arena, &answer);
    }
    if (status == CS_OK) {
        status = open_answer(disclosure, book, &answer, version, &arena, out, problem);
        status = status == CS_NOT_FOUND ? CS_INVALID : status;
    }
    cs_vault_book_close(book);
    cs_arena_release(&arena);
    return status;
}

/* The server's refusal of the request, if it refused it. */
static enum cs_status check_refused(const struct cs_vault_disclosure *disclosure,
                                    struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_queued_record queued;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status =
        cs_queued_record_get(disclosure->replica, disclosure->id, &arena, &queued);
    if (status == CS_OK && queued.status != CS_OK) {
        status = cs_problem_set(problem, queued.status, "%.*s", (int)queued.text.size,
                                queued.text.size == 0 ? "" : (const char *)queued.text.data);
    } else if (status == CS_NOT_FOUND) {
        status = CS_OK;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_disclosure_open(struct cs_vault_disclosure *disclosure,
                                        const struct cs_id *version, struct cs_secret **out,
                                        struct cs_problem *problem)
{
    struct cs_vault_sync_result result = {.findings = 0};
    enum cs_status status = try_open(disclosure, version, out, problem);
    if (status != CS_NOT_FOUND) {
        return status;
    }
    status = cs_vault_sync_run(disclosure->replica, &result, problem);
    if (status == CS_OK) {
        status = check_refused(disclosure, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    status = try_open(disclosure, version, out, problem);
    if (status == CS_NOT_FOUND && result.findings > 0) {
        return cs_problem_set(problem, CS_OTHER_HISTORY,
                              "what the server sent of this vault does not hold: see the findings, "
                              "and tell the office");
    }
    return status == CS_NOT_FOUND
               ? cs_problem_set(problem, CS_LOCKED,
                                "the request is logged and waits for somebody else's approval")
               : status;
}
