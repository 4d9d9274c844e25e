/* The command bundle: what would be synced, on a stick (shared/wire/BUNDLE.md). */
#include "field-client/sync/bundle.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/last_sync.h"
#include "field-client/console/subcommand.h"
#include "field-client/replica/kept_attachments.h"

#include <unistd.h>

/* In the folder of this laptop, while a bundle is made for standard output. It is sealed to the server. */
#define PASSING_FILE "bundle.passing"
/* More goes onto a stick. */
#define PASSING_MAX (1024 * CS_MEBI)

/* `files`: of attachments, which wait for the network. */
static enum cs_status answer_export(struct cs_command *command, const struct cs_bundle_made *made,
                                    uint64_t files)
{
    bool passed = cs_command_is_stream(command->arguments[0]);
    if (command->json && !passed) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "file", cs_json_text(cs_bytes_of_text(command->arguments[0])));
        cs_json_set(json, "change_sets", cs_json_integer((int64_t)made->change_sets));
        cs_json_set(json, "changes", cs_json_integer((int64_t)made->transactions));
        cs_json_set(json, "bytes", cs_json_integer((int64_t)made->size));
        cs_json_set(json, "files_left_out", cs_json_integer((int64_t)files));
        return cs_command_json(command, json);
    }
    if (!passed) {
        cs_command_print(
            command,
            CS_WORDS(command,
                     "%llu changes that the server has not confirmed, %llu bytes. Import "
                     "the file at the server, and bring back what it exports\n",
                     "服务器尚未确认的修改 %llu 项,共 %llu 字节。请在服务器上导入该文件,"
                     "并带回服务器导出的文件\n"),
            (unsigned long long)made->transactions, (unsigned long long)made->size);
    }
    if (files > 0) {
        cs_command_note(command,
                        CS_WORDS(command,
                                 "%llu files of visits are not in it: they wait for the network",
                                 "其中不含 %llu 个附件文件:待有网络时发送"),
                        (unsigned long long)files);
    }
    return CS_OK;
}

/* By a file that is gone before the first byte is written to where nobody else may wait. */
static enum cs_status pass_export(struct cs_command *command, struct cs_replica *replica,
                                  struct cs_bundle_made *out)
{
    const struct cs_world *world = command->world;
    char path[CS_HOME_PATH_MAX];
    struct cs_buffer content;
    int size = snprintf(path, sizeof path, "%s/" PASSING_FILE, command->home);
    if (size < 0 || (size_t)size >= sizeof path) {
        return cs_command_usage(command, "--home: the name is too long");
    }
    cs_buffer_init(&content, PASSING_MAX);
    enum cs_status status = cs_bundle_export(replica, path, true, out, &command->problem);
    if (status == CS_OK) {
        status = world->file_read(world->context, path, &content);
        enum cs_status removed = world->file_remove(world->context, path);
        status = status != CS_OK ? status : removed;
    }
    if (status == CS_OK) {
        status = cs_command_write_file(command, "-", cs_buffer_bytes(&content));
    }
    cs_buffer_release(&content);
    return status;
}

static enum cs_status make_export(struct cs_command *command, struct cs_replica *replica,
                                  bool force, struct cs_bundle_made *out)
{
    char path[CS_CONSOLE_PATH_MAX];
    if (cs_command_is_stream(command->arguments[0])) {
        return pass_export(command, replica, out);
    }
    enum cs_status status =
        cs_console_path(command->console, command->arguments[0], path, &command->problem);
    return status != CS_OK ? status
                           : cs_bundle_export(replica, path, force, out, &command->problem);
}

static enum cs_status command_export(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_bundle_made made;
    struct cs_kept_attachment_sums sums;
    bool force = cs_command_flag(command, "--force");
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = make_export(command, replica, force, &made);
    }
    if (status == CS_OK) {
        status = cs_kept_attachment_sum(replica, &sums);
    }
    return status != CS_OK ? status : answer_export(command, &made, sums.to_send);
}

static struct cs_json *imported_json(const struct cs_bundle_imported *imported)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "already", cs_json_boolean(imported->already));
    cs_sync_result_json(&imported->sync, json);
    return json;
}

static void print_imported(struct cs_command *command, const struct cs_bundle_imported *imported)
{
    const struct cs_sync_result *result = &imported->sync;
    if (imported->already) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "all of it is here already", "内容均已存在"));
        return;
    }
    cs_command_print(command,
                     CS_WORDS(command, "%llu changes confirmed (%llu refused), %llu rows received",
                              "已确认 %llu 项修改(拒绝 %llu 项),接收 %llu 行"),
                     (unsigned long long)result->pushed, (unsigned long long)result->refused,
                     (unsigned long long)result->pulled);
    cs_command_print(
        command, "%s\n",
        result->digest == CS_SYNC_DIGEST_EQUAL
            ? cs_command_words(command, ", all equal with the server", ",与服务器完全一致")
            : cs_command_words(command,
                               "; NOT EQUAL with the server: sync over the network to have it put "
                               "right",
                               ";与服务器不一致:请联网同步以便补正"));
}

static enum cs_status import(struct cs_command *command, struct cs_replica *replica,
                             struct cs_bytes content, struct cs_bundle_imported *out)
{
    char path[CS_CONSOLE_PATH_MAX];
    if (cs_command_is_stream(command->arguments[0])) {
        return cs_bundle_import_bytes(replica, content, out, &command->problem);
    }
    enum cs_status status =
        cs_console_path(command->console, command->arguments[0], path, &command->problem);
    return status != CS_OK ? status : cs_bundle_import(replica, path, out, &command->problem);
}

/* `content`: of standard input, if it comes from there. */
static enum cs_status run_import(struct cs_command *command, struct cs_bytes content)
{
    struct cs_replica *replica;
    struct cs_bundle_imported imported;
    enum cs_status status = cs_command_open_replica(command, &replica);
    if (status == CS_OK) {
        /* A sync that is under way would go on from another state. */
        status = cs_command_go_online(command, CS_ONLINE_ALONE);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bundle_imported_init(&imported);
    status = import(command, replica, content, &imported);
    if (status == CS_OK && imported.sync.digest == CS_SYNC_DIGEST_UNEQUAL) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (status == CS_OK && command->json) {
        status = cs_command_json(command, imported_json(&imported));
    } else if (status == CS_OK) {
        print_imported(command, &imported);
    }
    cs_bundle_imported_release(&imported);
    return status;
}

static enum cs_status command_import(struct cs_command *command)
{
    struct cs_buffer content;
    cs_buffer_init(&content, PASSING_MAX);
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK && cs_command_is_stream(command->arguments[0])) {
        status = cs_command_read_file(command, "-", &content);
    }
    if (status == CS_OK) {
        status = run_import(command, cs_buffer_bytes(&content));
    }
    cs_buffer_release(&content);
    return status;
}

enum cs_status cs_command_bundle(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"export", command_export, "FILE|- [--force]"},
        {"import", command_import, "FILE|-"},
    };
    return cs_subcommand_run(command, list, CS_COUNT(list));
}
