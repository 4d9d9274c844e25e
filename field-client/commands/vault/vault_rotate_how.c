/* What a helper is told, and which one it is, see vault_rotate_how.h. */
#include "field-client/commands/vault/vault_rotate_how.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_USUAL 60
#define OPTION_FILE_MAX (16 * CS_KIBI)

/* ---- options ---- */

static enum cs_status read_value(struct cs_command *command, struct cs_rotate_how *how,
                                 struct cs_bytes *value)
{
    char path[CS_ROTATE_HELPER_PATH_MAX];
    struct cs_buffer content;
    if (value->size == 0 || value->data[0] != '@') {
        return CS_OK;
    }
    (void)snprintf(path, sizeof path, "%.*s", (int)(value->size - 1),
                   (const char *)value->data + 1);
    cs_buffer_init(&content, OPTION_FILE_MAX);
    enum cs_status status = cs_command_read_file(command, path, &content);
    while (status == CS_OK && content.size > 0 && content.data[content.size - 1] == '\n') {
        content.size--;
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&how->arena, cs_buffer_bytes(&content), value);
    }
    cs_buffer_release(&content);
    return status;
}

static enum cs_status take_option(struct cs_command *command, struct cs_rotate_how *how,
                                  const char *text)
{
    struct cs_rotation_option option;
    if (!cs_command_split_assignment(cs_bytes_of_text(text), &option.name, &option.value)) {
        return cs_command_usage(command, "--option takes NAME=VALUE or NAME=@FILE");
    }
    if (how->option_count == CS_ROTATION_OPTIONS_MAX) {
        return cs_command_usage(command, "there are more than %d options",
                                (int)CS_ROTATION_OPTIONS_MAX);
    }
    enum cs_status status = read_value(command, how, &option.value);
    if (status == CS_OK) {
        how->options[how->option_count++] = option;
    }
    return status;
}

/* --option stands as often as it is wanted; each time the first is taken alone. */
static enum cs_status take_options(struct cs_command *command, struct cs_rotate_how *how)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < command->argument_count && i < command->operand_start;
         i++) {
        char **arguments = command->arguments;
        if (strcmp(arguments[i], "--option") != 0) {
            continue;
        }
        if (i + 1 == command->argument_count) {
            return cs_command_usage(command, "--option takes NAME=VALUE or NAME=@FILE");
        }
        status = take_option(command, how, arguments[i + 1]);
        memmove(&arguments[i], &arguments[i + 2],
                (command->argument_count - i - 2) * sizeof *arguments);
        command->argument_count -= 2;
        command->operand_start -= command->operand_start == SIZE_MAX ? 0 : 2;
        i--;
    }
    return status;
}

enum cs_status cs_rotate_how_take(struct cs_command *command, struct cs_rotate_how *how)
{
    *how = (struct cs_rotate_how){.seconds = SECONDS_USUAL};
    cs_arena_init(&how->arena, CS_MEBI);
    enum cs_status status = take_options(command, how);
    if (status == CS_OK) {
        status = cs_command_option(command, "--helper", &how->helper);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--reason", &how->reason);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--work-order", &how->work_order);
    }
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--seconds", 1, CS_ROTATION_SECONDS_MAX,
                                          &how->seconds);
    }
    if (status == CS_OK && how->helper != NULL && how->helper[0] != '/') {
        status = cs_command_usage(command, "--helper takes the absolute path of a program");
    }
    return status;
}

void cs_rotate_how_release(struct cs_rotate_how *how)
{
    cs_arena_release(&how->arena);
}

