/* What waits for an approval, see waiting.h. */
#include "field-client/vault/waiting.h"

#include "field-client/replica/vault_keys.h"
#include "shared/base/text.h"

#include <string.h>

#define TYPED_MIN ((size_t)4)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct collecting {
    struct cs_vault_book *book;
    struct cs_arena *arena;
    struct cs_vault_waiting *list;
    size_t count;
    size_t capacity;
};

static enum cs_status add(struct collecting *collecting, const struct cs_vault_waiting *waiting)
{
    struct cs_vault_waiting *list =
        cs_arena_grow(collecting->arena, collecting->list, collecting->count, &collecting->capacity,
                      sizeof *list);
    if (list == NULL) {
        return CS_NO_MEMORY;
    }
    list[collecting->count++] = *waiting;
    collecting->list = list;
    return CS_OK;
}

/* ---- own ---- */

static enum cs_status find_queued(const struct collecting *collecting, const uint8_t *id,
                                  struct cs_vault_waiting *out)
{
    struct cs_queued_record queued;
    enum cs_status status = cs_queued_record_get(cs_vault_book_replica(collecting->book), id,
                                                 collecting->arena, &queued);
    if (status != CS_OK) {
        return status;
    }
    out->state = queued.status == CS_OK ? CS_VAULT_WAITS_TO_BE_SENT : CS_VAULT_WAITS_REFUSED;
    out->refusal = queued.status;
    out->refusal_text = queued.text;
    return cs_vault_record_decode(queued.record, &out->record);
}

