/*
 * What the server does when nobody asks: the past that is not promised to be kept any more goes, a little at a time (history/compaction.h).
 */
#include "sync-server/handlers/server_internal.h"
#include "sync-server/history/compaction.h"

/* Changes that go in one step: a few milliseconds, in which requests wait. */
#define STEP_CHANGES ((size_t)500)
/* Between the end of a run and the next. Each goes a day further at most, so what was missed in a month is made up for in a few days. */
#define RUN_EVERY_MS ((int64_t)3600 * 1000)

/* Begins a run if one is due: then upkeep.before_ms says how far. */
static enum cs_status begin_run(struct cs_server *server, bool *out_runs)
{
    enum cs_status status =
        cs_compaction_due(server->writer, server->world->wall_ms(server->world->context), out_runs,
                          &server->upkeep.before_ms);
    server->upkeep.removed = 0;
    return status;
}

static enum cs_status step(struct cs_server *server)
{
    uint64_t removed = 0;
    enum cs_status status = CS_OK;
    if (!server->upkeep.runs) {
        status = begin_run(server, &server->upkeep.runs);
    }
    bool more = false;
    if (status == CS_OK && server->upkeep.runs) {
        status = cs_compaction_step(server->writer, server->upkeep.before_ms, STEP_CHANGES,
                                    &removed, &more);
    }
    if (status == CS_OK) {
        status = cs_store_commit(server->writer);
    }
    if (status != CS_OK) {
        return status;
    }
    server->upkeep.removed += removed;
    if (!more && server->upkeep.runs) {
        cs_log_event(server->log, CS_LOG_INFO, "history_compacted",
                     CS_LOG_NUMBER("changes", server->upkeep.removed),
                     CS_LOG_NUMBER("before_ms", server->upkeep.before_ms));
    }
    server->upkeep.runs = more;
    return CS_OK;
}

void cs_server_upkeep(struct cs_server *server)
{
    const struct cs_world *world = server->world;
    int64_t now_ms = world->monotonic_ms(world->context);
    if (!server->upkeep.runs && server->upkeep.began && now_ms < server->upkeep.next_ms) {
        return;
    }
    (void)pthread_mutex_lock(&server->writer_lock);
    enum cs_status status = cs_store_begin(server->writer);
    if (status == CS_OK) {
        status = step(server);
        cs_store_rollback(server->writer);
    }
    (void)pthread_mutex_unlock(&server->writer_lock);
    if (status != CS_OK) {
        cs_log_event(server->log, CS_LOG_ERROR, "history_not_compacted",
                     CS_LOG_TEXT("status", cs_status_name(status)));
        server->upkeep.runs = false;
    }
    server->upkeep.began = true;
    server->upkeep.next_ms = now_ms + RUN_EVERY_MS;
}
