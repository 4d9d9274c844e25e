/*
 * vault recovery restore, with shares of the recovery key: this device takes the place of those that managed a vault and were revoked, every one;
 * or, where the log's rules do not let it, stores what is in the vault anew in another one (--into).
 */
#include "field-client/commands/vault/vault_change.h"
#include "field-client/commands/vault/vault_recovery.h"
#include "field-client/vault/restoring.h"

struct restoration {
    struct cs_vault_work *work;
    const char *into;
    struct cs_vault_of_project from;
    struct cs_vault_of_project to;
    struct cs_vault_restored done;
};

/* ---- taking the place of who managed ---- */

static bool has_place(const struct cs_vault_log *log, const uint8_t *certificate)
{
    const uint64_t end = cs_vault_log_position(log);
    const struct cs_vault_grant *grant = cs_vault_log_grant(log, certificate, end);
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, end);
    return grant != NULL && epoch != NULL && (grant->rights & CS_VAULT_MAY_MANAGE) != 0 &&
           grant->epoch == epoch->number;
}

/* A grant of everything to this device by itself, which the rules let it sign; then, as one who manages, whatever is due: the revoked devices
 * out, and a new key for all that stay. */
static enum cs_status draft_takeover(struct cs_vault_work *work, struct cs_vault_draft *draft,
                                     void *context)
{
    const struct cs_seal_key *key = context;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_problem *problem = &work->command->problem;
    const struct cs_vault_settlement due = {.always = false};
    const struct cs_vault_holder self = cs_vault_book_holder(work->book);
    enum cs_status status = cs_vault_keyring_recover(cs_vault_draft_log(draft), self.organisation,
                                                     key, &keyring, problem);
    if (status == CS_OK) {
        cs_vault_draft_use(draft, keyring);
    }
    if (status == CS_OK && !has_place(cs_vault_draft_log(draft), self.certificate)) {
        status = cs_vault_draft_grant(draft, self.certificate, CS_VAULT_RIGHTS_ALL, 0, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_draft_settle(draft, &due, problem);
    }
    cs_vault_draft_use(draft, NULL);
    cs_vault_keyring_destroy(keyring);
    return status;
}

static enum cs_status answer_takeover(struct cs_command *command,
                                      const struct cs_vault_change *change)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "vault", cs_command_json_id(&change->vault));
        cs_json_set(json, "records", cs_json_integer((int64_t)change->records));
        return cs_command_json(command, json);
    }
    cs_command_print(
        command,
        CS_WORDS(command, "this device manages the vault now (%zu records); see vault members\n",
                 "本机现已管理该密码库(%zu 条记录);见 vault members\n"),
        change->records);
    return CS_OK;
}

static enum cs_status take_over(struct cs_vault_work *work)
{
    struct cs_vault_of_project vault;
    struct cs_vault_recovery recovery;
    struct cs_seal_key *key = NULL;
    struct cs_vault_change change = {.draft = draft_takeover};
    struct cs_command *command = work->command;
    enum cs_status status = cs_vault_work_sync_all(work);
    if (status == CS_OK) {
        status = cs_vault_work_vault(work, cs_command_argument(command, 0), &vault);
    }
    if (status == CS_OK) {
        status =
            cs_vault_restoring_recovery(work->book, &vault.vault, &recovery, &command->problem);
    }
    if (status == CS_OK) {
        status = cs_vault_recovery_gather(command, &recovery, &key);
    }
    if (status == CS_OK) {
        change.vault = vault.vault;
        change.context = key;
        status = cs_vault_work_change(work, &change);
    }
    cs_seal_key_destroy(key);
    return status != CS_OK ? status : answer_takeover(command, &change);
}

/* ---- into another vault ---- */

/* Before anybody types a share: both vaults are there, and this device may store in one. */
static enum cs_status find_both(struct restoration *restoration)
{
    struct cs_vault_work *work = restoration->work;
    struct cs_vault_log *log = NULL;
    struct cs_problem *problem = &work->command->problem;
    const struct cs_world *world = work->command->world;
    const struct cs_vault_holder self = cs_vault_book_holder(work->book);
    enum cs_status status =
        cs_vault_work_vault(work, cs_command_argument(work->command, 0), &restoration->from);
    if (status == CS_OK) {
        status = cs_vault_work_vault(work, cs_bytes_of_text(restoration->into), &restoration->to);
    }
    if (status == CS_OK && cs_id_equal(&restoration->from.vault, &restoration->to.vault)) {
        return cs_command_usage(work->command, "--into needs the vault of another project");
    }
    if (status == CS_OK) {
        status = cs_vault_book_log(work->book, &restoration->to.vault, &log, problem);
    }
    return status != CS_OK ? status
                           : cs_vault_log_permits(log, self.certificate, CS_VAULT_MAY_EDIT,
                                                  cs_vault_log_position(log),
                                                  world->wall_ms(world->context), problem);
}