static enum cs_status find_logged(const struct collecting *collecting,
                                  const struct cs_sealed_key *key, struct cs_vault_waiting *out)
{
    struct cs_vault_record release;
    const struct cs_kept_filter filter = {
        .vault = key->vault, .kind = CS_VAULT_RELEASE, .request = key->record};
    struct cs_kept_record kept;
    enum cs_status status = cs_kept_record_get(cs_vault_book_replica(collecting->book), key->record,
                                               collecting->arena, &kept);
    if (status == CS_OK) {
        status = cs_vault_record_decode(kept.record, &out->record);
    }
    if (status != CS_OK) {
        return status;
    }
    out->logged_ms = kept.moment.logged_ms;
    status = cs_vault_book_newest(collecting->book, &filter, collecting->arena, &release);
    out->state = status == CS_OK ? CS_VAULT_WAITS_TO_BE_OPENED : CS_VAULT_WAITS_FOR_OTHERS;
    out->ends_ms =
        status == CS_OK ? 0 : cs_vault_waiting_ends_ms(&out->record, kept.moment.logged_ms);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status add_own(struct collecting *collecting, enum cs_vault_kind kind)
{
    struct cs_replica *replica = cs_vault_book_replica(collecting->book);
    const struct cs_certificate *own = cs_identity_certificate(cs_replica_identity(replica));
    struct cs_sealed_key *keys = NULL;
    size_t count = 0;
    enum cs_status status = cs_sealed_keys(replica, kind, collecting->arena, &keys, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_vault_waiting waiting = {.person = own->person};
        status = find_logged(collecting, &keys[i], &waiting);
        if (status == CS_NOT_FOUND) {
            status = find_queued(collecting, keys[i].record, &waiting);
        }
        if (status == CS_OK) {
            status = add(collecting, &waiting);
        }
        status = status == CS_NOT_FOUND ? CS_OK : status; /* of a vault that went away */
    }
    return status;
}

/* ---- others' ---- */

static enum cs_status keep_unanswered(void *context, const struct cs_kept_record *kept)
{
    struct collecting *collecting = context;
    struct cs_vault_waiting waiting = {.state = CS_VAULT_WAITS_FOR_ME,
                                       .logged_ms = kept->moment.logged_ms};
    struct cs_bytes copy;
    if (kept->own) {
        return CS_OK;
    }
    enum cs_status status = cs_arena_copy(collecting->arena, kept->record, &copy);
    if (status == CS_OK) {
        status = cs_vault_record_decode(copy, &waiting.record);
    }
    if (status == CS_OK) {
        waiting.ends_ms = cs_vault_waiting_ends_ms(&waiting.record, waiting.logged_ms);
    }
    return status != CS_OK ? status : add(collecting, &waiting);
}

enum cs_status cs_vault_waiting_check(struct cs_vault_book *book,
                                      const struct cs_vault_record *request, int64_t logged_ms,
                                      struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(book));
    struct cs_arena arena;
    struct cs_vault_record end;
    const struct cs_kept_filter filter = {
        .vault = request->vault, .kind = CS_VAULT_RETURN, .request = request->id};
    enum cs_status status =
        cs_vault_check_waiting(request, logged_ms, world->wall_ms(world->context), problem);
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, CS_MEBI);
    status = cs_vault_book_newest(book, &filter, &arena, &end);
    if (status == CS_OK) {
        status = cs_vault_check_not_ended(&end, request, problem);
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* Could it be approved by this device now, and would it open then? */
static enum cs_status check_approvable(const struct collecting *collecting,
                                       const struct cs_vault_log *log,
                                       struct cs_vault_waiting *waiting)
{
    struct cs_replica *replica = cs_vault_book_replica(collecting->book);
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_vault_directory *directory = cs_vault_book_directory(collecting->book);
    const uint8_t *own = cs_identity_certificate_id(cs_replica_identity(replica));
    struct cs_vault_person asker;
    struct cs_vault_person approver;
    struct cs_problem ignored;
    const struct cs_chain *chain = NULL;
    uint64_t position = cs_vault_log_position(log);
    int64_t now_ms = world->wall_ms(world->context);
    enum cs_status status =
        cs_vault_log_permits(log, own, CS_VAULT_MAY_APPROVE, position, now_ms, &ignored);
    if (status == CS_OK) {
        status = cs_vault_log_permits(log, waiting->record.author,
                                      waiting->record.kind == CS_VAULT_LEASE ? CS_VAULT_MAY_LEASE
                                                                             : CS_VAULT_MAY_REVEAL,
                                      position, now_ms, &ignored);
    }
    if (status == CS_OK) {
        status = cs_vault_waiting_check(collecting->book, &waiting->record, waiting->logged_ms,
                                        &ignored);
    }
    if (status == CS_OK) {
        status = directory->find(directory->context, waiting->record.author, &chain);
    }
    if (status == CS_OK) {
        status = cs_vault_book_person(collecting->book, waiting->record.author, collecting->arena,
                                      &asker);
    }
    if (status == CS_OK) {
        status = cs_vault_book_person(collecting->book, own, collecting->arena, &approver);
    }
    if (status == CS_OK) {
        waiting->person = asker.devices[0]->leaf.person;
        status = cs_vault_check_four_eyes(&asker, &approver, &ignored);
    }
    return status;
}

/* Drops what is for others to approve. */
static enum cs_status sift(struct collecting *collecting, size_t from,
                           const struct cs_vault_log *log)
{
    size_t kept = from;
    for (size_t i = from; i < collecting->count; i++) {
        enum cs_status status = check_approvable(collecting, log, &collecting->list[i]);
        if (status == CS_OK) {
            collecting->list[kept++] = collecting->list[i];
        } else if (cs_status_class(status) == CS_CLASS_LOCAL) {
            return status;
        }
    }
    collecting->count = kept;
    return CS_OK;
}

static const enum cs_vault_kind asked_kinds[] = {CS_VAULT_REQUEST, CS_VAULT_LEASE, CS_VAULT_EXPORT};

/* What was asked for so recently that it is not over. */
static enum cs_status visit_recent(struct cs_replica *replica, const struct cs_id *vault,
                                   cs_kept_record_visitor *visit, void *context)
{
    const struct cs_world *world = cs_replica_world(replica);
    struct cs_kept_unanswered which = {.vault = *vault,
                                       .answer_kind = CS_VAULT_RELEASE,
                                       .after_ms = world->wall_ms(world->context) -
                                                   CS_VAULT_WAITING_DAYS_MAX * DAY_MS};
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(asked_kinds); i++) {
        which.kind = asked_kinds[i];
        status = cs_kept_unanswered(replica, &which, visit, context);
    }
    return status;
}

