/* What row_table.c (rows) and row_schema.c (tables) share; for these two only. */
#ifndef CS_ROWS_ROW_TABLE_INTERNAL_H
#define CS_ROWS_ROW_TABLE_INTERNAL_H

#include "shared/rows/row_table.h"
#include "shared/rows/sql_text.h"

/* id, _deleted, _versions, _extra, _scopes, _position: before the fields in every SELECT and INSERT. */
#define CS_ROW_ENGINE_COLUMNS 6

struct cs_row_tables {
    struct cs_database *database;
    const struct cs_registry *registry;
    struct cs_arena arena;
    struct cs_row_sql *sql; /* per entity, in the registry's order */
};

/* The texts of an entity of this registry. */
const struct cs_row_sql *cs_row_tables_sql(const struct cs_row_tables *tables,
                                           const struct cs_entity *entity);

/* As cs_row_load and cs_row_remove, of the rows in _opaque, whether their entity is known by now or not. */
enum cs_status cs_row_load_opaque(struct cs_row_tables *tables, struct cs_bytes name,
                                  const struct cs_id *id, struct cs_arena *arena,
                                  struct cs_stored_row *out) CS_MUST_USE;
enum cs_status cs_row_remove_opaque(struct cs_row_tables *tables, struct cs_bytes name,
                                    const struct cs_id *id) CS_MUST_USE;

/*
 * For a database that a newer program has grown (row_withdraw.c): what this registry does not know becomes opaque again, inside the
 * caller's transaction. Values of unknown columns go into `_extra`, rows of an unknown table into `_opaque`, and the columns or the
 * table are dropped. CS_UNSUPPORTED: it is no table that shared/rows makes.
 */
enum cs_status cs_row_withdraw_columns(struct cs_row_tables *tables,
                                       const struct cs_entity *entity) CS_MUST_USE;
enum cs_status cs_row_withdraw_table(struct cs_row_tables *tables,
                                     struct cs_bytes name) CS_MUST_USE;

#endif
