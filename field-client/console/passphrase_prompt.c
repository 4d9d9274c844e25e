/* Passphrases from a file or a terminal, see passphrase_prompt.h. */
#include "field-client/console/passphrase_prompt.h"

#include "field-client/console/secret_input.h"

#include <fcntl.h>
#include <unistd.h>

#define PRESENT_FILE "COUNTERSIGN_PASSPHRASE_FILE"
#define NEW_FILE "COUNTERSIGN_NEW_PASSPHRASE_FILE"
#define FORMER_FILE "COUNTERSIGN_FORMER_PASSPHRASE_FILE"

static const struct {
    const char *prompt;
    const char *file; /* the variable that names one */
    enum cs_secret_use use;
} uses[] = {
    [CS_PASSPHRASE_UNLOCK] = {"Passphrase: ", PRESENT_FILE, CS_SECRET_ONCE},
    [CS_PASSPHRASE_CHOOSE] = {"New passphrase for this laptop: ", PRESENT_FILE, CS_SECRET_TWICE},
    [CS_PASSPHRASE_CHANGE] = {"New passphrase for this laptop: ", NEW_FILE, CS_SECRET_TWICE},
    [CS_PASSPHRASE_FORMER] = {"Passphrase before it was changed: ", FORMER_FILE, CS_SECRET_ONCE},
};

static enum cs_status read_file(const struct cs_console *console, const char *variable,
                                const char *name, const struct cs_secret_question *question,
                                struct cs_secret **out, struct cs_problem *problem)
{
    char path[CS_CONSOLE_PATH_MAX];
    enum cs_status status = cs_console_path(console, name, path, problem);
    if (status != CS_OK) {
        return status == CS_INVALID ? CS_LOCKED : status;
    }
    /* A pipe would be waited for here, and nobody else could go on. */
    int file = open(path, O_RDONLY | O_CLOEXEC | (console == NULL ? 0 : O_NONBLOCK));
    if (file < 0) {
        return cs_problem_set(problem, CS_LOCKED, "%s names %.200s, which cannot be opened",
                              variable, name);
    }
    status = cs_secret_read_all(console, file, question, variable, out, problem);
    (void)close(file);
    return status;
}

enum cs_status cs_passphrase_read(const struct cs_console *console, enum cs_passphrase_use use,
                                  struct cs_secret **out, struct cs_problem *problem)
{
    const char *variable = uses[use].file;
    const struct cs_secret_question question = {.prompt = uses[use].prompt,
                                                .again = "The same passphrase again: ",
                                                .what = "passphrase",
                                                .size_max = CS_PASSPHRASE_MAX,
                                                .use = uses[use].use};
    bool in_force = use == CS_PASSPHRASE_UNLOCK || use == CS_PASSPHRASE_CHOOSE;
    if (in_force && console != NULL && console->passphrase_file >= 0) {
        return cs_secret_read_all(console, console->passphrase_file, &question, variable, out,
                                  problem);
    }
    if (use == CS_PASSPHRASE_CHANGE && console != NULL && console->no_files) {
        return cs_secret_read_all(console, console->input, &question, "the request", out, problem);
    }
    const char *path = cs_console_variable(console, variable);
    if (path != NULL && path[0] != '\0') {
        return read_file(console, variable, path, &question, out, problem);
    }
    int terminal = cs_console_open_terminal(console);
    if (terminal < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "there is no terminal to ask for the passphrase: name a file in %s",
                              variable);
    }
    enum cs_status status = cs_secret_ask(console, terminal, &question, out, problem);
    (void)close(terminal);
    return status;
}
