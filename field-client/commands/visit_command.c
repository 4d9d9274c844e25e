/* The command visit: which of its subcommands, and what they share. */
#include "field-client/commands/visit_command.h"

#include "field-client/commands/command_table.h"
#include "field-client/console/subcommand.h"
#include "shared/base/text.h"

enum cs_status cs_command_visit(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"start", cs_visit_command_start, NULL},   {"part", cs_visit_command_part, NULL},
        {"note", cs_visit_command_note, NULL},     {"fault", cs_visit_command_fault, NULL},
        {"work", cs_visit_command_work, NULL},     {"result", cs_visit_command_result, NULL},
        {"attach", cs_visit_command_attach, NULL}, {"sign", cs_visit_command_sign, NULL},
        {"finish", cs_visit_command_finish, NULL}, {"list", cs_visit_command_list, NULL},
        {"show", cs_visit_command_show, NULL}};
    return cs_subcommand_run(command, list, CS_COUNT(list));
}

enum cs_status cs_visit_option_time(struct cs_command *command, const char *name,
                                    struct cs_visit_time *out)
{
    const char *text = NULL;
    enum cs_status status = cs_command_option(command, name, &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    int offset = command->world->offset_minutes(command->world->context);
    if (cs_instant_parse(cs_bytes_of_text(text), offset, &out->instant) != CS_OK) {
        return cs_command_usage(command,
                                "%s: \"%.40s\" is no time such as \"2026-03-02 09:30\" or "
                                "2026-03-02T09:30:00+08:00",
                                name, text);
    }
    out->given = true;
    return CS_OK;
}

enum cs_status cs_visit_argument(struct cs_command *command, struct cs_replica **out_replica,
                                 struct cs_id *out)
{
    enum cs_status status = cs_command_open_replica(command, out_replica);
    return status != CS_OK ? status
                           : cs_visit_resolve(*out_replica, cs_command_argument(command, 0), out,
                                              &command->problem);
}

struct cs_json *cs_lines_json(const struct cs_lines *lines)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < lines->count; i++) {
        cs_json_append(list, cs_json_text(cs_bytes_of_text(cs_lines_at(lines, i))));
    }
    return list;
}

struct cs_json *cs_visit_answer(const char *entity, const struct cs_id *id)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(entity)));
    cs_json_set(json, "id", cs_command_json_id(id));
    return json;
}

enum cs_status cs_visit_conclude(struct cs_command *command, struct cs_json *owned_json,
                                 const char *text, const struct cs_lines *warnings)
{
    if (command->json) {
        cs_json_set(owned_json, "warnings", cs_lines_json(warnings));
        return cs_command_json(command, owned_json);
    }
    cs_json_destroy(owned_json);
    cs_command_print(command, "%s\n", text);
    for (size_t i = 0; i < warnings->count; i++) {
        cs_command_note(command, "%s", cs_lines_at(warnings, i));
    }
    return CS_OK;
}
