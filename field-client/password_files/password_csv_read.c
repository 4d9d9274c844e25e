/* Reading a password list from CSV, see password_csv.h. */
#include "field-client/password_files/password_csv.h"

#include "shared/base/text.h"
#include "shared/text/csv.h"

#include <stdio.h>
#include <string.h>

enum column_kind {
    COLUMN_UNKNOWN,
    COLUMN_GROUP,
    COLUMN_TITLE,
    COLUMN_USER_NAME,
    COLUMN_PASSWORD,
    COLUMN_URL,
    COLUMN_NOTES,
    COLUMN_TOTP,
    COLUMN_CREATED,
    COLUMN_MODIFIED,
    COLUMN_EXPIRES,
    COLUMN_FIELD,
    COLUMN_HIDDEN,
};

/* Names in lower case: ours first, then those of KeePassXC, KeePass 2, Bitwarden, browsers, LastPass and 1Password. */
static const struct {
    const char *name;
    enum column_kind kind;
} known[] = {
    {"group", COLUMN_GROUP},
    {"folder", COLUMN_GROUP},
    {"grouping", COLUMN_GROUP},
    {"title", COLUMN_TITLE},
    {"name", COLUMN_TITLE},
    {"account", COLUMN_TITLE},
    {"username", COLUMN_USER_NAME},
    {"user name", COLUMN_USER_NAME},
    {"login name", COLUMN_USER_NAME},
    {"login_username", COLUMN_USER_NAME},
    {"password", COLUMN_PASSWORD},
    {"login_password", COLUMN_PASSWORD},
    {"url", COLUMN_URL},
    {"uri", COLUMN_URL},
    {"website", COLUMN_URL},
    {"web site", COLUMN_URL},
    {"login_uri", COLUMN_URL},
    {"notes", COLUMN_NOTES},
    {"note", COLUMN_NOTES},
    {"comments", COLUMN_NOTES},
    {"extra", COLUMN_NOTES},
    {"totp", COLUMN_TOTP},
    {"otp", COLUMN_TOTP},
    {"otpauth", COLUMN_TOTP},
    {"login_totp", COLUMN_TOTP},
    {"created", COLUMN_CREATED},
    {"modified", COLUMN_MODIFIED},
    {"last modified", COLUMN_MODIFIED},
    {"expires", COLUMN_EXPIRES},
};

struct column {
    enum column_kind kind;
    struct cs_bytes name;
    size_t used; /* of an unknown one: rows that have something in it */
};

/* A file while it is read. */
struct reading {
    struct cs_csv_reader reader;
    struct cs_arena header; /* names of columns */
    struct cs_arena row;
    struct column columns[CS_CSV_COLUMNS_MAX];
    size_t column_count;
    struct cs_csv_record record;
    struct cs_password_list *list;
    /* One row. */
    struct cs_password_entry entry;
    struct cs_bytes groups[CS_PASSWORD_GROUP_DEPTH_MAX];
    struct cs_password_field fields[CS_CSV_COLUMNS_MAX];
    size_t bad_times;
};

static bool equal_without_case(struct cs_bytes text, const char *lower)
{
    bool equal = text.size == strlen(lower);
    for (size_t i = 0; equal && i < text.size; i++) {
        uint8_t byte = text.data[i];
        equal = (byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte) == (uint8_t)lower[i];
    }
    return equal;
}