/* What follows something that was stored just now comes in a second run. */
static enum cs_status run_with(struct restoration *restoration, const struct cs_seal_key *key)
{
    struct cs_vault_work *work = restoration->work;
    struct cs_vault_restored first = {.items = 0};
    enum cs_status status =
        cs_vault_restore(work->book, &restoration->from.vault, &restoration->to.vault, key, &first,
                         &work->command->problem);
    if (status == CS_OK) {
        status = cs_vault_work_sync(work);
    }
    restoration->done = first;
    if (status != CS_OK || first.later == 0) {
        return status;
    }
    status = cs_vault_restore(work->book, &restoration->from.vault, &restoration->to.vault, key,
                              &restoration->done, &work->command->problem);
    restoration->done.secrets += first.secrets;
    restoration->done.there = first.there;
    restoration->done.closed = first.closed;
    return status != CS_OK ? status : cs_vault_work_sync(work);
}

static enum cs_status restore(struct restoration *restoration)
{
    struct cs_vault_recovery recovery;
    struct cs_seal_key *key = NULL;
    struct cs_vault_work *work = restoration->work;
    struct cs_problem *problem = &work->command->problem;
    enum cs_status status = find_both(restoration);
    if (status == CS_OK) {
        status =
            cs_vault_restoring_recovery(work->book, &restoration->from.vault, &recovery, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_recovery_gather(work->command, &recovery, &key);
    }
    if (status == CS_OK) {
        status = run_with(restoration, key);
    }
    cs_seal_key_destroy(key);
    return status;
}

static enum cs_status answer(struct restoration *restoration, uint64_t refused)
{
    struct cs_command *command = restoration->work->command;
    const struct cs_vault_restored *done = &restoration->done;
    if (refused > 0 || done->closed > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "vault", cs_command_json_id(&restoration->to.vault));
        cs_json_set(json, "items", cs_json_integer((int64_t)done->items));
        cs_json_set(json, "secrets", cs_json_integer((int64_t)done->secrets));
        cs_json_set(json, "there", cs_json_integer((int64_t)done->there));
        cs_json_set(json, "closed", cs_json_integer((int64_t)done->closed));
        cs_json_set(json, "refused", cs_json_integer((int64_t)refused));
        return cs_command_json(command, json);
    }
    cs_command_print(command,
                     CS_WORDS(command,
                              "%zu credentials: %zu secrets stored anew, %zu were there already\n",
                              "%zu 项凭据:重新存入 %zu 个密码,已有 %zu 个\n"),
                     done->items, done->secrets, done->there);
    if (done->closed > 0) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "%zu secrets are sealed to an earlier recovery key and stay "
                                  "closed\n",
                                  "%zu 个密码封存于更早的恢复密钥,未能打开\n"),
                         done->closed);
    }
    if (refused > 0) {
        cs_command_print(command,
                         CS_WORDS(command, "%llu records were refused: see vault refused\n",
                                  "%llu 条记录被拒绝:见 vault refused\n"),
                         (unsigned long long)refused);
    }
    return CS_OK;
}

static enum cs_status count_refused(struct cs_vault_work *work, uint64_t *out)
{
    struct cs_queued_record *refused = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_queued_records(work->replica, true, SIZE_MAX, &work->arena, &refused, &count);
    *out = count;
    return status;
}

static enum cs_status restore_and_send(struct restoration *restoration)
{
    struct cs_vault_work *work = restoration->work;
    uint64_t before = 0;
    uint64_t after = 0;
    enum cs_status status = cs_vault_work_sync_all(work);
    if (status == CS_OK) {
        status = count_refused(work, &before);
    }
    if (status == CS_OK) {
        status = restore(restoration);
    }
    if (status == CS_OK) {
        status = count_refused(work, &after);
    }
    return status != CS_OK ? status : answer(restoration, after - before);
}

enum cs_status cs_vault_recovery_command_restore(struct cs_command *command)
{
    struct cs_vault_work work;
    struct restoration restoration = {.work = &work};
    enum cs_status status = cs_command_option(command, "--into", &restoration.into);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = restoration.into == NULL ? take_over(&work) : restore_and_send(&restoration);
    }
    cs_vault_work_end(&work);
    return status;
}
