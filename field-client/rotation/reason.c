/* What people read about a change, see reason.h. */
#include "field-client/rotation/reason.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/base/text.h"

#include <string.h>

static bool holds(struct cs_bytes text, struct cs_bytes secret)
{
    return secret.size > 0 && text.size >= secret.size &&
           memmem(text.data, text.size, secret.data, secret.size) != NULL;
}

/* Blanks in place of what does not belong into a line, one for a run of them, none at the ends. */
static size_t squeeze(char *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte > 0x20 && byte != 0x7f) {
            text[kept++] = text[i];
        } else if (kept > 0 && text[kept - 1] != ' ') {
            text[kept++] = ' ';
        }
    }
    return kept > 0 && text[kept - 1] == ' ' ? kept - 1 : kept;
}

void cs_rotation_reason_set(struct cs_problem *reason, struct cs_bytes text,
                            struct cs_bytes old_secret, struct cs_bytes new_secret)
{
    if (holds(text, old_secret) || holds(text, new_secret)) {
        (void)cs_problem_set(reason, CS_OK, "(withheld: a password was in what the system said)");
        return;
    }
    size_t size = text.size < CS_ROTATION_REASON_MAX ? text.size : CS_ROTATION_REASON_MAX;
    if (size > 0) {
        memmove(reason->text, text.data, size);
    }
    size = squeeze(reason->text, size);
    reason->text[size] = '\0';
    size = cs_utf8_cut(reason->text, size);
    reason->text[size] = '\0';
    if (!cs_utf8_valid(cs_bytes_of_text(reason->text))) {
        for (char *at = reason->text; *at != '\0'; at++) {
            *at = (unsigned char)*at >= 0x80 ? '?' : *at;
        }
    }
}

void cs_rotation_reason_clean(struct cs_problem *reason, struct cs_bytes old_secret,
                              struct cs_bytes new_secret)
{
    cs_rotation_reason_set(reason, cs_bytes_of_text(reason->text), old_secret, new_secret);
}
