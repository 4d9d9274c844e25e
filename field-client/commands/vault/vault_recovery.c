/*
 * vault recovery make, rehearse (restore: vault_restore.c): the recovery key's shares on paper.
 *
 * Shares come out before anybody is told of the key they are of: a key nobody has would lock up everything that is sealed to it. The
 * root's statement of it is kept until the server has it.
 */
#include "field-client/commands/vault/vault_recovery.h"

#include "field-client/console/secret_input.h"
#include "field-client/console/subcommand.h"
#include "field-client/vault/shares.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_UNSENT "vault.recovery_unsent"
#define STATEMENT_MAX (4 * CS_KIBI)
#define SHARE_TEXT_MAX ((size_t)1024)

/* ---- the statement ---- */

enum cs_status cs_vault_recovery_announce(struct cs_replica *replica, bool *out_had,
                                          struct cs_problem *problem)
{
    struct cs_buffer statement;
    cs_buffer_init(&statement, STATEMENT_MAX);
    enum cs_status status = cs_replica_meta_bytes(replica, META_UNSENT, &statement);
    *out_had = status == CS_OK && statement.size > 0;
    if (*out_had) {
        status = cs_vault_send_recovery(replica, cs_buffer_bytes(&statement), problem);
        /* What the server will never take is not offered for ever. */
        if (status == CS_OK || status == CS_ROLLED_BACK || status == CS_FORGED) {
            enum cs_status kept = cs_replica_meta_set_bytes(replica, META_UNSENT, CS_BYTES_NONE);
            status = kept != CS_OK ? kept : status;
        }
    }
    cs_buffer_release(&statement);
    return status;
}

/* ---- make ---- */

struct making {
    struct cs_vault_work *work;
    int64_t needed;
    int64_t count;
    const char *folder; /* NULL: the terminal */
    struct cs_buffer statement;
    struct cs_secret *shares[CS_VAULT_SHARES_MAX];
};

static enum cs_status write_all(int file, struct cs_bytes bytes)
{
    size_t done = 0;
    while (done < bytes.size) {
        ssize_t count = write(file, bytes.data + done, bytes.size - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return CS_IO;
        }
        done += (size_t)count;
    }
    return CS_OK;
}

/* Past the stream, which would keep a copy. */
static enum cs_status print_shares(struct making *making)
{
    struct cs_command *command = making->work->command;
    int terminal = fileno(command->out);
    enum cs_status status = CS_OK;
    for (int64_t i = 0; status == CS_OK && i < making->count; i++) {
        cs_command_print(command,
                         CS_WORDS(command, "\nshare %lld of %lld, %lld are needed:\n\n",
                                  "\n第 %lld 份,共 %lld 份,恢复需 %lld 份:\n\n"),
                         (long long)i + 1, (long long)making->count, (long long)making->needed);
        status = fflush(command->out) == 0 ? CS_OK : CS_IO;
        if (status == CS_OK) {
            status = write_all(terminal, cs_secret_bytes(making->shares[i]));
        }
        if (status == CS_OK) {
            status = write_all(terminal, cs_bytes_of_text("\n"));
        }
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

static enum cs_status save_shares(struct making *making)
{
    struct cs_command *command = making->work->command;
    enum cs_status status = CS_OK;
    for (int64_t i = 0; status == CS_OK && i < making->count; i++) {
        char path[CS_HOME_PATH_MAX];
        int size =
            snprintf(path, sizeof path, "%s/share-%lld.txt", making->folder, (long long)i + 1);
        status = size > 0 && (size_t)size < sizeof path
                     ? save_line(command, path, cs_secret_bytes(making->shares[i]))
                     : cs_command_usage(command, "--output: the name is too long");
    }
    return status;
}

static enum cs_status make_set(struct making *making)
{
    struct cs_vault_recovery newest;
    struct cs_vault_work *work = making->work;
    struct cs_problem *problem = &work->command->problem;
    const struct cs_identity *identity = cs_replica_identity(work->replica);
    struct cs_vault_recovery_terms terms = {.organisation = cs_identity_organisation(identity),
                                            .number = 1,
                                            .set = cs_replica_draw_id(work->replica),
                                            .threshold = (unsigned)making->needed,
                                            .count = (unsigned)making->count};
    enum cs_status status = cs_vault_book_recovery(work->book, &newest);
    if (status == CS_OK) {
        terms.number = newest.number + 1;
    } else if (status != CS_NOT_FOUND) {
        return status;
    }
    return cs_vault_recovery_make(work->command->world, cs_identity_root_key(identity), &terms,
                                  &making->statement, making->shares, problem);
}

static enum cs_status answer_made(struct making *making, bool sent)
{
    struct cs_command *command = making->work->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "shares", cs_json_integer(making->count));
        cs_json_set(json, "needed", cs_json_integer(making->needed));
        cs_json_set(json, "folder", cs_json_text(cs_bytes_of_text(making->folder)));
        cs_json_set(json, "sent", cs_json_boolean(sent));
        return cs_command_json(command, json);
    }
    cs_command_note(
        command,
        CS_WORDS(command,
                 "give each share to another person, on paper; they are shown this once. Try them "
                 "with countersign vault recovery rehearse; then run countersign vault rekey, "
                 "which seals the vaults to the new key",
                 "请将每份分别交给不同的人(纸质),此处仅显示一次。用 countersign vault "
                 "recovery rehearse 演练;然后运行 countersign vault rekey 将密码库改用新恢复密钥"));
    return CS_OK;
}

