/* The commands devices and revoke: whose laptops there are, and shutting one out. */
#include "field-client/commands/command_table.h"
#include "field-client/commands/device_list.h"
#include "field-client/console/table.h"
#include "field-client/replica/revocation.h"
#include "shared/base/text.h"

#define DEVICES_ARENA_MAX (256 * CS_MEBI)

static struct cs_json *instant_json(const struct cs_value *instant)
{
    char text[CS_TIME_TEXT_MAX];
    if (instant->kind != CS_VALUE_INTEGER) {
        return cs_json_null();
    }
    cs_instant_format(instant->integer, text);
    return cs_json_text(cs_bytes_of_text(text));
}

static struct cs_json *revocation_json(const struct cs_device_item *item)
{
    if (!item->revoked) {
        return cs_json_null();
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "by", cs_json_text(item->revoked_by));
    cs_json_set(json, "reason", cs_json_text(item->reason));
    cs_json_set(json, "at", instant_json(&item->revoked_at));
    cs_json_set(json, "last_change_set",
                item->revoked_sequence.kind == CS_VALUE_INTEGER
                    ? cs_json_integer(item->revoked_sequence.integer)
                    : cs_json_null());
    cs_json_set(json, "sent", cs_json_boolean(!item->unsent));
    return json;
}

static struct cs_json *device_json(const struct cs_device_item *item)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "id", cs_command_json_id(&item->id));
    cs_json_set(json, "fingerprint", cs_json_text(cs_bytes_of_text(item->fingerprint)));
    cs_json_set(json, "person", cs_command_json_id(&item->chain.leaf.person));
    cs_json_set(json, "person_name", cs_json_text(item->chain.leaf.person_name));
    cs_json_set(json, "device", cs_json_text(item->device_name));
    cs_json_set(json, "roles", cs_json_text(item->roles));
    cs_json_set(json, "state", cs_json_text(item->state));
    cs_json_set(json, "joined_at", instant_json(&item->joined_at));
    cs_json_set(json, "own", cs_json_boolean(item->own));
    cs_json_set(json, "revocation", revocation_json(item));
    return json;
}

static enum cs_status answer_json(struct cs_command *command, const struct cs_device_item *items,
                                  size_t count)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < count; i++) {
        cs_json_append(list, device_json(&items[i]));
    }
    cs_json_set(json, "devices", list);
    return cs_command_json(command, json);
}

static const char *state_words(struct cs_command *command, const struct cs_device_item *item)
{
    if (item->revoked && item->unsent) {
        return cs_command_words(command, "revoked, not sent yet", "吊销(待发送)");
    }
    if (item->revoked) {
        return cs_command_words(command, "revoked", "吊销");
    }
    return cs_bytes_equal_text(item->state, "active")
               ? cs_command_words(command, "active", "有效")
               : cs_command_words(command, "suspended", "停用");
}

static void put_device(struct cs_command *command, const struct cs_device_item *item,
                       struct cs_table *table)
{
    char text[CS_TIME_TEXT_MAX] = "";
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&item->id, id);
    cs_table_put_text(table, item->fingerprint);
    cs_table_put(table, item->chain.leaf.person_name);
    cs_table_put(table, item->device_name);
    cs_table_put(table, item->roles);
    cs_table_put_text(table, state_words(command, item));
    if (item->joined_at.kind == CS_VALUE_INTEGER) {
        cs_instant_format(item->joined_at.integer, text);
    }
    cs_table_put_text(table, text);
    cs_table_put(table, item->revoked_by);
    cs_table_put(table, item->reason);
    cs_table_put_text(table, item->own ? cs_command_words(command, "this one", "本机") : "");
    cs_table_put_text(table, id);
}

