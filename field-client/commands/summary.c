/* The commands summary (a dashboard) and today (what a technician has before him): reports of field-client/replica/query_report.h. */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "field-client/replica/query_report.h"

#define CELL_MAX (1 * CS_MEBI)

/* Ages are no field of a row. */
static const struct cs_field age_field = {.name = "age",
                                          .type = CS_FIELD_CHOICE,
                                          .choices = "under_1_day|under_3_days|under_7_days|"
                                                     "under_30_days|older",
                                          .choices_zh = "1天内|3天内|7天内|30天内|30天以上"};

struct answering {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_json *json; /* with --json: the object; else NULL */
    struct cs_json *list; /* of the report that runs */
    struct cs_table table;
};

/* What says how a value of this column is written. */
static struct cs_field field_of(const struct answering *answering,
                                const struct cs_report_column *column)
{
    struct cs_field plain = {.name = column->name, .type = column->type};
    if (column->type != CS_FIELD_CHOICE) {
        return plain;
    }
    if (column->entity == NULL) {
        return age_field;
    }
    const struct cs_entity *entity =
        cs_registry_find(answering->command->registry, cs_bytes_of_text(column->entity));
    int index =
        entity == NULL ? -1 : cs_entity_field_index(entity, cs_bytes_of_text(column->field));
    return index < 0 ? plain : entity->fields[index];
}

/* ---- for programs ---- */

static enum cs_status add_object(void *context, const struct cs_report *report,
                                 const struct cs_value *values)
{
    struct answering *answering = context;
    struct cs_json *row = cs_json_object();
    for (size_t i = 0; i < CS_REPORT_COLUMNS_MAX && report->columns[i].name != NULL; i++) {
        struct cs_field field = field_of(answering, &report->columns[i]);
        cs_json_set(row, report->columns[i].name, cs_view_value_json(&field, &values[i]));
    }
    if (report->shape == CS_REPORT_LIST) {
        cs_json_append(answering->list, row);
    } else {
        cs_json_set(answering->json, report->name, row);
    }
    return CS_OK;
}

static enum cs_status answer_json(struct answering *answering, const struct cs_report *report)
{
    answering->list = cs_json_array();
    enum cs_status status = cs_query_report(answering->replica, report, add_object, answering);
    if (report->shape == CS_REPORT_LIST) {
        cs_json_set(answering->json, report->name, answering->list);
    } else {
        cs_json_destroy(answering->list);
    }
    answering->list = NULL;
    return status;
}

/* ---- for people ---- */

/* Ids say nothing to them. */
static bool is_shown(const struct cs_report_column *column)
{
    return column->type != CS_FIELD_REFERENCE;
}

static enum cs_status add_cells(void *context, const struct cs_report *report,
                                const struct cs_value *values)
{
    struct answering *answering = context;
    struct cs_buffer cell;
    enum cs_status status = CS_OK;
    cs_buffer_init(&cell, CELL_MAX);
    for (size_t i = 0;
         status == CS_OK && i < CS_REPORT_COLUMNS_MAX && report->columns[i].name != NULL; i++) {
        struct cs_field field = field_of(answering, &report->columns[i]);
        if (is_shown(&report->columns[i])) {
            cs_buffer_clear(&cell);
            status =
                cs_view_value(answering->command, answering->replica, &field, &values[i], &cell);
            cs_table_put(&answering->table, cs_buffer_bytes(&cell));
        }
    }
    cs_buffer_release(&cell);
    return status;
}

static enum cs_status print_table(struct answering *answering, const struct cs_report *report)
{
    struct cs_command *command = answering->command;
    size_t columns = 0;
    for (size_t i = 0; i < CS_REPORT_COLUMNS_MAX && report->columns[i].name != NULL; i++) {
        columns += is_shown(&report->columns[i]) ? 1 : 0;
    }
    cs_table_init(&answering->table, columns);
    for (size_t i = 0; i < CS_REPORT_COLUMNS_MAX && report->columns[i].name != NULL; i++) {
        const struct cs_report_column *column = &report->columns[i];
        if (is_shown(column)) {
            cs_table_put_text(&answering->table,
                              cs_command_words(command, column->label_en, column->label_zh));
        }
    }
    enum cs_status status = cs_query_report(answering->replica, report, add_cells, answering);
    if (status == CS_OK && cs_table_rows(&answering->table) > 0) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, report->title_en, report->title_zh));
        status = cs_table_print(&answering->table, command);
        cs_command_print(command, "\n");
    }
    cs_table_release(&answering->table);
    return status;
}

/* ---- both ---- */

static enum cs_status answer_all(struct answering *answering, const struct cs_report *const *list)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && list[i] != NULL; i++) {
        status = answering->json != NULL ? answer_json(answering, list[i])
                                         : print_table(answering, list[i]);
    }
    return status;
}

static enum cs_status begin(struct answering *answering)
{
    struct cs_command *command = answering->command;
    bool incomplete = false;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &answering->replica);
    }
    if (status == CS_OK) {
        status = cs_view_incomplete(command, answering->replica, &incomplete);
    }
    if (status == CS_OK && command->json) {
        answering->json = cs_json_object();
        status = answering->json == NULL ? CS_NO_MEMORY : CS_OK;
        cs_json_set(answering->json, "incomplete", cs_json_boolean(incomplete));
    }
    return status;
}

static enum cs_status end(struct answering *answering, enum cs_status status)
{
    if (status == CS_OK && answering->json != NULL) {
        return cs_command_json(answering->command, answering->json);
    }
    cs_json_destroy(answering->json);
    return status;
}

enum cs_status cs_command_summary(struct cs_command *command)
{
    struct answering answering = {.command = command};
    enum cs_status status = begin(&answering);
    if (status == CS_OK) {
        status = answer_all(&answering, cs_report_summary());
    }
    return end(&answering, status);
}

/* What waits, was refused, or has to be decided. */
static enum cs_status answer_counts(struct answering *answering)
{
    struct cs_command *command = answering->command;
    struct cs_pending_counts counts;
    int64_t conflicts = 0;
    enum cs_status status = cs_query_pending_counts(answering->replica, &counts);
    if (status == CS_OK) {
        status = cs_query_count(answering->replica, "conflict", "state", "open", &conflicts);
    }
    if (status != CS_OK) {
        return status;
    }
    int64_t waiting = counts.waiting + counts.packed;
    if (answering->json == NULL) {
        cs_command_print(command,
                         CS_WORDS(command, "to be sent: %lld, refused: %lld, conflicts: %lld\n",
                                  "待发送 %lld,被拒绝 %lld,冲突 %lld\n"),
                         (long long)waiting, (long long)counts.refused, (long long)conflicts);
        return CS_OK;
    }
    cs_json_set(answering->json, "waiting", cs_json_integer(waiting));
    cs_json_set(answering->json, "refused", cs_json_integer(counts.refused));
    cs_json_set(answering->json, "conflicts", cs_json_integer(conflicts));
    return CS_OK;
}

enum cs_status cs_command_today(struct cs_command *command)
{
    struct answering answering = {.command = command};
    enum cs_status status = begin(&answering);
    if (status == CS_OK) {
        status = answer_all(&answering, cs_report_today());
    }
    if (status == CS_OK) {
        status = answer_counts(&answering);
    }
    return end(&answering, status);
}
