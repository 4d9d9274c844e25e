/* vault import: a password file of another program into a vault; entry by entry, each whole or not at all, and again where it stopped. */
#include "field-client/commands/vault/password_file.h"
#include "field-client/commands/vault/vault_command.h"
#include "field-client/vault_files/import_store.h"
#include "shared/base/text.h"

#include <string.h>
#include <unistd.h>

#define REFUSED_MAX ((size_t)4096)

struct importing {
    struct cs_vault_work *work;
    struct cs_vault_of_project vault;
    const struct cs_password_list *list;
    struct cs_import_item *items;
    enum cs_import_standing *before; /* what each was when it was looked at */
    size_t stored;                   /* entries of which something was */
    size_t refused;
    bool dry_run;
};

/* ---- words ---- */

static const char *outcome_key(const struct importing *importing, size_t index)
{
    if (importing->items[index].refusal != NULL) {
        return "refused";
    }
    switch (importing->before[index]) {
    case CS_IMPORT_NEW:
        return "stored";
    case CS_IMPORT_IN_PART:
        return "completed";
    case CS_IMPORT_HERE:
    case CS_IMPORT_REFUSED:
        break;
    }
    return "here";
}

static const struct {
    enum cs_import_remark remark;
    const char *key;
    const char *english;
    const char *chinese;
} remarks[] = {
    {CS_IMPORT_NAME_CHANGED, "name_changed", "the name was made readable, or shorter",
     "名称已规范或截短"},
    {CS_IMPORT_ADDRESS_SECRET, "address_secret",
     "the address cannot be listed and is the secret \"address\"",
     "地址不宜列出,已作为密文字段 address"},
    {CS_IMPORT_FIELD_RENAMED, "field_renamed", "a field has another name", "有字段已改名"},
};

/* ---- storing ---- */

static struct cs_import_item *find_item(const struct importing *importing, size_t first,
                                        size_t count, const struct cs_id *id)
{
    for (size_t i = first; i < first + count; i++) {
        if (cs_id_equal(&importing->items[i].id, id)) {
            return &importing->items[i];
        }
    }
    return NULL;
}

/* What the server refused of this batch is the entry's refusal, and put aside: it is told here. */
static enum cs_status take_refusals(struct importing *importing, size_t first, size_t count)
{
    struct cs_vault_work *work = importing->work;
    struct cs_queued_record *queued = NULL;
    size_t queued_count = 0;
    enum cs_status status =
        cs_queued_records(work->replica, true, REFUSED_MAX, &work->arena, &queued, &queued_count);
    for (size_t i = 0; status == CS_OK && i < queued_count; i++) {
        struct cs_vault_record record;
        struct cs_import_item *item = NULL;
        if (cs_vault_record_decode(queued[i].record, &record) == CS_OK) {
            item = find_item(importing, first, count, &record.item);
        }
        if (item != NULL) {
            const char *text = cs_arena_text(&work->arena, queued[i].text);
            item->refusal =
                text == NULL || text[0] == '\0' ? cs_status_text(queued[i].status) : text;
            status = cs_queued_record_remove(work->replica, queued[i].id);
        }
    }
    return status;
}

static void show_progress(const struct importing *importing, size_t done)
{
    struct cs_command *command = importing->work->command;
    if (cs_console_errors_are_terminal(command->console, command->err)) {
        (void)fprintf(command->err, "\r%zu / %zu%s", done, importing->list->count,
                      done == importing->list->count ? "\n" : "");
        (void)fflush(command->err);
    }
}

static enum cs_status store(struct importing *importing)
{
    struct cs_vault_work *work = importing->work;
    enum cs_status status = CS_OK;
    for (size_t first = 0; status == CS_OK && first < importing->list->count;
         first += CS_IMPORT_BATCH_MAX) {
        size_t left = importing->list->count - first;
        size_t count = left < CS_IMPORT_BATCH_MAX ? left : CS_IMPORT_BATCH_MAX;
        size_t queued = 0;
        status = cs_import_queue(work->book, &importing->vault.vault, importing->items + first,
                                 count, &queued, &work->command->problem);
        if (status == CS_OK && queued > 0) {
            status = cs_vault_work_sync(work);
        }
        if (status == CS_OK && queued > 0) {
            status = take_refusals(importing, first, count);
        }
        show_progress(importing, first + count);
    }
    return status;
}

