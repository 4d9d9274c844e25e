/* vault leases: what this device has taken along. vault return: giving it back. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/commands/vault/vault_lease.h"
#include "field-client/console/lease_notice.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "field-client/vault/lease.h"

#include <string.h>

#define DIGITS_MIN ((size_t)4)
#define DIGITS_SHOWN 12

void cs_vault_lease_until(const struct cs_command *command, int64_t ms, char *out)
{
    const struct cs_world *world = command->world;
    cs_instant_format(cs_instant_make(ms, world->offset_minutes(world->context)), out);
}

/* ---- words ---- */

static const char *state_name(const struct cs_vault_lease *lease)
{
    switch (lease->state) {
    case CS_VAULT_LEASE_QUEUED:
        return "queued";
    case CS_VAULT_LEASE_WAITING:
        return "waits for approval";
    case CS_VAULT_LEASE_USABLE:
        return "usable";
    case CS_VAULT_LEASE_OVER:
        break;
    }
    return cs_vault_lease_end_name(lease->end);
}

static const char *state_words(const struct cs_command *command, const struct cs_vault_lease *lease)
{
    static const char *const states[] = {[CS_VAULT_LEASE_QUEUED] = "待发送",
                                         [CS_VAULT_LEASE_WAITING] = "待审批",
                                         [CS_VAULT_LEASE_USABLE] = "可用"};
    if (!command->chinese) {
        return state_name(lease);
    }
    return lease->state == CS_VAULT_LEASE_OVER ? cs_lease_end_words(command, lease->end)
                                               : states[lease->state];
}

static enum cs_status work_order_label(struct cs_vault_work *work,
                                       const struct cs_vault_record *lease, struct cs_bytes *out)
{
    struct cs_id id;
    struct cs_buffer label;
    const struct cs_entity *entity =
        cs_registry_find(work->command->registry, cs_bytes_of_text("work_order"));
    cs_buffer_init(&label, 64 * CS_KIBI);
    enum cs_status status = entity == NULL || !cs_id_from_bytes(lease->work_order, &id)
                                ? CS_UNSUPPORTED
                                : cs_query_label(work->replica, entity, &id, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&label), out);
    }
    cs_buffer_release(&label);
    return status;
}

/* The project by the vault's creation; empty where the vault is not known any more. */
static enum cs_status project_of(struct cs_vault_work *work, const struct cs_id *vault,
                                 struct cs_vault_of_project *out, struct cs_bytes *out_name)
{
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_catalog_vaults(work->book, &work->arena, &list, &count);
    *out_name = CS_BYTES_NONE;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (cs_id_equal(&list[i].vault, vault)) {
            *out = list[i];
            return cs_vault_work_project_name(work, &list[i].project, out_name);
        }
    }
    return status;
}

/* ---- leases ---- */

static enum cs_status put_row(struct cs_vault_work *work, struct cs_table *table,
                              const struct cs_vault_lease *lease)
{
    char id[2 * CS_HASH_SIZE + 1];
    char until[CS_TIME_TEXT_MAX];
    char number[24];
    struct cs_vault_of_project vault;
    struct cs_bytes project;
    struct cs_bytes order;
    enum cs_status status = project_of(work, &lease->record.vault, &vault, &project);
    if (status == CS_OK) {
        status = work_order_label(work, &lease->record, &order);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_hex_encode(cs_bytes_of_array(lease->record.id), id);
    id[DIGITS_SHOWN] = '\0';
    cs_vault_lease_until(work->command, lease->record.expires_ms, until);
    (void)snprintf(number, sizeof number, "%zu", lease->record.versions.size / CS_ID_SIZE);
    cs_table_put_text(table, id);
    cs_table_put(table, project);
    cs_table_put(table, order);
    cs_table_put_text(table, number);
    cs_table_put_text(table, until);
    cs_table_put_text(table, state_words(work->command, lease));
    return CS_OK;
}

static struct cs_json *versions_json(const struct cs_vault_record *lease)
{
    struct cs_json *list = cs_json_array();
    for (size_t at = 0; at < lease->versions.size; at += CS_ID_SIZE) {
        struct cs_id id;
        memcpy(id.bytes, lease->versions.data + at, CS_ID_SIZE);
        cs_json_append(list, cs_command_json_id(&id));
    }
    return list;
}

static enum cs_status put_json(struct cs_vault_work *work, struct cs_json *list,
                               const struct cs_vault_lease *lease)
{
    char id[2 * CS_HASH_SIZE + 1];
    struct cs_vault_of_project vault;
    struct cs_bytes project;
    struct cs_id order;
    enum cs_status status = project_of(work, &lease->record.vault, &vault, &project);
    if (status != CS_OK) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_hex_encode(cs_bytes_of_array(lease->record.id), id);
    cs_json_set(json, "lease", cs_json_text(cs_bytes_of_text(id)));
    cs_json_set(json, "vault", cs_command_json_id(&lease->record.vault));
    cs_json_set(json, "project",
                project.size > 0 ? cs_command_json_id(&vault.project) : cs_json_null());
    cs_json_set(json, "project_name", cs_json_text(project));
    cs_json_set(json, "work_order",
                cs_id_from_bytes(lease->record.work_order, &order) ? cs_command_json_id(&order)
                                                                   : cs_json_null());
    cs_json_set(json, "reason", cs_json_text(lease->record.reason));
    cs_json_set(json, "taken", cs_vault_time_json(lease->taken_ms));
    cs_json_set(json, "until", cs_vault_time_json(lease->record.expires_ms));
    cs_json_set(json, "state", cs_json_text(cs_bytes_of_text(state_name(lease))));
    cs_json_set(json, "usable", cs_json_boolean(lease->state == CS_VAULT_LEASE_USABLE));
    cs_json_set(json, "ended",
                lease->state == CS_VAULT_LEASE_OVER ? cs_vault_time_json(lease->ended_ms)
                                                    : cs_json_null());
    cs_json_set(json, "versions", versions_json(&lease->record));
    cs_json_append(list, json);
    return CS_OK;
}

static void put_headings(struct cs_table *table, const struct cs_command *command)
{
    cs_table_put_text(table, cs_command_words(command, "lease", "借用"));
    cs_table_put_text(table, cs_command_words(command, "project", "项目"));
    cs_table_put_text(table, cs_command_words(command, "work order", "派工单"));
    cs_table_put_text(table, cs_command_words(command, "passwords", "密码数"));
    cs_table_put_text(table, cs_command_words(command, "until", "到期"));
    cs_table_put_text(table, cs_command_words(command, "state", "状态"));
}

static enum cs_status answer(struct cs_vault_work *work, const struct cs_vault_lease *leases,
                             size_t count, bool all)
{
    struct cs_command *command = work->command;
    struct cs_table table;
    struct cs_json *list = cs_json_array();
    enum cs_status status = CS_OK;
    cs_table_init(&table, 6);
    put_headings(&table, command);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (!all && leases[i].state == CS_VAULT_LEASE_OVER) {
            continue;
        }
        status =
            command->json ? put_json(work, list, &leases[i]) : put_row(work, &table, &leases[i]);
    }
    if (status == CS_OK && command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "leases", list);
        list = NULL;
        status = cs_command_json(command, json);
    } else if (status == CS_OK) {
        if (cs_table_rows(&table) == 0) {
            cs_command_note(command, CS_WORDS(command, "nothing is leased", "没有借用"));
        }
        status = cs_table_print(&table, command);
    }
    cs_json_destroy(list);
    cs_table_release(&table);
    return status;
}

