/* vault show: an item's names, its fields and their versions with states; no secret comes near it. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/table.h"
#include "shared/base/text.h"

struct shown {
    struct cs_vault_work *work;
    struct cs_vault_credential credential;
    struct cs_bytes project_name;
    struct cs_vault_kept_version *versions;
    size_t count;
};

static struct cs_bytes author_of(struct shown *shown, const struct cs_vault_record *version)
{
    const struct cs_chain *chain = NULL;
    return cs_vault_book_chain(shown->work->book, version->author, &chain) == CS_OK
               ? chain->leaf.person_name
               : CS_BYTES_NONE;
}

static struct cs_json *version_json(struct shown *shown, const struct cs_vault_kept_version *kept)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "version", cs_command_json_id(&kept->version.version));
    cs_json_set(json, "field", cs_json_text(kept->version.field));
    cs_json_set(json, "state", cs_json_text(cs_bytes_of_text(cs_vault_state_name(kept->state))));
    cs_json_set(json, "stored_at", cs_vault_time_json(kept->logged_ms));
    cs_json_set(json, "author_name", cs_json_text(author_of(shown, &kept->version)));
    cs_json_set(json, "four_eyes", cs_json_boolean(kept->version.approvers.size > 0));
    cs_json_set(json, "epoch", cs_json_integer(kept->version.epoch));
    return json;
}

static enum cs_status answer_json(struct shown *shown)
{
    const struct cs_vault_credential *credential = &shown->credential;
    struct cs_json *json = cs_json_object();
    struct cs_json *versions = cs_json_array();
    for (size_t i = 0; i < shown->count; i++) {
        cs_json_append(versions, version_json(shown, &shown->versions[i]));
    }
    cs_json_set(json, "id", cs_command_json_id(&credential->item));
    cs_json_set(json, "vault", cs_command_json_id(&credential->vault.vault));
    cs_json_set(json, "project", cs_command_json_id(&credential->vault.project));
    cs_json_set(json, "project_name", cs_json_text(shown->project_name));
    cs_json_set(json, "name", cs_json_text(credential->listing.name));
    cs_json_set(json, "user", cs_json_text(credential->listing.user));
    cs_json_set(json, "address", cs_json_text(credential->listing.address));
    cs_json_set(json, "versions", versions);
    return cs_command_json(shown->work->command, json);
}

static void print_line(struct cs_command *command, const char *heading, struct cs_bytes text)
{
    if (text.size > 0) {
        cs_command_print(command, "%s: ", heading);
        cs_command_print_safe(command, text);
        cs_command_print(command, "\n");
    }
}

static void put_version(struct shown *shown, const struct cs_vault_kept_version *kept,
                        struct cs_table *table)
{
    char id[CS_ID_TEXT_SIZE];
    char at[CS_TIME_TEXT_MAX];
    cs_id_format(&kept->version.version, id);
    cs_instant_format(cs_instant_make(kept->logged_ms, 0), at);
    cs_table_put(table, kept->version.field);
    cs_table_put_text(table, cs_vault_state_words(shown->work->command, kept->state));
    cs_table_put_text(table, at);
    cs_table_put(table, author_of(shown, &kept->version));
    cs_table_put_text(table, id);
}

static enum cs_status answer_text(struct shown *shown)
{
    struct cs_table table;
    char id[CS_ID_TEXT_SIZE];
    struct cs_command *command = shown->work->command;
    const struct cs_vault_credential *credential = &shown->credential;
    cs_id_format(&credential->item, id);
    print_line(command, cs_command_words(command, "id", "编号"), cs_bytes_of_text(id));
    print_line(command, cs_command_words(command, "project", "项目"), shown->project_name);
    print_line(command, cs_command_words(command, "name", "名称"), credential->listing.name);
    print_line(command, cs_command_words(command, "user", "用户名"), credential->listing.user);
    print_line(command, cs_command_words(command, "address", "地址"), credential->listing.address);
    cs_table_init(&table, 5);
    cs_table_put_text(&table, cs_command_words(command, "field", "字段"));
    cs_table_put_text(&table, cs_command_words(command, "state", "状态"));
    cs_table_put_text(&table, cs_command_words(command, "stored at", "存入时间"));
    cs_table_put_text(&table, cs_command_words(command, "by", "存入人"));
    cs_table_put_text(&table, cs_command_words(command, "version", "版本"));
    for (size_t i = 0; i < shown->count; i++) {
        put_version(shown, &shown->versions[i], &table);
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

static enum cs_status show(struct shown *shown, const char *project)
{
    struct cs_vault_work *work = shown->work;
    struct cs_vault_credential *credential = &shown->credential;
    enum cs_status status =
        cs_vault_work_credential(work, cs_command_argument(work->command, 0), project, credential);
    if (status == CS_OK) {
        status = cs_vault_work_project_name(work, &credential->vault.project, &shown->project_name);
    }
    if (status == CS_OK) {
        status = cs_vault_catalog_versions(work->book, &credential->vault.vault, &credential->item,
                                           &work->arena, &shown->versions, &shown->count);
    }
    if (status != CS_OK) {
        return status;
    }
    return work->command->json ? answer_json(shown) : answer_text(shown);
}

enum cs_status cs_vault_command_show(struct cs_command *command)
{
    struct cs_vault_work work;
    struct shown shown = {.work = &work};
    const char *project = NULL;
    enum cs_status status = cs_command_option(command, "--project", &project);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = show(&shown, project);
    }
    cs_vault_work_end(&work);
    return status;
}
