/*
 * root split, rehearse, forget: the organisation's root key as shares of several people, so that no laptop has to have it (design §9).
 *
 * What must stay true: the key leaves a laptop only after enough of its newest shares were entered on it and gave that very key.
 */
#include "field-client/commands/command_table.h"
#include "field-client/commands/root_forget.h"
#include "field-client/commands/vault/root_session.h"
#include "field-client/commands/vault/share_paper.h"
#include "field-client/console/subcommand.h"
#include "shared/base/text.h"

#include <string.h>

#define STATEMENT_FILE "root-shares.statement"

static struct cs_json *organisation_json(struct cs_replica *replica)
{
    char text[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(
        cs_bytes_make(cs_identity_organisation(cs_replica_identity(replica)), CS_HASH_SIZE), text);
    return cs_json_text(cs_bytes_of_text(text));
}

/* ---- split ---- */

struct splitting {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_share_paper paper;
    struct cs_root_session root;
    struct cs_buffer statement;
    struct cs_secret *shares[CS_VAULT_SHARES_MAX];
};

static enum cs_status save_statement(const struct splitting *splitting)
{
    char path[CS_HOME_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/" STATEMENT_FILE, splitting->paper.folder);
    return size > 0 && (size_t)size < sizeof path
               ? cs_command_write_file(splitting->command, path,
                                       cs_buffer_bytes(&splitting->statement))
               : cs_command_usage(splitting->command, "--output: the name is too long");
}

static bool root_key_is_here(const struct splitting *splitting)
{
    return cs_identity_root_key(cs_replica_identity(splitting->replica)) != NULL;
}

static struct cs_json *split_json(const struct splitting *splitting)
{
    struct cs_json *json = cs_json_object();
    bool passed = cs_share_paper_is_stream(&splitting->paper);
    cs_json_set(json, "shares", cs_json_integer(splitting->paper.count));
    cs_json_set(json, "needed", cs_json_integer(splitting->paper.needed));
    if (!passed && splitting->paper.folder != NULL) {
        cs_json_set(json, "folder", cs_json_text(cs_bytes_of_text(splitting->paper.folder)));
    }
    cs_json_set(json, "organisation", organisation_json(splitting->replica));
    cs_json_set(json, "root_key_is_here", cs_json_boolean(root_key_is_here(splitting)));
    return json;
}

static enum cs_status answer_split(struct splitting *splitting)
{
    struct cs_command *command = splitting->command;
    if (command->json) {
        return cs_command_json(command, split_json(splitting));
    }
    cs_command_note(command, "%s",
                    cs_command_words(command,
                                     "give each share to another person, on paper; they are shown "
                                     "this once. Try them with countersign root rehearse",
                                     "请将每份分别交给不同的人(纸质),此处仅显示一次。用 "
                                     "countersign root rehearse 演练"));
    if (root_key_is_here(splitting)) {
        cs_command_note(
            command, "%s",
            cs_command_words(command,
                             "the root key itself is still on this laptop: countersign "
                             "root forget takes it off",
                             "根密钥仍保存在本机:用 countersign root forget 从本机删除"));
    }
    return CS_OK;
}

/* Shares come out before anything is remembered of them: what is remembered ends the warning that there are none. */
static enum cs_status split(struct splitting *splitting)
{
    struct cs_command *command = splitting->command;
    struct cs_root_split made;
    enum cs_status status = cs_root_split_make(
        command->world, splitting->root.key, (unsigned)splitting->paper.needed,
        (unsigned)splitting->paper.count, &made, splitting->shares, &command->problem);
    if (status == CS_OK) {
        status = cs_root_split_encode(&made, splitting->root.key, &splitting->statement);
    }
    if (status == CS_OK) {
        struct cs_json *json = split_json(splitting);
        status = cs_share_paper_give(command, &splitting->paper, splitting->shares, json);
        cs_json_destroy(json);
    }
    if (status == CS_OK && splitting->paper.folder != NULL &&
        !cs_share_paper_is_stream(&splitting->paper)) {
        status = save_statement(splitting);
    }
    if (status == CS_OK) {
        status = cs_root_split_save(splitting->replica, cs_buffer_bytes(&splitting->statement));
    }
    return status != CS_OK ? status : answer_split(splitting);
}

static enum cs_status command_split(struct cs_command *command)
{
    struct splitting splitting = {.command = command};
    bool from_shares = cs_command_flag(command, "--root-shares");
    enum cs_status status = cs_share_paper_options(command, &splitting.paper);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &splitting.replica);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&splitting.statement, CS_ROOT_SPLIT_BYTES_MAX);
    status = cs_root_session_open(command, splitting.replica, from_shares, &splitting.root);
    if (status == CS_OK) {
        status = split(&splitting);
    }
    for (size_t i = 0; i < CS_VAULT_SHARES_MAX; i++) {
        cs_secret_destroy(splitting.shares[i]);
    }
    cs_root_session_close(&splitting.root);
    cs_buffer_release(&splitting.statement);
    return status;
}

