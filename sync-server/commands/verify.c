/* `verify`: the verification of a server's folder, beside a server that may be running. */
#include "shared/base/text.h"
#include "sync-server/commands/folder.h"
#include "sync-server/commands/report.h"
#include "sync-server/stores/history_store.h"

/* How far the history reaches: change-sets are all there, and what rows were since then. */
static void print_reach(struct cs_admin *admin, int64_t reach_ms)
{
    char text[CS_TIME_TEXT_MAX];
    if (reach_ms != INT64_MIN) {
        cs_instant_format(cs_instant_make(reach_ms, 0), text);
        cs_admin_print(admin, "what rows were is kept since %s; change-sets are all kept\n", text);
    }
}

static enum cs_status answer(struct cs_admin *admin, struct cs_report *report, uint64_t mended,
                             int64_t reach_ms)
{
    if (!admin->json) {
        if (mended > 0) {
            cs_admin_print(admin,
                           "%llu digests were not those of their rows and were counted anew\n",
                           (unsigned long long)mended);
        }
        cs_report_text(report);
        print_reach(admin, reach_ms);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "mended_digests", cs_json_integer((int64_t)mended));
    cs_json_set(json, "ok", cs_json_boolean(report->verification.findings == 0));
    cs_report_json(report, json);
    cs_json_set(json, "history_since",
                reach_ms == INT64_MIN ? cs_json_null() : cs_admin_json_time(reach_ms));
    return cs_admin_json(admin, json);
}

/* Only while nobody serves the folder: the committer keeps digests in memory. */
static enum cs_status mend(struct cs_admin *admin, uint64_t *out_mended)
{
    const char *folder = admin->arguments[0];
    char path[CS_FOLDER_PATH_MAX];
    struct cs_store *store = NULL;
    int lock = -1;
    enum cs_status status = cs_folder_lock(folder, &lock, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_path(folder, CS_SERVER_DATABASE_FILE, path, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_store_open(admin->around.world, path, CS_STORE_WRITER, admin->around.registry,
                               &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_verification_mend_digests(store, out_mended);
    }
    cs_store_close(store);
    cs_folder_unlock(lock);
    return status;
}

enum cs_status cs_admin_verify(struct cs_admin *admin)
{
    bool mends = cs_admin_flag(admin, "--repair-digests");
    uint64_t mended = 0;
    enum cs_status status = cs_admin_expect(admin, 1);
    if (status != CS_OK) {
        return status;
    }
    struct cs_store *store = NULL;
    struct cs_report report = {.findings = NULL};
    status = cs_folder_check(admin->arguments[0], &admin->problem);
    if (status == CS_OK && mends) {
        status = mend(admin, &mended);
    }
    if (status == CS_OK) {
        status =
            cs_folder_open_reader(&admin->around, admin->arguments[0], &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_report_run(&report, admin, store);
    }
    int64_t reach_ms = INT64_MIN;
    if (status == CS_OK) {
        /* In a database that is damaged it may not be readable: then the findings are what is told. */
        enum cs_status read = cs_store_history_reach(store, &reach_ms);
        status = cs_verification_is_damage(read) ? CS_OK : read;
    }
    if (status == CS_OK) {
        status = answer(admin, &report, mended, reach_ms);
    }
    cs_report_release(&report);
    cs_store_close(store);
    return status;
}
