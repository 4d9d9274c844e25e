/* The command merge: two rows that are one. */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/replica/merge_rows.h"

/* --take FIELD[,FIELD] */
static enum cs_status parse_take(struct cs_command *command, const char *text,
                                 struct cs_merge_rows *merge)
{
    struct cs_bytes rest = text == NULL ? CS_BYTES_NONE : cs_bytes_of_text(text);
    while (rest.size > 0) {
        size_t size = 0;
        size_t index = 0;
        while (size < rest.size && rest.data[size] != ',') {
            size++;
        }
        enum cs_status status =
            cs_command_field(command, merge->entity, cs_bytes_make(rest.data, size), &index);
        if (status != CS_OK) {
            return status;
        }
        merge->take[index] = true;
        size += size < rest.size ? 1 : 0;
        rest = cs_bytes_make(rest.data + size, rest.size - size);
    }
    return CS_OK;
}

static struct cs_json *differences_json(const struct cs_merge_rows *merge,
                                        const struct cs_merged_rows *merged)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < merge->entity->field_count; i++) {
        const struct cs_field *field = &merge->entity->fields[i];
        if (!cs_merge_differs(merged, i)) {
            continue;
        }
        struct cs_json *difference = cs_json_object();
        cs_json_set(difference, "field", cs_json_text(cs_bytes_of_text(field->name)));
        cs_json_set(difference, "kept", cs_view_value_json(field, &merged->kept.values[i]));
        cs_json_set(difference, "dropped", cs_view_value_json(field, &merged->dropped.values[i]));
        cs_json_set(difference, "taken", cs_json_boolean(merge->take[i]));
        cs_json_append(list, difference);
    }
    return list;
}

static enum cs_status answer_json(struct cs_command *command, const struct cs_merge_rows *merge,
                                  const struct cs_merged_rows *merged)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(merge->entity->name)));
    cs_json_set(json, "kept", cs_command_json_id(&merge->kept));
    cs_json_set(json, "dropped", cs_command_json_id(&merge->dropped));
    cs_json_set(json, "rewritten", cs_json_integer((int64_t)merged->rewritten));
    cs_json_set(json, "left", cs_json_integer((int64_t)merged->left));
    cs_json_set(json, "differences", differences_json(merge, merged));
    return cs_command_json(command, json);
}

static enum cs_status print_difference(struct cs_command *command, struct cs_replica *replica,
                                       const struct cs_merge_rows *merge,
                                       const struct cs_merged_rows *merged, size_t index)
{
    const struct cs_field *field = &merge->entity->fields[index];
    struct cs_buffer kept;
    struct cs_buffer dropped;
    cs_buffer_init(&kept, 4 * CS_VALUE_MAX);
    cs_buffer_init(&dropped, 4 * CS_VALUE_MAX);
    enum cs_status status =
        cs_view_value(command, replica, field, &merged->kept.values[index], &kept);
    if (status == CS_OK) {
        status = cs_view_value(command, replica, field, &merged->dropped.values[index], &dropped);
    }
    if (status == CS_OK) {
        bool taken = merge->take[index];
        cs_command_print(command, "  %s: ", cs_view_field_name(command, field));
        cs_command_print_safe(command, cs_buffer_bytes(taken ? &dropped : &kept));
        cs_command_print(command, "%s", cs_command_words(command, " (not: ", "(未采用:"));
        cs_command_print_safe(command, cs_buffer_bytes(taken ? &kept : &dropped));
        cs_command_print(command, "%s\n", cs_command_words(command, ")", ")"));
    }
    cs_buffer_release(&kept);
    cs_buffer_release(&dropped);
    return status;
}

static enum cs_status answer(struct cs_command *command, struct cs_replica *replica,
                             const struct cs_merge_rows *merge, const struct cs_merged_rows *merged)
{
    if (command->json) {
        return answer_json(command, merge, merged);
    }
    enum cs_status status = CS_OK;
    cs_command_print(
        command, CS_WORDS(command, "merged; %zu references changed\n", "已合并,改写引用 %zu 处\n"),
        merged->rewritten);
    if (merged->left > 0) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "%zu references stay (written once, or not yours to write) and "
                                  "count for the kept row\n",
                                  "%zu 处引用保持不变(一次性填写,或无权修改),计入保留的记录\n"),
                         merged->left);
    }
    for (size_t i = 0; status == CS_OK && i < merge->entity->field_count; i++) {
        if (cs_merge_differs(merged, i)) {
            status = print_difference(command, replica, merge, merged, i);
        }
    }
    return status;
}

static enum cs_status merge_in(struct cs_command *command, struct cs_replica *replica,
                               struct cs_merge_rows *merge)
{
    struct cs_arena arena;
    struct cs_merged_rows merged;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_merge_rows(replica, merge, &arena, &merged, &command->problem);
    if (status == CS_OK) {
        status = answer(command, replica, merge, &merged);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_command_merge(struct cs_command *command)
{
    struct cs_merge_rows merge = {.entity = NULL};
    const char *take = NULL;
    struct cs_replica *replica;
    enum cs_status status = cs_command_option(command, "--take", &take);
    if (status == CS_OK) {
        status = cs_command_expect(command, 3, 3);
    }
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &merge.entity);
    }
    if (status == CS_OK) {
        status = parse_take(command, take, &merge);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status =
            cs_command_row(command, merge.entity, cs_command_argument(command, 1), &merge.kept);
    }
    if (status == CS_OK) {
        status = cs_merge_find_dropped(replica, merge.entity, cs_command_argument(command, 2),
                                       &merge.dropped, &command->problem);
    }
    return status != CS_OK ? status : merge_in(command, replica, &merge);
}
