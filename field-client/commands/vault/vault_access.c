/* vault access: who may do what with which vault, as the grants in force say. */
#include "field-client/commands/vault/report.h"

static const struct cs_report_column columns[] = {
    {"project_name", "project", "项目", CS_REPORT_ALL},
    {"person_name", "person", "人员", CS_REPORT_ALL},
    {"device_name", "device", "设备", CS_REPORT_ALL},
    {"rights", "rights", "权限", CS_REPORT_ALL},
    {"expires_at", "until", "有效期至", CS_REPORT_ALL},
    {"state", "state", "状态", CS_REPORT_ALL},
    {"project", "", "", CS_REPORT_PROGRAMS},
    {"vault", "", "", CS_REPORT_PROGRAMS},
    {"person", "", "", CS_REPORT_PROGRAMS},
    {"device", "", "", CS_REPORT_PROGRAMS},
};

/* "list reveal lease", in the arena. */
static enum cs_status rights_text(struct cs_vault_work *work, int64_t rights, struct cs_bytes *out)
{
    static const struct {
        enum cs_vault_right right;
        const char *name;
    } names[] = {{CS_VAULT_MAY_LIST, "list"},       {CS_VAULT_MAY_REVEAL, "reveal"},
                 {CS_VAULT_MAY_LEASE, "lease"},     {CS_VAULT_MAY_EDIT, "edit"},
                 {CS_VAULT_MAY_APPROVE, "approve"}, {CS_VAULT_MAY_MANAGE, "manage"}};
    struct cs_buffer text;
    cs_buffer_init(&text, CS_KIBI);
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        if ((rights & names[i].right) != 0) {
            cs_buffer_append_format(&text, "%s%s", text.size == 0 ? "" : " ", names[i].name);
        }
    }
    enum cs_status status = text.status;
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&text), out);
    }
    cs_buffer_release(&text);
    return status;
}

static struct cs_report_cell state_of(const struct cs_command *command,
                                      const struct cs_exposed_device *device)
{
    bool revoked = device->left && device->left_why == CS_DUE_REVOKED;
    return revoked ? cs_report_word("revoked", cs_command_words(command, "revoked", "已吊销"))
           : device->suspended
               ? cs_report_word("suspended",
                                cs_command_words(command, "has to join again", "须重新加入"))
               : cs_report_word("active", cs_command_words(command, "active", "有效"));
}

static enum cs_status put_device(struct cs_report *report, const struct cs_report_names *names,
                                 const struct cs_exposed_device *device)
{
    struct cs_report_device who;
    struct cs_bytes rights = CS_BYTES_NONE;
    enum cs_status status = cs_report_device_of(&report->work, device->certificate, &who);
    if (status != CS_OK || device->rights == 0 || !cs_report_is_about(&report->subject, &who)) {
        return status;
    }
    status = rights_text(&report->work, device->rights, &rights);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_report_cell cells[CS_COUNT(columns)] = {
        cs_report_text(names->project),      cs_report_text(who.person_name),
        cs_report_text(who.device_name),     cs_report_text(rights),
        cs_report_time(device->expires_ms),  state_of(report->work.command, device),
        cs_report_id(&names->vault.project), cs_report_id(&names->vault.vault),
        cs_report_id(&who.person),           cs_report_id(&who.row),
    };
    return cs_report_put(report, cells);
}

static enum cs_status put_vault(void *context, const struct cs_report_names *names,
                                const struct cs_exposure_view *view)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < view->device_count; i++) {
        status = put_device(context, names, &view->devices[i]);
    }
    return status;
}

static enum cs_status run(void *context)
{
    struct cs_report *report = context;
    enum cs_status status = cs_report_collect_exposures(
        report, CS_REPORT_OF_PROJECT | CS_REPORT_OF_PERSON, put_vault, report);
    if (status != CS_OK) {
        return status;
    }
    report->complete = true; /* every member has the whole log */
    return cs_report_answer(
        report, NULL, "access",
        cs_command_words(report->work.command, "nobody has a grant", "无人持有授权"));
}

enum cs_status cs_vault_command_access(struct cs_command *command)
{
    static const struct cs_report_form form = {columns, CS_COUNT(columns), 0, NULL, run};
    struct cs_report report;
    return cs_report_command(&report, command, &form, &report);
}
