/* The commands agent, lock and unlock: a process that stays and owns the replica (field-client/agent). */
#include "field-client/agent/agent.h"
#include "field-client/commands/client_main.h"
#include "field-client/commands/command_table.h"
#include "field-client/console/passphrase_prompt.h"
#include "field-client/transport/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
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
    int64_t lock_after_minutes;
    int64_t sync_every_minutes;
    bool foreground;
    bool locked; /* it starts without a passphrase */
    bool stop;
    char home[CS_CONSOLE_PATH_MAX]; /* absolute: the agent's own folder is another */
    int ready;                      /* written to when callers are answered; -1: nobody waits */
    struct cs_console console;      /* to ask for the passphrase without a terminal of its own */
    struct cs_agent *agent;
};

/* ---- words ---- */

static enum cs_status say_state(struct cs_command *command, bool unlocked, const char *english,
                                const char *chinese)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "unlocked", cs_json_boolean(unlocked));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n", cs_command_words(command, english, chinese));
    return CS_OK;
}

static enum cs_status nobody_runs(struct cs_command *command)
{
    return cs_problem_set(&command->problem, CS_NOT_FOUND, "%s",
                          cs_command_words(command,
                                           "no agent runs: every command asks for the passphrase; "
                                           "countersign agent starts one",
                                           "未运行代理程序,每条命令都会要求口令;用 countersign "
                                           "agent 启动"));
}

/* ---- lock and unlock ---- */

enum cs_status cs_command_lock(struct cs_command *command)
{
    const struct cs_host *host = command->host;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    if (host == NULL) {
        return say_state(
            command, false,
            "nothing is unlocked: no agent runs, every command asks for the passphrase",
            "没有已解锁的内容:未运行代理程序,每条命令都会要求口令");
    }
    host->lock(host->context);
    return say_state(command, false, "locked", "已锁定");
}

