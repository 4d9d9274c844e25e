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

struct access {
    struct cs_vault_work work;
    struct cs_report report;
    struct cs_report_subject subject;
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

static enum cs_status put_device(struct access *access, const struct cs_report_names *names,
                                 const struct cs_exposed_device *device)
{
    struct cs_report_device who;
    struct cs_bytes rights = CS_BYTES_NONE;
    enum cs_status status = cs_report_device_of(&access->work, device->certificate, &who);
    if (status != CS_OK || device->rights == 0 || !cs_report_is_about(&access->subject, &who)) {
        return status;
    }
    status = rights_text(&access->work, device->rights, &rights);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_report_cell cells[CS_COUNT(columns)] = {
        cs_report_text(names->project),      cs_report_text(who.person_name),
        cs_report_text(who.device_name),     cs_report_text(rights),
        cs_report_time(device->expires_ms),  state_of(access->work.command, device),
        cs_report_id(&names->vault.project), cs_report_id(&names->vault.vault),
        cs_report_id(&who.person),           cs_report_id(&who.row),
    };
    return cs_report_put(&access->report, cells);
}

static enum cs_status take_vault(void *context, const struct cs_report_names *names)
{
    struct access *access = context;
    struct cs_exposure *exposure = NULL;
    const struct cs_exposure_view *view = NULL;
    enum cs_status status = cs_exposure_read(access->work.book, &names->vault.vault, &exposure,
                                             &view, &access->work.command->problem);
    for (size_t i = 0; status == CS_OK && i < view->device_count; i++) {
        status = put_device(access, names, &view->devices[i]);
    }
    cs_exposure_destroy(exposure);
    return status;
}

static enum cs_status run(struct access *access)
{
    struct cs_command *command = access->work.command;
    enum cs_status status =
        cs_report_subject_find(&access->work, cs_command_argument(command, 0),
                               CS_REPORT_OF_PROJECT | CS_REPORT_OF_PERSON, &access->subject);
    if (status == CS_OK) {
        status = cs_report_vaults(&access->work, &access->report,
                                  access->subject.has_vault ? &access->subject.vault : NULL,
                                  take_vault, access);
    }
    if (status != CS_OK) {
        return status;
    }
    access->report.complete = true; /* every member has the whole log */
    return cs_report_answer(&access->report, NULL, "access",
                            cs_command_words(command, "nobody has a grant", "无人持有授权"));
}

enum cs_status cs_vault_command_access(struct cs_command *command)
{
    struct access access = {.work = {.command = command}};
    enum cs_status status = cs_report_begin(&access.report, command, columns, CS_COUNT(columns));
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 1);
    }
    if (status == CS_OK) {
        status = cs_vault_work_begin(command, &access.work);
        status = status == CS_OK ? run(&access) : status;
        cs_vault_work_end(&access.work);
    }
    cs_report_release(&access.report);
    return status;
}
