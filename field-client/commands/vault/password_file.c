/* Password files by name, see password_file.h. */
#include "field-client/commands/vault/password_file.h"

#include "field-client/console/secret_input.h"
#include "field-client/password_files/bitwarden.h"
#include "field-client/password_files/kdbx.h"
#include "field-client/password_files/password_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD_SIZE_MAX (4 * CS_KIBI)

static const char *const names[] = {[CS_PASSWORD_FORMAT_UNKNOWN] = "unknown",
                                    [CS_PASSWORD_FORMAT_KDBX] = "kdbx",
                                    [CS_PASSWORD_FORMAT_BITWARDEN] = "bitwarden",
                                    [CS_PASSWORD_FORMAT_CSV] = "csv"};

const char *cs_password_format_name(enum cs_password_format format)
{
    return names[format];
}

enum cs_status cs_password_file_take_options(struct cs_command *command,
                                             struct cs_password_file_options *out)
{
    const char *format = NULL;
    struct cs_password_file_options options = {.no_password =
                                                   cs_command_flag(command, "--no-password")};
    enum cs_status status = cs_command_option(command, "--format", &format);
    if (status == CS_OK) {
        status = cs_command_option(command, "--password-file", &options.password_file);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--key-file", &options.key_file);
    }
    if (status == CS_OK && options.no_password &&
        (options.key_file == NULL || options.password_file != NULL)) {
        return cs_command_usage(command,
                                "--no-password is for a database under a --key-file alone");
    }
    for (size_t i = 1; status == CS_OK && format != NULL && i < CS_COUNT(names); i++) {
        if (strcmp(format, names[i]) == 0) {
            options.format = (enum cs_password_format)i;
        }
    }
    if (status == CS_OK && format != NULL && options.format == CS_PASSWORD_FORMAT_UNKNOWN) {
        return cs_command_usage(command, "--format is one of kdbx, bitwarden, csv");
    }
    if (status == CS_OK) {
        *out = options;
    }
    return status;
}

/* ---- its password ---- */

