/* vault due: what is to be changed, and why. */
#include "field-client/commands/vault/report.h"

static const struct cs_report_column columns[] = {
    {"project_name", "project", "项目", CS_REPORT_ALL},
    {"name", "credential", "凭据", CS_REPORT_ALL},
    {"field", "field", "字段", CS_REPORT_ALL},
    {"why", "why", "原因", CS_REPORT_ALL},
    {"person_name", "person", "人员", CS_REPORT_ALL},
    {"device_name", "device", "设备", CS_REPORT_ALL},
    {"since", "since", "起始", CS_REPORT_ALL},
    {"reason", "reason given", "事由", CS_REPORT_ALL},
    {"state", "state", "状态", CS_REPORT_PROGRAMS},
    {"project", "", "", CS_REPORT_PROGRAMS},
    {"vault", "", "", CS_REPORT_PROGRAMS},
    {"item", "", "", CS_REPORT_PROGRAMS},
    {"version", "", "", CS_REPORT_PROGRAMS},
    {"person", "", "", CS_REPORT_PROGRAMS},
    {"device", "", "", CS_REPORT_PROGRAMS},
};

static enum cs_status put_due(struct cs_report *report, const struct cs_report_names *names,
                              const struct cs_exposure_view *view, const struct cs_due *reason)
{
    struct cs_report_device who;
    const struct cs_command *command = report->work.command;
    const struct cs_exposed_secret *secret = &view->secrets[reason->secret];
    const struct cs_exposed_version *version = &view->versions[reason->version];
    enum cs_status status =
        cs_report_device_of(&report->work, view->devices[reason->device].certificate, &who);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_report_cell cells[CS_COUNT(columns)] = {
        cs_report_text(names->project),
        cs_report_text(cs_report_item_name(names, &secret->item)),
        cs_report_text(secret->field),
        cs_report_why(command, reason->why),
        cs_report_text(who.person_name),
        cs_report_text(who.device_name),
        cs_report_time(reason->since_ms),
        cs_report_text(reason->reason),
        cs_report_word(cs_vault_state_name(version->state),
                       cs_vault_state_words(command, version->state)),
        cs_report_id(&names->vault.project),
        cs_report_id(&names->vault.vault),
        cs_report_id(&secret->item),
        cs_report_id(&version->id),
        cs_report_id(&who.person),
        cs_report_id(&who.row),
    };
    return cs_report_put(report, cells);
}

static enum cs_status put_vault(void *context, const struct cs_report_names *names,
                                const struct cs_exposure_view *view)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < view->due_count; i++) {
        status = put_due(context, names, view, &view->dues[i]);
    }
    return status;
}

static enum cs_status run(void *context)
{
    struct cs_report *report = context;
    enum cs_status status =
        cs_report_collect_exposures(report, CS_REPORT_OF_PROJECT, put_vault, report);
    return status != CS_OK ? status
                           : cs_report_answer(report, NULL, "due",
                                              cs_command_words(report->work.command,
                                                               "nothing is due for rotation",
                                                               "没有需要更换的密码"));
}

enum cs_status cs_vault_command_due(struct cs_command *command)
{
    static const struct cs_report_form form = {columns, CS_COUNT(columns), 0, NULL, run};
    struct cs_report report;
    return cs_report_command(&report, command, &form, &report);
}
