/*
 * vault recovery make, rehearse (restore: vault_restore.c): the recovery key's shares on paper.
 *
 * Shares come out before anybody is told of the key they are of: a key nobody has would lock up everything that is sealed to it. The
 * root's statement of it is kept until the server has it.
 */
#include "field-client/commands/vault/vault_recovery.h"

#include "field-client/commands/vault/root_session.h"
#include "field-client/commands/vault/share_paper.h"
#include "field-client/console/subcommand.h"

#include <string.h>

#define META_UNSENT "vault.recovery_unsent"
#define STATEMENT_MAX (4 * CS_KIBI)

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
    struct cs_share_paper paper;
    bool root_shares; /* the root key is to be put together from its own shares */
    struct cs_root_session root;
    struct cs_buffer statement;
    struct cs_secret *shares[CS_VAULT_SHARES_MAX];
};

static enum cs_status make_set(struct making *making)
{
    struct cs_vault_recovery newest;
    struct cs_vault_work *work = making->work;
    struct cs_problem *problem = &work->command->problem;
    const struct cs_identity *identity = cs_replica_identity(work->replica);
    struct cs_vault_recovery_terms terms = {.organisation = cs_identity_organisation(identity),
                                            .number = 1,
                                            .set = cs_replica_draw_id(work->replica),
                                            .threshold = (unsigned)making->paper.needed,
                                            .count = (unsigned)making->paper.count};
    enum cs_status status = cs_vault_book_recovery(work->book, &newest);
    if (status == CS_OK) {
        terms.number = newest.number + 1;
    } else if (status != CS_NOT_FOUND) {
        return status;
    }
    return cs_vault_recovery_make(work->command->world, making->root.key, &terms,
                                  &making->statement, making->shares, problem);
}

static struct cs_json *made_json(const struct making *making)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "shares", cs_json_integer(making->paper.count));
    cs_json_set(json, "needed", cs_json_integer(making->paper.needed));
    if (making->paper.folder != NULL && !cs_share_paper_is_stream(&making->paper)) {
        cs_json_set(json, "folder", cs_json_text(cs_bytes_of_text(making->paper.folder)));
    }
    return json;
}

static enum cs_status answer_made(struct making *making, bool sent)
{
    struct cs_command *command = making->work->command;
    if (command->json) {
        struct cs_json *json = made_json(making);
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
        struct cs_json *json = made_json(making);
        status = cs_share_paper_give(work->command, &making->paper, making->shares, json);
        cs_json_destroy(json);
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
    enum cs_status status =
        cs_root_session_open(command, work->replica, making->root_shares, &making->root);
    if (status == CS_OK) {
        status = cs_vault_recovery_announce(work->replica, &had, &command->problem);
    }
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

static enum cs_status command_make(struct cs_command *command)
{
    struct cs_vault_work work;
    struct making making = {.work = &work};
    making.root_shares = cs_command_flag(command, "--root-shares");
    enum cs_status status = cs_share_paper_options(command, &making.paper);
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
    cs_root_session_close(&making.root);
    cs_buffer_release(&making.statement);
    cs_vault_work_end(&work);
    return status;
}

enum cs_status cs_vault_recovery_gather(struct cs_command *command,
                                        const struct cs_vault_recovery *recovery,
                                        struct cs_seal_key **out)
{
    struct cs_vault_gathering *gathering = NULL;
    enum cs_status status = cs_vault_gathering_create(recovery, &gathering);
    if (status == CS_OK) {
        status = cs_share_paper_gather(command, gathering);
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