static enum cs_status read_password_file(struct cs_command *command, const char *path,
                                         const struct cs_secret_question *question,
                                         struct cs_secret **out)
{
    char name[CS_CONSOLE_PATH_MAX];
    enum cs_status status = cs_console_path(command->console, path, name, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    /* A pipe is waited for while it is read, not here, where nobody else could go on. */
    int file = open(name, O_RDONLY | O_CLOEXEC | (command->console == NULL ? 0 : O_NONBLOCK));
    if (file < 0) {
        return cs_problem_set(&command->problem, errno == ENOENT ? CS_NOT_FOUND : CS_IO,
                              "%.300s cannot be opened", path);
    }
    status = cs_secret_read_all(command->console, file, question, path, out, &command->problem);
    (void)close(file);
    return status;
}

/* Standard input is the file itself. */
static enum cs_status ask_beside(struct cs_command *command,
                                 const struct cs_secret_question *question, struct cs_secret **out)
{
    int terminal = cs_console_open_terminal(command->console);
    if (terminal < 0) {
        return cs_problem_set(&command->problem, CS_LOCKED,
                              "standard input is the file: put its password before it as a line of "
                              "its own, with --password-file -");
    }
    enum cs_status status =
        cs_secret_ask(command->console, terminal, question, out, &command->problem);
    (void)close(terminal);
    return status;
}

static enum cs_status get_password(struct cs_command *command,
                                   const struct cs_password_file_options *options,
                                   enum cs_secret_use use, struct cs_secret **out)
{
    const struct cs_secret_question question = {
        .prompt = cs_command_words(command, "Password of the file: ", "文件密码:"),
        .again = cs_command_words(command, "The same again: ", "再次输入:"),
        .what = "password of the file",
        .size_max = PASSWORD_SIZE_MAX,
        .use = use};
    const char *path = options->password_file;
    if (options->first_line != NULL) {
        return cs_secret_create_copy(cs_secret_bytes(options->first_line), out);
    }
    if (path != NULL) {
        return cs_command_is_stream(path)
                   ? cs_secret_input_line(command->console, &question, out, &command->problem)
                   : read_password_file(command, path, &question, out);
    }
    return options->passed ? ask_beside(command, &question, out)
                           : cs_secret_input(command->console, &question, out, &command->problem);
}

/* ---- reading ---- */

static enum cs_password_format recognize(struct cs_bytes file)
{
    static const uint8_t kdbx[] = {0x03, 0xd9, 0xa2, 0x9a};
    size_t at = 0;
    if (file.size >= sizeof kdbx && memcmp(file.data, kdbx, sizeof kdbx) == 0) {
        return CS_PASSWORD_FORMAT_KDBX;
    }
    while (at < file.size && (file.data[at] == ' ' || file.data[at] == '\n' ||
                              file.data[at] == '\r' || file.data[at] == '\t')) {
        at++;
    }
    return at < file.size && file.data[at] == '{' ? CS_PASSWORD_FORMAT_BITWARDEN
                                                  : CS_PASSWORD_FORMAT_CSV;
}

static enum cs_status get_key(struct cs_command *command,
                              const struct cs_password_file_options *options,
                              enum cs_secret_use use, struct cs_secret **out_password,
                              struct cs_buffer *key_file, struct cs_kdbx_key *out)
{
    enum cs_status status =
        options->no_password ? CS_OK : get_password(command, options, use, out_password);
    if (status == CS_OK && options->key_file != NULL) {
        status = cs_command_read_file(command, options->key_file, key_file);
        out->key_file = cs_buffer_bytes(key_file);
    }
    if (status == CS_OK && *out_password != NULL) {
        out->password = cs_secret_bytes(*out_password);
    }
    return status;
}

static enum cs_status read_kdbx(struct cs_command *command,
                                const struct cs_password_file_options *options,
                                struct cs_bytes file, struct cs_password_list *list)
{
    struct cs_secret *password = NULL;
    struct cs_kdbx_key key = {.password = CS_BYTES_NONE};
    struct cs_buffer key_file;
    cs_buffer_init(&key_file, CS_PASSWORD_KEY_FILE_MAX);
    enum cs_status status = get_key(command, options, CS_SECRET_ONCE, &password, &key_file, &key);
    if (status == CS_OK) {
        status = cs_kdbx_read(file, &key, NULL, list, &command->problem);
    }
    cs_buffer_release(&key_file);
    cs_secret_destroy(password);
    return status;
}

static enum cs_status read_bitwarden(struct cs_command *command,
                                     const struct cs_password_file_options *options,
                                     struct cs_bytes file, struct cs_password_list *list)
{
    struct cs_secret *password = NULL;
    enum cs_status status = CS_USAGE;
    if (options->password_file == NULL) {
        status = cs_bitwarden_read(file, CS_BYTES_NONE, NULL, list, &command->problem);
    }
    if (status != CS_USAGE) {
        return status;
    }
    cs_password_list_release(list);
    cs_password_list_init(list);
    command->problem.text[0] = '\0';
    status = get_password(command, options, CS_SECRET_ONCE, &password);
    if (status == CS_OK) {
        status = cs_bitwarden_read(file, cs_secret_bytes(password), NULL, list, &command->problem);
    }
    cs_secret_destroy(password);
    return status;
}

static enum cs_status read_as(struct cs_command *command, enum cs_password_format format,
                              const struct cs_password_file_options *options, struct cs_bytes file,
                              struct cs_password_list *list)
{
    switch (format) {
    case CS_PASSWORD_FORMAT_KDBX:
        return read_kdbx(command, options, file, list);
    case CS_PASSWORD_FORMAT_BITWARDEN:
        return read_bitwarden(command, options, file, list);
    case CS_PASSWORD_FORMAT_CSV:
    case CS_PASSWORD_FORMAT_UNKNOWN:
        break;
    }
    return cs_password_csv_read(file, list, &command->problem);
}

static enum cs_status read_list(struct cs_command *command, const char *path,
                                const struct cs_password_file_options *options,
                                struct cs_password_list *list, enum cs_password_format *out_format)
{
    struct cs_buffer file;
    cs_buffer_init(&file, CS_PASSWORD_FILE_MAX);
    enum cs_status status = cs_command_read_file(command, path, &file);
    if (status == CS_OK) {
        enum cs_password_format format = options->format != CS_PASSWORD_FORMAT_UNKNOWN
                                             ? options->format
                                             : recognize(cs_buffer_bytes(&file));
        *out_format = format;
        status = read_as(command, format, options, cs_buffer_bytes(&file), list);
    }
    if (status == CS_OK) {
        status = cs_password_list_check_ids(list, &command->problem);
    }
    /* Its password, not ours; but nothing else opens it. */
    cs_buffer_release(&file);
    return status;
}

enum cs_status cs_password_file_read(struct cs_command *command, const char *path,
                                     const struct cs_password_file_options *options,
                                     struct cs_password_list *list,
                                     enum cs_password_format *out_format)
{
    struct cs_password_file_options here = *options;
    struct cs_secret *first_line = NULL;
    enum cs_status status = CS_OK;
    here.passed = cs_command_is_stream(path);
    if (here.passed && here.password_file != NULL && cs_command_is_stream(here.password_file)) {
        status = get_password(command, &here, CS_SECRET_ONCE, &first_line);
        here.first_line = first_line;
    }
    if (status == CS_OK) {
        status = read_list(command, path, &here, list, out_format);
    }
    cs_secret_destroy(first_line);
    return status;
}

/* ---- writing ---- */

static enum cs_status write_kdbx(struct cs_command *command,
                                 const struct cs_password_file_options *options,
                                 const struct cs_password_list *list, struct cs_buffer *out)
{
    struct cs_secret *password = NULL;
    struct cs_kdbx_key key = {.password = CS_BYTES_NONE};
    const struct cs_kdbx_options settings = cs_kdbx_options_default();
    struct cs_buffer key_file;
    cs_buffer_init(&key_file, CS_PASSWORD_KEY_FILE_MAX);
    enum cs_status status = get_key(command, options, CS_SECRET_TWICE, &password, &key_file, &key);
    if (status == CS_OK) {
        status = cs_kdbx_write(list, &key, &settings, command->world, out, &command->problem);
    }
    cs_buffer_release(&key_file);
    cs_secret_destroy(password);
    return status;
}

enum cs_status cs_password_file_encode(struct cs_command *command,
                                       const struct cs_password_file_options *options,
                                       const struct cs_password_list *list, struct cs_buffer *out)
{
    return options->format == CS_PASSWORD_FORMAT_CSV
               ? cs_password_csv_write(list, out, &command->problem)
               : write_kdbx(command, options, list, out);
}