static enum cs_status add_others(struct collecting *collecting, const struct cs_id *vault)
{
    struct cs_vault_log *log = NULL;
    struct cs_problem ignored;
    size_t from = collecting->count;
    enum cs_status status = cs_vault_book_log(collecting->book, vault, &log, &ignored);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
    }
    status =
        visit_recent(cs_vault_book_replica(collecting->book), vault, keep_unanswered, collecting);
    return status != CS_OK ? status : sift(collecting, from, log);
}

enum cs_status cs_vault_waiting_list(struct cs_vault_book *book, struct cs_arena *arena,
                                     struct cs_vault_waiting **out, size_t *out_count)
{
    struct collecting collecting = {.book = book, .arena = arena};
    struct cs_kept_vault *vaults = NULL;
    size_t vault_count = 0;
    enum cs_status status = add_own(&collecting, CS_VAULT_REQUEST);
    if (status == CS_OK) {
        status = add_own(&collecting, CS_VAULT_EXPORT);
    }
    if (status == CS_OK) {
        status = cs_kept_vaults(cs_vault_book_replica(book), arena, &vaults, &vault_count);
    }
    for (size_t i = 0; status == CS_OK && i < vault_count; i++) {
        status = add_others(&collecting, &vaults[i].vault);
    }
    if (status == CS_OK) {
        *out = collecting.list;
        *out_count = collecting.count;
    }
    return status;
}

/* ---- whether to look at all ---- */

static enum cs_status notice(void *context, const struct cs_kept_record *kept)
{
    bool *any = context;
    *any = *any || !kept->own;
    return CS_OK;
}

static enum cs_status any_key(struct cs_replica *replica, struct cs_arena *arena, bool *out)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && !*out && i < CS_COUNT(asked_kinds); i++) {
        struct cs_sealed_key *keys = NULL;
        size_t count = 0;
        if (asked_kinds[i] != CS_VAULT_LEASE) { /* those are listed by themselves */
            status = cs_sealed_keys(replica, asked_kinds[i], arena, &keys, &count);
            *out = status == CS_OK && count > 0;
        }
    }
    return status;
}

enum cs_status cs_vault_waiting_any(struct cs_replica *replica, bool *out)
{
    struct cs_arena arena;
    struct cs_kept_vault *vaults = NULL;
    size_t count = 0;
    bool any = false;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = any_key(replica, &arena, &any);
    if (status == CS_OK && !any) {
        status = cs_kept_vaults(replica, &arena, &vaults, &count);
    }
    for (size_t i = 0; status == CS_OK && !any && i < count; i++) {
        status = visit_recent(replica, &vaults[i].vault, notice, &any);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out = any;
    }
    return status;
}

/* ---- by what was typed ---- */

static bool begins_like(const uint8_t *id, struct cs_bytes text)
{
    char hex[2 * CS_HASH_SIZE + 1];
    if (text.size >= sizeof hex) {
        return false;
    }
    cs_hex_encode(cs_bytes_make(id, CS_HASH_SIZE), hex);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t typed = text.data[i];
        typed = typed >= 'A' && typed <= 'F' ? (uint8_t)(typed + 32) : typed;
        if (typed != (uint8_t)hex[i]) {
            return false;
        }
    }
    return true;
}

enum cs_status cs_vault_waiting_find(const struct cs_vault_waiting *list, size_t count,
                                     struct cs_bytes text, const struct cs_vault_waiting **out,
                                     struct cs_problem *problem)
{
    const struct cs_vault_waiting *found = NULL;
    for (size_t i = 0; text.size >= TYPED_MIN && i < count; i++) {
        if (begins_like(list[i].record.id, text)) {
            if (found != NULL) {
                return cs_problem_set(problem, CS_NOT_FOUND,
                                      "several requests begin like that: type more of it");
            }
            found = &list[i];
        }
    }
    if (found == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "no such request waits here: it was opened, given up, or not "
                              "approved within %d days",
                              CS_VAULT_WAITING_DAYS_MAX);
    }
    *out = found;
    return CS_OK;
}
