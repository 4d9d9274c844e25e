/* vault lease: what the work orders of the next days need, shown, confirmed, and taken along. */
#include "field-client/commands/vault/vault_lease.h"
#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/secret_input.h"
#include "field-client/console/table.h"
#include "field-client/vault/lease_offer.h"
#include "field-client/visit/orders.h"
#include "shared/base/text.h"

#include <string.h>

#define DAYS 3
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define MINUTE_MS (INT64_C(60) * 1000)

/* One work order, what is offered for it, and the leases that were taken. */
struct wanted {
    struct cs_visit_order order;
    struct cs_vault_lease_offer offer;
    bool has_offer; /* it names a project */
    struct cs_bytes project_name;
    uint8_t (*leases)[CS_HASH_SIZE];
    size_t lease_count;
};

struct lease_command {
    struct cs_vault_work work;
    int64_t days;
    int64_t expires_ms;
    bool yes;
    const char *reason;
    struct wanted *wanted;
    size_t count;
    size_t choices; /* in all */
};

/* ---- what is wanted ---- */

static enum cs_status find_typed(struct lease_command *lease, struct cs_visit_order **out,
                                 size_t *out_count)
{
    struct cs_command *command = lease->work.command;
    const struct cs_entity *entity =
        cs_registry_find(command->registry, cs_bytes_of_text("work_order"));
    size_t count = command->argument_count;
    struct cs_visit_order *orders = cs_arena_take_array(&lease->work.arena, count, sizeof *orders);
    enum cs_status status = entity == NULL ? CS_UNSUPPORTED : orders == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_id id;
        status = cs_command_row(command, entity, cs_command_argument(command, i), &id);
        if (status == CS_OK) {
            status = cs_visit_order_find(lease->work.replica, &id, &lease->work.arena, &orders[i],
                                         &command->problem);
        }
    }
    *out = orders;
    *out_count = count;
    return status;
}

static enum cs_status make_offer(struct lease_command *lease, struct wanted *wanted)
{
    struct cs_vault_work *work = &lease->work;
    wanted->has_offer = wanted->order.has_project;
    if (!wanted->has_offer) {
        return CS_OK;
    }
    enum cs_status status =
        cs_vault_work_project_name(work, &wanted->order.project, &wanted->project_name);
    if (status == CS_OK) {
        status = cs_vault_lease_offer(work->book, &wanted->order.id, &wanted->order.project,
                                      lease->expires_ms, &work->arena, &wanted->offer,
                                      &work->command->problem);
    }
    if (status == CS_OK) {
        lease->choices += wanted->offer.count;
    }
    return status;
}

static enum cs_status find_wanted(struct lease_command *lease)
{
    struct cs_visit_order *orders = NULL;
    enum cs_status status = lease->work.command->argument_count > 0
                                ? find_typed(lease, &orders, &lease->count)
                                : cs_visit_orders(lease->work.replica, lease->expires_ms,
                                                  &lease->work.arena, &orders, &lease->count);
    if (status != CS_OK) {
        return status;
    }
    lease->wanted = cs_arena_take_array(&lease->work.arena, lease->count, sizeof *lease->wanted);
    status = lease->wanted == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < lease->count; i++) {
        lease->wanted[i] = (struct wanted){.order = orders[i]};
        status = make_offer(lease, &lease->wanted[i]);
    }
    return status;
}

/* ---- for people ---- */

static const char *lack_words(const struct cs_command *command, const struct wanted *wanted)
{
    if (!wanted->has_offer) {
        return cs_command_words(command, "names no system of a project", "未注明项目的系统");
    }
    switch (wanted->offer.lack) {
    case CS_VAULT_LEASE_LACKS_VAULT:
        return cs_command_words(command, "the project has no vault that you may use",
                                "该项目没有您可用的密码库");
    case CS_VAULT_LEASE_LACKS_RIGHT:
        return cs_command_words(command, "you may not take along passwords of this project",
                                "您无权借用该项目的密码");
    case CS_VAULT_LEASE_LACKS_PASSWORDS:
        return cs_command_words(command, "no password is stored", "没有存储密码");
    case CS_VAULT_LEASE_LACKS_NEWS:
        return cs_command_words(command, "all of it is leased already", "已全部借用");
    case CS_VAULT_LEASE_LACKS_NOTHING:
        break;
    }
    return "";
}

