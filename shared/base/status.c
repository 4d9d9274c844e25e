/* Status codes, see status.h. */
#include "shared/base/status.h"

#include "shared/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    enum cs_status_class class_value;
} table[CS_STATUS_COUNT] = {
#define CS_STATUS_ROW(name, class_name, text) {#name, text, CS_CLASS_##class_name},
    CS_STATUS_TABLE(CS_STATUS_ROW)
#undef CS_STATUS_ROW
};

const char *cs_status_text(enum cs_status status)
{
    cs_require((unsigned)status < CS_STATUS_COUNT);
    return table[status].text;
}

const char *cs_status_name(enum cs_status status)
{
    cs_require((unsigned)status < CS_STATUS_COUNT);
    return table[status].name;
}

enum cs_status_class cs_status_class(enum cs_status status)
{
    cs_require((unsigned)status < CS_STATUS_COUNT);
    return table[status].class_value;
}

bool cs_status_from_name(const char *name, enum cs_status *out_status)
{
    for (size_t i = 0; i < CS_STATUS_COUNT; i++) {
        if (strcmp(table[i].name, name) == 0) {
            *out_status = (enum cs_status)i;
            return true;
        }
    }
    return false;
}

enum cs_status cs_problem_set(struct cs_problem *problem, enum cs_status status, const char *format,
                              ...)
{
    if (problem != NULL) {
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(problem->text, sizeof problem->text, format, arguments);
        va_end(arguments);
        if (length < 0) {
            problem->text[0] = '\0';
        } else if ((size_t)length >= sizeof problem->text) {
            problem->text[cs_utf8_cut(problem->text, sizeof problem->text - 1)] = '\0';
        }
    }
    return status;
}

_Noreturn void cs_require_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "countersign: broken invariant `%s` at %s:%d\n", condition, file, line);
    abort();
}
