/* Lists of choices, see choices.h. */
#include "shared/domain/choices.h"

#include <string.h>

size_t cs_choices_count(const char *choices)
{
    if (choices == NULL || choices[0] == '\0') {
        return 0;
    }
    size_t count = 1;
    for (const char *bar = strchr(choices, '|'); bar != NULL; bar = strchr(bar + 1, '|')) {
        count++;
    }
    return count;
}

struct cs_bytes cs_choices_at(const char *choices, size_t index)
{
    if (index >= cs_choices_count(choices)) {
        return CS_BYTES_NONE;
    }
    const char *start = choices;
    for (size_t i = 0; i < index; i++) {
        start = strchr(start, '|') + 1;
    }
    return cs_bytes_make(start, strcspn(start, "|"));
}

int cs_choices_find(const char *choices, struct cs_bytes name)
{
    size_t count = cs_choices_count(choices);
    for (size_t i = 0; name.size > 0 && i < count; i++) {
        if (cs_bytes_equal(cs_choices_at(choices, i), name)) {
            return (int)i;
        }
    }
    return -1;
}
