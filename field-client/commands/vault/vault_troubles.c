/* vault refused, vault findings: what the server refused of this device's records; what of a vault did not hold, and alarms. */
#include "field-client/commands/vault/vault_notes.h"
#include "field-client/commands/vault/vault_told.h"
#include "shared/base/text.h"

#define LISTED_MAX ((size_t)10000)

static void print_line(struct cs_command *command, int64_t number, const char *what,
                       struct cs_bytes text)
{
    cs_command_print(command, "#%lld  %s  ", (long long)number, what);
    cs_command_print_safe(command, text);
    cs_command_print(command, "\n");
}

static enum cs_status answer(struct cs_command *command, const char *key,
                             struct cs_json *owned_list)
{
    if (!command->json) {
        cs_json_destroy(owned_list);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, key, owned_list);
    return cs_command_json(command, json);
}

static enum cs_status list_refused(struct cs_vault_work *work, bool dismiss)
{
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    struct cs_json *json = cs_json_array();
    enum cs_status status =
        cs_queued_records(work->replica, true, LISTED_MAX, &work->arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (work->command->json) {
            cs_json_append(json, cs_vault_refused_json(&list[i]));
        } else {
            print_line(work->command, list[i].number, cs_status_name(list[i].status), list[i].text);
        }
        if (dismiss) {
            status = cs_queued_record_remove(work->replica, list[i].id);
        }
    }
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    return answer(work->command, "refused", json);
}

static enum cs_status list_findings(struct cs_vault_work *work, bool dismiss)
{
    struct cs_command *command = work->command;
    struct cs_vault_told *list = NULL;
    size_t count = 0;
    struct cs_json *json = cs_json_array();
    enum cs_status status = cs_vault_told_list(work, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_vault_finding *finding = list[i].finding;
        if (command->json) {
            cs_json_append(json, cs_vault_told_json(&list[i]));
        } else {
            print_line(command, finding->number,
                       list[i].alarm ? cs_command_words(command, "ALARM", "警报")
                                     : cs_status_name(finding->status),
                       list[i].text);
        }
        if (dismiss) {
            status = cs_vault_finding_remove(work->replica, finding->number);
        }
    }
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    return answer(command, "findings", json);
}

static enum cs_status run(struct cs_command *command,
                          enum cs_status (*list)(struct cs_vault_work *work, bool dismiss))
{
    struct cs_vault_work work;
    bool dismiss = cs_command_flag(command, "--dismiss");
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = list(&work, dismiss);
    }
    cs_vault_work_end(&work);
    return status;
}

enum cs_status cs_vault_command_refused(struct cs_command *command)
{
    return run(command, list_refused);
}

enum cs_status cs_vault_command_findings(struct cs_command *command)
{
    return run(command, list_findings);
}
