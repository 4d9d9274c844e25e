/* Secrets from a terminal or a file, see secret_input.h. */
#include "field-client/console/secret_input.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3
#define CTRL_BACKSLASH 28
/* Room for the longest one, its newline, and one byte that shows there was more. */
#define ROOM_MORE ((size_t)3)

static bool ends_line(uint8_t byte)
{
    return byte == '\n' || byte == CTRL_C || byte == CTRL_BACKSLASH;
}

enum extent { ALL, TYPED_LINE, NEXT_LINE };

/* Up to `limit` bytes, or a line: of a terminal, which gives lines, or byte by byte so that the next one stays. -1 on failure. */
static ssize_t read_into(const struct cs_console *console, int file, uint8_t *out, size_t limit,
                         enum extent extent)
{
    size_t size = 0;
    while (size < limit) {
        ssize_t count =
            cs_console_read(console, file, out + size, extent == NEXT_LINE ? 1 : limit - size);
        if (count < 0) {
            return -1;
        }
        size += (size_t)count;
        bool ended = size > 0 && ((extent == TYPED_LINE && ends_line(out[size - 1])) ||
                                  (extent == NEXT_LINE && out[size - 1] == '\n'));
        if (count == 0 || ended) {
            break;
        }
    }
    return (ssize_t)size;
}

static size_t without_newline(const uint8_t *data, size_t size)
{
    if (size > 0 && data[size - 1] == '\n') {
        size--;
        size -= size > 0 && data[size - 1] == '\r' ? 1 : 0;
    }
    return size;
}

/* What was read as a secret of exactly its size. */
static enum cs_status conclude(struct cs_secret *room, ssize_t size,
                               const struct cs_secret_question *question, const char *where,
                               struct cs_secret **out, struct cs_problem *problem)
{
    const char *what = question->what;
    if (size < 0) {
        return cs_problem_set(problem, CS_LOCKED, "the %s could not be read from %s", what, where);
    }
    const uint8_t *data = cs_secret_bytes(room).data;
    size_t length = without_newline(data, (size_t)size);
    if (length == 0) {
        return cs_problem_set(problem, CS_LOCKED, "the %s from %s is empty", what, where);
    }
    if (length > question->size_max) {
        return cs_problem_set(problem, CS_LOCKED, "the %s from %s is longer than %zu bytes", what,
                              where, question->size_max);
    }
    return cs_secret_create_copy(cs_bytes_make(data, length), out);
}

enum cs_status cs_secret_read_all(const struct cs_console *console, int file,
                                  const struct cs_secret_question *question, const char *where,
                                  struct cs_secret **out, struct cs_problem *problem)
{
    struct cs_secret *room = NULL;
    size_t limit = question->size_max + ROOM_MORE;
    enum cs_status status = cs_secret_create(limit, &room);
    if (status == CS_OK) {
        ssize_t size = read_into(console, file, cs_secret_data(room), limit, ALL);
        status = conclude(room, size, question, where, out, problem);
    }
    cs_secret_destroy(room);
    return status;
}

/* ---- the terminal ---- */

static void say(const struct cs_console *console, int terminal, const char *text)
{
    (void)cs_console_write(console, terminal, cs_bytes_of_text(text));
}

/* Echo and signals off, so that Ctrl-C arrives as a character and the terminal is always put back. */
static ssize_t read_line_unseen(const struct cs_console *console, int terminal, uint8_t *out,
                                size_t limit)
{
    struct termios before;
    if (tcgetattr(terminal, &before) != 0) {
        return -1;
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
    quiet.c_lflag |= ICANON;
    quiet.c_cc[VEOL] = CTRL_C;
    quiet.c_cc[VEOL2] = CTRL_BACKSLASH;
    if (!cs_console_set_terminal(console, terminal, &quiet)) {
        return -1;
    }
    ssize_t size = read_into(console, terminal, out, limit, TYPED_LINE);
    (void)cs_console_set_terminal(console, terminal, &before);
    say(console, terminal, "\n");
    return size;
}

static bool is_cancelled(const uint8_t *data, ssize_t size)
{
    return size > 0 && (memchr(data, CTRL_C, (size_t)size) != NULL ||
                        memchr(data, CTRL_BACKSLASH, (size_t)size) != NULL);
}

static enum cs_status ask(const struct cs_console *console, int terminal, const char *prompt,
                          const struct cs_secret_question *question, struct cs_secret **out,
                          struct cs_problem *problem)
{
    struct cs_secret *room = NULL;
    size_t limit = question->size_max + ROOM_MORE;
    enum cs_status status = cs_secret_create(limit, &room);
    if (status != CS_OK) {
        return status;
    }
    say(console, terminal, prompt);
    ssize_t size = read_line_unseen(console, terminal, cs_secret_data(room), limit);
    if (is_cancelled(cs_secret_bytes(room).data, size)) {
        status = cs_problem_set(problem, CS_LOCKED, "cancelled: no %s was given", question->what);
    } else {
        status = conclude(room, size, question, "the terminal", out, problem);
    }
    cs_secret_destroy(room);
    return status;
}

enum cs_status cs_secret_ask(const struct cs_console *console, int terminal,
                             const struct cs_secret_question *question, struct cs_secret **out,
                             struct cs_problem *problem)
{
    struct cs_secret *first = NULL;
    struct cs_secret *second = NULL;
    enum cs_status status = ask(console, terminal, question->prompt, question, &first, problem);
    if (status == CS_OK && question->use == CS_SECRET_TWICE) {
        status = ask(console, terminal, question->again, question, &second, problem);
        if (status == CS_OK && !cs_secret_equal(cs_secret_bytes(first), cs_secret_bytes(second))) {
            status = cs_problem_set(problem, CS_LOCKED, "the two %ss differ", question->what);
        }
    }
    cs_secret_destroy(second);
    if (status == CS_OK) {
        *out = first;
    } else {
        cs_secret_destroy(first);
    }
    return status;
}

/* ---- standard input ---- */

static enum cs_status ask_person(const struct cs_console *console,
                                 const struct cs_secret_question *question, struct cs_secret **out,
                                 struct cs_problem *problem)
{
    int terminal = cs_console_open_terminal(console);
    if (terminal < 0) {
        return cs_problem_set(problem, CS_LOCKED, "there is no terminal to ask for the %s",
                              question->what);
    }
    enum cs_status status = cs_secret_ask(console, terminal, question, out, problem);
    (void)close(terminal);
    return status;
}

enum cs_status cs_secret_input(const struct cs_console *console,
                               const struct cs_secret_question *question, struct cs_secret **out,
                               struct cs_problem *problem)
{
    return cs_console_input_is_terminal(console)
               ? ask_person(console, question, out, problem)
               : cs_secret_read_all(console, cs_console_input(console), question, "standard input",
                                    out, problem);
}

enum cs_status cs_secret_input_line(const struct cs_console *console,
                                    const struct cs_secret_question *question,
                                    struct cs_secret **out, struct cs_problem *problem)
{
    struct cs_secret *room = NULL;
    size_t limit = question->size_max + ROOM_MORE;
    if (cs_console_input_is_terminal(console)) {
        return ask_person(console, question, out, problem);
    }
    enum cs_status status = cs_secret_create(limit, &room);
    if (status == CS_OK) {
        ssize_t size =
            read_into(console, cs_console_input(console), cs_secret_data(room), limit, NEXT_LINE);
        status = size == 0
                     ? cs_problem_set(problem, CS_NOT_FOUND,
                                      "standard input ended before the next %s", question->what)
                     : conclude(room, size, question, "standard input", out, problem);
    }
    cs_secret_destroy(room);
    return status;
}
