/* The command join: from an invite to an identity on this laptop. */
#include "field-client/sync/join.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/home_folder.h"
#include "field-client/commands/vault/root_session.h"
#include "field-client/console/passphrase_prompt.h"
#include "field-client/console/row_view.h"
#include "shared/evidence/invite_text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KDF_MEMORY_MIB_MIN 64
#define KDF_MEMORY_MIB_MAX 2048

struct arguments {
    const char *file;
    const char *person;
    const char *device;
    int64_t kdf_memory_mib;
    bool root_shares;
    const char *person_id; /* with shares: who this was before; NULL: a new person */
    const char *statement; /* with shares: the file that was written with them; NULL: none */
};

/* What shares of the root key bring along; all empty without them. */
struct returning {
    struct cs_root_session root;
    struct cs_buffer statement;
    struct cs_id person;
};

static enum cs_status take_arguments(struct cs_command *command, struct arguments *out)
{
    enum cs_status status = cs_command_option(command, "--person", &out->person);
    if (status == CS_OK) {
        status = cs_command_option(command, "--device", &out->device);
    }
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--kdf-memory-mib", KDF_MEMORY_MIB_MIN,
                                          KDF_MEMORY_MIB_MAX, &out->kdf_memory_mib);
    }
    out->root_shares = cs_command_flag(command, "--root-shares");
    if (status == CS_OK) {
        status = cs_command_option(command, "--person-id", &out->person_id);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--statement", &out->statement);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 1);
    }
    out->file = command->argument_count > 0 ? command->arguments[0] : "-";
    if (status == CS_OK && !out->root_shares &&
        (out->person_id != NULL || out->statement != NULL)) {
        status = cs_command_usage(command, "--person-id and --statement go with --root-shares");
    }
    if (status == CS_OK && out->root_shares && strcmp(out->file, "-") == 0) {
        status =
            cs_command_usage(command, "with --root-shares the invite is a file: the shares are "
                                      "read from standard input");
    }
    return status;
}

/* A laptop that has joined may have to join again; then its passphrase is asked for, not chosen. */
static bool has_joined(const struct cs_command *command)
{
    char path[CS_HOME_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", command->home, CS_IDENTITY_FILE);
    return size > 0 && (size_t)size < sizeof path && access(path, F_OK) == 0;
}

static void print_again(struct cs_command *command, const struct cs_join_result *result)
{
    cs_command_print(
        command,
        CS_WORDS(command,
                 "joined again with new keys; everything on this laptop is still "
                 "here, and %llu %s out anew with the next sync\n",
                 "已用新密钥重新加入;本机内容全部保留,%llu 项%s将在下次同步时重新发送\n"),
        (unsigned long long)result->carried,
        command->chinese ? "修改" : (result->carried == 1 ? "change goes" : "changes go"));
}

static enum cs_status answer(struct cs_command *command, const struct cs_join_result *result)
{
    if (result->warning[0] != '\0') {
        cs_command_note(command, "%s", result->warning);
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "person", cs_command_json_id(&result->person));
        cs_json_set(json, "roles", cs_view_roles_json(result->roles));
        cs_json_set(json, "fingerprint", cs_json_text(cs_bytes_of_text(result->fingerprint)));
        cs_json_set(json, "first", cs_json_boolean(result->first));
        cs_json_set(json, "returned", cs_json_boolean(result->returned));
        cs_json_set(json, "again", cs_json_boolean(result->again));
        cs_json_set(json, "carried", cs_json_integer((int64_t)result->carried));
        cs_json_set(json, "home", cs_json_text(cs_bytes_of_text(command->home)));
        cs_json_set(json, "warning", cs_json_text(cs_bytes_of_text(result->warning)));
        return cs_command_json(command, json);
    }
    cs_command_print(
        command,
        CS_WORDS(command, "joined; fingerprint of this device: %s\n", "已加入;本设备指纹:%s\n"),
        result->fingerprint);
    if (result->again) {
        print_again(command, result);
    }
    if (result->returned) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(
                command,
                "this laptop is an owner's of the organisation; the root key is not kept "
                "on it. Run countersign sync, then countersign devices, and revoke every "
                "device that is lost",
                "本机现为本组织负责人的设备,未保存根密钥。请运行 countersign sync,"
                "再用 countersign devices 查看并吊销所有丢失的设备"));
    } else if (result->first) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "WARNING: recovery is not set up: whoever loses this laptop and its "
                             "passphrase loses the organisation's root key. Then run countersign "
                             "root split",
                             "警告:尚未设置恢复机制:丢失本机及口令即丢失组织根密钥。之后请运行 "
                             "countersign root split"));
    } else {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "read it out to the person who invited you; then run countersign sync",
                             "请向邀请人念出指纹,然后运行 countersign sync"));
    }
    return CS_OK;
}

/* ---- with shares of the root key ---- */

