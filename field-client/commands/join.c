/* The command join: from an invite to an identity on this laptop. */
#include "field-client/sync/join.h"
#include "field-client/commands/command_table.h"
#include "field-client/console/passphrase_prompt.h"
#include "field-client/console/row_view.h"

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
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 1);
    }
    out->file = command->argument_count > 0 ? command->arguments[0] : "-";
    return status;
}

static enum cs_status make_folder(struct cs_command *command, const char *path)
{
    struct stat found;
    if (mkdir(path, 0700) == 0) {
        return CS_OK;
    }
    if (errno == EEXIST && stat(path, &found) == 0) {
        return S_ISDIR(found.st_mode)
                   ? CS_OK
                   : cs_problem_set(&command->problem, CS_INVALID,
                                    "%.300s is a file: --home needs a folder", path);
    }
    return cs_problem_set(&command->problem, CS_IO, "the folder %.300s cannot be made: %s", path,
                          strerror(errno));
}

/* The home folder and all above it. */
static enum cs_status make_home(struct cs_command *command)
{
    char path[CS_HOME_PATH_MAX];
    size_t size = strlen(command->home);
    if (size == 0 || size >= sizeof path) {
        return cs_problem_set(&command->problem, CS_INVALID, "the path of the home is too long");
    }
    memcpy(path, command->home, size + 1);
    enum cs_status status = CS_OK;
    for (size_t i = 1; status == CS_OK && i < size; i++) {
        if (path[i] == '/') {
            path[i] = '\0';
            status = make_folder(command, path);
            path[i] = '/';
        }
    }
    return status != CS_OK ? status : make_folder(command, path);
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
    if (result->first) {
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

static enum cs_status run(struct cs_command *command, const struct arguments *arguments,
                          struct cs_bytes invite)
{
    char host[CS_PERSON_NAME_MAX + 1] = "";
    if (arguments->device == NULL && gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    struct cs_secret *passphrase = NULL;
    enum cs_status status =
        cs_passphrase_read(has_joined(command) ? CS_PASSPHRASE_UNLOCK : CS_PASSPHRASE_CHOOSE,
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
    struct arguments arguments = {NULL, NULL, NULL, 0};
    enum cs_status status = take_arguments(command, &arguments);
    if (status != CS_OK) {
        return status;
    }
    if (strcmp(arguments.file, "-") == 0 && isatty(STDIN_FILENO) == 1) {
        cs_command_note(command, "%s",
                        cs_command_words(command, "paste the invite and end with Ctrl-D",
                                         "请粘贴邀请码,按 Ctrl-D 结束"));
    }
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    status = cs_command_read_file(command, arguments.file, &invite);
    if (status == CS_OK) {
        status = make_home(command);
    }
    if (status == CS_OK) {
        status = run(command, &arguments, cs_buffer_bytes(&invite));
    }
    cs_buffer_release(&invite);
    return status;
}
