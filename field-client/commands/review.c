/*
 * The command review: what devices sent after they were revoked, and deciding about it.
 *
 *   review list · review show WORK · review accept|reject WORK… | DEVICE [--reason TEXT]
 */
#include "field-client/commands/command_table.h"
#include "field-client/commands/device_list.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "field-client/replica/revocation.h"
#include "shared/base/text.h"
#include "shared/evidence/revocation.h"

#include <stdlib.h>
#include <string.h>

#define WORK "held_work"
#define REVIEW_ARENA_MAX (256 * CS_MEBI)
/* Decided at once: as many as the server holds of one device. */
#define WORKS_MAX ((size_t)20000)
#define ID_SHOWN_SIZE 13

struct works {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_arena *arena;
    struct work {
        struct cs_id id;
        struct cs_id device;
        int64_t counter;
    } * items;
    size_t count;
    /* For the list. */
    struct cs_json *list;
    struct cs_table table;
};

static struct cs_value value_of(const struct cs_stored_row *row, const char *field)
{
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(field));
    return index < 0 ? CS_NULL : row->values[index];
}

/* Is there a review of it here already, perhaps one that waits to be sent? */
static enum cs_status is_decided(const struct works *works, const struct cs_id *id, bool *out)
{
    struct cs_arena arena;
    struct cs_value work = cs_value_bytes(cs_id_bytes(id));
    struct cs_id *ids = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status =
        cs_query_find(works->replica, cs_bytes_of_text("review"), cs_bytes_of_text("work"), &work,
                      1, &arena, &ids, &count, &works->command->problem);
    *out = count > 0;
    cs_arena_release(&arena);
    return status;
}

/* ---- list, show ---- */

static const char *const shown[] = {"device", "author", "summary", "claimed_at", "received_at"};

static enum cs_status put_work(void *context, const struct cs_stored_row *row)
{
    struct works *works = context;
    struct cs_command *command = works->command;
    bool decided;
    enum cs_status status = is_decided(works, &row->id, &decided);
    if (status != CS_OK || decided) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = NULL;
        status = cs_view_row_json(works->replica, row, CS_VIEW_ALL, &json);
        cs_json_append(works->list, json);
        return status;
    }
    char id[CS_ID_TEXT_SIZE];
    struct cs_buffer text;
    cs_id_format(&row->id, id);
    id[ID_SHOWN_SIZE] = '\0';
    cs_table_put_text(&works->table, id);
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(shown); i++) {
        int index = cs_entity_field_index(row->entity, cs_bytes_of_text(shown[i]));
        cs_buffer_clear(&text);
        if (index >= 0) {
            status = cs_view_value(command, works->replica, &row->entity->fields[index],
                                   &row->values[index], &text);
        }
        cs_table_put(&works->table, cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    return status;
}

static enum cs_status answer_list(struct works *works)
{
    struct cs_command *command = works->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "held_work", works->list);
        works->list = NULL;
        return cs_command_json(command, json);
    }
    if (cs_table_rows(&works->table) == 0) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "nothing waits for review", "没有待审查的内容"));
    }
    return cs_table_print(&works->table, command);
}

static enum cs_status list_works(struct cs_command *command, struct cs_replica *replica)
{
    struct works works = {.command = command, .replica = replica};
    const struct cs_entity *entity;
    enum cs_status status = cs_command_entity(command, cs_bytes_of_text(WORK), &entity);
    if (status != CS_OK) {
        return status;
    }
    cs_table_init(&works.table, CS_COUNT(shown) + 1);
    cs_table_put_text(&works.table, "id");
    for (size_t i = 0; i < CS_COUNT(shown); i++) {
        int index = cs_entity_field_index(entity, cs_bytes_of_text(shown[i]));
        cs_table_put_text(&works.table, index < 0
                                            ? shown[i]
                                            : cs_view_field_name(command, &entity->fields[index]));
    }
    works.list = command->json ? cs_json_array() : NULL;
    const struct cs_query_filter open = {cs_bytes_of_text("state"), cs_bytes_of_text("open")};
    status = cs_query_list(replica, cs_bytes_of_text(WORK), &open, 1, put_work, &works,
                           &command->problem);
    if (status == CS_OK) {
        status = answer_list(&works);
    }
    cs_json_destroy(works.list);
    cs_table_release(&works.table);
    return status;
}

