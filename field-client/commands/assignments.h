/* field=value arguments: new, set and the retry of a refusal. */
#ifndef CS_COMMANDS_ASSIGNMENTS_H
#define CS_COMMANDS_ASSIGNMENTS_H

#include "field-client/console/command.h"

/* Are all arguments from `first` on field=value with fields of the entity? CS_USAGE, or unknown names with exit code 2; nothing
 * is opened. */
enum cs_status cs_assignments_check(struct cs_command *command, const struct cs_entity *entity,
                                    size_t first) CS_MUST_USE;
/* The values, in the arena; as cs_edit_parse. */
enum cs_status cs_assignments_parse(struct cs_command *command, struct cs_replica *replica,
                                    const struct cs_entity *entity, size_t first,
                                    struct cs_arena *arena, struct cs_named_value **out_values,
                                    size_t *out_count) CS_MUST_USE;

#endif