static void order_text(const struct cs_visit_order *order, char out[static CS_ID_TEXT_SIZE + 64])
{
    if (order->number.size > 0) {
        (void)snprintf(out, CS_ID_TEXT_SIZE + 64, "%.*s",
                       (int)(order->number.size < 60 ? order->number.size : 60),
                       (const char *)order->number.data);
        return;
    }
    cs_id_format(&order->id, out);
}

static void put_choice(struct cs_table *table, const struct lease_command *lease,
                       const struct wanted *wanted, const struct cs_vault_lease_choice *choice)
{
    const struct cs_command *command = lease->work.command;
    char order[CS_ID_TEXT_SIZE + 64];
    order_text(&wanted->order, order);
    cs_table_put_text(table, order);
    cs_table_put(table, wanted->project_name);
    cs_table_put(table, choice->name);
    cs_table_put(table, choice->user);
    cs_table_put(table, choice->address);
    cs_table_put(table, choice->field);
    cs_table_put_text(table, cs_vault_state_words(command, choice->state));
    cs_table_put_text(
        table, choice->four_eyes ? cs_command_words(command, "needs approval", "需审批") : "");
}

static void put_headings(struct cs_table *table, const struct cs_command *command)
{
    cs_table_put_text(table, cs_command_words(command, "work order", "派工单"));
    cs_table_put_text(table, cs_command_words(command, "project", "项目"));
    cs_table_put_text(table, cs_command_words(command, "name", "名称"));
    cs_table_put_text(table, cs_command_words(command, "user", "用户名"));
    cs_table_put_text(table, cs_command_words(command, "address", "地址"));
    cs_table_put_text(table, cs_command_words(command, "field", "字段"));
    cs_table_put_text(table, cs_command_words(command, "state", "状态"));
    cs_table_put_text(table, cs_command_words(command, "four eyes", "双人"));
}

static enum cs_status show(struct lease_command *lease)
{
    struct cs_command *command = lease->work.command;
    struct cs_table table;
    char order[CS_ID_TEXT_SIZE + 64];
    cs_table_init(&table, 8);
    put_headings(&table, command);
    for (size_t i = 0; i < lease->count; i++) {
        const struct wanted *wanted = &lease->wanted[i];
        for (size_t j = 0; j < wanted->offer.count; j++) {
            put_choice(&table, lease, wanted, &wanted->offer.choices[j]);
        }
        if (wanted->offer.count == 0) {
            order_text(&wanted->order, order);
            cs_command_note(command, "%s: %s", order, lack_words(command, wanted));
        }
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

/* "y" or "是" from the terminal. */
static enum cs_status confirm(struct lease_command *lease)
{
    struct cs_command *command = lease->work.command;
    char until[CS_TIME_TEXT_MAX];
    char line[64] = "";
    if (lease->yes) {
        return CS_OK;
    }
    if (!cs_console_input_is_terminal(command->console)) {
        return cs_command_usage(command, "nothing was taken: nobody is here to confirm the list; "
                                         "--yes does");
    }
    cs_vault_lease_until(command, lease->expires_ms, until);
    (void)fflush(command->out);
    (void)fprintf(command->err,
                  CS_WORDS(command,
                           "All of it counts as disclosed to you, and can be seen without network "
                           "until %s.\nTake it along? [y/N] ",
                           "以上内容均视为已向您披露,可离线查看至 %s。\n确认借用?[y/N] "),
                  until);
    (void)fflush(command->err);
    bool agreed = cs_console_read_line(command->console, line, sizeof line) &&
                  (line[0] == 'y' || line[0] == 'Y' || strncmp(line, "是", strlen("是")) == 0);
    return agreed ? CS_OK : cs_problem_set(&command->problem, CS_DENIED, "nothing was taken along");
}

/* ---- taking ---- */

static enum cs_status take_one(struct lease_command *lease, struct wanted *wanted)
{
    char order[CS_ID_TEXT_SIZE + 64];
    char reason[CS_VAULT_REASON_MAX];
    struct cs_command *command = lease->work.command;
    order_text(&wanted->order, order);
    (void)snprintf(reason, sizeof reason, CS_WORDS(command, "work order %s", "派工单 %s"), order);
    return cs_vault_lease_accept(lease->work.book, &wanted->offer,
                                 cs_bytes_of_text(lease->reason != NULL ? lease->reason : reason),
                                 lease->expires_ms, &lease->work.arena, &wanted->leases,
                                 &wanted->lease_count, &command->problem);
}

static enum cs_status check_outcomes(struct lease_command *lease)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < lease->count; i++) {
        for (size_t j = 0; status == CS_OK && j < lease->wanted[i].lease_count; j++) {
            status = cs_vault_work_outcome(&lease->work, lease->wanted[i].leases[j]);
        }
    }
    return status;
}

