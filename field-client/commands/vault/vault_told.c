/* Findings in words, see vault_told.h. */
#include "field-client/commands/vault/vault_told.h"

#include "field-client/commands/vault/vault_lease.h"
#include "shared/base/text.h"

#define TEXT_MAX ((size_t)(8 * CS_KIBI))

/* ---- words ---- */

static int size_of(struct cs_bytes text)
{
    return (int)text.size;
}

static const char *text_of(struct cs_bytes text)
{
    return text.size == 0 ? "" : (const char *)text.data;
}

static void write_emergency(const struct cs_command *command, const struct cs_vault_told *told,
                            const char *at, struct cs_buffer *out)
{
    const struct cs_vault_record *version = &told->what.version;
    cs_buffer_append_format(
        out,
        CS_WORDS(command,
                 "break-glass: %.*s (%.*s) was shown %.*s (%.*s) of %.*s on %s without anybody's "
                 "approval: ",
                 "紧急查看:%.*s(%.*s)未经他人批准查看了 %.*s(%.*s),项目 %.*s,%s,事由:"),
        size_of(told->person_name), text_of(told->person_name), size_of(told->device_name),
        text_of(told->device_name), size_of(told->name), text_of(told->name),
        size_of(version->field), text_of(version->field), size_of(told->project_name),
        text_of(told->project_name), at);
    cs_buffer_append_bytes(out, told->what.record.reason);
}

static void write_place_taken(const struct cs_command *command, const struct cs_vault_told *told,
                              const char *at, struct cs_buffer *out)
{
    cs_buffer_append_format(
        out,
        CS_WORDS(command,
                 "taken over: %.*s, with another device (%.*s), took over the vault of %.*s on %s, "
                 "since every device that managed it was revoked: make sure that it was this "
                 "person",
                 "接管:%.*s 的另一台设备(%.*s)接管了 %.*s 的密码库,%s;原因:原管理设备均已吊销。"
                 "请向本人核实"),
        size_of(told->person_name), text_of(told->person_name), size_of(told->device_name),
        text_of(told->device_name), size_of(told->project_name), text_of(told->project_name), at);
}

static enum cs_status put_into_words(struct cs_vault_work *work, struct cs_vault_told *told)
{
    char at[CS_TIME_TEXT_MAX];
    struct cs_buffer text;
    cs_buffer_init(&text, TEXT_MAX);
    cs_vault_lease_until(work->command, told->what.logged_ms, at);
    if (told->what.kind == CS_VAULT_ALARM_EMERGENCY) {
        write_emergency(work->command, told, at, &text);
    } else {
        write_place_taken(work->command, told, at, &text);
    }
    enum cs_status status = text.status;
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&text), &told->text);
    }
    cs_buffer_release(&text);
    return status;
}

/* ---- gathering ---- */

static enum cs_status describe(struct cs_vault_work *work, struct cs_vault_told *told)
{
    const struct cs_certificate *author = &told->what.author->leaf;
    told->alarm = true;
    told->person = author->person;
    enum cs_status status = cs_arena_copy(&work->arena, author->person_name, &told->person_name);
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, author->device_name, &told->device_name);
    }
    if (status == CS_OK) {
        status = cs_vault_work_vault_name(work, &told->what.record.vault, &told->project_name);
    }
    if (status == CS_OK && told->what.kind == CS_VAULT_ALARM_EMERGENCY) {
        status = cs_vault_work_item_name(work, &told->what.version, &told->name);
    }
    return status != CS_OK ? status : put_into_words(work, told);
}

/* CS_NOT_FOUND: it is not for this person. */
static enum cs_status tell(struct cs_vault_work *work, const struct cs_vault_finding *finding,
                           struct cs_vault_told *out)
{
    *out = (struct cs_vault_told){.finding = finding, .text = finding->text};
    if (!finding->alarm) {
        return CS_OK;
    }
    enum cs_status status =
        work->book == NULL ? cs_vault_book_open(work->replica, &work->book) : CS_OK;
    if (status == CS_OK) {
        status = cs_vault_alarm_read(work->book, finding, &work->arena, &out->what);
    }
    return status != CS_OK ? status : describe(work, out);
}

enum cs_status cs_vault_told_list(struct cs_vault_work *work, struct cs_vault_told **out,
                                  size_t *out_count)
{
    struct cs_vault_finding *findings = NULL;
    size_t count = 0;
    size_t kept = 0;
    enum cs_status status = cs_vault_findings(work->replica, &work->arena, &findings, &count);
    struct cs_vault_told *list =
        status == CS_OK ? cs_arena_take_array(&work->arena, count, sizeof *list) : NULL;
    if (status == CS_OK && list == NULL) {
        status = CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = tell(work, &findings[i], &list[kept]);
        kept += status == CS_OK ? 1 : 0;
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK) {
        *out = list;
        *out_count = kept;
    }
    return status;
}

/* ---- JSON ---- */

static struct cs_json *alarm_json(const struct cs_vault_told *told)
{
    const struct cs_vault_alarm *what = &told->what;
    bool emergency = what->kind == CS_VAULT_ALARM_EMERGENCY;
    char id[2 * CS_HASH_SIZE + 1];
    struct cs_json *json = cs_json_object();
    cs_hex_encode(cs_bytes_of_array(what->record.id), id);
    cs_json_set(json, "kind",
                cs_json_text(cs_bytes_of_text(emergency ? "emergency" : "place_taken")));
    cs_json_set(json, "at", cs_vault_time_json(what->logged_ms));
    cs_json_set(json, "person", cs_command_json_id(&told->person));
    cs_json_set(json, "person_name", cs_json_text(told->person_name));
    cs_json_set(json, "device_name", cs_json_text(told->device_name));
    cs_json_set(json, "project_name", cs_json_text(told->project_name));
    cs_json_set(json, "item", emergency ? cs_command_json_id(&what->version.item) : cs_json_null());
    cs_json_set(json, "name", emergency ? cs_json_text(told->name) : cs_json_null());
    cs_json_set(json, "field", emergency ? cs_json_text(what->version.field) : cs_json_null());
    cs_json_set(json, "reason", emergency ? cs_json_text(what->record.reason) : cs_json_null());
    cs_json_set(json, "record", cs_json_text(cs_bytes_of_text(id)));
    return json;
}

struct cs_json *cs_vault_told_json(const struct cs_vault_told *told)
{
    const struct cs_vault_finding *finding = told->finding;
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "number", cs_json_integer(finding->number));
    cs_json_set(json, "at", cs_vault_time_json(finding->at_ms));
    cs_json_set(json, "vault", cs_command_json_id(&finding->vault));
    cs_json_set(json, "status", cs_json_text(cs_bytes_of_text(cs_status_name(finding->status))));
    cs_json_set(json, "text", cs_json_text(told->text));
    cs_json_set(json, "alarm", told->alarm ? alarm_json(told) : cs_json_null());
    return json;
}
