/* The process that is an agent, see agent_process.h. */
#include "field-client/commands/agent_process.h"

#include "field-client/agent/agent.h"
#include "field-client/api/api.h"
#include "field-client/commands/client_main.h"
#include "field-client/console/passphrase_prompt.h"
#include "field-client/transport/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_AFTER_MINUTES 15
#define SYNC_EVERY_MINUTES 5
#define MINUTES_MAX (INT64_C(24) * 60)
#define MINUTE_MS 60000

struct starting {
    struct cs_command *command;
    const struct cs_agent_options *options;
    char home[CS_CONSOLE_PATH_MAX]; /* absolute: the agent's own folder is another */
    int ready;                      /* written to when callers are answered; -1: nobody waits */
    struct cs_console console;      /* to ask for the passphrase without a terminal of its own */
    struct cs_agent *agent;
    pthread_mutex_t mutex; /* of api */
    struct cs_api *api;    /* NULL: nobody has asked for pages yet */
};

enum cs_status cs_agent_options_take(struct cs_command *command, struct cs_agent_options *out)
{
    *out = (struct cs_agent_options){.lock_after_minutes = LOCK_AFTER_MINUTES,
                                     .sync_every_minutes = SYNC_EVERY_MINUTES,
                                     .foreground = cs_command_flag(command, "--foreground"),
                                     .locked = cs_command_flag(command, "--locked")};
    enum cs_status status =
        cs_command_option_number(command, "--lock-after", 0, MINUTES_MAX, &out->lock_after_minutes);
    return status == CS_OK ? cs_command_option_number(command, "--sync-every", 0, MINUTES_MAX,
                                                      &out->sync_every_minutes)
                           : status;
}

/* ---- the agent's process ---- */

static int run_command(void *context, const struct cs_agent_run *run)
{
    const struct starting *starting = context;
    const struct cs_client_setting setting = {.registry = starting->command->registry,
                                              .world = run->world,
                                              .out = run->out,
                                              .err = run->err,
                                              .console = run->console,
                                              .host = run->host,
                                              .home = run->home};
    return cs_client_run(run->argument_count, run->arguments, &setting);
}

static bool must_hang_up(void *context)
{
    const struct starting *starting = context;
    return starting->agent != NULL && cs_agent_must_hang_up(starting->agent);
}

static void close_console(struct starting *starting)
{
    int *const files[] = {&starting->console.terminal, &starting->console.passphrase_file};
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        if (*files[i] >= 0) {
            (void)close(*files[i]);
            *files[i] = -1;
        }
    }
}

/* Whoever started it goes on; nothing of this process is connected with a terminal any more. */
static void ready(void *context)
{
    struct starting *starting = context;
    int nothing = starting->options->foreground ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int file = STDIN_FILENO; nothing >= 0 && file <= STDERR_FILENO; file++) {
        (void)dup2(nothing, file);
    }
    if (nothing >= 0) {
        (void)close(nothing);
    }
    close_console(starting);
    if (starting->ready >= 0) {
        ssize_t written = write(starting->ready, "r", 1);
        (void)written; /* who does not wait any more needs none */
        (void)close(starting->ready);
        starting->ready = -1;
    }
}

/* ---- pages ---- */

static enum cs_status open_pages(void *context, char out[static CS_HOST_ADDRESS_SIZE],
                                 struct cs_problem *problem)
{
    struct starting *starting = context;
    const struct cs_api_setting setting = {.world = starting->command->world,
                                           .agent = starting->agent,
                                           .home = starting->home,
                                           .run_apart = run_command,
                                           .context = starting};
    enum cs_status status = CS_OK;
    cs_require(pthread_mutex_lock(&starting->mutex) == 0);
    if (starting->api == NULL) {
        status = cs_api_create(&setting, &starting->api, problem);
    }
    if (status == CS_OK) {
        status = cs_api_address(starting->api, out);
    }
    cs_require(pthread_mutex_unlock(&starting->mutex) == 0);
    return status;
}

/* ---- its life ---- */

static enum cs_status unlock_and_serve(struct starting *starting, const struct cs_world *world)
{
    struct cs_command *command = starting->command;
    struct cs_secret *passphrase = NULL;
    const struct cs_agent_setting setting = {
        .world = world,
        .registry = command->registry,
        .home = starting->home,
        .lock_after_ms = starting->options->lock_after_minutes * MINUTE_MS,
        .sync_every_ms = starting->options->sync_every_minutes * MINUTE_MS,
        .run = run_command,
        .ready = ready,
        .open_pages = open_pages,
        .context = starting};
    enum cs_status status = cs_agent_create(&setting, &starting->agent, &command->problem);
    if (status == CS_OK && !starting->options->locked) {
        status = cs_passphrase_read(&starting->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
    }
    if (status == CS_OK && !starting->options->locked) {
        status = cs_agent_unlock(starting->agent, cs_secret_bytes(passphrase), &command->problem);
    }
    cs_secret_destroy(passphrase);
    if (status == CS_OK) {
        status = cs_agent_serve(starting->agent, &command->problem);
    }
    cs_api_destroy(starting->api);
    starting->api = NULL;
    cs_agent_destroy(starting->agent);
    starting->agent = NULL;
    return status;
}

/* In the process that stays. */
static enum cs_status stay(struct starting *starting)
{
    struct cs_transport_options options;
    struct cs_transport *transport = NULL;
    struct cs_world world = *starting->command->world;
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGHUP);
    /* Every thread's own heap would keep memory for itself. */
    (void)mallopt(M_ARENA_MAX, 1);
    cs_transport_options_default(&options);
    options.hang_up = must_hang_up;
    options.hang_up_context = starting;
    enum cs_status status = cs_transport_create(&options, &transport);
    if (status == CS_OK) {
        cs_transport_attach(transport, &world);
        status = pthread_sigmask(SIG_BLOCK, &ends, NULL) == 0 && chdir("/") == 0
                     ? unlock_and_serve(starting, &world)
                     : CS_IO;
    }
    cs_transport_destroy(transport);
    return status;
}

