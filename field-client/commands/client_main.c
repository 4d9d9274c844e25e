/* The client from the command line to an exit code, see client_main.h. */
#include "field-client/commands/client_main.h"

#include "field-client/agent/caller.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/help.h"
#include "field-client/transport/transport.h"
#include "shared/crypto/secret.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The line as it was typed, without what holds for every command. */
struct line {
    int typed_count;
    char **typed; /* all of it, for an agent; NULL: none is asked */
    char **arguments;
    size_t count;
    size_t operand_start;
    const char *home;
    bool json;
    bool help;
    bool version;
    const char *fault; /* NULL: none */
};

static bool take_home(struct line *line, int argument_count, char **arguments, int *index)
{
    const char *argument = arguments[*index];
    if (strncmp(argument, "--home=", 7) == 0) {
        line->home = argument + 7;
        return true;
    }
    if (strcmp(argument, "--home") != 0) {
        return false;
    }
    if (*index + 1 < argument_count) {
        line->home = arguments[++*index];
    } else {
        line->fault = "--home needs a folder";
    }
    return true;
}

static bool take_flag(struct line *line, const char *argument)
{
    bool *flag = strcmp(argument, "--json") == 0   ? &line->json
                 : strcmp(argument, "--help") == 0 ? &line->help
                 : strcmp(argument, "-h") == 0     ? &line->help
                 : strcmp(argument, "--version") == 0 && line->count == 0
                     ? &line->version /* behind a command it is an option of that: of a secret */
                     : NULL;
    if (flag != NULL) {
        *flag = true;
    }
    return flag != NULL;
}

/* `line->arguments` has room for all of them. Behind "--" everything is left as it stands. */
static void read_line(struct line *line, int argument_count, char **arguments)
{
    bool operands = false;
    for (int i = 1; i < argument_count; i++) {
        if (!operands && strcmp(arguments[i], "--") == 0) {
            operands = true;
            line->operand_start = line->count;
        } else if (operands || (!take_home(line, argument_count, arguments, &i) &&
                                !take_flag(line, arguments[i]))) {
            line->arguments[line->count++] = arguments[i];
        }
    }
    if (line->home != NULL && line->home[0] == '\0') {
        line->fault = "--home needs a folder";
    }
}

static bool speaks_chinese(const struct cs_console *console)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        const char *value = cs_console_variable(console, names[i]);
        if (value != NULL && value[0] != '\0') {
            return strncmp(value, "zh", 2) == 0;
        }
    }
    return false;
}

static bool is_set(const char *value)
{
    return value != NULL && value[0] != '\0';
}

/* --home, COUNTERSIGN_HOME, the user's data folder; false if there is none or it is too long. */
static bool find_home(const struct line *line, char out[static CS_HOME_PATH_MAX])
{
    const char *own = getenv("COUNTERSIGN_HOME");
    const char *data = getenv("XDG_DATA_HOME");
    const char *user = getenv("HOME");
    int size = -1;
    if (line->home != NULL || is_set(own)) {
        size = snprintf(out, CS_HOME_PATH_MAX, "%s", line->home != NULL ? line->home : own);
    } else if (is_set(data)) {
        size = snprintf(out, CS_HOME_PATH_MAX, "%s/countersign", data);
    } else if (is_set(user)) {
        size = snprintf(out, CS_HOME_PATH_MAX, "%s/.local/share/countersign", user);
    }
    return size > 0 && (size_t)size < CS_HOME_PATH_MAX;
}

static enum cs_exit exit_of(enum cs_status status)
{
    if (status == CS_OK) {
        return CS_EXIT_DONE;
    }
    if (status == CS_USAGE) {
        return CS_EXIT_USAGE;
    }
    return status == CS_WRONG_PASSPHRASE || status == CS_LOCKED ? CS_EXIT_LOCKED : CS_EXIT_FAILED;
}

