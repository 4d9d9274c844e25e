/*
 * Showing what nobody else may read: straight out of secret memory, through no buffer of the standard library.
 *
 * On a terminal it stands on a screen of its own, which leaves nothing to scroll back to, until a key is pressed, the time is over or the
 * program is told to end; then that screen is cleared. Elsewhere it goes to standard output, for the program that asked.
 */
#ifndef CS_CONSOLE_SECRET_OUTPUT_H
#define CS_CONSOLE_SECRET_OUTPUT_H

#include "field-client/console/console.h"
#include "shared/crypto/secret.h"
#include "shared/text/json.h"

#include <stdio.h>

struct cs_secret_screen {
    struct cs_bytes title; /* people's text: control characters become blanks */
    const char *hint;      /* "any key clears it"; in the language of the person */
    int seconds_max;
};
/*
 * Shows it on the terminal that is open for reading and writing, and returns when it is cleared. Control characters in the secret, but newline
 * and tab, are shown as \x1b: they do nothing to the terminal. CS_IO: no terminal, or it went away.
 */
enum cs_status cs_secret_show(const struct cs_console *console, int terminal,
                              const struct cs_secret_screen *screen,
                              struct cs_bytes secret) CS_MUST_USE;
/* Clears and leaves the screen of its own, for whoever finds that another process was killed while it showed something there. */
void cs_secret_leave_screen(int terminal);
/* The secret and a newline. CS_IO. */
enum cs_status cs_secret_print(const struct cs_console *console, FILE *out,
                               struct cs_bytes secret) CS_MUST_USE;
/* The object with one more member, which the object itself never holds: "name": the secret as text, or, where it is no UTF-8, "name_hex". And
 * a newline. CS_NO_MEMORY, CS_IO. */
enum cs_status cs_secret_print_json(const struct cs_console *console, FILE *out,
                                    const struct cs_json *object, const char *name,
                                    struct cs_bytes secret) CS_MUST_USE;
/* The same with a list of secrets, which are texts in UTF-8: "name": ["…", "…"]. */
enum cs_status cs_secret_print_json_list(const struct cs_console *console, FILE *out,
                                         const struct cs_json *object, const char *name,
                                         struct cs_secret *const *secrets,
                                         size_t count) CS_MUST_USE;
/*
 * For what has to be undone: does `begin`, waits until a key is pressed on the terminal (-1: there is none), the time is over or the program
 * is told to end by a signal, and does `end`. Signals that come in between, from before `begin` on, arrive as ever after `end`. Where `begin`
 * fails, its status is returned and `end` is not done; otherwise that of `end`.
 */
struct cs_for_a_while {
    enum cs_status (*begin)(void *context);
    enum cs_status (*end)(void *context);
    void *context;
};
enum cs_status cs_for_a_while(const struct cs_console *console, const struct cs_for_a_while *what,
                              int terminal, int seconds_max) CS_MUST_USE;

#endif
