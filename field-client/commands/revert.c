/*
 * The command revert: a row as it was, brought back as a new change of whoever asks for it.
 */
#include "field-client/replica/revert.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/history.h"
#include "shared/base/text.h"

struct wish {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_revert revert;
    bool is_number; /* a change, or else a moment */
    int64_t number;
    int64_t at_ms;
};

static enum cs_status parse_target(struct cs_command *command, struct wish *wish)
{
    const char *to = NULL;
    enum cs_status status = cs_command_option(command, "--to", &to);
    if (status != CS_OK) {
        return status;
    }
    if (to == NULL) {
        return cs_command_usage(command, "--to says which change or moment: history shows them");
    }
    wish->is_number =
        cs_integer_parse(cs_bytes_of_text(to), &wish->number) == CS_OK && wish->number >= 0;
    if (!wish->is_number && !cs_history_moment(command, to, &wish->at_ms)) {
        return cs_command_usage(
            command, "\"%.60s\" is neither the number of a change nor a moment: 2026-11-30 17:05",
            to);
    }
    return CS_OK;
}

static enum cs_status parse_fields(struct cs_command *command, struct wish *wish)
{
    enum cs_status status = CS_OK;
    for (size_t i = 2; status == CS_OK && i < command->argument_count; i++) {
        size_t index;
        status =
            cs_command_field(command, wish->revert.entity, cs_command_argument(command, i), &index);
        if (status == CS_OK) {
            wish->revert.fields[index] = true;
            wish->revert.named = true;
        }
    }
    return status;
}

/* The state that was asked for. */
static enum cs_status find_state(struct wish *wish, struct cs_arena *arena,
                                 const struct cs_past_state **out)
{
    struct cs_command *command = wish->command;
    struct cs_past past;
    enum cs_status status = cs_past_read(wish->replica, wish->revert.entity, &wish->revert.row,
                                         wish->is_number ? CS_HISTORY_STILL : wish->at_ms, arena,
                                         &past, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    *out = NULL;
    for (size_t i = 0; i < past.count && *out == NULL; i++) {
        bool that = !wish->is_number || past.items[i].state.number == (uint64_t)wish->number;
        *out = that ? &past.items[i] : NULL;
    }
    if (*out == NULL) {
        return wish->is_number
                   ? cs_problem_set(&command->problem, CS_NOT_FOUND,
                                    "no change %lld of this row is kept", (long long)wish->number)
                   : cs_history_no_state(command, &past, wish->at_ms);
    }
    if ((*out)->row.deleted) {
        return cs_problem_set(&command->problem, CS_INVALID,
                              "the row was deleted then: delete it, or go back further");
    }
    return CS_OK;
}

static struct cs_json *left_json(const struct wish *wish, const struct cs_reverted *reverted)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < wish->revert.entity->field_count; i++) {
        if (reverted->left[i]) {
            cs_json_append(list,
                           cs_json_text(cs_bytes_of_text(wish->revert.entity->fields[i].name)));
        }
    }
    return list;
}

static enum cs_status answer(const struct wish *wish, const struct cs_reverted *reverted)
{
    struct cs_command *command = wish->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(wish->revert.entity->name)));
        cs_json_set(json, "id", cs_command_json_id(&wish->revert.row));
        cs_json_set(json, "changed", cs_json_integer((int64_t)reverted->changed));
        cs_json_set(json, "revived", cs_json_boolean(reverted->revived));
        cs_json_set(json, "left", left_json(wish, reverted));
        return cs_command_json(command, json);
    }
    if (reverted->changed == 0 && !reverted->revived) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "nothing to change", "无需修改"));
    } else {
        cs_command_print(
            command,
            CS_WORDS(command, "%zu fields as they were%s; others get it by sync\n",
                     "已恢复 %zu 个字段%s;同步后其他人可见\n"),
            reverted->changed,
            reverted->revived
                ? cs_command_words(command, ", the row is not deleted any more", ",记录已恢复")
                : "");
    }
    for (size_t i = 0; i < wish->revert.entity->field_count; i++) {
        if (reverted->left[i]) {
            cs_command_note(command,
                            CS_WORDS(command, "%s stays: written once, or not yours to write",
                                     "%s 保持不变:一次性填写或无权修改"),
                            wish->revert.entity->fields[i].name);
        }
    }
    return CS_OK;
}

enum cs_status cs_command_revert(struct cs_command *command)
{
    struct wish wish = {.command = command};
    struct cs_arena arena;
    const struct cs_past_state *then = NULL;
    struct cs_reverted reverted;
    enum cs_status status = parse_target(command, &wish);
    if (status == CS_OK) {
        status = cs_command_expect(command, 2, SIZE_MAX);
    }
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &wish.revert.entity);
    }
    if (status == CS_OK) {
        status = parse_fields(command, &wish);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &wish.replica);
    }
    if (status == CS_OK) {
        status = cs_command_go_online(command, CS_ONLINE_ALONE);
    }
    if (status == CS_OK) {
        status = cs_history_row(command, wish.replica, wish.revert.entity,
                                cs_command_argument(command, 1), &wish.revert.row);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    status = find_state(&wish, &arena, &then);
    if (status == CS_OK) {
        cs_require(then != NULL);
        wish.revert.then = then->row.values;
        status = cs_revert_row(wish.replica, &wish.revert, &reverted, &command->problem);
    }
    if (status == CS_OK) {
        status = answer(&wish, &reverted);
    }
    cs_arena_release(&arena);
    return status;
}
