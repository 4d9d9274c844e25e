/* Ending leases, see lease.h. */
#include "field-client/replica/clock_mark.h"
#include "field-client/replica/revocation.h"
#include "field-client/vault/lease_internal.h"
#include "field-client/vault/waiting_end.h"
#include "shared/storage/database.h"
#include "shared/wire/vault_message.h"

#include <string.h>

/* What all leases are judged by. */
struct bench {
    struct cs_vault_book *book;
    struct cs_replica *replica;
    struct cs_arena *arena;
    int64_t now_ms;
    int64_t seen_ms;
    bool revoked;
};

static enum cs_status prepare(struct bench *bench)
{
    const struct cs_world *world = cs_replica_world(bench->replica);
    struct cs_revoked_response own;
    enum cs_status status = cs_own_revocation_load(bench->replica, bench->arena, &own);
    bench->now_ms = world->wall_ms(world->context);
    bench->revoked = status == CS_OK;
    return status == CS_OK || status == CS_NOT_FOUND
               ? cs_clock_seen_ms(bench->replica, &bench->seen_ms)
               : status;
}

/* The vault is gone for this person, or the right to lease is: by the log, if that verifies; else nothing of it opens anyway. */
static enum cs_status is_withdrawn(const struct bench *bench, const struct cs_id *vault, bool *out)
{
    struct cs_kept_vault kept;
    struct cs_vault_log *log = NULL;
    struct cs_problem ignored;
    const uint8_t *own = cs_identity_certificate_id(cs_replica_identity(bench->replica));
    enum cs_status status = cs_kept_vault_get(bench->replica, vault, &kept);
    *out = status == CS_OK && kept.level < CS_VAULT_LEVEL_MEMBER;
    if (status == CS_OK && !*out) {
        status = cs_vault_book_log(bench->book, vault, &log, &ignored);
        *out = status == CS_OK &&
               cs_vault_log_permits(log, own, CS_VAULT_MAY_LEASE, cs_vault_log_position(log),
                                    bench->now_ms, &ignored) != CS_OK;
    }
    return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
}

static enum cs_vault_lease_end by_clock(const struct bench *bench,
                                        const struct cs_kept_lease *lease)
{
    if (bench->now_ms >= lease->expires_ms || bench->seen_ms >= lease->expires_ms) {
        return CS_VAULT_LEASE_EXPIRED;
    }
    return bench->now_ms < bench->seen_ms &&
                   bench->seen_ms - bench->now_ms > CS_VAULT_CLOCK_SLACK_MS
               ? CS_VAULT_LEASE_CLOCK
               : CS_VAULT_LEASE_LIVE;
}

static enum cs_status judge(const struct bench *bench, const struct cs_kept_lease *lease,
                            enum cs_vault_lease_end *out)
{
    struct cs_vault_lease_found found;
    const uint8_t *own = cs_identity_certificate_id(cs_replica_identity(bench->replica));
    bool withdrawn = false;
    enum cs_status status = cs_vault_lease_find(bench->replica, lease->id, bench->arena, &found);
    bool refused = status == CS_NOT_FOUND || (status == CS_OK && found.refused != CS_OK);
    status = status == CS_NOT_FOUND ? CS_OK : status;
    if (status == CS_OK) {
        status = is_withdrawn(bench, &lease->vault, &withdrawn);
    }
    if (status == CS_OK) {
        *out = memcmp(lease->certificate, own, CS_HASH_SIZE) != 0 ? CS_VAULT_LEASE_REPLACED
               : refused                                          ? CS_VAULT_LEASE_REFUSED
               : bench->revoked                                   ? CS_VAULT_LEASE_REVOKED
               : withdrawn                                        ? CS_VAULT_LEASE_WITHDRAWN
                                                                  : by_clock(bench, lease);
    }
    return status;
}

enum cs_status cs_vault_queue_return(struct cs_vault_book *book, const struct cs_id *vault,
                                     const uint8_t request[static CS_HASH_SIZE], const char *reason)
{
    struct cs_kept_vault kept = {.length = 0};
    struct cs_evidence_signer signer;
    struct cs_buffer bytes;
    enum cs_status status = cs_kept_vault_get(cs_vault_book_replica(book), vault, &kept);
    cs_vault_book_signer(book, &signer);
    struct cs_vault_record record = {
        .kind = CS_VAULT_RETURN,
        .claimed = signer.claimed,
        .checkpoint = signer.checkpoint,
        .vault = *vault,
        .position = (int64_t)kept.length,
        .reason = cs_bytes_of_text(reason),
    };
    memcpy(record.organisation, signer.organisation, CS_HASH_SIZE);
    memcpy(record.author, signer.certificate, CS_HASH_SIZE);
    memcpy(record.head, kept.head, CS_HASH_SIZE);
    memcpy(record.request, request, CS_HASH_SIZE);
    cs_buffer_init(&bytes, CS_RECORD_MAX + CS_KIBI);
    if (status == CS_OK || status == CS_NOT_FOUND) {
        status = cs_vault_record_encode(&record, signer.key, &bytes);
    }
    if (status == CS_OK) {
        status = cs_vault_book_queue(book, cs_buffer_bytes(&bytes), NULL);
    }
    cs_buffer_release(&bytes);
    return status;
}