static enum cs_status print_operations(struct cs_command *command, const struct cs_stored_row *row)
{
    struct cs_json *operations = NULL;
    struct cs_buffer text;
    cs_command_print_safe(command, value_of(row, "summary").bytes);
    cs_command_print(command, "\n");
    enum cs_status status = cs_json_parse(value_of(row, "operations").bytes, &operations);
    cs_buffer_init(&text, CS_MEBI);
    if (status == CS_OK) {
        status = cs_json_write(operations, 2, &text);
    }
    if (status == CS_OK) {
        cs_command_print_safe(command, cs_buffer_bytes(&text));
        cs_command_print(command, "\n");
    }
    cs_json_destroy(operations);
    cs_buffer_release(&text);
    return status;
}

static enum cs_status show_work(struct cs_command *command, struct cs_replica *replica)
{
    struct cs_id id;
    struct cs_stored_row row;
    struct cs_arena arena;
    cs_arena_init(&arena, REVIEW_ARENA_MAX);
    enum cs_status status = cs_query_resolve(
        replica, cs_bytes_of_text(WORK), cs_command_argument(command, 0), &id, &command->problem);
    if (status == CS_OK) {
        status =
            cs_query_get(replica, cs_bytes_of_text(WORK), &id, &arena, &row, &command->problem);
    }
    if (status == CS_OK && command->json) {
        struct cs_json *json = NULL;
        status = cs_view_row_json(replica, &row, CS_VIEW_ALL, &json);
        if (status == CS_OK) {
            status = cs_command_json(command, json);
        }
    } else if (status == CS_OK) {
        status = print_operations(command, &row);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- accept, reject ---- */

static enum cs_status add_work(struct works *works, const struct cs_stored_row *row)
{
    struct work *work = &works->items[works->count];
    if (works->count == WORKS_MAX) {
        return cs_problem_set(&works->command->problem, CS_LIMIT, "too many at once");
    }
    *work = (struct work){.id = row->id, .counter = value_of(row, "counter").integer};
    (void)cs_id_from_bytes(value_of(row, "device").bytes, &work->device);
    works->count++;
    return CS_OK;
}

static enum cs_status add_visited(void *context, const struct cs_stored_row *row)
{
    bool decided;
    enum cs_status status = is_decided(context, &row->id, &decided);
    return status != CS_OK || decided ? status : add_work(context, row);
}

/* All that waits of one device. */
static enum cs_status add_device(struct works *works, struct cs_bytes text)
{
    struct cs_device_item *items = NULL;
    const struct cs_device_item *item;
    size_t count = 0;
    char id[CS_ID_TEXT_SIZE];
    enum cs_status status =
        cs_device_list(works->command, works->replica, works->arena, &items, &count);
    if (status == CS_OK) {
        status = cs_device_find(works->command, items, count, text, &item);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_id_format(&item->id, id);
    const struct cs_query_filter filters[] = {
        {cs_bytes_of_text("state"), cs_bytes_of_text("open")},
        {cs_bytes_of_text("device"), cs_bytes_of_text(id)},
    };
    return cs_query_list(works->replica, cs_bytes_of_text(WORK), filters, CS_COUNT(filters),
                         add_visited, works, &works->command->problem);
}

/* One argument: held work by its id or the beginning of it, or else a device with all that waits of it. */
static enum cs_status add_argument(struct works *works, struct cs_bytes text)
{
    struct cs_id id;
    struct cs_stored_row row;
    struct cs_problem problem = {""};
    enum cs_status status =
        cs_query_resolve(works->replica, cs_bytes_of_text(WORK), text, &id, &problem);
    if (status == CS_NOT_FOUND) {
        return add_device(works, text);
    }
    if (status != CS_OK) {
        return cs_problem_set(&works->command->problem, status, "%s", problem.text);
    }
    status = cs_query_get(works->replica, cs_bytes_of_text(WORK), &id, works->arena, &row,
                          &works->command->problem);
    return status != CS_OK ? status : add_work(works, &row);
}

/* As the device made them: what rests on another comes after it. */
static int compare_work(const void *left, const void *right)
{
    const struct work *a = left;
    const struct work *b = right;
    int order = memcmp(a->device.bytes, b->device.bytes, CS_ID_SIZE);
    return order != 0 ? order : (a->counter > b->counter) - (a->counter < b->counter);
}

static enum cs_status decide(struct works *works, const char *decision, const char *reason)
{
    struct cs_id *ids = cs_arena_take_array(works->arena, works->count, sizeof *ids);
    if (ids == NULL) {
        return CS_NO_MEMORY;
    }
    qsort(works->items, works->count, sizeof *works->items, compare_work);
    for (size_t i = 0; i < works->count; i++) {
        ids[i] = works->items[i].id;
    }
    struct cs_command *command = works->command;
    enum cs_status status = cs_review_make(works->replica, ids, works->count, decision,
                                           cs_bytes_of_text(reason), &command->problem);
    if (status != CS_OK) {
        return status;
    }
    bool accepted = strcmp(decision, CS_REVIEW_ACCEPT) == 0;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "decision", cs_json_text(cs_bytes_of_text(decision)));
        cs_json_set(json, "count", cs_json_integer((int64_t)works->count));
        return cs_command_json(command, json);
    }
    cs_command_print(command,
                     CS_WORDS(command, "%zu %s: it counts from the next sync on\n",
                              "%zu 项%s:自下次同步起生效\n"),
                     works->count,
                     accepted ? cs_command_words(command, "accepted", "已接受")
                              : cs_command_words(command, "rejected", "已驳回"));
    return CS_OK;
}

static enum cs_status decide_arguments(struct cs_command *command, struct cs_replica *replica,
                                       const char *decision, const char *reason)
{
    struct cs_arena arena;
    cs_arena_init(&arena, REVIEW_ARENA_MAX);
    struct works works = {.command = command, .replica = replica, .arena = &arena};
    works.items = cs_arena_take_array(&arena, WORKS_MAX + 1, sizeof *works.items);
    enum cs_status status = works.items == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < command->argument_count; i++) {
        status = add_argument(&works, cs_command_argument(command, i));
    }
    if (status == CS_OK && works.count == 0) {
        status = cs_problem_set(&command->problem, CS_NOT_FOUND,
                                "nothing of it waits for review: see countersign review list");
    }
    if (status == CS_OK) {
        status = decide(&works, decision, reason);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status check_action(struct cs_command *command, const char *action,
                                   const char **out_reason)
{
    bool lists = action == NULL || strcmp(action, "list") == 0;
    bool decides =
        !lists && (strcmp(action, CS_REVIEW_ACCEPT) == 0 || strcmp(action, CS_REVIEW_REJECT) == 0);
    if (!lists && !decides && strcmp(action, "show") != 0) {
        return cs_command_usage(command, "\"%.60s\" is not list, show, accept or reject", action);
    }
    enum cs_status status = decides ? cs_command_option(command, "--reason", out_reason) : CS_OK;
    if (status == CS_OK) {
        status = cs_command_expect(command, lists ? 0 : 1, lists ? 0 : decides ? SIZE_MAX : 1);
    }
    if (status == CS_OK && decides && (*out_reason == NULL || (*out_reason)[0] == '\0')) {
        status = cs_command_usage(command, "--reason TEXT is needed: it is signed with the "
                                           "decision");
    }
    return status;
}

enum cs_status cs_command_review(struct cs_command *command)
{
    struct cs_replica *replica;
    const char *reason = NULL;
    const char *action = cs_command_shift(command);
    enum cs_status status = check_action(command, action, &reason);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    if (action == NULL || strcmp(action, "list") == 0) {
        return list_works(command, replica);
    }
    return strcmp(action, "show") == 0 ? show_work(command, replica)
                                       : decide_arguments(command, replica, action, reason);
}
