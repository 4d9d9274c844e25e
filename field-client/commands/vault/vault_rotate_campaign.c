/* vault rotate begin, end, status: the campaign itself, and how far it is. */
#include "field-client/commands/vault/vault_rotate.h"
#include "field-client/console/table.h"
#include "shared/base/text.h"

#include <string.h>

/* ---- begin ---- */

static struct cs_json *campaign_id_json(const uint8_t id[static CS_HASH_SIZE])
{
    char text[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_make(id, CS_HASH_SIZE), text);
    return cs_json_text(cs_bytes_of_text(text));
}

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
    cs_json_set(json, "campaign", campaign_id_json(id));
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

static size_t left_of(const struct cs_vault_campaign_progress *progress)
{
    return progress->counts[CS_CAMPAIGN_UNPREPARED] + progress->counts[CS_CAMPAIGN_PENDING] +
           progress->counts[CS_CAMPAIGN_APPLIED] + progress->counts[CS_CAMPAIGN_VERIFIED];
}

/* A campaign that ends by mistake leaves passwords of before the handover in force. */
static enum cs_status check_finished(struct cs_command *command,
                                     const struct cs_vault_campaign_progress *progress,
                                     bool unfinished)
{
    size_t left = left_of(progress);
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
                             progress.counts[CS_CAMPAIGN_DONE], left_of(&progress));
        }
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "campaign", campaign_id_json(campaign.id));
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

/* ---- status ---- */

struct overview {
    struct cs_command *command;
    struct cs_json *campaigns;
    size_t open;
};

static const struct cs_vault_field_version *shown_version(const struct cs_vault_field *field,
                                                          enum cs_vault_campaign_step step)
{
    return step == CS_CAMPAIGN_DONE || step == CS_CAMPAIGN_UNPREPARED || step == CS_CAMPAIGN_APART
               ? cs_vault_field_confirmed(field)
               : cs_vault_field_coming(field);
}

static struct cs_bytes author_name(struct cs_rotate *rotate, const uint8_t *certificate)
{
    const struct cs_chain *chain = NULL;
    return cs_vault_book_chain(rotate->work.book, certificate, &chain) == CS_OK
               ? chain->leaf.person_name
               : CS_BYTES_NONE;
}

static struct cs_json *time_json(int64_t ms)
{
    return ms == 0 ? cs_json_null() : cs_vault_time_json(ms);
}

static void put_json(struct cs_rotate *rotate, const struct cs_vault_field *field,
                     enum cs_vault_campaign_step step, struct cs_json *list)
{
    const struct cs_vault_field_version *version = shown_version(field, step);
    struct cs_json *json = cs_rotate_field_json(rotate, field);
    cs_json_set(json, "step", cs_json_text(cs_bytes_of_text(cs_vault_campaign_step_name(step))));
    if (version != NULL) {
        cs_json_set(json, "version", cs_command_json_id(&version->id));
        cs_json_set(json, "since", time_json(version->state_ms));
        cs_json_set(json, "by", cs_json_text(author_name(rotate, version->author)));
        cs_json_set(json, "waits_to_be_sent", cs_json_boolean(version->state_waits));
    }
    cs_json_append(list, json);
}

static void put_row(struct cs_rotate *rotate, const struct cs_vault_field *field,
                    enum cs_vault_campaign_step step, struct cs_table *table)
{
    const struct cs_vault_field_version *version = shown_version(field, step);
    const struct cs_rotate_item *item = cs_rotate_item(rotate, &field->item);
    char since[CS_TIME_TEXT_MAX] = "";
    if (version != NULL && version->state_ms != 0) {
        cs_instant_format(cs_instant_make(version->state_ms / 1000 * 1000, 0), since);
    }
    cs_table_put(table, item == NULL ? CS_BYTES_NONE : item->listing.name);
    cs_table_put(table, item == NULL ? CS_BYTES_NONE : item->listing.user);
    cs_table_put(table, item == NULL ? CS_BYTES_NONE : item->listing.address);
    cs_table_put(table, field->name);
    cs_table_put_text(table, cs_rotate_step_words(rotate->work.command, step));
    cs_table_put_text(table, since);
    cs_table_put(table, version == NULL ? CS_BYTES_NONE : author_name(rotate, version->author));
}

static void begin_table(struct cs_command *command, struct cs_table *table)
{
    static const char *const heads[][2] = {
        {"name", "名称"}, {"user", "用户名"}, {"address", "地址"}, {"field", "字段"},
        {"step", "步骤"}, {"since", "自"},    {"by", "由"}};
    cs_table_init(table, CS_COUNT(heads));
    for (size_t i = 0; i < CS_COUNT(heads); i++) {
        cs_table_put_text(table, cs_command_words(command, heads[i][0], heads[i][1]));
    }
}

