/* vault list: what is stored, by name; no secret comes near it, and nothing is asked of the server. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/table.h"

struct list {
    struct cs_vault_work *work;
    const struct cs_vault_of_project *vault;
    struct cs_bytes project_name;
    struct cs_table table;
    struct cs_json *items;
};

static void put_json(struct list *list, const struct cs_vault_listed *listed)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "id", cs_command_json_id(&listed->item));
    cs_json_set(json, "vault", cs_command_json_id(&listed->vault));
    cs_json_set(json, "project", cs_command_json_id(&list->vault->project));
    cs_json_set(json, "project_name", cs_json_text(list->project_name));
    cs_json_set(json, "name", cs_json_text(listed->listing.name));
    cs_json_set(json, "user", cs_json_text(listed->listing.user));
    cs_json_set(json, "address", cs_json_text(listed->listing.address));
    cs_json_append(list->items, json);
}

static void put_row(struct list *list, const struct cs_vault_listed *listed)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&listed->item, id);
    cs_table_put_text(&list->table, id);
    cs_table_put(&list->table, list->project_name);
    cs_table_put(&list->table, listed->listing.name);
    cs_table_put(&list->table, listed->listing.user);
    cs_table_put(&list->table, listed->listing.address);
}

static enum cs_status take_item(void *context, const struct cs_vault_listed *listed)
{
    struct list *list = context;
    if (list->work->command->json) {
        put_json(list, listed);
    } else {
        put_row(list, listed);
    }
    return CS_OK;
}

/* Without a key nothing can be shown; why is said on standard error, and the other vaults follow. */
static enum cs_status list_vault(struct list *list, const struct cs_vault_of_project *vault)
{
    struct cs_command *command = list->work->command;
    struct cs_problem problem = {""};
    list->vault = vault;
    enum cs_status status =
        cs_vault_work_project_name(list->work, &vault->project, &list->project_name);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_catalog_items(list->work->book, &vault->vault, take_item, list, &problem);
    if (status == CS_DENIED || status == CS_EXPIRED) {
        cs_command_note(command, "%.*s: %s", (int)list->project_name.size,
                        list->project_name.size == 0 ? "" : (const char *)list->project_name.data,
                        problem.text[0] == '\0' ? cs_status_text(status) : problem.text);
        return CS_OK;
    }
    if (status != CS_OK) {
        command->problem = problem;
    }
    return status;
}

static enum cs_status list_all(struct list *list)
{
    struct cs_vault_of_project *vaults = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_vault_catalog_vaults(list->work->book, &list->work->arena, &vaults, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = list_vault(list, &vaults[i]);
    }
    return status;
}

static enum cs_status answer(struct list *list)
{
    struct cs_command *command = list->work->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "items", list->items);
        list->items = NULL;
        return cs_command_json(command, json);
    }
    if (cs_table_rows(&list->table) == 0) {
        cs_command_note(command, CS_WORDS(command, "nothing is stored here", "没有存储内容"));
    }
    return cs_table_print(&list->table, command);
}

enum cs_status cs_vault_command_list(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_vault_of_project vault;
    struct list list = {.work = &work, .items = cs_json_array()};
    enum cs_status status = cs_command_expect(command, 0, 1);
    if (status != CS_OK) {
        cs_json_destroy(list.items);
        return status;
    }
    cs_table_init(&list.table, 5);
    cs_table_put_text(&list.table, cs_command_words(command, "id", "编号"));
    cs_table_put_text(&list.table, cs_command_words(command, "project", "项目"));
    cs_table_put_text(&list.table, cs_command_words(command, "name", "名称"));
    cs_table_put_text(&list.table, cs_command_words(command, "user", "用户名"));
    cs_table_put_text(&list.table, cs_command_words(command, "address", "地址"));
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK && command->argument_count == 0) {
        status = list_all(&list);
    } else if (status == CS_OK) {
        status = cs_vault_work_vault(&work, cs_command_argument(command, 0), &vault);
        status = status != CS_OK ? status : list_vault(&list, &vault);
    }
    if (status == CS_OK) {
        status = answer(&list);
    }
    cs_json_destroy(list.items);
    cs_table_release(&list.table);
    cs_vault_work_end(&work);
    return status;
}
