/* The command receipt: show and verify; void and series are in receipt_series.c. */
#include "field-client/commands/command_table.h"
#include "field-client/commands/visit_command.h"
#include "field-client/console/subcommand.h"
#include "field-client/replica/query.h"
#include "field-client/visit/receipt.h"
#include "field-client/visit/snapshot.h"
#include "shared/base/text.h"

#define RECEIPT_TEXT_MAX (4 * CS_MEBI)

enum cs_status cs_command_receipt(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {{"show", cs_receipt_command_show, NULL},
                                                {"verify", cs_receipt_command_verify, NULL},
                                                {"void", cs_receipt_command_void, NULL},
                                                {"series", cs_receipt_command_series, NULL}};
    return cs_subcommand_run(command, list, CS_COUNT(list));
}

static enum cs_status find_receipt(struct cs_command *command, struct cs_replica **out_replica,
                                   struct cs_id *out)
{
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, out_replica);
    }
    return status != CS_OK
               ? status
               : cs_query_resolve(*out_replica, cs_bytes_of_text("receipt"),
                                  cs_command_argument(command, 0), out, &command->problem);
}

/* ---- show ---- */

static struct cs_value field_value(const struct cs_stored_row *row, const char *name)
{
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(name));
    return index < 0 ? CS_NULL : row->values[index];
}

static struct cs_json *text_json(const struct cs_value *value)
{
    return value->kind == CS_VALUE_TEXT ? cs_json_text(value->bytes) : cs_json_null();
}

static struct cs_json *time_json(const struct cs_value *value)
{
    char text[CS_TIME_TEXT_MAX];
    if (value->kind != CS_VALUE_INTEGER || !cs_instant_valid(value->integer)) {
        return cs_json_null();
    }
    cs_instant_format(value->integer, text);
    return cs_json_text(cs_bytes_of_text(text));
}

static struct cs_json *id_json(const struct cs_value *value)
{
    struct cs_id id;
    return cs_id_from_bytes(value->bytes, &id) ? cs_command_json_id(&id) : cs_json_null();
}

/* JSON within a column; null if it cannot be read. */
static enum cs_status set_parsed(struct cs_json *json, const char *key,
                                 const struct cs_value *value)
{
    struct cs_json *parsed = NULL;
    enum cs_status status = cs_json_parse(value->bytes, &parsed);
    if (status == CS_NO_MEMORY) {
        return status;
    }
    cs_json_set(json, key, status == CS_OK ? parsed : cs_json_null());
    return CS_OK;
}

static enum cs_status show_json(struct cs_command *command, const struct cs_stored_row *row,
                                bool unsent)
{
    struct cs_value number = field_value(row, "number");
    struct cs_value visit = field_value(row, "visit");
    struct cs_value signer = field_value(row, "signer");
    struct cs_value signed_at = field_value(row, "signed_at");
    struct cs_value snapshot = field_value(row, "snapshot");
    struct cs_value strokes = field_value(row, "strokes");
    struct cs_json *json = cs_visit_answer("receipt", &row->id);
    cs_json_set(json, "number", text_json(&number));
    cs_json_set(json, "visit", id_json(&visit));
    cs_json_set(json, "signer", text_json(&signer));
    cs_json_set(json, "signed_at", time_json(&signed_at));
    cs_json_set(json, "_unsent", cs_json_boolean(unsent));
    enum cs_status status = set_parsed(json, "snapshot", &snapshot);
    if (status == CS_OK) {
        status = set_parsed(json, "strokes", &strokes);
    }
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    return cs_command_json(command, json);
}

static enum cs_status show_text(struct cs_command *command, const struct cs_stored_row *row,
                                bool unsent)
{
    struct cs_buffer text;
    cs_buffer_init(&text, RECEIPT_TEXT_MAX);
    enum cs_status status = cs_receipt_render(command->registry, row, &text);
    if (status == CS_OK) {
        cs_command_print_safe(command, cs_buffer_bytes(&text));
        if (unsent) {
            cs_command_print(command, "%s\n",
                             cs_command_words(command, "(waits to be sent)", "(待发送)"));
        }
    }
    cs_buffer_release(&text);
    return status;
}

enum cs_status cs_receipt_command_show(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_id id;
    enum cs_status status = find_receipt(command, &replica, &id);
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_bytes entity = cs_bytes_of_text("receipt");
    bool unsent = false;
    status = cs_query_get(replica, entity, &id, &arena, &row, &command->problem);
    if (status == CS_OK) {
        status = cs_query_is_unsent(replica, entity, &id, &unsent);
    }
    if (status == CS_OK) {
        status =
            command->json ? show_json(command, &row, unsent) : show_text(command, &row, unsent);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- verify ---- */

static void print_lines(struct cs_command *command, const char *heading,
                        const struct cs_lines *lines)
{
    if (lines->count > 0) {
        cs_command_print(command, "%s\n", heading);
    }
    for (size_t i = 0; i < lines->count; i++) {
        cs_command_print(command, "  ");
        cs_command_print_safe(command, cs_bytes_of_text(cs_lines_at(lines, i)));
        cs_command_print(command, "\n");
    }
}

static void print_check(struct cs_command *command, const struct cs_receipt_check *check)
{
    const char *verdict =
        check->intact && check->changed_since.count == 0
            ? cs_command_words(command, "the receipt is intact and nothing changed since",
                               "回执单完整,签字后无更改")
        : check->intact
            ? cs_command_words(command, "the receipt is intact, but the visit changed since",
                               "回执单完整,但签字后服务内容有更改")
            : cs_command_words(command, "the receipt does not hold", "回执单无效");
    cs_command_print(command, "%s\n", verdict);
    if (check->signed_by.size > 0) {
        cs_command_print(command, "%s ", cs_command_words(command, "recorded by", "记录人"));
        cs_command_print_safe(command, cs_buffer_bytes(&check->signed_by));
        cs_command_print(command, "\n");
    }
    print_lines(command, cs_command_words(command, "altered:", "被改动:"), &check->altered);
    print_lines(command, cs_command_words(command, "changed since:", "签字后更改:"),
                &check->changed_since);
    print_lines(command, cs_command_words(command, "remarks:", "说明:"), &check->remarks);
}

static enum cs_status answer_check(struct cs_command *command, const struct cs_id *id,
                                   const struct cs_receipt_check *check)
{
    if (!check->intact || check->changed_since.count > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (!command->json) {
        print_check(command, check);
        return CS_OK;
    }
    struct cs_json *json = cs_visit_answer("receipt", id);
    cs_json_set(json, "intact", cs_json_boolean(check->intact));
    cs_json_set(json, "altered", cs_lines_json(&check->altered));
    cs_json_set(json, "changed_since", cs_lines_json(&check->changed_since));
    cs_json_set(json, "signed_by",
                check->signed_by.size > 0 ? cs_json_text(cs_buffer_bytes(&check->signed_by))
                                          : cs_json_null());
    cs_json_set(json, "remarks", cs_lines_json(&check->remarks));
    return cs_command_json(command, json);
}

enum cs_status cs_receipt_command_verify(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_id id;
    enum cs_status status = find_receipt(command, &replica, &id);
    if (status != CS_OK) {
        return status;
    }
    struct cs_receipt_check check;
    cs_receipt_check_init(&check);
    status = cs_receipt_verify(replica, &id, &check, &command->problem);
    if (status == CS_OK) {
        status = answer_check(command, &id, &check);
    }
    cs_receipt_check_release(&check);
    return status;
}