static enum cs_status read_statement(struct cs_command *command, const char *path,
                                     struct cs_root_split *out)
{
    struct cs_buffer content;
    cs_buffer_init(&content, CS_ROOT_SPLIT_BYTES_MAX);
    enum cs_status status = cs_command_read_file(command, path, &content);
    if (status == CS_OK) {
        status = cs_root_split_verify(cs_buffer_bytes(&content), out);
        if (status != CS_OK) {
            status = cs_problem_set(&command->problem, status,
                                    "%.300s is no statement of shares of a root key", path);
        }
    }
    cs_buffer_release(&content);
    return status;
}

/* Before anybody types a share. */
static enum cs_status check_servers_invite(struct cs_command *command, struct cs_bytes invite)
{
    struct cs_arena arena;
    struct cs_invite_package package;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_invite_package_decode(invite, &arena, &package, &command->problem);
    if (status == CS_OK && !package.first) {
        status = cs_problem_set(&command->problem, CS_INVALID,
                                "shares of the root key go with the server's own invite: "
                                "countersign-server invite-owner");
    }
    cs_wipe(&package, sizeof package);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status gather_root(struct cs_command *command, const struct arguments *arguments,
                                  struct cs_bytes invite, struct returning *out)
{
    struct cs_root_split stated;
    enum cs_status status = check_servers_invite(command, invite);
    if (status == CS_OK && arguments->person_id != NULL &&
        cs_id_parse(cs_bytes_of_text(arguments->person_id), &out->person) != CS_OK) {
        status = cs_command_usage(command, "--person-id: %.64s is no id", arguments->person_id);
    }
    if (status == CS_OK && arguments->statement != NULL) {
        status = read_statement(command, arguments->statement, &stated);
    }
    if (status == CS_OK) {
        status = cs_root_session_gather(command, arguments->statement == NULL ? NULL : &stated,
                                        &out->root);
    }
    return status != CS_OK ? status
                           : cs_root_split_encode(&out->root.split, out->root.key, &out->statement);
}

/* ---- joining ---- */

static enum cs_status run(struct cs_command *command, const struct arguments *arguments,
                          struct cs_bytes invite, const struct returning *returning)
{
    char host[CS_PERSON_NAME_MAX + 1] = "";
    if (arguments->device == NULL && gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    struct cs_secret *passphrase = NULL;
    enum cs_status status = cs_passphrase_read(
        command->console, has_joined(command) ? CS_PASSPHRASE_UNLOCK : CS_PASSPHRASE_CHOOSE,
        &passphrase, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    struct cs_join_input input = {
        .world = command->world,
        .home = command->home,
        .registry = command->registry,
        .invite_text = invite,
        .device_name = cs_bytes_of_text(arguments->device == NULL ? host : arguments->device),
        .passphrase = cs_secret_bytes(passphrase),
        .kdf_memory_mib = (uint32_t)arguments->kdf_memory_mib,
        .root_key = returning->root.key,
        .root_statement = cs_buffer_bytes(&returning->statement),
        .person = arguments->person_id == NULL ? NULL : &returning->person,
    };
    if (arguments->person != NULL) {
        input.person_name = cs_bytes_of_text(arguments->person);
    }
    struct cs_join_result result;
    status = cs_join_run(&input, &result, &command->problem);
    cs_secret_destroy(passphrase);
    return status != CS_OK ? status : answer(command, &result);
}

enum cs_status cs_command_join(struct cs_command *command)
{
    struct arguments arguments = {.file = NULL};
    const struct cs_host *host = command->host;
    if (host != NULL && !host->is_locked(host->context)) {
        return cs_problem_set(&command->problem, CS_BUSY,
                              "the agent uses what is joined here: first countersign lock");
    }
    if (host != NULL) { /* it makes the identity anew, for which nothing may be open */
        command->exit_code = CS_EXIT_ELSEWHERE;
        return CS_OK;
    }
    struct returning returning = {.root = {.key = NULL}};
    enum cs_status status = take_arguments(command, &arguments);
    if (status != CS_OK) {
        return status;
    }
    if (strcmp(arguments.file, "-") == 0 && cs_console_input_is_terminal(command->console)) {
        cs_command_note(command, "%s",
                        cs_command_words(command, "paste the invite and end with Ctrl-D",
                                         "请粘贴邀请码,按 Ctrl-D 结束"));
    }
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    cs_buffer_init(&returning.statement, CS_ROOT_SPLIT_BYTES_MAX);
    status = cs_command_read_file(command, arguments.file, &invite);
    if (status == CS_OK && arguments.root_shares) {
        status = gather_root(command, &arguments, cs_buffer_bytes(&invite), &returning);
    }
    if (status == CS_OK) {
        status = cs_command_make_home(command);
    }
    if (status == CS_OK) {
        status = run(command, &arguments, cs_buffer_bytes(&invite), &returning);
    }
    cs_root_session_close(&returning.root);
    cs_buffer_release(&returning.statement);
    cs_buffer_release(&invite);
    return status;
}