static enum cs_status answer_text(struct cs_command *command, const struct cs_device_item *items,
                                  size_t count)
{
    static const char *const headings[][2] = {{"fingerprint", "设备指纹"},
                                              {"person", "人员"},
                                              {"device", "设备"},
                                              {"roles", "角色"},
                                              {"state", "状态"},
                                              {"joined at", "加入时间"},
                                              {"revoked by", "吊销人"},
                                              {"reason", "原因"},
                                              {"", ""},
                                              {"id", "编号"}};
    struct cs_table table;
    cs_table_init(&table, CS_COUNT(headings));
    for (size_t i = 0; i < CS_COUNT(headings); i++) {
        cs_table_put_text(&table, headings[i][command->chinese ? 1 : 0]);
    }
    for (size_t i = 0; i < count; i++) {
        put_device(command, &items[i], &table);
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

enum cs_status cs_command_devices(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_device_item *items = NULL;
    size_t count = 0;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, DEVICES_ARENA_MAX);
    status = cs_device_list(command, replica, &arena, &items, &count);
    if (status == CS_OK) {
        status =
            command->json ? answer_json(command, items, count) : answer_text(command, items, count);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- revoke ---- */

struct revoked {
    const struct cs_device_item *item;
    bool before; /* it was revoked already, nothing was made */
    struct cs_id row;
    const struct cs_device_item *items;
    size_t count;
};

static void print_let_in(struct cs_command *command, const struct revoked *revoked)
{
    for (size_t i = 0; i < revoked->count; i++) {
        const struct cs_device_item *item = &revoked->items[i];
        if (!item->revoked && cs_device_let_in(revoked->item, item)) {
            cs_command_print(command, "%s ",
                             cs_command_words(command, "stays valid, let in by it before:",
                                              "此前由其邀请、仍然有效:"));
            cs_command_print_safe(command, item->chain.leaf.person_name);
            cs_command_print(command, ", ");
            cs_command_print_safe(command, item->device_name);
            cs_command_print(command, " (%s)\n", item->fingerprint);
        }
    }
}

static void print_revoked(struct cs_command *command, const struct revoked *revoked)
{
    cs_command_print_safe(command, revoked->item->chain.leaf.person_name);
    cs_command_print(command, ", ");
    cs_command_print_safe(command, revoked->item->device_name);
    cs_command_print(command, " (%s): %s\n", revoked->item->fingerprint,
                     revoked->before ? cs_command_words(command, "is revoked already", "此前已吊销")
                                     : cs_command_words(command, "revoked", "已吊销"));
    if (!revoked->before) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(
                command,
                "It counts from the moment the server has it: sync now. That laptop cannot know "
                "before its own next\nsync: until then it goes on working with what it has. What "
                "it sends after this is held for review\n(countersign review list), and its "
                "unused invites are void.",
                "自服务器收到时起生效:请立即同步。该笔记本在其下次同步之前无法得知,此前仍可使用"
                "已有数据继续工作。\n此后发送的内容将暂存待审查(countersign review "
                "list),其未使用的邀请码作废。"));
    }
    print_let_in(command, revoked);
}

static struct cs_json *let_in_json(const struct revoked *revoked)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < revoked->count; i++) {
        if (!revoked->items[i].revoked && cs_device_let_in(revoked->item, &revoked->items[i])) {
            cs_json_append(list, cs_command_json_id(&revoked->items[i].id));
        }
    }
    return list;
}

static enum cs_status answer_revoked(struct cs_command *command, const struct revoked *revoked)
{
    if (!command->json) {
        print_revoked(command, revoked);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "device", cs_command_json_id(&revoked->item->id));
    cs_json_set(json, "fingerprint", cs_json_text(cs_bytes_of_text(revoked->item->fingerprint)));
    cs_json_set(json, "person_name", cs_json_text(revoked->item->chain.leaf.person_name));
    cs_json_set(json, "revocation",
                revoked->before ? cs_json_null() : cs_command_json_id(&revoked->row));
    cs_json_set(json, "already", cs_json_boolean(revoked->before));
    cs_json_set(json, "let_in", let_in_json(revoked));
    return cs_command_json(command, json);
}

static enum cs_status revoke_device(struct cs_command *command, struct cs_replica *replica,
                                    const char *reason, struct cs_arena *arena)
{
    struct cs_device_item *items = NULL;
    struct revoked revoked = {.before = false};
    enum cs_status status = cs_device_list(command, replica, arena, &items, &revoked.count);
    revoked.items = items;
    if (status == CS_OK) {
        status = cs_device_find(command, items, revoked.count, cs_command_argument(command, 0),
                                &revoked.item);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_revocation_make(replica, &revoked.item->id, cs_bytes_of_text(reason), &revoked.row,
                                &command->problem);
    revoked.before = status == CS_EXISTS;
    return status == CS_OK || revoked.before ? answer_revoked(command, &revoked) : status;
}

enum cs_status cs_command_revoke(struct cs_command *command)
{
    const char *reason = NULL;
    struct cs_replica *replica;
    enum cs_status status = cs_command_option(command, "--reason", &reason);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && (reason == NULL || reason[0] == '\0')) {
        status = cs_command_usage(command, "--reason TEXT is needed: everyone will read it");
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, DEVICES_ARENA_MAX);
    status = revoke_device(command, replica, reason, &arena);
    cs_arena_release(&arena);
    return status;
}
