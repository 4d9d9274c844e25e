/* vault rotate begin and end: the campaign itself. */
#include "field-client/commands/vault/vault_rotate.h"

/* ---- begin ---- */

/* What the server says to it: the refusal is the command's. */
static enum cs_status send(struct cs_rotate *rotate, const uint8_t id[static CS_HASH_SIZE])
{
    return cs_vault_work_send(&rotate->work, id);
}

static enum cs_status begin(struct cs_command *command, struct cs_rotate *rotate,
                            const char *consent)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_vault_campaign_progress progress;
    struct cs_vault_campaign campaign;
    struct cs_vault_work *work = &rotate->work;
    enum cs_status status = cs_vault_campaign_begin(
        work->book, &rotate->vault.vault, cs_bytes_of_text(consent), id, &command->problem);
    if (status == CS_OK) {
        status = send(rotate, id);
    }
    if (status == CS_OK) {
        status = cs_vault_campaign_find(work->book, &rotate->vault.vault, &work->arena, &campaign,
                                        &command->problem);
    }
    if (status == CS_OK) {
        status = cs_vault_campaign_progress(work->book, &campaign, &work->arena, &progress);
    }
    if (status != CS_OK || !command->json) {
        if (status == CS_OK) {
            cs_command_print(command,
                             CS_WORDS(command, "the campaign has begun: %zu passwords to change\n",
                                      "统一修改已开始:%zu 个密码待修改\n"),
                             progress.counts[CS_CAMPAIGN_UNPREPARED]);
        }
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "campaign", cs_rotate_campaign_json(id));
    cs_json_set(json, "project", cs_command_json_id(&rotate->vault.project));
    cs_json_set(json, "counts", cs_rotate_counts_json(&progress));
    return cs_command_json(command, json);
}

enum cs_status cs_vault_rotate_begin(struct cs_command *command)
{
    struct cs_rotate rotate;
    const char *consent = NULL;
    enum cs_status status = cs_command_option(command, "--consent", &consent);
    if (status == CS_OK) {
        status = cs_rotate_take(command, 0, &rotate);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && (consent == NULL || consent[0] == '\0')) {
        status = cs_command_usage(command, "no campaign without the customer's consent: --consent "
                                           "TEXT says who agreed, how and when");
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_rotate_open(command, CS_ROTATE_SYNC, &rotate);
    if (status == CS_OK) {
        status = begin(command, &rotate, consent);
    }
    cs_rotate_end(&rotate);
    return status;
}

/* ---- end ---- */

/* A campaign that ends by mistake leaves passwords of before the handover in force. */
static enum cs_status check_finished(struct cs_command *command,
                                     const struct cs_vault_campaign_progress *progress,
                                     bool unfinished)
{
    size_t left = cs_rotate_left(progress);
    if (left == 0 || unfinished) {
        return CS_OK;
    }
    cs_json_destroy(command->failure);
    command->failure = cs_json_object();
    cs_json_set(command->failure, "counts", cs_rotate_counts_json(progress));
    return cs_problem_set(&command->problem, CS_BUSY,
                          CS_WORDS(command,
                                   "%zu passwords are not changed yet: go on, or end it with "
                                   "--unfinished",
                                   "还有 %zu 个密码未修改完:请继续,或用 --unfinished 结束"),
                          left);
}

static enum cs_status end(struct cs_command *command, struct cs_rotate *rotate, const char *reason,
                          bool unfinished)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_vault_campaign_progress progress;
    struct cs_vault_campaign campaign;
    struct cs_vault_work *work = &rotate->work;
    enum cs_status status = cs_vault_campaign_find(work->book, &rotate->vault.vault, &work->arena,
                                                   &campaign, &command->problem);
    if (status == CS_OK) {
        status = cs_vault_campaign_progress(work->book, &campaign, &work->arena, &progress);
    }
    if (status == CS_OK) {
        status = check_finished(command, &progress, unfinished);
    }
    if (status == CS_OK) {
        status = cs_vault_campaign_end(work->book, &rotate->vault.vault, cs_bytes_of_text(reason),
                                       id, &command->problem);
    }
    if (status == CS_OK) {
        status = send(rotate, id);
    }
    if (status != CS_OK || !command->json) {
        if (status == CS_OK) {
            cs_command_print(command,
                             CS_WORDS(command,
                                      "the campaign has ended: %zu passwords changed, %zu left\n",
                                      "统一修改已结束:已修改 %zu 个,剩余 %zu 个\n"),
                             progress.counts[CS_CAMPAIGN_DONE], cs_rotate_left(&progress));
        }
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "campaign", cs_rotate_campaign_json(campaign.id));
    cs_json_set(json, "project", cs_command_json_id(&rotate->vault.project));
    cs_json_set(json, "counts", cs_rotate_counts_json(&progress));
    return cs_command_json(command, json);
}

enum cs_status cs_vault_rotate_end(struct cs_command *command)
{
    struct cs_rotate rotate;
    const char *reason = NULL;
    bool unfinished = cs_command_flag(command, "--unfinished");
    enum cs_status status = cs_command_option(command, "--reason", &reason);
    if (status == CS_OK) {
        status = cs_rotate_take(command, 0, &rotate);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && (reason == NULL || reason[0] == '\0')) {
        status = cs_command_usage(command, "say with --reason TEXT why the campaign ends");
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_rotate_open(command, CS_ROTATE_SYNC, &rotate);
    if (status == CS_OK) {
        status = end(command, &rotate, reason, unfinished);
    }
    cs_rotate_end(&rotate);
    return status;
}
