/* What was typed: options and arguments; see command.h. */
#include "sync-server/commands/command.h"

#include <stdarg.h>
#include <string.h>

static void take_out(struct cs_admin *admin, size_t index, size_t count)
{
    size_t rest = admin->argument_count - index - count;
    memmove(admin->arguments + index, admin->arguments + index + count,
            rest * sizeof *admin->arguments);
    admin->argument_count -= count;
}

enum cs_status cs_admin_usage(struct cs_admin *admin, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(admin->problem.text, sizeof admin->problem.text, format, list);
    va_end(list);
    return CS_USAGE;
}

/* The value of an option that stands at `index` in either form; NULL if another argument stands there. */
static enum cs_status option_at(struct cs_admin *admin, const char *name, size_t index,
                                const char **out)
{
    const char *argument = admin->arguments[index];
    size_t size = strlen(name);
    *out = NULL;
    if (strncmp(argument, name, size) != 0 || (argument[size] != '\0' && argument[size] != '=')) {
        return CS_OK;
    }
    bool joined = argument[size] == '=';
    if (!joined && index + 1 == admin->argument_count) {
        return cs_admin_usage(admin, "%s needs a value", name);
    }
    const char *value = joined ? argument + size + 1 : admin->arguments[index + 1];
    if (value[0] == '\0') {
        return cs_admin_usage(admin, "%s needs a value", name);
    }
    take_out(admin, index, joined ? 1 : 2);
    *out = value;
    return CS_OK;
}

enum cs_status cs_admin_option(struct cs_admin *admin, const char *name, const char **out)
{
    const char *found = NULL;
    size_t index = 0;
    while (index < admin->argument_count) {
        const char *value;
        enum cs_status status = option_at(admin, name, index, &value);
        if (status != CS_OK) {
            return status;
        }
        if (value == NULL) {
            index++;
        } else if (found != NULL) {
            return cs_admin_usage(admin, "%s is given twice", name);
        } else {
            found = value;
        }
    }
    *out = found;
    return CS_OK;
}

bool cs_admin_flag(struct cs_admin *admin, const char *name)
{
    bool found = false;
    size_t index = 0;
    while (index < admin->argument_count) {
        if (strcmp(admin->arguments[index], name) == 0) {
            found = true;
            take_out(admin, index, 1);
        } else {
            index++;
        }
    }
    return found;
}

enum cs_status cs_admin_expect(struct cs_admin *admin, size_t count)
{
    for (size_t i = 0; i < admin->argument_count; i++) {
        const char *argument = admin->arguments[i];
        if (argument[0] == '-' && argument[1] != '\0') {
            return cs_admin_usage(admin, "there is no option %s here", argument);
        }
        if (argument[0] == '\0') {
            return cs_admin_usage(admin, "an argument is empty");
        }
    }
    if (admin->argument_count < count) {
        return cs_admin_usage(admin, "an argument is missing");
    }
    if (admin->argument_count > count) {
        return cs_admin_usage(admin, "%s is one argument too many", admin->arguments[count]);
    }
    return CS_OK;
}
