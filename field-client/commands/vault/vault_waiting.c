/* vault waiting: what waits for this person's approval, and what of his own waits, which can be given up. vault approve: agreeing to it. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "field-client/vault/waiting_end.h"
#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>

/* Digits of an id that are shown: enough to type it. */
#define ID_SHOWN 12

struct described {
    const struct cs_vault_waiting *waiting;
    char id[2 * CS_HASH_SIZE + 1];
    struct cs_bytes person;
    struct cs_bytes project;
    struct cs_bytes item; /* of the first version */
    struct cs_bytes field;
    struct cs_bytes work_order;
    size_t version_count;
    const char *became; /* by this command: "approved", "given_up"; NULL: nothing */
};

/* ---- names ---- */

static const char *state_key(enum cs_vault_waiting_state state)
{
    static const char *const keys[] = {[CS_VAULT_WAITS_TO_BE_SENT] = "to_be_sent",
                                       [CS_VAULT_WAITS_FOR_OTHERS] = "for_others",
                                       [CS_VAULT_WAITS_TO_BE_OPENED] = "to_be_opened",
                                       [CS_VAULT_WAITS_REFUSED] = "refused",
                                       [CS_VAULT_WAITS_FOR_ME] = "for_me"};
    return keys[state];
}

static const char *state_words(const struct cs_command *command, enum cs_vault_waiting_state state)
{
    switch (state) {
    case CS_VAULT_WAITS_TO_BE_SENT:
        return cs_command_words(command, "own: not sent yet", "本人:待发送");
    case CS_VAULT_WAITS_FOR_OTHERS:
        return cs_command_words(command, "own: waits for approval", "本人:等待他人批准");
    case CS_VAULT_WAITS_TO_BE_OPENED:
        return cs_command_words(command, "own: approved, open it", "本人:已批准,可查看");
    case CS_VAULT_WAITS_REFUSED:
        return cs_command_words(command, "own: refused", "本人:已被拒绝");
    case CS_VAULT_WAITS_FOR_ME:
        break;
    }
    return cs_command_words(command, "waits for your approval", "等待您批准");
}

static const char *became_words(const struct cs_command *command, const char *became)
{
    return strcmp(became, "approved") == 0 ? cs_command_words(command, "approved", "已批准")
                                           : cs_command_words(command, "given up", "已撤回");
}

static enum cs_status label(struct cs_vault_work *work, const char *entity_name,
                            const struct cs_id *id, struct cs_bytes *out)
{
    const struct cs_entity *entity =
        cs_registry_find(work->command->registry, cs_bytes_of_text(entity_name));
    struct cs_buffer text;
    cs_buffer_init(&text, 64 * CS_KIBI);
    enum cs_status status =
        entity == NULL ? CS_UNSUPPORTED : cs_query_label(work->replica, entity, id, &text);
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&text), out);
    }
    cs_buffer_release(&text);
    return status;
}

static enum cs_status name_version(struct cs_vault_work *work,
                                   const struct cs_vault_record *request, struct described *out)
{
    struct cs_vault_record version;
    struct cs_id id;
    memcpy(id.bytes, request->versions.data, CS_ID_SIZE);
    const struct cs_kept_filter filter = {
        .vault = request->vault, .kind = CS_VAULT_VERSION, .version = &id};
    enum cs_status status = cs_vault_book_newest(work->book, &filter, &work->arena, &version);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status; /* of a vault that went away */
    }
    out->field = version.field;
    return cs_vault_work_item_name(work, &version, &out->item);
}

static enum cs_status describe(struct cs_vault_work *work, const struct cs_vault_waiting *waiting,
                               struct described *out)
{
    const struct cs_vault_record *request = &waiting->record;
    struct cs_id work_order;
    *out = (struct described){.waiting = waiting,
                              .version_count = request->versions.size / CS_ID_SIZE};
    cs_hex_encode(cs_bytes_of_array(request->id), out->id);
    enum cs_status status = label(work, "person", &waiting->person, &out->person);
    if (status == CS_OK) {
        status = cs_vault_work_vault_name(work, &request->vault, &out->project);
    }
    if (status == CS_OK) {
        status = name_version(work, request, out);
    }
    if (status == CS_OK && cs_id_from_bytes(request->work_order, &work_order)) {
        status = label(work, "work_order", &work_order, &out->work_order);
    }
    return status;
}

