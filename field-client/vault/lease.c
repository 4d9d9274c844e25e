/* Taking leases and listing them, see lease.h. */
#include "field-client/replica/clock_mark.h"
#include "field-client/vault/lease_internal.h"
#include "field-client/vault/waiting_key.h"
#include "shared/storage/database.h"

#include <string.h>

const char *cs_vault_lease_end_name(enum cs_vault_lease_end end)
{
    static const char *const names[CS_VAULT_LEASE_END_COUNT] = {
        [CS_VAULT_LEASE_LIVE] = "live",       [CS_VAULT_LEASE_RETURNED] = "returned",
        [CS_VAULT_LEASE_EXPIRED] = "expired", [CS_VAULT_LEASE_CLOCK] = "clock went back",
        [CS_VAULT_LEASE_REVOKED] = "revoked", [CS_VAULT_LEASE_WITHDRAWN] = "withdrawn",
        [CS_VAULT_LEASE_REFUSED] = "refused", [CS_VAULT_LEASE_REPLACED] = "joined again",
    };
    return (unsigned)end < CS_VAULT_LEASE_END_COUNT ? names[end] : "unknown";
}

static enum cs_status read_record(struct cs_bytes bytes, struct cs_vault_record *out)
{
    enum cs_status status = cs_vault_record_decode(bytes, out);
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
}

enum cs_status cs_vault_lease_find(struct cs_replica *replica,
                                   const uint8_t id[static CS_HASH_SIZE], struct cs_arena *arena,
                                   struct cs_vault_lease_found *out)
{
    struct cs_kept_record kept;
    struct cs_queued_record queued;
    *out = (struct cs_vault_lease_found){.refused = CS_OK};
    enum cs_status status = cs_kept_record_get(replica, id, arena, &kept);
    if (status == CS_OK) {
        out->logged = true;
        return read_record(kept.record, &out->record);
    }
    if (status == CS_NOT_FOUND) {
        status = cs_queued_record_get(replica, id, arena, &queued);
    }
    if (status != CS_OK) {
        return status;
    }
    out->refused = queued.status;
    out->refused_by = queued.text;
    return read_record(queued.record, &out->record);
}

/* ---- taking ---- */

/* A lease would be over at once by a clock that is behind the server's: better to say so before it counts as a disclosure. */
static enum cs_status check_clock(struct cs_replica *replica, struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(replica);
    int64_t server_ms = 0;
    enum cs_status status = cs_clock_server_ms(replica, &server_ms);
    if (status == CS_OK && server_ms - world->wall_ms(world->context) > CS_VAULT_CLOCK_SLACK_MS) {
        return cs_problem_set(problem, CS_EXPIRED,
                              "the clock of this device is behind the server's: set it, then take "
                              "the lease");
    }
    return status;
}

static enum cs_status keep_lease(struct cs_vault_book *book, const struct cs_vault_lease_wish *wish,
                                 const uint8_t *id, const struct cs_seal_key *key)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_world *world = cs_replica_world(replica);
    struct cs_kept_lease lease = {.vault = wish->vault,
                                  .taken_ms = world->wall_ms(world->context),
                                  .expires_ms = wish->expires_ms};
    memcpy(lease.id, id, CS_HASH_SIZE);
    memcpy(lease.certificate, cs_identity_certificate_id(cs_replica_identity(replica)),
           CS_HASH_SIZE);
    enum cs_status status =
        cs_vault_waiting_key_keep(replica, &wish->vault, CS_VAULT_LEASE, id, key);
    return status != CS_OK ? status : cs_kept_lease_put(replica, &lease);
}

