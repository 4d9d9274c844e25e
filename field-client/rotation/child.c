/* A helper as a child process, see child.h. */
#include "field-client/rotation/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the child reports that it could not become the program. */
#define REPORT_FILE 3

/* The pipes of a start, [0] to read from and [1] to write to. */
struct pipes {
    int input[2];
    int output[2];
    int errors[2];
    int report[2];
};

void cs_rotation_child_close(int *file)
{
    if (*file >= 0) {
        (void)close(*file);
    }
    *file = -1;
}

static void close_pipe(int pipe[2])
{
    cs_rotation_child_close(&pipe[0]);
    cs_rotation_child_close(&pipe[1]);
}

static void close_pipes(struct pipes *pipes)
{
    close_pipe(pipes->input);
    close_pipe(pipes->output);
    close_pipe(pipes->errors);
    close_pipe(pipes->report);
}

/* Ends that are above the numbers the child moves them to, so that no move overwrites one. */
static bool open_pipe(int out[2])
{
    int made[2];
    if (pipe2(made, O_CLOEXEC) != 0) {
        return false;
    }
    out[0] = fcntl(made[0], F_DUPFD_CLOEXEC, REPORT_FILE + 1);
    out[1] = fcntl(made[1], F_DUPFD_CLOEXEC, REPORT_FILE + 1);
    close_pipe(made);
    return out[0] >= 0 && out[1] >= 0;
}

static bool open_pipes(struct pipes *out)
{
    *out = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    return open_pipe(out->input) && open_pipe(out->output) && open_pipe(out->errors) &&
           open_pipe(out->report) && fcntl(out->input[1], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(out->output[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(out->errors[0], F_SETFL, O_NONBLOCK) == 0;
}

static enum cs_status check_program(const char *path, struct cs_problem *problem)
{
    struct stat found;
    if (path[0] != '/') {
        return cs_problem_set(problem, CS_INVALID, "%s: a helper is named by its whole path", path);
    }
    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode)) {
        return cs_problem_set(problem, CS_INVALID, "%s: there is no such program", path);
    }
    if ((found.st_uid != 0 && found.st_uid != geteuid()) ||
        (found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return cs_problem_set(problem, CS_INVALID,
                              "%s: others can change this program: make it yours, mode 755", path);
    }
    return CS_OK;
}

/* --- in the child, between fork and exec: only calls that are safe there ------------------------------------------- */

static void default_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, &action, NULL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool close_from(int first)
{
    if (close_range((unsigned)first, ~0u, 0) == 0) {
        return true;
    }
    /* An older kernel. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > 1 << 20) {
        return false;
    }
    for (int file = first; file < (int)limit.rlim_max; file++) {
        (void)close(file);
    }
    return true;
}

static bool become_bare(const struct pipes *pipes)
{
    const struct rlimit none = {0, 0};
    (void)umask(077);
    default_signals();
    return setpgid(0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && chdir("/") == 0 &&
           dup2(pipes->input[0], STDIN_FILENO) >= 0 && dup2(pipes->output[1], STDOUT_FILENO) >= 0 &&
           dup2(pipes->errors[1], STDERR_FILENO) >= 0 &&
           dup3(pipes->report[1], REPORT_FILE, O_CLOEXEC) >= 0 && close_from(REPORT_FILE + 1);
}

_Noreturn static void run_child(const char *path, char *argument, const struct pipes *pipes)
{
    char *arguments[] = {argument, NULL};
    char *environment[] = {NULL};
    if (become_bare(pipes)) {
        (void)execve(path, arguments, environment);
    }
    int code = errno;
    (void)!write(REPORT_FILE, &code, sizeof code);
    _exit(127);
}

/* --- in the parent -------------------------------------------------------------------------------------------------- */

/* True when the child became the program: then its end of the report was closed and nothing came. */
static bool became_program(int report)
{
    int code;
    ssize_t got;
    do {
        got = read(report, &code, sizeof code);
    } while (got < 0 && errno == EINTR);
    return got == 0;
}

enum cs_status cs_rotation_child_start(const char *path, struct cs_rotation_child *out,
                                       struct cs_problem *problem)
{
    struct pipes pipes;
    char name[] = "countersign-helper";
    enum cs_status status = check_program(path, problem);
    if (status != CS_OK) {
        return status;
    }
    pid_t pid = open_pipes(&pipes) ? fork() : -1;
    if (pid == 0) {
        run_child(path, name, &pipes);
    }
    if (pid < 0) {
        close_pipes(&pipes);
        return cs_problem_set(problem, CS_IO, "no process can be started: %s", strerror(errno));
    }
    cs_rotation_child_close(&pipes.report[1]);
    struct cs_rotation_child child = {pid, pipes.input[1], pipes.output[0], pipes.errors[0]};
    pipes.input[1] = pipes.output[0] = pipes.errors[0] = -1;
    /* The child's own ends: it must see the end of its input when we close ours. */
    cs_rotation_child_close(&pipes.input[0]);
    cs_rotation_child_close(&pipes.output[1]);
    cs_rotation_child_close(&pipes.errors[1]);
    bool became = became_program(pipes.report[0]);
    close_pipes(&pipes);
    if (!became) {
        cs_rotation_child_release(&child);
        return cs_problem_set(problem, CS_IO, "%s: cannot be run", path);
    }
    *out = child;
    return CS_OK;
}

bool cs_rotation_child_ended(struct cs_rotation_child *child, bool *out_clean)
{
    int ending = 0;
    pid_t got;
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        if (errno == EINTR) {
            return false;
        }
        /* Somebody else reaped it, so its id says nothing any more. */
        *out_clean = false;
        child->pid = 0;
        return true;
    }
    if (info.si_pid == 0) {
        return false;
    }
    /* What it may have left behind. Before it is reaped: until then its id is nobody else's. */
    (void)kill(-child->pid, SIGKILL);
    do {
        got = waitpid(child->pid, &ending, 0);
    } while (got < 0 && errno == EINTR);
    *out_clean = got == child->pid && WIFEXITED(ending) && WEXITSTATUS(ending) == 0;
    child->pid = 0;
    return true;
}

void cs_rotation_child_release(struct cs_rotation_child *child)
{
    cs_rotation_child_close(&child->input);
    cs_rotation_child_close(&child->output);
    cs_rotation_child_close(&child->errors);
    if (child->pid > 0) {
        /* Its id cannot be another's before it is reaped; the group has that id, if it came to be. */
        (void)kill(-child->pid, SIGKILL);
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        child->pid = 0;
    }
}
