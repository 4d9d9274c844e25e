/* How a command gets at its data: identity, replica, names and files; see command.h. */
#include "field-client/console/command.h"

#include "field-client/console/lease_notice.h"
#include "field-client/console/passphrase_prompt.h"
#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool home_has(const struct cs_command *command, const char *file)
{
    char path[CS_HOME_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", command->home, file);
    return size > 0 && (size_t)size < sizeof path && access(path, F_OK) == 0;
}

/* Said before a passphrase is asked for. */
static enum cs_status check_joined(struct cs_command *command)
{
    if (home_has(command, CS_IDENTITY_FILE)) {
        return CS_OK;
    }
    if (home_has(command, CS_IDENTITY_JOINING_FILE)) {
        return cs_problem_set(&command->problem, CS_NOT_FOUND,
                              "joining was not finished in %.300s: run countersign join again with "
                              "the same invite",
                              command->home);
    }
    return cs_problem_set(&command->problem, CS_NOT_FOUND,
                          "this laptop has not joined an organisation yet (nothing in %.300s): use "
                          "countersign join",
                          command->home);
}

/* A replica that is written anew: once for each tenth of it, and not at all for a small one. */
struct rewriting {
    struct cs_command *command;
    uint64_t tenths_told;
};

static void tell_rewriting(void *context, uint64_t done, uint64_t total)
{
    struct rewriting *rewriting = context;
    uint64_t tenths = total == 0 ? 0 : done * 10 / total;
    if (tenths <= rewriting->tenths_told || tenths > 10) {
        return;
    }
    rewriting->tenths_told = tenths;
    cs_command_note(rewriting->command,
                    CS_WORDS(rewriting->command, "encrypting the replica of this laptop: %d %%",
                             "正在加密本机数据:%d %%"),
                    (int)tenths * 10);
}

static enum cs_status open_own(struct cs_command *command)
{
    struct rewriting rewriting = {command, 0};
    const struct cs_progress progress = {tell_rewriting, &rewriting};
    struct cs_secret *passphrase = NULL;
    enum cs_status status = check_joined(command);
    if (status == CS_OK) {
        status = cs_passphrase_read(command->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
    }
    if (status == CS_OK && command->identity == NULL) {
        status =
            cs_identity_unlock(command->world, command->home, CS_IDENTITY_FILE,
                               cs_secret_bytes(passphrase), &command->identity, &command->problem);
    }
    cs_secret_destroy(passphrase);
    if (status == CS_OK) {
        status = cs_replica_open_telling(command->world, command->home, command->registry,
                                         command->identity, &progress, &command->replica,
                                         &command->problem);
    }
    return status;
}

enum cs_status cs_command_open_replica(struct cs_command *command, struct cs_replica **out)
{
    const struct cs_host *host = command->host;
    if (command->replica != NULL) {
        *out = command->replica;
        return CS_OK;
    }
    enum cs_status status = host == NULL ? open_own(command)
                                         : host->borrow(host->context, &command->identity,
                                                        &command->replica, &command->problem);
    if (status == CS_OK) {
        cs_lease_notice(command);
        *out = command->replica;
    }
    return status;
}

enum cs_status cs_command_go_online(struct cs_command *command, enum cs_online how)
{
    const struct cs_host *host = command->host;
    return host == NULL ? CS_OK : host->go_online(host->context, how, &command->problem);
}

/* Near names come from replica/names.c; no replica is needed for them. */
enum cs_status cs_command_entity(struct cs_command *command, struct cs_bytes name,
                                 const struct cs_entity **out)
{
    const struct cs_entity *entity = cs_registry_find(command->registry, name);
    if (entity != NULL) {
        *out = entity;
        return CS_OK;
    }
    struct cs_buffer near;
    cs_buffer_init(&near, 64 * CS_KIBI);
    cs_query_near_entities(command->registry, name, &near);
    const char *text = cs_buffer_text(&near);
    command->exit_code = CS_EXIT_USAGE;
    enum cs_status status = cs_problem_set(
        &command->problem, CS_NOT_FOUND, "there is nothing called \"%.*s\"; there are: %s",
        (int)(name.size < CS_NAME_MAX ? name.size : CS_NAME_MAX),
        name.size == 0 ? "" : (const char *)name.data, text == NULL ? "" : text);
    cs_buffer_release(&near);
    return status;
}

enum cs_status cs_command_field(struct cs_command *command, const struct cs_entity *entity,
                                struct cs_bytes name, size_t *out_index)
{
    enum cs_status status = cs_edit_field(entity, name, out_index, &command->problem);
    if (status == CS_NOT_FOUND) {
        command->exit_code = CS_EXIT_USAGE;
    }
    return status;
}

enum cs_status cs_command_row(struct cs_command *command, const struct cs_entity *entity,
                              struct cs_bytes text, struct cs_id *out)
{
    struct cs_replica *replica;
    enum cs_status status = cs_command_open_replica(command, &replica);
    return status != CS_OK ? status
                           : cs_query_resolve(replica, cs_bytes_of_text(entity->name), text, out,
                                              &command->problem);
}

static enum cs_status read_standard_input(const struct cs_console *console, struct cs_buffer *out)
{
    uint8_t chunk[4096];
    ssize_t count = 1;
    while (out->status == CS_OK && count != 0) {
        count = cs_console_read(console, cs_console_input(console), chunk, sizeof chunk);
        if (count > 0) {
            cs_buffer_append(out, chunk, (size_t)count);
        } else if (count < 0) {
            break;
        }
    }
    /* Invites are read this way. */
    cs_wipe(chunk, sizeof chunk);
    return count < 0 ? CS_IO : out->status;
}

bool cs_command_is_stream(const char *path)
{
    return strcmp(path, "-") == 0;
}

static enum cs_status read_named(struct cs_command *command, const char *name,
                                 struct cs_buffer *out)
{
    char path[CS_CONSOLE_PATH_MAX];
    enum cs_status status = cs_console_path(command->console, name, path, &command->problem);
    if (status == CS_OK && !cs_console_is_plain_file(command->console, path)) {
        status = CS_INVALID;
    }
    return status != CS_OK ? status : command->world->file_read(command->world->context, path, out);
}

enum cs_status cs_command_read_file(struct cs_command *command, const char *path,
                                    struct cs_buffer *out)
{
    bool input = cs_command_is_stream(path);
    enum cs_status status =
        input ? read_standard_input(command->console, out) : read_named(command, path, out);
    if (status == CS_USAGE) {
        return status;
    }
    if (status != CS_OK) {
        const char *text = status == CS_NOT_FOUND ? "there is no such file"
                           : status == CS_LIMIT   ? "the file is too large"
                           : status == CS_INVALID ? "give a file with a name of its own, or "
                                                    "standard input (-)"
                                                  : cs_status_text(status);
        return cs_problem_set(&command->problem, status, "%.300s: %s",
                              input ? "standard input" : path, text);
    }
    return CS_OK;
}

enum cs_status cs_command_write_file(struct cs_command *command, const char *path,
                                     struct cs_bytes content)
{
    char name[CS_CONSOLE_PATH_MAX];
    if (cs_command_is_stream(path)) {
        return cs_console_put(command->console, command->out, content)
                   ? CS_OK
                   : cs_problem_set(&command->problem, CS_IO, "the answer could not be written");
    }
    enum cs_status status = cs_console_path(command->console, path, name, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    status = command->world->file_replace(command->world->context, name, content);
    return status == CS_OK ? status
                           : cs_problem_set(&command->problem, status, "%.300s: %s", path,
                                            status == CS_NOT_FOUND ? "there is no such folder"
                                                                   : cs_status_text(status));
}