/* ---- rehearse ---- */

/* Of the newest set, where this laptop knows which that is. */
static enum cs_status rehearse(struct cs_command *command, struct cs_replica *replica,
                               struct cs_root_split *out)
{
    struct cs_root_split known;
    struct cs_root_session session;
    enum cs_status status = cs_root_split_load(replica, &known);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    status =
        cs_root_session_from_shares(command, replica, status == CS_OK ? &known : NULL, &session);
    if (status == CS_OK) {
        *out = session.split;
        cs_root_session_close(&session);
    }
    return status;
}

static enum cs_status command_rehearse(struct cs_command *command)
{
    struct cs_replica *replica = NULL;
    struct cs_root_split found;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = rehearse(command, replica, &found);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "works", cs_json_boolean(true));
        cs_json_set(json, "organisation", organisation_json(replica));
        cs_json_set(json, "shares", cs_json_integer(found.count));
        cs_json_set(json, "needed", cs_json_integer(found.threshold));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n",
                     cs_command_words(command,
                                      "these shares give the root key of this organisation; it was "
                                      "used for nothing, and destroyed again",
                                      "这些份额可以还原本组织的根密钥;未作任何使用,已销毁"));
    return CS_OK;
}

/* ---- forget ---- */

static enum cs_status check_forgettable(struct cs_command *command, struct cs_replica *replica)
{
    struct cs_root_split known;
    if (cs_identity_root_key(cs_replica_identity(replica)) == NULL) {
        return cs_problem_set(&command->problem, CS_DENIED, "the root key is not on this laptop");
    }
    enum cs_status status = cs_root_split_load(replica, &known);
    return status == CS_NOT_FOUND
               ? cs_problem_set(&command->problem, CS_DENIED,
                                "the root key was never split: without shares it would be lost for "
                                "good. Run countersign root split first")
               : status;
}

static enum cs_status command_forget(struct cs_command *command)
{
    struct cs_replica *replica = NULL;
    struct cs_root_split found;
    size_t files = 0;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = check_forgettable(command, replica);
    }
    if (status == CS_OK) {
        status = rehearse(command, replica, &found);
    }
    if (status == CS_OK) {
        status = cs_root_forget(command, &files);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "forgotten", cs_json_boolean(true));
        cs_json_set(json, "files", cs_json_integer((int64_t)files));
        return cs_command_json(command, json);
    }
    cs_command_print(
        command, "%s\n",
        cs_command_words(command,
                         "the root key is not on this laptop any more: only its shares give it. "
                         "Copies of this folder (backups) may still have it: destroy them",
                         "本机已不再保存根密钥,只有各份额可以还原。本文件夹的副本(备份)"
                         "可能仍含该密钥,请销毁"));
    return CS_OK;
}

enum cs_status cs_command_root(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"split", command_split, NULL},
        {"rehearse", command_rehearse, NULL},
        {"forget", command_forget, NULL},
    };
    return cs_subcommand_run(command, list, CS_COUNT(list));
}
