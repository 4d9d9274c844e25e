/*
 * CSV, see csv.h.
 *
 * A field begins with a quote and is quoted, or holds no quote at all. After a fault the reader goes on behind the line
 * of the fault; after a quote that never closes, behind the line with that quote, so that one slip costs one line and not
 * the rest of the file.
 */
#include "shared/text/csv.h"

#include "shared/base/text.h"

#include <string.h>

static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};

/* A position in the text, and what is known of the record being read. */
struct scan {
    struct cs_bytes text;
    size_t at;
    size_t line;
    const char *fault; /* NULL: none; otherwise `at` and `line` are those of the fault */
};

static bool begins_with_mark(struct cs_bytes bytes)
{
    return bytes.size >= sizeof byte_order_mark &&
           memcmp(bytes.data, byte_order_mark, sizeof byte_order_mark) == 0;
}

static void skip(struct cs_bytes *bytes, size_t size)
{
    if (size > 0) {
        bytes->data += size;
        bytes->size -= size;
    }
}

void cs_csv_reader_init(struct cs_csv_reader *reader, struct cs_bytes text)
{
    *reader = (struct cs_csv_reader){.rest = text, .line = 1, .next_line = 1};
    if (begins_with_mark(text)) {
        skip(&reader->rest, sizeof byte_order_mark);
    }
}

/* Size of the line break at the position: 0 = there is none; the end of the text is not one. */
static size_t break_size(const struct scan *scan)
{
    size_t left = scan->text.size - scan->at;
    const uint8_t *data = scan->text.data + scan->at;
    if (left >= 1 && data[0] == '\n') {
        return 1;
    }
    if (left >= 1 && data[0] == '\r' && (left == 1 || data[1] == '\n')) {
        return left == 1 ? 1 : 2;
    }
    return 0;
}

static bool at_end(const struct scan *scan)
{
    return scan->at == scan->text.size;
}

static bool at_field_end(const struct scan *scan)
{
    return at_end(scan) || scan->text.data[scan->at] == ',' || break_size(scan) > 0;
}

static void read_bare(struct scan *scan, struct cs_bytes *out)
{
    size_t start = scan->at;
    while (!at_field_end(scan)) {
        if (scan->text.data[scan->at] == '"') {
            scan->fault = "a quote stands inside a field that does not begin with one";
            return;
        }
        scan->at++;
    }
    *out = cs_bytes_make(scan->text.data + start, scan->at - start);
}

/* From behind the opening quote to behind the closing one; `escapes` counts the doubled quotes between. */
static struct cs_bytes scan_quoted(struct scan *scan, size_t *escapes)
{
    const uint8_t *data = scan->text.data;
    size_t size = scan->text.size;
    struct scan opening = *scan;
    size_t start = ++scan->at;
    *escapes = 0;
    for (; scan->at < size; scan->at++) {
        if (data[scan->at] == '\n') {
            scan->line++;
        } else if (data[scan->at] == '"') {
            if (size - scan->at < 2 || data[scan->at + 1] != '"') {
                struct cs_bytes content = {data + start, scan->at - start};
                scan->at++;
                return content;
            }
            ++*escapes;
            scan->at++;
        }
    }
    *scan = opening;
    scan->fault = "a quote is not closed";
    return CS_BYTES_NONE;
}

static enum cs_status unescape(struct cs_bytes raw, size_t escapes, struct cs_arena *arena,
                               struct cs_bytes *out)
{
    if (escapes == 0) {
        *out = raw;
        return CS_OK;
    }
    uint8_t *text = cs_arena_take(arena, raw.size - escapes);
    if (text == NULL) {
        return CS_NO_MEMORY;
    }
    size_t size = 0;
    for (size_t i = 0; i < raw.size; i++) {
        text[size++] = raw.data[i];
        i += raw.data[i] == '"' ? 1 : 0; /* the second of a pair */
    }
    *out = cs_bytes_make(text, size);
    return CS_OK;
}

static enum cs_status read_field(struct scan *scan, struct cs_arena *arena, struct cs_bytes *out)
{
    if (at_end(scan) || scan->text.data[scan->at] != '"') {
        read_bare(scan, out);
        return CS_OK;
    }
    size_t escapes = 0;
    struct cs_bytes raw = scan_quoted(scan, &escapes);
    if (scan->fault == NULL && !at_field_end(scan)) {
        scan->fault = "text follows a closing quote";
    }
    return scan->fault == NULL ? unescape(raw, escapes, arena, out) : CS_OK;
}

