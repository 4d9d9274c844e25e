/*
 * Password lists as CSV (RFC 4180, UTF-8), both ways. The columns in prose, and what spreadsheet programs do with such a file: README.md.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_PASSWORD_CSV_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_PASSWORD_CSV_H

#include "field-client/password_files/password_list.h"

/*
 * Adds every row to the list. The first row names the columns, by the names that common programs use, in any order; one of them must be
 * the password. Unknown columns, and rows that cannot be read, are noted as losses ("line 12"); nothing else is skipped but rows that are empty.
 * On failure the list may hold part of the file and is to be released. CS_MALFORMED for a header that cannot be used; CS_LIMIT; CS_NO_MEMORY.
 */
enum cs_status cs_password_csv_read(struct cs_bytes file, struct cs_password_list *list,
                                    struct cs_problem *problem) CS_MUST_USE;
/*
 * Appends a file that cs_password_csv_read reads to the same list, but for ids and empty fields. Nothing is put before a text that begins
 * with = + - or @. CS_LIMIT where the entries have more kinds of fields than a file may have columns.
 */
enum cs_status cs_password_csv_write(const struct cs_password_list *list, struct cs_buffer *out,
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
