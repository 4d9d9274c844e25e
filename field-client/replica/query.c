/* Reading rows of the view: one, many, by what people type; see query.h. */
#include "field-client/replica/query.h"

#include "field-client/replica/edit.h"
#include "field-client/replica/overlay.h"
#include "field-client/replica/replica_internal.h"
#include "shared/domain/value_text.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_DIGITS_MIN 4
#define CANDIDATES_MAX 3

enum cs_status cs_query_get(struct cs_replica *replica, struct cs_bytes entity,
                            const struct cs_id *id, struct cs_arena *arena,
                            struct cs_stored_row *out, struct cs_problem *problem)
{
    const struct cs_entity *known;
    struct cs_stored_row row;
    enum cs_status status = cs_edit_entity(replica, entity, &known, problem);
    if (status == CS_OK) {
        status = cs_row_load(replica->tables, entity, id, arena, &row);
    }
    if (status != CS_OK) {
        return status;
    }
    if (!row.exists || row.deleted) {
        char text[CS_ID_TEXT_SIZE];
        cs_id_format(id, text);
        return cs_problem_set(problem, CS_NOT_FOUND,
                              row.exists ? "%s %s was deleted" : "there is no %s %s", known->name,
                              text);
    }
    *out = row;
    return CS_OK;
}

enum cs_status cs_query_find(struct cs_replica *replica, struct cs_bytes entity,
                             struct cs_bytes field, const struct cs_value *value, size_t limit,
                             struct cs_arena *arena, struct cs_id **out_ids, size_t *out_count,
                             struct cs_problem *problem)
{
    const struct cs_entity *known;
    size_t index = 0;
    enum cs_status status = cs_edit_entity(replica, entity, &known, problem);
    if (status == CS_OK) {
        status = cs_edit_field(known, field, &index, problem);
    }
    return status != CS_OK ? status
                           : cs_row_find(replica->tables, known, index, value, limit, arena,
                                         out_ids, out_count);
}

static int hex_digit(uint8_t character)
{
    static const char digits[] = "0123456789abcdef";
    int lower = character >= 'A' && character <= 'F' ? character + 32 : character;
    const char *place = lower == 0 ? NULL : strchr(digits, lower);
    return place == NULL ? -1 : (int)(place - digits);
}

/* Smallest and greatest id that begin so; false if the text cannot be the beginning of one. */
static bool prefix_range(struct cs_bytes text, struct cs_id *low, struct cs_id *high)
{
    size_t digits = 0;
    memset(low->bytes, 0, sizeof low->bytes);
    memset(high->bytes, 0xff, sizeof high->bytes);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '-') {
            continue;
        }
        int digit = hex_digit(text.data[i]);
        if (digit < 0 || digits >= 2 * (size_t)CS_ID_SIZE) {
            return false;
        }
        unsigned shift = digits % 2 == 0 ? 4 : 0;
        uint8_t *low_byte = &low->bytes[digits / 2];
        uint8_t *high_byte = &high->bytes[digits / 2];
        *low_byte = (uint8_t)(*low_byte | (unsigned)digit << shift);
        *high_byte = (uint8_t)(*high_byte & ~((0xfu ^ (unsigned)digit) << shift));
        digits++;
    }
    return digits >= PREFIX_DIGITS_MIN;
}

static enum cs_status find_prefix(struct cs_replica *replica, const struct cs_entity *entity,
                                  struct cs_bytes text, struct cs_id *out, size_t *out_count)
{
    struct cs_id low;
    struct cs_id high;
    *out_count = 0;
    if (!prefix_range(text, &low, &high)) {
        return CS_OK;
    }
    char sql[CS_NAME_MAX + 128];
    (void)snprintf(sql, sizeof sql,
                   "SELECT id FROM \"%s\" WHERE id BETWEEN ?1 AND ?2 AND _deleted = 0 "
                   "ORDER BY id LIMIT %d",
                   entity->name, CANDIDATES_MAX);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&low));
    cs_bind_bytes(statement, 2, cs_id_bytes(&high));
    bool more = true;
    while (status == CS_OK && more) {
        status = cs_statement_step(statement, &more);
        if (status == CS_OK && more) {
            bool valid = cs_id_from_bytes(cs_column_bytes(statement, 0), &out[*out_count]);
            *out_count += valid ? 1 : 0;
        }
    }
    cs_statement_done(statement);
    return status;
}

