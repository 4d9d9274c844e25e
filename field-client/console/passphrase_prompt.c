/* Passphrases from a file or a terminal, see passphrase_prompt.h. */
#include "field-client/console/passphrase_prompt.h"

#include "field-client/console/secret_input.h"

#include <fcntl.h>
#include <unistd.h>

static enum cs_status read_file(const struct cs_console *console, const char *name,
                                const struct cs_secret_question *question, struct cs_secret **out,
                                struct cs_problem *problem)
{
    char path[CS_CONSOLE_PATH_MAX];
    enum cs_status status = cs_console_path(console, name, path, problem);
    if (status != CS_OK) {
        return status == CS_INVALID ? CS_LOCKED : status;
    }
    /* A pipe would be waited for here, and nobody else could go on. */
    int file = open(path, O_RDONLY | O_CLOEXEC | (console == NULL ? 0 : O_NONBLOCK));
    if (file < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "COUNTERSIGN_PASSPHRASE_FILE names %.200s, which cannot be opened",
                              name);
    }
    status =
        cs_secret_read_all(console, file, question, "COUNTERSIGN_PASSPHRASE_FILE", out, problem);
    (void)close(file);
    return status;
}

enum cs_status cs_passphrase_read(const struct cs_console *console, enum cs_passphrase_use use,
                                  struct cs_secret **out, struct cs_problem *problem)
{
    bool chosen = use == CS_PASSPHRASE_CHOOSE;
    const struct cs_secret_question question = {
        .prompt = chosen ? "New passphrase for this laptop: " : "Passphrase: ",
        .again = "The same passphrase again: ",
        .what = "passphrase",
        .size_max = CS_PASSPHRASE_MAX,
        .use = chosen ? CS_SECRET_TWICE : CS_SECRET_ONCE};
    if (console != NULL && console->passphrase_file >= 0) {
        return cs_secret_read_all(console, console->passphrase_file, &question,
                                  "COUNTERSIGN_PASSPHRASE_FILE", out, problem);
    }
    const char *path = cs_console_variable(console, "COUNTERSIGN_PASSPHRASE_FILE");
    if (path != NULL && path[0] != '\0') {
        return read_file(console, path, &question, out, problem);
    }
    int terminal = cs_console_open_terminal(console);
    if (terminal < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "there is no terminal to ask for the passphrase: name a file in "
                              "COUNTERSIGN_PASSPHRASE_FILE");
    }
    enum cs_status status = cs_secret_ask(console, terminal, &question, out, problem);
    (void)close(terminal);
    return status;
}
