/* Pages as a whole: checks, scopes, acknowledgements, digests; see apply.h. */
#include "field-client/sync/apply.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/query.h"

#include <string.h>

static bool is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any = (uint8_t)(any | bytes[i]);
    }
    return any == 0;
}

static enum cs_status check_log(struct cs_replica *replica, const struct cs_sync_response *page,
                                struct cs_problem *problem)
{
    uint64_t acknowledged = 0;
    enum cs_status status = cs_outbox_acknowledged(replica, &acknowledged);
    if (status == CS_OK && page->log_sequence < acknowledged) {
        return cs_problem_set(problem, CS_ROLLED_BACK,
                              "the server has lost change-sets it had confirmed; nothing was "
                              "applied, tell the office");
    }
    if (status != CS_OK || page->log_sequence == 0) {
        return status;
    }
    uint8_t hash[CS_HASH_SIZE];
    status = cs_outbox_hash(replica, page->log_sequence, hash);
    if (status == CS_NOT_FOUND ||
        (status == CS_OK && memcmp(hash, page->log_head, CS_HASH_SIZE) != 0)) {
        return cs_problem_set(problem, CS_FORKED,
                              "the server knows change-sets of this device that this device did "
                              "not make: it was copied or restored");
    }
    return status;
}

enum cs_status cs_apply_check(struct cs_replica *replica, const struct cs_apply_known *known,
                              const struct cs_sync_response *page, struct cs_problem *problem)
{
    if (is_zero(page->incarnation, sizeof page->incarnation)) {
        return cs_problem_set(problem, CS_MALFORMED, "the server did not say which one it is");
    }
    if (!is_zero(known->incarnation, sizeof known->incarnation)) {
        if (memcmp(known->incarnation, page->incarnation, sizeof known->incarnation) != 0) {
            return cs_problem_set(problem, CS_ROLLED_BACK,
                                  "the server was restored from a backup; nothing was applied");
        }
        if (page->position < known->position) {
            return cs_problem_set(problem, CS_ROLLED_BACK,
                                  "the server answered with an older state than before; nothing "
                                  "was applied");
        }
    }
    return check_log(replica, page, problem);
}

enum cs_status cs_apply_init(struct cs_apply *apply, struct cs_replica *replica,
                             struct cs_sync_result *result, struct cs_apply_refusals refusals)
{
    *apply = (struct cs_apply){.replica = replica, .result = result, .refusals = refusals};
    cs_arena_init(&apply->arena, CS_MESSAGE_ARENA_MAX);
    return cs_applier_init(&apply->applier, replica);
}

void cs_apply_release(struct cs_apply *apply)
{
    cs_applier_release(&apply->applier);
    cs_arena_release(&apply->arena);
}

/* The page's scopes get local numbers, and its scope sets their packed form. */
static enum cs_status intern_scopes(struct cs_apply *apply)
{
    const struct cs_sync_response *page = apply->page;
    apply->scope_indexes =
        cs_arena_take_array(&apply->arena, page->cursor_count, sizeof *apply->scope_indexes);
    apply->scopes =
        cs_arena_take_array(&apply->arena, page->scope_set_count, sizeof *apply->scopes);
    if (apply->scope_indexes == NULL || apply->scopes == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < page->cursor_count; i++) {
        status =
            cs_applier_scope(&apply->applier, &page->cursors[i].scope, &apply->scope_indexes[i]);
    }
    for (size_t i = 0; status == CS_OK && i < page->scope_set_count; i++) {
        const struct cs_scope_set *set = &page->scope_sets[i];
        for (size_t j = 0; status == CS_OK && j < set->count; j++) {
            status = set->scopes[j] >= page->cursor_count
                         ? CS_MALFORMED
                         : cs_scope_numbers_with(apply->scopes[i],
                                                 apply->scope_indexes[set->scopes[j]] + 1,
                                                 &apply->arena, &apply->scopes[i]);
        }
    }
    return status;
}

/* The page lists all subscriptions: what it does not list has ended. */
static enum cs_status apply_cursors(struct cs_apply *apply)
{
    const struct cs_sync_response *page = apply->page;
    struct cs_applier *applier = &apply->applier;
    size_t scope_count = applier->scope_count;
    bool *listed = cs_arena_take_array(&apply->arena, scope_count, sizeof *listed);
    if (listed == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < page->cursor_count; i++) {
        struct cs_scope_state *state = &applier->scopes[apply->scope_indexes[i]];
        listed[apply->scope_indexes[i]] = true;
        if (!state->subscribed || state->cursor != page->cursors[i].position) {
            state->subscribed = true;
            state->cursor = page->cursors[i].position;
            state->changed = true;
        }
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < scope_count; i++) {
        if (applier->scopes[i].subscribed && !listed[i]) {
            status = cs_applier_lose_scope(applier, i, &apply->result->departed);
        }
    }
    return status;
}

enum cs_status cs_apply_page(struct cs_apply *apply, const struct cs_sync_response *page,
                             struct cs_problem *problem)
{
    cs_arena_release(&apply->arena);
    apply->page = page;
    enum cs_status status = intern_scopes(apply);
    if (status == CS_OK) {
        status = cs_apply_outcomes(apply);
    }
    if (status == CS_OK) {
        status = cs_apply_rows(apply, problem);
    }
    if (status == CS_OK) {
        status = cs_apply_departures(apply);
    }
    return status != CS_OK ? status : apply_cursors(apply);
}

enum cs_status cs_apply_repair(struct cs_apply *apply, const struct cs_sync_response *page,
                               struct cs_problem *problem)
{
    cs_arena_release(&apply->arena);
    apply->page = page;
    enum cs_status status = intern_scopes(apply);
    if (status == CS_OK) {
        status = cs_apply_rows(apply, problem);
    }
    if (status == CS_OK) {
        status = cs_apply_departures(apply);
    }
    return status != CS_OK ? status : cs_applier_finish(&apply->applier);
}

enum cs_status cs_apply_finish(struct cs_apply *apply, const struct cs_sync_response *last)
{
    uint8_t digest[CS_HASH_SIZE];
    enum cs_status status = cs_applier_finish(&apply->applier);
    if (status == CS_OK) {
        status = cs_applier_digest(&apply->applier, digest);
    }
    if (status == CS_OK) {
        bool equal = memcmp(digest, last->digest, CS_HASH_SIZE) == 0;
        apply->result->digest = equal ? CS_SYNC_DIGEST_EQUAL : CS_SYNC_DIGEST_UNEQUAL;
        status =
            cs_query_count(apply->replica, "conflict", "state", "open", &apply->result->conflicts);
    }
    if (status == CS_OK) {
        status =
            cs_replica_meta_set_number(apply->replica, CS_META_POSITION, (int64_t)last->position);
    }
    return status != CS_OK
               ? status
               : cs_replica_note_server(apply->replica, last->incarnation, last->server_time_ms);
}
