/* field=value arguments, see assignments.h. */
#include "field-client/commands/assignments.h"

#include "field-client/replica/edit.h"
#include "shared/base/text.h"

enum cs_status cs_assignments_check(struct cs_command *command, const struct cs_entity *entity,
                                    size_t first)
{
    for (size_t i = first; i < command->argument_count; i++) {
        struct cs_bytes field;
        struct cs_bytes value;
        size_t index;
        if (!cs_command_split_assignment(cs_command_argument(command, i), &field, &value)) {
            return cs_command_usage(command, "\"%.60s\" is not of the form field=value",
                                    command->arguments[i]);
        }
        enum cs_status status = cs_command_field(command, entity, field, &index);
        if (status != CS_OK) {
            return status;
        }
        if (!cs_utf8_valid(value)) {
            return cs_command_usage(command, "the value of %s is not UTF-8",
                                    entity->fields[index].name);
        }
    }
    return CS_OK;
}

enum cs_status cs_assignments_parse(struct cs_command *command, struct cs_replica *replica,
                                    const struct cs_entity *entity, size_t first,
                                    struct cs_arena *arena, struct cs_named_value **out_values,
                                    size_t *out_count)
{
    size_t count = command->argument_count > first ? command->argument_count - first : 0;
    struct cs_named_value *values = cs_arena_take_array(arena, count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct cs_bytes field;
        struct cs_bytes text;
        cs_require(
            cs_command_split_assignment(cs_command_argument(command, first + i), &field, &text));
        enum cs_status status = cs_edit_parse(replica, cs_bytes_of_text(entity->name), field, text,
                                              arena, &values[i], &command->problem);
        if (status != CS_OK) {
            return status;
        }
    }
    *out_values = values;
    *out_count = count;
    return CS_OK;
}
