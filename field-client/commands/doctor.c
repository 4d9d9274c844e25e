/* The command doctor: is this replica sound? */
#include "field-client/replica/doctor.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/difference_note.h"
#include "field-client/replica/meta.h"
#include "field-client/replica/recount.h"

struct findings {
    struct cs_command *command;
    struct cs_json *list; /* NULL without --json */
    struct cs_recounted mended;
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

static enum cs_status answer_json(struct findings *findings, struct cs_replica *replica,
                                  const struct cs_doctor_report *report)
{
    struct cs_json *differed = NULL;
    enum cs_status status = cs_difference_note_json(replica, &differed);
    if (status != CS_OK) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "differed", differed);
    cs_json_set(json, "mended_sums", cs_json_integer((int64_t)findings->mended.sums));
    cs_json_set(json, "mended_rows", cs_json_integer((int64_t)findings->mended.strays));
    cs_json_set(json, "sound", cs_json_boolean(report->findings == 0));
    cs_json_set(json, "rows_checked", cs_json_integer((int64_t)report->rows_checked));
    cs_json_set(json, "overlaid_checked", cs_json_integer((int64_t)report->overlaid_checked));
    cs_json_set(json, "change_sets_checked", cs_json_integer((int64_t)report->change_sets_checked));
    cs_json_set(json, "findings", findings->list);
    findings->list = NULL;
    return cs_command_json(findings->command, json);
}

static enum cs_status answer_text(struct findings *findings, struct cs_replica *replica,
                                  const struct cs_doctor_report *report)
{
    struct cs_command *command = findings->command;
    if (findings->mended.sums + findings->mended.strays > 0) {
        cs_command_print(
            command,
            CS_WORDS(command,
                     "put right here: %llu sums, %llu rows that belong nowhere; sync to "
                     "be compared with the server\n",
                     "已在本机修复:%llu 个校验和,%llu 行无归属数据;请同步以与服务器核对\n"),
            (unsigned long long)findings->mended.sums, (unsigned long long)findings->mended.strays);
    }
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
        cs_command_print(command, "%s\n",
                         cs_command_words(command,
                                          "the next sync counts everything anew and has the server "
                                          "put right what differs",
                                          "下次同步将重新核对全部数据并由服务器补正"));
    }
    return cs_difference_note_print(command, replica);
}

/* Sums, views and what cannot be read; what differs from the server is for the next sync. */
static enum cs_status repair(struct cs_replica *replica, struct cs_recounted *out)
{
    struct cs_database *database = cs_replica_database(replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_recount_mend(replica, out);
    if (status == CS_OK) {
        status = cs_database_commit(database);
    } else {
        cs_database_rollback(database);
    }
    return status;
}

enum cs_status cs_command_doctor(struct cs_command *command)
{
    struct cs_replica *replica;
    struct findings findings = {.command = command};
    struct cs_doctor_report report;
    bool repairs = cs_command_flag(command, "--repair");
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    if (repairs) {
        status = repair(replica, &findings.mended);
    }
    if (status != CS_OK) {
        return status;
    }
    findings.list = command->json ? cs_json_array() : NULL;
    status = cs_doctor_run(replica, take_finding, &findings, &report);
    if (status == CS_OK && report.findings > 0) {
        command->exit_code = CS_EXIT_FAILED;
        /* So that the next sync counts everything anew, whatever the sums say. */
        status = cs_replica_meta_set_number(replica, CS_META_RECOUNTED, 1);
    }
    if (status == CS_OK) {
        status = command->json ? answer_json(&findings, replica, &report)
                               : answer_text(&findings, replica, &report);
    }
    cs_json_destroy(findings.list);
    return status;
}