static bool begins_with(struct cs_bytes text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static struct column column_of(struct cs_bytes name)
{
    static const char field[] = "field: ";
    static const char hidden[] = "hidden: ";
    struct column column = {COLUMN_UNKNOWN, cs_csv_trimmed(name), 0};
    if (begins_with(name, field)) {
        size_t size = sizeof field - 1;
        return (struct column){COLUMN_FIELD, cs_bytes_make(name.data + size, name.size - size), 0};
    }
    if (begins_with(name, hidden)) {
        size_t size = sizeof hidden - 1;
        return (struct column){COLUMN_HIDDEN, cs_bytes_make(name.data + size, name.size - size), 0};
    }
    for (size_t i = 0; i < CS_COUNT(known); i++) {
        if (equal_without_case(column.name, known[i].name)) {
            column.kind = known[i].kind;
        }
    }
    return column;
}

static bool clash(const struct column *a, const struct column *b)
{
    bool is_field = a->kind == COLUMN_FIELD || a->kind == COLUMN_HIDDEN;
    return a->kind != COLUMN_UNKNOWN && a->kind == b->kind &&
           (!is_field || cs_bytes_equal(a->name, b->name));
}

static enum cs_status set_columns(struct reading *reading, struct cs_problem *problem)
{
    bool has_password = false;
    reading->column_count = reading->record.count;
    for (size_t i = 0; i < reading->record.count; i++) {
        reading->columns[i] = column_of(reading->record.fields[i]);
        has_password = has_password || reading->columns[i].kind == COLUMN_PASSWORD;
        for (size_t j = 0; j < i; j++) {
            if (clash(&reading->columns[i], &reading->columns[j])) {
                return cs_problem_set(problem, CS_MALFORMED,
                                      "columns %zu and %zu of the file are the same", j + 1, i + 1);
            }
        }
    }
    return has_password ? CS_OK
                        : cs_problem_set(problem, CS_MALFORMED,
                                         "the first row of the file names no column \"password\"");
}

static enum cs_status read_header(struct reading *reading, struct cs_problem *problem)
{
    bool more = false;
    enum cs_status status =
        cs_csv_next(&reading->reader, &reading->header, &reading->record, &more, problem);
    if (status != CS_OK) {
        return status;
    }
    return more ? set_columns(reading, problem)
                : cs_problem_set(problem, CS_MALFORMED,
                                 "the file is empty: its first row must name "
                                 "the columns");
}

/* A part of a path up to the next bare slash; "\/" is a slash in a name, "\\" a backslash. */
static enum cs_status take_group(struct reading *reading, struct cs_bytes *rest,
                                 struct cs_bytes *out)
{
    uint8_t *name = cs_arena_take(&reading->row, rest->size);
    size_t size = 0;
    size_t at = 0;
    if (name == NULL) {
        return CS_NO_MEMORY;
    }
    for (; at < rest->size && rest->data[at] != '/'; at++) {
        bool is_escape = rest->data[at] == '\\' && rest->size - at > 1 &&
                         (rest->data[at + 1] == '/' || rest->data[at + 1] == '\\');
        at += is_escape ? 1 : 0;
        name[size++] = rest->data[at];
    }
    *out = cs_bytes_make(name, size);
    at += at < rest->size ? 1 : 0;
    *rest = cs_bytes_make(rest->data + at, rest->size - at);
    return CS_OK;
}

static enum cs_status set_groups(struct reading *reading, struct cs_bytes path,
                                 struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    while (status == CS_OK && path.size > 0) {
        struct cs_bytes name;
        status = take_group(reading, &path, &name);
        if (status != CS_OK || name.size == 0) {
            continue;
        }
        if (reading->entry.group_count == CS_PASSWORD_GROUP_DEPTH_MAX) {
            return cs_problem_set(problem, CS_LIMIT, "line %zu: more than %zu groups in each other",
                                  reading->reader.line, CS_PASSWORD_GROUP_DEPTH_MAX);
        }
        reading->groups[reading->entry.group_count++] = name;
    }
    return status;
}

static int64_t time_of(struct reading *reading, struct cs_bytes text)
{
    int64_t instant = 0;
    if (text.size == 0) {
        return CS_PASSWORD_TIME_NONE;
    }
    if (cs_instant_parse(cs_csv_trimmed(text), 0, &instant) != CS_OK) {
        reading->bad_times++;
        return CS_PASSWORD_TIME_NONE;
    }
    return cs_instant_utc_ms(instant);
}

static void add_field(struct reading *reading, const struct column *column, struct cs_bytes value)
{
    if (value.size > 0) {
        reading->fields[reading->entry.field_count++] =
            (struct cs_password_field){column->name, value, column->kind == COLUMN_HIDDEN};
    }
}

static enum cs_status set_value(struct reading *reading, struct column *column,
                                struct cs_bytes value, struct cs_problem *problem)
{
    struct cs_password_entry *entry = &reading->entry;
    switch (column->kind) {
    case COLUMN_UNKNOWN:
        column->used += value.size > 0;
        break;
    case COLUMN_GROUP:
        return set_groups(reading, value, problem);
    case COLUMN_TITLE:
        entry->title = value;
        break;
    case COLUMN_USER_NAME:
        entry->user_name = value;
        break;
    case COLUMN_PASSWORD:
        entry->password = value;
        break;
    case COLUMN_URL:
        entry->url = value;
        break;
    case COLUMN_NOTES:
        entry->notes = value;
        break;
    case COLUMN_TOTP:
        entry->totp = value;
        break;
    case COLUMN_CREATED:
        entry->created_ms = time_of(reading, value);
        break;
    case COLUMN_MODIFIED:
        entry->modified_ms = time_of(reading, value);
        break;
    case COLUMN_EXPIRES:
        entry->expires_ms = time_of(reading, value);
        break;
    case COLUMN_FIELD:
    case COLUMN_HIDDEN:
        add_field(reading, column, value);
        break;
    }
    return CS_OK;
}

static enum cs_status note_row(struct reading *reading, struct cs_problem *problem)
{
    char name[32];
    (void)snprintf(name, sizeof name, "line %zu", reading->reader.line);
    return cs_password_list_lose(reading->list, CS_PASSWORD_LOSS_ROW, CS_PASSWORD_LOSS_OF_FILE,
                                 cs_bytes_of_text(name), 1, problem);
}

static bool is_empty_row(const struct cs_csv_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        if (record->fields[i].size > 0) {
            return false;
        }
    }
    return true;
}

