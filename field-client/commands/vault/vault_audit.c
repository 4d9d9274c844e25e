/* vault audit: what happened in a vault, as the signed records tell it. */
#include "field-client/commands/vault/report.h"
#include "field-client/vault/audit.h"

#include "shared/base/text.h"

#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define MINUTE_MS (INT64_C(60) * 1000)

static const struct cs_report_column columns[] = {
    {"at", "when", "时间", CS_REPORT_ALL},
    {"project_name", "project", "项目", CS_REPORT_ALL},
    {"event", "what", "事件", CS_REPORT_ALL},
    {"person_name", "person", "人员", CS_REPORT_ALL},
    {"device_name", "device", "设备", CS_REPORT_ALL},
    {"name", "credential", "凭据", CS_REPORT_ALL},
    {"field", "field", "字段", CS_REPORT_ALL},
    {"recipient_name", "of", "对象", CS_REPORT_ALL},
    {"reason", "reason", "事由", CS_REPORT_ALL},
    {"work_order_label", "work order", "工单", CS_REPORT_ALL},
    {"approver_name", "approved by", "审批人", CS_REPORT_ALL},
    {"state", "", "", CS_REPORT_PROGRAMS},
    {"released", "", "", CS_REPORT_PROGRAMS},
    {"released_at", "", "", CS_REPORT_PROGRAMS},
    {"claimed_at", "", "", CS_REPORT_PROGRAMS},
    {"expires_at", "", "", CS_REPORT_PROGRAMS},
    {"project", "", "", CS_REPORT_PROGRAMS},
    {"vault", "", "", CS_REPORT_PROGRAMS},
    {"item", "", "", CS_REPORT_PROGRAMS},
    {"version", "", "", CS_REPORT_PROGRAMS},
    {"person", "", "", CS_REPORT_PROGRAMS},
    {"device", "", "", CS_REPORT_PROGRAMS},
    {"work_order", "", "", CS_REPORT_PROGRAMS},
    {"record", "", "", CS_REPORT_PROGRAMS},
};

struct audit {
    struct cs_report report;
    int64_t since_ms;
};

/* ---- words ---- */

static struct cs_report_cell state_cell(const struct cs_command *command, int64_t state)
{
    enum cs_vault_state known = (enum cs_vault_state)state;
    return cs_report_word(cs_vault_state_name(known), cs_vault_state_words(command, known));
}

static struct cs_report_cell asked_cell(const struct cs_command *command,
                                        const struct cs_audit_event *event)
{
    const char *key = event->kind == CS_VAULT_LEASE       ? "lease"
                      : event->kind == CS_VAULT_EXPORT    ? "export"
                      : event->kind == CS_VAULT_EMERGENCY ? "emergency"
                                                          : "request";
    if (!event->released) {
        return cs_report_word(key,
                              event->kind == CS_VAULT_LEASE
                                  ? cs_command_words(command, "asked for a lease", "申请离线借用")
                              : event->kind == CS_VAULT_EXPORT
                                  ? cs_command_words(command, "asked for an export", "申请导出")
                                  : cs_command_words(command, "asked to see", "申请查看"));
    }
    return cs_report_word(
        key, event->kind == CS_VAULT_LEASE    ? cs_command_words(command, "leased", "离线借用")
             : event->kind == CS_VAULT_EXPORT ? cs_command_words(command, "exported", "导出")
             : event->kind == CS_VAULT_EMERGENCY
                 ? cs_command_words(command, "saw in an emergency", "紧急查看")
                 : cs_command_words(command, "was shown", "查看"));
}

static struct cs_report_cell event_cell(const struct cs_command *command,
                                        const struct cs_audit_event *event)
{
    switch (event->kind) {
    case CS_VAULT_CREATION:
        return cs_report_word("created", cs_command_words(command, "made the vault", "建立密码库"));
    case CS_VAULT_EPOCH:
        return cs_report_word("epoch", cs_command_words(command, "new key", "更换密钥"));
    case CS_VAULT_GRANT:
        return cs_report_word("granted", cs_command_words(command, "let in", "授权"));
    case CS_VAULT_WITHDRAWAL:
        return cs_report_word("withdrawn", cs_command_words(command, "removed", "撤回授权"));
    case CS_VAULT_ENTRY:
        return cs_report_word("entry", cs_command_words(command, "named", "登记名称"));
    case CS_VAULT_VERSION:
        return cs_report_word("wrote", cs_command_words(command, "wrote", "写入"));
    case CS_VAULT_STATE:
        return cs_report_word("state",
                              cs_vault_state_words(command, (enum cs_vault_state)event->state));
    case CS_VAULT_CAMPAIGN:
        return event->ends
                   ? cs_report_word("campaign_ended",
                                    cs_command_words(command, "campaign ended", "统一修改结束"))
                   : cs_report_word("campaign_begun",
                                    cs_command_words(command, "campaign begun", "统一修改开始"));
    case CS_VAULT_LEAK:
        return cs_report_word("leak", cs_command_words(command, "declared a leak", "报告泄露"));
    case CS_VAULT_REVEAL:
        return cs_report_word("reveal", cs_command_words(command, "saw under a lease", "离线查看"));
    case CS_VAULT_RETURN:
        return cs_report_word("return",
                              cs_bytes_equal_text(event->reason, CS_VAULT_REASON_GIVEN_UP)
                                  ? cs_command_words(command, "gave up a request", "撤回请求")
                                  : cs_command_words(command, "returned a lease", "归还借用"));
    case CS_VAULT_REQUEST:
    case CS_VAULT_LEASE:
    case CS_VAULT_EXPORT:
    case CS_VAULT_EMERGENCY:
    case CS_VAULT_RELEASE:
    case CS_VAULT_APPROVAL:
    case CS_VAULT_KIND_COUNT:
        break;
    }
    return asked_cell(command, event);
}

