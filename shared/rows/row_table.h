/*
 * Rows of any entity in SQL tables made from their descriptors: the same on laptops and on the server.
 *
 * One table per entity, named as the entity: id BLOB PRIMARY KEY, one column per field, and the engine's columns
 * `_versions` (packed), `_deleted`, `_extra` (fields of newer schemas, kept opaque), `_scopes` (numbers of the scopes that
 * hold the row) and `_position` (server: place in the order of changes). WITHOUT ROWID, so ids that ascend are appends.
 * Tables of the engine itself begin with an underscore. Rows of entities that the registry does not know stand in
 * `_opaque`, with all their fields in `_extra`.
 */
#ifndef CS_ROWS_ROW_TABLE_H
#define CS_ROWS_ROW_TABLE_H

#include "shared/domain/descriptor.h"
#include "shared/merge/row_digest.h"
#include "shared/storage/database.h"
#include "shared/wire/rows.h"

/* A whole row in memory. Views live in the arena it was loaded into. */
struct cs_stored_row {
    const struct cs_entity *entity; /* NULL: opaque, see `name` */
    struct cs_bytes name;           /* entity name */
    struct cs_id id;
    bool exists;  /* false: there is no such row (all else but entity, name, id is empty) */
    bool deleted; /* a tombstone: fields keep their last values */
    struct cs_value *values;      /* entity->field_count items; NULL pointer for opaque */
    struct cs_named_value *extra; /* unknown fields, ascending by name */
    size_t extra_count;
    struct cs_bytes versions; /* packed, merge/row_versions.h */
    struct cs_bytes scopes;   /* packed numbers: varints, ascending, no doubles */
    uint64_t position;
};

struct cs_row_tables; /* prepared SQL texts for one database and registry */

/* Creates missing tables, columns and indexes (a newer schema adds columns) and moves what was opaque and is known now into
 * its place: whole rows, and single values out of `_extra`. A database that a newer schema has grown goes the other way: what stands
 * in columns and tables unknown here becomes opaque again, and they are dropped. All or nothing: in the caller's transaction, which
 * must be rolled back on failure, or where none is open in one of its own. CS_UNSUPPORTED for a table or column that no descriptor
 * can have made. Borrows both arguments. */
enum cs_status cs_row_tables_create(struct cs_database *database,
                                    const struct cs_registry *registry,
                                    struct cs_row_tables **out) CS_MUST_USE;
/* For a reader: the tables exist as this registry has them; otherwise CS_UNSUPPORTED. */
enum cs_status cs_row_tables_attach(struct cs_database *database,
                                    const struct cs_registry *registry,
                                    struct cs_row_tables **out) CS_MUST_USE;
void cs_row_tables_destroy(struct cs_row_tables *tables);
const struct cs_registry *cs_row_tables_registry(const struct cs_row_tables *tables);
struct cs_database *cs_row_tables_database(const struct cs_row_tables *tables);

/* `name` may be an entity the registry does not know. A missing row is CS_OK with exists = false. */
enum cs_status cs_row_load(struct cs_row_tables *tables, struct cs_bytes name,
                           const struct cs_id *id, struct cs_arena *arena,
                           struct cs_stored_row *out) CS_MUST_USE;
/* Inserts or replaces the row. */
enum cs_status cs_row_store(struct cs_row_tables *tables,
                            const struct cs_stored_row *row) CS_MUST_USE;
/* Removes it physically (left the replica's scopes, or an insert was undone); a missing row is CS_OK. */
enum cs_status cs_row_remove(struct cs_row_tables *tables, struct cs_bytes name,
                             const struct cs_id *id) CS_MUST_USE;

/* One equality: field = value; an empty `field` name is invalid. */
struct cs_row_filter {
    size_t field_index;
    struct cs_value value;
};
/* Calls `visit` for every row in ascending order of ids until it returns other than CS_OK, which is then returned. The row is
 * valid during the call only; the callback must not use the same query. Tombstones are left out unless asked for. */
