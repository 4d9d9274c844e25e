/* The commands get and list. */
#include "field-client/commands/assignments.h"
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "shared/base/text.h"

/* Longer bytes are not shown but counted. */
#define BYTES_SHOWN_MAX ((size_t)64)
#define LINE_MAX_BYTES (4 * CS_MEBI)

static enum cs_status print_field(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_field *field, const struct cs_value *value,
                                  size_t width)
{
    const char *name = cs_view_field_name(command, field);
    struct cs_buffer text;
    cs_buffer_init(&text, LINE_MAX_BYTES);
    enum cs_status status = CS_OK;
    bool long_bytes = field->type == CS_FIELD_BYTES && value->kind == CS_VALUE_BYTES &&
                      value->bytes.size > BYTES_SHOWN_MAX;
    if (long_bytes) {
        cs_buffer_append_format(&text, "(%zu bytes)", value->bytes.size);
    } else {
        status = cs_view_value(command, replica, field, value, &text);
    }
    size_t columns = cs_utf8_columns(cs_bytes_of_text(name));
    cs_command_print(command, "%s:%*s ", name, (int)(width - columns), "");
    cs_command_print_safe(command, cs_buffer_bytes(&text));
    cs_command_print(command, "\n");
    cs_buffer_release(&text);
    return status;
}

static enum cs_status print_row(struct cs_command *command, struct cs_replica *replica,
                                const struct cs_stored_row *row, bool unsent)
{
    size_t width = 2;
    for (size_t i = 0; i < row->entity->field_count; i++) {
        size_t columns =
            cs_utf8_columns(cs_bytes_of_text(cs_view_field_name(command, &row->entity->fields[i])));
        width = columns > width ? columns : width;
    }
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    cs_command_print(command, "id:%*s %s\n", (int)width - 2, "", id);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        if (row->values[i].kind != CS_VALUE_NULL) {
            status = print_field(command, replica, &row->entity->fields[i], &row->values[i], width);
        }
    }
    if (unsent) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command,
                                          "(has changes that the server has not accepted yet)",
                                          "(有尚未被服务器接受的修改)"));
    }
    return status;
}

static enum cs_status answer_get(struct cs_command *command, struct cs_replica *replica,
                                 const struct cs_stored_row *row, bool unsent)
{
    if (!command->json) {
        return print_row(command, replica, row, unsent);
    }
    struct cs_json *json = NULL;
    enum cs_status status = cs_view_row_json(replica, row, CS_VIEW_ALL, &json);
    if (status != CS_OK) {
        return status;
    }
    cs_json_set(json, "_unsent", cs_json_boolean(unsent));
    return cs_command_json(command, json);
}

enum cs_status cs_command_get(struct cs_command *command)
{
    const struct cs_entity *entity;
    struct cs_replica *replica;
    struct cs_id id;
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &entity);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = cs_command_row(command, entity, cs_command_argument(command, 1), &id);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_bytes name = cs_bytes_of_text(entity->name);
    bool unsent = false;
    status = cs_query_get(replica, name, &id, &arena, &row, &command->problem);
    if (status == CS_OK) {
        status = cs_query_is_unsent(replica, name, &id, &unsent);
    }
    if (status == CS_OK) {
        status = answer_get(command, replica, &row, unsent);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- list ---- */

struct listing {
    struct cs_command *command;
    struct cs_replica *replica;
    const struct cs_entity *entity;
    struct cs_json *rows;   /* with --json, else NULL */
    struct cs_table *table; /* without */
    int64_t limit;
    int64_t count;
    bool full;       /* there are more rows than the limit */
    bool incomplete; /* the replica's first sync has not ended */
};

static enum cs_status put_row(struct listing *listing, const struct cs_stored_row *row)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    cs_table_put_text(listing->table, id);
    struct cs_buffer text;
    cs_buffer_init(&text, LINE_MAX_BYTES);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        if (cs_view_is_listed(&row->entity->fields[i])) {
            cs_buffer_clear(&text);
            status = cs_view_value(listing->command, listing->replica, &row->entity->fields[i],
                                   &row->values[i], &text);
            cs_table_put(listing->table, cs_buffer_bytes(&text));
        }
    }
    cs_buffer_release(&text);
    return status;
}

static enum cs_status visit_row(void *context, const struct cs_stored_row *row)
{
    struct listing *listing = context;
    if (listing->count == listing->limit) {
        listing->full = true;
        return CS_LIMIT;
    }
    listing->count++;
    if (!listing->command->json) {
        return put_row(listing, row);
    }
    struct cs_json *json = NULL;
    enum cs_status status = cs_view_row_json(listing->replica, row, CS_VIEW_LISTED, &json);
    if (status == CS_OK) {
        cs_json_append(listing->rows, json);
    }
    return status;
}

static enum cs_status scan(struct listing *listing)
{
    struct cs_command *command = listing->command;
    size_t count = command->argument_count - 1;
    struct cs_query_filter *filters = cs_alloc_zero(count + 1, sizeof *filters);
    if (filters == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        cs_require(cs_command_split_assignment(cs_command_argument(command, i + 1),
                                               &filters[i].field, &filters[i].text));
    }
    enum cs_status status = cs_query_list(listing->replica, cs_bytes_of_text(listing->entity->name),
                                          filters, count, visit_row, listing, &command->problem);
    cs_free(filters);
    return listing->full ? CS_OK : status;
}

static enum cs_status list_json(struct listing *listing)
{
    struct cs_json *json = cs_json_object();
    listing->rows = cs_json_array();
    enum cs_status status = scan(listing);
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(listing->entity->name)));
    cs_json_set(json, "rows", listing->rows);
    cs_json_set(json, "more", cs_json_boolean(listing->full));
    cs_json_set(json, "incomplete", cs_json_boolean(listing->incomplete));
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    return cs_command_json(listing->command, json);
}

static enum cs_status list_table(struct listing *listing)
{
    struct cs_command *command = listing->command;
    size_t columns = 1;
    for (size_t i = 0; i < listing->entity->field_count; i++) {
        columns += cs_view_is_listed(&listing->entity->fields[i]) ? 1 : 0;
    }
    struct cs_table table;
    cs_table_init(&table, columns);
    listing->table = &table;
    cs_table_put_text(&table, "id");
    for (size_t i = 0; i < listing->entity->field_count; i++) {
        if (cs_view_is_listed(&listing->entity->fields[i])) {
            cs_table_put_text(&table, cs_view_field_name(command, &listing->entity->fields[i]));
        }
    }
    enum cs_status status = scan(listing);
    if (status == CS_OK) {
        status = cs_table_print(&table, command);
    }
    if (status == CS_OK && listing->full) {
        cs_command_note(command,
                        CS_WORDS(command, "only the first %lld are shown", "仅显示前 %lld 行"),
                        (long long)listing->limit);
    }
    listing->table = NULL;
    cs_table_release(&table);
    return status;
}

enum cs_status cs_command_list(struct cs_command *command)
{
    struct listing listing = {.command = command, .limit = INT64_MAX};
    enum cs_status status =
        cs_command_option_number(command, "--limit", 1, INT64_MAX, &listing.limit);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, SIZE_MAX);
    }
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &listing.entity);
    }
    if (status == CS_OK) {
        status = cs_assignments_check(command, listing.entity, 1);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &listing.replica);
    }
    if (status == CS_OK) {
        status = cs_view_incomplete(command, listing.replica, &listing.incomplete);
    }
    if (status != CS_OK) {
        return status;
    }
    return command->json ? list_json(&listing) : list_table(&listing);
}
