/* One page of the feed of a device's vaults, see vault_feed.h. */
#include "sync-server/handlers/vault_feed.h"

#include "shared/vault/record.h"
#include "sync-server/reconcile/evidence_log.h"

#include <string.h>

#define OVERSEEING (CS_VAULT_MAY_MANAGE | CS_VAULT_MAY_APPROVE)

/* A vault as this person may see it. */
struct access {
    struct cs_id vault;
    enum cs_vault_level level;
    uint64_t until; /* FORMER: position of the withdrawal */
};

struct feed {
    struct cs_store *reader;
    const struct cs_device *device;
    const struct cs_vault_request *request;
    uint64_t log_size;
    struct cs_arena *arena;
    struct cs_vault_response *response;
    size_t bytes; /* of the records so far */
};

/* ---- who may see what ---- */

static void widen(struct access *access, const struct cs_vault_member *member, int64_t now_ms)
{
    enum cs_vault_level level = CS_VAULT_LEVEL_NONE;
    if (member->ended != 0) {
        level = CS_VAULT_LEVEL_FORMER;
        access->until = member->ended > access->until ? member->ended : access->until;
    } else if (member->expires_ms == 0 || member->expires_ms > now_ms) {
        level =
            (member->rights & OVERSEEING) != 0 ? CS_VAULT_LEVEL_OVERSEER : CS_VAULT_LEVEL_MEMBER;
    }
    access->level = level > access->level ? level : access->level;
}

/* Ascending by vault; those with nothing to see are left out. */
static enum cs_status list_access(const struct feed *feed, int64_t now_ms, struct access **out,
                                  size_t *out_count)
{
    struct cs_vault_member *members = NULL;
    size_t member_count = 0;
    size_t count = 0;
    enum cs_status status = cs_store_vault_members(feed->reader, &feed->device->person, feed->arena,
                                                   &members, &member_count);
    struct access *list =
        status == CS_OK ? cs_arena_take_array(feed->arena, member_count, sizeof *list) : NULL;
    if (status != CS_OK || list == NULL) {
        return status != CS_OK ? status : CS_NO_MEMORY;
    }
    for (size_t i = 0; i < member_count; i++) {
        if (count == 0 || !cs_id_equal(&list[count - 1].vault, &members[i].vault)) {
            list[count++].vault = members[i].vault;
        }
        widen(&list[count - 1], &members[i], now_ms);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].level != CS_VAULT_LEVEL_NONE) {
            list[kept++] = list[i];
        }
    }
    *out = list;
    *out_count = kept;
    return CS_OK;
}

static struct cs_vault_view view_of(const struct feed *feed, const struct access *access,
                                    uint64_t after, uint64_t until)
{
    struct cs_vault_view view = {.vault = access->vault,
                                 .kind_max = CS_VAULT_WITHDRAWAL,
                                 .about = feed->device->person,
                                 .shared_max = CS_VAULT_WITHDRAWAL,
                                 .after = after,
                                 .until = until};
    if (access->level >= CS_VAULT_LEVEL_MEMBER) {
        view.kind_max = CS_VAULT_KIND_COUNT;
        view.shared_max =
            access->level == CS_VAULT_LEVEL_OVERSEER ? CS_VAULT_KIND_COUNT : CS_VAULT_LEAK;
    }
    return view;
}

/* ---- records ---- */

static enum cs_status prove(const struct feed *feed, const struct cs_leaf *leaf,
                            uint64_t *out_number, struct cs_bytes *out_path)
{
    struct cs_merkle_proof proof;
    enum cs_status status =
        cs_evidence_log_prove(feed->reader, leaf, feed->log_size, out_number, &proof);
    if (status == CS_OK) {
        status = cs_arena_copy(feed->arena, cs_merkle_proof_bytes(&proof), out_path);
    }
    return status == CS_NOT_FOUND ? CS_CORRUPT : status;
}

static enum cs_status put_record(struct feed *feed, const struct cs_vault_row *row)
{
    struct cs_vault_fed *fed = &feed->response->records[feed->response->record_count];
    struct cs_leaf leaf;
    cs_leaf_vault(&row->vault, &row->moment, row->record, &leaf);
    *fed = (struct cs_vault_fed){.feed = row->feed,
                                 .position = row->moment.position,
                                 .log_position = row->moment.log_position,
                                 .logged_ms = row->moment.logged_ms,
                                 .record = row->record};
    enum cs_status status = prove(feed, &leaf, &fed->leaf, &fed->path);
    if (status == CS_OK) {
        feed->response->record_count++;
        feed->bytes += row->record.size + fed->path.size;
    }
    return status;
}

static bool is_full(const struct feed *feed)
{
    return feed->response->record_count == CS_VAULT_PAGE_RECORDS_MAX ||
           feed->bytes >= CS_VAULT_PAGE_BYTES_TARGET;
}

static bool is_news(const struct cs_vault_cursor *known, const struct cs_vault_cursor *now)
{
    return known == NULL || known->level != now->level || known->through != now->through ||
           known->log_length != now->log_length;
}

/* At most so many at a time are read, each of which may have CS_VALUE_MAX bytes. */
#define READ_MAX ((size_t)64)

