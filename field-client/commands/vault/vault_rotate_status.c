/* vault rotate status: how far the campaigns are, of one project or of all, and what is due. Asks nothing of the server. */
#include "field-client/commands/vault/vault_rotate.h"
#include "field-client/console/table.h"
#include "shared/base/text.h"

struct overview {
    struct cs_command *command;
    struct cs_json *campaigns;
    size_t open;
};

/* One campaign. */
struct shown {
    struct cs_rotate *rotate;
    struct cs_bytes project_name;
    struct cs_vault_campaign campaign;
    struct cs_vault_campaign_progress progress;
    struct cs_rotate_due due;
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

static struct cs_json *due_json(const struct cs_rotate_due *due, const struct cs_vault_field *field)
{
    struct cs_json *list = cs_json_array();
    size_t count = 0;
    const struct cs_due *reasons = cs_rotate_due_of(due, field, &count);
    for (size_t i = 0; i < count; i++) {
        cs_json_append(list, cs_json_text(cs_bytes_of_text(cs_due_why_name(reasons[i].why))));
    }
    return list;
}

static void put_json(const struct shown *shown, size_t index, struct cs_json *list)
{
    const struct cs_vault_field *field = &shown->progress.fields[index];
    enum cs_vault_campaign_step step = shown->progress.steps[index];
    const struct cs_vault_field_version *version = shown_version(field, step);
    struct cs_json *json = cs_rotate_field_json(shown->rotate, field);
    cs_json_set(json, "step", cs_json_text(cs_bytes_of_text(cs_vault_campaign_step_name(step))));
    cs_json_set(json, "due", due_json(&shown->due, field));
    if (version != NULL) {
        cs_json_set(json, "version", cs_command_json_id(&version->id));
        cs_json_set(json, "since", time_json(version->state_ms));
        cs_json_set(json, "by", cs_json_text(author_name(shown->rotate, version->author)));
        cs_json_set(json, "waits_to_be_sent", cs_json_boolean(version->state_waits));
    }
    cs_json_append(list, json);
}

static void put_row(const struct shown *shown, size_t index, struct cs_table *table)
{
    const struct cs_vault_field *field = &shown->progress.fields[index];
    enum cs_vault_campaign_step step = shown->progress.steps[index];
    const struct cs_vault_field_version *version = shown_version(field, step);
    const struct cs_rotate_item *item = cs_rotate_item(shown->rotate, &field->item);
    const struct cs_command *command = shown->rotate->work.command;
    char since[CS_TIME_TEXT_MAX] = "";
    size_t reasons = 0;
    if (version != NULL && version->state_ms != 0) {
        cs_instant_format(cs_instant_make(version->state_ms / 1000 * 1000, 0), since);
    }
    (void)cs_rotate_due_of(&shown->due, field, &reasons);
    cs_table_put(table, item == NULL ? CS_BYTES_NONE : item->listing.name);
    cs_table_put(table, item == NULL ? CS_BYTES_NONE : item->listing.user);
    cs_table_put(table, item == NULL ? CS_BYTES_NONE : item->listing.address);
    cs_table_put(table, field->name);
    cs_table_put_text(table, cs_rotate_step_words(command, step));
    cs_table_put_text(table, reasons == 0 ? "" : cs_command_words(command, "due", "须更换"));
    cs_table_put_text(table, since);
    cs_table_put(table,
                 version == NULL ? CS_BYTES_NONE : author_name(shown->rotate, version->author));
}

static void begin_table(struct cs_command *command, struct cs_table *table)
{
    static const char *const heads[][2] = {
        {"name", "名称"}, {"user", "用户名"}, {"address", "地址"}, {"field", "字段"},
        {"step", "步骤"}, {"due", "须更换"},  {"since", "自"},     {"by", "由"}};
    cs_table_init(table, CS_COUNT(heads));
    for (size_t i = 0; i < CS_COUNT(heads); i++) {
        cs_table_put_text(table, cs_command_words(command, heads[i][0], heads[i][1]));
    }
}

static enum cs_status print_campaign(const struct shown *shown)
{
    struct cs_command *command = shown->rotate->work.command;
    const struct cs_vault_campaign_progress *progress = &shown->progress;
    struct cs_table table;
    begin_table(command, &table);
    cs_command_print_safe(command, shown->project_name);
    cs_command_print(command, CS_WORDS(command, ": %zu of %zu changed\n", ":已修改 %zu / %zu\n"),
                     progress->counts[CS_CAMPAIGN_DONE],
                     progress->counts[CS_CAMPAIGN_DONE] + cs_rotate_left(progress));
    cs_command_print(command, "%s ", cs_command_words(command, "consent:", "客户同意:"));
    cs_command_print_safe(command, shown->campaign.consent);
    cs_command_print(command, "\n");
    for (size_t i = 0; i < progress->field_count; i++) {
        put_row(shown, i, &table);
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

static void add_campaign(const struct shown *shown, struct overview *overview)
{
    const struct cs_vault_campaign *campaign = &shown->campaign;
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_array();
    cs_json_set(json, "project", cs_command_json_id(&shown->rotate->vault.project));
    cs_json_set(json, "project_name", cs_json_text(shown->project_name));
    cs_json_set(json, "campaign", cs_rotate_campaign_json(campaign->id));
    cs_json_set(json, "begun_at", time_json(campaign->begun_ms));
    cs_json_set(json, "begun_by", cs_json_text(author_name(shown->rotate, campaign->author)));
    cs_json_set(json, "consent", cs_json_text(campaign->consent));
    cs_json_set(json, "counts", cs_rotate_counts_json(&shown->progress));
    for (size_t i = 0; i < shown->progress.field_count; i++) {
        put_json(shown, i, fields);
    }
    cs_json_set(json, "fields", fields);
    cs_json_append(overview->campaigns, json);
}

/* The campaign of the vault that was opened; none is no failure. */
static enum cs_status show(struct cs_rotate *rotate, struct overview *overview)
{
    struct cs_vault_work *work = &rotate->work;
    struct shown shown = {.rotate = rotate};
    enum cs_status status = cs_vault_campaign_find(work->book, &rotate->vault.vault, &work->arena,
                                                   &shown.campaign, NULL);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    status = cs_vault_campaign_progress(work->book, &shown.campaign, &work->arena, &shown.progress);
    if (status == CS_OK) {
        status = cs_vault_work_project_name(work, &rotate->vault.project, &shown.project_name);
    }
    if (status == CS_OK) {
        status = cs_rotate_due_read(rotate, &shown.due);
    }
    if (status == CS_OK) {
        overview->open++;
        if (overview->command->json) {
            add_campaign(&shown, overview);
        } else {
            status = print_campaign(&shown);
        }
    }
    cs_rotate_due_release(&shown.due);
    return status;
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