static void report_json(struct cs_command *command, enum cs_status status, const char *text)
{
    struct cs_json *error = cs_json_object();
    cs_json_set(error, "status", cs_json_text(cs_bytes_of_text(cs_status_name(status))));
    cs_json_set(error, "text", cs_json_text(cs_bytes_of_text(text)));
    struct cs_json *json = command->failure == NULL ? cs_json_object() : command->failure;
    command->failure = NULL;
    cs_json_set(json, "error", error);
    if (cs_command_json(command, json) != CS_OK) {
        cs_command_print(command, "{\"error\":{\"status\":\"%s\",\"text\":\"\"}}\n",
                         cs_status_name(status));
    }
}

static void report(struct cs_command *command, enum cs_status status)
{
    const char *text =
        command->problem.text[0] == '\0' ? cs_status_text(status) : command->problem.text;
    (void)fflush(command->out);
    (void)fprintf(command->err, "countersign%s%s: ", command->name[0] == '\0' ? "" : " ",
                  command->name);
    cs_write_safe(command->err, cs_bytes_of_text(text));
    (void)fputc('\n', command->err);
    if (command->json) {
        report_json(command, status, text);
    }
}

/* What was printed has to have arrived somewhere. */
static enum cs_status flush(struct cs_command *command, enum cs_status status)
{
    bool failed = fflush(command->out) != 0 || ferror(command->out) != 0;
    if (!failed || status != CS_OK) {
        return status;
    }
    command->json = false;
    return cs_problem_set(&command->problem, CS_IO, "the answer could not be written");
}

static int conclude(struct cs_command *command, enum cs_status status)
{
    if (command->host == NULL) {
        cs_replica_close(command->replica);
        cs_identity_destroy(command->identity);
    }
    status = flush(command, status);
    if (status != CS_OK) {
        report(command, status);
        (void)fflush(command->out);
    }
    cs_json_destroy(command->failure);
    (void)fflush(command->err);
    enum cs_exit usual = exit_of(status);
    return (int)(command->exit_code == CS_EXIT_DONE ? usual : command->exit_code);
}

static enum cs_status unknown_command(struct cs_command *command, const char *name)
{
    struct cs_buffer near;
    cs_buffer_init(&near, CS_KIBI);
    cs_help_near(name, &near);
    const char *text = cs_buffer_text(&near);
    bool found = text != NULL && text[0] != '\0';
    enum cs_status status =
        cs_command_usage(command, "there is no command \"%.40s\"%s%s; countersign help lists all",
                         name, found ? "; did you mean: " : "", found ? text : "");
    cs_buffer_release(&near);
    return status;
}

/* help [COMMAND], --help, --version; false if the line asks for none of them. */
static bool answer_help(struct cs_command *command, const struct line *line,
                        enum cs_status *out_status)
{
    bool asked = line->help || (line->count > 0 && strcmp(line->arguments[0], "help") == 0);
    if (line->version) {
        cs_command_print(command, "countersign %s\n", CS_VERSION);
        return true;
    }
    if (!asked) {
        return false;
    }
    size_t index = line->count > 0 && strcmp(line->arguments[0], "help") == 0 ? 1 : 0;
    if (line->count <= index) {
        cs_help_all(command->out, command->chinese);
        return true;
    }
    const struct cs_command_entry *entry = cs_command_find(line->arguments[index]);
    if (entry == NULL) {
        *out_status = unknown_command(command, line->arguments[index]);
    } else {
        cs_help_command(command->out, entry, command->chinese);
    }
    return true;
}

/* Options before the command's name belong to it. */
static size_t name_index(const struct line *line)
{
    size_t index = 0;
    while (index < line->count && index < line->operand_start && line->arguments[index][0] == '-') {
        index++;
    }
    return index;
}

