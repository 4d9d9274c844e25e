/*
 * A list of lines for people: warnings of an action, findings of a check. Used by visit and by the commands that show them.
 *
 * Lines live one after another in one buffer, each ended by NUL. Running out of memory stays in the buffer's status.
 */
#ifndef CS_VISIT_LINES_H
#define CS_VISIT_LINES_H

#include "shared/base/bytes.h"

struct cs_lines {
    struct cs_buffer text;
    size_t count;
};

void cs_lines_init(struct cs_lines *lines);
void cs_lines_release(struct cs_lines *lines);
/* NULL is accepted and does nothing, so that warnings may be declined. */
void cs_lines_add(struct cs_lines *lines, const char *format, ...) CS_PRINTF(2, 3);
/* Bytes added to the line being built; cs_lines_end ends it. */
void cs_lines_put(struct cs_lines *lines, const char *text);
/* “…” around the text, made one line: a line break becomes \n, other control characters '?'. */
void cs_lines_put_quoted(struct cs_lines *lines, struct cs_bytes text);
void cs_lines_end(struct cs_lines *lines);
/* NUL-terminated, the index-th line; index < count. */
const char *cs_lines_at(const struct cs_lines *lines, size_t index);

#endif
