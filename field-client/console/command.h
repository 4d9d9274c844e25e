/*
 * One command of the client while it runs: what was typed, where it works, and how it answers.
 *
 * field-client/commands/client_main.c makes it, finds the command in the table (command_table.c there) and turns the status it returns
 * into words and an exit code. Nothing here knows the commands. A command is one function in one file:
 *
 *   1. take options (cs_command_option, cs_command_flag), then the arguments (cs_command_expect); wrong use is
 *      cs_command_usage(command, …), before anything is unlocked;
 *   2. cs_command_open_replica where it needs data: asks for the passphrase, unlocks, opens. Nothing to close;
 *   3. do it, passing &command->problem down;
 *   4. when all went well, answer once: cs_command_json(command, object) if command->json, else cs_command_print.
 *
 * What must stay true: nothing of a failed command stands on standard output but, with --json, its error object;
 * secrets never reach arguments, environment variables, problem texts or ordinary memory.
 */
#ifndef CS_CONSOLE_COMMAND_H
#define CS_CONSOLE_COMMAND_H

#include "field-client/console/console.h"
#include "field-client/console/host.h"
#include "field-client/replica/replica.h"
#include "shared/text/json.h"

#include <stdio.h>

struct cs_transport;

/* Exit codes: a stable contract. */
enum cs_exit {
    CS_EXIT_DONE = 0,
    CS_EXIT_FAILED = 1,
    CS_EXIT_USAGE = 2,  /* CS_USAGE, and names that do not exist */
    CS_EXIT_LOCKED = 3, /* CS_WRONG_PASSPHRASE, CS_LOCKED: no passphrase could be had */
    /* Of a command that a host was asked for and leaves to the caller; no process ends with it. */
    CS_EXIT_ELSEWHERE = 64,
};

struct cs_command;
/* Runs one command. Returns CS_OK, or a status with command->problem set (its text may stay empty: the status' own is shown). */
typedef enum cs_status cs_command_function(struct cs_command *command);

/* What the table of commands says of one. */
struct cs_command_entry {
    const char *name;
    cs_command_function *run;
    const char *synopsis;   /* after the name: "ENTITY ID field=value…" */
    const char *summary;    /* one line, English */
    const char *summary_zh; /* one line, Chinese */
    const char *details;    /* more lines of help, English; may be "" */
    const char *more;       /* and those that follow; NULL: none */
};

/* What the list of a command's subcommands says of one (subcommand.h). */
struct cs_subcommand {
    const char *name;
    cs_command_function *run;
    const char *synopsis; /* after both names; NULL: that of the command stands for all */
};

struct cs_command {
    const char *name;                       /* "visit" */
    const struct cs_command_entry *entry;   /* NULL: none was found yet */
    const struct cs_subcommand *subcommand; /* NULL: it has none, or it is not known yet */
    char **
        arguments; /* after the name, without --home and --json; options are removed as they are taken */
    size_t argument_count;
    bool json;    /* --json was given */
    bool chinese; /* LC_ALL, LC_MESSAGES or LANG begins with zh */
    const char *home;
    const struct cs_registry *registry;
    const struct cs_world *world; /* with exchange */
    FILE *out;                    /* standard output */
    FILE *err;
    const struct cs_console *console; /* NULL: this process' */
    struct cs_problem problem; /* shown to people when the command returns other than CS_OK */
    /* Set by a command that returns CS_OK but is not done (digests differ), or whose failure is not the usual code. 0 = by status. */
    enum cs_exit exit_code;
    /* Members that the error object gets beside "error"; NULL = none. Owned; destroyed by client_main.c. */
    struct cs_json *failure;
    const struct cs_host *host; /* NULL: the command is alone */
    /* What follows belongs to command_data.c: opened when asked for, closed by client_main.c; of a host it is borrowed. */
    struct cs_identity *identity;
    struct cs_replica *replica;
    size_t
        operand_start; /* arguments from here on stand behind "--" and are no options; SIZE_MAX = none */
};

/* ---- arguments ---- */

/* `--name VALUE` or `--name=VALUE`, anywhere; takes it out. *out is NULL when it was not given. CS_USAGE: no value, given twice. */
enum cs_status cs_command_option(struct cs_command *command, const char *name,
                                 const char **out) CS_MUST_USE;
/* The same as a whole number from minimum to maximum; *in_out stays when it was not given. */
enum cs_status cs_command_option_number(struct cs_command *command, const char *name,
                                        int64_t minimum, int64_t maximum,
                                        int64_t *in_out) CS_MUST_USE;