/* One record up to, not over, its line break. Columns beyond the limit are read, so that the next record is found. */
static enum cs_status read_record(struct scan *scan, struct cs_arena *arena,
                                  struct cs_csv_record *out)
{
    struct scan start = *scan;
    out->count = 0;
    bool more = true;
    while (more) {
        struct cs_bytes field = CS_BYTES_NONE;
        enum cs_status status = read_field(scan, arena, &field);
        if (status != CS_OK || scan->fault != NULL) {
            return status;
        }
        if (out->count < CS_CSV_COLUMNS_MAX) {
            out->fields[out->count] = field;
        }
        out->count++;
        more = !at_end(scan) && scan->text.data[scan->at] == ',';
        scan->at += more ? 1 : 0;
    }
    if (out->count > CS_CSV_COLUMNS_MAX) {
        scan->fault = "there are more than 128 columns";
    } else if (!cs_utf8_valid(cs_bytes_make(start.text.data + start.at, scan->at - start.at))) {
        scan->fault = "the text is not UTF-8";
    }
    return CS_OK;
}

/* Moves the reader to the scan's position and over the rest of that line. */
static void go_behind_line(struct cs_csv_reader *reader, struct scan *scan)
{
    while (!at_end(scan) && scan->text.data[scan->at] != '\n') {
        scan->at++;
    }
    scan->at += at_end(scan) ? 0 : 1;
    reader->next_line = scan->line + 1;
    skip(&reader->rest, scan->at);
}

static void skip_empty_lines(struct cs_csv_reader *reader)
{
    struct scan scan = {.text = reader->rest};
    if (scan.text.size == 0) {
        return;
    }
    for (size_t size = break_size(&scan); size > 0; size = break_size(&scan)) {
        scan.at += size;
        reader->next_line++;
    }
    skip(&reader->rest, scan.at);
}

enum cs_status cs_csv_next(struct cs_csv_reader *reader, struct cs_arena *arena,
                           struct cs_csv_record *out, bool *out_more, struct cs_problem *problem)
{
    skip_empty_lines(reader);
    if (reader->rest.size == 0) {
        *out_more = false;
        return CS_OK;
    }
    struct scan scan = {.text = reader->rest, .line = reader->next_line};
    struct cs_csv_record record;
    enum cs_status status = read_record(&scan, arena, &record);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "line %zu: %s", reader->next_line,
                              cs_status_text(status));
    }
    reader->line = reader->next_line;
    go_behind_line(reader, &scan);
    if (scan.fault != NULL) {
        return cs_problem_set(problem, CS_MALFORMED, "line %zu: %s", scan.line, scan.fault);
    }
    memcpy(out->fields, record.fields, record.count * sizeof record.fields[0]);
    out->count = record.count;
    *out_more = true;
    return CS_OK;
}

static bool needs_quotes(struct cs_bytes field)
{
    for (size_t i = 0; i < field.size; i++) {
        uint8_t byte = field.data[i];
        if (byte == '"' || byte == ',' || byte == '\r' || byte == '\n') {
            return true;
        }
    }
    /* At the start of a file it would be taken for the file's own mark. */
    return begins_with_mark(field);
}

static bool is_space(uint8_t character)
{
    return character == ' ' || character == '\t';
}

struct cs_bytes cs_csv_trimmed(struct cs_bytes field)
{
    while (field.size > 0 && is_space(field.data[0])) {
        field.data++;
        field.size--;
    }
    while (field.size > 0 && is_space(field.data[field.size - 1])) {
        field.size--;
    }
    return field;
}

void cs_csv_put(struct cs_buffer *out, struct cs_bytes field)
{
    if (!needs_quotes(field)) {
        cs_buffer_append_bytes(out, field);
        return;
    }
    cs_buffer_append_u8(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < field.size; i++) {
        if (field.data[i] == '"') {
            cs_buffer_append(out, field.data + start, i + 1 - start);
            cs_buffer_append_u8(out, '"');
            start = i + 1;
        }
    }
    cs_buffer_append(out, field.data + start, field.size - start);
    cs_buffer_append_u8(out, '"');
}

void cs_csv_separator(struct cs_buffer *out)
{
    cs_buffer_append_u8(out, ',');
}

void cs_csv_end_record(struct cs_buffer *out)
{
    /* A record of one empty field would be an empty line, which readers skip. */
    if (out->size == 0 || out->data[out->size - 1] == '\n') {
        cs_buffer_append_text(out, "\"\"");
    }
    cs_buffer_append_text(out, "\r\n");
}
