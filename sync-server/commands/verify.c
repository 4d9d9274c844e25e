/* `verify`: the verification of a server's folder, beside a server that may be running. */
#include "sync-server/commands/folder.h"
#include "sync-server/commands/report.h"

static enum cs_status answer(struct cs_admin *admin, struct cs_report *report, uint64_t mended)
{
    if (!admin->json) {
        if (mended > 0) {
            cs_admin_print(admin,
                           "%llu digests were not those of their rows and were counted anew\n",
                           (unsigned long long)mended);
        }
        cs_report_text(report);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "mended_digests", cs_json_integer((int64_t)mended));
    cs_json_set(json, "ok", cs_json_boolean(report->verification.findings == 0));
    cs_report_json(report, json);
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
    if (status == CS_OK) {
        status = answer(admin, &report, mended);
    }
    cs_report_release(&report);
    cs_store_close(store);
    return status;
}