/* ---- rows ---- */

struct people {
    struct cs_report_device author;
    struct cs_report_device recipient;
    struct cs_report_device approver;
};

static enum cs_status find_people(struct audit *audit, const struct cs_audit_event *event,
                                  struct people *out)
{
    *out = (struct people){.author = {.person_name = CS_BYTES_NONE}};
    enum cs_status status = cs_report_device_of(&audit->report.work, event->author, &out->author);
    if (status == CS_OK && (event->kind == CS_VAULT_GRANT || event->kind == CS_VAULT_WITHDRAWAL)) {
        status = cs_report_device_of(&audit->report.work, event->recipient, &out->recipient);
    }
    return status == CS_OK && event->approved
               ? cs_report_device_of(&audit->report.work, event->approver, &out->approver)
               : status;
}

/* A person's history is what he did, what was done to his grants, and what he approved. */
static bool is_wanted(const struct audit *audit, const struct cs_audit_event *event,
                      const struct people *people)
{
    const struct cs_report_subject *subject = &audit->report.subject;
    bool about = cs_report_is_about(subject, &people->author) ||
                 cs_report_is_about(subject, &people->recipient) ||
                 cs_report_is_about(subject, &people->approver);
    return event->logged_ms >= audit->since_ms && about &&
           (!subject->has_item || cs_id_equal(&subject->item, &event->item));
}

static enum cs_status put_event(struct audit *audit, const struct cs_report_names *names,
                                const struct cs_audit_event *event, const struct people *people)
{
    const struct cs_command *command = audit->report.work.command;
    bool asked = cs_vault_kind_asks(event->kind);
    char record[2 * CS_HASH_SIZE + 1];
    struct cs_bytes work_order = CS_BYTES_NONE;
    struct cs_id work_order_id = {{0}};
    (void)cs_id_from_bytes(event->work_order, &work_order_id);
    cs_hex_encode(cs_bytes_of_array(event->record), record);
    enum cs_status status =
        cs_report_work_order(&audit->report.work, event->work_order, &work_order);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_report_cell none = {.kind = CS_REPORT_NOTHING};
    const struct cs_report_cell cells[CS_COUNT(columns)] = {
        cs_report_time(event->kind == CS_VAULT_REVEAL ? event->claimed_ms : event->logged_ms),
        cs_report_text(names->project),
        event_cell(command, event),
        cs_report_text(people->author.person_name),
        cs_report_text(people->author.device_name),
        cs_report_text(cs_report_item_name(names, &event->item)),
        cs_report_text(event->field),
        cs_report_text(people->recipient.person_name),
        cs_report_text(event->reason),
        cs_report_text(work_order),
        cs_report_text(people->approver.person_name),
        event->kind == CS_VAULT_STATE ? state_cell(command, event->state) : none,
        asked ? cs_report_flag(event->released) : none,
        cs_report_time(event->released_ms),
        cs_report_time(event->claimed_ms),
        cs_report_time(event->expires_ms),
        cs_report_id(&names->vault.project),
        cs_report_id(&names->vault.vault),
        cs_report_id(&event->item),
        cs_report_id(&event->version),
        cs_report_id(&people->author.person),
        cs_report_id(&people->author.row),
        cs_report_id(&work_order_id),
        cs_report_text(cs_bytes_of_text(record)),
    };
    return cs_report_put(&audit->report, cells);
}

static enum cs_status put_vault(void *context, const struct cs_report_names *names)
{
    struct audit *audit = context;
    struct cs_arena arena;
    struct cs_audit_event *events = NULL;
    size_t count = 0;
    cs_arena_init(&arena, 1024 * CS_MEBI);
    enum cs_status status = cs_audit_read(audit->report.work.book, &names->vault.vault, &arena,
                                          &events, &count, &audit->report.work.command->problem);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct people people;
        status = find_people(audit, &events[i], &people);
        if (status == CS_OK && is_wanted(audit, &events[i], &people)) {
            status = put_event(audit, names, &events[i], &people);
        }
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- the command ---- */

/* A day, or a moment, in the local zone. */
static enum cs_status take_since(void *context)
{
    struct audit *audit = context;
    struct cs_command *command = audit->report.work.command;
    const char *text = NULL;
    int offset = command->world->offset_minutes(command->world->context);
    int64_t value = 0;
    enum cs_status status = cs_command_option(command, "--since", &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    if (cs_date_parse(cs_bytes_of_text(text), &value) == CS_OK) {
        audit->since_ms = value * DAY_MS - offset * MINUTE_MS;
    } else if (cs_instant_parse(cs_bytes_of_text(text), offset, &value) == CS_OK) {
        audit->since_ms = cs_instant_utc_ms(value);
    } else {
        return cs_command_usage(command, "--since: a day like 2026-11-30, or \"2026-11-30 17:05\"");
    }
    return CS_OK;
}

static enum cs_status run(void *context)
{
    struct audit *audit = context;
    enum cs_status status = cs_report_collect(
        &audit->report, CS_REPORT_OF_PROJECT | CS_REPORT_OF_CREDENTIAL | CS_REPORT_OF_PERSON,
        put_vault, audit);
    return status != CS_OK
               ? status
               : cs_report_answer(&audit->report, NULL, "events",
                                  cs_command_words(audit->report.work.command,
                                                   "nothing has happened", "没有符合条件的记录"));
}

enum cs_status cs_vault_command_audit(struct cs_command *command)
{
    static const struct cs_report_form form = {columns, CS_COUNT(columns), 0, take_since, run};
    struct audit audit = {.since_ms = INT64_MIN};
    return cs_report_command(&audit.report, command, &form, &audit);
}
