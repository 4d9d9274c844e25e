/* The command receipt: void and series. */
#include "field-client/commands/visit_command.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "field-client/visit/void.h"
#include "shared/domain/receipt_number.h"

#include <stdio.h>

/* ---- void ---- */

static enum cs_status answer_void(struct cs_command *command,
                                  const struct cs_receipt_voided *voided)
{
    if (!command->json) {
        cs_command_print(command, CS_WORDS(command, "%s is void\n", "%s 已作废\n"), voided->number);
        return CS_OK;
    }
    struct cs_json *json = cs_visit_answer("receipt_void", &voided->row);
    cs_json_set(json, "number", cs_json_text(cs_bytes_of_text(voided->number)));
    cs_json_set(json, "receipt",
                voided->has_receipt ? cs_command_json_id(&voided->receipt) : cs_json_null());
    return cs_command_json(command, json);
}

enum cs_status cs_receipt_command_void(struct cs_command *command)
{
    const char *reason = NULL;
    struct cs_replica *replica;
    struct cs_receipt_voided voided;
    enum cs_status status = cs_command_option(command, "--reason", &reason);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && (reason == NULL || reason[0] == '\0')) {
        status = cs_command_usage(command, "say why: --reason TEXT");
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = cs_receipt_void(replica, cs_command_argument(command, 0), cs_bytes_of_text(reason),
                                 &voided, &command->problem);
    }
    return status != CS_OK ? status : answer_void(command, &voided);
}

/* ---- series ---- */

struct listing {
    struct cs_command *command;
    struct cs_replica *replica;
    bool whole; /* one series with all its numbers */
    struct cs_json *list;
    struct cs_table table;
};

static struct cs_json *number_json(const struct cs_series_account *account, int64_t number)
{
    char text[CS_RECEIPT_NUMBER_TEXT_MAX];
    size_t size;
    return cs_receipt_number_format(account->prefix, number, text, &size)
               ? cs_json_text(cs_bytes_make(text, size))
               : cs_json_null();
}

static struct cs_json *ranges_json(const struct cs_series_account *account)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < account->range_count; i++) {
        const struct cs_number_range *range = &account->ranges[i];
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "state",
                    cs_json_text(cs_bytes_of_text(cs_number_state_name(range->state))));
        cs_json_set(json, "first", number_json(account, range->first));
        cs_json_set(json, "last", number_json(account, range->last));
        cs_json_set(json, "count", cs_json_integer(range->last - range->first + 1));
        cs_json_append(list, json);
    }
    return list;
}

static struct cs_json *items_json(const struct cs_series_account *account)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < account->item_count; i++) {
        const struct cs_number_item *item = &account->items[i];
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "number", number_json(account, item->number));
        cs_json_set(json, item->is_receipt ? "receipt" : "receipt_void",
                    cs_command_json_id(&item->row));
        cs_json_set(json, "void", cs_json_boolean(item->is_void));
        if (!item->is_receipt) {
            cs_json_set(json, "reason", cs_json_text(item->reason));
        }
        cs_json_append(list, json);
    }
    return list;
}

static void put_json(struct listing *listing, const struct cs_series_account *account)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "id", cs_command_json_id(&account->series));
    cs_json_set(json, "prefix", cs_json_text(account->prefix));
    cs_json_set(json, "person",
                cs_id_is_zero(&account->person) ? cs_json_null()
                                                : cs_command_json_id(&account->person));
    for (int state = CS_NUMBER_USED; state <= CS_NUMBER_DUPLICATE; state++) {
        cs_json_set(json, cs_number_state_name((enum cs_number_state)state),
                    cs_json_integer(account->counts[state]));
    }
    cs_json_set(json, "ranges", ranges_json(account));
    if (listing->whole) {
        cs_json_set(json, "numbers", items_json(account));
    }
    cs_json_append(listing->list, json);
}