/* Where no other lease watches the clock, it is watched from now on. */
static enum cs_status mark_clock(struct cs_replica *replica)
{
    struct cs_arena arena;
    struct cs_kept_lease *live = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_kept_leases(replica, false, &arena, &live, &count);
    if (status == CS_OK) {
        status = count == 0 ? cs_clock_mark_begin(replica) : cs_clock_mark_raise(replica);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status take(struct cs_vault_book *book, const struct cs_vault_lease_wish *wish,
                           uint8_t out_id[static CS_HASH_SIZE], struct cs_problem *problem)
{
    struct cs_seal_key *key = NULL;
    const struct cs_vault_ask ask = {.kind = CS_VAULT_LEASE,
                                     .versions = wish->versions,
                                     .reason = wish->reason,
                                     .work_order = cs_id_bytes(&wish->work_order),
                                     .expires_ms = wish->expires_ms};
    enum cs_status status = mark_clock(cs_vault_book_replica(book));
    if (status == CS_OK) {
        status = cs_vault_act_ask(book, &wish->vault, &ask, out_id, &key, problem);
    }
    if (status == CS_OK) {
        status = keep_lease(book, wish, out_id, key);
    }
    cs_seal_key_destroy(key);
    return status;
}

enum cs_status cs_vault_lease_take(struct cs_vault_book *book,
                                   const struct cs_vault_lease_wish *wish, uint8_t *out_id,
                                   struct cs_problem *problem)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_database *database = cs_replica_database(replica);
    struct cs_vault_settled settled;
    uint8_t id[CS_HASH_SIZE];
    bool four_eyes = false;
    enum cs_status status = cs_vault_lease_settle(book, &settled);
    if (status == CS_OK) {
        status = check_clock(replica, problem);
    }
    if (status == CS_OK) {
        status =
            cs_vault_act_check_openable(book, &wish->vault, wish->versions, &four_eyes, problem);
    }
    if (status == CS_OK) {
        status = cs_database_begin(database);
    }
    if (status != CS_OK) {
        return status;
    }
    status = take(book, wish, id, problem);
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    if (status == CS_OK && out_id != NULL) {
        memcpy(out_id, id, CS_HASH_SIZE);
    }
    return status;
}

/* ---- listing ---- */

static enum cs_status released(struct cs_vault_book *book, const struct cs_kept_lease *kept,
                               struct cs_arena *arena, bool *out)
{
    struct cs_kept_record release;
    const struct cs_kept_filter filter = {
        .vault = kept->vault, .kind = CS_VAULT_RELEASE, .request = kept->id};
    enum cs_status status =
        cs_kept_record_newest(cs_vault_book_replica(book), &filter, arena, &release);
    *out = status == CS_OK;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status describe(struct cs_vault_book *book, const struct cs_kept_lease *kept,
                               struct cs_arena *arena, struct cs_vault_lease *out)
{
    struct cs_vault_lease_found found;
    bool answered = false;
    enum cs_status status =
        cs_vault_lease_find(cs_vault_book_replica(book), kept->id, arena, &found);
    if (status == CS_OK) {
        status = released(book, kept, arena, &answered);
    }
    if (status == CS_OK) {
        *out = (struct cs_vault_lease){
            .state = kept->end != CS_VAULT_LEASE_LIVE ? CS_VAULT_LEASE_OVER
                     : answered                       ? CS_VAULT_LEASE_USABLE
                     : found.logged                   ? CS_VAULT_LEASE_WAITING
                                                      : CS_VAULT_LEASE_QUEUED,
            .end = (enum cs_vault_lease_end)kept->end,
            .taken_ms = kept->taken_ms,
            .ended_ms = kept->ended_ms,
            .record = found.record,
        };
    }
    return status;
}

enum cs_status cs_vault_lease_list(struct cs_vault_book *book, bool all, struct cs_arena *arena,
                                   struct cs_vault_lease **out, size_t *out_count)
{
    struct cs_kept_lease *kept = NULL;
    size_t kept_count = 0;
    size_t count = 0;
    enum cs_status status =
        cs_kept_leases(cs_vault_book_replica(book), all, arena, &kept, &kept_count);
    struct cs_vault_lease *list =
        status == CS_OK ? cs_arena_take_array(arena, kept_count, sizeof *list) : NULL;
    if (status == CS_OK && list == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < kept_count; i++) {
        status = describe(book, &kept[i], arena, &list[count]);
        count += status == CS_OK ? 1 : 0;
        /* One that was refused and put aside is no more than its key was. */
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_vault_leases(struct cs_vault_book *book, struct cs_arena *arena,
                               struct cs_vault_lease **out, size_t *out_count)
{
    return cs_vault_lease_list(book, true, arena, out, out_count);
}