/* The file is opened here: its name may mean something else in another process, and only this command needs it. */
static int open_passphrase_file(const struct cs_command_entry *entry)
{
    const char *path = cs_console_variable(NULL, "COUNTERSIGN_PASSPHRASE_FILE");
    bool wanted = strcmp(entry->name, "unlock") == 0 && is_set(path);
    return wanted ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* false: no agent did it. */
static bool ask_agent(struct cs_command *command, const struct line *line,
                      enum cs_status *out_status)
{
    enum cs_agent_outcome outcome = CS_AGENT_NOBODY;
    int code = 0;
    if (line->typed == NULL) {
        return false;
    }
    int file = open_passphrase_file(command->entry);
    *out_status = cs_agent_ask(command->home, line->typed_count, line->typed, file, &outcome, &code,
                               &command->problem);
    if (file >= 0) {
        (void)close(file);
    }
    if (*out_status == CS_OK && outcome == CS_AGENT_RAN) {
        command->exit_code = (enum cs_exit)code;
    }
    return *out_status != CS_OK || outcome == CS_AGENT_RAN;
}

static enum cs_status dispatch(struct cs_command *command, const struct line *line, char *home)
{
    enum cs_status status = CS_OK;
    if (line->fault != NULL) {
        return cs_command_usage(command, "%s", line->fault);
    }
    if (answer_help(command, line, &status)) {
        return status;
    }
    size_t index = name_index(line);
    if (index == line->count) {
        return cs_command_usage(command, "a command is missing; countersign help lists them");
    }
    const struct cs_command_entry *entry = cs_command_find(line->arguments[index]);
    if (entry == NULL) {
        return unknown_command(command, line->arguments[index]);
    }
    if (home[0] == '\0' && !find_home(line, home)) {
        return cs_command_usage(command, "no folder for the data: give --home DIR");
    }
    command->name = entry->name;
    command->entry = entry;
    command->home = home;
    command->arguments = line->arguments;
    command->argument_count = line->count;
    command->operand_start = line->operand_start;
    memmove(line->arguments + 1, line->arguments, index * sizeof *line->arguments);
    (void)cs_command_shift(command);
    if (ask_agent(command, line, &status)) {
        return status;
    }
    status = cs_crypto_start();
    return status != CS_OK ? status : entry->run(command);
}

int cs_client_run(int argument_count, char **arguments, const struct cs_client_setting *setting)
{
    char home[CS_HOME_PATH_MAX] = "";
    struct line line = {.operand_start = SIZE_MAX};
    struct cs_command command = {.name = "",
                                 .home = home,
                                 .operand_start = SIZE_MAX,
                                 .registry = setting->registry,
                                 .world = setting->world,
                                 .out = setting->out,
                                 .err = setting->err,
                                 .console = setting->console,
                                 .host = setting->host,
                                 .chinese = speaks_chinese(setting->console)};
    if (setting->home != NULL) {
        (void)snprintf(home, sizeof home, "%s", setting->home);
    }
    line.arguments = cs_alloc_zero((size_t)argument_count + 1, sizeof *line.arguments);
    if (line.arguments == NULL) {
        return conclude(&command, CS_NO_MEMORY);
    }
    line.typed_count = argument_count;
    line.typed = setting->asks_agent ? arguments : NULL;
    read_line(&line, argument_count, arguments);
    command.json = line.json;
    int code = conclude(&command, dispatch(&command, &line, home));
    cs_free(line.arguments);
    return code;
}

/* Keys and passphrases are in this process: no dumps, no debugger of the same user, no files for others. */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)umask(077);
    /* A reader that goes away shows as a failed write, a server that does as a failed exchange. */
    (void)signal(SIGPIPE, SIG_IGN);
}

int cs_client_main(int argument_count, char **arguments, const struct cs_registry *registry)
{
    harden();
    struct cs_world world;
    cs_world_system(&world);
    struct cs_transport *transport = NULL;
    enum cs_status status = cs_transport_create(NULL, &transport);
    if (status != CS_OK) {
        (void)fprintf(stderr, "countersign: %s\n", cs_status_text(status));
        return CS_EXIT_FAILED;
    }
    cs_transport_attach(transport, &world);
    struct cs_client_setting setting = {
        .registry = registry, .world = &world, .out = stdout, .err = stderr, .asks_agent = true};
    int code = cs_client_run(argument_count, arguments, &setting);
    cs_transport_destroy(transport);
    return code;
}
