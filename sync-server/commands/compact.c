/*
 * `compact`: the past that is not promised to be kept any more goes at once, instead of day by day while the server runs.
 */
#include "sync-server/commands/command.h"

#include "shared/base/text.h"
#include "sync-server/commands/folder.h"
#include "sync-server/history/compaction.h"

#define STEP_CHANGES ((size_t)5000)

/* Runs, each a day further, until nothing is due. Each step is on disk by itself. */
static enum cs_status compact(struct cs_store *store, int64_t now_ms, uint64_t *out_removed)
{
    bool due = true;
    enum cs_status status = CS_OK;
    *out_removed = 0;
    while (status == CS_OK && due) {
        int64_t before_ms = 0;
        uint64_t removed = 0;
        bool more = true;
        status = cs_store_begin(store);
        if (status == CS_OK) {
            status = cs_compaction_due(store, now_ms, &due, &before_ms);
        }
        cs_store_rollback(store);
        while (status == CS_OK && due && more) {
            status = cs_store_begin(store);
            if (status == CS_OK) {
                status = cs_compaction_step(store, before_ms, STEP_CHANGES, &removed, &more);
            }
            if (status == CS_OK) {
                status = cs_store_commit(store);
            }
            cs_store_rollback(store);
            *out_removed += status == CS_OK ? removed : 0;
        }
    }
    return status;
}

static enum cs_status answer(struct cs_admin *admin, struct cs_store *store, uint64_t removed)
{
    int64_t reach_ms;
    uint64_t kept;
    enum cs_status status = cs_store_history_reach(store, &reach_ms);
    if (status == CS_OK) {
        status = cs_store_history_count(store, &kept);
    }
    if (status != CS_OK) {
        return status;
    }
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "removed", cs_json_integer((int64_t)removed));
        cs_json_set(json, "kept", cs_json_integer((int64_t)kept));
        cs_json_set(json, "kept_since",
                    reach_ms == INT64_MIN ? cs_json_null() : cs_admin_json_time(reach_ms));
        return cs_admin_json(admin, json);
    }
    char text[CS_TIME_TEXT_MAX] = "the beginning";
    if (reach_ms != INT64_MIN) {
        cs_instant_format(cs_instant_make(reach_ms, 0), text);
    }
    cs_admin_print(admin, "%llu changes removed, %llu are kept; every change since %s is there\n",
                   (unsigned long long)removed, (unsigned long long)kept, text);
    return CS_OK;
}

enum cs_status cs_admin_compact(struct cs_admin *admin)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_store *store = NULL;
    int lock = -1;
    uint64_t removed = 0;
    const struct cs_world *world = admin->around.world;
    enum cs_status status = cs_admin_expect(admin, 1);
    if (status != CS_OK) {
        return status;
    }
    const char *folder = admin->arguments[0];
    status = cs_folder_check(folder, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_lock(folder, &lock, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_folder_path(folder, CS_SERVER_DATABASE_FILE, path, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_store_open(world, path, CS_STORE_WRITER, admin->around.registry, &store,
                               &admin->problem);
    }
    if (status == CS_OK) {
        status = compact(store, world->wall_ms(world->context), &removed);
    }
    if (status == CS_OK) {
        status = answer(admin, store, removed);
    }
    cs_store_close(store);
    cs_folder_unlock(lock);
    return status;
}
