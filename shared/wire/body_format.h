/* What the writer (body_encode.c) and the reader (body_decode.c) of bodies share. Private to them. */
#ifndef CS_WIRE_BODY_FORMAT_H
#define CS_WIRE_BODY_FORMAT_H

#include "shared/wire/change_set.h"

#define CS_BODY_FORMAT 1
/* [format, logs, transactions, runs, shapes] */
#define CS_BODY_ITEMS 5
/* [ids, first counter, claimed, server times, elapsed, operation counts] */
#define CS_BODY_TRANSACTION_ITEMS 6
/* [kind, entity, names, rows, columns] */
#define CS_BODY_SHAPE_ITEMS 5

/* Versions are kept in signed 64-bit columns by both programs. */
#define CS_COUNTER_MAX ((uint64_t)INT64_MAX)

/* Columns of a shape: INSERT a value column per field, UPDATE also a base column per field, DELETE what was seen. */
static inline size_t cs_body_column_count(enum cs_operation_kind kind, size_t field_count)
{
    if (kind == CS_OPERATION_DELETE) {
        return 1;
    }
    return kind == CS_OPERATION_UPDATE ? 2 * field_count : field_count;
}

#endif