static enum cs_status make(struct making *making)
{
    bool had = false;
    struct cs_vault_work *work = making->work;
    enum cs_status status = make_set(making);
    if (status == CS_OK) {
        status = making->folder == NULL ? print_shares(making) : save_shares(making);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(work->replica, META_UNSENT,
                                           cs_buffer_bytes(&making->statement));
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_recovery_announce(work->replica, &had, &work->command->problem);
    if (status != CS_OK && cs_status_class(status) == CS_CLASS_LATER) {
        cs_command_note(work->command,
                        CS_WORDS(work->command,
                                 "the server does not know of it yet: the next sync tells it",
                                 "服务器尚不知情:下次同步时告知"));
        return answer_made(making, false);
    }
    return status != CS_OK ? status : answer_made(making, true);
}

/* A set whose shares came out, but of which the server was not told: that is done first, and is enough. */
static enum cs_status make_or_announce(struct making *making)
{
    bool had = false;
    struct cs_vault_work *work = making->work;
    struct cs_command *command = work->command;
    if (cs_identity_root_key(cs_replica_identity(work->replica)) == NULL) {
        return cs_problem_set(&command->problem, CS_DENIED,
                              "only the organisation's first device, which has the root key, makes "
                              "recovery keys");
    }
    enum cs_status status = cs_vault_recovery_announce(work->replica, &had, &command->problem);
    if (status == CS_OK && !had) {
        status = cs_vault_work_sync_all(work);
    }
    if (status != CS_OK || !had) {
        return status != CS_OK ? status : make(making);
    }
    return cs_problem_set(&command->problem, CS_EXISTS,
                          "the recovery key that was made before is known to the server only now: "
                          "its shares stand. Run it again for another one");
}

static enum cs_status take_make_options(struct cs_command *command, struct making *making)
{
    enum cs_status status = cs_command_option_number(command, "--shares", CS_VAULT_SHARES_MIN,
                                                     CS_VAULT_SHARES_MAX, &making->count);
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--needed", CS_VAULT_SHARES_MIN,
                                          CS_VAULT_SHARES_MAX, &making->needed);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--output", &making->folder);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (status == CS_OK && making->needed > making->count) {
        status = cs_command_usage(command, "--needed is more than --shares");
    }
    if (status == CS_OK && making->folder == NULL &&
        (command->json || isatty(fileno(command->out)) != 1)) {
        status = cs_command_usage(command, "shares are shown on a terminal only; --output DIR "
                                           "writes each into a file of its own");
    }
    return status;
}