static enum cs_status report(const struct bench *bench, const struct cs_kept_lease *lease,
                             enum cs_vault_lease_end end)
{
    return cs_vault_queue_return(bench->book, &lease->vault, lease->id,
                                 cs_vault_lease_end_name(end));
}

static enum cs_status settle_one(const struct bench *bench, const struct cs_kept_lease *lease,
                                 struct cs_vault_settled *settled)
{
    enum cs_vault_lease_end end = (enum cs_vault_lease_end)lease->end;
    enum cs_status status = CS_OK;
    if (end == CS_VAULT_LEASE_LIVE) {
        status = judge(bench, lease, &end);
        if (status != CS_OK || end == CS_VAULT_LEASE_LIVE) {
            settled->live += status == CS_OK ? 1 : 0;
            return status;
        }
        status = cs_kept_lease_end(bench->replica, lease->id, end, bench->now_ms);
        settled->ended[end]++;
    }
    if (status == CS_OK && end != CS_VAULT_LEASE_REFUSED && end != CS_VAULT_LEASE_REPLACED) {
        status = report(bench, lease, end);
    }
    return status == CS_OK ? cs_kept_lease_reported(bench->replica, lease->id) : status;
}

static enum cs_status settle_all(struct bench *bench, const struct cs_kept_lease *leases,
                                 size_t count, struct cs_vault_settled *settled)
{
    struct cs_database *database = cs_replica_database(bench->replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = prepare(bench);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = settle_one(bench, &leases[i], settled);
    }
    if (status == CS_OK && settled->live > 0) {
        status = cs_clock_mark_raise(bench->replica);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    return cs_database_commit(database);
}

enum cs_status cs_vault_lease_settle(struct cs_vault_book *book, struct cs_vault_settled *out)
{
    struct cs_arena arena;
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct bench bench = {.book = book, .replica = replica, .arena = &arena};
    struct cs_vault_settled settled = {.live = 0};
    struct cs_kept_lease *leases = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_kept_leases(replica, false, &arena, &leases, &count);
    if (status == CS_OK && count > 0) {
        status = settle_all(&bench, leases, count, &settled);
    }
    if (status == CS_OK) {
        status = cs_kept_leases_clear(replica);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out = settled;
    }
    return status;
}

static enum cs_status find_live(struct cs_replica *replica, const uint8_t *id,
                                struct cs_arena *arena, struct cs_kept_lease *out,
                                struct cs_problem *problem)
{
    struct cs_kept_lease *leases = NULL;
    size_t count = 0;
    enum cs_status status = cs_kept_leases(replica, true, arena, &leases, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (memcmp(leases[i].id, id, CS_HASH_SIZE) != 0) {
            continue;
        }
        *out = leases[i];
        return leases[i].end == CS_VAULT_LEASE_LIVE
                   ? CS_OK
                   : cs_problem_set(
                         problem, CS_USED, "the lease has ended already: %s",
                         cs_vault_lease_end_name((enum cs_vault_lease_end)leases[i].end));
    }
    return status != CS_OK ? status
                           : cs_problem_set(problem, CS_NOT_FOUND, "this device has no such lease");
}

static enum cs_status give_back(struct bench *bench, const struct cs_kept_lease *lease)
{
    struct cs_database *database = cs_replica_database(bench->replica);
    const struct cs_world *world = cs_replica_world(bench->replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_kept_lease_end(bench->replica, lease->id, CS_VAULT_LEASE_RETURNED,
                               world->wall_ms(world->context));
    if (status == CS_OK) {
        status = report(bench, lease, CS_VAULT_LEASE_RETURNED);
    }
    if (status == CS_OK) {
        status = cs_kept_lease_reported(bench->replica, lease->id);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    return cs_database_commit(database);
}

enum cs_status cs_vault_lease_return(struct cs_vault_book *book,
                                     const uint8_t id[static CS_HASH_SIZE],
                                     struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_kept_lease lease;
    struct cs_vault_settled settled;
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct bench bench = {.book = book, .replica = replica, .arena = &arena};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_lease_settle(book, &settled);
    if (status == CS_OK) {
        status = find_live(replica, id, &arena, &lease, problem);
    }
    if (status == CS_OK) {
        status = give_back(&bench, &lease);
    }
    if (status == CS_OK) {
        status = cs_kept_leases_clear(replica);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_leases_settle(struct cs_replica *replica, struct cs_vault_settled *out)
{
    struct cs_vault_book *book = NULL;
    enum cs_status status = cs_vault_book_open(replica, &book);
    if (status == CS_OK) {
        status = cs_vault_lease_settle(book, out);
    }
    if (status == CS_OK) {
        status = cs_vault_waiting_settle(book, &out->requests);
    }
    cs_vault_book_close(book);
    return status;
}