static enum cs_status find_key(struct cs_replica *replica, const struct cs_entity *entity,
                               struct cs_bytes text, struct cs_id *out, size_t *out_count)
{
    *out_count = 0;
    if (entity->natural_key == NULL) {
        return CS_OK;
    }
    size_t index = (size_t)cs_entity_field_index(entity, cs_bytes_of_text(entity->natural_key));
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_value value;
    struct cs_id *ids = NULL;
    /* A text that cannot be a key is no failure: it may be the beginning of an id. */
    enum cs_status status =
        cs_value_parse(entity, &entity->fields[index], text, 0, &arena, &value, NULL);
    bool possible = status == CS_OK;
    if (possible) {
        status = cs_row_find(replica->tables, entity, index, &value, CANDIDATES_MAX, &arena, &ids,
                             out_count);
    }
    if (status == CS_OK && *out_count > 0) {
        memcpy(out, ids, *out_count * sizeof *out);
    }
    cs_arena_release(&arena);
    return possible || status == CS_NO_MEMORY ? status : CS_OK;
}

static enum cs_status ambiguous(const struct cs_entity *entity, const struct cs_id *ids,
                                struct cs_problem *problem)
{
    char first[CS_ID_TEXT_SIZE];
    char second[CS_ID_TEXT_SIZE];
    cs_id_format(&ids[0], first);
    cs_id_format(&ids[1], second);
    return cs_problem_set(problem, CS_EXISTS,
                          "this fits several rows of %s, among them %s and %s: give the id",
                          entity->name, first, second);
}

enum cs_status cs_query_resolve(struct cs_replica *replica, struct cs_bytes entity,
                                struct cs_bytes text, struct cs_id *out, struct cs_problem *problem)
{
    const struct cs_entity *known;
    enum cs_status status = cs_edit_entity(replica, entity, &known, problem);
    struct cs_id ids[CANDIDATES_MAX];
    size_t count = 0;
    if (status == CS_OK && text.size > 0) {
        status = find_key(replica, known, text, ids, &count);
    }
    if (status == CS_OK && count == 0) {
        status = find_prefix(replica, known, text, ids, &count);
    }
    if (status != CS_OK) {
        return status;
    }
    if (count > 1) {
        return ambiguous(known, ids, problem);
    }
    if (count == 0) {
        int size = (int)(text.size < CS_NAME_MAX ? text.size : CS_NAME_MAX);
        return cs_problem_set(problem, CS_NOT_FOUND, "there is no %s \"%.*s\"", known->name, size,
                              text.size == 0 ? "" : (const char *)text.data);
    }
    *out = ids[0];
    return CS_OK;
}

enum cs_status cs_query_list(struct cs_replica *replica, struct cs_bytes entity,
                             const struct cs_query_filter *filters, size_t filter_count,
                             cs_row_visitor *visit, void *context, struct cs_problem *problem)
{
    const struct cs_entity *known;
    enum cs_status status = cs_edit_entity(replica, entity, &known, problem);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_row_filter *parsed = cs_arena_take_array(&arena, filter_count, sizeof *parsed);
    if (status == CS_OK && parsed == NULL) {
        status = CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < filter_count; i++) {
        struct cs_named_value value;
        status = cs_edit_field(known, filters[i].field, &parsed[i].field_index, problem);
        if (status == CS_OK) {
            status = cs_edit_parse(replica, entity, filters[i].field, filters[i].text, &arena,
                                   &value, problem);
        }
        if (status == CS_OK) {
            parsed[i].value = value.value;
        }
    }
    if (status == CS_OK) {
        status =
            cs_row_scan(replica->tables, known, parsed, filter_count, CS_ROWS_LIVE, visit, context);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_query_label(struct cs_replica *replica, const struct cs_entity *entity,
                              const struct cs_id *id, struct cs_buffer *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    enum cs_status status =
        cs_row_load(replica->tables, cs_bytes_of_text(entity->name), id, &arena, &row);
    if (status == CS_OK) {
        size_t start = out->size;
        size_t label = cs_entity_label_field(entity);
        if (row.exists && entity->fields[label].type != CS_FIELD_REFERENCE) {
            cs_value_format(&entity->fields[label], &row.values[label], out);
        }
        if (out->size == start) {
            char text[CS_ID_TEXT_SIZE];
            cs_id_format(id, text);
            cs_buffer_append_text(out, text);
        }
        status = out->status;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_query_is_unsent(struct cs_replica *replica, struct cs_bytes entity,
                                  const struct cs_id *id, bool *out)
{
    return cs_overlay_exists(replica, entity, id, out);
}

enum cs_status cs_query_count(struct cs_replica *replica, const char *entity, const char *field,
                              const char *text, int64_t *out)
{
    const struct cs_entity *known = cs_registry_find(replica->registry, cs_bytes_of_text(entity));
    if (known == NULL || cs_entity_field_index(known, cs_bytes_of_text(field)) < 0) {
        *out = 0;
        return CS_OK;
    }
    char sql[2 * CS_NAME_MAX + 80];
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM \"%s\" WHERE \"%s\" = ?1 AND _deleted = 0", entity, field);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(text));
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        *out = found ? cs_column_integer(statement, 0) : 0;
        cs_statement_done(statement);
    }
    return status;
}
