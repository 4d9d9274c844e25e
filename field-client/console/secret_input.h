/*
 * What nobody else may read, straight into secret memory: from a terminal without echo, or from standard input when that is none. Never
 * from arguments or the environment.
 */
#ifndef CS_CONSOLE_SECRET_INPUT_H
#define CS_CONSOLE_SECRET_INPUT_H

#include "field-client/console/console.h"
#include "shared/crypto/secret.h"

enum cs_secret_use {
    CS_SECRET_ONCE,
    CS_SECRET_TWICE, /* asked for twice on a terminal: it is new, and nobody sees what was typed */
};

struct cs_secret_question {
    const char *prompt; /* "Password: "; not printed without a terminal */
    const char *again;  /* of the second time */
    const char *what;   /* for failures: "password" */
    size_t size_max;
    enum cs_secret_use use;
};

/* A line from the terminal, or all of standard input; one newline at its end is not part of it. CS_LOCKED: it could not be read, it is
 * empty or too long, the two differ, or it was cancelled with Ctrl-C. */
enum cs_status cs_secret_input(const struct cs_console *console,
                               const struct cs_secret_question *question, struct cs_secret **out,
                               struct cs_problem *problem) CS_MUST_USE;
/* The same, but without a terminal the next line of standard input: for several of them. CS_NOT_FOUND at its end. */
enum cs_status cs_secret_input_line(const struct cs_console *console,
                                    const struct cs_secret_question *question,
                                    struct cs_secret **out, struct cs_problem *problem) CS_MUST_USE;
/* On the terminal that is open for reading and writing, whatever standard input is. */
enum cs_status cs_secret_ask(const struct cs_console *console, int terminal,
                             const struct cs_secret_question *question, struct cs_secret **out,
                             struct cs_problem *problem) CS_MUST_USE;
/* All of an open file; `where` for failures. */
enum cs_status cs_secret_read_all(const struct cs_console *console, int file,
                                  const struct cs_secret_question *question, const char *where,
                                  struct cs_secret **out, struct cs_problem *problem) CS_MUST_USE;
#endif