/* ---- starting it ---- */

/* A session of its own has no terminal, and what stays in the background of one may not read from it: it is opened before. */
static void open_console(struct starting *starting, char *folder)
{
    const char *file = cs_console_variable(NULL, "COUNTERSIGN_PASSPHRASE_FILE");
    bool named = file != NULL && file[0] != '\0';
    starting->console =
        (struct cs_console){.input = -1,
                            .output = -1,
                            .errors = STDERR_FILENO,
                            .terminal = cs_console_open_terminal(NULL),
                            .passphrase_file = named ? open(file, O_RDONLY | O_CLOEXEC) : -1,
                            .caller = -1,
                            .folder = folder,
                            .variables = cs_console_variables(NULL)};
    cs_console_set_alone(&starting->console);
}

/* Waits until callers are answered, or until it ended: then it has said why itself. */
static void wait_for_it(const struct starting *starting, pid_t child, int ready_end,
                        bool *out_started)
{
    char byte = '\0';
    int result = 0;
    ssize_t count = -1;
    do {
        count = read(ready_end, &byte, 1);
    } while (count < 0 && errno == EINTR);
    *out_started = count == 1;
    if (*out_started) {
        return;
    }
    pid_t ended = -1;
    do {
        ended = waitpid(child, &result, 0);
    } while (ended < 0 && errno == EINTR);
    int code = ended == child && WIFEXITED(result) ? WEXITSTATUS(result) : CS_EXIT_FAILED;
    starting->command->json = false;
    starting->command->exit_code = code == CS_EXIT_DONE ? CS_EXIT_FAILED : (enum cs_exit)code;
}

/* The passphrase is asked for by the process that stays: locked memory does not pass to a child. */
static enum cs_status start_apart(struct starting *starting, bool *out_started)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return CS_IO;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        (void)setsid();
        starting->ready = ends[1];
        return stay(starting);
    }
    (void)close(ends[1]);
    if (child > 0) {
        wait_for_it(starting, child, ends[0], out_started);
    }
    (void)close(ends[0]);
    return child < 0 ? CS_IO : CS_OK;
}

/* From a terminal it was started in, other commands of the same terminal could not be asked by it for anything. */
static enum cs_status start_here(struct starting *starting)
{
    int terminal = cs_console_open_terminal(NULL);
    if (terminal >= 0) {
        if (getsid(0) != getpid()) {
            (void)ioctl(terminal, TIOCNOTTY);
        }
        (void)close(terminal);
    }
    return stay(starting);
}

static enum cs_status check_home(struct starting *starting)
{
    struct cs_command *command = starting->command;
    char path[CS_CONSOLE_PATH_MAX + sizeof "/" CS_IDENTITY_FILE];
    char absolute[PATH_MAX];
    size_t size = realpath(command->home, absolute) == NULL ? 0 : strlen(absolute);
    bool fits = size > 0 && size < CS_HOME_PATH_MAX;
    if (fits) {
        memcpy(starting->home, absolute, size + 1);
        (void)snprintf(path, sizeof path, "%s/" CS_IDENTITY_FILE, starting->home);
    }
    if (!fits || (access(path, F_OK) != 0 && !starting->options->unjoined)) {
        return cs_problem_set(&command->problem, CS_NOT_FOUND,
                              "this laptop has not joined an organisation yet (nothing in %.300s): "
                              "use countersign join",
                              command->home);
    }
    return CS_OK;
}

enum cs_status cs_agent_process_run(struct cs_command *command,
                                    const struct cs_agent_options *options, bool *out_started)
{
    struct starting starting = {.command = command, .options = options, .ready = -1};
    char folder[CS_CONSOLE_PATH_MAX];
    *out_started = false;
    enum cs_status status = check_home(&starting);
    if (status != CS_OK) {
        return status;
    }
    if (pthread_mutex_init(&starting.mutex, NULL) != 0) {
        return CS_NO_MEMORY;
    }
    if (getcwd(folder, sizeof folder) == NULL) {
        (void)snprintf(folder, sizeof folder, "/");
    }
    open_console(&starting, folder);
    status = options->foreground ? start_here(&starting) : start_apart(&starting, out_started);
    close_console(&starting);
    (void)pthread_mutex_destroy(&starting.mutex);
    return status;
}
