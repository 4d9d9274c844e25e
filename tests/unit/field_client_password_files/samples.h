/* What the tests of password files share: files of the tree, a list as text, keys. */
#ifndef TESTS_UNIT_FIELD_CLIENT_PASSWORD_FILES_SAMPLES_H
#define TESTS_UNIT_FIELD_CLIENT_PASSWORD_FILES_SAMPLES_H

#include "field-client/password_files/kdbx.h"
#include "field-client/password_files/password_list.h"
#include "shared/base/text.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define SAMPLE_PASSWORD "correct horse"
#define SAMPLE_MAX (64 * CS_MEBI)

/* The whole file, appended; `name` from the root of the tree. */
static inline void sample_read(const char *name, struct cs_buffer *out)
{
    char path[1024];
    uint8_t piece[4096];
    (void)snprintf(path, sizeof path, "%s/%s", CS_TEST_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t size = 1; size > 0;) {
        size = fread(piece, 1, sizeof piece, file);
        cs_buffer_append(out, piece, size);
    }
    (void)fclose(file);
    assert_ok(out->status);
}

static inline struct cs_kdbx_key sample_key(const char *password)
{
    return (struct cs_kdbx_key){.password = cs_bytes_of_text(password)};
}

static inline void sample_put(struct cs_buffer *out, const char *name, struct cs_bytes value)
{
    if (value.size > 0) {
        cs_buffer_append_format(out, "  %s=", name);
        cs_buffer_append_bytes(out, value);
        cs_buffer_append_text(out, "\n");
    }
}

static inline void sample_put_time(struct cs_buffer *out, const char *name, int64_t time_ms)
{
    char text[CS_TIME_TEXT_MAX];
    if (time_ms != CS_PASSWORD_TIME_NONE) {
        cs_instant_format(cs_instant_make(time_ms, 0), text);
        sample_put(out, name, cs_bytes_of_text(text));
    }
}

static inline void sample_put_entry(struct cs_buffer *out, const struct cs_password_entry *entry)
{
    cs_buffer_append_text(out, "entry");
    for (size_t i = 0; i < entry->group_count; i++) {
        cs_buffer_append_text(out, " <");
        cs_buffer_append_bytes(out, entry->groups[i]);
        cs_buffer_append_text(out, ">");
    }
    cs_buffer_append_text(out, "\n");
    sample_put(out, "title", entry->title);
    sample_put(out, "user", entry->user_name);
    sample_put(out, "password", entry->password);
    sample_put(out, "url", entry->url);
    sample_put(out, "notes", entry->notes);
    sample_put(out, "totp", entry->totp);
    for (size_t i = 0; i < entry->field_count; i++) {
        cs_buffer_append_text(out, entry->fields[i].is_protected ? "  *" : "  -");
        cs_buffer_append_bytes(out, entry->fields[i].name);
        cs_buffer_append_text(out, "=");
        cs_buffer_append_bytes(out, entry->fields[i].value);
        cs_buffer_append_text(out, "\n");
    }
    sample_put_time(out, "created", entry->created_ms);
    sample_put_time(out, "expires", entry->expires_ms);
}

/* Everything but ids and times of change. */
static inline void sample_put_list(struct cs_buffer *out, const struct cs_password_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        sample_put_entry(out, &list->entries[i]);
    }
    for (size_t i = 0; i < list->loss_count; i++) {
        const struct cs_password_loss *loss = &list->losses[i];
        cs_buffer_append_format(out, "left out of %ld: %s x%zu \"",
                                loss->entry == CS_PASSWORD_LOSS_OF_FILE ? -1L : (long)loss->entry,
                                cs_password_loss_text(loss->kind), loss->count);
        cs_buffer_append_bytes(out, loss->name);
        cs_buffer_append_text(out, "\"\n");
    }
    assert_ok(out->status);
}

static inline void sample_assert_list(const struct cs_password_list *list, const char *expected)
{
    struct cs_buffer text;
    cs_buffer_init(&text, SAMPLE_MAX);
    sample_put_list(&text, list);
    assert_string_equal(cs_buffer_text(&text), expected);
    cs_buffer_release(&text);
}

#endif
