/* Shares shown, written and typed, see share_paper.h. */
#include "field-client/commands/vault/share_paper.h"

#include "field-client/console/secret_input.h"
#include "field-client/console/secret_output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SHARE_TEXT_MAX ((size_t)1024)
#define NEEDED_DEFAULT 2
#define COUNT_DEFAULT 3

enum cs_status cs_share_paper_options(struct cs_command *command, struct cs_share_paper *out)
{
    *out = (struct cs_share_paper){.needed = NEEDED_DEFAULT, .count = COUNT_DEFAULT};
    enum cs_status status = cs_command_option_number(command, "--shares", CS_VAULT_SHARES_MIN,
                                                     CS_VAULT_SHARES_MAX, &out->count);
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--needed", CS_VAULT_SHARES_MIN,
                                          CS_VAULT_SHARES_MAX, &out->needed);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--output", &out->folder);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (status == CS_OK && out->needed > out->count) {
        status = cs_command_usage(command, "--needed is more than --shares");
    }
    if (status == CS_OK && out->folder == NULL &&
        (command->json || !cs_console_output_is_terminal(command->console, command->out))) {
        status = cs_command_usage(command, "shares are shown on a terminal only; --output DIR "
                                           "writes each into a file of its own, --output - to "
                                           "standard output");
    }
    return status;
}

/* ---- onto paper ---- */

/* Past the stream, which would keep a copy. */
static enum cs_status print_shares(struct cs_command *command, const struct cs_share_paper *paper,
                                   struct cs_secret *const *shares)
{
    enum cs_status status = CS_OK;
    for (int64_t i = 0; status == CS_OK && i < paper->count; i++) {
        cs_command_print(command,
                         CS_WORDS(command, "\nshare %lld of %lld, %lld are needed:\n\n",
                                  "\n第 %lld 份,共 %lld 份,恢复需 %lld 份:\n\n"),
                         (long long)i + 1, (long long)paper->count, (long long)paper->needed);
        bool put = cs_console_put(command->console, command->out, cs_secret_bytes(shares[i])) &&
                   cs_console_put(command->console, command->out, cs_bytes_of_text("\n"));
        status = put ? CS_OK : CS_IO;
    }
    return status;
}

/* With a newline at the end, so that several files can be put together. */
static enum cs_status save_line(struct cs_command *command, const char *path, struct cs_bytes share)
{
    struct cs_secret *line = NULL;
    enum cs_status status = cs_secret_create(share.size + 1, &line);
    if (status == CS_OK) {
        memcpy(cs_secret_data(line), share.data, share.size);
        cs_secret_data(line)[share.size] = '\n';
        status = cs_command_write_file(command, path, cs_secret_bytes(line));
    }
    cs_secret_destroy(line);
    return status;
}

static enum cs_status save_shares(struct cs_command *command, const struct cs_share_paper *paper,
                                  struct cs_secret *const *shares)
{
    enum cs_status status = CS_OK;
    for (int64_t i = 0; status == CS_OK && i < paper->count; i++) {
        char path[CS_HOME_PATH_MAX];
        int size =
            snprintf(path, sizeof path, "%s/share-%lld.txt", paper->folder, (long long)i + 1);
        status = size > 0 && (size_t)size < sizeof path
                     ? save_line(command, path, cs_secret_bytes(shares[i]))
                     : cs_command_usage(command, "--output: the name is too long");
    }
    return status;
}

bool cs_share_paper_is_stream(const struct cs_share_paper *paper)
{
    return paper->folder != NULL && cs_command_is_stream(paper->folder);
}

static enum cs_status pass_shares(struct cs_command *command, const struct cs_share_paper *paper,
                                  struct cs_secret *const *shares, const struct cs_json *answer)
{
    enum cs_status status = CS_OK;
    if (command->json) {
        command->json = false;
        return cs_secret_print_json_list(command->console, command->out, answer, "texts", shares,
                                         (size_t)paper->count);
    }
    for (int64_t i = 0; status == CS_OK && i < paper->count; i++) {
        status = save_line(command, "-", cs_secret_bytes(shares[i]));
    }
    return status;
}

enum cs_status cs_share_paper_give(struct cs_command *command, const struct cs_share_paper *paper,
                                   struct cs_secret *const *shares, const struct cs_json *answer)
{
    if (cs_share_paper_is_stream(paper)) {
        return pass_shares(command, paper, shares, answer);
    }
    return paper->folder == NULL ? print_shares(command, paper, shares)
                                 : save_shares(command, paper, shares);
}

/* ---- back from paper ---- */

/* Mistyped on a terminal: said, and asked for again. */
static bool may_type_again(const struct cs_command *command, enum cs_status status)
{
    return cs_console_input_is_terminal(command->console) &&
           (status == CS_INVALID || status == CS_EXISTS || status == CS_NOT_FOUND ||
            status == CS_FORGED || status == CS_UNSUPPORTED);
}

static enum cs_status next_share(struct cs_command *command, struct cs_vault_gathering *gathering)
{
    const struct cs_secret_question question = {
        .prompt = CS_WORDS(command, "The next share: ", "请输入下一份:"),
        .again = "",
        .what = "share",
        .size_max = SHARE_TEXT_MAX,
        .use = CS_SECRET_ONCE};
    struct cs_secret *text = NULL;
    enum cs_status status =
        cs_secret_input_line(command->console, &question, &text, &command->problem);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(&command->problem, status,
                              "standard input ended before the next share: %u more needed",
                              cs_vault_gathering_missing(gathering));
    }
    if (status == CS_OK) {
        status = cs_vault_gathering_add(gathering, cs_secret_bytes(text), &command->problem);
        if (may_type_again(command, status)) {
            cs_command_note(command, "%s", command->problem.text);
            status = CS_OK;
        }
    }
    cs_secret_destroy(text);
    return status;
}

enum cs_status cs_share_paper_gather(struct cs_command *command,
                                     struct cs_vault_gathering *gathering)
{
    enum cs_status status = CS_OK;
    while (status == CS_OK && cs_vault_gathering_missing(gathering) > 0) {
        status = next_share(command, gathering);
    }
    return status;
}
