/* Lines for people, see lines.h. */
#include "field-client/visit/lines.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cs_lines_init(struct cs_lines *lines)
{
    cs_buffer_init(&lines->text, CS_MESSAGE_ARENA_MAX);
    lines->count = 0;
}

void cs_lines_release(struct cs_lines *lines)
{
    cs_buffer_release(&lines->text);
    lines->count = 0;
}

void cs_lines_end(struct cs_lines *lines)
{
    cs_buffer_append_u8(&lines->text, 0);
    if (lines->text.status == CS_OK) {
        lines->count++;
    }
}

void cs_lines_put(struct cs_lines *lines, const char *text)
{
    cs_buffer_append_text(&lines->text, text);
}

void cs_lines_add(struct cs_lines *lines, const char *format, ...)
{
    if (lines == NULL) {
        return;
    }
    char text[CS_PROBLEM_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cs_lines_put(lines, length < 0 ? "" : text);
    cs_lines_end(lines);
}

void cs_lines_put_quoted(struct cs_lines *lines, struct cs_bytes text)
{
    cs_lines_put(lines, "“");
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\n') {
            cs_lines_put(lines, "\\n");
        } else {
            cs_buffer_append_u8(&lines->text, byte < 0x20 || byte == 0x7f ? '?' : byte);
        }
    }
    cs_lines_put(lines, "”");
}

const char *cs_lines_at(const struct cs_lines *lines, size_t index)
{
    cs_require(index < lines->count);
    const char *line = (const char *)lines->text.data;
    for (size_t i = 0; i < index; i++) {
        line += strlen(line) + 1;
    }
    return line;
}
