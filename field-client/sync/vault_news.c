/* Whether to ask about vaults, see vault_news.h. */
#include "field-client/sync/vault_news.h"

#include "field-client/replica/log_state.h"
#include "field-client/replica/meta.h"
#include "field-client/replica/vault_records.h"
#include "field-client/sync/vault_sync.h"

#include <string.h>

/* Size of the evidence log when everything had come; and of which incarnation. */
#define META_CHECKED "sync.vault_checked"
#define META_INCARNATION "sync.vault_incarnation"
/* What the server called vault news in the last sync (-1: it did not say), and in that before the last exchange; and when that was. */
#define META_NEWS "sync.vault_news"
#define META_NEWS_CHECKED "sync.vault_news_checked"
#define META_CHECKED_AT "sync.vault_checked_at"
#define NEWS_UNKNOWN ((int64_t)-1)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static enum cs_status meta_fixed(struct cs_replica *replica, const char *key,
                                 uint8_t out[static 16], bool *out_there)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 64);
    enum cs_status status = cs_replica_meta_bytes(replica, key, &bytes);
    *out_there = status == CS_OK && bytes.size == 16;
    if (*out_there) {
        memcpy(out, bytes.data, 16);
    }
    cs_buffer_release(&bytes);
    return status;
}

enum cs_status cs_vault_news_follow(struct cs_replica *replica)
{
    uint8_t now[16] = {0};
    uint8_t before[16] = {0};
    bool synced = false;
    bool known = false;
    struct cs_database *database = cs_replica_database(replica);
    enum cs_status status = meta_fixed(replica, CS_META_INCARNATION, now, &synced);
    if (status == CS_OK) {
        status = meta_fixed(replica, META_INCARNATION, before, &known);
    }
    if (status != CS_OK || !synced || (known && memcmp(now, before, sizeof now) == 0)) {
        return status;
    }
    status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = known ? cs_kept_vaults_begin_anew(replica) : CS_OK;
    if (status == CS_OK && known) {
        status = cs_replica_meta_set_number(replica, META_NEWS_CHECKED, NEWS_UNKNOWN);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, META_CHECKED, 0);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(replica, META_INCARNATION, cs_bytes_of_array(now));
    }
    if (status == CS_OK) {
        return cs_database_commit(database);
    }
    cs_database_rollback(database);
    return status;
}

enum cs_status cs_vault_news_told(struct cs_replica *replica, const struct cs_sync_response *last)
{
    return cs_replica_meta_set_number(replica, META_NEWS,
                                      last->with_vaults ? (int64_t)last->vault_news : NEWS_UNKNOWN);
}

/* The evidence log has grown: by something of vaults? What a grant that expired takes away is no news, so who has vaults asks once a day. */
static enum cs_status can_be_news(struct cs_replica *replica, struct cs_arena *arena, bool *out)
{
    const struct cs_world *world = cs_replica_world(replica);
    int64_t news = 0;
    int64_t checked = 0;
    int64_t checked_at = 0;
    struct cs_kept_vault *vaults = NULL;
    size_t count = 0;
    enum cs_status status = cs_replica_meta_number(replica, META_NEWS, &news);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, META_NEWS_CHECKED, &checked);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, META_CHECKED_AT, &checked_at);
    }
    if (status == CS_OK) {
        status = cs_kept_vaults(replica, arena, &vaults, &count);
    }
    if (status == CS_OK) {
        int64_t since_ms = world->wall_ms(world->context) - checked_at;
        *out = news == NEWS_UNKNOWN || news != checked ||
               (count > 0 && (since_ms < 0 || since_ms >= DAY_MS));
    }
    return status;
}

enum cs_status cs_vault_sync_due(struct cs_replica *replica, bool *out)
{
    struct cs_arena arena;
    struct cs_log_state log;
    struct cs_queued_record *queued = NULL;
    size_t count = 0;
    int64_t checked = 0;
    bool news = false;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_news_follow(replica);
    if (status == CS_OK) {
        status = cs_log_state_load(replica, &log);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, META_CHECKED, &checked);
    }
    if (status == CS_OK) {
        status = cs_queued_records(replica, false, 1, &arena, &queued, &count);
    }
    bool grown = status == CS_OK && log.any && (uint64_t)checked != log.checkpoint.size;
    if (grown) {
        status = can_be_news(replica, &arena, &news);
    }
    if (status == CS_OK) {
        *out = count > 0 || news;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_news_checked(struct cs_replica *replica, uint64_t log_size)
{
    const struct cs_world *world = cs_replica_world(replica);
    int64_t news = 0;
    enum cs_status status = cs_replica_meta_number(replica, META_NEWS, &news);
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, META_CHECKED, (int64_t)log_size);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, META_NEWS_CHECKED, news);
    }
    return status != CS_OK ? status
                           : cs_replica_meta_set_number(replica, META_CHECKED_AT,
                                                        world->wall_ms(world->context));
}