static enum cs_status print_campaign(struct cs_rotate *rotate,
                                     const struct cs_vault_campaign *campaign,
                                     const struct cs_vault_campaign_progress *progress,
                                     struct cs_bytes project_name)
{
    struct cs_command *command = rotate->work.command;
    struct cs_table table;
    begin_table(command, &table);
    cs_command_print_safe(command, project_name);
    cs_command_print(command, CS_WORDS(command, ": %zu of %zu changed\n", ":已修改 %zu / %zu\n"),
                     progress->counts[CS_CAMPAIGN_DONE],
                     progress->counts[CS_CAMPAIGN_DONE] + left_of(progress));
    cs_command_print(command, "%s ", cs_command_words(command, "consent:", "客户同意:"));
    cs_command_print_safe(command, campaign->consent);
    cs_command_print(command, "\n");
    for (size_t i = 0; i < progress->field_count; i++) {
        put_row(rotate, &progress->fields[i], progress->steps[i], &table);
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

static void add_campaign(struct cs_rotate *rotate, const struct cs_vault_campaign *campaign,
                         const struct cs_vault_campaign_progress *progress,
                         struct cs_bytes project_name, struct overview *overview)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_array();
    cs_json_set(json, "project", cs_command_json_id(&rotate->vault.project));
    cs_json_set(json, "project_name", cs_json_text(project_name));
    cs_json_set(json, "campaign", campaign_id_json(campaign->id));
    cs_json_set(json, "begun_at", time_json(campaign->begun_ms));
    cs_json_set(json, "begun_by", cs_json_text(author_name(rotate, campaign->author)));
    cs_json_set(json, "consent", cs_json_text(campaign->consent));
    cs_json_set(json, "counts", cs_rotate_counts_json(progress));
    for (size_t i = 0; i < progress->field_count; i++) {
        put_json(rotate, &progress->fields[i], progress->steps[i], fields);
    }
    cs_json_set(json, "fields", fields);
    cs_json_append(overview->campaigns, json);
}

/* The campaign of the vault that was opened; none is no failure. */
static enum cs_status show(struct cs_rotate *rotate, struct overview *overview)
{
    struct cs_command *command = overview->command;
    struct cs_vault_work *work = &rotate->work;
    struct cs_vault_campaign campaign;
    struct cs_vault_campaign_progress progress;
    struct cs_bytes project_name;
    enum cs_status status =
        cs_vault_campaign_find(work->book, &rotate->vault.vault, &work->arena, &campaign, NULL);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    status = cs_vault_campaign_progress(work->book, &campaign, &work->arena, &progress);
    if (status == CS_OK) {
        status = cs_vault_work_project_name(work, &rotate->vault.project, &project_name);
    }
    if (status != CS_OK) {
        return status;
    }
    overview->open++;
    if (command->json) {
        add_campaign(rotate, &campaign, &progress, project_name, overview);
        return CS_OK;
    }
    return print_campaign(rotate, &campaign, &progress, project_name);
}

static enum cs_status show_project(struct overview *overview, const char *project)
{
    struct cs_rotate rotate = {.project_text = project, .field = CS_VAULT_CAMPAIGN_FIELD};
    enum cs_status status = cs_rotate_open(overview->command, CS_ROTATE_HERE, &rotate);
    if (status == CS_OK) {
        status = show(&rotate, overview);
    }
    cs_rotate_end(&rotate);
    return status;
}

/* Vaults without a key here have campaigns that nobody here can work on. */
static enum cs_status show_all(struct overview *overview)
{
    struct cs_vault_work work;
    struct cs_vault_of_project *vaults = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_work_begin(overview->command, &work);
    if (status == CS_OK) {
        status = cs_vault_catalog_vaults(work.book, &work.arena, &vaults, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&vaults[i].vault, id);
        status = show_project(overview, id);
        if (status == CS_DENIED || status == CS_EXPIRED) {
            overview->command->problem.text[0] = '\0';
            status = CS_OK;
        }
    }
    cs_vault_work_end(&work);
    return status;
}

enum cs_status cs_vault_rotate_status(struct cs_command *command)
{
    struct overview overview = {.command = command, .campaigns = NULL};
    enum cs_status status = cs_command_expect(command, 0, 1);
    if (status != CS_OK) {
        return status;
    }
    overview.campaigns = cs_json_array();
    status = command->argument_count == 0 ? show_all(&overview)
                                          : show_project(&overview, command->arguments[0]);
    if (status == CS_OK && command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "campaigns", overview.campaigns);
        return cs_command_json(command, json);
    }
    cs_json_destroy(overview.campaigns);
    if (status == CS_OK && overview.open == 0) {
        cs_command_note(
            command, CS_WORDS(command, "no campaign of rotation is open", "没有进行中的统一修改"));
    }
    return status;
}