/* "000003" or "000003 … 000009": within a table that names the series. */
static void put_rows(struct listing *listing, const struct cs_series_account *account)
{
    struct cs_table *table = &listing->table;
    for (size_t i = 0; i < account->range_count; i++) {
        const struct cs_number_range *range = &account->ranges[i];
        char numbers[64];
        char count[24];
        if (range->first == range->last) {
            (void)snprintf(numbers, sizeof numbers, "%06lld", (long long)range->first);
        } else {
            (void)snprintf(numbers, sizeof numbers, "%06lld … %06lld", (long long)range->first,
                           (long long)range->last);
        }
        (void)snprintf(count, sizeof count, "%lld",
                       (long long)range->last - (long long)range->first + 1);
        cs_table_put(table, account->prefix);
        cs_table_put_text(table, listing->command->chinese ? cs_number_state_label_zh(range->state)
                                                           : cs_number_state_name(range->state));
        cs_table_put_text(table, numbers);
        cs_table_put_text(table, count);
    }
}

static enum cs_status list_one(struct listing *listing, const struct cs_id *id)
{
    struct cs_arena arena;
    struct cs_series_account account;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_series_account(listing->replica, id, &arena, &account, &listing->command->problem);
    if (status == CS_OK && listing->command->json) {
        put_json(listing, &account);
    } else if (status == CS_OK) {
        put_rows(listing, &account);
    }
    cs_arena_release(&arena);
    return status;
}

struct series_ids {
    struct cs_arena *arena;
    struct cs_id *ids;
    size_t count, capacity;
};

static enum cs_status add_id(void *context, const struct cs_stored_row *row)
{
    struct series_ids *list = context;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct cs_id *ids = cs_arena_take_array(list->arena, capacity, sizeof *ids);
        if (ids == NULL) {
            return CS_NO_MEMORY;
        }
        for (size_t i = 0; i < list->count; i++) {
            ids[i] = list->ids[i];
        }
        list->ids = ids;
        list->capacity = capacity;
    }
    list->ids[list->count++] = row->id;
    return CS_OK;
}

static enum cs_status list_all(struct listing *listing)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct series_ids list = {.arena = &arena};
    enum cs_status status = cs_query_list(listing->replica, cs_bytes_of_text("receipt_series"),
                                          NULL, 0, add_id, &list, &listing->command->problem);
    for (size_t i = 0; status == CS_OK && i < list.count; i++) {
        status = list_one(listing, &list.ids[i]);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status answer_series(struct listing *listing)
{
    struct cs_command *command = listing->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "series", listing->list);
        listing->list = NULL;
        return cs_command_json(command, json);
    }
    if (cs_table_rows(&listing->table) == 0) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "no receipt numbers yet", "还没有回执单号"));
    }
    return cs_table_print(&listing->table, command);
}

enum cs_status cs_receipt_command_series(struct cs_command *command)
{
    struct listing listing = {.command = command};
    struct cs_id id;
    enum cs_status status = cs_command_expect(command, 0, 1);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &listing.replica);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_table_init(&listing.table, 4);
    cs_table_put_text(&listing.table, cs_command_words(command, "series", "号段"));
    cs_table_put_text(&listing.table, cs_command_words(command, "state", "状态"));
    cs_table_put_text(&listing.table, cs_command_words(command, "numbers", "号码"));
    cs_table_put_text(&listing.table, cs_command_words(command, "count", "数量"));
    listing.list = command->json ? cs_json_array() : NULL;
    listing.whole = command->argument_count == 1;
    if (listing.whole) {
        status = cs_query_resolve(listing.replica, cs_bytes_of_text("receipt_series"),
                                  cs_command_argument(command, 0), &id, &command->problem);
        status = status != CS_OK ? status : list_one(&listing, &id);
    } else {
        status = list_all(&listing);
    }
    if (status == CS_OK) {
        status = answer_series(&listing);
    }
    cs_json_destroy(listing.list);
    cs_table_release(&listing.table);
    return status;
}
