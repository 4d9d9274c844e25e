/* Writing a password list as CSV, see password_csv.h. */
#include "field-client/password_files/password_csv.h"

#include "shared/base/text.h"
#include "shared/text/csv.h"

static const char *const usual_columns[] = {"group", "title", "username", "password", "url",
                                            "notes", "totp",  "created",  "modified", "expires"};

#define FIELD_COLUMNS_MAX (CS_CSV_COLUMNS_MAX - CS_COUNT(usual_columns))

/* A column for each name of a field, and another where some are protected and some not. */
struct columns {
    const struct cs_password_field *items[FIELD_COLUMNS_MAX];
    size_t count;
};

static bool same_column(const struct cs_password_field *a, const struct cs_password_field *b)
{
    return a->is_protected == b->is_protected && cs_bytes_equal(a->name, b->name);
}

static enum cs_status add_column(struct columns *columns, const struct cs_password_field *field,
                                 struct cs_problem *problem)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (same_column(columns->items[i], field)) {
            return CS_OK;
        }
    }
    if (columns->count == FIELD_COLUMNS_MAX) {
        return cs_problem_set(problem, CS_LIMIT,
                              "the entries have more than %zu kinds of fields, which a CSV file "
                              "cannot hold: write a KeePass file",
                              FIELD_COLUMNS_MAX);
    }
    columns->items[columns->count++] = field;
    return CS_OK;
}

static enum cs_status find_columns(const struct cs_password_list *list, struct columns *out,
                                   struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    out->count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct cs_password_entry *entry = &list->entries[i];
        for (size_t j = 0; status == CS_OK && j < entry->field_count; j++) {
            status = add_column(out, &entry->fields[j], problem);
        }
    }
    return status;
}

static void put(struct cs_buffer *out, struct cs_bytes value)
{
    cs_csv_put(out, value);
    cs_csv_separator(out);
}

static void put_header(const struct columns *columns, struct cs_buffer *out,
                       struct cs_buffer *scratch)
{
    for (size_t i = 0; i < CS_COUNT(usual_columns); i++) {
        if (i > 0) {
            cs_csv_separator(out);
        }
        cs_csv_put(out, cs_bytes_of_text(usual_columns[i]));
    }
    for (size_t i = 0; i < columns->count; i++) {
        cs_buffer_clear(scratch);
        cs_buffer_append_text(scratch, columns->items[i]->is_protected ? "hidden: " : "field: ");
        cs_buffer_append_bytes(scratch, columns->items[i]->name);
        cs_csv_separator(out);
        cs_csv_put(out, cs_buffer_bytes(scratch));
    }
    cs_csv_end_record(out);
}

/* Names with a slash between; a slash or backslash in a name has a backslash before it. */
static void put_groups(const struct cs_password_entry *entry, struct cs_buffer *out,
                       struct cs_buffer *scratch)
{
    cs_buffer_clear(scratch);
    for (size_t i = 0; i < entry->group_count; i++) {
        cs_buffer_append_text(scratch, i == 0 ? "" : "/");
        for (size_t j = 0; j < entry->groups[i].size; j++) {
            uint8_t byte = entry->groups[i].data[j];
            cs_buffer_append_text(scratch, byte == '/' || byte == '\\' ? "\\" : "");
            cs_buffer_append_u8(scratch, byte);
        }
    }
    put(out, cs_buffer_bytes(scratch));
}

static void put_time(struct cs_buffer *out, int64_t time_ms)
{
    char text[CS_TIME_TEXT_MAX] = "";
    if (time_ms != CS_PASSWORD_TIME_NONE) {
        cs_instant_format(cs_instant_make(time_ms, 0), text);
    }
    cs_csv_put(out, cs_bytes_of_text(text));
}

static struct cs_bytes value_in(const struct cs_password_entry *entry,
                                const struct cs_password_field *column)
{
    for (size_t i = 0; i < entry->field_count; i++) {
        if (same_column(&entry->fields[i], column)) {
            return entry->fields[i].value;
        }
    }
    return CS_BYTES_NONE;
}

static void put_entry(const struct cs_password_entry *entry, const struct columns *columns,
                      struct cs_buffer *out, struct cs_buffer *scratch)
{
    put_groups(entry, out, scratch);
    put(out, entry->title);
    put(out, entry->user_name);
    put(out, entry->password);
    put(out, entry->url);
    put(out, entry->notes);
    put(out, entry->totp);
    put_time(out, entry->created_ms);
    cs_csv_separator(out);
    put_time(out, entry->modified_ms);
    cs_csv_separator(out);
    put_time(out, entry->expires_ms);
    for (size_t i = 0; i < columns->count; i++) {
        cs_csv_separator(out);
        cs_csv_put(out, value_in(entry, columns->items[i]));
    }
    cs_csv_end_record(out);
}

enum cs_status cs_password_csv_write(const struct cs_password_list *list, struct cs_buffer *out,
                                     struct cs_problem *problem)
{
    struct columns columns;
    struct cs_buffer scratch;
    size_t size_before = out->size;
    enum cs_status status = find_columns(list, &columns, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&scratch, CS_PASSWORD_FILE_UNPACKED_MAX);
    put_header(&columns, out, &scratch);
    for (size_t i = 0; i < list->count; i++) {
        put_entry(&list->entries[i], &columns, out, &scratch);
    }
    status = out->status != CS_OK ? out->status : scratch.status;
    cs_buffer_release(&scratch);
    if (status != CS_OK && out->size > size_before) {
        out->size = size_before;
    }
    return status;
}
