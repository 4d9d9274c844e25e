/* Passphrases from a file or a terminal, see passphrase_prompt.h. */
#include "field-client/console/passphrase_prompt.h"

#include "field-client/console/secret_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static enum cs_status read_file(const char *path, const struct cs_secret_question *question,
                                struct cs_secret **out, struct cs_problem *problem)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "COUNTERSIGN_PASSPHRASE_FILE names %.200s, which cannot be opened",
                              path);
    }
    enum cs_status status =
        cs_secret_read_all(file, question, "COUNTERSIGN_PASSPHRASE_FILE", out, problem);
    (void)close(file);
    return status;
}

enum cs_status cs_passphrase_read(enum cs_passphrase_use use, struct cs_secret **out,
                                  struct cs_problem *problem)
{
    bool chosen = use == CS_PASSPHRASE_CHOOSE;
    const struct cs_secret_question question = {
        .prompt = chosen ? "New passphrase for this laptop: " : "Passphrase: ",
        .again = "The same passphrase again: ",
        .what = "passphrase",
        .size_max = CS_PASSPHRASE_MAX,
        .use = chosen ? CS_SECRET_TWICE : CS_SECRET_ONCE};
    const char *path = getenv("COUNTERSIGN_PASSPHRASE_FILE");
    if (path != NULL && path[0] != '\0') {
        return read_file(path, &question, out, problem);
    }
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        return cs_problem_set(problem, CS_LOCKED,
                              "there is no terminal to ask for the passphrase: name a file in "
                              "COUNTERSIGN_PASSPHRASE_FILE");
    }
    enum cs_status status = cs_secret_ask(terminal, &question, out, problem);
    (void)close(terminal);
    return status;
}
