/* Which subcommand it is, see subcommand.h. */
#include "field-client/console/subcommand.h"

#include "shared/base/text.h"

#include <string.h>

enum cs_status cs_subcommand_run(struct cs_command *command, const struct cs_subcommand *list,
                                 size_t count)
{
    const char *name = cs_command_shift(command);
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            command->subcommand = &list[i];
            return list[i].run(command);
        }
    }
    struct cs_buffer names;
    cs_buffer_init(&names, CS_KIBI);
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_format(&names, "%s%s", i == 0 ? "" : ", ", list[i].name);
    }
    const char *all = cs_buffer_text(&names);
    enum cs_status status =
        cs_command_usage(command, "%s %.40s: say which of %s", command->name,
                         name == NULL ? "…" : name, all == NULL ? "its subcommands" : all);
    cs_buffer_release(&names);
    return status;
}