enum cs_row_filter_flags { CS_ROWS_LIVE = 0, CS_ROWS_WITH_DELETED = 1 };
typedef enum cs_status cs_row_visitor(void *context, const struct cs_stored_row *row);
enum cs_status cs_row_scan(struct cs_row_tables *tables, const struct cs_entity *entity,
                           const struct cs_row_filter *filters, size_t filter_count,
                           enum cs_row_filter_flags flags, cs_row_visitor *visit,
                           void *context) CS_MUST_USE;
/* All rows of all entities, the opaque ones too. */
enum cs_status cs_row_scan_all(struct cs_row_tables *tables, cs_row_visitor *visit,
                               void *context) CS_MUST_USE;
/* Removes rows that cannot be read (CS_CORRUPT when loaded): what is there then can be scanned. In the caller's transaction. */
enum cs_status cs_row_remove_unreadable(struct cs_row_tables *tables,
                                        uint64_t *out_removed) CS_MUST_USE;
/* Ids of live rows with field = value, ascending, at most `limit`; in the arena. */
enum cs_status cs_row_find(struct cs_row_tables *tables, const struct cs_entity *entity,
                           size_t field_index, const struct cs_value *value, size_t limit,
                           struct cs_arena *arena, struct cs_id **out_ids,
                           size_t *out_count) CS_MUST_USE;
/* The same, with the deleted ones if asked for. */
enum cs_status cs_row_find_flagged(struct cs_row_tables *tables, const struct cs_entity *entity,
                                   size_t field_index, const struct cs_value *value,
                                   enum cs_row_filter_flags flags, size_t limit,
                                   struct cs_arena *arena, struct cs_id **out_ids,
                                   size_t *out_count) CS_MUST_USE;
/* Number of live rows. */
enum cs_status cs_row_count(struct cs_row_tables *tables, const struct cs_entity *entity,
                            int64_t *out) CS_MUST_USE;

/* All non-NULL fields, known and unknown, as the wire and the digest have them; list in the arena, values borrowed. */
enum cs_status cs_row_fields(const struct cs_stored_row *row, struct cs_arena *arena,
                             struct cs_named_value **out_fields, size_t *out_count) CS_MUST_USE;
/* The reverse: places fields by name into values and extra of an otherwise empty row. CS_MALFORMED for two values of one
 * name. */
enum cs_status cs_row_from_fields(const struct cs_registry *registry, struct cs_bytes name,
                                  const struct cs_named_value *fields, size_t count,
                                  struct cs_arena *arena, struct cs_stored_row *out) CS_MUST_USE;
/* cs_row_hash of a stored row. */
enum cs_status cs_stored_row_hash(const struct cs_stored_row *row,
                                  uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;
/* A deep copy in the arena. */
enum cs_status cs_stored_row_copy(const struct cs_stored_row *row, struct cs_arena *arena,
                                  struct cs_stored_row *out) CS_MUST_USE;
/* One blob and back: how a replica keeps the confirmed state that an unsent edit covers (without id and entity). */
enum cs_status cs_stored_row_encode(const struct cs_stored_row *row,
                                    struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_stored_row_decode(const struct cs_registry *registry, struct cs_bytes name,
                                    const struct cs_id *id, struct cs_bytes bytes,
                                    struct cs_arena *arena, struct cs_stored_row *out) CS_MUST_USE;

/* Named values as one blob: until the end, prefixed name and the value as a unit of one. */
void cs_named_values_put(const struct cs_named_value *fields, size_t count, struct cs_buffer *out);
/* Views into `bytes`, which must outlive the list. CS_CORRUPT. */
enum cs_status cs_named_values_take(struct cs_bytes bytes, struct cs_arena *arena,
                                    struct cs_named_value **out_fields,
                                    size_t *out_count) CS_MUST_USE;

/* Packed scope numbers. */
bool cs_scope_numbers_contain(struct cs_bytes packed, uint64_t number);
/* Adds or removes one; the result lives in the arena. */
enum cs_status cs_scope_numbers_with(struct cs_bytes packed, uint64_t number,
                                     struct cs_arena *arena, struct cs_bytes *out) CS_MUST_USE;
enum cs_status cs_scope_numbers_without(struct cs_bytes packed, uint64_t number,
                                        struct cs_arena *arena, struct cs_bytes *out) CS_MUST_USE;

#endif
