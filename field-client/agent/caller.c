/* Asking the agent, see caller.h. */
#include "field-client/agent/caller.h"

#include "field-client/agent/socket.h"
#include "field-client/console/console.h"
#include "field-client/console/secret_output.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What commands, and the programs that they start for the caller, read; nothing else of the environment leaves this process. */
static const char *const wanted[] = {"COUNTERSIGN_FORMER_PASSPHRASE_FILE",
                                     "COUNTERSIGN_NEW_PASSPHRASE_FILE",
                                     "COUNTERSIGN_PASSPHRASE_FILE",
                                     "DISPLAY",
                                     "HOME",
                                     "LANG",
                                     "LC_ALL",
                                     "LC_MESSAGES",
                                     "PATH",
                                     "WAYLAND_DISPLAY",
                                     "XAUTHORITY",
                                     "XDG_RUNTIME_DIR"};

static bool is_wanted(const char *variable)
{
    for (size_t i = 0; i < CS_COUNT(wanted); i++) {
        size_t size = strlen(wanted[i]);
        if (strncmp(variable, wanted[i], size) == 0 && variable[size] == '=') {
            return true;
        }
    }
    return false;
}

static size_t choose_variables(char **out)
{
    size_t count = 0;
    for (char *const *at = cs_console_variables(NULL); *at != NULL && count < CS_COUNT(wanted);
         at++) {
        if (is_wanted(*at)) {
            out[count++] = *at;
        }
    }
    out[count] = NULL;
    return count;
}

static int if_open(int file)
{
    return fcntl(file, F_GETFD) < 0 ? -1 : file;
}

/* ---- the terminal ---- */

/* As it was before the agent used it. */
struct terminal {
    int file; /* -1: there is none */
    bool known;
    struct termios before;
};

static struct terminal open_terminal(void)
{
    struct terminal terminal = {.file = cs_console_open_terminal(NULL)};
    terminal.known = terminal.file >= 0 && tcgetattr(terminal.file, &terminal.before) == 0;
    return terminal;
}

/* An agent that was killed has not put it back: nothing that is typed would be seen, and a secret might still stand there. */
static void put_back(const struct terminal *terminal)
{
    struct termios now;
    if (!terminal->known || tcgetattr(terminal->file, &now) != 0 ||
        now.c_lflag == terminal->before.c_lflag) {
        return;
    }
    if ((now.c_lflag & ICANON) == 0) {
        cs_secret_leave_screen(terminal->file);
    }
    (void)cs_console_set_terminal(NULL, terminal->file, &terminal->before);
}

/* ---- asking ---- */

static enum cs_status converse(int connection, const struct cs_agent_request *request,
                               const struct cs_agent_files *files, struct cs_agent_answer *out,
                               struct cs_problem *problem)
{
    enum cs_status status = cs_agent_send(connection, request, files);
    if (status == CS_LIMIT) {
        return cs_problem_set(problem, status, "the command line is longer than the agent takes");
    }
    /* It may have refused it before all of it was sent. */
    enum cs_status answered = cs_agent_await(connection, out);
    if (answered != CS_OK) {
        return cs_problem_set(problem, CS_IO,
                              "the agent ended before it answered: look whether it is done "
                              "(countersign status), then try again");
    }
    return out->kind == CS_AGENT_REFUSED ? cs_problem_set(problem, CS_REFUSED, "%s", out->text)
                                         : CS_OK;
}

enum cs_status cs_agent_ask(const char *home, int argument_count, char **arguments,
                            int passphrase_file, enum cs_agent_outcome *out_outcome,
                            int *out_exit_code, struct cs_problem *problem)
{
    char folder[CS_CONSOLE_PATH_MAX];
    char *variables[CS_COUNT(wanted) + 1];
    struct cs_agent_answer answer = {.kind = CS_AGENT_ELSEWHERE};
    int connection = cs_agent_connect(home);
    if (connection < 0) {
        *out_outcome = CS_AGENT_NOBODY;
        return CS_OK;
    }
    const struct terminal terminal = open_terminal();
    const struct cs_agent_request request = {
        /* Where it was removed, relative names are found nowhere. */
        .folder = getcwd(folder, sizeof folder) == NULL ? "/nonexistent" : folder,
        .arguments = arguments,
        .argument_count = (size_t)argument_count,
        .variables = variables,
        .variable_count = choose_variables(variables)};
    const struct cs_agent_files files = {{if_open(STDIN_FILENO), if_open(STDOUT_FILENO),
                                          if_open(STDERR_FILENO), terminal.file, passphrase_file}};
    enum cs_status status = converse(connection, &request, &files, &answer, problem);
    if (status == CS_IO) {
        put_back(&terminal);
    }
    if (terminal.file >= 0) {
        (void)close(terminal.file);
    }
    (void)close(connection);
    if (status == CS_OK) {
        *out_outcome = answer.kind == CS_AGENT_DONE ? CS_AGENT_RAN : CS_AGENT_NOBODY;
        *out_exit_code = answer.exit_code;
    }
    return status;
}