/* `--name`, anywhere; takes it out. */
bool cs_command_flag(struct cs_command *command, const char *name);
/* To call when all options were taken: CS_USAGE for any that is left ("-" alone is no option), and when there are fewer than `minimum` or
 * more than `maximum` arguments. The text shows the command's synopsis. */
enum cs_status cs_command_expect(struct cs_command *command, size_t minimum,
                                 size_t maximum) CS_MUST_USE;
/* Argument `index` as bytes; empty beyond the end. */
struct cs_bytes cs_command_argument(const struct cs_command *command, size_t index);
/* Takes argument 0 away: for commands that have subcommands. NULL when there is none. */
const char *cs_command_shift(struct cs_command *command);
/* field=value: false if there is no '=' or nothing before it. */
bool cs_command_split_assignment(struct cs_bytes argument, struct cs_bytes *out_field,
                                 struct cs_bytes *out_value);
/* Sets the problem's text and returns CS_USAGE. */
enum cs_status cs_command_usage(struct cs_command *command, const char *format, ...)
    CS_PRINTF(2, 3);

/* ---- data ---- */

/* Unlocks and opens once; later calls return the same. The replica is closed by client_main.c. CS_NOT_FOUND: not joined yet;
 * CS_WRONG_PASSPHRASE, CS_LOCKED; what cs_replica_open says. */
enum cs_status cs_command_open_replica(struct cs_command *command,
                                       struct cs_replica **out) CS_MUST_USE;
/* Before the first request to the server; see host.h. */
enum cs_status cs_command_go_online(struct cs_command *command, enum cs_online how) CS_MUST_USE;
/* The entity with this name, the index of its field: as cs_edit_entity and cs_edit_field, but exit code 2. Opens nothing. */
enum cs_status cs_command_entity(struct cs_command *command, struct cs_bytes name,
                                 const struct cs_entity **out) CS_MUST_USE;
enum cs_status cs_command_field(struct cs_command *command, const struct cs_entity *entity,
                                struct cs_bytes name, size_t *out_index) CS_MUST_USE;
/* The live row that was typed (id, unique id prefix, natural key): as cs_query_resolve. */
enum cs_status cs_command_row(struct cs_command *command, const struct cs_entity *entity,
                              struct cs_bytes text, struct cs_id *out) CS_MUST_USE;

/* ---- files ---- */

/* Is it "-": standard input, or standard output, in place of a file? */
bool cs_command_is_stream(const char *path);
/* Appends a whole file to `out`, or standard input for "-". A missing or too large file is named in the problem. */
enum cs_status cs_command_read_file(struct cs_command *command, const char *path,
                                    struct cs_buffer *out) CS_MUST_USE;
/* Replaces a file, mode 0600, through the world. Failures name it in the problem. For "-" it goes to standard output, through no buffer; then
 * nothing else may be printed there. */
enum cs_status cs_command_write_file(struct cs_command *command, const char *path,
                                     struct cs_bytes content) CS_MUST_USE;

/* ---- answering ---- */

/* printf to standard output, as it stands: give the newline. Failures are seen by client_main.c at the end. */
void cs_command_print(struct cs_command *command, const char *format, ...) CS_PRINTF(2, 3);
void cs_command_print_bytes(struct cs_command *command, struct cs_bytes bytes);
/* People's texts to a terminal: control characters (but newline and tab) become '?'. */
void cs_command_print_safe(struct cs_command *command, struct cs_bytes text);
/* The same to any stream. */
void cs_write_safe(FILE *stream, struct cs_bytes text);
/* A line to standard error: "countersign NAME: …" with a newline; for remarks that are no failure. */
void cs_command_note(struct cs_command *command, const char *format, ...) CS_PRINTF(2, 3);
/* Writes the object and a newline to standard output and destroys it; CS_NO_MEMORY if building it failed somewhere. */
enum cs_status cs_command_json(struct cs_command *command, struct cs_json *owned_json) CS_MUST_USE;
/* A 16-byte id as JSON text. */
struct cs_json *cs_command_json_id(const struct cs_id *id);
/* The text in the language of the person. CS_WORDS is for formats: the compiler sees both. */
#define CS_WORDS(command, in_english, in_chinese) ((command)->chinese ? (in_chinese) : (in_english))
const char *cs_command_words(const struct cs_command *command, const char *english,
                             const char *chinese);

#endif
