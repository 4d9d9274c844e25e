/* The environment of a page's commands, see variables.h. */
#include "field-client/api/variables.h"

#include "field-client/console/console.h"
#include "shared/base/memory.h"

#include <string.h>

static bool is_left_out(const char *variable)
{
    static const char *const beginnings[] = {"LANG=", "LANGUAGE=", "LC_", "COUNTERSIGN_"};
    for (size_t i = 0; i < CS_COUNT(beginnings); i++) {
        if (strncmp(variable, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return false;
}

char **cs_api_variables_create(const char *language)
{
    char *const *own = cs_console_variables(NULL);
    size_t count = 0;
    size_t used = 0;
    while (own[count] != NULL) {
        count++;
    }
    const char **out = cs_alloc_zero(count + 2, sizeof *out);
    if (out == NULL) {
        return NULL;
    }
    out[used++] = language;
    for (size_t i = 0; i < count; i++) {
        if (!is_left_out(own[i])) {
            out[used++] = own[i];
        }
    }
    return (char **)(void *)out;
}
