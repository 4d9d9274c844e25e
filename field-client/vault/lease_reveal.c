/* Showing a leased password without network, see lease.h. */
#include "field-client/replica/clock_mark.h"
#include "field-client/vault/lease_internal.h"
#include "field-client/vault/waiting_key.h"
#include "shared/storage/database.h"

#include <string.h>

/* What a leased version is opened with. */
struct cover {
    struct cs_vault_record lease;
    struct cs_vault_record release;
    struct cs_vault_record approval;
    bool approved;
};

/* ---- which lease ---- */

static enum cs_status why_over(enum cs_vault_lease_end end, struct cs_problem *problem)
{
    switch ((int)end) {
    case CS_VAULT_LEASE_RETURNED:
        return cs_problem_set(problem, CS_EXPIRED, "the lease was returned");
    case CS_VAULT_LEASE_EXPIRED:
        return cs_problem_set(problem, CS_EXPIRED, "the lease has ended");
    case CS_VAULT_LEASE_CLOCK:
        return cs_problem_set(problem, CS_EXPIRED,
                              "the clock of this device has gone back: its leases are over");
    case CS_VAULT_LEASE_REVOKED:
        return cs_problem_set(problem, CS_REVOKED, "this device was revoked: its leases are over");
    case CS_VAULT_LEASE_WITHDRAWN:
        return cs_problem_set(problem, CS_DENIED,
                              "the right to lease from this vault was withdrawn");
    default:
        return CS_NOT_FOUND;
    }
}

/* The server's answer to a lease. CS_LOCKED: there is none. */
static enum cs_status find_answer(struct cs_vault_book *book, const struct cs_vault_lease *lease,
                                  struct cs_arena *arena, struct cover *cover,
                                  struct cs_problem *problem)
{
    struct cs_kept_filter filter = {
        .vault = lease->record.vault, .kind = CS_VAULT_RELEASE, .request = lease->record.id};
    if (lease->state != CS_VAULT_LEASE_USABLE) {
        return cs_problem_set(problem, CS_LOCKED,
                              lease->state == CS_VAULT_LEASE_QUEUED
                                  ? "the lease was not sent yet: sync first"
                                  : "the lease is logged and waits for somebody else's approval");
    }
    cover->lease = lease->record;
    enum cs_status status = cs_vault_book_newest(book, &filter, arena, &cover->release);
    if (status == CS_OK) {
        filter.kind = CS_VAULT_APPROVAL;
        status = cs_vault_book_newest(book, &filter, arena, &cover->approval);
        cover->approved = status == CS_OK;
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    return status;
}

struct search {
    const struct cs_id *version;
    const uint8_t *own;
    bool found;
};

static enum cs_status is_of_another(void *context, const struct cs_kept_record *kept)
{
    struct search *search = context;
    struct cs_vault_record lease;
    size_t index = 0;
    if (search->found || cs_vault_record_decode(kept->record, &lease) != CS_OK) {
        return CS_OK;
    }
    search->found = memcmp(lease.author, search->own, CS_HASH_SIZE) != 0 &&
                    cs_vault_versions_find(lease.versions, search->version, &index);
    return CS_OK;
}

/* No lease of this device has it: has another one's? */
static enum cs_status explain_none(struct cs_vault_book *book, const struct cs_id *vault,
                                   const struct cs_id *version, struct cs_problem *problem)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct search search = {version, cs_identity_certificate_id(cs_replica_identity(replica)),
                            false};
    enum cs_status status = cs_kept_records(replica, vault, CS_VAULT_LEASE, is_of_another, &search);
    if (status != CS_OK) {
        return status;
    }
    return search.found
               ? cs_problem_set(problem, CS_DENIED,
                                "this password is in a lease of another device: it can be seen "
                                "there only")
               : cs_problem_set(problem, CS_NOT_FOUND, "no lease of this device has this version");
}

static bool has(const struct cs_vault_lease *lease, const struct cs_id *vault,
                const struct cs_id *version)
{
    size_t index = 0;
    return cs_id_equal(&lease->record.vault, vault) &&
           cs_vault_versions_find(lease->record.versions, version, &index);
}

/* The best of them: usable before waiting, waiting before over; of those the last one taken. */
static const struct cs_vault_lease *choose(const struct cs_vault_lease *leases, size_t count,
                                           const struct cs_id *vault, const struct cs_id *version)
{
    static const int rank[] = {[CS_VAULT_LEASE_OVER] = 1,
                               [CS_VAULT_LEASE_QUEUED] = 2,
                               [CS_VAULT_LEASE_WAITING] = 3,
                               [CS_VAULT_LEASE_USABLE] = 4};
    const struct cs_vault_lease *best = NULL;
    for (size_t i = 0; i < count; i++) {
        bool refused =
            leases[i].end == CS_VAULT_LEASE_REFUSED || leases[i].end == CS_VAULT_LEASE_REPLACED;
        if (!refused && has(&leases[i], vault, version) &&
            (best == NULL || rank[leases[i].state] >= rank[best->state])) {
            best = &leases[i];
        }
    }
    return best;
}

/* Those that have ended are looked at only for the reason. */
static enum cs_status find_lease(struct cs_vault_book *book, const struct cs_id *vault,
                                 const struct cs_id *version, struct cs_arena *arena,
                                 const struct cs_vault_lease **out)
{
    struct cs_vault_lease *leases = NULL;
    size_t count = 0;
    *out = NULL;
    for (int all = 0; all <= 1 && *out == NULL; all++) {
        enum cs_status status = cs_vault_lease_list(book, all != 0, arena, &leases, &count);
        if (status != CS_OK) {
            return status;
        }
        *out = choose(leases, count, vault, version);
    }
    return CS_OK;
}

