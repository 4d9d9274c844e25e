/* vault rotate prepare: new passwords by a policy, stored on the server before anybody applies one. */
#include "field-client/commands/vault/vault_rotate.h"

#include <string.h>

/* Signed at once, then sent and looked at. */
#define BATCH_MAX ((size_t)200)

struct prepared {
    const struct cs_vault_field *field;
    struct cs_id version;
    uint8_t id[CS_HASH_SIZE];
};

struct preparing {
    struct cs_rotate *rotate;
    const struct cs_password_policy *policy;
    bool due_only;
    struct cs_rotate_due due;
    struct prepared batch[BATCH_MAX];
    size_t batch_count;
    size_t prepared;
    size_t already; /* one is to come */
    size_t done;
    size_t refused;
    struct cs_json *list;
};

/* What became of it on the server. Of two who prepare at once the second is told; what he drew was in force nowhere. */
static enum cs_status conclude(struct preparing *preparing, const struct prepared *prepared)
{
    struct cs_rotate *rotate = preparing->rotate;
    struct cs_command *command = rotate->work.command;
    enum cs_status status = cs_vault_work_outcome(&rotate->work, prepared->id);
    if (status == CS_OK) {
        struct cs_json *json = cs_rotate_field_json(rotate, prepared->field);
        cs_json_set(json, "version", cs_command_json_id(&prepared->version));
        cs_json_append(preparing->list, json);
        preparing->prepared++;
        return CS_OK;
    }
    if (cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    cs_command_note(command, CS_WORDS(command, "%s: not prepared: %s", "%s:未准备:%s"),
                    cs_rotate_field_text(rotate, prepared->field), command->problem.text);
    command->problem.text[0] = '\0';
    preparing->refused++;
    return CS_OK;
}

static enum cs_status send_batch(struct preparing *preparing)
{
    enum cs_status status =
        preparing->batch_count == 0 ? CS_OK : cs_vault_work_sync(&preparing->rotate->work);
    for (size_t i = 0; status == CS_OK && i < preparing->batch_count; i++) {
        status = conclude(preparing, &preparing->batch[i]);
    }
    preparing->batch_count = 0;
    return status;
}

static enum cs_status draw(struct preparing *preparing, const struct cs_vault_field *field)
{
    struct cs_command *command = preparing->rotate->work.command;
    struct prepared *prepared = &preparing->batch[preparing->batch_count];
    prepared->field = field;
    enum cs_status status =
        cs_vault_campaign_prepare(preparing->rotate->work.book, field, preparing->policy,
                                  &prepared->version, prepared->id, &command->problem);
    preparing->batch_count += status == CS_OK ? 1 : 0;
    return status == CS_OK && preparing->batch_count == BATCH_MAX ? send_batch(preparing) : status;
}

static enum cs_status take_field(struct preparing *preparing,
                                 const struct cs_vault_campaign *campaign,
                                 const struct cs_vault_field *field)
{
    size_t reasons = 0;
    if (preparing->due_only) {
        (void)cs_rotate_due_of(&preparing->due, field, &reasons);
    }
    if (!cs_rotate_means(preparing->rotate, field) || (preparing->due_only && reasons == 0)) {
        return CS_OK;
    }
    switch (cs_vault_campaign_step_of(campaign, field)) {
    case CS_CAMPAIGN_UNPREPARED:
        return draw(preparing, field);
    case CS_CAMPAIGN_APART: /* a field that was typed is in the campaign from now on */
        return cs_vault_field_confirmed(field) == NULL ? CS_OK : draw(preparing, field);
    case CS_CAMPAIGN_PENDING:
    case CS_CAMPAIGN_APPLIED:
    case CS_CAMPAIGN_VERIFIED:
        preparing->already++;
        return CS_OK;
    case CS_CAMPAIGN_DONE: /* since then somebody has left who knows it: once more */
        preparing->done += reasons == 0 ? 1 : 0;
        return reasons == 0 ? CS_OK : draw(preparing, field);
    case CS_CAMPAIGN_STEP_COUNT:
        break;
    }
    return CS_OK;
}

static enum cs_status answer(struct preparing *preparing)
{
    struct cs_command *command = preparing->rotate->work.command;
    if (preparing->refused > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (!command->json) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "%zu passwords prepared, %zu to come already, %zu changed\n",
                                  "已准备 %zu 个密码,此前已准备 %zu 个,已修改 %zu 个\n"),
                         preparing->prepared, preparing->already, preparing->done);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "prepared", preparing->list);
    preparing->list = NULL;
    cs_json_set(json, "already", cs_json_integer((int64_t)preparing->already));
    cs_json_set(json, "done", cs_json_integer((int64_t)preparing->done));
    cs_json_set(json, "refused", cs_json_integer((int64_t)preparing->refused));
    return cs_command_json(command, json);
}

static enum cs_status prepare(struct preparing *preparing)
{
    struct cs_rotate *rotate = preparing->rotate;
    struct cs_vault_campaign campaign;
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_vault_campaign_find(rotate->work.book, &rotate->vault.vault, &rotate->work.arena,
                               &campaign, &rotate->work.command->problem);
    if (status == CS_OK) {
        status = cs_rotate_fields(rotate, &fields, &count);
    }
    if (status == CS_OK) {
        status = cs_rotate_check_named(rotate, fields, count);
    }
    if (status == CS_OK && preparing->due_only) {
        status = cs_rotate_due_read(rotate, &preparing->due);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = take_field(preparing, &campaign, &fields[i]);
    }
    if (status == CS_OK) {
        status = send_batch(preparing);
    }
    return status != CS_OK ? status : answer(preparing);
}

enum cs_status cs_vault_rotate_prepare(struct cs_command *command)
{
    struct cs_rotate rotate;
    struct cs_password_policy policy;
    struct preparing preparing = {
        .rotate = &rotate, .policy = &policy, .due_only = cs_command_flag(command, "--due")};
    const char *text = NULL;
    const char *excluded = NULL;
    enum cs_status status = cs_command_option(command, "--policy", &text);
    if (status == CS_OK) {
        status = cs_command_option(command, "--exclude", &excluded);
    }
    if (status == CS_OK) {
        status = cs_rotate_take(command, 0, &rotate);
    }
    if (status == CS_OK) {
        status = cs_password_policy_parse(cs_bytes_of_text(text == NULL ? "" : text),
                                          cs_bytes_of_text(excluded == NULL ? "" : excluded),
                                          &policy, &command->problem);
        status = status == CS_INVALID ? CS_USAGE : status;
    }
    if (status != CS_OK) {
        return status;
    }
    preparing.list = cs_json_array();
    status = cs_rotate_open(command, CS_ROTATE_SYNC, &rotate);
    if (status == CS_OK) {
        status = prepare(&preparing);
    }
    cs_json_destroy(preparing.list);
    cs_rotate_due_release(&preparing.due);
    cs_rotate_end(&rotate);
    return status;
}
