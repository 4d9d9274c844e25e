/* SQL texts of one entity, made from its descriptor; used by row_table.c and row_schema.c only. SQLite's dialect. */
#ifndef CS_ROWS_SQL_TEXT_H
#define CS_ROWS_SQL_TEXT_H

#include "shared/base/memory.h"
#include "shared/domain/descriptor.h"

struct cs_row_sql {
    const char *create;
    const char *create_indexes; /* on the natural key and on references; may be "" */
    const char *select;         /* all columns, no WHERE */
    const char *load;           /* by id */
    const char *store;   /* changes nothing if the row is there with another value in an index */
    const char *replace; /* for that; the same parameters */
    const char *remove;
    const char *count;
};

/* Texts live in the arena. Names come from descriptors (lower case letters, digits, underscore) and are quoted. */
enum cs_status cs_row_sql_make(const struct cs_entity *entity, struct cs_arena *arena,
                               struct cs_row_sql *out) CS_MUST_USE;
/* Appends the text that finds the ids of rows with the field IS ?1, at most ?2, live (?3 = 0) or deleted too (?3 = 1). Made when it is wanted: there is one for every
 * field, and most are never asked for. */
void cs_row_sql_find(const struct cs_entity *entity, size_t field_index, struct cs_buffer *out);

#endif
