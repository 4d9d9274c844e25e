/*
 * vault export: all that is in force in a vault, into a KeePass or CSV file. Two officers: one asks (the record names every version), another one
 * approves, the first one writes the file, once. Everything in it is due for rotation from the record on.
 */
#include "field-client/commands/vault/password_file.h"
#include "field-client/commands/vault/vault_command.h"
#include "field-client/vault/waiting.h"
#include "field-client/vault_files/export.h"
#include "shared/base/text.h"

#include <string.h>
#include <unistd.h>

/* ---- asking ---- */

static void append_request(struct cs_json *array, const uint8_t *id)
{
    char text[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_make(id, CS_HASH_SIZE), text);
    cs_json_append(array, cs_json_text(cs_bytes_of_text(text)));
}

/* The next so many versions in a record of their own. */
static enum cs_status ask_for(struct cs_vault_work *work, const struct cs_id *vault,
                              struct cs_bytes versions, const char *reason,
                              struct cs_json *requests)
{
    struct cs_vault_disclosure *disclosure = NULL;
    const struct cs_vault_ask ask = {
        .kind = CS_VAULT_EXPORT, .versions = versions, .reason = cs_bytes_of_text(reason)};
    enum cs_status status =
        cs_vault_disclosure_begin(work->replica, vault, &ask, &disclosure, &work->command->problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_send(work, cs_vault_disclosure_id(disclosure));
    if (status == CS_OK) {
        append_request(requests, cs_vault_disclosure_id(disclosure));
    } else if (cs_status_class(status) != CS_CLASS_LATER) {
        (void)!cs_vault_disclosure_spend(disclosure); /* refused: nothing will ever be opened */
    }
    cs_vault_disclosure_end(disclosure);
    return status;
}

static enum cs_status answer_asked(struct cs_command *command, struct cs_json *owned_requests,
                                   size_t version_count)
{
    struct cs_bytes first = CS_BYTES_NONE;
    struct cs_json *json = cs_json_object();
    (void)!cs_json_get_text(cs_json_at(owned_requests, 0), &first);
    if (!command->json) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "%zu secrets are asked for; another officer has to approve:\n",
                                  "已申请导出 %zu 项密文,须由另一名安全人员批准:\n"),
                         version_count);
        for (size_t i = 0; i < cs_json_count(owned_requests); i++) {
            struct cs_bytes text = CS_BYTES_NONE;
            (void)!cs_json_get_text(cs_json_at(owned_requests, i), &text);
            cs_command_print(command, "  countersign vault approve %.12s\n",
                             text.size < 12 ? "" : (const char *)text.data);
        }
        cs_command_print(command, "%s  countersign vault export FILE --request %.12s\n",
                         cs_command_words(command, "then:\n", "之后执行:\n"),
                         first.size < 12 ? "" : (const char *)first.data);
    }
    cs_json_set(json, "versions", cs_json_integer((int64_t)version_count));
    cs_json_set(json, "waits", cs_json_boolean(true));
    cs_json_set(json, "requests", owned_requests);
    if (command->json) {
        return cs_command_json(command, json);
    }
    cs_json_destroy(json);
    return CS_OK;
}

static enum cs_status ask(struct cs_vault_work *work, const char *project, const char *reason)
{
    struct cs_command *command = work->command;
    struct cs_vault_of_project vault;
    struct cs_bytes versions = CS_BYTES_NONE;
    struct cs_json *requests = cs_json_array();
    enum cs_status status = cs_vault_work_sync(work);
    if (status == CS_OK) {
        status = cs_vault_work_vault(work, cs_bytes_of_text(project), &vault);
    }
    if (status == CS_OK) {
        status = cs_export_choose(work->book, &vault.vault, &work->arena, &versions);
    }
    if (status == CS_OK && versions.size == 0) {
        status = cs_problem_set(&command->problem, CS_NOT_FOUND, "nothing is stored in this vault");
    }
    for (size_t at = 0; status == CS_OK && at < versions.size;) {
        size_t left = versions.size - at;
        size_t size =
            left < CS_VAULT_VERSIONS_MAX * CS_ID_SIZE ? left : CS_VAULT_VERSIONS_MAX * CS_ID_SIZE;
        status =
            ask_for(work, &vault.vault, cs_bytes_make(versions.data + at, size), reason, requests);
        at += size;
    }
    if (status != CS_OK) {
        cs_json_destroy(requests);
        return status;
    }
    return answer_asked(command, requests, versions.size / CS_ID_SIZE);
}

