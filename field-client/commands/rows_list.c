/* The command list. */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "field-client/replica/query_select.h"
#include "shared/base/text.h"

#define LINE_MAX_BYTES (4 * CS_MEBI)

struct listing {
    struct cs_command *command;
    struct cs_replica *replica;
    const struct cs_entity *entity;
    struct cs_query_selection selection;
    struct cs_query_condition conditions[CS_QUERY_CONDITIONS_MAX];
    enum cs_query_counting counting;
    struct cs_query_extent extent;
    struct cs_json *rows;   /* with --json, else NULL */
    struct cs_table *table; /* without */
    bool incomplete;        /* the replica's first sync has not ended */
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
        if (cs_field_is_listed(&row->entity->fields[i])) {
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

static enum cs_status find(struct listing *listing)
{
    return cs_query_select(listing->replica, cs_bytes_of_text(listing->entity->name),
                           &listing->selection, listing->counting, &listing->extent, visit_row,
                           listing, &listing->command->problem);
}

static enum cs_status list_json(struct listing *listing)
{
    struct cs_json *json = cs_json_object();
    listing->rows = cs_json_array();
    enum cs_status status = find(listing);
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(listing->entity->name)));
    cs_json_set(json, "rows", listing->rows);
    cs_json_set(json, "more", cs_json_boolean(listing->extent.more));
    if (listing->counting == CS_QUERY_COUNTED) {
        cs_json_set(json, "total", cs_json_integer(listing->extent.total));
    }
    cs_json_set(json, "incomplete", cs_json_boolean(listing->incomplete));
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    return cs_command_json(listing->command, json);
}

/* What people have to know beside the rows. */
static void tell_extent(struct listing *listing)
{
    struct cs_command *command = listing->command;
    if (listing->extent.more && listing->selection.offset == 0) {
        cs_command_note(command,
                        CS_WORDS(command, "only the first %lld are shown", "仅显示前 %lld 行"),
                        (long long)listing->selection.limit);
    } else if (listing->extent.more) {
        cs_command_note(
            command, "%s",
            cs_command_words(command, "there are more behind the last one", "后面还有更多行"));
    }
    if (listing->counting == CS_QUERY_COUNTED) {
        cs_command_note(command, CS_WORDS(command, "%lld in all", "共 %lld 行"),
                        (long long)listing->extent.total);
    }
}

static enum cs_status list_table(struct listing *listing)
{
    struct cs_command *command = listing->command;
    size_t columns = 1;
    for (size_t i = 0; i < listing->entity->field_count; i++) {
        columns += cs_field_is_listed(&listing->entity->fields[i]) ? 1 : 0;
    }
    struct cs_table table;
    cs_table_init(&table, columns);
    listing->table = &table;
    cs_table_put_text(&table, "id");
    for (size_t i = 0; i < listing->entity->field_count; i++) {
        if (cs_field_is_listed(&listing->entity->fields[i])) {
            cs_table_put_text(&table, cs_view_field_name(command, &listing->entity->fields[i]));
        }
    }
    enum cs_status status = find(listing);
    if (status == CS_OK) {
        status = cs_table_print(&table, command);
    }
    if (status == CS_OK) {
        tell_extent(listing);
    }
    listing->table = NULL;
    cs_table_release(&table);
    return status;
}

/* ---- what was typed ---- */

/* A text option, as UTF-8. */
static enum cs_status take_text(struct cs_command *command, const char *name, struct cs_bytes *out)
{
    const char *text = NULL;
    enum cs_status status = cs_command_option(command, name, &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    *out = cs_bytes_of_text(text);
    return cs_utf8_valid(*out) ? CS_OK : cs_command_usage(command, "%s is not UTF-8", name);
}

static enum cs_status take_options(struct listing *listing)
{
    struct cs_command *command = listing->command;
    struct cs_query_selection *selection = &listing->selection;
    selection->limit = INT64_MAX;
    enum cs_status status =
        cs_command_option_number(command, "--limit", 1, INT64_MAX, &selection->limit);
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--offset", 0, INT64_MAX, &selection->offset);
    }
    if (status == CS_OK) {
        status = take_text(command, "--search", &selection->search);
    }
    if (status == CS_OK) {
        status = take_text(command, "--sort", &selection->sort);
    }
    bool descending = cs_command_flag(command, "--descending");
    selection->direction = descending ? CS_QUERY_DESCENDING : CS_QUERY_ASCENDING;
    listing->counting = cs_command_flag(command, "--total") ? CS_QUERY_COUNTED : CS_QUERY_UNCOUNTED;
    return status;
}

/* field=value, field>=value, field<=value */
static enum cs_status take_condition(struct listing *listing, size_t argument,
                                     struct cs_query_condition *out)
{
    struct cs_command *command = listing->command;
    size_t index;
    out->relation = CS_QUERY_EQUAL;
    if (!cs_command_split_assignment(cs_command_argument(command, argument), &out->field,
                                     &out->text)) {
        return cs_command_usage(command,
                                "\"%.60s\" is not of the form field=value, field>=value or "
                                "field<=value",
                                command->arguments[argument]);
    }
    uint8_t sign = out->field.data[out->field.size - 1];
    if (sign == '>' || sign == '<') {
        out->relation = sign == '>' ? CS_QUERY_AT_LEAST : CS_QUERY_AT_MOST;
        out->field.size--;
    }
    enum cs_status status = cs_command_field(command, listing->entity, out->field, &index);
    if (status == CS_OK && !cs_utf8_valid(out->text)) {
        return cs_command_usage(command, "the value of %s is not UTF-8",
                                listing->entity->fields[index].name);
    }
    return status;
}

static enum cs_status take_arguments(struct listing *listing)
{
    struct cs_command *command = listing->command;
    size_t sorted;
    enum cs_status status = cs_command_expect(command, 1, 1 + CS_QUERY_CONDITIONS_MAX);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &listing->entity);
    }
    for (size_t i = 1; status == CS_OK && i < command->argument_count; i++) {
        status = take_condition(listing, i, &listing->conditions[i - 1]);
        listing->selection.condition_count++;
    }
    listing->selection.conditions = listing->conditions;
    if (status == CS_OK && listing->selection.sort.size > 0) {
        status = cs_command_field(command, listing->entity, listing->selection.sort, &sorted);
    }
    return status;
}

enum cs_status cs_command_list(struct cs_command *command)
{
    struct listing listing = {.command = command};
    enum cs_status status = take_options(&listing);
    if (status == CS_OK) {
        status = take_arguments(&listing);
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