/* ---- answers ---- */

static struct cs_json *remarks_json(const struct cs_import_item *item)
{
    struct cs_json *json = cs_json_array();
    for (size_t i = 0; i < CS_COUNT(remarks); i++) {
        if ((item->remarks & remarks[i].remark) != 0) {
            cs_json_append(json, cs_json_text(cs_bytes_of_text(remarks[i].key)));
        }
    }
    return json;
}

static struct cs_json *item_json(const struct importing *importing, size_t index)
{
    const struct cs_import_item *item = &importing->items[index];
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entry", cs_json_integer((int64_t)index + 1));
    cs_json_set(json, "id", cs_command_json_id(&item->id));
    cs_json_set(json, "name", cs_json_text(item->listing.name));
    cs_json_set(json, "outcome", cs_json_text(cs_bytes_of_text(outcome_key(importing, index))));
    cs_json_set(json, "fields", cs_json_integer((int64_t)item->field_count));
    cs_json_set(json, "remarks", remarks_json(item));
    if (item->refusal != NULL) {
        cs_json_set(json, "text", cs_json_text(cs_bytes_of_text(item->refusal)));
    }
    return json;
}

static struct cs_json *losses_json(const struct cs_password_list *list)
{
    struct cs_json *array = cs_json_array();
    for (size_t i = 0; i < list->loss_count; i++) {
        const struct cs_password_loss *loss = &list->losses[i];
        struct cs_json *json = cs_json_object();
        if (loss->entry != CS_PASSWORD_LOSS_OF_FILE) {
            cs_json_set(json, "entry", cs_json_integer((int64_t)loss->entry + 1));
        }
        cs_json_set(json, "kind",
                    cs_json_text(cs_bytes_of_text(cs_password_loss_text(loss->kind))));
        cs_json_set(json, "name", cs_json_text(loss->name));
        cs_json_set(json, "count", cs_json_integer((int64_t)loss->count));
        cs_json_append(array, json);
    }
    return array;
}

static enum cs_status answer_json(struct importing *importing)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *items = cs_json_array();
    for (size_t i = 0; i < importing->list->count; i++) {
        cs_json_append(items, item_json(importing, i));
    }
    cs_json_set(json, "dry_run", cs_json_boolean(importing->dry_run));
    cs_json_set(json, "project", cs_command_json_id(&importing->vault.project));
    cs_json_set(json, "entries", cs_json_integer((int64_t)importing->list->count));
    cs_json_set(json, "stored", cs_json_integer((int64_t)importing->stored));
    cs_json_set(json, "refused", cs_json_integer((int64_t)importing->refused));
    cs_json_set(json, "items", items);
    cs_json_set(json, "left_out", losses_json(importing->list));
    return cs_command_json(importing->work->command, json);
}

static void print_name(struct cs_command *command, const struct importing *importing, size_t index)
{
    cs_command_print(command, "%zu  ", index + 1);
    cs_command_print_safe(command, importing->items[index].listing.name);
    cs_command_print(command, ": ");
}

/* A line for what a person should look at; the rest is counted. */
static void print_item(struct cs_command *command, const struct importing *importing, size_t index)
{
    const struct cs_import_item *item = &importing->items[index];
    if (item->refusal != NULL) {
        print_name(command, importing, index);
        cs_command_print(command, "%s ", cs_command_words(command, "REFUSED:", "未存入:"));
        cs_command_print_safe(command, cs_bytes_of_text(item->refusal));
        cs_command_print(command, "\n");
    }
    for (size_t i = 0; i < CS_COUNT(remarks); i++) {
        if ((item->remarks & remarks[i].remark) != 0) {
            print_name(command, importing, index);
            cs_command_print(command, "%s\n",
                             cs_command_words(command, remarks[i].english, remarks[i].chinese));
        }
    }
}