static enum cs_status find_cover(struct cs_vault_book *book, const struct cs_vault_lease_view *view,
                                 struct cs_arena *arena, struct cover *out,
                                 struct cs_problem *problem)
{
    const struct cs_vault_lease *lease = NULL;
    enum cs_status status = find_lease(book, &view->vault, &view->version, arena, &lease);
    if (status != CS_OK) {
        return status;
    }
    if (lease == NULL) {
        return explain_none(book, &view->vault, &view->version, problem);
    }
    if (lease->state == CS_VAULT_LEASE_OVER) {
        return why_over(lease->end, problem);
    }
    return find_answer(book, lease, arena, out, problem);
}

enum cs_status cs_vault_lease_covers(struct cs_vault_book *book, const struct cs_id *vault,
                                     const struct cs_id *version, bool *out)
{
    struct cs_arena arena;
    const struct cs_vault_lease *lease = NULL;
    struct cs_problem ignored;
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(book));
    int64_t seen_ms = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_clock_seen_ms(cs_vault_book_replica(book), &seen_ms);
    if (status == CS_OK) {
        status = find_lease(book, vault, version, &arena, &lease);
    }
    if (status == CS_OK) {
        *out = lease != NULL && lease->state == CS_VAULT_LEASE_USABLE &&
               cs_vault_lease_usable(&lease->record, world->wall_ms(world->context), seen_ms,
                                     &ignored) == CS_OK;
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- opening ---- */

static enum cs_status open_version(struct cs_vault_book *book, const struct cover *cover,
                                   const struct cs_vault_record *version, struct cs_secret **out,
                                   struct cs_problem *problem)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_vault_keyring *keyring = NULL;
    struct cs_seal_key *key = NULL;
    struct cs_secret *half = NULL;
    struct cs_vault_answer answer = {.request = &cover->lease,
                                     .release = &cover->release,
                                     .approval = cover->approved ? &cover->approval : NULL};
    struct cs_id vault;
    enum cs_status status =
        cs_vault_waiting_key_load(replica, cover->lease.id, &vault, &key, problem);
    if (status == CS_OK) {
        status = cs_vault_book_keyring(book, &cover->lease.vault, &keyring, problem);
    }
    if (status == CS_OK) {
        answer.key = key;
        status = cs_vault_half_take(&answer, version, &half, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_version_open(keyring, version, cs_secret_bytes(half), out, problem);
    }
    cs_secret_destroy(half);
    cs_seal_key_destroy(key);
    cs_vault_keyring_destroy(keyring);
    return status;
}

/* ---- what is signed ---- */

static enum cs_status sign(struct cs_vault_book *book, struct cs_vault_log *log,
                           const struct cover *cover, const struct cs_vault_lease_view *view,
                           struct cs_buffer *out, struct cs_problem *problem)
{
    struct cs_evidence_signer signer;
    struct cs_vault_record reveal;
    cs_vault_book_signer(book, &signer);
    cs_vault_log_begin(log, &signer, CS_VAULT_REVEAL, &reveal);
    memcpy(reveal.request, cover->lease.id, CS_HASH_SIZE);
    reveal.version = view->version;
    reveal.reason = view->reason;
    reveal.work_order = view->work_order.size > 0 ? view->work_order : cover->lease.work_order;
    enum cs_status status = cs_vault_check_reveal(&reveal, &cover->lease, problem);
    return status != CS_OK ? status : cs_vault_record_encode(&reveal, signer.key, out);
}

/* On disk when this returns: the reveal, and the clock by which it was made. */
static enum cs_status keep(struct cs_vault_book *book, struct cs_bytes reveal)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_database *database = cs_replica_database(replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_clock_mark_raise(replica);
    if (status == CS_OK) {
        status = cs_vault_book_queue(book, reveal, NULL);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    return cs_database_commit(database);
}

static enum cs_status reveal(struct cs_vault_book *book, const struct cs_vault_lease_view *view,
                             struct cs_arena *arena, struct cs_secret **out,
                             struct cs_problem *problem)
{
    struct cover cover = {.approved = false};
    struct cs_vault_record version;
    struct cs_vault_log *log = NULL;
    struct cs_buffer signed_reveal;
    const struct cs_kept_filter filter = {
        .vault = view->vault, .kind = CS_VAULT_VERSION, .version = &view->version};
    cs_buffer_init(&signed_reveal, CS_RECORD_MAX + CS_KIBI);
    enum cs_status status = find_cover(book, view, arena, &cover, problem);
    if (status == CS_OK) {
        status = cs_vault_book_log(book, &view->vault, &log, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_book_newest(book, &filter, arena, &version);
    }
    if (status == CS_OK) {
        status = open_version(book, &cover, &version, out, problem);
    }
    if (status == CS_OK) {
        status = sign(book, log, &cover, view, &signed_reveal, problem);
    }
    if (status == CS_OK) {
        status = keep(book, cs_buffer_bytes(&signed_reveal));
    }
    cs_buffer_release(&signed_reveal);
    return status;
}

enum cs_status cs_vault_lease_reveal(struct cs_vault_book *book,
                                     const struct cs_vault_lease_view *view, struct cs_secret **out,
                                     struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_vault_settled settled;
    struct cs_secret *secret = NULL;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_lease_settle(book, &settled);
    if (status == CS_OK) {
        status = reveal(book, view, &arena, &secret, problem);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out = secret;
    } else {
        cs_secret_destroy(secret);
    }
    return status;
}
