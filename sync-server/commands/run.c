/*
 * One run of the program: the command's name, the options all commands have, help, and the exit code.
 */
#include "sync-server/commands/command.h"

#include <string.h>

#define PROGRAM "countersign-server"

static void print_entry(FILE *out, const struct cs_admin_entry *entry)
{
    (void)fprintf(out, "  %s %s\n      %s\n", entry->name, entry->synopsis, entry->summary);
}

static void print_help(FILE *out)
{
    (void)fputs("usage: " PROGRAM " COMMAND …\n\n", out);
    const struct cs_admin_entry *entry;
    for (size_t i = 0; (entry = cs_admin_at(i)) != NULL; i++) {
        print_entry(out, entry);
    }
    (void)fputs(
        "  help [COMMAND]\n\n"
        "Options of all commands:\n"
        "  --json              answer in JSON\n"
        "  --master-key FILE   else COUNTERSIGN_MASTER_KEY_FILE, else the systemd credential\n"
        "                      countersign-master-key, else DIR/master.key\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong use, 3 wrong master key.\n",
        out);
}

static enum cs_admin_exit help(FILE *out, FILE *err, const char *name)
{
    if (name == NULL) {
        print_help(out);
        return CS_ADMIN_DONE;
    }
    const struct cs_admin_entry *entry = cs_admin_find(name);
    if (entry == NULL) {
        (void)fprintf(err, PROGRAM ": there is no command %s\n", name);
        return CS_ADMIN_USAGE;
    }
    (void)fprintf(out, "usage: " PROGRAM " %s %s\n\n%s\n", entry->name, entry->synopsis,
                  entry->summary);
    if (entry->details[0] != '\0') {
        (void)fprintf(out, "\n%s\n", entry->details);
    }
    return CS_ADMIN_DONE;
}

static enum cs_admin_exit exit_of(const struct cs_admin *admin, enum cs_status status)
{
    switch ((int)status) {
    case CS_OK:
        return admin->exit_code;
    case CS_USAGE:
        return CS_ADMIN_USAGE;
    case CS_WRONG_PASSPHRASE:
        return CS_ADMIN_WRONG_KEY;
    default:
        return CS_ADMIN_FAILED;
    }
}

/* The failure in words and, with --json, as the one object of standard output. */
static void show_failure(struct cs_admin *admin, enum cs_status status)
{
    const char *text = admin->problem.text;
    if (text[0] == '\0') {
        text = cs_status_text(status);
    }
    (void)fprintf(admin->around.err, PROGRAM " %s: %s\n", admin->name, text);
    if (status == CS_USAGE) {
        (void)fprintf(admin->around.err, "usage: " PROGRAM " %s %s\n", admin->name,
                      admin->synopsis);
    }
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "error", cs_admin_json_text(cs_status_name(status)));
        cs_json_set(json, "message", cs_admin_json_text(text));
        /* Memory may be what failed; then the exit code and the line above have to do. */
        enum cs_status shown = cs_admin_json(admin, json);
        (void)shown;
    }
}

static enum cs_status take_common_options(struct cs_admin *admin)
{
    admin->json = cs_admin_flag(admin, "--json");
    return cs_admin_option(admin, "--master-key", &admin->master_key_file);
}

static enum cs_admin_exit run_command(const struct cs_admin_entry *entry, size_t count,
                                      char **arguments, const struct cs_admin_surroundings *around)
{
    struct cs_admin admin = {
        .around = *around,
        .name = entry->name,
        .synopsis = entry->synopsis,
        .arguments = arguments,
        .argument_count = count,
    };
    if (cs_admin_flag(&admin, "--help")) {
        return help(around->out, around->err, entry->name);
    }
    enum cs_status status = take_common_options(&admin);
    if (status == CS_OK) {
        status = entry->run(&admin);
    }
    if (status != CS_OK) {
        show_failure(&admin, status);
    }
    return exit_of(&admin, status);
}

static bool is_any(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static enum cs_admin_exit dispatch(size_t count, char **arguments,
                                   const struct cs_admin_surroundings *around)
{
    if (count == 0) {
        print_help(around->err);
        return CS_ADMIN_USAGE;
    }
    if (is_any(arguments[0], "help", "--help")) {
        return help(around->out, around->err, count > 1 ? arguments[1] : NULL);
    }
    if (is_any(arguments[0], "--version", "version")) {
        (void)fputs(PROGRAM " " CS_VERSION "\n", around->out);
        return CS_ADMIN_DONE;
    }
    const struct cs_admin_entry *entry = cs_admin_find(arguments[0]);
    if (entry == NULL) {
        (void)fprintf(around->err, PROGRAM ": there is no command %s; see " PROGRAM " help\n",
                      arguments[0]);
        return CS_ADMIN_USAGE;
    }
    return run_command(entry, count - 1, arguments + 1, around);
}

enum cs_admin_exit cs_admin_run(int argument_count, char **arguments,
                                const struct cs_admin_surroundings *around)
{
    size_t count = argument_count > 1 ? (size_t)argument_count - 1 : 0;
    enum cs_admin_exit code = dispatch(count, arguments + 1, around);
    /* An answer that did not get through is no answer. */
    if (fflush(around->out) != 0 || ferror(around->out) != 0) {
        (void)fputs(PROGRAM ": the answer cannot be written\n", around->err);
        return code == CS_ADMIN_DONE ? CS_ADMIN_FAILED : code;
    }
    return code;
}