static void print_losses(struct cs_command *command, const struct cs_password_list *list)
{
    for (size_t i = 0; i < list->loss_count; i++) {
        const struct cs_password_loss *loss = &list->losses[i];
        if (loss->entry != CS_PASSWORD_LOSS_OF_FILE) {
            cs_command_print(command, "%zu  ", loss->entry + 1);
        }
        cs_command_print(command, "%s %s (%zu) ", cs_command_words(command, "left out:", "未导入:"),
                         cs_password_loss_text(loss->kind), loss->count);
        cs_command_print_safe(command, loss->name);
        cs_command_print(command, "\n");
    }
}

static enum cs_status answer(struct importing *importing)
{
    struct cs_command *command = importing->work->command;
    for (size_t i = 0; i < importing->list->count; i++) {
        bool refused = importing->items[i].refusal != NULL;
        bool here = importing->before[i] == CS_IMPORT_HERE;
        importing->refused += refused ? 1 : 0;
        importing->stored += refused || here ? 0 : 1;
    }
    if (importing->refused > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (command->json) {
        return answer_json(importing);
    }
    for (size_t i = 0; i < importing->list->count; i++) {
        print_item(command, importing, i);
    }
    print_losses(command, importing->list);
    cs_command_print(
        command,
        importing->dry_run
            ? CS_WORDS(command, "%zu entries: %zu would be stored, %zu are here, %zu refused\n",
                       "共 %zu 条:将存入 %zu,已有 %zu,拒绝 %zu\n")
            : CS_WORDS(command, "%zu entries: %zu stored, %zu were here, %zu refused\n",
                       "共 %zu 条:存入 %zu,已有 %zu,拒绝 %zu\n"),
        importing->list->count, importing->stored,
        importing->list->count - importing->stored - importing->refused, importing->refused);
    return CS_OK;
}

/* ---- the command ---- */

static enum cs_status look(struct importing *importing)
{
    struct cs_vault_work *work = importing->work;
    size_t count = importing->list->count;
    enum cs_status status =
        cs_import_look(work->book, &importing->vault.vault, importing->list, &work->arena,
                       &importing->items, &work->command->problem);
    importing->before = status == CS_OK
                            ? cs_arena_take_array(&work->arena, count, sizeof *importing->before)
                            : NULL;
    if (status == CS_OK && importing->before == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        importing->before[i] = cs_import_standing_of(&importing->items[i]);
    }
    return status;
}

static enum cs_status import(struct cs_vault_work *work, const char *project, bool dry_run,
                             const struct cs_password_list *list)
{
    struct importing importing = {.work = work, .list = list, .dry_run = dry_run};
    enum cs_status status = cs_vault_work_sync(work);
    if (status == CS_OK) {
        status = cs_vault_work_vault(work, cs_bytes_of_text(project), &importing.vault);
    }
    if (status == CS_OK) {
        status = look(&importing);
    }
    if (status == CS_OK && !dry_run) {
        status = store(&importing);
        if (status != CS_OK) {
            cs_command_note(work->command,
                            CS_WORDS(work->command,
                                     "stopped; what was stored stays, and the same command goes on",
                                     "已中断;已存入的内容保留,重新执行同一命令即可继续"));
        }
    }
    return status != CS_OK ? status : answer(&importing);
}

enum cs_status cs_vault_command_import(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_password_file_options options;
    struct cs_password_list list;
    enum cs_password_format format;
    const char *project = NULL;
    bool dry_run = cs_command_flag(command, "--dry-run");
    enum cs_status status = cs_command_option(command, "--project", &project);
    if (status == CS_OK) {
        status = cs_password_file_take_options(command, &options);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && project == NULL) {
        status = cs_command_usage(command, "say into which vault with --project");
    }
    if (status != CS_OK) {
        return status;
    }
    cs_password_list_init(&list);
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = cs_password_file_read(command, command->arguments[0], &options, &list, &format);
    }
    if (status == CS_OK) {
        status = import(&work, project, dry_run, &list);
    }
    cs_vault_work_end(&work);
    cs_password_list_release(&list);
    return status;
}