enum cs_status cs_vault_command_leases(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_vault_lease *leases = NULL;
    size_t count = 0;
    bool all = cs_command_flag(command, "--all");
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = cs_vault_leases(work.book, &work.arena, &leases, &count);
    }
    if (status == CS_OK) {
        status = answer(&work, leases, count, all);
    }
    cs_vault_work_end(&work);
    return status;
}

/* ---- return ---- */

static bool is_named(const struct cs_vault_lease *lease, struct cs_bytes text)
{
    char id[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_of_array(lease->record.id), id);
    return text.size >= DIGITS_MIN && text.size <= strlen(id) &&
           memcmp(id, text.data, text.size) == 0;
}

/* The one lease that was typed. CS_NOT_FOUND, CS_EXISTS: exit code 2. */
static enum cs_status find_typed(struct cs_command *command, const struct cs_vault_lease *leases,
                                 size_t count, const struct cs_vault_lease **out)
{
    struct cs_bytes text = cs_command_argument(command, 0);
    const struct cs_vault_lease *found = NULL;
    size_t fits = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_named(&leases[i], text)) {
            found = &leases[i];
            fits++;
        }
    }
    if (fits == 1) {
        *out = found;
        return CS_OK;
    }
    command->exit_code = CS_EXIT_USAGE;
    return cs_problem_set(&command->problem, fits == 0 ? CS_NOT_FOUND : CS_EXISTS,
                          fits == 0 ? "this device has no lease %.60s: see countersign vault leases"
                                    : "several leases begin with %.60s: type more of it",
                          command->arguments[0]);
}

static enum cs_status give_back(struct cs_vault_work *work, const struct cs_vault_lease *leases,
                                size_t count, size_t *out_returned)
{
    struct cs_command *command = work->command;
    const struct cs_vault_lease *typed = NULL;
    enum cs_status status = CS_OK;
    cs_require(leases != NULL);
    if (command->argument_count > 0) {
        status = find_typed(command, leases, count, &typed);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_vault_lease *lease = leases + i;
        if (typed == NULL ? lease->state != CS_VAULT_LEASE_OVER : typed == lease) {
            status = cs_vault_lease_return(work->book, lease->record.id, &command->problem);
            *out_returned += status == CS_OK ? 1 : 0;
        }
    }
    return status;
}

/* The keys are gone already; that others hear of it can wait for the next sync. */
static bool tell_server(struct cs_vault_work *work, size_t returned)
{
    enum cs_status status = returned > 0 ? cs_vault_work_sync(work) : CS_OK;
    work->command->problem.text[0] = '\0';
    return status == CS_OK;
}

static enum cs_status answer_return(struct cs_command *command, size_t returned, bool told)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "returned", cs_json_integer((int64_t)returned));
        cs_json_set(json, "sent", cs_json_boolean(told));
        return cs_command_json(command, json);
    }
    cs_command_print(command, CS_WORDS(command, "%zu returned%s\n", "已归还 %zu 份%s\n"), returned,
                     told ? ""
                          : cs_command_words(command, "; the server hears of it with the next sync",
                                             ";将在下次同步时告知服务器"));
    return CS_OK;
}

enum cs_status cs_vault_command_return(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_vault_lease *leases = NULL;
    size_t count = 0;
    size_t returned = 0;
    enum cs_status status = cs_command_expect(command, 0, 1);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = cs_vault_leases(work.book, &work.arena, &leases, &count);
    }
    if (status == CS_OK) {
        status = give_back(&work, leases, count, &returned);
    }
    if (status == CS_OK) {
        status = answer_return(command, returned, tell_server(&work, returned));
    }
    cs_vault_work_end(&work);
    return status;
}