static enum cs_status command_make(struct cs_command *command)
{
    struct cs_vault_work work;
    struct making making = {.work = &work, .needed = 2, .count = 3};
    enum cs_status status = take_make_options(command, &making);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&making.statement, STATEMENT_MAX);
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = make_or_announce(&making);
    }
    for (size_t i = 0; i < CS_VAULT_SHARES_MAX; i++) {
        cs_secret_destroy(making.shares[i]);
    }
    cs_buffer_release(&making.statement);
    cs_vault_work_end(&work);
    return status;
}

/* ---- shares that people type ---- */

/* Mistyped on a terminal: said, and asked for again. */
static bool may_type_again(enum cs_status status)
{
    return cs_secret_input_is_terminal() &&
           (status == CS_INVALID || status == CS_EXISTS || status == CS_NOT_FOUND ||
            status == CS_FORGED || status == CS_UNSUPPORTED);
}

enum cs_status cs_vault_recovery_gather(struct cs_command *command,
                                        const struct cs_vault_recovery *recovery,
                                        struct cs_seal_key **out)
{
    const struct cs_secret_question question = {
        .prompt = CS_WORDS(command, "The next share: ", "请输入下一份:"),
        .again = "",
        .what = "share",
        .size_max = SHARE_TEXT_MAX,
        .use = CS_SECRET_ONCE};
    struct cs_vault_gathering *gathering = NULL;
    enum cs_status status = cs_vault_gathering_create(recovery, &gathering);
    while (status == CS_OK && cs_vault_gathering_missing(gathering) > 0) {
        struct cs_secret *text = NULL;
        status = cs_secret_input_line(&question, &text, &command->problem);
        if (status == CS_OK) {
            status = cs_vault_gathering_add(gathering, cs_secret_bytes(text), &command->problem);
            if (may_type_again(status)) {
                cs_command_note(command, "%s", command->problem.text);
                status = CS_OK;
            }
        }
        cs_secret_destroy(text);
    }
    if (status == CS_OK) {
        status = cs_vault_gathering_finish(gathering, out, &command->problem);
    }
    cs_vault_gathering_destroy(gathering);
    return status;
}

static enum cs_status rehearse(struct cs_vault_work *work)
{
    struct cs_vault_recovery recovery;
    struct cs_seal_key *key = NULL;
    struct cs_command *command = work->command;
    enum cs_status status = cs_vault_book_recovery(work->book, &recovery);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(&command->problem, status,
                              "no recovery key is known here: it is made on the organisation's "
                              "first device, and a sync brings it");
    }
    if (status == CS_OK) {
        status = cs_vault_recovery_gather(command, &recovery, &key);
    }
    cs_seal_key_destroy(key);
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "works", cs_json_boolean(true));
        cs_json_set(json, "number", cs_json_integer((int64_t)recovery.number));
        cs_json_set(json, "shares", cs_json_integer(recovery.count));
        cs_json_set(json, "needed", cs_json_integer(recovery.threshold));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n",
                     cs_command_words(command,
                                      "these shares are of the newest set and give the recovery "
                                      "key; nothing was opened, and it was destroyed again",
                                      "这些份额属于最新一套,可以还原恢复密钥;未打开任何内容,"
                                      "密钥已销毁"));
    return CS_OK;
}

static enum cs_status command_rehearse(struct cs_command *command)
{
    struct cs_vault_work work;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = rehearse(&work);
    }
    cs_vault_work_end(&work);
    return status;
}

enum cs_status cs_vault_command_recovery(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"make", command_make, NULL},
        {"rehearse", command_rehearse, NULL},
        {"restore", cs_vault_recovery_command_restore, NULL},
    };
    return cs_subcommand_run(command, list, CS_COUNT(list));
}
