/*
 * Runs a command and appends what it took to a file of figures: wall time, and the processor time of the command and of processes that
 * work for it (the agent, the server).
 *
 *   bench_run_timed FIGURES KEY PIDS COMMAND…      PIDS: ids with commas between, or "-"
 *
 * Its exit status is the command's; what fails leaves no figure.
 */
#include "tests/bench/figures.h"

#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define PIDS_MAX 8

static clockid_t clocks[PIDS_MAX];
static size_t clock_count;

static int find_clocks(const char *text)
{
    if (strcmp(text, "-") == 0) {
        return 0;
    }
    while (*text != '\0' && clock_count < PIDS_MAX) {
        char *end = NULL;
        long pid = strtol(text, &end, 10);
        if (end == text || clock_getcpuclockid((pid_t)pid, &clocks[clock_count]) != 0) {
            return -1;
        }
        clock_count++;
        text = *end == ',' ? end + 1 : end;
    }
    return *text == '\0' ? 0 : -1;
}

static double others_ms(void)
{
    double sum = 0;
    for (size_t i = 0; i < clock_count; i++) {
        sum += bench_clock_ms(clocks[i]);
    }
    return sum;
}

static double timeval_ms(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static int run(char **command, struct bench_span *span)
{
    pid_t child = 0;
    int state = 0;
    struct rusage usage;
    double others = others_ms();
    double begun = bench_clock_ms(CLOCK_MONOTONIC);
    if (posix_spawnp(&child, command[0], NULL, NULL, command, environ) != 0 ||
        wait4(child, &state, 0, &usage) != child) {
        perror(command[0]);
        return 126;
    }
    span->wall_ms = bench_clock_ms(CLOCK_MONOTONIC) - begun;
    span->processor_ms =
        others_ms() - others + timeval_ms(usage.ru_utime) + timeval_ms(usage.ru_stime);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 125;
}

int main(int argument_count, char **arguments)
{
    struct bench_span span = {0, 0};
    if (argument_count < 5 || find_clocks(arguments[3]) != 0) {
        (void)fputs("usage: bench_run_timed FIGURES KEY PIDS COMMAND…\n", stderr);
        return 2;
    }
    int code = run(arguments + 4, &span);
    if (code == 0) {
        bench_put_span(arguments[1], arguments[2], span);
    }
    return code;
}
