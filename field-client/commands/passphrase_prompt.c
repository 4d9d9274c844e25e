/* Passphrases from a file or a terminal, see passphrase_prompt.h. */
#include "field-client/commands/passphrase_prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3
#define CTRL_BACKSLASH 28

static bool ends_line(uint8_t byte)
{
    return byte == '\n' || byte == CTRL_C || byte == CTRL_BACKSLASH;
}

/* Up to `limit` bytes; ends with a typed line when `line` is set. -1 on failure. */
static ssize_t read_into(int file, uint8_t *out, size_t limit, bool line)
{
    size_t size = 0;
    while (size < limit) {
        ssize_t count = read(file, out + size, limit - size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return -1;
        }
        size += (size_t)count;
        if (count == 0 || (line && ends_line(out[size - 1]))) {
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
static enum cs_status conclude(struct cs_secret *room, ssize_t size, const char *where,
                               struct cs_secret **out, struct cs_problem *problem)
{
    if (size < 0) {
        return cs_problem_set(problem, CS_LOCKED, "the passphrase could not be read from %s",
                              where);
    }
    const uint8_t *data = cs_secret_bytes(room).data;
    size_t length = without_newline(data, (size_t)size);
    if (length == 0) {
        return cs_problem_set(problem, CS_LOCKED, "the passphrase from %s is empty", where);
    }
    if (length > CS_PASSPHRASE_MAX) {
        return cs_problem_set(problem, CS_LOCKED, "the passphrase from %s is longer than %zu bytes",
                              where, CS_PASSPHRASE_MAX);
    }
    return cs_secret_create_copy(cs_bytes_make(data, length), out);
}

/* Room for the longest one, its newline, and one byte that shows there was more. */
#define ROOM_SIZE (CS_PASSPHRASE_MAX + 3)

static enum cs_status read_file(const char *path, struct cs_secret **out,
                                struct cs_problem *problem)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "COUNTERSIGN_PASSPHRASE_FILE names %.200s, which cannot be opened",
                              path);
    }
    struct cs_secret *room = NULL;
    enum cs_status status = cs_secret_create(ROOM_SIZE, &room);
    if (status == CS_OK) {
        ssize_t size = read_into(file, cs_secret_data(room), ROOM_SIZE, false);
        status = conclude(room, size, "COUNTERSIGN_PASSPHRASE_FILE", out, problem);
    }
    cs_secret_destroy(room);
    (void)close(file);
    return status;
}

static void say(int terminal, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t count = write(terminal, text, size);
        if (count <= 0 && errno != EINTR) {
            return;
        }
        text += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
}

/* Echo and signals off, so that Ctrl-C arrives as a character and the terminal is always put back. */
static ssize_t read_line_unseen(int terminal, uint8_t *out, size_t limit)
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
    if (tcsetattr(terminal, TCSAFLUSH, &quiet) != 0) {
        return -1;
    }
    ssize_t size = read_into(terminal, out, limit, true);
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    say(terminal, "\n");
    return size;
}

static bool is_cancelled(const uint8_t *data, ssize_t size)
{
    return size > 0 && (memchr(data, CTRL_C, (size_t)size) != NULL ||
                        memchr(data, CTRL_BACKSLASH, (size_t)size) != NULL);
}

static enum cs_status ask(int terminal, const char *prompt, struct cs_secret **out,
                          struct cs_problem *problem)
{
    struct cs_secret *room = NULL;
    enum cs_status status = cs_secret_create(ROOM_SIZE, &room);
    if (status != CS_OK) {
        return status;
    }
    say(terminal, prompt);
    ssize_t size = read_line_unseen(terminal, cs_secret_data(room), ROOM_SIZE);
    if (is_cancelled(cs_secret_bytes(room).data, size)) {
        status = cs_problem_set(problem, CS_LOCKED, "cancelled: no passphrase was given");
    } else {
        status = conclude(room, size, "the terminal", out, problem);
    }
    cs_secret_destroy(room);
    return status;
}

static enum cs_status ask_twice(int terminal, struct cs_secret **out, struct cs_problem *problem)
{
    struct cs_secret *first = NULL;
    struct cs_secret *second = NULL;
    enum cs_status status = ask(terminal, "New passphrase for this laptop: ", &first, problem);
    if (status == CS_OK) {
        status = ask(terminal, "The same passphrase again: ", &second, problem);
    }
    if (status == CS_OK && !cs_secret_equal(cs_secret_bytes(first), cs_secret_bytes(second))) {
        status = cs_problem_set(problem, CS_LOCKED, "the two passphrases differ");
    }
    cs_secret_destroy(second);
    if (status == CS_OK) {
        *out = first;
    } else {
        cs_secret_destroy(first);
    }
    return status;
}

enum cs_status cs_passphrase_read(enum cs_passphrase_use use, struct cs_secret **out,
                                  struct cs_problem *problem)
{
    const char *path = getenv("COUNTERSIGN_PASSPHRASE_FILE");
    if (path != NULL && path[0] != '\0') {
        return read_file(path, out, problem);
    }
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "there is no terminal to ask for the passphrase: name a file in "
                              "COUNTERSIGN_PASSPHRASE_FILE");
    }
    enum cs_status status = use == CS_PASSPHRASE_CHOOSE
                                ? ask_twice(terminal, out, problem)
                                : ask(terminal, "Passphrase: ", out, problem);
    (void)close(terminal);
    return status;
}
