/* Starting a program of the desktop, see program.h. */
#include "field-client/console/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

static bool is_program(const char *folder, size_t folder_size, const char *name,
                       char out[static CS_CONSOLE_PATH_MAX])
{
    size_t name_size = strlen(name);
    if (folder_size == 0 || folder_size + name_size + 2 > CS_CONSOLE_PATH_MAX) {
        return false;
    }
    memcpy(out, folder, folder_size);
    out[folder_size] = '/';
    memcpy(out + folder_size + 1, name, name_size + 1);
    return access(out, X_OK) == 0;
}

/* Along the PATH of who asked. */
static bool find_program(const struct cs_console *console, const char *name,
                         char out[static CS_CONSOLE_PATH_MAX])
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

bool cs_program_is_there(const struct cs_console *console, const char *name)
{
    char path[CS_CONSOLE_PATH_MAX];
    return find_program(console, name, path);
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

bool cs_program_start(const struct cs_console *console, const char *const *arguments, int input,
                      pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char path[CS_CONSOLE_PATH_MAX];
    const char *copies[CS_PROGRAM_ARGUMENTS_MAX + 1] = {
        NULL}; /* posix_spawn wants no constants, and changes none */
    cs_require(arguments[0] != NULL);
    if (!find_program(console, arguments[0], path) ||
        posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    if (!plain_signals(&attributes)) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return false;
    }
    for (size_t i = 0; i < CS_PROGRAM_ARGUMENTS_MAX && arguments[i] != NULL; i++) {
        copies[i] = arguments[i];
    }
    bool started =
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn(out, path, &actions, &attributes, (char **)(void *)copies,
                    cs_console_variables(console)) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return started;
}
