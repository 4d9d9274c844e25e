/*
 * vault leak: who knew a version of a secret; and with a reason, the signed word that it has leaked, which makes it due for rotation.
 */
#include "field-client/commands/vault/report.h"

#include "shared/base/text.h"

#include <string.h>

static const struct cs_report_column columns[] = {
    {"person_name", "person", "人员", CS_REPORT_ALL},
    {"device_name", "device", "设备", CS_REPORT_ALL},
    {"how", "how", "方式", CS_REPORT_ALL},
    {"since", "since", "时间", CS_REPORT_ALL},
    {"reason", "reason", "事由", CS_REPORT_ALL},
    {"work_order_label", "work order", "工单", CS_REPORT_ALL},
    {"person", "", "", CS_REPORT_PROGRAMS},
    {"device", "", "", CS_REPORT_PROGRAMS},
    {"work_order", "", "", CS_REPORT_PROGRAMS},
};

struct leak {
    struct cs_report report;
    const char *project;
    const char *field;
    const char *version_text;
    const char *reason;
    struct cs_vault_credential credential;
    struct cs_id version;
    bool declared;
    uint8_t record[CS_HASH_SIZE];
};

/* ---- which version ---- */

static bool begins(const struct cs_id *id, const char *text)
{
    char whole[CS_ID_TEXT_SIZE];
    cs_id_format(id, whole);
    return strlen(text) >= 4 && strncmp(whole, text, strlen(text)) == 0;
}

/* The one that was typed; without that the newest that is confirmed, or the newest of all. */
static enum cs_status choose_version(struct leak *leak, const struct cs_exposure_view *view)
{
    struct cs_command *command = leak->report.work.command;
    size_t index = cs_exposure_secret(view, &leak->credential.item, cs_bytes_of_text(leak->field));
    size_t found = CS_EXPOSURE_NONE;
    size_t matches = 0;
    if (index == CS_EXPOSURE_NONE) {
        command->exit_code = CS_EXIT_USAGE;
        return cs_problem_set(&command->problem, CS_NOT_FOUND,
                              "this credential has no field \"%s\": see countersign vault show",
                              leak->field);
    }
    const struct cs_exposed_secret *secret = &view->secrets[index];
    for (size_t i = 0; i < secret->version_count; i++) {
        size_t at = secret->first_version + i;
        if (leak->version_text != NULL && begins(&view->versions[at].id, leak->version_text)) {
            found = at;
            matches++;
        } else if (leak->version_text == NULL &&
                   (view->versions[at].confirmed || found == CS_EXPOSURE_NONE ||
                    !view->versions[found].confirmed)) {
            found = at;
            matches = 1;
        }
    }
    if (matches != 1) {
        command->exit_code = CS_EXIT_USAGE;
        return cs_problem_set(&command->problem, matches == 0 ? CS_NOT_FOUND : CS_EXISTS,
                              matches == 0
                                  ? "this field has no version that begins with that id"
                                  : "several versions begin with that id: give more of it");
    }
    leak->version = view->versions[found].id;
    return CS_OK;
}

static enum cs_status declare(struct leak *leak)
{
    struct cs_command *command = leak->report.work.command;
    enum cs_status status =
        cs_vault_act_leak(leak->report.work.book, &leak->credential.vault.vault, &leak->version,
                          cs_bytes_of_text(leak->reason), leak->record, &command->problem);
    if (status == CS_OK) {
        status = cs_vault_work_send(&leak->report.work, leak->record);
    }
    if (status == CS_BUSY || cs_status_class(status) == CS_CLASS_LATER) {
        cs_command_note(command, "%s",
                        cs_command_words(command, "declared here; it goes out with the next sync",
                                         "已在本机登记,将随下次同步发出"));
        status = CS_OK;
    }
    leak->declared = status == CS_OK;
    return status;
}

/* ---- who knew it ---- */