/* ---- writing ---- */

struct writing {
    struct cs_vault_work *work;
    const struct cs_vault_waiting *list; /* what waits */
    size_t count;
    const struct cs_vault_waiting *typed;
    struct cs_vault_disclosure **opened; /* one for each of `list`; NULL: not of this export */
    struct cs_export *export;
};

/* More than one record makes an export of many versions: of the same vault, with the same reason. */
static bool belongs(const struct cs_vault_waiting *waiting, const struct cs_vault_waiting *typed)
{
    return waiting->record.kind == CS_VAULT_EXPORT && waiting->state != CS_VAULT_WAITS_FOR_ME &&
           waiting->state != CS_VAULT_WAITS_REFUSED &&
           cs_id_equal(&waiting->record.vault, &typed->record.vault) &&
           cs_bytes_equal(waiting->record.reason, typed->record.reason);
}

static enum cs_status find_export(struct writing *writing, const char *request)
{
    struct cs_vault_work *work = writing->work;
    struct cs_command *command = work->command;
    struct cs_vault_waiting *list = NULL;
    enum cs_status status = cs_vault_waiting_list(work->book, &work->arena, &list, &writing->count);
    if (status == CS_OK) {
        status = cs_vault_waiting_find(list, writing->count, cs_bytes_of_text(request),
                                       &writing->typed, &command->problem);
        command->exit_code = status == CS_NOT_FOUND ? CS_EXIT_USAGE : command->exit_code;
    }
    if (status == CS_OK && !belongs(writing->typed, writing->typed)) {
        return cs_command_usage(command, "that is no export of yours");
    }
    writing->list = list;
    if (status == CS_OK) {
        writing->opened =
            cs_arena_take_array(&work->arena, writing->count, sizeof(struct cs_vault_disclosure *));
        status = writing->opened == NULL ? CS_NO_MEMORY : CS_OK;
    }
    return status;
}

static enum cs_status open_version(struct writing *writing, struct cs_vault_disclosure *disclosure,
                                   const struct cs_id *id)
{
    struct cs_vault_work *work = writing->work;
    struct cs_problem *problem = &work->command->problem;
    struct cs_arena arena;
    struct cs_vault_record version;
    struct cs_secret *secret = NULL;
    const struct cs_kept_filter filter = {
        .vault = writing->typed->record.vault, .kind = CS_VAULT_VERSION, .version = id};
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_vault_disclosure_open(disclosure, id, &secret, problem);
    if (status == CS_OK) {
        status = cs_vault_book_newest(work->book, &filter, &arena, &version);
    }
    if (status == CS_OK) {
        status = cs_export_take(writing->export, &version, cs_secret_bytes(secret), problem);
    }
    cs_secret_destroy(secret);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status open_request(struct writing *writing, size_t index)
{
    struct cs_vault_work *work = writing->work;
    struct cs_command *command = work->command;
    const struct cs_vault_record *record = &writing->list[index].record;
    enum cs_status status = cs_vault_disclosure_resume(work->replica, record->id,
                                                       &writing->opened[index], &command->problem);
    for (size_t at = 0; status == CS_OK && at < record->versions.size; at += CS_ID_SIZE) {
        struct cs_id id;
        memcpy(id.bytes, record->versions.data + at, CS_ID_SIZE);
        status = open_version(writing, writing->opened[index], &id);
    }
    if (status == CS_LOCKED) {
        command->exit_code = CS_EXIT_FAILED;
    }
    return status;
}

static enum cs_status open_all(struct writing *writing)
{
    enum cs_status status = cs_export_create(&writing->export);
    for (size_t i = 0; status == CS_OK && i < writing->count; i++) {
        if (belongs(&writing->list[i], writing->typed)) {
            status = open_request(writing, i);
        }
    }
    return status;
}

/* From here on nothing of this opens again. */
static enum cs_status spend_all(struct writing *writing)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < writing->count; i++) {
        if (writing->opened[i] != NULL) {
            status = cs_vault_disclosure_spend(writing->opened[i]);
        }
    }
    return status;
}