enum cs_status cs_rotate_how_why(struct cs_rotate *rotate, struct cs_rotate_how *how,
                                 struct cs_rotate_why *out)
{
    struct cs_command *command = rotate->work.command;
    struct cs_vault_campaign campaign;
    enum cs_status status = CS_OK;
    out->work_order = CS_BYTES_NONE;
    out->reason = cs_bytes_of_text(
        how->reason != NULL ? how->reason
                            : cs_command_words(command, "rotation campaign", "统一修改密码"));
    if (how->reason == NULL) {
        status = cs_vault_campaign_find(rotate->work.book, &rotate->vault.vault,
                                        &rotate->work.arena, &campaign, NULL);
        out->reason = status == CS_OK ? campaign.consent : out->reason;
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK && how->work_order != NULL) {
        const struct cs_entity *entity =
            cs_registry_find(command->registry, cs_bytes_of_text("work_order"));
        status = entity == NULL ? CS_UNSUPPORTED
                                : cs_command_row(command, entity, cs_bytes_of_text(how->work_order),
                                                 &how->work_order_id);
        out->work_order = cs_id_bytes(&how->work_order_id);
    }
    return status;
}

/* ---- where it is ---- */

/* Our helpers stand beside this program. One that was typed is for the credentials that were, or else for those that none of ours is for. */
static enum cs_status helper_path(const struct cs_rotate *rotate, const struct cs_rotate_how *how,
                                  const char *name, char out[static CS_ROTATE_HELPER_PATH_MAX],
                                  struct cs_problem *problem)
{
    if (how->helper != NULL && (name == NULL || rotate->named_count > 0)) {
        (void)snprintf(out, CS_ROTATE_HELPER_PATH_MAX, "%s", how->helper);
        return CS_OK;
    }
    ssize_t size = readlink("/proc/self/exe", out, CS_ROTATE_HELPER_PATH_MAX);
    size_t length = size < 0 ? 0 : (size_t)size;
    while (length > 0 && out[length - 1] != '/') {
        length--;
    }
    if (length == 0 || length + strlen(name) >= CS_ROTATE_HELPER_PATH_MAX) {
        return cs_problem_set(problem, CS_IO, "where the helpers are cannot be told");
    }
    memcpy(out + length, name, strlen(name) + 1);
    return CS_OK;
}

enum cs_status cs_rotate_how_target(const struct cs_rotate_how *how,
                                    const struct cs_rotate_item *item, struct cs_arena *arena,
                                    struct cs_rotation_target *out, struct cs_problem *problem)
{
    enum cs_status status = cs_rotation_target_parse(item->listing.address, arena, out, problem);
    for (size_t i = 0; status == CS_OK && i < how->option_count; i++) {
        status =
            cs_rotation_target_option(out, how->options[i].name, how->options[i].value, problem);
    }
    if (status == CS_OK && out->helper == NULL && how->helper == NULL) {
        status = cs_problem_set(problem, CS_UNSUPPORTED,
                                "no helper is for this address: change it by hand and say "
                                "\"vault rotate applied\" before and \"verified\" or \"failed\" "
                                "after, or name a helper with --helper");
    }
    return status;
}

enum cs_status cs_rotate_how_request(const struct cs_rotate *rotate,
                                     const struct cs_rotate_how *how,
                                     const struct cs_rotate_item *item, struct cs_arena *arena,
                                     struct cs_rotation_request *out,
                                     char out_helper[static CS_ROTATE_HELPER_PATH_MAX],
                                     struct cs_problem *problem)
{
    struct cs_rotation_target target;
    enum cs_status status = cs_rotate_how_target(how, item, arena, &target, problem);
    if (status == CS_OK) {
        status = helper_path(rotate, how, target.helper, out_helper, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_bytes user = item->listing.user;
    *out = (struct cs_rotation_request){.host = target.host,
                                        .port = target.port,
                                        .user = user.size > 0 ? user : target.user,
                                        .old_secret = cs_bytes_of_text("old"),
                                        .new_secret = cs_bytes_of_text("new"),
                                        .seconds = (uint32_t)how->seconds,
                                        .option_count = target.option_count};
    memcpy(out->options, target.options, sizeof target.options);
    return cs_rotation_request_check(out, problem); /* the secrets come later */
}
