/*
 * One command of the server while it runs: what was typed, and how it answers.
 *
 * run.c makes it, finds the command in the table and turns the status it returns into words and an exit code. A command is
 * one function in one file:
 *
 *   1. take options (cs_admin_option, cs_admin_flag), then the arguments (cs_admin_expect);
 *   2. do it, passing &admin->problem down;
 *   3. answer once: cs_admin_json if admin->json, else cs_admin_print.
 *
 * What must stay true: nothing of a failed command stands on standard output but, with --json, its error object. Remarks
 * and progress go to standard error.
 */
#ifndef CS_SERVER_COMMANDS_COMMAND_H
#define CS_SERVER_COMMANDS_COMMAND_H

#include "shared/base/log.h"
#include "shared/base/world.h"
#include "shared/domain/descriptor.h"
#include "shared/text/json.h"

#include <stdio.h>

/* Exit codes: a stable contract. */
enum cs_admin_exit {
    CS_ADMIN_DONE = 0,
    CS_ADMIN_FAILED = 1,
    CS_ADMIN_USAGE = 2,
    CS_ADMIN_WRONG_KEY = 3, /* CS_WRONG_PASSPHRASE: the master key is another one */
};

/* What a run of the program stands in. All borrowed. */
struct cs_admin_surroundings {
    const struct cs_registry *registry;
    const struct cs_world *world;
    const struct cs_log *log; /* may be NULL */
    FILE *out;
    FILE *err;
};

struct cs_admin {
    struct cs_admin_surroundings around;
    const char *name;     /* "status" */
    const char *synopsis; /* for messages about wrong use */
    char **arguments;     /* after the name; options are removed as they are taken */
    size_t argument_count;
    bool json;                   /* --json was given */
    const char *master_key_file; /* --master-key, or NULL */
    struct cs_problem problem;   /* shown when the command returns other than CS_OK */
    /* For a command that returns CS_OK but found something bad. */
    enum cs_admin_exit exit_code;
};

/* Returns CS_OK, or a status with the problem set (an empty text: the status' own is shown). */
typedef enum cs_status cs_admin_function(struct cs_admin *admin);

/* The whole program but for what concerns the process. `arguments` is used up. */
enum cs_admin_exit cs_admin_run(int argument_count, char **arguments,
                                const struct cs_admin_surroundings *around);

/* `--name VALUE` or `--name=VALUE`, anywhere; takes it out. *out is NULL when not given. CS_USAGE: no value, or twice. */
enum cs_status cs_admin_option(struct cs_admin *admin, const char *name,
                               const char **out) CS_MUST_USE;
/* `--name`, anywhere; takes it out. */
bool cs_admin_flag(struct cs_admin *admin, const char *name);
/* When all options were taken: CS_USAGE for any that is left, and unless there are exactly `count` arguments. */
enum cs_status cs_admin_expect(struct cs_admin *admin, size_t count) CS_MUST_USE;
/* Sets the problem and returns CS_USAGE. */
enum cs_status cs_admin_usage(struct cs_admin *admin, const char *format, ...) CS_PRINTF(2, 3);

/* printf to standard output. Failures are seen at the end of the run. */
void cs_admin_print(struct cs_admin *admin, const char *format, ...) CS_PRINTF(2, 3);
/* People's texts to a terminal: control characters become '?'. Padded with blanks to `columns`. */
void cs_admin_print_padded(struct cs_admin *admin, struct cs_bytes text, size_t columns);
/* A line to standard error, with the program's name before it. */
void cs_admin_note(struct cs_admin *admin, const char *format, ...) CS_PRINTF(2, 3);
/* Writes the object and a newline to standard output and destroys it. CS_NO_MEMORY if building it failed somewhere. */
enum cs_status cs_admin_json(struct cs_admin *admin, struct cs_json *owned_json) CS_MUST_USE;
/* Text of the code as JSON. */
struct cs_json *cs_admin_json_text(const char *text);
struct cs_json *cs_admin_json_hex(struct cs_bytes bytes);
/* RFC 3339 in UTC; null for 0. */
struct cs_json *cs_admin_json_time(int64_t utc_ms);

struct cs_admin_entry {
    const char *name;
    cs_admin_function *run;
    const char *synopsis;
    const char *summary;
    const char *details; /* more lines of help; may be "" */
};
/* NULL beyond the end; in the order of the help. */
const struct cs_admin_entry *cs_admin_at(size_t index);
/* NULL: no such command. */
const struct cs_admin_entry *cs_admin_find(const char *name);

enum cs_status cs_admin_init(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_invite_owner(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_serve(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_status(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_devices(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_verify(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_backup(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_restore(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_compact(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_history(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_bundle(struct cs_admin *admin) CS_MUST_USE;

#endif
