/* SQL texts from descriptors, see sql_text.h. */
#include "shared/rows/sql_text.h"

#define ENGINE_COLUMNS "id, _deleted, _versions, _extra, _scopes, _position"
#define ENGINE_COLUMN_COUNT 6

static const char *finish(struct cs_buffer *sql, struct cs_arena *arena)
{
    const char *text = sql->status == CS_OK ? cs_arena_text(arena, cs_buffer_bytes(sql)) : NULL;
    cs_buffer_clear(sql);
    return text;
}

/* These texts are made at every start, and formatting costs ten times as much as appending. */
static void append_texts(struct cs_buffer *sql, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_text(sql, texts[i]);
    }
}

#define APPEND(sql, ...)                                                                           \
    append_texts((sql), (const char *const[]){__VA_ARGS__},                                        \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void append_columns(struct cs_buffer *sql, const struct cs_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        APPEND(sql, ", \"", entity->fields[i].name, "\"");
    }
}

static const char *make_create(const struct cs_entity *entity, struct cs_buffer *sql,
                               struct cs_arena *arena)
{
    APPEND(sql, "CREATE TABLE IF NOT EXISTS \"", entity->name, "\" (id BLOB PRIMARY KEY NOT NULL");
    append_columns(sql, entity);
    cs_buffer_append_text(
        sql, ", _deleted INTEGER NOT NULL, _versions BLOB NOT NULL, _extra BLOB NOT NULL, "
             "_scopes BLOB NOT NULL, _position INTEGER NOT NULL) WITHOUT ROWID");
    return finish(sql, arena);
}

static bool is_indexed(const struct cs_entity *entity, const struct cs_field *field)
{
    bool natural = entity->natural_key != NULL &&
                   cs_bytes_equal_text(cs_bytes_of_text(field->name), entity->natural_key);
    /* Bytes of an id's size name rows of entities that vary (the subject of a conflict). */
    return natural || field->type == CS_FIELD_REFERENCE ||
           (field->type == CS_FIELD_BYTES && field->size_max == CS_ID_SIZE);
}

static const char *make_indexes(const struct cs_entity *entity, struct cs_buffer *sql,
                                struct cs_arena *arena)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct cs_field *field = &entity->fields[i];
        if (is_indexed(entity, field)) {
            APPEND(sql, "CREATE INDEX IF NOT EXISTS \"", entity->name, ".", field->name, "\" ON \"",
                   entity->name, "\" (\"", field->name, "\");");
        }
    }
    return finish(sql, arena);
}

static const char *make_select(const struct cs_entity *entity, const char *where,
                               struct cs_buffer *sql, struct cs_arena *arena)
{
    cs_buffer_append_text(sql, "SELECT " ENGINE_COLUMNS);
    append_columns(sql, entity);
    APPEND(sql, " FROM \"", entity->name, "\"", where);
    return finish(sql, arena);
}

static void append_insert(struct cs_buffer *sql, const char *start, const struct cs_entity *entity)
{
    APPEND(sql, start, " INTO \"", entity->name, "\" (" ENGINE_COLUMNS);
    append_columns(sql, entity);
    cs_buffer_append_text(sql, ") VALUES (?1");
    for (size_t i = 1; i < ENGINE_COLUMN_COUNT + entity->field_count; i++) {
        cs_buffer_append_text(sql, ", ?");
    }
    cs_buffer_append_text(sql, ")");
}

/* REPLACE takes a row out of every index and puts it in again, so each index has a page that changes. This one touches no index. */
static const char *make_store(const struct cs_entity *entity, struct cs_buffer *sql,
                              struct cs_arena *arena)
{
    append_insert(sql, "INSERT", entity);
    cs_buffer_append_text(sql, " ON CONFLICT (id) DO UPDATE SET _deleted = excluded._deleted, "
                               "_versions = excluded._versions, _extra = excluded._extra, "
                               "_scopes = excluded._scopes, _position = excluded._position");
    for (size_t i = 0; i < entity->field_count; i++) {
        const char *name = entity->fields[i].name;
        if (!is_indexed(entity, &entity->fields[i])) {
            APPEND(sql, ", \"", name, "\" = excluded.\"", name, "\"");
        }
    }
    const char *word = " WHERE \"";
    for (size_t i = 0; i < entity->field_count; i++) {
        const char *name = entity->fields[i].name;
        if (is_indexed(entity, &entity->fields[i])) {
            APPEND(sql, word, entity->name, "\".\"", name, "\" IS excluded.\"", name, "\"");
            word = " AND \"";
        }
    }
    return finish(sql, arena);
}

static const char *make_replace(const struct cs_entity *entity, struct cs_buffer *sql,
                                struct cs_arena *arena)
{
    append_insert(sql, "INSERT OR REPLACE", entity);
    return finish(sql, arena);
}

static const char *make_simple(const char *start, const struct cs_entity *entity,
                               struct cs_buffer *sql, struct cs_arena *arena)
{
    APPEND(sql, start, " \"", entity->name, "\" ");
    return finish(sql, arena);
}

void cs_row_sql_find(const struct cs_entity *entity, size_t field_index, struct cs_buffer *out)
{
    APPEND(out, "SELECT id FROM \"", entity->name, "\" WHERE \"", entity->fields[field_index].name,
           "\" IS ?1 AND _deleted <= ?3 ORDER BY id LIMIT ?2");
}

static const char *make_where(const char *start, const char *condition, struct cs_buffer *sql,
                              struct cs_arena *arena)
{
    if (start != NULL) {
        APPEND(sql, start, condition);
    }
    return start == NULL ? NULL : finish(sql, arena);
}

enum cs_status cs_row_sql_make(const struct cs_entity *entity, struct cs_arena *arena,
                               struct cs_row_sql *out)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    struct cs_row_sql made = {
        .create = make_create(entity, &sql, arena),
        .create_indexes = make_indexes(entity, &sql, arena),
        .select = make_select(entity, "", &sql, arena),
        .load = make_select(entity, " WHERE id = ?1", &sql, arena),
        .store = make_store(entity, &sql, arena),
        .replace = make_replace(entity, &sql, arena),
        .remove = make_where(make_simple("DELETE FROM", entity, &sql, arena), "WHERE id = ?1", &sql,
                             arena),
        .count = make_where(make_simple("SELECT count(*) FROM", entity, &sql, arena),
                            "WHERE _deleted = 0", &sql, arena),
    };
    bool failed = made.create == NULL || made.create_indexes == NULL || made.select == NULL ||
                  made.load == NULL || made.store == NULL || made.replace == NULL ||
                  made.remove == NULL || made.count == NULL;
    cs_buffer_release(&sql);
    if (failed) {
        return CS_NO_MEMORY;
    }
    *out = made;
    return CS_OK;
}
