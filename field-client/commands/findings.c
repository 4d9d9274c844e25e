/* The commands conflicts and exceptions: what the server found and a person has to look at. */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "shared/domain/exception_kinds.h"

/* As much of an id as people need to type: eight digits, hyphen, four. Ids of findings are hashes. */
#define ID_SHOWN_SIZE 13

struct report {
    const char *entity;        /* "conflict" */
    const char *key;           /* of the JSON list */
    const char *const *fields; /* columns; "row" is shown by its label */
    size_t field_count;
    const char *empty, *empty_zh; /* said when there are none */
};

struct findings {
    struct cs_command *command;
    struct cs_replica *replica;
    const struct report *report;
    struct cs_json *list;
    struct cs_table table;
    uint64_t kinds; /* of exceptions that were listed: bit i is the kind at i of the table */
};

/* The kind of an exception, NULL for a conflict and for kinds of a newer server; notes that it was listed. */
static const struct cs_exception_kind *kind_of(struct findings *findings,
                                               const struct cs_stored_row *row)
{
    int at = cs_entity_field_index(row->entity, cs_bytes_of_text("kind"));
    for (size_t i = 0; at >= 0 && i < 64 && cs_exception_kind_at(i) != NULL; i++) {
        const struct cs_exception_kind *kind = cs_exception_kind_at(i);
        if (cs_bytes_equal_text(row->values[at].bytes, kind->name)) {
            findings->kinds |= UINT64_C(1) << i;
            return kind;
        }
    }
    return NULL;
}

/* Label of the row a finding is about; its id where the row is not here. */
static enum cs_status append_subject(const struct findings *findings,
                                     const struct cs_stored_row *row, struct cs_buffer *out,
                                     struct cs_id *out_id)
{
    int entity_at = cs_entity_field_index(row->entity, cs_bytes_of_text("entity"));
    int row_at = cs_entity_field_index(row->entity, cs_bytes_of_text("row"));
    if (entity_at < 0 || row_at < 0 || !cs_id_from_bytes(row->values[row_at].bytes, out_id)) {
        *out_id = (struct cs_id){{0}};
        return CS_OK;
    }
    const struct cs_entity *entity =
        cs_registry_find(findings->command->registry, row->values[entity_at].bytes);
    return entity == NULL ? CS_OK : cs_query_label(findings->replica, entity, out_id, out);
}

static enum cs_status put_json(struct findings *findings, const struct cs_stored_row *row,
                               struct cs_bytes subject, const struct cs_id *id)
{
    struct cs_json *json = NULL;
    enum cs_status status = cs_view_row_json(findings->replica, row, CS_VIEW_LISTED, &json);
    if (status != CS_OK) {
        return status;
    }
    cs_json_set(json, "row", cs_id_is_zero(id) ? cs_json_null() : cs_command_json_id(id));
    cs_json_set(json, "row_label", cs_json_text(subject));
    const struct cs_exception_kind *kind = kind_of(findings, row);
    if (kind != NULL) {
        const struct cs_command *command = findings->command;
        const char *label = cs_command_words(command, kind->label_en, kind->label_zh);
        const char *action = cs_command_words(command, kind->action_en, kind->action_zh);
        cs_json_set(json, "kind_label", cs_json_text(cs_bytes_of_text(label)));
        cs_json_set(json, "action", cs_json_text(cs_bytes_of_text(action)));
        cs_json_set(json, "acceptable", cs_json_boolean(kind->acceptable));
    }
    cs_json_append(findings->list, json);
    return CS_OK;
}