/* ---- answers ---- */

static struct cs_json *described_json(const struct described *described)
{
    const struct cs_vault_waiting *waiting = described->waiting;
    const struct cs_vault_record *request = &waiting->record;
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "request", cs_json_text(cs_bytes_of_text(described->id)));
    cs_json_set(json, "kind", cs_json_text(cs_bytes_of_text(cs_vault_kind_name(request->kind))));
    cs_json_set(json, "state",
                cs_json_text(cs_bytes_of_text(
                    described->became != NULL ? described->became : state_key(waiting->state))));
    cs_json_set(json, "vault", cs_command_json_id(&request->vault));
    cs_json_set(json, "project_name", cs_json_text(described->project));
    cs_json_set(json, "person", cs_command_json_id(&waiting->person));
    cs_json_set(json, "person_name", cs_json_text(described->person));
    cs_json_set(json, "asked_at", cs_vault_time_json(cs_instant_utc_ms(request->claimed)));
    cs_json_set(json, "until",
                waiting->ends_ms > 0 ? cs_vault_time_json(waiting->ends_ms) : cs_json_null());
    cs_json_set(json, "name", cs_json_text(described->item));
    cs_json_set(json, "field", cs_json_text(described->field));
    cs_json_set(json, "versions", cs_json_integer((int64_t)described->version_count));
    cs_json_set(json, "reason", cs_json_text(request->reason));
    cs_json_set(json, "work_order", cs_json_text(described->work_order));
    if (waiting->state == CS_VAULT_WAITS_REFUSED) {
        cs_json_set(json, "refusal",
                    cs_json_text(cs_bytes_of_text(cs_status_name(waiting->refusal))));
        cs_json_set(json, "refusal_text", cs_json_text(waiting->refusal_text));
    }
    return json;
}

static void put_row(const struct cs_command *command, struct cs_table *table,
                    const struct described *described)
{
    char text[64];
    cs_table_put(table, cs_bytes_make(described->id, ID_SHOWN));
    cs_table_put_text(table, described->became != NULL
                                 ? became_words(command, described->became)
                                 : state_words(command, described->waiting->state));
    cs_table_put(table, described->person);
    cs_table_put(table, described->project);
    if (described->version_count == 1) {
        cs_table_put(table, described->item);
        cs_table_put(table, described->field);
    } else {
        (void)snprintf(text, sizeof text, CS_WORDS(command, "%zu secrets", "%zu 项"),
                       described->version_count);
        cs_table_put_text(table, text);
        cs_table_put_text(table, cs_vault_kind_name(described->waiting->record.kind));
    }
    cs_table_put(table, described->waiting->record.reason);
    cs_table_put(table, described->work_order);
}

