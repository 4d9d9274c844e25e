/* A laptop that was revoked, see revoked.h. */
#include "field-client/commands/revoked.h"

#include "field-client/replica/revocation.h"
#include "shared/base/text.h"

enum cs_status cs_revoked_json(struct cs_command *command, struct cs_json *object)
{
    struct cs_arena arena;
    struct cs_revoked_response own;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_own_revocation_load(command->replica, &arena, &own);
    if (status == CS_NOT_FOUND) {
        cs_json_set(object, "revoked", cs_json_null());
        status = CS_OK;
    } else if (status == CS_OK) {
        char at[CS_TIME_TEXT_MAX];
        struct cs_json *json = cs_json_object();
        cs_instant_format(cs_instant_make(own.revoked_ms, 0), at);
        cs_json_set(json, "by", cs_json_text(own.revoked_by));
        cs_json_set(json, "reason", cs_json_text(own.reason));
        cs_json_set(json, "at", cs_json_text(cs_bytes_of_text(at)));
        cs_json_set(json, "last_change_set", cs_json_integer((int64_t)own.last_sequence));
        cs_json_set(json, "taken", cs_json_integer((int64_t)own.log_sequence));
        cs_json_set(json, "full", cs_json_boolean(own.full));
        cs_json_set(object, "revoked", json);
        command->exit_code = CS_EXIT_FAILED;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_revoked_print(struct cs_command *command, struct cs_replica *replica)
{
    struct cs_arena arena;
    struct cs_revoked_response own;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_own_revocation_load(replica, &arena, &own);
    if (status == CS_OK) {
        char at[CS_TIME_TEXT_MAX];
        cs_instant_format(cs_instant_make(own.revoked_ms, 0), at);
        cs_command_print(command, "%s ",
                         cs_command_words(command, "REVOKED: this device was revoked by",
                                          "已吊销:本设备被吊销,吊销人"));
        cs_command_print_safe(command, own.revoked_by);
        cs_command_print(command, ", %s: ", at);
        cs_command_print_safe(command, own.reason);
        cs_command_print(
            command, "\n%s\n",
            cs_command_words(
                command,
                "It gets no more data, and nothing on it was deleted. What it still had to send\n"
                "goes to the office for review with each sync. To go on working, ask for a new "
                "invite\n"
                "and join with it in a new folder.",
                "本机不再收到数据,已有内容均未删除。尚未发送的内容在同步时交由办公室审查。\n"
                "如需继续工作,请申请新的邀请码,并在新的目录中加入。"));
        command->exit_code = CS_EXIT_FAILED;
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}
