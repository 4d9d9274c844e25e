/* `verify`: the verification of a server's folder, beside a server that may be running. */
#include "sync-server/commands/folder.h"
#include "sync-server/commands/report.h"

static enum cs_status answer(struct cs_admin *admin, struct cs_report *report)
{
    if (!admin->json) {
        cs_report_text(report);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "ok", cs_json_boolean(report->verification.findings == 0));
    cs_report_json(report, json);
    return cs_admin_json(admin, json);
}

enum cs_status cs_admin_verify(struct cs_admin *admin)
{
    enum cs_status status = cs_admin_expect(admin, 1);
    if (status != CS_OK) {
        return status;
    }
    struct cs_store *store = NULL;
    struct cs_report report = {.findings = NULL};
    status = cs_folder_check(admin->arguments[0], &admin->problem);
    if (status == CS_OK) {
        status =
            cs_folder_open_reader(&admin->around, admin->arguments[0], &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_report_run(&report, admin, store);
    }
    if (status == CS_OK) {
        status = answer(admin, &report);
    }
    cs_report_release(&report);
    cs_store_close(store);
    return status;
}
