/* Ending what waits, see waiting_end.h. */
#include "field-client/vault/waiting_end.h"

#include "field-client/replica/vault_keys.h"
#include "field-client/vault/lease_internal.h"
#include "shared/storage/database.h"

/* ---- in time ---- */

/* Logged, not answered, and over. */
static enum cs_status is_over(struct cs_vault_book *book, const struct cs_sealed_key *key,
                              struct cs_arena *arena, bool *out)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_world *world = cs_replica_world(replica);
    struct cs_kept_record kept;
    struct cs_kept_record release;
    struct cs_vault_record request;
    const struct cs_kept_filter filter = {
        .vault = key->vault, .kind = CS_VAULT_RELEASE, .request = key->record};
    enum cs_status status = cs_kept_record_get(replica, key->record, arena, &kept);
    *out = false;
    if (status == CS_OK) {
        status = cs_kept_record_newest(replica, &filter, arena, &release);
        if (status == CS_OK) {
            return CS_OK;
        }
        status = status == CS_NOT_FOUND ? cs_vault_record_decode(kept.record, &request) : status;
    }
    if (status == CS_OK) {
        *out = world->wall_ms(world->context) >=
               cs_vault_waiting_ends_ms(&request, kept.moment.logged_ms);
    }
    return status == CS_NOT_FOUND ? CS_OK : status; /* it waits to be sent */
}

static enum cs_status settle_kind(struct cs_vault_book *book, enum cs_vault_kind kind,
                                  struct cs_arena *arena, size_t *over)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_sealed_key *keys = NULL;
    size_t count = 0;
    enum cs_status status = cs_sealed_keys(replica, kind, arena, &keys, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        bool ends = false;
        status = is_over(book, &keys[i], arena, &ends);
        if (status == CS_OK && ends) {
            status = cs_sealed_key_destroy(replica, keys[i].record);
            *over += status == CS_OK ? 1 : 0;
        }
    }
    return status;
}

enum cs_status cs_vault_waiting_settle(struct cs_vault_book *book, size_t *out_over)
{
    struct cs_arena arena;
    size_t over = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = settle_kind(book, CS_VAULT_REQUEST, &arena, &over);
    if (status == CS_OK) {
        status = settle_kind(book, CS_VAULT_EXPORT, &arena, &over);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out_over = over;
    }
    return status;
}

/* ---- given up ---- */

/* What the server has not taken leaves the queue; of what it has it is told. */
static enum cs_status tell_or_take_back(struct cs_vault_book *book,
                                        const struct cs_vault_waiting *waiting)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_arena arena;
    struct cs_queued_record queued;
    if (waiting->state == CS_VAULT_WAITS_FOR_OTHERS ||
        waiting->state == CS_VAULT_WAITS_TO_BE_OPENED) {
        return cs_vault_queue_return(book, &waiting->record.vault, waiting->record.id,
                                     CS_VAULT_REASON_GIVEN_UP);
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_queued_record_get(replica, waiting->record.id, &arena, &queued);
    if (status == CS_OK) {
        status = cs_queued_record_remove(replica, queued.id);
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_vault_waiting_give_up(struct cs_vault_book *book,
                                        const struct cs_vault_waiting *waiting,
                                        struct cs_problem *problem)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_database *database = cs_replica_database(replica);
    if (waiting->state == CS_VAULT_WAITS_FOR_ME) {
        return cs_problem_set(problem, CS_DENIED, "only who asked gives a request up");
    }
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = tell_or_take_back(book, waiting);
    if (status == CS_OK) {
        status = cs_sealed_key_remove(replica, waiting->record.id);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    /* The journal still has the key as it was. */
    return status != CS_OK ? status : cs_database_cut_log(database);
}
