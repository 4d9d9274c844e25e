/* The desktop's clipboard, see clipboard.h. */
#include "field-client/console/clipboard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 6
#define ARGUMENT_SIZE_MAX 16
#define PATH_SIZE_MAX ((size_t)4096)

struct cs_clipboard_tool {
    const char *display; /* variable that says that there is such a desktop */
    const char *put[ARGUMENTS_MAX];
    const char *clear[ARGUMENTS_MAX];
};

static const struct cs_clipboard_tool tools[] = {
    {"WAYLAND_DISPLAY", {"wl-copy", "--type", "text/plain"}, {"wl-copy", "--clear"}},
    {"DISPLAY",
     {"xclip", "-selection", "clipboard", "-in"},
     {"xclip", "-selection", "clipboard", "-in"}},
    {"DISPLAY", {"xsel", "--clipboard", "--input"}, {"xsel", "--clipboard", "--clear"}},
};

const char *cs_clipboard_name(const struct cs_clipboard_tool *tool)
{
    return tool->put[0];
}

/* ---- finding ---- */

static bool is_program(const char *folder, size_t folder_size, const char *name,
                       char out[static PATH_SIZE_MAX])
{
    size_t name_size = strlen(name);
    if (folder_size == 0 || folder_size + name_size + 2 > PATH_SIZE_MAX) {
        return false;
    }
    memcpy(out, folder, folder_size);
    out[folder_size] = '/';
    memcpy(out + folder_size + 1, name, name_size + 1);
    return access(out, X_OK) == 0;
}

/* Along the PATH of who asked. */
static bool find_program(const struct cs_console *console, const char *name,
                         char out[static PATH_SIZE_MAX])
{
    const char *path = cs_console_variable(console, "PATH");
    while (path != NULL && path[0] != '\0') {
        size_t size = strcspn(path, ":");
        if (is_program(path, size, name, out)) {
            return true;
        }
        path += size + (path[size] == ':' ? 1 : 0);
    }
    return false;
}

enum cs_status cs_clipboard_find(const struct cs_console *console,
                                 const struct cs_clipboard_tool **out, struct cs_problem *problem)
{
    char path[PATH_SIZE_MAX];
    bool desktop = false;
    for (size_t i = 0; i < CS_COUNT(tools); i++) {
        const char *display = cs_console_variable(console, tools[i].display);
        bool there = display != NULL && display[0] != '\0';
        desktop = desktop || there;
        if (there && find_program(console, tools[i].put[0], path)) {
            *out = &tools[i];
            return CS_OK;
        }
    }
    return cs_problem_set(problem, CS_NOT_FOUND,
                          desktop ? "no program for the clipboard: install wl-copy (wl-clipboard), "
                                    "xclip or xsel"
                                  : "there is no desktop here whose clipboard could be used");
}

/* ---- running ---- */

static bool write_all(int file, struct cs_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t count = write(file, bytes.data, bytes.size);
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

/* This process ignores SIGPIPE, and blocks others while it waits: none of the program's business. */
static bool plain_signals(posix_spawnattr_t *out)
{
    sigset_t none;
    sigset_t ignored;
    (void)sigemptyset(&none);
    (void)sigemptyset(&ignored);
    (void)sigaddset(&ignored, SIGPIPE);
    if (posix_spawnattr_init(out) != 0) {
        return false;
    }
    if (posix_spawnattr_setsigmask(out, &none) == 0 &&
        posix_spawnattr_setsigdefault(out, &ignored) == 0 &&
        posix_spawnattr_setflags(out, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0) {
        return true;
    }
    (void)posix_spawnattr_destroy(out);
    return false;
}

/* Not by fork: the secrets of this process are in no other one. The program's own child, which holds the clipboard, lives on. */
static bool start(const struct cs_console *console, const char *const *arguments, int input,
                  pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char path[PATH_SIZE_MAX];
    char texts[ARGUMENTS_MAX][ARGUMENT_SIZE_MAX];
    char *copies[ARGUMENTS_MAX + 1] = {NULL}; /* the function below wants no constants */
    cs_require(arguments[0] != NULL);
    if (!find_program(console, arguments[0], path) ||
        posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    if (!plain_signals(&attributes)) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return false;
    }
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++) {
        size_t size = strlen(arguments[i]) + 1;
        cs_require(size <= sizeof texts[i]);
        copies[i] = memcpy(texts[i], arguments[i], size);
    }
    bool started =
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn(out, path, &actions, &attributes, copies, cs_console_variables(console)) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return started;
}

static bool ended_well(pid_t child)
{
    int result = 0;
    pid_t ended = -1;
    do {
        ended = waitpid(child, &result, 0);
    } while (ended < 0 && errno == EINTR);
    return ended == child && WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

static enum cs_status run(const struct cs_console *console, const char *const *arguments,
                          struct cs_bytes input, struct cs_problem *problem)
{
    int ends[2];
    pid_t child = -1;
    bool done = pipe2(ends, O_CLOEXEC) == 0;
    if (done) {
        bool started = start(console, arguments, ends[0], &child);
        (void)close(ends[0]);
        done = started && write_all(ends[1], input);
        (void)close(ends[1]);
        done = started && ended_well(child) && done;
    }
    return done ? CS_OK
                : cs_problem_set(problem, CS_IO, "%s, the program for the clipboard, failed",
                                 arguments[0]);
}

enum cs_status cs_clipboard_put(const struct cs_console *console,
                                const struct cs_clipboard_tool *tool, struct cs_bytes secret,
                                struct cs_problem *problem)
{
    return run(console, tool->put, secret, problem);
}

enum cs_status cs_clipboard_clear(const struct cs_console *console,
                                  const struct cs_clipboard_tool *tool, struct cs_problem *problem)
{
    return run(console, tool->clear, CS_BYTES_NONE, problem);
}
