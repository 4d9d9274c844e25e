/*
 * Where a command reads and writes beside its two streams: standard input, the terminal, variables, the folder that relative names start
 * in.
 *
 * NULL stands for those of this process, which is what a command has that was started by itself. An agent runs commands for others
 * (field-client/agent): then a struct cs_console says what is the caller's. No command touches descriptors 0 to 2, /dev/tty, the
 * environment or the working directory but through here.
 *
 * What must stay true: whatever waits for a person or for a slow program waits here, so that a caller that went away ends it, and so that
 * others can go on meanwhile.
 */
#ifndef CS_CONSOLE_CONSOLE_H
#define CS_CONSOLE_CONSOLE_H

#include "shared/base/bytes.h"

#include <stdio.h>
#include <sys/types.h>
#include <termios.h>

#define CS_CONSOLE_PATH_MAX ((size_t)4096)

struct cs_console {
    /* Descriptors, borrowed; -1: there is none. */
    int input;
    int output;
    int errors;
    int terminal;        /* open for reading and writing */
    int passphrase_file; /* opened by the caller, instead of COUNTERSIGN_PASSPHRASE_FILE */
    bool
        no_files; /* no file can be named: the caller is no process of the user's own (field-client/api) */
    int caller;             /* becomes readable, or hangs up, when the caller is gone */
    const char *folder;     /* absolute */
    char *const *variables; /* "NAME=value" …, NULL */
    /* Around every wait; what only one may use at a time is given up in between. Never in a transaction. */
    void (*pause)(void *context);
    void (*resume)(void *context);
    /* Everything that was put into the output stream is written; false: it cannot be. */
    bool (*flush)(void *context);
    void *context;
};

/* For a console whose command has nothing that others wait for: pause, resume and flush that do nothing. */
void cs_console_set_alone(struct cs_console *console);

/* Descriptor of standard input. */
int cs_console_input(const struct cs_console *console);
bool cs_console_input_is_terminal(const struct cs_console *console);
/* Does what is written there reach a terminal? The streams are the command's own. */
bool cs_console_output_is_terminal(const struct cs_console *console, FILE *out);
bool cs_console_errors_are_terminal(const struct cs_console *console, FILE *err);
/* A descriptor to close, for reading and writing; -1: there is no terminal. */
int cs_console_open_terminal(const struct cs_console *console);

/* Sets a terminal, and what was typed before is forgotten; false: it is none. A terminal that somebody has stopped does not stop the agent. */
bool cs_console_set_terminal(const struct cs_console *console, int terminal,
                             const struct termios *settings);

/* NULL: it is not set. */
const char *cs_console_variable(const struct cs_console *console, const char *name);
/* All of them, for programs that are started. */
char *const *cs_console_variables(const struct cs_console *console);

/*
 * The name of a file as this process has to open it. CS_INVALID: too long, or, for a caller, a name of /dev or /proc: those mean other
 * things in another process. CS_USAGE: the caller may name no files.
 */
enum cs_status cs_console_path(const struct cs_console *console, const char *path,
                               char out[static CS_CONSOLE_PATH_MAX],
                               struct cs_problem *problem) CS_MUST_USE;
/* Is it a file that can be read without waiting? In this process all are. */
bool cs_console_is_plain_file(const struct cs_console *console, const char *path);

/* Is the caller gone? Never in this process, which its signals end. */
bool cs_console_is_gone(const struct cs_console *console);
enum cs_console_wait { CS_CONSOLE_READ, CS_CONSOLE_WRITE };
/* Waits until the next read or write will not block; false: the caller is gone. In this process it returns at once: the call itself waits. */
bool cs_console_wait(const struct cs_console *console, int file, enum cs_console_wait for_what);
/* As read(2), with interruptions repeated; -1 also when the caller is gone. */
ssize_t cs_console_read(const struct cs_console *console, int file, void *out, size_t size);
/* All of it; false: the file or the caller is gone. */
bool cs_console_write(const struct cs_console *console, int file, struct cs_bytes bytes);
/* All of it to standard output behind what was printed to `out`, through no buffer. A stream without a file (tests have such) takes it all
 * the same. */
bool cs_console_put(const struct cs_console *console, FILE *out, struct cs_bytes bytes);
/* A line of standard input without its newline, cut to what fits; false: there is none. */
bool cs_console_read_line(const struct cs_console *console, char *out, size_t size);

#endif