static enum cs_status take_all(struct lease_command *lease)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < lease->count; i++) {
        if (lease->wanted[i].offer.count > 0) {
            status = take_one(lease, &lease->wanted[i]);
        }
    }
    if (status == CS_OK) {
        status = cs_vault_work_sync(&lease->work);
    }
    return status != CS_OK ? status : check_outcomes(lease);
}

/* ---- the answer ---- */

static const char *const lacks[] = {
    [CS_VAULT_LEASE_LACKS_VAULT] = "vault",
    [CS_VAULT_LEASE_LACKS_RIGHT] = "right",
    [CS_VAULT_LEASE_LACKS_PASSWORDS] = "passwords",
    [CS_VAULT_LEASE_LACKS_NEWS] = "news",
};

static struct cs_json *choices_json(const struct wanted *wanted)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < wanted->offer.count; i++) {
        const struct cs_vault_lease_choice *choice = &wanted->offer.choices[i];
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "credential", cs_command_json_id(&choice->item));
        cs_json_set(json, "name", cs_json_text(choice->name));
        cs_json_set(json, "user", cs_json_text(choice->user));
        cs_json_set(json, "address", cs_json_text(choice->address));
        cs_json_set(json, "field", cs_json_text(choice->field));
        cs_json_set(json, "version", cs_command_json_id(&choice->version));
        cs_json_set(json, "state",
                    cs_json_text(cs_bytes_of_text(cs_vault_state_name(choice->state))));
        cs_json_set(json, "four_eyes", cs_json_boolean(choice->four_eyes));
        cs_json_append(list, json);
    }
    return list;
}

static struct cs_json *wanted_json(const struct wanted *wanted)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *leases = cs_json_array();
    enum cs_vault_lease_lack lack = wanted->offer.lack;
    for (size_t i = 0; i < wanted->lease_count; i++) {
        char id[2 * CS_HASH_SIZE + 1];
        cs_hex_encode(cs_bytes_of_array(wanted->leases[i]), id);
        cs_json_append(leases, cs_json_text(cs_bytes_of_text(id)));
    }
    cs_json_set(json, "work_order", cs_command_json_id(&wanted->order.id));
    cs_json_set(json, "number", cs_json_text(wanted->order.number));
    cs_json_set(json, "project",
                wanted->has_offer ? cs_command_json_id(&wanted->order.project) : cs_json_null());
    cs_json_set(json, "project_name", cs_json_text(wanted->project_name));
    cs_json_set(json, "lacks",
                !wanted->has_offer ? cs_json_text(cs_bytes_of_text("project"))
                : lack == CS_VAULT_LEASE_LACKS_NOTHING
                    ? cs_json_null()
                    : cs_json_text(cs_bytes_of_text(lacks[lack])));
    cs_json_set(json, "already_leased", cs_json_integer((int64_t)wanted->offer.leased));
    cs_json_set(json, "credentials", choices_json(wanted));
    cs_json_set(json, "leases", leases);
    return json;
}