static enum cs_status answer_table(struct cs_command *command, const struct described *list,
                                   size_t count)
{
    static const char *const english[] = {"request", "state", "who",    "project",
                                          "what",    "field", "reason", "work order"};
    static const char *const chinese[] = {"请求", "状态", "申请人", "项目",
                                          "内容", "字段", "事由",   "派工单"};
    struct cs_table table;
    cs_table_init(&table, CS_COUNT(english));
    for (size_t i = 0; i < CS_COUNT(english); i++) {
        cs_table_put_text(&table, cs_command_words(command, english[i], chinese[i]));
    }
    for (size_t i = 0; i < count; i++) {
        put_row(command, &table, &list[i]);
    }
    if (count == 0) {
        cs_command_note(command, CS_WORDS(command, "nothing waits", "没有等待的请求"));
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

static enum cs_status answer(struct cs_command *command, const char *name,
                             const struct described *list, size_t count)
{
    if (!command->json) {
        return answer_table(command, list, count);
    }
    struct cs_json *json = cs_json_object();
    struct cs_json *array = cs_json_array();
    for (size_t i = 0; i < count; i++) {
        cs_json_append(array, described_json(&list[i]));
    }
    cs_json_set(json, name, array);
    return cs_command_json(command, json);
}

/* ---- the commands ---- */

/* Without a network the list is as of the last sync, and says so. */
static enum cs_status sync_if_possible(struct cs_vault_work *work)
{
    enum cs_status status = cs_vault_work_sync(work);
    if (status == CS_UNREACHABLE || status == CS_TIMEOUT || status == CS_UNAVAILABLE) {
        cs_command_note(work->command,
                        CS_WORDS(work->command, "as of the last sync: %s", "截至上次同步:%s"),
                        cs_status_text(status));
        work->command->problem.text[0] = '\0';
        status = CS_OK;
    }
    return status;
}

static enum cs_status list_waiting(struct cs_vault_work *work)
{
    struct cs_vault_waiting *list = NULL;
    struct described *described = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_waiting_list(work->book, &work->arena, &list, &count);
    if (status == CS_OK) {
        described = cs_arena_take_array(&work->arena, count, sizeof *described);
        status = described == NULL ? CS_NO_MEMORY : CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = describe(work, &list[i], &described[i]);
    }
    return status == CS_OK ? answer(work->command, "waiting", described, count) : status;
}

/* Its key is gone when this is done, with or without network; others learn of it with the next exchange. */
static enum cs_status give_up(struct cs_vault_work *work, const char *typed)
{
    struct cs_command *command = work->command;
    struct cs_vault_waiting *list = NULL;
    const struct cs_vault_waiting *found = NULL;
    struct described described;
    size_t count = 0;
    enum cs_status status = cs_vault_waiting_list(work->book, &work->arena, &list, &count);
    if (status == CS_OK) {
        status =
            cs_vault_waiting_find(list, count, cs_bytes_of_text(typed), &found, &command->problem);
        command->exit_code = status == CS_NOT_FOUND ? CS_EXIT_USAGE : command->exit_code;
    }
    if (status == CS_OK) {
        status = describe(work, found, &described);
    }
    if (status == CS_OK) {
        status = cs_vault_waiting_give_up(work->book, found, &command->problem);
    }
    if (status == CS_OK) {
        status = sync_if_possible(work);
    }
    if (status != CS_OK) {
        return status;
    }
    described.became = "given_up";
    return answer(command, "given_up", &described, 1);
}

enum cs_status cs_vault_command_waiting(struct cs_command *command)
{
    struct cs_vault_work work;
    const char *typed = NULL;
    enum cs_status status = cs_command_option(command, "--give-up", &typed);
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = sync_if_possible(&work);
    }
    if (status == CS_OK) {
        status = typed == NULL ? list_waiting(&work) : give_up(&work, typed);
    }
    cs_vault_work_end(&work);
    return status;
}

/* All that was typed is found, and is for him to approve, before the first is. */
static enum cs_status find_typed(struct cs_vault_work *work, struct described *out)
{
    struct cs_command *command = work->command;
    struct cs_vault_waiting *list = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_waiting_list(work->book, &work->arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < command->argument_count; i++) {
        const struct cs_vault_waiting *found = NULL;
        status = cs_vault_waiting_find(list, count, cs_command_argument(command, i), &found,
                                       &command->problem);
        if (status == CS_NOT_FOUND) {
            command->exit_code = CS_EXIT_USAGE;
        } else if (status == CS_OK && found->state != CS_VAULT_WAITS_FOR_ME) {
            return cs_command_usage(command, "nobody approves what he asks for himself");
        } else if (status == CS_OK) {
            status = describe(work, found, &out[i]);
        }
    }
    return status;
}

static enum cs_status approve(struct cs_vault_work *work, struct described *described)
{
    uint8_t id[CS_HASH_SIZE];
    enum cs_status status = cs_vault_act_approve(work->book, described->waiting->record.id, id,
                                                 &work->command->problem);
    if (status == CS_OK) {
        status = cs_vault_work_send(work, id);
    }
    described->became = status == CS_OK ? "approved" : NULL;
    return status;
}

enum cs_status cs_vault_command_approve(struct cs_command *command)
{
    struct cs_vault_work work;
    struct described *described = NULL;
    enum cs_status status = cs_command_expect(command, 1, CS_VAULT_VERSIONS_MAX);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = cs_vault_work_sync(&work);
    }
    if (status == CS_OK) {
        described = cs_arena_take_array(&work.arena, command->argument_count, sizeof *described);
        status = described == NULL ? CS_NO_MEMORY : find_typed(&work, described);
    }
    for (size_t i = 0; status == CS_OK && i < command->argument_count; i++) {
        status = approve(&work, &described[i]);
    }
    if (status == CS_OK) {
        status = answer(command, "approved", described, command->argument_count);
    }
    cs_vault_work_end(&work);
    return status;
}
