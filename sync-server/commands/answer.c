/* How a command answers; see command.h. */
#include "sync-server/commands/command.h"

#include "shared/base/text.h"

#include <stdarg.h>

#define ANSWER_MAX (256 * CS_MEBI)

void cs_admin_print(struct cs_admin *admin, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vfprintf(admin->around.out, format, list);
    va_end(list);
}

void cs_admin_print_padded(struct cs_admin *admin, struct cs_bytes text, size_t columns)
{
    for (size_t i = 0; i < text.size; i++) {
        /* C1 controls are two bytes in UTF-8, 0xC2 and 0x80 to 0x9F: terminals obey them too. */
        bool control = text.data[i] < 0x20 || text.data[i] == 0x7f;
        bool wide_control = i + 1 < text.size && text.data[i] == 0xc2 && text.data[i + 1] < 0xa0;
        (void)fputc(control || wide_control ? '?' : text.data[i], admin->around.out);
        i += wide_control ? 1 : 0;
    }
    for (size_t used = cs_utf8_columns(text); used < columns; used++) {
        (void)fputc(' ', admin->around.out);
    }
}

void cs_admin_note(struct cs_admin *admin, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)fprintf(admin->around.err, "countersign-server %s: ", admin->name);
    (void)vfprintf(admin->around.err, format, list);
    (void)fputc('\n', admin->around.err);
    va_end(list);
}

enum cs_status cs_admin_json(struct cs_admin *admin, struct cs_json *owned_json)
{
    struct cs_buffer text;
    cs_buffer_init(&text, ANSWER_MAX);
    enum cs_status status = cs_json_write(owned_json, 0, &text);
    cs_json_destroy(owned_json);
    if (status == CS_OK) {
        (void)fwrite(text.data, 1, text.size, admin->around.out);
        (void)fputc('\n', admin->around.out);
    }
    cs_buffer_release(&text);
    return status;
}

struct cs_json *cs_admin_json_text(const char *text)
{
    return cs_json_text(cs_bytes_of_text(text));
}

struct cs_json *cs_admin_json_hex(struct cs_bytes bytes)
{
    char *text = cs_alloc(2 * bytes.size + 1);
    if (text == NULL) {
        return NULL;
    }
    cs_hex_encode(bytes, text);
    struct cs_json *json = cs_admin_json_text(text);
    cs_free(text);
    return json;
}

struct cs_json *cs_admin_json_time(int64_t utc_ms)
{
    if (utc_ms == 0) {
        return cs_json_null();
    }
    char text[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(utc_ms, 0), text);
    return cs_admin_json_text(text);
}
