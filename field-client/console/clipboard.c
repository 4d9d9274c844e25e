/* The desktop's clipboard, see clipboard.h. */
#include "field-client/console/clipboard.h"

#include "field-client/console/program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

struct cs_clipboard_tool {
    const char *display; /* variable that says that there is such a desktop */
    const char *put[CS_PROGRAM_ARGUMENTS_MAX + 1];
    const char *clear[CS_PROGRAM_ARGUMENTS_MAX + 1];
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

enum cs_status cs_clipboard_find(const struct cs_console *console,
                                 const struct cs_clipboard_tool **out, struct cs_problem *problem)
{
    bool desktop = false;
    for (size_t i = 0; i < CS_COUNT(tools); i++) {
        const char *display = cs_console_variable(console, tools[i].display);
        bool there = display != NULL && display[0] != '\0';
        desktop = desktop || there;
        if (there && cs_program_is_there(console, tools[i].put[0])) {
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
        bool started = cs_program_start(console, arguments, ends[0], &child);
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