static enum cs_status put_knower(struct leak *leak, const struct cs_exposure_view *view,
                                 const struct cs_knowing *knowing)
{
    struct cs_report_device who;
    struct cs_bytes work_order = CS_BYTES_NONE;
    struct cs_id work_order_id = {{0}};
    (void)cs_id_from_bytes(knowing->work_order, &work_order_id);
    enum cs_status status =
        cs_report_device_of(&leak->report.work, view->devices[knowing->device].certificate, &who);
    if (status == CS_OK) {
        status = cs_report_work_order(&leak->report.work, knowing->work_order, &work_order);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_report_cell cells[CS_COUNT(columns)] = {
        cs_report_text(who.person_name),
        cs_report_text(who.device_name),
        cs_report_how(leak->report.work.command, knowing->how),
        cs_report_time(knowing->since_ms),
        cs_report_text(knowing->reason),
        cs_report_text(work_order),
        cs_report_id(&who.person),
        cs_report_id(&who.row),
        cs_report_id(&work_order_id),
    };
    return cs_report_put(&leak->report, cells);
}

static enum cs_status look(struct leak *leak, bool choose)
{
    struct cs_exposure *exposure = NULL;
    const struct cs_exposure_view *view = NULL;
    struct cs_problem *problem = &leak->report.work.command->problem;
    const struct cs_id *vault = &leak->credential.vault.vault;
    enum cs_status status =
        cs_exposure_read(leak->report.work.book, vault, &exposure, &view, problem);
    if (status == CS_OK && choose) {
        status = choose_version(leak, view);
    } else if (status == CS_OK) {
        size_t at = cs_exposure_version(exposure, &leak->version);
        size_t count = at == CS_EXPOSURE_NONE ? 0 : view->versions[at].knowing_count;
        for (size_t i = 0; i < count && status == CS_OK; i++) {
            status = put_knower(leak, view, &view->knowings[view->versions[at].first_knowing + i]);
        }
    }
    cs_exposure_destroy(exposure);
    return status;
}

static struct cs_json *leak_json(const struct leak *leak)
{
    char record[2 * CS_HASH_SIZE + 1];
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "project", cs_command_json_id(&leak->credential.vault.project));
    cs_json_set(json, "vault", cs_command_json_id(&leak->credential.vault.vault));
    cs_json_set(json, "item", cs_command_json_id(&leak->credential.item));
    cs_json_set(json, "name", cs_json_text(leak->credential.listing.name));
    cs_json_set(json, "field", cs_json_text(cs_bytes_of_text(leak->field)));
    cs_json_set(json, "version", cs_command_json_id(&leak->version));
    cs_hex_encode(cs_bytes_of_array(leak->record), record);
    cs_json_set(json, "leak",
                leak->declared ? cs_json_text(cs_bytes_of_text(record)) : cs_json_null());
    return json;
}

static enum cs_status run(void *context)
{
    struct leak *leak = context;
    struct cs_command *command = leak->report.work.command;
    enum cs_status status = cs_vault_work_credential(
        &leak->report.work, cs_command_argument(command, 0), leak->project, &leak->credential);
    if (status == CS_OK) {
        status = look(leak, true);
    }
    if (status == CS_OK && leak->reason != NULL) {
        status = declare(leak);
    }
    if (status == CS_OK) {
        status = look(leak, false);
    }
    if (status == CS_OK) {
        status = cs_exposure_is_whole(leak->report.work.book, &leak->credential.vault.vault,
                                      &leak->report.complete, &command->problem);
    }
    if (status != CS_OK) {
        return status;
    }
    return cs_report_answer(
        &leak->report, command->json ? leak_json(leak) : NULL, "knew",
        cs_command_words(command, "nobody is known to know it", "没有知悉记录"));
}

static enum cs_status take_options(void *context)
{
    struct leak *leak = context;
    struct cs_command *command = leak->report.work.command;
    enum cs_status status = cs_command_option(command, "--project", &leak->project);
    if (status == CS_OK) {
        status = cs_command_option(command, "--field", &leak->field);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--version", &leak->version_text);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--reason", &leak->reason);
    }
    leak->field = leak->field == NULL ? "password" : leak->field;
    if (status == CS_OK && leak->reason != NULL &&
        (leak->reason[0] == '\0' || strlen(leak->reason) > CS_VAULT_REASON_MAX)) {
        return cs_command_usage(command, "--reason: 1 to %zu bytes", CS_VAULT_REASON_MAX);
    }
    return status;
}

enum cs_status cs_vault_command_leak(struct cs_command *command)
{
    static const struct cs_report_form form = {columns, CS_COUNT(columns), 1, take_options, run};
    struct leak leak = {.declared = false};
    return cs_report_command(&leak.report, command, &form, &leak);
}
