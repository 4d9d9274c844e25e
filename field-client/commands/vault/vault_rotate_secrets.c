/* The two secrets that a helper needs, see vault_rotate_secrets.h. */
#include "field-client/commands/vault/vault_rotate_secrets.h"

#include "field-client/vault/lease.h"
#include "field-client/vault/waiting.h"

#include <string.h>

void cs_rotate_pair_release(struct cs_rotate_pair *pair)
{
    cs_secret_destroy(pair->old_secret);
    cs_secret_destroy(pair->new_secret);
    pair->old_secret = NULL;
    pair->new_secret = NULL;
}

/* ---- under a lease ---- */

enum cs_status cs_rotate_pair_leased(struct cs_rotate *rotate, const struct cs_rotate_pair *pair,
                                     bool *out)
{
    bool old_leased = false;
    bool new_leased = false;
    enum cs_status status = cs_vault_lease_covers(rotate->work.book, &rotate->vault.vault,
                                                  &pair->old_version->id, &old_leased);
    if (status == CS_OK) {
        status = cs_vault_lease_covers(rotate->work.book, &rotate->vault.vault,
                                       &pair->new_version->id, &new_leased);
    }
    *out = old_leased && new_leased;
    return status;
}

static enum cs_status reveal(struct cs_rotate *rotate, const struct cs_rotate_why *why,
                             const struct cs_vault_field_version *version, struct cs_secret **out)
{
    const struct cs_vault_lease_view view = {.vault = rotate->vault.vault,
                                             .version = version->id,
                                             .reason = why->reason,
                                             .work_order = why->work_order};
    return cs_vault_lease_reveal(rotate->work.book, &view, out, &rotate->work.command->problem);
}

enum cs_status cs_rotate_pair_reveal(struct cs_rotate *rotate, const struct cs_rotate_why *why,
                                     struct cs_rotate_pair *pair)
{
    enum cs_status status = reveal(rotate, why, pair->old_version, &pair->old_secret);
    return status != CS_OK ? status : reveal(rotate, why, pair->new_version, &pair->new_secret);
}

/* ---- by requests ---- */

struct request {
    const struct cs_vault_field_version *version;
    struct cs_secret **out;
    struct cs_vault_disclosure *disclosure;
};

/* The own request for this version that waits already: it is gone on with, so that nobody has to approve twice. */
static enum cs_status find_waiting(struct cs_rotate *rotate, const struct cs_id *version,
                                   uint8_t out[static CS_HASH_SIZE], bool *out_found)
{
    struct cs_arena arena;
    struct cs_vault_waiting *list = NULL;
    size_t count = 0;
    *out_found = false;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_waiting_list(rotate->work.book, &arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        bool own = list[i].state != CS_VAULT_WAITS_FOR_ME &&
                   list[i].state != CS_VAULT_WAITS_REFUSED &&
                   list[i].record.kind == CS_VAULT_REQUEST;
        if (own && cs_bytes_equal(list[i].record.versions, cs_id_bytes(version))) {
            memcpy(out, list[i].record.id, CS_HASH_SIZE);
            *out_found = true;
        }
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status begin(struct cs_rotate *rotate, const struct cs_rotate_why *why,
                            struct request *request)
{
    struct cs_problem *problem = &rotate->work.command->problem;
    uint8_t id[CS_HASH_SIZE];
    bool waits = false;
    enum cs_status status = find_waiting(rotate, &request->version->id, id, &waits);
    if (status == CS_OK && waits) {
        return cs_vault_disclosure_resume(rotate->work.replica, id, &request->disclosure, problem);
    }
    const struct cs_vault_ask ask = {.kind = CS_VAULT_REQUEST,
                                     .versions = cs_id_bytes(&request->version->id),
                                     .reason = why->reason,
                                     .work_order = why->work_order};
    return status != CS_OK ? status
                           : cs_vault_disclosure_begin(rotate->work.replica, &rotate->vault.vault,
                                                       &ask, &request->disclosure, problem);
}

/* What the server refused is told by this command, so it is not told again. */
static void put_refusal_aside(struct cs_rotate *rotate, struct cs_vault_disclosure *disclosure)
{
    struct cs_arena arena;
    struct cs_queued_record queued;
    cs_arena_init(&arena, CS_MEBI);
    if (cs_queued_record_get(rotate->work.replica, cs_vault_disclosure_id(disclosure), &arena,
                             &queued) == CS_OK &&
        queued.status != CS_OK) {
        /* Where that fails it is told once more. */
        (void)!cs_queued_record_remove(rotate->work.replica, queued.id);
        (void)!cs_vault_disclosure_spend(disclosure);
    }
    cs_arena_release(&arena);
}

static enum cs_status open_one(struct cs_rotate *rotate, struct request *request,
                               struct cs_rotate_pair *pair)
{
    enum cs_status status = cs_vault_disclosure_open(request->disclosure, &request->version->id,
                                                     request->out, &rotate->work.command->problem);
    if (status == CS_LOCKED && cs_vault_disclosure_waits(request->disclosure)) {
        memcpy(pair->requests[pair->waiting_count++], cs_vault_disclosure_id(request->disclosure),
               CS_HASH_SIZE);
        return CS_OK;
    }
    if (status != CS_OK) {
        put_refusal_aside(rotate, request->disclosure);
    }
    return status;
}

/* Both or none: what is kept to open an answer later goes only when both are here. */
static enum cs_status open_both(struct cs_rotate *rotate, struct request requests[static 2],
                                struct cs_rotate_pair *pair)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < 2; i++) {
        status = open_one(rotate, &requests[i], pair);
    }
    if (status == CS_OK && pair->waiting_count > 0) {
        return cs_problem_set(&rotate->work.command->problem, CS_LOCKED,
                              "the requests wait for somebody else's approval");
    }
    for (size_t i = 0; status == CS_OK && i < 2; i++) {
        status = cs_vault_disclosure_spend(requests[i].disclosure);
    }
    return status;
}

enum cs_status cs_rotate_pair_ask(struct cs_rotate *rotate, const struct cs_rotate_why *why,
                                  struct cs_rotate_pair *pair)
{
    struct request requests[2] = {{pair->old_version, &pair->old_secret, NULL},
                                  {pair->new_version, &pair->new_secret, NULL}};
    pair->waiting_count = 0;
    enum cs_status status = begin(rotate, why, &requests[0]);
    if (status == CS_OK) {
        status = begin(rotate, why, &requests[1]);
    }
    cs_vault_book_close(rotate->work.book);
    rotate->work.book = NULL;
    if (status == CS_OK) {
        status = open_both(rotate, requests, pair);
    }
    cs_vault_disclosure_end(requests[0].disclosure);
    cs_vault_disclosure_end(requests[1].disclosure);
    if (status != CS_OK) {
        cs_rotate_pair_release(pair);
    }
    enum cs_status opened = cs_vault_book_open(rotate->work.replica, &rotate->work.book);
    return status != CS_OK ? status : opened;
}
