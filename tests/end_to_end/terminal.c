/*
 * A person at a terminal, for scripts: starts a program on a pseudo-terminal of its own and does what it is told.
 *
 * usage: end_to_end_terminal PROGRAM [ARGUMENT…]
 *
 * Obeys one line on standard input at a time and answers each with one line, until the input ends:
 *
 *   wait TEXT     until the terminal has shown TEXT since the last "wait" or "forget": "ok", or "missing" after ten seconds
 *   forget        what was shown so far is no longer looked at
 *   type TEXT     types it, and the return key
 *   key NUMBER    types one character (3: Ctrl-C)
 *   modes         how the terminal is set: "echo=1 icanon=1 isig=1"
 *   signal N      sends the program a signal
 *   running       "yes" or "no"
 *   end           waits for the program, ten seconds, and answers its exit code; 128 + N for a signal; "running"
 *   shown FILE    writes everything that was shown into the file, and answers "ok"
 *
 * What must stay true: one thread; what is shown is always read, so that nobody waits for the terminal; the program ends with this one (its
 * terminal hangs up).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SHOWN_MAX ((size_t)(1 << 20))
#define LINE_MAX_SIZE ((size_t)4096)
#define PATIENCE_MS 10000

static struct {
    int terminal; /* the person's end */
    pid_t program;
    bool ended;
    int result;
    char shown[SHOWN_MAX];
    size_t size;
    size_t looked; /* what "wait" has found ends here */
} person;

static long long now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(const char *text)
{
    (void)printf("%s\n", text);
    (void)fflush(stdout);
}

/* At most so long; what comes beyond the room is read and dropped. */
static void look(int timeout_ms)
{
    struct pollfd polled = {.fd = person.terminal, .events = POLLIN};
    char bytes[4096];
    if (poll(&polled, 1, timeout_ms) <= 0) {
        return;
    }
    ssize_t count = read(person.terminal, bytes, sizeof bytes);
    if (count <= 0) {
        struct timespec moment = {.tv_nsec = 10000000};
        (void)nanosleep(&moment, NULL); /* nobody has the other end open */
        return;
    }
    size_t room = SHOWN_MAX - person.size;
    size_t taken = (size_t)count < room ? (size_t)count : room;
    memcpy(person.shown + person.size, bytes, taken);
    person.size += taken;
}

static void look_after_program(void)
{
    if (!person.ended && waitpid(person.program, &person.result, WNOHANG) == person.program) {
        person.ended = true;
    }
}

/* ---- what it is told ---- */

static void wait_for(const char *text)
{
    size_t size = strlen(text);
    for (long long until = now_ms() + PATIENCE_MS;;) {
        const char *found =
            memmem(person.shown + person.looked, person.size - person.looked, text, size);
        if (found != NULL) {
            person.looked = (size_t)(found - person.shown) + size;
            answer("ok");
            return;
        }
        if (now_ms() >= until) {
            answer("missing");
            return;
        }
        look(50);
    }
}

static void type(const char *text, size_t size)
{
    answer(write(person.terminal, text, size) == (ssize_t)size ? "ok" : "failed");
}

static void tell_modes(void)
{
    struct termios settings;
    char text[64];
    if (tcgetattr(person.terminal, &settings) != 0) {
        answer("failed");
        return;
    }
    (void)snprintf(text, sizeof text, "echo=%d icanon=%d isig=%d",
                   (settings.c_lflag & ECHO) != 0 ? 1 : 0, (settings.c_lflag & ICANON) != 0 ? 1 : 0,
                   (settings.c_lflag & ISIG) != 0 ? 1 : 0);
    answer(text);
}

static void wait_for_end(void)
{
    char text[32] = "running";
    for (long long until = now_ms() + PATIENCE_MS; !person.ended && now_ms() < until;) {
        look(20);
        look_after_program();
    }
    if (person.ended) {
        (void)snprintf(text, sizeof text, "%d",
                       WIFEXITED(person.result) ? WEXITSTATUS(person.result)
                                                : 128 + WTERMSIG(person.result));
    }
    answer(text);
}

static void write_shown(const char *path)
{
    FILE *file = fopen(path, "wb");
    bool written = file != NULL && fwrite(person.shown, 1, person.size, file) == person.size;
    written = file != NULL && fclose(file) == 0 && written;
    answer(written ? "ok" : "failed");
}

static const char *after(const char *line, const char *word)
{
    size_t size = strlen(word);
    return strncmp(line, word, size) == 0 ? line + size : NULL;
}

static void obey(char *line)
{
    const char *rest = NULL;
    look(0);
    look_after_program();
    if ((rest = after(line, "wait ")) != NULL) {
        wait_for(rest);
    } else if (strcmp(line, "forget") == 0) {
        person.looked = person.size;
        answer("ok");
    } else if ((rest = after(line, "type ")) != NULL) {
        char text[LINE_MAX_SIZE + 1];
        int size = snprintf(text, sizeof text, "%s\r", rest);
        type(text, (size_t)size);
    } else if ((rest = after(line, "key ")) != NULL) {
        char key = (char)strtol(rest, NULL, 10);
        type(&key, 1);
    } else if (strcmp(line, "modes") == 0) {
        tell_modes();
    } else if ((rest = after(line, "signal ")) != NULL) {
        answer(kill(person.program, (int)strtol(rest, NULL, 10)) == 0 ? "ok" : "failed");
    } else if (strcmp(line, "running") == 0) {
        answer(person.ended ? "no" : "yes");
    } else if (strcmp(line, "end") == 0) {
        wait_for_end();
    } else if ((rest = after(line, "shown ")) != NULL) {
        look(100);
        write_shown(rest);
    } else {
        answer("unknown");
    }
}

/* Reads lines without a buffer of its own: between two of them it goes on looking at the terminal. */
static bool read_line(char *line)
{
    size_t size = 0;
    for (;;) {
        struct pollfd polled = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&polled, 1, 0) == 0) {
            look(20);
            continue;
        }
        char byte;
        if (read(STDIN_FILENO, &byte, 1) != 1 || size == LINE_MAX_SIZE - 1) {
            return false;
        }
        if (byte == '\n') {
            line[size] = '\0';
            return true;
        }
        line[size++] = byte;
    }
}

int main(int argument_count, char **arguments)
{
    char line[LINE_MAX_SIZE];
    if (argument_count < 2) {
        (void)fprintf(stderr, "usage: end_to_end_terminal PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    person.program = forkpty(&person.terminal, NULL, NULL, NULL);
    if (person.program < 0) {
        return 1;
    }
    if (person.program == 0) {
        (void)execvp(arguments[1], arguments + 1);
        _exit(127);
    }
    answer("ready");
    while (read_line(line)) {
        obey(line);
    }
    return 0;
}
