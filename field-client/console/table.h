/*
 * Tables for people: aligned columns on a terminal, East Asian wide characters counted as two.
 */
#ifndef CS_CONSOLE_TABLE_H
#define CS_CONSOLE_TABLE_H

#include "field-client/console/command.h"

#define CS_TABLE_COLUMNS_MAX ((size_t)160)
/* Columns of the terminal one cell takes at most; longer texts are cut and end in "…". */
#define CS_TABLE_CELL_COLUMNS_MAX ((size_t)40)

struct cs_table {
    size_t column_count;
    size_t cell_count; /* headings included */
    size_t widths[CS_TABLE_COLUMNS_MAX];
    bool filled[CS_TABLE_COLUMNS_MAX]; /* some cell under the heading is not empty */
    struct cs_buffer text;             /* of all cells, each with its u32 size before it */
};

void cs_table_init(struct cs_table *table, size_t column_count);
void cs_table_release(struct cs_table *table);
/* The next cell, row by row; the first row is the heading. Control characters become spaces. */
void cs_table_put(struct cs_table *table, struct cs_bytes text);
void cs_table_put_text(struct cs_table *table, const char *text);
/* Rows under the heading. */
size_t cs_table_rows(const struct cs_table *table);
/* Prints it without columns that are empty throughout; nothing at all if there are no rows. CS_NO_MEMORY. */
enum cs_status cs_table_print(const struct cs_table *table, struct cs_command *command) CS_MUST_USE;

/* Appends what fits into so many columns of the text's first characters, and "…" if that is not all. */
void cs_text_cut(struct cs_bytes text, size_t columns_max, struct cs_buffer *out);

#endif