static enum cs_status answer_written(struct cs_command *command, const char *path,
                                     enum cs_password_format format,
                                     const struct cs_password_list *list)
{
    cs_command_note(command,
                    CS_WORDS(command,
                             "everything in it is due for rotation now: countersign vault due",
                             "其中全部密码现应更换:见 countersign vault due"));
    if (format == CS_PASSWORD_FORMAT_CSV) {
        cs_command_note(command, CS_WORDS(command,
                                          "the file is plain text: whoever reads it knows "
                                          "every password in it",
                                          "该文件为明文:读到它的人即知全部密码"));
    }
    if (cs_command_is_stream(path)) {
        return CS_OK;
    }
    if (!command->json) {
        cs_command_print(command, CS_WORDS(command, "%zu entries in %s\n", "共 %zu 条,已写入 %s\n"),
                         list->count, path);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "file", cs_json_text(cs_bytes_of_text(path)));
    cs_json_set(json, "format", cs_json_text(cs_bytes_of_text(cs_password_format_name(format))));
    cs_json_set(json, "entries", cs_json_integer((int64_t)list->count));
    return cs_command_json(command, json);
}

/* The file's bytes first, and its password asked for; then the keys go; then the file is written. */
static enum cs_status write_file(struct writing *writing, const char *path,
                                 const struct cs_password_file_options *options)
{
    struct cs_vault_work *work = writing->work;
    struct cs_command *command = work->command;
    struct cs_password_list list;
    struct cs_buffer file;
    cs_password_list_init(&list);
    cs_buffer_init(&file, CS_PASSWORD_FILE_MAX);
    enum cs_status status = cs_export_finish(
        writing->export, work->book, &writing->typed->record.vault, &list, &command->problem);
    if (status == CS_OK) {
        status = cs_password_file_encode(command, options, &list, &file);
    }
    if (status == CS_OK) {
        status = spend_all(writing);
    }
    if (status == CS_OK) {
        status = cs_command_write_file(command, path, cs_buffer_bytes(&file));
    }
    if (status == CS_OK) {
        status = answer_written(command, path, options->format, &list);
    }
    cs_buffer_release(&file);
    cs_password_list_release(&list);
    return status;
}

static enum cs_status write_export(struct cs_vault_work *work, const char *request,
                                   const char *path, const struct cs_password_file_options *options)
{
    struct writing writing = {.work = work};
    enum cs_status status = cs_vault_work_sync(work);
    if (status == CS_OK) {
        status = find_export(&writing, request);
    }
    if (status == CS_OK) {
        status = open_all(&writing);
    }
    if (status == CS_OK) {
        status = write_file(&writing, path, options);
    }
    for (size_t i = 0; writing.opened != NULL && i < writing.count; i++) {
        cs_vault_disclosure_end(writing.opened[i]);
    }
    cs_export_destroy(writing.export);
    return status;
}

/* ---- the command ---- */

static enum cs_status check_use(struct cs_command *command, const char *project, const char *reason,
                                const char *request, struct cs_password_file_options *options)
{
    if (request == NULL) {
        return project == NULL || reason == NULL || reason[0] == '\0' ||
                       strlen(reason) > CS_VAULT_REASON_MAX || command->argument_count > 0
                   ? cs_command_usage(command, "first --project PROJECT --reason TEXT; and when it "
                                               "is approved, FILE --request ID")
                   : CS_OK;
    }
    if (project != NULL || reason != NULL || command->argument_count == 0) {
        return cs_command_usage(command, "with --request comes the FILE, and no project or reason");
    }
    if (options->format == CS_PASSWORD_FORMAT_UNKNOWN) {
        options->format = CS_PASSWORD_FORMAT_KDBX;
    }
    if (options->format == CS_PASSWORD_FORMAT_BITWARDEN) {
        return cs_command_usage(command, "an export is written as kdbx or csv");
    }
    char path[CS_CONSOLE_PATH_MAX];
    if (cs_command_is_stream(command->arguments[0])) {
        return CS_OK;
    }
    enum cs_status status =
        cs_console_path(command->console, command->arguments[0], path, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    return access(path, F_OK) == 0
               ? cs_command_usage(command, "%.300s exists already", command->arguments[0])
               : CS_OK;
}

enum cs_status cs_vault_command_export(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_password_file_options options;
    const char *project = NULL;
    const char *reason = NULL;
    const char *request = NULL;
    enum cs_status status = cs_command_option(command, "--project", &project);
    if (status == CS_OK) {
        status = cs_command_option(command, "--reason", &reason);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--request", &request);
    }
    if (status == CS_OK) {
        status = cs_password_file_take_options(command, &options);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 1);
    }
    if (status == CS_OK) {
        status = check_use(command, project, reason, request, &options);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = request == NULL ? ask(&work, project, reason)
                                 : write_export(&work, request, command->arguments[0], &options);
    }
    cs_vault_work_end(&work);
    return status;
}