static enum cs_status answer_json(struct lease_command *lease, bool taken)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < lease->count; i++) {
        cs_json_append(list, wanted_json(&lease->wanted[i]));
    }
    cs_json_set(json, "taken", cs_json_boolean(taken));
    cs_json_set(json, "until", cs_vault_time_json(lease->expires_ms));
    cs_json_set(json, "work_orders", list);
    return cs_command_json(lease->work.command, json);
}

static void print_taken(const struct lease_command *lease)
{
    struct cs_command *command = lease->work.command;
    char until[CS_TIME_TEXT_MAX];
    bool waits = false;
    cs_vault_lease_until(command, lease->expires_ms, until);
    for (size_t i = 0; i < lease->count; i++) {
        waits = waits || lease->wanted[i].offer.four_eyes;
    }
    cs_command_print(command,
                     CS_WORDS(command, "%zu taken along until %s\n", "已借用 %zu 项,至 %s\n"),
                     lease->choices, until);
    if (waits) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "some of it needs somebody else's approval first: then sync, before "
                             "you leave",
                             "部分内容需他人审批:审批后请在出发前同步"));
    }
}

static enum cs_status run(struct lease_command *lease)
{
    struct cs_command *command = lease->work.command;
    /* With what the server has now: without network no lease could be answered either. */
    enum cs_status status = cs_vault_work_sync_all(&lease->work);
    if (status == CS_OK) {
        status = find_wanted(lease);
    }
    if (status == CS_OK && command->json && (!lease->yes || lease->choices == 0)) {
        return answer_json(lease, false);
    }
    if (status == CS_OK && !command->json) {
        status = show(lease);
    }
    if (status == CS_OK && lease->choices == 0) {
        cs_command_note(command,
                        CS_WORDS(command, "there is nothing to take along", "没有可借用的内容"));
        return CS_OK;
    }
    if (status == CS_OK) {
        status = confirm(lease);
    }
    if (status == CS_OK) {
        status = take_all(lease);
    }
    if (status == CS_OK && command->json) {
        return answer_json(lease, true);
    }
    if (status == CS_OK) {
        print_taken(lease);
    }
    return status;
}

enum cs_status cs_vault_command_lease(struct cs_command *command)
{
    struct lease_command lease = {.days = DAYS};
    enum cs_status status =
        cs_command_option_number(command, "--days", 1, CS_VAULT_LEASE_DAYS_MAX, &lease.days);
    if (status == CS_OK) {
        status = cs_command_option(command, "--reason", &lease.reason);
    }
    lease.yes = cs_command_flag(command, "--yes");
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, CS_VAULT_VERSIONS_MAX);
    }
    if (status == CS_OK && lease.reason != NULL &&
        (lease.reason[0] == '\0' || strlen(lease.reason) > CS_VAULT_REASON_MAX)) {
        status = cs_command_usage(command, "a reason has 1 to %d bytes", (int)CS_VAULT_REASON_MAX);
    }
    if (status != CS_OK) {
        return status;
    }
    lease.expires_ms = command->world->wall_ms(command->world->context) + lease.days * DAY_MS;
    lease.expires_ms -= lease.expires_ms % MINUTE_MS; /* a moment that people can read */
    status = cs_vault_work_begin(command, &lease.work);
    if (status == CS_OK) {
        status = run(&lease);
    }
    cs_vault_work_end(&lease.work);
    return status;
}
