/* Tables for people, see table.h. */
#include "field-client/console/table.h"

#include "shared/base/text.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define TABLE_TEXT_MAX (512 * CS_MEBI)
#define GAP 2

void cs_table_init(struct cs_table *table, size_t column_count)
{
    cs_require(column_count > 0 && column_count <= CS_TABLE_COLUMNS_MAX);
    *table = (struct cs_table){.column_count = column_count};
    cs_buffer_init(&table->text, TABLE_TEXT_MAX);
}

void cs_table_release(struct cs_table *table)
{
    cs_buffer_release(&table->text);
}

/* Bytes of the character that begins here; the text is taken for UTF-8 as stored rows have it. */
static size_t character_size(struct cs_bytes text, size_t at)
{
    size_t size = 1;
    while (at + size < text.size && (text.data[at + size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

static void append_clean(struct cs_bytes character, struct cs_buffer *out)
{
    bool control = character.data[0] < 0x20 || character.data[0] == 0x7f ||
                   (character.size == 2 && character.data[0] == 0xc2 && character.data[1] < 0xa0);
    if (control) {
        cs_buffer_append_u8(out, ' ');
    } else {
        cs_buffer_append_bytes(out, character);
    }
}

void cs_text_cut(struct cs_bytes text, size_t columns_max, struct cs_buffer *out)
{
    bool whole = cs_utf8_columns(text) <= columns_max;
    size_t left = whole ? SIZE_MAX : columns_max - 1;
    for (size_t at = 0; at < text.size;) {
        struct cs_bytes character = {text.data + at, character_size(text, at)};
        size_t columns = cs_utf8_columns(character);
        if (columns > left) {
            break;
        }
        left -= columns;
        append_clean(character, out);
        at += character.size;
    }
    cs_buffer_append_text(out, whole ? "" : ELLIPSIS);
}

void cs_table_put(struct cs_table *table, struct cs_bytes text)
{
    struct cs_buffer cell;
    cs_buffer_init(&cell, CS_KIBI);
    cs_text_cut(text, CS_TABLE_CELL_COLUMNS_MAX, &cell);
    size_t column = table->cell_count % table->column_count;
    size_t columns = cs_utf8_columns(cs_buffer_bytes(&cell));
    if (columns > table->widths[column]) {
        table->widths[column] = columns;
    }
    if (table->cell_count >= table->column_count && cell.size > 0) {
        table->filled[column] = true;
    }
    table->cell_count++;
    cs_buffer_append_prefixed(&table->text, cs_buffer_bytes(&cell));
    if (cell.status == CS_NO_MEMORY && table->text.status == CS_OK) {
        table->text.status = CS_NO_MEMORY;
    }
    cs_buffer_release(&cell);
}

void cs_table_put_text(struct cs_table *table, const char *text)
{
    cs_table_put(table, cs_bytes_of_text(text));
}

size_t cs_table_rows(const struct cs_table *table)
{
    size_t rows = table->cell_count / table->column_count;
    return rows > 0 ? rows - 1 : 0;
}

/* The last column that is shown needs no padding behind it. */
static size_t last_column(const struct cs_table *table)
{
    size_t last = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        last = table->filled[i] ? i : last;
    }
    return last;
}

enum cs_status cs_table_print(const struct cs_table *table, struct cs_command *command)
{
    if (table->text.status != CS_OK || cs_table_rows(table) == 0) {
        return table->text.status;
    }
    size_t last = last_column(table);
    struct cs_reader reader;
    cs_reader_init(&reader, cs_buffer_bytes(&table->text));
    for (size_t i = 0; i < table->cell_count; i++) {
        struct cs_bytes cell = cs_read_prefixed(&reader);
        size_t column = i % table->column_count;
        if (table->filled[column]) {
            size_t padding = table->widths[column] + GAP - cs_utf8_columns(cell);
            cs_command_print_bytes(command, cell);
            cs_command_print(command, "%*s", column == last ? 0 : (int)padding, "");
        }
        if (column + 1 == table->column_count) {
            cs_command_print(command, "\n");
        }
    }
    return CS_OK;
}