enum cs_status cs_command_unlock(struct cs_command *command)
{
    const struct cs_host *host = command->host;
    struct cs_secret *passphrase = NULL;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    if (host == NULL) {
        return nobody_runs(command);
    }
    if (host->is_locked(host->context)) {
        status = cs_passphrase_read(command->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
        if (status == CS_OK) {
            status = host->unlock(host->context, cs_secret_bytes(passphrase), &command->problem);
        }
        cs_secret_destroy(passphrase);
    }
    return status == CS_OK ? say_state(command, true, "unlocked", "已解锁") : status;
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
    int nothing = starting->foreground ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
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

static enum cs_status unlock_and_serve(struct starting *starting, const struct cs_world *world)
{
    struct cs_command *command = starting->command;
    struct cs_secret *passphrase = NULL;
    const struct cs_agent_setting setting = {
        .world = world,
        .registry = command->registry,
        .home = starting->home,
        .lock_after_ms = starting->lock_after_minutes * MINUTE_MS,
        .sync_every_ms = starting->sync_every_minutes * MINUTE_MS,
        .run = run_command,
        .ready = ready,
        .context = starting};
    enum cs_status status = cs_agent_create(&setting, &starting->agent, &command->problem);
    if (status == CS_OK && !starting->locked) {
        status = cs_passphrase_read(&starting->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
    }
    if (status == CS_OK && !starting->locked) {
        status = cs_agent_unlock(starting->agent, cs_secret_bytes(passphrase), &command->problem);
    }
    cs_secret_destroy(passphrase);
    if (status == CS_OK) {
        status = cs_agent_serve(starting->agent, &command->problem);
    }
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

static void nothing_to_do(void *context)
{
    (void)context;
}

static bool nothing_to_flush(void *context)
{
    (void)context;
    return true;
}

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
                            .variables = cs_console_variables(NULL),
                            .pause = nothing_to_do,
                            .resume = nothing_to_do,
                            .flush = nothing_to_flush};
}

static enum cs_status say_started(const struct starting *starting)
{
    struct cs_command *command = starting->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "unlocked", cs_json_boolean(!starting->locked));
        cs_json_set(json, "lock_after_minutes", cs_json_integer(starting->lock_after_minutes));
        cs_json_set(json, "sync_every_minutes", cs_json_integer(starting->sync_every_minutes));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s", cs_command_words(command, "the agent runs", "代理程序已运行"));
    if (starting->locked) {
        cs_command_print(command, "%s",
                         cs_command_words(command, ", locked: countersign unlock",
                                          ",已锁定:countersign unlock"));
    }
    if (starting->lock_after_minutes > 0) {
        cs_command_print(command,
                         CS_WORDS(command, "; it locks after %lld minutes without a command",
                                  ";%lld 分钟无命令后锁定"),
                         (long long)starting->lock_after_minutes);
    }
    cs_command_print(command, "\n");
    return CS_OK;
}

/* Waits until callers are answered, or until it ended: then it has said why itself. */
static enum cs_status wait_for_it(const struct starting *starting, pid_t child, int ready_end)
{
    char byte = '\0';
    int result = 0;
    ssize_t count = -1;
    do {
        count = read(ready_end, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count == 1) {
        return say_started(starting);
    }
    pid_t ended = -1;
    do {
        ended = waitpid(child, &result, 0);
    } while (ended < 0 && errno == EINTR);
    int code = ended == child && WIFEXITED(result) ? WEXITSTATUS(result) : CS_EXIT_FAILED;
    starting->command->json = false;
    starting->command->exit_code = code == CS_EXIT_DONE ? CS_EXIT_FAILED : (enum cs_exit)code;
    return CS_OK;
}

/* The passphrase is asked for by the process that stays: locked memory does not pass to a child. */
static enum cs_status start_apart(struct starting *starting)
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
    enum cs_status status = child < 0 ? CS_IO : wait_for_it(starting, child, ends[0]);
    (void)close(ends[0]);
    return status;
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

static enum cs_status take_arguments(struct starting *starting)
{
    struct cs_command *command = starting->command;
    starting->stop = cs_command_flag(command, "--stop");
    starting->foreground = cs_command_flag(command, "--foreground");
    starting->locked = cs_command_flag(command, "--locked");
    enum cs_status status = cs_command_option_number(command, "--lock-after", 0, MINUTES_MAX,
                                                     &starting->lock_after_minutes);
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--sync-every", 0, MINUTES_MAX,
                                          &starting->sync_every_minutes);
    }
    return status == CS_OK ? cs_command_expect(command, 0, 0) : status;
}

/* In one that runs already. */
static enum cs_status answer_inside(const struct starting *starting)
{
    struct cs_command *command = starting->command;
    const struct cs_host *host = command->host;
    if (!starting->stop) {
        return cs_problem_set(&command->problem, CS_EXISTS, "an agent runs already for this home%s",
                              host->is_locked(host->context) ? ", and is locked: countersign unlock"
                                                             : "");
    }
    host->stop(host->context);
    return say_state(command, false, "the agent ends", "代理程序已结束");
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
    if (!fits || access(path, F_OK) != 0) {
        return cs_problem_set(&command->problem, CS_NOT_FOUND,
                              "this laptop has not joined an organisation yet (nothing in %.300s): "
                              "use countersign join",
                              command->home);
    }
    return CS_OK;
}

enum cs_status cs_command_agent(struct cs_command *command)
{
    struct starting starting = {.command = command,
                                .lock_after_minutes = LOCK_AFTER_MINUTES,
                                .sync_every_minutes = SYNC_EVERY_MINUTES,
                                .ready = -1};
    char folder[CS_CONSOLE_PATH_MAX];
    enum cs_status status = take_arguments(&starting);
    if (status != CS_OK) {
        return status;
    }
    if (command->host != NULL) {
        return answer_inside(&starting);
    }
    if (starting.stop) {
        return nobody_runs(command);
    }
    status = check_home(&starting);
    if (status != CS_OK) {
        return status;
    }
    if (getcwd(folder, sizeof folder) == NULL) {
        (void)snprintf(folder, sizeof folder, "/");
    }
    open_console(&starting, folder);
    status = starting.foreground ? start_here(&starting) : start_apart(&starting);
    close_console(&starting);
    return status;
}