static enum cs_status put_cells(struct findings *findings, const struct cs_stored_row *row,
                                struct cs_bytes subject)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    id[ID_SHOWN_SIZE] = '\0';
    cs_table_put_text(&findings->table, id);
    (void)kind_of(findings, row);
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < findings->report->field_count; i++) {
        struct cs_bytes name = cs_bytes_of_text(findings->report->fields[i]);
        int index = cs_entity_field_index(row->entity, name);
        cs_buffer_clear(&text);
        if (cs_bytes_equal_text(name, "row")) {
            cs_buffer_append_bytes(&text, subject);
        } else if (index >= 0) {
            status = cs_view_value(findings->command, findings->replica,
                                   &row->entity->fields[index], &row->values[index], &text);
        }
        cs_table_put(&findings->table, cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    return status;
}

static enum cs_status visit(void *context, const struct cs_stored_row *row)
{
    struct findings *findings = context;
    struct cs_id id;
    struct cs_buffer subject;
    cs_buffer_init(&subject, 4 * CS_VALUE_MAX);
    enum cs_status status = append_subject(findings, row, &subject, &id);
    if (status == CS_OK) {
        status = findings->command->json ? put_json(findings, row, cs_buffer_bytes(&subject), &id)
                                         : put_cells(findings, row, cs_buffer_bytes(&subject));
    }
    cs_buffer_release(&subject);
    return status;
}

static void put_headings(struct findings *findings, const struct cs_entity *entity)
{
    cs_table_put_text(&findings->table, "id");
    for (size_t i = 0; i < findings->report->field_count; i++) {
        const char *name = findings->report->fields[i];
        int index = cs_entity_field_index(entity, cs_bytes_of_text(name));
        cs_table_put_text(
            &findings->table,
            index < 0 ? name : cs_view_field_name(findings->command, &entity->fields[index]));
    }
}

/* What clears the kinds that were listed, each once. */
static void print_actions(struct findings *findings)
{
    struct cs_command *command = findings->command;
    for (size_t i = 0; findings->kinds >> i != 0; i++) {
        if ((findings->kinds >> i & 1) != 0) {
            const struct cs_exception_kind *kind = cs_exception_kind_at(i);
            cs_command_print(command, CS_WORDS(command, "%s (%s): %s\n", "%s(%s):%s\n"),
                             cs_command_words(command, kind->label_en, kind->label_zh), kind->name,
                             cs_command_words(command, kind->action_en, kind->action_zh));
        }
    }
}

static enum cs_status answer(struct findings *findings)
{
    struct cs_command *command = findings->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, findings->report->key, findings->list);
        findings->list = NULL;
        return cs_command_json(command, json);
    }
    if (cs_table_rows(&findings->table) == 0) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command, findings->report->empty, findings->report->empty_zh));
    }
    enum cs_status status = cs_table_print(&findings->table, command);
    print_actions(findings);
    return status;
}

static enum cs_status run(struct cs_command *command, const struct report *report)
{
    struct findings findings = {.command = command, .report = report};
    const struct cs_entity *entity;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_bytes_of_text(report->entity), &entity);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &findings.replica);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_table_init(&findings.table, report->field_count + 1);
    put_headings(&findings, entity);
    findings.list = command->json ? cs_json_array() : NULL;
    struct cs_query_filter open = {cs_bytes_of_text("state"), cs_bytes_of_text("open")};
    status = cs_query_list(findings.replica, cs_bytes_of_text(report->entity), &open, 1, visit,
                           &findings, &command->problem);
    if (status == CS_OK) {
        status = answer(&findings);
    }
    cs_json_destroy(findings.list);
    cs_table_release(&findings.table);
    return status;
}

enum cs_status cs_command_conflicts(struct cs_command *command)
{
    static const char *const fields[] = {"entity",        "row",          "field",
                                         "shown_text",    "shown_author", "losing_text",
                                         "losing_author", "losing_at"};
    static const struct report report = {"conflict",       "conflicts",         fields,
                                         CS_COUNT(fields), "no open conflicts", "没有待处理的冲突"};
    return run(command, &report);
}

enum cs_status cs_command_exceptions(struct cs_command *command)
{
    static const char *const fields[] = {"kind",   "entity",    "row",         "subject",
                                         "detail", "opened_at", "assigned_to", "note"};
    static const struct report report = {
        "exception",      "exceptions",         fields,
        CS_COUNT(fields), "no open exceptions", "没有待处理的异常"};
    return run(command, &report);
}