/* A row with more fields than columns is out of step: nobody knows which value is which. */
static enum cs_status read_row(struct reading *reading, struct cs_problem *problem)
{
    if (reading->record.count > reading->column_count) {
        return note_row(reading, problem);
    }
    if (is_empty_row(&reading->record)) {
        return CS_OK;
    }
    enum cs_status status = CS_OK;
    reading->bad_times = 0;
    reading->entry = CS_PASSWORD_ENTRY_NONE;
    reading->entry.groups = reading->groups;
    reading->entry.fields = reading->fields;
    for (size_t i = 0; status == CS_OK && i < reading->record.count; i++) {
        status = set_value(reading, &reading->columns[i], reading->record.fields[i], problem);
    }
    status =
        status == CS_OK ? cs_password_list_add(reading->list, &reading->entry, problem) : status;
    if (status == CS_OK && reading->bad_times > 0) {
        status =
            cs_password_list_lose(reading->list, CS_PASSWORD_LOSS_TIME, reading->list->count - 1,
                                  CS_BYTES_NONE, reading->bad_times, problem);
    }
    return status;
}

static enum cs_status read_rows(struct reading *reading, struct cs_problem *problem)
{
    bool more = true;
    enum cs_status status = CS_OK;
    while (status == CS_OK && more) {
        status = cs_csv_next(&reading->reader, &reading->row, &reading->record, &more, NULL);
        if (status == CS_MALFORMED) {
            status = note_row(reading, problem);
        } else if (status == CS_OK && more) {
            status = read_row(reading, problem);
        }
        cs_arena_release_wiped(&reading->row);
    }
    return status;
}

static enum cs_status note_columns(struct reading *reading, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < reading->column_count; i++) {
        const struct column *column = &reading->columns[i];
        if (column->kind == COLUMN_UNKNOWN) {
            status = cs_password_list_lose(reading->list, CS_PASSWORD_LOSS_COLUMN,
                                           CS_PASSWORD_LOSS_OF_FILE, column->name, column->used,
                                           problem);
        }
    }
    return status;
}

enum cs_status cs_password_csv_read(struct cs_bytes file, struct cs_password_list *list,
                                    struct cs_problem *problem)
{
    if (file.size > CS_PASSWORD_FILE_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "the file has %zu bytes, at most %zu are read",
                              file.size, CS_PASSWORD_FILE_MAX);
    }
    struct reading *reading = cs_alloc_zero(1, sizeof *reading);
    if (reading == NULL) {
        return CS_NO_MEMORY;
    }
    reading->list = list;
    cs_arena_init(&reading->header, CS_PASSWORD_FILE_UNPACKED_MAX);
    cs_arena_init(&reading->row, CS_PASSWORD_FILE_UNPACKED_MAX);
    cs_csv_reader_init(&reading->reader, file);
    enum cs_status status = read_header(reading, problem);
    status = status == CS_OK ? read_rows(reading, problem) : status;
    status = status == CS_OK ? note_columns(reading, problem) : status;
    cs_arena_release_wiped(&reading->header);
    cs_arena_release_wiped(&reading->row);
    cs_free(reading);
    return status;
}
