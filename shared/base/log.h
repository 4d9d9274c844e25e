/*
 * Structured log lines: one JSON object a line, no personal data, no secrets.
 *
 * The sink is passed in; library code logs through it and prints nowhere else. Keys are lower-case words; values are
 * integers or short ASCII texts chosen by the code, never content that a person entered.
 */
#ifndef CS_BASE_LOG_H
#define CS_BASE_LOG_H

#include "shared/base/status.h"

#include <stdint.h>

enum cs_log_level { CS_LOG_DEBUG, CS_LOG_INFO, CS_LOG_WARNING, CS_LOG_ERROR };

struct cs_log {
    void *context;
    enum cs_log_level level_min;
    /* One complete line without its newline. May be called from any thread. */
    void (*line)(void *context, enum cs_log_level level, const char *text);
};

struct cs_log_field {
    const char *key;
    const char *text; /* NULL: the field is `number` */
    int64_t number;
};

#define CS_LOG_TEXT(key, text) ((struct cs_log_field){key, text, 0})
#define CS_LOG_NUMBER(key, number) ((struct cs_log_field){key, NULL, (int64_t)(number)})

/* `log` may be NULL. Lines over 1,024 bytes are cut at a field boundary. */
void cs_log_write(const struct cs_log *log, enum cs_log_level level, const char *event,
                  const struct cs_log_field *fields, size_t field_count);
/* cs_log_event(log, CS_LOG_INFO, "listening", CS_LOG_NUMBER("port", 8443)) */
#define cs_log_event(log, level, event, ...)                                                       \
    cs_log_write(log, level, event, (const struct cs_log_field[]){__VA_ARGS__},                    \
                 sizeof((const struct cs_log_field[]){__VA_ARGS__}) / sizeof(struct cs_log_field))

/* A sink that writes to standard error with a UTC time stamp. */
void cs_log_to_stderr(struct cs_log *out, enum cs_log_level level_min);

#endif
