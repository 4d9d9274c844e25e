/*
 * CSV (RFC 4180): UTF-8, optional byte order mark, CRLF or LF, quoted fields with line breaks. Pure.
 */
#ifndef CS_TEXT_CSV_H
#define CS_TEXT_CSV_H

#include "shared/base/memory.h"

#define CS_CSV_COLUMNS_MAX ((size_t)128)

struct cs_csv_reader {
    struct cs_bytes rest;
    size_t line; /* number of the line the last record began on, from 1 */
    size_t next_line;
};

struct cs_csv_record {
    struct cs_bytes fields[CS_CSV_COLUMNS_MAX];
    size_t count;
};

void cs_csv_reader_init(struct cs_csv_reader *reader, struct cs_bytes text);
/* *out_more false at the end. Empty lines are skipped. CS_MALFORMED (stray or unclosed quote, bad UTF-8, too many columns) with the
 * line in `problem`; the reader then stands behind the bad line, so that a caller may go on. Fields live in the arena or the input. */
enum cs_status cs_csv_next(struct cs_csv_reader *reader, struct cs_arena *arena,
                           struct cs_csv_record *out, bool *out_more,
                           struct cs_problem *problem) CS_MUST_USE;
/* A field or a heading without the blanks and tabs that people leave around it; a view of `field`. */
struct cs_bytes cs_csv_trimmed(struct cs_bytes field);
/* Appends one field, quoted where needed. Call cs_csv_separator between fields and cs_csv_end_record (CRLF) after the last. */
void cs_csv_put(struct cs_buffer *out, struct cs_bytes field);
void cs_csv_separator(struct cs_buffer *out);
void cs_csv_end_record(struct cs_buffer *out);

#endif
