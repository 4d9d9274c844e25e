/* The commands doctor (is this replica sound?) and lock. */
#include "field-client/replica/doctor.h"
#include "field-client/commands/command.h"

struct findings {
    struct cs_command *command;
    struct cs_json *list; /* NULL without --json */
};

static void take_finding(void *context, const char *text)
{
    struct findings *findings = context;
    if (findings->command->json) {
        cs_json_append(findings->list, cs_json_text(cs_bytes_of_text(text)));
    } else {
        cs_command_print_safe(findings->command, cs_bytes_of_text(text));
        cs_command_print(findings->command, "\n");
    }
}

static enum cs_status answer_json(struct findings *findings, const struct cs_doctor_report *report)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "sound", cs_json_boolean(report->findings == 0));
    cs_json_set(json, "rows_checked", cs_json_integer((int64_t)report->rows_checked));
    cs_json_set(json, "overlaid_checked", cs_json_integer((int64_t)report->overlaid_checked));
    cs_json_set(json, "change_sets_checked", cs_json_integer((int64_t)report->change_sets_checked));
    cs_json_set(json, "findings", findings->list);
    findings->list = NULL;
    return cs_command_json(findings->command, json);
}

static void answer_text(struct cs_command *command, const struct cs_doctor_report *report)
{
    cs_command_print(command,
                     CS_WORDS(command,
                              "%zu rows, %zu rows with unsent changes, %zu change-sets checked: ",
                              "已检查 %zu 行、%zu 行未发送修改、%zu 个修改集:"),
                     report->rows_checked, report->overlaid_checked, report->change_sets_checked);
    if (report->findings == 0) {
        cs_command_print(command, "%s\n", cs_command_words(command, "sound", "正常"));
    } else {
        cs_command_print(command, CS_WORDS(command, "%zu findings\n", "发现 %zu 个问题\n"),
                         report->findings);
    }
}

enum cs_status cs_command_doctor(struct cs_command *command)
{
    struct cs_replica *replica;
    struct findings findings = {command, NULL};
    struct cs_doctor_report report;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    findings.list = command->json ? cs_json_array() : NULL;
    status = cs_doctor_run(replica, take_finding, &findings, &report);
    if (status == CS_OK && report.findings > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (status == CS_OK && command->json) {
        status = answer_json(&findings, &report);
    } else if (status == CS_OK) {
        answer_text(command, &report);
    }
    cs_json_destroy(findings.list);
    return status;
}

enum cs_status cs_command_lock(struct cs_command *command)
{
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "unlocked", cs_json_boolean(false));
        return cs_command_json(command, json);
    }
    cs_command_print(
        command, "%s\n",
        cs_command_words(
            command, "nothing is unlocked: no agent runs, every command asks for the passphrase",
            "没有已解锁的内容:未运行代理程序,每条命令都会要求口令"));
    return CS_OK;
}
