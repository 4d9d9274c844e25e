/* Structured log lines, see log.h. A line is built on the stack, so that logging works when memory
 * is out. */
#include "shared/base/log.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Bytes of a line without its newline. */
#define LINE_MAX_SIZE ((size_t)1024)

struct line {
    char text[LINE_MAX_SIZE + 1];
    size_t size;
    bool full;
};

/* One byte is kept back for the closing brace. */
static void append(struct line *line, const char *text, size_t size)
{
    if (line->full || size > LINE_MAX_SIZE - 1 - line->size) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->size, text, size);
    line->size += size;
}

static void append_quoted(struct line *line, const char *text)
{
    append(line, "\"", 1);
    for (const char *at = text; *at != '\0' && !line->full; at++) {
        if (*at == '"' || *at == '\\') {
            append(line, "\\", 1);
            append(line, at, 1);
        } else {
            /* Texts are ASCII by contract; whatever slips through must not break the line. */
            append(line, *at >= 0x20 && *at < 0x7f ? at : "?", 1);
        }
    }
    append(line, "\"", 1);
}

static void append_field(struct line *line, const struct cs_log_field *field)
{
    append(line, ",", 1);
    append_quoted(line, field->key);
    append(line, ":", 1);
    if (field->text != NULL) {
        append_quoted(line, field->text);
        return;
    }
    char number[24];
    int size = snprintf(number, sizeof number, "%lld", (long long)field->number);
    append(line, number, (size_t)size);
}

static const char *level_name(enum cs_log_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    cs_require((unsigned)level < CS_COUNT(names));
    return names[level];
}

static void begin(struct line *line, enum cs_log_level level, const char *event)
{
    /* Room for an event and its level is certain: 128 characters of it are kept. */
    char short_event[129];
    (void)snprintf(short_event, sizeof short_event, "%s", event);
    append(line, "{\"level\":", 9);
    append_quoted(line, level_name(level));
    append(line, ",\"event\":", 9);
    append_quoted(line, short_event);
}

void cs_log_write(const struct cs_log *log, enum cs_log_level level, const char *event,
                  const struct cs_log_field *fields, size_t field_count)
{
    if (log == NULL || level < log->level_min) {
        return;
    }
    struct line line = {.size = 0};
    begin(&line, level, event);
    for (size_t i = 0; i < field_count && !line.full; i++) {
        size_t boundary = line.size;
        append_field(&line, &fields[i]);
        if (line.full) {
            line.size = boundary;
        }
    }
    line.text[line.size++] = '}';
    line.text[line.size] = '\0';
    log->line(log->context, level, line.text);
}

static void line_to_stderr(void *context, enum cs_log_level level, const char *text)
{
    (void)context;
    (void)level;
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    char time_text[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, 0),
                      time_text);
    /* One call, so that lines of several threads do not mix. */
    (void)fprintf(stderr, "{\"time\":\"%s\",%s\n", time_text, text + 1);
}

void cs_log_to_stderr(struct cs_log *out, enum cs_log_level level_min)
{
    *out = (struct cs_log){.level_min = level_min, .line = line_to_stderr};
}