/* Reads on from *through until the end or until the page is full. */
static enum cs_status read_records(struct feed *feed, const struct access *access, uint64_t until,
                                   uint64_t *through)
{
    size_t count = READ_MAX;
    enum cs_status status = CS_OK;
    while (status == CS_OK && count == READ_MAX && !is_full(feed)) {
        struct cs_vault_row *rows = NULL;
        struct cs_vault_view view = view_of(feed, access, *through, until);
        size_t room = CS_VAULT_PAGE_RECORDS_MAX - feed->response->record_count;
        status = cs_store_vault_feed(feed->reader, &view, room < READ_MAX ? room : READ_MAX,
                                     feed->arena, &rows, &count);
        size_t taken = 0;
        while (status == CS_OK && taken < count && !is_full(feed)) {
            status = put_record(feed, &rows[taken]);
            *through = rows[taken].feed;
            taken++;
        }
        if (taken < count) {
            return status;
        }
    }
    if (status == CS_OK && count < READ_MAX && !is_full(feed)) {
        *through = until;
    }
    return status;
}

/* `known`: what the device has of it, or NULL. */
static enum cs_status read_vault(struct feed *feed, const struct access *access,
                                 const struct cs_vault_cursor *known)
{
    struct cs_stored_vault stored;
    enum cs_status status = cs_store_vault(feed->reader, &access->vault, &stored);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_CORRUPT : status;
    }
    bool former = access->level == CS_VAULT_LEVEL_FORMER;
    uint64_t until = former ? access->until : stored.newest;
    /* Whoever is shown more than before, or came back to less, is shown all of it. */
    uint64_t through = known == NULL || known->level != access->level ? 0 : known->through;
    struct cs_vault_standing *standing = &feed->response->standings[feed->response->standing_count];
    if (through < until) {
        status = read_records(feed, access, until, &through);
    }
    if (status != CS_OK) {
        return status;
    }
    feed->response->last = feed->response->last && through >= until;
    standing->cursor = (struct cs_vault_cursor){.vault = access->vault,
                                                .level = access->level,
                                                .through = through,
                                                .log_length = former ? 0 : stored.length};
    memset(standing->head, 0, sizeof standing->head);
    if (!former) {
        memcpy(standing->head, stored.head, sizeof standing->head);
    }
    feed->response->standing_count += is_news(known, &standing->cursor) ? 1 : 0;
    return CS_OK;
}

/* A vault that the device has and may not see: told so, once it names it at any level. */
static void put_gone(struct feed *feed, const struct cs_vault_cursor *cursor)
{
    if (cursor->level != CS_VAULT_LEVEL_NONE) {
        struct cs_vault_standing *standing =
            &feed->response->standings[feed->response->standing_count++];
        *standing = (struct cs_vault_standing){.cursor = {.vault = cursor->vault}};
    }
}

static int compare(const struct cs_id *a, const struct cs_id *b)
{
    return memcmp(a->bytes, b->bytes, CS_ID_SIZE);
}

/* Both lists ascend, and so do the standings. */
static enum cs_status read_vaults(struct feed *feed, const struct access *list, size_t count)
{
    const struct cs_vault_cursor *cursors = feed->request->cursors;
    size_t next = 0;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        while (next < feed->request->cursor_count &&
               compare(&cursors[next].vault, &list[i].vault) < 0) {
            put_gone(feed, &cursors[next++]);
        }
        bool named =
            next < feed->request->cursor_count && cs_id_equal(&cursors[next].vault, &list[i].vault);
        status = read_vault(feed, &list[i], named ? &cursors[next++] : NULL);
    }
    while (status == CS_OK && next < feed->request->cursor_count) {
        put_gone(feed, &cursors[next++]);
    }
    return status;
}

/* Everybody sees which recovery keys the root has named: each epoch says which one it is sealed to. */
static enum cs_status read_recoveries(struct feed *feed)
{
    struct cs_stored_recovery *list = NULL;
    size_t count = 0;
    struct cs_vault_response *response = feed->response;
    enum cs_status status = cs_store_recoveries(
        feed->reader, feed->request->recovery, CS_VAULT_RECOVERIES_MAX, feed->arena, &list, &count);
    if (status == CS_OK) {
        response->recoveries =
            cs_arena_take_array(feed->arena, count, sizeof *response->recoveries);
        status = response->recoveries == NULL ? CS_NO_MEMORY : CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_vault_recovery_fed *fed = &response->recoveries[i];
        struct cs_leaf leaf;
        cs_evidence_log_recovery_leaf(&list[i], &leaf);
        fed->statement = list[i].statement;
        status = prove(feed, &leaf, &fed->leaf, &fed->path);
        response->recovery_count += status == CS_OK ? 1 : 0;
    }
    response->last = response->last && count < CS_VAULT_RECOVERIES_MAX;
    return status;
}

enum cs_status cs_vault_feed_read(struct cs_store *reader, const struct cs_device *device,
                                  const struct cs_vault_request *request, int64_t now_ms,
                                  uint64_t log_size, struct cs_arena *arena,
                                  struct cs_vault_response *response)
{
    struct feed feed = {.reader = reader,
                        .device = device,
                        .request = request,
                        .log_size = log_size,
                        .arena = arena,
                        .response = response};
    struct access *list = NULL;
    size_t count = 0;
    response->last = true;
    enum cs_status status = list_access(&feed, now_ms, &list, &count);
    if (status == CS_OK && count > CS_VAULTS_PER_DEVICE_MAX) {
        status = CS_LIMIT;
    }
    if (status == CS_OK) {
        response->standings =
            cs_arena_take_array(arena, count + request->cursor_count, sizeof *response->standings);
        response->records =
            cs_arena_take_array(arena, CS_VAULT_PAGE_RECORDS_MAX, sizeof *response->records);
        status = response->standings == NULL || response->records == NULL ? CS_NO_MEMORY : CS_OK;
    }
    if (status == CS_OK) {
        status = read_recoveries(&feed);
    }
    return status != CS_OK ? status : read_vaults(&feed, list, count);
}
