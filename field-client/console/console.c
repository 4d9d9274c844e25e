/* The caller's side of a command, see console.h. */
#include "field-client/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As much as a pipe takes without blocking when poll says that it takes something (pipe(7)). */
#define CHUNK_MAX ((size_t)4096)

extern char **environ;

static void nothing_to_do(void *context)
{
    (void)context;
}

static bool nothing_to_flush(void *context)
{
    (void)context;
    return true;
}

void cs_console_set_alone(struct cs_console *console)
{
    console->pause = nothing_to_do;
    console->resume = nothing_to_do;
    console->flush = nothing_to_flush;
}

int cs_console_input(const struct cs_console *console)
{
    return console == NULL ? STDIN_FILENO : console->input;
}

static bool is_terminal(int file)
{
    return file >= 0 && isatty(file) == 1;
}

bool cs_console_input_is_terminal(const struct cs_console *console)
{
    return is_terminal(cs_console_input(console));
}

bool cs_console_output_is_terminal(const struct cs_console *console, FILE *out)
{
    return is_terminal(console == NULL ? fileno(out) : console->output);
}

bool cs_console_errors_are_terminal(const struct cs_console *console, FILE *err)
{
    return is_terminal(console == NULL ? fileno(err) : console->errors);
}

int cs_console_open_terminal(const struct cs_console *console)
{
    if (console == NULL) {
        return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    }
    return console->terminal < 0 ? -1 : fcntl(console->terminal, F_DUPFD_CLOEXEC, 0);
}

bool cs_console_set_terminal(const struct cs_console *console, int terminal,
                             const struct termios *settings)
{
    if (console != NULL) {
        (void)tcflush(terminal, TCIFLUSH);
    }
    return tcsetattr(terminal, console == NULL ? TCSAFLUSH : TCSANOW, settings) == 0;
}

/* ---- variables and names ---- */

const char *cs_console_variable(const struct cs_console *console, const char *name)
{
    size_t size = strlen(name);
    if (console == NULL) {
        return getenv(name);
    }
    for (char *const *at = console->variables; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=') {
            return *at + size + 1;
        }
    }
    return NULL;
}

char *const *cs_console_variables(const struct cs_console *console)
{
    return console == NULL ? environ : console->variables;
}

static bool means_another_thing(const char *path)
{
    static const char *const folders[] = {"/dev/", "/proc/"};
    for (size_t i = 0; i < CS_COUNT(folders); i++) {
        if (strncmp(path, folders[i], strlen(folders[i])) == 0) {
            return true;
        }
    }
    return false;
}

enum cs_status cs_console_path(const struct cs_console *console, const char *path,
                               char out[static CS_CONSOLE_PATH_MAX], struct cs_problem *problem)
{
    const char *folder = console != NULL && path[0] != '/' ? console->folder : NULL;
    if (console != NULL && console->no_files) {
        return cs_problem_set(problem, CS_USAGE, "files cannot be named here: use -");
    }
    int size = snprintf(out, CS_CONSOLE_PATH_MAX, "%s%s%s", folder == NULL ? "" : folder,
                        folder == NULL ? "" : "/", path);
    if (size < 0 || (size_t)size >= CS_CONSOLE_PATH_MAX) {
        return cs_problem_set(problem, CS_INVALID, "%.100s…: the name is too long", path);
    }
    if (console != NULL && means_another_thing(out)) {
        return cs_problem_set(problem, CS_INVALID,
                              "%.300s: the agent cannot use this file of yours: give one with a "
                              "name of its own, or standard input (-)",
                              path);
    }
    return CS_OK;
}

bool cs_console_is_plain_file(const struct cs_console *console, const char *path)
{
    struct stat found;
    return console == NULL || stat(path, &found) != 0 || S_ISREG(found.st_mode) ||
           S_ISDIR(found.st_mode);
}

/* ---- waiting ---- */

/* More than 0: `file` is ready. 0: not within the time. Less: the caller is gone. */
static int poll_both(const struct cs_console *console, int file, short events, int timeout_ms)
{
    struct pollfd polled[2] = {{.fd = console->caller, .events = POLLIN | POLLRDHUP},
                               {.fd = file, .events = events}};
    int count = 0;
    do {
        count = poll(polled, 2, timeout_ms);
    } while (count < 0 && errno == EINTR);
    return count < 0 || polled[0].revents != 0 ? -1 : polled[1].revents != 0 ? 1 : 0;
}

bool cs_console_is_gone(const struct cs_console *console)
{
    return console != NULL && poll_both(console, -1, 0, 0) < 0;
}

bool cs_console_wait(const struct cs_console *console, int file, enum cs_console_wait for_what)
{
    if (console == NULL) {
        return true;
    }
    short events = for_what == CS_CONSOLE_READ ? POLLIN : POLLOUT;
    int ready = poll_both(console, file, events, 0);
    if (ready != 0) {
        return ready > 0;
    }
    console->pause(console->context);
    ready = poll_both(console, file, events, -1);
    console->resume(console->context);
    return ready > 0;
}

ssize_t cs_console_read(const struct cs_console *console, int file, void *out, size_t size)
{
    ssize_t count = -1;
    do {
        if (file < 0 || !cs_console_wait(console, file, CS_CONSOLE_READ)) {
            return -1;
        }
        count = read(file, out, size);
    } while (count < 0 && errno == EINTR);
    return count;
}

bool cs_console_write(const struct cs_console *console, int file, struct cs_bytes bytes)
{
    while (bytes.size > 0) {
        size_t size = console != NULL && bytes.size > CHUNK_MAX ? CHUNK_MAX : bytes.size;
        if (file < 0 || !cs_console_wait(console, file, CS_CONSOLE_WRITE)) {
            return false;
        }
        ssize_t count = write(file, bytes.data, size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        bytes.data += count;
        bytes.size -= (size_t)count;
    }
    return true;
}

bool cs_console_put(const struct cs_console *console, FILE *out, struct cs_bytes bytes)
{
    if (fflush(out) != 0) {
        return false;
    }
    if (console != NULL) {
        return console->flush(console->context) &&
               cs_console_write(console, console->output, bytes);
    }
    int file = fileno(out);
    return file >= 0 ? cs_console_write(NULL, file, bytes)
                     : fwrite(bytes.data, 1, bytes.size, out) == bytes.size;
}

bool cs_console_read_line(const struct cs_console *console, char *out, size_t size)
{
    size_t used = 0;
    char next = '\0';
    ssize_t count = 0;
    while ((count = cs_console_read(console, cs_console_input(console), &next, 1)) == 1 &&
           next != '\n') {
        if (used + 1 < size) {
            out[used++] = next;
        }
    }
    out[used] = '\0';
    return count == 1 || used > 0;
}
